"""Business customers pay what the rules say: told beside everybody's price, read back, and gone with the rule."""

from decimal import Decimal

import pytest

from forain.flows import set_rules
from forain.store import models
from forain.store.rules import Place

from .conftest import FR


def entry(house, audience="B2B"):
    found = [e for e in house.amazon("SOAP")["attributes"]["purchasable_offer"] if e.get("audience", "ALL") == audience]
    return found[0] if found else None


def say(house, **told):
    found = set_rules.say(house.deps, house.account, Place("account"), told, "Camille")
    assert found is None, found
    house.live(30)


def levels(house):
    (plan,) = entry(house)["quantity_discount_plan"][0]["schedule"]
    return plan["discount_type"], [(level["lower_bound"], level["value"]) for level in plan["levels"]]


def settled(house):
    row = models.Offer.objects.get(sku="SOAP")
    return (row.alarm, row.wanted_no == row.settled_no, row.submission)


@pytest.fixture
def open_house(make_house):
    house = make_house({"SOAP": ("10.00", 12)})
    house.live(30)
    return house


def test_a_business_price_and_its_tiers_are_told_changed_and_taken_away(open_house):
    say(open_house, business_percent="-5", business_tiers="5:3 10:5")

    assert entry(open_house)["our_price"] == [{"schedule": [{"value_with_tax": 9.5}]}]
    assert levels(open_house) == ("fixed", [(5, 9.22), (10, 9.03)])
    assert Decimal(open_house.amazon("SOAP")["prices"][FR]) == Decimal("10.00")
    assert settled(open_house) == ("", True, "")

    open_house.change("SOAP", price="20.00")
    open_house.live(30)
    assert levels(open_house) == ("fixed", [(5, 18.43), (10, 18.05)])

    say(open_house, business_price="17.00")
    assert entry(open_house)["our_price"] == [{"schedule": [{"value_with_tax": 17}]}]
    assert "quantity_discount_plan" not in entry(open_house)

    say(open_house)
    assert entry(open_house) is None
    assert entry(open_house, "ALL")["our_price"] == [{"schedule": [{"value_with_tax": 20}]}]
    assert settled(open_house) == ("", True, "")


def test_a_business_price_above_the_price_is_held_by_name_and_the_price_is_told(open_house):
    open_house.change("SOAP", price="11.00")
    say(open_house, business_price="12.00")

    row = models.Offer.objects.get(sku="SOAP")
    assert (row.alarm, row.alarm_detail) == ("held", "business_price_above_price")
    assert entry(open_house) is None
    assert Decimal(open_house.amazon("SOAP")["prices"][FR]) == Decimal("11.00")


def test_a_business_price_of_the_merchants_own_is_left_alone(make_house):
    house = make_house({"SOAP": ("10.00", 12)})
    house.control("POST", "listings", [
        {"seller_id": house.seller, "sku": "SOAP", "marketplace_id": FR, "quantity": 1, "business_price": {"amount": "8.00"}},
    ])  # fmt: skip
    house.live(30)
    house.change("SOAP", price="12.00")
    house.live(30)

    assert entry(house)["our_price"] == [{"schedule": [{"value_with_tax": 8}]}]
