"""What the merchant wishes for his offers is what Amazon shows: by account, site, group and SKU, by hand and with a file."""

import csv
from datetime import date
from decimal import Decimal

import pytest

from forain.core.ids import AccountId
from forain.engine import jobs
from forain.flows import preview_rules, set_rates, set_rules
from forain.flows.csv_files import WrongLine
from forain.flows.set_rules import Refused
from forain.store import models, offers, runs
from forain.store.rules import Place
from forain_box import listing_writes

from .conftest import DAY, FR

ALL, SITE = Place("account"), Place("site", FR)


def price(house, sku):
    return Decimal(house.amazon(sku)["prices"][FR])


def say(house, place, **told):
    found = set_rules.say(house.deps, house.account, place, told, "Camille")
    assert found is None, found
    house.live(30)


@pytest.fixture
def open_house(make_house):
    house = make_house({"SOAP": ("10.00", 12), "OIL": ("20.00", 5)})
    (house.folder / "catalogue.csv").write_text(
        "sku,title,price,currency,tax_rate,on_hand,group\nSOAP,Soap,10.00,EUR,20,12,bath\nOIL,Oil,20.00,EUR,5.5,5,kitchen\n"
    )
    house.live(30)
    assert (house.quantity("SOAP"), price(house, "SOAP")) == (12, Decimal("10.00"))
    return house


def test_a_rule_of_the_account_counts_for_all_and_a_narrower_one_for_its_own(open_house):
    say(open_house, ALL, buffer="2", percent="10")
    say(open_house, Place("group", "", "kitchen"), buffer="1", ending="99")
    say(open_house, Place("sku", FR, "SOAP"), cap="5", floor="11.50")

    assert {sku: open_house.quantity(sku) for sku in ("SOAP", "OIL")} == {"SOAP": 5, "OIL": 4}
    assert {sku: price(open_house, sku) for sku in ("SOAP", "OIL")} == {
        "SOAP": Decimal("11.50"),
        "OIL": Decimal("21.99"),
    }


def handling(house, sku):
    (own,) = house.amazon(sku)["attributes"]["fulfillment_availability"]
    return own["lead_time_to_ship_max_days"]


def test_a_handling_time_is_told_read_back_and_never_taken_away_with_its_rule(open_house):
    before = handling(open_house, "OIL")

    say(open_house, Place("group", "", "bath"), handling_days="4")

    assert (handling(open_house, "SOAP"), handling(open_house, "OIL")) == (4, before)
    assert open_house.quantity("SOAP") == 12
    row = models.Offer.objects.get(sku="SOAP")
    assert (row.observed_terms["handling_days"], row.wanted_no, row.submission) == ("4", row.settled_no, "")
    assert [e.placeholders["handling_days"] for e in models.Journal.objects.filter(code="observed", subject=f"{FR}/SOAP")
            if "handling_days" in e.placeholders] == ["4"]  # fmt: skip

    open_house.change("SOAP", stock=3)
    say(open_house, Place("group", "", "bath"))

    assert handling(open_house, "SOAP") == 4


def test_a_handling_time_that_somebody_else_changed_is_set_right(open_house):
    say(open_house, ALL, handling_days="4")

    open_house.control("POST", "listings", [{
        "seller_id": open_house.seller, "sku": "SOAP", "marketplace_id": FR, "quantity": 12, "handling_days": 9,
    }])  # fmt: skip
    runs.force(f"account:{open_house.account_id}", open_house.deps.clock.now(), ["sweep_offers"])
    open_house.live(30)

    assert handling(open_house, "SOAP") == 4


def test_what_amazon_fulfils_gets_no_handling_time(open_house):
    open_house.control("POST", "listings", [{
        "seller_id": open_house.seller, "sku": "SOAP", "marketplace_id": FR, "quantity": 12, "fulfilled_by": "AMAZON",
    }])  # fmt: skip
    runs.force(f"account:{open_house.account_id}", open_house.deps.clock.now(), ["sweep_offers"])
    open_house.live(30)
    before = open_house.amazon("SOAP")["attributes"]["fulfillment_availability"]

    say(open_house, ALL, handling_days="4")

    assert open_house.amazon("SOAP")["attributes"]["fulfillment_availability"] == before
    row = models.Offer.objects.get(sku="SOAP")
    assert (row.alarm, row.wanted_no, row.desired_terms) == ("", row.settled_no, {})


def offer_of(house, sku):
    return next(e for e in house.amazon(sku)["attributes"]["purchasable_offer"] if e.get("audience", "ALL") == "ALL")


def submitted_price(house, sku):
    return offer_of(house, sku)["our_price"][0]["schedule"][0]["value_with_tax"]


def settled(house, sku):
    row = models.Offer.objects.get(sku=sku)
    return (row.alarm, row.wanted_no == row.settled_no, row.submission)


SALE = {"sale_price": "8.00", "sale_from": "2026-03-02", "sale_until": "2026-03-03"}


def test_a_sale_is_told_runs_ends_and_is_taken_away(open_house):
    say(open_house, Place("sku", "", "SOAP"), **SALE)
    assert price(open_house, "SOAP") == Decimal("10.00")
    assert models.Offer.objects.get(sku="SOAP").observed_terms["sale"] == (
        "8.00 EUR 2026-03-01T23:00:00.000Z 2026-03-03T23:00:00.000Z"
    )

    open_house.advance(DAY)
    open_house.change("SOAP", stock=7)
    open_house.live(60)

    # While it runs the price stays what it is, and is not told over and over.
    assert (price(open_house, "SOAP"), submitted_price(open_house, "SOAP")) == (Decimal("8.00"), 10)
    assert settled(open_house, "SOAP") == ("", True, "")

    open_house.advance(2 * DAY)
    open_house.live(120, step=20)

    assert price(open_house, "SOAP") == Decimal("10.00")
    assert "discounted_price" not in offer_of(open_house, "SOAP")
    assert settled(open_house, "SOAP") == ("", True, "")
    assert open_house.journal(f"{FR}/SOAP").count("told") <= 4


def test_a_price_changed_while_a_sale_runs_is_told_once_and_settles(open_house):
    say(open_house, Place("sku", "", "SOAP"), **{**SALE, "sale_from": "2026-02-20"})
    assert price(open_house, "SOAP") == Decimal("8.00")

    open_house.change("SOAP", price="11.00")
    open_house.live(60)

    assert (price(open_house, "SOAP"), submitted_price(open_house, "SOAP")) == (Decimal("8.00"), 11)
    assert settled(open_house, "SOAP") == ("", True, "")
    open_house.change("SOAP", price="7.00")
    open_house.live(60)
    row = models.Offer.objects.get(sku="SOAP")
    assert (price(open_house, "SOAP"), row.alarm, row.alarm_detail) == (Decimal("7.00"), "held", "sale_not_below_price")
    assert "discounted_price" not in offer_of(open_house, "SOAP")


def test_a_sale_and_a_list_price_go_with_their_rule_and_those_of_others_stay(open_house):
    say(open_house, Place("sku", "", "SOAP"), **SALE, list_price="14.00")
    (listed,) = open_house.amazon("SOAP")["attributes"]["list_price"]
    assert listed["value_with_tax"] == 14
    theirs = [{"schedule": [{"value_with_tax": 19.0, "start_at": "2026-02-01", "end_at": "2026-09-01"}]}]
    patch(open_house, "OIL", "purchasable_offer", {
        "marketplace_id": FR, "currency": "EUR", "audience": "ALL", "discounted_price": theirs,
    })  # fmt: skip

    say(open_house, Place("sku", "", "SOAP"))
    open_house.change("OIL", stock=4)
    open_house.live(60)

    assert "discounted_price" not in offer_of(open_house, "SOAP")
    assert "list_price" not in open_house.amazon("SOAP")["attributes"]
    assert offer_of(open_house, "OIL")["discounted_price"] == theirs
    assert (settled(open_house, "SOAP"), settled(open_house, "OIL")) == (("", True, ""), ("", True, ""))


def patch(house, sku, name, entry):
    """Somebody changes the offer in Seller Central."""
    listing = house.box.world.listing(house.seller, sku)
    write = listing_writes.Write(house.seller, sku, [FR], "PRODUCT", [("merge", name, [entry])])
    listing_writes.apply(house.box.world, listing_writes.plain(write))
    assert listing.attributes[name]


def special(house, price, first, last):
    (house.folder / "catalogue.csv").write_text(
        "sku,title,price,currency,tax_rate,on_hand,special_price,special_from,special_until\n"
        f"SOAP,Soap,10.00,EUR,20,12,{price},{first},{last}\nOIL,Oil,20.00,EUR,5.5,5,,,\n"
    )
    house.live(60)


def test_the_shops_special_price_takes_the_place_of_the_price_on_its_days_by_itself(open_house):
    say(open_house, ALL, special_price="as_price")
    special(open_house, "7.50", "2026-03-02", "2026-03-02")
    shown = [price(open_house, "SOAP")]
    for _ in range(2):
        open_house.advance(DAY)
        open_house.live(120, step=20)
        shown.append(price(open_house, "SOAP"))

    assert shown == [Decimal("10.00"), Decimal("7.50"), Decimal("10.00")]
    assert settled(open_house, "SOAP") == ("", True, "")


def test_the_shops_special_price_goes_out_as_a_sale_and_goes_when_the_shop_has_it_no_more(open_house):
    say(open_house, ALL, special_price="as_sale", percent="10")
    special(open_house, "7.50", "2026-02-20", "2026-03-20")
    assert price(open_house, "SOAP") == Decimal("8.25")
    assert submitted_price(open_house, "SOAP") == 11

    special(open_house, "", "", "")

    assert price(open_house, "SOAP") == Decimal("11.00")
    assert "discounted_price" not in offer_of(open_house, "SOAP")


def test_a_sale_without_days_is_held_by_name_and_the_rest_goes_on(open_house):
    say(open_house, ALL, special_price="as_sale")
    special(open_house, "7.50", "2026-02-20", "")
    open_house.live(30)

    row = models.Offer.objects.get(sku="SOAP")
    assert (row.alarm, row.alarm_detail, price(open_house, "SOAP")) == ("held", "sale_days", Decimal("10.00"))


def test_the_price_of_a_group_of_customers_is_the_base_where_there_is_one(open_house):
    say(open_house, ALL, price_group="Wholesale", percent="10")
    (open_house.folder / "catalogue.csv").write_text(
        "sku,title,price,currency,tax_rate,on_hand,price:Wholesale\nSOAP,Soap,10.00,EUR,20,12,8.00\nOIL,Oil,20.00,EUR,5.5,5,\n"
    )
    open_house.live(30)

    assert (price(open_house, "SOAP"), price(open_house, "OIL")) == (Decimal("8.80"), Decimal("22.00"))
    assert ["price_group", "wholesale", "account"] in models.Offer.objects.get(sku="SOAP").desired_steps
    assert tried(open_house, ALL) == {"SOAP": (12, "10.00 EUR", ""), "OIL": (5, "20.00 EUR", "")}
    (open_house.folder / "catalogue.csv").write_text(
        "sku,title,price,currency,tax_rate,on_hand,price:Wholesale\nSOAP,Soap,10.00,EUR,20,12,9.00\nOIL,Oil,20.00,EUR,5.5,5,\n"
    )
    open_house.live(30)
    assert price(open_house, "SOAP") == Decimal("9.90")


def test_a_groups_price_that_cannot_be_read_leaves_the_last_one_and_the_others_go_on(open_house):
    head = "sku,title,price,currency,tax_rate,on_hand,price:Wholesale\n"
    (open_house.folder / "catalogue.csv").write_text(
        f"{head}SOAP,Soap,10.00,EUR,20,12,14.00\nOIL,Oil,20.00,EUR,5.5,5,\n"
    )
    say(open_house, ALL, price_group="Wholesale")
    assert price(open_house, "SOAP") == Decimal("14.00")

    (open_house.folder / "catalogue.csv").write_text(
        f'{head}SOAP,Soap,10.00,EUR,20,7,"14,00"\nOIL,Oil,21.00,EUR,5.5,5,\n'
    )
    open_house.live(60)

    assert (price(open_house, "SOAP"), open_house.quantity("SOAP")) == (Decimal("14.00"), 7)
    row = models.Offer.objects.get(sku="SOAP")
    assert (row.alarm, row.alarm_detail) == ("held", "price_comma")
    assert price(open_house, "OIL") == Decimal("21.00")


def test_a_special_price_that_cannot_be_read_does_not_end_its_sale(open_house):
    say(open_house, ALL, special_price="as_sale")
    special(open_house, "7.50", "2026-02-20", "2026-03-20")
    assert price(open_house, "SOAP") == Decimal("7.50")

    special(open_house, "7.5O", "2026-02-20", "2026-03-20")

    assert price(open_house, "SOAP") == Decimal("7.50")
    assert models.Offer.objects.get(sku="SOAP").alarm == "held"


def test_rules_that_leave_no_price_hold_it_by_name_and_the_others_go_on(open_house):
    say(open_house, ALL, add="-15.00")

    row = models.Offer.objects.get(sku="SOAP")
    assert (row.alarm, row.alarm_detail, price(open_house, "SOAP")) == (
        "held",
        "rules_leave_no_price",
        Decimal("10.00"),
    )
    assert price(open_house, "OIL") == Decimal("5.00")


def test_a_ceiling_of_nothing_that_is_kept_from_before_stops_no_other_offer(open_house):
    models.Rule.objects.create(
        account=open_house.account, level="sku", name="SOAP", wishes={"ceiling": "0.00 EUR"},
        changed_at=open_house.deps.clock.now(),
    )  # fmt: skip
    open_house.change("SOAP", stock=7)
    open_house.change("OIL", price="21.00", stock=4)
    open_house.live(30)

    assert (open_house.quantity("OIL"), price(open_house, "OIL")) == (4, Decimal("21.00"))
    assert (open_house.quantity("SOAP"), price(open_house, "SOAP")) == (7, Decimal("10.00"))
    assert models.Offer.objects.get(sku="SOAP").alarm_detail == "price_rule_wrong"


def test_a_preview_shows_the_handling_time_before_and_after(open_house):
    found = preview_rules.preview(open_house.deps, open_house.account, ALL, {"handling_days": "4"})
    assert not isinstance(found, Refused)

    lines = list(preview_rules.csv_lines(found))

    shown = {row["sku"]: row for row in csv.DictReader(lines)}
    names = [f"handling_days_{when}" for when in ("on_amazon", "before", "after")]
    assert {sku: [row[name] for name in names] for sku, row in shown.items()} == {
        "SOAP": ["2", "", "4"], "OIL": ["2", "", "4"],
    }  # fmt: skip


def test_a_rule_that_is_taken_away_counts_no_more(open_house):
    say(open_house, SITE, buffer="2", price_led_by="other_tool")
    open_house.change("SOAP", price="12.00")
    (open_house.folder / "catalogue.csv").write_text(
        "sku,title,price,currency,tax_rate,on_hand,group\nSOAP,Soap,12.00,EUR,20,12,bath\nOIL,Oil,20.00,EUR,5.5,5,kitchen\n"
    )
    open_house.live(30)
    assert (open_house.quantity("SOAP"), price(open_house, "SOAP")) == (10, Decimal("10.00"))

    say(open_house, SITE)

    assert (open_house.quantity("SOAP"), price(open_house, "SOAP")) == (12, Decimal("12.00"))
    assert not models.Rule.objects.exists()
    told = [entry.placeholders["wishes"] for entry in models.Journal.objects.filter(code="rule_said").order_by("id")]
    assert told == ["buffer=2, price_led_by=other_tool", "buffer=, price_led_by="]


def test_only_what_a_rule_counts_for_is_looked_at_again(open_house):
    before = dict(models.Offer.objects.values_list("sku", "wanted_no"))

    found = set_rules.say(open_house.deps, open_house.account, Place("group", "", "bath"), {"buffer": "3"}, "Camille")

    assert found is None
    after = dict(models.Offer.objects.values_list("sku", "wanted_no"))
    assert {sku for sku in after if after[sku] != before[sku]} == {"SOAP"}


def test_saying_the_same_again_changes_nothing(open_house):
    say(open_house, SITE, buffer="2")
    before = models.Offer.objects.get(sku="SOAP").wanted_no, models.Journal.objects.count()

    say(open_house, SITE, buffer=" 2 ")

    assert (models.Offer.objects.get(sku="SOAP").wanted_no, models.Journal.objects.count()) == before


def test_why_a_number_is_what_it_is_says_whose_rule_it_was(open_house):
    say(open_house, ALL, buffer="2")
    say(open_house, Place("sku", "", "SOAP"), ending="99")

    steps = models.Offer.objects.get(sku="SOAP").desired_steps
    assert steps == [
        ["on_hand", "12", ""], ["buffer", "-2", "account"], ["shop_price", "10.00", ""], ["ending", "9.99", "sku"],
    ]  # fmt: skip


def test_a_rule_the_article_does_not_fit_holds_its_price_and_nothing_else(open_house):
    (open_house.folder / "catalogue.csv").write_text(
        "sku,title,price,currency,tax_rate,on_hand\nSOAP,Soap,12.00,EUR,,7\nOIL,Oil,20.00,EUR,5.5,5\n"
    )

    say(open_house, SITE, site_tax="19")

    assert (open_house.quantity("SOAP"), price(open_house, "SOAP")) == (7, Decimal("10.00"))
    assert price(open_house, "OIL") == Decimal("22.56")
    row = models.Offer.objects.get(sku="SOAP")
    assert (row.alarm, row.alarm_detail) == ("held", "tax_rate_missing")


@pytest.mark.parametrize(
    ("wishes", "quantity", "why"),
    [({"cap": "9.5"}, 12, "rule_wrong"), ({"colour": "red"}, 12, "rule_wrong"), ({"floor": "9.00 GBP"}, 7, "price_rule_wrong")],
)  # fmt: skip
def test_what_is_kept_and_cannot_be_read_holds_what_it_is_about_and_nothing_else(open_house, wishes, quantity, why):
    models.Rule.objects.create(
        account=open_house.account, level="sku", name="SOAP", wishes=wishes,
        changed_at=open_house.deps.clock.now(),
    )  # fmt: skip
    (open_house.folder / "catalogue.csv").write_text(
        "sku,title,price,currency,tax_rate,on_hand\nSOAP,Soap,12.00,EUR,20,7\nOIL,Oil,21.00,EUR,5.5,4\n"
    )

    open_house.live(30)

    assert (open_house.quantity("SOAP"), price(open_house, "SOAP")) == (quantity, Decimal("10.00"))
    assert (open_house.quantity("OIL"), price(open_house, "OIL")) == (4, Decimal("21.00"))
    assert models.Offer.objects.get(sku="SOAP").alarm_detail == why


@pytest.mark.parametrize(
    ("place", "told", "field", "code"),
    [
        (SITE, {"buffer": "two"}, "buffer", "not_a_number"),
        (SITE, {"colour": "red"}, "colour", "unknown_wish"),
        (SITE, {"floor": "9", "ceiling": "8"}, "floor", "floor_above_ceiling"),
        (SITE, {"sale_from": "2026-03-02", "sale_until": "2026-03-01"}, "sale_until", "ends_before_it_begins"),
        (Place("site", "A0NOWHERE"), {"buffer": "1"}, "site", "not_a_choice"),
        (Place("site"), {"buffer": "1"}, "site", "not_a_choice"),
        (Place("account", FR), {"buffer": "1"}, "site", "not_a_choice"),
        (Place("account", "", "SOAP"), {"buffer": "1"}, "name", "no_such_name"),
        (Place("group", "", "garden"), {"buffer": "1"}, "name", "no_such_name"),
        (Place("sku", "", "NONE"), {"buffer": "1"}, "name", "no_such_name"),
        (Place("shelf"), {"buffer": "1"}, "level", "not_a_choice"),
    ],
)
def test_what_cannot_be_said_is_refused_and_changes_nothing(open_house, place, told, field, code):
    found = set_rules.say(open_house.deps, open_house.account, place, told, "Camille")

    assert isinstance(found, Refused)
    assert (found.field, found.code) == (field, code)
    assert not models.Rule.objects.exists()


def test_rules_travel_as_a_file_and_come_back_as_they_were(open_house):
    say(open_house, ALL, percent="-2.5", buffer="1")
    say(open_house, Place("sku", FR, "SOAP"), floor="9.50", cap="none")
    file = "".join(set_rules.csv_lines(AccountId(open_house.account_id))).encode()
    kept = list(models.Rule.objects.order_by("pk").values_list("level", "site", "name", "wishes"))
    models.Rule.objects.all().delete()

    found = set_rules.read_csv(open_house.account, file)
    assert not isinstance(found, WrongLine), found
    set_rules.take(open_house.deps, open_house.account, found, "Camille")

    assert list(models.Rule.objects.order_by("pk").values_list("level", "site", "name", "wishes")) == kept


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (b"level,name,buffer\nsku,SOAP,1\nsku,OIL,x\n", 3),
        (b"level,name,buffer\nsku,SOAP,1\nsku,SOAP,2\n", 3),
        (b"level,name,colour\nsku,SOAP,1\n", 1),
        (b"name,buffer\nSOAP,1\n", 1),
        (b"level,name,buffer\nsku,SOAP\n", 2),
        (b"\xff\xfe", 1),
        (b"", 1),
    ],
)
def test_a_wrong_line_is_named_and_nothing_of_the_file_is_taken(open_house, file, line):
    found = set_rules.read_csv(open_house.account, file)

    assert isinstance(found, WrongLine)
    assert found.line == line


def tried(house, place, **told):
    found = preview_rules.preview(house.deps, house.account, place, told)
    assert not isinstance(found, Refused), found
    return {one.offer.sku: (one.after.quantity, str(one.after.price), one.held) for one in found}


def test_what_a_rule_would_change_is_seen_before_and_is_what_comes_of_it(open_house):
    say(open_house, ALL, buffer="1")
    place, told = Place("group", "", "kitchen"), {"percent": "10", "ending": "99", "buffer": "3"}
    before = list(models.Offer.objects.order_by("sku").values_list("desired_quantity", "desired_minor", "wanted_no"))

    found = tried(open_house, place, **told)

    assert found == {"OIL": (2, "21.99 EUR", "")}
    assert before == list(
        models.Offer.objects.order_by("sku").values_list("desired_quantity", "desired_minor", "wanted_no")
    )
    say(open_house, place, **told)
    assert (open_house.quantity("OIL"), price(open_house, "OIL")) == (2, Decimal("21.99"))
    assert tried(open_house, place, **told) == {}
    assert tried(open_house, place) == {"OIL": (4, "20.00 EUR", "")}


def test_a_preview_counts_what_was_sold_and_is_not_in_the_shop_yet(open_house):
    open_house.buy("SOAP", 2, pending_seconds=3600)
    open_house.live(400, step=40)

    assert tried(open_house, ALL, buffer="1")["SOAP"][0] == 9


def test_a_preview_says_what_would_be_held(open_house):
    (open_house.folder / "catalogue.csv").write_text(
        "sku,title,price,currency,tax_rate,on_hand\nSOAP,Soap,10.00,EUR,,12\nOIL,Oil,20.00,EUR,20,5\n"
    )
    open_house.live(30)

    assert tried(open_house, ALL, site_tax="19") == {
        "SOAP": (12, "None", "tax_rate_missing"), "OIL": (5, "19.83 EUR", ""),
    }  # fmt: skip


def test_a_file_of_rules_is_tried_as_a_whole_before_it_is_taken(open_house):
    """Of several places that touch one offer the narrower counts, as it will."""
    house = open_house
    file = b"level,name,buffer,percent\naccount,,2,\nsku,OIL,1,10\n"
    found = set_rules.read_csv(house.account, file)
    shown = {
        one.offer.sku: (one.before.quantity, one.after.quantity, str(one.after.price))
        for one in preview_rules.preview_file(house.deps, house.account, found)
    }
    assert shown == {"SOAP": (12, 10, "10.00 EUR"), "OIL": (5, 4, "22.00 EUR")}
    assert not models.Rule.objects.exists()

    set_rules.take(house.deps, house.account, found, "Camille")
    house.live(60)

    assert (house.quantity("SOAP"), house.quantity("OIL"), price(house, "OIL")) == (10, 4, Decimal("22.00"))


def test_a_file_about_one_sku_is_tried_on_that_one_only(open_house):
    found = set_rules.read_csv(open_house.account, b"level,name,buffer\nsku,OIL,1\nsku,SOAP,0\n")

    (only,) = preview_rules.preview_file(open_house.deps, open_house.account, found)

    assert (only.offer.sku, only.after.quantity) == ("OIL", 4)


def test_a_preview_of_what_cannot_be_said_is_refused(open_house):
    found = preview_rules.preview(open_house.deps, open_house.account, ALL, {"buffer": "two"})

    assert isinstance(found, Refused)


def decide(house):
    """Every offer is decided anew. Nothing else runs: the box would say again which currency its site has."""
    offers.mark(AccountId(house.account_id), house.deps.clock.now())
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["reconcile_offers"])
    jobs.run(house.deps, "reconcile_offers", f"account:{house.account_id}")


@pytest.fixture
def abroad(open_house):
    """The same SKU on a site of another currency, which the shop has no price in."""
    models.AccountSite.objects.filter(site=FR).update(currency="GBP")
    decide(open_house)
    return open_house


def rate(house, text):
    found = set_rates.read("EUR", "GBP", text, "", house.deps.clock.now().date())
    assert not isinstance(found, Refused), found
    set_rates.say(house.deps, [found], "Camille")
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["reconcile_offers"])
    jobs.run(house.deps, "reconcile_offers", f"account:{house.account_id}")


def wanted(house):
    row = models.Offer.objects.get(sku="SOAP")
    return row.desired_minor, row.desired_currency, row.alarm, row.alarm_detail


def test_without_a_rate_the_price_is_held_and_with_one_it_goes_out(abroad):
    assert wanted(abroad) == (None, "", "held", "rate_missing")

    rate(abroad, "0.85")

    assert wanted(abroad)[:2] == (850, "GBP")
    steps = models.Offer.objects.get(sku="SOAP").desired_steps
    assert ["rate", "0.85 (2026-03-01)", ""] in steps


def test_a_rate_that_grew_old_holds_what_changes_from_then_on(abroad):
    rate(abroad, "0.85")
    abroad.advance(8 * DAY)

    abroad.change("SOAP", price="12.00")
    decide(abroad)

    assert wanted(abroad) == (None, "", "held", "rate_too_old")
    rate(abroad, "0.90")
    assert wanted(abroad)[:2] == (1080, "GBP")


@pytest.mark.parametrize(
    ("told", "field", "code"),
    [
        (("EUR", "EUR", "1", ""), "target", "not_a_currency"),
        (("euro", "GBP", "1", ""), "source", "not_a_currency"),
        (("EUR", "GBP", "0,85", ""), "rate", "not_a_number"),
        (("EUR", "GBP", "0", ""), "rate", "not_a_number"),
        (("EUR", "GBP", "-1", ""), "rate", "not_a_number"),
        (("EUR", "GBP", "0.85", "yesterday"), "on", "not_a_day"),
        (("EUR", "GBP", "0.85", "2026-03-02"), "on", "not_come_yet"),
        (("EUR", "GBP", "0.85", "2026-02-01"), "on", "rate_too_old"),
    ],
)
def test_what_is_no_rate_is_refused(told, field, code):
    found = set_rates.read(*told, date(2026, 3, 1))

    assert isinstance(found, Refused)
    assert (found.field, found.code) == (field, code)


def test_rates_come_in_with_a_file_all_or_none(abroad):
    today = date(2026, 3, 1)
    good = set_rates.read_csv(b"source,target,rate,on\nEUR,GBP,0.85,2026-02-28\nEUR,SEK,11.2,\n", today)
    assert isinstance(good, list)
    set_rates.say(abroad.deps, good, "Camille")

    assert [(row.target, str(row.on)) for row in models.Rate.objects.order_by("target")] == [
        ("GBP", "2026-02-28"), ("SEK", "2026-03-01"),
    ]  # fmt: skip
    for wrong, line in ((b"source,target\nEUR,GBP\n", 1), (b"source,target,rate\nEUR,GBP,1\nEUR,GBP,2\n", 3),
                        (b"source,target,rate\nEUR,GBP,x\n", 2), (b"\xff", 1)):  # fmt: skip
        found = set_rates.read_csv(wrong, today)
        assert isinstance(found, WrongLine)
        assert found.line == line
