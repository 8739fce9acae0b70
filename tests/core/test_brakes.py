"""What is large enough to be looked at, and when it is too much: values and tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.brakes import Leap, Limits, NotALimit, checked, fall, limits, move, offers_needed
from forain.core.money import Money


def eur(minor):
    return Money(minor, "EUR")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (12, 0, Leap("zero", 12, 0)), (1, 0, Leap("zero", 1, 0)), (0, 0, None), (None, 0, None), (12, 1, None), (12, None, None),
    ],
)  # fmt: skip
def test_a_fall_is_from_pieces_to_none(before, after, found):
    assert fall(before, after) == found


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (1000, 1300, None), (1000, 1301, "price"), (1000, 700, None), (1000, 699, "price"), (1000, 10_000, "price"),
        (1000, 10_001, "jump"), (1000, 100, "price"), (1000, 99, "jump"), (1000, 1000, None),
    ],
)  # fmt: skip
def test_a_price_moves_far_or_jumps(before, after, kind):
    found = move(eur(before), eur(after), Limits())
    assert (found.kind if found else None) == kind


def test_a_price_without_another_to_compare_with_is_no_leap():
    assert move(None, eur(5), Limits()) is None
    assert move(eur(5), None, Limits()) is None
    assert move(Money(1, "GBP"), eur(100_000), Limits()) is None
    assert move(eur(1), eur(100_000), Limits(jump=None, price_percent=900)) == Leap("price", 1, 100_000, "EUR")


@given(st.integers(1, 10**6), st.integers(1, 99), st.integers(0, 10**7))
def test_offers_needed_says_the_share_the_other_way_round(count, share, total):
    needed = offers_needed(count, "zero", Limits(zero_share=share, least=1))
    assert needed is not None
    assert (total < needed) == (count * 100 > share * total)


def test_fewer_than_the_least_and_a_brake_that_is_off_need_nobody():
    assert offers_needed(19, "zero", Limits()) is None
    assert offers_needed(20, "zero", Limits()) == 100
    assert offers_needed(10**6, "price", Limits(price_share=None)) is None


def test_limits_are_checked_where_they_are_said_and_never_off_by_mistake():
    assert checked("zero_share", " 30 ") == "30"
    assert checked("jump", "none") == "none"
    for name, text, code in (
        ("zero_share", "0", "too_small"), ("zero_share", "100", "too_large"), ("least", "none", "not_a_number"),
        ("jump", "1", "too_small"), ("jump", "2,5", "not_a_number"), ("other", "1", "unknown_wish"),
    ):  # fmt: skip
        with pytest.raises(NotALimit) as found:
            checked(name, text)
        assert found.value.code == code
    assert limits({"zero_share": "oops", "jump": "none", "gone": "1"}) == Limits(jump=None)
    assert limits({}) == Limits()
