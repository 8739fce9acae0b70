"""Each order is in my shop exactly once: read what changed, keep it in our book, then work off the book."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction

from forain.contracts.marketplace import OrderPage
from forain.contracts.shop import Shop, Variant
from forain.core import authorization, errors, retry
from forain.core.bundles import Component, Part, is_bundle
from forain.core.clock import Instant, Window, format_instant, parse_instant
from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.core.orders import (
    Bundles,
    Cancel,
    Create,
    Hold,
    Nothing,
    Order,
    OrderDraft,
    OrderState,
    OrderStatus,
    step,
    without_buyer,
)
from forain.flows import authorize
from forain.flows.deps import Deps
from forain.net.pages import overlapping, pages
from forain.store import accounts, issues, journal, models, offers, orders, registrations, runs, shops

OVERLAP = timedelta(minutes=15)
"""Windows overlap: bounds are inclusive, lists are late, and ids make repeats harmless."""
READ_EVERY = timedelta(minutes=3)
"""One list a little slower than the rate Amazon allows for it (0.0056 a second)."""
EVERY_OTHER_TURN = 1.5 * READ_EVERY
"""More than one turn and less than two, however long a reading takes. Were new orders read more rarely while a proof is under
way, what sold in the gap would be looked at anew before a reading shows that all its orders are known."""
FIRST_READ = timedelta(days=2)
UNREADABLE_AT_ONCE = 20
"""So many orders that could not be read are asked for again in one run."""
CANCEL_AGAIN = timedelta(hours=1)
"""How soon a shop that would not cancel is asked again."""
PROOF_AGAIN = timedelta(hours=1)
"""How soon a catch-up that found orders missing is proven again."""
NAMED = 10
"""So many ids stand in a sentence."""
CURABLE = (
    "unknown_sku", "address_missing", "price_missing", "no_lines", "already_shipped", "unfulfillable", "unreadable",
    "refused_by_shop",
)  # fmt: skip
"""What holds an order back until a person has done something about it."""


def read_orders(deps: Deps, account: models.Account) -> int:
    """Read the open window into our book; the answer is how many orders are new. Never touches the shop.

    `orders_known_until` moves only after the last page was read and written.
    """
    now = deps.clock.now()
    known = account.orders_known_until or account.import_since
    place = runs.place("import_orders", f"account:{account.pk}", "read", now)
    window = overlapping(known, now, overlap=OVERLAP, first=FIRST_READ)
    if place:
        # The marketplace wants its page's token with the same window it was given for.
        window = Window(parse_instant(place["since"]), parse_instant(place["begun_at"]))
    try:
        new, complete_until = _read_window(deps, account, window, place)
    except errors.Malformed:
        # What is known by name is asked for all the same.
        read_again(deps, account)
        raise
    read_until = complete_until or window.until - timedelta(minutes=5)
    accounts.note_reading(AccountId(account.pk), read_until, deps.clock.now())
    orders.observed_shipped(AccountId(account.pk), deps.clock.now())
    read_again(deps, account)
    # Offers that wait for unread orders may go on now; sold pieces change what others may show.
    runs.poke("reconcile_offers", f"account:{account.pk}", deps.clock.now())
    return new


def _read_window(
    deps: Deps, account: models.Account, window: Window, place: dict[str, Any]
) -> tuple[int, Instant | None]:
    """Read from where `place` says ({}: the beginning); a run that is slowed down leaves its place to the next."""
    told = place or {"since": format_instant(window.since), "begun_at": format_instant(window.until), "until": ""}
    new = 0
    for page in _pages_from(deps, account, window, "read", told):
        new += _keep(deps, account, page)
        if not told["until"] and page.complete_until:
            told["until"] = format_instant(page.complete_until)
        told["cursor"] = page.cursor
        _keep_place(account, "read", told if page.cursor else {})
        if page.cursor:
            authorize.still_allowed(deps, account, authorization.ORDERS)
    return new, parse_instant(told["until"]) if told["until"] else None


def _pages_from(
    deps: Deps, account: models.Account, window: Window, reading: str, told: dict[str, Any]
) -> Iterator[OrderPage]:
    """The pages from where `told` says. An order without a readable name stops none of the others, but where one was
    met the list was not read whole: Malformed after the last page, so that nobody takes the window for known."""
    adapter = deps.open.marketplace(account)
    try:
        for page in pages(lambda cursor: adapter.changed(window, cursor), told.get("cursor")):
            unnamed = [unread.field for unread in page.unread if not unread.order_id]
            told["unnamed"] = [*told.get("unnamed", []), *unnamed][:1]
            yield page
        for field in told.get("unnamed", []):
            raise errors.Malformed(f"an order without a name: {field}")
    except (errors.Rejected, errors.Malformed):
        # Perhaps it is the page's token: the next run begins anew.
        _keep_place(account, reading, {})
        raise


def _keep_place(account: models.Account, reading: str, told: dict[str, Any]) -> None:
    runs.keep_place("import_orders", f"account:{account.pk}", reading, told)


def _keep(deps: Deps, account: models.Account, page: OrderPage) -> int:
    new = 0
    for order in page.orders:
        new += _note(deps, account, order)
    for unread in page.unread:
        if unread.order_id:
            orders.see_unreadable(AccountId(account.pk), unread.order_id, unread.field, deps.clock.now())
    return new


def _note(deps: Deps, account: models.Account, order: Order) -> bool:
    """Write an order into the book, and look again at what it sold; True: it is new."""
    now = deps.clock.now()
    correlation = journal.new_correlation()
    # With all that follows from it, or not at all: whoever dies in between would leave an order that nobody looks at again.
    with transaction.atomic():
        seen = orders.see(order, deps.vault, now, correlation)
        # Told while the row is held: a reading that comes late must not take back what a newer one told.
        if seen != "older":
            _tell_cancel_asked(account, order, now)
        if seen == "new":
            journal.write(
                now, "order_seen", account=AccountId(account.pk), subject=str(order.key), correlation_id=correlation
            )
        if seen in ("new", "changed"):
            _mark_sold(deps, account, [line.sku for line in order.lines], correlation if seen == "new" else "")
    return seen == "new"


def _tell_cancel_asked(account: models.Account, order: Order, now: Instant) -> None:
    """The buyer asks to cancel what has not left yet: a person decides, at the marketplace and in the shop.

    A reading that does not tell whether the buyer asks changes nothing.
    """
    subject = f"account:{account.pk}/{order.key.order_id}"
    ours = order.status in orders.UNSENT and order.fulfilled_by == "merchant"
    if ours and order.cancel_asked is None:
        return
    if ours and order.cancel_asked:
        issues.found("cancel_asked", subject, now, account=account.pk, placeholders={"order": order.key.order_id})
    else:
        issues.mended("cancel_asked", subject)


def _mark_sold(deps: Deps, account: models.Account, skus: Iterable[str], correlation: str = "") -> None:
    """Look again at all that shares its stock with these SKUs: other SKUs of a variant and bundles it is in, other accounts of
    the shop."""
    if account.shop_id is None:
        return
    contents = shops.contents(AccountId(account.pk), [SellerSku(sku) for sku in skus])
    variants = {part.variant for parts in contents.values() for part in parts}
    shops.mark_variants(ShopId(account.shop_id), variants, deps.clock.now(), correlation)


def read_again(deps: Deps, account: models.Account) -> None:
    """Orders whose reading broke or lacks something are asked for by their id; one failure does not stop the next."""
    # Where roles are asked for, a new permission may have one more: what came without address is not left for an hour.
    granted_at = account.granted_at if registrations.of_account(account) else None
    for row in orders.to_read_again(AccountId(account.pk), deps.clock.now(), UNREADABLE_AT_ONCE, granted_at):
        try:
            order = deps.open.marketplace(account).order(row.order_id)  # type: ignore[arg-type]
        except (errors.Malformed, errors.Rejected, errors.Denied) as error:
            orders.see_unreadable(AccountId(account.pk), row.order_id, str(error), deps.clock.now())
            continue
        except errors.Throttled:
            # Many of them at once: the rest is asked for next time.
            return
        if order is not None:
            _note(deps, account, order)
        else:
            orders.see_unreadable(AccountId(account.pk), row.order_id, row.hold_detail, deps.clock.now())


def settle_orders(deps: Deps, account: models.Account) -> Instant | None:
    """Work off our book: hold, create in the shop, cancel there. The answer is when something is due again.

    Needs no permission of the marketplace: an order once read is finished even if access ended meanwhile.
    One order's trouble never stops the next, and is noted in its row with the time of the next try; what the shop
    has against all of them ends the run. Raises ShopRefused only.
    """
    refused: errors.ShopRefused | None = None
    ill = 0
    for row in orders.due(AccountId(account.pk), deps.clock.now()):
        with journal.chain(row.correlation or journal.new_correlation()):
            try:
                _settle_one(deps, account, row)
                ill = 0
            except errors.ShopRefused as error:
                refused = error
                break
            except (errors.Unreachable, errors.Throttled, errors.Busy):
                break
            except errors.ServerFault:
                # One answer of this kind may be about this order; two in a row are about the shop.
                ill += 1
                if ill == 2:
                    break
            except errors.AdapterError:
                ill = 0
    _tell_held(deps, account)
    if refused is not None:
        raise refused
    return orders.next_unfinished(AccountId(account.pk))


def _settle_one(deps: Deps, account: models.Account, row: models.Order) -> None:
    now = deps.clock.now()
    order = orders.body_of(row, deps.vault)
    if order is None:
        return
    mapping, bundles = _what_was_sold(account, order)
    subject = str(order.key)
    match step(order, OrderState(row.state), mapping, account.import_since, bundles):
        case Hold(reason=reason, detail=detail):
            with transaction.atomic():
                if orders.hold(row, reason, detail):
                    journal.write(
                        now, "order_held", account=AccountId(account.pk), subject=subject,
                        placeholders={"reason": reason, "detail": detail},
                    )  # fmt: skip
        case Create(draft=draft):
            if row.hold_reason != "refused_by_shop":
                _create(deps, account, row, draft, order)
        case Cancel():
            _cancel(deps, account, row, order)
        case Nothing(state=OrderState.CANCELLED) if row.intent_at is not None:
            # It was begun once and then held: perhaps the shop has it after all.
            _cancel(deps, account, row, order)
        case Nothing(state=state):
            with transaction.atomic():
                if orders.become(row, state):
                    journal.write(now, f"order_{state.value}", account=AccountId(account.pk), subject=subject)
                    _mark_sold(deps, account, row.pieces, row.correlation)


def _what_was_sold(account: models.Account, order: Order) -> tuple[dict[SellerSku, VariantId], Bundles]:
    """The links of the order's SKUs, and what its bundles are made of. Their prices only divide amounts: as last mirrored will do."""
    contents = shops.contents(AccountId(account.pk), [line.sku for line in order.lines])
    mapping = {sku: parts[0].variant for sku, parts in contents.items() if not is_bundle(parts)}
    made_of = {sku: parts for sku, parts in contents.items() if is_bundle(parts)}
    if not made_of or account.shop_id is None:
        return mapping, {}
    names = {part.variant for parts in made_of.values() for part in parts}
    known = shops.mirrored(ShopId(account.shop_id), names)
    return mapping, {
        sku: [_component(part, known.get(part.variant)) for part in parts] for sku, parts in made_of.items()
    }


def _component(part: Part, known: Variant | None) -> Component:
    return Component(part.variant, part.need, known.title if known else "", known.price if known else None)


def _create(deps: Deps, account: models.Account, row: models.Order, draft: OrderDraft, order: Order) -> None:
    # What the marketplace says the order is worth, which its lines need not add up to.
    total = order.total or draft.total
    if account.shop_id is None:
        return
    shop = shops.get(ShopId(account.shop_id))
    lag = deps.open.shop_manifest(shop.kind).search_lag
    if not orders.claim(row, deps.clock.now(), lag, journal.correlation()):
        return
    try:
        made = deps.open.shop(shop).ensure_order(draft)
    except errors.AdapterError as error:
        verdict = retry.verdict(error, row.attempt + 1, deps.clock.now(), deps.jitter())
        if isinstance(verdict, retry.Again):
            # The order may be there or not: the claim ends, and the next try finds it by our reference first.
            orders.put_off(row, without_buyer(str(error), order), max(verdict.at, deps.clock.now() + lag))
            raise
        detail = _problem(error, order)
        with transaction.atomic():
            if orders.refused(row, detail):
                _write(deps, account, row, "order_refused_by_shop", {"problem": detail})
        return
    with transaction.atomic():
        if not orders.created(row, made.shop_order, deps.clock.now()):
            return
        _write(deps, account, row, "order_created", {"shop_order": made.shop_order, "total": str(made.total)})
        if made.total != total:
            issues.found(
                "order_total_differs", f"account:{account.pk}/{row.order_id}", deps.clock.now(), account=account.pk,
                placeholders={"order": row.order_id, "shop": str(made.total), "marketplace": str(total)},
            )  # fmt: skip
        _mark_sold(deps, account, row.pieces, journal.correlation())
    runs.poke("confirm_shipments", f"account:{account.pk}", deps.clock.now())


def _problem(error: errors.AdapterError, order: Order) -> str:
    """In the shop's words, but for the buyer that these may repeat."""
    problems = error.problems if isinstance(error, errors.Rejected) else ()
    told = f"{problems[0].code} {problems[0].text}".strip() if problems else str(error)
    return without_buyer(told, order)


def _cancel(deps: Deps, account: models.Account, row: models.Order, order: Order) -> None:
    if account.shop_id is None:
        return
    subject = f"account:{account.pk}/{row.order_id}"
    shop = shops.get(ShopId(account.shop_id))
    shown_by = row.imported_at and row.imported_at + deps.open.shop_manifest(shop.kind).search_lag
    if shown_by and deps.clock.now() < shown_by:
        # The shop's search does not show it yet: it would say that it has none, and keep it.
        orders.wait(row, shown_by)
        return
    try:
        deps.open.shop(shop).cancel_order(row.order_id)  # type: ignore[arg-type]
    except errors.AdapterError as error:
        now = deps.clock.now()
        verdict = retry.verdict(error, row.attempt + 1, now, deps.jitter())
        if isinstance(verdict, retry.Stop):
            # It has left the house, say: a person decides, and the shop is asked again now and then.
            told = {"order": row.order_id, "problem": _problem(error, order)}
            issues.found("cancel_refused", subject, now, account=account.pk, placeholders=told)
        orders.put_off(
            row, _problem(error, order), verdict.at if isinstance(verdict, retry.Again) else now + CANCEL_AGAIN
        )
        raise
    with transaction.atomic():
        issues.mended("cancel_refused", subject)
        if orders.cancelled_in_shop(row, deps.clock.now()):
            _write(deps, account, row, "order_cancelled", {})
            _mark_sold(deps, account, row.pieces, row.correlation)


def try_again(deps: Deps, row: models.Order) -> None:
    """A person says: once more, and soon. A creation that failed is found by our reference first, if the shop has it."""
    now, shop = deps.clock.now(), accounts.get(AccountId(row.account_id)).shop
    orders.try_again(row, now + deps.open.shop_manifest(shop.kind).search_lag if shop else None)
    runs.force(f"account:{row.account_id}", now, ["import_orders"])


def put_aside(deps: Deps, account: models.Account, row: models.Order, by: str) -> None:
    """A person took care of this order: it is no work any more, and its pieces no longer count as sold."""
    with transaction.atomic():
        if not orders.put_aside(row):
            return
        issues.mended("cancel_refused", f"account:{account.pk}/{row.order_id}")
        journal.write(
            deps.clock.now(), "order_put_aside", account=AccountId(account.pk), subject=row.order_id,
            correlation_id=row.correlation, placeholders={"by": by},
        )  # fmt: skip
        _mark_sold(deps, account, row.pieces, row.correlation)
    _tell_held(deps, account)


def _write(deps: Deps, account: models.Account, row: models.Order, code: str, told: dict[str, str]) -> None:
    journal.write(deps.clock.now(), code, account=AccountId(account.pk), subject=row.order_id, placeholders=told)


def _tell_held(deps: Deps, account: models.Account) -> None:
    """Held orders a person can help are findings; pending ones only wait for Amazon and are none."""
    now = deps.clock.now()
    held = orders.held_by_reason(AccountId(account.pk))
    for reason in CURABLE:
        if not held.get(reason):
            continue
        row = models.Order.objects.filter(account=account, state="held", hold_reason=reason).first()
        told = {
            "reason": reason,
            "count": str(held[reason]),
            "order": row.order_id if row else "",
            "detail": row.hold_detail if row else "",
        }
        issues.found("order_held", f"account:{account.pk}/{reason}", now, account=account.pk, placeholders=told)
    issues.mended("order_held", *(f"account:{account.pk}/{reason}" for reason in CURABLE if not held.get(reason)))
    _tell_not_created(account, now)


def _tell_not_created(account: models.Account, now: Instant) -> None:
    """What the shop fails on again and again is tried on, and told; the shop as a whole may be well."""
    failing, subject = orders.not_created(AccountId(account.pk), now), f"account:{account.pk}"
    if not failing:
        issues.mended("order_not_created", subject)
        return
    names = [row.order_id for row in failing]
    told = {"count": str(len(names)), "orders": named(names), "order": names[0], "problem": failing[0].error}
    issues.found("order_not_created", subject, now, account=account.pk, placeholders=told)


def named(names: list[str]) -> str:
    """The ids of orders as a sentence holds them: not more than `NAMED`."""
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")


def catch_up(deps: Deps, account: models.Account) -> models.CatchUp | None:
    """After a stop, once everything was read and worked off: prove that no order of the gap is missing.

    Reads the gap at the marketplace a second time and asks the shop for each order that is due. An order that the shop
    fails on is not waited for: it is missing, and the proof is repeated until it is none. None: no stop to make good, or
    the book is not worked off yet.
    """
    since, now = account.catch_up_from, deps.clock.now()
    if since is None or account.shop_id is None or not orders.worked_off(AccountId(account.pk), now):
        return None
    former = models.CatchUp.objects.filter(account=account, since=since).first()
    if former is not None and now - former.done_at < PROOF_AGAIN:
        return former
    told = _proof_begun(account, now) or {
        "begun_at": format_instant(now), "resumed_at": _resumed(account), "due": 0, "late": 0, "missing": 0,
    }  # fmt: skip
    _keep_place(account, "proof", told)
    row = shops.get(ShopId(account.shop_id))
    shop, lag = deps.open.shop(row), deps.open.shop_manifest(row.kind).search_lag
    authorize.still_allowed(deps, account, authorization.ORDERS)
    for page in _pages_from(deps, account, Window(since, parse_instant(told["begun_at"])), "proof", told):
        due, late, missing = _proof_of(account, shop, page, since, lag, deps.clock.now())
        told |= {"due": told["due"] + due, "late": told["late"] + late, "missing": told["missing"] + missing}
        told["cursor"] = page.cursor
        _keep_place(account, "proof", told if page.cursor else {})
        if page.cursor:
            authorize.still_allowed(deps, account, authorization.ORDERS)
    return _proven(deps, account, since, told)


def _resumed(account: models.Account) -> str:
    return format_instant(account.resumed_at) if account.resumed_at else ""


def _proof_begun(account: models.Account, now: Instant) -> dict[str, Any]:
    """How far the proof got; {} where it begins anew. It ends at its beginning, so that what another stop made since
    then to be missed would never be proven."""
    told = runs.place("import_orders", f"account:{account.pk}", "proof", now)
    return told if told.get("resumed_at") == _resumed(account) else {}


def _proof_of(
    account: models.Account, shop: Shop, page: OrderPage, since: Instant, lag: timedelta, now: Instant
) -> tuple[int, int, int]:
    """(orders of this page that belong into the shop, those that came after the stop, those that are not there).

    The shop's search shows what was made longer ago than `lag`; what came later was read back when it was made.
    """
    due = late = missing = 0
    failing = {row.order_id for row in orders.not_created(AccountId(account.pk), now)}
    for order in page.orders:
        if order.fulfilled_by == "marketplace" or order.status in (OrderStatus.PENDING, OrderStatus.CANCELLED):
            continue
        row = orders.by_id(AccountId(account.pk), order.key.order_id)
        if row is not None and row.state not in (OrderState.CREATING.value, OrderState.CREATED.value):
            continue
        due += 1
        if row is None or row.imported_at is None or row.imported_at >= (account.resumed_at or since):
            late += 1
        made_lately = row is not None and row.imported_at is not None and row.imported_at > now - lag
        # One that the shop fails on is counted at the end; most likely it fails by this question too.
        if not made_lately and order.key.order_id not in failing and shop.order(order.key.order_id) is None:
            missing += 1
    return due, late, missing


@transaction.atomic
def _proven(deps: Deps, account: models.Account, since: Instant, told: dict[str, Any]) -> models.CatchUp | None:
    """Write what the proof found. None: sync stopped and went on while it was read, and it begins anew."""
    now = deps.clock.now()
    row = models.Account.objects.select_for_update().get(pk=account.pk)
    if row.catch_up_from != since or _resumed(row) != told["resumed_at"]:
        return None
    # The shop fails on these; an older one than the gap is as much missing.
    late, missing = told["late"], told["missing"] + len(orders.not_created(AccountId(account.pk), now))
    proof, new = models.CatchUp.objects.update_or_create(
        account=account,
        since=since,
        defaults={
            "until": parse_instant(told["begun_at"]), "missing_before": late, "missing_now": missing, "done_at": now,
            "offers_marked": offers.backlog(AccountId(account.pk)).offers,
        },
    )  # fmt: skip
    subject = f"account:{account.pk}"
    if missing == 0:
        accounts.note(AccountId(account.pk), catch_up_from=None)
        issues.mended("orders_missing", subject)
    else:
        issues.found("orders_missing", subject, now, account=account.pk, placeholders={"count": str(missing)})
    if new or missing == 0:
        journal.write(
            now, "caught_up" if missing == 0 else "orders_missing", account=AccountId(account.pk),
            placeholders={"before": late, "now": missing, "due": told["due"]},
        )  # fmt: skip
    return proof


def import_orders(deps: Deps, account: models.Account) -> Instant:
    """Read, work off, and after a stop prove; the answer is when to read again.

    What is in our book is worked off even where the marketplace will not be read now; its word is raised after.
    """
    unread: errors.AdapterError | None = None
    proving = _proof_begun(account, deps.clock.now())
    lately = account.orders_imported_at or account.created_at
    try:
        # Both read the same slow list: while a long proof is under way, every other turn is the proof's.
        if not proving or deps.clock.now() - lately >= EVERY_OTHER_TURN:
            read_orders(deps, account)
    except errors.AdapterError as error:
        unread = error
    row = accounts.get(AccountId(account.pk))
    resume = None
    try:
        resume = settle_orders(deps, row)
    except errors.ShopRefused:
        if unread is None:
            raise
    if unread is not None:
        raise unread
    catch_up(deps, row)
    again = deps.clock.now() + READ_EVERY
    return min(again, resume) if resume else again
