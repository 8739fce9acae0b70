"""An SKU may be a bundle: several articles of the shop sold as one thing, or several pieces of one (a multipack).

The merchant says so, nothing of it is guessed. An SKU that is one piece of one article is an ordinary link.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from forain.core.ids import VariantId
from forain.core.money import Money, spread, total_of
from forain.core.pricing import NoPrice

MOST_PARTS = 50
"""Articles in one bundle; more is a mistake in a file."""
MOST_NEED = 10_000
"""Pieces of one article in one bundle; more is a typing error."""


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """An article within what an SKU is: each one sold needs `need` pieces of it, 1 or more."""

    variant: VariantId
    need: int = 1


Parts = tuple[Part, ...]
"""What an SKU is, in the order in which it was said. One part with a need of 1: an ordinary link."""


def ordinary(variant: VariantId) -> Parts:
    """One piece of one article."""
    return (Part(variant),)


def is_bundle(parts: Parts) -> bool:
    """More than one piece of one article."""
    return len(parts) > 1 or any(part.need > 1 for part in parts)


class NotABundle(ValueError):
    """What was entered is no bundle. `code`: why, see `checked`, and of whoever knows shop and links "unknown_article",
    "linked_already" and "bundle_already". `variant`: the article it is about, "" for none. `place`: which part, from 1; 0: all of it."""

    def __init__(self, code: str, variant: str = "", place: int = 0) -> None:
        super().__init__(f"{code} {variant}".strip())
        self.code, self.variant, self.place = code, variant, place


def checked(told: Sequence[tuple[str, str]]) -> Parts:
    """The bundle of what somebody entered as (article, need).

    Raises NotABundle: "no_articles", "too_many_articles", "need_wrong" (no whole number from 1 to MOST_NEED), "article_twice",
    "one_piece" (one piece of one article: an ordinary link).
    """
    if not told:
        raise NotABundle("no_articles")
    if len(told) > MOST_PARTS:
        raise NotABundle("too_many_articles")
    parts: list[Part] = []
    for place, (variant, text) in enumerate(told, start=1):
        text = text.strip()
        # Not isdigit alone: it takes the digits of other scripts for some.
        if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= MOST_NEED):
            raise NotABundle("need_wrong", variant, place)
        if any(part.variant == variant for part in parts):
            raise NotABundle("article_twice", variant, place)
        parts.append(Part(VariantId(variant), int(text)))
    if not is_bundle(tuple(parts)):
        raise NotABundle("one_piece", parts[0].variant)
    return tuple(parts)


def price_of(parts: Sequence[tuple[int, Money | None, Decimal | None]]) -> Money | NoPrice:
    """What the articles of a bundle cost together, from (need, price of a piece, percent of VAT) of each; None: not known.

    Nothing is guessed: where one has no price, or currencies or tax rates differ, there is none, and the code says why.
    """
    prices = [price for _, price, _ in parts if price is not None]
    if len(prices) < len(parts) or not prices:
        return NoPrice("bundle_price_missing")
    if len({price.currency for price in prices}) > 1:
        return NoPrice("bundle_currencies_differ")
    if len({tax for _, _, tax in parts}) > 1:
        return NoPrice("bundle_taxes_differ")
    return total_of([price.times(need) for need, price, _ in parts if price is not None], prices[0].currency)


@dataclass(frozen=True, slots=True)
class Component:
    """A part as an order needs it: `title` as the shop calls it, `price` of one piece in the shop, None: not known."""

    variant: VariantId
    need: int
    title: str = ""
    price: Money | None = None


def shares(total: Money, components: Sequence[Component]) -> list[Money]:
    """What of an amount for bundles is each component's, by price x need; together exactly `total`.

    Where a price is not known, currencies differ or all cost nothing, each piece gets alike.
    """
    prices = [one.price for one in components if one.price is not None and one.price.minor >= 0]
    weights = [one.price.minor * one.need for one in components if one.price is not None]
    if len(prices) < len(components) or len({price.currency for price in prices}) > 1 or sum(weights) == 0:
        weights = [one.need for one in components]
    return spread(total, weights)


def tax_shares(tax: Money, totals: Sequence[Money], components: Sequence[Component]) -> list[Money]:
    """The tax within amounts that `shares` made, by these, so that no part has more tax than it costs."""
    if any(amount.minor > 0 for amount in totals):
        return spread(tax, [amount.minor for amount in totals])
    return shares(tax, components)


_PART_OF = re.compile(r"(?P<line>.+):(?P<place>[0-9]{1,3})/(?P<of>[0-9]{1,3})x(?P<need>[0-9]{1,5})", re.DOTALL)


def part_line(line_id: str, place: int, of: int, need: int) -> str:
    """The name of a bundle's component as an order line of the shop: which part of how many, and how many pieces each.

    It says all that it takes to put the bundle together again when parcels come, whatever the bundle is by then.
    """
    return f"{line_id}:{place}/{of}x{need}"


def is_part_line(line_id: str) -> bool:
    """It was made by `part_line`."""
    return _PART_OF.fullmatch(line_id) is not None


def whole_bundles(pieces: Mapping[str, int]) -> dict[str, int]:
    """The marketplace's line -> how many whole bundles of it these pieces of components make (0 too). `pieces`: by `part_line`;
    others count for nothing."""
    found: dict[str, dict[int, int]] = {}
    parts: dict[str, int] = {}
    for name, count in pieces.items():
        told = _PART_OF.fullmatch(name)
        if told is not None:
            found.setdefault(told["line"], {})[int(told["place"])] = max(count, 0) // max(int(told["need"]), 1)
            parts[told["line"]] = int(told["of"])
    # A component of which nothing is there makes it none.
    return {
        line: min((of_line.get(place, 0) for place in range(1, parts[line] + 1)), default=0)
        for line, of_line in found.items()
    }


def begun(packed: "Packed") -> set[str]:
    """The marketplace's lines of which pieces of components are packed that no told bundle holds. `packed`: all parcels of an order
    together. A piece too many counts, too: how many were ordered is not asked."""
    found = set()
    for name, count in packed.parts.items():
        told = _PART_OF.fullmatch(name)
        if told is not None and count > int(told["need"]) * packed.items.get(told["line"], 0):
            found.add(told["line"])
    return found


@dataclass(frozen=True, slots=True)
class Packed:
    """What is in a parcel: `items`, pieces by line of the marketplace, and `parts`, pieces of bundles' components by `part_line`."""

    items: Mapping[str, int]
    parts: Mapping[str, int]

    @property
    def named(self) -> dict[str, int]:
        """As the shop named it: what its parts made whole is not said a second time."""
        return {line: count for line, count in self.items.items() if line not in whole_bundles(self.parts)} | dict(
            self.parts
        )


def pack(named: Mapping[str, int], others: Packed, ordered: Mapping[str, int]) -> Packed:
    """What a parcel tells the marketplace, from the pieces the shop named in it.

    `others`: all other parcels of the order together; `ordered`: pieces by line. A bundle counts with the parcel that makes it whole;
    components whose rest has not left are kept and tell nothing.
    """
    parts = {line: count for line, count in named.items() if is_part_line(line)}
    items = {line: count for line, count in named.items() if line not in parts}
    together = whole_bundles(added(others.parts, parts))
    for line in whole_bundles(parts):
        fresh = min(together[line], ordered.get(line, 0)) - others.items.get(line, 0) - items.get(line, 0)
        if fresh > 0:
            items[line] = items.get(line, 0) + fresh
    return Packed(items, parts)


def added(*counts: Mapping[str, int]) -> dict[str, int]:
    """The sums by name."""
    found: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            found[name] = found.get(name, 0) + count
    return found
