"""Which road is cheaper, which one an SKU may take, and what goes first."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core import roads
from forain.core.clock import parse_instant
from forain.core.limits import Bucket
from forain.core.roads import Feeds, Lane

T0 = parse_instant("2026-03-01T10:00:00Z")
CALLS, STARTS = Bucket(5, T0, 5, 5), Bucket(5, T0, 0.0083, 5)
TYPICAL = timedelta(minutes=3)


@pytest.mark.parametrize(
    ("waiting", "calls", "starts", "feeds", "road"),
    [
        (20_000, CALLS, STARTS, Feeds(TYPICAL), "feed"),
        (906, CALLS, STARTS, Feeds(TYPICAL), "feed"),
        (905, CALLS, STARTS, Feeds(TYPICAL), "call"),
        (400, Bucket(0, T0, 0.5, 5), STARTS, Feeds(TYPICAL), "feed"),
        (50, Bucket(0, T0, 0.01, 5), STARTS, Feeds(TYPICAL), "call"),
        (1_000, CALLS, Bucket(0, T0, 0.0083, 5), Feeds(TYPICAL), "call"),
        (20_000, CALLS, STARTS, Feeds(timedelta(hours=2)), "call"),
        (20_000, CALLS, STARTS, Feeds(TYPICAL, 1, T0 - timedelta(minutes=4)), "call"),
        (20_000, CALLS, STARTS, Feeds(TYPICAL, 1, T0 - timedelta(minutes=5)), "feed"),
        (20_000, CALLS, STARTS, Feeds(TYPICAL, 7, T0 - timedelta(hours=5)), "call"),
    ],
)  # fmt: skip
def test_the_cheaper_road_follows_from_what_waits_and_what_is_allowed_now(waiting, calls, starts, feeds, road):
    assert roads.cheaper(waiting, calls, starts, feeds, T0) == road


@given(st.integers(0, 10**6), st.floats(0.01, 50), st.floats(0, 100))
def test_what_goes_by_feed_goes_by_feed_too_where_more_waits(waiting, rate, tokens):
    calls = Bucket(tokens, T0, rate, 100)

    if roads.cheaper(waiting, calls, STARTS, Feeds(TYPICAL), T0) == "feed":
        assert roads.cheaper(waiting + 1000, calls, STARTS, Feeds(TYPICAL), T0) == "feed"


@pytest.mark.parametrize("former", ["call", "feed"])
@pytest.mark.parametrize("cheaper", ["call", "feed"])
def test_an_sku_keeps_to_its_road_for_an_hour(former, cheaper):
    assert roads.road_of(cheaper, former, T0, T0 + roads.APART - timedelta(seconds=1)) == former
    assert roads.road_of(cheaper, former, T0, T0 + roads.APART) == cheaper
    assert roads.road_of(cheaper, None, None, T0) == cheaper


@pytest.mark.parametrize(
    ("free", "shown", "quantity", "price", "lane"),
    [
        (0, 5, True, True, Lane.TO_ZERO), (-2, None, True, False, Lane.TO_ZERO), (0, 0, True, False, Lane.QUANTITY),
        (3, 9, True, False, Lane.LOW), (4, 9, True, True, Lane.QUANTITY), (0, 0, False, True, Lane.PRICE),
        (None, 5, True, False, Lane.QUANTITY), (9, 9, False, False, Lane.CONTENT),
    ],
)  # fmt: skip
def test_what_falls_to_zero_goes_first_then_what_is_low_and_prices_after_quantities(free, shown, quantity, price, lane):
    assert roads.lane(free, shown, quantity=quantity, price=price) == lane


def test_while_a_feed_is_under_way_so_many_falls_may_go_one_by_one():
    assert roads.carried_meanwhile(Feeds(TYPICAL), CALLS) == 900
