"""Orders by page and their items: amounts per line, what is pending, what breaks, what finds no quota."""

from datetime import timedelta

import pytest

from forain.core import errors as e
from forain.core.clock import Window, parse_instant
from forain.core.money import LineTotal, Money
from forain.core.orders import OrderStatus
from forain.marketplaces.amazon_mws.tests.parts import FR, T0, Wire, account, answer, refusal

WINDOW = Window(T0, T0 + timedelta(hours=1))


def money(name, amount, currency="EUR"):
    return f"<{name}><CurrencyCode>{currency}</CurrencyCode><Amount>{amount}</Amount></{name}>"


ADDRESS = (
    "<ShippingAddress><Name>Ada Exemple</Name><AddressLine1>1 rue du Test</AddressLine1><AddressLine2>Bât. B</AddressLine2>"
    "<City>Lyon</City><PostalCode>69001</PostalCode><CountryCode>FR</CountryCode><Phone>0100000000</Phone></ShippingAddress>"
)


def an_order(order_id="O-1", status="Unshipped", total="18.70", channel="MFN", more=ADDRESS):
    amount = money("OrderTotal", total) if total else ""
    return (
        f"<Order><AmazonOrderId>{order_id}</AmazonOrderId><PurchaseDate>2020-03-01T09:00:00Z</PurchaseDate>"
        f"<LastUpdateDate>2020-03-01T09:30:00Z</LastUpdateDate><OrderStatus>{status}</OrderStatus>"
        f"<FulfillmentChannel>{channel}</FulfillmentChannel><MarketplaceId>{FR}</MarketplaceId>"
        f"<LatestShipDate>2020-03-03T09:00:00Z</LatestShipDate><BuyerEmail>x@marketplace.example</BuyerEmail>{amount}{more}</Order>"
    )


def listed(*orders, token="", action="ListOrders"):
    more = f"<NextToken>{token}</NextToken>" if token else ""
    return 200, answer(
        action, f"{more}<LastUpdatedBefore>2020-03-01T09:58:00Z</LastUpdatedBefore><Orders>{''.join(orders)}</Orders>"
    )


def item(
    line="L1", count=2, amounts=(("ItemPrice", "13.80"), ("ShippingPrice", "4.90"), ("PromotionDiscount", "0.00"))
):
    told = "".join(money(name, amount) for name, amount in amounts)
    return (
        f"<OrderItem><ASIN>B0</ASIN><SellerSKU>SOAP</SellerSKU><OrderItemId>{line}</OrderItemId><Title>Savon &amp; Co</Title>"
        f"<QuantityOrdered>{count}</QuantityOrdered>{told}</OrderItem>"
    )


def items(*found, token="", action="ListOrderItems"):
    more = f"<NextToken>{token}</NextToken>" if token else ""
    return 200, answer(action, f"{more}<OrderItems>{''.join(found)}</OrderItems>")


def test_a_page_is_asked_for_by_window_and_site_and_read_with_its_items():
    wire = Wire(listed(an_order(), token="next"), items(item()))

    page = account(wire).changed(WINDOW, None)

    (order,) = page.orders
    assert wire.told(0) == {
        "Action": "ListOrders", "Version": "2013-09-01", "SellerId": "SELLER", "LastUpdatedAfter": "2020-03-01T10:00:00.000Z",
        "MarketplaceId.Id.1": FR, "MaxResultsPerPage": "20",
    }  # fmt: skip
    assert (page.cursor, page.complete_until) == ("next", parse_instant("2020-03-01T09:58:00Z"))
    assert (order.status, order.fulfilled_by, order.total) == (OrderStatus.UNSHIPPED, "merchant", Money(1870, "EUR"))
    (line,) = order.lines
    assert (line.quantity, line.total, line.shipping) == (
        2,
        LineTotal(Money(1380, "EUR")),
        LineTotal(Money(490, "EUR")),
    )
    assert line.title == "Savon & Co"
    assert (order.ship_to.lines, order.ship_to.city, order.cancel_asked) == (("1 rue du Test", "Bât. B"), "Lyon", None)


def test_the_next_page_is_asked_for_by_its_token_alone_and_shares_the_quota():
    wire = Wire(listed(action="ListOrdersByNextToken"))

    page = account(wire).changed(WINDOW, "next")

    assert (page.orders, page.cursor) == ((), None)
    assert (wire.sent[0].operation, wire.told()["Action"], wire.told()["NextToken"]) == (
        "ListOrders", "ListOrdersByNextToken", "next",
    )  # fmt: skip


def test_items_come_by_token_too_and_a_token_that_repeats_goes_round_no_further():
    wire = Wire(
        listed(an_order(total="")), items(item("L1"), token="t"), items(item("L2"), action="ListOrderItemsByNextToken")
    )
    (order,) = account(wire).changed(WINDOW, None).orders
    assert [line.line_id for line in order.lines] == ["L1", "L2"]

    again = items(item(), token="t", action="ListOrderItemsByNextToken")
    page = account(Wire(listed(an_order()), items(item(), token="t"), again)).changed(WINDOW, None)
    assert [(unread.order_id, unread.field) for unread in page.unread] == [("O-1", "cursor")]


def test_tax_on_top_is_recognized_by_the_orders_own_total():
    amounts = (("ItemPrice", "10.00"), ("ItemTax", "0.80"), ("ShippingPrice", "5.00"), ("ShippingTax", "0.40"))
    wire = Wire(listed(an_order(total="16.20")), items(item(amounts=amounts)))

    (line,) = account(wire).changed(WINDOW, None).orders[0].lines

    assert (line.total, line.shipping, line.tax) == (
        LineTotal(Money(1080, "EUR")), LineTotal(Money(540, "EUR")), Money(120, "EUR"),
    )  # fmt: skip


def test_a_pending_order_has_no_price_and_no_address_and_a_cancelled_line_no_pieces():
    wire = Wire(listed(an_order(status="Pending")), items(item(), item("L2", 0)))

    (order,) = account(wire).changed(WINDOW, None).orders

    assert (order.status, order.total, order.ship_to, order.currency) == (OrderStatus.PENDING, None, None, "EUR")
    assert [(line.line_id, line.total) for line in order.lines] == [("L1", None)]


@pytest.mark.parametrize(
    ("status", "ours"),
    [("Canceled", "cancelled"), ("PartiallyShipped", "partially_shipped"), ("Shipped", "shipped"), ("Unfulfillable", "unfulfillable")],
)  # fmt: skip
def test_every_status_has_ours(status, ours):
    wire = Wire(listed(an_order(status=status)), items(item()))

    assert account(wire).changed(WINDOW, None).orders[0].status == ours


@pytest.mark.parametrize(
    "broken",
    [
        an_order(status="Vanished"), an_order(channel="XFN"), an_order(total="1,5"), an_order().replace("2020-03-01T09:30:00Z", "soon"),
        an_order().replace(f"<MarketplaceId>{FR}</MarketplaceId>", ""),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_read_is_named_and_the_next_one_is_read(broken):
    wire = Wire(listed(broken, an_order("O-2")), items(item()), items(item()))

    page = account(wire).changed(WINDOW, None)

    assert [unread.order_id for unread in page.unread] == ["O-1"]
    assert [order.key.order_id for order in page.orders] == ["O-2"]


@pytest.mark.parametrize(
    "broken", [item(count="two"), item(count="-1"), item().replace("SOAP", ""), item().replace(">EUR<", ">USD<", 1)]
)
def test_a_line_that_cannot_be_read_breaks_its_order_only(broken):
    page = account(Wire(listed(an_order()), items(broken))).changed(WINDOW, None)

    assert [unread.order_id for unread in page.unread] == ["O-1"]


def test_a_tax_in_another_currency_breaks_its_order_only():
    foreign = item(amounts=(("ItemPrice", "10.00"),)).replace(
        "</OrderItem>", f"{money('ItemTax', '1.00', 'USD')}</OrderItem>"
    )
    page = account(Wire(listed(an_order(total="11.00")), items(foreign))).changed(WINDOW, None)

    assert [(unread.order_id, unread.field) for unread in page.unread] == [("O-1", "CurrencyCode")]


def test_an_order_without_a_name_is_unread_without_one():
    page = account(Wire(listed(an_order("")))).changed(WINDOW, None)

    assert [unread.order_id for unread in page.unread] == [""]


def test_a_page_whose_items_find_no_quota_comes_again_when_there_is_one_for_all_of_them():
    wire = Wire(listed(*(an_order(f"O-{n}") for n in range(5))), items(item()), e.Throttled(T0))

    with pytest.raises(e.Throttled) as raised:
        account(wire).changed(WINDOW, None)

    assert raised.value.until == T0 + timedelta(seconds=10)


def test_where_a_seller_may_not_see_the_street_there_is_no_address():
    bare = "<ShippingAddress><City>Lyon</City><CountryCode>FR</CountryCode></ShippingAddress>"
    wire = Wire(listed(an_order(more=bare)), items(item()))

    assert account(wire).changed(WINDOW, None).orders[0].ship_to is None


def test_one_order_is_asked_for_by_its_id_and_one_nobody_knows_is_none():
    wire = Wire((200, answer("GetOrder", f"<Orders>{an_order()}</Orders>")), items(item()))

    assert account(wire).order("O-1").key.order_id == "O-1"
    assert wire.told(0)["AmazonOrderId.Id.1"] == "O-1"
    assert account(Wire((400, refusal("InvalidParameterValue", "O-9 is no order")))).order("O-9") is None
    assert account(Wire((200, answer("GetOrder", "<Orders/>")))).order("O-9") is None
    with pytest.raises(e.GrantRefused):
        account(Wire((401, refusal("AccessDenied", "AuthToken is not valid for SellerId and AWSAccountId")))).order(
            "O-1"
        )
