"""Who may come in: people with their role, one-time links, the second factor's use, and the quarter's word."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from forain.core.clock import Instant
from forain.core.people import Right, Role, roles_with
from forain.store import instance, models

LINK_LIFE = timedelta(days=7)
"""A one-time link works so long."""


class NameTaken(Exception):
    """There is somebody of that name."""


class LastOwner(Exception):
    """Without this owner nobody could let anybody in again."""


def _hash(text: str) -> str:
    """For random texts of 80 bits and more, which nobody can guess: no slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()


def every() -> list[models.Person]:
    """Everybody, those who may come in first, then by name."""
    return list(models.Person.objects.select_related("user").order_by("-user__is_active", "user__username"))


def get(number: int) -> models.Person | None:
    """The person of that number, None when there is none."""
    return models.Person.objects.select_related("user").filter(pk=number).first()


def named(name: str) -> models.Person | None:
    """The person of exactly that name, None when there is none."""
    return models.Person.objects.select_related("user").filter(user__username=name).first()


def of_user(user: int) -> models.Person | None:
    """The person of a Django user; None: nobody gave this user a role, so that it may do nothing."""
    return models.Person.objects.select_related("user").filter(user_id=user).first()


def add(name: str, role: Role) -> models.Person:
    """Somebody new, without a password: only a one-time link lets them in. Raises NameTaken.

    Names that differ in capitals only are one name (a unique index): people would not tell them apart.
    """
    try:
        with transaction.atomic():
            user = get_user_model().objects.create_user(username=name)
            return models.Person.objects.create(user=user, role=role.value)
    except IntegrityError:
        raise NameTaken(name) from None


def add_first(name: str, password: str, token: str, now: Instant) -> models.Person | None:
    """The first owner, with a password; None: somebody else used the link up. From now on the quarters count."""
    with transaction.atomic():
        if not instance.use_first_link(token):
            return None
        user = get_user_model().objects.create_user(username=name, password=password)
        person = models.Person.objects.create(user=user, role=Role.OWNER.value)
        confirm(now)
    return person


def new_link(person: models.Person, now: Instant) -> str:
    """A one-time link's secret; an earlier one stops working."""
    token = secrets.token_urlsafe(24)
    models.Person.objects.filter(pk=person.pk).update(link_hash=_hash(token), link_until=now + LINK_LIFE)
    return token


def by_link(token: str, now: Instant) -> models.Person | None:
    """Whom a link belongs to; None: it was used, is too old, or never was, or its person may not come in."""
    rows = models.Person.objects.select_related("user").filter(link_hash=_hash(token), link_until__gt=now)
    return rows.filter(user__is_active=True).first()


def use_link(person: models.Person, token: str, password: str, now: Instant) -> bool:
    """Set the password with a link. True: this call used it up. Every session of the person ends."""
    with transaction.atomic():
        rows = models.Person.objects.filter(pk=person.pk, link_hash=_hash(token), link_until__gt=now)
        if not rows.update(link_hash="", link_until=None):
            return False
        set_password(person, password)
    return True


def set_password(person: models.Person, password: str) -> None:
    """Every session of the person ends, also the one that asks: whoever calls goes on with a new one. So does a link
    that was made for a forgotten password: it would set yet another one."""
    with transaction.atomic():
        # The person before the user, as everywhere here: two at once wait for each other instead of being stuck.
        models.Person.objects.filter(pk=person.pk).update(
            sessions_no=F("sessions_no") + 1, link_hash="", link_until=None
        )
        person.user.set_password(password)
        person.user.save(update_fields=["password"])
    person.refresh_from_db()


def _keep_an_owner(person: models.Person) -> None:
    """Raises LastOwner where no owner but this one could log in. Within a transaction: the owners stay locked, so that
    two owners who leave at once do not both think of the other."""
    owners = models.Person.objects.select_for_update().filter(role=Role.OWNER.value).order_by("pk")
    numbers = {one.pk for one in owners}
    can = Q(is_active=True) & ~Q(password__startswith="!")
    others = get_user_model().objects.filter(can, person__pk__in=numbers - {person.pk})
    if person.pk in numbers and not others.exists():
        raise LastOwner


def set_role(person: models.Person, role: Role) -> bool:
    """True: it was another one before; then every session of the person ends. Raises LastOwner."""
    with transaction.atomic():
        if role is not Role.OWNER:
            _keep_an_owner(person)
        rows = models.Person.objects.filter(pk=person.pk).exclude(role=role.value)
        return bool(rows.update(role=role.value, sessions_no=F("sessions_no") + 1))


def set_active(person: models.Person, active: bool) -> bool:
    """Let somebody in again, or no more; True: it was otherwise before. Sessions and links end. Raises LastOwner."""
    with transaction.atomic():
        if not active:
            _keep_an_owner(person)
        rows = get_user_model().objects.filter(pk=person.user_id, is_active=not active)
        if not rows.update(is_active=active):
            return False
        models.Person.objects.filter(pk=person.pk).update(
            sessions_no=F("sessions_no") + 1, link_hash="", link_until=None
        )
    return True


def confirm(now: Instant) -> None:
    """An owner says that everybody who may come in still needs to."""
    instance.get()
    models.Instance.objects.filter(pk=1).update(people_confirmed_at=now)


def use_step(person: models.Person, step: int) -> bool:
    """Use up the codes of these 30 seconds and of all before; True: nobody had."""
    return bool(models.Person.objects.filter(pk=person.pk, last_step__lt=step).update(last_step=step))


def locked(person: models.Person) -> models.Person:
    """The person as stored now, locked until the transaction ends."""
    return models.Person.objects.select_for_update(of=("self",)).select_related("user").get(pk=person.pk)


def set_second_factor(person: models.Person, at: Instant | None, step: int = 0) -> None:
    """There is one since `at`, its code of `step` being used; or none any more (None). Every session ends, and the
    recovery codes of the former one go."""
    with transaction.atomic():
        models.Person.objects.filter(pk=person.pk).update(
            second_factor_at=at, last_step=step, sessions_no=F("sessions_no") + 1
        )
        models.RecoveryCode.objects.filter(person=person).delete()
    person.refresh_from_db()


def keep_recovery_codes(person: models.Person, codes: Iterable[str]) -> None:
    """Instead of all former ones; only their hashes are kept."""
    with transaction.atomic():
        models.RecoveryCode.objects.filter(person=person).delete()
        models.RecoveryCode.objects.bulk_create(
            models.RecoveryCode(person=person, code_hash=_hash(code)) for code in codes
        )


def use_recovery_code(person: models.Person, code: str) -> bool:
    """Use one up; True: it was one of theirs and had not been used."""
    return bool(models.RecoveryCode.objects.filter(person=person, code_hash=_hash(code)).delete()[0])


def recovery_codes_left(person: models.Person) -> int:
    """How many are not used yet."""
    return models.RecoveryCode.objects.filter(person=person).count()


def new_calendar(person: models.Person, now: Instant) -> str:
    """The secret in the address of a person's calendar; an earlier one stops working."""
    token = secrets.token_urlsafe(24)
    models.Person.objects.filter(pk=person.pk).update(calendar_hash=_hash(token), calendar_made_at=now)
    return token


def no_calendar(person: models.Person) -> None:
    """The address of a person's calendar works no more."""
    models.Person.objects.filter(pk=person.pk).update(calendar_hash="", calendar_made_at=None)


def of_calendar(token: str) -> models.Person | None:
    """Whose calendar it is; None: nobody's, or of somebody who may not come in any more."""
    found = models.Person.objects.select_related("user").filter(calendar_hash=_hash(token), user__is_active=True)
    return found.first()


def set_mail(person: models.Person, address: str, **fields: object) -> None:
    """Where and when a person wants to be reminded. `fields`: of Person, those about mail."""
    with transaction.atomic():
        models.Person.objects.filter(pk=person.pk).update(**fields)
        get_user_model().objects.filter(pk=person.user_id).update(email=address)
    person.refresh_from_db()


def with_mail(right: Right) -> list[models.Person]:
    """Who may come in, has that right and an address for reminders, oldest first."""
    roles = [role.value for role in roles_with(right)]
    found = models.Person.objects.select_related("user").filter(user__is_active=True, role__in=roles)
    return list(found.exclude(user__email="").order_by("pk"))
