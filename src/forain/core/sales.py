"""Reduced prices: the shop's special price and the merchant's own sale, with their days, and the list price beside them.

A special price may take the place of the price while it runs, or be told as a sale, which the marketplace begins and ends by
itself. Days are those of the site's country, the last one whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from forain.core.clock import Instant, as_instant
from forain.core.money import Money
from forain.core.pricing import NoPrice, Priced, PriceRule, Rate, price_on_site
from forain.core.terms import Sale

NOT_BELOW = "sale_not_below_price"
UseOfSpecial = Literal["no", "as_price", "as_sale"]


@dataclass(frozen=True, slots=True)
class Special:
    """A reduced price from its `first` day to its `last`, both whole. None: it runs already, or without an end."""

    price: Money
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class SaleRule:
    """What the merchant wishes. `special`: what the shop's special price is good for. `own`: a sale of the merchant's own, as
    entered and not turned by the rule of the price; it goes before the shop's. `list_price` None: not said."""

    special: UseOfSpecial = "no"
    own: Special | None = None
    list_price: Money | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where a price is asked for: `now`, and the time zone whose days count."""

    now: Instant
    zone: str = "UTC"

    @property
    def today(self) -> date:
        """The day it is there."""
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    def begin_of(self, day: date) -> Instant:
        """The first moment of that day there."""
        return as_instant(datetime.combine(day, time(), ZoneInfo(self.zone)))


@dataclass(frozen=True, slots=True)
class OfPrices:
    """What comes of price and sale. `price` None: none is sent, and what stands there stays, the sale too; `problem` says why,
    or why a sale is not told, "" for nothing. `sale` None: none is wished for. `turns_at`: something of this will be
    otherwise then, with no change anywhere; None: it will not."""

    price: Money | None
    sale: Sale | None
    steps: tuple[tuple[str, str], ...]
    problem: str = ""
    turns_at: Instant | None = None

    @property
    def no_sale(self) -> bool:
        """There is to be none. Not so where one is wished for and cannot be reckoned: what stands stays then."""
        return self.price is not None and self.sale is None and self.problem in ("", NOT_BELOW)


def prices_on_site(
    shop_price: Money | None,
    special: Special | None,
    currency: str,
    price_rule: PriceRule,
    rule: SaleRule,
    moment: Moment,
    *,
    shop_tax: Decimal | None = None,
    rates: Mapping[tuple[str, str], Rate],
) -> OfPrices:
    """Price and sale on a site of `currency`. `shop_price` None: the shop has none, and only a fixed price is one. `rates`: by
    (source, target)."""

    def turned(price: Money | None, rule: PriceRule) -> Priced | NoPrice:
        rate = rates.get((price.currency, currency)) if price else None
        return price_on_site(price, currency, rule, shop_tax=shop_tax, rate=rate, today=moment.today)

    base = shop_price
    turns_at: Instant | None = None
    steps: tuple[tuple[str, str], ...] = ()
    if special is not None and rule.special == "as_price" and price_rule.fixed is None:
        turns_at = _next_turn(special, moment)
        if _runs(special, moment.today):
            base, steps = special.price, (("special_price", str(shop_price)),)
    priced = turned(base, price_rule)
    if isinstance(priced, NoPrice):
        return OfPrices(None, None, (), priced.code, turns_at)
    found = OfPrices(priced.price, None, (*steps, *priced.steps), "", turns_at)
    wished = rule.own or (special if rule.special == "as_sale" else None)
    if wished is None:
        return found
    if wished.first is None or wished.last is None or wished.last < wished.first:
        return replace(found, problem="sale_days")
    begins, ends = moment.begin_of(wished.first), moment.begin_of(wished.last + timedelta(days=1))
    if ends <= moment.now:
        return found
    reduced = wished.price
    if rule.own is None:
        # Of a fixed price the special one is none: it is turned as it would be without.
        answer = turned(wished.price, replace(price_rule, fixed=None))
        if isinstance(answer, NoPrice):
            return replace(found, problem=answer.code)
        reduced = answer.price
    elif price_rule.floor and reduced < price_rule.floor:
        reduced = price_rule.floor
    if not reduced < priced.price:
        # The marketplace refuses such a sale. With another price it may make sense, and is decided anew then.
        return replace(found, problem=NOT_BELOW, turns_at=min(ends, turns_at or ends))
    return replace(found, sale=Sale(reduced, begins, ends), turns_at=min(ends, turns_at or ends))


def _runs(special: Special, today: date) -> bool:
    return (special.first is None or special.first <= today) and (special.last is None or today <= special.last)


def _next_turn(special: Special, moment: Moment) -> Instant | None:
    days = [special.first, special.last + timedelta(days=1) if special.last else None]
    turns = [moment.begin_of(day) for day in days if day is not None]
    return min((turn for turn in turns if turn > moment.now), default=None)
