"""Planted defects: each replaces a piece of the product for one run, and the invariants must catch it.

They live here and nowhere else. The name says the mistake; the replacement is as small as the mistake is.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

from django.db import transaction
from django.db.models import F

from forain.core import authorization, brakes, errors, landing, pricing, retry, roads, rules, sales
from forain.core import issues as core_issues
from forain.core import offers as core_offers
from forain.core import orders as core_orders
from forain.core.ids import AccountId, ShopId
from forain.core.orders import OrderState
from forain.core.secret import Secret
from forain.flows import authorize, decide_offers, hold_back, import_orders, reckon_offers, reconcile_offers
from forain.marketplaces.amazon import offers as amazon_offers
from forain.net import oauth
from forain.net.client import NetClient
from forain.store import (
    accounts,
    issues,
    journal,
    letters,
    limits,
    models,
    offers,
    orders,
    parcels,
    people,
    shops,
)
from forain.store.vault import Vault

from .adapter import SimulatedShop

Planted = AbstractContextManager[Any]


def _instead(owner: Any, name: str, make: Callable[[Any], Any]) -> Planted:
    """`make` gets the real thing and answers what stands in its place."""
    return mock.patch.object(owner, name, make(getattr(owner, name)))


def check_then_insert() -> Planted:
    """Whoever asks may create the order: no claim."""
    return _instead(
        orders, "claim", lambda real: lambda row, *rest: real(row, *rest) or row.state == "creating" or True
    )


def create_without_looking() -> Planted:
    """The shop is not asked first whether it has the order already."""
    return mock.patch.object(SimulatedShop, "ensure_order", SimulatedShop.create)


def dead_creations_stay_dead() -> Planted:
    """A creation whose worker died is nobody's."""
    return _instead(
        orders, "due", lambda real: lambda *told: [r for r in real(*told) if r.state != OrderState.CREATING.value]
    )


def creations_are_not_noted() -> Planted:
    """That the shop has made an order is not written down."""
    return mock.patch.object(orders, "created", return_value=False)


def cancelled_orders_live_on() -> Planted:
    """What Amazon cancelled after it was in the shop is not cancelled there."""
    return _instead(
        orders, "due", lambda real: lambda *told: [r for r in real(*told) if r.state != OrderState.CREATED.value]
    )


def settle_whatever_is_wanted() -> Planted:
    """A stamp instead of the claimed number: a change that came meanwhile counts as told."""

    def settle(row: models.Offer, number: int) -> bool:
        models.Offer.objects.filter(pk=row.pk).update(
            settled_no=F("wanted_no"), submission="", tries=0, claimed_until=None, not_before=None, marked_at=None
        )
        return True

    def acknowledge(rows: Any) -> bool:
        for row in rows:
            settle(row, 0)
        return True

    return mock.patch.multiple(offers, settle=settle, acknowledge=acknowledge)


def ignore_the_grant() -> Planted:
    """A late refusal of a former token counts against the new one."""

    def make(real: Any) -> Any:
        def apply(facts: Any, event: Any) -> Any:
            if hasattr(event, "grant_no"):
                event = replace(event, grant_no=facts.grant_no)
            return real(facts, event)

        return apply

    return _instead(authorization, "apply", make)


def replace_for_merge() -> Planted:
    """`replace` erases what it does not name."""

    def make(real: Any) -> Any:
        def body(change: Any) -> Any:
            told = real(change)
            for patch in told["patches"]:
                patch["op"] = "replace"
            return told

        return body

    return _instead(amazon_offers, "body", make)


def retry_a_refusal() -> Planted:
    """What the shop refused is asked again and again."""

    def make(real: Any) -> Any:
        def verdict(error: Any, attempt: int, now: Any, jitter: float = 0.5) -> Any:
            if isinstance(error, errors.Rejected):
                return retry.Again(now + timedelta(seconds=15), attempt=True)
            return real(error, attempt, now, jitter)

        return verdict

    return _instead(retry, "verdict", make)


def trust_what_was_told() -> Planted:
    """The quantity comes from what the shop once told, not from the shop now."""
    known: dict[Any, Any] = {}
    reconciling = threading.local()

    def remembering(real: Any) -> Any:
        def stock(self: SimulatedShop, variants: Any) -> Any:
            fresh = real(self, variants)
            if getattr(reconciling, "now", False):
                return {name: known.get(name, variant) for name, variant in fresh.items()}
            known.update(fresh)
            return fresh

        return stock

    def make(real: Any) -> Any:
        def reconcile_batch(*told: Any) -> None:
            reconciling.now = True
            try:
                real(*told)
            finally:
                reconciling.now = False

        return reconcile_batch

    @contextmanager
    def planted() -> Iterator[None]:
        with _instead(SimulatedShop, "stock", remembering), _instead(reconcile_offers, "_reconcile_batch", make):
            yield

    return planted()


def mark_before_sending() -> Planted:
    """Told counts as true before it was sent."""

    def make(real: Any) -> Any:
        def intend(changes: Any, now: Any) -> Any:
            told = real(changes, now)
            for row, change in told:
                models.Offer.objects.filter(pk=row.pk).update(
                    settled_no=row.wanted_no, submission="", marked_at=None, observed_quantity=change.quantity
                )
            return told

        return intend

    return _instead(offers, "intend", make)


def forget_pending_stock() -> Planted:
    """Pieces in orders that are not paid yet do not count as sold."""

    def make(real: Any) -> Any:
        def unimported(numbers: Any) -> Any:
            rows = models.Order.objects.filter(state__in=orders.UNSOLD, fulfilled_by="merchant")
            found: dict[tuple[int, str], int] = {}
            for account, pieces in rows.exclude(status__in=("cancelled", "pending")).values_list(
                "account_id", "pieces"
            ):
                for sku, count in pieces.items():
                    found[account, sku] = found.get((account, sku), 0) + count
            real(numbers)
            return found

        return unimported

    return _instead(orders, "unimported_pieces", make)


def stock_before_sold_pieces() -> Planted:
    """The shop's stock is read first and the sold pieces after: an order in between counts nowhere."""

    def make(real: Any) -> Any:
        def unimported(account: models.Account, variants: Any) -> Any:
            assert account.shop_id is not None
            shop = shops.get(ShopId(account.shop_id))
            _kept[account.pk] = _deps[0].open.shop(shop).stock(sorted(variants))
            return real(account, variants)

        return unimported

    @contextmanager
    def planted() -> Iterator[None]:
        batch = reconcile_offers._reconcile_batch

        def reconcile_batch(deps: Any, account: Any, adapter: Any, rows: Any, road: Any, brake: Any) -> None:
            _deps[0] = deps
            opener = _Early(deps.open, lambda: _kept.get(account.pk))
            batch(replace(deps, open=opener), account, adapter, rows, road, brake)

        with (
            _instead(reconcile_offers, "unimported_per_variant", make),
            mock.patch.object(reconcile_offers, "_reconcile_batch", reconcile_batch),
        ):
            yield

    _kept: dict[int, Any] = {}
    _deps: list[Any] = [None]
    return planted()


class _Early:
    """An opener whose shop tells the stock it told before."""

    def __init__(self, real: Any, kept: Callable[[], Any]) -> None:
        self._real, self._kept = real, kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def shop(self, row: Any, secrets: Any = None) -> Any:
        shop, kept = self._real.shop(row, secrets), self._kept

        class Kept:
            def __getattr__(self, name: str) -> Any:
                return getattr(shop, name)

            def stock(self, variants: Any) -> Any:
                return kept() if kept() is not None else shop.stock(variants)

        return Kept()


def raise_over_a_fall() -> Planted:
    """A quantity that fell by itself is put back at once."""

    @contextmanager
    def planted() -> Iterator[None]:
        with (
            mock.patch.object(core_offers, "fell_by_itself", return_value=False),
            mock.patch.object(reconcile_offers, "fell_by_itself", return_value=False),
        ):
            yield

    return planted()


def lists_are_never_late() -> Planted:
    """The window moves to now, without overlap, though Amazon's list ends two minutes ago."""

    def make(real: Any) -> Any:
        def read_window(deps: Any, account: Any, window: Any, place: Any) -> Any:
            new, _ = real(deps, account, window, place)
            return new, deps.clock.now()

        return read_window

    @contextmanager
    def planted() -> Iterator[None]:
        with (
            _instead(import_orders, "_read_window", make),
            mock.patch.object(import_orders, "OVERLAP", timedelta(0)),
        ):
            yield

    return planted()


def unit_price_for_line_total() -> Planted:
    """A line of three costs what one costs."""

    def make(real: Any) -> Any:
        def draft(*told: Any) -> Any:
            found = real(*told)
            lines = tuple(
                replace(line, total=replace(line.total, money=replace(line.total.money, minor=line.total.money.minor // line.quantity)))
                for line in found.lines
            )  # fmt: skip
            return replace(found, lines=lines)

        return draft

    return _instead(core_orders, "_draft", make)


def a_quantity_for_everything() -> Planted:
    """That Amazon fulfils an SKU is not looked at."""

    def make(real: Any) -> Any:
        def plan(key: Any, desired: Any, submitted: Any, observed: Any, **rest: Any) -> Any:
            return real(key, desired, submitted, observed and replace(observed, fulfilled_by="merchant"), **rest)

        return plan

    return _instead(decide_offers, "plan", make)


def a_bucket_for_each_worker() -> Planted:
    """Rate limits are counted in each process alone."""

    def make(real: Any) -> Any:
        def take(self: limits.SharedLimiter, scope: str, limit: Any) -> Any:
            return real(self, f"{scope} {id(self)}", limit)

        return take

    return _instead(limits.SharedLimiter, "take", make)


def always_allowed() -> Planted:
    """Nobody asks whether sync may run."""
    return mock.patch.object(accounts, "may_sync", return_value=authorization.Yes())


def remind_again() -> Planted:
    """A reminder step is told whenever it is looked at."""

    def make(real: Any) -> Any:
        def note_reminder(*told: Any) -> bool:
            real(*told)
            return True

        return note_reminder

    @contextmanager
    def planted() -> Iterator[None]:
        with (
            mock.patch.object(accounts, "sent_reminders", return_value=frozenset()),
            _instead(accounts, "note_reminder", make),
        ):
            yield

    return planted()


def confirmed_before_it_is_told() -> Planted:
    """A parcel counts as confirmed when it is read, and is told after: who dies in between has told nobody."""

    def make(real: Any) -> Any:
        def unconfirmed(account: Any, now: Any) -> Any:
            found = real(account, now)
            models.Parcel.objects.filter(pk__in=[p.pk for p in found]).update(confirmed_at=now)
            return found

        return unconfirmed

    return _instead(orders, "unconfirmed_parcels", make)


def confirms_what_is_cancelled() -> Planted:
    """That Amazon has cancelled an order keeps nobody from confirming its parcels."""

    def every(account: Any, now: Any) -> Any:
        rows = models.Parcel.objects.select_related("order").filter(order__account_id=account, problems=[])
        return list(rows.filter(confirmed_at=None).order_by("pk"))

    def claim(parcel: int, now: Any) -> Any:
        return models.Parcel.objects.select_related("order").get(pk=parcel)

    @contextmanager
    def planted() -> Iterator[None]:
        with (
            mock.patch.object(orders, "unconfirmed_parcels", every),
            mock.patch.object(parcels, "claim", claim),
        ):
            yield

    return planted()


def tells_without_a_claim() -> Planted:
    """Whoever has taken an offer tells it, however long ago that was."""

    def make(real: Any) -> Any:
        def intend(changes: Any, now: Any) -> Any:
            real(changes, now)
            return list(changes)

        return intend

    @contextmanager
    def planted() -> Iterator[None]:
        with _instead(offers, "intend", make), mock.patch.object(offers, "hold", lambda rows, now: list(rows)):
            yield

    return planted()


def any_road_will_do() -> Planted:
    """By which road an SKU was told last is forgotten."""
    return mock.patch.object(roads, "road_of", lambda cheaper, *_: cheaper)


def issues_never_close() -> Planted:
    """A notice once open stays open."""
    return _instead(
        issues,
        "mended",
        lambda real: lambda code, *subjects: code != "cancel_asked" and real(code, *subjects),
    )


def unforeseen() -> Planted:
    """A bug that shows itself rarely: an order of several lines."""

    def make(real: Any) -> Any:
        def step(order: Any, *rest: Any) -> Any:
            if len(order.lines) > 1:
                raise KeyError("several lines")
            return real(order, *rest)

        return step

    return _instead(import_orders, "step", make)


def buyers_stay() -> Planted:
    """Nobody takes the buyers out."""
    return mock.patch.object(orders, "forget_buyers", return_value=0)


def buyers_come_back() -> Planted:
    """An order read again brings back the buyer that was forgotten."""
    return mock.patch.object(orders, "forgetting_buyer", lambda order: order)


def confirms_for_everybody() -> Planted:
    """Parcels are not asked for by account."""

    def make(real: Any) -> Any:
        def unconfirmed(account: Any, now: Any) -> Any:
            return [parcel for row in accounts.every() for parcel in real(AccountId(row.pk), now)]

        return unconfirmed

    return _instead(orders, "unconfirmed_parcels", make)


def one_access_token_for_all() -> Planted:
    """Access tokens are kept by application, and not by seller too."""

    def make(real: Any) -> Any:
        def get(self: Any, client: str, refresh: Secret, exchange: Any, **more: Any) -> Any:
            # The merchant's own process would refuse the very first token: it looks whose it is.
            ours = threading.current_thread().name.startswith("worker")
            return real(self, client, Secret("") if ours else refresh, exchange, **more)

        return get

    return _instead(oauth.AccessTokens, "get", make)


def marks_are_lost() -> Planted:
    """What changed in the shop, or was sold, marks no offer."""
    return mock.patch.object(shops, "mark_variants", return_value=None)


def nothing_is_sealed() -> Planted:
    """What goes into the vault is only written down."""

    @contextmanager
    def planted() -> Iterator[None]:
        def seal(self: Vault, owner: str, name: str, text: str) -> bytes:
            return json.dumps([owner, name, text]).encode()

        def opened(self: Vault, owner: str, name: str, sealed: bytes) -> str:
            return str(json.loads(bytes(sealed))[2])

        with mock.patch.multiple(Vault, seal=seal, open=opened):
            yield

    return planted()


def stops_are_not_told() -> Planted:
    """That Amazon refuses is nobody's business."""

    def make(real: Any) -> Any:
        def of_account(*told: Any) -> Any:
            hidden = (
                "authorization_revoked",
                "authorization_expired",
                "authorization_doubted",
                "authorization_overdue",
            )
            return {issue for issue in real(*told) if issue.code not in hidden}

        return of_account

    return _instead(core_issues, "_of_account", make)


def looks_all_the_time() -> Planted:
    """Whoever was told no asks again at once."""

    def make(real: Any) -> Any:
        def next_probe_at(facts: Any, last: Any) -> Any:
            at = real(facts, last)
            stopped = facts.standing is authorization.Standing.REFUSED
            return (last or facts.refused_at) + timedelta(seconds=20) if stopped else at

        return next_probe_at

    return _instead(authorization, "next_probe_at", make)


def renewed_in_pieces() -> Planted:
    """The token, its dates and the work that goes on with it are written one after the other."""
    return mock.patch.object(authorize, "transaction", SimpleNamespace(atomic=nullcontext))


def the_widest_rule_counts() -> Planted:
    """What is said for the account counts before what is said for one SKU."""
    return mock.patch.object(rules, "LEVELS", rules.LEVELS[::-1])


def works_while_paused() -> Planted:
    """That the merchant paused keeps nobody from bringing into the shop what was read before."""

    def make(real: Any) -> Any:
        def may_sync(row: Any, now: Any, *parts: Any) -> Any:
            answer = real(row, now, *parts)
            paused = isinstance(answer, authorization.No) and answer.code == "paused_by_user"
            return authorization.No("doubted") if paused else answer

        return may_sync

    return _instead(accounts, "may_sync", make)


def refused_goes_on() -> Planted:
    """What the facts say of the permission is not looked at: only whether the merchant paused."""

    def make(real: Any) -> Any:
        def may_sync(facts: Any, application: Any, paused: Any, now: Any, *parts: Any) -> Any:
            return real(facts, application, paused, now, *parts) if paused else authorization.Yes()

        return may_sync

    return _instead(authorization, "may_sync", make)


def a_scope_for_each_worker() -> Planted:
    """Each process has buckets of its own in the table they share."""

    def make(real: Any) -> Any:
        def init(self: NetClient, http: Any, *, scope: str, **more: Any) -> None:
            real(self, http, scope=f"{scope} {threading.current_thread().name}", **more)

        return init

    return _instead(NetClient, "__init__", make)


def a_bucket_of_another_operation() -> Planted:
    """Lists of orders are counted with single orders, of which Amazon allows a hundred times as many."""

    def make(real: Any) -> Any:
        def init(self: NetClient, http: Any, *, limits: Any, **more: Any) -> None:
            swapped = {**limits, "searchOrders": limits["getOrder"]} if "getOrder" in limits else limits
            real(self, http, limits=swapped, **more)

        return init

    return _instead(NetClient, "__init__", make)


def never_remind() -> Planted:
    """No end is near enough to be told."""
    return mock.patch.object(authorization, "reminder_due", return_value=None)


def noted_before_it_is_sent() -> Planted:
    """A reminder counts as sent when it is taken to be sent: whoever dies then, or finds nobody there, has told nobody."""

    def make(real: Any) -> Any:
        def claim(letter: models.Letter, now: Any) -> Any:
            claimed = real(letter, now)
            if claimed is not None:
                letters.sent(letter, now)
            return claimed

        return claim

    return _instead(letters, "claim", make)


def another_mail_each_time() -> Planted:
    """A reminder that is sent once more is another one to whoever gets it."""
    return mock.patch.object(letters, "identity", lambda letter: f"{letter.pk}-{letter.attempt}")


def everybody_reads_english() -> Planted:
    """Reminders are written in the language of the house."""

    def make(real: Any) -> Any:
        def with_mail(right: Any) -> Any:
            found = real(right)
            for person in found:
                person.language = "en"
            return found

        return with_mail

    return _instead(people, "with_mail", make)


def lands_by_any_date() -> Planted:
    """Quantities go to 0 before a day that a person typed, too."""
    return mock.patch.object(
        landing, "possible", lambda facts: facts.standing is not authorization.Standing.NONE and bool(facts.expires_at)
    )


def lands_when_it_is_announced() -> Planted:
    """Quantities go to 0 a week before the end instead of a day."""
    return mock.patch.object(landing, "BEGINS_BEFORE", timedelta(days=8))


def a_pause_stops_all_or_nothing() -> Planted:
    """What is paused of the offers counts only where stock and prices both are."""

    def make(real: Any) -> Any:
        return lambda deps, account, decided: decided

    return _instead(hold_back, "paused", make)


def the_brake_is_off() -> Planted:
    """However many offers go to 0 at once, nobody is asked."""
    return mock.patch.object(brakes, "offers_needed", return_value=None)


def jumps_are_told() -> Planted:
    """A price of another order of magnitude is told like any other."""

    def make(real: Any) -> Any:
        def move(before: Any, after: Any, told: Any) -> Any:
            found = real(before, after, told)
            return None if found is not None and found.kind == "jump" else found

        return move

    return _instead(brakes, "move", make)


def prices_without_percent() -> Planted:
    """The merchant's percent for a site is not applied."""
    return _instead(
        sales,
        "price_on_site",
        lambda real: lambda price, currency, rule, **more: real(price, currency, pricing.PriceRule(), **more),
    )


def a_quantity_takes_the_handling_time_away() -> Planted:
    """What a rule says of the handling time is left out wherever a quantity is told."""

    def make(real: Any) -> Any:
        def fitting(desired: Any, observed: Any, *told: Any) -> Any:
            found = real(desired, observed, *told)
            return found if desired.quantity is None else replace(found, handling_days=None)

        return fitting

    return _instead(offers, "fitting_terms", make)


def one_address_for_all() -> Planted:
    """Where the first order went, all others go."""
    first: list[Any] = []

    def make(real: Any) -> Any:
        def draft(*told: Any) -> Any:
            found = real(*told)
            first.append(found.ship_to)
            return replace(found, ship_to=first[0])

        return draft

    return _instead(core_orders, "_draft", make)


def calls_within_a_transaction() -> Planted:
    """The shop is called while rows are locked."""

    def make(real: Any) -> Any:
        def ensure_order(self: SimulatedShop, draft: Any) -> Any:
            with transaction.atomic():
                return real(self, draft)

        return ensure_order

    return _instead(SimulatedShop, "ensure_order", make)


def orders_of_everybody() -> Planted:
    """Orders are not worked off by account."""

    def make(real: Any) -> Any:
        return lambda account, now: [row for one in accounts.every() for row in real(AccountId(one.pk), now)]

    return _instead(orders, "due", make)


def writes_without_a_word() -> Planted:
    """That the merchant has not said yes for a site is not looked at."""

    def make(real: Any) -> Any:
        def sites(account: Any) -> Any:
            found = real(account)
            for site in found:
                site.writes_allowed_at = site.writes_allowed_at or site.account.created_at
            return found

        return sites

    return _instead(accounts, "sites", make)


def the_first_token_stays() -> Planted:
    """A token that is there is not written over."""

    def make(real: Any) -> Any:
        def put(self: Vault, owner: str, name: str, secret: Secret, now: Any) -> None:
            if name != "refresh" or self.get(owner, name) is None:
                real(self, owner, name, secret, now)

        return put

    return _instead(Vault, "put", make)


def ill_for_ever() -> Planted:
    """Who did not answer once is not heard any more."""

    def make(real: Any) -> Any:
        def side_answers(name: str, *told: Any, **more: Any) -> bool:
            failing = models.Side.objects.filter(name=name).exclude(failing_since=None).exists()
            return False if failing else bool(real(name, *told, **more))

        return side_answers

    return _instead(issues, "side_answers", make)


def the_journal_repeats_itself() -> Planted:
    """What was done is written down by whoever did it, and by whoever waited for it."""

    def make(real: Any) -> Any:
        def write(now: Any, code: str, **told: Any) -> None:
            for _ in range(2 if code == "order_created" else 1):
                real(now, code, **told)

        return write

    return _instead(journal, "write", make)


def put_off_for_ever() -> Planted:
    """What is to be looked at later is looked at in a year."""
    later, one, many, accepted = timedelta(days=365), offers.postpone, offers.postpone_all, offers.accepted
    return mock.patch.multiple(
        offers,
        postpone=lambda row, until: one(row, until + later),
        postpone_all=lambda rows, until, *lane: many(rows, until + later, *lane),
        accepted=lambda row, submission, look_at: accepted(row, submission, look_at + later),
    )


def settled_is_not_noted() -> Planted:
    """That an offer is as it should be is not written down."""
    return mock.patch.object(
        offers, "settle", lambda row, number: offers.postpone(row, row.marked_at + timedelta(days=30))
    )


def refusals_are_not_told() -> Planted:
    """That the shop will not have an order is nobody's business."""

    def make(real: Any) -> Any:
        def found(code: str, subject: str, *told: Any, **more: Any) -> Any:
            return None if subject.endswith("/refused_by_shop") else real(code, subject, *told, **more)

        return found

    return _instead(issues, "found", make)


def denied_for_ever() -> Planted:
    """What was forbidden once is never asked for again."""
    return mock.patch.object(accounts, "allow_operations", return_value=None)


def each_site_tells_its_own() -> Planted:
    """Nobody knows that sites share a stock: each offer is told what the rules of its own site say."""
    return mock.patch.object(offers, "fulfilled_by_merchant", return_value=[])


def the_most_pieces_count() -> Planted:
    """Of what the rules of sites that share say the largest number is told."""

    def largest(numbers: Any) -> int | None:
        said = [(number, place) for place, number in enumerate(numbers) if number is not None]
        return max(said)[1] if said else None

    return mock.patch.object(reckon_offers, "smallest", largest)


MUTANTS: dict[str, Callable[[], Planted]] = {
    planted.__name__: planted
    for planted in (
        any_road_will_do, each_site_tells_its_own, the_most_pieces_count,
        check_then_insert, create_without_looking, dead_creations_stay_dead, creations_are_not_noted, cancelled_orders_live_on,
        settle_whatever_is_wanted, ignore_the_grant, replace_for_merge, retry_a_refusal, trust_what_was_told,
        mark_before_sending, forget_pending_stock, stock_before_sold_pieces, raise_over_a_fall, lists_are_never_late,
        unit_price_for_line_total, a_quantity_for_everything, a_bucket_for_each_worker, always_allowed, remind_again,
        confirmed_before_it_is_told, issues_never_close, unforeseen,
        buyers_stay, buyers_come_back, confirms_for_everybody, one_access_token_for_all,
        marks_are_lost, nothing_is_sealed, stops_are_not_told, looks_all_the_time, works_while_paused,
        renewed_in_pieces, refused_goes_on, a_scope_for_each_worker, a_bucket_of_another_operation, never_remind,
        prices_without_percent, a_quantity_takes_the_handling_time_away, one_address_for_all, calls_within_a_transaction, orders_of_everybody, writes_without_a_word,
        the_first_token_stays, ill_for_ever, the_journal_repeats_itself, put_off_for_ever, settled_is_not_noted, the_widest_rule_counts, denied_for_ever, refusals_are_not_told,
        noted_before_it_is_sent, another_mail_each_time, everybody_reads_english, confirms_what_is_cancelled, tells_without_a_claim, lands_by_any_date, lands_when_it_is_announced,
        the_brake_is_off, jumps_are_told, a_pause_stops_all_or_nothing,
    )
}  # fmt: skip

LOUD: dict[str, tuple[str, ...]] = {
    "each_site_tells_its_own": ("the merchant sets rules", "the merchant counts"),
    "the_most_pieces_count": ("the merchant sets rules",),
    "any_road_will_do": ("the merchant counts", "a hook"),
    "replace_for_merge": ("the merchant counts",),
    "unit_price_for_line_total": ("a buyer on Amazon",),
    "the_widest_rule_counts": ("the merchant sets rules",),
    "unforeseen": ("a buyer on Amazon",),
    "buyers_stay": ("Amazon cancels",),
    "check_then_insert": ("two for one order", "a buyer on Amazon"),
    "create_without_looking": ("the shop's health", "a buyer on Amazon"),
    "creations_are_not_noted": ("a buyer on Amazon",),
    "dead_creations_stay_dead": ("the shop's health",),
    "cancelled_orders_live_on": ("Amazon cancels", "a buyer on Amazon"),
    "settle_whatever_is_wanted": ("a buyer in the shop", "the merchant counts", "two at once"),
    "ignore_the_grant": ("the merchant renews in between",),
    "retry_a_refusal": ("the shop refuses",),
    "trust_what_was_told": ("the merchant counts", "a buyer in the shop"),
    "mark_before_sending": ("the merchant counts", "Amazon is ill"),
    "forget_pending_stock": ("a buyer on Amazon", "the merchant counts"),
    "lists_are_never_late": ("a buyer on Amazon", "the merchant says now"),
    "stock_before_sold_pieces": ("an order in between", "a buyer on Amazon"),
    "raise_over_a_fall": ("the merchant counts", "a buyer on Amazon"),
    "a_quantity_for_everything": ("Amazon takes over", "the merchant counts"),
    "a_bucket_for_each_worker": ("the merchant says now", "two at once"),
    "always_allowed": ("the merchant pauses", "the merchant says now"),
    "remind_again": ("the merchant renews",),
    "confirmed_before_it_is_told": ("the merchant ships", "Amazon is ill"),
    "issues_never_close": ("a buyer asks to cancel", "the merchant ships"),
    "buyers_come_back": ("Amazon cancels",),
    "confirms_for_everybody": ("the merchant ships",),
    "one_access_token_for_all": ("the merchant says now",),
    "marks_are_lost": ("the merchant counts", "a buyer in the shop"),
    "nothing_is_sealed": ("a buyer on Amazon",),
    "stops_are_not_told": ("the seller revokes", "Amazon deactivates"),
    "looks_all_the_time": ("the seller revokes",),
    "renewed_in_pieces": ("the merchant renews",),
    "works_while_paused": ("the merchant pauses", "a buyer on Amazon"),
    "refused_goes_on": ("the seller revokes", "the merchant says now"),
    "a_scope_for_each_worker": (),
    "a_bucket_of_another_operation": (),
    "never_remind": ("the merchant renews",),
    "prices_without_percent": ("the merchant sets rules",),
    "a_quantity_takes_the_handling_time_away": ("the merchant sets rules",),
    "one_address_for_all": ("a buyer on Amazon",),
    "calls_within_a_transaction": ("a buyer on Amazon",),
    "orders_of_everybody": ("a buyer on Amazon",),
    "writes_without_a_word": ("the merchant's word for writing", "the merchant counts"),
    "the_first_token_stays": ("the merchant renews",),
    "ill_for_ever": ("the shop's health",),
    "the_journal_repeats_itself": ("a buyer on Amazon",),
    "put_off_for_ever": ("the merchant counts",),
    "settled_is_not_noted": ("the merchant counts",),
    "denied_for_ever": ("Amazon forbids",),
    "refusals_are_not_told": ("the shop refuses", "a buyer on Amazon"),
    "noted_before_it_is_sent": ("the post's health", "the merchant renews"),
    "another_mail_each_time": ("the post's health", "the merchant renews"),
    "everybody_reads_english": ("the merchant renews",),
    "confirms_what_is_cancelled": ("cancelled on the way", "a buyer on Amazon"),
    "tells_without_a_claim": ("the merchant counts", "a worker is away"),
    "lands_by_any_date": ("the merchant's safe landing",),
    "lands_when_it_is_announced": ("the merchant's safe landing",),
    "the_brake_is_off": ("a broken file",),
    "jumps_are_told": ("the merchant prices",),
    "a_pause_stops_all_or_nothing": ("the merchant pauses", "the merchant counts", "the merchant prices"),
}
"""Mutant -> what happens often in the stories it is looked for in."""

_STOPS = (
    "Amazon deactivates", "the seller revokes", "the merchant pauses", "the merchant's word for writing", "Amazon forbids",
    "Amazon is ill", "the wire", "the shop refuses", "Amazon cancels",
)  # fmt: skip
_RENEWALS = (
    "the merchant renews", "the merchant renews in between", "the seller revokes", "Amazon deactivates",
    "the merchant disconnects",
)  # fmt: skip
WITHOUT: dict[str, tuple[str, ...]] = {
    "cancelled_orders_live_on": ("the merchant ships",), "check_then_insert": _STOPS, "stock_before_sold_pieces": _STOPS,
    "denied_for_ever": _RENEWALS,
    "the_brake_is_off": (*_STOPS, *_RENEWALS, "Amazon takes over", "the merchant unlinks"),
}  # fmt: skip
"""Mutant -> what never happens there, since it hides the harm (an order that has left the house need not be cancelled), or
keeps two workers from meeting, or leaves too few offers to fall together."""
