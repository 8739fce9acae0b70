"""Feeds: many changes of one site, from the first that is put in to the last that is seen as told. Set-based throughout.

An offer in an open feed is told by nobody else. What the feed tells of it is written to the offer just before the feed is
begun, and taken back where it surely was not.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Avg, Exists, F, OuterRef

from forain.contracts.marketplace import FeedEnd
from forain.core.clock import Instant
from forain.core.errors import Problem
from forain.core.ids import AccountId, FeedId, OfferKey, SellerSku, SiteId
from forain.core.money import Money
from forain.core.offers import Change
from forain.core.roads import FAILED, Feeds, FeedState
from forain.core.terms import as_text, from_text
from forain.store import models, refusals
from forain.store.arrays import array, as_json
from forain.store.offers import INTENDED, mark_these

CLAIM_LIFE = timedelta(minutes=6)
"""A worker at a feed that did not come back for so long is taken for dead: handing in is two calls of up to three minutes."""
LAST = 3
"""So many feeds say how long one takes."""
KEPT = timedelta(days=90)
"""So long an ended feed is remembered, as at Amazon."""


def open_feed(account: AccountId) -> models.Feed | None:
    """The account's feed that has not ended; None: there is none."""
    return models.Feed.objects.filter(account_id=account).exclude(state=FeedState.ENDED).first()


def begin(account: AccountId, site: str, now: Instant, correlation: str) -> models.Feed | None:
    """A new feed to put changes into; None: another one is open."""
    try:
        with transaction.atomic():
            return models.Feed.objects.create(
                account_id=account, site=site, state=FeedState.COLLECTING, opened_at=now, correlation=correlation
            )
    except IntegrityError:
        return None


def takes(feed: models.Feed, now: Instant) -> bool:
    """Whether changes may still be put in: it is being filled, and no worker is handing it in."""
    return feed.state == FeedState.COLLECTING and (feed.claimed_until is None or feed.claimed_until <= now)


def size(feed: models.Feed) -> int:
    """How many changes are in it."""
    return feed.lines.count()


_ADD = """
WITH told AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::bigint[]) WITH ORDINALITY AS told (id, claim, quantity, minor, currency, product_type, terms, gone, number, place)),
ours AS (SELECT o.* FROM store_offer o JOIN told ON o.id = told.id AND o.claim_no = told.claim
    WHERE o.feed_id IS NULL FOR UPDATE OF o),
put AS (INSERT INTO store_feedline (feed_id, offer, sku, product_type, quantity, minor, currency, terms, gone, wanted_no, added_at,
        was_quantity, was_minor, was_currency, was_terms, was_at, was_submission, was_no, was_tries, was_road)
    SELECT %s, ours.id, ours.sku, told.product_type, told.quantity, told.minor, told.currency, told.terms::jsonb, told.gone::jsonb, told.number, %s,
        ours.submitted_quantity, ours.submitted_minor, ours.submitted_currency, ours.submitted_terms, ours.submitted_at, ours.submission,
        ours.submitted_no, ours.tries, ours.road
    FROM told JOIN ours ON ours.id = told.id ORDER BY told.place
    ON CONFLICT (feed_id, sku) DO NOTHING RETURNING offer)
UPDATE store_offer SET feed_id = %s, claimed_until = NULL, not_before = NULL FROM put WHERE store_offer.id = put.offer
"""


def add(feed: models.Feed, changes: Sequence[tuple[models.Offer, Change]], now: Instant) -> int:
    """Put claimed offers' changes in; the answer is how many are. None where it is being handed in meanwhile; an offer that
    another worker took over, and an SKU that is in it already, are left out. What is left out stays marked."""
    if not changes:
        return 0
    with transaction.atomic():
        locked = models.Feed.objects.select_for_update().filter(pk=feed.pk).first()
        if locked is None or not takes(locked, now):
            return 0
        prices = [change.price for _, change in changes]
        with connection.cursor() as cursor:
            cursor.execute(
                _ADD,
                [
                    array(row.pk for row, _ in changes), array(row.claim_no for row, _ in changes),
                    array(change.quantity for _, change in changes),
                    array(price.minor if price else None for price in prices),
                    array(price.currency if price else "" for price in prices),
                    array(change.product_type for _, change in changes),
                    array(as_json(as_text(change.terms)) for _, change in changes),
                    array(as_json(as_text(change.gone)) for _, change in changes),
                    array(row.wanted_no for row, _ in changes), feed.pk, now, feed.pk,
                ],
            )  # fmt: skip
            return int(cursor.rowcount)


def claim(feed: models.Feed, now: Instant) -> models.Feed | None:
    """Take the feed for CLAIM_LIFE: it as it is then. None: another worker is at it."""
    with transaction.atomic():
        row = models.Feed.objects.select_for_update().filter(pk=feed.pk).exclude(state=FeedState.ENDED).first()
        if row is None or (row.claimed_until is not None and row.claimed_until > now):
            return None
        row.claimed_until, row.claim_no = now + CLAIM_LIFE, row.claim_no + 1
        row.save(update_fields=["claimed_until", "claim_no"])
    return row


def release(feed: models.Feed) -> None:
    """Let go of a claimed feed; one that another worker took over stays his."""
    models.Feed.objects.filter(pk=feed.pk, claim_no=feed.claim_no).update(claimed_until=None)


def _ours(feed: models.Feed, state: FeedState) -> bool:
    """Within a transaction: the feed is still this worker's, and in that state. Locks it."""
    rows = models.Feed.objects.select_for_update().filter(pk=feed.pk, claim_no=feed.claim_no, state=state)
    return rows.exists()


def _execute(sql: str, values: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        return int(cursor.rowcount)


_DROP = """
WITH gone AS (DELETE FROM store_feedline l WHERE l.feed_id = %s AND NOT EXISTS (
    SELECT 1 FROM store_offer o WHERE o.id = l.offer AND o.feed_id = l.feed_id AND o.wanted_no = l.wanted_no
        AND o.observed_at >= %s AND o.observed_at <= l.added_at AND (o.asked_at IS NULL OR o.asked_at <= o.observed_at))
    RETURNING offer)
UPDATE store_offer SET feed_id = NULL FROM gone WHERE store_offer.id = gone.offer AND store_offer.feed_id = %s
"""


def drop_outdated(feed: models.Feed, seen_since: Instant) -> int:
    """Before it is handed in: what was marked anew or looked at since it was put in, is gone, or was not seen since that moment
    is taken out, and decided anew: what is told is told upon what was seen last, and lately. The answer is how many that are."""
    # It was filled a moment ago: until PostgreSQL has counted its lines it takes them for one, and compares each with each.
    _execute("ANALYZE store_feedline", [])
    with transaction.atomic():
        return _execute(_DROP, [feed.pk, seen_since, feed.pk]) if _ours(feed, FeedState.COLLECTING) else 0


def put_back(account: AccountId, now: Instant) -> None:
    """What is in a feed that was not begun is to be decided anew before it is."""
    rows = models.Offer.objects.filter(account_id=account, feed__state=FeedState.COLLECTING)
    mark_these(list(rows.values_list("pk", flat=True)), now)


def changes(feed: models.Feed) -> list[Change]:
    """What is in it, in its order."""
    account, site = AccountId(feed.account_id), SiteId(feed.site)
    rows = feed.lines.order_by("pk").values_list(
        "sku", "quantity", "minor", "currency", "product_type", "terms", "gone"
    )
    return [
        Change(
            OfferKey(account, site, SellerSku(sku)),
            quantity,
            None if minor is None else Money(minor, currency),
            kind,
            from_text(terms),
            from_text(gone),
        )
        for sku, quantity, minor, currency, kind, terms, gone in rows
    ]


def discard(feed: models.Feed) -> None:
    """A feed that was not begun is not to be: what is in it is decided anew. Deletes it."""
    with transaction.atomic():
        if _ours(feed, FeedState.COLLECTING):
            models.Offer.objects.filter(feed=feed).update(feed=None)
            models.Feed.objects.filter(pk=feed.pk).delete()


# Below, lines and offers find each other by the offer's number. That both are of one feed is written so that no plan begins with
# it: an offer's feed is too new to be in the statistics, and each of its thousands of lines would be held against each offer in it.
_INTEND = """
UPDATE store_offer o SET submitted_quantity = l.quantity, submitted_minor = l.minor, submitted_currency = l.currency,
    submitted_terms = l.terms, told_terms = o.told_terms || (SELECT COALESCE(jsonb_object_agg(key, value), '{}')
        FROM jsonb_each(l.terms) WHERE value <> '"none"'),
    submitted_at = %s, submission = %s, submitted_no = l.wanted_no, road = 'feed', tries = CASE
        WHEN (l.was_quantity, l.was_minor, l.was_currency, l.was_terms)
            IS NOT DISTINCT FROM (l.quantity, l.minor, l.currency, l.terms)
        THEN l.was_tries ELSE 0 END
FROM store_feedline l WHERE l.feed_id = %s AND o.id = l.offer AND o.feed_id IS NOT DISTINCT FROM l.feed_id
"""


def starting(feed: models.Feed, now: Instant) -> bool:
    """Write what it tells before it is begun: if we die now, we know that it perhaps was. False: it is not ours any more."""
    with transaction.atomic():
        if not _ours(feed, FeedState.COLLECTING):
            return False
        told = _execute(_INTEND, [now, INTENDED, feed.pk])
        models.Feed.objects.filter(pk=feed.pk).update(state=FeedState.STARTING, started_at=now, told=told)
    feed.state, feed.started_at, feed.told = FeedState.STARTING.value, now, told
    return True


_UNTELL = """
UPDATE store_offer o SET submitted_quantity = l.was_quantity, submitted_minor = l.was_minor,
    submitted_currency = l.was_currency, submitted_terms = l.was_terms, submitted_at = l.was_at, submission = l.was_submission, submitted_no = l.was_no,
    tries = l.was_tries, road = l.was_road
FROM store_feedline l WHERE l.feed_id = %s AND o.id = l.offer AND o.feed_id IS NOT DISTINCT FROM l.feed_id
"""


def not_started(feed: models.Feed) -> None:
    """It surely was not begun: as if it had not been intended. It is full as it was, and may be begun again."""
    with transaction.atomic():
        if _ours(feed, FeedState.STARTING):
            _execute(_UNTELL, [feed.pk])
            models.Feed.objects.filter(pk=feed.pk).update(state=FeedState.COLLECTING)


def under_way(feed: models.Feed, number: FeedId, ends_by: Instant) -> bool:
    """The marketplace has it. False: it is not ours any more."""
    rows = models.Feed.objects.filter(pk=feed.pk, claim_no=feed.claim_no, state=FeedState.STARTING)
    return bool(rows.update(state=FeedState.UNDER_WAY, number=number, ends_by=ends_by))


def numbers(account: AccountId) -> set[str]:
    """The marketplace's names of all feeds of the account that are known."""
    return set(models.Feed.objects.filter(account_id=account).exclude(number="").values_list("number", flat=True))


@dataclass(frozen=True, slots=True)
class Done:
    """What the end of a feed came to. `refused`: (SKU, correlation, what was said) of those that were not refused so before;
    `observed`: (SKU, correlation, seconds since it was marked, quantity, price) of those that were seen as told; `newer`:
    a newer mark waits for one of them."""

    refused: list[tuple[str, str, str]]
    observed: list[tuple[str, str, float, int | None, Money | None]]
    newer: bool


_TAKEN = """
UPDATE store_offer SET submission = %s, tries = tries + 1, alarm_detail = '',
    alarm = CASE WHEN alarm = 'not_taken' THEN alarm ELSE '' END,
    not_before = CASE WHEN wanted_no = submitted_no THEN %s ELSE not_before END
WHERE feed_id = %s AND submission = %s
"""
_REFUSED = """
WITH told AS (SELECT * FROM unnest(%s::text[], %s::text[], %s::jsonb[]) AS told (sku, detail, problems)),
was AS (SELECT o.id, o.alarm, o.alarm_detail, o.wanted_no, l.wanted_no AS number, told.detail, told.problems,
        o.alarm IN ('refused', 'not_taken') AND o.refused_at IS NOT NULL
            AND o.refusals #>> '{0,0}' IS NOT DISTINCT FROM told.problems #>> '{0,0}' AS again
    FROM store_offer o JOIN store_feedline l ON l.offer = o.id AND l.feed_id IS NOT DISTINCT FROM o.feed_id JOIN told ON told.sku = l.sku
    WHERE l.feed_id = %s FOR UPDATE OF o)
UPDATE store_offer o SET settled_no = GREATEST(o.settled_no, was.number), submission = '', tries = 0, not_before = NULL,
    problems = was.problems,
    refusals = CASE WHEN was.wanted_no = was.number THEN was.problems ELSE o.refusals END,
    refused_at = CASE WHEN was.wanted_no = was.number AND NOT was.again THEN %s ELSE o.refused_at END,
    alarm = CASE WHEN was.wanted_no = was.number THEN 'refused' ELSE o.alarm END,
    alarm_detail = CASE WHEN was.wanted_no = was.number THEN was.detail ELSE o.alarm_detail END,
    marked_at = CASE WHEN was.wanted_no = was.number THEN NULL ELSE o.marked_at END
FROM was WHERE o.id = was.id
RETURNING o.sku, o.correlation, was.detail, (was.alarm, was.alarm_detail) IS DISTINCT FROM ('refused', was.detail)
"""
_SHOWN = """
WITH told AS (SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[]) AS told (sku, quantity, minor, currency)),
was AS (SELECT o.id, o.marked_at, o.submitted_at AS at, told.quantity, l.quantity AS told_quantity, l.minor, l.currency
    FROM store_offer o JOIN store_feedline l ON l.offer = o.id AND l.feed_id IS NOT DISTINCT FROM o.feed_id JOIN told ON told.sku = l.sku
    WHERE l.feed_id = %s AND o.submission <> '' AND l.terms = '{}' AND o.fulfilled_by = 'merchant' AND o.moved_no <= o.looked_no
        AND o.observed_at <= o.submitted_at AND (o.asked_at IS NULL OR o.asked_at < o.submitted_at)
        AND told.quantity IS NOT DISTINCT FROM COALESCE(l.quantity, o.observed_quantity)
        AND (l.minor IS NULL OR (told.minor, told.currency) = (l.minor, l.currency)) FOR UPDATE OF o)
UPDATE store_offer o SET observed_quantity = was.quantity, observed_minor = COALESCE(was.minor, o.observed_minor),
    observed_currency = CASE WHEN was.minor IS NULL THEN o.observed_currency ELSE was.currency END, observed_at = was.at,
    acknowledged_quantity = was.quantity, settled_no = GREATEST(o.settled_no, o.submitted_no), submission = '', tries = 0,
    alarm = CASE WHEN o.held = '' THEN '' ELSE 'held' END, alarm_detail = o.held, not_before = NULL,
    marked_at = CASE WHEN o.wanted_no = GREATEST(o.settled_no, o.submitted_no) THEN NULL ELSE o.marked_at END
FROM was WHERE o.id = was.id
RETURNING o.sku, o.correlation, COALESCE(was.marked_at, was.at), was.told_quantity, was.minor, was.currency, o.marked_at IS NOT NULL
"""
"""What the report shows was there after the feed was begun, and so after `submitted_at`: a later look may only show more. A
change with terms is looked at: the report does not show them. Where an order moved the quantity, or somebody looked since, that look
decides; whatever the report shows otherwise is looked at."""


_GO_ON = """
UPDATE store_offer o SET not_before = NULL
WHERE o.account_id = %s AND o.wanted_no > o.settled_no AND o.feed_id IS NULL AND o.not_before > %s AND o.submission = ''
    AND (o.road = 'feed' OR EXISTS (SELECT 1 FROM store_feedline l WHERE l.feed_id = %s AND l.sku = o.sku))
"""
"""What waited for the end of the feed: what is bound to its road, and its SKUs on other sites."""


def ended(
    feed: models.Feed, how: str, end: FeedEnd, told: Sequence[Change], look_at: Instant, now: Instant
) -> Done | None:
    """Write the end of a feed, and let its offers go. None: it is not ours any more.

    `how` "done" and a whole report: what was not refused was taken, and `look_at` is when it is told again if it is not
    shown. "cancelled", "refused": nothing was told. Else: told, perhaps. `told`: its changes in its order.
    One that is refused may not have been begun at all.
    """
    with transaction.atomic():
        intended = _ours(feed, FeedState.UNDER_WAY) or _ours(feed, FeedState.STARTING)
        if not intended and not (how == "refused" and _ours(feed, FeedState.COLLECTING)):
            return None
        if intended and how in ("cancelled", "refused"):
            _execute(_UNTELL, [feed.pk])
        refused = _refuse(feed, {told[place].key.sku: problems for place, problems in end.refused.items()}, now)
        if how == "done" and end.whole:
            _execute(_TAKEN, [feed.number, look_at, feed.pk, INTENDED])
        observed, newer = _show(feed, end, told, now) if how == "done" else ([], False)
        _execute(_GO_ON, [feed.account_id, now, feed.pk])
        if how != "done":
            models.Offer.objects.filter(feed=feed).update(not_before=None)
        models.Offer.objects.filter(feed=feed).update(feed=None)
        if how != "stuck":
            # What is stuck may be carried out yet: `late`.
            models.FeedLine.objects.filter(feed=feed).delete()
        models.Feed.objects.filter(pk=feed.pk).update(
            state=FeedState.ENDED, how=how, ended_at=now, claimed_until=None, refused=len(end.refused), shown=len(observed),
            problems=[[problem.code, problem.text, problem.field] for problem in end.problems],
        )  # fmt: skip
    return Done([(sku, chain, text) for sku, chain, text, new in refused if new], observed, newer)


def _refuse(
    feed: models.Feed, refused: Mapping[SellerSku, tuple[Problem, ...]], now: Instant
) -> list[tuple[str, str, str, bool]]:
    if not refused:
        return []
    details = [refusals.detail(problems)[:500] for problems in refused.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            _REFUSED,
            [
                list(refused), details,
                [json.dumps(refusals.as_rows(problems)) for problems in refused.values()], feed.pk, now,
            ],
        )  # fmt: skip
        return list(cursor.fetchall())


def _show(
    feed: models.Feed, end: FeedEnd, told: Sequence[Change], now: Instant
) -> tuple[list[tuple[str, str, float, int | None, Money | None]], bool]:
    ours = [
        (told[place].key.sku, seen)
        for place, seen in end.shown.items()
        if seen.fulfilled_by == "merchant" and place not in end.refused
    ]
    if not ours:
        return [], False
    prices = [seen.price for _, seen in ours]
    with connection.cursor() as cursor:
        cursor.execute(
            _SHOWN,
            [
                array(sku for sku, _ in ours), array(seen.quantity for _, seen in ours),
                array(price.minor if price else None for price in prices),
                array(price.currency if price else "" for price in prices), feed.pk,
            ],
        )  # fmt: skip
        found = cursor.fetchall()
    observed = [
        (sku, chain, (now - since).total_seconds(), quantity, None if minor is None else Money(minor, currency))
        for sku, chain, since, quantity, minor, currency, _ in found
    ]
    return observed, any(waits for *_, waits in found)


def how_they_do(account: AccountId, typical: timedelta) -> Feeds:
    """How the account's feeds do; `typical`: how long one takes where none of ours has ended."""
    rows = models.Feed.objects.filter(account_id=account, state=FeedState.ENDED).order_by("-ended_at")
    ends = list(rows.values_list("how", "ended_at")[:10])
    failed = next((place for place, (how, _) in enumerate(ends) if how not in FAILED), len(ends))
    good = rows.filter(how="done", started_at__isnull=False)[:LAST].values_list("pk", flat=True)
    took = models.Feed.objects.filter(pk__in=list(good)).aggregate(took=Avg(F("ended_at") - F("started_at")))["took"]
    return Feeds(took or typical, failed, ends[0][1] if ends else None)


def late(account: AccountId) -> list[models.Feed]:
    """Feeds that were given up and may be carried out yet, the oldest first; `claimed_until` says when each is to be asked after."""
    stuck = models.Feed.objects.filter(account_id=account, state=FeedState.ENDED, how="stuck").exclude(number="")
    return list(stuck.filter(Exists(models.FeedLine.objects.filter(feed=OuterRef("pk")))).order_by("pk"))


def ask_later(feed: models.Feed, at: Instant) -> None:
    """A feed of `late` is asked after then, and not before."""
    models.Feed.objects.filter(pk=feed.pk).update(claimed_until=at)


_TOLD_LATE = """
UPDATE store_offer o SET submitted_quantity = l.quantity, submitted_minor = l.minor, submitted_currency = l.currency,
    submitted_terms = l.terms, submitted_at = %s, submission = %s, submitted_no = o.settled_no, tries = 0
FROM store_feedline l WHERE l.feed_id = %s AND o.id = l.offer AND o.feed_id IS NULL
"""


def told_late(feed: models.Feed, now: Instant) -> None:
    """A feed of `late` was carried out, perhaps, over what was told since: it counts as what its offers were told last, and each is decided
    anew. One that is in another feed by now is told by that."""
    with transaction.atomic():
        _execute(_TOLD_LATE, [now, feed.number, feed.pk])
        mark_these(list(feed.lines.order_by("offer").values_list("offer", flat=True)), now)
        let_go(feed)


def let_go(feed: models.Feed) -> None:
    """Nobody needs to know any more what was in it."""
    models.FeedLine.objects.filter(feed=feed).delete()


def forget(before: Instant) -> None:
    """Delete what ended before that moment."""
    models.Feed.objects.filter(state=FeedState.ENDED, ended_at__lt=before).delete()
