"""The shop of the simulation: a server in memory without any uniqueness of its own, and the adapter that obeys the contract.

It does what shops do: shows a new order to its search a while later, answers 200 and did nothing, loses an answer, is down.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from forain.contracts.manifest import ShopManifest
from forain.contracts.shop import Shipment, ShipmentPage, ShopOrder, Variant, VariantPage
from forain.core.errors import Problem, Rejected, ServerFault, Unreachable
from forain.core.ids import MarketplaceOrderId, ShopOrderId, VariantId
from forain.core.money import Money
from forain.core.orders import OrderDraft
from forain.core.signals import Signal
from forain.core.stock import StockLevel

from .stage import Stage

SEARCH_LAG = timedelta(seconds=60)
MANIFEST = ShopManifest(
    code="simulated",
    name="Simulated shop",
    capabilities=frozenset({"catalogue", "stock_reader", "order_writer", "shipment_reader"}),
    fields=(),
    limits=(),
    search_lag=SEARCH_LAG,
    watch_every=timedelta(minutes=5),
)
READ_ON = date(2026, 11, 24)
T = TypeVar("T")


@dataclass
class Article:
    price: Decimal
    on_hand: int
    allocated: int = 0
    raised: int = 0
    """All that ever made more of it free, added up."""

    @property
    def free(self) -> int:
        return self.on_hand - self.allocated


@dataclass
class Parcel:
    name: str
    tracking: str
    at: datetime
    items: dict[str, int]


@dataclass
class Booked:
    """An order in the shop, of a marketplace (`reference`) or of its own ("")."""

    number: str
    reference: str
    lines: list[tuple[str, str, int]]
    total: Money | None
    shown_at: datetime
    cancelled: bool = False
    parcels: list[Parcel] = field(default_factory=list)

    def left(self) -> dict[str, int]:
        """Line id -> pieces not sent yet."""
        sent: dict[str, int] = {}
        for parcel in self.parcels:
            for line, count in parcel.items.items():
                sent[line] = sent.get(line, 0) + count
        return {line: count - sent.get(line, 0) for line, _, count in self.lines if count > sent.get(line, 0)}


class ShopServer:
    """The shop itself. `made`: told of each new marketplace order, before anybody can see it."""

    def __init__(self, seed: int, now: Callable[[], datetime]) -> None:
        self.now = now
        self.chance = random.Random(f"{seed}:shop")
        self.articles: dict[str, Article] = {}
        self.orders: list[Booked] = []
        self.changes: list[str] = []
        self.down = False
        self.ill = 0.0
        self.refuses: set[str] = set()
        self.refused: dict[str, int] = {}
        self.made: Callable[[Booked, OrderDraft], None] = lambda _, __: None

    def changed(self, sku: str) -> None:
        self.changes.append(sku)

    def free(self, sku: str, by: int) -> None:
        """`by` pieces more (or fewer) are free."""
        self.articles[sku].raised += max(by, 0)
        self.changed(sku)

    def recount(self, sku: str, on_hand: int) -> None:
        self.free(sku, on_hand - self.articles[sku].on_hand)
        self.articles[sku].on_hand = on_hand

    def of(self, reference: str) -> list[Booked]:
        return [order for order in self.orders if order.reference == reference]

    def search(self, reference: str) -> Booked | None:
        """What the shop's search shows: not what came a moment ago."""
        return next((o for o in self.orders if o.reference == reference and o.shown_at <= self.now()), None)

    def create(self, draft: OrderDraft) -> str:
        if draft.reference in self.refuses:
            self.refused[draft.reference] = self.refused.get(draft.reference, 0) + 1
            raise Rejected([Problem("no_such_country", "We do not ship there")])
        number = f"S{len(self.orders) + 1}"
        if self.chance.random() < self.ill / 4:
            return number  # "201 Created", and nothing was.
        lag = self.chance.uniform(0, SEARCH_LAG.total_seconds())
        lines = [(line.line_id, str(line.variant), line.quantity) for line in draft.lines]
        order = Booked(number, draft.reference, lines, draft.total, self.now() + timedelta(seconds=lag))
        self.orders.append(order)
        for _, sku, count in lines:
            self.articles[sku].allocated += count
            self.changed(sku)
        self.made(order, draft)
        return number

    def buy(self, sku: str, count: int) -> bool:
        """A buyer in the shop itself."""
        if self.articles[sku].free < count:
            return False
        self.articles[sku].allocated += count
        self.orders.append(Booked(f"S{len(self.orders) + 1}", "", [("1", sku, count)], None, self.now()))
        self.changed(sku)
        return True

    def send(self, order: Booked, items: dict[str, int], tracking: str) -> None:
        for line, sku, _ in order.lines:
            self.articles[sku].on_hand -= items.get(line, 0)
            self.articles[sku].allocated -= items.get(line, 0)
            self.changed(sku)
        order.parcels.append(Parcel(f"P{len(order.parcels) + 1}", tracking, self.now(), items))
        self.changed("order")

    def cancel(self, order: Booked) -> None:
        if order.cancelled:
            return
        if order.parcels:
            raise Rejected([Problem("already_sent", "It has left the house")])
        order.cancelled = True
        for _, sku, count in order.lines:
            self.articles[sku].allocated -= count
            self.free(sku, count)


class SimulatedShop:
    """`contracts.shop.Shop` over the server. `asked`: told of each stock answer, for the invariants."""

    def __init__(self, server: ShopServer, stage: Stage, asked: Callable[[Sequence[str]], None]) -> None:
        self._server, self._stage, self._asked = server, stage, asked

    def _call(self, operation: str, work: Callable[[], T]) -> T:
        self._stage.point("call", f"shop.{operation}")
        chance, ill = self._server.chance, self._server.ill
        if self._server.down or (ill and chance.random() < ill):
            raise Unreachable(placeholders={"operation": operation})
        found = work()
        self._stage.point("answer", f"shop.{operation}")
        if ill and chance.random() < ill:
            raise Unreachable(placeholders={"operation": operation, "answer": "lost"})
        return found

    def check(self) -> str:
        return self._call("check", lambda: "the simulated shop")

    def variants(self, cursor: str | None) -> VariantPage:
        return self._call("variants", lambda: VariantPage(tuple(self._variants(self._server.articles)), None))

    def changed(self, since: str) -> tuple[str, tuple[Signal, ...]]:
        def work() -> tuple[str, tuple[Signal, ...]]:
            news = self._server.changes[int(since or 0) :]
            keys = sorted({key for key in news if key != "order"})
            orders = (Signal("shop_order", "any"),) if "order" in news else ()
            return str(len(self._server.changes)), (*(Signal("stock", key) for key in keys), *orders)

        return self._call("changed", work)

    def stock(self, variants: Sequence[VariantId]) -> Mapping[VariantId, Variant]:
        def work() -> dict[VariantId, Variant]:
            wanted = [str(v) for v in variants if v in self._server.articles]
            self._asked(wanted)
            return {v.variant: v for v in self._variants(wanted)}

        return self._call("stock", work)

    def _variants(self, names: Any) -> list[Variant]:
        found = []
        for sku in names:
            article = self._server.articles[sku]
            price = Money.parse(f"{article.price:.2f}", "EUR")
            level = StockLevel(article.on_hand, article.allocated)
            found.append(Variant(VariantId(sku), sku, f"Title of {sku}", price, level))
        return found

    def ensure_order(self, draft: OrderDraft) -> ShopOrder:
        found = self._call("search", lambda: self._server.search(draft.reference))
        if found is None:
            number = self._call("create", lambda: self._server.create(draft))
            found = self._call("read", lambda: next((o for o in self._server.orders if o.number == number), None))
            if found is None or found.reference != draft.reference:
                raise ServerFault("not_there", placeholders={"operation": "create"})
        return self._as_order(found)

    def cancel_order(self, reference: MarketplaceOrderId) -> None:
        found = self._call("search", lambda: self._server.search(reference))
        if found is not None:
            self._call("cancel", lambda: self._server.cancel(found))

    def order(self, reference: MarketplaceOrderId) -> ShopOrder | None:
        found = self._call("search", lambda: self._server.search(reference))
        return None if found is None else self._as_order(found)

    def _as_order(self, found: Booked) -> ShopOrder:
        assert found.total is not None
        reference = MarketplaceOrderId(found.reference)
        return ShopOrder(ShopOrderId(found.number), reference, found.total, found.cancelled)

    def shipments(self, references: Sequence[MarketplaceOrderId]) -> ShipmentPage:
        def work() -> ShipmentPage:
            wanted = set(references)
            return ShipmentPage(
                tuple(
                    Shipment(MarketplaceOrderId(o.reference), p.name, "DHL", p.tracking, p.at, p.items)
                    for o in self._server.orders
                    if o.reference in wanted and o.shown_at <= self._server.now()
                    for p in o.parcels
                )
            )

        return self._call("shipments", work)
