"""Sites that share a stock: which number counts, and what an offer does whose number another one tells."""

from datetime import UTC, datetime, timedelta

import pytest

from forain.core.ids import AccountId, OfferKey, SellerSku, SiteId
from forain.core.money import Money
from forain.core.offers import Desired, Look, Observed, Settled, Wait
from forain.core.sharing import Carrier, apart, longest, of_sister, shows, smallest
from forain.core.terms import Terms

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
WITHIN = timedelta(minutes=15)
KEY = OfferKey(AccountId(1), SiteId("FR"), SellerSku("SOAP"))


def wanted(quantity, days=None):
    return Desired(quantity, Money(1000, "EUR"), Terms(handling_days=days))


def seen(quantity, ago=0, days=None):
    at = NOW - timedelta(seconds=ago)
    return Observed(KEY, quantity, Money(1000, "EUR"), "merchant", seen_at=at, terms=Terms(handling_days=days))


def carrier(shown, wants, *, busy=False, again_at=None, told_ago=3600):
    return Carrier(busy, again_at, wants, shown, NOW - timedelta(seconds=told_ago))


def decide(desired, observed, stands, *, moved=False, waited=False):
    return of_sister(desired, observed, stands, moved=moved, waited=waited, acknowledge_within=WITHIN, now=NOW)


@pytest.mark.parametrize(
    ("numbers", "place"), [([3, 2, 2], 1), ([None, 5], 1), ([0, 0], 0), ([None, None], None), ([], None)]
)
def test_the_smallest_quantity_counts_and_of_equal_ones_the_first(numbers, place):
    assert smallest(numbers) == place


@pytest.mark.parametrize(("days", "place"), [([3, 5, 5], 1), ([None, 0], 1), ([None], None), ([2, 2], 0)])
def test_the_longest_handling_time_counts_and_of_equal_ones_the_first(days, place):
    assert longest(days) == place


def test_apart_an_offer_tells_everything_but_what_is_shared():
    assert apart(wanted(7, 3)) == Desired(None, Money(1000, "EUR"), Terms())


def test_what_nobody_wants_is_shown_whatever_it_is():
    assert shows(seen(4, days=2), wanted(None))
    assert not shows(seen(4, days=2), wanted(None, 3))
    assert not shows(None, wanted(None))


def test_what_is_shown_as_wanted_is_settled_and_looked_at_again_where_an_order_moved_it():
    stands = carrier(seen(7), wanted(7))
    assert decide(wanted(7), seen(7), stands) == Settled()
    assert decide(wanted(7), seen(7), stands, moved=True) == Look()


def test_while_the_carrier_is_at_it_nothing_is_done():
    busy = carrier(seen(12), wanted(12), busy=True, again_at=NOW + timedelta(minutes=15))
    assert decide(wanted(7), seen(12), busy) == Wait(NOW + timedelta(minutes=15), "shared")
    at_once = carrier(seen(12), wanted(12), busy=True)
    assert decide(wanted(7), seen(12), at_once) == Wait(NOW + timedelta(minutes=5), "shared")


def test_a_carrier_of_which_something_else_was_wanted_is_decided_anew():
    assert decide(wanted(7), seen(12), carrier(seen(12), wanted(12))) == "anew"
    assert decide(wanted(12, 4), seen(12, days=2), carrier(seen(12, days=2), wanted(12, 2))) == "anew"


def test_where_the_carrier_is_not_told_for_a_reason_of_its_own_the_others_are_not_either():
    assert decide(wanted(0), seen(12), carrier(seen(12), wanted(0))) == "at_rest"


@pytest.mark.parametrize(("own_ago", "carriers_ago"), [(600, 5), (5, 600), (90, 90)])
def test_what_was_seen_at_different_moments_or_a_while_ago_is_looked_at_together(own_ago, carriers_ago):
    stands = carrier(seen(7, carriers_ago), wanted(7))
    assert decide(wanted(7), seen(12, own_ago), stands, waited=True) == Look()


def test_a_site_that_shows_something_else_at_the_same_moment_is_given_time_and_then_told_itself():
    assert decide(wanted(7), seen(12), carrier(seen(7), wanted(7))) == Wait(NOW + timedelta(minutes=1), "shared")
    lately = carrier(seen(7), wanted(7), told_ago=60)
    assert decide(wanted(7), seen(12), lately, waited=True) == Wait(NOW + timedelta(minutes=1), "shared")
    assert decide(wanted(7), seen(12), carrier(seen(7), wanted(7)), waited=True) == "itself"
