"""I say what my shop's currency is worth on a site of another one: by hand, or with a file (`poll_rates`: from an address)."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db import transaction

from forain.core.ids import AccountId
from forain.core.plain import digits
from forain.core.pricing import RATE_HOLDS, Rate
from forain.flows import csv_files
from forain.flows.csv_files import WrongLine
from forain.flows.deps import Deps
from forain.flows.set_rules import Refused
from forain.store import journal, models, offers, rates, runs

_CURRENCY = re.compile("[A-Z]{3}", re.ASCII)
COLUMNS = ("source", "target", "rate", "on")


def read(source: str, target: str, rate: str, on: str, today: date) -> Rate | Refused:
    """The rate as a value. `on`: its day as YYYY-MM-DD, "": today. One of the future, or too old to be used, is refused."""
    source, target, rate, on = (text.strip() for text in (source, target, rate, on))
    for field, text in (("source", source), ("target", target)):
        if not _CURRENCY.fullmatch(text):
            return Refused(field, "not_a_currency")
    if source == target:
        return Refused("target", "not_a_currency")
    try:
        day = date.fromisoformat(on) if on else today
    except ValueError:
        return Refused("on", "not_a_day")
    if day > today:
        return Refused("on", "not_come_yet")
    if today - day > RATE_HOLDS:
        return Refused("on", "rate_too_old", str(RATE_HOLDS.days))
    if not re.fullmatch(r"[0-9]{1,8}(\.[0-9]{1,8})?", rate, re.ASCII):
        return Refused("rate", "not_a_number")
    try:
        return Rate(source, target, Decimal(rate), day)
    except (ValueError, InvalidOperation):
        return Refused("rate", "not_a_number")


def say(deps: Deps, told: Iterable[Rate], by: str) -> None:
    """These count from now on, all or none; the offers they count for are looked at again. Safe to repeat."""
    now = deps.clock.now()
    with transaction.atomic():
        changed = {rate.target for rate in told if _write(rate, by, deps)}
        sites = models.AccountSite.objects.filter(currency__in=changed).order_by("account_id", "site")
        found = list(sites.values_list("account_id", "site"))
        for account, site in found:
            offers.mark(AccountId(account), now, site=site, correlation=journal.correlation())
    for account in sorted({account for account, _ in found}):
        runs.poke("reconcile_offers", f"account:{account}", now)


def _write(rate: Rate, by: str, deps: Deps) -> bool:
    now = deps.clock.now()
    if not rates.write(rate, by, now):
        return False
    told = {
        "source": rate.source,
        "target": rate.target,
        "rate": digits(rate.rate),
        "day": str(rate.on),
        "by": by,
    }
    journal.write(now, "rate_said", subject=f"{rate.source}/{rate.target}", placeholders=told)
    return True


def read_csv(content: bytes, today: date) -> list[Rate] | WrongLine:
    """The rates of a file with the columns source, target, rate and (it may be left out) on, or its first wrong line."""
    found, wrong = read_lines(content, today)
    return wrong[0] if wrong else found


def read_lines(content: bytes, today: date, *, dated: bool = False) -> tuple[list[Rate], list[WrongLine]]:
    """The lines of such a file that are right, and those that are not; a pair that stands twice is believed on neither line.
    `dated`: each line must say its day."""
    rows = csv_files.rows(content, COLUMNS if dated else COLUMNS[:3])
    if isinstance(rows, WrongLine):
        return [], [rows]
    found: dict[tuple[str, str], Rate] = {}
    twice: set[tuple[str, str]] = set()
    wrong: list[WrongLine] = []
    for number, cells in rows:
        if not cells:
            wrong.append(WrongLine(number, f"{', '.join(COLUMNS)} ?"))
            continue
        day = cells.get("on", "")
        # "?" is no day: where each line must say its own, an empty cell is not today.
        day = day.strip() or ("?" if dated else "")
        rate = read(cells["source"], cells["target"], cells["rate"], day, today)
        if isinstance(rate, Refused):
            wrong.append(WrongLine(number, f"{rate.field} {cells.get(rate.field, '')[:40]!a}: {rate.code}"))
        elif (rate.source, rate.target) in found.keys() | twice:
            found.pop((rate.source, rate.target), None)
            twice.add((rate.source, rate.target))
            wrong.append(WrongLine(number, f"{rate.source} {rate.target} × 2"))
        else:
            found[rate.source, rate.target] = rate
    return list(found.values()), wrong
