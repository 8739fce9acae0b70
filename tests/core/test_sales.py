"""Reduced prices: which day they begin and end on, what is told of them, and what is not."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.money import Money
from forain.core.pricing import Ending, PriceRule, Rate
from forain.core.sales import Moment, SaleRule, Special, prices_on_site
from forain.core.terms import ABSENT, NAMES, UNSAID, Sale, Terms, as_text, from_text, taken_back

NOON = datetime(2026, 12, 10, 11, tzinfo=UTC)
PARIS = Moment(NOON, "Europe/Paris")


def euro(text):
    return Money.parse(text, "EUR")


def special(price="8.00", first=date(2026, 12, 1), last=date(2026, 12, 24)):
    return Special(euro(price), first, last)


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


NOTHING, PLAIN = SaleRule(), PriceRule()


def found(shop_special=None, rule=NOTHING, price_rule=PLAIN, moment=PARIS, price="10.00", rates=None):
    return prices_on_site(euro(price), shop_special, "EUR", price_rule, rule, moment, rates=rates or {})


AS_SALE, AS_PRICE = SaleRule("as_sale"), SaleRule("as_price")


def test_without_a_wish_the_special_price_is_left_out():
    assert found(special()).price == euro("10.00")
    assert found(special()).sale is None
    assert found(special()).turns_at is None


def test_a_sale_begins_and_ends_at_midnight_of_the_sites_country():
    told = found(special(), AS_SALE)

    assert told.price == euro("10.00")
    assert told.sale == Sale(euro("8.00"), at("2026-12-01T00:00+01:00"), at("2026-12-25T00:00+01:00"))
    assert told.turns_at == told.sale.ends


def test_a_day_is_as_long_as_its_clocks_say():
    summer = found(special(first=date(2026, 3, 29), last=date(2026, 12, 10)), AS_SALE).sale
    tokyo = found(special(), AS_SALE, moment=Moment(NOON, "Asia/Tokyo")).sale

    assert (summer.begins, summer.ends) == (at("2026-03-29T00:00+01:00"), at("2026-12-11T00:00+01:00"))
    assert found(special(first=date(2026, 3, 30)), AS_SALE).sale.begins == at("2026-03-30T00:00+02:00")
    assert tokyo.begins == at("2026-12-01T00:00+09:00")


@pytest.mark.parametrize(
    ("last", "moment", "price", "turns"),
    [
        (date(2026, 12, 24), PARIS, "8.00", "2026-12-25T00:00+01:00"),
        (date(2026, 12, 10), PARIS, "8.00", "2026-12-11T00:00+01:00"),
        (date(2026, 12, 9), PARIS, "10.00", None),
        (None, PARIS, "8.00", None),
        # In Tokyo it is the next day already.
        (date(2026, 12, 10), Moment(datetime(2026, 12, 10, 16, tzinfo=UTC), "Asia/Tokyo"), "10.00", None),
    ],
)
def test_a_special_price_takes_the_place_of_the_price_while_it_runs(last, moment, price, turns):
    told = found(special(last=last), AS_PRICE, moment=moment)

    assert told.price == euro(price)
    assert told.turns_at == (at(turns) if turns else None)
    assert (told.steps[0][0] == "special_price") == (price == "8.00")


def test_a_special_price_that_has_not_begun_is_waited_for():
    told = found(special(first=date(2026, 12, 20)), AS_PRICE)

    assert (told.price, told.turns_at) == (euro("10.00"), at("2026-12-20T00:00+01:00"))


def test_the_shops_special_price_is_turned_by_the_rule_and_the_merchants_own_is_not():
    rule = PriceRule(percent=Decimal(10), ending=Ending("99"), floor=euro("9.00"))

    assert found(special("8.50"), AS_SALE, rule).sale.price == euro("9.99")
    assert found(special("8.50"), SaleRule("as_sale", special("9.20")), rule).sale.price == euro("9.20")
    assert found(None, SaleRule(own=special("3.00")), rule).sale.price == euro("9.00")


@pytest.mark.parametrize("sale", ["10.00", "12.00"])
def test_a_sale_that_is_not_below_the_price_is_not_told_and_the_price_is(sale):
    told = found(special(sale), AS_SALE)

    assert (told.price, told.sale, told.problem) == (euro("10.00"), None, "sale_not_below_price")


@pytest.mark.parametrize(
    "wrong", [special(first=None), special(last=None), special(first=date(2026, 12, 30))],
)  # fmt: skip
def test_a_sale_without_its_days_is_not_told_and_the_price_is(wrong):
    assert found(wrong, AS_SALE).problem == "sale_days"
    assert found(None, SaleRule(own=wrong)).problem == "sale_days"
    assert found(wrong, AS_SALE).price == euro("10.00")


def test_a_sale_that_cannot_be_reckoned_leaves_what_stands():
    assert not found(special(first=None), AS_SALE).no_sale
    assert not found(Special(Money.parse("8.00", "GBP"), date(2026, 12, 1), date(2026, 12, 24)), AS_SALE).no_sale
    assert not found(special(), AS_SALE).no_sale
    assert found(special("12.00"), AS_SALE).no_sale
    assert found().no_sale
    assert found(special(last=date(2026, 12, 9)), AS_SALE).no_sale


def test_of_a_special_price_and_a_sale_the_one_that_turns_first_is_waited_for():
    both = SaleRule("as_price", special("5.00", last=date(2026, 12, 20)))

    assert found(special(last=date(2026, 12, 12)), both).turns_at == at("2026-12-13T00:00+01:00")
    assert found(special(last=date(2026, 12, 24)), both).turns_at == at("2026-12-21T00:00+01:00")


def test_a_sale_that_is_over_is_none():
    told = found(special(last=date(2026, 12, 9)), AS_SALE)

    assert (told.sale, told.problem, told.turns_at) == (None, "", None)


def test_a_special_price_in_another_currency_wants_a_rate_and_leaves_the_price_alone_without_one():
    pounds = Special(Money.parse("8.00", "GBP"), date(2026, 12, 1), date(2026, 12, 24))

    assert found(pounds, AS_SALE).problem == "rate_missing"
    assert found(pounds, AS_SALE).price == euro("10.00")
    rates = {("GBP", "EUR"): Rate("GBP", "EUR", Decimal("1.1"), date(2026, 12, 9))}
    assert found(pounds, AS_SALE, rates=rates).sale.price == euro("8.80")


def test_a_price_that_is_held_holds_its_sale():
    told = found(special(), AS_SALE, PriceRule(site_tax=Decimal(19)))

    assert (told.price, told.sale, told.problem) == (None, None, "tax_rate_missing")


SALE = Sale(euro("8.00"), NOON, datetime(2026, 12, 24, tzinfo=UTC))


def test_what_nobody_wishes_for_any_more_is_taken_back_only_where_it_is_ours():
    ours, theirs = Terms(sale=SALE, list_price=euro("12.00")), Terms(sale=SALE, list_price=euro("13.00"))

    assert taken_back(NAMES, ours, ours) == Terms(sale=ABSENT, list_price=ABSENT)
    assert taken_back(NAMES, ours, theirs) == Terms(sale=ABSENT)
    assert taken_back(["list_price"], ours, theirs) == UNSAID
    assert taken_back(NAMES, UNSAID, theirs) == UNSAID
    assert taken_back(NAMES, Terms(handling_days=3), Terms(handling_days=3)) == UNSAID


cents = st.integers(1, 10**9).map(lambda minor: Money(minor, "EUR"))
moments = st.datetimes(datetime(1971, 1, 1), datetime(2190, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(
    days=st.none() | st.just(ABSENT) | st.integers(0, 30), price=st.none() | st.just(ABSENT) | cents,
    sale=st.none() | st.just(ABSENT) | st.builds(lambda p, a, b: (p, min(a, b), max(a, b)), cents, moments, moments),
)  # fmt: skip
def test_terms_are_kept_as_text_and_read_as_they_were(days, price, sale):
    if isinstance(sale, tuple):
        sale = Sale(*sale) if sale[1] < sale[2] else None
    told = Terms(days, sale, price)

    assert from_text(as_text(told)) == told


def test_what_is_no_sale_is_none():
    for price, ends in ((euro("0.00"), SALE.ends), (euro("8.00"), SALE.begins)):
        with pytest.raises(ValueError, match="a sale"):
            Sale(price, SALE.begins, ends)
