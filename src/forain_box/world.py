"""The world: sellers, applications, authorizations, listings, orders, mails. Plain state and what happens to it by itself.

All chance comes from one seeded generator: the same seed and the same calls give the same world.
"""

import random
import string
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from forain_box.clock import BoxClock, text

ALL_ROLES = frozenset(
    {
        "Product Listing", "Inventory and Order Tracking", "Direct-to-Consumer Shipping", "Tax Invoicing",
        "Selling Partner Insights", "Pricing", "Amazon Fulfillment",
    }
)  # fmt: skip
CODE_LIFE = timedelta(minutes=5)
SECRET_LIFE = timedelta(days=180)
SECRET_OVERLAP = timedelta(days=7)
ACCESS_SECONDS = 3600


class Refusal(Exception):
    """The control API's no, in a sentence that says what is wrong and the cure. `status`: its HTTP status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass
class Application:
    application_id: str
    name: str
    kind: str
    client_id: str
    client_secret: str
    secret_expires_at: datetime
    redirect_uris: list[str]
    login_uri: str
    roles: frozenset[str]
    authorization_days: int | None
    draft: bool = False
    old_secret: str = ""
    old_secret_until: datetime | None = None


@dataclass
class Seller:
    seller_id: str
    name: str
    email: str
    region: str
    marketplace_ids: list[str]
    professional: bool = True
    active: bool = True
    suspended_listings: bool = False


@dataclass
class Authorization:
    """One refresh token. Many may live side by side for one seller and application."""

    application_id: str
    seller_id: str
    refresh_token: str
    granted_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    mailed_weeks: int = 0

    def lives(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass
class Code:
    application_id: str
    seller_id: str
    redirect_uri: str
    expires_at: datetime
    used: bool = False


@dataclass
class AccessToken:
    application_id: str
    authorization: Authorization
    secret_used: str
    expires_at: datetime


@dataclass
class Listing:
    """One SKU of a seller. `attributes` is what was submitted, `availability` and `prices` what is effective."""

    seller_id: str
    sku: str
    asin: str
    title: str
    product_type: str
    ean: str
    marketplace_ids: list[str]
    created_at: datetime
    attributes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    availability: dict[str, int | None] = field(default_factory=dict)
    prices: dict[str, Decimal] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = True


@dataclass
class OrderLine:
    item_id: str
    sku: str
    asin: str
    title: str
    quantity: int
    unit_price: Decimal
    shipped: int = 0


@dataclass
class Order:
    order_id: str
    seller_id: str
    marketplace_id: str
    currency: str
    created_at: datetime
    updated_at: datetime
    status: str
    fulfilled_by: str
    lines: list[OrderLine]
    shipping: Decimal
    buyer: dict[str, str]
    address: dict[str, str]
    programs: list[str]
    pending_until: datetime | None = None
    packages: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(order=True)
class Later:
    """Something that happens by itself at `at`."""

    at: datetime
    number: int
    act: Callable[[], None] = field(compare=False)


class World:
    """Everything there is. Callers hold the box's lock."""

    def __init__(self, clock: BoxClock, seed: int, write_delay: tuple[float, float]) -> None:
        self.clock = clock
        self.chance = random.Random(seed)
        self.write_delay = write_delay
        self.applications: dict[str, Application] = {}
        self.sellers: dict[str, Seller] = {}
        self.authorizations: list[Authorization] = []
        self.codes: dict[str, Code] = {}
        self.access: dict[str, AccessToken] = {}
        self.listings: dict[tuple[str, str], Listing] = {}
        self.orders: dict[str, Order] = {}
        self.catalogue: dict[str, dict[str, str]] = {}
        self.arrivals: dict[str, tuple[str, str]] = {}
        self.pages: dict[str, tuple[dict[str, str], int, datetime, datetime]] = {}
        self.omitted: set[str] = set()
        self.mails: list[dict[str, str]] = []
        self.requests: deque[dict[str, Any]] = deque(maxlen=5000)
        self._later: list[Later] = []
        self._numbers = 0

    def now(self) -> datetime:
        return self.clock.now()

    def token(self, prefix: str, length: int = 40) -> str:
        return prefix + "".join(self.chance.choice(string.ascii_letters + string.digits) for _ in range(length))

    def digits(self, length: int) -> str:
        return "".join(self.chance.choice(string.digits) for _ in range(length))

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self._numbers += 1
        self._later.append(Later(self.now() + timedelta(seconds=seconds), self._numbers, act))

    def settle(self) -> None:
        """Let happen what is due: writes take effect, payments clear, mails go out."""
        now = self.now()
        for event in sorted(e for e in self._later if e.at <= now):
            self._later.remove(event)
            event.act()
        for order in self.orders.values():
            if order.status == "PENDING" and order.pending_until and order.pending_until <= now:
                order.status, order.updated_at = "UNSHIPPED", order.pending_until
        self._mail_reminders(now)

    def _mail_reminders(self, now: datetime) -> None:
        """Amazon's own mails to the seller: weekly in the last thirty days of an authorization."""
        for grant in self.authorizations:
            if grant.expires_at is None or grant.revoked_at or now >= grant.expires_at:
                continue
            left = grant.expires_at - now
            week = 0 if left > timedelta(days=30) else 1 + (timedelta(days=30) - left) // timedelta(days=7)
            if week > grant.mailed_weeks:
                grant.mailed_weeks = week
                seller, application = self.sellers[grant.seller_id], self.applications[grant.application_id]
                words = f"The authorization of {application.name} ends on {grant.expires_at:%Y-%m-%d}. Renew it in Manage Your Apps."
                self.mails.append(
                    {"to": seller.email, "at": text(now), "subject": "Renew your authorization", "text": words}
                )

    def application_of_client(self, client_id: str) -> Application | None:
        return next((a for a in self.applications.values() if a.client_id == client_id), None)

    def add_application(self, told: dict[str, Any]) -> Application:
        kind = told.get("kind", "private")
        if kind not in ("private", "public"):
            raise Refusal("kind is private or public")
        days = told.get("authorization_days", 365)
        if days is not None and (not isinstance(days, int) or days < 1):
            raise Refusal("authorization_days is a whole number of days, or null for an authorization without end")
        number = self.token("", 12).lower()
        application = Application(
            application_id=f"amzn1.sp.solution.{number}",
            name=str(told.get("name") or "Application"),
            kind=kind,
            client_id=f"amzn1.application-oa2-client.{number}",
            client_secret=self.token("amzn1.oa2-cs.v1.", 48),
            secret_expires_at=self.now() + SECRET_LIFE,
            redirect_uris=[str(u) for u in told.get("redirect_uris") or []],
            login_uri=str(told.get("login_uri") or ""),
            roles=frozenset(told["roles"]) if told.get("roles") is not None else ALL_ROLES,
            authorization_days=days,
            draft=bool(told.get("draft", False)),
        )
        self.applications[application.application_id] = application
        return application

    def rotate_secret(self, application: Application) -> None:
        """A new secret; the old one works for seven days more."""
        application.old_secret, application.old_secret_until = application.client_secret, self.now() + SECRET_OVERLAP
        application.client_secret = self.token("amzn1.oa2-cs.v1.", 48)
        application.secret_expires_at = self.now() + SECRET_LIFE

    def add_seller(self, told: dict[str, Any], known_sites: Mapping[str, Sequence[str]]) -> Seller:
        region = str(told.get("region", "eu")).lower()
        sites = [str(s) for s in told.get("marketplace_ids") or []]
        if not sites:
            raise Refusal("marketplace_ids names at least one marketplace, such as A13V1IB3VIYZZH")
        wrong = [s for s in sites if s not in known_sites or known_sites[s][3] != region]
        if wrong:
            raise Refusal(f"{', '.join(wrong)} is no marketplace of region {region}")
        seller_id = str(told.get("seller_id") or "A" + self.token("", 13).upper())
        if seller_id in self.sellers:
            raise Refusal(f"seller {seller_id} exists already", 409)
        seller = Seller(
            seller_id, str(told.get("name") or "Seller"), str(told.get("email") or "seller@example.test"), region, sites,
            bool(told.get("professional", True)),
        )  # fmt: skip
        self.sellers[seller_id] = seller
        return seller

    def authorize(self, application: Application, seller: Seller) -> Authorization:
        now = self.now()
        days = application.authorization_days
        grant = Authorization(
            application.application_id, seller.seller_id, self.token("Atzr|IwEB", 60), now,
            now + timedelta(days=days) if days else None,
        )  # fmt: skip
        self.authorizations.append(grant)
        return grant

    def revoke(self, seller: Seller, application_id: str | None) -> int:
        """The seller disables the application; the answer is how many tokens died."""
        dead = [
            g for g in self.authorizations
            if g.seller_id == seller.seller_id and g.revoked_at is None and application_id in (None, g.application_id)
        ]  # fmt: skip
        for grant in dead:
            grant.revoked_at = self.now()
        return len(dead)
