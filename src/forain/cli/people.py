"""forain people ...: what the page "People" does, and the help for whoever lost the phone. Whoever may run this on the
machine may do it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from forain.cli.ask import BY, PORT, reader_language, tell
from forain.cli.house import DEFAULT_PORT, visiting
from forain.core.people import Role

if TYPE_CHECKING:
    from forain.store import models

ROLE = click.Choice([role.value for role in Role])
_port = click.option(
    "--port", type=PORT, default=DEFAULT_PORT, show_default=True, help="The one that forain up has, for the link."
)


@click.group("people")
def people_group() -> None:
    """Who may come in, and as what."""


def _named(name: str) -> "models.Person":
    from forain.store import people

    found = people.named(name)
    if found is None:
        raise click.ClickException(f"there is nobody called {name}; see: forain people list")
    return found


@contextmanager
def _said() -> Iterator[None]:
    """What the page says where it refuses, said here."""
    from forain.flows.look_after_people import BadName
    from forain.store import people
    from forain.web.words import say

    words = {people.LastOwner: "last_owner", people.NameTaken: "taken", BadName: "bad_name"}
    try:
        yield
    except tuple(words) as error:
        raise click.ClickException(say(reader_language(), f"people.{words[type(error)]}")) from None


def _tell_link(name: str, token: str) -> None:
    from forain.store.people import LINK_LIFE
    from forain.web.people import link_address

    tell(f"one-time link for {name}, {LINK_LIFE.days} days, hand it over yourself:")
    tell(link_address(token))


@people_group.command("list")
def people_list() -> None:
    """Everybody with role, last login, second factor, and whether they may come in."""
    with visiting():
        from forain import wiring
        from forain.core.people import review_due
        from forain.store import instance
        from forain.web.people import rows

        for row in rows():
            login = row.person.user.last_login
            tell(f"{row.person.user.get_username()} {row.person.role} {row.state}, "
                       f"last login {f'{login:%Y-%m-%d %H:%M}' if login else 'never'}, "
                       f"{'with' if row.person.second_factor_at else 'without'} second factor")  # fmt: skip
        confirmed_at = instance.get().people_confirmed_at
        if review_due(confirmed_at, wiring.deps().clock.now()):
            tell(f"who still needs access? nobody has looked since {confirmed_at:%Y-%m-%d}: forain people confirm")


@people_group.command("invite")
@click.argument("name")
@click.option("--role", type=ROLE, default=Role.READER.value, show_default=True)
@_port
def people_invite(name: str, role: str, port: int) -> None:
    """A one-time link for somebody new."""
    with visiting(port):
        from forain import wiring
        from forain.flows import look_after_people

        with _said():
            _, token = look_after_people.invite(wiring.deps(), name, Role(role), BY)
        _tell_link(name, token)


@people_group.command("link")
@click.argument("name")
@_port
def people_link(name: str, port: int) -> None:
    """A new one-time link: an invitation that got lost, a forgotten password."""
    with visiting(port):
        from forain import wiring
        from forain.flows import look_after_people

        person = _named(name)
        if not person.user.is_active:
            raise click.ClickException(f"{name} is deactivated; first: forain people activate {name}")
        _tell_link(name, look_after_people.new_link(wiring.deps(), person, BY))


@people_group.command("role")
@click.argument("name")
@click.argument("role", type=ROLE)
def people_role(name: str, role: str) -> None:
    """Give somebody another role; they must log in anew."""
    with visiting():
        from forain import wiring
        from forain.flows import look_after_people

        with _said():
            look_after_people.change_role(wiring.deps(), _named(name), Role(role), BY)
        tell(f"{name}: {role}")


@people_group.command("deactivate")
@click.argument("name")
def people_deactivate(name: str) -> None:
    """Let somebody in no more. What they decided stays in the journal under their name."""
    with visiting():
        from forain import wiring
        from forain.flows import look_after_people

        with _said():
            look_after_people.let_in(wiring.deps(), _named(name), False, BY)
        tell(f"{name} may not come in any more")


@people_group.command("activate")
@click.argument("name")
def people_activate(name: str) -> None:
    """Let somebody in again."""
    with visiting():
        from forain import wiring
        from forain.flows import look_after_people

        look_after_people.let_in(wiring.deps(), _named(name), True, BY)
        tell(f"{name} may come in again")


@people_group.command("confirm")
def people_confirm() -> None:
    """Say that everybody who may come in still needs to; Forain asks again in a quarter."""
    with visiting():
        from forain import wiring
        from forain.flows import look_after_people

        look_after_people.confirm(wiring.deps(), BY)
        tell("noted")


@people_group.command("reset-second-factor")
@click.argument("name")
def people_reset_second_factor(name: str) -> None:
    """For whoever lost phone and recovery codes: take the second factor away. Make sure that it is really them."""
    with visiting():
        from forain import wiring
        from forain.flows import second_factor

        second_factor.reset(wiring.deps(), _named(name), BY)
        tell(f"{name} logs in with the password, and is led to a new second factor where buyers' data is stored")
