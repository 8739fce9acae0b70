"""Amounts are exact, currencies never mix, floats are refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.money import LineTotal, Money, UnitPrice, split

amounts = st.builds(Money, st.integers(-(10**9), 10**9), st.sampled_from(["EUR", "JPY", "KWD"]))


@pytest.mark.parametrize(
    "text",
    [
        "12,50",
        "",
        " 1",
        "1e3",
        "NaN",
        "1.234",
        "1.2.3",
        "--1",
        "١٢",
        "inf",
        ".",
        "0." + "0" * 30 + "1",
        "9" * 40,
        "9" * 20,
    ],
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError):
        Money.parse(text, "EUR")


def test_floats_are_refused():
    with pytest.raises(TypeError):
        Money(1.5, "EUR")
    with pytest.raises(TypeError):
        Money.parse(1.5, "EUR")
    with pytest.raises(TypeError):
        Money.rounded(1.5, "EUR")


def test_currencies_do_not_mix():
    with pytest.raises(ValueError):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(ValueError):
        assert Money(1, "EUR") < Money(1, "USD")


def test_yen_have_no_decimals():
    assert Money.parse("1200", "JPY").text() == "1200"
    with pytest.raises(ValueError):
        Money.parse("12.5", "JPY")


def test_rounding_is_half_up():
    assert Money.rounded(Decimal("1.005"), "EUR") == Money(101, "EUR")


@given(amounts)
def test_text_and_back_is_the_same_amount(money):
    assert Money.parse(money.text(), money.currency) == money


@given(amounts, st.integers(1, 60))
def test_a_split_adds_up_and_is_even(total, parts):
    found = split(total, parts)

    assert sum(part.minor for part in found) == total.minor
    assert max(p.minor for p in found) - min(p.minor for p in found) <= 1


@given(amounts, st.integers(1, 50))
def test_unit_prices_of_a_line_add_up_to_its_total(total, quantity):
    prices = LineTotal(total).unit_prices(quantity)

    assert sum(price.money.minor for price in prices) == total.minor
    assert UnitPrice(total).of(quantity).money.minor == total.minor * quantity
