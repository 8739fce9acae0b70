"""The demo's merchant with a real Vendure: what the shop's people do, through its own Admin API."""

import os
from pathlib import Path
from typing import Any

from forain import plugins
from forain.cli.sample_shop import GOODS, ean
from forain.config.home import forain_home


class NoShop(Exception):
    """The real shop cannot be had here; the text says why."""


class VendureShop:
    """`cli.demo.Shop` over a running Vendure."""

    def __init__(self, data: Path) -> None:
        real = plugins.test_shop("vendure")
        if real is None:
            raise NoShop("the adapter brings no shop along")
        goods = [
            {"sku": sku, "title": title, "price": price, "on_hand": stock, "ean": ean(n)}
            for n, (sku, title, price, stock) in enumerate(GOODS, start=1)
        ]
        cache = Path(os.environ.get("FORAIN_CACHE") or forain_home().parent / "cache")
        try:
            self._shop = real.start(real.install(cache, goods), data)
        except real.NoVendure as reason:
            raise NoShop(str(reason)) from None
        self.url: str = self._shop.url

    def _variants(self) -> dict[str, Any]:
        fields = "id sku priceWithTax stockLevels { stockOnHand stockAllocated }"
        found = self._shop.ask(f"{{ productVariants(options: {{take: 100}}) {{ items {{ {fields} }} }} }}")
        return {item["sku"]: item for item in found["productVariants"]["items"]}

    def skus(self) -> set[str]:
        return set(self._variants())

    def free(self, sku: str) -> int:
        (level,) = self._variants()[sku]["stockLevels"]
        return int(level["stockOnHand"]) - int(level["stockAllocated"])

    def price(self, sku: str) -> str:
        minor = int(self._variants()[sku]["priceWithTax"])
        return f"{minor // 100}.{minor % 100:02}"

    def change(self, sku: str, by: int) -> None:
        item = self._variants()[sku]
        told = {"id": item["id"], "stockOnHand": int(item["stockLevels"][0]["stockOnHand"]) + by}
        mutation = "mutation($i: [UpdateProductVariantInput!]!) { updateProductVariants(input: $i) { id } }"
        self._shop.ask(mutation, {"i": [told]})

    def book_orders(self) -> list[str]:
        """Vendure books by itself."""
        return []

    def _orders(self) -> list[Any]:
        found = self._shop.ask(
            "{ orders { items { id state customFields { forainReference } lines { id quantity } } } }"
        )
        return [order for order in found["orders"]["items"] if order["customFields"]["forainReference"]]

    def has(self, reference: str) -> int:
        return sum(order["customFields"]["forainReference"] == reference for order in self._orders())

    def orders(self) -> set[str]:
        return {order["customFields"]["forainReference"] for order in self._orders()}

    def ship(self, reference: str, carrier: str, tracking: str) -> None:
        order = next(o for o in self._orders() if o["customFields"]["forainReference"] == reference)
        arguments = [{"name": "method", "value": carrier}, {"name": "trackingCode", "value": tracking}]
        told = {
            "lines": [{"orderLineId": line["id"], "quantity": line["quantity"]} for line in order["lines"]],
            "handler": {"code": "manual-fulfillment", "arguments": arguments},
        }
        mutation = "mutation($i: FulfillOrderInput!) { addFulfillmentToOrder(input: $i) { ... on Fulfillment { id } } }"
        made = self._shop.ask(mutation, {"i": told})["addFulfillmentToOrder"]
        sent = 'mutation($i: ID!) { transitionFulfillmentToState(id: $i, state: "Shipped") { __typename } }'
        self._shop.ask(sent, {"i": made["id"]})

    def connect_fields(self) -> dict[str, str]:
        return {"kind": "vendure", "url": self.url, "token": self._shop.token}

    def stop(self) -> None:
        self._shop.stop()
