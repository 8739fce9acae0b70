"""Amazon keeps one quantity and one handling time of an SKU for all sites of a seller: one is decided, told once, seen on each."""

import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest

from forain.core import roads
from forain.core.ids import AccountId
from forain.core.pricing import Rate
from forain.flows import preview_rules, set_rates, set_rules, setup
from forain.store import accounts, limits, models, runs
from forain.store.rules import Place
from forain_box import listing_writes

from .conftest import DE, FR, PL, cutting


class Told:
    """All that was told of the offers: (site, attribute names, quantity)."""

    def __init__(self):
        self.changes = []
        self.forget = self.changes.clear

    def wire(self, box):
        through = cutting(box)

        def answer(environ, start_response):
            if environ["REQUEST_METHOD"] == "PATCH":
                body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                environ["wsgi.input"] = io.BytesIO(body)
                site = environ["QUERY_STRING"].split("marketplaceIds=")[1].split("&")[0]
                for patch in json.loads(body)["patches"]:
                    self.changes.append((site, patch["path"].rsplit("/", 1)[1], patch["value"][0]))
            return through(environ, start_response)

        return answer

    def stock(self):
        """(site, pieces or None, days or None) of each telling of what is shared."""
        return [
            (site, value.get("quantity"), value.get("lead_time_to_ship_max_days"))
            for site, name, value in self.changes
            if name == "fulfillment_availability"
        ]

    def prices(self):
        return [
            (site, value["our_price"][0]["schedule"][0]["value_with_tax"])
            for site, name, value in self.changes
            if name == "purchasable_offer"
        ]


@pytest.fixture
def told():
    return Told()


@pytest.fixture
def house(make_house, told):
    house = make_house({"SOAP": ("10.00", 12)}, transport=told.wire, sites=(FR, DE, PL))
    set_rates.say(house.deps, [Rate("EUR", "PLN", Decimal(4), house.deps.clock.now().date())], "Camille")
    house.live(60)
    assert shown(house) == {FR: 12, DE: 12, PL: 12}
    return house


def rows(house):
    return {row.site: row for row in models.Offer.objects.filter(sku="SOAP")}


def shown(house):
    return {site: row.observed_quantity for site, row in rows(house).items()}


def waiting(house):
    return [row.site for row in rows(house).values() if row.wanted_no > row.settled_no or row.submission]


def say(house, site="", level="site", seconds=60, **told):
    assert set_rules.say(house.deps, house.account, Place(level, site), told, "Camille") is None
    house.live(seconds)


def test_an_account_of_more_sites_than_calls_at_once_comes_to_rest(house):
    house.advance(3600)
    seldom = {"rate": 1 / 30, "burst": 1, "tokens": 1, "at": house.deps.clock.now()}
    scope = limits.scope_of(house.account)
    models.Limit.objects.update_or_create(scope=scope, operation="searchListingsItems", defaults=seldom)

    house.change("SOAP", price="12.00", stock=7)
    house.live(900, step=30)

    assert shown(house) == {FR: 7, DE: 7, PL: 7}
    assert waiting(house) == []
    assert Decimal(house.amazon("SOAP")["prices"][PL]) == Decimal("48.00")


def test_a_quantity_is_told_once_and_seen_on_each_site(house, told):
    told.forget()
    house.change("SOAP", stock=7)
    house.live(60)

    assert house.quantity("SOAP") == 7
    assert told.stock() == [(DE, 7, None)]
    assert (shown(house), waiting(house)) == ({FR: 7, DE: 7, PL: 7}, [])
    assert {row.acknowledged_quantity for row in rows(house).values()} == {7}


def test_prices_and_currencies_are_of_each_site(house, told):
    told.forget()
    house.change("SOAP", price="11.00", stock=7)
    house.live(60)

    assert sorted(told.prices()) == sorted([(FR, 11.0), (DE, 11.0), (PL, 44.0)])
    assert told.stock() == [(DE, 7, None)]
    assert {site: Decimal(price) for site, price in house.amazon("SOAP")["prices"].items()} == {
        FR: Decimal("11.00"), DE: Decimal("11.00"), PL: Decimal("44.00"),
    }  # fmt: skip
    assert waiting(house) == []


def test_the_smallest_of_what_the_sites_rules_say_counts_and_is_not_fought_over(house, told):
    told.forget()
    say(house, FR, buffer="5")
    house.live(1200, step=30)

    assert told.stock() == [(DE, 7, None)]
    assert (house.quantity("SOAP"), shown(house), waiting(house)) == (7, {FR: 7, DE: 7, PL: 7}, [])
    for row in rows(house).values():
        assert row.desired_quantity == 7
        assert ["buffer", "-5", "site"] in row.desired_steps
        assert ["site_counts", "www.amazon.fr", ""] in row.desired_steps
        assert "quantity_shared" in row.notes

    told.forget()
    say(house, FR)
    assert (told.stock(), shown(house)) == ([(DE, 12, None)], {FR: 12, DE: 12, PL: 12})
    assert "quantity_shared" not in rows(house)[FR].notes


def test_an_amount_of_another_sites_currency_holds_the_price_there_and_no_quantity_anywhere(house, told):
    models.Rule.objects.create(
        account=house.account, level="account", wishes={"floor": "11.00 EUR"}, changed_at=house.deps.clock.now()
    )
    house.change("SOAP", stock=7)
    house.live(120)

    assert shown(house) == {FR: 7, DE: 7, PL: 7}
    assert {site: Decimal(price) for site, price in house.amazon("SOAP")["prices"].items()} == {
        FR: Decimal("11.00"), DE: Decimal("11.00"), PL: Decimal("40.00"),
    }  # fmt: skip
    assert {site: row.alarm_detail for site, row in rows(house).items()} == {FR: "", DE: "", PL: "price_rule_wrong"}

    say(house, PL, floor="45.00")
    assert Decimal(house.amazon("SOAP")["prices"][PL]) == Decimal("45.00")
    assert rows(house)[PL].alarm == ""


def test_one_handling_time_counts_and_it_is_the_longest(house, told):
    say(house, level="account", handling_days="2")
    told.forget()
    say(house, PL, handling_days="4")
    house.live(1200, step=30)

    assert told.stock() == [(DE, None, 4)]
    assert {row.observed_terms["handling_days"] for row in rows(house).values()} == {"4"}
    assert waiting(house) == []
    assert models.Journal.objects.filter(code="changed_elsewhere").count() == 0
    assert {json.dumps(row.changed_elsewhere) for row in rows(house).values()} == {"{}"}
    assert ["site_counts", "www.amazon.pl", ""] in rows(house)[DE].desired_steps
    assert ["site_counts", "www.amazon.pl", ""] not in rows(house)[PL].desired_steps


def test_a_handling_time_that_somebody_else_changes_is_set_right_once_for_all(house, told):
    say(house, level="account", handling_days="2")
    for time in range(1, 4):
        told.forget()
        entry = {"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": 9}
        write = listing_writes.Write(
            house.seller, "SOAP", [DE], "PRODUCT", [("merge", "fulfillment_availability", [entry])]
        )
        listing_writes.apply(house.box.world, listing_writes.plain(write))
        runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["sweep_offers"])
        house.live(120)
        assert told.stock() == ([(DE, None, 2)] if time < 3 else [])
    assert rows(house)[DE].held == rows(house)[FR].held == "changed_elsewhere"


@pytest.mark.parametrize("site", [FR, DE])
def test_a_sale_on_any_site_is_recognized_and_not_told(house, told, site):
    """Amazon has taken the pieces itself: Forain reads the order and what is shown, and says nothing."""
    told.forget()
    order = house.buy("SOAP", 2, marketplace_id=site)
    assert house.quantity("SOAP") == 10
    house.live(600, step=15)

    assert house.shop_orders() == [order["order_id"]]
    assert (house.quantity("SOAP"), shown(house), waiting(house)) == (10, {FR: 10, DE: 10, PL: 10}, [])
    assert [quantity for _, quantity, _ in told.stock() if quantity != 10] == []
    assert "changed_elsewhere" not in house.journal()
    assert {row.alarm for row in rows(house).values()} == {""}


def test_a_fall_that_is_seen_before_its_order_is_not_raised_over(house, told):
    house.buy("SOAP", 2, marketplace_id=DE, pending_seconds=90)
    told.forget()
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["sweep_offers"])
    # The lists of orders end two minutes ago: nobody knows of it yet.
    house.live(60)
    assert shown(house) == {FR: 10, DE: 10, PL: 10}
    assert told.stock() == []

    house.live(600, step=15)
    assert (house.quantity("SOAP"), waiting(house)) == (10, [])
    assert [quantity for _, quantity, _ in told.stock() if quantity != 10] == []


def test_a_price_that_is_told_does_not_make_an_unknown_sale_count_as_told(house, told):
    house.buy("SOAP", 2, marketplace_id=FR, pending_seconds=90)
    told.forget()
    house.change("SOAP", price="12.00")
    house.live(40)
    assert shown(house)[FR] == 10
    house.change("SOAP", price="13.00")
    house.live(40)

    assert [quantity for _, quantity, _ in told.stock() if quantity is not None] == []
    assert house.quantity("SOAP") == 10


def test_a_quantity_that_another_one_leads_on_one_site_is_led_by_them_on_all(house, told):
    say(house, DE, quantity_led_by="marketplace")
    told.forget()
    house.change("SOAP", stock=3)
    house.live(120)

    assert (told.stock(), house.quantity("SOAP")) == ([], 12)
    assert rows(house)[FR].led_elsewhere == {"quantity": ["marketplace", "3"]}


def test_where_the_first_site_may_not_be_written_another_one_tells(house, told):
    accounts.forbid_writes(AccountId(house.account_id), DE)
    told.forget()
    house.change("SOAP", stock=7)
    house.live(120)

    assert told.stock() == [(FR, 7, None)]
    assert (shown(house), waiting(house)) == ({FR: 7, DE: 7, PL: 7}, [])


def test_where_a_site_leaves_the_number_of_the_others_counts(house, told):
    say(house, PL, buffer="10")
    assert house.quantity("SOAP") == 2
    listing_writes.remove(house.box.world, {"seller": house.seller, "sku": "SOAP", "site": PL})
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["sweep_offers"])
    house.live(120)

    assert (house.quantity("SOAP"), shown(house)) == (12, {FR: 12, DE: 12})


def test_the_brake_counts_each_site_as_before(house, told):
    row = models.Account.objects.get(pk=house.account_id)
    row.brakes = {"least": "1", "zero_share": "40"}
    row.save()
    told.forget()
    house.change("SOAP", stock=0)
    house.live(300, step=20)

    assert (told.stock(), house.quantity("SOAP"), waiting(house)) == ([], 12, [])
    held = models.Leap.objects.filter(state="held", kind="zero")
    assert {leap.offer.site for leap in held} == {FR, DE, PL}


def test_while_stock_is_paused_prices_go_on_and_nothing_is_lost(house, told):
    models.Account.objects.filter(pk=house.account_id).update(paused=["stock"])
    told.forget()
    house.change("SOAP", price="11.00", stock=7)
    house.live(120)
    assert (told.stock(), len(told.prices()), house.quantity("SOAP")) == ([], 3, 12)

    setup.set_paused(house.deps, AccountId(house.account_id), [], "Camille")
    house.live(120)
    assert (told.stock(), shown(house), waiting(house)) == ([(DE, 7, None)], {FR: 7, DE: 7, PL: 7}, [])


def test_what_a_rule_of_one_site_changes_is_shown_for_all_that_share(house):
    found = list(preview_rules.preview(house.deps, house.account, Place("site", DE), {"buffer": "5"}))

    assert {(one.offer.site, one.before.quantity, one.after.quantity) for one in found} == {
        (FR, 12, 7), (DE, 12, 7), (PL, 12, 7),
    }  # fmt: skip


def test_by_feed_a_quantity_is_told_once_too(house, told, monkeypatch):
    # Nobody is bound to the road of an hour ago.
    house.advance(3700)
    monkeypatch.setattr(roads, "cheaper", lambda waiting, *_: "feed" if waiting else "call")
    told.forget()
    house.change("SOAP", price="11.00", stock=7)
    house.live(1800, step=20)

    told_by_feed = []
    for feed in house.box.world.state.feeds.values():
        document = house.box.world.state.documents[feed.input_document]
        for message in json.loads(document.content)["messages"]:
            told_by_feed += [
                (*feed.marketplace_ids, patch["value"][0]["quantity"])
                for patch in message["patches"]
                if "quantity" in patch["value"][0]
            ]
    assert (told.changes, told_by_feed) == ([], [(DE, 7)])
    assert (house.quantity("SOAP"), shown(house), waiting(house)) == (7, {FR: 7, DE: 7, PL: 7}, [])
    assert {site: Decimal(price) for site, price in house.amazon("SOAP")["prices"].items()}[PL] == Decimal("44.00")


def test_a_site_that_does_not_share_after_all_is_told_itself(make_house, told):
    house = make_house({"SOAP": ("10.00", 12)}, transport=told.wire, sites=(FR, DE))
    house.control("POST", f"sellers/{house.seller}/own-stock", {"marketplace_ids": [DE]})
    house.live(120)
    told.forget()
    house.change("SOAP", stock=7)
    house.live(timedelta(minutes=40).total_seconds(), step=20)

    assert told.stock() == [(DE, 7, None), (FR, 7, None)]
    assert (shown(house), waiting(house)) == ({FR: 7, DE: 7}, [])
