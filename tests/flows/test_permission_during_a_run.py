"""A run that lasts: what takes the permission away, or pauses, ends it at the next batch or page, not hours later."""

from datetime import timedelta

import pytest

from forain.core.authorization import PARTS
from forain.flows import setup
from forain.store import models

from .conftest import cutting

MANY = 30


class SlowAmazon:
    """Each call takes a second, so that no limit of calls ever ends a run. After `left` calls of a kind the merchant pauses."""

    def __init__(self):
        self.house, self.method, self.part, self.left = None, "", "", 0

    def __call__(self, box):
        inner = cutting(box)

        def answer(environ, start_response):
            found = inner(environ, start_response)
            box.world.clock.advance(1)
            box.world.settle()
            if self.left and environ["REQUEST_METHOD"] == self.method and self.part in environ["PATH_INFO"]:
                self.left -= 1
                if self.left == 0:
                    setup.pause(self.house.deps, self.house.account_id, True, "person", PARTS)
            return found

        return answer

    def pause_after(self, left, method, part):
        self.left, self.method, self.part = left, method, part


@pytest.fixture
def slow():
    return SlowAmazon()


@pytest.fixture
def house(make_house, slow):
    goods = {f"S{n}": ("10.00", 5) for n in range(MANY)}
    house = make_house(goods, on_amazon=dict.fromkeys(goods, ("10.00", 1)), transport=slow)
    slow.house = house
    return house


def shown(house):
    return [listing["availability"].get("DEFAULT") for listing in house.control("GET", "state")["listings"]]


def go_on(house):
    setup.pause(house.deps, house.account_id, False, "person")
    house.live(600, 60)


def test_a_pause_ends_the_telling_after_the_batch_that_is_under_way(house, slow):
    house.live(60, 10)
    for sku in house.goods:
        house.change(sku, stock=3)
    slow.pause_after(3, "PATCH", "/listings/")
    house.live(300, 30)

    assert 3 <= shown(house).count(3) <= 20

    go_on(house)
    assert shown(house) == [3] * MANY


def test_a_pause_ends_the_reading_of_the_shelf_after_its_page(house, slow):
    slow.pause_after(1, "GET", f"/items/{house.seller}")
    house.live(300, 30)

    assert models.Offer.objects.count() == 20

    go_on(house)
    assert models.Offer.objects.count() == MANY


def test_a_pause_ends_the_confirming_after_the_parcel(house, slow):
    house.live(300, 30)
    numbers = [house.buy(f"S{n}")["order_id"] for n in range(3)]
    house.live(300, 30)
    lines = "".join(f"{number},DHL,T{n}\n" for n, number in enumerate(numbers))
    (house.folder / "shipments").mkdir(exist_ok=True)
    (house.folder / "shipments" / "one.csv").write_text("order,carrier,tracking\n" + lines)
    slow.pause_after(1, "POST", "shipmentConfirmation")
    house.live(300, 30)

    assert models.Parcel.objects.exclude(confirmed_at=None).count() == 1

    go_on(house)
    assert models.Parcel.objects.exclude(confirmed_at=None).count() == 3


def test_a_pause_ends_the_reading_of_orders_after_its_page(make_house, slow):
    house = make_house({"S1": ("10.00", 200)}, on_amazon={"S1": ("10.00", 150)}, transport=slow)
    slow.house = house
    house.live(60, 30)
    for _ in range(110):
        house.buy("S1")
    house.advance(timedelta(minutes=10).total_seconds())
    slow.pause_after(1, "GET", "/orders/2026-01-01/orders")
    house.live(300, 60)

    assert models.Order.objects.count() == 100

    go_on(house)
    assert models.Order.objects.count() == 110
