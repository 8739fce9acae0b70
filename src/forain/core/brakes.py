"""The brake: which changes are large enough to be looked at before they are told, and when there are too many of them.

A file that was cut, or a column that slipped, sets the whole shelf to 0 or every price to a hundredth. One article that is
sold out does not, and must never be held up: only what happens to a share of all offers within one time is asked about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from forain.core.money import Money
from forain.core.terms import Business, Sale, Terms

Kind = Literal["zero", "price", "jump"]
"""zero: from pieces to none. price: moved by more than the set percent. jump: a price of another order of magnitude."""
KINDS: tuple[Kind, ...] = ("zero", "price", "jump")
MASSES: tuple[Kind, ...] = ("zero", "price")
"""Those that are held only where there are many; a jump is held by itself."""
State = Literal["told", "held", "allowed", "kept"]
"""told: there were not too many. held: a person is asked. allowed, kept: the answer, for exactly this value."""

TOGETHER = timedelta(hours=1)
"""Leaps of offers marked within this time are one wave: a shop's import of a large catalogue takes a while."""
LAST_PIECES_TOGETHER = timedelta(minutes=5)
"""Last single pieces sell out one after the other, all day; only what falls within this time looks like an import."""
OFF = "none"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much; None: this brake is off. `zero_share`: percent of the offers that show pieces. `price_share`: percent
    of the offers with a price, `price_percent`: moved by more than that. `least`: fewer offers than this are never asked about.
    `jump`: a price more than so many times the last one, or less than that part of it, is held by itself."""

    zero_share: int | None = 20
    price_share: int | None = 20
    price_percent: int = 30
    least: int = 20
    jump: int | None = 10

    def share(self, kind: Kind) -> int | None:
        """Percent of the offers that is too much of this kind; None: none is."""
        return {"zero": self.zero_share, "price": self.price_share, "jump": 0}[kind]


BOUNDS: Mapping[str, tuple[int, int, bool]] = {
    "zero_share": (1, 99, True),
    "price_share": (1, 99, True),
    "price_percent": (1, 900, False),
    "least": (1, 1_000_000, False),
    "jump": (2, 1_000_000, True),
}
"""Name -> the least, the most, and whether OFF may be said."""


class NotALimit(ValueError):
    """What was entered is no limit. `code`: "unknown_wish", "not_a_number", "too_small", "too_large"; `told`: what it may be."""

    def __init__(self, code: str, name: str, told: str = "") -> None:
        super().__init__(f"{name}: {code}{f' ({told})' if told else ''}")
        self.code, self.name, self.told = code, name, told


def checked(name: str, text: str) -> str:
    """The limit `name` as it is kept, for what somebody entered. Raises NotALimit."""
    if name not in BOUNDS:
        raise NotALimit("unknown_wish", name, ", ".join(BOUNDS))
    least, most, may_be_off = BOUNDS[name]
    text = text.strip()
    if may_be_off and text == OFF:
        return OFF
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise NotALimit("not_a_number", name, f"{least}-{most}{f', {OFF}' if may_be_off else ''}")
    if int(text) < least:
        raise NotALimit("too_small", name, str(least))
    if int(text) > most:
        raise NotALimit("too_large", name, str(most))
    return str(int(text))


def limits(kept: Mapping[str, str]) -> Limits:
    """What counts, of what was said; what cannot be read counts as not said: the brake is never off by mistake."""
    told: dict[str, int | None] = {}
    for name, text in kept.items():
        try:
            text = checked(name, text)
        except NotALimit:
            continue
        told[name] = None if text == OFF else int(text)
    return Limits(**told)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Leap:
    """A change that is looked at before it is told: pieces, or coins of `currency` ("" for pieces)."""

    kind: Kind
    before: int
    after: int
    currency: str = ""


def fall(before: int | None, after: int | None) -> Leap | None:
    """From pieces to none. None: it is no such change. `before`: what was told last, or is shown."""
    return Leap("zero", before, 0) if before and after == 0 else None


def move(before: Money | None, after: Money | None, told: Limits) -> Leap | None:
    """A price that moves far, or jumps. None: it does neither, or there is none to compare with."""
    if before is None or after is None or before.currency != after.currency or before.minor <= 0:
        return None
    low, high = sorted((before.minor, after.minor))
    if told.jump is not None and high > told.jump * low:
        return Leap("jump", before.minor, after.minor, after.currency)
    if abs(after.minor - before.minor) * 100 > told.price_percent * before.minor:
        return Leap("price", before.minor, after.minor, after.currency)
    return None


def reduced(price: Money | None, change: Terms, told: Limits) -> Leap | None:
    """A jump from the price an offer has to the lowest one of `change` at which some would buy it: a sale, the price for businesses,
    one of their tiers. A slip there gives the article away as well as one in the price."""
    found = [change.sale.price] if isinstance(change.sale, Sale) else []
    if isinstance(change.business, Business):
        found += [change.business.price, *(tier.price for tier in change.business.tiers)]
    leap = move(price, min(found), told) if found else None
    return leap if leap is not None and leap.kind == "jump" else None


def offers_needed(count: int, kind: Kind, told: Limits) -> int | None:
    """So many offers there must be for `count` leaps to be no more than the set share; None: they never are too many.

    The share of "all" is asked this way round, so that nobody has to count a large shelf to its end.
    """
    share = told.share(kind)
    if share is None or count < told.least:
        return None
    return -(-count * 100 // share)
