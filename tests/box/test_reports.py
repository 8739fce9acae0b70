"""Reports: files in the site's own words and letters, their life and their schedules."""

import pytest

from tests.box import feeding, shapes
from tests.box.client import DE, FR, JP, US, Client
from tests.box.feeding import REPORTS, rows

ALL, OPEN, INACTIVE = (
    "GET_MERCHANT_LISTINGS_ALL_DATA",
    "GET_FLAT_FILE_OPEN_LISTINGS_DATA",
    "GET_MERCHANT_LISTINGS_INACTIVE_DATA",
)
BY_DATE, BY_UPDATE = (f"GET_FLAT_FILE_ALL_ORDERS_DATA_BY_{word}_GENERAL" for word in ("ORDER_DATE", "LAST_UPDATE"))
TO_SHIP, RETURNS = "GET_FLAT_FILE_ACTIONABLE_ORDER_DATA_SHIPPING", "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE"
SINCE = {"dataStartTime": "2026-02-20T00:00:00Z"}


@pytest.mark.parametrize(
    ("site", "region", "charset", "encoding", "sku", "quantity"),
    [
        (FR, "eu", "Cp1252", "cp1252", "sku-vendeur", "quantité"), (DE, "eu", "Cp1252", "cp1252", "Händler-SKU", "Menge"),
        (US, "na", "UTF-8", "utf-8", "seller-sku", "quantity"), (JP, "fe", "Shift_JIS", "cp932", "出品者SKU", "数量"),
    ],
)  # fmt: skip
def test_a_file_of_listings_is_in_the_words_and_letters_of_its_site(site, region, charset, encoding, sku, quantity):
    client = Client(sites=(site,), region=region)
    client.put("CANDLE", 3, title="Bougie à la cire ☃")
    client.put("BASKET", 8, fulfilled_by="AMAZON")

    told = feeding.report(client, ALL)
    content_type, _ = feeding.download(client, f"{REPORTS}/documents/{told['reportDocumentId']}")
    _, found = rows(client, told, encoding)

    assert content_type == f"text/plain;charset={charset}"
    assert {row[sku]: row[quantity] for row in found} == {"SOAP": "5", "CANDLE": "3", "BASKET": ""}


def test_open_and_inactive_listings_are_told_apart(client):
    client.put("SALT", 0)
    client.put("BASKET", 8, fulfilled_by="AMAZON")

    headings, opened = rows(client, feeding.report(client, OPEN))
    assert headings == ["sku", "asin", "price", "quantity"]
    assert {row["sku"]: (row["price"], row["quantity"]) for row in opened} == {
        "SOAP": ("6.90", "5"),
        "BASKET": ("6.90", ""),
    }
    _, inactive = rows(client, feeding.report(client, INACTIVE), "cp1252")
    assert [(row["sku-vendeur"], row["état"]) for row in inactive] == [("SALT", "Inactive")]


def test_without_data_a_report_is_cancelled(client):
    told = feeding.report(client, INACTIVE)

    assert told["processingStatus"] == "CANCELLED"
    assert "reportDocumentId" not in told
    client.buy()
    client.advance(1)
    # Both ends of the window are now unless they are told, so there is nothing in it.
    assert feeding.report(client, BY_DATE)["processingStatus"] == "CANCELLED"


def test_a_file_of_orders_has_a_price_for_the_line_and_none_for_pending_ones(client):
    paid = client.buy(quantity=2)[1]["order_id"]
    pending = client.buy(pending_seconds=86400)[1]["order_id"]
    client.advance(60)

    for kind in (BY_DATE, BY_UPDATE):
        told = feeding.report(client, kind, **SINCE)
        content_type, _ = feeding.download(client, f"{REPORTS}/documents/{told['reportDocumentId']}")
        found = {row["amazon-order-id"]: row for row in rows(client, told)[1]}

        assert content_type == "text/plain;charset=UTF-8"
        assert (found[paid]["item-price"], found[paid]["quantity"], found[paid]["currency"]) == ("13.80", "2", "EUR")
        assert (found[pending]["order-status"], found[pending]["item-price"]) == ("Pending", "")
        assert not any("example" in value for row in found.values() for value in row.values())


def test_more_than_thirty_days_of_orders_end_fatal_with_the_reason(client):
    client.buy()
    told = feeding.report(client, BY_DATE, dataStartTime="2026-01-01T00:00:00Z")

    assert told["processingStatus"] == "FATAL"
    assert b"30 days" in feeding.download(client, f"{REPORTS}/documents/{told['reportDocumentId']}")[1]


def test_orders_to_ship_name_the_buyer_and_need_a_restricted_token(client):
    order = client.buy(quantity=2)[1]["order_id"]
    client.advance(60)
    told = feeding.report(client, TO_SHIP, **SINCE)
    path = f"{REPORTS}/documents/{told['reportDocumentId']}"

    assert client.api("GET", path)[0] == 403
    resources = {"restrictedResources": [{"method": "GET", "path": f"/{path}"}]}
    status, answer = client.api("POST", "tokens/2021-03-01/restrictedDataToken", resources)
    assert status == 200
    client.token = answer["restrictedDataToken"]
    (row,) = rows(client, told)[1]
    assert (row["order-id"], row["quantity-to-ship"], row["ship-country"]) == (order, "2", "FR")
    assert row["recipient-name"]


def test_what_came_back_in_the_time_is_in_the_file_of_returns(client):
    order = client.buy(quantity=2)[1]["order_id"]
    detail = {
        "packageReferenceId": "1", "carrierCode": "DHL", "trackingNumber": "T", "shipDate": "2026-03-01T09:00:00Z",
        "orderItems": [{"orderItemId": client.box.world.state.orders[order].lines[0].item_id, "quantity": 2}],
    }  # fmt: skip
    told = {"packageDetail": detail, "marketplaceId": FR}
    assert client.api("POST", f"orders/v0/orders/{order}/shipmentConfirmation", told)[0] == 204
    client.advance(60)
    assert feeding.report(client, RETURNS, **SINCE)["processingStatus"] == "CANCELLED"
    item = detail["orderItems"][0]["orderItemId"]
    assert client.control("POST", f"orders/{order}/return", {"pieces": {item: 1}})[0] == 200
    client.advance(60)

    (row,) = rows(client, feeding.report(client, RETURNS, **SINCE))[1]

    assert (row["Order ID"], row["Merchant SKU"], row["Return quantity"]) == (order, "SOAP", "1")
    before = {"dataStartTime": "2026-02-20T00:00:00Z", "dataEndTime": "2026-03-01T09:00:30Z"}
    assert feeding.report(client, RETURNS, **before)["processingStatus"] == "CANCELLED"


def test_a_cell_cannot_break_its_line(client):
    client.put("A\tB", 3, title="two\nlines\tand\rmore")

    _, found = rows(client, feeding.report(client, ALL), "cp1252")

    assert {row["sku-vendeur"] for row in found} == {"SOAP", "A B"}


def test_the_life_of_a_report_and_its_notification(client):
    queue = feeding.subscribe(client, "REPORT_PROCESSING_FINISHED", "2020-09-04")
    told = {"reportType": ALL, "marketplaceIds": [FR]}
    number = client.api("POST", f"{REPORTS}/reports", told)[1]["reportId"]
    states = []
    for _ in range(14):
        states.append(client.api("GET", f"{REPORTS}/reports/{number}")[1]["processingStatus"])
        client.advance(0.5)

    assert list(dict.fromkeys(states)) == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    (message,) = feeding.messages(client, queue)
    shapes.schema("ReportProcessingFinishedNotification.json").validate(message["body"])
    about = message["body"]["payload"]["reportProcessingFinishedNotification"]
    assert (about["reportId"], about["processingStatus"]) == (number, "DONE")


def test_only_a_report_in_the_queue_can_be_cancelled(client):
    told = {"reportType": ALL, "marketplaceIds": [FR]}
    number = client.api("POST", f"{REPORTS}/reports", told)[1]["reportId"]

    assert client.api("DELETE", f"{REPORTS}/reports/{number}") == (200, None)
    assert client.api("DELETE", f"{REPORTS}/reports/{number}")[0] == 400
    client.advance(feeding.A_WHILE)
    assert client.api("GET", f"{REPORTS}/reports/{number}")[1]["processingStatus"] == "CANCELLED"
    assert client.api("GET", f"{REPORTS}/reports/1")[0] == 404


@pytest.mark.parametrize(("kind", "status"), [("report-cancelled", "CANCELLED"), ("report-fatal", "FATAL")])
def test_a_report_meets_its_misfortune(client, kind, status):
    client.control("POST", "faults", {"kind": kind, "operation": ALL, "count": 1})

    assert feeding.report(client, ALL)["processingStatus"] == status
    assert feeding.report(client, ALL)["processingStatus"] == "DONE"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"reportType": "INVENTED"}, 400), ({"reportType": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"}, 400),
        ({"marketplaceIds": []}, 400), ({"marketplaceIds": [DE]}, 403), ({"dataStartTime": "soon"}, 400),
        ({"dataStartTime": "2027-01-01T00:00:00Z"}, 400), ({"reportOptions": {"a": []}}, 400),
        ({"dataStartTime": "2026-02-20T00:00:00Z", "dataEndTime": "2026-02-10T00:00:00Z"}, 400),
    ],
)  # fmt: skip
def test_a_wrong_report_is_refused(client, changes, status):
    assert client.api("POST", f"{REPORTS}/reports", {"reportType": ALL, "marketplaceIds": [FR]} | changes)[0] == status


def test_a_report_needs_the_role_of_its_type():
    client = Client(roles=["Product Listing"])

    assert client.api("POST", f"{REPORTS}/reports", {"reportType": ALL, "marketplaceIds": [FR]})[0] == 202
    assert client.api("POST", f"{REPORTS}/reports", {"reportType": BY_DATE, "marketplaceIds": [FR]})[0] == 403


def test_a_schedule_makes_reports_of_the_time_between_and_a_new_one_replaces_it(client):
    client.buy()
    told = {"reportType": BY_DATE, "marketplaceIds": [FR], "period": "PT15M"}
    first = client.api("POST", f"{REPORTS}/schedules", told)[1]["reportScheduleId"]
    client.advance(2 * 900 + feeding.A_WHILE)

    found = client.api("GET", f"{REPORTS}/reports?reportTypes={BY_DATE}")[1]["reports"]
    assert [r["processingStatus"] for r in found] == ["CANCELLED", "DONE"]
    assert {r["reportScheduleId"] for r in found} == {first}
    assert found[1]["dataEndTime"] == found[0]["dataStartTime"] == "2026-03-01T09:15:00.000Z"
    second = client.api("POST", f"{REPORTS}/schedules", told | {"period": "P1D"})[1]["reportScheduleId"]
    assert client.api("GET", f"{REPORTS}/schedules/{first}")[0] == 404
    (kept,) = client.api("GET", f"{REPORTS}/schedules?reportTypes={BY_DATE}")[1]["reportSchedules"]
    assert (kept["reportScheduleId"], kept["period"]) == (second, "P1D")
    assert client.api("DELETE", f"{REPORTS}/schedules/{second}") == (200, None)
    client.advance(1200)
    assert len(client.api("GET", f"{REPORTS}/reports?reportTypes={BY_DATE}")[1]["reports"]) == 2


@pytest.mark.parametrize(
    "changes",
    [{"period": "PT1S"}, {"period": None}, {"nextReportCreationTime": "2026-02-01T00:00:00Z"}, {"reportType": "X"}],
)
def test_a_wrong_schedule_is_refused(client, changes):
    told = {"reportType": ALL, "marketplaceIds": [FR], "period": "P1D"}

    assert client.api("POST", f"{REPORTS}/schedules", told | changes)[0] == 400


def test_a_report_is_forgotten_after_ninety_days_with_its_document(client):
    told = feeding.report(client, ALL)
    client.advance(90 * 86400)
    client.token = client.login()[1]["access_token"]

    assert client.api("GET", f"{REPORTS}/reports/{told['reportId']}")[0] == 404
    assert client.api("GET", f"{REPORTS}/documents/{told['reportDocumentId']}")[0] == 404
    assert not client.box.world.state.documents
