"""What must always hold, each a function with its sentence. `Watch` remembers what they need and asks them."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import parse_qs, unquote

from django.apps import apps
from django.db import connection
from django.db.models import F

from forain.contracts.manifest import RateLimit
from forain.core import orders as core_orders
from forain.core.ids import AccountId
from forain.flows import authorize
from forain.flows.authorize import owner_of
from forain.store import accounts, letters, limits, models, offers, orders, runs
from forain_box.amounts import details
from forain_box.state import Order

from . import ADDRESSES, NIGHT, PL, Seller
from .shop import Booked, Charge
from .stage import Violation, Worker

if TYPE_CHECKING:
    from .story import Story

LOOKED_AT_WITHIN = timedelta(minutes=17)
"""What was seen of an offer is believed for a quarter of an hour, and a call takes its time."""
PERMISSION_HOLDS = timedelta(minutes=2)
"""So long after it was last granted a run may go on that found it granted: a batch, with each of its calls held up."""
EVERY_STEP = """SELECT (SELECT array_agg(standing ORDER BY id) FROM store_account),
    (SELECT min(flow || ': ' || error) FROM store_run WHERE stopped),
    (SELECT array_agg(ARRAY[id, settled_no]) FROM store_offer WHERE settled_no > 0),
    (SELECT array_agg(account_id) FROM store_landing l JOIN store_account a ON (a.id, a.grant_no) = (account_id, l.grant_no)
        WHERE begun_at IS NOT NULL AND called_off_at IS NULL AND safe_landing)"""
"""What the invariants of every step need, in one question: it is asked thousands of times."""
PERMISSION = """SELECT a.standing, a.expires_at, a.paused::text, p.refused_at IS NOT NULL FROM store_account a
    JOIN store_application p ON p.id = a.application_id WHERE a.id = %s"""
WANTED_EMPTY = ("emptied", "filled_again", "holiday_begun", "holiday_over")
"""What the journal tells where nothing is for sale by the merchant's wish, or was a moment ago."""
PAUSED_BY = {
    "import_orders": {"orders"}, "prove_orders": {"orders"}, "confirm_shipments": {"shipments"},
    "reconcile_offers": {"stock", "prices"}, "observe_offers": {"stock", "prices"}, "sweep_offers": {"stock", "prices"},
}  # fmt: skip
"""Flow -> the parts that the merchant must have paused for it to stand still."""
UNSOLD = """SELECT link.variant, sum(piece.value::int) FROM store_order o, jsonb_each_text(o.pieces) piece, store_link link
    WHERE o.state IN ('held', 'creating') AND o.fulfilled_by = 'merchant' AND o.status <> 'cancelled'
    AND (link.account_id, link.sku) = (o.account_id, piece.key) AND link.decided_at IS NOT NULL AND NOT link.refused
    GROUP BY link.variant"""
"""Pieces the shop does not know to be sold, as far as Forain knows which article they are."""
_HEX = re.compile(r"\\\\x((?:[0-9a-f]{2})+)")
FORGOTTEN_WITHIN = timedelta(hours=7)
"""The timetable looks every six hours."""
FEED_NOTICED = timedelta(hours=7)
"""So long after it was found out it may stand in a notice that a feed came to nothing: six hours are promised."""
WITHOUT_PERMISSION = ("sellers", "token")
"""What may be called to see whether there is one."""
REFUSED_PAUSES = (
    (timedelta(minutes=5), timedelta(minutes=1)), (timedelta(minutes=30), timedelta(minutes=5)),
    (timedelta(hours=4), timedelta(minutes=30)), (timedelta(hours=24), timedelta(hours=4)),
)  # fmt: skip
"""So old a refusal, so long at least the account is left alone after a look whose answer was no, unless a person asks."""
LATER_PAUSE = timedelta(hours=23)
"""The same of one that is older than all these."""
BELIEVED = timedelta(minutes=2)
"""So old at most is the look before a batch of an account whose date has passed."""
STOPPED = (
    "authorization_expired", "authorization_revoked", "authorization_overdue", "authorization_doubted", "application_refused",
)  # fmt: skip
"""Notices that say why nothing goes on."""


OPERATIONS = {
    "token": "token", "sellers": "getMarketplaceParticipations", "search orders": "searchOrders", "order": "getOrder",
    "patch": "patchListingsItem", "confirm": "confirmShipment", "catalog": "searchCatalogItems", "file": "reportFile",
}  # fmt: skip
LETTER_CLAIM = timedelta(minutes=10)
"""Whoever took a reminder to send it and has not noted for so long that it went is dead, or as good as dead."""
SPOKEN = {"camille": "Envoyé par Forain|Ceci montre", "dieter": "Gesendet von Forain|Das zeigt"}
"""What a reminder in a person's language has in it."""
LANDS_BEFORE, ANNOUNCED_BEFORE = timedelta(days=1), timedelta(days=8)
"""So long before the end of a permission quantities go to 0, and that is told."""
EARLY = timedelta(minutes=20)
"""So much too early at most, by a clock that is wrong."""
REMIND_AT = (0, 1, 3, 7, 14, 21, 28, 30, 60)
"""Days before the end of a permission."""


@dataclass(frozen=True)
class Standing:
    """What an account may do. `why_not` "": it may sync; `parts`: what the merchant has paused; `over`: its date has passed,
    and a look must say that it may."""

    why_not: str
    paused: bool
    parts: list[str]
    over: bool


@dataclass
class Told:
    """A reminder that arrived: by which name it goes, and who sent it. `lost`: its answer did not arrive; `died`: who
    sent it died before it was noted."""

    identity: str
    notes: dict[str, Any] = field(repr=False)
    claimed_at: datetime
    lost: bool = False
    died: bool = False


@dataclass(frozen=True)
class Call:
    """One call to Amazon."""

    method: str
    path: str
    body: bytes

    @property
    def label(self) -> str:
        if self.method == "PATCH":
            return "patch"
        if self.path.endswith("/shipmentConfirmation"):
            return "confirm"
        if "/orders/2026" in self.path:
            return "search orders" if self.path.rstrip("/").endswith("orders") else "order"
        if self.path.startswith("/documents/"):
            return "file"
        return "token" if self.path.endswith("/token") else self.path.split("/")[2]

    @property
    def operation(self) -> str:
        """Amazon's name for it, whose limit counts."""
        match self.label, self.path.rstrip("/").split("/")[4:]:
            case "sellers", [*_, "account"]:
                return "getAccount"
            case "listings", [_, _, *sku]:
                return "getListingsItem" if sku else "searchListingsItems"
            case "reports", ["documents", _]:
                return "getReportDocument"
            case "reports", [_, *report]:
                return "getReport" if report else "createReport"
            case "feeds", ["documents", *document]:
                return "getFeedDocument" if document else "createFeedDocument"
            case "feeds", [_, *feed]:
                if self.method == "DELETE":
                    return "cancelFeed"
                return "getFeed" if feed else "createFeed" if self.method == "POST" else "getFeeds"
            case "file", _ if "tortuga" in self.path:
                return "feedFile"
            case label, _:
                return OPERATIONS[label]

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Watch:
    """Remembers, and asks the invariants at the right moments.

    `unsettled` and AT_THE_END ask of the story only `now`, `shop.articles`, `shop.of`, `amazon_orders`, `box.world`
    and `sellers`: `tests/processes` tells another one.
    """

    def __init__(self, story: "Story") -> None:
        self.story = story
        self.by_amazon_since = {(seller.name, "SKU1"): story.now() for seller in story.sellers}
        self.refused_tokens: set[str] = set()
        self.refused_in_shop: set[str] = set()
        """Orders whose refusal by the shop came to an end that Forain wrote down."""
        self._claimed: dict[int, int] = {}
        self._merchant: dict[str, Any] = {}
        self.secrets: set[str] = set()
        """Client secrets Amazon made later on."""
        self.log: list[str] = []
        """All that was written to the log."""
        self.letters: dict[tuple[str, str, str], list[Told]] = {}
        """(topic, step, receiver) -> each time it arrived."""
        self._accepted: dict[tuple[int, int], str] = {}
        """(account, number of the grant) -> the token it came with."""
        self.said_yes: dict[tuple[str, str, str, int], datetime] = {}
        """(seller, SKU, what the brake held, the value) -> when the merchant said that it is right."""
        self.prices_told: dict[tuple[str, str, str], Decimal] = {}
        """Seller, site and SKU -> the price that was told of it last."""
        self.fell_by_file: dict[tuple[str, datetime], set[str]] = {}
        """(seller, when the shop's file broke) -> what was set to 0 since, and was not sold."""
        self.texts: list[str] = []
        """All that people were told."""
        self._refused_at: dict[int, datetime] = {}
        self._answered_at: dict[int, datetime] = {}
        self._asked_for_at: dict[str, datetime] = {}
        self._looked_at = 0
        self._scopes: dict[str, int] = {}
        self._buckets: dict[tuple[str, str], tuple[float, datetime]] = {}
        self.roads: dict[tuple[str, str], tuple[str, datetime]] = {}
        """(seller, SKU) -> by which road it was told last, and when."""

    # -- what happens, as it happens

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear of what the product counts as sold, and of each token it takes of a bucket."""
        sold, take, claim, want, force, send = (
            orders.unimported_pieces, limits.SharedLimiter.take, offers.claim, offers.want, runs.force, letters.claim,
        )  # fmt: skip

        accept, apply = authorize._accept, accounts.apply

        def heard_accept(deps: Any, account: Any, refresh: Any, **told: Any) -> Any:
            self._holder()["tried"] = refresh.reveal()
            return accept(deps, account, refresh, **told)

        def heard_apply(number: Any, event: Any) -> Any:
            applied = apply(number, event)
            if applied.after.grant_no > applied.before.grant_no:
                self._accepted[int(number), applied.after.grant_no] = self._holder()["tried"]
            return applied

        def heard_send(letter: models.Letter, now: datetime) -> Any:
            worker = self.story.stage.current()
            if worker is not None:
                worker.notes["letter"] = (letter.topic, letter.mark, letter.receiver), now
            return send(letter, now)

        def heard_force(subject: str, *told: Any) -> None:
            self._asked_for_at[subject] = self.story.now()
            force(subject, *told)

        def heard_claim(*told: Any, **named: Any) -> Any:
            rows = claim(*told, **named)
            worker = self.story.stage.current()
            if worker is not None:
                worker.notes["claims"] = {(row.site, row.sku): row.claim_no for row in rows}
                worker.notes["tellers"] = self._tellers(worker.notes["account"], {row.sku for row in rows})
            for row in rows:
                self._claimed[row.pk] = max(self._claimed.get(row.pk, 0), row.wanted_no)
            return rows

        def heard_want(wanted: Sequence[offers.Wanted], now: datetime) -> None:
            worker = self.story.stage.current()
            for one in wanted:
                if worker is not None and one.desired.quantity is not None:
                    never_raised_by_older_knowledge(self, one.row.sku, one.desired.quantity, worker)
            want(wanted, now)

        def heard_sold(numbers: Sequence[int]) -> dict[tuple[int, str], int]:
            worker = self.story.stage.current()
            if worker is not None:
                worker.notes["sold"] = self._knowledge()
            return sold(numbers)

        def heard_take(limiter: Any, scope: str, limit: RateLimit) -> Any:
            if self.story.burst is not None:
                limit = replace(limit, burst=min(limit.burst, self.story.burst))
            # Taken and written down at one moment: whoever waits in between would be counted late.
            with self.story.stage.aside():
                until = take(limiter, scope, limit)
            if until is None:
                within_the_rate_limits(self, scope, limit)
                self._holder()["token of a bucket"] = scope, limit.operation
            return until

        with (
            mock.patch.object(orders, "unimported_pieces", heard_sold),
            mock.patch.object(limits.SharedLimiter, "take", heard_take),
            mock.patch.object(offers, "claim", heard_claim),
            mock.patch.object(offers, "want", heard_want),
            mock.patch.object(runs, "force", heard_force),
            mock.patch.object(letters, "claim", heard_send),
            mock.patch.object(authorize, "_accept", heard_accept),
            mock.patch.object(accounts, "apply", heard_apply),
        ):
            yield

    def _holder(self) -> dict[str, Any]:
        """Where to note what is true of whoever runs now: a worker, or the merchant's own process."""
        worker = self.story.stage.current()
        return self._merchant if worker is None else worker.notes

    def _knowledge(self) -> dict[str, tuple[int, int, int]]:
        """SKU -> (free in the shop, pieces sold that the shop does not know, all that was ever freed)."""
        with self.story.stage.aside(), connection.cursor() as cursor:
            cursor.execute(UNSOLD)
            sold = dict(cursor.fetchall())
        return {sku: (a.free, sold.get(sku, 0), a.raised) for sku, a in self.story.shop.articles.items()}

    def _tellers(self, account: int, skus: set[str]) -> dict[str, list[int]]:
        """SKU -> its offers that may tell a quantity now, the one that was known first before all others; {} for who sells on
        one site."""
        seller = self.story.sellers[account - 1]
        if len(seller.sites) == 1:
            return {}
        found: dict[str, list[int]] = {}
        with self.story.stage.aside():
            rows = models.Offer.objects.filter(
                account_id=account, sku__in=skus, site__in=self.may_be_written(seller), fulfilled_by="merchant",
                observed_at__isnull=False,
            ).exclude(alarm__in=("refused", "not_taken", "not_on_marketplace"))  # fmt: skip
            for row in rows.exclude(asked_at__gt=F("observed_at")).order_by("pk"):
                found.setdefault(row.sku, []).append(row.pk)
        return found

    def stock_told(self) -> None:
        """The shop answers a question about its stock."""
        worker = self.story.stage.current()
        if worker is not None:
            worker.notes["stock"] = self._knowledge()

    def begins(self, worker: Worker) -> None:
        with self.story.stage.aside(), connection.cursor() as cursor:
            kind, _, number = worker.subject.partition(":")
            worker.notes["begun at"] = self.story.now()
            worker.notes["account"] = int(number) if kind == "account" else None
            if kind == "account":
                self._ask_for_permission(worker)
                paused = self.standing(int(number), worker.label).paused
                worker.notes["paused"] = paused and self.story.going_on != worker.subject
            if worker.label == "confirm_shipments":
                cursor.execute("SELECT order_id FROM store_order WHERE status = 'cancelled'")
                worker.notes["cancelled"] = {order for (order,) in cursor.fetchall()}

    def has_done(self, worker: Worker) -> None:
        """A run came to its end, alive: whatever it met is written down."""
        self.refused_in_shop |= worker.notes.get("refused", set())
        if "said no at" in worker.notes:
            if accounts.get(AccountId(worker.notes["account"])).standing == "refused":
                self._refused_at[worker.notes["account"]] = worker.notes["said no at"]
            asked = self._asked_for_at.get(worker.subject)
            if asked is not None and asked < worker.notes["begun at"]:
                # Who asked has his answer. A look that reached nobody is repeated for him.
                del self._asked_for_at[worker.subject]

    def before_telling(self, what: str) -> None:
        """A mail or a call with a reminder is about to go out."""
        if connection.in_atomic_block:
            raise Violation("no_call_out_within_a_transaction", what)

    def told(self, identity: str, to: str, text: str) -> Told:
        """A reminder has arrived."""
        worker = self.story.stage.current()
        assert worker is not None
        key, claimed_at = worker.notes["letter"]
        told = Told(identity, worker.notes, claimed_at)
        with self.story.stage.aside():
            each_reminder_comes_once(self, key, told)
        reminded_in_their_language(to, text)
        self.texts.append(text)
        self.letters.setdefault(key, []).append(told)
        return told

    def died(self, worker: Worker) -> None:
        """A worker's process was killed: what it had sent last was noted, or was not."""
        if "letter" in worker.notes:
            key, _ = worker.notes["letter"]
            for told in self.letters.get(key, []):
                told.died |= told.notes is worker.notes and not _noted(key)

    def _ask_for_permission(self, worker: Worker) -> None:
        stands, now = self.standing(worker.notes["account"], worker.label), self.story.now()
        looked_at = self._answered_at.get(worker.notes["account"])
        believed = looked_at is not None and now - looked_at <= BELIEVED
        if not stands.why_not and (believed or not stands.over):
            worker.notes["allowed at"] = worker.clock
        for part in ("stock", "prices"):
            if part not in stands.parts:
                worker.notes[f"{part} at"] = worker.clock
        for site in self.story.sellers[worker.notes["account"] - 1].writes:
            worker.notes[f"word at {site}"] = worker.clock

    def standing(self, account: int, flow: str) -> "Standing":
        """What the stored facts allow that flow, by a rule of its own: the product's may be wrong."""
        with connection.cursor() as cursor:
            cursor.execute(PERMISSION, [account])
            standing, expires_at, parts, refused = cursor.fetchone()
        about = PAUSED_BY.get(flow)
        paused = about is not None and about <= set(json.loads(parts))
        why_not = (
            "paused" if paused else "application refused" if refused else standing if standing != "granted" else ""
        )
        return Standing(why_not, paused, json.loads(parts), expires_at is not None and self.story.now() >= expires_at)

    def shown(self, seller: Seller, sku: str) -> int | None:
        """The quantity that Amazon shows; None: it has no such offer, or keeps the stock itself."""
        listing = self.story.box.world.state.listings[seller.name].get(sku)
        return listing.availability.get("DEFAULT") if listing else None

    def before_call(self, call: Call, environ: dict[str, Any]) -> None:
        if connection.in_atomic_block:
            raise Violation("no_call_out_within_a_transaction", call.label)
        if call.label != "token":
            no_call_without_a_token_of_its_bucket(self, call)
        worker = self.story.stage.current()
        if worker is not None:
            with self.story.stage.aside():
                self._ask_of_call(call, worker, environ)

    def _ask_of_call(self, call: Call, worker: Worker, environ: dict[str, Any]) -> None:
        self._ask_for_permission(worker)
        seller = self.story.sellers[worker.notes["account"] - 1]
        if not self._tries_a_new_token(call, worker, seller, environ):
            nothing_without_permission(self, worker, call)
        if worker.label == "probe" and not worker.notes.setdefault("looks", 0):
            looks_keep_their_pauses(self, seller, worker)
            worker.notes["looks"] = 1
        if call.label != "token":
            each_account_for_itself(self, call, seller, environ)
        if call.label == "patch":
            site, sku = _site_of(environ), unquote(call.path.rsplit("/", 1)[1])
            nothing_written_without_the_merchants_word(worker, call, site)
            self._ask_of_change(call.told, site, sku, "call", seller, worker)
        if call.operation == "createFeed":
            (site,) = call.told["marketplaceIds"]
            nothing_written_without_the_merchants_word(worker, call, site)
            self._ask_of_feed(call, site, seller, worker)
        if call.label == "confirm":
            no_confirmation_for_a_cancelled_order(call, worker)

    def _ask_of_change(
        self, told: dict[str, Any], site: str, sku: str, road: str, seller: Seller, worker: Worker
    ) -> None:
        """What is asked of whatever is told of an offer, by a call or in a feed."""
        nothing_told_of_a_part_that_is_paused(self, worker, sku, told)
        no_jump_without_a_word(self, seller, site, sku, told)
        by_one_road_within_an_hour(self, seller, sku, road)
        quantity = _quantity(told)
        if quantity is None:
            return
        if quantity == 0:
            a_broken_file_empties_no_shelf(self, seller, sku)
        no_quantity_for_what_amazon_fulfils(self, seller, sku, quantity, worker)
        row = models.Offer.objects.filter(account_id=seller.number, sku=sku, site=site).first()
        if row is not None:
            if road == "call":
                told_while_the_claim_lives(self, row, worker)
                one_site_tells_for_all(self, row, worker)
            never_raised_over_a_fall_that_was_seen(self, seller, row, quantity)

    def _ask_of_feed(self, call: Call, site: str, seller: Seller, worker: Worker) -> None:
        """Each message of a feed is asked what a call for it would be."""
        messages = self._messages(call)
        each_sku_once_in_a_feed(messages)
        for message in messages:
            self._ask_of_change(message, site, message["sku"], "feed", seller, worker)

    def _messages(self, call: Call) -> list[dict[str, Any]]:
        document = self.story.box.world.state.documents.get(call.told["inputFeedDocumentId"])
        found: list[dict[str, Any]] = json.loads(document.content)["messages"] if document and document.content else []
        return found

    def _note_roads(self, call: Call, status: int, seller: str) -> None:
        """What Amazon took, or took perhaps: its answer was cut."""
        if status >= 300:
            return
        if call.label == "patch":
            self.roads[seller, unquote(call.path.rsplit("/", 1)[1])] = "call", self.story.now()
        elif call.operation == "createFeed":
            for message in self._messages(call):
                self.roads[seller, message["sku"]] = "feed", self.story.now()

    def _tries_a_new_token(self, call: Call, worker: Worker, seller: Seller, environ: dict[str, Any]) -> bool:
        """A look whose token is not in force yet: whose it is, only a read in the seller's own name says."""
        access = self.story.box.world.state.access.get(environ.get("HTTP_X_AMZ_ACCESS_TOKEN", ""))
        new = access is not None and access.refresh_token != seller.refresh
        return new and worker.label == "probe" and call.label in ("listings", "catalog")

    def answered(self, call: Call, status: int, body: bytes) -> None:
        """Amazon's answer has arrived."""
        worker = self.story.stage.current()
        if worker is not None and call.label in WITHOUT_PERMISSION:
            if call.label == "sellers" and status == 200:
                self._answered_at[worker.notes["account"]] = self.story.now()
            if worker.label == "probe" and status in (400, 401, 403) and _is_json(body):
                worker.notes["said no at"] = self.story.now()

    def after_call(self, call: Call, status: int, environ: dict[str, Any]) -> None:
        """Amazon has said something, whether it arrives or not."""
        worker = self.story.stage.current()
        if worker is not None and worker.notes.get("account"):
            self._note_roads(call, status, self.story.sellers[worker.notes["account"] - 1].name)
        if call.label == "token":
            found = re.search(rb"refresh_token=(Atzr[^&]+)", call.body)
            if status in (400, 401) and found:
                self.refused_tokens.add(unquote(found[1].decode()))
        elif status in (401, 403):
            access = self.story.box.world.state.access.get(environ.get("HTTP_X_AMZ_ACCESS_TOKEN", ""))
            if access is not None:
                self.refused_tokens.add(access.refresh_token)

    def before_shop(self, environ: dict[str, Any]) -> None:
        if connection.in_atomic_block:
            raise Violation("no_call_out_within_a_transaction", f"shop {environ['PATH_INFO']}")
        worker = self.story.stage.current()
        if worker is not None and environ["REQUEST_METHOD"] == "POST":
            nothing_for_the_shop_while_paused(worker, environ["PATH_INFO"])

    def after_shop(self, environ: dict[str, Any], status: int) -> None:
        """An answer of the shop has arrived."""
        worker = self.story.stage.current()
        if worker is not None and status == 422 and environ["PATH_INFO"] == "/orders":
            worker.notes.setdefault("refused", set()).add(json.loads(environ["wsgi.input"].getvalue())["reference"])

    def refused(self, reference: str) -> None:
        """The shop is about to refuse an order."""
        a_refusal_is_not_repeated(self, reference)

    def order_made(self, made: Booked) -> None:
        """The shop has one order more; nobody can see it yet."""
        order = self.story.box.world.state.orders.get(made.reference)
        worker = self.story.stage.current()
        never_twice_in_the_shop(self, made)
        no_foreign_order_in_the_shop(self, order, made, worker)
        assert order is not None
        assert made.charge is not None
        amounts_to_the_cent(order, made.charge)
        to_the_buyer(order, made)

    def every_step(self) -> None:
        if self._looked_at == self.story.stage.writes:
            return
        self._looked_at = self.story.stage.writes
        with connection.cursor() as cursor:
            cursor.execute(EVERY_STEP)
            standings, stopped, settled, landing = cursor.fetchone()
        self.see_grants()
        refusals_only_of_the_present_grant(self, standings)
        settled_is_what_was_looked_at(self, settled or [])
        no_line_stopped_by_a_bug(stopped)
        nobody_lands_before_the_day(self, landing or [])

    def see_grants(self) -> None:
        """Whose token is in force, by the number of the grant that counts."""
        with self.story.stage.aside():
            for number, grant_no in models.Account.objects.values_list("pk", "grant_no"):
                seller = self.story.sellers[number - 1]
                seller.refresh = self._accepted.get((number, grant_no), seller.refresh)

    def stops_not_told(self) -> list[tuple[str, str]]:
        """Who may not go on and is not told why, once nothing else is ill."""
        return [(check.__name__, what) for check in (a_stop_is_told, a_refusal_is_told) for what in check(self)]

    def unsettled(self) -> list[tuple[str, str]]:
        """What is not as it must be at rest: (invariant, what)."""
        return [(check.__name__, what) for check in AT_REST for what in check(self)]

    def at_rest(self) -> None:
        for name, what in [*self.unsettled(), *((c.__name__, w) for c in AT_THE_END for w in c(self))]:
            raise Violation(name, what)

    # -- the world as it is

    def merchants_orders(self, seller: Seller | None = None) -> list[Order]:
        """Orders the merchant fulfils, of one account or of all."""
        orders = [o for o in self.story.amazon_orders() if o.fulfilled_by == "MERCHANT"]
        return orders if seller is None else [o for o in orders if o.seller_id == seller.name]

    def linked(self, order: Order) -> bool:
        return all(line.sku in self.story.shop.articles for line in order.lines)

    def may_be_written(self, seller: Seller) -> set[str]:
        """The sites for which the merchant's word stands."""
        rows = models.AccountSite.objects.filter(account_id=seller.number, writes_allowed_at__isnull=False)
        return set(rows.values_list("site", flat=True))


def _site_of(environ: dict[str, Any]) -> str:
    """The one site that a call is about."""
    sites = parse_qs(str(environ.get("QUERY_STRING", "")))["marketplaceIds"]
    assert len(sites) == 1
    return sites[0]


def _quantity(told: dict[str, Any]) -> int | None:
    for patch in told["patches"]:
        if patch["path"].endswith("fulfillment_availability"):
            # A handling time goes there too, with a quantity or without.
            quantity = patch["value"][0].get("quantity")
            return None if quantity is None else int(quantity)
    return None


def _price_told(told: dict[str, Any]) -> Decimal | None:
    for patch in told["patches"]:
        if patch["path"].endswith("purchasable_offer"):
            return Decimal(str(patch["value"][0]["our_price"][0]["schedule"][0]["value_with_tax"]))
    return None


# -- at every step


def never_twice_in_the_shop(watch: Watch, made: Booked) -> None:
    """A marketplace order is in the shop once, at any moment."""
    if len(watch.story.shop.of(made.reference)) > 1:
        raise Violation("never_twice_in_the_shop", made.reference)


def no_foreign_order_in_the_shop(watch: Watch, order: Order | None, made: Booked, worker: Worker | None) -> None:
    """Only paid orders that the merchant fulfils become work for the shop, each brought there by its own account."""
    if order is None or order.fulfilled_by != "MERCHANT" or order.status.startswith("PENDING"):
        raise Violation("no_foreign_order_in_the_shop", f"{made.reference} {order.status if order else 'unknown'}")
    if worker is not None and watch.story.sellers[worker.notes["account"] - 1].name != order.seller_id:
        raise Violation("no_foreign_order_in_the_shop", f"{made.reference} by {worker.subject}")


def amounts_to_the_cent(order: Order, charge: Charge) -> None:
    """What the shop is asked to book is what Amazon charged, line by line."""
    expected: list[tuple[str, str, int, str]] = []
    sums = {"SHIPPING": Decimal(0), "OFF": Decimal(0), "ALL": Decimal(0)}
    for line in order.lines:
        parts = details(order, line, line.quantity)  # as ordered: it may be cancelled by now
        off = parts["DISCOUNT ITEM"] + parts["DISCOUNT SHIPPING"]
        sums["SHIPPING"] += parts["SHIPPING"]
        sums["OFF"] += off
        sums["ALL"] += parts["ITEM"] + parts["SHIPPING"] - off
        expected.append((line.item_id, line.sku, line.quantity, f"{parts['ITEM']:.2f}"))
    whole = [charge.shipping, charge.discount, charge.total]
    wanted = [f"{amount:.2f}" for amount in sums.values()]
    if sorted(charge.lines) != sorted(expected) or whole != wanted or charge.currency != order.currency:
        raise Violation("amounts_to_the_cent", f"{order.order_id}: {charge.lines} {whole} for {expected} {sums}")


def to_the_buyer(order: Order, made: Booked) -> None:
    """What the shop is to send goes to whom Amazon says, and to nobody else."""
    address = order.address
    if made.ship_to != [address["name"], address["addressLine1"], address["postalCode"]]:
        raise Violation("to_the_buyer", f"{order.order_id} goes to another address")


def no_quantity_for_what_amazon_fulfils(watch: Watch, seller: Seller, sku: str, quantity: int, worker: Worker) -> None:
    """No SKU fulfilled by Amazon ever gets a quantity from us."""
    since = watch.by_amazon_since.get((seller.name, sku))
    looked_at_within = LOOKED_AT_WITHIN + worker.slept if sku != "SKU1" else timedelta(0)
    if since is not None and watch.story.now() - since > looked_at_within:
        raise Violation("no_quantity_for_what_amazon_fulfils", f"{sku} {quantity}")


def by_one_road_within_an_hour(watch: Watch, seller: Seller, sku: str, road: str) -> None:
    """No SKU is told by a call and by a feed within an hour: which would be carried out last, nobody knows."""
    former, at = watch.roads.get((seller.name, sku), (road, watch.story.now()))
    if former != road and watch.story.now() - at < timedelta(minutes=59):
        raise Violation("by_one_road_within_an_hour", f"{sku} by {road}, by {former} at {at}")


def each_sku_once_in_a_feed(messages: Sequence[dict[str, Any]]) -> None:
    """A feed says of each SKU one thing."""
    skus = [message["sku"] for message in messages]
    if len(skus) != len(set(skus)):
        raise Violation("each_sku_once_in_a_feed", str(skus))


def told_while_the_claim_lives(watch: Watch, row: models.Offer, worker: Worker) -> None:
    """A worker tells a quantity only while the offer is surely its own: else an older one may come after a newer."""
    ours = row.claim_no == worker.notes["claims"].get((row.site, row.sku))
    if not ours or row.claimed_until is None or row.claimed_until <= watch.story.now():
        raise Violation(
            "told_while_the_claim_lives", f"{worker.name} tells {row.sku} claimed until {row.claimed_until}"
        )


def one_site_tells_for_all(watch: Watch, row: models.Offer, worker: Worker) -> None:
    """The quantity that all sites of an SKU share is told by one of its offers: two would each tell their own, and fight. By
    another one only where that one may not, or where this site was seen to show something else at the same moment."""
    then = worker.notes.get("tellers", {}).get(row.sku, [])
    now = watch._tellers(row.account_id, {row.sku}).get(row.sku, [])
    before = [number for number in now if number < row.pk and number in then]
    if not before or row.pk not in then:
        return
    teller = models.Offer.objects.get(pk=before[0])
    if (teller.observed_at, teller.observed_quantity) == (row.observed_at, row.observed_quantity) or (
        teller.observed_at != row.observed_at
    ):
        raise Violation("one_site_tells_for_all", f"{row.sku} by {row.site}, and {teller.site} tells for all")


def settled_is_what_was_looked_at(watch: Watch, settled: Sequence[Sequence[int]]) -> None:
    """Nothing counts as told that no worker has looked at: a change that came meanwhile still waits."""
    for number, settled_no in settled:
        if settled_no > watch._claimed.get(number, 0):
            raise Violation("settled_is_what_was_looked_at", f"offer {number} at {settled_no}")


def never_raised_by_older_knowledge(watch: Watch, sku: str, quantity: int, worker: Worker) -> None:
    """No quantity is wanted above what was free by what Forain knew while it computed."""
    sold, stock = worker.notes.get("sold", {}).get(sku), worker.notes.get("stock", {}).get(sku)
    if sold is None or stock is None:
        return
    first, last = sorted((sold, stock), key=lambda known: known[2])
    most = max(first[0] - first[1], last[0] - last[1]) + last[2] - first[2]
    if quantity > max(most, 0):
        raise Violation("never_raised_by_older_knowledge", f"{sku} {quantity} where {most} are free")


def never_raised_over_a_fall_that_was_seen(watch: Watch, seller: Seller, row: models.Offer, quantity: int) -> None:
    """Where Amazon's quantity fell and the order is not in the book yet, nothing is raised."""
    if row.observed_quantity is None or row.acknowledged_quantity is None or row.observed_at is None:
        return
    if row.observed_quantity >= row.acknowledged_quantity or quantity <= row.observed_quantity:
        return
    known = set(models.Order.objects.values_list("order_id", flat=True))
    for order in watch.merchants_orders(seller):
        if order.order_id in known or order.created_at > row.observed_at or order.status == "CANCELLED":
            continue
        if any(line.sku == row.sku for line in order.lines):
            raise Violation("never_raised_over_a_fall_that_was_seen", f"{row.sku} {quantity} over {order.order_id}")


def nothing_told_of_a_part_that_is_paused(watch: Watch, worker: Worker, sku: str, change: dict[str, Any]) -> None:
    """While stock or prices are paused none is told; a batch that began before may end."""
    for part, told in (("stock", _quantity(change)), ("prices", _price_told(change))):
        at = worker.notes.get(f"{part} at")
        if told is not None and (at is None or worker.clock - at > PERMISSION_HOLDS):
            raise Violation("nothing_told_of_a_part_that_is_paused", f"{part} of {sku}, running last at {at}")


def a_broken_file_empties_no_shelf(watch: Watch, seller: Seller, sku: str) -> None:
    """While the shop's file says that nothing is left, no more offers are set to 0 than may be at once, unless the merchant
    said that it is right. What was sold is no matter of the file, nor is a last piece, nor a landing."""
    broken_at, shown = watch.story.broken_at, watch.shown(seller, sku)
    if broken_at is None or watch.story.now() - broken_at > timedelta(hours=1) or not shown or shown == 1:
        return
    left = _lands_in(watch, seller)
    said = watch.said_yes.get((seller.name, sku, "zero", 0))
    if models.Journal.objects.filter(account_id=seller.number, code__in=WANTED_EMPTY, at__gte=broken_at).exists():
        return
    if seller.off_sale(watch.story.now()):
        return
    since = broken_at - timedelta(hours=1)
    lately = [order for order in watch.merchants_orders() if order.created_at >= since]
    sold = any(line.sku == sku for order in lately for line in order.lines)
    sold |= any(
        item == sku for order in watch.story.shop.orders if order.shown_at >= since for _, item, _ in order.lines
    )
    if sold or (said is not None and said >= broken_at) or (left is not None and left <= LANDS_BEFORE + EARLY):
        return
    fell = watch.fell_by_file.setdefault((seller.name, broken_at), set())
    fell.add(sku)
    if len(fell) >= 3:
        raise Violation(
            "a_broken_file_empties_no_shelf", f"{', '.join(sorted(fell))} of {seller.subject} since {broken_at}"
        )


def no_jump_without_a_word(watch: Watch, seller: Seller, site: str, sku: str, change: dict[str, Any]) -> None:
    """No price is told that is more than ten times what Amazon shows, or less than a tenth, before the merchant said yes: nor
    than what was told last, where Amazon does not show that yet."""
    price = _price_told(change)
    listing = watch.story.box.world.state.listings[seller.name].get(sku)
    if price is None or listing is None or not listing.prices.get(site):
        return
    before = watch.prices_told.get((seller.name, site, sku), listing.prices[site])
    watch.prices_told[seller.name, site, sku] = price
    jumps = all(max(price, one) > 10 * min(price, one) for one in (listing.prices[site], before))
    if jumps and (seller.name, sku, "jump", int(price * 100)) not in watch.said_yes:
        raise Violation("no_jump_without_a_word", f"{sku} of {seller.subject} from {listing.prices[site]} to {price}")


def nothing_without_permission(watch: Watch, worker: Worker, call: Call) -> None:
    """Without permission nothing is called but what shows whether there is one; a batch that began with it may end."""
    at = worker.notes.get("allowed at")
    if call.label in WITHOUT_PERMISSION or (at is not None and worker.clock - at <= PERMISSION_HOLDS):
        return
    raise Violation("nothing_without_permission", f"{call.label} in {worker.label}, allowed last at {at}")


def nothing_written_without_the_merchants_word(worker: Worker, call: Call, site: str) -> None:
    """Nothing is written on a site where the merchant does not want it; a batch that began with his word may end."""
    at = worker.notes.get(f"word at {site}")
    if at is None or worker.clock - at > PERMISSION_HOLDS:
        raise Violation("nothing_written_without_the_merchants_word", f"{call.path}, allowed last at {at}")


def no_call_without_a_token_of_its_bucket(watch: Watch, call: Call) -> None:
    """Each call to Amazon has taken a token of its bucket for itself: that of its operation, and of its account."""
    scope, operation = watch._holder().pop("token of a bucket", ("", "none"))
    if operation != call.operation:
        raise Violation("no_call_without_a_token_of_its_bucket", f"{call.operation} with one of {operation}")
    worker = watch.story.stage.current()
    if worker is None:
        return
    account = worker.notes["account"]
    of_account = {other for other, number in watch._scopes.items() if number == account}
    if watch._scopes.setdefault(scope, account) != account or of_account - {scope}:
        raise Violation(
            "no_call_without_a_token_of_its_bucket", f"account {account} with one of {scope}, not {of_account}"
        )


def each_account_for_itself(watch: Watch, call: Call, seller: Seller, environ: dict[str, Any]) -> None:
    """An account calls in its own name only, about its own offers and orders."""
    state = watch.story.box.world.state
    access = state.access.get(environ.get("HTTP_X_AMZ_ACCESS_TOKEN", ""))
    grant = watch.story.box.world.authorization_of(access.refresh_token) if access is not None else None
    order = state.orders.get(unquote(call.path.split("/")[-2])) if call.label == "confirm" else None
    named = [grant.seller_id] if grant is not None else []
    named += [unquote(call.path.split("/")[-2])] if call.label == "patch" else []
    named += [order.seller_id] if order is not None else []
    if any(name != seller.name for name in named):
        raise Violation("each_account_for_itself", f"{call.label} of {seller.subject} for {named}")


def no_confirmation_for_a_cancelled_order(call: Call, worker: Worker) -> None:
    """What was known to be cancelled when the run began is not confirmed as sent."""
    reference = unquote(call.path.split("/")[-2])
    if reference in worker.notes["cancelled"]:
        raise Violation("no_confirmation_for_a_cancelled_order", reference)


def within_the_rate_limits(watch: Watch, scope: str, limit: RateLimit) -> None:
    """By our own arithmetic no operation is called faster than its limit."""
    now = watch.story.now()
    tokens, at = watch._buckets.get((scope, limit.operation), (float(limit.burst), now))
    tokens = min(limit.burst, tokens + (now - at).total_seconds() * limit.rate)
    if tokens < 1 - 1e-6:
        raise Violation("within_the_rate_limits", f"{limit.operation} with {tokens:.3f} tokens")
    watch._buckets[scope, limit.operation] = (tokens - 1, now)


def each_reminder_comes_once(watch: Watch, key: tuple[str, str, str], told: Told) -> None:
    """Each step comes to each receiver once. Where it was not noted that it went, since the process died, the answer was
    lost, or the claim ended meanwhile, it may come again: by the same name, so that it is known as the same."""
    former = watch.letters.get(key, [])
    if not former:
        return
    now, last = watch.story.now(), former[-1]
    at_it = any(w.busy and w.notes is last.notes for w in watch.story.stage.workers) and not _noted(key)
    too_late = now - told.claimed_at >= LETTER_CLAIM or (at_it and now - last.claimed_at >= LETTER_CLAIM)
    if not (last.lost or last.died or too_late) or told.identity != last.identity:
        raise Violation("each_reminder_comes_once", f"{key} as {told.identity}, after {last}")


def _noted(key: tuple[str, str, str]) -> bool:
    topic, mark, receiver = key
    rows = models.Letter.objects.filter(topic=topic, mark=mark, receiver=receiver)
    return rows.exclude(sent_at=None).exists()


def reminded_in_their_language(to: str, text: str) -> None:
    """Who has said in which language they read is reminded in it."""
    for name, words in SPOKEN.items():
        if ADDRESSES[name] == to and not re.search(words, text):
            raise Violation("reminded_in_their_language", f"{name}: {text}")


def refusals_only_of_the_present_grant(watch: Watch, standings: Sequence[str]) -> None:
    """The permission is doubted or refused only where Amazon refused it, and not a former one."""
    for seller, standing in zip(watch.story.sellers, standings, strict=True):
        if standing in ("doubted", "refused") and seller.refresh not in watch.refused_tokens:
            raise Violation("refusals_only_of_the_present_grant", f"{seller.subject} {standing}")


def nobody_lands_before_the_day(watch: Watch, landing: Sequence[int]) -> None:
    """Quantities go to 0 a day before the end of a permission, and only where it came by a consent, which says the day."""
    for number in landing:
        seller = watch.story.sellers[number - 1]
        grant = watch.story.box.world.authorization_of(seller.refresh)
        assert grant is not None
        assert grant.expires_at is not None
        left = grant.expires_at - watch.story.now()
        if not grant.by_consent or left > LANDS_BEFORE + EARLY:
            raise Violation("nobody_lands_before_the_day", f"{seller.subject} lands {left} before the end")


def _lands_in(watch: Watch, seller: Seller) -> timedelta | None:
    """So long before the end of a permission an account is that is to land; None: it is not to."""
    grant = watch.story.box.world.authorization_of(seller.refresh)
    if grant is None or grant.expires_at is None or not grant.by_consent:
        return None
    return grant.expires_at - watch.story.now() if seller.lands and seller.called_off != seller.refresh else None


def a_refusal_is_not_repeated(watch: Watch, reference: str) -> None:
    """An order the shop refused is not asked for again by itself, once a worker has lived to write the refusal down."""
    if reference in watch.refused_in_shop and reference not in watch.story.orders_of(watch.story.linking):
        raise Violation("a_refusal_is_not_repeated", reference)


def no_line_stopped_by_a_bug(stopped: str | None) -> None:
    """No error is unforeseen."""
    if stopped is not None:
        raise Violation("no_line_stopped_by_a_bug", stopped)


def looks_keep_their_pauses(watch: Watch, seller: Seller, worker: Worker) -> None:
    """Who refused is not asked again and again: a few looks at first, then one a day, unless a person asks."""
    last = watch._refused_at.get(seller.number)
    at_once = last is not None and worker.notes["begun at"] <= last
    if last is None or at_once or seller.subject in watch._asked_for_at:
        return
    row = accounts.get(seller.account)
    # While the application itself is refused, its own pauses hold: one look tells of all its accounts.
    refused = row.standing == "refused" and row.application.refused_at is None
    age = last - (row.doubted_at or last)
    pause = next((least for older, least in REFUSED_PAUSES if age < older), LATER_PAUSE)
    if refused and watch.story.now() - last < pause:
        raise Violation("looks_keep_their_pauses", f"{seller.subject} again {watch.story.now() - last} after a no")


def nothing_for_the_shop_while_paused(worker: Worker, path: str) -> None:
    """A run that begins while the merchant has paused brings nothing into the shop, and cancels nothing there."""
    if worker.notes.get("paused"):
        raise Violation("nothing_for_the_shop_while_paused", f"{path} by {worker.label} of {worker.subject}")


# -- before the merchant mends it


def a_stop_is_told(watch: Watch) -> Iterator[str]:
    """Where Amazon lets an account do nothing any more, a notice says so before long."""
    told = {(code, subject.split("/")[0]) for code, subject in _open_notices()}
    # Where several accounts are refused at once one notice is for all of them.
    together = ("accounts_doubted", "") in told
    state = watch.story.box.world.state
    application = state.applications[watch.story.application_id]
    # What Amazon made and the merchant has not typed: the former secret is good for a week.
    old_until = application.old_secret_until
    known = not watch.story.new_secret or (old_until is not None and old_until > watch.story.now())
    for seller in watch.story.sellers:
        grant = watch.story.box.world.authorization_of(seller.refresh)
        if accounts.get(seller.account).standing == "none":
            continue  # The merchant took it out himself.
        lives = grant is not None and grant.lives(watch.story.now()) and state.sellers[seller.name].active
        works = known and lives
        if not works and not together and not any((code, seller.subject) in told for code in STOPPED):
            yield f"{seller.subject} stands still, and no notice says why"


def a_refusal_is_told(watch: Watch) -> Iterator[str]:
    """Where the shop will not have an order, a notice says so before long, unless the merchant took the account out."""
    told = set(_open_notices())
    for seller in watch.story.sellers:
        if accounts.get(seller.account).standing == "none":
            continue
        for order in watch.merchants_orders(seller):
            waits = order.status == "UNSHIPPED" and not watch.story.shop.of(order.order_id)
            notice = ("order_held", f"{seller.subject}/refused_by_shop")
            if waits and order.order_id in watch.refused_in_shop and notice not in told:
                yield f"the shop refuses {order.order_id}, and no notice says so"


# -- at rest: each yields what is not so


def every_due_order_is_in_the_shop_once(watch: Watch) -> Iterator[str]:
    """At rest each paid order of the merchant's is in the shop once, and none that ended lives there."""
    for order in watch.merchants_orders():
        booked = watch.story.shop.of(order.order_id)
        living = [b for b in booked if not b.cancelled]
        there = [b for b in booked if not b.cancelled or b.by_merchant]
        if order.status == "CANCELLED":
            if any(not b.parcels for b in living):
                yield f"{order.order_id} is cancelled and lives in the shop"
        elif order.status.startswith("PENDING"):
            if booked:
                yield f"{order.order_id} is pending and in the shop"
        elif watch.linked(order) and len(there) != 1:
            row = models.Order.objects.filter(order_id=order.order_id).first()
            how = f"{row.state} {row.hold_reason} {row.error}" if row else "not in the book"
            yield f"{order.order_id} {order.status} is {len(there)} times in the shop ({how})"


def amazon_shows_what_the_rules_say(watch: Watch) -> Iterator[str]:
    """At rest quantity, handling time and price on Amazon are what the rules say of the shop's present state: the price of each
    site by its own, the other two, which all sites of an SKU share, by the rules that say the least pieces and the most days.

    Where the merchant lets nothing be written they are what they are: `nothing_written_without_the_merchants_word`.
    """
    unsold: dict[str, int] = {}
    for order in watch.merchants_orders():
        if order.status != "CANCELLED" and not watch.story.shop.of(order.order_id):
            for line in order.lines:
                unsold[line.sku] = unsold.get(line.sku, 0) + line.quantity
    for seller in watch.story.sellers:
        if seller.may_write:
            yield from _shown(watch, seller, unsold)


def _shown(watch: Watch, seller: Seller, unsold: dict[str, int]) -> Iterator[str]:
    left = _lands_in(watch, seller)
    landed = left is not None and left <= LANDS_BEFORE
    said = {
        (rule.level, rule.site, rule.name): rule.wishes for rule in models.Rule.objects.filter(account_id=seller.number)
    }
    for sku, article in watch.story.shop.articles.items():
        listing = watch.story.box.world.state.listings[seller.name].get(sku)
        if listing is None:
            continue
        of = f"{sku} of {seller.subject}"
        rules: dict[str, dict[str, str]] = {site: {} for site in listing.marketplace_ids}
        for site, rule in rules.items():
            for place in (("account", "", ""), ("site", site, ""), ("sku", "", sku), ("sku", site, sku)):
                rule |= said.get(place, {})
        free = article.free - unsold.get(sku, 0)
        nothing = landed or seller.off_sale(watch.story.now())
        wanted = 0 if nothing else min(_pieces(free, rule) for rule in rules.values())
        shown = listing.availability.get("DEFAULT")
        by_amazon = (seller.name, sku) in watch.by_amazon_since
        if not by_amazon and shown != wanted:
            yield f"{of} shows {shown}, not {wanted}{_believed(seller, sku)}"
        for site in sorted(seller.writes & set(rules)):
            rate = watch.story.rate if site == PL else Decimal(1)
            price = _price((article.price * rate).quantize(Decimal("0.01"), ROUND_HALF_UP), rules[site])
            if listing.prices[site] != price:
                yield f"{of} costs {listing.prices[site]} on {site}, not {price}"
        own = [
            e
            for e in listing.attributes.get("fulfillment_availability", [])
            if e["fulfillment_channel_code"] == "DEFAULT"
        ]
        lead = own[0].get("lead_time_to_ship_max_days") if own else None
        # What a rule named once stays when the rule goes.
        named = [int(rule["handling_days"]) for rule in rules.values() if "handling_days" in rule]
        days = [max(named)] if named else [5, 3] if len(seller.sites) == 1 else [5, 4, 3]
        if not by_amazon and lead not in days:
            yield f"{of} takes {lead} days to be sent, not {days[0]}"


def _pieces(free: int, rule: dict[str, str]) -> int:
    """What the rule says of so many free pieces: reckoned here once more, and not by what is to be held against it."""
    if free <= int(rule.get("last_pieces", 0)):
        return 0
    free = free * int(rule.get("share", 100)) // 100 - int(rule.get("buffer", 0))
    if rule.get("cap", "none") != "none":
        free = min(free, int(rule["cap"]))
    return 0 if free < int(rule.get("minimum", 0)) else max(free, 0)


def _price(price: Decimal, rule: dict[str, str]) -> Decimal:
    told = (price * (100 + Decimal(rule.get("percent", "0"))) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    floor = Decimal(rule.get("floor", "0 EUR").split()[0])
    if "ending" not in rule:
        return max(told, floor)
    # Of all prices with this ending the nearest, the lower one of two as near; none is below the floor.
    ends = [Decimal(whole) + Decimal("0.99") for whole in range(int(max(told, floor)) + 3)]
    nearest = min(ends, key=lambda end: (abs(end - told), end))
    return nearest if nearest >= floor else min(end for end in ends if end >= floor)


def _believed(seller: Seller, sku: str) -> str:
    found = []
    for row in models.Offer.objects.filter(account_id=seller.number, sku=sku).order_by("pk"):
        waits = "waits" if row.wanted_no > row.settled_no else "settled"
        told = f"told {row.submitted_quantity} at {row.submitted_at}"
        found.append(f"{waits}; seen {row.observed_quantity} at {row.observed_at}, {told}, {row.alarm or 'no alarm'}")
    return f" ({' | '.join(found)})" if found else ""


def no_offer_stays_marked(watch: Watch) -> Iterator[str]:
    """At rest no offer waits, and none is on its way."""
    for row in models.Offer.objects.filter(wanted_no__gt=F("settled_no")).order_by("pk"):
        yield f"{row.sku} waits until {row.not_before}, claimed until {row.claimed_until}, marked {row.marked_at} {row.submission}"
    for row in models.Offer.objects.exclude(submission="").order_by("pk"):
        yield f"{row.sku} is on its way"


def each_shipment_is_confirmed_once(watch: Watch) -> Iterator[str]:
    """At rest Amazon has each parcel of the shop once, with its carrier and pieces, and none for a cancelled order."""
    for order in watch.merchants_orders():
        told = sorted((p.carrier, p.tracking, sorted(p.pieces.items())) for p in order.packages.values())
        sent = sorted(
            (p.carrier, p.tracking, sorted(p.items.items()))
            for b in watch.story.shop.of(order.order_id)
            for p in b.parcels
            if order.status != "CANCELLED"
        )
        if told != sent:
            yield f"{order.order_id} {order.status}: Amazon has {told}, the shop sent {sent}"


def the_book_is_worked_off(watch: Watch) -> Iterator[str]:
    """At rest no order waits for a decision, a creation or a reading."""
    for row in models.Order.objects.filter(state="creating").order_by("pk"):
        yield f"{row.order_id} is being created, claimed until {row.claimed_until}, not before {row.not_before}: {row.error}"
    for row in models.Order.objects.filter(state="held", hold_reason__in=("new", "unreadable")).order_by("pk"):
        yield f"{row.order_id} is {row.hold_reason}"


def permission_stands(watch: Watch) -> Iterator[str]:
    """At rest, with a living grant, the account may sync and no operation counts as denied."""
    for seller in watch.story.sellers:
        why_not = watch.standing(seller.number, "").why_not
        if why_not:
            yield f"{seller.subject} {why_not}"
        yield from sorted(accounts.get(seller.account).denied_operations)


def the_last_token_is_in_force(watch: Watch) -> Iterator[str]:
    """At rest the token that is kept is the one whose grant counts, and its dates are the ones that are told."""
    for seller in watch.story.sellers:
        row = accounts.get(seller.account)
        kept = watch.story.vault.get(owner_of(row), "refresh")
        if kept is None or kept.reveal() != seller.refresh:
            yield f"{seller.subject} keeps another token than that of its grant {row.grant_no}"


def every_side_answers(watch: Watch) -> Iterator[str]:
    """At rest nobody outside counts as ill."""
    for row in models.Side.objects.exclude(failing_since=None).order_by("name"):
        yield f"{row.name} counts as ill"


def open_issues_tell_the_truth(watch: Watch) -> Iterator[str]:
    """Each open notice has its cause in the world, and each cause its notice."""
    told = {(code, subject.split("/")[0]) for code, subject in _open_notices()}
    caused = {(code, seller.subject) for seller in watch.story.sellers for code in _causes(watch, seller)}
    for seller in watch.story.sellers:
        left = _lands_in(watch, seller)
        if left is not None and left <= LANDS_BEFORE and not seller.may_write:
            # Whether it had begun before writing was forbidden.
            caused |= told & {("landing_held", seller.subject), ("landing_under_way", seller.subject)}
        may = ("shipment_refused", seller.subject)
        if may in told and any(_sent_and_cancelled(watch, order) for order in watch.merchants_orders(seller)):
            caused.add(may)
        failed = models.Journal.objects.filter(account_id=seller.number, code="feed_failed")
        if failed.filter(at__gte=watch.story.now() - FEED_NOTICED).exists():
            # What becomes of its answers decides whether a feed came to nothing: only the journal knows.
            caused |= told & {("feed_failed", seller.subject)}
    for code, subject in sorted(told - caused):
        yield f"{code} of {subject} is open without its cause"
    for code, subject in sorted(caused - told):
        yield f"{code} of {subject} is not open with its cause"


def _open_notices() -> list[tuple[str, str]]:
    return list(models.Notice.objects.filter(closed_at=None).values_list("code", "subject"))


def _causes(watch: Watch, seller: Seller) -> Iterator[str]:
    """What a person must know of this account, told by the world and not by Forain's tables."""
    grant = watch.story.box.world.authorization_of(seller.refresh)
    if grant is not None and grant.expires_at is not None and (grant.expires_at - watch.story.now()).days <= 60:
        yield "authorization_expiring"
    if set(seller.sites) - seller.writes:
        yield "site_read_only"
    if seller.emptied:
        yield "emptied"
    if seller.holiday and seller.holiday[0] <= watch.story.now() < seller.holiday[1]:
        yield "holiday"
    left = _lands_in(watch, seller)
    if left is not None and left < ANNOUNCED_BEFORE and (seller.may_write or left > LANDS_BEFORE):
        lands = "landing_under_way" if left <= LANDS_BEFORE else "landing_announced"
        yield lands if seller.may_write else "landing_held"
    for order in watch.merchants_orders(seller):
        if order.status in ("UNSHIPPED", "PARTIALLY_SHIPPED"):
            if order.cancellation_requested_at:
                yield "cancel_asked"
            if not watch.linked(order):
                yield "order_held"


def _sent_and_cancelled(watch: Watch, order: Order) -> bool:
    """It left the shop and was cancelled at Amazon: whether Amazon was told of the parcel first and refused, or the
    order was known to be cancelled before, is a question of moments."""
    return order.status == "CANCELLED" and any(booked.parcels for booked in watch.story.shop.of(order.order_id))


def reminders_once(watch: Watch) -> Iterator[str]:
    """Each reminder step is told once for its grant, and none is owed."""
    told = list(
        models.Journal.objects.filter(code="reminded").values_list(
            "account_id", "placeholders__date", "placeholders__step"
        )
    )
    for one in {one for one in told if told.count(one) > 1}:
        yield f"told more than once: {one}"
    for seller in watch.story.sellers:
        row = accounts.get(seller.account)
        grant = watch.story.box.world.authorization_of(seller.refresh)
        assert grant is not None
        assert grant.expires_at is not None
        left = (grant.expires_at - watch.story.now()).days
        heard = [int(step) for account, date, step in told if (account, date) == (row.pk, grant.expires_at.isoformat())]
        owed = next((step for step in REMIND_AT if left <= step), None)
        if owed is not None and not any(step <= owed for step in heard):
            yield f"step {owed} of {seller.subject} is owed"


def nobody_goes_unreminded(watch: Watch) -> Iterator[str]:
    """At rest whoever wants to be reminded has been told the step that each permission has reached, unless it is night."""
    now = watch.story.now()
    people = models.Person.objects.exclude(user__email="").order_by("pk")
    if NIGHT[0] <= now.hour < NIGHT[1]:
        people = people.filter(quiet_from=None)
    receivers = [f"person:{person.pk}" for person in people]
    receivers += [f"webhook:{webhook.pk}" for webhook in models.Webhook.objects.order_by("pk")]
    for seller in watch.story.sellers:
        grant = watch.story.box.world.authorization_of(seller.refresh)
        assert grant is not None
        assert grant.expires_at is not None
        left = (grant.expires_at - now).days
        owed = next((step for step in REMIND_AT if left <= step), None)
        if owed is None:
            continue
        begins, ends = f"{seller.subject}:authorization:", f":{grant.expires_at:%Y%m%d}"
        for one in receivers:
            heard = [
                int(mark)
                for topic, mark, receiver in watch.letters
                if receiver == one and topic.startswith(begins) and topic.endswith(ends)
            ]
            if not any(step <= owed for step in heard):
                yield f"{one} has not heard of step {owed} of {seller.subject}"


def the_journal_tells_each_thing_once(watch: Watch) -> Iterator[str]:
    """What happened to an order and its parcels stands in the journal, once each: nothing silent, nothing doubled."""
    told: dict[tuple[str, str], int] = {}
    codes = ("order_seen", "order_created", "shipment_confirmed")
    for code, subject in models.Journal.objects.filter(code__in=codes).values_list("code", "subject"):
        one = (code, subject.rsplit("/", 1)[-1])
        told[one] = told.get(one, 0) + 1
    for order in watch.merchants_orders():
        booked = watch.story.shop.of(order.order_id)
        happened = {"order_seen": 1, "shipment_confirmed": len(order.packages)}
        if order.status != "CANCELLED":
            # One that was cancelled while it was being created is only told as cancelled.
            happened["order_created"] = len(booked)
        for code, times in happened.items():
            if told.get((code, order.order_id), 0) != times:
                yield f"{code} of {order.order_id} is told {told.get((code, order.order_id), 0)} times, not {times}"


AT_REST: tuple[Callable[[Watch], Iterator[str]], ...] = (
    permission_stands, the_last_token_is_in_force, every_due_order_is_in_the_shop_once, the_book_is_worked_off, amazon_shows_what_the_rules_say,
    no_offer_stays_marked, each_shipment_is_confirmed_once, every_side_answers,
    open_issues_tell_the_truth, reminders_once, nobody_goes_unreminded, the_journal_tells_each_thing_once,
)  # fmt: skip


# -- at the end, once everything else has come right


def no_buyer_after_the_retention_date(watch: Watch) -> Iterator[str]:
    """No order keeps its buyer longer than allowed after it was sent or cancelled, nor brings him back."""
    vault, now = watch.story.vault, watch.story.now()
    for row in models.Order.objects.filter(body__isnull=False).order_by("pk"):
        order = watch.story.box.world.state.orders[row.order_id]
        ended = order.status in ("SHIPPED", "CANCELLED") and order.updated_at
        if not ended or now - ended < core_orders.BUYER_KEPT + FORGOTTEN_WITHIN:
            continue
        body = orders.body_of(row, vault)
        if body is not None and (body.ship_to is not None or body.buyer_email):
            yield f"{row.order_id} ended {ended}, and its buyer is in the book"


def nothing_private_in_the_open(watch: Watch) -> Iterator[str]:
    """No secret that ever was, and nothing of a buyer, in any table but sealed, nor in the log."""
    state = watch.story.box.world.state
    words = {grant.refresh_token for grant in state.authorizations} | set(state.access)
    words |= {secret for app in state.applications.values() for secret in (app.client_secret, app.old_secret)}
    words |= watch.secrets
    for order in watch.story.amazon_orders():
        words |= {order.buyer["buyerName"], order.buyer.get("buyerEmail", "")}
        words |= {order.address["addressLine1"], order.address.get("phone", "")}
    words.discard("")
    with connection.cursor() as cursor:
        for model in apps.get_app_config("store").get_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            for (text,) in cursor.fetchall():
                yield from (f"{word} in {model._meta.db_table}" for word in words if word in _readable(text))
    for line in watch.log:
        yield from (f"{word} in the log: {line}" for word in words if word in line)
    for text in watch.texts:
        yield from (f"{word} in a reminder: {text}" for word in words if word in text)


def _is_json(body: bytes) -> bool:
    """Whether it says anything: half an answer is no answer."""
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _readable(text: str) -> str:
    """A row as a person would read it: bytes that are written in hex are letters to whoever looks."""
    return _HEX.sub(lambda found: bytes.fromhex(found[1]).decode("latin-1"), text)


def the_count_misses_nothing(watch: Watch) -> Iterator[str]:
    """The daily count finds no order that the import had left out: what it repairs was lost for a day."""
    for proof in models.OrderProof.objects.order_by("pk"):
        if proof.missing:
            yield f"account:{proof.account_id} counted {proof.missing} at {proof.done_at}, and our book had them not"


AT_THE_END: tuple[Callable[[Watch], Iterator[str]], ...] = (
    no_buyer_after_the_retention_date, nothing_private_in_the_open, the_count_misses_nothing,
)  # fmt: skip

TOLD_TO_ITS_END = "told_to_its_end"
"""The simulation itself met no error."""
NAMES = {check.__name__ for check in (*AT_REST, *AT_THE_END, a_stop_is_told, a_refusal_is_told)} | {
    check.__name__
    for check in (
        never_twice_in_the_shop, no_foreign_order_in_the_shop, amounts_to_the_cent, to_the_buyer,
        no_quantity_for_what_amazon_fulfils, told_while_the_claim_lives, one_site_tells_for_all, by_one_road_within_an_hour,
        each_sku_once_in_a_feed, settled_is_what_was_looked_at,
        never_raised_by_older_knowledge, never_raised_over_a_fall_that_was_seen, nothing_without_permission,
        nothing_written_without_the_merchants_word, no_call_without_a_token_of_its_bucket, each_account_for_itself,
        no_confirmation_for_a_cancelled_order, within_the_rate_limits, refusals_only_of_the_present_grant,
        a_refusal_is_not_repeated, no_line_stopped_by_a_bug, looks_keep_their_pauses, nothing_for_the_shop_while_paused,
        each_reminder_comes_once, reminded_in_their_language, nobody_lands_before_the_day,
        a_broken_file_empties_no_shelf, no_jump_without_a_word, nothing_told_of_a_part_that_is_paused,
    )
} | {"no_call_out_within_a_transaction", TOLD_TO_ITS_END}  # fmt: skip
"""All that may be found broken."""
