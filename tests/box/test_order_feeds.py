"""Order feeds: the only ways to cancel and to refund, and the bulk way to confirm shipments."""

import xml.etree.ElementTree as ElementTree

import pytest

from tests.box import feeding
from tests.box.client import Client

ACKNOWLEDGEMENT, ADJUSTMENT, FULFILMENT, FLAT = (
    "POST_ORDER_ACKNOWLEDGEMENT_DATA", "POST_PAYMENT_ADJUSTMENT_DATA", "POST_ORDER_FULFILLMENT_DATA",
    "POST_FLAT_FILE_FULFILLMENT_DATA",
)  # fmt: skip
KINDS = {ACKNOWLEDGEMENT: "OrderAcknowledgement", ADJUSTMENT: "OrderAdjustment", FULFILMENT: "OrderFulfillment"}


def envelope(kind, *messages, merchant="SELLER1", head=""):
    inner = "".join(f"<Message><MessageID>{n}</MessageID>{m}</Message>" for n, m in enumerate(messages, 1))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion>'
        f"<MerchantIdentifier>{merchant}</MerchantIdentifier></Header><MessageType>{kind}</MessageType>{inner}</AmazonEnvelope>"
    ).encode()


def carried_out(client, feed_type, content, content_type=feeding.XML):
    """The report of a feed that had its time."""
    number = feeding.submit(client, feed_type, content, content_type)
    client.advance(feeding.A_WHILE)
    assert feeding.feed(client, number)["processingStatus"] == "DONE"
    return feeding.result(client, number)[1]


def send(client, feed_type, *messages):
    """(processed, successful, with error, [(message id, code, description)])."""
    return summary(carried_out(client, feed_type, envelope(KINDS[feed_type], *messages)))


def summary(content):
    report = ElementTree.fromstring(content).find("Message/ProcessingReport")
    counts = [int(report.findtext(f"ProcessingSummary/Messages{n}")) for n in ("Processed", "Successful", "WithError")]
    results = [
        (int(r.findtext("MessageID")), r.findtext("ResultMessageCode"), r.findtext("ResultDescription"))
        for r in report.findall("Result")
    ]
    return (*counts, results)


def state(client, order):
    return next(o for o in client.control("GET", "state")[1]["orders"] if o["order_id"] == order)


def known(client, order):
    return client.box.world.state.orders[order]


def item(client, order, place=0):
    return known(client, order).lines[place].item_id


def acknowledgement(order, status="Failure", items="", merchant_order=""):
    number = f"<MerchantOrderID>{merchant_order}</MerchantOrderID>" if merchant_order else ""
    return (
        f"<OrderAcknowledgement><AmazonOrderID>{order}</AmazonOrderID>{number}<StatusCode>{status}</StatusCode>{items}"
        "</OrderAcknowledgement>"
    )


def cancelled(item_id, reason="NoInventory"):
    return f"<Item><AmazonOrderItemCode>{item_id}</AmazonOrderItemCode><CancelReason>{reason}</CancelReason></Item>"


def fulfilment(order, items="", date="2026-03-01T09:00:00Z", carrier="<CarrierCode>DHL</CarrierCode>"):
    return (
        f"<OrderFulfillment><AmazonOrderID>{order}</AmazonOrderID><FulfillmentDate>{date}</FulfillmentDate><FulfillmentData>"
        f"{carrier}<ShipperTrackingNumber>T1</ShipperTrackingNumber></FulfillmentData>{items}</OrderFulfillment>"
    )


def adjustment(order, item_id, amount, kind="Principal", reason="CustomerReturn"):
    return (
        f"<OrderAdjustment><AmazonOrderID>{order}</AmazonOrderID><AdjustedItem><AmazonOrderItemCode>{item_id}</AmazonOrderItemCode>"
        f"<AdjustmentReason>{reason}</AdjustmentReason><ItemPriceAdjustments><Component><Type>{kind}</Type>"
        f'<Amount currency="EUR">{amount}</Amount></Component></ItemPriceAdjustments></AdjustedItem></OrderAdjustment>'
    )


def bought(client, **more):
    return client.buy(**more)[1]["order_id"]


def quantity_of(client, sku):
    listings = client.control("GET", "state")[1]["listings"]
    return next(x for x in listings if x["sku"] == sku)["availability"]["DEFAULT"]


def shipped(client):
    order = bought(client)
    assert send(client, FULFILMENT, fulfilment(order))[:3] == (1, 1, 0)
    client.advance(feeding.A_WHILE)
    assert state(client, order)["status"] == "SHIPPED"
    return order


def test_success_keeps_the_merchants_order_number(client):
    order = bought(client)

    assert send(client, ACKNOWLEDGEMENT, acknowledgement(order, "Success", merchant_order="M-7")) == (1, 1, 0, [])
    assert known(client, order).seller_order_id == "M-7"


def test_failure_with_a_reason_cancels_and_puts_the_pieces_back(client):
    order = bought(client, quantity=2)

    told = send(client, ACKNOWLEDGEMENT, acknowledgement(order, items=cancelled(item(client, order))))

    assert told == (1, 1, 0, [])
    assert state(client, order)["status"] == "CANCELLED"
    assert quantity_of(client, "SOAP") == 5


def test_one_item_of_two_can_be_cancelled(client):
    client.put("SALT", 5)
    told = {
        "seller_id": "SELLER1", "marketplace_id": client.site,
        "items": [{"sku": "SOAP", "quantity": 1}, {"sku": "SALT", "quantity": 2}],
    }  # fmt: skip
    order = client.control("POST", "orders", told)[1]["order_id"]

    assert send(client, ACKNOWLEDGEMENT, acknowledgement(order, items=cancelled(item(client, order, 1))))[1] == 1
    assert [line.cancelled for line in known(client, order).lines] == [0, 2]
    assert state(client, order)["status"] == "UNSHIPPED"
    assert quantity_of(client, "SALT") == 5
    assert send(client, ACKNOWLEDGEMENT, acknowledgement(order, items=cancelled(item(client, order))))[1] == 1
    assert state(client, order)["status"] == "CANCELLED"
    assert quantity_of(client, "SOAP") == 5


def test_what_cannot_be_cancelled_is_told_and_the_rest_is_carried_out(client):
    gone, good = shipped(client), bought(client)
    line = item(client, good)

    processed, successful, wrong, results = send(
        client, ACKNOWLEDGEMENT,
        acknowledgement(gone, items=cancelled(item(client, gone))), acknowledgement("1-2-3", items=cancelled("4")),
        acknowledgement(good, items=cancelled(line, "BecauseIWant")), acknowledgement(good), acknowledgement(good, "Maybe"),
        acknowledgement(good, items=cancelled("404")), acknowledgement(good, items=cancelled(line)), "<Nothing/>",
    )  # fmt: skip

    assert (processed, successful, wrong) == (8, 1, 7)
    assert [number for number, _, _ in results] == [1, 2, 3, 4, 5, 6, 8]
    assert {n: c for n, c, _ in results}[2] == "18028"
    assert state(client, gone)["status"] == "SHIPPED"
    assert state(client, good)["status"] == "CANCELLED"


def test_an_order_amazon_fulfils_cannot_be_cancelled_by_the_seller(client):
    client.put("BASKET", 8, fulfilled_by="AMAZON")
    order = bought(client, sku="BASKET")

    assert send(client, ACKNOWLEDGEMENT, acknowledgement(order, items=cancelled(item(client, order))))[1] == 0
    assert state(client, order)["status"] != "CANCELLED"


def test_a_refund_gives_back_what_was_paid_and_never_more(client):
    order = shipped(client)
    line = item(client, order)

    assert send(client, ADJUSTMENT, adjustment(order, line, "2.50")) == (1, 1, 0, [])
    assert str(known(client, order).lines[0].refunded) == "2.50"
    refunds = [t for t in client.box.world.state.transactions if t.kind == "Refund" and t.order_id == order]
    assert len(refunds) == 1
    for wrong in (
        adjustment(order, line, "100"), adjustment(order, line, "0"), adjustment(order, line, "-1"), adjustment(order, line, "NaN"),
        adjustment(order, line, "much"), adjustment(order, line, "1", "Gift"), adjustment(order, line, "1", reason="Whim"),
        adjustment(order, "404", "1"),
    ):  # fmt: skip
        assert send(client, ADJUSTMENT, wrong)[1:3] == (0, 1), wrong
    assert str(known(client, order).lines[0].refunded) == "2.50"


def test_what_was_not_shipped_is_not_refunded(client):
    order = bought(client)

    assert send(client, ADJUSTMENT, adjustment(order, item(client, order), "1.00"))[1] == 0


def test_a_fulfilment_in_parts_and_then_the_rest():
    client = Client(throttle=False)
    order = bought(client, quantity=3)
    part = f"<Item><AmazonOrderItemCode>{item(client, order)}</AmazonOrderItemCode><Quantity>1</Quantity></Item>"

    assert send(client, FULFILMENT, fulfilment(order, part))[1] == 1
    client.advance(feeding.A_WHILE)
    assert state(client, order)["status"] == "PARTIALLY_SHIPPED"
    assert send(client, FULFILMENT, fulfilment(order, part.replace(">1<", ">3<")))[1] == 0
    assert send(client, FULFILMENT, fulfilment(order))[1] == 1
    client.advance(feeding.A_WHILE)
    assert state(client, order)["status"] == "SHIPPED"
    assert send(client, FULFILMENT, fulfilment(order))[1] == 0


@pytest.mark.parametrize(
    "changes", [{"date": ""}, {"date": "2026-03-09T09:00:00Z"}, {"date": "2026-03-01"}, {"carrier": ""}, {"date": "2025-01-01T00:00:00Z"}]
)  # fmt: skip
def test_a_wrong_fulfilment_ships_nothing(client, changes):
    order = bought(client)

    assert send(client, FULFILMENT, fulfilment(order, **changes))[1] == 0
    client.advance(feeding.A_WHILE)
    assert state(client, order)["status"] == "UNSHIPPED"


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        (b"<AmazonEnvelope>", feeding.XML, "5000"), (b"", feeding.XML, "5000"), (b"\xff\xfe\xfa", feeding.XML, "5000"),
        (envelope("OrderAcknowledgement", head=BOMB), feeding.XML, "5000"),
        (envelope("OrderAcknowledgement", head=BOMB).decode().encode("utf-16"), "text/xml; charset=UTF-16", "5000"),
        (envelope("OrderAcknowledgement"), "text/xml; charset=nonsense", "5000"),
        (b"<a/>", feeding.XML, "5001"), (b"<AmazonEnvelope>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</AmazonEnvelope>", feeding.XML, "5001"),
        (envelope("OrderAcknowledgement", merchant="OTHER"), feeding.XML, "25"), (envelope("OrderAdjustment"), feeding.XML, "25"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_read_is_refused_as_a_whole(client, content, content_type, code):
    told = summary(carried_out(client, ACKNOWLEDGEMENT, content, content_type))

    assert told[:2] == (0, 0)
    assert [(number, found) for number, found, _ in told[3]] == [(0, code)]


def test_a_flat_file_confirms_shipments_line_by_line(client):
    first, second = bought(client), bought(client, quantity=2)
    lines = [
        "order-id\torder-item-id\tquantity\tship-date\tcarrier-code\tcarrier-name\ttracking-number\tship-method",
        f"{first}\t\t\t2026-03-01\tOther\tLa Poste\tT1\t", f"{second}\t{item(client, second)}\t1\t2026-03-01\tDHL\t\tT2\t",
        "1-2-3\t\t\t2026-03-01\tDHL\t\tT3\t", f"{second}\tx\t1\t2026-03-01\tDHL\t\tT4\t", f"{second}",
    ]  # fmt: skip
    told = carried_out(client, FLAT, "\n".join(lines).encode(), "text/tab-separated-values; charset=UTF-8").decode()

    client.advance(feeding.A_WHILE)
    assert "Number of records processed\t\t5" in told
    assert "Number of records successful\t\t2" in told
    assert "\n3\t1-2-3\t18028\tError\t" in told
    assert state(client, first)["status"] == "SHIPPED"
    assert state(client, second)["status"] == "PARTIALLY_SHIPPED"


@pytest.mark.parametrize("content", [b"", b"\xff", b"a,b\n1,2\n", b"order-id\tship-date\n"])
def test_a_flat_file_without_its_headings_or_lines_does_nothing(client, content):
    assert b"records processed\t\t0" in carried_out(client, FLAT, content, "text/tab-separated-values")
