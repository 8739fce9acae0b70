"""Others change offers too: what they lead is shown and left alone, what we lead is set right and not fought for."""

import csv
import importlib
from decimal import Decimal

import pytest
from django.apps import apps

from forain.flows import preview_rules, set_rules, watch
from forain.flows.set_rules import Refused
from forain.store import models, runs
from forain.store.rules import Place
from forain_box import listing_writes

from .conftest import DAY, FR

ALL = Place("account")
OFFER = {"marketplace_id": FR, "currency": "EUR", "audience": "ALL"}


def step(amount):
    return [{"schedule": [{"value_with_tax": amount}]}]


def price(house, sku="SOAP"):
    return Decimal(house.amazon(sku)["prices"][FR])


def row(house, sku="SOAP"):
    return models.Offer.objects.get(sku=sku)


def say(house, place=ALL, **told):
    found = set_rules.say(house.deps, house.account, place, told, "Camille")
    assert found is None, found
    house.live(20)


def elsewhere(house, sku="SOAP", name="purchasable_offer", **entry):
    """Somebody changes the offer in Seller Central, and the night's comparison reads it."""
    told = OFFER if name == "purchasable_offer" else {"fulfillment_channel_code": "DEFAULT"}
    write = listing_writes.Write(house.seller, sku, [FR], "PRODUCT", [("merge", name, [told | entry])])
    listing_writes.apply(house.box.world, listing_writes.plain(write))
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["sweep_offers"])
    house.live(20)


@pytest.fixture
def open_house(make_house):
    house = make_house({"SOAP": ("10.00", 12)})
    house.live(30)
    assert price(house) == Decimal("10.00")
    return house


@pytest.mark.parametrize("who", ["marketplace", "other_tool"])
def test_what_others_lead_is_shown_with_the_difference_and_never_told(open_house, who):
    say(open_house, quantity_led_by=who, price_led_by=who, handling_led_by=who, handling_days="4", list_price="20")
    open_house.change("SOAP", price="11.00", stock=3)
    elsewhere(open_house, our_price=step(9.5))
    elsewhere(open_house, name="fulfillment_availability", quantity=30, lead_time_to_ship_max_days=9)

    assert (price(open_house), open_house.quantity("SOAP")) == (Decimal("9.50"), 30)
    assert "list_price" not in open_house.amazon("SOAP")["attributes"]
    found = row(open_house)
    assert found.led_elsewhere == {"quantity": [who, "3"], "price": [who, "11.00 EUR"], "handling_days": [who, "4"]}
    assert (found.observed_minor, found.observed_terms["handling_days"]) == (950, "9")
    assert (found.desired_minor, found.desired_quantity, found.desired_terms) == (None, None, {})
    assert (found.alarm, found.wanted_no) == ("", found.settled_no)
    assert not models.Journal.objects.filter(code="changed_elsewhere").exists()


def test_a_problem_of_what_others_lead_holds_nothing(open_house):
    models.AccountSite.objects.filter(site=FR).update(currency="EUR")
    say(open_house, price_led_by="other_tool", sale_price="50", sale_from="2026-03-01", sale_until="2026-03-09")

    assert (row(open_house).alarm, row(open_house).held) == ("", "")


def test_a_change_by_others_is_told_once_set_right_and_counted(open_house):
    elsewhere(open_house, our_price=step(9))

    assert price(open_house) == Decimal("10.00")
    told = models.Journal.objects.filter(code="changed_elsewhere").values_list("subject", "placeholders")
    assert list(told) == [(f"{FR}/SOAP", {"field": "price", "was": "10.00 EUR", "became": "9.00 EUR"})]
    assert (row(open_house).alarm, row(open_house).wanted_no) == ("", row(open_house).settled_no)


def test_who_changes_it_again_and_again_is_not_fought_and_a_notice_names_it(open_house):
    say(open_house, handling_days="4")
    for amount in (9, 8, 7):
        elsewhere(open_house, our_price=step(amount))
    open_house.change("SOAP", stock=5)
    elsewhere(open_house, name="fulfillment_availability", lead_time_to_ship_max_days=9)

    assert price(open_house) == Decimal("7.00")
    assert (row(open_house).alarm, row(open_house).alarm_detail) == ("held", "changed_elsewhere")
    # The rest of the offer goes on.
    assert open_house.quantity("SOAP") == 5
    assert row(open_house).observed_terms["handling_days"] == "4"
    watch.derive_issues(open_house.deps)
    (notice,) = models.Notice.objects.filter(code="offer_held", closed_at=None)
    assert "changed_elsewhere" in str(notice.placeholders)

    open_house.advance(DAY)
    open_house.live(60, step=20)

    assert price(open_house) == Decimal("10.00")
    assert row(open_house).alarm == ""


def test_saying_who_leads_it_ends_the_dispute_at_once(open_house):
    for amount in (9, 8, 7):
        elsewhere(open_house, our_price=step(amount))

    say(open_house, price_led_by="other_tool")

    assert (row(open_house).alarm, price(open_house)) == ("", Decimal("7.00"))


def test_amazons_own_limits_are_shown_before_a_price_is_told_and_hold_one_that_is_outside(make_house):
    house = make_house({"SOAP": ("10.00", 12)}, on_amazon={"SOAP": ("15.00", 1)}, allow=False)
    elsewhere(house, minimum_seller_allowed_price=step(12), maximum_seller_allowed_price=step(20))

    found = preview_rules.preview(house.deps, house.account, ALL, {"percent": "30"})
    assert not isinstance(found, Refused)
    (shown,) = csv.DictReader(list(preview_rules.csv_lines(found)))

    assert (shown["lowest_on_amazon"], shown["highest_on_amazon"]) == ("12.00 EUR", "20.00 EUR")
    assert (shown["price_before"], shown["price_after"]) == ("", "13.00 EUR")
    assert (row(house).alarm, row(house).held) == ("", "outside_marketplace_limits")
    models.AccountSite.objects.filter(site=FR).update(writes_allowed_at=house.deps.clock.now())
    say(house, buffer="1")
    assert (price(house), house.quantity("SOAP")) == (Decimal("15.00"), 11)
    assert row(house).alarm_detail == "outside_marketplace_limits"
    say(house, percent="30")
    assert (price(house), row(house).alarm) == (Decimal("13.00"), "")


def test_a_sale_outside_of_amazons_own_limits_is_held_and_the_price_goes_on(make_house):
    house = make_house({"SOAP": ("14.00", 12)}, on_amazon={"SOAP": ("15.00", 1)})
    elsewhere(house, minimum_seller_allowed_price=step(12), maximum_seller_allowed_price=step(20))

    say(house, sale_price="11.00", sale_from="2026-02-20", sale_until="2026-03-20")

    assert (price(house), row(house).alarm_detail) == (Decimal("14.00"), "outside_marketplace_limits")
    say(house, sale_price="12.50", sale_from="2026-02-20", sale_until="2026-03-20")
    assert (price(house), row(house).alarm) == (Decimal("12.50"), "")


def test_a_price_in_the_hands_of_automate_pricing_is_left_there_until_somebody_says_who_leads(make_house):
    house = make_house({"SOAP": ("10.00", 12)}, on_amazon={"SOAP": ("15.00", 1)})
    plan = [{"merchandising_rule": {"rule_id": "RULE-1"}}]
    elsewhere(house, automated_pricing_merchandising_rule_plan=plan, our_price=step(15))
    before = price(house)
    house.change("SOAP", price="11.00", stock=4)
    house.live(30)

    assert (price(house), house.quantity("SOAP")) == (before, 4)
    assert row(house).price_setup == {"automated": "RULE-1"}
    assert row(house).alarm_detail == "automated_pricing"

    say(house, price_led_by="shop")

    assert (price(house), row(house).alarm) == (Decimal("11.00"), "")


def test_rules_said_before_there_were_leaders_name_one(open_house):
    rule = models.Rule.objects.create(
        account=open_house.account, level="account", wishes={"sends_price": "no", "sends_quantity": "yes", "buffer": "1"},
        changed_at=open_house.deps.clock.now(),
    )  # fmt: skip

    importlib.import_module("forain.store.migrations.0026_ownership").who_leads(apps, None)

    rule.refresh_from_db()
    assert rule.wishes == {"price_led_by": "other_tool", "quantity_led_by": "shop", "buffer": "1"}
