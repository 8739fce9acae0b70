"""forain rule ..., forain rate ...: what the offers of an account shall show, for scripts."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forain.cli.ask import BY, account_row, content, pairs, reader_language, site_row, tell
from forain.cli.house import visiting
from forain.core.plain import digits
from forain.core.rules import WISHES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forain.flows.preview_rules import Difference
    from forain.flows.set_rules import Refused
    from forain.store import models
    from forain.store.rules import Place

LARGEST_FILE = 5 * 1024 * 1024


@click.group("rule")
def rule_group() -> None:
    """What Amazon shall show: buffer, cap, percent, endings, limits; for an account, a site, a group or an SKU."""


@rule_group.command("list")
@click.argument("account", type=int)
def rule_list(account: int) -> None:
    """All rules, from the widest to the narrowest."""
    with visiting():
        from forain.core.ids import AccountId
        from forain.store import rules

        owner = account_row(account)
        for row in rules.of_account(AccountId(account)):
            told = " ".join(f"{name}={text}" for name, text in row.wishes.items())
            tell(" ".join(part for part in (row.level, row.site, row.name, told) if part))
        _warn(owner)


@rule_group.command("set")
@click.argument("account", type=int)
@click.argument("wishes", nargs=-1, metavar="NAME=VALUE...")
@click.option("--site", default="", help="Only on this site: its id, or its country.")
@click.option("--group", default="", help="Only for articles of this group of the shop.")
@click.option("--sku", default="", help="Only for this SKU.")
@click.option("--dry-run", is_flag=True, help="Change nothing: print what would be told otherwise, as CSV.")
def rule_set(account: int, wishes: tuple[str, ...], site: str, group: str, sku: str, dry_run: bool) -> None:
    """Change single wishes at one place; NAME= takes one away, NAME=none takes a wider limit away.

    \b
    forain rule set 1 buffer=2 percent=7.5 ending=99
    forain rule set 1 --sku LAV-SOAP --site FR floor=5.90 cap=none
    """
    told = pairs(wishes, list(WISHES), "rule set")
    if not told:
        raise click.ClickException(f"nothing to set: write NAME=VALUE; the names are {', '.join(WISHES)}")
    if group and sku:
        raise click.ClickException("--group and --sku: one of them")
    with visiting():
        from forain import wiring
        from forain.core.ids import AccountId
        from forain.flows import preview_rules, set_rules
        from forain.store import rules
        from forain.web.words import say

        row = account_row(account)
        place = _place(row, site, group, sku)
        wanted = {**rules.wishes(AccountId(account), place), **told}
        unknown, known = set_rules.unknown_locations(row, wanted)
        if unknown:
            gaps = {"names": "; ".join(unknown), "known": "; ".join(known)}
            tell(say(reader_language(), "rules.locations_unknown", gaps), aside=True)
        if dry_run:
            found = preview_rules.preview(wiring.deps(), row, place, wanted)
            if isinstance(found, set_rules.Refused):
                raise _no(found)
            _print(found)
            return
        refused = set_rules.say(wiring.deps(), row, place, wanted, BY)
        if refused is not None:
            raise _no(refused)
        now = rules.wishes(AccountId(account), place)
        tell(" ".join(f"{name}={text}" for name, text in now.items()) or "no rule there any more")
        _warn(row)
        if place.site and (sharing := preview_rules.sharing(wiring.deps(), row, place)):
            names = ", ".join(one.domain or one.site for one in sharing)
            tell(say(reader_language(), "rules.share", {"sites": names}), aside=True)


def _print(found: "Iterator[Difference]") -> None:
    from forain.flows import preview_rules

    for line in preview_rules.csv_lines(found):
        tell(line.rstrip("\r\n"))


def _warn(row: "models.Account") -> None:
    """What a person should know of the rules as they stand; beside what is printed for scripts."""
    from forain.flows import divide_stock
    from forain.web.words import number, say

    found = divide_stock.division(row)
    if found is not None and found.twice:
        language = reader_language()
        percent = number(language, digits(found.together))
        tell(say(language, "rules.shared_over", {"percent": percent}), aside=True)


def _no(refused: "Refused") -> click.ClickException:
    from forain.web.words import say

    why = say(reader_language(), f"wrong.{refused.code}", {"told": refused.told})
    return click.ClickException(f"{refused.field}: {why}")


def _place(row: "models.Account", site: str, group: str, sku: str) -> "Place":
    from forain.store.rules import Place

    found = site_row(row.pk, site).site if site else ""
    if group or sku:
        return Place("group" if group else "sku", found, group or sku)
    return Place("site", found) if found else Place("account")


@rule_group.command("export")
@click.argument("account", type=int)
def rule_export(account: int) -> None:
    """All rules as CSV: level, site, name, and a column for each wish."""
    with visiting():
        from forain.core.ids import AccountId
        from forain.flows import set_rules

        account_row(account)
        for line in set_rules.csv_lines(AccountId(account)):
            if sys.stdout.isatty():
                tell(line.rstrip("\r\n"))
            else:
                sys.stdout.write(line)


@rule_group.command("import")
@click.argument("account", type=int)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Change nothing: print what would be told otherwise, as CSV.")
def rule_import(account: int, file: Path, dry_run: bool) -> None:
    """Take the rules of a CSV file, all lines or none. Places that are not in it keep theirs."""
    with visiting():
        from forain import wiring
        from forain.flows import csv_files, preview_rules, set_rules
        from forain.web.words import say

        row = account_row(account)
        found = set_rules.read_csv(row, content(file, LARGEST_FILE).encode())
        if isinstance(found, csv_files.WrongLine):
            gaps = {"line": found.line, "what": found.what}
            raise click.ClickException(f"{file}: {say(reader_language(), 'links.csv_wrong', gaps)}")
        if dry_run:
            _print(preview_rules.preview_file(wiring.deps(), row, found))
            return
        set_rules.take(wiring.deps(), row, found, by=BY)
        tell(say(reader_language(), "rules.csv_done", {"count": len(found)}))


@click.group("rate")
def rate_group() -> None:
    """Exchange rates, for sites of another currency than your shop's."""


@rate_group.command("list")
def rate_list() -> None:
    """All rates, and the day each is of."""
    with visiting():
        from forain.store import rates

        for row in rates.every():
            tell(f"1 {row.source} = {digits(row.rate)} {row.target} ({row.on})")


@rate_group.command("set")
@click.argument("source")
@click.argument("target")
@click.argument("rate")
@click.option("--on", default="", metavar="YYYY-MM-DD", help="The day it is of; today if not said.")
def rate_set(source: str, target: str, rate: str, on: str) -> None:
    """1 SOURCE is RATE TARGET: forain rate set EUR GBP 0.8512"""
    with visiting():
        from forain import wiring
        from forain.flows import set_rates
        from forain.flows.set_rules import Refused

        deps = wiring.deps()
        found = set_rates.read(source.upper(), target.upper(), rate, on, deps.clock.now().date())
        if isinstance(found, Refused):
            raise _no(found)
        set_rates.say(deps, [found], BY)
        tell(f"1 {found.source} = {digits(found.rate)} {found.target} ({found.on})")


@rate_group.command("address")
@click.argument("url", default="")
def rate_address(url: str) -> None:
    """Fetch the rates at this address every six hours: a CSV file (source, target, rate, on) or the daily sheet of the European Central
    Bank. "none": nowhere any more. Without an address: say which one it is.

    \b
    forain rate address https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml
    """
    with visiting():
        from forain import wiring
        from forain.flows import poll_rates
        from forain.store import instance
        from forain.web.words import say

        if url and not poll_rates.set_address(wiring.deps(), "" if url == "none" else url, BY):
            raise click.ClickException(say(reader_language(), "error.address_wrong", {}))
        tell(instance.get().rates_url or "none")


@rate_group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def rate_import(file: Path) -> None:
    """Take the rates of a CSV file (source, target, rate, on), all lines or none."""
    with visiting():
        from forain import wiring
        from forain.flows import csv_files, set_rates
        from forain.web.words import say

        deps = wiring.deps()
        found = set_rates.read_csv(content(file, LARGEST_FILE).encode(), deps.clock.now().date())
        if isinstance(found, csv_files.WrongLine):
            gaps = {"line": found.line, "what": found.what}
            raise click.ClickException(f"{file}: {say(reader_language(), 'links.csv_wrong', gaps)}")
        set_rates.say(deps, found, by=BY)
        tell(", ".join(f"{rate.source}/{rate.target}" for rate in found) or "no rate in it")
