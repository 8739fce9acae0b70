"""The price to show on a site, and how it came about."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from forain.core.money import Money
from forain.core.plain import digits

RATE_DECIMALS = 8
LEAST_RATE, MOST_RATE = Decimal("0.000001"), Decimal(1_000_000)
MOST_DIGITS = 3
"""An ending of so many digits: 9.99 has three."""


RATE_HOLDS = timedelta(days=7)
"""An exchange rate older than this is none: a price by it would be a guess."""

Way = Literal["nearest", "up", "down"]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many `target` for one `source` (currencies), as of the day `on`."""

    source: str
    target: str
    rate: Decimal
    on: date

    def __post_init__(self) -> None:
        if not LEAST_RATE <= self.rate <= MOST_RATE:
            raise ValueError("not a rate")


def crossed(base: str, told: Mapping[str, Decimal], source: str, target: str, on: date) -> Rate | None:
    """The rate of two currencies by what each is worth against `base` (so many of it for one `base`). None: one of them is not
    told, or what comes of it is no rate."""
    one, other = (Decimal(1) if currency == base else told.get(currency) for currency in (source, target))
    if one is None or other is None or not one:
        return None
    try:
        return Rate(source, target, round(other / one, RATE_DECIMALS), on)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Ending:
    """The last digits a price is to end with: "99" of 19.99, "9" of 18.49. `way`: to the nearest such price (of two as near
    the lower one), or always up, or always down."""

    digits: str
    way: Way = "nearest"

    def __post_init__(self) -> None:
        if not self.digits.isascii() or not self.digits.isdigit() or len(self.digits) > MOST_DIGITS:
            raise ValueError(f"an ending is 1 to {MOST_DIGITS} digits")

    @property
    def step(self) -> int:
        """In the currency's smallest coin: how far two such prices are apart."""
        return int(10 ** len(self.digits))

    def at_most(self, price: Money) -> Money | None:
        """The highest price with this ending that is not above `price`; None: there is none above zero."""
        minor = price.minor - (price.minor - int(self.digits)) % self.step
        return Money(minor, price.currency) if minor > 0 else None

    def at_least(self, price: Money) -> Money:
        """The lowest price above zero with this ending that is not below `price`."""
        minor = max(price.minor, 1)
        return Money(minor + (int(self.digits) - minor) % self.step, price.currency)

    def of(self, price: Money) -> Money:
        """`price` with this ending. Where there is none below, the one above."""
        below, above = self.at_most(price), self.at_least(price)
        if below is None or self.way == "up":
            return above
        if self.way == "down":
            return below
        return below if price.minor - below.minor <= above.minor - price.minor else above


@dataclass(frozen=True, slots=True)
class PriceRule:
    """The merchant's wish for the price of an offer; the defaults show the shop's own.

    `site_tax`: percent of VAT of the site's country, which takes the place of the shop's; None: the shop's price is shown
    as it is. `percent` may be negative, and so may `add`. `floor` and `ceiling` None: no limit; they hold against
    everything else, the ending too. `fixed`: this price as it is said, whatever the shop has; None: the shop's.
    """

    site_tax: Decimal | None = None
    percent: Decimal = Decimal(0)
    add: Money | None = None
    ending: Ending | None = None
    floor: Money | None = None
    ceiling: Money | None = None
    fixed: Money | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """`price` to show with tax, and the `steps` that led there as (code, amount text)."""

    price: Money
    steps: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NoPrice:
    """No price is sent, for the reason `code`; what stands on the marketplace stays."""

    code: str


def price_on_site(
    shop_price: Money | None,
    site_currency: str,
    rule: PriceRule,
    *,
    shop_tax: Decimal | None = None,
    rate: Rate | None = None,
    today: date | None = None,
) -> Priced | NoPrice:
    """The shop's price with tax, turned by the rule into the site's price; a fixed one only has to be within floor and ceiling.

    `shop_price` None: the shop has none. `shop_tax`: percent of VAT within it, None: not told. `rate`: from the shop's currency
    to the site's, None: there is none. No rate or an old one as of `today`, zero and negative prices, and limits that contradict
    each other give NoPrice: nothing is guessed about money.
    """
    if rule.floor and rule.ceiling and rule.ceiling < rule.floor:
        return NoPrice("floor_above_ceiling")
    if rule.fixed is not None:
        return _within(rule.fixed, replace(rule, ending=None), [("fixed_price", rule.fixed.text())])
    if shop_price is None or shop_price.minor <= 0:
        return NoPrice("price_not_positive")
    steps = [("shop_price", str(shop_price) if shop_price.currency != site_currency else shop_price.text())]
    price = shop_price
    if shop_price.currency != site_currency:
        if rate is None or (rate.source, rate.target) != (shop_price.currency, site_currency):
            return NoPrice("rate_missing")
        if today is None or today - rate.on > RATE_HOLDS:
            return NoPrice("rate_too_old")
        price = Money.rounded(price.amount * rate.rate, site_currency)
        steps.append(("rate", f"{digits(rate.rate)} ({rate.on})"))
    if rule.site_tax is not None:
        if shop_tax is None:
            return NoPrice("tax_rate_missing")
        if shop_tax != rule.site_tax:
            price = Money.rounded(price.amount * (100 + rule.site_tax) / (100 + shop_tax), site_currency)
            steps.append(("site_tax", f"{digits(shop_tax)} -> {digits(rule.site_tax)}"))
    if rule.percent:
        price = Money.rounded(price.amount * (1 + rule.percent / 100), site_currency)
        steps.append(("percent", f"{rule.percent:+f}"))
    if rule.add:
        price = price + rule.add
        steps.append(("add", rule.add.text()))
    if price.minor <= 0:
        return NoPrice("rules_leave_no_price")
    if rule.ending:
        ended = rule.ending.of(price)
        if ended != price:
            price = ended
            steps.append(("ending", price.text()))
    return _within(price, rule, steps)


def _within(price: Money, rule: PriceRule, steps: list[tuple[str, str]]) -> Priced | NoPrice:
    """Not below the floor, not above the ceiling; with the ending where one lies between them."""
    if rule.floor and price < rule.floor:
        ended = rule.ending.at_least(rule.floor) if rule.ending else rule.floor
        price = rule.floor if rule.ceiling and rule.ceiling < ended else ended
        steps.append(("floor", price.text()))
    elif rule.ceiling and rule.ceiling < price:
        below = rule.ending.at_most(rule.ceiling) if rule.ending else rule.ceiling
        price = rule.ceiling if below is None or (rule.floor and below < rule.floor) else below
        steps.append(("ceiling", price.text()))
    return Priced(price, tuple(steps)) if price.minor > 0 else NoPrice("rules_leave_no_price")
