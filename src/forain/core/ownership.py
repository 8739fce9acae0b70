"""Who leads what of an offer, and what happens where somebody else changes what Forain leads.

What another one leads is read and shown beside what Forain would say, and never told. What Forain leads and somebody else
changed is set right, each time once; who does it again and again is no slip but another opinion, and a person decides.
A quantity is not watched: it moves with every order.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from forain.core.clock import Instant, format_instant, parse_instant
from forain.core.money import Money
from forain.core.offers import Desired, Observed, PriceSetup
from forain.core.terms import NAMES, as_text

Leader = Literal["shop", "marketplace", "other_tool"]
LEADERS: tuple[Leader, ...] = ("shop", "marketplace", "other_tool")
MOST_CHANGES = 3
"""So many changes by others within WITHIN are set right; with the last of them it is left to a person."""
WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody else changed `field` ("price", or the name of a term): what stood there as wanted, and what is shown now."""

    field: str
    before: str
    now: str


def changed_by_others(desired: Desired, before: Observed, after: Observed) -> list[Changed]:
    """What was shown as wanted and is shown otherwise now, with nothing told in between. A field that is not readable any
    more has not changed."""
    found = []
    if desired.price is not None and before.price == desired.price and after.price not in (None, desired.price):
        found.append(Changed("price", str(before.price), str(after.price)))
    wanted, stood, shown = as_text(desired.terms), as_text(before.terms), as_text(after.terms)
    found += [
        Changed(name, wanted[name], shown[name])
        for name in NAMES
        if name in wanted and stood.get(name) == wanted[name] and shown.get(name, wanted[name]) != wanted[name]
    ]
    return found


def counted(counts: Mapping[str, str], changed: Collection[Changed], now: Instant) -> dict[str, str]:
    """The changes by others of each field, as "since count": one more for each of `changed`. After WITHIN it begins anew."""
    found = dict(counts)
    for one in changed:
        since, count = _count(found.get(one.field, ""), now)
        found[one.field] = f"{format_instant(since)} {count + 1}"
    return found


def disputed(counts: Mapping[str, str], now: Instant) -> dict[str, Instant]:
    """The fields that are not set right for now, and until when."""
    found = {}
    for field, text in counts.items():
        since, count = _count(text, now)
        if count >= MOST_CHANGES:
            found[field] = since + WITHIN
    return found


def _count(text: str, now: Instant) -> tuple[Instant, int]:
    if not text:
        return now, 0
    since, count = text.split(" ")
    begun = parse_instant(since)
    return (begun, int(count)) if now - begun < WITHIN else (now, 0)


def without(desired: Desired, fields: Collection[str]) -> Desired:
    """The same without these fields: they stay as they stand."""
    price = None if "price" in fields else desired.price
    terms = desired.terms.only(name for name in NAMES if name not in fields)
    return replace(desired, price=price, terms=terms, withdrawn=desired.withdrawn - set(fields))


def refuses(setup: PriceSetup, price: Money | None, *, leader_said: bool) -> str:
    """Why this price is not told to an offer with that setup, "" where nothing speaks against it.

    `leader_said`: the merchant said who leads the price; until then it is not taken out of the hands of the marketplace's own
    repricing.
    """
    if price is None:
        return ""
    if setup.automated and not leader_said:
        return "automated_pricing"
    lowest, highest = setup.lowest or price, setup.highest or price
    if lowest.currency != price.currency or highest.currency != price.currency:
        return ""
    return "" if lowest <= price <= highest else "outside_marketplace_limits"


def setup_as_text(setup: PriceSetup) -> dict[str, str]:
    """As it is kept; `setup_from_text` reads the same."""
    told = {"lowest": setup.lowest, "highest": setup.highest, "automated": setup.automated}
    return {name: str(value) for name, value in told.items() if value}


def setup_from_text(told: Mapping[str, str]) -> PriceSetup:
    """What was kept. Raises ValueError for what is no amount."""
    limits = {name: Money.parse(*told[name].split(" ")) for name in ("lowest", "highest") if name in told}
    return PriceSetup(automated=told.get("automated", ""), **limits)
