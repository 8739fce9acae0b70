"""One seed: a merchant's days with Amazon, told step by step by a seeded scheduler, then a rest in which all must come right."""

import io
import json
import random
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
from cryptography.fernet import Fernet
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection

from forain import plugins, wiring
from forain.core import orders as core_orders
from forain.core import roads
from forain.core.authorization import Part
from forain.core.brakes import KINDS
from forain.core.errors import AdapterError, Throttled
from forain.core.ids import AccountId, SellerSku, SiteId, VariantId
from forain.core.pricing import Rate
from forain.core.secret import Secret
from forain.engine import jobs, schedule
from forain.flows import (
    arrange_reminders,
    authorize,
    brake,
    empty_shelves,
    import_orders,
    land_safely,
    link_offers,
    set_rates,
    setup,
)
from forain.flows.deps import Deps
from forain.store import accounts, brakes, models, orders, runs
from forain.store.vault import Vault
from forain_box import Box
from forain_box.http import Cut, Request
from forain_box.state import Fault, Order
from tests.logs import written

from . import ADDRESSES, CURRENCIES, FR, NIGHT, PEOPLE, PL, SELLERS, SITES, Seller, adapter, invariants
from .events import EVENTS
from .post import CHAT, Post
from .shop import Article, ShopServer
from .stage import LONGEST_GAP, Stage, Violation, Worker, watched_transactions

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOPS = ((0.40, 0.5, 5.0), (0.30, 5.0, 60.0), (0.18, 60.0, 600.0), (0.12, 1800.0, 14400.0))
"""(chance, from, to seconds) of how far time goes in one step."""
SPELL = (4, 90)
"""So many steps a busy spell has, in which all that happens hurts each other; then it is quiet for a while."""
OFTEN_DUE = {"derive_issues": 0.15, "tell_people": 0.3}
"""Lines that are nearly always due: so much less often than the others they are taken."""
LONGER = 10
"""So many times longer is a busy spell of a loud story."""
SHORTER = 4
"""So many times shorter is the quiet between its busy spells."""
QUIET_HOURS, QUIET_ROUNDS = (8.0, 72.0), 1
"""How long it is quiet, and how often all that is due is done meanwhile, one line after the other."""
FEEDS = 0.4
"""So many of the seeds have an Amazon at which a feed is the cheaper road for two offers already; a tenth of its feeds breaks
off, and a tenth never ends."""
BUYER_KEPT = timedelta(days=6)
"""Instead of the thirty days of the law: short stories shall see it too."""
SETTLES_WITHIN, SETTLES_IN = 120, timedelta(hours=12)
"""So many rounds of the timetable, and so long, after the last misfortune everything must have come right. What waits for a
day (a look at a permission that was refused) the merchant has done at once. Stories need 40 rounds and 20 minutes."""
ROUNDS_LAST = (15.0, 60.0, 240.0)
"""So many seconds each of the first, the second and the last 40 rounds lasts at least: some line is due every few seconds,
and what is asked for again hourly (an order that came without its address) is to come right within the bound too."""


RATE_SAID_EVERY = timedelta(days=3)
"""Before an exchange rate is a week old, and too old."""
BRAKE_LEAST = 3
"""So many falls at once the brake of these small shelves asks about."""
BEFORE, AFTER = ("no way", "error page", "all is well"), ("lost", "cut", "half", "error page")
"""What a call to an ill shop meets: nothing was done, or it was and the answer does not say so."""


@dataclass
class Time:
    box: Box

    def now(self) -> datetime:
        return self.box.world.now()


@dataclass(frozen=True)
class Plan:
    """What is told. `without`: kinds of events left out; `most_events`: after so many there are no more; `loud`: kinds
    that happen eight times as often (a rare one as often as eight others), whatever the seed's temper, in longer spells."""

    seed: int
    days: float
    without: frozenset[str] = frozenset()
    most_events: int | None = None
    loud: frozenset[str] = frozenset()


@dataclass
class Told:
    """How a seed went. `failure` None: all held. `days`: how far it came."""

    plan: Plan
    trace: list[str] = field(default_factory=list)
    failure: Violation | None = None
    days: float = 0.0
    steps: int = 0
    killed: int = 0
    events: int = 0
    counts: int = 0
    """How often the marketplace's own list of all orders was held against the book."""
    kinds: set[str] = field(default_factory=set)


class Story:
    """The world of one seed, and what may happen in it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.told = Told(plan)
        self.chance = random.Random(f"{plan.seed}:story")
        self.fate = random.Random(f"{plan.seed}:events")
        self.wire_chance = random.Random(f"{plan.seed}:wire")
        self.jitter = random.Random(f"{plan.seed}:jitter")
        self.box = Box(seed=plan.seed, clock="manual", start=BEGIN, write_delay=(0.5, 2.0))
        # Each seed has a temper of its own: what never happens together with something else hides nothing there.
        temper = random.Random(f"{plan.seed}:temper")
        self.weights = {name: weight and weight * temper.choice((0, 1, 1, 4)) for name, (weight, _) in EVENTS.items()}
        self.weights["a buyer on Amazon"] = EVENTS["a buyer on Amazon"][0]
        self.weights |= {name: 8 * max(EVENTS[name][0], 1) for name in plan.loud}
        self.burst = temper.choice((None, None, None, 1, 3))
        """So few calls at once Amazon allows this seller; None: as many as others."""
        self.sellers = [Seller(n, name) for n, name in enumerate(SELLERS[: temper.choice((1, 1, 2))], 1)]
        self.sites_chance = random.Random(f"{plan.seed}:sites")
        for seller in self.sellers:
            seller.term = temper.choice((365, 365, 9, 3))
            seller.sites = self.sites_chance.choice(SITES)
        self.rate, self.rate_said_at = Decimal(4), BEGIN
        """So many zloty are a euro, as the merchant said last, and when."""
        self.stage = Stage(
            plan.seed, self.now, self.tell, temper.choice((0.05, 0.12, 0.3)), temper.choice((0.0005, 0.0015, 0.006))
        )
        self.shop = ShopServer(plan.seed, self.now)
        self.post = Post(self)
        self.watch = invariants.Watch(self)
        self.vault = Vault([Fernet.generate_key().decode()])
        self.wire_ill = 0.0
        self.parcels = 0
        self.by_hand: dict[tuple[str, str], datetime] = {}
        """Account and SKU -> when somebody changed it in Seller Central last."""
        self.broken_at: datetime | None = None
        """Since when the shop's file says that nothing is left of anything; None: it is right."""
        self.before_it_broke: dict[str, int] = {}
        self.going_on = ""
        """The account whose merchant is about to go on after a pause."""
        self.linking = ""
        """The offer of which the merchant is about to say which article it is."""
        self.came_back = BEGIN
        """When the merchant came back from the last consent."""
        self.begun = False
        """From now on whoever does something may die."""
        self.new_secret = ""
        """A client secret that Amazon made and the merchant has not typed yet."""
        self.stick = 0.5
        """How likely the worker that went last goes on, in this spell."""
        self.last: Worker | None = None
        # A story begins in the midst of things: its first hours may be all it has.
        self.spell = self._spell()

    # -- the parts

    def now(self) -> datetime:
        return self.box.world.clock.now()

    def tell(self, line: str) -> None:
        seconds = (self.now() - BEGIN).total_seconds()
        self.told.trace.append(f"{seconds:12.3f} {line}")

    def deps(self) -> Deps:
        """A process's own parts: its memory dies with it."""
        return wiring.build(
            Time(self.box), self.vault, "http://127.0.0.1:8787", self.wire, jitter=self.jitter.random, mail=self.post
        )

    def wire(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """The way out of the house: calls and answers may be lost on it."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if environ["SERVER_NAME"] == "shop":
            return self._to_shop(environ, start_response)
        if environ["SERVER_NAME"] == CHAT:
            return self.post.called(environ, start_response)
        call = invariants.Call(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), body)
        self.stage.point("call", call.label)
        self.watch.before_call(call, environ)
        consents = len(self.box.world.state.authorizations)
        if self.wire_ill and self.wire_chance.random() < self.wire_ill:
            raise httpx2.ConnectError("no way")
        answer: list[Any] = []
        try:
            chunks = self.box.wsgi(environ, lambda status, headers: answer.extend((status, headers)))
        except Cut:
            self._date_consents(consents)
            self.watch.after_call(call, 0, environ)
            raise httpx2.RemoteProtocolError("cut") from None
        self._date_consents(consents)
        status = int(answer[0][:3])
        self.watch.after_call(call, status, environ)
        self.stage.point("answer", call.label)
        if self.wire_ill and self.wire_chance.random() < self.wire_ill:
            raise httpx2.ReadTimeout("the answer was lost")
        self.watch.answered(call, status, b"".join(chunks))
        start_response(*answer)
        return chunks

    def _date_consents(self, known: int) -> None:
        """What was consented to just now ends when this seller's permissions end."""
        for grant in self.box.world.state.authorizations[known:]:
            seller = next(one for one in self.sellers if one.name == grant.seller_id)
            grant.expires_at = self.came_back + timedelta(days=seller.term)

    def _to_shop(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        what = f"shop {environ['REQUEST_METHOD']} {environ['PATH_INFO'].split('/')[1]}"
        chance, ill = self.shop.chance, self.shop.ill
        self.stage.point("call", what)
        self.watch.before_shop(environ)
        if self.shop.down or (ill and chance.random() < ill):
            return _ill(chance.choice(BEFORE), b"", start_response)
        answer: list[Any] = []
        chunks = self.shop.wsgi(environ, lambda status, headers: answer.extend((status, headers)))
        self.stage.point("answer", what)
        if ill and chance.random() < ill:
            return _ill(chance.choice(AFTER), b"".join(chunks), start_response)
        self.watch.after_shop(environ, int(answer[0][:3]))
        start_response(*answer)
        return chunks

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The box's control; None where it says no."""
        parts = ("box", "api", *path.split("/"))
        content = json.dumps(body).encode() if body is not None else b""
        response = self.box.answer(Request(method, parts, "/" + "/".join(parts), {}, {}, content))
        return json.loads(response.body or b"null") if response.status < 300 else None

    def some_seller(self) -> Seller:
        return self.fate.choice(self.sellers)

    def amazon_orders(self) -> list[Order]:
        return list(self.box.world.state.orders.values())

    # -- the beginning

    def begin(self) -> None:
        chance = self.chance
        skus = [f"SKU{n}" for n in range(1, chance.randint(4, 7))]
        for sku in skus:
            self.shop.articles[sku] = Article(Decimal(chance.randint(300, 5000)) / 100, chance.randint(0, 12))
        application = self.control(
            "POST",
            "applications",
            {"name": "Own", "kind": "private", "redirect_uris": ["http://127.0.0.1:8787/amazon/callback"]},
        )
        self.application_id = application["application_id"]
        now = self.now()
        models.Shop.objects.create(kind="simulated", name="Shop", hook_name="h", created_at=now)
        row = models.Application.objects.create(
            marketplace="amazon", kind="private", client_id=application["client_id"],
            application_id=self.application_id, created_at=now,
        )  # fmt: skip
        self.vault.put(authorize.application_owner(row), "client_secret", Secret(application["client_secret"]), now)
        self.merchant = self.deps()
        for worker in self.stage.workers:
            worker.deps = self.deps()
        for name in PEOPLE:
            user = get_user_model().objects.create(username=name)
            person = models.Person.objects.create(user=user, role="owner")
            self.set_mail(person)
        self.say_rate()
        for seller in self.sellers:
            self._connect(seller, row, skus)
        arrange_reminders.add_webhook(self.merchant, CHAT, f"http://{CHAT}/hook", "en", "person")
        self.shop.made = self.watch.order_made
        self.shop.refusing = self.watch.refused
        self.shop.told = self.watch.stock_told
        schedule.plan_all(self.now())
        self.begun = True

    def set_mail(self, person: models.Person) -> None:
        """Somebody says where, when and in which language they want to be reminded."""
        name = person.user.get_username()
        begins, ends = NIGHT
        self.page(
            lambda: arrange_reminders.set_mail(
                self.merchant, person, mail=ADDRESSES[name], second_mail=ADDRESSES.get(f"{name}/second", ""),
                language=PEOPLE[name], time_zone="UTC", quiet=(time(begins), time(ends)) if name == "dieter" else None,
                urgent_any_hour=False,
            )
        )  # fmt: skip

    def _connect(self, seller: Seller, application: models.Application, skus: list[str]) -> None:
        """An account: its listings at Amazon, its row and its permission here. All sell the same things of one shop."""
        chance = self.chance
        self.control(
            "POST",
            "sellers",
            {"seller_id": seller.name, "region": "eu", "marketplace_ids": list(seller.sites), "name": "Camille"},
        )
        self.put_listings(seller, [*skus[: chance.choice((None, None, -1))], "GHOST"])
        models.Account.objects.create(
            marketplace="amazon", name=seller.name, region="EU", seller=seller.name, application=application, shop_id=1,
            options={"address.token": "http://box/auth/o2/token", "address.api": "http://box/eu",
                     "address.consent": "http://box/seller-central/eu"},
            import_since=self.now(), created_at=self.now(),
            # A shelf of five: three that fall together are too much.
            brakes={"least": str(BRAKE_LEAST), "zero_share": "40", "price_share": "40"},
        )  # fmt: skip
        self.renew(seller, chance.choice([20, 61, 200, 365]))
        if chance.random() < 0.9:
            for site in seller.sites:
                self.let_write(seller, site, True)
        if seller.term < 365:
            # Where Amazon allows few calls at once, the trial of the former one has used them up.
            self.advance(60)
            self.consent(seller)
            if not accounts.get(seller.account).estimated:
                self.land(seller, chance.random() < 0.5)

    def put_listings(self, seller: Seller, skus: list[str]) -> None:
        for sku in skus:
            quantity = self.chance.randint(0, 9)
            for site in seller.sites:
                if site == FR or self.sites_chance.random() < 0.8:
                    self._put_listing(seller, sku, site, quantity, 5)

    def put_listing_on(self, seller: Seller, sku: str, site: str) -> None:
        """What is sold on one site is offered on another one too; the quantity is that of all."""
        listing = self.box.world.state.listings[seller.name][sku]
        own = [e for e in listing.attributes["fulfillment_availability"] if "quantity" in e]
        days = own[0].get("lead_time_to_ship_max_days", 5) if own else 5
        by_amazon = any(channel.startswith("AMAZON_") for channel in listing.availability)
        quantity = listing.fba_quantity if by_amazon else listing.availability.get("DEFAULT") or 0
        self._put_listing(seller, sku, site, quantity, days, by_amazon=by_amazon)

    def _put_listing(
        self, seller: Seller, sku: str, site: str, quantity: int, days: int, *, by_amazon: bool | None = None
    ) -> None:
        by_amazon = sku == "SKU1" if by_amazon is None else by_amazon
        price = "9.99" if site != PL else "39.96"
        listing = {
            "seller_id": seller.name, "sku": sku, "asin": f"B0{sum(map(ord, sku)):08d}", "marketplace_id": site, "title": sku,
            "quantity": quantity, "price": {"amount": price, "currency": CURRENCIES[site]}, "handling_days": days,
            "fulfilled_by": "AMAZON" if by_amazon else "MERCHANT",
        }  # fmt: skip
        self.control("POST", "listings", [listing])

    def say_rate(self) -> None:
        """The merchant says what a euro is worth in Poland, before what he said last is too old."""
        now = self.now()
        self.rate, self.rate_said_at = Decimal(self.sites_chance.choice((4, 4, 5))), now
        if any(PL in seller.sites for seller in self.sellers):
            told = [Rate("EUR", "PLN", self.rate, now.date())]
            self._patiently(lambda: self.page(lambda: set_rates.say(self.merchant, told, "merchant")))
            row = models.Rate.objects.filter(source="EUR", target="PLN").first()
            # The page may have died before it was kept.
            self.rate = row.rate if row is not None else self.rate

    def unlinked(self, seller: Seller, sku: str) -> bool:
        """The merchant said that this offer is not this article."""
        return models.Link.objects.filter(account_id=seller.number, sku=sku, refused=True).exists()

    def let_link(self, seller: Seller, sku: str, same: bool) -> None:
        # Which article it is now is another question to the shop.
        row, self.linking = accounts.get(seller.account), sku
        self.watch.refused_in_shop -= self.orders_of(sku)
        self.page(
            lambda: link_offers.decide(self.merchant, row, SellerSku(sku), VariantId(sku), same=same, by="person")
        )
        self.watch.refused_in_shop -= self.orders_of(sku)
        self.linking = ""

    def orders_of(self, sku: str) -> set[str]:
        """All orders of an article."""
        return {order.order_id for order in self.amazon_orders() if any(line.sku == sku for line in order.lines)}

    def enter_secret(self) -> None:
        """The merchant types the client secret that Amazon made last."""
        row, secret = models.Application.objects.get(), self.new_secret
        self.page(lambda: authorize.enter_secret(self.merchant, row, Secret(secret), None))
        if authorize.secret_kept(self.merchant, row) == Secret(secret):
            self.new_secret = ""

    def page(self, act: Callable[[], object]) -> None:
        """The merchant does something on a page; its process may die meanwhile. Raises what he is told: AdapterError."""
        if not self.begun:
            act()
            return
        page = self.stage.page
        page.start("a page", act)
        while page.busy:
            self._meanwhile()
            page.resume()
        if page.dead:
            page.dead, self.merchant = False, self.deps()

    def _meanwhile(self) -> None:
        """A page is kept waiting: the workers go on, for as long as a request may last."""
        until = self.now() + LONGEST_GAP
        for _ in range(self.chance.randint(1, 12)):
            waiting = [worker for worker in self.stage.workers if worker.busy and not worker.away]
            idle = [worker for worker in self.stage.workers if not worker.busy]
            if waiting and self.chance.random() < 0.7:
                self.resume(self.chance.choice(waiting))
            elif not idle or not self.start(self.chance.choice(idle)):
                self.pass_time(min(self.chance.uniform(0.5, 10.0), (until - self.now()).total_seconds()))
            self.watch.every_step()

    def let_write(self, seller: Seller, site: str, allowed: bool) -> None:
        seller.writes |= {site} if allowed else set()
        self.page(lambda: setup.allow_writes(self.merchant, seller.account, SiteId(site), allowed, "person"))
        seller.writes = self.watch.may_be_written(seller)

    def pause(self, seller: Seller, paused: bool, parts: tuple[Part, ...] = ()) -> None:
        self.going_on = "" if paused else seller.subject
        self.page(lambda: setup.pause(self.merchant, seller.account, paused, "person", parts))
        self.going_on = ""
        if not accounts.get(seller.account).paused:
            for worker in self.stage.workers:
                if worker.busy and worker.subject == seller.subject:
                    # What it has begun it may end: he goes on.
                    worker.notes["paused"] = False

    def empty(self, seller: Seller) -> None:
        """The merchant sets all quantities to 0, or undoes it."""
        act = empty_shelves.undo if seller.emptied else empty_shelves.empty
        self.page(lambda: act(self.merchant, seller.account, "person"))
        seller.emptied = accounts.get(seller.account).emptied_at is not None

    def holiday(self, seller: Seller, days: float) -> None:
        """The merchant goes on holiday for so many days, or takes it back (0)."""
        begins = self.now()
        if days:
            ends = begins + timedelta(days=days)
            self.page(lambda: empty_shelves.say_holiday(self.merchant, seller.account, begins, ends, "person"))
        else:
            self.page(lambda: empty_shelves.no_holiday(self.merchant, seller.account, "person"))
        row = accounts.get(seller.account)
        seller.holiday = (row.holiday_begins, row.holiday_ends) if row.holiday_begins and row.holiday_ends else None

    def answer_brake(self, seller: Seller, yes: bool) -> str:
        """The merchant looks at what is held, and says yes or no to all of it; the answer is what it was."""
        told = []
        for state in ("held", "kept"):
            for kind in KINDS:
                shown = brakes.shown(seller.account, state, kind)
                if not shown or (state == "kept" and not yes):
                    continue
                if yes:
                    rows = brakes.of_state(seller.account, state, kind)
                    self.watch.said_yes |= {(seller.name, row.offer.sku, kind, row.after): self.now() for row in rows}
                self.page(partial(brake.answer, self.merchant, seller.account, kind, shown, yes, "person", state))
                told.append(f"{kind} {shown}")
        return ", ".join(told)

    def renew(self, seller: Seller, days_left: float) -> None:
        """A new permission that ends in `days_left` at the latest, at Amazon and as the merchant types it."""
        days_left = min(days_left, seller.term)
        granted = self.control("POST", f"sellers/{seller.name}/authorize", {"application_id": self.application_id})
        grant = self.box.world.authorization_of(granted["refresh_token"])
        assert grant is not None
        begun = self.now() - timedelta(days=seller.term - days_left)
        grant.expires_at = begun + timedelta(days=seller.term)
        row, token = accounts.get(seller.account), Secret(granted["refresh_token"])
        self.page(lambda: authorize.enter_token(self.merchant, row, token, begun))
        self.watch.see_grants()

    def consent(self, seller: Seller) -> None:
        """A new permission by consent: the merchant is sent to Amazon, says yes there, and comes back."""
        row, sent_to = accounts.get(seller.account), []
        self.page(lambda: sent_to.append(authorize.begin_consent(self.merchant, row, 1, FR)))
        if not sent_to:
            return
        there = urlsplit(sent_to[0])
        form = urlencode([*parse_qsl(there.query), ("seller_id", seller.name), ("decision", "confirm")])
        kind = {"content-type": "application/x-www-form-urlencoded"}
        parts = tuple(there.path.strip("/").split("/"))
        answer = self.box.answer(Request("POST", parts, there.path, {}, kind, form.encode()))
        back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        self.came_back = self.now()
        self.page(lambda: authorize.complete_consent(self.merchant, back, 1))
        self.watch.see_grants()

    def land(self, seller: Seller, on: bool, *, this_time: bool = True) -> None:
        """The merchant wants a safe landing, or none, or none this time."""
        if this_time:
            self.page(lambda: land_safely.switch(self.merchant, seller.account, on, "person"))
        else:
            self.page(lambda: land_safely.call_off(self.merchant, seller.account, "person"))
        row = accounts.get(seller.account)
        seller.lands = row.safe_landing
        off = models.Landing.objects.filter(account=row, grant_no=row.grant_no).exclude(called_off_at=None)
        seller.called_off = seller.refresh if off.exists() else ""

    def term_of(self, _: Deps, account: models.Account) -> timedelta:
        """Instead of the manifest's year."""
        return timedelta(days=self.sellers[account.pk - 1].term)

    # -- one step

    def run(self) -> Told:
        """Tell the whole story. A broken invariant ends it."""
        with ExitStack() as stack:
            stack.enter_context(watched_transactions(self.stage))
            stack.enter_context(self.watch.listening())
            self.watch.log = stack.enter_context(written("%(levelname)s %(name)s %(message)s"))
            stack.enter_context(mock.patch.object(core_orders, "BUYER_KEPT", BUYER_KEPT))
            if random.Random(f"{self.plan.seed}:feeds").random() < FEEDS:
                stack.enter_context(
                    mock.patch.object(roads, "cheaper", lambda waiting, *_: "feed" if waiting > 1 else "call")
                )
                self.box.world.state.faults += [
                    Fault(kind, "JSON_LISTINGS_FEED", probability=0.1) for kind in ("feed-fatal", "feed-stuck")
                ]
            stack.enter_context(mock.patch.object(authorize, "_term", self.term_of))
            stack.enter_context(mock.patch.object(plugins, "shops", return_value={"simulated": adapter}))
            stack.enter_context(connection.execute_wrapper(self.stage.count_writes))
            stack.callback(self.stage.end)
            try:
                self.begin()
                end = self.now() + timedelta(days=self.plan.days)
                while self.now() < end:
                    if self.spell > 0:
                        self.spell -= 1
                        self.step()
                    else:
                        self.quiet()
                self.rest()
            except Violation as broken:
                self.told.failure = broken
            except Exception as error:
                # The others are told all the same, and this one can be told again.
                self.told.failure = Violation(invariants.TOLD_TO_ITS_END, "".join(traceback.format_exception(error)))
            if self.told.failure is not None:
                self.tell(f"BROKEN {self.told.failure}")
        self.told.days = (self.now() - BEGIN) / timedelta(days=1)
        self.told.steps += self.stage.points
        self.told.killed = self.stage.killed
        return self.told

    def step(self) -> None:
        self.told.steps += 1
        paused = [w for w in self.stage.workers if w.busy and not w.away]
        idle = [w for w in self.stage.workers if not w.busy]
        resume, event, start = (0.45, 0.22, 0.23) if paused else (0.0, 0.40, 0.45)
        drawn = self.chance.random()
        if drawn < resume:
            again = self.last in paused and self.chance.random() < self.stick
            self.resume(self.last if again and self.last else self.chance.choice(paused))
        elif drawn < resume + event:
            self.event()
        elif drawn >= resume + event + start or not idle or not self.start(self.chance.choice(idle)):
            self.hop()
        self.watch.every_step()

    def quiet(self) -> None:
        """Hours in which the workers have nobody in their way; the next busy spell comes after them."""
        self.stage.close = 0
        hours = self.chance.uniform(*QUIET_HOURS) / (SHORTER if self.plan.loud else 1)
        for seller in self.sellers:
            grant = self.box.world.authorization_of(seller.refresh)
            if grant is not None and grant.expires_at is not None and grant.expires_at < self.now():
                # It has ended a while ago: the merchant has seen that nothing goes on.
                self.consent(seller)
        if self.now() - self.rate_said_at > RATE_SAID_EVERY:
            self.say_rate()
        for _ in range(QUIET_ROUNDS):
            for worker in self.stage.workers:
                while worker.busy:
                    self.resume(worker)
            self.advance(round(hours / QUIET_ROUNDS * 3600, 3))
            worker = self.chance.choice(self.stage.workers)
            for flow, subject in runs.due(self.now()):
                self.take(worker, flow, subject)
                while worker.busy:
                    self.resume(worker)
                self.watch.every_step()
        self.spell = self._spell()

    def _spell(self) -> int:
        # Some things go wrong only where the one waits for long while the other does a lot.
        self.stick = self.chance.choice((0.5, 0.5, 0.8, 0.9, 0.97))
        return self.chance.randint(*SPELL) * (LONGER if self.plan.loud else 1)

    def start(self, worker: Worker) -> bool:
        """Let an idle worker take one of the lines that are due; False: none is."""
        now = self.now()
        due = sorted(runs.due(now))
        if not due:
            return False
        # The same line twice at once is where workers hurt each other most.
        other = {w.label for w in self.stage.workers if w.busy}
        weights = [6.0 if flow in other else OFTEN_DUE.get(flow, 1.0) for flow, _ in due]
        self.take(worker, *self.chance.choices(due, weights)[0])
        return True

    def take(self, worker: Worker, flow: str, subject: str) -> None:
        self.tell(f"{worker.name} begins {flow} of {subject}")
        self.begin_line(worker, flow, subject)
        self._after(worker)

    def begin_line(self, worker: Worker, flow: str, subject: str) -> None:
        def work() -> None:
            self.watch.begins(worker)
            jobs.run(worker.deps, flow, subject)

        worker.subject = subject
        worker.start(flow, work)

    def resume(self, worker: Worker) -> None:
        self.last = worker
        worker.resume()
        self._after(worker)

    def _after(self, worker: Worker) -> None:
        if worker.dead and not worker.busy:
            worker.dead, worker.deps = False, self.deps()
            self.watch.died(worker)
        elif not worker.busy:
            self.watch.has_done(worker)
            self.tell(f"{worker.name} has done {worker.label}")

    def hop(self) -> None:
        _, low, high = self.chance.choices(HOPS, [share for share, _, _ in HOPS])[0]
        self.pass_time(self.chance.uniform(low, high))

    def pass_time(self, seconds: float) -> None:
        """Who waits at a point goes on before it has waited for too long."""
        for worker in self.stage.workers:
            while worker.busy and self.now() + timedelta(seconds=seconds) - worker.paused_at > worker.patience:
                self.resume(worker)
        self.advance(round(seconds, 3))

    def advance(self, seconds: float) -> None:
        self.box.world.clock.advance(seconds)
        self.box.world.settle()

    # -- what happens in the world

    def event(self) -> None:
        if self.plan.most_events is not None and self.told.events >= self.plan.most_events:
            return
        names = [name for name in EVENTS if name not in self.plan.without]
        if not any(self.weights[name] for name in names):
            return
        name = self.fate.choices(names, [self.weights[n] for n in names])[0]
        try:
            what = EVENTS[name][1](self)
        except AdapterError as error:
            what = f"in vain: {error.code}"
        if what is not None:
            self.told.events += 1
            self.told.kinds.add(name)
            self.tell(f"{name}: {what}")

    def draining(self) -> None:
        """Both workers come to their end, without further misfortune."""
        self.stage.close, self.stage.goes_away = 0, None
        self.stage.pauses = self.stage.deaths = 0.0
        for worker in self.stage.workers:
            while worker.busy:
                self.resume(worker)

    # -- the rest

    def rest(self) -> None:
        """No more misfortunes, the merchant does what the pages ask: then everything settles, within a bound."""
        self.draining()
        self.box.world.state.faults.clear()
        self.wire_ill = self.shop.ill = self.post.ill = 0.0
        self.shop.down = self.post.down = False
        self.post.refuses.clear()
        self.shop.refuses.clear()
        for sku in sorted(self.shop.hidden):
            self.shop.show(sku)
        self.tell("rest begins")
        if self.now() - self.rate_said_at > RATE_SAID_EVERY:
            self.say_rate()
        self._until_right(self.watch.stops_not_told)
        if self.new_secret:
            # While the application is refused, nobody can know what each of its accounts may do.
            self._patiently(self.enter_secret)
            self._until_right(self.watch.stops_not_told)
        for seller in self.sellers:
            self.control("POST", f"sellers/{seller.name}/reactivate", {})
        self.advance(1)
        for seller in self.sellers:
            for sku in [sku for sku in self.shop.articles if self.unlinked(seller, sku)]:
                self.let_link(seller, sku, True)
            grant = self.box.world.authorization_of(seller.refresh)
            lives = grant is not None and grant.lives(self.now() + SETTLES_IN + timedelta(hours=2))
            if not lives or accounts.get(seller.account).standing == "none":
                self._patiently(partial(self.renew, seller, 365))
            # Only who paused goes on: going on looks at every offer anew, and would heal what was lost on the way.
            row = accounts.get(seller.account)
            if row.paused:
                self.pause(seller, False)
            if row.standing != "granted" or row.denied_operations:
                # Amazon lets the account do it again: he looks at once whether it works, instead of waiting for a day.
                runs.force(seller.subject, self.now())
            if self._unread(seller):
                # Listed or changed there a moment ago: he has it read now, instead of waiting for the night.
                runs.force(seller.subject, self.now(), ["sweep_offers"])
        self.watch.refused_in_shop.clear()
        for order in models.Order.objects.filter(state="held", hold_reason="refused_by_shop").order_by("pk"):
            orders.try_again(order)
        self._until_right(self.watch.unsettled)
        self.watch.at_rest()
        self.told.counts = models.OrderProof.objects.count()
        self.tell("rest")

    def _unread(self, seller: Seller) -> bool:
        """Something is on Amazon, or was changed there by somebody else, that Forain has not read yet."""
        rows = models.Offer.objects.filter(account_id=seller.number).values_list("sku", "site", "observed_at")
        seen = {(sku, site): at for sku, site, at in rows if at is not None}
        changed = {sku: at for (name, sku), at in self.by_hand.items() if name == seller.name}
        listed = self.box.world.state.listings[seller.name].items()
        there = [(sku, site) for sku, listing in listed for site in listing.marketplace_ids]
        return any(one not in seen or seen[one] <= changed.get(one[0], BEGIN) for one in there)

    def _patiently(self, act: Callable[[], None]) -> None:
        """Forain's own limits may say: not yet."""
        while True:
            try:
                return act()
            except Throttled:
                self.advance(5)

    def _until_right(self, wrong: Callable[[], list[tuple[str, str]]]) -> None:
        """The timetable goes on, until twice in a row nothing is wrong any more. Raises Violation."""
        worker = self.stage.workers[0]
        right = 0
        until = self.now() + SETTLES_IN
        for round_ in range(SETTLES_WITHIN):
            if self.now() > until:
                break
            if round_ % 4 == 0:
                self._person_acts()
                waiting = wrong()
                right = 0 if waiting else right + 1
                if right == 2:
                    return
            for flow, subject in sorted(runs.due(self.now())):
                self.begin_line(worker, flow, subject)
                self.told.steps += 1
                self.watch.every_step()
            following = (
                models.Run.objects.exclude(flow__in=OFTEN_DUE).order_by("due_at").values_list("due_at", flat=True)
            )
            seconds = (following[0] - self.now()).total_seconds()
            self.advance(round(min(max(seconds, ROUNDS_LAST[round_ // 40]), 3600.0), 3))
        name, what = waiting[0] if waiting else ("settled", "not for long enough")
        raise Violation(name, f"not settled within {round_} rounds or {SETTLES_IN}: {what}")

    def _person_acts(self) -> None:
        """What only a person can: cancellations the shop refused are taken care of, what the brake holds is sent, an address the mail server did not
        know is typed anew, and whether mail goes again is seen by a trial."""
        refused = models.Order.objects.filter(state__in=("created", "creating"), status="cancelled").exclude(error="")
        for row in refused.order_by("pk"):
            booked = self.shop.of(row.order_id)
            if booked and booked[0].parcels:
                account = accounts.get(AccountId(row.account_id))
                self.page(partial(import_orders.put_aside, self.merchant, account, row, "person"))
        for seller in self.sellers:
            self.answer_brake(seller, True)
        unknown = models.Finding.objects.filter(code="mail_refused").values_list("subject", flat=True)
        numbers = {int(subject.split(":")[1].split("/")[0]) for subject in unknown}
        for person in models.Person.objects.select_related("user").filter(pk__in=numbers).order_by("pk"):
            self.set_mail(person)
        for side in models.Side.objects.exclude(failing_since=None).filter(name__in=("mail", "webhook:1")):
            receiver = "person:1" if side.name == "mail" else side.name
            self.page(partial(arrange_reminders.try_it, self.merchant, receiver))


def _ill(how: str, body: bytes, start_response: Callable[..., Any]) -> list[bytes]:
    """What a shop that is ill does with a call."""
    match how:
        case "no way":
            raise httpx2.ConnectError(how)
        case "lost":
            raise httpx2.ReadTimeout("the answer was lost")
        case "cut":
            raise httpx2.RemoteProtocolError("cut")
        case "error page":
            start_response("503 .", [("content-type", "text/html")])
            return [b"<html>We are back soon</html>"]
        case "all is well":
            start_response("200 .", [("content-type", "text/html")])
            return [b"<html>We are back soon</html>"]
        case "half":
            start_response("200 .", [("content-type", "application/json")])
            return [body[: len(body) // 2]]
    raise KeyError(how)


def reset() -> None:
    """Empty tables, numbers from 1 again."""
    every = [*apps.get_app_config("store").get_models(), get_user_model()]
    tables = ", ".join(f'"{model._meta.db_table}"' for model in every)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")


def tell(plan: Plan) -> Told:
    """One seed from the beginning to its rest, on an empty database."""
    reset()
    return Story(plan).run()


__all__ = ["Plan", "Story", "Told", "tell"]
