"""The world: what there is (`state.py`), the clock, the chance, and what happens by itself.

All chance comes from one seeded generator: the same seed and the same calls give the same world. Callers hold
the box's lock.
"""

import heapq
import random
import string
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from forain_box.catalogue import Catalogue
from forain_box.clock import BoxClock, text
from forain_box.shelves import Shelves
from forain_box.state import Application, Authorization, Later, Listing, Order, Seller, State

ALL_ROLES = (
    "Amazon Fulfillment", "Buyer Communication", "Buyer Solicitation", "Direct-to-Consumer Shipping", "Finance and Accounting",
    "Inventory and Order Tracking", "Pricing", "Product Listing", "Selling Partner Insights", "Tax Invoicing",
)  # fmt: skip
CODE_LIFE = timedelta(minutes=5)
SECRET_LIFE = timedelta(days=180)
SECRET_OVERLAP = timedelta(days=7)
SECRET_NOTICES = (90, 60, 30, 15, 7, 1)
"""So many days before its end an application's queue is told of its secret."""
SELF_AUTHORIZATIONS, CONSENTS_UNLISTED = 10, 25
"""Amazon's limits per application. Source: application authorization limits page, read 2026-11-23."""
LETTERS = string.ascii_letters + string.digits
ASIN_LETTERS = string.ascii_uppercase + string.digits

Act = Callable[["World", dict[str, Any]], None]
_ACTS: dict[str, Act] = {}


def happens(kind: str) -> Callable[[Act], Act]:
    """Name an act that `World.later` may plan; told as plain data, so that a plan survives a restart."""

    def keep(act: Act) -> Act:
        assert kind not in _ACTS, kind
        _ACTS[kind] = act
        return act

    return keep


def known(kind: str) -> bool:
    """There is an act of that name."""
    return kind in _ACTS


class Refusal(Exception):
    """A no in a sentence that says what is wrong and the cure. `status`: its HTTP status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class World:
    """Everything there is, and the look-ups over it. `write_delay`: between how many seconds an accepted write
    takes effect."""

    def __init__(
        self, clock: BoxClock, seed: int, write_delay: tuple[float, float], state: State | None = None
    ) -> None:
        self.clock = clock
        self.chance = random.Random(seed)
        self.write_delay = write_delay
        self.state = state or State()
        self._happening: datetime | None = None
        self.requests: deque[dict[str, Any]] = deque(maxlen=5000)
        self._of_client = {a.client_id: a for a in self.state.applications.values()}
        self._of_refresh = {g.refresh_token: g for g in self.state.authorizations}
        self._by_created: dict[str, list[tuple[datetime, int]]] = {}
        self._by_updated: dict[str, list[tuple[datetime, int]]] = {}
        self._order_of: dict[int, Order] = {}
        self._listing_order: dict[str, list[tuple[datetime, int]]] = {}
        self._listing_of: dict[int, Listing] = {}
        self.shelves = Shelves()
        self.catalogue = Catalogue(self.state.catalogue)
        for order in self.state.orders.values():
            self._index_order(order)
        for shelf in self.state.listings.values():
            for listing in shelf.values():
                self._index_listing(listing)

    # -- time, chance, numbers

    def now(self) -> datetime:
        """The clock's time; while something happens by itself, the time it was due."""
        return self._happening or self.clock.now()

    def token(self, prefix: str, length: int = 40) -> str:
        return prefix + "".join(self.chance.choices(LETTERS, k=length))

    def digits(self, length: int) -> str:
        return str(self.chance.randrange(10**length)).zfill(length)

    def new_asin(self) -> str:
        return "B0" + "".join(self.chance.choices(ASIN_LETTERS, k=8))

    def number(self) -> int:
        """The next number of this world; later things have greater ones."""
        self.state.numbers += 1
        return self.state.numbers

    def later(self, seconds: float, kind: str, **told: Any) -> None:
        """Plan the act called `kind`; `told` is plain JSON data."""
        self.at(self.now() + timedelta(seconds=seconds), kind, **told)

    def at(self, moment: datetime, kind: str, **told: Any) -> None:
        assert kind in _ACTS, kind
        heapq.heappush(self.state.later, Later(moment, self.number(), kind, told))

    def write_later(self, kind: str, **told: Any) -> None:
        """Plan an act after the delay of an accepted write."""
        self.later(self.chance.uniform(*self.write_delay), kind, **told)

    def settle(self) -> None:
        """Let happen what is due, in its order and each at its own time. What an act plans for before now happens too."""
        until, before = self.now(), self._happening
        try:
            while self.state.later and self.state.later[0].at <= until:
                event = heapq.heappop(self.state.later)
                self._happening = max(event.at, before) if before else event.at
                _ACTS[event.kind](self, event.told)
        finally:
            self._happening = before

    # -- page tokens

    def hand_out(self, prefix: str, life: timedelta, **stands_for: Any) -> str:
        """A page token that stands for plain data, for as long as `life`."""
        name = self.token(prefix, 24)
        end = self.now() + life
        self.state.tokens[name] = {**stands_for, "until": end.isoformat()}
        self.at(end, "token.forgotten", name=name)
        return name

    def handed_out(self, name: str) -> dict[str, Any] | None:
        """What a page token stands for; None: never handed out, or dead."""
        found = self.state.tokens.get(name)
        return found if found and self.now() < datetime.fromisoformat(found["until"]) else None

    # -- applications, sellers, authorizations

    def application_of_client(self, client_id: str) -> Application | None:
        return self._of_client.get(client_id)

    def authorization_of(self, refresh_token: str) -> Authorization | None:
        return self._of_refresh.get(refresh_token)

    def add_application(self, told: Mapping[str, Any]) -> Application:
        number = self.token("", 12).lower()
        application = Application(
            application_id=f"amzn1.sp.solution.{number}",
            name=told.get("name") or "Application",
            kind=told.get("kind", "private"),
            client_id=f"amzn1.application-oa2-client.{number}",
            client_secret=self.token("amzn1.oa2-cs.v1.", 48),
            secret_expires_at=self.now() + SECRET_LIFE,
            redirect_uris=list(told.get("redirect_uris") or []),
            login_uri=told.get("login_uri") or "",
            roles=sorted(set(told["roles"])) if told.get("roles") is not None else list(ALL_ROLES),
            authorization_days=told.get("authorization_days", 365),
            draft=bool(told.get("draft", False)),
            listed=bool(told.get("listed", False)),
            queue=told.get("queue") or "",
        )
        self.state.applications[application.application_id] = application
        self._of_client[application.client_id] = application
        self._plan_secret_notices(application)
        return application

    def rotate_secret(self, application: Application) -> None:
        """A new secret; the old one works for seven days more. The application's queue, if it has one, is told."""
        application.old_secret, application.old_secret_until = application.client_secret, self.now() + SECRET_OVERLAP
        application.client_secret = self.token("amzn1.oa2-cs.v1.", 48)
        application.secret_expires_at = self.now() + SECRET_LIFE
        self.later(
            0, "secret.rotated", application=application.application_id, secret=application.client_secret,
            expires=text(application.secret_expires_at), old_until=text(application.old_secret_until),
        )  # fmt: skip
        self._plan_secret_notices(application)

    def _plan_secret_notices(self, application: Application) -> None:
        end = application.secret_expires_at
        for days in SECRET_NOTICES:
            self.at(
                end - timedelta(days=days),
                "secret.expiring",
                application=application.application_id,
                expires=end.isoformat(),
            )

    def add_seller(self, told: Mapping[str, Any], known_sites: Mapping[str, Sequence[str]]) -> Seller:
        region = str(told.get("region", "eu")).lower()
        sites = [str(s) for s in told.get("marketplace_ids") or []]
        if not sites:
            raise Refusal("marketplace_ids names at least one marketplace, such as A13V1IB3VIYZZH")
        wrong = [s for s in sites if s not in known_sites or known_sites[s][3] != region]
        if wrong:
            raise Refusal(f"{', '.join(wrong)} is no marketplace of region {region}")
        seller_id = str(told.get("seller_id") or "A" + self.token("", 13).upper())
        if seller_id in self.state.sellers:
            raise Refusal(f"seller {seller_id} exists already", 409)
        seller = Seller(
            seller_id, told.get("name") or "Seller", told.get("email") or "seller@example.test", region, sites,
            bool(told.get("professional", True)),
        )  # fmt: skip
        self.state.sellers[seller_id] = seller
        return seller

    def over_limit(self, application: Application, seller: Seller, *, by_consent: bool) -> bool:
        """One seller more would be too many for the application; who has authorized it already never is."""
        if application.listed and by_consent:
            return False
        others = {
            g.seller_id for g in self.state.authorizations
            if g.application_id == application.application_id and g.by_consent == by_consent and g.lives(self.now())
        } - {seller.seller_id}  # fmt: skip
        return len(others) >= (CONSENTS_UNLISTED if by_consent else SELF_AUTHORIZATIONS)

    def authorize(self, application: Application, seller: Seller, *, by_consent: bool = False) -> Authorization:
        """A new refresh token; former ones live on. Raises Refusal (409) over Amazon's limit of the application."""
        now, days = self.now(), application.authorization_days
        if self.over_limit(application, seller, by_consent=by_consent):
            raise Refusal("CONSENT_LIMIT_REACHED: the application has as many sellers as it may have", 409)
        grant = Authorization(
            application.application_id, seller.seller_id, self.token("Atzr|IwEB", 60), now,
            now + timedelta(days=days) if days else None, by_consent,
        )  # fmt: skip
        self.state.authorizations.append(grant)
        self._of_refresh[grant.refresh_token] = grant
        return grant

    def revoke(self, seller: Seller, application_id: str | None) -> int:
        """The seller disables the application (None: all); the answer is how many tokens died."""
        dead = [
            g for g in self.state.authorizations
            if g.seller_id == seller.seller_id and g.revoked_at is None and application_id in (None, g.application_id)
        ]  # fmt: skip
        for grant in dead:
            grant.revoked_at = self.now()
        return len(dead)

    # -- listings: by seller and SKU, and in the order of their creation

    def listing(self, seller_id: str, sku: str) -> Listing | None:
        return self.state.listings.get(seller_id, {}).get(sku)

    def add_listing(self, listing: Listing) -> Listing:
        self.state.listings.setdefault(listing.seller_id, {})[listing.sku] = listing
        self._index_listing(listing)
        return listing

    def relist(self, listing: Listing) -> None:
        """Something of the listing changed that searches ask for."""
        self.shelves.put(listing)

    def drop_listing(self, listing: Listing) -> None:
        del self.state.listings[listing.seller_id][listing.sku]
        rows = self._listing_order[listing.seller_id]
        del rows[bisect_left(rows, (listing.created_at, listing.number))]
        del self._listing_of[listing.number]
        self.shelves.drop(listing)

    def listings_of(
        self, seller_id: str, *, since: datetime | None = None, newest_first: bool = False
    ) -> Iterator[Listing]:
        """The seller's listings by creation, those created at `since` included. Lazily: a page costs a page."""
        rows = self._listing_order.get(seller_id, [])
        low = bisect_left(rows, (since, 0)) if since else 0
        places = range(len(rows) - 1, low - 1, -1) if newest_first else range(low, len(rows))
        return (self._listing_of[rows[place][1]] for place in places)

    def _index_listing(self, listing: Listing) -> None:
        insort(self._listing_order.setdefault(listing.seller_id, []), (listing.created_at, listing.number))
        self._listing_of[listing.number] = listing
        self.shelves.put(listing)

    # -- orders: by id, and by the moments lists ask for

    def add_order(self, order: Order) -> Order:
        self.state.orders[order.order_id] = order
        self._index_order(order)
        return order

    def touch(self, order: Order, at: datetime | None = None) -> None:
        """The order changed: it moves to the end of what lists by last update show."""
        rows = self._by_updated[order.seller_id]
        del rows[bisect_left(rows, (order.updated_at, order.number))]
        order.updated_at = at or self.now()
        insort(rows, (order.updated_at, order.number))

    def orders_of(self, seller_id: str, by: str, since: datetime, until: datetime) -> Iterator[Order]:
        """The seller's orders with `by` ("created" or "updated") from `since` to `until`, both included, oldest first."""
        rows = (self._by_created if by == "created" else self._by_updated).get(seller_id, [])
        for place in range(bisect_left(rows, (since, 0)), len(rows)):
            moment, number = rows[place]
            if moment > until:
                return
            yield self._order_of[number]

    def _index_order(self, order: Order) -> None:
        self._order_of[order.number] = order
        insort(self._by_created.setdefault(order.seller_id, []), (order.created_at, order.number))
        insort(self._by_updated.setdefault(order.seller_id, []), (order.updated_at, order.number))


@happens("token.forgotten")
def _token_forgotten(world: World, told: dict[str, Any]) -> None:
    world.state.tokens.pop(told["name"], None)
