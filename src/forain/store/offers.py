"""Offers: marks, claims, intents, receipts, observations, settlement. Counters and compare-and-set, no stamps."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Case, Count, DateTimeField, F, Min, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce, Greatest

from forain.contracts.marketplace import UnreadOffer
from forain.core.clock import Instant
from forain.core.errors import Problem
from forain.core.ids import AccountId, OfferKey, SellerSku, SiteId, SubmissionId
from forain.core.money import Money
from forain.core.offers import Change, Desired, Observed, Submitted
from forain.store import models

CLAIM_LIFE = timedelta(minutes=3)
"""A worker that claimed and did not come back for so long is taken for dead. No single call takes longer."""
RARE_LOOK = timedelta(minutes=12)
"""Twice as long as reading the orders may take (`core.offers.ORDERS_READ_WITHIN`)."""
WAITING = Q(wanted_no__gt=F("settled_no"))
INTENDED = "intended"
"""The submission of an offer whose call is under way, or broke off: told or not, nobody knows."""
UNREAD = SubmissionId("unread")
"""The submission of an offer whose call was answered with something that cannot be read."""
BY_LOOK = ("not_on_marketplace", "not_taken", "refused")
"""Alarms about what the marketplace shows: a look may show that there is nothing to be alarmed about."""


def money(minor: int | None, currency: str) -> Money | None:
    """Columns as a value; None: there is no amount."""
    return None if minor is None else Money(minor, currency)


def key_of(row: models.Offer) -> OfferKey:
    """The row's key as a value."""
    return OfferKey(AccountId(row.account_id), SiteId(row.site), SellerSku(row.sku))


def observed_of(row: models.Offer) -> Observed | None:
    """The observation as a value; None: never seen on the marketplace."""
    if row.observed_at is None:
        return None
    return Observed(
        key=key_of(row),
        quantity=row.observed_quantity,
        price=money(row.observed_minor, row.observed_currency),
        fulfilled_by="marketplace" if row.fulfilled_by == "marketplace" else "merchant",
        seen_at=row.observed_at,
        buyable=row.buyable,
        channels=tuple(row.channels),
        product_type=row.product_type,
        product_code=row.product_code,
        ean=row.ean,
        title=row.title,
    )


def submitted_of(row: models.Offer) -> Submitted | None:
    """The last submission as a value; None: nothing was told since the last settlement."""
    if row.submitted_at is None or not row.submission:
        return None
    return Submitted(
        quantity=row.submitted_quantity,
        price=money(row.submitted_minor, row.submitted_currency),
        at=row.submitted_at,
        submission_id=None if row.submission == INTENDED else SubmissionId(row.submission),
        tries=row.tries,
    )


def mark(
    account: AccountId, now: Instant, *, skus: Iterable[str] | None = None, site: str = "", correlation: str = ""
) -> int:
    """Say "look again" for these SKUs (None: all) on all sites or one; the answer is how many offers.

    An alarm is shown until that look has decided: a mark that comes again must not make its notice go and come back.
    """
    rows = models.Offer.objects.filter(account_id=account)
    if skus is not None:
        rows = rows.filter(sku__in=list(skus))
    if site:
        rows = rows.filter(site=site)
    return _mark(rows, now, correlation)


def _mark(rows: "QuerySet[models.Offer]", now: Instant, correlation: str = "") -> int:
    return rows.update(
        wanted_no=F("wanted_no") + 1,
        marked_at=Coalesce(F("marked_at"), Value(now), output_field=DateTimeField()),
        not_before=None,
        correlation=correlation or F("correlation"),
    )


def claim(account: AccountId, now: Instant, most: int) -> list[models.Offer]:
    """Take up to `most` waiting offers, oldest mark first; another worker gets others.

    Each row carries the `wanted_no` it was claimed with (settle exactly that number) and the `claim_no` of this claim:
    whoever comes back after another took the offer over changes nothing of it.
    """
    with transaction.atomic():
        rows = list(
            models.Offer.objects.select_for_update(skip_locked=True)
            .filter(WAITING, account_id=account)
            .filter(Q(not_before=None) | Q(not_before__lte=now))
            .filter(Q(claimed_until=None) | Q(claimed_until__lte=now))
            .order_by("marked_at", "pk")[:most]
        )
        claimed = models.Offer.objects.filter(pk__in=[row.pk for row in rows])
        claimed.update(claimed_until=now + CLAIM_LIFE, claim_no=F("claim_no") + 1)
    for row in rows:
        row.claim_no += 1
    return rows


def hold(rows: Sequence[models.Offer], now: Instant) -> list[models.Offer]:
    """Keep claimed offers for another CLAIM_LIFE; the answer leaves out what another worker took over meanwhile."""
    with transaction.atomic():
        ours = set(_ours(rows).select_for_update().values_list("pk", flat=True))
        models.Offer.objects.filter(pk__in=ours).update(claimed_until=now + CLAIM_LIFE)
    return [row for row in rows if row.pk in ours]


def release(rows: Sequence[models.Offer]) -> None:
    """Give claimed offers back untouched; those another worker took over meanwhile are not ours to give."""
    _ours(rows).update(claimed_until=None)


def _ours(rows: Sequence[models.Offer]) -> "QuerySet[models.Offer]":
    """These claimed offers, without those another worker took over: what that one reads and decides is newer."""
    claims = Q(pk__in=[])
    for row in rows:
        claims |= Q(pk=row.pk, claim_no=row.claim_no)
    return models.Offer.objects.filter(claims)


def next_due(account: AccountId) -> Instant | None:
    """When the next waiting offer may be looked at; None: no offer waits."""
    found = models.Offer.objects.filter(WAITING, account_id=account).aggregate(
        at=Min(Coalesce(F("not_before"), F("marked_at"), output_field=DateTimeField()))
    )
    return found["at"]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rules want of an offer, and how it came about: `steps` and `notes` for the page "why this number?"."""

    row: models.Offer
    desired: Desired
    steps: list[list[str]]
    notes: list[str]


_WANT = """
UPDATE store_offer SET desired_quantity = told.quantity, desired_minor = told.minor, desired_currency = told.currency,
    desired_steps = told.steps::jsonb, notes = told.notes::jsonb, desired_at = %s
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[])
    AS told (id, claim, quantity, minor, currency, steps, notes)
WHERE store_offer.id = told.id AND store_offer.claim_no = told.claim
"""


def want(wanted: Sequence[Wanted], now: Instant) -> None:
    """Write what the rules want of these offers, in one statement."""
    prices = [one.desired.price for one in wanted]
    with connection.cursor() as cursor:
        cursor.execute(
            _WANT,
            [
                now, [one.row.pk for one in wanted], [one.row.claim_no for one in wanted],
                [one.desired.quantity for one in wanted],
                [price.minor if price else None for price in prices], [price.currency if price else "" for price in prices],
                [json.dumps(one.steps) for one in wanted], [json.dumps(one.notes) for one in wanted],
            ],
        )  # fmt: skip


_INTEND = """
UPDATE store_offer SET submitted_quantity = told.quantity, submitted_minor = told.minor, submitted_currency = told.currency,
    submitted_at = %s, submission = %s, submitted_no = told.number, tries = told.tries
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[])
    AS told (id, claim, quantity, minor, currency, number, tries)
WHERE store_offer.id = told.id AND store_offer.claim_no = told.claim
RETURNING store_offer.id
"""


def intend(changes: Sequence[tuple[models.Offer, Change]], now: Instant) -> list[tuple[models.Offer, Change]]:
    """Write the submissions before calling out, in one statement: if we die now, we know that we may have told.

    The answer leaves out the offers another worker took over meanwhile: those are not to be told.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _INTEND,
            [
                now, INTENDED, [row.pk for row, _ in changes], [row.claim_no for row, _ in changes],
                [change.quantity for _, change in changes],
                [change.price.minor if change.price else None for _, change in changes],
                [change.price.currency if change.price else "" for _, change in changes],
                [row.wanted_no for row, _ in changes], [row.tries if told_before(row, change) else 0 for row, change in changes],
            ],
        )  # fmt: skip
        ours = {number for (number,) in cursor.fetchall()}
    return [(row, change) for row, change in changes if row.pk in ours]


def told_before(row: models.Offer, change: Change) -> bool:
    """The change says what was told last. `row` as it was claimed."""
    told = money(row.submitted_minor, row.submitted_currency)
    return (row.submitted_quantity, told) == (change.quantity, change.price)


def accepted(row: models.Offer, submission: SubmissionId, look_at: Instant) -> None:
    """The marketplace received it; whether it is true is for `observe` to say. Only what was received counts as a try.

    That answers an alarm, but for one: what was taken and not shown is answered by being shown.
    """
    ours = Q(submission=INTENDED, submitted_no=row.wanted_no)
    _ours([row]).update(
        submission=Case(When(ours, then=Value(submission)), default=F("submission"), output_field=TextField()),
        tries=Case(When(ours, then=F("tries") + 1), default=F("tries")),
        alarm=Case(When(alarm="not_taken", then=F("alarm")), default=Value(""), output_field=TextField()),
        alarm_detail="",
        # A mark that came meanwhile took the pause away, and shall not wait for it.
        not_before=Case(When(wanted_no=row.wanted_no, then=Value(look_at)), default=F("not_before")),
        claimed_until=None,
    )


def untold(row: models.Offer) -> None:
    """The submission surely did not go out: as if it had not been intended. `row` as it was claimed.

    What was told before it and not read back stays on its way.
    """
    before = ("submitted_quantity", "submitted_minor", "submitted_currency", "submitted_at", "submission",
              "submitted_no", "tries")  # fmt: skip
    _ours([row]).filter(submission=INTENDED, submitted_no=row.wanted_no).update(
        **{name: getattr(row, name) for name in before}, claimed_until=None
    )


def postpone(row: models.Offer, until: Instant) -> None:
    """Not before `until`, unless a newer mark wants it looked at sooner."""
    _ours([row]).filter(wanted_no=row.wanted_no).update(not_before=until)
    _ours([row]).update(claimed_until=None)


def settle(row: models.Offer, number: int) -> None:
    """What was wanted at `number` is so, as `row` was seen: a look that came meanwhile may show a sale, and a sale that
    counted as acknowledged would be raised over. A newer mark keeps the offer waiting.
    """
    _ours([row]).filter(settled_no__lt=number).update(
        settled_no=number,
        submission="",
        tries=0,
        alarm="",
        alarm_detail="",
        not_before=None,
        claimed_until=None,
        acknowledged_quantity=row.observed_quantity,
        marked_at=Case(When(wanted_no=number, then=None), default=F("marked_at"), output_field=DateTimeField()),
    )


def acknowledge(rows: Sequence[models.Offer]) -> bool:
    """What these rows told is what the marketplace shows; True: nothing newer waits for any of them.

    A newer submission stays as it is.
    """
    still = Q(pk__in=[])
    for row in rows:
        told = Q(pk=row.pk, submission=row.submission, submitted_no=row.submitted_no, submitted_at=row.submitted_at)
        # Seen anew meanwhile: that look says what is acknowledged, not this one.
        still |= told & Q(observed_at=row.observed_at)
    models.Offer.objects.filter(still).update(
        settled_no=Greatest(F("settled_no"), F("submitted_no")),
        submission="",
        tries=0,
        alarm="",
        alarm_detail="",
        not_before=None,
        acknowledged_quantity=F("observed_quantity"),
    )
    looked_at = models.Offer.objects.filter(pk__in=[row.pk for row in rows])
    return looked_at.filter(wanted_no=F("settled_no")).update(marked_at=None) == len(rows)


def alarm(row: models.Offer, code: str, detail: str, number: int) -> bool:
    """A person must look; no more work by itself until a new mark. True: it stands, and did not stand before.

    `row` as it was claimed. Where another worker took the offer over, or a newer mark wants it looked at, it is not
    written: what is still wrong is found again.
    """
    newest = Q(wanted_no=number)
    _ours([row]).update(
        alarm=Case(When(newest, then=Value(code)), default=F("alarm"), output_field=TextField()),
        alarm_detail=Case(When(newest, then=Value(detail[:500])), default=F("alarm_detail"), output_field=TextField()),
        settled_no=Greatest(F("settled_no"), Value(number)),
        submission="",
        tries=0,
        claimed_until=None,
        not_before=None,
    )
    stands = bool(_ours([row]).filter(newest).update(marked_at=None))
    return stands and not _known(row, code, detail)


def _known(row: models.Offer, code: str, detail: str) -> bool:
    return (row.alarm, row.alarm_detail) == (code, detail[:500])


def park(row: models.Offer, number: int) -> None:
    """Differences that may not be sent (read-only site, no link): seen, shown, and not asked again by itself."""
    seen = Greatest(F("settled_no"), Value(number))
    _ours([row]).update(settled_no=seen, claimed_until=None, not_before=None, alarm="", alarm_detail="")
    _ours([row]).filter(wanted_no=number).update(marked_at=None)


def give_up(account: AccountId, told_before: Instant) -> None:
    """What was told that long ago, is not shown and is not ours to tell again (parked) is not waited for any more."""
    rows = models.Offer.objects.filter(account_id=account, submitted_at__lt=told_before, settled_no__gte=F("wanted_no"))
    rows.exclude(submission="").update(submission="", tries=0)


def unproven(
    account: AccountId, now: Instant, most: int, pause: timedelta, told_long_ago: Instant
) -> list[models.Offer]:
    """Offers told and not yet seen as told, whose last look is `pause` ago; longer where they were told long ago.

    A sale between the telling and the look shows a quantity nobody told, for ever; whether it may be raised is known
    only once the orders were read up to the last look, so that looks must leave that reading behind now and then.
    """
    lately = Q(submitted_at__gt=told_long_ago, looked_at__lte=now - pause)
    return list(
        models.Offer.objects.filter(account_id=account, submitted_at__isnull=False)
        .exclude(submission="")
        # Of two moments the later one; PostgreSQL leaves out what is NULL.
        .annotate(looked_at=Greatest("observed_at", "asked_at"))
        .filter(Q(looked_at=None) | Q(looked_at__lt=F("submitted_at")) | lately | Q(looked_at__lte=now - RARE_LOOK))
        .order_by("submitted_at", "pk")[:most]
    )


def any_unproven(account: AccountId) -> bool:
    """Whether anything was told that was not yet seen as told."""
    return models.Offer.objects.filter(account_id=account).exclude(submission="").exists()


_SEEN = (
    "observed_quantity", "observed_minor", "observed_currency", "fulfilled_by", "buyable", "channels",
    "product_type", "product_code", "title", "problems", "observed_at",
)  # fmt: skip


def see(account: AccountId, offers: Sequence[Observed], asked_at: Instant) -> None:
    """Write what the marketplace shows. A new offer starts marked; one that moved by itself is marked again.

    `asked_at`: before the question was sent, so that nothing that happened after counts as seen. What somebody asked
    later and wrote earlier stays.
    """
    found = {o.key: o for o in offers}  # a list that names one SKU twice
    if not found:
        return
    skus = [key.sku for key in found]
    with transaction.atomic():
        rows = models.Offer.objects.select_for_update().filter(account_id=account, sku__in=skus).order_by("pk")
        for site, sku, seen_at in rows.values_list("site", "sku", "observed_at"):
            if seen_at is not None and seen_at > asked_at:
                found.pop(OfferKey(account, SiteId(site), SellerSku(sku)), None)
        _write_seen(account, list(found.values()), asked_at)


def _write_seen(account: AccountId, offers: Sequence[Observed], now: Instant) -> None:
    rows = [_seen_row(account, o, now) for o in offers]
    models.Offer.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["account", "site", "sku"], update_fields=list(_SEEN)
    )
    for offer in offers:
        if offer.ean:
            models.Offer.objects.filter(account_id=account, sku=offer.key.sku, ean="").update(ean=offer.ean)
    skus = [o.key.sku for o in offers]
    moved = models.Offer.objects.filter(account_id=account, sku__in=skus, observed_at=now, wanted_no=F("settled_no"))
    differs = (
        Q(desired_quantity__isnull=False, fulfilled_by="merchant")
        & (~Q(observed_quantity=F("desired_quantity")) | Q(observed_quantity=None))
    ) | (Q(desired_minor__isnull=False) & (~Q(observed_minor=F("desired_minor")) | Q(observed_minor=None)))
    _mark(
        moved.filter((differs & Q(alarm="")) | (~differs & Q(alarm__in=BY_LOOK)) | Q(alarm="not_on_marketplace")), now
    )


def move(account: AccountId, skus: Iterable[str]) -> None:
    """An order took pieces of these SKUs at the marketplace, or gave some back: what was seen before holds no more."""
    models.Offer.objects.filter(account_id=account, sku__in=list(skus)).update(moved_no=F("moved_no") + 1)


def moved(row: models.Offer) -> bool:
    """Orders have moved the quantity since the offer was looked at."""
    return row.moved_no > row.looked_no


def looked(rows: Iterable[models.Offer]) -> None:
    """These rows, as they were read before the look began, were looked at. An order that came meanwhile is not in it."""
    for row in rows:
        if moved(row):
            models.Offer.objects.filter(pk=row.pk, looked_no__lt=row.moved_no).update(looked_no=row.moved_no)


def see_unreadable(unread: Sequence[UnreadOffer], asked_at: Instant) -> None:
    """Offers that are there and could not be read: their last reading stays as old as it is, with the reason.

    As with `not_there`, nothing is told upon it and nothing is proven by it; that none counts as gone is for the sweep to
    remember. One that was never read has no row, and gets none: it would be wanted on the marketplace, where it is.
    An older answer that is written later takes the reason away again, and nothing else.
    """
    for offer in unread:
        rows = models.Offer.objects.filter(account_id=offer.key.account, site=offer.key.site, sku=offer.key.sku)
        rows.exclude(observed_at__gt=asked_at).update(
            asked_at=Greatest("asked_at", Value(asked_at)), problems=[["unreadable", offer.field, ""]]
        )


def not_there(rows: Sequence[int], asked_at: Instant) -> None:
    """Asked for and not in the answer: nothing was seen, and it is not asked for again at once.

    What it showed before stays as old as it is: nothing is told upon it, and nothing is proven by it. The next sweep says
    whether it is gone.
    """
    models.Offer.objects.filter(pk__in=rows).exclude(asked_at__gt=asked_at).update(asked_at=asked_at)


def missed(row: models.Offer) -> bool:
    """Asked for since it was seen, and not there or not readable."""
    return row.asked_at is not None and (row.observed_at is None or row.asked_at > row.observed_at)


def _seen_row(account: AccountId, offer: Observed, now: Instant) -> models.Offer:
    return models.Offer(
        account_id=account,
        site=offer.key.site,
        sku=offer.key.sku,
        marked_at=now,
        observed_quantity=offer.quantity,
        observed_minor=offer.price.minor if offer.price else None,
        observed_currency=offer.price.currency if offer.price else "",
        fulfilled_by=offer.fulfilled_by,
        buyable=offer.buyable,
        channels=list(offer.channels),
        product_type=offer.product_type,
        product_code=offer.product_code,
        ean=offer.ean,
        title=offer.title,
        problems=[[p.code, p.text, p.field] for p in offer.problems],
        observed_at=now,
    )


def proven(row: models.Offer) -> bool:
    """The marketplace shows all that was told last, and was looked at after it was told."""
    if row.submitted_at is None or row.observed_at is None or row.observed_at < row.submitted_at:
        return False
    quantity_ok = row.submitted_quantity is None or row.submitted_quantity == row.observed_quantity
    price_ok = row.submitted_minor is None or (
        (row.submitted_minor, row.submitted_currency) == (row.observed_minor, row.observed_currency)
    )
    return quantity_ok and price_ok


def forget_unseen(account: AccountId, site: str, begun_at: Instant, unread: Sequence[str] = ()) -> list[str]:
    """After a complete sweep of a site: what was not seen is no offer any more. The answer names the SKUs.

    `unread`: SKUs that were there and could not be read.
    """
    gone = models.Offer.objects.filter(account_id=account, site=site, observed_at__lt=begun_at).exclude(sku__in=unread)
    skus = list(gone.values_list("sku", flat=True))
    gone.delete()
    return skus


def refused(row: models.Offer, problems: Sequence[Problem], number: int) -> bool:
    """The marketplace refused the change itself. True: it had not refused the last one in the same words."""
    first = problems[0] if problems else Problem("refused")
    detail = first.text or first.code
    alarm(row, "refused", detail, number)
    _ours([row]).update(problems=[[p.code, p.text, p.field] for p in problems])
    return not _known(row, "refused", detail)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Offers waiting, since when the oldest one waits (None: none), refused ones, all there are."""

    waiting: int
    oldest: Instant | None
    refused: int
    offers: int


def backlog(account: AccountId) -> Backlog:
    """The figures of an account's offers, counted now."""
    found = models.Offer.objects.filter(account_id=account).aggregate(
        waiting=Count("pk", filter=WAITING),
        oldest=Min("marked_at", filter=WAITING),
        refused=Count("pk", filter=~Q(alarm="")),
        offers=Count("pk"),
    )
    return Backlog(found["waiting"], found["oldest"], found["refused"], found["offers"])
