"""A floor from cost: what is left of a price after VAT, fees and cost is what the merchant wants, to the cent."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.floors import FEE_MISSING, FEE_REFUSED, CostFloor, CostRule, Fee, floor_of_cost
from forain.core.money import Money
from forain.core.pricing import NoPrice, Rate

TODAY = date(2026, 11, 30)


def euro(text):
    return Money.parse(text, "EUR")


def fee(at="10.00", referral="1.50", fixed="0.00", least="0.30"):
    return Fee(euro(at), euro(referral), euro(fixed), euro(least))


def floor(cost, markup="20", *, tax="20", of=None, fees=True, currency="EUR", rate=None, today=TODAY):
    rule = CostRule(Decimal(markup), fees)
    tax = None if tax is None else Decimal(tax)
    return floor_of_cost(
        cost, currency, rule, tax=tax, fee=FEE_MISSING if of is None else of, rate=rate, today=today
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cost", "told", "lowest"),
    [
        # 10.00 and a fifth on top, with 20 percent VAT.
        ("10.00", {"fees": False}, "14.40"),
        ("10.00", {"fees": False, "markup": "0", "tax": "0"}, "10.00"),
        # 12.00 = 5/6 of the price less 15 percent of it: 17.5609...
        ("10.00", {"of": fee()}, "17.57"),
        ("10.00", {"of": fee(fixed="2.00")}, "20.49"),
        # 15 percent of so little is below Amazon's minimum, which counts then: (0.12 + 0.30) * 1.2.
        ("0.10", {"of": fee()}, "0.51"),
        # No minimum is known.
        ("0.10", {"of": fee(least="0.00")}, "0.18"),
    ],
)
def test_the_floor_covers_cost_markup_fees_and_vat(cost, told, lowest):
    found = floor(euro(cost), **told)

    assert isinstance(found, CostFloor)
    assert found.lowest.text() == lowest
    assert found.steps[0] == ("cost", cost)
    assert found.steps[-1] == ("floor_cost", lowest)


def test_the_steps_tell_all_that_the_floor_was_made_of():
    rate = Rate("EUR", "GBP", Decimal("0.85"), TODAY)
    of = Fee(*(Money.parse(text, "GBP") for text in ("20.00", "3.00", "0.50", "0.25")))

    found = floor(euro("10.00"), currency="GBP", rate=rate, of=of)

    assert found.steps == (
        ("cost", "10.00 EUR"), ("cost_rate", "0.85 (2026-11-30)"), ("floor_markup", "20"), ("floor_tax", "20"),
        ("fees", "2.85"), ("floor_cost", "15.66"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cost", "told", "code"),
    [
        (None, {"of": fee()}, "cost_missing"),
        (Money(0, "EUR"), {"of": fee()}, "cost_missing"),
        (euro("10.00"), {"tax": None, "of": fee()}, "tax_rate_missing"),
        (euro("10.00"), {}, "fee_missing"),
        (euro("10.00"), {"of": FEE_REFUSED}, "fee_refused"),
        (euro("10.00"), {"of": fee(referral="8.40")}, "fees_above_price"),
        # Something is left of a price, and so little that none that exists is high enough.
        (euro("10000000.00"), {"of": Fee(euro("99999999.99"), euro("83333333.32"), euro("0"), euro("0"))}, "fees_above_price"),
        (Money.parse("10.00", "USD"), {"of": fee()}, "rate_missing"),
        (Money.parse("10.00", "USD"), {"of": fee(), "rate": Rate("EUR", "USD", Decimal(1), TODAY)}, "rate_missing"),
        (Money.parse("10.00", "USD"), {"of": fee(), "rate": Rate("USD", "EUR", Decimal(1), TODAY - timedelta(8))}, "rate_too_old"),
        (Money.parse("10.00", "USD"), {"of": fee(), "rate": Rate("USD", "EUR", Decimal(1), TODAY), "today": None}, "rate_too_old"),
    ],
)  # fmt: skip
def test_what_is_missing_is_never_guessed(cost, told, code):
    assert floor(cost, **told) == NoPrice(code)


def test_without_fees_nobody_asks_for_them():
    assert isinstance(floor(euro("10.00"), fees=False, of=FEE_REFUSED), CostFloor)


@pytest.mark.parametrize(
    "parts",
    [
        ("0.00", "0.00", "0.00", "0.00"),
        ("10.00", "-0.01", "0.00", "0.00"),
        ("10.00", "1.00", "-0.01", "0.00"),
        ("10.00", "10.01", "0.00", "0.00"),
    ],
)
def test_what_is_no_fee_is_none(parts):
    with pytest.raises(ValueError, match="fee"):
        Fee(*(euro(part) for part in parts))


def test_a_fee_of_another_currency_is_none():
    with pytest.raises(ValueError, match="fee"):
        Fee(euro("10.00"), Money(150, "GBP"), euro("0"), euro("0"))


@pytest.mark.parametrize(
    ("price", "fits"), [("10.00", True), ("11.00", True), ("9.00", True), ("11.01", False), ("8.99", False)]
)
def test_an_estimate_is_for_prices_near_its_own(price, fits):
    assert fee().fits(euro(price)) is fits


def test_a_fee_is_its_share_or_its_minimum_and_what_is_fixed():
    found = fee(fixed="0.99")

    assert [found.of(euro(price)).text() for price in ("20.00", "10.00", "2.00", "1.00")] == [
        "3.99",
        "2.49",
        "1.29",
        "1.29",
    ]


cents = st.integers(1, 100_000).map(lambda minor: Money(minor, "EUR"))


@given(
    cost=cents, markup=st.integers(0, 900).map(Decimal), tax=st.sampled_from([Decimal(0), Decimal("5.5"), Decimal(20)]),
    at=st.integers(1000, 100_000), share=st.integers(0, 60), fixed=st.integers(0, 1000), least=st.integers(0, 50),
)  # fmt: skip
def test_at_the_floor_the_margin_is_left_and_a_cent_below_it_is_not(cost, markup, tax, at, share, fixed, least):
    of = Fee(*(Money(minor, "EUR") for minor in (at, at * share // 100, fixed, least)))

    found = floor_of_cost(cost, "EUR", CostRule(markup), tax=tax, fee=of)

    assert isinstance(found, CostFloor)

    def left(minor):
        kept = max(Fraction(of.referral.minor * minor, of.at.minor), Fraction(least)) + fixed
        return Fraction(minor) * 100 / (100 + Fraction(tax)) - kept - cost.minor

    wanted = Fraction(cost.minor) * Fraction(markup) / 100
    assert left(found.lowest.minor) >= wanted
    assert left(found.lowest.minor - 1) < wanted
