"""What both versions of the Orders API ask for when they list: windows that include both their ends.

Source: Amazon's models orders_2026-01-01.json and ordersV0.json, models issues 3945, 5048, 5144; read 2026-11-23.
"""

from forain_box.errors import invalid, not_found
from forain_box.order_book import NOT_YET, Window, kept
from forain_box.spapi.call import Call
from forain_box.state import Order


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


def own(call: Call) -> Order:
    """The order the path names, if it is the seller's and not too old."""
    order = call.world.state.orders.get(call.rest[0])
    if order is None or order.seller_id != call.seller.seller_id or not kept(order, call.world.now()):
        raise not_found("The requested order is not found.")
    return order
