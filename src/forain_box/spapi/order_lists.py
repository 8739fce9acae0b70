"""What both versions of the Orders API do when they list: windows, pages, and the orders a list leaves out.

Windows include both their ends and end two minutes ago at best. A page goes on behind the last order of the page
before, so that an order that changes meanwhile is not skipped but moves to a later window.
Source: Amazon's models orders_2026-01-01.json and ordersV0.json, models issues 3945, 5048, 5144; read 2026-11-23.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forain_box import faults
from forain_box.sites import SITES
from forain_box.spapi.call import Call
from forain_box.spapi.errors import invalid, not_found
from forain_box.state import Order

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


def window(call: Call, created: tuple[str, str], updated: tuple[str, str]) -> Window:
    """The window asked for; each pair names "after" and "before"."""
    query = call.request.query
    asked = [(by, pair) for by, pair in (("created", created), ("updated", updated)) if pair[0] in query]
    if len(asked) != 1:
        raise invalid(f"Exactly one of {created[0]} and {updated[0]} is required.")
    by, (after, before) = asked[0]
    wrong = next((name for name in (updated if by == "created" else created) if name in query), None)
    if wrong:
        raise invalid(f"{wrong} cannot be used with {after}.")
    latest = call.world.now() - NOT_YET
    since, until = call.moment(after), call.moment(before) or latest
    if since is None:
        raise invalid(f"{after} must not be empty.")
    if until > latest:
        raise invalid(f"{before} must be at least two minutes before the present.")
    if before in query and until < since:
        raise invalid(f"{before} must be equal to or after {after}.")
    return Window(by, since, until)


def kept(order: Order, now: datetime) -> bool:
    """Amazon shows orders for two years; in some countries all since 2016."""
    if SITES[order.marketplace_id][0] in KEPT_LONGER:
        return order.created_at >= KEPT_LONGER_SINCE
    return order.created_at >= now - KEPT


def page(
    call: Call, asked: Window, size: int, wanted: Callable[[Order], bool], behind: Place | None
) -> tuple[list[Order], Place | None]:
    """The next orders of a window, and behind which the next page begins (None: there is none)."""
    world, now, omitted = call.world, call.world.now(), set(call.world.state.omitted)
    found: list[Order] = []
    last, scanned = behind, 0
    for order in world.orders_of(
        call.seller.seller_id, asked.by, behind.moment if behind else asked.since, asked.until
    ):
        moment = order.created_at if asked.by == "created" else order.updated_at
        if behind and (moment, order.number) <= (behind.moment, behind.number):
            continue
        scanned += 1
        shown = order.order_id not in omitted and (order.hidden_until is None or order.hidden_until <= now)
        fits = shown and wanted(order) and kept(order, now)
        if (fits and len(found) == size) or scanned > MOST_SCANNED:
            return _disordered(call, found), last
        last = Place(moment, order.number)
        if fits:
            found.append(order)
    return _disordered(call, found), None


def _disordered(call: Call, found: list[Order]) -> list[Order]:
    if faults.strikes(call.world, "list-disorder", "", call.seller.seller_id):
        call.world.chance.shuffle(found)
    return found


def own(call: Call) -> Order:
    """The order the path names, if it is the seller's and not too old."""
    order = call.world.state.orders.get(call.rest[0])
    if order is None or order.seller_id != call.seller.seller_id or not kept(order, call.world.now()):
        raise not_found("The requested order is not found.")
    return order
