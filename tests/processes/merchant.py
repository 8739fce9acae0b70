"""The merchant: a system of their own over a shop folder, seen as the invariants of the simulation see a shop."""

import csv
import io
import json
import os
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from forain.cli.sample_shop import SampleShop, ean
from forain.core.money import Money
from tests.simulation.shop import Article, Booked, Charge, Parcel

CARRIER = "DHL"
PLACES = ("new", "booked", "cancelled")


class Merchant:
    """Works through the documented forms of the files shop only. `doubled`: orders that came a second time."""

    def __init__(self, folder: Path, skus: dict[str, tuple[str, int]], now: Callable[[], datetime]) -> None:
        """`skus`: SKU -> (price, pieces on hand)."""
        self.folder, self.now = folder, now
        goods = [
            {"id": sku, "sku": sku, "ean": ean(n), "title": f"Title of {sku}", "price": price, "currency": "EUR",
             "tax_rate": "20", "on_hand": on_hand}
            for n, (sku, (price, on_hand)) in enumerate(skus.items(), 1)
        ]  # fmt: skip
        self.shop = SampleShop(folder, goods)
        self.doubled: list[str] = []
        self.parcels: dict[str, list[Parcel]] = {}
        self._numbers = 0

    # -- as the invariants see it

    @property
    def articles(self) -> dict[str, Article]:
        waiting: dict[str, int] = {}
        for file in self._files("new"):
            for line in _read(file)["lines"]:
                waiting[line["variant"]] = waiting.get(line["variant"], 0) + line["quantity"]
        return {
            sku: Article(Decimal(str(good["price"])), int(good["on_hand"]), waiting.get(sku, 0))
            for sku, good in self.shop.goods.items()
        }

    def of(self, reference: str) -> list[Booked]:
        found = []
        for place in PLACES:
            file = self.folder / "orders" / place / f"{reference}.json"
            if file.exists():
                told = _read(file)
                lines = [(line["line"], line["variant"], line["quantity"]) for line in told["lines"]]
                parcels = self.parcels.get(reference, [])
                cancelled = place == "cancelled"
                booked = Booked(
                    reference, reference, lines, _charge(told), self.now(), cancelled=cancelled, parcels=parcels
                )
                found.append(booked)
        return found

    def charges(self) -> list[tuple[str, Charge]]:
        """All orders that ever came, by their reference, as Forain wrote them."""
        return [(file.stem, _charge(_read(file))) for place in PLACES for file in self._files(place)]

    def _files(self, place: str) -> list[Path]:
        return sorted((self.folder / "orders" / place).glob("*.json"))

    # -- what they do

    def work(self) -> None:
        """Book what is new, cancel what is asked. An order that is there already must not come again."""
        for file in self._files("new"):
            for place in ("booked", "cancelled"):
                if (self.folder / "orders" / place / file.name).exists() and file.exists():
                    self.doubled.append(file.stem)
        self.shop.book_orders()
        self.shop.cancel_orders()

    def sell(self, sku: str, count: int) -> bool:
        if self.articles[sku].free < count:
            return False
        self.shop.sell(sku, count)
        return True

    def count(self, sku: str, more: int) -> None:
        """There are so many more in the house than orders wait for."""
        self.shop.change(sku, self.articles[sku].allocated + more - self.shop.on_hand(sku))

    def to_ship(self) -> list[Booked]:
        """Booked orders of which something is still in the house."""
        found = [self.of(file.stem)[0] for file in self._files("booked")]
        return [order for order in found if not order.cancelled and order.left()]

    def ship(self, order: Booked, items: dict[str, int]) -> str:
        """A parcel with these pieces; the answer is its tracking number."""
        self._numbers += 1
        tracking = f"T{self._numbers:05d}"
        out = io.StringIO()
        rows = [("order", "carrier", "tracking", "line", "quantity")]
        rows += [(order.reference, CARRIER, tracking, line, str(count)) for line, count in items.items()]
        csv.writer(out, lineterminator="\n").writerows(rows)
        _put(self.folder / "shipments" / f"{tracking}.csv", out.getvalue())
        self.parcels.setdefault(order.reference, []).append(Parcel(tracking, tracking, self.now(), items, CARRIER))
        return tracking


def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _charge(told: dict[str, Any]) -> Charge:
    def text(amount: str) -> str:
        return Money.parse(amount, told["currency"]).text()

    lines = [(line["line"], line["variant"], line["quantity"], text(line["total"])) for line in told["lines"]]
    return Charge(lines, text(told["shipping"]), text(told["discount"]), text(told["total"]), told["currency"])


def _put(file: Path, text: str) -> None:
    part = file.with_name(f".{file.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, file)


__all__ = ["Merchant"]
