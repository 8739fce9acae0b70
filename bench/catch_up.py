"""Making good a month without permission: simulated time against what Amazon's rate limits leave at least."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

OFFERS = 300
SOLD = 20
"""So many of the offers sold in the gap; the others only changed in the shop."""
ORDERS = 50
A_PAGE = 2
"""Orders a page of Amazon's list, which has 100: as if fifty times as many had come."""
PROOF_TARGET = 2.0
"""The proof reads each page once more, and leaves every other turn to new orders: nobody waits with those for it."""
TOGETHER = 500
"""So many offers began in one second."""
SITE, SELLER = "A13V1IB3VIYZZH", "A1BENCHSELLER"
MONTH = timedelta(days=30)
TARGET = 1.1
"""Times what the limits leave. The tenth is the timetable's: a list every 180 seconds where one may be asked for every 179."""


def measure() -> Iterator[dict[str, Any]]:
    from forain.cli.house import open_house

    home = Path(tempfile.mkdtemp(prefix="forain-bench-"))
    home.chmod(0o755)
    os.environ.pop("DATABASE_URL", None)
    house = open_house(home)
    try:
        yield from _rows(home)
    finally:
        house.stop()
        shutil.rmtree(home, ignore_errors=True)


def _rows(home: Path) -> Iterator[dict[str, Any]]:
    shop = Shop(home / "shop")
    shop.write({f"S{n:04}": ("9.90", 50) for n in range(OFFERS)})
    month = Month(shop)
    month.connect()
    month.until(month.in_step, 600, step=5)
    month.lose_permission()
    for n in range(ORDERS):
        month.buy(f"S{n % SOLD:04}")
    shop.write({f"S{n:04}": ("10.90", 60) for n in range(OFFERS)})
    month.advance(MONTH.total_seconds())
    month.tick()

    month.asked.clear()
    month.renew()
    took: dict[str, float] = {}
    lists: dict[str, int] = {}
    states = {
        "orders": month.all_orders_there, "offers": lambda: month.in_step(sold=False), "sold": month.in_step,
        "proof": month.proven,
    }  # fmt: skip
    while len(took) < len(states):
        month.tick()
        for name, reached in states.items():
            if name not in took and reached():
                took[name], lists[name] = month.passed(), month.asked.count("searchOrders")
        month.advance(month.idle())
    pages = -(-ORDERS // A_PAGE)
    yield _row(f"{ORDERS} orders in the shop, {lists['orders']} lists asked for", took["orders"], "searchOrders", pages)
    yield _row(
        f"prices and stocks of {OFFERS - SOLD} offers right on Amazon",
        took["offers"],
        "patchListingsItem",
        OFFERS - SOLD,
    )
    yield {
        "what": f"prices and stocks of {SOLD} offers that sold meanwhile, against the proof of the orders, simulated seconds",
        "value": round(took["sold"], 1), "against": round(took["proof"], 1), "ratio": round(took["sold"] / took["proof"], 2),
        "target": 0.5, "met": took["sold"] <= 0.5 * took["proof"],
    }  # fmt: skip
    missing = f"0 of {ORDERS} orders missing, {lists['proof']} lists asked for; against"
    # The same promise, seen against what the limits ask of whoever proves nothing.
    once = PROOF_TARGET * _least("searchOrders", 2 * pages) / _least("searchOrders", pages)
    yield _row(f"{missing} one reading of the {pages} pages", took["proof"], "searchOrders", pages, round(once, 2))
    yield _row(
        f"{missing} the {2 * pages} lists of reading and proof: every other one of the proof's turns is for new orders",
        took["proof"], "searchOrders", 2 * pages, PROOF_TARGET,
    )  # fmt: skip


def _row(what: str, seconds: float, operation: str, calls: int, target: float = TARGET) -> dict[str, Any]:
    least = _least(operation, calls)
    ratio = round(seconds / least, 2)
    return {
        "what": f"{what}, simulated seconds", "value": round(seconds, 1), "against": round(least, 1), "ratio": ratio,
        "target": target, "met": ratio <= target,
    }  # fmt: skip


def _least(operation: str, calls: int) -> float:
    """Seconds that Amazon's limits ask for at least; what fits into the burst costs none."""
    from forain.marketplaces.amazon import MANIFEST

    limit = next(limit for limit in MANIFEST.limits if limit.operation == operation)
    return max(0.0, (calls - limit.burst) / limit.rate)


@dataclass
class Shop:
    """A folder with a catalogue."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.goods: dict[str, tuple[str, int]] = {}

    def write(self, goods: dict[str, tuple[str, int]]) -> None:
        self.goods = goods
        lines = "".join(f"{sku},{sku},{price},EUR,{stock}\n" for sku, (price, stock) in goods.items())
        (self.folder / "catalogue.csv").write_text("sku,title,price,currency,on_hand\n" + lines)

    def orders(self) -> int:
        return len(list((self.folder / "orders").glob("*/*.json")))


class Month:
    """One account in a box, on one virtual clock for both."""

    def __init__(self, shop: Shop) -> None:
        from forain import wiring
        from forain_box import Box

        self.shop = shop
        self.box = Box(seed=1, clock="manual", start=datetime(2026, 3, 1, 9, tzinfo=UTC), write_delay=(0.0, 0.0))
        self.asked: list[str] = []
        self.bought: list[str] = []
        answer = self.box.answer

        def answering(request: Any) -> Any:
            if request.raw_path.endswith("/orders/2026-01-01/orders"):
                request.query["maxResultsPerPage"] = str(A_PAGE)
            response = answer(request)
            if request.parts[0] == "eu":
                self.asked.append(self.box.world.requests[-1]["operation"])
            return response

        self.box.answer = answering  # type: ignore[method-assign]
        real = wiring.deps()
        self.deps = wiring.build(self.box.world.clock, real.vault, real.public_url, self.box.wsgi)
        self.begun = self.deps.clock.now()

    def control(self, method: str, path: str, body: Any) -> Any:
        from forain_box.http import Request

        parts = ("box", "api", *path.split("/"))
        response = self.box.answer(Request(method, parts, "/" + "/".join(parts), {}, {}, json.dumps(body).encode()))
        if response.status >= 300:
            raise RuntimeError(response.body)
        return json.loads(response.body) if response.body else None

    def connect(self) -> None:
        from forain.core.ids import AccountId
        from forain.engine import schedule
        from forain.flows import setup

        application = self.control("POST", "applications", {"name": "Bench", "kind": "private"})
        self.application = application["application_id"]
        self.control("POST", "sellers", {"seller_id": SELLER, "region": "eu", "marketplace_ids": [SITE]})
        price = {"amount": "8.00", "currency": "EUR"}
        listings = [
            {
                "seller_id": SELLER,
                "sku": sku,
                "asin": f"B0{n:08d}",
                "marketplace_id": SITE,
                "quantity": 1,
                "title": sku,
                "price": price,
            }
            for n, sku in enumerate(self.shop.goods)
        ]
        for start in range(0, len(listings), TOGETHER):
            # More of one second could not be paged through at Amazon.
            self.control("POST", "listings", listings[start : start + TOGETHER])
            self.advance(1)
        setup.add_shop(self.deps, "files", "Bench", {"folder": str(self.shop.folder)})
        values = {
            "client_id": application["client_id"], "client_secret": application["client_secret"], "region": "EU",
            "seller_id": SELLER, "refresh_token": self.token(),
        }  # fmt: skip
        addresses = {"address.token": "http://box/auth/o2/token", "address.api": "http://box/eu"}
        account = setup.add_account(self.deps, setup.NewAccount("amazon", "private", "Bench", values, addresses))
        self.account = AccountId(account.pk)
        schedule.plan_all(self.deps.clock.now())
        self.tick()
        setup.allow_writes(self.deps, self.account, SITE, True, "bench")  # type: ignore[arg-type]

    def token(self) -> str:
        told = self.control("POST", f"sellers/{SELLER}/authorize", {"application_id": self.application})
        return str(told["refresh_token"])

    def lose_permission(self) -> None:
        from forain.store import accounts

        self.control("POST", f"sellers/{SELLER}/revoke", {})
        self.until(lambda: accounts.get(self.account).standing == "refused", 1200, step=20)

    def renew(self) -> None:
        from forain.core.secret import Secret
        from forain.flows import authorize
        from forain.store import accounts

        authorize.enter_token(self.deps, accounts.get(self.account), Secret(self.token()), None)
        self.begun = self.deps.clock.now()

    def buy(self, sku: str) -> None:
        told = {"seller_id": SELLER, "marketplace_id": SITE, "items": [{"sku": sku, "quantity": 1}]}
        self.bought.append(self.control("POST", "orders", told)["order_id"])

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance_seconds": seconds})

    def passed(self) -> float:
        return (self.deps.clock.now() - self.begun).total_seconds()

    def tick(self) -> None:
        """Run everything that is due once."""
        from forain.engine import jobs
        from forain.store import runs

        for flow, subject in runs.due(self.deps.clock.now()):
            jobs.run(self.deps, flow, subject)

    def idle(self) -> float:
        """Seconds until a line of the account is due: at least a fifth of one, at most half a minute."""
        from forain.store import models

        due = (
            models.Run.objects.filter(subject=f"account:{self.account}").exclude(due_at=None).order_by("due_at").first()
        )
        left = (due.due_at - self.deps.clock.now()).total_seconds() if due and due.due_at else 30.0
        return min(max(left, 0.2), 30.0)

    def until(self, seen: Callable[[], bool], most: float, step: float) -> None:
        end = self.deps.clock.now() + timedelta(seconds=most)
        while not seen():
            if self.deps.clock.now() > end:
                raise RuntimeError(f"not within {most} seconds")
            self.tick()
            self.advance(step)

    def all_orders_there(self) -> bool:
        return self.shop.orders() == len(self.bought)

    def in_step(self, sold: bool = True) -> bool:
        """Each offer shows the shop's price, and its stock less the pieces of the orders that lie there. `sold`: also those
        of which something was bought."""
        gone: dict[str, int] = {}
        for order in self.box.world.state.orders.values():
            for line in order.lines:
                gone[line.sku] = gone.get(line.sku, 0) + line.quantity
        shown = self.box.world.state.listings[SELLER]
        return all(
            (str(shown[sku].prices[SITE]), shown[sku].availability["DEFAULT"]) == (price, stock - gone.get(sku, 0))
            for sku, (price, stock) in self.shop.goods.items()
            if sold or sku not in gone
        )

    def proven(self) -> bool:
        from forain.store import accounts, models

        if accounts.get(self.account).catch_up_from is not None:
            return False
        proof = models.CatchUp.objects.get(account_id=self.account)
        if (proof.missing_before, proof.missing_now) != (len(self.bought), 0):
            raise RuntimeError(f"{proof.missing_before} were missing, {proof.missing_now} are")
        return True
