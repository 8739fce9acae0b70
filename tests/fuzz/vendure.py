"""A Vendure shop as far as its answers go: five articles and four orders in the shapes of Vendure 3.7.3, seen running."""

import json
from collections.abc import Callable
from typing import Any

from forain.contracts.net import Request, Response
from forain.contracts.shop import ShopCredentials
from forain.core.secret import Secret
from forain.shops.vendure import VendureShop, open

MOMENT = "2026-03-01T10:00:00.000Z"
COUNT = 5


def article(number: int) -> dict[str, Any]:
    return {
        "id": str(number), "sku": f"V{number}", "name": f"Article {number}", "enabled": True, "trackInventory": "TRUE",
        "priceWithTax": 100 * number + 90, "currencyCode": "EUR", "updatedAt": MOMENT, "customFields": {"ean": "2000000000015"},
        "taxRateApplied": {"value": 20}, "stockLevels": [{"stockOnHand": 10, "stockAllocated": number, "stockLocation": {"id": "1", "name": "Lyon"}}],
    }  # fmt: skip


def order(number: int) -> dict[str, Any]:
    return {
        "id": f"{number}", "code": f"CODE{number}", "state": "PaymentSettled", "totalWithTax": 2490, "currencyCode": "EUR",
        "updatedAt": MOMENT, "customFields": {"forainReference": f"302-{number}"},
        "lines": [{"id": "7", "productVariant": {"id": "1"}, "customFields": {"forainLine": "L1"}}],
        "fulfillments": [{
            "id": f"F{number}", "state": "Shipped", "trackingCode": f"6A{number}", "method": "Colissimo", "updatedAt": MOMENT,
            "lines": [{"orderLineId": "7", "quantity": 1}],
        }],
    }  # fmt: skip


MADE = {
    "id": "1",
    "code": "CODE1",
    "reference": "302-1",
    "state": "PaymentSettled",
    "total": 2490,
    "currencyCode": "EUR",
}
DATA: dict[str, dict[str, Any]] = {
    "check": {"forainVersion": 1, "productVariants": {"totalItems": COUNT}, "orders": {"totalItems": 4}},
    "productVariants": {
        "productVariants": {"totalItems": COUNT, "items": [article(n) for n in range(1, COUNT + 1)]},
        "globalSettings": {"trackInventory": True},
        "stockLocations": {"items": [{"id": "1", "name": "Lyon"}, {"id": "2", "name": "Périgueux"}]},
    },
    "orders": {"orders": {"totalItems": 4, "items": [order(n) for n in range(1, 5)]}},
    "ensureOrder": {"forainEnsureOrder": MADE},
    "cancelOrder": {"cancelOrder": {"__typename": "Order"}},
}  # fmt: skip


class Shop:
    """A net to that shop. `spoil`: operation -> what arrives instead of its whole answer."""

    def __init__(self) -> None:
        self.spoil: dict[str, Callable[[], bytes]] = {}
        self.status = 200

    def send(self, request: Request) -> Response:
        if request.operation in self.spoil:
            return Response(self.status, {}, self.spoil[request.operation]())
        data = DATA[request.operation]
        wanted = json.loads(request.json or b"")["variables"].get("o", {}).get("filter", {}).get("forainReference")
        if wanted:
            items = [o for o in data["orders"]["items"] if o["customFields"]["forainReference"] in wanted["in"]]
            data = {"orders": {"totalItems": len(items), "items": items}}
        return Response(200, {}, json.dumps({"data": data}).encode())

    def adapter(self) -> VendureShop:
        return open(ShopCredentials({"url": "http://shop/admin-api"}, {"token": Secret("a-plainly-fake-token")}), self)
