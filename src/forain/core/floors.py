"""The lowest price at which an offer still leaves what the merchant wants: what the article costs, what the marketplace
keeps, and the VAT of the country taken out.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from forain.core.money import LARGEST_MINOR, Money
from forain.core.plain import digits
from forain.core.pricing import RATE_HOLDS, NoPrice, Rate

FITS_WITHIN = Fraction(1, 10)
"""A fee that was estimated for a price farther away than this is asked for anew at the price there is now."""
FEE_MISSING, FEE_REFUSED = NoPrice("fee_missing"), NoPrice("fee_refused")
"""Nobody has estimated the fees yet (or so long ago that it says nothing), and: the marketplace gives no estimate."""


@dataclass(frozen=True, slots=True)
class Fee:
    """What the marketplace keeps of a price with tax, as it estimated it for the price `at`: the `referral` fee of that
    price, and a `fixed` part.

    What is assumed, since an estimate is for one price only: the referral fee rises and falls with the price, and is never
    below `least` (zero where nobody knows of such a minimum); everything else stays as it is. Where a category's percentage
    jumps at some price this is wrong beyond it, so that a price that moved far from `at` needs another estimate (`fits`).
    The fees count as they are told, without VAT on them. Raises ValueError for what cannot be meant.
    """

    at: Money
    referral: Money
    fixed: Money
    least: Money

    def __post_init__(self) -> None:
        parts = (self.referral, self.fixed, self.least)
        if any(part.currency != self.at.currency or part.minor < 0 for part in parts):
            raise ValueError("a fee is not negative, and in the currency of its price")
        if (
            not 0 < self.at.minor <= LARGEST_MINOR
            or self.referral.minor > self.at.minor
            or self.fixed.minor > LARGEST_MINOR
        ):
            raise ValueError("not a fee")

    def of(self, price: Money) -> Money:
        """What is kept of `price`."""
        share = Fraction(self.referral.minor * price.minor, self.at.minor)
        return Money(round(max(share, Fraction(self.least.minor))) + self.fixed.minor, price.currency)

    def fits(self, price: Money) -> bool:
        """`price` is so near to the one it was estimated for that no other estimate is needed."""
        return price.currency == self.at.currency and abs(price.minor - self.at.minor) <= self.at.minor * FITS_WITHIN


@dataclass(frozen=True, slots=True)
class CostRule:
    """The merchant's wish: `markup` percent of the cost are left over after cost, VAT and fees; 0: nothing is lost. `fees`
    False: what the marketplace keeps is not counted."""

    markup: Decimal
    fees: bool = True


@dataclass(frozen=True, slots=True)
class CostFloor:
    """The `lowest` price with tax, and the `steps` that led there as (code, text)."""

    lowest: Money
    steps: tuple[tuple[str, str], ...]


def floor_of_cost(
    cost: Money | None,
    currency: str,
    rule: CostRule,
    *,
    tax: Decimal | None,
    fee: Fee | NoPrice,
    rate: Rate | None = None,
    today: date | None = None,
) -> CostFloor | NoPrice:
    """The floor on a site of `currency` for an article that costs the merchant `cost` without VAT.

    `cost` None: the shop does not say. `tax`: percent of VAT within the price on the site, None: nobody says. `fee`: in
    `currency`, or why there is none. `rate`, `today`: as `pricing.price_on_site` has them. Whatever is missing gives NoPrice: "cost_missing",
    "rate_missing", "rate_too_old", "tax_rate_missing", the fee's own, and "fees_above_price" where no price is high enough.
    """
    if cost is None or cost.minor <= 0:
        return NoPrice("cost_missing")
    steps = [("cost", str(cost) if cost.currency != currency else cost.text())]
    exact = Fraction(cost.amount)
    if cost.currency != currency:
        if rate is None or (rate.source, rate.target) != (cost.currency, currency):
            return NoPrice("rate_missing")
        if today is None or today - rate.on > RATE_HOLDS:
            return NoPrice("rate_too_old")
        exact *= Fraction(rate.rate)
        steps.append(("cost_rate", f"{digits(rate.rate)} ({rate.on})"))
    if tax is None:
        return NoPrice("tax_rate_missing")
    if rule.fees and isinstance(fee, NoPrice):
        return fee
    coin = Fraction(Money(1, currency).amount)
    left = exact / coin * (100 + Fraction(rule.markup)) / 100
    kept = Fraction(100) / (100 + Fraction(tax))
    share = fixed = least = Fraction(0)
    if rule.fees and isinstance(fee, Fee):
        share = Fraction(fee.referral.minor, fee.at.minor)
        fixed, least = Fraction(fee.fixed.minor), Fraction(fee.least.minor)
    if kept <= share:
        return NoPrice("fees_above_price")
    # Enough where the fee is the percentage, and where it is the minimum: whichever of the two is higher is kept.
    lowest = Money(ceil(max((left + fixed) / (kept - share), (left + fixed + least) / kept)), currency)
    if lowest.minor > LARGEST_MINOR:
        return NoPrice("fees_above_price")
    steps.append(("floor_markup", digits(rule.markup)))
    if tax:
        steps.append(("floor_tax", digits(tax)))
    if rule.fees and isinstance(fee, Fee):
        steps.append(("fees", fee.of(lowest).text()))
    steps.append(("floor_cost", lowest.text()))
    return CostFloor(lowest, tuple(steps))
