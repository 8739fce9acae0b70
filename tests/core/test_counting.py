"""Orders counted twice over: what one source has otherwise than the other is named, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.counting import CountedOrder, KnownOrder, compare
from forain.core.money import Money
from forain.core.orders import OrderStatus

EUR = Money(1380, "EUR")
PENDING, UNSHIPPED, SHIPPED, CANCELLED = (
    OrderStatus.PENDING, OrderStatus.UNSHIPPED, OrderStatus.SHIPPED, OrderStatus.CANCELLED,
)  # fmt: skip
ids = st.sampled_from([f"302-{n:07d}-0000000" for n in range(12)])
money = st.none() | st.integers(0, 3).map(lambda minor: Money(minor, "EUR"))
counts = st.lists(
    st.builds(CountedOrder, ids, st.none() | st.sampled_from(OrderStatus), money.map(lambda m: (m,) if m else ()))
)
books = st.dictionaries(ids, st.builds(KnownOrder, st.sampled_from(OrderStatus), money))


def test_the_same_in_both_is_no_difference():
    found = compare([CountedOrder("A", SHIPPED, (EUR,))], {"A": KnownOrder(UNSHIPPED, EUR)}, {"A"})

    assert (found.missing, found.behind, found.worth, found.absent) == ((), (), (), ())


@pytest.mark.parametrize(
    ("ours", "theirs", "behind"),
    [
        (PENDING, PENDING, False), (PENDING, UNSHIPPED, True), (PENDING, SHIPPED, True), (PENDING, CANCELLED, True),
        (UNSHIPPED, CANCELLED, True), (UNSHIPPED, PENDING, False), (UNSHIPPED, SHIPPED, False), (SHIPPED, UNSHIPPED, False),
        (CANCELLED, UNSHIPPED, False), (PENDING, None, False), (UNSHIPPED, None, False),
    ],
)  # fmt: skip
def test_our_reading_is_behind_where_somebody_would_act_wrongly_on_it(ours, theirs, behind):
    assert bool(compare([CountedOrder("A", theirs)], {"A": KnownOrder(ours)}, ()).behind) is behind


@pytest.mark.parametrize(
    ("ours", "theirs", "differs"),
    [
        (EUR, (EUR,), False), (EUR, (Money(1, "EUR"), EUR), False), (EUR, (Money(1, "EUR"),), True),
        (EUR, (Money(1380, "GBP"),), True), (None, (EUR,), False), (EUR, (), False),
    ],
)  # fmt: skip
def test_another_amount_is_told_only_where_both_name_one(ours, theirs, differs):
    found = compare([CountedOrder("A", SHIPPED, theirs)], {"A": KnownOrder(SHIPPED, ours)}, ())

    assert bool(found.worth) is differs


@given(counts, books, st.sets(ids))
def test_each_order_is_missing_or_absent_as_the_sets_say(counted, known, expected):
    found = compare(counted, known, expected)

    names = {order.order_id for order in counted}
    assert set(found.missing) == names - set(known)
    assert set(found.absent) == expected - names
    assert set(found.behind) | set(found.worth) <= names & set(known)


@given(counts, books, st.sets(ids), st.randoms())
def test_lines_that_come_twice_or_in_another_order_change_nothing(counted, known, expected, chance):
    once = list({order.order_id: order for order in counted}.values())
    again = once + once
    chance.shuffle(again)

    assert compare(again, known, expected) == compare(once, known, expected)
