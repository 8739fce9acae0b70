"""Amazon knows what I shipped: read the shop's parcels, tell each once, count it as true when Amazon shows it."""

from datetime import timedelta

from django.db import transaction

from forain.contracts.marketplace import Confirmed, Parcel, ParcelRefused
from forain.contracts.shop import Shipment
from forain.core import authorization, errors
from forain.core.bundles import Packed, added, pack
from forain.core.clock import Instant
from forain.core.ids import AccountId, MarketplaceOrderId, ShopId, SiteId
from forain.core.orders import Order, OrderStatus, without_buyer
from forain.flows import authorize, import_orders
from forain.flows.deps import Deps
from forain.store import issues, journal, models, orders, parcels, shops

LOOK_EVERY = timedelta(minutes=2)


def confirm_shipments(deps: Deps, account: models.Account) -> Instant:
    """Read parcels, confirm what is unconfirmed, say what the marketplace took and never shows; the answer is when to look
    again. Safe to repeat."""
    _tell_unshown(deps, account)
    if account.shop_id is None:
        return deps.clock.now() + LOOK_EVERY
    try:
        read_parcels(deps, account)
    except errors.AdapterError as error:
        # The shop's own trouble: what it told before is confirmed all the same.
        trouble: errors.AdapterError | None = error
    else:
        trouble = None
    _tell_orders(deps, account, "bundles_in_part", orders.left_in_part(AccountId(account.pk), deps.clock.now()))
    for waiting in orders.unconfirmed_parcels(AccountId(account.pk), deps.clock.now()):
        by_hand = waiting.attempt == 0 and _shipped_by_hand(deps, account, waiting)
        parcel = parcels.claim(waiting.pk, deps.clock.now())
        if parcel is None:
            continue
        try:
            with journal.chain(parcel.order.correlation):
                _confirm(deps, account, parcel, by_hand=by_hand)
        finally:
            parcels.release(parcel)
        authorize.still_allowed(deps, account, authorization.SHIPMENTS)
    if trouble is not None:
        raise trouble
    return deps.clock.now() + LOOK_EVERY


def _tell_unshown(deps: Deps, account: models.Account) -> None:
    """A taken parcel is no sent order yet: a feed is refused later, or nothing comes of it."""
    _tell_orders(deps, account, "shipments_unshown", orders.unshown(AccountId(account.pk), deps.clock.now()))


def _tell_orders(deps: Deps, account: models.Account, code: str, names: list[str]) -> None:
    subject = f"account:{account.pk}"
    if names:
        told = {"count": str(len(names)), "orders": import_orders.named(names), "order": names[0]}
        issues.found(code, subject, deps.clock.now(), account=account.pk, placeholders=told)
    else:
        issues.mended(code, subject)


def read_parcels(deps: Deps, account: models.Account) -> None:
    """Note the shop's parcels of orders that are not all shipped yet."""
    assert account.shop_id is not None
    shop = shops.get(ShopId(account.shop_id))
    rows = {row.order_id: row for row in orders.in_shop(AccountId(account.pk))}
    if not rows:
        return
    page = deps.open.shop(shop).shipments([MarketplaceOrderId(name) for name in rows])
    known = orders.known_parcels(AccountId(account.pk))
    for shipment in page.shipments:
        row = rows.get(shipment.reference)
        if row is not None and not _known(known.get((row.pk, shipment.parcel)), shipment):
            _keep(deps, account, row, shipment)
    subject = f"shop:{shop.pk}/shipments"
    if page.problems:
        first = page.problems[0]
        told = {"problem": first.code, "text": first.text, "where": first.field, "count": str(len(page.problems))}
        issues.found("catalogue_problem", subject, deps.clock.now(), shop=shop.pk, placeholders=told)
    else:
        issues.mended("catalogue_problem", subject)


def _known(parcel: tuple[str, str, Packed] | None, shipment: Shipment) -> bool:
    if parcel is None:
        return False
    carrier, tracking, packed = parcel
    return (carrier, tracking) == (shipment.carrier, shipment.tracking) and dict(shipment.items) in ({}, packed.named)


def _keep(deps: Deps, account: models.Account, row: models.Order, shipment: Shipment) -> None:
    order = orders.body_of(row, deps.vault)
    if order is None:
        return
    now = deps.clock.now()
    # Amazon refuses a moment in the future or before the order.
    shipped_at = max(min(shipment.shipped_at or now, now), order.purchased_at)
    with transaction.atomic():
        # Held before it is reckoned what is new in this parcel: two that make one bundle whole must not both tell it.
        orders.lock(row)
        packed, new = _packed(row, order, shipment)
        if new and not packed.named:
            return
        if orders.see_parcel(row, shipment, packed, shipped_at, now):
            journal.write(
                now, "parcel_seen", account=AccountId(account.pk), subject=row.order_id, correlation_id=row.correlation,
                placeholders={"carrier": shipment.carrier, "tracking": shipment.tracking},
            )  # fmt: skip


def _packed(row: models.Order, order: Order, shipment: Shipment) -> tuple[Packed, bool]:
    """(what the parcel tells the marketplace, it is not written down yet). One that names nothing holds all that is left; one that is
    written down and names nothing keeps what it had."""
    others, new = orders.other_parcels(row, shipment.parcel), not orders.is_parcel(row, shipment.parcel)
    ordered = added(*({line.line_id: line.quantity} for line in order.lines))
    if shipment.items or not new:
        return pack(shipment.items, others, ordered), new
    left = {line: count - others.items.get(line, 0) for line, count in ordered.items()}
    return Packed({line: count for line, count in left.items() if count > 0}, {}), new


def _shipped_by_hand(deps: Deps, account: models.Account, row: models.Parcel) -> bool:
    """While sync stood still a person confirmed the whole order at the marketplace. Told once more, a parcel that was
    never told would stand beside theirs, or over it where both have the same reference."""
    if account.resumed_at is None or row.order.purchased_at >= account.resumed_at:
        return False
    order = deps.open.marketplace(account).order(MarketplaceOrderId(row.order.order_id))
    return order is not None and order.status is OrderStatus.SHIPPED


def _confirm(deps: Deps, account: models.Account, row: models.Parcel, *, by_hand: bool) -> None:
    answer: Confirmed | ParcelRefused
    if by_hand:
        answer = Confirmed(row.reference, repeated=True)
    else:
        parcel = Parcel(row.reference, row.carrier, row.tracking, row.shipped_at, row.items)
        answer = deps.open.marketplace(account).confirm(
            MarketplaceOrderId(row.order.order_id), SiteId(row.order.site), parcel
        )
    # The receipt, what it says of the notices and its line in the journal together, or the parcel is told once more.
    with transaction.atomic():
        _note_receipt(deps, account, row, answer)


def _note_receipt(deps: Deps, account: models.Account, row: models.Parcel, answer: Confirmed | ParcelRefused) -> None:
    now = deps.clock.now()
    subject = f"account:{account.pk}/{row.order.order_id}"
    if isinstance(answer, Confirmed):
        if not orders.confirmed(row, now):
            return
        if not orders.any_parcel_refused(row.order_id):
            issues.mended("shipment_refused", subject)
        cause = {"cause": "by_hand"} if answer.repeated else {}
        code, told = "shipment_confirmed", {"carrier": row.carrier, "tracking": row.tracking, **cause}
    else:
        order = orders.body_of(row.order, deps.vault)
        problems = [[p.code, without_buyer(p.text, order), p.field] for p in answer.problems]
        if not orders.parcel_refused(row, problems):
            return
        problem = problems[0][1] or problems[0][0] if problems else ""
        told = {"order": row.order.order_id, "problem": problem}
        issues.found("shipment_refused", subject, now, account=account.pk, placeholders=told)
        code = "shipment_refused"
    journal.write(now, code, account=AccountId(account.pk), subject=row.order.order_id, placeholders=told)
