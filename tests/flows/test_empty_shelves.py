"""All quantities to 0, at once or for a holiday: what costs most first, and back to what the shop has."""

import json
from datetime import timedelta

import pytest

from forain.core.ids import AccountId
from forain.engine import jobs
from forain.flows import authorize, empty_shelves, setup
from forain.store import models

from .conftest import DAY

GOODS = {"SOAP": ("6.90", 12), "OIL": ("14.50", 5), "BALM": ("9.00", 3), "WAX": ("4.00", 40)}


@pytest.fixture
def shelf(make_house):
    house = make_house(dict(GOODS))
    house.live(60, step=10)
    assert quantities(house) == {sku: stock for sku, (_, stock) in GOODS.items()}
    return house


def quantities(house):
    return {x["sku"]: int(x["availability"]["DEFAULT"]) for x in house.control("GET", "state")["listings"]}


def nothing():
    return dict.fromkeys(GOODS, 0)


def number(house):
    return AccountId(house.account_id)


def test_everything_goes_off_sale_and_comes_back_as_the_shop_is_then(shelf):
    assert empty_shelves.empty(shelf.deps, number(shelf), "Camille") is True
    assert empty_shelves.empty(shelf.deps, number(shelf), "Camille") is False
    shelf.live(60, step=10)
    assert quantities(shelf) == nothing()
    assert "emptied" in shelf.refused_codes()
    # A change in the shop meanwhile puts nothing back on sale.
    shelf.change("SOAP", price="7.50", stock=30)
    shelf.live(60, step=10)
    assert quantities(shelf) == nothing()
    assert shelf.amazon("SOAP")["prices"] != {}

    assert empty_shelves.undo(shelf.deps, number(shelf), "Camille") is True
    assert empty_shelves.undo(shelf.deps, number(shelf), "Camille") is False
    shelf.live(60, step=10)
    assert quantities(shelf) == {"SOAP": 30, "OIL": 5, "BALM": 3, "WAX": 40}
    assert "emptied" not in shelf.refused_codes()
    assert [code for code in shelf.journal() if code in ("emptied", "filled_again")] == ["emptied", "filled_again"]


def test_what_sells_most_goes_first_then_what_has_the_fewest_pieces(shelf):
    for _ in range(2):
        shelf.buy("WAX")
    shelf.live(300, step=30)
    told, answer = [], shelf.box.answer

    def listen(request):
        if request.method == "PATCH":
            body = json.loads(request.body)
            if any("fulfillment_availability" in patch["path"] for patch in body["patches"]):
                told.append(request.parts[-1])
        return answer(request)

    shelf.box.answer = listen
    empty_shelves.empty(shelf.deps, number(shelf), "Camille")
    shelf.live(60, step=10)

    assert told == ["WAX", "BALM", "OIL", "SOAP"]
    assert quantities(shelf) == nothing()


def test_it_needs_no_shop_and_waits_while_stock_is_paused(shelf):
    setup.pause(shelf.deps, number(shelf), True, "Camille", ("stock",))
    empty_shelves.empty(shelf.deps, number(shelf), "Camille")
    shelf.live(60, step=10)
    assert quantities(shelf) == {sku: stock for sku, (_, stock) in GOODS.items()}
    assert models.Notice.objects.get(code="emptied").placeholders["count"] == "4"

    (shelf.folder / "catalogue.csv").unlink()
    setup.pause(shelf.deps, number(shelf), False, "Camille")
    shelf.live(60, step=10)
    assert quantities(shelf) == nothing()


def test_a_holiday_begins_and_ends_by_itself(shelf):
    now = shelf.deps.clock.now()
    begins, ends = now + timedelta(days=1), now + timedelta(days=3)
    assert empty_shelves.say_holiday(shelf.deps, number(shelf), begins, ends, "Camille") is None
    shelf.live(60, step=20)
    assert quantities(shelf)["SOAP"] == 12

    shelf.advance(DAY)
    shelf.live(120, step=20)
    assert quantities(shelf) == nothing()
    assert "holiday" in shelf.refused_codes()
    assert "brake_zero" not in shelf.refused_codes()

    shelf.advance(2 * DAY)
    shelf.live(120, step=20)
    assert quantities(shelf) == {sku: stock for sku, (_, stock) in GOODS.items()}
    assert "holiday" not in shelf.refused_codes()
    assert shelf.account.holiday_begins is None
    assert [c for c in shelf.journal() if c.startswith("holiday")] == ["holiday_said", "holiday_begun", "holiday_over"]


def test_a_holiday_can_be_put_off_and_taken_back_while_it_is_under_way(shelf):
    now = shelf.deps.clock.now()
    empty_shelves.say_holiday(shelf.deps, number(shelf), now, now + timedelta(days=3), "Camille")
    shelf.live(60, step=10)
    assert quantities(shelf) == nothing()

    later = now + timedelta(days=1)
    empty_shelves.say_holiday(shelf.deps, number(shelf), later, later + timedelta(days=1), "Camille")
    shelf.live(60, step=10)
    assert quantities(shelf)["SOAP"] == 12
    shelf.advance(DAY)
    shelf.live(60, step=10)
    assert quantities(shelf) == nothing()

    assert empty_shelves.no_holiday(shelf.deps, number(shelf), "Camille") is True
    assert empty_shelves.no_holiday(shelf.deps, number(shelf), "Camille") is False
    shelf.live(60, step=10)
    assert quantities(shelf)["SOAP"] == 12


def test_a_clock_that_is_known_to_be_wrong_begins_no_holiday(shelf):
    now = shelf.deps.clock.now()
    models.Side.objects.filter(name=f"account:{shelf.account_id}").update(clock_off=7200)
    empty_shelves.say_holiday(shelf.deps, number(shelf), now, now + timedelta(days=3), "Camille")

    assert shelf.account.holiday_begun_at is None
    models.Side.objects.update(clock_off=0)
    empty_shelves.look_after(shelf.deps, shelf.account)
    assert shelf.account.holiday_begun_at is not None


def silent(house):
    """Whether it is told that no orders come."""
    models.Run.objects.filter(flow="notice_silence").update(due_at=house.deps.clock.now())
    jobs.run(house.deps, "notice_silence", "house")
    return models.Finding.objects.filter(code="orders_silent").exists()


def many_orders_until_now(house):
    begin = house.deps.clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=20)
    models.Happened.objects.bulk_create(
        models.Happened(account=house.account, direction="orders", hour=begin + timedelta(hours=hour), count=20)
        for hour in range(20 * 24)
    )


@pytest.mark.parametrize("why", ["holiday", "emptied", "vacation"])
def test_nobody_is_alarmed_by_the_silence_of_what_is_off_sale(shelf, why):
    many_orders_until_now(shelf)
    shelf.advance(10 * 3600)
    assert silent(shelf)

    now = shelf.deps.clock.now()
    if why == "holiday":
        empty_shelves.say_holiday(shelf.deps, number(shelf), now, now + timedelta(days=3), "Camille")
    elif why == "emptied":
        empty_shelves.empty(shelf.deps, number(shelf), "Camille")
    else:
        models.AccountSite.objects.update(suspended=True)
    assert not silent(shelf)


def test_who_comes_back_from_a_vacation_set_at_amazon_is_not_alarmed_by_its_silence(shelf):
    many_orders_until_now(shelf)
    shelf.control("POST", f"sellers/{shelf.seller}/suspend-listings", {})
    authorize.probe(shelf.deps, shelf.account)
    shelf.advance(3 * DAY)
    assert not silent(shelf)

    shelf.control("POST", f"sellers/{shelf.seller}/resume-listings", {})
    authorize.probe(shelf.deps, shelf.account)

    assert shelf.journal().count("listings_shown") == 1
    assert not silent(shelf)
