"""The quantity to show on a marketplace, and how it came about."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from forain.core.plain import digits

ABSURD_QUANTITY = 1_000_000
"""More than this on hand is a typing error, not a stock (Forain holds it back and asks)."""


MOST_LOCATIONS = 50
"""Stock locations in one rule."""
LONGEST_LOCATION = 100
"""Characters of a stock location's name."""
BETWEEN_LOCATIONS = "; "
"""What stands between the names of several: a comma is part of many a name."""


@dataclass(frozen=True, slots=True)
class AtLocation:
    """What the shop says of one of its stock locations. `on_hand` None: nothing that can be believed. `allocated`: promised of the
    pieces there, 0 also where the shop does not say of which location's."""

    name: str
    on_hand: int | None
    allocated: int = 0


@dataclass(frozen=True, slots=True)
class StockLevel:
    """What the shop says now. `on_hand`: pieces in the house; `allocated`: promised to the shop's own orders, at whatever location.

    `locations`: every stock location the shop has, also one where nothing of the article lies; (): it does not tell them apart. Of
    one whose number cannot be believed nothing is in `on_hand`, and whoever counts it must not (`Counted.at`).
    """

    on_hand: int
    allocated: int = 0
    locations: tuple[AtLocation, ...] = ()


class NotCounted(ValueError):
    """There is no quantity that may be told. `code`: "absurd_quantity", "stock_held" (the number at a location that counts cannot be
    believed), "location_unknown" and "location_twice" (a rule names it by `location`, and the shop has none or several of that name;
    `known`: those it has). As text: the code and what fills its sentence."""

    def __init__(self, code: str, location: str = "", known: Sequence[str] = ()) -> None:
        names = ", ".join(known)
        shown = f"{names[:200]}..." if len(names) > 200 else names
        gaps = [f"{name}={text}" for name, text in (("name", location), ("known", shown)) if text]
        super().__init__(" ".join([code, *gaps]))
        self.code = code


def same_location(name: str) -> str:
    """What all spellings of a location's name have in common: capitals, spaces and how an accent is stored do not tell two apart."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).split())


def named_locations(text: str) -> tuple[str, ...]:
    """The names somebody entered with ; between them, each once. Raises ValueError for what is no list of names: an empty or an
    overlong one, one that cannot be printed, too many."""
    found: dict[str, str] = {}
    for part in unicodedata.normalize("NFC", text).split(BETWEEN_LOCATIONS.strip()):
        name = " ".join(part.split())
        if not 0 < len(name) <= LONGEST_LOCATION or not name.isprintable():
            raise ValueError(f"no name of a location: {ascii(part)[:LONGEST_LOCATION]}")
        found.setdefault(same_location(name), name)
    if len(found) > MOST_LOCATIONS:
        raise ValueError(f"more than {MOST_LOCATIONS} locations")
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class StockRule:
    """The merchant's wish for the quantity of an offer; the defaults show all there is.

    `locations`: the shop's stock locations whose pieces count, as the merchant calls them; (): all of them. `fixed`: this number,
    whatever the shop has (made to order, from a supplier). `last_pieces`: so few free pieces are left to others, the shop or another
    account, and 0 is shown. `share`: percent of the free pieces, rounded down. `buffer`: pieces kept back. `cap`: never more than this. `minimum`: fewer are shown as 0. `inactive_counts`: an article that
    the shop does not sell is shown all the same. None: no such limit.
    """

    fixed: int | None = None
    last_pieces: int = 0
    share: Decimal = Decimal(100)
    buffer: int = 0
    cap: int | None = None
    minimum: int = 0
    inactive_counts: bool = False
    locations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sellable:
    """`quantity` to show, and the `steps` that led there, as (code, value) for the page "why this number?"."""

    quantity: int
    steps: tuple[tuple[str, str], ...]


Why = Literal["", "landing", "emptied", "holiday"]
"""Why nothing is for sale, whatever the shop has: a safe landing, somebody set all to 0, a holiday. "": it is."""


def nothing(why: Why) -> Sellable:
    """What is shown while nothing is for sale."""
    return Sellable(0, ((why, "0"),))


@dataclass(frozen=True, slots=True)
class Counted:
    """An article within a bundle whose stock the shop counts. `name`: as it is shown. `need`: so many pieces each bundle needs.
    `unimported`: its pieces in marketplace orders that the shop does not know yet, whatever they were sold as."""

    name: str
    level: StockLevel
    need: int = 1
    unimported: int = 0

    @property
    def bundles(self) -> int:
        """So many bundles its free pieces are good for; negative where more are promised than there are."""
        return (self.level.on_hand - self.level.allocated - self.unimported) // self.need

    def at(self, locations: Sequence[str]) -> "Counted":
        """The same with the pieces of these locations only; (): of all. What is promised and not said of which location's is taken off
        in full, as is what the shop does not know yet: better too few than the same piece twice. Raises NotCounted.
        """
        level = self.level
        if locations:
            named = [self._named(name) for name in locations]
            elsewhere = level.allocated - sum(one.allocated for one in level.locations)
            allocated = sum(one.allocated for one in named) + max(elsewhere, 0)
            level = StockLevel(sum(one.on_hand or 0 for one in named), allocated, tuple(named))
        if any(one.on_hand is None for one in level.locations):
            raise NotCounted("stock_held")
        return replace(self, level=level)

    def _named(self, name: str) -> AtLocation:
        known = self.level.locations
        found = [one for one in known if same_location(one.name) == same_location(name)]
        if len(found) > 1:
            raise NotCounted("location_twice", name)
        if not found:
            raise NotCounted("location_unknown", name, [one.name for one in known])
        return found[0]


def counted_at(parts: Sequence[Counted], locations: Sequence[str]) -> list[Counted]:
    """The articles an SKU sells, with the pieces of these locations. Where of one of them nothing is free anywhere it does not matter
    which locations are meant, and that one is the answer. Raises NotCounted where that is no way out either."""
    try:
        return [part.at(locations) for part in parts]
    except NotCounted as error:
        believed = [part for part in parts if all(one.on_hand is not None for one in part.level.locations)]
        empty = [part for part in believed if part.bundles < 1]
        if error.code == "stock_held" or not empty:
            raise
        return empty


def sellable(level: StockLevel, unimported: int, rule: StockRule, *, active: bool = True) -> Sellable:
    """On hand - allocated - sold on the marketplace but not yet in the shop, turned by the rule; never negative.

    `unimported`: pieces in marketplace orders that the shop does not know yet. Leaving them out would put
    sold pieces back on sale. `active`: the shop sells the article. Raises ValueError for an absurd stock
    (see ABSURD_QUANTITY).
    """
    return sellable_bundle([Counted("", level, 1, unimported)], rule, active=active)


def sellable_bundle(parts: Sequence[Counted], rule: StockRule, *, active: bool = True) -> Sellable:
    """The smallest of what its articles are good for, as `sellable` reckons each, turned by the rule: a buffer is so many
    bundles. The steps name the article that is the smallest, of equal ones the first.

    `parts`: those whose stock is counted; none may be only where the rule has a fixed number. An article without a `name` is sold
    by itself, and its steps say nothing of a bundle. `active`: the shop sells all its articles. Raises NotCounted: for an absurd stock
    (see ABSURD_QUANTITY), and where the rule's locations cannot be counted.
    """
    if any(part.level.on_hand > ABSURD_QUANTITY for part in parts):
        raise NotCounted("absurd_quantity")
    steps: list[tuple[str, str]] = []
    if rule.fixed is not None:
        quantity = rule.fixed
        steps.append(("fixed", str(quantity)))
    else:
        parts = counted_at(parts, rule.locations)
        if rule.locations:
            steps.append(("locations", BETWEEN_LOCATIONS.join(rule.locations)))
        quantity = _of_the_free(min(parts, key=lambda part: part.bundles), rule, steps)
    if rule.cap is not None and quantity > rule.cap:
        quantity = rule.cap
        steps.append(("cap", str(rule.cap)))
    if 0 < quantity < rule.minimum:
        quantity = 0
        steps.append(("minimum", str(rule.minimum)))
    if quantity < 0:
        quantity = 0
        steps.append(("never_negative", "0"))
    if not active and not rule.inactive_counts:
        quantity = 0
        steps.append(("inactive", "0"))
    return Sellable(quantity, tuple(steps))


def _of_the_free(part: Counted, rule: StockRule, steps: list[tuple[str, str]]) -> int:
    if part.name:
        steps.append(("smallest", part.name))
    steps.append(("on_hand", str(part.level.on_hand)))
    for code, less in (("allocated", part.level.allocated), ("unimported", part.unimported)):
        if less:
            steps.append((code, str(-less)))
    quantity = part.bundles
    if part.name:
        steps.append(("need", str(part.need)))
    if 0 < quantity <= rule.last_pieces:
        steps.append(("last_pieces", str(rule.last_pieces)))
        return 0
    if rule.share != 100 and quantity > 0:
        quantity = int(quantity * rule.share / 100)
        steps.append(("share", digits(rule.share)))
    if rule.buffer:
        quantity -= rule.buffer
        steps.append(("buffer", str(-rule.buffer)))
    return quantity
