"""Feeds: accepted in part, applied later, reported in the published shape, and never kinder than Amazon."""

import gzip
import json

import pytest

from forain_box import Box, keep
from tests.box import feeding, shapes
from tests.box.client import DE, FR, Client, quantity
from tests.box.feeding import FEEDS, JSON, fetch, message

REPORT = "listings-feed-processing-report-schema-v2.json"
PRICE = {"marketplace_id": FR, "currency": "EUR", "our_price": [{"schedule": [{"value_with_tax": 9.5}]}]}


def effective(client, sku="SOAP"):
    return client.item(sku)[1]["fulfillmentAvailability"]


def test_a_feed_is_accepted_in_part_and_its_report_has_the_published_shape(client):
    client.put("SALT", 5)

    told = feeding.listings(
        client,
        message(1, patches=[quantity(9)]),
        message(2, "SALT", patches=[quantity(-1)]),
        message(3, "SALT", patches=[{"op": "merge", "path": "/attributes/invented", "value": [{}]}]),
        message(4, "SALT", "SOMETHING"),
    )

    shapes.schema(REPORT).validate(told)
    assert {(i["messageId"], i["code"]) for i in told["issues"]} == {(2, "4000001"), (3, "90000900"), (4, "4002008")}
    assert told["summary"] == {
        "errors": 3, "warnings": 0, "messagesProcessed": 4, "messagesAccepted": 1, "messagesInvalid": 3,
    }  # fmt: skip
    assert effective(client)[0]["quantity"] == 9
    assert effective(client, "SALT")[0]["quantity"] == 5


def test_a_patch_in_a_feed_means_what_it_means_alone():
    alone, fed = Client(), Client()
    for patches in (
        [quantity(9)],
        [quantity(4, "replace")],
        [{"op": "merge", "path": "/attributes/purchasable_offer", "value": [PRICE]}],
    ):
        assert alone.patch(patches)[1]["status"] == "ACCEPTED"
        alone.advance(feeding.A_WHILE)
        feeding.listings(fed, message(1, patches=patches))

        for part in ("attributes", "offers", "fulfillmentAvailability", "issues"):
            assert alone.item()[1][part] == fed.item()[1][part]


OFFER = {
    "condition_type": [{"value": "new_new"}], "merchant_suggested_asin": [{"value": "B01"}], "purchasable_offer": [PRICE],
    "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 4}],
}  # fmt: skip


def test_a_partial_update_keeps_what_it_does_not_name_and_an_update_erases_it(client):
    note = {"condition_note": [{"value": "As new", "marketplace_id": FR, "language_tag": "fr_FR"}]}
    feeding.listings(client, message(1, kind="PARTIAL_UPDATE", attributes=note))
    feeding.listings(client, message(1, kind="PARTIAL_UPDATE", attributes={"purchasable_offer": [PRICE]}))

    assert {"condition_note", "fulfillment_availability"} <= set(client.item()[1]["attributes"])
    assert client.item()[1]["offers"][0]["price"]["amount"] in ("9.5", "9.50")
    feeding.listings(client, message(1, kind="UPDATE", requirements="LISTING_OFFER_ONLY", attributes=OFFER))
    assert "condition_note" not in client.item()[1]["attributes"]
    assert effective(client)[0]["quantity"] == 4


def test_an_update_in_a_feed_means_what_a_put_means_alone():
    alone, fed = Client(), Client()
    told = {"productType": "PRODUCT", "requirements": "LISTING_OFFER_ONLY", "attributes": OFFER}
    path = f"listings/2021-08-01/items/SELLER1/SOAP?marketplaceIds={FR}"
    assert alone.api("PUT", path, told)[1]["status"] == "ACCEPTED"
    alone.advance(feeding.A_WHILE)
    feeding.listings(fed, message(1, kind="UPDATE", requirements="LISTING_OFFER_ONLY", attributes=OFFER))

    for part in ("attributes", "offers", "fulfillmentAvailability", "issues"):
        assert alone.item()[1][part] == fed.item()[1][part]


def test_an_update_that_lacks_what_a_listing_needs_is_invalid(client):
    told = feeding.listings(client, message(1, kind="UPDATE", attributes={"purchasable_offer": [PRICE]}))

    assert told["summary"]["messagesAccepted"] == 0
    assert effective(client)[0]["quantity"] == 5


def test_a_deleted_sku_is_gone_and_deleting_it_again_is_accepted(client):
    for _ in range(2):
        told = feeding.listings(client, message(1, kind="DELETE"))

        assert told["summary"]["messagesAccepted"] == 1
        assert client.item()[0] == 404


def test_a_report_that_shows_the_items_waits_for_the_writes(client):
    asked = {"report": {"includedData": ["offers", "fulfillmentAvailability", "issues"], "apiVersion": "2021-08-01"}}

    told = feeding.listings(client, message(1, patches=[quantity(8)]), header=asked)

    shapes.schema(REPORT).validate(told)
    assert told["header"]["report"] == asked["report"]
    assert told["summary"]["itemSummary"] == {"items": 1, "errors": 0, "warnings": 0}
    assert told["items"][0]["sku"] == "SOAP"
    assert told["items"][0]["fulfillmentAvailability"][0]["quantity"] == 8


@pytest.mark.parametrize(
    ("content", "code", "seller"),
    [
        (b"{", "4002001", "SELLER1"), (b"\xff\xfe", "4002001", "SELLER1"), (b"[]", "4002001", "SELLER1"),
        (json.dumps({"header": {"version": "2.0"}, "messages": [message(1)]}).encode(), "4002005", ""),
        (json.dumps({"header": {"sellerId": "OTHER", "version": "2.0"}, "messages": [message(1)]}).encode(), "4002005", ""),
        (json.dumps({"header": {"sellerId": "SELLER1", "version": "1.0"}, "messages": [message(1)]}).encode(), "4002006", "SELLER1"),
        (json.dumps({"header": {"sellerId": "SELLER1", "version": "2.0"}, "messages": []}).encode(), "4002001", "SELLER1"),
        (gzip.compress(b"{}", mtime=0), "4002001", "SELLER1"),
    ],
)  # fmt: skip
def test_a_feed_that_cannot_be_read_is_done_and_refused_as_a_whole(client, content, code, seller):
    number = feeding.submit(client, "JSON_LISTINGS_FEED", content)
    client.advance(feeding.A_WHILE)

    told = json.loads(feeding.result(client, number)[1])

    shapes.schema(REPORT).validate(told)
    assert [issue["code"] for issue in told["issues"]] == [code]
    assert told["header"]["sellerId"] == seller
    assert told["summary"] == {
        "errors": 1, "warnings": 0, "messagesProcessed": 0, "messagesAccepted": 0, "messagesInvalid": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (message(0, patches=[quantity(1)]), "4002008"), (message(1, "", patches=[quantity(1)]), "4002008"),
        (message(1, patches=[]), "4002008"), (message(1, "SOAP", "DELETE", productType="PRODUCT"), "4002008"),
        (message(1, kind="PARTIAL_UPDATE", requirements="LISTING", attributes={"x": [{}]}), "4002008"),
        ([], "4002008"), ("x", "4002008"), (message(1, patches=[quantity(1)]) | {"messageId": "1"}, "4002008"),
        (message(1, kind="UPDATE", attributes={"purchasable_offer": "cheap"}), "4000001"),
        (message(1, patches=[{"op": "merge", "path": "/attributes/a/0", "value": [{}]}]), "4000001"),
        (message(1, patches=[{"op": "merge", "path": "/attributes/purchasable_offer", "value": [PRICE | {"our_price": []}]}]), "99022"),
        (message(1, patches=[{"op": "merge", "path": "/attributes/fulfillment_availability", "value": [{"quantity": 1}]}]), "90220"),
    ],
)  # fmt: skip
def test_a_message_that_does_not_fit_is_refused_and_its_neighbour_is_not(client, wrong, code):
    told = feeding.listings(client, wrong, message(7, "OTHER", patches=[quantity(3)]))

    shapes.schema(REPORT).validate(told)
    assert code in {issue["code"] for issue in told["issues"]}
    assert (told["summary"]["messagesInvalid"], told["summary"]["messagesAccepted"]) == (1, 1)


def test_a_message_number_that_comes_twice_counts_once(client):
    told = feeding.listings(client, message(1, patches=[quantity(3)]), message(1, patches=[quantity(4)]))

    assert told["summary"]["messagesInvalid"] == 1
    assert effective(client)[0]["quantity"] == 3


def test_more_than_25000_messages_are_none(client):
    told = feeding.listings(client, *[message(n, kind="DELETE") for n in range(1, 25_002)])

    assert told["issues"][0]["code"] == "4002001"
    assert client.item()[0] == 200


def test_25000_messages_are_taken_applied_and_reported():
    client = Client()

    told = feeding.listings(client, *[message(n, f"S{n}", patches=[quantity(n)]) for n in range(1, 25_001)])

    assert told["summary"]["messagesAccepted"] == 25_000
    assert effective(client, "S25000")[0]["quantity"] == 25_000


def test_the_life_of_a_feed_and_its_notification(client):
    queue = feeding.subscribe(client, "FEED_PROCESSING_FINISHED", "2020-09-04")
    number = feeding.submit(client, "JSON_LISTINGS_FEED", b"{}")
    states = [feeding.feed(client, number)["processingStatus"]]
    for _ in range(30):
        client.advance(0.5)
        states.append(feeding.feed(client, number)["processingStatus"])

    assert list(dict.fromkeys(states)) == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    (told,) = feeding.messages(client, queue)
    shapes.schema("FeedProcessingFinishedNotification.json").validate(told["body"])
    about = told["body"]["payload"]["feedProcessingFinishedNotification"]
    assert (about["sellerId"], about["feedId"], about["processingStatus"]) == ("SELLER1", number, "DONE")
    assert about["resultFeedDocumentId"] == feeding.feed(client, number)["resultFeedDocumentId"]


def test_only_a_feed_in_the_queue_can_be_cancelled(client):
    first = feeding.submit(client, "JSON_LISTINGS_FEED", b"{}")
    assert client.api("DELETE", f"{FEEDS}/feeds/{first}") == (200, None)
    client.advance(feeding.A_WHILE)

    assert feeding.feed(client, first)["processingStatus"] == "CANCELLED"
    assert "resultFeedDocumentId" not in feeding.feed(client, first)
    assert client.api("DELETE", f"{FEEDS}/feeds/{first}")[0] == 400
    assert client.api("DELETE", f"{FEEDS}/feeds/1")[0] == 404


def test_a_feed_of_another_seller_is_not_found(client):
    number = feeding.submit(client, "JSON_LISTINGS_FEED", b"{}")
    client.control("POST", "sellers", {"seller_id": "SELLER2", "marketplace_ids": [FR]})
    told = {"application_id": client.application["application_id"]}
    other = client.control("POST", "sellers/SELLER2/authorize", told)[1]["refresh_token"]
    token = client.login(refresh_token=other)[1]["access_token"]

    assert client.api("GET", f"{FEEDS}/feeds/{number}", token=token)[0] == 404
    document = client.box.world.state.feeds[number].input_document
    assert client.api("GET", f"{FEEDS}/documents/{document}", token=token)[0] == 404
    told = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [FR], "inputFeedDocumentId": document}
    assert client.api("POST", f"{FEEDS}/feeds", told, token=token)[0] == 400


def test_a_legacy_listing_feed_is_taken_and_ends_fatal(client):
    number = feeding.submit(client, "POST_INVENTORY_AVAILABILITY_DATA", b"<AmazonEnvelope/>", feeding.XML)
    client.advance(feeding.A_WHILE)

    told = feeding.feed(client, number)
    assert told["processingStatus"] == "FATAL"
    assert "resultFeedDocumentId" not in told


def test_a_feed_whose_document_was_never_uploaded_ends_fatal(client):
    document = client.api("POST", f"{FEEDS}/documents", {"contentType": JSON})[1]["feedDocumentId"]
    told = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [FR], "inputFeedDocumentId": document}
    number = client.api("POST", f"{FEEDS}/feeds", told)[1]["feedId"]
    client.advance(feeding.A_WHILE)

    assert feeding.feed(client, number)["processingStatus"] == "FATAL"


@pytest.mark.parametrize(("kind", "status"), [("feed-stuck", "IN_PROGRESS"), ("feed-fatal", "FATAL")])
def test_a_feed_meets_its_misfortune(client, kind, status):
    client.control("POST", "faults", {"kind": kind, "operation": "JSON_LISTINGS_FEED", "count": 1})
    number = feeding.submit(client, "JSON_LISTINGS_FEED", b"{}")
    client.advance(3000)

    assert feeding.feed(client, number)["processingStatus"] == status
    again = feeding.submit(client, "JSON_LISTINGS_FEED", b"{}")
    client.advance(feeding.A_WHILE)
    assert feeding.feed(client, again)["processingStatus"] == "DONE"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"feedType": "INVENTED"}, 400), ({"marketplaceIds": []}, 400), ({"marketplaceIds": [FR] * 26}, 400),
        ({"inputFeedDocumentId": "unknown"}, 400), ({"marketplaceIds": [DE]}, 403), ({"marketplaceIds": ["X"]}, 403),
        ({"feedOptions": {"a": 1}}, 400), ({"feedType": None}, 400),
    ],
)  # fmt: skip
def test_a_wrong_feed_is_refused(client, changes, status):
    document = feeding.uploaded(client, b"{}")
    told = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [FR], "inputFeedDocumentId": document}

    assert client.api("POST", f"{FEEDS}/feeds", told | changes)[0] == status


def test_five_listing_feeds_in_five_minutes_and_no_more(client):
    document = feeding.uploaded(client, b"{}")
    told = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [FR], "inputFeedDocumentId": document}

    assert [client.api("POST", f"{FEEDS}/feeds", told)[0] for _ in range(6)] == [202] * 5 + [429]
    client.advance(61)
    assert [client.api("POST", f"{FEEDS}/feeds", told)[0] for _ in range(2)] == [202, 429]
    other = told | {"feedType": "POST_ORDER_FULFILLMENT_DATA"}
    assert client.api("POST", f"{FEEDS}/feeds", other)[0] == 202


def test_a_feed_needs_the_role_of_its_type():
    client = Client(roles=["Inventory and Order Tracking"])
    document = feeding.uploaded(client, b"{}")
    told = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [FR], "inputFeedDocumentId": document}

    assert client.api("POST", f"{FEEDS}/feeds", told)[0] == 403
    assert client.api("POST", f"{FEEDS}/feeds", told | {"feedType": "POST_ORDER_ACKNOWLEDGEMENT_DATA"})[0] == 202


def test_feeds_are_listed_newest_first_page_by_page():
    client = Client(throttle=False)
    numbers = []
    for _ in range(5):
        numbers.append(feeding.submit(client, "JSON_LISTINGS_FEED", b"{}"))
        client.advance(60)
    legacy = feeding.submit(client, "POST_PRODUCT_DATA", b"<a/>", feeding.XML)
    client.advance(60)

    status, first = client.api("GET", f"{FEEDS}/feeds?feedTypes=JSON_LISTINGS_FEED&pageSize=3")
    newest = feeding.submit(client, "JSON_LISTINGS_FEED", b"{}")
    second = client.api("GET", f"{FEEDS}/feeds?nextToken={first['nextToken']}")[1]

    assert status == 200
    assert [f["feedId"] for f in first["feeds"] + second["feeds"]] == numbers[::-1]
    assert "nextToken" not in second
    assert client.api("GET", f"{FEEDS}/feeds?nextToken={first['nextToken']}&pageSize=3")[0] == 400
    assert client.api("GET", f"{FEEDS}/feeds")[0] == 400
    assert client.api("GET", f"{FEEDS}/feeds?feedTypes=X&processingStatuses=BAD")[0] == 400
    asked = "feedTypes=JSON_LISTINGS_FEED,POST_PRODUCT_DATA&processingStatuses=FATAL,IN_QUEUE"
    found = client.api("GET", f"{FEEDS}/feeds?{asked}")[1]["feeds"]
    assert [f["feedId"] for f in found] == [newest, legacy]
    asked = "feedTypes=JSON_LISTINGS_FEED&createdUntil=2026-03-01T09:01:00Z"
    assert [f["feedId"] for f in client.api("GET", f"{FEEDS}/feeds?{asked}")[1]["feeds"]] == numbers[1::-1]


def test_feeds_and_their_documents_are_forgotten_after_ninety_days(client):
    number = feeding.submit(client, "JSON_LISTINGS_FEED", b"{}")
    client.advance(89 * 86400)
    client.token = client.login()[1]["access_token"]
    assert feeding.result(client, number)

    client.advance(86400)

    client.token = client.login()[1]["access_token"]
    assert client.api("GET", f"{FEEDS}/feeds/{number}")[0] == 404
    assert not client.box.world.state.documents


def test_a_feed_goes_on_after_a_restart_at_any_moment(tmp_path):
    told = {
        "header": {"sellerId": "SELLER1", "version": "2.0"},
        "messages": [message(1, patches=[quantity(9)]), message(2, kind="X")],
    }
    outcomes = set()
    for moment in (0, 1, 2, 3, 4, 30):
        client = Client()
        number = feeding.submit(client, "JSON_LISTINGS_FEED", json.dumps(told).encode())
        client.advance(moment)
        keep.write(client.box.world, tmp_path / "box")
        client.box = Box(world=keep.read(tmp_path / "box", "manual"))
        client.advance(feeding.A_WHILE)

        report = json.loads(feeding.result(client, number)[1])
        outcomes.add((effective(client)[0]["quantity"], json.dumps(report["summary"])))

    assert len(outcomes) == 1
    assert next(iter(outcomes))[0] == 9


# -- documents


def test_an_upload_wants_the_exact_content_type_and_no_token(client):
    told = client.api("POST", f"{FEEDS}/documents", {"contentType": JSON})[1]

    for content_type, status in (("application/json", 403), ("", 403), (JSON.lower(), 403), (JSON, 200)):
        assert fetch(client, told["url"], "PUT", b"{}", content_type).status == status
    path = told["url"].removeprefix("http://127.0.0.1:8900")
    assert client.ask("PUT", path, b"{}", {"content-type": JSON, "x-amz-access-token": client.token}).status == 400
    assert fetch(client, told["url"], "POST", b"{}", JSON).status == 403
    assert fetch(client, told["url"]).status == 403


def test_an_address_lives_five_minutes_and_cannot_be_lengthened(client):
    told = client.api("POST", f"{FEEDS}/documents", {"contentType": JSON})[1]
    client.advance(301)

    assert b"expired" in fetch(client, told["url"], "PUT", b"{}", JSON).body
    for old, new in (("Expires=300", "Expires=900"), ("20260301", "20260302"), ("Signature=", "Signature=a")):
        answer = fetch(client, told["url"].replace(old, new), "PUT", b"{}", JSON)
        assert (answer.status, b"SignatureDoesNotMatch" in answer.body) == (403, True)
    assert fetch(client, told["url"].split("?")[0], "PUT", b"{}", JSON).status == 403
    assert client.ask("GET", "/documents/unknown").status == 404


def test_a_download_comes_as_its_address_says(client):
    client.box.world.write_delay = (0, 0)
    kinds = set()
    for _ in range(12):
        number = feeding.submit(client, "POST_ORDER_FULFILLMENT_DATA", b"<x/>", feeding.XML)
        client.advance(130)
        document = feeding.feed(client, number)["resultFeedDocumentId"]
        told = client.api("GET", f"{FEEDS}/documents/{document}?enableContentEncodingUrlHeader=true")[1]
        answer = fetch(client, told["url"])
        kinds.add(told.get("compressionAlgorithm"))

        assert answer.headers.get("content-encoding") == ("gzip" if "compressionAlgorithm" in told else None)
        assert (answer.body[:2] == b"\x1f\x8b") == ("compressionAlgorithm" in told)
    assert kinds == {None, "GZIP"}


def test_a_document_that_no_feed_took_dies_after_two_days(client):
    document = feeding.uploaded(client, b"{}")
    kept = feeding.submit(client, "JSON_LISTINGS_FEED", b"{}")
    client.advance(2 * 86400)

    client.token = client.login()[1]["access_token"]
    told = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [FR], "inputFeedDocumentId": document}
    assert client.api("POST", f"{FEEDS}/feeds", told)[0] == 400
    assert client.box.world.state.feeds[kept].input_document in client.box.world.state.documents


@pytest.mark.parametrize("content_type", ["", "a\r\nb", "x" * 300, None, 5])
def test_a_wrong_content_type_is_refused(client, content_type):
    assert client.api("POST", f"{FEEDS}/documents", {"contentType": content_type})[0] == 400
