"""The adapter of the simulation's shop: what an adapter of a shop without uniqueness must do, through `net` like all others."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from forain.contracts.manifest import ShopManifest
from forain.contracts.net import Net, Request
from forain.contracts.shop import Shipment, ShipmentPage, ShopCredentials, ShopOrder, Variant, VariantPage
from forain.core.errors import Malformed, Problem, Rejected, ServerFault
from forain.core.ids import MarketplaceOrderId, ShopOrderId, VariantId
from forain.core.money import Money
from forain.core.orders import OrderDraft
from forain.core.signals import Signal
from forain.core.stock import StockLevel
from forain.net.answers import Name, Plain, Whole, Wire, decoded
from tests.simulation.shop import SEARCH_LAG

URL = "http://shop"
MANIFEST = ShopManifest(
    code="simulated",
    name="Simulated shop",
    capabilities=frozenset({"catalogue", "stock_reader", "order_writer", "shipment_reader"}),
    fields=(),
    limits=(),
    search_lag=SEARCH_LAG,
    watch_every=timedelta(minutes=5),
)


class Article(msgspec.Struct):
    sku: Name
    price: Plain
    on_hand: Whole
    allocated: Whole


class Changes(msgspec.Struct):
    mark: Whole
    skus: list[Name]
    orders: bool


class Parcel(msgspec.Struct):
    name: Name
    carrier: Name
    tracking: Plain
    sent_at: datetime
    items: dict[Name, Whole]


class Order(msgspec.Struct):
    number: Name
    reference: Name
    total: Plain
    currency: Plain
    cancelled: bool
    parcels: list[Parcel]


class Made(msgspec.Struct):
    number: Name


class Refusal(msgspec.Struct):
    code: Name
    message: Plain


class SimulatedShop:
    """`contracts.shop.Shop` over the server's HTTP."""

    def __init__(self, net: Net) -> None:
        self._net = net

    def _ask(
        self, method: str, path: str, kind: type[Wire], query: Mapping[str, str] | None = None, told: Any = None
    ) -> Wire:
        json = None if told is None else msgspec.json.encode(told)
        answer = self._net.send(Request(f"{method} {path}", method, URL + path, query=query, json=json))
        if answer.status in (404, 422):
            refusal = decoded(answer.body, Refusal, status=answer.status)
            raise Rejected([Problem(refusal.code, refusal.message)], refusal.code)
        if answer.status not in (200, 201):
            raise ServerFault("status", placeholders={"status": str(answer.status)})
        return decoded(answer.body, kind, status=answer.status)

    def check(self) -> str:
        self._ask("GET", "/articles", list[Article])
        return "the simulated shop"

    def variants(self, cursor: str | None) -> VariantPage:
        return VariantPage(tuple(_variant(told) for told in self._ask("GET", "/articles", list[Article])), None)

    def changed(self, since: str) -> tuple[str, tuple[Signal, ...]]:
        told = self._ask("GET", "/changes", Changes, {"since": since or "0"})
        orders = (Signal("shop_order", "any"),) if told.orders else ()
        return str(told.mark), (*(Signal("stock", sku) for sku in told.skus), *orders)

    def stock(self, variants: Sequence[VariantId]) -> Mapping[VariantId, Variant]:
        told = self._ask("GET", "/articles", list[Article], {"names": ",".join(variants)})
        return {VariantId(one.sku): _variant(one) for one in told}

    def ensure_order(self, draft: OrderDraft) -> ShopOrder:
        return self.order(draft.reference) or self.create(draft)

    def create(self, draft: OrderDraft) -> ShopOrder:
        """Created, and read back: a shop may say so and do nothing."""
        lines = [(line.line_id, line.variant, line.quantity, line.total.money.text()) for line in draft.lines]
        told = {
            "reference": draft.reference, "lines": lines, "shipping": draft.shipping.text(),
            "discount": draft.discount.text(), "total": draft.total.text(), "currency": draft.currency,
            "ship_to": [draft.ship_to.name, draft.ship_to.lines[0], draft.ship_to.postal_code],
        }  # fmt: skip
        made = self._ask("POST", "/orders", Made, told=told)
        try:
            found = self._ask("GET", f"/orders/{made.number}", Order)
        except Rejected:
            found = None
        if found is None or found.reference != draft.reference:
            raise ServerFault("not_there", placeholders={"operation": "create"})
        return _shop_order(found)

    def cancel_order(self, reference: MarketplaceOrderId) -> None:
        for found in self._search([reference]):
            self._ask("POST", f"/orders/{found.number}/cancel", Order)

    def order(self, reference: MarketplaceOrderId) -> ShopOrder | None:
        found = self._search([reference])
        return _shop_order(found[0]) if found else None

    def shipments(self, references: Sequence[MarketplaceOrderId]) -> ShipmentPage:
        return ShipmentPage(
            tuple(
                Shipment(MarketplaceOrderId(o.reference), p.name, p.carrier, p.tracking, p.sent_at, p.items)
                for o in self._search(references)
                for p in o.parcels
            )
        )

    def _search(self, references: Sequence[MarketplaceOrderId]) -> list[Order]:
        found = self._ask("GET", "/orders", list[Order], {"references": ",".join(references)})
        if any(order.reference not in references for order in found):
            raise Malformed("reference")
        return found


def _variant(told: Article) -> Variant:
    price = Money.parse(told.price, "EUR")
    return Variant(
        VariantId(told.sku), told.sku, f"Title of {told.sku}", price, StockLevel(told.on_hand, told.allocated)
    )


def _shop_order(told: Order) -> ShopOrder:
    total = Money.parse(told.total, told.currency)
    return ShopOrder(ShopOrderId(told.number), MarketplaceOrderId(told.reference), total, told.cancelled)


def open(credentials: ShopCredentials, net: Net) -> SimulatedShop:
    """An adapter for the shop; calls nobody."""
    return SimulatedShop(net)
