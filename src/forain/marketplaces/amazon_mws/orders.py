"""Reading orders: ListOrders by page, then the items of each; amounts of an item are for all its pieces.

Source: MWS Orders API section 2013-09-01, read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from forain.contracts.marketplace import Credentials, OrderPage, UnreadOrder
from forain.contracts.net import Net
from forain.core.clock import Window, format_instant
from forain.core.errors import Malformed, Rejected, Throttled
from forain.core.ids import MarketplaceOrderId, OrderKey, SellerSku, SiteId
from forain.core.money import LineTotal, Money, total_of
from forain.core.offers import FulfilledBy
from forain.core.orders import Address, Line, Order, OrderStatus, paid
from forain.marketplaces.amazon_mws import calls
from forain.marketplaces.amazon_mws.document import Part
from forain.marketplaces.amazon_mws.sites import BY_ID
from forain.net.pages import pages

PAGE = 20
"""Orders a page: each of them costs a call for its items, of which 30 may be made at once."""
ITEMS_RESTORE = timedelta(seconds=2)
STATUS = {
    "PendingAvailability": OrderStatus.PENDING,
    "Pending": OrderStatus.PENDING,
    "Unshipped": OrderStatus.UNSHIPPED,
    "PartiallyShipped": OrderStatus.PARTIALLY_SHIPPED,
    "Shipped": OrderStatus.SHIPPED,
    "InvoiceUnconfirmed": OrderStatus.SHIPPED,
    "Canceled": OrderStatus.CANCELLED,
    "Unfulfillable": OrderStatus.UNFULFILLABLE,
}
CHANNELS: dict[str, FulfilledBy] = {"MFN": "merchant", "AFN": "marketplace"}
GOODS = ("ItemPrice", "GiftWrapPrice")
BESIDE = ("ShippingPrice", "CODFee")
DISCOUNTS = ("PromotionDiscount", "ShippingDiscount", "CODFeeDiscount")
TAXES = {"ItemTax": "goods", "GiftWrapTax": "goods", "ShippingTax": "beside"}
"""Where the tax goes that comes on top of the prices (America); in Europe they hold it."""
AMOUNTS = (*GOODS, *BESIDE, *DISCOUNTS, *TAXES)


def changed(credentials: Credentials, net: Net, window: Window, cursor: str | None) -> OrderPage:
    """One page of orders changed since the window began. Without an end Amazon takes two minutes ago itself, and says in
    `LastUpdatedBefore` what it took: until then the list is complete. The cursor is Amazon's NextToken."""
    if cursor is None:
        asked = {
            "LastUpdatedAfter": format_instant(window.since), "MaxResultsPerPage": str(PAGE),
            "MarketplaceId.Id.1": calls.site(credentials),
        }  # fmt: skip
        told = calls.ask(credentials, net, "Orders", "ListOrders", asked)
    else:
        told = calls.ask(credentials, net, "Orders", "ListOrdersByNextToken", {"NextToken": cursor}, limit="ListOrders")
    parts = told.all("Orders/Order")
    found: list[Order] = []
    unread: list[UnreadOrder] = []
    for part in parts:
        try:
            found.append(_whole(credentials, net, part))
        except Malformed as error:
            unread.append(UnreadOrder(_name(part), error.field))
        except Throttled as slow:
            # The page is read anew then, and must not stop at the same place again.
            raise Throttled(slow.until + ITEMS_RESTORE * len(parts), placeholders=slow.placeholders) from None
    until = calls.moment(told, "LastUpdatedBefore") if told.get("LastUpdatedBefore") else None
    return OrderPage(tuple(found), told.get("NextToken") or None, until, tuple(unread))


def _name(part: Part) -> MarketplaceOrderId:
    """The id of an order that cannot be read; "" where even that cannot."""
    try:
        return MarketplaceOrderId(part.named("AmazonOrderId"))
    except Malformed:
        return MarketplaceOrderId("")


def order(credentials: Credentials, net: Net, order_id: MarketplaceOrderId) -> Order | None:
    """The whole order; None: Amazon does not know it."""
    asked = {"AmazonOrderId.Id.1": order_id}
    try:
        told = calls.ask(credentials, net, "Orders", "GetOrder", asked)
    except Rejected as error:
        if error.code == "rejected" and error.problems[0].code == "InvalidParameterValue":
            return None
        raise
    parts = told.all("Orders/Order")
    return _whole(credentials, net, parts[0]) if parts else None


def _whole(credentials: Credentials, net: Net, part: Part) -> Order:
    return _order(credentials, part, _items(credentials, net, part.named("AmazonOrderId")))


def _items(credentials: Credentials, net: Net, order_id: str) -> list[Part]:
    def page(token: str | None) -> _ItemPage:
        action = "ListOrderItems" if token is None else "ListOrderItemsByNextToken"
        asked = {"AmazonOrderId": order_id} if token is None else {"NextToken": token}
        return _ItemPage(calls.ask(credentials, net, "Orders", action, asked, limit="ListOrderItems"))

    return [item for one in pages(page) for item in one.items]


class _ItemPage:
    def __init__(self, told: Part) -> None:
        self.items = told.all("OrderItems/OrderItem")
        self.cursor = told.get("NextToken") or None


def _order(credentials: Credentials, told: Part, items: Sequence[Part]) -> Order:
    status, by = STATUS.get(told.get("OrderStatus")), CHANNELS.get(told.get("FulfillmentChannel"))
    if status is None:
        raise Malformed(f"OrderStatus {told.get('OrderStatus')}"[:200])
    if by is None:
        raise Malformed(f"FulfillmentChannel {told.get('FulfillmentChannel')}"[:200])
    pending = status is OrderStatus.PENDING
    total = None if pending else _amount(told, "OrderTotal")
    # A line whose pieces were all cancelled stays in Amazon's answer with no pieces.
    counted = [(item, _count(item)) for item in items]
    lines = _lines([(item, count) for item, count in counted if count], total, pending=pending)
    site = told.named("MarketplaceId")
    return Order(
        key=OrderKey(credentials.account, MarketplaceOrderId(told.named("AmazonOrderId"))),
        site=SiteId(site),
        status=status,
        fulfilled_by=by,
        purchased_at=calls.moment(told, "PurchaseDate"),
        updated_at=calls.moment(told, "LastUpdateDate"),
        lines=lines,
        currency=_currency(lines, total) or (BY_ID[site].currency if site in BY_ID else ""),
        total=total,
        ship_to=None if pending else _address(told),
        buyer_email=told.get("BuyerEmail"),
        ship_by=calls.moment(told, "LatestShipDate") if told.get("LatestShipDate") else None,
    )


def _count(item: Part) -> int:
    told = item.get("QuantityOrdered")
    if not (told.isascii() and told.isdigit() and len(told) < 9):
        raise Malformed("QuantityOrdered")
    return int(told)


def _amount(told: Part, name: str) -> Money | None:
    """The amount; None where there is none. Raises Malformed for what is no amount."""
    found = told.all(name)
    if not found:
        return None
    try:
        return Money.parse(found[0].get("Amount"), found[0].get("CurrencyCode"))
    except ValueError:
        raise Malformed(name) from None


def _sum(item: Part, names: Sequence[str]) -> Money | None:
    """What the item tells under these names, None where it tells none. Raises Malformed for two currencies in one item."""
    told = {name: _amount(item, name) for name in AMOUNTS}
    if len({amount.currency for amount in told.values() if amount}) > 1:
        raise Malformed("CurrencyCode")
    amounts = [amount for name in names if (amount := told[name])]
    return total_of(amounts, amounts[0].currency) if amounts else None


def _lines(items: Sequence[tuple[Part, int]], total: Money | None, *, pending: bool) -> tuple[Line, ...]:
    found = [_line(item, count, pending=pending) for item, count in items]
    if total is None or paid(found, total.currency) == total:
        return tuple(found)
    taxed = [_with_tax(line, item) for line, (item, _) in zip(found, items, strict=True)]
    # Where neither adds up, the lines stay as told: the flow shows both sums to a person.
    return tuple(taxed if paid(taxed, total.currency) == total else found)


def _line(item: Part, count: int, *, pending: bool) -> Line:
    goods, beside, discount, tax = (
        None if pending else _sum(item, names) for names in (GOODS, BESIDE, DISCOUNTS, tuple(TAXES))
    )
    return Line(
        line_id=item.named("OrderItemId"),
        sku=SellerSku(item.named("SellerSKU")),
        title=item.get("Title"),
        quantity=count,
        total=LineTotal(goods) if goods else None,
        shipping=LineTotal(beside) if beside else None,
        discount=LineTotal(discount) if discount else None,
        tax=tax,
    )


def _with_tax(line: Line, item: Part) -> Line:
    """The same line with its tax on top, as the buyer paid it."""
    goods, beside = (
        _sum(item, [name for name, part in TAXES.items() if part == where]) for where in ("goods", "beside")
    )
    return replace(
        line,
        total=LineTotal(line.total.money + goods) if line.total and goods else line.total,
        shipping=LineTotal(line.shipping.money + beside) if line.shipping and beside else line.shipping,
    )


def _currency(found: Sequence[Line], total: Money | None) -> str:
    """The one currency of an order, "" where it has no amount. Raises Malformed for two."""
    amounts = [a.money for line in found for a in (line.total, line.shipping, line.discount) if a]
    told = {amount.currency for amount in [*amounts, *([total] if total else [])]}
    if len(told) > 1:
        raise Malformed("CurrencyCode")
    return told.pop() if told else ""


def _address(order: Part) -> Address | None:
    """Where it goes; None where Amazon leaves out name, street or country: no parcel arrives there."""
    told = next(iter(order.all("ShippingAddress")), None)
    if told is None:
        return None
    street = [line for n in (1, 2, 3) if (line := told.get(f"AddressLine{n}"))]
    name, country = told.get("Name"), told.get("CountryCode")
    if not name or not street or not country:
        return None
    city = told.get("City")
    # Where towns have districts the parcel does not arrive without.
    quarter = [part for part in (told.get("County"), told.get("District")) if part and part != city]
    return Address(
        name=name,
        lines=(*street, *quarter),
        city=city,
        postal_code=told.get("PostalCode"),
        country=country,
        region=told.get("StateOrRegion"),
        phone=told.get("Phone"),
    )
