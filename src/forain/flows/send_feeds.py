"""What is much goes at once: a feed is handed in, begun, followed to its report, and each offer in it gets its word.

Of one step only it may be unknown whether it was done: of beginning it. There the marketplace's own list of feeds says so. A
feed that does not end in time is called off; what was in it goes the other way, and a person is told.
"""

from collections.abc import Sequence
from datetime import timedelta

from forain.contracts.manifest import Bulk, MarketplaceManifest
from forain.contracts.marketplace import FeedEnd, Marketplace
from forain.core import authorization, errors, roads
from forain.core.clock import Instant
from forain.core.ids import AccountId, FeedId, OfferKey, SellerSku, SiteId
from forain.core.offers import Change
from forain.core.roads import FeedState
from forain.flows import authorize, share_stock
from forain.flows.deps import Deps
from forain.flows.observe_offers import FIRST_LOOK
from forain.flows.reconcile_offers import FRESH
from forain.flows.tell_offers import words_of
from forain.store import feeds, issues, journal, models, offers, runs

IDLE = timedelta(hours=24)
"""Without a feed the line only waits to be poked."""
SOONEST, RAREST = timedelta(seconds=5), timedelta(seconds=60)
"""How often a feed is asked after: at first soon, then ever more rarely."""
LISTED_WITHIN = timedelta(minutes=3)
"""So long after it was begun a feed may be missing in the marketplace's list of feeds; then it surely was not begun."""
LIST_AGAIN = timedelta(seconds=50)
HANDED_IN_WITHIN = timedelta(minutes=5)
"""So long after it was opened a feed may fail to be handed in. Shorter than `FRESH`: by then what is in it is decided anew, and each
new feed would be the first that fails."""
KNOWN_WITHIN = timedelta(minutes=10)
"""So long after it was begun the marketplace may not know a feed by its number yet."""
LATE_FOR, LATE_AGAIN = timedelta(days=3), timedelta(minutes=30)
"""So long a feed that was given up is asked after, and so often: Amazon lets none be called off that it has begun, and may carry it out
hours later. We know of no limit; three days are ours."""
DOOR = (errors.Throttled, errors.NotSent, *authorize.REFUSALS)
"""Refused at the door: the feed was not begun, and may be later."""
ILL = (errors.Unreachable, errors.ServerFault, errors.Malformed)


def send_feeds(deps: Deps, account: models.Account) -> Instant:
    """Bring the account's open feed one step on; the answer is when to go on. Safe to repeat and to run twice at once."""
    manifest = deps.open.marketplace_manifest(account.marketplace)
    late = _look_after_late(deps, account) if manifest.bulk else None
    again = _one_step(deps, account, manifest)
    return again if late is None else min(again, late)


def _look_after_late(deps: Deps, account: models.Account) -> Instant | None:
    """Ask after feeds that were given up: one that was carried out after all has overwritten what was told since. The answer is when to
    ask next, None: there are none."""
    now, soonest = deps.clock.now(), None
    for feed in feeds.late(AccountId(account.pk)):
        at = feed.claimed_until or now
        if at <= now:
            at = now + LATE_AGAIN
            feeds.ask_later(feed, at)
            if not _still_late(deps, account, feed, now):
                continue
        soonest = at if soonest is None else min(soonest, at)
    return soonest


def _still_late(deps: Deps, account: models.Account, feed: models.Feed, now: Instant) -> bool:
    """Whether it may still come. Where it did, its offers are told anew."""
    adapter = deps.open.marketplace(account)
    try:
        end = adapter.followed(FeedId(feed.number), feeds.changes(feed))
    except errors.Rejected as error:
        if error.code != "not_found":
            raise
        feeds.let_go(feed)
        return False
    except (errors.Denied, *ILL):
        end = None
    if end is not None and end.how != "cancelled":
        feeds.told_late(feed, now)
        runs.poke("reconcile_offers", f"account:{account.pk}", now)
    elif end is not None or (feed.ended_at is not None and now > feed.ended_at + LATE_FOR):
        feeds.let_go(feed)
    else:
        return True
    return False


def _one_step(deps: Deps, account: models.Account, manifest: MarketplaceManifest) -> Instant:
    open_feed = feeds.open_feed(AccountId(account.pk)) if manifest.bulk else None
    if manifest.bulk is None or open_feed is None:
        return _without_a_feed(deps, account, manifest.bulk)
    feed = feeds.claim(open_feed, deps.clock.now())
    if feed is None:
        return open_feed.claimed_until or deps.clock.now() + RAREST
    adapter = deps.open.marketplace(account)
    with journal.chain(feed.correlation):
        try:
            match FeedState(feed.state):
                case FeedState.COLLECTING:
                    return _begin(deps, account, adapter, manifest.bulk, feed)
                case FeedState.STARTING:
                    return _find(deps, account, adapter, manifest.bulk, feed)
                case _:
                    return _follow(deps, account, adapter, feed)
        finally:
            feeds.release(feed)


def _without_a_feed(deps: Deps, account: models.Account, bulk: Bulk | None) -> Instant:
    """A feed that came to nothing stands as a notice for a while."""
    now = deps.clock.now()
    last = feeds.how_they_do(AccountId(account.pk), bulk.typical) if bulk else None
    if last and last.failed and last.ended_at and now < last.ended_at + roads.NOTICED_FOR:
        return last.ended_at + roads.NOTICED_FOR
    issues.mended("feed_failed", f"account:{account.pk}/feeds")
    return now + IDLE


def _begin(deps: Deps, account: models.Account, adapter: Marketplace, bulk: Bulk, feed: models.Feed) -> Instant:
    """Hand in what is in it as it is wanted now, write the intents, and have it carried out."""
    if feeds.drop_outdated(feed, deps.clock.now() - FRESH):
        runs.poke("reconcile_offers", f"account:{account.pk}", deps.clock.now())
    told = feeds.changes(feed)
    writable = account.sites.filter(site=feed.site).exclude(writes_allowed_at=None).exists()
    if not told or not writable:
        feeds.discard(feed)
        runs.poke("reconcile_offers", f"account:{account.pk}", deps.clock.now())
        return _without_a_feed(deps, account, bulk)
    try:
        handed_in = adapter.hand_in(SiteId(feed.site), told)
    except (errors.Denied, errors.Rejected, *ILL) as error:
        # Perhaps only this road is closed (a role, a firewall before the storage): what is in it must not wait behind it.
        if isinstance(error, ILL) and deps.clock.now() < feed.opened_at + HANDED_IN_WITHIN:
            raise
        return _turned_away(deps, account, feed, error, told)
    if authorize.still_allowed(deps, account, authorization.OFFERS).paused != account.paused:
        # A part of what was handed in may be paused by now: that is dropped at the next try.
        return deps.clock.now()
    if not feeds.starting(feed, deps.clock.now()):
        return deps.clock.now() + SOONEST
    try:
        number = adapter.start_feed(SiteId(feed.site), handed_in)
    except DOOR:
        feeds.not_started(feed)
        raise
    except (errors.Denied, errors.Rejected) as error:
        return _turned_away(deps, account, feed, error, told)
    return _begun(deps, account, bulk, feed, number, told)


def _turned_away(
    deps: Deps, account: models.Account, feed: models.Feed, error: errors.AdapterError, told: Sequence[Change]
) -> Instant:
    """It was not begun, and will not be: what is in it goes on without it. Raises Denied, which is about the account."""
    problems = error.problems if isinstance(error, errors.Rejected) else (errors.Problem(error.code, str(error)[:300]),)
    _end(deps, account, feed, "refused", FeedEnd("cancelled", problems=problems), told)
    if isinstance(error, errors.Denied):
        raise error
    return deps.clock.now() + SOONEST


def _begun(
    deps: Deps, account: models.Account, bulk: Bulk, feed: models.Feed, number: FeedId, told: Sequence[Change]
) -> Instant:
    now = deps.clock.now()
    if feeds.under_way(feed, number, (feed.started_at or now) + bulk.ends_within):
        chains = dict(models.Offer.objects.filter(feed=feed).values_list("sku", "correlation"))
        entries = [
            ("told", str(change.key), AccountId(account.pk), chains.get(change.key.sku, ""), words_of(change))
            for change in told
        ]
        words = {"count": str(len(told)), "feed": number, "site": feed.site}
        journal.write(now, "feed_begun", account=AccountId(account.pk), placeholders=words)
        journal.write_many(now, entries)
    return now + SOONEST


def _find(deps: Deps, account: models.Account, adapter: Marketplace, bulk: Bulk, feed: models.Feed) -> Instant:
    """Whether it was begun nobody knows: the marketplace's list of feeds does."""
    now = deps.clock.now()
    assert feed.started_at is not None
    started_at, known = feed.started_at, feeds.numbers(AccountId(account.pk))
    try:
        seen = [one for one in adapter.feeds_since(started_at) if one.feed not in known]
    except (errors.Denied, *ILL) as error:
        if now < started_at + bulk.ends_within:
            return _asked_again(error, now + LIST_AGAIN)
        _end(deps, account, feed, "stuck", FeedEnd("aborted"), feeds.changes(feed))
        return now + SOONEST
    if seen:
        nearest = min(seen, key=lambda one: abs(one.created_at - started_at))
        return _begun(deps, account, bulk, feed, nearest.feed, feeds.changes(feed))
    if now - started_at < LISTED_WITHIN:
        return now + LIST_AGAIN
    feeds.not_started(feed)
    return now


def _asked_again(error: errors.AdapterError, at: Instant) -> Instant:
    """Raises the error, but Denied: that one stops a line for a day, and what is in the feed would wait as long."""
    if isinstance(error, errors.Denied):
        return at
    raise error


def _follow(deps: Deps, account: models.Account, adapter: Marketplace, feed: models.Feed) -> Instant:
    """See how far it is, and write its end."""
    assert feed.started_at is not None
    assert feed.ends_by is not None
    number, told = FeedId(feed.number), feeds.changes(feed)
    try:
        end = adapter.followed(number, told)
        if end is None and deps.clock.now() >= feed.ends_by:
            adapter.call_off(number)
            end = adapter.followed(number, told)
    except errors.Rejected as error:
        if error.code != "not_found":
            raise
        if deps.clock.now() < feed.started_at + KNOWN_WITHIN:
            return deps.clock.now() + RAREST
        _end(deps, account, feed, "lost", FeedEnd("aborted", problems=error.problems), told)
        return deps.clock.now() + SOONEST
    except (errors.Denied, *ILL) as error:
        if deps.clock.now() < feed.ends_by:
            return _asked_again(error, deps.clock.now() + RAREST)
        end = None
    now = deps.clock.now()
    if end is None and now < feed.ends_by:
        return now + min(max((now - feed.started_at) / 4, SOONEST), RAREST)
    if end is None:
        _end(deps, account, feed, "stuck", FeedEnd("aborted"), told)
    elif end.how == "done" and not end.whole and not end.refused and not end.shown:
        _end(deps, account, feed, "unread", end, told)
    else:
        _end(deps, account, feed, end.how, end, told)
    return now + SOONEST


def _end(
    deps: Deps, account: models.Account, feed: models.Feed, how: str, end: FeedEnd, told: Sequence[Change]
) -> None:
    """Write the end, and what it means for each offer; both roads go on."""
    now, number, subject = deps.clock.now(), AccountId(account.pk), f"account:{account.pk}"
    look_at = now + deps.open.marketplace_manifest(account.marketplace).acknowledge_within
    numbers = list(feed.lines.values_list("offer", flat=True))
    done = feeds.ended(feed, how, end, told, look_at, now)
    if done is None:
        return
    sharing = share_stock.families(deps, account, ()).sites
    if account.paused or sharing:
        offers.mark_unlike(numbers, now)
    if sharing:
        offers.mark_carried(number, sharing, numbers, now)
    entries = [("refused", str(_key(feed, sku)), number, chain, {"problem": text}) for sku, chain, text in done.refused]
    for sku, chain, seconds, quantity, price in done.observed:
        words = {
            "quantity": "" if quantity is None else str(quantity),
            "price": str(price) if price else "",
            "seconds": f"{max(seconds, 0):.0f}",
        }
        entries.append(("observed", str(_key(feed, sku)), number, chain, words))
    problem = next((found.text or found.code for found in end.problems), "")
    words = {
        "count": str(len(told)), "refused": str(len(end.refused)), "shown": str(len(done.observed)), "problem": problem,
        "feed": feed.number, "cause": how,
    }  # fmt: skip
    if how in roads.FAILED:
        found = {"count": str(len(told)), "cause": how, "problem": problem, "date": now.isoformat()}
        issues.found("feed_failed", f"{subject}/feeds", now, account=account.pk, placeholders=found)
        journal.write(now, "feed_failed", account=number, placeholders=words)
    else:
        issues.mended("feed_failed", f"{subject}/feeds")
        journal.write(now, "feed_done", account=number, placeholders=words)
    journal.write_many(now, entries)
    runs.poke("reconcile_offers", subject, now)
    runs.poke("observe_offers", subject, now + FIRST_LOOK)


def _key(feed: models.Feed, sku: str) -> OfferKey:
    return OfferKey(AccountId(feed.account_id), SiteId(feed.site), SellerSku(sku))
