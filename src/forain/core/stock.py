"""The quantity to show on a marketplace, and how it came about."""

from dataclasses import dataclass

ABSURD_QUANTITY = 1_000_000
"""More than this on hand is a typing error, not a stock (Forain holds it back and asks)."""


@dataclass(frozen=True, slots=True)
class StockLevel:
    """What the shop says now. `on_hand`: pieces in the house; `allocated`: promised to the shop's own orders."""

    on_hand: int
    allocated: int = 0


@dataclass(frozen=True, slots=True)
class StockRule:
    """The merchant's wish. `buffer`: pieces kept back. `cap` None: show all there is."""

    buffer: int = 0
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Sellable:
    """`quantity` to show, and the `steps` that led there, as (code, value) for the page "why this number?"."""

    quantity: int
    steps: tuple[tuple[str, int], ...]


LANDED = Sellable(0, (("landing", 0),))
"""During a safe landing: nothing is for sale, whatever the shop has."""


def sellable(level: StockLevel, unimported: int, rule: StockRule) -> Sellable:
    """On hand - allocated - sold on the marketplace but not yet in the shop - buffer, capped, never negative.

    `unimported`: pieces in marketplace orders that the shop does not know yet. Leaving them out would put
    sold pieces back on sale. Raises ValueError for an absurd stock (see ABSURD_QUANTITY).
    """
    if level.on_hand > ABSURD_QUANTITY:
        raise ValueError("absurd_quantity")
    steps: list[tuple[str, int]] = [("on_hand", level.on_hand)]
    quantity = level.on_hand
    for code, less in (("allocated", level.allocated), ("unimported", unimported), ("buffer", rule.buffer)):
        if less:
            quantity -= less
            steps.append((code, -less))
    if rule.cap is not None and quantity > rule.cap:
        quantity = rule.cap
        steps.append(("cap", rule.cap))
    if quantity < 0:
        quantity = 0
        steps.append(("never_negative", 0))
    return Sellable(quantity, tuple(steps))
