"""My exchange rates come from an address: a list of my own as CSV, or the daily sheet of the European Central Bank.

What cannot be read changes nothing: the last good rates stay, and are used until they are too old for it.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from django.db import transaction

from forain.contracts.net import Request, Response
from forain.core import errors
from forain.core.clock import Instant
from forain.core.pricing import Rate, crossed
from forain.flows import set_rates
from forain.flows.deps import Deps
from forain.flows.set_rules import Refused
from forain.net.addresses import well_formed
from forain.net.xml_answers import outermost
from forain.store import instance, issues, journal, rates, runs

EVERY = timedelta(hours=6)
"""A sheet comes once on working days: so its rates are there the same evening, and two long holidays fit into what a rate holds."""
AGAIN = timedelta(minutes=30)
IDLE = timedelta(days=1)
"""Without an address; naming one pokes."""
TIMEOUT_SECONDS = 20
LARGEST = 1024 * 1024
"""Bytes; the sheet has 2,000."""
MOST = 1000
"""Rates in one document."""
SIDE, WRONG = "rates", "rates_wrong"
ACCEPT = "text/csv, application/xml, text/xml, */*;q=0.5"
BASE = "EUR"
"""What the sheet of the European Central Bank is told against."""


def set_address(deps: Deps, url: str, by: str) -> bool:
    """From now on rates are fetched there, at once the first time; "": nowhere any more, and the rates there are stay. False: this is
    no address, and nothing has changed. Safe to repeat."""
    url = url.strip()
    if url and not well_formed(url):
        return False
    now = deps.clock.now()
    with transaction.atomic():
        if instance.set_rates_url(url):
            issues.forget_side(SIDE)
            issues.mended(WRONG, SIDE)
            told = {"by": by, "host": _host(url)} if url else {"by": by}
            journal.write(now, "rates_address_said", placeholders=told)
        runs.force("house", now, ["poll_rates"])
    return True


def poll_rates(deps: Deps, _: None) -> Instant:
    """Fetch the rates and take what is right of them; the answer is when to ask again. Safe to repeat."""
    url = instance.get().rates_url
    if not url:
        return deps.clock.now() + IDLE
    headers = {"accept": ACCEPT}
    request = Request("rates", "GET", url, headers=headers, authorized=False, timeout_seconds=TIMEOUT_SECONDS)
    try:
        answer = deps.open.rates().send(request)
        if answer.status != 200:
            raise errors.ServerFault("server_fault", placeholders={"operation": "rates", "status": str(answer.status)})
    except errors.Malformed as error:
        # A redirect is not followed: it may lead anywhere.
        return _not_taken(deps, url, error.placeholders["field"])
    except errors.AdapterError as error:
        issues.side_fails(SIDE, str(error), deps.clock.now())
        return deps.clock.now() + AGAIN
    issues.side_answers(SIDE, deps.clock.now())
    try:
        found, wrong = read(answer, deps.clock.now().date(), rates.needed())
    except errors.AdapterError as error:
        return _not_taken(deps, url, error.placeholders.get("field", error.code))
    _take(deps, found, _host(url))
    if wrong:
        told = {"host": _host(url), "count": str(len(wrong)), "what": wrong[0]}
        issues.found(WRONG, SIDE, deps.clock.now(), placeholders=told)
    else:
        issues.mended(WRONG, SIDE)
    return deps.clock.now() + EVERY


def _not_taken(deps: Deps, url: str, why: str) -> Instant:
    """Somebody answered, and it is no document of rates: waiting does not mend that, a person is told at once."""
    told = {"host": _host(url), "cause": "whole", "what": why}
    issues.found(WRONG, SIDE, deps.clock.now(), placeholders=told)
    return deps.clock.now() + EVERY


def read(answer: Response, today: date, needed: Collection[tuple[str, str]]) -> tuple[list[Rate], list[str]]:
    """The rates of a document that are right, and what is wrong with the others, line by line.

    A list of one's own (CSV) has exactly the pairs one wants, each with its day: without one nobody would see that the list is not kept
    up any more. From the sheet (XML) the pairs that are `needed` are made. Raises Malformed, ServerFault for what is no such document.
    """
    if len(answer.body) > LARGEST:
        raise errors.Malformed("too large")
    if answer.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _of_sheet(answer, today, needed)
    found, lines = set_rates.read_lines(answer.body, today, dated=True)
    if not found and not lines:
        raise errors.Malformed("no rates")
    if len(found) > MOST:
        raise errors.Malformed("too many rates")
    if not found and lines[0].line == 1:
        raise errors.Malformed(lines[0].what)
    return found, [f"{line.line}: {line.what}" for line in lines]


def _of_sheet(answer: Response, today: date, needed: Collection[tuple[str, str]]) -> tuple[list[Rate], list[str]]:
    days = [
        cube for cube in outermost(answer).iter() if cube.tag.rpartition("}")[2] == "Cube" and "time" in cube.attrib
    ]
    if not days:
        raise errors.Malformed("no rates")
    newest = max(days, key=lambda cube: cube.attrib["time"])
    wanted = {currency for pair in needed for currency in pair}
    told: dict[str, Decimal] = {}
    wrong, on = [], today
    for cube in newest:
        currency, text = cube.attrib.get("currency", ""), cube.attrib.get("rate", "")
        if currency not in wanted or currency == BASE:
            continue
        rate = set_rates.read(BASE, currency, text, newest.attrib["time"] or "?", today)
        if isinstance(rate, Refused):
            # Two words on one currency are believed no more than none.
            told.pop(currency, None)
            wrong.append(f"{currency} {text[:40]!a} ({newest.attrib['time'][:40]!a}): {rate.code}")
        elif currency in told:
            del told[currency]
            wrong.append(f"{currency} × 2")
        else:
            told[currency], on = rate.rate, rate.on
    pairs = (crossed(BASE, told, source, target, on) for source, target in sorted(needed))
    return [pair for pair in pairs if pair is not None], wrong


def _take(deps: Deps, found: Iterable[Rate], host: str) -> None:
    """Say those that are news. What was said elsewhere stays against one that is no newer: a person who set today's right does
    not have it undone by the evening."""
    known = {(row.source, row.target): row for row in rates.every()}

    def news(rate: Rate) -> bool:
        row = known.get((rate.source, rate.target))
        return row is None or rate.on > row.on or (rate.on == row.on and row.said_by == host)

    set_rates.say(deps, [rate for rate in found if news(rate)], host)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
