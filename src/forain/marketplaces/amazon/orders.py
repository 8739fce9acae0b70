"""Reading orders: Orders 2026-01-01, whole pages, everything included that the roles allow.

Source: Orders 2026-01-01 model and migration guide, read 2026-11-23. Amounts are text; a line's proceeds are for all its pieces.
"""

from urllib.parse import quote

import msgspec

from forain.contracts.marketplace import Credentials, OrderPage, UnreadOrder
from forain.contracts.net import Net, Request, Response
from forain.core.clock import Instant, Window, format_instant, parse_instant
from forain.core.errors import Denied, Malformed, Rejected, Throttled
from forain.core.ids import MarketplaceOrderId, OrderKey, SiteId
from forain.core.orders import Address, Order, OrderStatus
from forain.marketplaces.amazon import amounts, errors, wire
from forain.marketplaces.amazon.listings import address
from forain.marketplaces.amazon.sites import BY_ID

FULL = "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,CANCELLATION"
NARROW = "PROCEEDS,FULFILLMENT"
"""Asked for when the full set is refused: the orders then come without buyer, and are held, not lost."""

STATUS = {
    "PENDING_AVAILABILITY": OrderStatus.PENDING,
    "PENDING": OrderStatus.PENDING,
    "UNSHIPPED": OrderStatus.UNSHIPPED,
    "PARTIALLY_SHIPPED": OrderStatus.PARTIALLY_SHIPPED,
    "SHIPPED": OrderStatus.SHIPPED,
    "CANCELLED": OrderStatus.CANCELLED,
    "UNFULFILLABLE": OrderStatus.UNFULFILLABLE,
}


def changed(credentials: Credentials, net: Net, window: Window, cursor: str | None) -> OrderPage:
    """One page of orders changed since the window began. Without an end date Amazon takes two minutes ago itself,
    and says in `lastUpdatedBefore` what it took: until then the list is complete. No site is named: what was bought
    on a site that is not in use here is work all the same.

    The cursor is "included data~Amazon's token"; Amazon wants all other parameters repeated unchanged.
    """
    included, token = cursor.split("~", 1) if cursor else (FULL, "")
    query = {"lastUpdatedAfter": format_instant(window.since), "maxResultsPerPage": "100"}
    if token:
        query["paginationToken"] = token
    url = f"{address(credentials)}/orders/2026-01-01/orders"
    try:
        response, included = _ask(net, "searchOrders", url, query, included)
    except _NarrowLater:
        # The refused question took the last turn. The place is kept, so that the next turn is not spent on it again.
        return OrderPage((), f"{NARROW}~", None)
    page = wire.read(response, wire.OrdersPage)
    found: list[Order] = []
    unread: list[UnreadOrder] = []
    for raw in page.orders:
        try:
            found.append(_order(credentials, wire.part(raw, wire.Order), included))
        except Malformed as error:
            unread.append(UnreadOrder(_name(raw), error.field))
    following = page.pagination.next_token if page.pagination else None
    return OrderPage(
        tuple(found), f"{included}~{following}" if following else None, _until(page, response), tuple(unread)
    )


def _name(raw: msgspec.Raw) -> MarketplaceOrderId:
    """The id of an order that cannot be read; "" where even that cannot."""
    try:
        return MarketplaceOrderId(wire.part(raw, wire.OrderName).order_id)
    except Malformed:
        return MarketplaceOrderId("")


def order(credentials: Credentials, net: Net, order_id: MarketplaceOrderId) -> Order | None:
    """The whole order; None: Amazon does not know it."""
    url = f"{address(credentials)}/orders/2026-01-01/orders/{quote(order_id, safe='')}"
    try:
        response, included = _ask(net, "getOrder", url, {}, FULL)
    except _NarrowLater as error:
        raise error.throttled from None
    except Rejected as error:
        if error.code == "not_found":
            return None
        raise
    told = wire.part(wire.read(response, wire.OrderAnswer).order, wire.Order, response.request_id)
    return _order(credentials, told, included)


class _NarrowLater(Exception):
    """The full set was refused, and there is no turn left to ask for the narrow one."""

    def __init__(self, throttled: Throttled) -> None:
        super().__init__()
        self.throttled = throttled


def _ask(net: Net, operation: str, url: str, query: dict[str, str], included: str) -> tuple[Response, str]:
    """(answer, what it includes). A refusal that may be about the buyer's data is asked once more without them."""
    response = net.send(Request(operation, "GET", url, query={**query, "includedData": included}))
    if response.status == 200:
        return response, included
    error = errors.of_api(response, operation)
    about_data = isinstance(error, Denied) or (isinstance(error, Rejected) and error.code == "rejected")
    if included != FULL or not about_data:
        raise error
    try:
        narrow = net.send(Request(operation, "GET", url, query={**query, "includedData": NARROW}))
    except Throttled as slow:
        raise _NarrowLater(slow) from None
    if narrow.status != 200:
        raise error
    return narrow, NARROW


def _until(page: wire.OrdersPage, response: Response) -> Instant | None:
    try:
        return parse_instant(page.last_updated_before) if page.last_updated_before else None
    except ValueError:
        raise Malformed("lastUpdatedBefore", request_id=response.request_id) from None


def _order(credentials: Credentials, told: wire.Order, included: str) -> Order:
    if told.fulfillment is None:
        raise Malformed("fulfillment")
    status = STATUS.get(told.fulfillment.fulfillment_status)
    if status is None:
        raise Malformed(f"fulfillmentStatus {told.fulfillment.fulfillment_status}")
    if told.fulfillment.fulfilled_by not in ("MERCHANT", "AMAZON"):
        raise Malformed(f"fulfilledBy {told.fulfillment.fulfilled_by}")
    by_amazon = told.fulfillment.fulfilled_by == "AMAZON"
    site = told.sales_channel.marketplace_id or ""
    if not site and not by_amazon:
        # Orders of the seller's other channels have no site; Amazon sends them itself.
        raise Malformed("salesChannel.marketplaceId")
    pending = status is OrderStatus.PENDING
    # A line whose pieces were all cancelled stays in Amazon's answer with no pieces and no price.
    items = [item for item in told.order_items if item.quantity_ordered != 0]
    total = amounts.money(told.proceeds.grand_total, "proceeds.grandTotal") if told.proceeds and not pending else None
    lines = amounts.lines(items, total, pending=pending)
    currency = amounts.currency(lines, total) or (BY_ID[site].currency if site in BY_ID else "")
    latest = told.fulfillment.ship_by_window.latest_date_time if told.fulfillment.ship_by_window else None
    asked = (item.cancellation.cancellation_request for item in items if item.cancellation)
    try:
        return Order(
            key=OrderKey(credentials.account, MarketplaceOrderId(told.order_id)),
            site=SiteId(site),
            status=status,
            fulfilled_by="marketplace" if by_amazon else "merchant",
            purchased_at=parse_instant(told.created_time),
            updated_at=parse_instant(told.last_updated_time),
            lines=lines,
            currency=currency,
            total=total,
            ship_to=None if pending else _address(told.recipient),
            buyer_email=(told.buyer.buyer_email or "") if told.buyer else "",
            ship_by=parse_instant(latest) if latest else None,
            cancel_asked=None if included == NARROW else any(request is not None for request in asked),
        )
    except ValueError as error:
        raise Malformed(str(error)[:200]) from None


def _address(recipient: wire.Recipient | None) -> Address | None:
    told = recipient.delivery_address if recipient else None
    if told is None:
        return None
    name = told.name or told.company_name
    street = [line for line in (told.address_line1, told.address_line2, told.address_line3) if line]
    if not name or not street or not told.country_code:
        # Without the role Amazon leaves name and street out and shows the town only: no address to ship to.
        return None
    company = [told.company_name] if told.company_name and told.company_name != name else []
    # Where towns have districts (Türkiye, Brazil, Egypt) the parcel does not arrive without; no postal code is usual
    # in some countries (Emirates), so its absence says nothing.
    quarter = [part for part in (told.district_or_county, told.municipality) if part and part != told.city]
    return Address(
        name=name,
        lines=(*company, *street, *quarter),
        city=told.city or "",
        postal_code=told.postal_code or "",
        country=told.country_code,
        region=told.state_or_region or "",
        phone=told.phone or "",
    )
