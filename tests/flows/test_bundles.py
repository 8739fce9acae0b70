"""Bundles: as many as the scarcest article is good for, a sale of one seen by all that share an article, in the shop as articles."""

import json
from decimal import Decimal

import pytest
from django.db.models import F

from forain.core.bundles import NotABundle, Part
from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.core.roads import Lane
from forain.flows import confirm_shipments, import_orders, link_offers, mirror_catalogue, preview_rules, set_rules
from forain.flows.csv_files import WrongLine
from forain.store import models, orders, shops
from forain.store.rules import Place

from .conftest import DAY
from .test_killed_between_statements import deaths
from .test_parcels import packages
from .test_sold_elsewhere import of, second_account

FR = "A13V1IB3VIYZZH"
SET, PACK = SellerSku("SET"), SellerSku("PACK")
GOODS = {"SOAP": ("6.90", 12), "OIL": ("14.50", 5)}
SHELF = {"SOAP": ("6.90", 1), "OIL": ("14.50", 1), "SET": ("28.00", 1), "PACK": ("20.00", 1)}
SOLD_LATER = {"pending_seconds": 864000}


@pytest.fixture
def house(make_house):
    """SET is two SOAP and one OIL, PACK is three SOAP; twelve SOAP and five OIL are in the house."""
    house = make_house(dict(GOODS), on_amazon=dict(SHELF))
    house.live(30)
    say(house, SET, ("SOAP", "2"), ("OIL", "1"))
    say(house, PACK, ("SOAP", "3"))
    house.live(60)
    return house


def say(house, sku, *parts):
    link_offers.bundle(house.deps, house.account, sku, parts, "camille")


def shown(house):
    return {sku: house.quantity(sku) for sku in SHELF}


def price(house, sku):
    return Decimal(house.amazon(sku)["prices"][FR])


def offer(sku):
    return models.Offer.objects.get(sku=sku)


def catalogue(house, *lines):
    (house.folder / "catalogue.csv").write_text("sku,title,price,currency,tax_rate,on_hand,active\n" + "".join(lines))
    house.live(60)


def in_shop(house, order_id):
    return json.loads((house.folder / "orders" / "new" / f"{order_id}.json").read_text())


# How many, and at what price


def test_a_bundle_shows_as_many_as_its_scarcest_article_is_good_for(house):
    assert shown(house) == {"SOAP": 12, "OIL": 5, "SET": 5, "PACK": 4}

    house.change("SOAP", stock=7)
    house.live(60)
    assert shown(house) == {"SOAP": 7, "OIL": 5, "SET": 3, "PACK": 2}

    house.change("OIL", stock=0)
    house.live(60)
    assert shown(house) == {"SOAP": 7, "OIL": 0, "SET": 0, "PACK": 2}


def test_the_page_why_names_the_scarcest_article(house):
    house.change("SOAP", stock=7)
    house.live(60)

    assert offer("SET").desired_steps[:3] == [["smallest", "SOAP", ""], ["on_hand", "7", ""], ["need", "2", ""]]


def test_rules_for_the_quantity_count_bundles(house):
    assert set_rules.say(house.deps, house.account, Place("sku", "", "SET"), {"buffer": "1"}, "camille") is None
    house.live(60)

    assert shown(house) == {"SOAP": 12, "OIL": 5, "SET": 4, "PACK": 4}


def test_what_makes_a_bundle_none_goes_first(house):
    house.change("SOAP", stock=1)
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)

    lanes = {sku: Lane(offer(sku).lane) for sku in SHELF}
    assert (lanes["SET"], lanes["PACK"], lanes["SOAP"]) == (Lane.TO_ZERO, Lane.TO_ZERO, Lane.LOW)


def test_a_bundle_costs_what_its_articles_cost(house):
    assert (price(house, "SET"), price(house, "PACK")) == (Decimal("28.30"), Decimal("20.70"))

    house.change("OIL", price="15.00")
    house.live(60)

    assert price(house, "SET") == Decimal("28.80")


def test_articles_with_different_vat_have_no_common_price_and_a_rule_says_one(house):
    catalogue(house, "SOAP,Soap,7.50,EUR,20,11,\n", "OIL,Oil,14.50,EUR,5.5,5,\n")

    assert (offer("SET").alarm, offer("SET").alarm_detail) == ("held", "bundle_taxes_differ")
    assert (price(house, "SET"), house.quantity("SET")) == (Decimal("28.30"), 5)
    assert price(house, "PACK") == Decimal("22.50")

    assert set_rules.say(house.deps, house.account, Place("sku", FR, "SET"), {"fixed_price": "26.90"}, "me") is None
    house.live(60)

    assert price(house, "SET") == Decimal("26.90")
    assert offer("SET").alarm == ""
    assert ["fixed_price", "26.90", "sku"] in offer("SET").desired_steps


def test_that_special_prices_do_not_count_for_a_bundle_is_said_where_the_rules_use_them(house):
    assert set_rules.say(house.deps, house.account, Place("account"), {"special_price": "as_price"}, "me") is None
    head = "sku,title,price,currency,tax_rate,on_hand,special_price\n"
    (house.folder / "catalogue.csv").write_text(head + "SOAP,Soap,6.90,EUR,20,12,5.00\nOIL,Oil,14.50,EUR,20,5,\n")
    house.live(60)

    assert price(house, "SOAP") == Decimal("5.00")
    assert price(house, "SET") == Decimal("28.30")
    assert "special_not_for_bundles" in offer("SET").notes
    assert "special_not_for_bundles" not in offer("OIL").notes


def test_a_preview_of_a_rule_knows_bundles(house):
    found = list(preview_rules.preview(house.deps, house.account, Place("sku", "", "SET"), {"cap": "2"}))

    assert [(one.offer.sku, one.before.quantity, one.after.quantity) for one in found] == [("SET", 5, 2)]


def test_an_article_that_is_gone_leaves_the_bundle_as_it_stands_and_is_said(house):
    catalogue(house, "SOAP,Soap,6.90,EUR,20,11,\n")

    assert (offer("SET").alarm, offer("SET").alarm_detail) == ("variant_gone", "OIL")
    assert (house.quantity("SET"), house.quantity("PACK")) == (5, 3)


@pytest.mark.parametrize(("soap", "left"), [("7,yes", 3), ("0,yes", 0), ("12,no", 0)])
def test_of_a_bundle_an_article_of_which_is_gone_no_more_are_shown_than_the_others_are_good_for(house, soap, left):
    catalogue(house, f"SOAP,Soap,6.90,EUR,20,{soap}\n")
    house.live(60)

    assert (house.quantity("SET"), price(house, "SET")) == (left, Decimal("28.30"))
    assert offer("SET").alarm_detail == "OIL"

    catalogue(house, "SOAP,Soap,7.90,EUR,20,12,yes\n")

    assert (house.quantity("SET"), price(house, "SET")) == (left, Decimal("28.30"))
    assert (offer("SET").alarm, offer("SET").alarm_detail) == ("variant_gone", "OIL")


def test_an_article_that_is_not_active_makes_its_bundles_none(house):
    catalogue(house, "SOAP,Soap,6.90,EUR,20,12,yes\n", "OIL,Oil,14.50,EUR,20,5,no\n")

    assert (house.quantity("SET"), house.quantity("PACK")) == (0, 4)


def test_an_article_whose_stock_is_wrong_holds_the_bundle(house):
    catalogue(house, "SOAP,Soap,6.90,EUR,20,11,\n", "OIL,Oil,14.50,EUR,20,many,\n")

    assert (house.quantity("SET"), house.quantity("PACK")) == (5, 3)
    assert offer("SET").alarm == "held"
    assert "stock_held" in offer("SET").notes


@pytest.mark.parametrize("wrong", ["many", "99999999"])
@pytest.mark.parametrize(("soap", "left"), [("7,yes", 3), ("0,yes", 0), ("7,no", 0)])
def test_of_a_bundle_whose_stock_is_not_known_no_more_are_shown_than_the_other_articles_are_good_for(
    house, soap, left, wrong
):
    catalogue(house, f"SOAP,Soap,6.90,EUR,20,{soap}\n", f"OIL,Oil,14.50,EUR,20,{wrong},yes\n")

    assert house.quantity("SET") == left
    assert offer("SET").alarm == "held"

    catalogue(house, "SOAP,Soap,6.90,EUR,20,20,yes\n", f"OIL,Oil,14.50,EUR,20,{wrong},yes\n")

    assert house.quantity("SET") == left


# What is sold


def test_a_sale_of_a_bundle_lowers_all_that_share_an_article_before_the_order_is_in_the_shop(house):
    house.buy("SET", 2, **SOLD_LATER)
    house.live(600, step=30)

    assert models.Order.objects.get().state == "held"
    assert house.shop_orders() == []
    assert shown(house) == {"SOAP": 8, "OIL": 3, "SET": 3, "PACK": 2}
    assert ["unimported", "-4", ""] in offer("SOAP").desired_steps


def test_a_sale_of_an_article_lowers_the_bundles_it_is_in(house):
    house.buy("SOAP", 7, **SOLD_LATER)
    house.live(600, step=30)

    assert shown(house) == {"SOAP": 5, "OIL": 5, "SET": 2, "PACK": 1}


def test_a_sale_of_a_bundle_lowers_twins_and_bundles_at_another_account_of_the_shop(house):
    second_account(house)
    house.live(120)
    assert of(house, "A2SECONDSELLER", "SOAP") == 12

    house.buy("PACK", 2, **SOLD_LATER)
    house.live(600, step=30)

    assert of(house, "A2SECONDSELLER", "SOAP") == 6
    assert shown(house) == {"SOAP": 6, "OIL": 5, "SET": 3, "PACK": 2}


def test_what_shares_an_article_is_marked_with_the_order_or_not_at_all_whenever_the_process_died(house):
    order = house.buy("SET", 1, **SOLD_LATER)
    house.advance(400)
    account = house.account

    def unread():
        models.Order.objects.all().delete()
        models.Run.objects.update(places={})
        models.Limit.objects.all().delete()
        models.Offer.objects.update(settled_no=F("wanted_no"), marked_at=None)

    noted = kills = 0
    for _ in deaths(lambda: import_orders.read_orders(house.deps, account), unread):
        kills += 1
        known = models.Order.objects.filter(order_id=order["order_id"]).exists()
        noted += known
        waiting = models.Offer.objects.filter(wanted_no__gt=F("settled_no")).values_list("sku", flat=True)
        assert sorted(waiting) == (sorted(SHELF) if known else [])

    assert kills > noted > 0


def test_a_bundle_is_whole_and_marked_or_not_there_whenever_the_process_died(house):
    account = house.account

    def unsaid():
        models.Bundle.objects.filter(sku="SET").delete()
        models.Offer.objects.update(settled_no=F("wanted_no"), marked_at=None)

    kills = 0
    for _ in deaths(
        lambda: link_offers.bundle(house.deps, account, SET, [("SOAP", "2"), ("OIL", "1")], "camille"), unsaid
    ):
        kills += 1
        parts = shops.contents(AccountId(account.pk), [SET]).get(SET, ())
        waiting = models.Offer.objects.filter(wanted_no__gt=F("settled_no")).values_list("sku", flat=True)
        assert (len(parts), sorted(waiting)) in ((0, []), (2, sorted(SHELF)))

    assert kills >= 6


def test_a_bundle_that_is_dissolved_counts_its_sold_pieces_no_more(house):
    house.buy("PACK", 2, **SOLD_LATER)
    house.live(600, step=30)
    assert house.quantity("SOAP") == 6

    link_offers.unbundle(house.deps, house.account, PACK, "camille")
    house.live(600, step=30)

    assert (house.quantity("SOAP"), house.quantity("SET")) == (12, 5)
    assert offer("PACK").notes == ["unlinked"]


# In the shop


def test_an_order_of_bundles_is_in_the_shop_as_its_articles_to_the_cent(house):
    order = house.buy("SET", 3)
    house.live(600, step=30)

    told = in_shop(house, order["order_id"])
    row = models.Order.objects.get()
    soap, oil = told["lines"]
    assert (row.state, row.total_minor) == ("created", int(Decimal(told["total"]) * 100))
    assert (soap["variant"], soap["quantity"], oil["variant"], oil["quantity"]) == ("SOAP", 6, "OIL", 3)
    goods = Decimal(soap["total"]) + Decimal(oil["total"])
    assert goods == 3 * Decimal("28.30")
    assert goods + Decimal(told["shipping"]) - Decimal(told["discount"]) == Decimal(told["total"])
    # By price: 13.80 and 14.50 of each 28.30.
    assert (soap["total"], oil["total"]) == ("41.40", "43.50")
    assert "order_total_differs" not in house.refused_codes()
    # The pieces are taken off once: the order waits in the shop now.
    assert shown(house) == {"SOAP": 6, "OIL": 2, "SET": 2, "PACK": 2}


def test_an_order_waits_until_its_sku_is_said_to_be_a_bundle(make_house):
    house = make_house(dict(GOODS), on_amazon=dict(SHELF))
    house.live(60)
    order = house.buy("SET", 1)
    house.live(600, step=30)
    assert models.Order.objects.get().hold_reason == "unknown_sku"

    say(house, SET, ("SOAP", "2"), ("OIL", "1"))
    house.live(600, step=30)

    assert [line["quantity"] for line in in_shop(house, order["order_id"])["lines"]] == [2, 1]


def test_a_cancelled_order_of_a_bundle_is_taken_back_and_all_its_pieces_are_free_again(house):
    order = house.buy("SET", 2)
    house.live(600, step=30)
    assert shown(house)["SOAP"] == 8

    house.control("POST", f"orders/{order['order_id']}/cancel", {})
    house.live(900, step=30)

    assert models.Order.objects.get().state == "cancelled"
    assert (house.folder / "orders" / "cancelled" / f"{order['order_id']}.json").exists()
    assert shown(house) == {"SOAP": 12, "OIL": 5, "SET": 5, "PACK": 4}


# What was sent


def ship(house, name, *lines):
    told = "".join(f"{order},Colissimo,{tracking},{line},{count}\n" for order, tracking, line, count in lines)
    (house.folder / "shipments" / f"{name}.csv").write_text("order,carrier,tracking,line,quantity\n" + told)
    confirm_shipments.confirm_shipments(house.deps, house.account)


def ordered(house, count):
    order = house.buy("SET", count)["order_id"]
    house.live(600, step=30)
    soap, oil = (line["line"] for line in in_shop(house, order)["lines"])
    return order, soap, oil, soap.partition(":")[0]


def test_a_parcel_with_all_articles_confirms_the_bundles(house):
    order, soap, oil, line = ordered(house, 2)

    ship(house, "one", (order, "6A1", soap, 4), (order, "6A1", oil, 2))

    assert models.Parcel.objects.get().items == {line: 2}
    assert packages(house, order)["1"]["tracking"] == "6A1"


def test_a_bundle_in_two_parcels_is_confirmed_with_the_one_that_makes_it_whole(house):
    order, soap, oil, line = ordered(house, 1)

    ship(house, "one", (order, "6A1", soap, 2))
    assert packages(house, order) in ({}, [])
    assert orders.waiting_parcels(AccountId(house.account_id))[0] == 0
    ship(house, "one", (order, "6A1", soap, 2))
    assert models.Parcel.objects.count() == 1

    ship(house, "two", (order, "6A2", oil, 1))

    parcels = {row.shop_parcel: row for row in models.Parcel.objects.all()}
    assert (parcels["6A1"].items, parcels["6A2"].items) == ({}, {line: 1})
    assert [package["tracking"] for package in packages(house, order).values()] == ["6A2"]
    house.live(900, step=30)
    assert models.Order.objects.get().status == "shipped"


def in_part():
    rows = models.Notice.objects.filter(code="bundles_in_part", closed_at=None)
    return [row.placeholders["orders"] for row in rows]


def test_that_the_rest_of_a_bundle_does_not_leave_is_said_a_day_later_until_it_does(house):
    order, soap, oil, _ = ordered(house, 2)
    ship(house, "one", (order, "6A1", soap, 4), (order, "6A1", oil, 1))
    house.live(0.9 * DAY, step=6 * 3600)
    assert in_part() == []

    house.live(0.2 * DAY, step=3600)
    assert in_part() == [order]

    ship(house, "two", (order, "6A2", oil, 1))
    house.live(900, step=60)
    assert in_part() == []


def test_of_a_bundle_whose_rest_left_in_time_nothing_is_said(house):
    order, soap, oil, _ = ordered(house, 1)
    ship(house, "one", (order, "6A1", soap, 2))
    ship(house, "two", (order, "6A2", oil, 1))

    house.live(1.2 * DAY, step=6 * 3600)

    assert in_part() == []


def test_only_whole_bundles_of_a_parcel_are_confirmed(house):
    order, soap, oil, line = ordered(house, 2)

    ship(house, "one", (order, "6A1", soap, 3), (order, "6A1", oil, 2))
    assert models.Parcel.objects.get().items == {line: 1}
    ship(house, "two", (order, "6A2", soap, 1))

    assert {row.shop_parcel: row.items for row in models.Parcel.objects.all()} == {"6A1": {line: 1}, "6A2": {line: 1}}


def test_a_parcel_that_says_no_lines_holds_all_bundles_that_are_left(house):
    order, _, _, line = ordered(house, 2)

    (house.folder / "shipments" / "one.csv").write_text(f"order,carrier,tracking\n{order},Colissimo,6A1\n")
    confirm_shipments.confirm_shipments(house.deps, house.account)

    assert models.Parcel.objects.get().items == {line: 2}
    assert packages(house, order)["1"]["tracking"] == "6A1"


def test_a_bundle_changed_after_its_order_came_into_the_shop_is_confirmed_as_it_was_then(house):
    order, soap, oil, line = ordered(house, 1)
    say(house, SET, ("SOAP", "1"), ("OIL", "4"))

    ship(house, "one", (order, "6A1", soap, 2), (order, "6A1", oil, 1))

    assert models.Parcel.objects.get().items == {line: 1}


# Saying so


def test_what_cannot_be_a_bundle_is_refused_and_nothing_changes(house):
    for parts, code in (
        ([("SOAP", "0"), ("OIL", "1")], "need_wrong"),
        ([("SOAP", "1"), ("SOAP", "2")], "article_twice"),
        ([("SOAP", "1")], "one_piece"),
        ([("SOAP", "1"), ("NONE", "1")], "unknown_article"),
        ([], "no_articles"),
    ):
        with pytest.raises(NotABundle) as refused:
            say(house, SET, *parts)
        assert refused.value.code == code
    with pytest.raises(NotABundle, match="linked_already SOAP = SOAP"):
        say(house, SellerSku("SOAP"), ("OIL", "2"))
    with pytest.raises(NotABundle, match="bundle_already SET"):
        link_offers.decide(house.deps, house.account, SET, VariantId("SOAP"), same=True, by="me")

    found = shops.contents(AccountId(house.account_id), [SET, SellerSku("SOAP")])
    assert found == {SET: (Part("SOAP", 2), Part("OIL", 1)), SellerSku("SOAP"): (Part("SOAP", 1),)}


def test_a_bundle_is_no_unlinked_sku_and_its_articles_are_sold(house):
    account, shop = AccountId(house.account_id), ShopId(house.shop.pk)
    models.Link.objects.filter(sku="OIL").delete()

    assert {row.sku for row in shops.unlinked_skus(account)} == {"OIL"}
    assert list(shops.unlinked_variants(account, shop)) == []


def test_an_equal_sku_does_not_link_what_is_a_bundle(house):
    catalogue(house, "SOAP,Soap,6.90,EUR,20,12,\n", "OIL,Oil,14.50,EUR,20,5,\n", "SET,Set,30.00,EUR,20,99,\n")

    assert not models.Link.objects.filter(sku="SET").exists()
    assert (house.quantity("SET"), price(house, "SET")) == (5, Decimal("28.30"))


FILE = b"marketplace_sku,variant,need\nSET,SOAP,1\nSET,OIL,2\nPACK,SOAP,6\n"


def test_bundles_come_from_a_file_and_go_into_one(house):
    found = link_offers.read_csv(house.account, FILE)
    link_offers.take(house.deps, house.account, found, by="me")
    house.live(60)

    assert shown(house) == {"SOAP": 12, "OIL": 5, "SET": 2, "PACK": 2}
    written = "".join(link_offers.csv_lines(AccountId(house.account_id)))
    assert "SET,OIL,file,2\r\n" in written
    assert "SOAP,SOAP,same_sku,1\r\n" in written
    again = link_offers.read_csv(house.account, written.encode())
    assert dict(again) == shops.contents(AccountId(house.account_id), [SellerSku(sku) for sku in SHELF])


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (b"SET,SOAP,1\nSET,OIL,0\n", WrongLine(3, "OIL", "need_wrong")),
        (b"SET,SOAP,1\nSET,OIL,1\nSET,SOAP,1\n", WrongLine(4, "SOAP", "article_twice")),
        (b"SET,SOAP,1\nSET,NONE,1\n", WrongLine(3, "NONE", "unknown_article")),
        (b"SET,SOAP,\nSET,OIL,\n", WrongLine(3, "SET", "need_missing")),
        (b"SET,SOAP,1\nSET,OIL,\n", WrongLine(3, "SET", "need_missing")),
        (b"OIL,OIL,1\nSOAP,SOAP,2\n", WrongLine(3, "SOAP = SOAP", "linked_already")),
        (b"OIL,OIL,\nSET,OIL,\n", WrongLine(3, "SET", "bundle_already")),
        (b"SET,SOAP,2\n" * 60, WrongLine(52, "SET", "too_many_articles")),
    ],
)
def test_a_wrong_line_of_a_file_is_named_and_nothing_is_taken(house, lines, wrong):
    assert link_offers.read_csv(house.account, b"marketplace_sku,variant,need\n" + lines) == wrong


def test_a_bundle_said_again_changes_nothing_and_is_journalled_once(house):
    say(house, SET, ("SOAP", "2"), ("OIL", "1"))

    assert house.journal("SET").count("bundle_said") == 1
