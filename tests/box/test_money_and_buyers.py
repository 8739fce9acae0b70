"""Finances, messages to buyers, and requests for reviews."""

from decimal import Decimal
from urllib.parse import urlencode

import pytest

from forain_box.state import Upload
from tests.box.client import FR, US, Client
from tests.box.test_order_life import do, ship

MONEY = "finances/2024-06-19"


def shipped(client, **rest):
    order = client.buy(**rest)[1]["order_id"]
    assert ship(client, order)[0] == 204
    client.advance(10)
    return order


def wait(client, days):
    client.advance(days * 86400)
    client.token = client.login()[1]["access_token"]


def transactions(client, **query):
    told = {"postedAfter": "2026-02-01T00:00:00Z", **query}
    status, body = client.api("GET", f"{MONEY}/transactions?{urlencode(told)}")
    return body["payload"]["transactions"] if status == 200 else status


def test_a_shipments_money_is_listed_late_held_back_and_released_a_week_after_delivery(client):
    order = shipped(client)
    client.advance(300)
    assert transactions(client) == []
    wait(client, 2)

    (found,) = transactions(client)
    assert (found["transactionType"], found["transactionStatus"]) == ("Shipment", "DEFERRED")
    assert found["totalAmount"] == {"currencyCode": "EUR", "currencyAmount": 10.03}
    assert found["totalAmount"]["currencyAmount"] == round(
        sum(b["breakdownAmount"]["currencyAmount"] for b in found["breakdowns"]), 2
    )
    do(client, order, "deliver")
    wait(client, 6)
    assert transactions(client)[0]["transactionStatus"] == "DEFERRED"
    wait(client, 1.1)
    assert transactions(client)[0]["transactionStatus"] == "DEFERRED_RELEASED"
    assert transactions(client, transactionStatus="RELEASED") == []
    assert transactions(client, marketplaceId=FR) != []


def test_balances_and_summaries_follow_shipments_and_refunds(client):
    order = shipped(client)

    def balances(**query):
        told = client.api("GET", f"{MONEY}/balances?{urlencode(query)}")[1]["balances"][0]
        inner = {b["balanceType"]: b["amount"]["currencyAmount"] for b in told.get("balances", [])}
        return told["amount"]["currencyAmount"], inner

    assert balances() == (10.03, {"AVAILABLE": 0.0, "RESERVED": 10.03})
    do(client, order, "deliver")
    wait(client, 8)
    assert balances()[1] == {"AVAILABLE": 10.03, "RESERVED": 0.0}
    do(client, order, "refund")
    client.advance(1)

    total, _ = balances(balanceType="TOTAL")
    refund = client.box.world.state.transactions[-1]
    assert refund.released
    assert Decimal(str(total)) == Decimal("10.03") + sum(refund.parts.values())
    assert balances(asOfDate="2026-03-05")[0] == 10.03
    assert balances(asOfDate="2026-02-05")[0] == 0.0
    told = client.api("GET", f"{MONEY}/summary?periodStart=2026-03-01&periodEnd=2026-03-01")[1]["summaries"][0]
    assert told["netProceeds"]["currencyAmount"] == 10.03
    later = client.api("GET", f"{MONEY}/summary?periodStart=2026-03-02")[1]["summaries"][0]
    assert Decimal(str(later["netProceeds"]["currencyAmount"])) == sum(refund.parts.values())


def test_a_sellers_own_shipments_in_the_usa_are_not_found_under_their_marketplace():
    client = Client(sites=(US,), region="na")
    order = shipped(client)
    wait(client, 3)

    assert transactions(client, marketplaceId=US) == []
    assert len(transactions(client)) == 1
    status, body = client.api(
        "GET", f"{MONEY}/transactions?relatedIdentifierName=ORDER_ID&relatedIdentifierValue={order}"
    )
    tax = next(b for b in body["payload"]["transactions"][0]["breakdowns"] if b["breakdownType"] == "Tax")
    assert (status, tax["breakdownAmount"]["currencyAmount"]) == (200, 0.0)


@pytest.mark.parametrize(
    "query",
    [
        "postedBefore=2026-02-01T00:00:00Z", "postedAfter=2026-03-01T08:59:00Z", "postedAfter=x", "relatedIdentifierName=ORDER_ID",
        "relatedIdentifierName=SHIPMENT_ID&relatedIdentifierValue=1", "postedAfter=2026-02-01&nextToken=x",
        "postedAfter=2026-02-01&transactionStatus=SPENT",
    ],
)  # fmt: skip
def test_a_wrong_question_about_money_is_refused(client, query):
    assert client.api("GET", f"{MONEY}/transactions?{query}")[0] == 400


def test_a_window_of_more_than_half_a_year_is_empty(client):
    shipped(client)
    wait(client, 3)

    assert transactions(client, postedAfter="2025-07-01T00:00:00Z") == []


def test_many_transactions_come_in_pages(client):
    client.put("SOAP", 500)
    client.box.throttle.enabled = False
    for _ in range(120):
        shipped(client)
    wait(client, 3)
    query = f"{MONEY}/transactions?postedAfter=2026-02-01T00:00:00Z"

    first = client.api("GET", query)[1]["payload"]
    second = client.api("GET", f"{query}&nextToken={first['nextToken']}")[1]["payload"]

    assert [len(p["transactions"]) for p in (first, second)] == [100, 20]
    assert "nextToken" not in second


def message(client, order, kind, body, site=FR):
    return client.api("POST", f"messaging/v1/orders/{order}/messages/{kind}?marketplaceIds={site}", body)


def names(client, order, api="messaging"):
    body = client.api("GET", f"{api}/v1/orders/{order}?marketplaceIds={FR}")[1]
    return [a["name"] for a in body["_links"]["actions"]]


def test_only_the_messages_listed_for_an_order_can_be_sent(client):
    order = client.buy()[1]["order_id"]
    pending = client.buy(pending_seconds=600)[1]["order_id"]

    assert "confirmOrderDetails" in names(client, order)
    assert names(client, pending) == []
    assert message(client, order, "confirmOrderDetails", {"text": "Which colour?"}) == (201, {})
    status, body = message(client, order, "digitalAccessKey", {"text": "X"})
    assert (status, body["errors"][0]["message"]) == (403, "Invalid amazonOrderId and template combination.")
    for wrong in ({"text": ""}, {"text": "<b>x</b>"}, {"text": "mail a@example.test"}, {"text": "x" * 2001}, {}):
        client.advance(1)
        assert message(client, order, "confirmOrderDetails", wrong)[0] == 400
    assert message(client, order, "confirmOrderDetails", {"text": "x"}, site="")[0] == 400
    assert [m["kind"] for m in client.box.world.state.orders[order].messages] == ["confirmOrderDetails"]


def test_an_invoice_needs_an_upload_that_is_there(client):
    order = shipped(client)
    client.box.world.state.uploads["U1"] = Upload(
        "U1", "SELLER1", "k", "application/pdf", client.box.world.now(), b"%PDF"
    )

    def send(upload):
        return message(
            client, order, "invoice", {"attachments": [{"uploadDestinationId": upload, "fileName": "i.pdf"}]}
        )[0]

    assert (send("U1"), send("U2")) == (201, 400)
    assert message(client, order, "invoice", {"attachments": []})[0] == 400
    assert (
        client.api("GET", f"messaging/v1/orders/{order}/attributes?marketplaceIds={FR}")[1]["buyer"]["locale"]
        == "fr-FR"
    )


def test_a_review_is_asked_for_once_five_to_thirty_days_after_delivery(client):
    order = shipped(client)
    do(client, order, "deliver")
    path = f"solicitations/v1/orders/{order}/solicitations/productReviewAndSellerFeedback?marketplaceIds={FR}"
    assert names(client, order, "solicitations") == []
    status, body = client.api("POST", path)
    assert status == 403
    assert "outside the 5-30 day range" in body["errors"][0]["message"]
    wait(client, 5)

    assert names(client, order, "solicitations") == ["productReviewAndSellerFeedback"]
    assert client.api("POST", path) == (201, {})
    assert names(client, order, "solicitations") == []
    status, body = client.api("POST", path)
    message = "The requested solicitation is not available for this amazonOrderId."
    assert (status, body["errors"][0]["message"]) == (403, message)


def test_after_thirty_days_nobody_is_asked(client):
    order = shipped(client)
    do(client, order, "deliver")
    wait(client, 31)

    assert names(client, order, "solicitations") == []
    assert names(client, order) == []


TEXT, FILE = {"text": "About your order"}, {"attachments": [{"uploadDestinationId": "U1", "fileName": "a.pdf"}]}


@pytest.mark.parametrize(
    ("kind", "body", "before", "after"),
    [
        ("confirmDeliveryDetails", TEXT, 201, 201), ("unexpectedProblem", TEXT, 201, 201), ("legalDisclosure", FILE, 201, 201),
        ("warranty", FILE, 403, 201), ("confirmServiceDetails", TEXT, 403, 403),
        ("confirmCustomizationDetails", TEXT | FILE, 403, 403), ("digitalAccessKey", TEXT | FILE, 403, 403),
    ],
)  # fmt: skip
def test_each_kind_of_message_is_open_in_its_time(client, kind, body, before, after):
    client.box.world.state.uploads["U1"] = Upload(
        "U1", "SELLER1", "k", "application/pdf", client.box.world.now(), b"%PDF"
    )
    waiting, brought = client.buy()[1]["order_id"], shipped(client)

    assert (message(client, waiting, kind, body)[0], message(client, brought, kind, body)[0]) == (before, after)


def test_regulated_information_wants_a_restricted_token(client):
    order = client.buy()[1]["order_id"]

    assert client.api("GET", f"orders/v0/orders/{order}/regulatedInfo")[0] == 403
