"""The price for business customers, and what they pay each when they take more."""

import itertools
from dataclasses import dataclass
from decimal import Decimal

from forain.core.money import Money
from forain.core.terms import Business, Tier

MOST_TIERS = 5
"""Amazon takes no more. Source: business pricing of purchasable_offer (quantity_discount_plan), read 2026-11-30."""


@dataclass(frozen=True, slots=True)
class BusinessRule:
    """What the merchant wishes. `price`: as entered, None: the price for everybody, `percent` on it. `tiers`: (from so many
    pieces, percent off the business price), both rising."""

    price: Money | None = None
    percent: Decimal | None = None
    tiers: tuple[tuple[int, Decimal], ...] = ()

    def __bool__(self) -> bool:
        """Any of it is wished for."""
        return self.price is not None or self.percent is not None or bool(self.tiers)


def tiers_of(text: str) -> tuple[tuple[int, Decimal], ...]:
    """The tiers of "5:3 10:5.5" (from 5 pieces 3 percent off, from 10 pieces 5.5). Raises ValueError for more than MOST_TIERS,
    for fewer than 2 pieces, for what does not rise, and for what is no number."""
    found = []
    for part in text.split():
        pieces, _, percent = part.partition(":")
        if not (pieces.isascii() and pieces.isdigit() and len(pieces) <= 6 and percent.isascii() and len(percent) <= 5):
            raise ValueError(part)
        if not set(percent) <= set("0123456789.") or not percent.strip("."):
            raise ValueError(part)
        off = Decimal(percent) if percent.count(".") <= 1 else Decimal(0)
        found.append((int(pieces), off))
        if not 0 < off < 100 or off != round(off, 2):
            raise ValueError(part)
    rising = all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(found))
    if not found or len(found) > MOST_TIERS or found[0][0] < 2 or not rising:
        raise ValueError(text)
    return tuple(found)


def business_on_site(price: Money, rule: BusinessRule, floor: Money | None) -> Business | str | None:
    """What businesses pay where everybody pays `price`; None: nothing is wished for; a text: the code of why it is not told.

    The floor holds here too. A tier that would not be cheaper than the one before it, for the floor or by rounding, is left
    out: the marketplace wants prices that fall.
    """
    if not rule:
        return None
    base = rule.price or price
    if rule.price is None and rule.percent:
        base = Money.rounded(price.amount * (1 + rule.percent / 100), price.currency)
    base = max(base, floor or base)
    if price < base:
        return "business_price_above_price"
    tiers: list[Tier] = []
    for pieces, off in rule.tiers:
        each = Money.rounded(base.amount * (100 - off) / 100, price.currency)
        each = max(each, floor or each)
        if each.minor > 0 and each < (tiers[-1].price if tiers else base):
            tiers.append(Tier(pieces, each))
    return Business(base, tuple(tiers)) if base.minor > 0 else "business_price_above_price"
