"""Our order book: one row per marketplace order, claims, intents, parcels. The buyer is inside the sealed body only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import msgspec
from django.db import transaction
from django.db.models import Case, Count, F, Min, Q, QuerySet, TextField, Value, When

from forain.contracts.shop import Shipment
from forain.core.bundles import Packed, added, begun
from forain.core.clock import Instant
from forain.core.ids import AccountId, OrderKey, ShopOrderId
from forain.core.orders import Order, OrderState, OrderStatus, buyer_until, forgetting_buyer, has_ended, keeping_buyer
from forain.store import models, offers
from forain.store.vault import Vault, VaultBroken, writing

CLAIM_LIFE = timedelta(minutes=2)
"""Longer than any request to a shop may take: after it, whoever claimed is dead."""
UNSOLD = (OrderState.HELD.value, OrderState.CREATING.value)
"""States in which the shop does not know of the sale yet."""
ENDED = (OrderState.CANCELLED.value, OrderState.RECORDED.value)
KEY_MAY_COME_BACK = timedelta(days=7)
"""So long a body that no key opens is kept past its time: its lines and amounts would go with the buyer, and a wrong
`vault.key` may be put right. Nobody reads the buyer meanwhile."""
PAID = (OrderStatus.UNSHIPPED.value, OrderStatus.PARTIALLY_SHIPPED.value)
"""Statuses in which pieces are to be sent."""
UNSENT = (OrderStatus.PENDING.value, *PAID)
INCOMPLETE = ("address_missing", "price_missing")
INCOMPLETE_AGAIN = timedelta(hours=1)
SHOWN_BY = timedelta(days=1)
"""So long after it took a parcel the marketplace may go on showing its order as not sent."""
REST_LEAVES_WITHIN = timedelta(days=1)
"""So long after a part of a bundle the rest of it may leave before a person is told."""
IN_VAIN = timedelta(minutes=30)
"""A creation that has not worked for so long is a person's matter; it is tried again all the same."""
WITH_SOMETHING = ~Q(items={}) | Q(parts={})
"""Parcels with something to confirm, and not only parts of bundles whose rest has not left."""
UNREADABLE = "unreadable"
"""The `hold_reason` of an order, whatever its state, whose newest reading broke: it is asked for again by its id."""


def _owner(key: OrderKey) -> str:
    return f"order:{key.account}:{key.order_id}"


def seal(order: Order, vault: Vault) -> bytes:
    """The whole order, buyer and all, encrypted for its own row."""
    # An older Forain beside this one reads yes and no only; what was not told is not asked of the body.
    order = replace(order, cancel_asked=bool(order.cancel_asked))
    return vault.seal(_owner(order.key), "body", msgspec.json.encode(order).decode())


def body_of(row: models.Order, vault: Vault) -> Order | None:
    """The order as last read, without its buyer once that was forgotten; None where it could never be read."""
    if row.body is None:
        return None
    key = OrderKey(AccountId(row.account_id), row.order_id)  # type: ignore[arg-type]
    return msgspec.json.decode(vault.open(_owner(key), "body", bytes(row.body)), type=Order)


Seen = Literal["new", "changed", "same", "older"]
"""What a reading told us. `changed`: its status or its pieces are others than we knew, or we knew none. `new`: never
read before, though its id may be known. `older`: a later
reading was here first, and nothing was written."""


def see(order: Order, vault: Vault, now: Instant, correlation: str = "") -> Seen:
    """Write an order as it is now. An older reading ("older") never overwrites a newer one.

    In the same transaction the offers are told whose quantity the order moved at the marketplace.
    `correlation`: the chain a new order begins; all that happens to it later carries the same.
    """
    pieces: dict[str, int] = {}
    for line in order.lines:
        pieces[line.sku] = pieces.get(line.sku, 0) + line.quantity
    told: dict[str, object] = {
        "site": order.site,
        "status": order.status.value,
        "fulfilled_by": order.fulfilled_by,
        "pieces": pieces,
        "total_minor": order.total.minor if order.total else None,
        "currency": order.currency,
        "purchased_at": order.purchased_at,
        "updated_at": order.updated_at,
        "in_part": order.cancel_asked is None and order.fulfilled_by == "merchant",
        "seen_at": now,
    }
    with writing():
        key = {"account_id": order.key.account, "order_id": order.key.order_id}
        locked = models.Order.objects.select_for_update().filter(**key)
        row = locked.first()
        if row is None:
            fresh = {"state": OrderState.HELD.value, "hold_reason": "new", "correlation": correlation}
            told |= _kept(order, None, vault, now)
            _, new = models.Order.objects.get_or_create(**key, defaults={**told, **fresh})
            if new:
                _moved(order, pieces)
                return "new"
            row = locked.get()
        unread = row.hold_reason == UNREADABLE
        first = row.status == "unknown"
        if row.updated_at > order.updated_at and not unread:
            return "older"
        changed = unread or (row.status, row.pieces) != (order.status.value, pieces)
        cancelled = OrderStatus.CANCELLED.value
        if row.pieces != pieces or (row.status == cancelled) != (order.status.value == cancelled):
            _moved(order, [*row.pieces, *pieces])
        if row.updated_at == order.updated_at and not unread and not row.in_part:
            told["in_part"] = False
        told |= _kept(_with_known_buyer(order, row, vault), row.ended_at, vault, now)
        if unread:
            told |= {"hold_reason": "new" if row.state == OrderState.HELD.value else "", "hold_detail": ""}
        if first:
            told["correlation"] = correlation
        models.Order.objects.filter(pk=row.pk).update(**told)
    return "new" if first else "changed" if changed else "same"


def _moved(order: Order, skus: Iterable[str]) -> None:
    if order.fulfilled_by == "merchant":
        offers.move(order.key.account, skus)


def _with_known_buyer(order: Order, row: models.Order, vault: Vault) -> Order:
    """A reading that carries no buyer (the marketplace refused to tell once, say) takes none away.

    Only the retention does: a row without a `buyer_until` has none to give back. And the marketplace itself, with a
    cancellation: a cancelled order goes to nobody.
    """
    if row.buyer_until is None or order.status is OrderStatus.CANCELLED:
        return order
    try:
        known = body_of(row, vault)
    except (VaultBroken, msgspec.DecodeError):
        # What nobody can read is no reason to keep a new reading out.
        return order
    return keeping_buyer(order, known) if known else order


def _kept(order: Order, ended_at: Instant | None, vault: Vault, now: Instant) -> dict[str, Any]:
    """What is kept of the order itself, and until when with its buyer: an old order read again brings nobody back."""
    if ended_at is None and has_ended(order):
        ended_at = order.updated_at
    until = buyer_until(order, ended_at)
    if until <= now:
        return {"body": seal(forgetting_buyer(order), vault), "ended_at": ended_at, "buyer_until": None}
    return {"body": seal(order, vault), "ended_at": ended_at, "buyer_until": until}


def forget_buyers(vault: Vault, now: Instant, most: int) -> int:
    """Take the buyer out of up to `most` orders that have kept him long enough; the answer is how many it were."""
    with writing():
        rows = models.Order.objects.select_for_update(skip_locked=True).filter(buyer_until__lte=now)
        done = 0
        for row in rows.order_by("buyer_until")[:most]:
            try:
                order = body_of(row, vault)
            except VaultBroken:
                if row.buyer_until and now - row.buyer_until < KEY_MAY_COME_BACK:
                    continue
                # Nobody can read it any more, and nobody shall.
                order = None
            row.body = seal(forgetting_buyer(order), vault) if order else None
            row.buyer_until = None
            row.save(update_fields=["body", "buyer_until"])
            done += 1
    return done


def see_unreadable(account: AccountId, order_id: str, field: str, now: Instant) -> None:
    """An order whose reading broke: kept, asked for again by its id, never lost.

    One that is known stays as it is until it can be read: what we missed may be its cancellation.
    """
    row, new = models.Order.objects.get_or_create(
        account_id=account,
        order_id=order_id,
        defaults={
            "site": "",
            "state": OrderState.HELD.value,
            "status": "unknown",
            "fulfilled_by": "merchant",
            "hold_reason": UNREADABLE,
            "hold_detail": field[:500],
            "purchased_at": now,
            "updated_at": now,
            "seen_at": now,
        },
    )
    if not new:
        models.Order.objects.filter(pk=row.pk).exclude(state__in=ENDED).update(
            hold_reason=UNREADABLE, hold_detail=field[:500], seen_at=now
        )


def to_read_again(account: AccountId, now: Instant, most: int, granted_at: Instant | None = None) -> list[models.Order]:
    """Orders to ask for by their id, the longest not asked for first: what broke, and now and then what was incomplete.

    `granted_at`: of a permission that may allow more than the one before; what was incomplete then is asked for at once.
    An address, a price or the buyer's wish to cancel may be missing for one refused answer only, and nothing else would
    ask for it again. Nor does the list of changed orders show one whose parcels were taken and came to nothing.
    """
    lacking = Q(state=OrderState.HELD.value, hold_reason__in=INCOMPLETE) | Q(in_part=True, status__in=UNSENT)
    lacking |= Q(pk__in=_unshown_parcels(account, now).values("order_id"))
    due = now - INCOMPLETE_AGAIN
    incomplete = lacking & Q(seen_at__lte=max(due, granted_at) if granted_at else due)
    rows = models.Order.objects.filter(Q(hold_reason=UNREADABLE) | incomplete, account_id=account)
    return list(rows.exclude(state__in=ENDED).defer("body").order_by("seen_at", "pk")[:most])


def unknown_sales(account: AccountId) -> bool:
    """An order is there of which not even the SKUs could be read: any of our pieces may be sold in it."""
    rows = models.Order.objects.filter(account_id=account, hold_reason=UNREADABLE, pieces={})
    return rows.filter(state=OrderState.HELD.value).exists()


def due(account: AccountId, now: Instant) -> list[models.Order]:
    """Orders with something to decide: held ones, dead creations, created ones cancelled since."""
    rows = models.Order.objects.filter(account_id=account).filter(Q(not_before=None) | Q(not_before__lte=now))
    held = Q(state=OrderState.HELD.value) & ~Q(hold_reason=UNREADABLE)
    dead = Q(state=OrderState.CREATING.value) & (Q(claimed_until=None) | Q(claimed_until__lte=now))
    cancelled = Q(state=OrderState.CREATED.value, status=OrderStatus.CANCELLED.value)
    return list(rows.filter(held | dead | cancelled).order_by("purchased_at", "pk"))


def _unfinished(account: AccountId) -> "QuerySet[models.Order]":
    creating = Q(state=OrderState.CREATING.value)
    cancelled = Q(state=OrderState.CREATED.value, status=OrderStatus.CANCELLED.value)
    return models.Order.objects.filter(creating | cancelled, account_id=account)


def next_unfinished(account: AccountId) -> Instant | None:
    """When the earliest unfinished creation or cancellation may be gone on with; None: none waits for its time."""
    found = _unfinished(account).aggregate(claim=Min("claimed_until"), pause=Min("not_before"))
    return min((at for at in found.values() if at is not None), default=None)


def worked_off(account: AccountId, now: Instant) -> bool:
    """Nothing that was read is still to be decided or under way; what the shop fails on again and again is not waited for."""
    undecided = models.Order.objects.filter(account_id=account, state=OrderState.HELD.value, hold_reason="new")
    failing = ~Q(error="") & (Q(status=OrderStatus.CANCELLED.value) | Q(intent_at__lte=now - IN_VAIN))
    return not undecided.exists() and not _unfinished(account).exclude(failing).exists()


def not_created(account: AccountId, now: Instant) -> list[models.Order]:
    """Orders whose creation was begun `IN_VAIN` ago or longer and failed ever since, oldest first, without their bodies."""
    rows = models.Order.objects.filter(
        account_id=account, state=OrderState.CREATING.value, intent_at__lte=now - IN_VAIN
    )
    rows = rows.exclude(error="").exclude(status=OrderStatus.CANCELLED.value)
    return list(rows.defer("body").order_by("purchased_at", "pk"))


def not_in_shop(account: AccountId) -> int:
    """So many orders are paid, to be sent by the merchant, and not known to be in the shop, for whatever reason."""
    rows = models.Order.objects.filter(account_id=account, fulfilled_by="merchant", status__in=PAID)
    return rows.filter(state__in=UNSOLD).count()


def _as_read(row: models.Order) -> "QuerySet[models.Order]":
    """The order, unless another worker has claimed it or brought it further since `row` was read or claimed."""
    return models.Order.objects.filter(pk=row.pk, state=row.state, claim_no=row.claim_no)


def hold(row: models.Order, reason: str, detail: str) -> bool:
    """Note why an order waits; True: this is new. A creation that broke off and cannot go on waits too."""
    rows = _as_read(row).filter(state__in=UNSOLD)
    changed = rows.exclude(state=OrderState.HELD.value, hold_reason=reason, hold_detail=detail)
    return bool(changed.update(state=OrderState.HELD.value, hold_reason=reason, hold_detail=detail, claimed_until=None))


def become(row: models.Order, state: OrderState) -> bool:
    """Write an end state that needs no claim (recorded, cancelled before import); True: it changed."""
    rows = _as_read(row).filter(state__in=UNSOLD)
    return bool(rows.update(state=state.value, hold_reason="", hold_detail="", claimed_until=None))


def claim(row: models.Order, now: Instant, search_lag: timedelta, correlation: str) -> bool:
    """Be the only one who creates this order in the shop. False: another worker is or was at it since it was read.

    Committed before the shop is called. A claim that outlives its time is taken over by whoever comes
    next, with the same step: find by our reference, else create. `row` carries the new claim, so that nothing is
    written for one that was taken over. It was put off, say, because the shop's search may not show yet what another
    worker made: who read the row before that must not try at once.
    """
    with transaction.atomic():
        free = models.Order.objects.select_for_update(skip_locked=True).filter(pk=row.pk, claim_no=row.claim_no)
        free = free.filter(
            Q(state=OrderState.HELD.value)
            | Q(state=OrderState.CREATING.value, claimed_until=None)
            | Q(state=OrderState.CREATING.value, claimed_until__lte=now)
        )
        locked = free.first()
        if locked is None:
            return False
        locked.state = OrderState.CREATING.value
        locked.hold_reason = locked.hold_detail = ""
        locked.intent_at = locked.intent_at or now
        locked.claimed_until = now + CLAIM_LIFE + search_lag
        locked.claim_no += 1
        locked.correlation = correlation
        locked.save()
    row.state, row.claim_no = locked.state, locked.claim_no
    return True


def created(row: models.Order, shop_order: ShopOrderId, now: Instant) -> bool:
    """The shop has it; True: this call was the first to know.

    Whoever held the claim, and whatever became of the row meanwhile: it is there. One that was cancelled is due again,
    to be cancelled in the shop.
    """
    rows = models.Order.objects.filter(pk=row.pk).exclude(state=OrderState.CREATED.value)
    return bool(
        rows.update(
            state=OrderState.CREATED.value,
            shop_order=shop_order,
            imported_at=now,
            # What another worker learns from the shop by a question asked before this is no longer so.
            claim_no=F("claim_no") + 1,
            claimed_until=None,
            hold_reason=_unless_unreadable("hold_reason"),
            hold_detail=_unless_unreadable("hold_detail"),
            attempt=0,
            not_before=None,
            error="",
        )
    )


def _unless_unreadable(field: str) -> Case:
    """Empty; but an order whose newest reading broke is still asked for again."""
    return Case(When(hold_reason=UNREADABLE, then=F(field)), default=Value(""), output_field=TextField())


def put_off(row: models.Order, error: str, again_at: Instant) -> None:
    """A creation or a cancellation did not work; again at `again_at`."""
    rows = _as_read(row).filter(state__in=(OrderState.CREATING.value, OrderState.CREATED.value))
    rows.update(claimed_until=None, error=error[:500], not_before=again_at, attempt=F("attempt") + 1)


def wait(row: models.Order, until: Instant) -> None:
    """Nothing went wrong, but it is too early: not before `until`."""
    _as_read(row).update(not_before=until)


def refused(row: models.Order, detail: str) -> bool:
    """The shop will not have it: held, shown, in nobody's way. False: another worker took it over meanwhile."""
    rows = _as_read(row).filter(state=OrderState.CREATING.value)
    return bool(
        rows.update(
            state=OrderState.HELD.value,
            hold_reason="refused_by_shop",
            hold_detail=detail[:500],
            claimed_until=None,
            attempt=0,
            not_before=None,
        )
    )


def cancelled_in_shop(row: models.Order, now: Instant) -> bool:
    """The shop has it no more, or never had it; True: this call was the first to know.

    False also where it was created while the shop was asked: it is cancelled there once more.
    """
    rows = _as_read(row).exclude(state__in=ENDED)
    return bool(
        rows.update(
            state=OrderState.CANCELLED.value,
            cancelled_in_shop_at=now,
            hold_reason="",
            hold_detail="",
            claimed_until=None,
            not_before=None,
            error="",
        )
    )


def may_put_aside(row: models.Order) -> bool:
    """A person may say of this order that it is taken care of."""
    if row.state == OrderState.CREATING.value:
        # Failed, and nobody is at it. Whether the shop has it was never told: the person has looked.
        return row.claimed_until is None and row.error != ""
    cancelled = row.state == OrderState.CREATED.value and row.status == OrderStatus.CANCELLED.value
    return row.state == OrderState.HELD.value or cancelled


def put_aside(row: models.Order) -> bool:
    """A person took care of it: a held order or one that cannot be created is no work any more, a cancellation the shop
    refused is done.

    True: it was such an order.
    """
    rows = models.Order.objects.filter(pk=row.pk)
    told = {"hold_reason": "", "hold_detail": "", "not_before": None, "error": ""}
    creating = Q(state=OrderState.CREATING.value, claimed_until=None) & ~Q(error="")
    created = Q(state=OrderState.CREATED.value)
    cancelled = rows.filter(created | creating, status=OrderStatus.CANCELLED.value)
    if cancelled.update(state=OrderState.CANCELLED.value, **told):
        return True
    return bool(rows.filter(Q(state=OrderState.HELD.value) | creating).update(state=OrderState.RECORDED.value, **told))


def unimported_pieces(shop_accounts: Sequence[int]) -> dict[tuple[int, str], int]:
    """(account, SKU) -> pieces sold on the marketplace that the shop does not know of yet."""
    found: dict[tuple[int, str], int] = {}
    rows = models.Order.objects.filter(account_id__in=shop_accounts, state__in=UNSOLD, fulfilled_by="merchant").exclude(
        status=OrderStatus.CANCELLED.value
    )
    for account, pieces in rows.values_list("account_id", "pieces"):
        for sku, count in pieces.items():
            found[account, sku] = found.get((account, sku), 0) + count
    return found


def by_id(account: AccountId, order_id: str) -> models.Order | None:
    """The order of our book, None when it is not in it."""
    return models.Order.objects.filter(account_id=account, order_id=order_id).first()


def in_shop(account: AccountId) -> "QuerySet[models.Order]":
    """Orders of the shop that may still have parcels to come, without their bodies."""
    rows = models.Order.objects.filter(account_id=account, state=OrderState.CREATED.value).defer("body")
    return rows.exclude(status__in=[OrderStatus.SHIPPED.value, OrderStatus.CANCELLED.value])


def lock(row: models.Order) -> None:
    """Nobody else changes the order or writes parcels of it before the end of this transaction."""
    models.Order.objects.select_for_update().get(pk=row.pk)


def see_parcel(row: models.Order, shipment: Shipment, packed: Packed, shipped_at: Instant, now: Instant) -> bool:
    """Write a parcel once, with a lasting reference of its own; True: it is new.

    One the marketplace has not taken is written as the shop has it now, and told again: a refused tracking number
    is mended there. `packed` without anything is a parcel whose pieces stand in others already: it keeps what it had.
    """
    with transaction.atomic():
        lock(row)
        known = models.Parcel.objects.filter(order=row, shop_parcel=shipment.parcel).first()
        if known is not None:
            mended = models.Parcel.objects.filter(pk=known.pk, confirmed_at=None)
            told = {"items": dict(packed.items), "parts": dict(packed.parts)} if packed.items or packed.parts else {}
            mended.update(carrier=shipment.carrier, tracking=shipment.tracking, problems=[], **told)
            return False
        number = models.Parcel.objects.filter(order=row).count() + 1
        models.Parcel.objects.create(
            order=row,
            shop_parcel=shipment.parcel,
            reference=str(number),
            carrier=shipment.carrier,
            tracking=shipment.tracking,
            shipped_at=shipped_at,
            items=dict(packed.items),
            parts=dict(packed.parts),
            seen_at=now,
        )
    return True


def to_ship(account: AccountId, most: int) -> list[models.Order]:
    """Paid orders that the merchant fulfils and the marketplace does not count as sent, oldest first; in the shop or not."""
    rows = models.Order.objects.filter(account_id=account, fulfilled_by="merchant", status__in=PAID)
    return list(rows.exclude(state=OrderState.CANCELLED.value).order_by("purchased_at", "pk")[:most])


def unconfirmed_parcels(account: AccountId, now: Instant) -> list[models.Parcel]:
    """Parcels the marketplace has not taken yet and has not refused, of orders it has not cancelled, with something to confirm."""
    return list(
        models.Parcel.objects.select_related("order")
        .filter(WITH_SOMETHING, order__account_id=account, confirmed_at=None, problems=[])
        .filter(Q(not_before=None) | Q(not_before__lte=now))
        .exclude(Q(order__state=OrderState.CANCELLED.value) | Q(order__status=OrderStatus.CANCELLED.value))
        .order_by("pk")
    )


def waiting_parcels(account: AccountId) -> tuple[int, Instant | None]:
    """(how many parcels the marketplace does not know of yet, since when the oldest is known here)."""
    rows = models.Parcel.objects.filter(WITH_SOMETHING, order__account_id=account, confirmed_at=None, problems=[])
    rows = rows.exclude(Q(order__state=OrderState.CANCELLED.value) | Q(order__status=OrderStatus.CANCELLED.value))
    found = rows.aggregate(count=Count("pk"), oldest=Min("seen_at"))
    return found["count"], found["oldest"]


def known_parcels(account: AccountId) -> dict[tuple[int, str], tuple[str, str, Packed]]:
    """(order row, the shop's name of the parcel) -> (carrier, tracking, what is in it), of orders not all shipped yet."""
    rows = models.Parcel.objects.filter(order__in=in_shop(account))
    told = rows.values_list("order_id", "shop_parcel", "carrier", "tracking", "items", "parts")
    return {(order, name): (carrier, tracking, Packed(*packed)) for order, name, carrier, tracking, *packed in told}


def is_parcel(row: models.Order, shop_parcel: str) -> bool:
    """A parcel of the order that is written down, by the shop's name of it."""
    return models.Parcel.objects.filter(order=row, shop_parcel=shop_parcel).exists()


def other_parcels(row: models.Order, shop_parcel: str) -> Packed:
    """What is in all parcels of the order but this one."""
    rows = list(models.Parcel.objects.filter(order=row).exclude(shop_parcel=shop_parcel).values_list("items", "parts"))
    return Packed(added(*(items for items, _ in rows)), added(*(parts for _, parts in rows)))


def _as_told(parcel: models.Parcel) -> "QuerySet[models.Parcel]":
    """The parcel as it was told, unless the marketplace took it meanwhile or the shop has changed it."""
    told = {name: getattr(parcel, name) for name in ("pk", "carrier", "tracking", "items")}
    return models.Parcel.objects.filter(**told, confirmed_at=None)


def confirmed(parcel: models.Parcel, now: Instant) -> bool:
    """The marketplace knows the parcel; True: it did not before. One the shop has changed meanwhile is told again."""
    return bool(_as_told(parcel).update(confirmed_at=now, problems=[]))


def parcel_refused(parcel: models.Parcel, problems: Iterable[list[str]]) -> bool:
    """The marketplace would not have the parcel; why is kept beside it. False: it has it, or it is another one by now."""
    return bool(_as_told(parcel).update(problems=list(problems)))


def any_parcel_refused(order: int) -> bool:
    """The marketplace would not have some parcel of the order (its row's number), and has not taken it since."""
    return models.Parcel.objects.filter(order_id=order, confirmed_at=None).exclude(problems=[]).exists()


def observed_shipped(account: AccountId, now: Instant) -> None:
    """The marketplace itself shows these orders as shipped: their confirmed parcels are proven."""
    models.Parcel.objects.filter(
        order__account_id=account,
        order__status__in=[OrderStatus.SHIPPED.value, OrderStatus.PARTIALLY_SHIPPED.value],
        confirmed_at__isnull=False,
        observed_at=None,
    ).update(observed_at=now)


def _unshown_parcels(account: AccountId, now: Instant) -> "QuerySet[models.Parcel]":
    """Parcels the marketplace took `SHOWN_BY` ago or longer, of orders that were not sent by its last word."""
    return models.Parcel.objects.filter(
        order__account_id=account, order__status__in=UNSENT, observed_at=None, confirmed_at__lte=now - SHOWN_BY
    ).exclude(order__state__in=ENDED)


def unshown(account: AccountId, now: Instant) -> list[str]:
    """The ids of the orders of such parcels, oldest first, if the marketplace told them since as not sent.

    One that it was not asked for since, or would not tell, accuses nobody.
    """
    rows = _unshown_parcels(account, now).filter(order__seen_at__gte=F("confirmed_at") + SHOWN_BY)
    rows = rows.exclude(order__hold_reason=UNREADABLE)
    return list(dict.fromkeys(rows.order_by("confirmed_at", "pk").values_list("order__order_id", flat=True)))


def begun_lines(row: models.Order) -> set[str]:
    """The lines of an order of which some has left and is in no bundle that is told the marketplace."""
    return begun(_packed(models.Parcel.objects.filter(order=row)))


def left_in_part(account: AccountId, now: Instant) -> list[str]:
    """The ids of the orders, oldest first, of which a part of a bundle left `REST_LEAVES_WITHIN` ago or longer, and its rest did not."""
    rows = models.Order.objects.filter(account_id=account, state=OrderState.CREATED.value, status__in=PAID)
    waiting = models.Parcel.objects.filter(order__in=rows, seen_at__lte=now - REST_LEAVES_WITHIN).exclude(parts={})
    found = rows.filter(pk__in=waiting.values("order_id")).defer("body").order_by("purchased_at", "pk")
    return [row.order_id for row in found.prefetch_related("parcels") if begun(_packed(row.parcels.all()))]


def _packed(parcels: "Iterable[models.Parcel]") -> Packed:
    return Packed(added(*(parcel.items for parcel in parcels)), added(*(parcel.parts for parcel in parcels)))


def buyers_are_stored() -> bool:
    """Somewhere in the database lies an order with its buyer."""
    return models.Order.objects.filter(buyer_until__isnull=False).exists()


def held_by_reason(account: AccountId) -> dict[str, int]:
    """Reason -> how many orders are held for it."""
    rows = models.Order.objects.filter(account_id=account, state=OrderState.HELD.value)
    return dict(rows.values_list("hold_reason").annotate(n=Count("pk")).values_list("hold_reason", "n"))


def imported_since(account: AccountId, moment: Instant) -> int:
    """How many orders came into the shop since then."""
    return models.Order.objects.filter(account_id=account, imported_at__gte=moment).count()


def try_again(row: models.Order, shown_at: Instant | None = None) -> None:
    """A person says: once more. `shown_at`: when the shop's search shows what may have been made there just now, None: at
    once; a creation that failed is not begun anew before."""
    rows = models.Order.objects.filter(pk=row.pk).exclude(state__in=ENDED)
    creating = Q(state=OrderState.CREATING.value)
    rows.exclude(creating).update(not_before=None, attempt=0)
    later = Q(not_before__gt=shown_at) if shown_at else Q()
    rows.filter(creating & later).update(not_before=shown_at, attempt=0)
    held = models.Order.objects.filter(pk=row.pk, state=OrderState.HELD.value).exclude(hold_reason=UNREADABLE)
    held.update(hold_reason="new", hold_detail="")
