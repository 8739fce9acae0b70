"""Telling a change, confirming a parcel: published bodies, and refusals that are about one thing only."""

import json

import pytest

from forain.contracts.marketplace import Accepted, Confirmed, Parcel, ParcelRefused, Refusal, Unclear
from forain.core import errors as e
from forain.core.money import Money
from forain.core.offers import Change
from forain.marketplaces.amazon.tests.parts import (
    FR,
    LISTINGS,
    SHIPPING,
    T0,
    Wire,
    account,
    asked_as_published,
    denied,
    key,
    refusal,
)  # fmt: skip

JP = "A1VC38T7YXB528"
TAKEN = {"sku": "S", "status": "ACCEPTED", "submissionId": "s-1", "issues": []}
PARCEL = Parcel("1", "Colissimo", "6A1", T0, {"1": 2})


@pytest.mark.parametrize(
    "change",
    [Change(key(), 7, None), Change(key(), 0, None), Change(key(), None, Money(1990, "EUR")), Change(key(), 7, Money(1990, "EUR"), "SOAP")],
)  # fmt: skip
def test_a_change_has_the_published_body(change):
    wire = Wire((200, TAKEN))

    list(account(wire).submit([change]))

    asked_as_published(LISTINGS, wire.sent[0])
    assert {patch["op"] for patch in json.loads(wire.sent[0].json)["patches"]} == {"merge"}


def test_what_is_not_part_of_a_change_is_not_in_its_body():
    wire = Wire((200, TAKEN), (200, TAKEN))

    list(account(wire).submit([Change(key("A"), 7, None), Change(key("B"), None, Money(1, "EUR"))]))

    paths = [[patch["path"] for patch in json.loads(r.json)["patches"]] for r in wire.sent]
    assert paths == [["/attributes/fulfillment_availability"], ["/attributes/purchasable_offer"]]
    assert json.loads(wire.sent[0].json)["productType"] == "PRODUCT"


def test_a_yen_has_no_decimals():
    wire = Wire((200, TAKEN))

    list(account(wire).submit([Change(type(key())(1, JP, "S"), None, Money(1990, "JPY"))]))

    assert b'"value_with_tax":1990}' in wire.sent[0].json


@pytest.mark.parametrize("body", [{**TAKEN, "status": "PERHAPS"}, {"status": "ACCEPTED"}, {**TAKEN, "issues": 3}])
def test_an_unreadable_answer_about_one_item_is_named_and_the_next_is_told(body):
    wire = Wire((200, body), (200, TAKEN))

    receipts = list(account(wire).submit([Change(key("A"), 1, None), Change(key("B"), 1, None)]))

    assert [type(receipt) for receipt in receipts] == [Unclear, Accepted]
    assert receipts[0].key == key("A")
    assert receipts[0].field


def test_accepted_with_warnings_is_accepted_and_invalid_without_issues_is_refused():
    warning = {"code": "1", "message": "m", "severity": "WARNING", "categories": []}
    wire = Wire((200, {**TAKEN, "issues": [warning]}), (200, {**TAKEN, "status": "INVALID"}))

    receipts = list(account(wire).submit([Change(key("A"), 1, None), Change(key("B"), 1, None)]))

    assert [type(receipt) for receipt in receipts] == [Accepted, Refusal]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, denied(), e.Denied),
        (403, denied("The marketplaces you provided are not valid for region."), e.Rejected),
        (403, refusal("MissingAuthenticationToken", "Missing Authentication Token"), e.Rejected),
        (400, b"<html>proxy</html>", e.ServerFault),
        (200, b"<html>", e.ServerFault),
    ],
)
def test_what_is_not_about_one_item_ends_the_run_and_refuses_no_parcel(status, body, kind):
    wire = Wire((status, body))
    with pytest.raises(kind):
        list(account(wire).submit([Change(key("A"), 1, None), Change(key("B"), 1, None)]))
    assert len(wire.sent) == 1

    if status != 200:
        with pytest.raises(kind):
            account(Wire((status, body))).confirm("302-1", FR, PARCEL)


@pytest.mark.parametrize("carrier", ["Colissimo", "dhl ", "Vélo Express", ""])
def test_a_confirmation_has_the_published_body_and_names_its_carrier(carrier):
    wire = Wire((204, b""))

    account(wire).confirm("302-1", FR, Parcel("1", carrier, "6A1", T0, {"1": 2, "2": 1}))

    asked_as_published(SHIPPING, wire.sent[0])
    told = json.loads(wire.sent[0].json)
    assert told["marketplaceId"] == FR
    assert told["packageDetail"]["shipDate"] == "2026-03-01T10:00:00.000Z"
    assert told["packageDetail"]["carrierCode"] != "Other" or told["packageDetail"]["carrierName"]


@pytest.mark.parametrize(
    "error",
    [
        refusal("PackageToUpdateNotFound", "Unable to find package to update"),
        refusal("InvalidInput", "Invalid Input", "PackageToUpdateNotFound"),
        {"errors": [*refusal("A", "first")["errors"], *refusal("B", "order already fulfilled")["errors"]]},
    ],
)
def test_a_parcel_amazon_has_already_is_known_wherever_it_says_so(error):
    assert account(Wire((400, error))).confirm("302-1", FR, PARCEL) == Confirmed("1", repeated=True)


def test_a_refused_parcel_carries_every_reason_with_its_details():
    errors = [*refusal("InvalidInput", "Invalid Input", "shipDate is in the future")["errors"], *refusal("B", "b")["errors"]]  # fmt: skip

    answer = account(Wire((400, {"errors": errors}))).confirm("302-1", FR, PARCEL)

    assert isinstance(answer, ParcelRefused)
    assert [p.text for p in answer.problems] == ["Invalid Input: shipDate is in the future", "b"]
