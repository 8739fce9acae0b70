"""Reading orders: Orders 2026-01-01, whole pages, everything included that the roles allow.

Source: Orders 2026-01-01 model and migration guide, read 2026-11-23. Amounts are text; a line's proceeds are for all its pieces.
"""

from urllib.parse import quote

import msgspec

from forain.contracts.marketplace import Credentials, OrderPage, UnreadOrder
from forain.contracts.net import Net, Request, Response
from forain.core.clock import Window, format_instant, parse_instant
from forain.core.errors import Malformed
from forain.core.ids import MarketplaceOrderId, OrderKey, SellerSku, SiteId
from forain.core.money import LineTotal, Money
from forain.core.orders import Address, Line, Order, OrderStatus
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.listings import address

FULL = "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,PACKAGES"
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
    and says in `lastUpdatedBefore` what it took: until then the list is complete.

    The cursor is "included data~Amazon's token"; Amazon wants all other parameters repeated unchanged.
    """
    included, token = cursor.split("~", 1) if cursor else (FULL, "")
    query = {"lastUpdatedAfter": format_instant(window.since), "maxResultsPerPage": "100", "includedData": included}
    if token:
        query["paginationToken"] = token
    response = _search(credentials, net, query)
    if response.status in (400, 403) and included == FULL and not token:
        narrow = _search(credentials, net, {**query, "includedData": NARROW})
        if narrow.status == 200:
            response, included = narrow, NARROW
    if response.status != 200:
        raise errors.of_api(response, "searchOrders")
    page = wire.read(response, wire.OrdersPage)
    found: list[Order] = []
    unread: list[UnreadOrder] = []
    for raw in page.orders:
        try:
            found.append(_order(credentials, msgspec.json.decode(raw, type=wire.Order)))
        except (Malformed, msgspec.ValidationError) as error:
            name = msgspec.json.decode(raw, type=wire.OrderName).order_id
            unread.append(UnreadOrder(MarketplaceOrderId(name), str(getattr(error, "field", error))[:200]))
    following = page.pagination.next_token if page.pagination else None
    until = parse_instant(page.last_updated_before) if page.last_updated_before else None
    return OrderPage(tuple(found), f"{included}~{following}" if following else None, until, tuple(unread))


def _search(credentials: Credentials, net: Net, query: dict[str, str]) -> Response:
    return net.send(Request("searchOrders", "GET", f"{address(credentials)}/orders/2026-01-01/orders", query=query))


def order(credentials: Credentials, net: Net, order_id: MarketplaceOrderId) -> Order | None:
    """The whole order; None: Amazon does not know it."""
    url = f"{address(credentials)}/orders/2026-01-01/orders/{quote(order_id, safe='')}"
    response = net.send(Request("getOrder", "GET", url, query={"includedData": FULL}))
    if response.status == 404:
        return None
    if response.status != 200:
        raise errors.of_api(response, "getOrder")
    try:
        return _order(credentials, msgspec.json.decode(wire.read(response, wire.OrderAnswer).order, type=wire.Order))
    except msgspec.ValidationError as error:
        raise Malformed(str(error)[:200], request_id=response.request_id) from None


def _order(credentials: Credentials, told: wire.Order) -> Order:
    if told.fulfillment is None:
        raise Malformed("fulfillment")
    status = STATUS.get(told.fulfillment.fulfillment_status)
    if status is None:
        raise Malformed(f"fulfillmentStatus {told.fulfillment.fulfillment_status}")
    if told.fulfillment.fulfilled_by not in ("MERCHANT", "AMAZON"):
        raise Malformed(f"fulfilledBy {told.fulfillment.fulfilled_by}")
    lines = tuple(_line(item, pending=status is OrderStatus.PENDING) for item in told.order_items)
    total = told.proceeds.grand_total if told.proceeds else None
    amounts = [line.total.money for line in lines if line.total]
    currency = total.currency_code if total else (amounts[0].currency if amounts else "EUR")
    latest = told.fulfillment.ship_by_window.latest_date_time if told.fulfillment.ship_by_window else None
    try:
        return Order(
            key=OrderKey(credentials.account, MarketplaceOrderId(told.order_id)),
            site=SiteId(told.sales_channel.marketplace_id),
            status=status,
            fulfilled_by="marketplace" if told.fulfillment.fulfilled_by == "AMAZON" else "merchant",
            purchased_at=parse_instant(told.created_time),
            updated_at=parse_instant(told.last_updated_time),
            lines=lines,
            currency=currency,
            total=Money.parse(total.amount, total.currency_code)
            if total and status is not OrderStatus.PENDING
            else None,
            ship_to=_address(told.recipient) if status is not OrderStatus.PENDING else None,
            buyer_email=told.buyer.buyer_email if told.buyer else "",
            ship_by=parse_instant(latest) if latest else None,
        )
    except ValueError as error:
        raise Malformed(str(error)[:200]) from None


def _line(item: wire.OrderItem, *, pending: bool) -> Line:
    if item.quantity_ordered < 0:
        raise Malformed("quantityOrdered")
    parts: dict[str, Money] = {}
    tax: Money | None = None
    for part in item.proceeds.breakdowns if item.proceeds and not pending else []:
        try:
            amount = Money.parse(part.subtotal.amount, part.subtotal.currency_code)
        except ValueError:
            raise Malformed("proceeds.breakdowns.subtotal") from None
        if part.type == "TAX":
            tax = amount
        parts[part.type] = amount
    goods = parts.get("ITEM")
    if goods and "GIFT_WRAP" in parts:
        goods = goods + parts["GIFT_WRAP"]
    discount = parts.get("DISCOUNT")
    return Line(
        line_id=item.order_item_id,
        sku=SellerSku(item.product.seller_sku),
        title=item.product.title,
        quantity=item.quantity_ordered,
        total=LineTotal(goods) if goods else None,
        shipping=LineTotal(parts["SHIPPING"]) if "SHIPPING" in parts else None,
        discount=LineTotal(Money(abs(discount.minor), discount.currency)) if discount else None,
        tax=tax,
    )


def _address(recipient: wire.Recipient | None) -> Address | None:
    told = recipient.delivery_address if recipient else None
    if told is None or not told.postal_code or not (told.name or told.company_name) or not told.address_line1:
        # Without the role Amazon leaves name and street out and shows the town only: no address to ship to.
        return None
    lines = (told.company_name, told.address_line1, told.address_line2, told.address_line3)
    return Address(
        name=told.name or told.company_name,
        lines=tuple(line for line in lines if line),
        city=told.city,
        postal_code=told.postal_code,
        country=told.country_code,
        region=told.state_or_region,
        phone=told.phone,
    )
