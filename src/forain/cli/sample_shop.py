"""The demo's merchant: a small pretend system that works on a files shop, through its documented formats only.

What it knows stands in one file of its own (`.merchant/books.json`); the catalogue is written from that. So a
booking that is killed half-way goes on where it stood, and no piece is taken off twice.
"""

import csv
import io
import json
import os
import threading
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

COLUMNS = ("id", "sku", "ean", "title", "price", "currency", "tax_rate", "on_hand")
GOODS = (
    ("LAV-SOAP", "Lavender soap 100 g", "6.90", 40), ("OLIVE-SOAP", "Olive oil soap 100 g", "6.50", 34),
    ("OLIVE-OIL-50", "Olive oil, first pressing, 50 cl", "14.50", 18), ("OLIVE-OIL-75", "Olive oil, first pressing, 75 cl", "19.80", 12),
    ("HONEY-CHEST", "Chestnut honey 250 g", "8.20", 25), ("HONEY-LAV", "Lavender honey 250 g", "8.90", 21),
    ("NOUGAT", "Nougat with almonds 200 g", "7.40", 30), ("CALISSONS", "Calissons, box of 12", "12.90", 9),
    ("SALT-GREY", "Grey sea salt 1 kg", "5.60", 50), ("SALT-FLOWER", "Flower of salt 125 g", "7.90", 28),
    ("MUSTARD", "Old-style mustard 200 g", "4.30", 44), ("VINEGAR", "Cider vinegar 50 cl", "4.80", 26),
    ("TAPENADE", "Black olive tapenade 90 g", "4.95", 33), ("HERBS", "Herbs of Provence 60 g", "5.20", 48),
    ("SAFFRON", "Saffron threads 0.5 g", "16.00", 7), ("JAM-FIG", "Fig jam 220 g", "5.90", 31),
    ("JAM-APRICOT", "Apricot jam 220 g", "5.90", 29), ("BISCUITS", "Butter biscuits 300 g", "6.70", 22),
    ("CANDLE", "Beeswax candle", "11.00", 16), ("CLOTH", "Printed tablecloth 150 cm", "34.00", 6),
    ("APRON", "Linen apron", "27.50", 8), ("BASKET", "Wicker market basket", "24.90", 11),
    ("KNIFE", "Folding knife, olive wood", "32.00", 5), ("SANTON", "Clay figure, the trader", "18.50", 10),
    ("TEA-VERBENA", "Verbena tea 40 g", "6.20", 37),
)  # fmt: skip
BOOKS = Path(".merchant", "books.json")
BOOK_EVERY_SECONDS = 0.3

Good = dict[str, Any]


def ean(number: int) -> str:
    """An invented EAN-13 of the range for internal use (20...), with a right check digit."""
    base = f"200000{number:06d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(base))
    return base + str((10 - total % 10) % 10)


def goods_of(count: int = len(GOODS)) -> list[Good]:
    """The first `count` articles; beyond the known ones they repeat with a number."""
    found: list[Good] = []
    for n in range(count):
        sku, title, price, stock = GOODS[n % len(GOODS)]
        again = n // len(GOODS)
        if again:
            sku, title = f"{sku}-{again + 1}", f"{title}, no. {again + 1}"
        found.append(
            {"id": sku, "sku": sku, "ean": ean(n + 1), "title": title, "price": price, "currency": "EUR",
             "tax_rate": "20", "on_hand": stock}
        )  # fmt: skip
    return found


class SampleShop:
    """A merchant's system over one folder. Safe to call from several threads; one process at a time."""

    def __init__(self, folder: Path, goods: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Opens the books there are, else begins new ones with `goods` (None: the twenty-five of GOODS)."""
        self.folder = folder
        self._guard = threading.RLock()
        for name in ("orders/new", "orders/booked", "shipments", ".merchant"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._booked: set[str] = set()
        self.goods: dict[str, Good]
        if (folder / BOOKS).exists():
            books = json.loads((folder / BOOKS).read_text(encoding="utf-8"))
            self.goods, self._booked = books["goods"], set(books["booked"])
        else:
            self.goods = {str(good["sku"]): dict(good) for good in goods or goods_of()}
        self._write()

    def _write(self) -> None:
        """Books first: they are the truth, the catalogue is their copy."""
        books = json.dumps({"goods": self.goods, "booked": sorted(self._booked)}, ensure_ascii=False, indent=1)
        _put(self.folder / BOOKS, books)
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", restval="", extrasaction="ignore")
        writer.writeheader()
        # Sold more than there is: the books know by how much, the catalogue says there is none.
        writer.writerows({**good, "on_hand": max(int(good["on_hand"]), 0)} for good in self.goods.values())
        _put(self.folder / "catalogue.csv", out.getvalue())

    def skus(self) -> set[str]:
        return set(self.goods)

    def free(self, sku: str) -> int:
        """Pieces that may be sold."""
        return self.on_hand(sku)

    def price(self, sku: str) -> str:
        return str(self.goods[sku]["price"])

    def connect_fields(self) -> dict[str, str]:
        """What the merchant enters to connect it."""
        return {"kind": "files", "folder": str(self.folder)}

    def stop(self) -> None:
        """Nothing runs."""

    def on_hand(self, sku: str) -> int:
        return int(self.goods[sku]["on_hand"])

    def change(self, sku: str, by: int) -> None:
        """Pieces come in (plus) or go out (minus)."""
        with self._guard:
            if self.on_hand(sku) + by < 0:
                raise ValueError(f"{sku}: only {self.on_hand(sku)} on hand")
            self.goods[sku]["on_hand"] = self.on_hand(sku) + by
            self._write()

    def sell(self, sku: str, quantity: int = 1) -> None:
        """Somebody buys in the shop itself."""
        self.change(sku, -quantity)

    def set_price(self, sku: str, price: str) -> None:
        """A new price with tax, such as "7.20"."""
        if Decimal(price) <= 0:
            raise ValueError("a price is above zero")
        with self._guard:
            self.goods[sku]["price"] = price
            self._write()

    def book_orders(self) -> list[str]:
        """Take the goods of new orders off the catalogue, then move the files: in this order, so that no piece
        counts as free in between. The answer names the orders booked."""
        booked = []
        with self._guard:
            for file in sorted((self.folder / "orders" / "new").glob("*.json")):
                try:
                    order = json.loads(file.read_text(encoding="utf-8"))
                except FileNotFoundError:
                    continue  # Taken back since we looked.
                if order["reference"] not in self._booked:
                    self._take(order, -1)
                    self._booked.add(order["reference"])
                    self._write()
                try:
                    file.rename(self.folder / "orders" / "booked" / file.name)
                except FileNotFoundError:
                    # Taken back between reading and moving: the pieces are ours again.
                    self._take(order, +1)
                    self._booked.discard(order["reference"])
                    self._write()
                    continue
                booked.append(str(order["reference"]))
        return booked

    def cancel_orders(self) -> list[str]:
        """Carry out what orders/cancellations asks: pieces back, the order to orders/cancelled, the request away."""
        done = []
        orders = self.folder / "orders"
        with self._guard:
            for request in sorted((orders / "cancellations").glob("*.json")):
                order_file = orders / "booked" / request.name
                if order_file.exists():
                    order = json.loads(order_file.read_text(encoding="utf-8"))
                    if order["reference"] in self._booked:
                        self._take(order, +1)
                        self._booked.discard(order["reference"])
                        self._write()
                    (orders / "cancelled").mkdir(exist_ok=True)
                    order_file.rename(orders / "cancelled" / request.name)
                request.unlink()
                done.append(request.stem)
        return done

    def _take(self, order: Mapping[str, Any], sign: int) -> None:
        by_id = {good.get("id") or sku: good for sku, good in self.goods.items()}
        for line in order["lines"]:
            good = by_id[line["variant"]]
            good["on_hand"] = int(good["on_hand"]) + sign * line["quantity"]

    def has(self, reference: str) -> int:
        """How many files there are for this order, new or booked."""
        return sum((self.folder / "orders" / place / f"{reference}.json").exists() for place in ("new", "booked"))

    def orders(self) -> set[str]:
        """References of all orders, new or booked."""
        return {f.stem for place in ("new", "booked") for f in (self.folder / "orders" / place).glob("*.json")}

    def ship(self, reference: str, carrier: str, tracking: str) -> None:
        """Everything of the order leaves in one parcel."""
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(
            [("order", "carrier", "tracking"), (reference, carrier, tracking)]
        )
        _put(self.folder / "shipments" / f"{reference}.csv", out.getvalue())

    def run(self, stop: threading.Event) -> None:
        """Book and cancel what comes, until `stop` is set; for a thread of its own."""
        while not stop.wait(BOOK_EVERY_SECONDS):
            self.book_orders()
            self.cancel_orders()


def create(folder: Path, offers: Sequence[Mapping[str, Any]] | int | None = None) -> SampleShop:
    """A new sample shop with these articles, or so many of the invented ones (None: twenty-five)."""
    return SampleShop(folder, goods_of(offers) if isinstance(offers, int) else offers)


def _put(path: Path, text: str) -> None:
    """The file appears whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
