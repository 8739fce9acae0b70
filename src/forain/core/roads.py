"""Two roads to a marketplace: one call an offer for what is few and urgent, a feed for what is many.

Which is cheaper follows from how many offers wait and from what the marketplace allows now. A feed costs a few calls and
minutes of waiting, whatever it carries. No SKU takes both roads within `APART`: which of the two would be carried out
last, nobody promises. A feed that did not get through closes its road for a while; what it carried goes the other way.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import Literal

from forain.core.clock import Instant
from forain.core.limits import Bucket, refill

APART = timedelta(hours=1)
"""So long after an SKU was told by one road it is not told by the other.

Source: what the order between a feed and a patch of one SKU is, Amazon leaves open (samples, discussion 109); read 2026-11-30.
"""
SURELY_FEWER = 50
"""So few waiting offers go one by one, whatever the limits say now: a limit that is used up for a moment makes no feed."""
CLOSED_FOR = (timedelta(0), timedelta(minutes=5), timedelta(hours=6))
"""After none, one and more feeds in a row that came to nothing: so long no new one is begun. One may be bad luck, and what it
carried may only take the same road for an hour; after two this hour is over before the next, and all goes one by one."""

NOTICED_FOR = timedelta(hours=6)
"""So long a feed that came to nothing stands as a notice, where no better one ends before."""

Road = Literal["call", "feed"]


class Lane(IntEnum):
    """What goes first. A waiting offer keeps the most urgent lane it was marked for."""

    TO_ZERO = 0
    LOW = 1
    QUANTITY = 2
    PRICE = 3
    CONTENT = 4


LOW_STOCK = 3
"""So few pieces left: a sale may take the last one."""


class FeedState(StrEnum):
    """Where a feed of ours is. COLLECTING: it is being filled, nothing of it was told. STARTING: the marketplace is being
    asked to carry it out, and perhaps does. UNDER_WAY: it said that it will. ENDED."""

    COLLECTING = "collecting"
    STARTING = "starting"
    UNDER_WAY = "under_way"
    ENDED = "ended"


FAILED = ("aborted", "cancelled", "stuck", "refused", "lost", "unread")
"""Ends of a feed that say: this road does not work now."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """How feeds do. `typical`: from the start to the end, as the last ones took (or as the manifest says); `failed`: so many
    of the last ones in a row came to nothing; `ended_at`: when the last one ended, None: there was none."""

    typical: timedelta
    failed: int = 0
    ended_at: Instant | None = None


def closed_until(feeds: Feeds) -> Instant | None:
    """Until when no feed is begun; None: the road is open."""
    pause = CLOSED_FOR[min(feeds.failed, len(CLOSED_FOR) - 1)]
    return feeds.ended_at + pause if feeds.ended_at and pause else None


def seconds_by_calls(waiting: int, calls: Bucket, now: Instant) -> float:
    """So long it takes to tell so many offers one by one, under the limit as it is now."""
    return max(waiting - refill(calls, now).tokens, 0.0) / calls.rate


def seconds_by_feed(feeds: Feeds, starts: Bucket, now: Instant) -> float:
    """So long it takes until a feed begun now has ended: the wait for the right to begin one, and its own time."""
    waits = max(1.0 - refill(starts, now).tokens, 0.0) / starts.rate
    return waits + feeds.typical.total_seconds()


def cheaper(waiting: int, calls: Bucket, starts: Bucket, feeds: Feeds, now: Instant) -> Road:
    """The road for offers that may take either. `starts`: the limit of beginning a feed."""
    until = closed_until(feeds)
    if waiting <= SURELY_FEWER or (until is not None and now < until):
        return "call"
    return "feed" if seconds_by_calls(waiting, calls, now) > seconds_by_feed(feeds, starts, now) else "call"


def carried_meanwhile(feeds: Feeds, calls: Bucket) -> int:
    """So many offers can be told one by one while a feed is under way: that many falls to zero need not wait for it."""
    return int(calls.rate * feeds.typical.total_seconds())


def road_of(cheaper: Road, former: Road | None, told_at: Instant | None, now: Instant) -> Road:
    """The road of one SKU: the former one while that is not `APART` ago, else the cheaper one.

    `former` and `told_at`: how any offer of the SKU was told last; None: never, or surely not.
    """
    if former is not None and told_at is not None and now - told_at < APART:
        return former
    return cheaper


def lane(free: int | None, shown: int | None, *, quantity: bool, price: bool) -> Lane:
    """How urgent a change in the shop is. `free`: pieces for sale now, None: not managed; `shown`: pieces the marketplace
    shows; `quantity`, `price`: what has changed. A guess before the rules were asked: it orders the queue, and decides nothing."""
    if quantity and free is not None and free <= 0:
        return Lane.TO_ZERO if shown is None or shown > 0 else Lane.QUANTITY
    if quantity and free is not None and free <= LOW_STOCK:
        return Lane.LOW
    if quantity:
        return Lane.QUANTITY
    return Lane.PRICE if price else Lane.CONTENT
