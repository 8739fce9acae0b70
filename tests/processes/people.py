"""Buyers on Amazon and in the shop, and the merchant at the counter and in the pages."""

import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from forain.cli.browser import Browser
from forain.cli.demo import second_factor
from tests.simulation import FR, SELLER
from tests.simulation.shop import Booked

from .amazon import Amazon
from .merchant import Merchant

PASSWORD = "killer-killer-killer"
PRESSED_SECONDS = 2.0
"""So long an account is paused, or a site forbidden; of real time."""
SKUS = {"SKU1": ("9.90", 12), "SKU2": ("14.50", 25), "SKU3": ("6.20", 30), "SKU4": ("31.00", 4), "SKU5": ("7.77", 22)}
"""SKU -> price and pieces on hand at first. SKU1 is fulfilled by Amazon."""


class People:
    """`refresh`: the token the merchant entered last, once the page said that it works; `pressed`: what they did on the pages,
    and how often; `last`: what came of what they tried last."""

    def __init__(self, amazon: Amazon, merchant: Merchant, pages: str, fate: random.Random) -> None:
        self.amazon, self.merchant, self._pages, self.fate = amazon, merchant, pages, fate
        self.browser = Browser()
        self.refresh = ""
        self.pressed: Counter[str] = Counter()
        self.last = ""
        self._todo: queue.Queue[Callable[[], None]] = queue.Queue()
        threading.Thread(target=self._work, name="merchant", daemon=True).start()

    def connect(self, first_link: str, port: int) -> None:
        """Everything a merchant does on the first day. `port`: where the way to Amazon begins."""
        here = self._pages
        call = self.amazon.call
        self.application = call("POST", "applications", {"name": "Own", "kind": "private"})
        call("POST", "sellers", {"seller_id": SELLER, "region": "eu", "marketplace_ids": [FR], "name": "Camille"})
        listings = [
            {"seller_id": SELLER, "sku": sku, "asin": f"B0{n:08d}", "marketplace_id": FR, "title": sku, "quantity": 5 * n,
             "price": {"amount": "9.99", "currency": "EUR"}, "handling_days": 5,
             "fulfilled_by": "AMAZON" if sku == "SKU1" else "MERCHANT"}
            for n, sku in enumerate([*SKUS, "GHOST"])
        ]  # fmt: skip
        call("POST", "listings", listings)
        self.refresh = self._granted()
        self.browser.get(f"{here}/first/{first_link}")
        self.browser.submit({"user": "merchant", "password": PASSWORD})
        # Buyers' data will be stored, and then nothing is renewed without one.
        second_factor(self.browser, here)
        self.browser.get(f"{here}/shops/add?kind=files")
        self.browser.submit({"name": "Shop", "folder": str(self.merchant.folder)})
        self.browser.get(f"{here}/accounts/add/amazon")
        wire = f"http://127.0.0.1:{port}"
        self.browser.submit(
            {
                "kind": "private", "name": "Amazon", "client_id": self.application["client_id"],
                "client_secret": self.application["client_secret"], "application_id": "", "region": "EU",
                "seller_id": SELLER, "refresh_token": self.refresh, "address.token": f"{wire}/auth/o2/token",
                "address.api": f"{wire}/eu", "address.consent": "",
            }
        )  # fmt: skip
        self.browser.get(f"{here}/accounts/1")
        self.browser.submit({"answer": "yes"}, f"{here}/accounts/1/sites/{FR}")
        if "Amazon.fr" not in self.browser.page:
            raise ConnectionError(f"the account's page, but {self.browser.status}: {self.browser.page[:2000]}")

    def _granted(self) -> str:
        told = {"application_id": self.application["application_id"]}
        while (made := self.amazon.call("POST", f"sellers/{SELLER}/authorize", told)) is None:
            time.sleep(0.2)
        return str(made["refresh_token"])

    def event(self) -> None:
        """Somebody does something: a buyer, the merchant, Amazon."""
        acts = {self._buys: 8, self._sells: 3, self._counts: 3, self._prices: 2, self._ships: 7, self._cancels: 2}
        self.fate.choices(list(acts), list(acts.values()))[0]()

    def _buys(self) -> None:
        fate = self.fate
        skus = [*SKUS, "GHOST"]
        items = [
            {"sku": sku, "quantity": fate.choice([1, 1, 1, 2, 3]), "shipping": fate.choice([None, "0", "3.99"]),
             "discount": fate.choice(["0", "0", "0.35"])}
            for sku in dict.fromkeys(fate.choices(skus, [4.0] * len(SKUS) + [0.4], k=fate.choice([1, 1, 1, 2])))
        ]  # fmt: skip
        self.buy(items, fate.choice([0, 0, 0, 90]))

    def buy(self, items: list[dict[str, Any]], pending: float) -> list[str]:
        """The order's number; none where Amazon says no."""
        told = {"seller_id": SELLER, "marketplace_id": FR, "items": items, "pending_seconds": pending}
        made = self.amazon.call("POST", "orders", told)
        return [made["order_id"]] if made else []

    def _sells(self) -> None:
        self.merchant.sell(self.fate.choice(list(SKUS)), self.fate.choice([1, 1, 2]))

    def _counts(self) -> None:
        self.merchant.count(self.fate.choice(list(SKUS)), self.fate.choice([0, 2, 8, 20, 30]))

    def _prices(self) -> None:
        self.merchant.shop.set_price(self.fate.choice(list(SKUS)), f"{self.fate.randint(300, 5000) / 100:.2f}")

    def _ships(self) -> None:
        found = self.merchant.to_ship()
        if not found:
            return
        order: Booked = self.fate.choice(found)
        left = order.left()
        if len(left) > 1 and self.fate.random() < 0.4:
            left = dict([sorted(left.items())[0]])
        self.merchant.ship(order, left)

    def _cancels(self) -> None:
        found = [
            order for order in (self.amazon.call("GET", "state") or {"orders": []})["orders"]
            if order["status"] in ("PENDING", "UNSHIPPED") and order["fulfilled_by"] == "MERCHANT"
            and not self.merchant.parcels.get(order["order_id"])
        ]  # fmt: skip
        if found:
            order, by = self.fate.choice(found), self.fate.choice(["BUYER", "AMAZON"])
            self.amazon.call("POST", f"orders/{order['order_id']}/cancel", {"by": by, "reason": "NO_LONGER_NEEDED"})

    # -- on the pages, one thing after the other

    @property
    def busy(self) -> bool:
        """The merchant still tries something on the pages."""
        return self._todo.unfinished_tasks > 0

    def _work(self) -> None:
        while True:
            try:
                self._todo.get()()
            except Exception as error:
                self.last = f"the merchant's thread broke: {error!r}"
                raise
            self._todo.task_done()

    def renew(self) -> None:
        """The merchant renews on the page, and again until the page says that it worked."""
        self._todo.put(self._renews)

    def pause(self) -> None:
        """The merchant pauses the account, and lets it go on a little later."""
        self._todo.put(lambda: self._presses("pause", "pause", 'value="resume"'))
        self._todo.put(lambda: self._presses("pause", "resume", 'value="pause"'))

    def forbid(self) -> None:
        """The merchant takes back the yes for the site, and says it again a little later."""
        self._todo.put(lambda: self._presses(f"sites/{FR}", "no", 'value="yes"'))
        self._todo.put(lambda: self._presses(f"sites/{FR}", "yes", 'value="no"'))

    def _renews(self) -> None:
        token = self._granted()
        self._until({"refresh_token": token, "granted_on": ""}, "token", "Connected.")
        self.refresh = token
        self.pressed["renewals"] += 1

    def _presses(self, form: str, answer: str, shown: str) -> None:
        self._until({"answer": answer}, form, shown)
        self.pressed[answer] += 1
        time.sleep(PRESSED_SECONDS)

    def _until(self, fields: dict[str, str], form: str, shown: str) -> None:
        """Send a form of the account's page, and again until the page shows that it was taken."""
        here = f"{self._pages}/accounts/1"
        while True:
            try:
                self.browser.get(here)
                self.browser.submit(fields, f"{here}/{form}")
                if self.browser.status == 200 and shown in self.browser.page:
                    return
                self.last = (
                    f"{form}: {self.browser.status} at {self.browser.url}: {' '.join(self.browser.page.split())[:600]}"
                )
            except (OSError, HTTPException) as error:
                self.last = f"{form}: {error!r}"
            time.sleep(0.5)
