"""Two accounts sell from one shop's stock: divided by shares, or one yields to the other; and what is said where a piece could be sold twice."""

import csv

import pytest

from forain.flows import divide_stock, link_offers, preview_rules, set_rules
from forain.store import models
from forain.store.rules import Place

from .test_sold_elsewhere import of, second_account

ALL = Place("account")
SOLD_LATER = {"pending_seconds": 864000}


@pytest.fixture
def house(make_house):
    house = make_house({"SOAP": ("10.00", 12), "OIL": ("20.00", 5)})
    house.second = second_account(house)
    house.live(60)
    assert shown(house) == (12, 12)
    return house


def shown(house):
    return house.quantity("SOAP"), of(house, "A2SECONDSELLER", "SOAP")


def say(house, account, place=ALL, **told):
    assert set_rules.say(house.deps, account, place, told, "Camille") is None
    house.live(30)


def test_shares_divide_the_stock_and_no_piece_is_shown_twice(house):
    say(house, house.account, share="60")
    say(house, house.second, share="40")
    assert shown(house) == (7, 4)

    house.buy("SOAP", 2, **SOLD_LATER)
    house.live(600, step=30)
    assert shown(house) == (6, 4)

    house.change("SOAP", stock=3)
    house.live(30)
    # One is free: what rounding leaves is for the shop's own customers.
    assert shown(house) == (0, 0)


def test_who_yields_shows_what_remains_above_what_it_keeps_back(house):
    say(house, house.second, buffer="5")
    assert shown(house) == (12, 7)

    house.buy("SOAP", 6, **SOLD_LATER)
    house.live(600, step=30)
    assert shown(house) == (6, 1)

    house.buy("SOAP", 3, **SOLD_LATER)
    house.live(600, step=30)
    assert shown(house) == (3, 0)


def test_the_last_pieces_are_left_to_the_account_that_goes_first(house):
    say(house, house.second, last_pieces="5")
    assert shown(house) == (12, 12)

    house.change("SOAP", stock=5)
    house.live(30)

    assert shown(house) == (5, 0)


def test_half_of_it_and_nothing_of_the_last_pieces(house):
    say(house, house.account, share="50")
    say(house, house.second, share="50", last_pieces="5")
    assert shown(house) == (6, 6)

    house.change("SOAP", stock=5)
    house.live(30)

    assert shown(house) == (2, 0)


def test_what_the_accounts_take_together_is_known_and_is_their_own_of_one_account(house):
    found = divide_stock.division(house.account)
    assert (found.together, found.twice) == (200, True)
    assert [(one.account.name, one.site, one.stock.share) for one in found.slices] == [
        (house.account.name, "", 100), ("Second", "", 100),
    ]  # fmt: skip

    say(house, house.account, share="60")
    say(house, house.second, share="40")
    assert (divide_stock.division(house.second).together, divide_stock.division(house.second).twice) == (100, False)
    say(house, house.second, quantity_led_by="other_tool")
    assert divide_stock.division(house.account).together == 60

    models.Account.objects.filter(pk=house.second.pk).update(shop=None)
    assert divide_stock.division(house.account) is None


def tried(house, place=ALL, **told):
    found = preview_rules.preview(house.deps, house.account, place, told)
    return {one.offer.sku: (one.after.quantity, one.together, one.twice) for one in found}


def test_the_preview_says_which_pieces_two_accounts_could_sell(house):
    assert tried(house, share="50") == {"SOAP": (6, 150, True), "OIL": (2, None, False)}

    say(house, house.second, Place("sku", "", "SOAP"), share="50")
    assert tried(house, share="50") == {"SOAP": (6, 100, False), "OIL": (2, None, False)}
    assert tried(house, share="50.5") == {"SOAP": (6, 100.5, True), "OIL": (2, None, False)}
    # What is said of the one SKU goes before what would be said of the account.
    say(house, house.account, Place("sku", "", "SOAP"), share="20")
    assert tried(house, share="90") == {"OIL": (4, None, False)}
    assert tried(house, Place("sku", "", "SOAP"), share="90")["SOAP"] == (10, 140, True)

    file = preview_rules.csv_lines(preview_rules.preview(house.deps, house.account, ALL, {"share": "90"}))
    (row,) = csv.DictReader(list(file))
    assert (row["sku"], row["shares_together"]) == ("OIL", "")


def test_the_preview_counts_bundles_that_take_of_the_same_article(house):
    link_offers.bundle(house.deps, house.second, "SET", [("OIL", "1"), ("SOAP", "2")], "Camille")
    models.Offer.objects.filter(account=house.second, sku="SOAP").update(sku="SET")

    assert tried(house, share="30") == {"SOAP": (3, 130, True), "OIL": (1, 130, True)}


def test_what_amazon_fulfils_takes_nothing_of_the_shops_stock(house):
    models.Offer.objects.filter(account=house.second).update(fulfilled_by="marketplace")

    assert tried(house, share="50") == {"SOAP": (6, None, False), "OIL": (2, None, False)}


def test_a_rule_of_the_other_account_that_cannot_be_read_takes_nothing_and_breaks_nothing(house):
    models.Rule.objects.create(
        account=house.second, level="account", wishes={"share": "half"}, changed_at=house.deps.clock.now()
    )

    assert tried(house, share="50")["SOAP"] == (6, None, False)
    assert divide_stock.division(house.account).together == 100
