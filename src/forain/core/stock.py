"""The quantity to show on a marketplace, and how it came about."""

from dataclasses import dataclass
from decimal import Decimal

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


LANDED = Sellable(0, (("landing", "0"),))
"""During a safe landing: nothing is for sale, whatever the shop has."""


def sellable(level: StockLevel, unimported: int, rule: StockRule, *, active: bool = True) -> Sellable:
    """On hand - allocated - sold on the marketplace but not yet in the shop, turned by the rule; never negative.

    `unimported`: pieces in marketplace orders that the shop does not know yet. Leaving them out would put
    sold pieces back on sale. `active`: the shop sells the article. Raises ValueError for an absurd stock
    (see ABSURD_QUANTITY).
    """
    if level.on_hand > ABSURD_QUANTITY:
        raise ValueError("absurd_quantity")
    steps: list[tuple[str, str]] = []
    if rule.fixed is not None:
        quantity = rule.fixed
        steps.append(("fixed", str(quantity)))
    else:
        quantity = _of_the_free(level, unimported, rule, steps)
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


def _of_the_free(level: StockLevel, unimported: int, rule: StockRule, steps: list[tuple[str, str]]) -> int:
    quantity = level.on_hand
    steps.append(("on_hand", str(quantity)))
    for code, less in (("allocated", level.allocated), ("unimported", unimported)):
        if less:
            quantity -= less
            steps.append((code, str(-less)))
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
