"""Feeds where the merchant pauses a part, where a broken file empties the shelves, and where all is to be 0."""

from decimal import Decimal

from django.db.models import F

from forain.core.ids import AccountId
from forain.engine import jobs
from forain.flows import empty_shelves, setup
from forain.flows.mirror_catalogue import mirror_catalogue
from forain.store import models, offers

from .conftest import FR
from .test_feeds import GOODS, MANY, change, go, hows, otherwise, shop_of_many, waiting

__all__ = ("shop_of_many",)


def pause(house, *parts, off=False):
    setup.pause(house.deps, AccountId(house.account_id), not off, "Camille", parts)


def change_both(house, price, stock):
    for sku in GOODS:
        house.goods[sku] = (price, stock)
    house.write_catalogue()
    mirror_catalogue(house.deps, house.shop)


def prices(house):
    return {Decimal(listing["prices"][FR]) for listing in house.control("GET", "state")["listings"]}


def test_while_prices_are_paused_a_feed_says_quantities_only_and_the_prices_wait(shop_of_many):
    house = shop_of_many
    pause(house, "prices")
    change_both(house, "11.00", 15)

    go(house, 60)
    assert not otherwise(house, 15)
    assert prices(house) == {Decimal("10.00")}
    assert waiting() == set(GOODS)
    go(house, 3600, step=60)

    assert hows() == ["done"]
    assert house.calls.by("call") == []
    pause(house, "prices", off=True)
    go(house, 120)
    assert prices(house) == {Decimal("11.00")}
    assert not waiting()


def test_what_is_paused_while_a_feed_is_filled_is_not_in_it(shop_of_many):
    house = shop_of_many
    change_both(house, "11.00", 15)
    jobs.run(house.deps, "reconcile_offers", f"account:{house.account_id}")
    assert models.FeedLine.objects.count() == MANY

    pause(house, "stock")
    go(house, 400)

    assert not otherwise(house, 20)
    assert prices(house) == {Decimal("11.00")}
    assert waiting() == set(GOODS)
    pause(house, "stock", off=True)
    go(house, 120)
    assert not otherwise(house, 15)


def test_a_pause_that_comes_while_a_feed_is_handed_in_stops_it(shop_of_many):
    house = shop_of_many
    change_both(house, "11.00", 15)
    answer = house.box.answer

    def paused_meanwhile(request):
        if request.method == "PUT":
            house.box.answer = answer
            pause(house, "prices")
        return answer(request)

    house.box.answer = paused_meanwhile
    go(house, 400)

    assert not otherwise(house, 15)
    assert prices(house) == {Decimal("10.00")}


def test_a_broken_file_does_not_go_out_by_feed(shop_of_many):
    house = shop_of_many
    change(house, 0)

    go(house, 300)

    assert not otherwise(house, 20)
    assert models.Leap.objects.filter(state="held").count() == MANY
    assert not house.calls.told
    assert not models.Offer.objects.filter(wanted_no__gt=F("settled_no"), not_before=None).exists()


def test_all_to_zero_goes_by_call_as_far_as_calls_go_and_by_feed_for_the_rest(shop_of_many):
    house = shop_of_many
    empty_shelves.empty(house.deps, AccountId(house.account_id), "Camille")
    go(house, 120)

    assert not otherwise(house, 0)
    assert not waiting()
    assert house.calls.by("feed")
    empty_shelves.undo(house.deps, AccountId(house.account_id), "Camille")
    go(house, 5000, step=30)
    assert not otherwise(house, 20)
    house.calls.never_both_within_an_hour()
    assert offers.backlog(AccountId(house.account_id)).waiting == 0
