"""Indexes over all listings, so that no search has to look at every one.

Listings of equal standing (`standing.kind`) lie together, in each order a search may ask for: there are few kinds, so
a total is a sum of lengths and a page a merge of sorted lists.
"""

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forain_box import codes, standing
from forain_box.standing import Kind
from forain_box.state import Listing

ORDERS = ("createdDate", "lastUpdatedDate", "sku")

Row = tuple[Any, int]
Window = tuple[datetime | None, datetime | None]


@dataclass(frozen=True)
class _Place:
    """Where a listing lies in the indexes: what has to be undone before it is put elsewhere."""

    kind: Kind
    rows: dict[str, Row]
    asin: str
    code: str
    fba: Row | None


class Shelves:
    """Rows are (value of the order, listing's number)."""

    def __init__(self) -> None:
        self._of: dict[int, Listing] = {}
        self._places: dict[int, _Place] = {}
        self._rows: dict[str, dict[Kind, dict[str, list[Row]]]] = {}
        self._asins: dict[str, dict[int, Listing]] = {}
        self._codes: dict[tuple[str, str], dict[int, Listing]] = {}
        self._fba: dict[str, list[Row]] = {}

    def put(self, listing: Listing) -> None:
        """Take a new listing in, or see what is different about a known one."""
        new = _Place(
            standing.kind(listing),
            {
                "createdDate": (listing.created_at, listing.number),
                "lastUpdatedDate": (listing.updated_at, listing.number),
                "sku": (listing.sku, listing.number),
            },
            listing.asin,
            codes.gtin(listing.ean),
            (listing.fba_changed_at or listing.created_at, listing.number) if standing.by_amazon(listing) else None,
        )
        old = self._places.get(listing.number)
        if old == new:
            return
        if old:
            self._take_out(listing, old)
        shelf = self._rows.setdefault(listing.seller_id, {}).setdefault(new.kind, {order: [] for order in ORDERS})
        for order, row in new.rows.items():
            insort(shelf[order], row)
        if new.asin:
            self._asins.setdefault(new.asin, {})[listing.number] = listing
        if new.code:
            self._codes.setdefault((listing.seller_id, new.code), {})[listing.number] = listing
        if new.fba:
            insort(self._fba.setdefault(listing.seller_id, []), new.fba)
        self._of[listing.number], self._places[listing.number] = listing, new

    def drop(self, listing: Listing) -> None:
        self._take_out(listing, self._places.pop(listing.number))
        del self._of[listing.number]

    def _take_out(self, listing: Listing, place: _Place) -> None:
        kinds = self._rows[listing.seller_id]
        for order, row in place.rows.items():
            rows = kinds[place.kind][order]
            del rows[bisect_left(rows, row)]
        if not kinds[place.kind]["sku"]:
            del kinds[place.kind]
        if place.asin:
            del self._asins[place.asin][listing.number]
        if place.code:
            del self._codes[listing.seller_id, place.code][listing.number]
        if place.fba:
            rows = self._fba[listing.seller_id]
            del rows[bisect_left(rows, place.fba)]

    # -- by what identifies them

    def of_asin(self, asin: str) -> list[Listing]:
        """Every seller's listings of an ASIN, oldest first."""
        return [found for _, found in sorted(self._asins.get(asin, {}).items())]

    def of_identifier(self, seller_id: str, kind: str, value: str) -> list[Listing]:
        if kind == "ASIN":
            return [x for x in self.of_asin(value) if x.seller_id == seller_id]
        if kind == "FNSKU":
            digits = value[1:]
            found = self._of.get(int(digits)) if digits.isascii() and digits.isdigit() and len(digits) == 9 else None
            return [found] if found and found.seller_id == seller_id and standing.fn_sku(found) == value else []
        if kind not in codes.spellings(value):
            return []
        return [found for _, found in sorted(self._codes.get((seller_id, codes.gtin(value)), {}).items())]

    def in_amazons_stock(self, seller_id: str, after: Row | None) -> Iterator[tuple[datetime, Listing]]:
        """(when Amazon's stock of it changed, listing), the longest ago first, those behind `after` only."""
        rows = self._fba.get(seller_id, [])
        for place in range(bisect_right(rows, after) if after else 0, len(rows)):
            yield rows[place][0], self._of[rows[place][1]]

    # -- by standing and window

    def find(
        self, seller_id: str, fits: Callable[[Kind], bool], order: str, newest_first: bool, windows: dict[str, Window]
    ) -> tuple[int, Iterator[Listing]]:
        """(how many there are, they in this order). `windows`: createdDate and lastUpdatedDate, both ends included."""
        kinds = [rows for kind, rows in self._rows.get(seller_id, {}).items() if fits(kind)]
        windows = {name: window for name, window in windows.items() if window != (None, None)}
        parts = [rows[order] for rows in kinds]
        if order in windows:
            parts = [rows[slice(*_range(rows, windows[order]))] for rows in parts]
        rows = heapq.merge(*map(reversed, parts), reverse=True) if newest_first else heapq.merge(*parts)
        if not windows.keys() - {order}:
            return sum(map(len, parts)), (self._of[number] for _, number in rows)
        sides = {name: _side([rows[name] for rows in kinds], window) for name, window in windows.items()}
        others = [side for name, side in sides.items() if name != order]
        hits = (number for _, number in rows if all((number in numbers) == inside for numbers, inside in others))
        total = _laid_over(sum(len(rows[order]) for rows in kinds), list(sides.values()))
        return total, (self._of[number] for number in hits)


_Side = tuple[set[int], bool]
"""Listings' numbers, and whether they are those inside of a window or those outside: whichever are fewer."""


def _side(parts: list[list[Row]], window: Window) -> _Side:
    ranges = [(rows, *_range(rows, window)) for rows in parts]
    inside = 2 * sum(high - low for _, low, high in ranges) <= sum(map(len, parts))
    chosen = [rows[low:high] if inside else rows[:low] + rows[high:] for rows, low, high in ranges]
    return {number for rows in chosen for _, number in rows}, inside


def _laid_over(whole: int, sides: list[_Side]) -> int:
    """How many of `whole` lie within every window, of which there are two at most."""
    within = [numbers for numbers, inside in sides if inside]
    out = set[int]().union(*(numbers for numbers, inside in sides if not inside))
    return len(set.intersection(*within) - out) if within else whole - len(out)


def _range(rows: list[Row], window: Window) -> tuple[int, int]:
    since, until = window
    low = bisect_left(rows, (since,)) if since else 0
    return low, max(low, bisect_right(rows, until, key=lambda row: row[0]) if until else len(rows))
