"""Leaps: changes large enough to be looked at before they are told. Counted in sets, by what is marked and what was noted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from forain.core.brakes import LAST_PIECES_TOGETHER, TOGETHER, Kind, Leap, Limits
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.store import arrays, models

EXAMPLES = 3
"""So many of what is held are named in its notice."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One leap to note: of which claimed offer, and what becomes of it ("told" or "held")."""

    row: models.Offer
    leap: Leap
    state: str


LOCK = 0x466F7262
"""Our number among PostgreSQL's advisory locks, beside the account's: one at a time counts an account's leaps, and notes them."""


def lock(account: AccountId) -> None:
    """Within a transaction: nobody else counts and notes leaps of the account before it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, account])


def known(rows: Iterable[models.Offer]) -> dict[tuple[int, str], models.Leap]:
    """What is noted of these offers, by offer and kind."""
    found = models.Leap.objects.filter(offer__in=arrays.numbers(row.pk for row in rows))
    return {(leap.offer_id, leap.kind): leap for leap in found}


def note(account: AccountId, noted: Sequence[Noted], now: Instant) -> None:
    """Write these, each as a new row: one that was to another value, and its answer, is over."""
    if not noted:
        return
    with transaction.atomic():
        forget([(one.row.pk, one.leap.kind) for one in noted])
        models.Leap.objects.bulk_create(
            (
                models.Leap(
                    account_id=account, offer_id=one.row.pk, kind=one.leap.kind, before=one.leap.before,
                    after=one.leap.after, currency=one.leap.currency, state=one.state,
                    marked_at=one.row.marked_at or now,
                )
                for one in noted
            ),
            # Whoever noted it at the same time said the same.
            ignore_conflicts=True,
        )  # fmt: skip


def forget(keys: Sequence[tuple[int, str]]) -> None:
    """These (offer, kind) are no leaps any more."""
    if keys:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM store_leap USING unnest(%s::bigint[], %s::text[]) AS gone (offer, kind) "
                "WHERE store_leap.offer_id = gone.offer AND store_leap.kind = gone.kind",
                [[offer for offer, _ in keys], [kind for _, kind in keys]],
            )


def forget_told(before: Instant, most: int) -> int:
    """Delete up to `most` told leaps that belong to no wave any more; the answer is how many it were."""
    old = models.Leap.objects.filter(state="told", marked_at__lt=before).values_list("pk", flat=True)[:most]
    return models.Leap.objects.filter(pk__in=list(old)).delete()[0]


def counted(account: AccountId, kind: Kind, around: Instant, but: Iterable[int] = ()) -> int:
    """Leaps that are held, or were told and belong to the wave that was marked at `around`. `but`: not of these offers."""
    rows = models.Leap.objects.filter(account_id=account, kind=kind).exclude(offer__in=list(but))
    together = Q(state="told", marked_at__gte=around - TOGETHER)
    if kind == "zero":
        together &= Q(before__gt=1) | Q(marked_at__gte=around - LAST_PIECES_TOGETHER)
    return rows.filter(Q(state="held") | together).count()


_WAITING = """
SELECT count(*) FROM store_offer o
JOIN store_accountsite s ON s.account_id = o.account_id AND s.site = o.site AND s.writes_allowed_at IS NOT NULL
JOIN store_link l ON l.account_id = o.account_id AND l.sku = o.sku AND l.decided_at IS NOT NULL AND NOT l.refused
JOIN store_account a ON a.id = o.account_id
JOIN store_variant v ON v.shop_id = a.shop_id AND v.variant = l.variant AND v.gone_at IS NULL
WHERE o.account_id = %(account)s AND o.wanted_no > o.settled_no AND o.submission = '' AND o.id <> ALL(%(but)s)
AND NOT EXISTS (SELECT 1 FROM store_leap p WHERE p.offer_id = o.id AND p.kind = %(kind)s)
"""
_WILL: Mapping[str, str] = {
    "zero": """AND o.fulfilled_by = 'merchant' AND o.observed_quantity > 0 AND (v.on_hand <= 0 OR NOT v.active)
        AND (o.desired_quantity IS NOT NULL OR o.desired_at IS NULL)""",
    "price": """AND abs(v.price_minor - {was}) * 100 > %(percent)s * {was}
        AND (o.desired_minor IS NOT NULL OR o.desired_at IS NULL)
        AND (%(jump)s::bigint IS NULL OR (v.price_minor <= %(jump)s * {was} AND {was} <= %(jump)s * v.price_minor))""".replace(
        "{was}", "coalesce(o.shop_minor, CASE WHEN v.currency = o.observed_currency THEN o.observed_minor END)"
    ),
}


def waiting(account: AccountId, kind: Kind, told: Limits, but: Iterable[int]) -> int:
    """Marked offers that are likely to leap once they are decided, by what the shop was last read to say; `but` not these.

    Not by the rules: what those make of it is known offer by offer, and is counted then. Costs as much as is marked.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _WAITING + _WILL[kind],
            {"account": account, "but": list(but), "kind": kind, "percent": told.price_percent, "jump": told.jump},
        )
        return int(cursor.fetchone()[0])


def at_least(account: AccountId, kind: Kind, many: int, since: Instant) -> bool:
    """There are so many offers that the kind is about. Counts no further than that.

    `since`: what was marked after that and fell belongs to the wave, and was for sale before it.
    """
    rows = models.Offer.objects.filter(account_id=account)
    if kind == "zero":
        fell = models.Leap.objects.filter(offer=OuterRef("pk"), kind="zero", state="told", marked_at__gte=since)
        rows = rows.filter(Q(fulfilled_by="merchant") & (Q(observed_quantity__gt=0) | Q(Exists(fell))))
    else:
        rows = rows.filter(observed_minor__isnull=False)
    return rows.order_by()[:many].count() >= many


def of_state(account: AccountId, state: str, kind: str = "") -> "QuerySet[models.Leap]":
    """Leaps of an account, in the order they were noted."""
    rows = models.Leap.objects.filter(account_id=account, state=state).select_related("offer").order_by("pk")
    return rows.filter(kind=kind) if kind else rows


def shown(account: AccountId, state: str, kind: str) -> str:
    """The name of exactly the leaps that are there now, for an answer to them; "" where there are none."""
    found = of_state(account, state, kind).order_by("-pk")
    newest = found.values_list("pk", flat=True).first()
    return f"{found.count()}-{newest}" if newest else ""


def answer(rows: "QuerySet[models.Leap]", state: str, by: str, now: Instant) -> list[int]:
    """Write a person's answer to these leaps; the answer is the offers, which are to be marked in the same transaction."""
    numbers = list(rows.select_for_update(of=("self",)).values_list("pk", "offer_id"))
    models.Leap.objects.filter(pk__in=[pk for pk, _ in numbers]).update(state=state, by=by, decided_at=now)
    return [offer for _, offer in numbers]


def set_limits(account: AccountId, told: Mapping[str, str]) -> None:
    """Write the limits, as `core.brakes.checked` answered them."""
    models.Account.objects.filter(pk=account).update(brakes=dict(told))


def held_by_kind(account: AccountId) -> dict[str, tuple[int, list[models.Leap]]]:
    """How many leaps of each kind are held, with the first few; a kind without any is not in it."""
    rows = models.Leap.objects.filter(account_id=account, state="held")
    counts = dict(rows.values_list("kind").annotate(count=Count("pk")).order_by())
    return {kind: (count, list(of_state(account, "held", kind)[:EXAMPLES])) for kind, count in counts.items()}
