"""The box as the demo's Amazon: a seller with offers of its own, buyers, and a clock shared with Forain."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from forain.cli.sample_shop import GOODS
from forain_box.server import RunningBox

FR = "A13V1IB3VIYZZH"
SELLER = "A1DEMOSELLER01"
FBA_SKU, AMAZON_ONLY = "BASKET", "OLD-POSTCARDS"


class Amazon:
    """The box as the demo uses it: its control API, over HTTP; only the clock is moved from within."""

    def __init__(self, running: RunningBox, clock_file: Path) -> None:
        self.url = running.url
        self._box = running.box
        self._clock_file = clock_file
        self._shift = 0.0

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{self.url}/box/api/{path}", data=data, method=method)
        with urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def advance(self, seconds: float) -> None:
        """Time passes for Amazon and for Forain alike, and at once: the box answers nobody while the two clocks differ.

        (Else a token fetched in between would be of last month for Amazon and of this one for Forain.)
        """
        self._shift += seconds
        part = self._clock_file.with_suffix(".part")
        part.write_text(json.dumps(self._shift))
        with self._box.lock:
            os.replace(part, self._clock_file)
            self._box.world.clock.advance(seconds)
            self._box.world.settle()

    def listings(self) -> dict[str, Any]:
        return {x["sku"]: x for x in self.call("GET", "state")["listings"]}

    def quantity(self, sku: str) -> int | None:
        found: int | None = self.listings()[sku]["availability"].get("DEFAULT")
        return found

    def buy(self, sku: str, quantity: int = 1, pending: float = 0) -> str:
        told = {
            "seller_id": SELLER,
            "marketplace_id": FR,
            "items": [{"sku": sku, "quantity": quantity}],
            "pending_seconds": pending,
        }
        return str(self.call("POST", "orders", told)["order_id"])

    def order(self, order_id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(o for o in self.call("GET", "state")["orders"] if o["order_id"] == order_id)
        return found

    def furnish(self, port: int) -> dict[str, Any]:
        """The merchant's seller account and offers, with stock and prices that are not the shop's."""
        here = f"http://127.0.0.1:{port}/amazon"
        application: dict[str, Any] = self.call(
            "POST", "applications",
            {"name": "Forain", "kind": "public", "redirect_uris": [f"{here}/callback"], "login_uri": f"{here}/login"},
        )  # fmt: skip
        self.call("POST", "sellers", {"seller_id": SELLER, "name": "Le Marché de Camille", "region": "eu",
                                      "marketplace_ids": [FR], "email": "camille@example.test"})  # fmt: skip
        shelf = [
            {"seller_id": SELLER, "sku": sku, "asin": f"B0DEMO{n:04d}", "marketplace_id": FR, "title": title, "quantity": stock // 3,
             "price": {"amount": f"{float(price) + 1:.2f}", "currency": "EUR"},
             "fulfilled_by": "AMAZON" if sku == FBA_SKU else "MERCHANT"}
            for n, (sku, title, price, stock) in enumerate(GOODS) if sku != "SANTON"
        ]  # fmt: skip
        shelf.append({"seller_id": SELLER, "sku": AMAZON_ONLY, "marketplace_id": FR, "title": "Old postcards", "quantity": 3,
                      "price": {"amount": "9.00", "currency": "EUR"}})  # fmt: skip
        self.call("POST", "listings", shelf)
        return application
