"""What must always hold, each a function with its sentence. `Watch` remembers what they need and asks them."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import unquote

from django.apps import apps
from django.db import connection
from django.db.models import F

from forain.contracts.manifest import RateLimit
from forain.core import authorization, pricing
from forain.core import orders as core_orders
from forain.core.authorization import Facts, No
from forain.core.ids import AccountId
from forain.core.money import Money
from forain.core.orders import OrderDraft
from forain.store import accounts, limits, models, offers, orders
from forain_box.amounts import details
from forain_box.state import Order

from . import FR, SELLER
from .shop import Booked
from .stage import Violation, Worker

if TYPE_CHECKING:
    from .story import Story

LOOKED_AT_WITHIN = timedelta(minutes=17)
"""What was seen of an offer is believed for a quarter of an hour, and a call takes its time."""
EVERY_STEP = """SELECT (SELECT standing FROM store_account WHERE id = 1),
    (SELECT min(flow || ': ' || error) FROM store_run WHERE stopped)"""
"""What the invariants of every step need, in one question: it is asked thousands of times."""
PERMISSION = """SELECT a::text || p::text FROM store_account a JOIN store_application p ON p.id = a.application_id
    WHERE a.id = 1"""
FORGOTTEN_WITHIN = timedelta(hours=7)
"""The timetable looks every six hours."""
NEEDS_PERMISSION = ("patch", "search orders", "order", "confirm")


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
        return "token" if self.path.endswith("/token") else self.path.split("/")[2]

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Watch:
    """Remembers, and asks the invariants at the right moments.

    `unsettled` and AT_THE_END ask of the story only `now`, `shop.articles`, `shop.of`, `amazon_orders`, `box.world`
    and `refresh`: `tests/processes` tells another one.
    """

    def __init__(self, story: "Story") -> None:
        self.story = story
        self.by_amazon_since: dict[str, datetime] = {"SKU1": story.now()}
        self.refused_tokens: set[str] = set()
        self._looked_at = 0
        self._stored, self._facts = "", (Facts(), authorization.Application(), False)
        self._buckets: dict[tuple[str, str], tuple[float, datetime]] = {}

    # -- what happens, as it happens

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear of what the product counts as sold, and of each token it takes of a bucket."""
        sold, take, claim = orders.unimported_pieces, limits.SharedLimiter.take, offers.claim

        def heard_claim(*told: Any) -> Any:
            rows = claim(*told)
            worker = self.story.stage.current()
            if worker is not None:
                worker.notes["claims"] = {row.sku: row.claim_no for row in rows}
            return rows

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
                self._taken(scope, limit)
            return until

        with (
            mock.patch.object(orders, "unimported_pieces", heard_sold),
            mock.patch.object(limits.SharedLimiter, "take", heard_take),
            mock.patch.object(offers, "claim", heard_claim),
        ):
            yield

    def _knowledge(self) -> dict[str, tuple[int, int, int]]:
        """SKU -> (free in the shop, pieces sold that the shop does not know, all that was ever freed)."""
        sold: dict[str, int] = {}
        rows = models.Order.objects.filter(state__in=("held", "creating"), fulfilled_by="merchant").exclude(
            status="cancelled"
        )
        with self.story.stage.aside():
            unsold = list(rows.values_list("pieces", flat=True))
        for pieces in unsold:
            for sku, count in pieces.items():
                sold[sku] = sold.get(sku, 0) + count
        return {sku: (a.free, sold.get(sku, 0), a.raised) for sku, a in self.story.shop.articles.items()}

    def stock_told(self, skus: Sequence[str]) -> None:
        worker = self.story.stage.current()
        if worker is not None:
            worker.notes["stock"] = self._knowledge()

    def begins(self, worker: Worker) -> None:
        with self.story.stage.aside():
            worker.notes["allowed"] = not isinstance(self._may_sync(), No)
            cancelled = models.Order.objects.filter(status="cancelled")
            worker.notes["cancelled"] = set(cancelled.values_list("order_id", flat=True))

    def _may_sync(self) -> Any:
        """Asked of the core itself: what the product asks may be planted."""
        with connection.cursor() as cursor:
            cursor.execute(PERMISSION)
            (stored,) = cursor.fetchone()
        if stored != self._stored:
            row = accounts.get(AccountId(1))
            self._stored, self._facts = (
                stored,
                (accounts.facts_of(row), accounts.application_of(row), row.paused_by_user),
            )
        return authorization.may_sync(*self._facts, self.story.now())

    def before_call(self, call: Call) -> None:
        if connection.in_atomic_block:
            raise Violation("no_call_out_within_a_transaction", call.label)
        worker = self.story.stage.current()
        if worker is not None:
            with self.story.stage.aside():
                self._ask_of_call(call, worker)

    def _ask_of_call(self, call: Call, worker: Worker) -> None:
        if call.label in NEEDS_PERMISSION:
            nothing_without_permission(self, worker, call)
        if call.label == "patch":
            sku = unquote(call.path.rsplit("/", 1)[1])
            quantity = _quantity(call)
            if quantity is not None:
                no_quantity_for_what_amazon_fulfils(self, sku, quantity)
                told_while_the_claim_lives(self, sku, worker)
                never_raised_by_older_knowledge(self, sku, quantity, worker)
                never_raised_over_a_fall_that_was_seen(self, sku, quantity)
        if call.label == "confirm" and "cancelled" in worker.notes:
            no_confirmation_for_a_cancelled_order(call, worker)

    def after_call(self, call: Call, status: int, body: bytes, environ: dict[str, Any]) -> None:
        if call.label == "token":
            found = re.search(rb"refresh_token=(Atzr[^&]+)", call.body)
            if status in (400, 401) and found:
                self.refused_tokens.add(unquote(found[1].decode()))
        elif status in (401, 403):
            access = self.story.box.world.state.access.get(environ.get("HTTP_X_AMZ_ACCESS_TOKEN", ""))
            if access is not None:
                self.refused_tokens.add(access.refresh_token)

    def order_made(self, made: Booked, draft: OrderDraft) -> None:
        """The shop has one order more; nobody can see it yet."""
        order = self.story.box.world.state.orders.get(made.reference)
        never_twice_in_the_shop(self, made)
        no_foreign_order_in_the_shop(order, made)
        assert order is not None
        amounts_to_the_cent(order, draft)

    def _taken(self, scope: str, limit: RateLimit) -> None:
        within_the_rate_limits(self, scope, limit)

    def every_step(self) -> None:
        a_refusal_is_not_repeated(self)
        if self._looked_at == self.story.stage.writes:
            return
        self._looked_at = self.story.stage.writes
        with connection.cursor() as cursor:
            cursor.execute(EVERY_STEP)
            standing, stopped = cursor.fetchone()
        refusals_only_of_the_present_grant(self, standing)
        no_line_stopped_by_a_bug(stopped)

    def unsettled(self) -> list[tuple[str, str]]:
        """What is not as it must be at rest: (invariant, what)."""
        return [(check.__name__, what) for check in AT_REST for what in check(self)]

    def at_rest(self) -> None:
        for name, what in [*self.unsettled(), *((c.__name__, w) for c in AT_THE_END for w in c(self))]:
            raise Violation(name, what)

    # -- the world as it is

    def merchants_orders(self) -> list[Order]:
        return [o for o in self.story.amazon_orders() if o.fulfilled_by == "MERCHANT"]

    def linked(self, order: Order) -> bool:
        return all(line.sku in self.story.shop.articles for line in order.lines)

    @property
    def site(self) -> models.AccountSite:
        return models.AccountSite.objects.get(account_id=1, site=FR)


def _quantity(call: Call) -> int | None:
    for patch in call.told["patches"]:
        if patch["path"].endswith("fulfillment_availability"):
            return int(patch["value"][0]["quantity"])
    return None


# -- at every step


def never_twice_in_the_shop(watch: Watch, made: Booked) -> None:
    """A marketplace order is in the shop once, at any moment."""
    if len(watch.story.shop.of(made.reference)) > 1:
        raise Violation("never_twice_in_the_shop", made.reference)


def no_foreign_order_in_the_shop(order: Order | None, made: Booked) -> None:
    """Only paid orders of this account that the merchant fulfils become work for the shop."""
    if order is None or order.fulfilled_by != "MERCHANT" or order.status.startswith("PENDING"):
        raise Violation("no_foreign_order_in_the_shop", f"{made.reference} {order.status if order else 'unknown'}")


def amounts_to_the_cent(order: Order, draft: OrderDraft) -> None:
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
    told = [(d.line_id, str(d.variant), d.quantity, d.total.money.text()) for d in draft.lines]
    whole = [draft.shipping.text(), draft.discount.text(), draft.total.text()]
    if sorted(told) != sorted(expected) or whole != [f"{amount:.2f}" for amount in sums.values()]:
        raise Violation("amounts_to_the_cent", f"{order.order_id}: {told} {whole} for {expected} {sums}")


def no_quantity_for_what_amazon_fulfils(watch: Watch, sku: str, quantity: int) -> None:
    """No SKU fulfilled by Amazon ever gets a quantity from us."""
    since = watch.by_amazon_since.get(sku)
    if since is not None and watch.story.now() - since > (LOOKED_AT_WITHIN if sku != "SKU1" else timedelta(0)):
        raise Violation("no_quantity_for_what_amazon_fulfils", f"{sku} {quantity}")


def told_while_the_claim_lives(watch: Watch, sku: str, worker: Worker) -> None:
    """A worker tells a quantity only while the offer is surely its own: else an older one may come after a newer."""
    row = models.Offer.objects.get(sku=sku, site=FR)
    ours = row.claim_no == worker.notes["claims"].get(sku)
    if not ours or row.claimed_until is None or row.claimed_until <= watch.story.now():
        raise Violation("told_while_the_claim_lives", f"{worker.name} tells {sku} claimed until {row.claimed_until}")


def never_raised_by_older_knowledge(watch: Watch, sku: str, quantity: int, worker: Worker) -> None:
    """Amazon's quantity is never above what was free by what Forain knew while it computed."""
    sold, stock = worker.notes.get("sold", {}).get(sku), worker.notes.get("stock", {}).get(sku)
    if sold is None or stock is None:
        return
    first, last = sorted((sold, stock), key=lambda known: known[2])
    most = max(first[0] - first[1], last[0] - last[1]) + last[2] - first[2]
    if quantity > max(most, 0):
        raise Violation("never_raised_by_older_knowledge", f"{sku} {quantity} where {most} are free")


def never_raised_over_a_fall_that_was_seen(watch: Watch, sku: str, quantity: int) -> None:
    """Where Amazon's quantity fell and the order is not in the book yet, nothing is raised."""
    row = models.Offer.objects.get(sku=sku, site=FR)
    if row.observed_quantity is None or row.acknowledged_quantity is None or row.observed_at is None:
        return
    if row.observed_quantity >= row.acknowledged_quantity or quantity <= row.observed_quantity:
        return
    known = set(models.Order.objects.values_list("order_id", flat=True))
    for order in watch.merchants_orders():
        if order.order_id in known or order.created_at > row.observed_at or order.status == "CANCELLED":
            continue
        if any(line.sku == sku for line in order.lines):
            raise Violation("never_raised_over_a_fall_that_was_seen", f"{sku} {quantity} over {order.order_id}")


def nothing_without_permission(watch: Watch, worker: Worker, call: Call) -> None:
    """No write and no order read in a run that was not allowed at its beginning nor at any call since."""
    worker.notes["allowed"] = worker.notes.get("allowed") or not isinstance(watch._may_sync(), No)
    if not worker.notes["allowed"]:
        raise Violation("nothing_without_permission", f"{call.label} in {worker.label}")


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


def refusals_only_of_the_present_grant(watch: Watch, standing: str) -> None:
    """The permission is doubted or refused only where Amazon refused it, and not a former one."""
    if standing in ("doubted", "refused") and watch.story.refresh not in watch.refused_tokens:
        raise Violation("refusals_only_of_the_present_grant", standing)


def a_refusal_is_not_repeated(watch: Watch) -> None:
    """An order the shop refused is not asked for again by itself, but where a worker died before it noted the refusal."""
    for reference, times in watch.story.shop.refused.items():
        if times > 3:
            raise Violation("a_refusal_is_not_repeated", f"{reference} {times} times")


def no_line_stopped_by_a_bug(stopped: str | None) -> None:
    """No error is unforeseen."""
    if stopped is not None:
        raise Violation("no_line_stopped_by_a_bug", stopped)


# -- at rest: each yields what is not so


def every_due_order_is_in_the_shop_once(watch: Watch) -> Iterator[str]:
    """At rest each paid order of the merchant's is in the shop once, and none that ended lives there."""
    for order in watch.merchants_orders():
        booked = watch.story.shop.of(order.order_id)
        living = [b for b in booked if not b.cancelled]
        if order.status == "CANCELLED":
            if any(not b.parcels for b in living):
                yield f"{order.order_id} is cancelled and lives in the shop"
        elif order.status.startswith("PENDING"):
            if booked:
                yield f"{order.order_id} is pending and in the shop"
        elif watch.linked(order) and len(living) != 1:
            row = models.Order.objects.filter(order_id=order.order_id).first()
            how = f"{row.state} {row.hold_reason} {row.error}" if row else "not in the book"
            yield f"{order.order_id} {order.status} is {len(living)} times in the shop ({how})"


def amazon_shows_what_the_rules_say(watch: Watch) -> Iterator[str]:
    """At rest quantity and price on Amazon are what the rules say of the shop's present state."""
    site = watch.site
    if site.writes_allowed_at is None:
        return
    for sku, article in watch.story.shop.articles.items():
        listing = watch.story.box.world.state.listings[SELLER][sku]
        sold = sum(
            line.quantity for order in watch.merchants_orders() for line in order.lines
            if line.sku == sku and order.status != "CANCELLED" and not watch.story.shop.of(order.order_id)
        )  # fmt: skip
        wanted = max(article.free - sold - site.buffer, 0)
        wanted = wanted if site.cap is None else min(wanted, site.cap)
        shown = listing.availability.get("DEFAULT")
        if sku not in watch.by_amazon_since and shown != wanted:
            yield f"{sku} shows {shown}, not {wanted}{_believed(sku)}"
        priced = pricing.price_on_site(
            Money.parse(f"{article.price:.2f}", "EUR"), "EUR", pricing.PriceRule(percent=site.price_percent)
        )
        if isinstance(priced, pricing.Priced) and listing.prices[FR] != priced.price.amount:
            yield f"{sku} costs {listing.prices[FR]}, not {priced.price}"
        lead = [
            entry.get("lead_time_to_ship_max_days") for entry in listing.attributes.get("fulfillment_availability", [])
        ]
        if sku not in watch.by_amazon_since and 5 not in lead:
            yield f"{sku} has lost its handling time"


def _believed(sku: str) -> str:
    row = models.Offer.objects.filter(sku=sku, site=FR).first()
    if row is None:
        return ""
    waits = "waits" if row.wanted_no > row.settled_no else "settled"
    told = f"told {row.submitted_quantity} at {row.submitted_at}"
    return f" ({waits}; seen {row.observed_quantity} at {row.observed_at}, {told}, {row.alarm or 'no alarm'})"


def no_offer_stays_marked(watch: Watch) -> Iterator[str]:
    """At rest no offer waits, and none is on its way."""
    for row in models.Offer.objects.filter(wanted_no__gt=F("settled_no")).order_by("pk"):
        yield f"{row.sku} waits until {row.not_before}, claimed until {row.claimed_until}, marked {row.marked_at} {row.submission}"
    for row in models.Offer.objects.exclude(submission="").order_by("pk"):
        yield f"{row.sku} is on its way"


def each_shipment_is_confirmed_once(watch: Watch) -> Iterator[str]:
    """At rest Amazon has each parcel of the shop once, with its pieces, and none for a cancelled order."""
    for order in watch.merchants_orders():
        told = sorted((p.tracking, sorted(p.pieces.items())) for p in order.packages.values())
        sent = sorted(
            (p.tracking, sorted(p.items.items()))
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
    answer = watch._may_sync()
    if isinstance(answer, No):
        yield answer.code
    yield from sorted(accounts.get(AccountId(1)).denied_operations)


def every_side_answers(watch: Watch) -> Iterator[str]:
    """At rest nobody outside counts as ill."""
    for row in models.Side.objects.exclude(failing_since=None).order_by("name"):
        yield f"{row.name} counts as ill"


def open_issues_tell_the_truth(watch: Watch) -> Iterator[str]:
    """Each open notice has its cause in the world, and each cause its notice."""
    story = watch.story
    account = accounts.get(AccountId(1))
    left = authorization.days_left(accounts.facts_of(account), story.now())
    held = models.Order.objects.filter(state="held").exclude(hold_reason__in=("new", "pending"))
    asked = [
        o
        for o in watch.merchants_orders()
        if o.cancellation_requested_at and o.status in ("UNSHIPPED", "PARTIALLY_SHIPPED")
    ]
    causes = {
        "authorization_expiring": left is not None and left < 60,
        "site_read_only": watch.site.writes_allowed_at is None,
        "order_held": held.exists(),
        "cancel_asked": bool(asked),
        "shipment_refused": models.Parcel.objects.filter(confirmed_at=None).exclude(problems=[]).exists(),
    }
    open_codes = set(models.Notice.objects.filter(closed_at=None).values_list("code", flat=True))
    for code, cause in causes.items():
        if cause != (code in open_codes):
            yield f"{code} is {'open without' if code in open_codes else 'not open with'} its cause"
    for code in sorted(open_codes - set(causes)):
        yield f"{code} is open"


def reminders_once(watch: Watch) -> Iterator[str]:
    """Each reminder step is told once for its grant, and none is owed."""
    told = models.Journal.objects.filter(code="reminded").count()
    noted = models.Reminder.objects.count()
    if told != noted:
        yield f"told {told} times, noted {noted}"
    row = accounts.get(AccountId(1))
    owed = authorization.reminder_due(accounts.facts_of(row), accounts.sent_reminders(row), watch.story.now())
    if owed is not None:
        yield f"step {owed} is owed"


AT_REST: tuple[Callable[[Watch], Iterator[str]], ...] = (
    permission_stands, every_due_order_is_in_the_shop_once, the_book_is_worked_off, amazon_shows_what_the_rules_say,
    no_offer_stays_marked, each_shipment_is_confirmed_once, every_side_answers,
    open_issues_tell_the_truth, reminders_once,
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
    """No secret, no buyer's name in any table but sealed."""
    words = {watch.story.refresh, *(o.buyer["buyerName"] for o in watch.story.amazon_orders())}
    words |= {o.address["addressLine1"] for o in watch.story.amazon_orders()}
    with connection.cursor() as cursor:
        for model in apps.get_app_config("store").get_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            for (text,) in cursor.fetchall():
                for word in words:
                    if word and word in text:
                        yield f"{word} in {model._meta.db_table}"


AT_THE_END: tuple[Callable[[Watch], Iterator[str]], ...] = (
    no_buyer_after_the_retention_date, nothing_private_in_the_open,
)  # fmt: skip
