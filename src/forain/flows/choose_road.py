"""One by one or all at once: which road the waiting offers of an account take, decided anew for each run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from forain.contracts.manifest import Bulk
from forain.core import roads
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.core.limits import Bucket
from forain.core.offers import Change
from forain.core.roads import Lane
from forain.flows.deps import Deps
from forain.store import feeds, journal, limits, models, offers, runs

NEXT_PASS = timedelta(seconds=10)
"""So soon an offer that the feed left out is due for a call; a fall to zero at once."""
FILLED_WITHIN = timedelta(minutes=4)
"""So long a feed is filled at most, where there is more than one run can decide."""
FEED_OVER = timedelta(minutes=5)
"""So long an offer waits at most whose SKU is in a feed, or bound to that road, unless the feed ends sooner."""


@dataclass(slots=True)
class Choice:
    """`feed`: what this run fills, None: it tells one by one. `urgent`: so many falls to zero more are left to the calls, beside
    those that are known; below 0: not even those, and the feed takes them too. `left`: so many changes it still takes. `fills`:
    the feed that another pass of this run fills."""

    feed: models.Feed | None = None
    urgent: int = 0
    left: int = 0
    fills: models.Feed | None = None

    def by_call(self) -> "Choice":
        """The same run, for what is told one by one."""
        return replace(self, feed=None, fills=self.feed)

    def best(self) -> Lane:
        """The most urgent lane that the feed takes."""
        return Lane.LOW if self.urgent >= 0 else Lane.TO_ZERO

    def has_room(self) -> bool:
        """Whether there is anything left to do on this road: calls always have room, a feed until it is full."""
        return self.feed is None or self.left > 0


def choose(deps: Deps, account: models.Account) -> Choice:
    """A feed to fill, where that is cheaper under the limits as they are now, or where an offer is bound to that road."""
    bulk = deps.open.marketplace_manifest(account.marketplace).bulk
    if bulk is None:
        return Choice()
    number, now = AccountId(account.pk), deps.clock.now()
    do = feeds.how_they_do(number, bulk.typical)
    calls, starts = _buckets(deps, account, bulk, now)
    urgent = roads.carried_meanwhile(do, calls)
    urgent -= offers.falls_waiting(number, now, urgent + 1)
    if (feed := feeds.open_feed(number)) is not None:
        left = bulk.most - feeds.size(feed) if feeds.takes(feed, now) else 0
        return Choice(feed, urgent, left) if left > 0 else Choice()
    until = roads.closed_until(do)
    if (until is not None and now < until) or _denied(account):
        return Choice()
    # What is bound to the calls would leave a feed empty, and wait for the next one.
    waiting = offers.waiting_by_site(number, now, now - roads.APART, bulk.most)
    site = offers.site_bound_to_feed(number, now, now - roads.APART) if waiting else ""
    if not site and roads.cheaper(max(waiting.values(), default=0), calls, starts, do, now) == "feed":
        # Of sites with as many the one with the most urgent offer: of those that share, the one that tells for the others.
        site = max(waiting, key=lambda one: waiting[one])
    if not site or (begun := feeds.begin(number, site, now, journal.correlation())) is None:
        return Choice()
    runs.poke("send_feeds", f"account:{account.pk}", now + FILLED_WITHIN)
    return Choice(begun, urgent, bulk.most)


def _denied(account: models.Account) -> bool:
    """A step of a feed is not allowed to us: none is begun before that was asked anew (`engine.jobs`)."""
    return any(told["flow"] == "send_feeds" for told in account.denied_operations.values())


def _buckets(deps: Deps, account: models.Account, bulk: Bulk, now: Instant) -> tuple[Bucket, Bucket]:
    manifest, scope = deps.open.marketplace_manifest(account.marketplace), limits.scope_of(account)
    calls, starts = (limits.present(scope, manifest.limit(name), now) for name in (bulk.calls, bulk.starts))
    return calls, starts


def allotted(
    deps: Deps, account: models.Account, to_tell: Sequence[tuple[models.Offer, Change]], road: Choice
) -> list[tuple[models.Offer, Change]]:
    """Those that take this road now. The others stay marked, and are decided anew when theirs is free."""
    if deps.open.marketplace_manifest(account.marketplace).bulk is None or not to_tell:
        return list(to_tell)
    number, now = AccountId(account.pk), deps.clock.now()
    skus = [row.sku for row, _ in to_tell]
    former, taken = offers.roads(number, skus, now - roads.APART), offers.in_feed(number, skus)
    here: list[tuple[models.Offer, Change]] = []
    wait: list[models.Offer] = []
    leave: list[models.Offer] = []
    at_once: list[models.Offer] = []
    bound: list[models.Offer] = []
    for row, change in to_tell:
        before, at = former.get(row.sku, (None, None))
        which = roads.road_of("call" if road.feed is None else "feed", before, at, now)
        if row.sku in taken:
            wait.append(row)
        elif road.feed is None and which == "call":
            here.append((row, change))
        elif road.feed is None:
            # A fall to zero that is bound to the other road goes into the feed of this very run.
            (bound if road.fills is not None and road.fills.site == row.site else wait).append(row)
        elif which == "call":
            leave.append(row)
        elif not before and change.quantity == 0 and road.urgent > 0:
            road.urgent -= 1
            at_once.append(row)
        elif road.left > 0:
            road.left -= 1
            here.append((row, change))
        else:
            leave.append(row)
    offers.postpone_all(wait, now + FEED_OVER)
    offers.postpone_all(leave, now + NEXT_PASS)
    offers.postpone_all(at_once, now, Lane.TO_ZERO)
    offers.postpone_all(bound, now, Lane.LOW)
    return here


def filled(deps: Deps, account: models.Account, road: Choice, *, whole: bool) -> None:
    """This run has put in what it could. `whole`: nothing is left for it, so that it is sent now; else it is filled on."""
    if whole:
        runs.poke("send_feeds", f"account:{account.pk}", deps.clock.now())
