"""The orders a list shows, page by page, for every interface that lists them; and those a list leaves out.

A page goes on behind the last order of the page before, so that an order that changes meanwhile is not skipped but
moves to a later window. Source: models issues 3945, 5048, 5144, read 2026-11-23.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forain_box import faults
from forain_box.sites import SITES
from forain_box.state import Order
from forain_box.world import World

NOT_YET = timedelta(minutes=2)
"""The list ends two minutes ago, at best."""
TOKEN_LIFE = timedelta(hours=24)
KEPT = timedelta(days=2 * 365)
KEPT_LONGER = frozenset({"JP", "AU", "SG"})
KEPT_LONGER_SINCE = datetime(2016, 1, 1, tzinfo=UTC)
MOST_SCANNED = 10_000
"""So many orders one page looks at; it may then be short, or empty, and names a next one all the same."""


@dataclass(frozen=True)
class Window:
    """`by`: created or updated; both ends belong to it."""

    by: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Place:
    """Behind which order a page begins."""

    moment: datetime
    number: int


def kept(order: Order, now: datetime) -> bool:
    """Amazon shows orders for two years; in some countries all since 2016."""
    if SITES[order.marketplace_id][0] in KEPT_LONGER:
        return order.created_at >= KEPT_LONGER_SINCE
    return order.created_at >= now - KEPT


def page(
    world: World, seller_id: str, asked: Window, size: int, wanted: Callable[[Order], bool], behind: Place | None
) -> tuple[list[Order], Place | None]:
    """The next orders of a window, and behind which the next page begins (None: there is none)."""
    now, omitted = world.now(), set(world.state.omitted)
    found: list[Order] = []
    last, scanned = behind, 0
    for order in world.orders_of(seller_id, asked.by, behind.moment if behind else asked.since, asked.until):
        moment = order.created_at if asked.by == "created" else order.updated_at
        if behind and (moment, order.number) <= (behind.moment, behind.number):
            continue
        scanned += 1
        shown = order.order_id not in omitted and (order.hidden_until is None or order.hidden_until <= now)
        fits = shown and wanted(order) and kept(order, now)
        if (fits and len(found) == size) or scanned > MOST_SCANNED:
            return _disordered(world, seller_id, found), last
        last = Place(moment, order.number)
        if fits:
            found.append(order)
    return _disordered(world, seller_id, found), None


def _disordered(world: World, seller_id: str, found: list[Order]) -> list[Order]:
    if faults.strikes(world, "list-disorder", "", seller_id):
        world.chance.shuffle(found)
    return found
