"""Orders: what is asked, what a page and an order say, what a refusal means, and what the buyer paid."""

import pytest

from forain.core import errors as e
from forain.core.clock import Window
from forain.core.money import Money
from forain.core.orders import OrderStatus
from forain.marketplaces.amazon.tests.parts import (
    FR,
    ORDERS,
    T0,
    Wire,
    account,
    asked_as_published,
    denied,
    fits,
    refusal,
    samples,
)  # fmt: skip

US, AE = "ATVPDKIKX0DER", "A2VIGQ35RCS4UG"


def told(amount, currency="EUR"):
    return {"amount": amount, "currencyCode": currency}


def part(kind, amount, currency="EUR", **subtypes):
    detailed = [{"subtype": name, "value": told(value, currency)} for name, value in subtypes.items()]
    return {"type": kind, "subtotal": told(amount, currency)} | ({"detailedBreakdowns": detailed} if detailed else {})


def item(*parts, number="1", quantity=2, **more):
    return {
        "orderItemId": number, "quantityOrdered": quantity,
        "product": {"asin": "B01", "sellerSku": f"SKU-{number}", "title": "Soap"},
        "proceeds": {"breakdowns": list(parts)}, **more,
    }  # fmt: skip


def order(*items, total=None, site=FR, status="UNSHIPPED", currency="EUR", address=None, **more):
    found = {
        "orderId": "302-1234567-1234567", "createdTime": "2026-03-01T08:01:02.123Z",
        "lastUpdatedTime": "2026-03-01T08:31:00.000Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": site, "marketplaceName": "Amazon"},
        "buyer": {"buyerName": "A. Buyer", "buyerEmail": "a@marketplace.example"},
        "recipient": {"deliveryAddress": address or {
            "name": "A. Buyer", "addressLine1": "1 rue du Port", "city": "Lyon", "postalCode": "69003", "countryCode": "FR"}},
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": "MERCHANT",
                        "shipByWindow": {"latestDateTime": "2026-03-03T23:59:59Z"}},
        "orderItems": list(items), **more,
    }  # fmt: skip
    if total is not None:
        found["proceeds"] = {"grandTotal": told(total, currency)}
    return found


def page(*orders, **more):
    return fits(ORDERS, "SearchOrdersResponse", {"orders": list(orders), **more})


def read(found):
    (seen,) = account(Wire((200, page(found)))).changed(Window(T0, T0), None).orders
    return seen


def test_the_questions_are_amazons_own():
    wire = Wire((200, page()), (200, {"order": order(item(part("ITEM", "1.00")))}))

    account(wire).changed(Window(T0, T0), None)
    account(wire).order("302-1234567-1234567")

    for request in wire.sent:
        asked_as_published(ORDERS, request)
    assert set(wire.sent[0].query) & {"createdAfter", "lastUpdatedAfter", "lastUpdatedBefore"} == {"lastUpdatedAfter"}


@pytest.mark.parametrize("name", ["searchOrders", "getOrder"])
def test_amazons_own_samples_are_read(name):
    for sample in samples(ORDERS, name):
        if name == "getOrder":
            found = [account(Wire((200, sample))).order("x")]
        else:
            answer = account(Wire((200, sample))).changed(Window(T0, T0), None)
            assert answer.unread == ()
            found = answer.orders
        for seen in found:
            paid = sum(n.total.money.minor + (n.shipping.money.minor if n.shipping else 0) for n in seen.lines)
            assert paid == seen.total.minor


def test_in_europe_the_tax_is_in_the_price_and_is_not_added():
    seen = read(order(item(part("ITEM", "12.00"), part("SHIPPING", "3.00"), part("TAX", "2.50", ITEM="2.00", SHIPPING="0.50")), total="15.00"))  # fmt: skip

    assert (seen.lines[0].total.money, seen.lines[0].shipping.money, seen.lines[0].tax) == (
        Money(1200, "EUR"), Money(300, "EUR"), Money(250, "EUR"),
    )  # fmt: skip


def test_where_tax_comes_on_top_the_line_and_its_shipping_hold_what_the_buyer_paid():
    parts = (part("ITEM", "39.99", "USD"), part("SHIPPING", "5.00", "USD"), part("TAX", "10.00", "USD", ITEM="9.00", SHIPPING="1.00"))  # fmt: skip
    seen = read(order(item(*parts, quantity=1), total="54.99", currency="USD", site=US))

    assert (seen.lines[0].total.money, seen.lines[0].shipping.money) == (Money(4899, "USD"), Money(600, "USD"))
    assert seen.total == Money(5499, "USD")


@pytest.mark.parametrize("sign", ["", "-"])
def test_discount_gift_wrap_and_fees_add_up_to_the_grand_total(sign):
    one = item(part("ITEM", "20.00"), part("GIFT_WRAP", "2.00"), part("SHIPPING", "4.00"), part("COD_FEE", "1.00"),
               part("OTHER", "0.50"), part("DISCOUNT", f"{sign}3.00"))  # fmt: skip
    two = item(part("ITEM", "5.00"), part("DISCOUNT", f"{sign}1.00"), part("DISCOUNT", f"{sign}0.50"), number="2")
    seen = read(order(one, two, total="28.00"))

    assert [line.total.money.minor for line in seen.lines] == [2200, 500]
    assert [line.discount.money.minor for line in seen.lines] == [300, 150]
    assert seen.lines[0].shipping.money == Money(550, "EUR")


def test_lines_that_do_not_add_up_stay_as_told_and_the_total_stays_amazons():
    seen = read(order(item(part("ITEM", "20.00"), part("TAX", "1.00")), total="99.00"))

    assert (seen.lines[0].total.money, seen.total) == (Money(2000, "EUR"), Money(9900, "EUR"))


def test_a_line_whose_pieces_were_all_cancelled_is_no_line():
    gone = item(number="2", quantity=0)
    seen = read(order(item(part("ITEM", "20.00")), gone, total="20.00"))

    assert [line.line_id for line in seen.lines] == ["1"]


def test_a_pending_order_has_no_price_and_no_address_whatever_is_told():
    seen = read(order(item(part("ITEM", "20.00")), total="20.00", status="PENDING"))

    assert (seen.lines[0].total, seen.total, seen.ship_to, seen.currency) == (None, None, None, "EUR")


@pytest.mark.parametrize("status", ["PENDING_AVAILABILITY", "PENDING"])
def test_both_ways_of_waiting_for_payment_are_pending(status):
    assert read(order(item(), status=status)).status is OrderStatus.PENDING


def test_a_pending_order_of_another_site_carries_that_sites_currency():
    assert read(order(item(), status="PENDING", site=AE)).currency == "AED"


def test_a_buyer_who_asks_to_cancel_is_heard():
    asked = {"cancellation": {"cancellationRequest": {"requester": "BUYER", "cancelReason": "NO_LONGER_NEEDED"}}}

    assert read(order(item(part("ITEM", "1.00"), **asked))).cancel_asked
    assert not read(order(item(part("ITEM", "1.00")))).cancel_asked


def test_an_answer_without_the_buyers_data_does_not_say_whether_he_asks_to_cancel():
    wire = Wire((403, denied()), (200, page(order(item(part("ITEM", "1.00"))))))

    (seen,) = account(wire).changed(Window(T0, T0), None).orders

    assert seen.cancel_asked is None


def test_an_address_keeps_its_district_and_needs_no_postal_code():
    turkey = {"name": "M", "addressLine1": "Istiklal Cad. 42", "addressLine2": "Kat 3", "city": "Istanbul",
              "districtOrCounty": "Beyoglu", "postalCode": "34430", "countryCode": "TR"}  # fmt: skip
    emirates = {"name": "K", "addressLine1": "Al Wasl Road 5", "city": "Dubai", "countryCode": "AE"}

    assert read(order(item(), address=turkey)).ship_to.lines == ("Istiklal Cad. 42", "Kat 3", "Beyoglu")
    assert read(order(item(), address=emirates)).ship_to.postal_code == ""


def test_a_street_in_the_second_line_only_is_a_street_and_a_company_is_told_once():
    found = {"companyName": "Port SARL", "addressLine2": "1 rue du Port", "city": "Lyon", "postalCode": "69003", "countryCode": "FR"}  # fmt: skip

    ship_to = read(order(item(), address=found)).ship_to
    assert (ship_to.name, ship_to.lines) == ("Port SARL", ("1 rue du Port",))


def test_a_town_without_name_and_street_is_no_address():
    found = {"city": "Lyon", "postalCode": "69003", "countryCode": "FR", "stateOrRegion": "ARA"}

    assert read(order(item(), address=found)).ship_to is None


@pytest.mark.parametrize(
    "broken",
    [
        order(item(part("ITEM", "1.00"), part("GIFT_WRAP", "1.00", "USD"))),
        order(item(part("ITEM", "1.00")), item(part("ITEM", "1.00", "USD"), number="2")),
        order(item(part("ITEM", "1.00")), total="1.00", currency="GBP"),
        order(item(part("SURPRISE", "1.00"))),
        order(item(part("ITEM", "1.00")), total="1,00"),
        order(item(part("ITEM", "1.00")), site=""),
    ],
    ids=["two currencies in a line", "two in an order", "total in another", "unknown kind", "comma", "no site"],
)
def test_an_order_that_cannot_be_trusted_is_named_and_its_page_goes_on(broken):
    good = order(item(part("ITEM", "1.00")), total="1.00") | {"orderId": "302-2"}

    answer = account(Wire((200, {"orders": [broken, good]}))).changed(Window(T0, T0), None)

    assert [o.key.order_id for o in answer.orders] == ["302-2"]
    assert [u.order_id for u in answer.unread] == ["302-1234567-1234567"]


def test_a_letter_that_is_none_breaks_its_order_only():
    body = b'{"orders":[{"orderId":"302-9","createdTime":"\xff"}]}'

    answer = account(Wire((200, body))).changed(Window(T0, T0), None)

    assert [u.order_id for u in answer.unread] == ["302-9"]


def test_an_order_without_even_an_id_is_said_and_stops_no_other():
    good = order(item(part("ITEM", "1.00")), total="1.00")

    answer = account(Wire((200, {"orders": [{}, good]}))).changed(Window(T0, T0), None)

    assert [o.key.order_id for o in answer.orders] == ["302-1234567-1234567"]
    assert [u.order_id for u in answer.unread] == [""]


def test_a_refused_outage_of_one_kind_of_data_is_asked_again_with_less_for_one_order_too():
    wire = Wire((400, refusal()), (200, {"order": order(item(part("ITEM", "1.00")))}))

    assert account(wire).order("302-1234567-1234567") is not None
    assert wire.sent[1].query["includedData"] == "PROCEEDS,FULFILLMENT"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, denied("The LWA secret token you provided has expired."), e.AppRefused),
        (403, denied("The access token you provided is revoked, malformed or invalid."), e.GrantDoubted),
        (403, denied("The marketplaces you provided are not valid for region."), e.Rejected),
        (403, b"<html>proxy</html>", e.ServerFault),
    ],
)
def test_a_refusal_that_is_not_about_the_data_is_not_asked_twice(status, body, kind):
    wire = Wire((status, body))

    with pytest.raises(kind):
        account(wire).changed(Window(T0, T0), None)
    assert len(wire.sent) == 1


def test_what_less_data_does_not_cure_is_told_as_it_was_refused_first():
    with pytest.raises(e.Denied, match="Inventory and Order Tracking"):
        account(Wire((403, denied()), (400, refusal()))).changed(Window(T0, T0), None)


def test_an_order_amazon_does_not_know_is_none_and_a_proxys_page_is_no_such_answer():
    assert account(Wire((404, refusal("NotFound")))).order("302-1") is None
    with pytest.raises(e.ServerFault):
        account(Wire((404, b"<html>"))).order("302-1")
