"""Telling many at once: the file that is handed in, the steps of a feed, and what its report says however it is garbled."""

import gzip
import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from forain.core import errors as e
from forain.core.money import Money
from forain.core.offers import Change
from forain.core.terms import ABSENT, Terms
from forain.marketplaces.amazon import feeds, offers
from forain.marketplaces.amazon.tests.parts import (
    FR,
    MODELS,
    T0,
    Wire,
    account,
    asked_as_published,
    denied,
    fits,
    key,
    refusal,
)

FEEDS = "feeds_2021-06-30.json"
SCHEMAS = MODELS / "schemas"
CHANGES = (
    Change(key("A"), 3, None, "SOAP"),
    Change(key("B/1 +%"), 0, Money(690, "EUR")),
    Change(key("C"), None, Money(1450, "EUR"), "OIL"),
)


def schema(name):
    return json.loads(next(Path(SCHEMAS).rglob(name)).read_text())


def feed(status, **more):
    told = {"feedId": "F1", "feedType": feeds.FEED_TYPE, "createdTime": "2026-03-01T10:00:00Z", **more}
    return fits(FEEDS, "Feed", told | {"processingStatus": status})


def place(**more):
    return {"feedDocumentId": "D/1", "url": "https://storage.example/D1?X-Amz-Signature=fake", **more}


def issue(number, sku, severity="ERROR", **more):
    told = {"messageId": number, "sku": sku, "code": "90220", "severity": severity, "message": "is required", **more}
    return {name: value for name, value in told.items() if value is not None}


def item(sku, quantity=None, amount=None, channel="DEFAULT", **more):
    offer = {"marketplaceId": FR, "offerType": "B2C", "price": {"amount": amount, "currencyCode": "EUR"}}
    available = {"fulfillmentChannelCode": channel, "quantity": quantity}
    return {"sku": sku, "offers": [offer] if amount else [], "fulfillmentAvailability": [available], **more}


def report(*issues, items=(), feed_id="F1", seller="SELLER", processed=3, invalid=None):
    refused = len({told.get("messageId") for told in issues if told["severity"] == "ERROR"})
    invalid = refused if invalid is None else invalid
    told = {
        "header": {"sellerId": seller, "version": "2.0", "feedId": feed_id},
        "issues": list(issues),
        "summary": {
            "errors": refused, "warnings": 0, "messagesProcessed": processed, "messagesAccepted": processed - invalid,
            "messagesInvalid": invalid,
        },
        "items": list(items),
    }  # fmt: skip
    return json.dumps(told).encode()


def read(body, document=None, headers=None):
    wire = Wire(
        (200, feed("DONE", resultFeedDocumentId="D/1")), (200, fits(FEEDS, "FeedDocument", document or place())),
        (200, body, headers or {}),
    )  # fmt: skip
    return account(wire).followed("F1", CHANGES)


def test_the_file_is_what_amazons_schema_says_and_tells_what_one_call_would():
    told = json.loads(feeds.document(account(Wire())._credentials, CHANGES))

    whole = schema("listings-feed-schema-v2.json")
    messages = schema("listings-feed-message-schema-v2.json")
    jsonschema.Draft7Validator(messages).validate(told["messages"][0])
    assert set(told) <= set(whole["properties"])
    assert [(m["messageId"], m["sku"], m["operationType"]) for m in told["messages"]] == [
        (1, "A", "PATCH"), (2, "B/1 +%", "PATCH"), (3, "C", "PATCH"),
    ]  # fmt: skip
    for message in told["messages"]:
        jsonschema.Draft7Validator(messages).validate(message)
        assert {patch["op"] for patch in message["patches"]} == {"merge"}
    assert told["messages"][1]["patches"][1]["value"][0]["our_price"] == [{"schedule": [{"value_with_tax": 6.9}]}]
    assert told["header"]["sellerId"] == "SELLER"
    assert set(told["header"]["report"]["includedData"]) == {"offers", "fulfillmentAvailability"}


def test_messages_that_share_a_quantity_or_a_price_each_say_what_one_call_would():
    changes = (
        *CHANGES, Change(key("D"), 3, Money(690, "EUR"), "SOAP"), Change(key("E"), 3, Money(690, "PLN")),
        Change(key("F"), 3, Money(690, "EUR"), terms=Terms(handling_days=2, list_price=ABSENT)),
    )  # fmt: skip

    told = json.loads(feeds.document(account(Wire())._credentials, changes))

    for message, change in zip(told["messages"], changes, strict=True):
        call = json.loads(msgspec.json.encode(offers.body(change)))
        assert {name: message[name] for name in call} == call
    assert [len(message["patches"]) for message in told["messages"]] == [1, 2, 1, 2, 2, 3]


def test_it_is_uploaded_as_it_is_with_the_type_told_before_and_without_our_token():
    wire = Wire((201, fits(FEEDS, "CreateFeedDocumentResponse", place())), (200, b""))

    assert account(wire).hand_in(FR, CHANGES) == "D/1"

    asked, upload = wire.sent
    asked_as_published(FEEDS, asked)
    assert json.loads(asked.json) == {"contentType": feeds.CONTENT_TYPE}
    assert (upload.method, upload.url) == ("PUT", place()["url"])
    assert upload.headers["content-type"] == feeds.CONTENT_TYPE
    assert not upload.authorized
    assert json.loads(upload.json)["messages"]


@pytest.mark.parametrize("status", [403, 400, 404])
def test_an_upload_that_is_not_taken_is_an_illness_of_the_storage(status):
    wire = Wire((201, place()), (status, b"<Error><Code>AccessDenied</Code></Error>"))

    with pytest.raises(e.ServerFault):
        account(wire).hand_in(FR, CHANGES)


@pytest.mark.parametrize("url", ["http://storage.example/x", "https:///x", "ftp://storage.example", "no address"])
def test_a_file_goes_to_no_address_that_is_none(url):
    wire = Wire((201, place(url=url)))

    with pytest.raises(e.Malformed):
        account(wire, **{"address.api": "https://amazon"}).hand_in(FR, CHANGES)
    assert len(wire.sent) == 1


def test_a_feed_is_begun_for_its_site_and_found_again_in_the_list():
    wire = Wire(
        (202, fits(FEEDS, "CreateFeedResponse", {"feedId": "F1"})),
        (200, fits(FEEDS, "GetFeedsResponse", {"feeds": [feed("IN_QUEUE"), feed("DONE", feedId="F0")]})),
    )
    ours = account(wire)

    assert ours.start_feed(FR, "D/1") == "F1"
    seen = ours.feeds_since(T0)

    begun, listed = wire.sent
    asked_as_published(FEEDS, begun)
    asked_as_published(FEEDS, listed)
    assert json.loads(begun.json)["marketplaceIds"] == [FR]
    assert [(one.feed, one.created_at) for one in seen] == [("F1", T0), ("F0", T0)]


@pytest.mark.parametrize(("status", "how"), [("CANCELLED", "cancelled"), ("FATAL", "aborted")])
def test_a_feed_that_was_not_carried_out_says_so(status, how):
    end = account(Wire((200, feed(status)))).followed("F1", CHANGES)

    assert (end.how, end.whole, dict(end.refused), dict(end.shown)) == (how, False, {}, {})


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS"])
def test_a_feed_under_way_is_asked_for_again(status):
    wire = Wire((200, feed(status)))

    assert account(wire).followed("F1", CHANGES) is None
    asked_as_published(FEEDS, wire.sent[0])


def test_a_feed_of_a_state_nobody_knows_is_no_answer():
    with pytest.raises(e.Malformed):
        account(Wire((200, feed("DONE") | {"processingStatus": "PONDERING"}))).followed("F1", CHANGES)


def test_a_partly_accepted_feed_is_read_message_by_message():
    end = read(report(issue(2, "B/1 +%"), issue(3, "C", "WARNING"), items=[item("A", 3), item("C", 9, "14.50")]))

    assert end.whole
    assert {place: [p.text for p in problems] for place, problems in end.refused.items()} == {1: ["is required"]}
    assert (end.shown[0].quantity, end.shown[0].price) == (3, None)
    assert (end.shown[2].quantity, end.shown[2].price) == (9, Money(1450, "EUR"))


def test_what_amazon_fulfils_is_shown_as_that():
    assert read(report(items=[item("A", None, channel="AMAZON_EU")])).shown[0].fulfilled_by == "marketplace"


@pytest.mark.parametrize(
    "told",
    [
        report(issue(7, "A")), report(issue(0, "A")), report(issue(1, "SOMEBODY")), report(issue(None, "SOMEBODY")),
        report(items=[item("SOMEBODY", 1)]),
    ],
)  # fmt: skip
def test_a_line_about_what_nobody_sent_refuses_nothing_and_is_counted(told):
    end = read(told)

    assert (end.whole, end.strangers, dict(end.refused)) == (False, 1, {})


@pytest.mark.parametrize("told", [report(processed=2), report(invalid=1), report(issue(1, "A"), invalid=0)])
def test_a_report_that_leaves_a_message_out_does_not_count_for_the_rest(told):
    assert not read(told).whole


def test_a_line_with_an_unknown_severity_counts_as_an_error():
    assert 0 in read(report(issue(1, "A", "CATASTROPHE"), invalid=1)).refused


def test_a_line_without_a_number_is_found_by_its_sku():
    assert 2 in read(report(issue(None, "C"))).refused


def test_an_error_of_the_whole_feed_is_about_no_message():
    told = {"code": "4002001", "severity": "ERROR", "message": "Item 'Feed' cannot be parsed."}

    end = read(report(told, processed=0, invalid=0))

    assert (end.whole, dict(end.refused), end.problems[0].code) == (False, {}, "4002001")


def test_one_item_that_cannot_be_read_hides_no_other():
    end = read(report(items=[{"sku": "A", "offers": "none"}, {"sku": 7}, item("C", 9, "14.50")]))

    assert set(end.shown) == {2}
    assert end.whole


@pytest.mark.parametrize(
    "body",
    [
        report(feed_id="OTHER"), report(seller="SOMEBODY"), b"[]", b"{}", b"", b"\x1f\x8bnonsense",
        report().replace(b'"messagesProcessed": 3', b'"messagesProcessed": "three"'), b"\xff\xfe<html>",
    ],
)  # fmt: skip
def test_a_report_that_is_none_of_this_feed_is_no_report(body):
    end = read(body)

    assert (end.how, end.whole, dict(end.refused), dict(end.shown)) == ("done", False, {}, {})
    assert end.problems[0].code == "report_unreadable"


def test_a_feed_without_a_report_and_a_report_that_is_gone_are_ends_all_the_same():
    gone = Wire((200, feed("DONE", resultFeedDocumentId="D/1")), (404, refusal("NotFound")))

    for wire in (Wire((200, feed("DONE"))), gone):
        end = account(wire).followed("F1", CHANGES)
        assert (end.how, end.whole, end.problems[0].code) == ("done", False, "no_report")


def test_a_packed_report_is_unpacked_and_one_cut_short_is_fetched_again():
    packed = gzip.compress(report(items=[item("A", 3)]))

    assert set(read(packed, place(compressionAlgorithm="GZIP")).shown) == {0}
    with pytest.raises(e.ServerFault):
        read(packed[:-20], place(compressionAlgorithm="GZIP"))


def test_an_address_of_a_report_that_died_on_the_way_is_asked_for_again():
    wire = Wire((200, feed("DONE", resultFeedDocumentId="D/1")), (200, place()), (403, b"<Error/>"))

    with pytest.raises(e.ServerFault):
        account(wire).followed("F1", CHANGES)
    assert not wire.sent[2].authorized


def test_calling_off_what_is_not_in_the_queue_any_more_is_no_trouble():
    wire = Wire((200, b""), (400, refusal()), (404, refusal("NotFound")))
    for _ in range(3):
        account(wire).call_off("F1")

    asked_as_published(FEEDS, wire.sent[0])
    with pytest.raises(e.Denied):
        account(Wire((403, denied()))).call_off("F1")


@pytest.mark.parametrize(
    ("act", "good"),
    [
        (lambda a: a.hand_in(FR, CHANGES), 201), (lambda a: a.start_feed(FR, "D"), 202), (lambda a: a.feeds_since(T0), 200),
        (lambda a: a.followed("F1", CHANGES), 200),
    ],
)  # fmt: skip
def test_a_refusal_of_a_step_is_the_error_it_is_elsewhere(act, good):
    with pytest.raises(e.Denied):
        act(account(Wire((403, denied()))))
    with pytest.raises(e.Rejected):
        act(account(Wire((400, refusal()))))
    with pytest.raises(e.Malformed):
        act(account(Wire((good, {}))))
    with pytest.raises(e.ServerFault):
        act(account(Wire((good, b"<html>"))))
