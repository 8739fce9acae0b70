"""What every command asks in the same way: secrets, name=value pairs, rows by number; and how it says no."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forain.core.plain import one_line

if TYPE_CHECKING:
    from forain.contracts.manifest import Field
    from forain.core.errors import AdapterError
    from forain.store import models

LARGEST_SECRET = 10_000
PORT = click.IntRange(0, 65535)
BY = "command line"
"""Who decided, in the journal."""


def tell(line: str, *, aside: bool = False) -> None:
    """One line for the reader. What came from outside (an SKU, a title, an error's words) stays within it. `aside`: for a person,
    beside what is printed for scripts."""
    click.echo(one_line(line), err=aside)


def reader_language() -> str:
    """The terminal's language as far as Forain speaks it."""
    told = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en"
    return told[:2] if told[:2] in ("en", "fr", "de") else "en"


def secret(name: str, file: Path | None) -> str:
    """From a file, from FORAIN_<NAME>, or asked for at a prompt. Raises click.ClickException."""
    if file is not None:
        return content(file, LARGEST_SECRET).strip()
    told = os.environ.get(f"FORAIN_{name.upper()}", "")
    if told:
        return told.strip()
    if not sys.stdin.isatty():
        raise click.ClickException(
            f"{name} is secret: set FORAIN_{name.upper()}, or name a file, or run this in a terminal"
        )
    return str(click.prompt(name, hide_input=True)).strip()


def content(file: Path, most: int) -> str:
    """The text of a file the person named. Raises click.ClickException with what is wrong with it."""
    try:
        with file.open("rb") as opened:
            found = opened.read(most + 1)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    if len(found) > most:
        raise click.ClickException(f"{file} is longer than {most} bytes: is it the right file?")
    if not found.strip():
        raise click.ClickException(f"{file} is empty")
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not UTF-8 text: is it the right file?") from None


def pairs(told: Iterable[str], known: Sequence[str], option: str) -> dict[str, str]:
    """`name=value` of an option that may come several times; a name nobody knows is refused, not passed over."""
    found: dict[str, str] = {}
    for one in told:
        name, equals, value = one.partition("=")
        if not equals or name not in known:
            raise click.ClickException(f"{option} {name}: write NAME=VALUE; the names here are {', '.join(known)}")
        found[name] = value
    return found


def fail(error: "AdapterError") -> click.ClickException:
    """The other side's no, in the reader's words, with its code and request for whoever asks further."""
    from forain.web.words import say_error

    return click.ClickException(f"{say_error(reader_language(), error.code, error.placeholders)} [{error}]")


def wrong(found: dict[str, str], fields: "Iterable[Field]") -> click.ClickException:
    """What `plugins.wrong_fields` found, one line a field."""
    from forain.web.words import say

    examples = {f.name: f.example for f in fields}
    lines = [
        f"{name}: {say(reader_language(), 'error.' + why, {'example': examples.get(name, '')})}"
        for name, why in found.items()
    ]
    return click.ClickException("\n".join(lines))


def account_row(number: int) -> "models.Account":
    """The account of that number. Raises click.ClickException."""
    from forain.store import models

    row = models.Account.objects.select_related("application", "shop").filter(pk=number).first()
    if row is None:
        raise click.ClickException(f"there is no account {number}; see: forain account list")
    return row


def shop_row(number: int) -> "models.Shop":
    """The shop of that number. Raises click.ClickException."""
    from forain.store import models

    row = models.Shop.objects.filter(pk=number).first()
    if row is None:
        raise click.ClickException(f"there is no shop {number}; see: forain shop list")
    return row


def site_row(account: int, told: str) -> "models.AccountSite":
    """The account's site of that id or country. Raises click.ClickException."""
    from forain.core.ids import AccountId
    from forain.store import accounts

    known = accounts.sites(AccountId(account))
    found = next((site for site in known if told.upper() in (site.site, site.country)), None)
    if found is None:
        names = ", ".join(f"{site.country} {site.site}" for site in known) or "none yet"
        raise click.ClickException(f"account {account} has no site {told}; there are: {names}")
    return found
