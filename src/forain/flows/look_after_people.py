"""I let people in, and look once a quarter who still needs it. Each word of it is in the journal."""

from datetime import timedelta

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction

from forain.core.people import Role
from forain.flows.deps import Deps
from forain.store import journal, models, people, runs

LONGEST_NAME = 150
GUESSED = ("passwords_guessed", "codes_guessed")
GUESSING_TOLD_EVERY = timedelta(hours=1)


class BadName(Exception):
    """No user name: empty, too long, or with other signs than letters, digits and @ . + - _"""


def check_name(name: str) -> None:
    """Raises BadName."""
    try:
        UnicodeUsernameValidator()(name)
    except ValidationError:
        raise BadName(name) from None
    if not name or len(name) > LONGEST_NAME:
        raise BadName(name)


def invite(deps: Deps, name: str, role: Role, by: str) -> tuple[models.Person, str]:
    """(somebody new, the secret of their one-time link). Raises BadName, people.NameTaken."""
    check_name(name)
    now = deps.clock.now()
    with transaction.atomic():
        person = people.add(name, role)
        token = people.new_link(person, now)
        journal.write(now, "person_invited", subject=name, placeholders={"by": by, "person_role": role.value})
    return person, token


def new_link(deps: Deps, person: models.Person, by: str) -> str:
    """A new one-time link, for an invitation that got lost or a forgotten password; the former one works no more."""
    now = deps.clock.now()
    with transaction.atomic():
        token = people.new_link(person, now)
        journal.write(now, "person_link_made", subject=person.user.get_username(), placeholders={"by": by})
    return token


def use_link(deps: Deps, person: models.Person, token: str, password: str) -> bool:
    """Somebody sets their password with a one-time link. True: this call used it up. Every session of theirs ends."""
    now = deps.clock.now()
    with transaction.atomic():
        used = people.use_link(person, token, password, now)
        if used:
            journal.write(now, "password_set", subject=person.user.get_username())
    return used


def change_password(deps: Deps, person: models.Person, password: str) -> bool:
    """Somebody who showed the former password sets a new one. Every session of theirs ends.

    `person` as their session knows them; False: something ended it meanwhile (another password, a second factor it
    never showed), and nothing is changed.
    """
    with transaction.atomic():
        if people.locked(person).sessions_no != person.sessions_no:
            return False
        people.set_password(person, password)
        journal.write(deps.clock.now(), "password_set", subject=person.user.get_username())
    return True


def change_role(deps: Deps, person: models.Person, role: Role, by: str) -> None:
    """Raises people.LastOwner. The same role again changes nothing."""
    with transaction.atomic():
        if people.set_role(person, role):
            told = {"by": by, "person_role": role.value}
            journal.write(
                deps.clock.now(), "person_role_changed", subject=person.user.get_username(), placeholders=told
            )


def let_in(deps: Deps, person: models.Person, active: bool, by: str) -> None:
    """Deactivate somebody, or let them in again. Raises people.LastOwner. Repeating changes nothing."""
    now = deps.clock.now()
    with transaction.atomic():
        if people.set_active(person, active):
            name, told = person.user.get_username(), {"by": by}
            if active:
                journal.write(now, "person_activated", subject=name, placeholders=told)
            else:
                journal.write(now, "person_deactivated", subject=name, placeholders=told)


def note_guessing(deps: Deps, name: str, *, codes: bool) -> None:
    """Somebody was stopped guessing the password of this person, or (`codes`) their phone's codes: then the password is
    known to them. Told once in a while each; a name nobody has is not told, since it may be a mistyped password."""
    now = deps.clock.now()
    # Both are asked in any case: how long it takes says nothing of whether there is such a name.
    person, told = people.named(name), journal.told_since(now - GUESSING_TOLD_EVERY, name, GUESSED)
    if person is None or told:
        return
    if codes:
        journal.write(now, "codes_guessed", subject=name)
    else:
        journal.write(now, "passwords_guessed", subject=name)


def confirm(deps: Deps, by: str) -> None:
    """These people still need access: the notice goes, and comes again in a quarter."""
    now = deps.clock.now()
    names = ", ".join(one.user.get_username() for one in people.every() if one.user.is_active)
    with transaction.atomic():
        people.confirm(now)
        journal.write(now, "people_confirmed", placeholders={"by": by, "names": names})
    runs.poke("derive_issues", "house", now)


def new_calendar(deps: Deps, person: models.Person) -> str:
    """The secret in the address of a person's calendar of ends; the former address works no more."""
    now = deps.clock.now()
    with transaction.atomic():
        token = people.new_calendar(person, now)
        journal.write(now, "calendar_made", subject=person.user.get_username())
    return token


def no_calendar(deps: Deps, person: models.Person) -> None:
    """The address of a person's calendar works no more. Safe to repeat."""
    with transaction.atomic():
        people.no_calendar(person)
        journal.write(deps.clock.now(), "calendar_removed", subject=person.user.get_username())
