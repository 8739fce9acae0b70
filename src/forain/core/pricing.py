"""The price to show on a site, and how it came about."""

from dataclasses import dataclass
from decimal import Decimal

from forain.core.money import Money


@dataclass(frozen=True, slots=True)
class PriceRule:
    """The merchant's wish for one site. `percent` may be negative; `floor` and `ceiling` None: no limit."""

    percent: Decimal = Decimal(0)
    add: Money | None = None
    floor: Money | None = None
    ceiling: Money | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """`price` to show with tax, and the `steps` that led there as (code, amount text)."""

    price: Money
    steps: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NoPrice:
    """No price is sent, for the reason `code`; what stands on the marketplace stays."""

    code: str


def price_on_site(shop_price: Money, site_currency: str, rule: PriceRule) -> Priced | NoPrice:
    """The shop's price with tax, turned by the rule into the site's price.

    Another currency, zero and negative prices give NoPrice: nothing is guessed about money.
    """
    if shop_price.currency != site_currency:
        return NoPrice("currency_differs")
    if shop_price.minor <= 0:
        return NoPrice("price_not_positive")
    steps = [("shop_price", shop_price.text())]
    price = shop_price
    if rule.percent:
        price = Money.rounded(price.amount * (1 + rule.percent / 100), site_currency)
        steps.append(("percent", f"{rule.percent:+f}"))
    if rule.add:
        price = price + rule.add
        steps.append(("add", rule.add.text()))
    if rule.floor and price < rule.floor:
        price = rule.floor
        steps.append(("floor", price.text()))
    if rule.ceiling and rule.ceiling < price:
        price = rule.ceiling
        steps.append(("ceiling", price.text()))
    if price.minor <= 0:
        return NoPrice("price_not_positive")
    return Priced(price, tuple(steps))
