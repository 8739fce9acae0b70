"""Prices for businesses: what is entered, what comes of it, and that more pieces never cost more each."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.business import MOST_TIERS, BusinessRule, business_on_site, tiers_of
from forain.core.money import Money
from forain.core.terms import Business, Terms, Tier, as_text, from_text


def euro(text):
    return Money.parse(text, "EUR")


def test_tiers_are_read_as_they_are_meant():
    assert tiers_of(" 5:3  10:5.5 ") == ((5, Decimal(3)), (10, Decimal("5.5")))


@pytest.mark.parametrize(
    "text", ["", "5", "5:", ":3", "1:3", "5:0", "5:100", "5:-3", "5:3 5:4", "10:3 5:4", "5:3 10:3", "5:5 10:3", "5:3:4", "a:b",
             "5:1.234", "5:.", "5:1.2.3", "2:1 3:2 4:3 5:4 6:5 7:6", "99999999:3", "5,3", "٣:3", "5:1e1"],
)  # fmt: skip
def test_what_are_no_tiers_is_refused(text):
    with pytest.raises(ValueError, match=r"\A"):
        tiers_of(text)


@pytest.mark.parametrize(
    ("rule", "floor", "found"),
    [
        (BusinessRule(), None, None),
        (BusinessRule(price=euro("9.00")), None, "9.00 EUR"),
        (BusinessRule(percent=Decimal(-5)), None, "9.50 EUR"),
        (BusinessRule(price=euro("9.00"), percent=Decimal(-50)), None, "9.00 EUR"),
        (BusinessRule(tiers=tiers_of("5:3 10:5")), None, "10.00 EUR 5:9.70 10:9.50"),
        (BusinessRule(percent=Decimal(-50)), euro("8.00"), "8.00 EUR"),
        # The floor leaves the second tier no cheaper.
        (BusinessRule(tiers=tiers_of("5:15 10:25 20:30")), euro("8.00"), "10.00 EUR 5:8.50 10:8.00"),
        (BusinessRule(price=euro("10.00")), None, "10.00 EUR"),
        (BusinessRule(price=euro("10.01")), None, "business_price_above_price"),
        (BusinessRule(percent=Decimal(-5)), euro("11.00"), "business_price_above_price"),
    ],
)
def test_what_businesses_pay(rule, floor, found):
    told = business_on_site(euro("10.00"), rule, floor)

    assert (str(told) if told is not None else None) == found


@given(
    price=st.integers(1, 10_000).map(lambda minor: Money(minor, "EUR")),
    percent=st.integers(-99, 0).map(Decimal),
    tiers=st.lists(st.tuples(st.integers(2, 500), st.integers(1, 99)), max_size=MOST_TIERS),
    floor=st.none() | st.integers(1, 5_000).map(lambda minor: Money(minor, "EUR")),
)
def test_prices_fall_as_quantities_rise_and_never_below_the_floor(price, percent, tiers, floor):
    rising = zip(sorted({pieces for pieces, _ in tiers}), sorted({off for _, off in tiers}), strict=False)
    rule = BusinessRule(percent=percent, tiers=tuple((pieces, Decimal(off)) for pieces, off in rising))

    told = business_on_site(price, rule, floor)

    if isinstance(told, str):
        assert told == "business_price_above_price"
        return
    prices = [told.price, *(tier.price for tier in told.tiers)]
    assert told.price <= price
    assert prices == sorted(set(prices), key=lambda one: -one.minor)
    assert all(one.minor > 0 and (floor is None or floor <= one) for one in prices)
    assert from_text(as_text(Terms(business=told))) == Terms(business=told)


def test_a_business_price_is_kept_as_text():
    told = Terms(business=Business(euro("9.00"), (Tier(5, euro("8.50")),)))

    assert as_text(told) == {"business": "9.00 EUR 5:8.50"}
    assert from_text(as_text(told)) == told
