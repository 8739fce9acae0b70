"""Quantities, prices and parcels: the envelopes built, the receipts read, one feed after the other."""

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest

from forain.contracts.marketplace import Accepted, Confirmed, Parcel, ParcelRefused
from forain.core import errors as e
from forain.core.money import Money
from forain.core.offers import Change
from forain.marketplaces.amazon_mws.tests.parts import FR, T0, Wire, account, answer, key, refusal

NONE_WAITS = (200, answer("GetFeedSubmissionList", "<HasNext>false</HasNext>"))


def taken(number):
    return 200, answer(
        "SubmitFeed",
        f"<FeedSubmissionInfo><FeedSubmissionId>{number}</FeedSubmissionId></FeedSubmissionInfo>",
    )


def waiting(since):
    return 200, answer(
        "GetFeedSubmissionList",
        f"<FeedSubmissionInfo><FeedSubmissionId>1</FeedSubmissionId><SubmittedDate>{since}</SubmittedDate></FeedSubmissionInfo>",
    )


def envelope(request):
    return ET.fromstring(request.json)


def texts(root, path):
    return [e.text for e in root.findall(path)]


def test_quantities_and_prices_are_a_feed_each_and_every_change_has_its_receipt():
    wire = Wire(NONE_WAITS, taken(11), taken(12))
    changes = [
        Change(key("A&B <1>"), 7, Money(1990, "EUR")), Change(key("TWO"), 0, None), Change(key("THREE"), None, Money(500, "EUR")),
    ]  # fmt: skip

    receipts = list(account(wire).submit(changes))

    assert receipts == [Accepted(key("A&B <1>"), "12"), Accepted(key("TWO"), "11"), Accepted(key("THREE"), "12")]
    stock, prices = envelope(wire.sent[1]), envelope(wire.sent[2])
    assert wire.told(1)["FeedType"] == "_POST_INVENTORY_AVAILABILITY_DATA_"
    assert wire.told(1)["MarketplaceIdList.Id.1"] == FR
    assert stock.findtext("Header/MerchantIdentifier") == "SELLER"
    assert stock.findtext("MessageType") == "Inventory"
    assert texts(stock, "Message/MessageID") == ["1", "2"]
    assert texts(stock, "Message/OperationType") == ["Update", "Update"]
    assert texts(stock, "Message/Inventory/SKU") == ["A&B <1>", "TWO"]
    assert texts(stock, "Message/Inventory/Quantity") == ["7", "0"]
    assert wire.told(2)["FeedType"] == "_POST_PRODUCT_PRICING_DATA_"
    assert texts(prices, "Message/Price/StandardPrice") == ["19.90", "5.00"]
    assert prices.find("Message/Price/StandardPrice").get("currency") == "EUR"


def test_nothing_to_tell_asks_nobody():
    assert list(account(Wire()).submit([])) == []


def test_a_feed_that_is_not_done_is_waited_for_so_that_none_overtakes_it():
    wire = Wire(waiting("2020-03-01T09:58:00Z"))

    with pytest.raises(e.Throttled) as raised:
        list(account(wire).submit([Change(key(), 7, None)]))

    assert raised.value.until == T0 + timedelta(seconds=45)
    assert len(wire.sent) == 1
    assert {v for k, v in wire.told().items() if k.startswith("FeedProcessingStatusList")} >= {
        "_SUBMITTED_",
        "_IN_PROGRESS_",
    }


def test_a_feed_that_will_never_be_done_is_not_waited_for():
    wire = Wire(waiting("2020-03-01T07:00:00Z"), taken(1))

    assert list(account(wire).submit([Change(key(), 7, None)])) == [Accepted(key(), "1")]


def test_where_the_second_feed_finds_no_quota_both_have_one_when_it_is_told_again():
    wire = Wire(NONE_WAITS, taken(1), e.Throttled(T0))

    with pytest.raises(e.Throttled) as raised:
        list(account(wire).submit([Change(key(), 7, Money(1, "EUR"))]))

    assert raised.value.until == T0 + timedelta(seconds=120)


def test_a_refused_feed_ends_the_run():
    wire = Wire(NONE_WAITS, (401, refusal("AccessDenied", "AuthToken is not valid for SellerId and AWSAccountId")))

    with pytest.raises(e.GrantRefused):
        list(account(wire).submit([Change(key(), 7, None)]))


@pytest.mark.parametrize(
    "inner", ["", "<FeedSubmissionInfo/>", "<FeedSubmissionInfo><FeedSubmissionId/></FeedSubmissionInfo>"]
)
def test_a_receipt_without_a_number_is_malformed(inner):
    with pytest.raises(e.Malformed):
        list(account(Wire(NONE_WAITS, (200, answer("SubmitFeed", inner)))).submit([Change(key(), 7, None)]))


PARCEL = Parcel("1", "Colissimo", "6A1 <&>", T0, {"L1": 2})


def test_the_first_parcel_acknowledges_the_order_and_ships_it():
    wire = Wire(taken(1), taken(2))

    assert account(wire).confirm("ORDER", FR, PARCEL) == Confirmed("1")

    known, sent = envelope(wire.sent[0]), envelope(wire.sent[1])
    assert known.findtext("MessageType") == "OrderAcknowledgement"
    assert known.findtext("Message/OrderAcknowledgement/StatusCode") == "Success"
    assert known.findtext("Message/OrderAcknowledgement/MerchantOrderID") == "ORDER"
    assert known.findtext("Message/OrderAcknowledgement/Item/AmazonOrderItemCode") == "L1"
    told = sent.find("Message/OrderFulfillment")
    assert [c.tag for c in told] == [
        "AmazonOrderID",
        "MerchantFulfillmentID",
        "FulfillmentDate",
        "FulfillmentData",
        "Item",
    ]
    assert told.findtext("FulfillmentDate") == "2020-03-01T10:00:00.000Z"
    assert told.findtext("FulfillmentData/CarrierName") == "Colissimo"
    assert told.findtext("FulfillmentData/ShipperTrackingNumber") == "6A1 <&>"
    assert told.findtext("Item/Quantity") == "2"


def test_a_second_parcel_only_ships():
    wire = Wire(taken(2))

    assert account(wire).confirm("ORDER", FR, Parcel("2", "", "", T0, {"L1": 1})) == Confirmed("2")
    assert envelope(wire.sent[0]).findtext("Message/OrderFulfillment/FulfillmentData/CarrierName") == "Other"


def test_a_parcel_without_quota_is_told_whole_when_there_is_quota_for_both_feeds():
    with pytest.raises(e.Throttled) as raised:
        account(Wire(taken(1), e.Throttled(T0))).confirm("ORDER", FR, PARCEL)

    assert raised.value.until == T0 + timedelta(seconds=120)


def test_a_refusal_of_the_feed_is_the_parcels_and_a_wrong_address_is_not():
    refused = account(Wire((400, refusal("InvalidParameterValue", "no")))).confirm("ORDER", FR, PARCEL)

    assert isinstance(refused, ParcelRefused)
    assert refused.problems[0].text == "no"
    with pytest.raises(e.Rejected):
        account(Wire((404, refusal("InvalidAddress")))).confirm("ORDER", FR, PARCEL)
