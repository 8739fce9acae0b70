"""What next with an offer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.ids import OfferKey
from forain.core.money import Money
from forain.core.offers import (
    APART,
    Alarm,
    Change,
    Desired,
    Look,
    Observed,
    Settled,
    Submit,
    Submitted,
    Wait,
    fitting_terms,
    plan,
)
from forain.core.stock import StockLevel, StockRule, sellable
from forain.core.terms import ABSENT, NAMES, Terms, as_text, from_text

T0 = datetime(2026, 3, 1, tzinfo=UTC)
KEY = OfferKey(1, "FR", "SOAP")
PRICE = Money(690, "EUR")


def seen(quantity=5, price=PRICE, by="merchant"):
    return Observed(KEY, quantity, price, by, seen_at=T0, product_type="SOAP")


def terms(days):
    return Terms(handling_days=days)


def next_step(desired, submitted=None, observed=None, acknowledged=None, known=None, moved=False, now=T0):
    return plan(
        KEY,
        desired,
        submitted,
        observed,
        acknowledged_quantity=acknowledged,
        sales_known_until=known,
        moved=moved,
        acknowledge_within=timedelta(minutes=15),
        now=now,
    )


def test_only_what_differs_is_told():
    step = next_step(Desired(7, PRICE), observed=seen(5))

    assert step == Submit(Change(KEY, 7, None, "SOAP"))


def test_equal_is_settled():
    assert next_step(Desired(5, PRICE), observed=seen(5)) == Settled()


def test_equal_is_looked_at_again_where_an_order_moved_the_quantity_since_it_was_seen():
    assert next_step(Desired(5, PRICE), observed=seen(5), moved=True) == Look()
    assert next_step(Desired(None, PRICE), observed=seen(5), moved=True) == Settled()
    assert isinstance(next_step(Desired(4, PRICE), observed=seen(5), moved=True), Submit)


def test_what_is_not_on_the_marketplace_is_never_told():
    assert next_step(Desired(5, PRICE)) == Alarm("not_on_marketplace")


def test_a_sku_fulfilled_by_the_marketplace_never_gets_a_quantity_and_the_plan_says_why():
    step = next_step(Desired(5, Money(700, "EUR")), observed=seen(None, by="marketplace"))

    assert step == Submit(Change(KEY, None, Money(700, "EUR"), "SOAP"), ("fulfilled_by_marketplace",))
    assert next_step(Desired(5, None), observed=seen(None, by="marketplace")) == Settled(("fulfilled_by_marketplace",))


def test_what_was_told_is_waited_for_then_told_again_then_a_person_is_asked():
    told = Submitted(7, None, T0, "s", tries=1)

    waiting = next_step(Desired(7, PRICE), told, seen(5), now=T0 + timedelta(minutes=14))
    again = next_step(Desired(7, PRICE), told, seen(5), now=T0 + timedelta(minutes=15))
    enough = next_step(Desired(7, PRICE), Submitted(7, None, T0, "s", tries=3), seen(5), now=T0 + timedelta(hours=1))

    assert waiting == Wait(T0 + timedelta(minutes=15), "unacknowledged")
    assert isinstance(again, Submit)
    assert enough == Alarm("not_taken")


def test_a_newer_wish_does_not_wait_for_the_answer_to_the_older_one():
    told = Submitted(7, None, T0, "s", tries=1)

    assert isinstance(next_step(Desired(9, PRICE), told, seen(5), now=T0 + APART), Submit)


def test_a_newer_wish_keeps_so_far_from_the_older_one_that_neither_overtakes_the_other():
    told = Submitted(7, None, T0, "s", tries=1)

    step = next_step(Desired(9, PRICE), told, seen(5), now=T0 + timedelta(seconds=1))

    assert step == Wait(T0 + APART, "unacknowledged")


def test_what_is_shown_settles_nothing_while_something_else_is_on_its_way():
    quantity = next_step(Desired(5, PRICE), Submitted(4, None, T0, "s", tries=1), seen(5), now=T0 + APART)
    price = next_step(Desired(5, PRICE), Submitted(None, Money(500, "EUR"), T0, "s"), seen(5), now=T0 + APART)

    assert quantity == Submit(Change(KEY, 5, None, "SOAP"))
    assert price == Submit(Change(KEY, None, PRICE, "SOAP"))


def test_what_was_seen_before_it_was_told_is_no_answer():
    told = Submitted(5, None, T0 + timedelta(seconds=1), "s", tries=1)

    early = next_step(Desired(5, PRICE), told, seen(5), now=T0 + timedelta(seconds=2))
    late = next_step(Desired(5, PRICE), told, seen(5), now=T0 + timedelta(hours=2))

    assert early == Wait(T0 + timedelta(minutes=15, seconds=2), "unacknowledged")
    assert late == Wait(T0 + timedelta(hours=2, minutes=15), "unacknowledged")


def test_waiting_for_orders_that_are_not_read_for_long_never_ends_in_the_past():
    now = T0 + timedelta(hours=1)

    step = next_step(Desired(5, PRICE), observed=seen(3), acknowledged=5, known=T0 - timedelta(minutes=2), now=now)

    assert step == Wait(now + timedelta(minutes=1), "orders_unread")


def test_a_quantity_that_fell_by_itself_is_not_raised_before_the_orders_were_read():
    blind = next_step(Desired(5, PRICE), observed=seen(3), acknowledged=5, known=T0 - timedelta(minutes=2))
    read = next_step(Desired(5, PRICE), observed=seen(3), acknowledged=5, known=T0 + timedelta(minutes=2))
    lower = next_step(Desired(2, PRICE), observed=seen(3), acknowledged=5, known=None)

    assert isinstance(blind, Wait)
    assert blind.code == "orders_unread"
    assert isinstance(read, Submit)
    assert isinstance(lower, Submit)


@given(
    st.integers(-50, 500),
    st.integers(0, 500),
    st.integers(0, 50),
    st.integers(0, 20),
    st.one_of(st.none(), st.integers(0, 400)),
)
def test_sellable_is_never_negative_never_above_cap_and_never_more_than_what_is_free(
    hand, allocated, sold, buffer, cap
):
    found = sellable(StockLevel(hand, allocated), sold, StockRule(buffer=buffer, cap=cap))

    assert found.quantity >= 0
    assert cap is None or found.quantity <= cap
    assert found.quantity <= max(hand - allocated - sold - buffer, 0)
    assert found.steps[0] == ("on_hand", str(hand))


def test_a_value_on_its_way_is_taken_back_even_while_the_old_one_still_shows():
    on_its_way = Submitted(7, Money(650, "EUR"), T0, "s", tries=1)

    step = next_step(Desired(5, PRICE), on_its_way, seen(5), now=T0 + timedelta(seconds=4))

    assert step == Submit(Change(KEY, 5, PRICE, "SOAP"))


def test_what_perhaps_never_arrived_is_told_again_at_once_and_never_asks_a_person():
    perhaps = Submitted(7, None, T0, None, tries=3)

    assert isinstance(next_step(Desired(7, PRICE), perhaps, seen(5), now=T0 + timedelta(seconds=15)), Submit)


def test_a_term_is_told_by_itself_and_settled_only_when_it_is_shown():
    shown = replace(seen(5), terms=terms(2))

    step = next_step(Desired(5, PRICE, terms(4)), observed=shown)
    told = Submitted(None, None, T0, "s", tries=1, terms=terms(4))

    assert step == Submit(Change(KEY, None, None, "SOAP", terms(4)))
    assert isinstance(next_step(Desired(5, PRICE, terms(4)), told, shown, now=T0 + timedelta(minutes=1)), Wait)
    assert next_step(Desired(5, PRICE, terms(4)), told, replace(shown, terms=terms(4))) == Settled()
    enough = replace(told, tries=3)
    assert next_step(Desired(5, PRICE, terms(4)), enough, shown, now=T0 + timedelta(hours=1)) == Alarm("not_taken")


def test_a_term_nobody_wished_for_is_left_as_it_stands():
    assert next_step(Desired(5, PRICE), observed=replace(seen(5), terms=terms(2))) == Settled()
    only_price = next_step(Desired(5, Money(700, "EUR")), observed=replace(seen(5), terms=terms(2)))
    assert only_price == Submit(Change(KEY, None, Money(700, "EUR"), "SOAP"))


def test_a_term_on_its_way_is_taken_back_even_while_the_old_one_still_shows():
    told = Submitted(None, None, T0, "s", tries=1, terms=terms(4))

    step = next_step(Desired(5, PRICE, terms(2)), told, replace(seen(5), terms=terms(2)), now=T0 + APART)

    assert step == Submit(Change(KEY, None, None, "SOAP", terms(2)))


@pytest.mark.parametrize("shown", [seen(None, by="marketplace"), seen(None)])
def test_a_handling_time_never_opens_a_channel_of_the_merchants_own(shown):
    assert not next_step(Desired(None, PRICE, terms(4)), observed=shown).notes
    assert isinstance(next_step(Desired(None, PRICE, terms(4)), observed=shown), Settled)


def test_with_a_first_quantity_the_handling_time_goes_along():
    step = next_step(Desired(5, PRICE, terms(4)), observed=seen(None))

    assert step == Submit(Change(KEY, 5, None, "SOAP", terms(4)))


def test_what_is_to_be_absent_is_named_as_it_stands():
    twelve = Money(1200, "EUR")
    shown = replace(seen(5), terms=Terms(list_price=twelve))
    desired = Desired(5, PRICE, withdrawn=frozenset({"sale", "list_price"}))

    taken = replace(desired, terms=fitting_terms(desired, shown, Terms(list_price=twelve)))

    step = next_step(taken, observed=shown)
    assert step == Submit(Change(KEY, None, None, "SOAP", Terms(list_price=ABSENT), Terms(list_price=twelve)))
    assert fitting_terms(desired, shown, Terms(list_price=Money(1300, "EUR"))) == Terms()


@pytest.mark.parametrize("told", [Terms(), terms(0), terms(ABSENT), terms(30)])
def test_terms_are_kept_as_text_and_read_as_they_were(told):
    assert from_text(as_text(told)) == told
    assert set(as_text(told)) <= set(NAMES)
    assert from_text({**as_text(told), "of_a_newer_forain": "x"}) == told
