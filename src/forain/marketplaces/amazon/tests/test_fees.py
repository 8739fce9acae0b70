"""Amazon's estimate of its fees: what is asked, what is read, what is not believed, and each offer by itself."""

import json

import pytest

from forain.contracts.marketplace import FeeAsked, FeeEstimated, FeeRefused, Unclear
from forain.core import errors as e
from forain.core.floors import Fee
from forain.core.money import Money
from forain.marketplaces.amazon.tests.parts import FR, Wire, account, asked_as_published, denied, fits, key, refusal

FEES = "productFeesV0.json"


def asked(sku="S", price="10.00", by_marketplace=False, currency="EUR"):
    return FeeAsked(key(sku), Money.parse(price, currency), by_marketplace)


def amount(number, currency="EUR"):
    return {"CurrencyCode": currency, "Amount": number}


def answer(sku="S", number=0, total=1.5, parts=(("ReferralFee", 1.5),), currency="EUR", **more):
    details = [
        {"FeeType": kind, "FeeAmount": amount(told, currency), "FeePromotion": amount(0, currency), "FinalFee": amount(told, currency)}
        for kind, told in parts
    ]  # fmt: skip
    return {
        "Status": "Success",
        "FeesEstimateIdentifier": {"MarketplaceId": FR, "SellerId": "SELLER", "IdType": "SellerSKU", "IdValue": sku,
                                   "SellerInputIdentifier": str(number)},
        "FeesEstimate": {"TimeOfFeesEstimation": "2026-03-01T10:00:00Z", "TotalFeesEstimate": amount(total, currency),
                         "FeeDetailList": details},
        **more,
    }  # fmt: skip


def estimates(wire, *offers):
    return list(account(wire).estimate_fees(offers))


def euros(*texts):
    return Fee(*(Money.parse(text, "EUR") for text in texts))


def test_the_request_is_as_published_and_carries_the_exact_price():
    wire = Wire((200, [answer("A/B +1%")]))

    estimates(wire, asked("A/B +1%", "19.90", by_marketplace=True))

    request = wire.sent[0]
    body = json.loads(request.json)
    # The operation takes a list; each of it has a shape of its own.
    for one in fits(FEES, "GetMyFeesEstimatesRequest", body):
        fits(FEES, "FeesEstimateByIdRequest", one)
    asked_as_published(FEES, request)
    assert request.url == "http://amazon/products/fees/v0/feesEstimate"
    assert b'"Amount":19.90' in request.json
    assert (body[0]["IdType"], body[0]["IdValue"]) == ("SellerSKU", "A/B +1%")
    assert body[0]["FeesEstimateRequest"]["IsAmazonFulfilled"] is True


def test_the_referral_fee_follows_the_price_and_everything_else_is_fixed():
    told = answer(total=4.53, parts=(("ReferralFee", 1.5), ("VariableClosingFee", 0.0), ("FBAFees", 3.03)))
    fits(FEES, "GetMyFeesEstimatesResponse", [told])

    assert estimates(Wire((200, [told])), asked()) == [FeeEstimated(key("S"), euros("10.00", "1.50", "3.03", "0.30"))]


def test_what_the_total_holds_beside_its_parts_is_fixed():
    found = estimates(Wire((200, [answer(total=1.55)])), asked())

    assert found == [FeeEstimated(key("S"), euros("10.00", "1.50", "0.05", "0.30"))]


def test_a_fee_below_the_known_minimum_has_none():
    found = estimates(Wire((200, [answer(total=0.15, parts=(("ReferralFee", 0.15),))])), asked(price="1.00"))

    assert found == [FeeEstimated(key("S"), euros("1.00", "0.15", "0", "0.15"))]


def test_where_no_minimum_is_known_none_is_made_up():
    told = answer(total=15, parts=(("ReferralFee", 15),), currency="SEK")

    (found,) = estimates(Wire((200, [told])), asked(price="100.00", currency="SEK"))

    assert found.fee.least == Money(0, "SEK")


def test_each_offer_has_its_own_answer_whatever_the_others_have():
    lost = {"Type": "Sender", "Code": "InvalidParameterValue", "Message": "no such SKU", "Detail": []}
    refused = answer("B", 1, Status="ClientError", Error=lost)
    ill = answer("C", 2, Status="ServiceError")
    nameless = answer("D", 3, FeesEstimateIdentifier=None)
    wire = Wire((200, [refused, ill, nameless, answer("E", 4), answer("X", 0)]))

    found = estimates(wire, *(asked(sku) for sku in "ABCDE"))

    assert [type(one) for one in found] == [FeeRefused, Unclear, FeeEstimated]
    assert [one.key.sku for one in found] == ["B", "C", "E"]
    assert (found[0].problem.code, found[0].problem.text) == ("InvalidParameterValue", "no such SKU")


@pytest.mark.parametrize(
    "told",
    [
        answer(total=-1.5, parts=(("ReferralFee", -1.5),)),
        answer(total=15, parts=(("ReferralFee", 15),)),
        answer(total=1e12, parts=(("ReferralFee", 1.5),)),
        answer(total=1.0),
        answer(total=1.5, parts=()),
        answer(total=3, parts=(("ReferralFee", 1.5), ("ReferralFee", 1.5))),
        answer(currency="GBP"),
        answer(total="1.50"),
        answer(total=None),
        answer(FeesEstimate=None),
        answer(FeesEstimate={"TimeOfFeesEstimation": "2026-03-01T10:00:00Z"}),
        answer(Status="Perhaps"),
    ],
)
def test_what_cannot_be_believed_is_no_estimate(told):
    (found,) = estimates(Wire((200, [told])), asked())

    assert isinstance(found, Unclear)
    assert found.key == key("S")


def test_an_answer_of_another_place_in_the_call_is_not_this_one():
    assert estimates(Wire((200, [answer("S", 1)])), asked("S"), asked("T")) == []


def test_twenty_go_in_a_call():
    wire = Wire((200, [answer(f"S{n}", n) for n in range(20)]), (200, [answer("S20", 0)]))

    found = estimates(wire, *(asked(f"S{n}") for n in range(21)))

    assert [len(json.loads(request.json)) for request in wire.sent] == [20, 1]
    assert [one.key.sku for one in found] == [f"S{n}" for n in range(21)]


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, denied(), e.Denied),
        (400, refusal(), e.Rejected),
        (200, b"<html>", e.ServerFault),
        (200, b'[{"Status":"Succ', e.ServerFault),
        (200, {"payload": []}, e.Malformed),
    ],
)
def test_a_call_that_fails_is_an_error(status, body, error):
    with pytest.raises(error) as found:
        estimates(Wire((status, body)), asked())

    if error is e.Denied:
        assert (found.value.operation, found.value.role) == ("getMyFeesEstimates", "Pricing")
