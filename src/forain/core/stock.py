"""The quantity to show on a marketplace, and how it came about."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from forain.core.plain import digits

ABSURD_QUANTITY = 1_000_000
"""More than this on hand is a typing error, not a stock (Forain holds it back and asks)."""


@dataclass(frozen=True, slots=True)
class StockLevel:
    """What the shop says now. `on_hand`: pieces in the house; `allocated`: promised to the shop's own orders."""

    on_hand: int
    allocated: int = 0


@dataclass(frozen=True, slots=True)
class StockRule:
    """The merchant's wish for the quantity of an offer; the defaults show all there is.

    `fixed`: this number, whatever the shop has (made to order, from a supplier). `last_pieces`: so few free pieces are left
    to others, the shop or another account, and 0 is shown. `share`: percent of the free pieces, rounded down. `buffer`:
    pieces kept back. `cap`: never more than this. `minimum`: fewer are shown as 0. `inactive_counts`: an article that
    the shop does not sell is shown all the same. None: no such limit.
    """

    fixed: int | None = None
    last_pieces: int = 0
    share: Decimal = Decimal(100)
    buffer: int = 0
    cap: int | None = None
    minimum: int = 0
    inactive_counts: bool = False


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
    by itself, and its steps say nothing of a bundle. `active`: the shop sells all its articles. Raises ValueError for an absurd stock.
    """
    if any(part.level.on_hand > ABSURD_QUANTITY for part in parts):
        raise ValueError("absurd_quantity")
    steps: list[tuple[str, str]] = []
    if rule.fixed is not None:
        quantity = rule.fixed
        steps.append(("fixed", str(quantity)))
    else:
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
