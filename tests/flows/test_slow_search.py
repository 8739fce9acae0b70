"""A shop whose search shows a new order only a while later: what is not shown yet is not taken for absent."""

from dataclasses import replace
from datetime import timedelta

import pytest

from forain.store import models, runs

LAG = timedelta(minutes=15)


class SlowSearch:
    """The files shop, whose search leaves out what is younger than LAG."""

    def __init__(self, shop, clock, made):
        self._shop, self._clock, self._made = shop, clock, made

    def __getattr__(self, name):
        return getattr(self._shop, name)

    def _shown(self, reference):
        return self._clock.now() >= self._made.get(reference, self._clock.now()) + LAG

    def ensure_order(self, draft):
        self._made.setdefault(draft.reference, self._clock.now())
        return self._shop.ensure_order(draft)

    def cancel_order(self, reference):
        if self._shown(reference):
            self._shop.cancel_order(reference)

    def order(self, reference):
        return self._shop.order(reference) if self._shown(reference) else None


class Opener:
    def __init__(self, opener, clock):
        self._opener, self._clock, self._made = opener, clock, {}

    def __getattr__(self, name):
        return getattr(self._opener, name)

    def shop(self, row, **rest):
        return SlowSearch(self._opener.shop(row, **rest), self._clock, self._made)

    def shop_manifest(self, code):
        return replace(self._opener.shop_manifest(code), search_lag=LAG)


@pytest.fixture
def slow(house):
    house.deps = replace(house.deps, open=Opener(house.deps.open, house.deps.clock))
    return house


def test_an_order_cancelled_while_the_shop_does_not_show_it_yet_is_cancelled_there(slow):
    slow.live(60)
    order = slow.buy("SOAP")["order_id"]
    slow.live(320, step=20)
    assert slow.shop_orders() == [order]

    slow.control("POST", f"orders/{order}/cancel", {})
    slow.live(1500, step=60)

    assert slow.shop_orders() == []
    assert models.Order.objects.get(order_id=order).state == "cancelled"


def test_a_catch_up_does_not_miss_an_order_the_shop_does_not_show_yet(slow):
    slow.live(300, step=60)
    slow.control("POST", f"sellers/{slow.seller}/deactivate", {})
    slow.live(600, step=60)
    order = slow.buy("SOAP")["order_id"]
    slow.live(600, step=60)
    slow.control("POST", f"sellers/{slow.seller}/reactivate", {})
    # "Look again": by itself Forain looks two days later.
    runs.force(f"account:{slow.account.pk}", slow.deps.clock.now(), ["probe"])
    while not slow.shop_orders():
        slow.live(60, step=60)

    slow.live(60, step=20)

    assert slow.shop_orders() == [order]
    assert "orders_missing" not in slow.refused_codes()
    assert "orders_missing" not in slow.journal()
