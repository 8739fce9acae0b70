"""A small house: a files shop in a temporary folder, an Amazon account in a box, one manual clock for both."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.fernet import Fernet

from forain import wiring
from forain.core.ids import AccountId
from forain.core.secret import Secret
from forain.engine import jobs, schedule
from forain.flows import authorize
from forain.store import accounts, models, runs
from forain.store.vault import Vault
from forain_box import Box
from forain_box.http import Cut, Request
from forain_box.sites import SITES

FR, DE, PL = "A13V1IB3VIYZZH", "A1PA6795UKMFR9", "A1C3SOZRARQ6R3"
HEADER = "id,sku,ean,title,price,currency,tax_rate,on_hand\n"


@dataclass
class BoxTime:
    """The clock of the house: the box's, and by how much it is wrong."""

    box: Box
    wrong: timedelta = timedelta(0)

    def now(self) -> datetime:
        return self.box.world.now() + self.wrong


@dataclass
class House:
    box: Box
    folder: Path
    deps: Any
    shop: Any
    account_id: int
    seller: str
    application: dict[str, Any]
    goods: dict[str, tuple[str, int]] = field(default_factory=dict)
    transport: Any = None

    def control(self, method: str, path: str, body: Any = None, ok: bool = True) -> Any:
        parts = ("box", "api", *path.split("/"))
        content = json.dumps(body).encode() if body is not None else b""
        response = self.box.answer(Request(method, parts, "/" + "/".join(parts), {}, {}, content))
        assert not ok or response.status < 300, response.body
        return json.loads(response.body) if response.body else None

    @property
    def account(self) -> models.Account:
        return accounts.get(AccountId(self.account_id))

    def advance(self, seconds: float) -> None:
        self.control("POST", "clock", {"advance_seconds": seconds})

    def rotate(self) -> None:
        """The application's owner makes a new client secret in time, as every 180 days."""
        told = self.control("POST", f"applications/{self.application['application_id']}/rotate", {})
        authorize.enter_secret(self.deps, self.account.application, Secret(told["client_secret"]), None)

    def write_catalogue(self) -> None:
        lines = [f"{sku},{sku},,Title of {sku},{price},EUR,20,{stock}\n" for sku, (price, stock) in self.goods.items()]
        (self.folder / "catalogue.csv").write_text(HEADER + "".join(lines))

    def change(self, sku: str, price: str | None = None, stock: int | None = None) -> None:
        old_price, old_stock = self.goods.get(sku, ("10.00", 0))
        self.goods[sku] = (price or old_price, old_stock if stock is None else stock)
        self.write_catalogue()

    def tick(self) -> int:
        """Run everything that is due once; the answer is how many runs there were."""
        schedule.plan_all(self.deps.clock.now())
        return sum(jobs.run(self.deps, flow, subject) for flow, subject in runs.due(self.deps.clock.now()))

    def live(self, seconds: float, step: float = 5) -> None:
        """Let time pass in steps, running what is due."""
        passed = 0.0
        while passed <= seconds:
            self.tick()
            self.advance(step)
            passed += step
        self.tick()

    def amazon(self, sku: str) -> dict[str, Any]:
        return next(x for x in self.control("GET", "state")["listings"] if x["sku"] == sku)

    def quantity(self, sku: str) -> int:
        return int(self.amazon(sku)["availability"]["DEFAULT"])

    def buy(self, sku: str, quantity: int = 1, **rest: Any) -> dict[str, Any]:
        told = {"seller_id": self.seller, "marketplace_id": FR, "items": [{"sku": sku, "quantity": quantity}], **rest}
        order: dict[str, Any] = self.control("POST", "orders", told)
        return order

    def orders_a_page(self, count: int) -> None:
        """From now on Amazon lists so few orders a page, as if there were very many; the same question otherwise."""
        search = self.box.answer

        def answer(request: Request) -> Any:
            if request.raw_path.endswith("/orders/2026-01-01/orders"):
                request.query["maxResultsPerPage"] = str(count)
            return search(request)

        self.box.answer = answer

    def shop_orders(self) -> list[str]:
        return sorted(p.stem for place in ("new", "booked") for p in (self.folder / "orders" / place).glob("*.json"))

    def refused_codes(self) -> set[str]:
        return set(models.Notice.objects.filter(closed_at=None).values_list("code", flat=True))

    def journal(self, subject: str = "") -> list[str]:
        rows = models.Journal.objects.order_by("id")
        return list((rows.filter(subject=subject) if subject else rows).values_list("code", flat=True))


def cutting(box: Box) -> Callable[..., Any]:
    """The box behind a wire: where the box cuts the connection, the client sees what a real one would."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        try:
            return box.wsgi(environ, start_response)
        except Cut:
            raise httpx2.RemoteProtocolError("the box cut the connection") from None

    return answer


@pytest.fixture
def make_house(tmp_path: Path, transactional_db: None) -> Callable[..., House]:
    def make(goods: dict[str, tuple[str, int]] | None = None, *, on_amazon: dict[str, tuple[str, int]] | None = None,
             connect: bool = True, allow: bool = True, kind: str = "private", transport: Any = None,
             sites: tuple[str, ...] = (FR,)) -> House:  # fmt: skip
        box = Box(seed=1, clock="manual", start=datetime(2026, 3, 1, 9, tzinfo=UTC), write_delay=(0.5, 2.0))
        folder = tmp_path / "shop"
        folder.mkdir()
        vault = Vault([Fernet.generate_key().decode()])
        wsgi = transport(box) if transport else cutting(box)
        deps = wiring.build(BoxTime(box), vault, "http://127.0.0.1:8787", wsgi, jitter=lambda: 0.5)
        now = deps.clock.now()
        house = House(
            box, folder, deps, None, 0, "A1HOUSESELLER", {}, goods or {"SOAP": ("6.90", 12), "OIL": ("14.50", 5)}
        )
        house.write_catalogue()
        house.application = house.control(
            "POST", "applications",
            {"name": "Own", "kind": kind, "redirect_uris": ["http://127.0.0.1:8787/amazon/callback"], "login_uri": "http://127.0.0.1:8787/amazon/login"},
        )  # fmt: skip
        house.control(
            "POST",
            "sellers",
            {"seller_id": house.seller, "region": "eu", "marketplace_ids": list(sites), "name": "Camille"},
        )
        shelf = on_amazon if on_amazon is not None else dict.fromkeys(house.goods, ("9.99", 1))
        house.control(
            "POST", "listings",
            [
                {"seller_id": house.seller, "sku": sku, "asin": f"B0{n:08d}", "marketplace_id": site, "quantity": q,
                 "title": sku, "price": {"amount": p, "currency": SITES[site][1]}}
                for n, (sku, (p, q)) in enumerate(shelf.items())
                for site in sites
            ],
        )  # fmt: skip
        house.shop = models.Shop.objects.create(
            kind="files", name="Folder", options={"folder": str(folder)}, hook_name="h", created_at=now
        )
        application = models.Application.objects.create(
            marketplace="amazon", kind=kind, client_id=house.application["client_id"],
            application_id=house.application["application_id"], created_at=now,
        )  # fmt: skip
        vault.put(
            authorize.application_owner(application), "client_secret", Secret(house.application["client_secret"]), now
        )
        account = models.Account.objects.create(
            marketplace="amazon", name="Camille", region="EU", seller=house.seller, application=application, shop=house.shop,
            options={"address.token": "http://box/auth/o2/token", "address.api": "http://box/eu",
                     "address.consent": "http://box/seller-central/eu"},
            created_at=now,
        )  # fmt: skip
        house.account_id = account.pk
        if connect:
            house.control("POST", f"sellers/{house.seller}/suspend-listings", {})
            house.control("POST", f"sellers/{house.seller}/resume-listings", {})
            granted = house.control(
                "POST", f"sellers/{house.seller}/authorize", {"application_id": house.application["application_id"]}
            )
            outcome = authorize.enter_token(deps, house.account, Secret(granted["refresh_token"]), now)
            assert outcome.code == "granted"
            if allow:
                for site in sites:
                    accounts.allow_writes(AccountId(account.pk), site, "test", now)
        return house

    return make


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()


DAY = timedelta(days=1).total_seconds()
