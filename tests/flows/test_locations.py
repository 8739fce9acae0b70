"""Which of the shop's stock locations count: by rule, up to Amazon; what cannot be counted holds its own offer and no other."""

import html

import pytest

from forain.flows import link_offers, preview_rules, set_rules
from forain.store import models
from forain.store.rules import Place

from .conftest import FR
from .test_sold_elsewhere import of, second_account

ALL = Place("account")
HEAD = "sku,title,price,currency,tax_rate,on_hand,stock:Lyon,stock:Périgueux,group\n"
GOODS = {"SOAP": "SOAP,Soap,10.00,EUR,20,,7,5,bath", "OIL": "OIL,Oil,20.00,EUR,20,,2,0,"}


def catalogue(house, head=HEAD, **lines):
    (house.folder / "catalogue.csv").write_text(head + "".join(f"{line}\n" for line in (GOODS | lines).values()))
    house.live(30)


def say(house, place=ALL, account=None, **told):
    assert set_rules.say(house.deps, account or house.account, place, told, "Camille") is None
    house.live(30)


@pytest.fixture
def house(make_house):
    house = make_house({"SOAP": ("10.00", 12), "OIL": ("20.00", 2)})
    catalogue(house)
    house.live(30)
    assert shown(house) == (12, 2)
    return house


def shown(house):
    return house.quantity("SOAP"), house.quantity("OIL")


def offer(sku):
    return models.Offer.objects.get(sku=sku)


def price(house, sku):
    return float(house.amazon(sku)["prices"][FR])


def test_a_rule_says_which_locations_count_and_a_narrower_one_says_otherwise(house):
    say(house, locations="Périgueux")
    assert shown(house) == (5, 0)

    say(house, Place("sku", "", "SOAP"), locations="LYON")
    say(house, Place("sku", "", "OIL"), locations="none")

    assert shown(house) == (7, 2)
    assert offer("SOAP").desired_steps[:2] == [["locations", "LYON", "sku"], ["on_hand", "7", ""]]
    say(house, Place("group", "", "bath"), locations="lyon; périgueux")
    say(house, Place("sku", "", "SOAP"))
    assert house.quantity("SOAP") == 12


def test_a_change_in_one_location_is_told_where_it_counts(house):
    say(house, Place("sku", "", "SOAP"), locations="Lyon")

    catalogue(house, SOAP="SOAP,Soap,10.00,EUR,20,,6,5,bath")
    assert house.quantity("SOAP") == 6

    # From one location to the other: the sum is the same.
    catalogue(house, SOAP="SOAP,Soap,10.00,EUR,20,,1,10,bath")
    assert house.quantity("SOAP") == 1


def test_sold_pieces_that_the_shop_does_not_know_are_taken_off_what_counts(house):
    say(house, locations="Périgueux")
    house.buy("SOAP", 2, pending_seconds=864000)
    house.live(600, step=30)

    assert house.quantity("SOAP") == 3
    assert ["unimported", "-2", ""] in offer("SOAP").desired_steps


def test_an_order_that_waits_in_the_shop_is_taken_off_what_counts(house):
    say(house, locations="Périgueux")
    house.buy("SOAP", 2)
    house.live(600, step=30)

    assert house.shop_orders() != []
    assert house.quantity("SOAP") == 3


def test_a_bundle_counts_the_same_locations(make_house):
    house = make_house({"SOAP": ("10.00", 12), "OIL": ("20.00", 2)}, on_amazon={"SET": ("40.00", 1)})
    catalogue(house)
    link_offers.bundle(house.deps, house.account, "SET", [("SOAP", "2"), ("OIL", "1")], "Camille")
    house.live(60)
    assert house.quantity("SET") == 2

    say(house, Place("sku", "", "SET"), locations="Périgueux")
    assert house.quantity("SET") == 0
    say(house, Place("sku", "", "SET"), locations="Lyonn")
    assert (house.quantity("SET"), offer("SET").alarm) == (0, "held")
    say(house, Place("sku", "", "SET"), locations="Lyon")
    assert house.quantity("SET") == 2
    assert offer("SET").desired_steps[:3] == [
        ["locations", "Lyon", "sku"],
        ["smallest", "OIL", ""],
        ["on_hand", "2", ""],
    ]


def test_a_slip_in_a_name_sets_nothing_to_0_is_named_and_stops_nothing_else(house):
    say(house, Place("sku", "", "SOAP"), locations="Lyonn; Périgueux")
    catalogue(house, SOAP="SOAP,Soap,11.00,EUR,20,,6,5,bath", OIL="OIL,Oil,20.00,EUR,20,,1,0,")

    row = offer("SOAP")
    assert (row.alarm, row.alarm_detail) == ("held", "location_unknown name=Lyonn known=lyon, périgueux")
    assert row.notes == ["location_unknown"]
    assert (house.quantity("SOAP"), price(house, "SOAP")) == (12, 11.00)
    assert house.quantity("OIL") == 1
    assert "offer_held" in house.refused_codes()

    say(house, Place("sku", "", "SOAP"), locations="Lyon; Périgueux")
    assert (house.quantity("SOAP"), offer("SOAP").alarm) == (11, "")


def test_what_is_sold_out_everywhere_shows_0_whatever_a_name_means(house):
    say(house, Place("sku", "", "SOAP"), locations="Lyonn")
    catalogue(house, SOAP="SOAP,Soap,10.00,EUR,20,0,,,bath")

    assert (house.quantity("SOAP"), offer("SOAP").alarm) == (0, "")


def test_a_location_that_is_gone_from_the_shop_holds_and_goes_on_when_it_is_back(house):
    say(house, locations="Périgueux")
    old = {"SOAP": "SOAP,Soap,10.00,EUR,20,7,7", "OIL": "OIL,Oil,20.00,EUR,20,2,2"}

    catalogue(house, "sku,title,price,currency,tax_rate,on_hand,stock:Lyon\n", **old)

    assert (house.quantity("SOAP"), offer("SOAP").alarm) == (5, "held")
    assert offer("SOAP").alarm_detail == "location_unknown name=Périgueux known=lyon"
    house.shop.refresh_from_db()
    assert house.shop.locations == ["lyon"]
    catalogue(house, SOAP="SOAP,Soap,10.00,EUR,20,,7,4,bath")
    assert (house.quantity("SOAP"), offer("SOAP").alarm) == (4, "")


@pytest.mark.parametrize("wrong", ["-3", "2.5", "many", "1000001"])
def test_a_wrong_number_at_one_location_holds_who_counts_it_and_nobody_else(house, wrong):
    say(house, Place("sku", "", "OIL"), locations="Lyon")
    before = shown(house)

    catalogue(
        house, SOAP=f"SOAP,Soap,11.00,EUR,20,,6,{wrong},bath", OIL=f"OIL,Oil,20.00,EUR,20,,1,{wrong},",
    )  # fmt: skip

    # SOAP counts both locations and is held; OIL counts Lyon only and goes on. Its offer says all the same what is wrong.
    assert (house.quantity("SOAP"), price(house, "SOAP")) == (before[0], 11.00)
    assert house.quantity("OIL") == 1
    assert {offer(sku).alarm for sku in ("SOAP", "OIL")} == {"held"}
    assert "stock_held" in offer("SOAP").notes
    assert "stock_held" not in offer("OIL").notes


def test_a_sum_that_differs_holds_the_article_and_no_other(house):
    catalogue(house, SOAP="SOAP,Soap,10.00,EUR,20,10,6,5,bath", OIL="OIL,Oil,20.00,EUR,20,1,1,,")

    assert (house.quantity("SOAP"), offer("SOAP").alarm_detail) == (12, "stock_sum_differs")
    assert (house.quantity("OIL"), offer("OIL").alarm) == (1, "")


def test_the_preview_shows_what_would_be_counted_and_what_would_be_held(house):
    def tried(**told):
        found = preview_rules.preview(house.deps, house.account, ALL, told)
        return {one.offer.sku: (one.before.quantity, one.after.quantity, one.held) for one in found}

    assert tried(locations="Périgueux") == {"SOAP": (12, 5, ""), "OIL": (2, 0, "")}
    slip = "location_unknown name=Paris known=lyon, périgueux"
    assert tried(locations="Paris") == {"SOAP": (12, None, slip), "OIL": (2, None, slip)}
    assert tried(locations="lyon;Périgueux") == {}


def test_two_accounts_may_sell_from_two_locations_and_never_the_same_piece(house):
    second = second_account(house)
    house.live(120)
    say(house, locations="Lyon")
    say(house, account=second, locations="Périgueux")

    assert (house.quantity("SOAP"), of(house, "A2SECONDSELLER", "SOAP")) == (7, 5)


def test_a_fall_to_0_at_the_location_that_orders_explain_is_not_braked(house):
    second = second_account(house)
    say(house, account=second, locations="Périgueux")
    house.live(60)
    assert of(house, "A2SECONDSELLER", "SOAP") == 5

    house.buy("SOAP", 5, pending_seconds=864000)
    house.live(600, step=30)

    assert of(house, "A2SECONDSELLER", "SOAP") == 0
    assert not models.Leap.objects.filter(kind="zero").exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "the shop has no such stock location for this article; it has: lyon, périgueux."),
        ("fr", "la boutique n'a pas ce lieu de stockage pour cet article"),
        ("de", "der Shop hat für diesen Artikel keinen solchen Lagerort; er hat: lyon, périgueux."),
    ],
)
def test_the_offers_page_says_it_in_words(house, client, language, words):
    from tests.people import come_in

    say(house, Place("sku", "", "SOAP"), locations="Lyonn")
    come_in(client)
    client.cookies["forain_language"] = language

    page = html.unescape(client.get(f"/offers/{offer('SOAP').pk}").content.decode())

    assert words in page
    assert "Lyonn" in page
    assert "location_unknown" not in page
    assert {"en": "count at a stock", "fr": "comptent à un lieu", "de": "zählen in einem Lagerort"}[language] in page
