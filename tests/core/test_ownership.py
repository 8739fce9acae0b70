"""Who leads what of an offer: what counts as changed by others, how often it is set right, and which price is not told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forain.core.ids import OfferKey
from forain.core.money import Money
from forain.core.offers import NO_SETUP, Desired, Observed, PriceSetup
from forain.core.ownership import (
    MOST_CHANGES,
    WITHIN,
    Changed,
    changed_by_others,
    counted,
    disputed,
    refuses,
    setup_as_text,
    setup_from_text,
    without,
)
from forain.core.terms import ABSENT, Terms

T0 = datetime(2026, 3, 1, tzinfo=UTC)
TEN, NINE = Money(1000, "EUR"), Money(900, "EUR")
SEEN = Observed(OfferKey(1, "FR", "SOAP"), 5, TEN, "merchant", terms=Terms(handling_days=4), seen_at=T0)
WANTED = Desired(5, TEN, Terms(handling_days=4))


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (SEEN, replace(SEEN, price=NINE), [Changed("price", "10.00 EUR", "9.00 EUR")]),
        (SEEN, replace(SEEN, terms=Terms(handling_days=9)), [Changed("handling_days", "4", "9")]),
        (SEEN, replace(SEEN, terms=Terms(handling_days=ABSENT)), [Changed("handling_days", "4", "none")]),
        # A quantity moves with every order.
        (SEEN, replace(SEEN, quantity=1), []),
        # It was not as wanted before: this is no change of what we lead.
        (replace(SEEN, price=NINE), replace(SEEN, price=Money(800, "EUR")), []),
        # What is not shown or cannot be read any more has not changed.
        (SEEN, replace(SEEN, price=None, terms=Terms()), []),
        # Not ours.
        (SEEN, replace(SEEN, terms=Terms(handling_days=4, list_price=NINE)), []),
    ],
)
def test_what_counts_as_changed_by_others(before, after, found):
    assert changed_by_others(WANTED, before, after) == found


def test_each_field_is_counted_by_itself_and_left_to_a_person_for_the_rest_of_the_day():
    counts, price, days = {}, Changed("price", "a", "b"), Changed("handling_days", "a", "b")
    for hour in range(MOST_CHANGES):
        assert disputed(counts, T0) == {}
        counts = counted(counts, [price, days] if hour == 0 else [price], T0 + timedelta(hours=hour))

    now = T0 + timedelta(hours=MOST_CHANGES)
    assert disputed(counts, now) == {"price": T0 + WITHIN}
    assert disputed(counts, T0 + WITHIN) == {}
    assert disputed(counted(counts, [price], T0 + WITHIN), T0 + WITHIN) == {}


def test_without_a_field_it_stays_as_it_stands():
    desired = replace(WANTED, withdrawn=frozenset({"sale"}))

    assert without(desired, ["price", "sale"]) == Desired(5, None, Terms(handling_days=4))
    assert without(desired, ["handling_days"]) == Desired(5, TEN, Terms(), frozenset({"sale"}))
    assert without(desired, []) == desired


@pytest.mark.parametrize(
    ("setup", "price", "said", "why"),
    [
        (NO_SETUP, TEN, False, ""),
        (PriceSetup(TEN, TEN), TEN, False, ""),
        (PriceSetup(lowest=TEN), NINE, True, "outside_marketplace_limits"),
        (PriceSetup(highest=NINE), TEN, False, "outside_marketplace_limits"),
        (PriceSetup(lowest=TEN), None, False, ""),
        (PriceSetup(lowest=Money(2000, "GBP")), TEN, False, ""),
        (PriceSetup(automated="R1"), TEN, False, "automated_pricing"),
        (PriceSetup(automated="R1"), TEN, True, ""),
    ],
)
def test_a_price_the_marketplaces_own_doing_speaks_against_is_not_told(setup, price, said, why):
    assert refuses(setup, price, leader_said=said) == why


@pytest.mark.parametrize("setup", [NO_SETUP, PriceSetup(NINE, TEN, "R 1"), PriceSetup(highest=TEN)])
def test_a_setup_is_kept_as_text_and_read_as_it_was(setup):
    assert setup_from_text(setup_as_text(setup)) == setup
