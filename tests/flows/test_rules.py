"""What the merchant wishes for his offers is what Amazon shows: by account, site, group and SKU, by hand and with a file."""

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


def test_a_rule_that_is_taken_away_counts_no_more(open_house):
    say(open_house, SITE, buffer="2", sends_price="no")
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
    assert told == ["buffer=2, sends_price=no", "buffer=, sends_price="]


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


def test_what_is_kept_and_cannot_be_read_holds_its_offers_and_no_others(open_house):
    models.Rule.objects.create(
        account=open_house.account, level="sku", name="SOAP", wishes={"floor": "9.00 GBP"},
        changed_at=open_house.deps.clock.now(),
    )  # fmt: skip
    (open_house.folder / "catalogue.csv").write_text(
        "sku,title,price,currency,tax_rate,on_hand\nSOAP,Soap,12.00,EUR,20,7\nOIL,Oil,21.00,EUR,5.5,4\n"
    )

    open_house.live(30)

    assert (open_house.quantity("SOAP"), price(open_house, "SOAP")) == (12, Decimal("10.00"))
    assert (open_house.quantity("OIL"), price(open_house, "OIL")) == (4, Decimal("21.00"))
    assert models.Offer.objects.get(sku="SOAP").alarm_detail == "rule_wrong"


@pytest.mark.parametrize(
    ("place", "told", "field", "code"),
    [
        (SITE, {"buffer": "two"}, "buffer", "not_a_number"),
        (SITE, {"colour": "red"}, "colour", "unknown_wish"),
        (SITE, {"floor": "9", "ceiling": "8"}, "floor", "floor_above_ceiling"),
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
