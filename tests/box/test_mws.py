"""The old interface: what the page of 2019 said, to the letter, and every refusal it knew."""

import base64
import hashlib
import xml.etree.ElementTree as ET
from urllib.parse import quote, urlencode

import pytest

from forain_box import clock, report_files, reports
from forain_box.http import Request, pairs
from forain_box.mws.sign import signed
from tests.box.client import FR, US, Client

NAME, NUMBER = "magnalister", "4141-0616-7444"
DAY = 86400


class Merchant(Client):
    """SELLER1 has authorized the developer; `raw` and `call` sign as the developer does."""

    def __init__(self, **options):
        super().__init__(**options)
        told = {"name": NAME, "developer_number": NUMBER, "region": self.region}
        self.keys = self.control("POST", "mws-developers", told)[1]
        self.mws = self.control(
            "POST", "sellers/SELLER1/mws-authorize", {"application_name": NAME, "developer_number": NUMBER}
        )[1]

    def raw(self, action, path="Orders/2013-09-01", *, secret=None, method="GET", body=None, headers=None, **more):
        told = {
            "AWSAccessKeyId": self.keys["aws_access_key_id"], "Action": action, "SellerId": "SELLER1",
            "MWSAuthToken": self.mws["mws_auth_token"], "SignatureVersion": "2", "SignatureMethod": "HmacSHA256",
            "Timestamp": self.box.world.now().strftime("%Y-%m-%dT%H:%M:%SZ"), "Version": "2013-09-01",
        } | {k.replace("__", "."): v for k, v in more.items()}  # fmt: skip
        raw = f"/mws/{self.region}/{path}".rstrip("/")
        headers = {"host": "127.0.0.1:8900", **(headers or {})}
        formed = method == "POST" and body is None
        if formed:
            headers["content-type"] = "application/x-www-form-urlencoded"
        draft = Request(method, (), raw, {}, headers, b"")
        told["Signature"] = signed(secret or self.keys["aws_secret_key"], draft, told)
        form = urlencode(told, quote_via=quote)
        asked = Request(
            method, tuple(raw.strip("/").split("/")), raw, {} if formed else pairs(form), headers,
            form.encode() if formed else body or b"",
        )  # fmt: skip
        return self.box.answer(asked)

    def call(self, *asked, **more):
        """(status, document) of an answer in XML."""
        response = self.raw(*asked, **more)
        return response.status, ET.fromstring(response.body)

    def error(self, *asked, **more):
        status, document = self.call(*asked, **more)
        space = document.tag.partition("}")[0] + "}"
        return status, document.findtext(f".//{space}Code"), document.findtext(f".//{space}Message")


def names(document, name):
    return [e.text for e in document.iter() if e.tag.endswith("}" + name)]


@pytest.fixture
def merchant():
    return Merchant()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_signed_call_is_answered(merchant, method):
    status, document = merchant.call("ListMarketplaceParticipations", "Sellers/2011-07-01", method=method)

    assert status == 200
    assert names(document, "DomainName") == ["www.amazon.fr"]


def test_orders_are_listed_with_their_items_and_pending_ones_without_a_price(merchant):
    merchant.buy(quantity=2)
    merchant.buy(pending_seconds=3600)
    merchant.advance(300)

    _, document = merchant.call("ListOrders", LastUpdatedAfter="2026-03-01T00:00:00Z", MarketplaceId__Id__1=FR)
    paid, pending = names(document, "AmazonOrderId")

    assert names(document, "OrderStatus") == ["Unshipped", "Pending"]
    assert names(document, "Amount") == ["18.70"]
    _, items = merchant.call("ListOrderItems", AmazonOrderId=paid)
    assert names(items, "Amount") == ["13.80", "4.90", "0.00"]
    _, items = merchant.call("ListOrderItems", AmazonOrderId=pending)
    assert names(items, "Amount") == []


def test_more_orders_come_by_token_and_only_to_the_same_seller(merchant):
    merchant.put("SOAP", 50)
    for _ in range(5):
        merchant.buy()
    merchant.advance(300)

    _, first = merchant.call(
        "ListOrders", CreatedAfter="2026-03-01T00:00:00Z", MarketplaceId__Id__1=FR, MaxResultsPerPage="3"
    )
    (token,) = names(first, "NextToken")
    _, second = merchant.call("ListOrdersByNextToken", NextToken=token)

    seen = names(first, "AmazonOrderId") + names(second, "AmazonOrderId")
    assert len(seen) == len(set(seen)) == 5
    assert merchant.error("ListOrdersByNextToken", NextToken="invented")[:2] == (400, "InvalidParameterValue")


def test_a_token_lives_a_year_is_deactivated_by_itself_and_renewed_as_the_same_one(merchant):
    merchant.advance(364 * DAY)
    assert merchant.call("GetServiceStatus")[0] == 200
    merchant.advance(2 * DAY)
    refused = (401, "AccessDenied", "AuthToken is not valid for SellerId and AWSAccountId")
    assert merchant.error("GetServiceStatus") == refused

    again = merchant.control(
        "POST", "sellers/SELLER1/mws-authorize", {"application_name": NAME, "developer_number": NUMBER}
    )[1]

    assert again["mws_auth_token"] == merchant.mws["mws_auth_token"]
    assert merchant.call("GetServiceStatus")[0] == 200


def test_the_seller_is_reminded_weekly_in_the_last_month_and_not_after_a_renewal(merchant):
    merchant.advance(364 * DAY)
    mails = [m for m in merchant.control("GET", "mails")[1] if m["kind"] == "mws-renew"]
    assert len(mails) == 5
    merchant.control("POST", "sellers/SELLER1/mws-reactivate", {"developer_number": NUMBER})
    merchant.advance(200 * DAY)

    assert len([m for m in merchant.control("GET", "mails")[1] if m["kind"] == "mws-renew"]) == 5


def test_a_deactivated_token_lives_again_and_a_deleted_one_stays_dead(merchant):
    number = {"developer_number": NUMBER}
    merchant.control("POST", "sellers/SELLER1/mws-deactivate", number)
    assert merchant.call("GetServiceStatus")[0] == 401
    merchant.control("POST", "sellers/SELLER1/mws-reactivate", number)
    assert merchant.call("GetServiceStatus")[0] == 200

    merchant.control("POST", "sellers/SELLER1/mws-delete", number)
    fresh = merchant.control(
        "POST", "sellers/SELLER1/mws-authorize", {"application_name": NAME, "developer_number": NUMBER}
    )[1]

    assert fresh["mws_auth_token"] != merchant.mws["mws_auth_token"]
    assert merchant.call("GetServiceStatus")[0] == 401
    assert merchant.call("GetServiceStatus", MWSAuthToken=fresh["mws_auth_token"])[0] == 200


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"AWSAccessKeyId": "AKIANOBODY"}, 403, "InvalidAccessKeyId"),
        ({"secret": "wrong"}, 403, "SignatureDoesNotMatch"),
        ({"Timestamp": "2026-02-01T00:00:00Z"}, 400, "RequestExpired"),
        ({"Timestamp": "soon"}, 400, "InvalidParameterValue"),
        ({"SellerId": "NOBODY"}, 400, "InvalidParameterValue"),
        ({"MWSAuthToken": "amzn.mws.invented"}, 401, "AccessDenied"),
        ({"SignatureVersion": "1"}, 400, "InvalidParameterValue"),
    ],
)
def test_what_is_wrong_with_a_call_is_said_in_its_own_words(merchant, changes, status, code):
    assert merchant.error("GetServiceStatus", **changes)[:2] == (status, code)


@pytest.mark.parametrize("action", ["deactivate", "plan"])
def test_an_account_that_is_closed_or_individual_is_not_eligible(merchant, action):
    merchant.control("POST", f"sellers/SELLER1/{action}", {"professional": False} if action == "plan" else {})

    assert "eligible" in merchant.error("GetServiceStatus")[2]


def test_a_marketplace_that_is_not_the_sellers_and_an_action_nobody_knows_are_refused(merchant):
    asked = {"LastUpdatedAfter": "2026-03-01T00:00:00Z"}
    assert merchant.error("ListOrders", MarketplaceId__Id__1=US, **asked)[0] == 401
    assert merchant.error("ListOrders", **asked)[1] == "MissingParameter"
    assert merchant.error("Invent")[1] == "InvalidAction"
    assert merchant.error("GetServiceStatus", "Nowhere/2000-01-01")[0] == 404


def test_too_many_calls_are_throttled_with_503_and_restored_one_by_one(merchant):
    asked = {"LastUpdatedAfter": "2026-03-01T00:00:00Z", "MarketplaceId__Id__1": FR}
    for _ in range(6):
        assert merchant.call("ListOrders", **asked)[0] == 200
    assert merchant.error("ListOrders", **asked)[:2] == (503, "RequestThrottled")
    merchant.advance(60)

    assert merchant.call("ListOrders", **asked)[0] == 200
    assert merchant.call("ListOrders", **asked)[0] == 503


def test_a_misfortune_is_spelled_as_the_old_interface_did(merchant):
    for kind, status in (("throttle", 503), ("status-500", 500), ("forbidden", 401)):
        merchant.control("POST", "faults", {"kind": kind, "operation": "mws.GetServiceStatus", "count": 1})
        assert merchant.call("GetServiceStatus")[0] == status


def test_no_secret_reaches_the_log_of_requests(merchant):
    merchant.call("GetServiceStatus")

    told = str(merchant.control("GET", "requests")[1])
    assert "mws.GetServiceStatus" in told
    for secret in (merchant.mws["mws_auth_token"], merchant.keys["aws_secret_key"], "Signature"):
        assert secret not in told


HEAD = '<?xml version="1.0" encoding="UTF-8"?><AmazonEnvelope><Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>SELLER1</MerchantIdentifier></Header>'


def feed(merchant, kind, name, messages, *, md5=None, **more):
    """Submit an envelope; `messages`: their contents."""
    told = "".join(
        f"<Message><MessageID>{n}</MessageID><OperationType>Update</OperationType><{name}>{m}</{name}></Message>"
        for n, m in enumerate(messages, 1)
    )
    body = f"{HEAD}<MessageType>{name}</MessageType>{told}</AmazonEnvelope>".encode()
    checksum = md5 or base64.b64encode(hashlib.md5(body).digest()).decode()
    return merchant.call(
        "SubmitFeed", "", method="POST", body=body, headers={"content-type": "text/xml", "content-md5": checksum},
        Merchant="SELLER1", FeedType=kind, **more,
    )  # fmt: skip


def result_of(merchant, document):
    (number,) = names(document, "FeedSubmissionId")
    assert merchant.error("GetFeedSubmissionResult", "", FeedSubmissionId=number)[1] == "FeedProcessingResultNotReady"
    merchant.advance(60)
    status, report = merchant.call("GetFeedSubmissionResult", "", FeedSubmissionId=number)
    assert status == 200
    return {tag: [e.text for e in report.iter(tag)] for tag in ("MessagesSuccessful", "ResultMessageCode", "SKU")}


def test_stock_and_prices_are_sent_as_feeds_and_each_message_succeeds_or_fails_alone(merchant):
    stock = [
        "<SKU>SOAP</SKU><Quantity>9</Quantity>",
        "<SKU>NOBODY</SKU><Quantity>1</Quantity>",
        "<SKU>SOAP</SKU><Quantity>-1</Quantity>",
    ]
    _, document = feed(merchant, "_POST_INVENTORY_AVAILABILITY_DATA_", "Inventory", stock)
    assert result_of(merchant, document) == {
        "MessagesSuccessful": ["1"], "ResultMessageCode": ["13013", "5000"], "SKU": ["NOBODY", "SOAP"],
    }  # fmt: skip
    prices = [
        '<SKU>SOAP</SKU><StandardPrice currency="EUR">7.50</StandardPrice>',
        '<SKU>SOAP</SKU><StandardPrice currency="USD">1</StandardPrice>',
    ]
    _, document = feed(merchant, "_POST_PRODUCT_PRICING_DATA_", "Price", prices)
    assert result_of(merchant, document)["MessagesSuccessful"] == ["1"]
    merchant.advance(60)

    item = merchant.item()[1]
    assert item["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 9}]
    assert item["offers"][0]["price"]["amount"] == "7.50"


def test_a_shipment_is_confirmed_and_an_order_cancelled_by_feed(merchant):
    shipped, cancelled = (merchant.buy()[1]["order_id"] for _ in range(2))
    merchant.advance(900)
    items = {o: next(iter(merchant.box.world.state.orders[o].lines)).item_id for o in (shipped, cancelled)}
    told = (
        f"<AmazonOrderID>{shipped}</AmazonOrderID><FulfillmentDate>2026-03-01T09:10:00Z</FulfillmentDate><FulfillmentData>"
        "<CarrierName>DHL</CarrierName><ShippingMethod>P</ShippingMethod><ShipperTrackingNumber>T</ShipperTrackingNumber></FulfillmentData>"
        f"<Item><AmazonOrderItemCode>{items[shipped]}</AmazonOrderItemCode><Quantity>1</Quantity></Item>"
    )
    _, document = feed(merchant, "_POST_ORDER_FULFILLMENT_DATA_", "OrderFulfillment", [told])
    assert result_of(merchant, document)["MessagesSuccessful"] == ["1"]
    told = (
        f"<AmazonOrderID>{cancelled}</AmazonOrderID><StatusCode>Failure</StatusCode><Item><AmazonOrderItemCode>{items[cancelled]}"
        "</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>"
    )
    _, document = feed(merchant, "_POST_ORDER_ACKNOWLEDGEMENT_DATA_", "OrderAcknowledgement", [told])
    assert result_of(merchant, document)["MessagesSuccessful"] == ["1"]
    merchant.advance(60)

    orders = merchant.box.world.state.orders
    assert (orders[shipped].status, orders[cancelled].status) == ("SHIPPED", "CANCELLED")


def test_feeds_are_listed_newest_first_and_the_two_interfaces_keep_theirs_apart(merchant):
    for _ in range(3):
        feed(merchant, "_POST_INVENTORY_AVAILABILITY_DATA_", "Inventory", ["<SKU>SOAP</SKU><Quantity>1</Quantity>"])
        merchant.advance(60)

    _, first = merchant.call("GetFeedSubmissionList", "", MaxCount="2")
    _, second = merchant.call("GetFeedSubmissionListByNextToken", "", NextToken=names(first, "NextToken")[0])

    assert (names(first, "HasNext"), names(second, "HasNext")) == (["true"], ["false"])
    assert len(names(first, "FeedSubmissionId") + names(second, "FeedSubmissionId")) == 3
    assert set(names(first, "FeedProcessingStatus")) == {"_DONE_"}
    assert merchant.api("GET", "feeds/2021-06-30/feeds?feedTypes=JSON_LISTINGS_FEED")[1] == {"feeds": []}


LISTINGS = {"ReportType": "_GET_MERCHANT_LISTINGS_ALL_DATA_", "MarketplaceIdList__Id__1": FR}


def test_the_listings_are_told_by_a_report_that_is_asked_for_waited_for_and_fetched(merchant):
    _, asked = merchant.call("RequestReport", "", Merchant="SELLER1", **LISTINGS)
    (number,) = names(asked, "ReportRequestId")
    assert names(asked, "ReportProcessingStatus") == ["_SUBMITTED_"]
    assert merchant.error("GetReport", "", ReportId=number)[:2] == (404, "ReportNotReady")

    merchant.advance(60)
    _, listed = merchant.call("GetReportRequestList", "", ReportTypeList__Type__1=LISTINGS["ReportType"])
    assert names(listed, "ReportProcessingStatus") == ["_DONE_"]
    (report,) = names(listed, "GeneratedReportId")

    content = merchant.raw("GetReport", "", ReportId=report)
    head, row = content.body.decode("cp1252").splitlines()
    assert content.headers["content-md5"] == base64.b64encode(hashlib.md5(content.body).digest()).decode()
    assert "sku-vendeur" in head.split("\t")
    assert "SOAP" in row.split("\t")


def test_a_seller_without_a_listing_has_a_report_without_data(merchant):
    merchant.control("POST", "sellers", {"seller_id": "BARE", "region": "eu", "marketplace_ids": [FR], "name": "Bare"})
    told = {"application_name": NAME, "developer_number": NUMBER}
    bare = {
        "SellerId": "BARE",
        "MWSAuthToken": merchant.control("POST", "sellers/BARE/mws-authorize", told)[1]["mws_auth_token"],
    }
    merchant.call("RequestReport", "", **LISTINGS, **bare)
    merchant.advance(60)

    _, listed = merchant.call("GetReportRequestList", "", **bare)

    assert names(listed, "ReportProcessingStatus") == ["_DONE_NO_DATA_"]
    assert names(listed, "GeneratedReportId") == []


ORDERS = {"ReportType": "_GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_", "MarketplaceIdList__Id__1": FR}
TODAY = {"StartDate": "2026-03-01T00:00:00Z", "EndDate": "2026-03-01T09:05:00Z"}


def test_all_orders_of_a_time_are_told_by_the_same_file_as_the_newer_interface_hands_out(merchant):
    orders = {merchant.buy(quantity=2)[1]["order_id"], merchant.buy(pending_seconds=DAY)[1]["order_id"]}
    merchant.advance(600)
    later = merchant.buy()[1]["order_id"]
    _, asked = merchant.call("RequestReport", "", **ORDERS, **TODAY)
    assert [names(asked, name) for name in ("StartDate", "EndDate")] == [
        ["2026-03-01T00:00:00.000Z"], ["2026-03-01T09:05:00.000Z"],
    ]  # fmt: skip
    newer = reports.ask(
        merchant.box.world, "SELLER1", "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL", [FR],
        clock.parse(TODAY["StartDate"]), clock.parse(TODAY["EndDate"]), {},
    )  # fmt: skip

    merchant.advance(60)

    (number,) = names(asked, "ReportRequestId")
    _, listed = merchant.call("GetReportRequestList", "", ReportRequestIdList__Id__1=number)
    assert names(listed, "ReportProcessingStatus") == ["_DONE_"]
    content = merchant.raw("GetReport", "", ReportId=names(listed, "GeneratedReportId")[0])
    head, *lines = content.body.decode().splitlines()
    assert head.startswith("amazon-order-id\t")
    assert {line.split("\t")[0] for line in lines} == orders
    assert later not in content.body.decode()
    assert content.body == report_files.write(merchant.box.world, newer)[1]


def test_a_time_without_orders_has_no_data_and_a_report_that_was_not_carried_out_is_cancelled(merchant):
    merchant.call("RequestReport", "", **ORDERS, **TODAY | {"EndDate": "2026-03-01T00:00:01Z"})
    merchant.buy()
    merchant.advance(600)
    merchant.control("POST", "faults", {"kind": "report-fatal", "count": 1})
    merchant.call("RequestReport", "", **ORDERS, **TODAY)
    merchant.advance(60)
    merchant.call("RequestReport", "", **ORDERS, **TODAY | {"StartDate": "2025-12-01T00:00:00Z"})
    merchant.advance(60)

    _, listed = merchant.call("GetReportRequestList", "", ReportTypeList__Type__1=ORDERS["ReportType"])

    assert names(listed, "ReportProcessingStatus") == ["_CANCELLED_", "_CANCELLED_", "_DONE_NO_DATA_"]
    assert names(listed, "GeneratedReportId") == []
    for number in names(listed, "ReportRequestId"):
        assert merchant.error("GetReport", "", ReportId=number)[:2] == (404, "ReportNotReady")


@pytest.mark.parametrize(
    "time",
    [{"EndDate": "2026-03-01T11:00:00Z"}, {"StartDate": "2026-03-01T08:00:00Z", "EndDate": "2026-03-01T07:00:00Z"}, {"StartDate": "soon"}],
)  # fmt: skip
def test_a_time_that_is_none_is_refused(merchant, time):
    assert merchant.error("RequestReport", "", **ORDERS, **time)[:2] == (400, "InvalidParameterValue")


def test_reports_are_their_sellers_and_of_two_kinds(merchant):
    assert merchant.error("RequestReport", "", ReportType="_GET_ORDERS_DATA_")[:2] == (400, "InvalidParameterValue")
    assert merchant.error("RequestReport", "", **LISTINGS | {"MarketplaceIdList__Id__1": US})[0] == 401
    assert merchant.error("GetReport", "", ReportId="1")[:2] == (404, "InvalidReportId")
    for _ in range(13):
        assert merchant.call("RequestReport", "", **LISTINGS)[0] == 200
    assert merchant.error("RequestReport", "", **LISTINGS)[:2] == (503, "RequestThrottled")


def test_a_wrong_checksum_or_type_is_refused(merchant):
    stock = ["<SKU>SOAP</SKU><Quantity>9</Quantity>"]
    status, _ = feed(merchant, "_POST_INVENTORY_AVAILABILITY_DATA_", "Inventory", stock, md5="AAAA")
    assert status == 400
    assert feed(merchant, "_POST_INVENTED_DATA_", "Inventory", stock)[0] == 400
    assert merchant.error("GetFeedSubmissionResult", "", FeedSubmissionId="1")[0] == 404
