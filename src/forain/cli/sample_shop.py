"""The demo's merchant: a small pretend system that works on a files shop, through its documented formats only."""

import csv
import io
import json
import os
import threading
from pathlib import Path

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


def ean(number: int) -> str:
    """An invented EAN-13 of the range for internal use (20...), with a right check digit."""
    base = f"200000{number:06d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(base))
    return base + str((10 - total % 10) % 10)


class SampleShop:
    """A merchant's system over one folder. Safe to call from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.Lock()
        self.goods = {
            sku: {"id": sku, "sku": sku, "ean": ean(n), "title": title, "price": price, "currency": "EUR", "tax_rate": "20",
                  "on_hand": stock}
            for n, (sku, title, price, stock) in enumerate(GOODS, start=1)
        }  # fmt: skip
        for name in ("orders/new", "orders/booked", "shipments"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._write()

    def _write(self) -> None:
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.goods.values())
        part = self.folder / ".catalogue.part"
        part.write_text(out.getvalue())
        os.replace(part, self.folder / "catalogue.csv")

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
        return int(str(self.goods[sku]["on_hand"]))

    def change(self, sku: str, by: int) -> None:
        """Pieces come in (plus) or go out (minus)."""
        with self._guard:
            self.goods[sku]["on_hand"] = self.on_hand(sku) + by
            self._write()

    def book_orders(self) -> list[str]:
        """Take the goods of new orders off the catalogue, then move the files: in this order, so that no piece counts
        as free in between."""
        booked = []
        for file in sorted((self.folder / "orders" / "new").glob("*.json")):
            order = json.loads(file.read_text())
            with self._guard:
                for line in order["lines"]:
                    self.goods[line["variant"]]["on_hand"] = self.on_hand(line["variant"]) - line["quantity"]
                self._write()
            file.rename(self.folder / "orders" / "booked" / file.name)
            booked.append(order["reference"])
        return booked

    def has(self, reference: str) -> int:
        """How many files there are for this order, new or booked."""
        return sum((self.folder / "orders" / place / f"{reference}.json").exists() for place in ("new", "booked"))

    def orders(self) -> set[str]:
        return {f.stem for place in ("new", "booked") for f in (self.folder / "orders" / place).glob("*.json")}

    def ship(self, reference: str, carrier: str, tracking: str) -> None:
        part = self.folder / f".{reference}.part"
        part.write_text(f"order,carrier,tracking\n{reference},{carrier},{tracking}\n")
        os.replace(part, self.folder / "shipments" / f"{reference}.csv")
