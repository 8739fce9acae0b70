"""I see what an SKU sells as one article: a single one as it is, a bundle as its articles make it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from forain.contracts.shop import Variant
from forain.core.bundles import Parts, price_of
from forain.core.errors import Problem
from forain.core.ids import VariantId
from forain.core.money import Money, total_of
from forain.core.pricing import NoPrice
from forain.core.sales import Special
from forain.core.stock import Counted, NotCounted, counted_at


@dataclass(frozen=True, slots=True)
class Portion:
    """One article of what an SKU sells: the shop's word on it, how many pieces each one sold needs, and its pieces in marketplace
    orders that the shop does not know yet, whatever they were sold as."""

    variant: Variant
    need: int = 1
    unimported: int = 0

    @property
    def counted(self) -> Counted | None:
        """Its stock; None: the shop counts none for it."""
        level = self.variant.level
        name = self.variant.sku or self.variant.variant
        return None if level is None else Counted(name, level, self.need, self.unimported)

    @property
    def stock_held(self) -> bool:
        """Its stock is not known because something is wrong with it; a price that is wrong says nothing of the stock."""
        wrong = any(not problem.code.startswith("price_") for problem in self.variant.problems)
        return self.variant.level is None and wrong


@dataclass(frozen=True, slots=True)
class Article:
    """What an SKU sells. `price` None: there is none, and for a bundle `no_price` says why. `counted`: the portions whose stock
    the shop counts; of a single article without its name. `uncounted`: the shop counts none for some, and these limit nothing. `stock_held`:
    for some it is not known how many there are. `active`: the shop sells all of them. `cost` None: not known of all of them.
    `special_left_out`: some have a special price, and that of a bundle knows nothing of it. The rest as `Variant` has it."""

    price: Money | None
    no_price: str
    tax_rate: Decimal | None
    group: str
    group_prices: Mapping[str, Money]
    special: Special | None
    special_left_out: bool
    active: bool
    problems: tuple[Problem, ...]
    counted: tuple[Counted, ...]
    uncounted: bool
    stock_held: bool
    cost: Money | None


def portions(parts: Parts, stock: Mapping[VariantId, Variant], unimported: Mapping[str, int]) -> list[Portion]:
    """The parts with what is known of each; all of them must be in `stock`."""
    return [Portion(stock[part.variant], part.need, unimported.get(part.variant, 0)) for part in parts]


def as_one(found: Sequence[Portion]) -> Article:
    """What these portions are together.

    A bundle has the group that all its articles have. It has no special price: the days of several need not be the same, and
    what the merchant reduces by itself need not be cheaper in a bundle. For a group of customers who has no price for one of its articles
    pays everybody's.
    """
    first = found[0].variant
    counted = [portion.counted for portion in found]
    single = len(found) == 1 and found[0].need == 1
    if single and found[0].variant.level is not None:
        counted = [Counted("", found[0].variant.level, 1, found[0].unimported)]
    price = first.price if single else _price(found, "")
    groups = {name for portion in found for name, _ in portion.variant.group_prices}
    priced = {name: _price(found, name) for name in sorted(groups)}
    return Article(
        price=None if isinstance(price, NoPrice) else price,
        no_price=price.code if isinstance(price, NoPrice) else "",
        tax_rate=first.tax_rate,
        group=first.group if all(portion.variant.group == first.group for portion in found) else "",
        group_prices={name: amount for name, amount in priced.items() if isinstance(amount, Money)},
        special=first.special if single else None,
        special_left_out=not single and any(portion.variant.special for portion in found),
        active=all(portion.variant.active for portion in found),
        problems=tuple(problem for portion in found for problem in portion.variant.problems),
        counted=tuple(one for one in counted if one is not None),
        uncounted=any(one is None for one in counted),
        stock_held=any(portion.stock_held for portion in found),
        cost=_cost(found),
    )


def _price(found: Sequence[Portion], group: str) -> Money | NoPrice:
    return price_of([
        (portion.need, dict(portion.variant.group_prices).get(group, portion.variant.price), portion.variant.tax_rate)
        for portion in found
    ])  # fmt: skip


def _cost(found: Sequence[Portion]) -> Money | None:
    costs = [portion.variant.cost.times(portion.need) for portion in found if portion.variant.cost]
    if len(costs) < len(found) or len({cost.currency for cost in costs}) > 1:
        return None
    return total_of(costs, costs[0].currency)


def sold_out(article: Article, locations: Sequence[str]) -> bool:
    """At these locations (none: at all) pieces for one are in the house, and all of them are promised and no more than those: orders
    took them, and no broken file. Nothing of the kind where nothing can be counted."""
    try:
        counted = counted_at(article.counted, locations)
    except NotCounted:
        return False
    short = [one for one in counted if one.bundles < 1]
    return bool(short) and all(one.level.on_hand >= one.need and one.bundles >= 0 for one in short)
