"""A parcel that Amazon took and never shows: its order is named after a day, until Amazon shows it as sent."""

from dataclasses import replace

import pytest

from forain.contracts.marketplace import Confirmed
from forain.store import models
from tests.journeys.mws import mws_house

from .conftest import DAY
from .test_confirmed_by_hand import confirmed_in_seller_central, ship
from .test_parcels import Amazon, Opener

HOUR = 3600
FULFILMENT = "_POST_ORDER_FULFILLMENT_DATA_"


class Deaf(Amazon):
    """An Amazon that takes every parcel and does nothing about it."""

    def confirm(self, order_id, site, parcel):
        return Confirmed(parcel.reference)


class Opening(Opener):
    def marketplace(self, *given, **rest):
        return Deaf(self._opener.marketplace(*given, **rest), "")


def modern(house):
    house.deps = replace(house.deps, open=Opening(house.deps.open))
    return house


def retired(folder):
    house = mws_house(folder)
    house.connect()
    house.allow()
    house.live(360, step=60)
    house.control("POST", "faults", {"kind": "feed-stuck", "operation": FULFILMENT})
    return house


@pytest.fixture(params=["sp-api", "mws"])
def unheard(request, tmp_path):
    """A house whose parcels Amazon takes and forgets."""
    if request.param == "mws":
        request.getfixturevalue("transactional_db")
        return retired(tmp_path / "shop")
    return modern(request.getfixturevalue("house"))


def named(house):
    rows = models.Notice.objects.filter(code="shipments_unshown", closed_at=None)
    return [row.placeholders["orders"] for row in rows]


def sent(house):
    house.live(300, step=60)
    order = house.buy("SOAP")["order_id"]
    house.live(900, step=60)
    ship(house, order, "6A1")
    house.live(900, step=60)
    assert models.Parcel.objects.get().confirmed_at is not None
    return order


def test_a_shipment_that_came_to_nothing_is_told_after_a_day_and_closed_when_amazon_shows_it(unheard):
    order = sent(unheard)
    unheard.live(0.9 * DAY, step=6 * HOUR)
    assert named(unheard) == []

    unheard.live(0.2 * DAY, step=1800)

    assert named(unheard) == [order]
    unheard.control("DELETE", "faults")
    confirmed_in_seller_central(unheard, order, "6A1", "1")
    unheard.live(900, step=180)
    assert named(unheard) == []


def test_a_shipment_that_amazon_shows_is_none_to_do_whatever_its_list_leaves_out(house):
    house.live(300, step=60)
    order = house.buy("SOAP")["order_id"]
    house.live(900, step=60)
    # From now on no list shows the order: that it was sent is seen when it is asked for by its number.
    house.box.world.state.omitted.append(order)
    ship(house, order, "6A1")
    house.live(1.1 * DAY, step=1800)

    assert models.Parcel.objects.get().observed_at is not None
    assert named(house) == []


def test_an_account_that_could_not_look_at_its_orders_accuses_nobody(house):
    house = modern(house)
    sent(house)
    for operation in ("searchOrders", "getOrder"):
        house.control("POST", "faults", {"kind": "status-500", "operation": operation})
    house.live(2 * DAY, step=6 * HOUR)

    assert named(house) == []
