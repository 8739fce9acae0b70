"""A house as a merchant with a public application has it: connected through Seller Central's pages, mails to two people,
and a virtual clock that strides through quiet months."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography.fernet import Fernet
from django.test import Client

from forain import wiring
from forain.contracts.manifest import RateLimit
from forain.core.ids import AccountId
from forain.flows import setup
from forain.net.mail import MailServer
from forain.store import accounts, models
from forain.store.vault import Vault
from forain_box import Box
from forain_box.http import Request
from tests.flows.conftest import FR, BoxTime, House, cutting
from tests.people import come_in

SELLER = "A1HOUSESELLER"
HERE = "http://127.0.0.1:8787"


class YearHouse(House):
    """`browser`: Camille's, logged in, in French. `asked`: (simulated time, operation) of every call that reached Amazon's
    interface or its login."""

    browser: Client
    asked: list[tuple[datetime, str]]

    def until(self, seen: Callable[[], Any], most: float, step: float = 10) -> float:
        """Let time pass in steps until `seen()`; the answer is how many simulated seconds that was."""
        begun = self.deps.clock.now()
        while True:
            self.tick()
            passed = (self.deps.clock.now() - begun).total_seconds()
            if seen():
                return passed
            assert passed < most, f"not within {most} seconds"
            self.advance(step)

    def on(self, moment: datetime) -> None:
        """Stride there in one step, and let pass the minute in which all that fell due is done."""
        self.advance((moment - self.deps.clock.now()).total_seconds())
        self.live(60, step=61)

    def asked_since(self, moment: datetime) -> Counter[str]:
        return Counter(operation for at, operation in self.asked if at >= moment)

    def page(self, path: str) -> str:
        return self.browser.get(path).content.decode()

    def consent(self) -> str:
        """The button of the account's page, Amazon's page confirmed by its seller, and back; what the page says then."""
        there = self.browser.post(f"/accounts/{self.account_id}/renew")["Location"]
        parts = urlsplit(there)
        back = self._seller_central(parts.path, dict(parse_qsl(parts.query)), "decision=confirm")
        assert back.startswith(f"{HERE}/amazon/callback?")
        return self.browser.get(back.removeprefix(HERE), follow=True).content.decode()

    def withdraw(self) -> None:
        """The seller presses "Disable" beside the application in Seller Central."""
        form = f"action=disable&application_id={self.application['application_id']}"
        self._seller_central("/seller-central/eu/apps/manage", {}, form)

    def _seller_central(self, path: str, query: dict[str, str], form: str) -> str:
        """Amazon's page takes the form; the answer is where the browser is sent."""
        body = f"{form}&seller_id={self.seller}".encode()
        asked = Request("POST", tuple(path.strip("/").split("/")), path, query, {"host": "box"}, body)
        answer = self.box.answer(asked)
        assert answer.status < 400, answer.body
        return answer.headers.get("location", "")

    def new_secret(self) -> str:
        """The application's owner makes a new client secret at Amazon and types it in; what the page says then."""
        told = self.control("POST", f"applications/{self.application['application_id']}/rotate", {})
        path = f"/accounts/{self.account_id}/secret"
        return self.browser.post(path, {"client_secret": told["client_secret"]}, follow=True).content.decode()

    def ship(self, order_id: str) -> None:
        """The shop's parcel left the house."""
        file = self.folder / "shipments" / f"{order_id}.csv"
        file.write_text(f"order,carrier,tracking\n{order_id},Colissimo,6A{order_id[-4:]}\n")

    def order_at_amazon(self, order_id: str) -> dict[str, Any]:
        return next(o for o in self.control("GET", "state")["orders"] if o["order_id"] == order_id)

    def shown(self) -> dict[str, tuple[str, int]]:
        """SKU -> price and quantity as a buyer sees them on Amazon."""
        return {
            x["sku"]: (x["prices"][FR], int(x["availability"]["DEFAULT"]))
            for x in self.control("GET", "state")["listings"]
        }

    def wanted(self) -> dict[str, tuple[str, int]]:
        """The same as the shop says: its stock less the pieces of orders that lie there and are not booked."""
        sold: Counter[str] = Counter()
        for order in self.control("GET", "state")["orders"]:
            if order["order_id"] in self.shop_orders():
                sold.update({item["sku"]: item["quantity"] for item in order["items"]})
        return {sku: (price, stock - sold[sku]) for sku, (price, stock) in self.goods.items()}


def year_house(folder: Path, mail: MailServer, goods: Mapping[str, tuple[str, int]], browser: Client) -> YearHouse:
    """The goods lie in the shop and, with other stock and prices, on Amazon; connected but for the consent."""
    box = Box(seed=1, clock="manual", start=datetime(2026, 3, 1, 9, tzinfo=UTC), write_delay=(0.5, 2.0))
    folder.mkdir()
    vault = Vault([Fernet.generate_key().decode()])
    built = wiring.build(BoxTime(box), vault, HERE, cutting(box), jitter=lambda: 0.5)
    house = YearHouse(box, folder, replace(built, mail=mail), None, 0, SELLER, {}, dict(goods))
    house.asked, house.browser = [], browser
    _listen(house)
    house.write_catalogue()
    house.application = house.control(
        "POST", "applications",
        {"name": "Forain", "kind": "public", "redirect_uris": [f"{HERE}/amazon/callback"], "login_uri": f"{HERE}/amazon/login"},
    )  # fmt: skip
    house.control("POST", "sellers", {"seller_id": SELLER, "region": "eu", "marketplace_ids": [FR], "name": "Camille"})
    house.control(
        "POST", "listings",
        [
            {"seller_id": SELLER, "sku": sku, "asin": f"B0{n:08d}", "marketplace_id": FR, "quantity": 1, "title": sku,
             "price": {"amount": "19.90", "currency": "EUR"}}
            for n, sku in enumerate(goods)
        ],
    )  # fmt: skip
    house.shop, _ = setup.add_shop(house.deps, "files", "Folder", {"folder": str(folder)})
    values = {
        "client_id": house.application["client_id"], "client_secret": house.application["client_secret"],
        "application_id": house.application["application_id"], "region": "EU", "seller_id": SELLER,
    }  # fmt: skip
    addresses = {
        "address.token": "http://box/auth/o2/token", "address.api": "http://box/eu",
        "address.consent": "http://box/seller-central/eu",
    }  # fmt: skip
    account = setup.add_account(house.deps, setup.NewAccount("amazon", "public", "Camille", values, addresses))
    house.account_id = account.pk
    come_in(browser)
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    return house


def _listen(house: YearHouse) -> None:
    """The box keeps the last calls only; a year has more."""
    answer, log = house.box.answer, house.box.world.requests

    def listening(request: Request) -> Any:
        response = answer(request)
        if request.parts[0] in ("auth", "eu", "documents"):
            house.asked.append((house.deps.clock.now(), log[-1]["operation"]))
        return response

    house.box.answer = listening  # type: ignore[method-assign]


def allow(house: YearHouse) -> None:
    """The merchant looked at the comparison and says yes for the site."""
    setup.allow_writes(house.deps, AccountId(house.account_id), FR, True, "camille")  # type: ignore[arg-type]


def proof(house: YearHouse) -> models.CatchUp | None:
    """What the last catch-up found since the last stop; None: it is under way."""
    row = accounts.get(AccountId(house.account_id))
    if row.catch_up_from is not None:
        return None
    return models.CatchUp.objects.filter(account=row, done_at__gte=row.resumed_at).first()


def least_seconds(needed: Mapping[str, int], limits: Iterable[RateLimit]) -> float:
    """How long so many calls take at least where every bucket is full: operations run beside one another."""
    known = {limit.operation: limit for limit in limits}
    return max(max(0.0, (count - known[name].burst) / known[name].rate) for name, count in needed.items())
