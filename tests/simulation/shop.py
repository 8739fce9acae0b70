"""The shop of the simulation, a server in memory that speaks JSON over HTTP and has no uniqueness of its own.

It does what shops do: shows a new order to its search a while later, answers "201 Created" and did nothing, loses an
answer, cuts one, says something that is none, is down. `adapter.py` is what Forain calls it with.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import parse_qs

CARRIERS = ("DHL", "UPS", "Colissimo")
SEARCH_LAG = timedelta(seconds=60)
Answer = tuple[int, Any]


class Refused(Exception):
    """The shop will not have it, and says why: (code, words)."""


class Charge(NamedTuple):
    """What the shop was asked to book, as it came over the wire. `lines`: (line id, article, pieces, total) of each."""

    lines: list[tuple[str, str, int, str]]
    shipping: str
    discount: str
    total: str
    currency: str


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
    carrier: str


@dataclass
class Booked:
    """An order in the shop, of a marketplace (`reference`) or of its own ("")."""

    number: str
    reference: str
    lines: list[tuple[str, str, int]]
    charge: Charge | None
    shown_at: datetime
    ship_to: list[str] = field(default_factory=list)
    """Name, street and postal code."""
    cancelled: bool = False
    by_merchant: bool = False
    """Cancelled by the merchant in the shop itself: Amazon knows nothing of it."""
    parcels: list[Parcel] = field(default_factory=list)

    def left(self) -> dict[str, int]:
        """Line id -> pieces not sent yet."""
        sent: dict[str, int] = {}
        for parcel in self.parcels:
            for line, count in parcel.items.items():
                sent[line] = sent.get(line, 0) + count
        return {line: count - sent.get(line, 0) for line, _, count in self.lines if count > sent.get(line, 0)}


class ShopServer:
    """The shop itself. `made`: hears of each new marketplace order before anybody can see it; `refusing`: of each refusal;
    `told`: of each answer about stock."""

    def __init__(self, seed: int, now: Callable[[], datetime]) -> None:
        self.now = now
        self.chance = random.Random(f"{seed}:shop")
        self.articles: dict[str, Article] = {}
        self.orders: list[Booked] = []
        self.changes: list[str] = []
        self.down = False
        self.ill = 0.0
        self.refuses: set[str] = set()
        self.hidden: set[str] = set()
        """Articles taken out of the shop; what was sold of them is still there."""
        self.made: Callable[[Booked], None] = lambda _: None
        self.refusing: Callable[[str], None] = lambda _: None
        self.told: Callable[[], None] = lambda: None

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

    def create(self, reference: str, charge: Charge, ship_to: list[str]) -> str:
        if reference in self.refuses:
            self.refusing(reference)
            raise Refused("no_such_country", "We do not ship there")
        if any(sku in self.hidden for _, sku, _, _ in charge.lines):
            self.refusing(reference)
            raise Refused("no_such_article", "We do not sell that")
        number = f"S{len(self.orders) + 1}"
        if self.chance.random() < self.ill / 4:
            return number  # "201 Created", and nothing was.
        lag = self.chance.uniform(0, SEARCH_LAG.total_seconds())
        lines = [(line, sku, count) for line, sku, count, _ in charge.lines]
        order = Booked(number, reference, lines, charge, self.now() + timedelta(seconds=lag), ship_to)
        self.orders.append(order)
        for _, sku, count in lines:
            self.articles[sku].allocated += count
            self.changed(sku)
        self.made(order)
        return number

    def buy(self, sku: str, count: int) -> bool:
        """A buyer in the shop itself."""
        if sku in self.hidden or self.articles[sku].free < count:
            return False
        self.articles[sku].allocated += count
        self.orders.append(Booked(f"S{len(self.orders) + 1}", "", [("1", sku, count)], None, self.now()))
        self.changed(sku)
        return True

    def hide(self, sku: str) -> None:
        """The article is taken out of the shop."""
        self.hidden.add(sku)
        self.changed(sku)

    def show(self, sku: str) -> None:
        """It is back."""
        self.hidden.discard(sku)
        self.changed(sku)

    def send(self, order: Booked, items: dict[str, int], tracking: str) -> None:
        for line, sku, _ in order.lines:
            self.articles[sku].on_hand -= items.get(line, 0)
            self.articles[sku].allocated -= items.get(line, 0)
            self.changed(sku)
        order.parcels.append(
            Parcel(f"P{len(order.parcels) + 1}", tracking, self.now(), items, CARRIERS[len(self.orders) % 3])
        )
        self.changed("order")

    def cancel(self, order: Booked) -> None:
        if order.cancelled:
            return
        if order.parcels:
            raise Refused("already_sent", "It has left the house")
        order.cancelled = True
        for _, sku, count in order.lines:
            self.articles[sku].allocated -= count
            self.free(sku, count)

    # -- over HTTP

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """The shop's own interface: JSON, errors with a code and words."""
        query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        parts = tuple(environ["PATH_INFO"].strip("/").split("/"))
        try:
            status, told = self._answer(environ["REQUEST_METHOD"], parts, query, json.loads(body or b"null"))
        except Refused as why:
            status, told = 422, {"code": why.args[0], "message": why.args[1]}
        start_response(f"{status} .", [("content-type", "application/json")])
        return [json.dumps(told).encode()]

    def _answer(self, method: str, parts: tuple[str, ...], query: dict[str, str], told: Any) -> Answer:
        match method, parts:
            case "GET", ("articles",):
                self.told()
                wanted = query["names"].split(",") if "names" in query else list(self.articles)
                return 200, [self._article(sku) for sku in wanted if sku in self.articles and sku not in self.hidden]
            case "GET", ("changes",):
                news = self.changes[int(query["since"]) :]
                skus = sorted({key for key in news if key != "order"})
                return 200, {"mark": len(self.changes), "skus": skus, "orders": "order" in news}
            case "GET", ("orders",):
                wanted = query["references"].split(",")
                shown = [o for o in self.orders if o.reference in wanted and o.shown_at <= self.now()]
                return 200, [_order(o) for o in shown]
            case "POST", ("orders",):
                lines = [tuple(line) for line in told["lines"]]
                charge = Charge(lines, told["shipping"], told["discount"], told["total"], told["currency"])
                return 201, {"number": self.create(told["reference"], charge, told["ship_to"])}
            case method, ("orders", number, *rest):
                found = next((o for o in self.orders if o.number == number and o.reference), None)
                if found is None:
                    return 404, {"code": "no_such_order", "message": number}
                if (method, rest) == ("POST", ["cancel"]):
                    self.cancel(found)
                return 200, _order(found)
        return 404, {"code": "no_such_page", "message": "/".join(parts)}

    def _article(self, sku: str) -> dict[str, Any]:
        article = self.articles[sku]
        return {"sku": sku, "price": f"{article.price:.2f}", "on_hand": article.on_hand, "allocated": article.allocated}


def _order(order: Booked) -> dict[str, Any]:
    assert order.charge is not None
    parcels = [
        {"name": p.name, "carrier": p.carrier, "tracking": p.tracking, "sent_at": p.at.isoformat(), "items": p.items}
        for p in order.parcels
    ]
    return {
        "number": order.number, "reference": order.reference, "total": order.charge.total,
        "currency": order.charge.currency, "cancelled": order.cancelled, "parcels": parcels,
    }  # fmt: skip
