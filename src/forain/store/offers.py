"""Offers: marks, claims, intents, receipts, observations, settlement. Counters and compare-and-set, no stamps."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    SmallIntegerField,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least

from forain.contracts.marketplace import UnreadOffer
from forain.core.clock import Instant
from forain.core.errors import Problem
from forain.core.ids import AccountId, OfferKey, SellerSku, SiteId, SubmissionId
from forain.core.money import Money
from forain.core.offers import Change, Desired, Observed, Submitted, fitting_terms
from forain.core.ownership import changed_by_others, counted, setup_as_text, setup_from_text
from forain.core.roads import Lane, Road
from forain.core.terms import ABSENT, as_text, from_text
from forain.store import arrays, journal, models, refusals
from forain.store.arrays import array, as_json

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
        terms=from_text(row.observed_terms),
        setup=setup_from_text(row.price_setup),
    )


def desired_of(row: models.Offer) -> Desired:
    """What was wanted of the offer last, as a value."""
    return Desired(row.desired_quantity, money(row.desired_minor, row.desired_currency), from_text(row.desired_terms))


def fitting(row: models.Offer, desired: Desired) -> Desired:
    """What of `desired` this offer can be told, and what of former wishes is to be taken back."""
    return replace(desired, terms=fitting_terms(desired, observed_of(row), from_text(row.told_terms)))


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
        terms=from_text(row.submitted_terms),
    )


def mark(
    account: AccountId,
    now: Instant,
    *,
    skus: Iterable[str] | None = None,
    site: str = "",
    correlation: str = "",
    lane: Lane = Lane.QUANTITY,
) -> int:
    """Say "look again" for these SKUs (None: all) on all sites or one; the answer is how many offers. `lane`: how urgent it is.

    An alarm is shown until that look has decided: a mark that comes again must not make its notice go and come back.
    """
    rows = models.Offer.objects.filter(account_id=account)
    if skus is not None:
        rows = rows.filter(sku__in=arrays.names(skus))
    if site:
        rows = rows.filter(site=site)
    return _mark(rows, now, correlation, lane)


_BY_RISK = """
UPDATE store_offer SET wanted_no = wanted_no + 1, not_before = NULL, correlation = %(correlation)s, lane = %(lane)s,
    marked_at = coalesce(marked_at, %(now)s + ranked.place * interval '1 microsecond')
FROM (
    SELECT id, row_number() OVER (
        ORDER BY coalesce(observed_quantity, 0) <= 0, moved_no DESC, observed_quantity, id
    ) AS place
    FROM store_offer WHERE account_id = %(account)s
) ranked
WHERE store_offer.id = ranked.id
"""


def mark_by_risk(account: AccountId, now: Instant, correlation: str) -> int:
    """Mark all offers of an account, so that they are claimed in the order of what an hour more on sale may cost.

    Each order that comes before the 0 has to be cancelled: so first what buyers take most often (`moved_no` counts the
    orders), of those what has the fewest pieces left, for it is oversold first; what shows none comes last. The order is
    kept in `marked_at`, by which offers of a lane are claimed; what was marked before goes before all.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _BY_RISK, {"account": account, "now": now, "correlation": correlation, "lane": Lane.TO_ZERO.value}
        )
        return int(cursor.rowcount)


def mark_these(numbers: Sequence[int], now: Instant, correlation: str = "") -> None:
    """Say "look again" for these rows."""
    _mark(models.Offer.objects.filter(pk__in=numbers), now, correlation)


def _mark(
    rows: "QuerySet[models.Offer]", now: Instant, correlation: str = "", lane: Lane = Lane.QUANTITY, **more: None
) -> int:
    waits = When(WAITING, then=Least(F("lane"), Value(lane.value)))
    return rows.update(
        lane=Case(waits, default=Value(lane.value), output_field=SmallIntegerField()),
        wanted_no=F("wanted_no") + 1,
        marked_at=Coalesce(F("marked_at"), Value(now), output_field=DateTimeField()),
        not_before=None,
        correlation=correlation or F("correlation"),
        **more,
    )


_CLAIM = """
UPDATE store_offer o SET claimed_until = %s, claim_no = claim_no + 1 WHERE o.id = ANY(%s::bigint[]) RETURNING row_to_json(o)::text
"""


def claim(
    account: AccountId,
    now: Instant,
    most: int,
    *,
    site: str = "",
    best: Lane = Lane.TO_ZERO,
    worst: Lane = Lane.CONTENT,
) -> list[models.Offer]:
    """Take up to `most` waiting offers, the most urgent lane first and there the oldest mark; another worker gets others.

    `site`: only of that one; `best`, `worst`: none more and none less urgent. What an open feed tells waits for its end.
    Each row carries the `wanted_no` it was claimed with (settle exactly that number) and the `claim_no` of this claim:
    whoever comes back after another took the offer over changes nothing of it.
    """
    with transaction.atomic():
        free = (
            models.Offer.objects.select_for_update(skip_locked=True)
            .filter(_free(account, now), **({"site": site} if site else {}))
            .filter(
                Q(lane__gte=best) if best > Lane.TO_ZERO else Q(), Q(lane__lte=worst) if worst < Lane.CONTENT else Q()
            )
            .order_by("lane", "marked_at", "pk")[:most]
        )
        order = {number: place for place, number in enumerate(free.values_list("pk", flat=True))}
        if not order:
            return []
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [now + CLAIM_LIFE, array(order)])
            rows = arrays.rows(models.Offer, [text for (text,) in cursor.fetchall()])
    return sorted(rows, key=lambda row: order[row.pk])


def _free(account: AccountId, now: Instant) -> Q:
    """Waiting offers of the account that may be claimed now."""
    due = (Q(not_before=None) | Q(not_before__lte=now)) & (Q(claimed_until=None) | Q(claimed_until__lte=now))
    return WAITING & Q(account_id=account, feed=None) & due


def waiting_by_site(account: AccountId, now: Instant, since: Instant, most: int) -> dict[str, int]:
    """Site -> how many offers could be claimed now and whose SKU was not told by a call since then, in order of urgency and counted up
    to `most` altogether."""
    by_call = models.Offer.objects.filter(account_id=account, sku=OuterRef("sku"), road="call", submitted_at__gt=since)
    rows = models.Offer.objects.filter(_free(account, now), ~Exists(by_call)).order_by("lane", "marked_at", "pk")
    return dict(Counter(rows.values_list("site", flat=True)[:most]))


def falls_waiting(account: AccountId, now: Instant, most: int) -> int:
    """How many falls to zero could be claimed now, counted up to `most`."""
    return models.Offer.objects.filter(_free(account, now), lane=Lane.TO_ZERO)[:most].count()


def site_bound_to_feed(account: AccountId, now: Instant, since: Instant) -> str:
    """A site with an offer that could be claimed now and was told by feed since then; "" where there is none."""
    rows = models.Offer.objects.filter(_free(account, now), road="feed", submitted_at__gt=since)
    return rows.values_list("site", flat=True).order_by("lane", "marked_at", "pk").first() or ""


def roads(account: AccountId, skus: Iterable[str], since: Instant) -> dict[str, tuple[Road, Instant]]:
    """SKU -> (how any of its offers was told last, when), of those that were told since then."""
    rows = models.Offer.objects.filter(account_id=account, sku__in=arrays.names(skus), submitted_at__gt=since)
    found = rows.exclude(road="").order_by("submitted_at").values_list("sku", "road", "submitted_at")
    return {sku: ("feed" if road == "feed" else "call", at) for sku, road, at in found if at is not None}


def in_feed(account: AccountId, skus: Iterable[str]) -> set[str]:
    """Those of the SKUs of which an offer, on whatever site, is in an open feed."""
    rows = models.Offer.objects.filter(account_id=account, sku__in=arrays.names(skus), feed__isnull=False)
    return set(rows.values_list("sku", flat=True))


def hold(rows: Sequence[models.Offer], now: Instant) -> list[models.Offer]:
    """Keep claimed offers for another CLAIM_LIFE; the answer leaves out what another worker took over meanwhile."""
    with transaction.atomic():
        ours = set(_ours(rows).select_for_update().values_list("pk", flat=True))
        models.Offer.objects.filter(pk__in=ours).update(claimed_until=now + CLAIM_LIFE)
    return [row for row in rows if row.pk in ours]


_RELEASE = """
UPDATE store_offer SET claimed_until = NULL FROM unnest(%s::bigint[], %s::bigint[]) AS told (id, claim)
WHERE store_offer.id = told.id AND store_offer.claim_no = told.claim AND store_offer.claimed_until IS NOT NULL
"""


def release(rows: Sequence[models.Offer]) -> None:
    """Give claimed offers back untouched; those another worker took over meanwhile are not ours to give."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [array(row.pk for row in rows), array(row.claim_no for row in rows)])


def _ours(rows: Sequence[models.Offer]) -> "QuerySet[models.Offer]":
    """These claimed offers, without those another worker took over: what that one reads and decides is newer."""
    claims = Q(pk__in=[])
    for row in rows:
        claims |= Q(pk=row.pk, claim_no=row.claim_no)
    return models.Offer.objects.filter(claims)


def next_due(account: AccountId) -> Instant | None:
    """When the next waiting offer may be looked at (but those in a feed), or one turns by itself; None: nothing is to come."""
    turns = models.Offer.objects.filter(account_id=account, turns_at__isnull=False).aggregate(at=Min("turns_at"))["at"]
    found = models.Offer.objects.filter(WAITING, account_id=account, feed=None).aggregate(
        at=Min(Coalesce(F("not_before"), F("marked_at"), output_field=DateTimeField()))
    )
    return min((at for at in (found["at"], turns) if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rules want of an offer, and how it came about: `steps` and `notes` for the page "why this number?".

    `turns_at`: when that changes by itself; None: never. `held`: why a part is held back, "" for nothing.
    `led_elsewhere`: field that others lead -> [who, what we would say].
    `shop_price`: the shop's own one, as it was reckoned from; None: there is none.
    """

    row: models.Offer
    desired: Desired
    steps: list[list[str]]
    notes: list[str]
    turns_at: Instant | None = None
    held: str = ""
    led_elsewhere: Mapping[str, list[str]] = field(default_factory=dict)
    shop_price: Money | None = None


_WANT = """
WITH told AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::timestamptz[], %s::text[], %s::text[], %s::bigint[])
    AS told (id, claim, quantity, minor, currency, terms, steps, notes, turns_at, held, led, shop_minor)),
anew AS (SELECT told.* FROM told JOIN store_offer o ON o.id = told.id AND o.claim_no = told.claim
    WHERE o.desired_at IS NULL
        OR (o.desired_quantity, o.desired_minor, o.desired_currency, o.desired_terms, o.desired_steps, o.notes, o.held)
        IS DISTINCT FROM (told.quantity, told.minor, told.currency, told.terms::jsonb, told.steps::jsonb, told.notes::jsonb, told.held)),
kept AS (INSERT INTO store_reckoning (offer_id, at, quantity, minor, currency, terms, steps, notes, held)
    SELECT id, %s, quantity, minor, currency, terms::jsonb, steps::jsonb, notes::jsonb, held FROM anew)
UPDATE store_offer SET desired_quantity = told.quantity, desired_minor = told.minor, desired_currency = told.currency,
    desired_terms = told.terms::jsonb, turns_at = told.turns_at, held = told.held, led_elsewhere = told.led::jsonb,
    shop_minor = told.shop_minor,
    desired_steps = told.steps::jsonb, notes = told.notes::jsonb, desired_at = %s
FROM told WHERE store_offer.id = told.id AND store_offer.claim_no = told.claim
"""


def want(wanted: Sequence[Wanted], now: Instant) -> None:
    """Write what the rules want of these offers, in one statement; what has changed is kept as it was (`reckonings`)."""
    prices = [one.desired.price for one in wanted]
    with connection.cursor() as cursor:
        cursor.execute(
            _WANT,
            [
                array(one.row.pk for one in wanted), array(one.row.claim_no for one in wanted),
                array(one.desired.quantity for one in wanted),
                array(price.minor if price else None for price in prices),
                array(price.currency if price else "" for price in prices),
                array(as_json(as_text(one.desired.terms)) for one in wanted),
                array(as_json(one.steps) for one in wanted), array(as_json(one.notes) for one in wanted),
                array(one.turns_at for one in wanted), array(one.held[:500] for one in wanted),
                array(as_json(one.led_elsewhere) for one in wanted),
                array(one.shop_price.minor if one.shop_price else None for one in wanted), now, now,
            ],
        )  # fmt: skip


_INTEND = """
UPDATE store_offer SET submitted_quantity = told.quantity, submitted_minor = told.minor, submitted_currency = told.currency,
    submitted_terms = told.terms::jsonb, told_terms = store_offer.told_terms || told.kept::jsonb, submitted_at = %s, submission = %s, submitted_no = told.number, tries = told.tries, road = 'call'
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[])
    AS told (id, claim, quantity, minor, currency, terms, kept, number, tries)
WHERE store_offer.id = told.id AND store_offer.claim_no = told.claim AND store_offer.feed_id IS NULL
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
                [json.dumps(as_text(change.terms)) for _, change in changes],
                # That there shall be none is not kept: what is to go is known by what it was.
                [json.dumps(_values(change)) for _, change in changes],
                [row.wanted_no for row, _ in changes], [row.tries if told_before(row, change) else 0 for row, change in changes],
            ],
        )  # fmt: skip
        ours = {number for (number,) in cursor.fetchall()}
    return [(row, change) for row, change in changes if row.pk in ours]


def _values(change: Change) -> dict[str, str]:
    return {name: text for name, text in as_text(change.terms).items() if text != ABSENT}


def turn(account: AccountId, now: Instant) -> int:
    """Mark the offers of which something else is wanted by now, because a sale or a special price began or ended; the answer
    is how many. Safe to repeat."""
    rows = models.Offer.objects.filter(account_id=account, turns_at__lte=now)
    return _mark(rows, now, turns_at=None)


def told_before(row: models.Offer, change: Change) -> bool:
    """The change says what was told last. `row` as it was claimed."""
    told = row.submitted_quantity, money(row.submitted_minor, row.submitted_currency), row.submitted_terms
    return told == (change.quantity, change.price, as_text(change.terms))


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
    before = ("submitted_quantity", "submitted_minor", "submitted_currency", "submitted_terms", "submitted_at", "submission",
              "submitted_no", "tries", "road")  # fmt: skip
    _ours([row]).filter(submission=INTENDED, submitted_no=row.wanted_no).update(
        **{name: getattr(row, name) for name in before}, claimed_until=None
    )


def postpone(row: models.Offer, until: Instant) -> None:
    """Not before `until`, unless a newer mark wants it looked at sooner."""
    _ours([row]).filter(wanted_no=row.wanted_no).update(not_before=until)
    _ours([row]).update(claimed_until=None)


_POSTPONE = """
UPDATE store_offer SET claimed_until = NULL,
    not_before = CASE WHEN store_offer.wanted_no = told.number THEN %s ELSE store_offer.not_before END,
    lane = COALESCE(%s, store_offer.lane)
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS told (id, claim, number)
WHERE store_offer.id = told.id AND store_offer.claim_no = told.claim
"""


def postpone_all(rows: Sequence[models.Offer], until: Instant, lane: Lane | None = None) -> None:
    """The same of many, in one statement. `lane`: into that one."""
    if not rows:
        return
    with connection.cursor() as cursor:
        told = [array(getattr(row, name) for row in rows) for name in ("pk", "claim_no", "wanted_no")]
        cursor.execute(_POSTPONE, [until, None if lane is None else lane.value, *told])


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
        # What was told is so; what was held back of the same decision is not.
        alarm=Case(When(held="", then=Value("")), default=Value("held"), output_field=TextField()),
        alarm_detail=F("held"),
        not_before=None,
        # Where no quantity was told, a smaller one that is shown may be a sale that nobody knows yet.
        acknowledged_quantity=Case(
            When(submitted_quantity__isnull=False, then=F("observed_quantity")),
            default=Greatest(F("acknowledged_quantity"), F("observed_quantity")),
        ),
    )
    looked_at = models.Offer.objects.filter(pk__in=[row.pk for row in rows])
    return looked_at.filter(wanted_no=F("settled_no")).update(marked_at=None) == len(rows)


def alarm(
    row: models.Offer, code: str, detail: str, number: int, now: Instant, problems: Sequence[Problem] = ()
) -> bool:
    """A person must look; no more work by itself until a new mark. True: it stands, and did not stand before.

    `row` as it was claimed. Where another worker took the offer over, or a newer mark wants it looked at, it is not
    written: what is still wrong is found again. `problems`: what it was refused for.
    """
    newest = Q(wanted_no=number)
    if code == "not_taken":
        # What was taken and is not shown: the errors that the marketplace shows with it are the reasons it gives.
        shown = refusals.from_rows(row.problems)
        problems = [problem for problem in shown if not problem.warning and problem.code != "unreadable"]
    if code in refusals.TOLD_NO:
        told = refusals.as_rows(problems)
        again = row.alarm in refusals.TOLD_NO and refusals.same_reason(row.refusals, told)
        _ours([row]).filter(newest).update(
            refusals=told, refused_at=row.refused_at if again and row.refused_at else now
        )
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
    told = Q(submitted_at__lt=told_before, settled_no__gte=F("wanted_no"), feed=None)
    rows = models.Offer.objects.filter(told, account_id=account)
    rows.exclude(submission="").update(submission="", tries=0)


def unproven(
    account: AccountId, now: Instant, most: int, pause: timedelta, told_long_ago: Instant
) -> list[models.Offer]:
    """Offers told and not yet seen as told (those in an open feed left to its report), whose last look is `pause` ago; longer where they were told long ago.

    A sale between the telling and the look shows a quantity nobody told, for ever; whether it may be raised is known
    only once the orders were read up to the last look, so that looks must leave that reading behind now and then.
    """
    lately = Q(submitted_at__gt=told_long_ago, looked_at__lte=now - pause)
    return list(
        models.Offer.objects.filter(account_id=account, submitted_at__isnull=False, feed=None)
        .exclude(submission="")
        # Of two moments the later one; PostgreSQL leaves out what is NULL.
        .annotate(looked_at=Greatest("observed_at", "asked_at"))
        .filter(Q(looked_at=None) | Q(looked_at__lt=F("submitted_at")) | lately | Q(looked_at__lte=now - RARE_LOOK))
        .order_by("submitted_at", "pk")[:most]
    )


def any_unproven(account: AccountId) -> bool:
    """Whether anything was told that was not yet seen as told, but by an open feed."""
    return models.Offer.objects.filter(account_id=account, feed=None).exclude(submission="").exists()


_SEEN = (
    "observed_quantity", "observed_minor", "observed_currency", "observed_terms", "price_setup", "fulfilled_by", "buyable", "channels",
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
        known = {key_of(row): row for row in rows if key_of(row) in found}
        for key, row in known.items():
            if row.observed_at is not None and row.observed_at > asked_at:
                del found[key]
        _note_changed(found, known, asked_at)
        _write_seen(account, list(found.values()), asked_at)


def _note_changed(found: Mapping[OfferKey, Observed], known: Mapping[OfferKey, models.Offer], now: Instant) -> None:
    """Write down where somebody else changed what we lead: the offer was as wanted, nothing was on its way, and it is not any
    more."""
    changed, entries = [], []
    for key, seen in found.items():
        row = known.get(key)
        before = observed_of(row) if row and not row.submission and row.wanted_no == row.settled_no else None
        if row is None or before is None:
            continue
        others = changed_by_others(desired_of(row), before, seen)
        if others:
            row.changed_elsewhere = counted(row.changed_elsewhere, others, now)
            changed.append(row)
        for one in others:
            told = {"field": one.field, "was": one.before, "became": one.now}
            entries.append(("changed_elsewhere", str(key), key.account, row.correlation, told))
    if changed:
        models.Offer.objects.bulk_update(changed, ["changed_elsewhere"])
        journal.write_many(now, entries)


class InPart(NamedTuple):
    """What a report shows of an offer that is known. None: nothing, so that what was seen before stays."""

    quantity: int | None
    price: Money | None
    buyable: bool | None


def see_in_part(account: AccountId, reported: Mapping[int, InPart], made_at: Instant, now: Instant) -> int:
    """Write what a report shows of these rows, by their number; the answer is how many were written.

    `made_at`: before the report was asked for. What was looked at since, is on its way or was moved by an order stays
    as it is: that was seen later, or is for read-back to see. A report shows less than a look: what it does not show stays, and
    since `asked_at` comes to lie behind `observed_at` nothing is told upon it before a look.
    """
    with transaction.atomic():
        rows = models.Offer.objects.select_for_update().filter(pk__in=list(reported), submission="", feed=None)
        known, found = {}, {}
        for row in rows.order_by("pk"):
            before, told = observed_of(row), reported[row.pk]
            if before is None or before.seen_at is None or before.seen_at >= made_at or moved(row):
                continue
            known[key_of(row)] = row
            found[key_of(row)] = replace(
                before,
                quantity=before.quantity if told.quantity is None else told.quantity,
                price=told.price or before.price,
                buyable=before.buyable if told.buyable is None else told.buyable,
                # They stand in the row, and are written only where they are new.
                ean="",
                problems=tuple(Problem(*problem) for problem in row.problems),
            )
        _note_changed(found, known, made_at)
        _write_seen(account, list(found.values()), made_at)
        _seen_in_part([row.pk for row in known.values()], now)
    return len(found)


def add_in_part(account: AccountId, seen: Sequence[Observed], made_at: Instant, now: Instant) -> None:
    """Rows for offers that a report shows and nobody knew, marked, and to be looked at before anything is told. Those that came
    to be known meanwhile stay as they are."""
    rows = [_seen_row(account, offer, made_at) for offer in {offer.key: offer for offer in seen}.values()]
    for row in rows:
        row.marked_at = row.asked_at = now
    models.Offer.objects.bulk_create(rows, ignore_conflicts=True)


def mark_all_unlike(account: AccountId, site: str, now: Instant, page: int = 5000) -> int:
    """Mark what is at rest and shown otherwise than it was wanted last, and what a person was to look at and is shown as wanted
    by now; the answer is how many. Some thousands at a time, so that no worker waits long for any of them."""
    rest = models.Offer.objects.filter(
        account_id=account, site=site, wanted_no=F("settled_no"), submission="", feed=None
    )
    rows, last, count = rest.filter(_LOOK_AGAIN).order_by("pk"), 0, 0
    while numbers := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:page]):
        count += _mark(rest.filter(pk__in=numbers), now)
        last = numbers[-1]
    return count


def to_look_at(account: AccountId, site: str, made_at: Instant, after: int, most: int) -> list[models.Offer]:
    """Offers that a report asked for at `made_at` lacks or does not show well, and nobody has seen since; up to `most`, behind the
    row of number `after`."""
    rows = models.Offer.objects.filter(account_id=account, site=site, observed_at__lt=made_at, asked_at__gte=made_at)
    return list(rows.filter(pk__gt=after).order_by("pk")[:most])


def forget_missing(rows: Sequence[models.Offer], made_at: Instant) -> list[str]:
    """Offers that neither the report of that moment nor a look has are none any more: delete them, and name their SKUs.

    Not where the report has them, may have them in a line that could not be read, or somebody else looked meanwhile.
    """
    gone = models.Offer.objects.filter(
        pk__in=[row.pk for row in rows], asked_at=made_at, observed_at__lt=made_at, feed=None
    )
    with transaction.atomic():
        found = list(gone.select_for_update().values_list("pk", "sku"))
        models.Offer.objects.filter(pk__in=[number for number, _ in found]).delete()
    return [sku for _, sku in found]


def _seen_in_part(numbers: Sequence[int], now: Instant) -> None:
    models.Offer.objects.filter(pk__in=numbers).update(asked_at=Greatest("asked_at", Value(now)))


_EANS = """
UPDATE store_offer SET ean = told.ean FROM unnest(%s::text[], %s::text[]) AS told (sku, ean)
WHERE store_offer.account_id = %s AND store_offer.sku = told.sku AND store_offer.ean = ''
"""


def _write_seen(account: AccountId, offers: Sequence[Observed], now: Instant) -> None:
    rows = [_seen_row(account, o, now) for o in offers]
    models.Offer.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["account", "site", "sku"], update_fields=list(_SEEN)
    )
    if eans := {str(offer.key.sku): offer.ean for offer in offers if offer.ean}:
        with connection.cursor() as cursor:
            cursor.execute(_EANS, [list(eans), list(eans.values()), account])
    skus = [o.key.sku for o in offers]
    moved = models.Offer.objects.filter(account_id=account, sku__in=skus, observed_at=now, wanted_no=F("settled_no"))
    _mark(moved.filter(_LOOK_AGAIN), now)


_UNLIKE = (
    Q(desired_quantity__isnull=False, fulfilled_by="merchant")
    & (~Q(observed_quantity=F("desired_quantity")) | Q(observed_quantity=None))
) | (Q(desired_minor__isnull=False) & (~Q(observed_minor=F("desired_minor")) | Q(observed_minor=None)))
_UNLIKE |= ~Q(observed_terms__contains=F("desired_terms"))
"""The marketplace shows it otherwise than it was wanted last."""
_LOOK_AGAIN = (_UNLIKE & Q(alarm="")) | (~_UNLIKE & Q(alarm__in=BY_LOOK)) | Q(alarm="not_on_marketplace")
"""Settled, and yet not as it should be; or an alarm about what is shown has nothing to be alarmed about any more."""


def unlike_or_held(account: AccountId, site: str) -> "QuerySet[models.Offer]":
    """Offers of a site that the marketplace shows otherwise than they are wanted, or of which something is held back."""
    return models.Offer.objects.filter(_UNLIKE | ~Q(held=""), account_id=account, site=site).order_by("sku")


def mark_unlike(numbers: Sequence[int], now: Instant) -> None:
    """Of these rows, mark again what is settled by what was told and still shown otherwise than wanted: a part of it is paused, and
    goes on waiting since the other one was told."""
    rows = models.Offer.objects.filter(_UNLIKE, pk__in=numbers, wanted_no=F("settled_no"), alarm="")
    since = Coalesce(F("submitted_at"), Value(now), output_field=DateTimeField())
    rows.update(wanted_no=F("wanted_no") + 1, marked_at=since, not_before=None)


def move(account: AccountId, skus: Iterable[str]) -> None:
    """An order took pieces of these SKUs at the marketplace, or gave some back: what was seen before holds no more."""
    models.Offer.objects.filter(account_id=account, sku__in=list(skus)).update(moved_no=F("moved_no") + 1)


def moved(row: models.Offer) -> bool:
    """Orders have moved the quantity since the offer was looked at."""
    return row.moved_no > row.looked_no


def fulfilled_by_merchant(account: AccountId, sites: Sequence[str], skus: Collection[str]) -> list[models.Offer]:
    """The offers of these SKUs on these sites that were seen and whose pieces the merchant sends, the oldest first."""
    rows = models.Offer.objects.filter(account_id=account, site__in=sites, sku__in=list(skus), fulfilled_by="merchant")
    return list(rows.filter(observed_at__isnull=False).order_by("pk"))


def mark_carried(account: AccountId, sites: Collection[str], numbers: Sequence[int], now: Instant) -> None:
    """Of the offers that share with these rows, on these sites: mark those that wait for what these told to be shown, or are held
    back for it."""
    skus = models.Offer.objects.filter(pk__in=numbers).values("sku")
    rows = models.Offer.objects.filter(account_id=account, site__in=list(sites), sku__in=skus).exclude(pk__in=numbers)
    held = Exists(models.Leap.objects.filter(offer=OuterRef("pk"), state="held"))
    _mark(rows.filter(WAITING | Q(held)), now)


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
        observed_terms=as_text(offer.terms),
        price_setup=setup_as_text(offer.setup),
        fulfilled_by=offer.fulfilled_by,
        buyable=offer.buyable,
        channels=list(offer.channels),
        product_type=offer.product_type,
        product_code=offer.product_code,
        ean=offer.ean,
        title=offer.title,
        problems=refusals.as_rows(offer.problems),
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
    return quantity_ok and price_ok and row.submitted_terms.items() <= row.observed_terms.items()


def forget_unseen(account: AccountId, site: str, begun_at: Instant, unread: Sequence[str] = ()) -> list[str]:
    """After a complete sweep of a site: what was not seen is no offer any more. The answer names the SKUs.

    `unread`: SKUs that were there and could not be read.
    """
    gone = models.Offer.objects.filter(account_id=account, site=site, observed_at__lt=begun_at).exclude(sku__in=unread)
    skus = list(gone.values_list("sku", flat=True))
    gone.delete()
    return skus


def refused(row: models.Offer, problems: Sequence[Problem], number: int, now: Instant) -> bool:
    """The marketplace refused the change itself. True: it had not refused the last one in the same words."""
    detail = refusals.detail(problems)
    alarm(row, "refused", detail, number, now, problems)
    _ours([row]).update(problems=refusals.as_rows(problems))
    return not _known(row, "refused", detail)


def alarmed(account: AccountId) -> dict[str, tuple[int, models.Offer]]:
    """Alarm -> (how many offers it is about, the first of them); only of what there is. Costs as much as is alarmed."""
    rows = models.Offer.objects.filter(~Q(alarm=""), account_id=account)
    counted = list(rows.values("alarm").annotate(count=Count("pk"), first=Min("pk")).order_by("alarm"))
    first = {row.pk: row for row in models.Offer.objects.filter(pk__in=[one["first"] for one in counted])}
    # One that was forgotten in between is named the next time.
    return {one["alarm"]: (one["count"], first[one["first"]]) for one in counted if one["first"] in first}


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
