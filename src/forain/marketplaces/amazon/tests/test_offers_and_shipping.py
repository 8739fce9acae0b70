"""Telling a change, confirming a parcel: published bodies, and refusals that are about one thing only."""

import json
from datetime import timedelta

import pytest

from forain.contracts.marketplace import Accepted, Confirmed, Parcel, ParcelRefused, Refusal, Unclear
from forain.core import errors as e
from forain.core.money import Money
from forain.core.offers import Change
from forain.core.terms import ABSENT, Business, Sale, Terms, Tier
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
SALE = Sale(Money(1590, "EUR"), T0, T0 + timedelta(days=7))
PARCEL = Parcel("1", "Colissimo", "6A1", T0, {"1": 2})


@pytest.mark.parametrize(
    "change",
    [Change(key(), 7, None), Change(key(), 0, None), Change(key(), None, Money(1990, "EUR")), Change(key(), 7, Money(1990, "EUR"), "SOAP"),
     Change(key(), 7, None, "", Terms(handling_days=0)), Change(key(), None, None, "", Terms(handling_days=4)),
     Change(key(), None, Money(1990, "EUR"), "", Terms(sale=SALE, list_price=Money(2490, "EUR"))),
     Change(key(), None, None, "", Terms(sale=SALE))],
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


def test_a_handling_time_goes_beside_the_quantity_and_alone_without_one():
    wire = Wire((200, TAKEN), (200, TAKEN))

    list(account(wire).submit([
        Change(key("A"), 7, None, "", Terms(handling_days=4)), Change(key("B"), None, None, "", Terms(handling_days=0)),
    ]))  # fmt: skip

    told = [json.loads(request.json)["patches"] for request in wire.sent]
    assert [[patch["value"] for patch in patches] for patches in told] == [
        [[{"fulfillment_channel_code": "DEFAULT", "quantity": 7, "lead_time_to_ship_max_days": 4}]],
        [[{"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": 0}]],
    ]


SELECTORS = {"marketplace_id": FR, "currency": "EUR", "audience": "ALL"}
DISCOUNTED = [
    {
        "schedule": [
            {"value_with_tax": 15.9, "start_at": "2026-03-01T10:00:00.000Z", "end_at": "2026-03-08T10:00:00.000Z"}
        ]
    }
]


def patches(change):
    wire = Wire((200, TAKEN))
    list(account(wire).submit([change]))
    return [(p["op"], p["path"], p["value"]) for p in json.loads(wire.sent[0].json)["patches"]]


def test_a_sale_and_a_price_are_one_entry_and_the_list_price_is_its_own():
    told = patches(Change(key(), None, Money(1990, "EUR"), "", Terms(sale=SALE, list_price=Money(2490, "EUR"))))

    price = {"our_price": [{"schedule": [{"value_with_tax": 19.9}]}]}
    assert told == [
        ("merge", "/attributes/purchasable_offer", [SELECTORS | price | {"discounted_price": DISCOUNTED}]),
        ("merge", "/attributes/list_price", [{"marketplace_id": FR, "currency": "EUR", "value_with_tax": 24.9}]),
    ]


def test_what_is_to_go_is_named_whole_and_goes_before_the_new_price():
    absent, stood = Terms(sale=ABSENT, list_price=ABSENT), Terms(sale=SALE, list_price=Money(2490, "EUR"))

    told = patches(Change(key(), None, Money(1490, "EUR"), "", absent, stood))

    assert told == [
        ("delete", "/attributes/purchasable_offer", [SELECTORS | {"discounted_price": DISCOUNTED}]),
        (
            "merge",
            "/attributes/purchasable_offer",
            [SELECTORS | {"our_price": [{"schedule": [{"value_with_tax": 14.9}]}]}],
        ),
        ("delete", "/attributes/list_price", [{"marketplace_id": FR, "currency": "EUR"}]),
    ]


def test_where_prices_are_shown_without_tax_the_list_price_is_too():
    us = type(key())(1, "ATVPDKIKX0DER", "S")

    assert patches(Change(us, None, None, "", Terms(list_price=Money(2490, "USD")))) == [
        ("merge", "/attributes/list_price", [{"marketplace_id": "ATVPDKIKX0DER", "currency": "USD", "value": 24.9}]),
    ]  # fmt: skip


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


EACH = Business(Money(1790, "EUR"), (Tier(5, Money(1700, "EUR")), Tier(10, Money(1600, "EUR"))))
LEVELS = [{"lower_bound": 5, "value": 17.0}, {"lower_bound": 10, "value": 16.0}]
PLAN = {"quantity_discount_plan": [{"schedule": [{"discount_type": "fixed", "levels": LEVELS}]}]}
FOR_BUSINESSES = SELECTORS | {"audience": "B2B"}


def test_a_business_price_is_an_entry_of_its_own_with_its_tiers():
    told = patches(Change(key(), None, None, "", Terms(business=EACH)))

    price = {"our_price": [{"schedule": [{"value_with_tax": 17.9}]}]}
    assert told == [("merge", "/attributes/purchasable_offer", [FOR_BUSINESSES | price | PLAN])]


def test_tiers_that_go_are_named_and_a_business_price_goes_whole():
    plain = Business(Money(1790, "EUR"))

    without_tiers = patches(Change(key(), None, None, "", Terms(business=plain), Terms(business=EACH)))
    gone = patches(Change(key(), None, None, "", Terms(business=ABSENT), Terms(business=EACH)))

    assert without_tiers[0] == ("delete", "/attributes/purchasable_offer", [FOR_BUSINESSES | PLAN])
    assert [op for op, _, _ in without_tiers] == ["delete", "merge"]
    assert gone == [("delete", "/attributes/purchasable_offer", [FOR_BUSINESSES])]
