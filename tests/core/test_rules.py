"""Rules: the narrower word counts, wish by wish; what cannot be wished for is refused with its reason."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.money import Money
from forain.core.pricing import Ending, NoPrice, Priced, PriceRule, Rate, price_on_site
from forain.core.rules import LEVELS, WISHES, NotAWish, checked, effective
from forain.core.stock import StockLevel, StockRule, sellable


def euro(text):
    return Money.parse(text, "EUR")


def test_nothing_said_shows_the_shops_own():
    found = effective([], "EUR")

    assert (found.stock, found.price) == (StockRule(), PriceRule())
    assert set(found.led_by.values()) == {"shop"}
    assert found.said_by == {}


def test_the_narrower_word_counts_wish_by_wish_in_whatever_order_they_are_read():
    said = [
        ("sku", {"floor": "8.00", "cap": "none"}),
        ("account", {"buffer": "3", "percent": "10"}),
        ("group", {"buffer": "1", "cap": "5"}),
        ("site", {"percent": "-2.5", "ending": "99"}),
    ]

    found = effective(said, "EUR")

    assert found.stock == StockRule(buffer=1)
    assert found.price == PriceRule(percent=Decimal("-2.5"), ending=Ending("99"), floor=euro("8.00"))
    assert found.said_by == {"floor": "sku", "cap": "sku", "buffer": "group", "percent": "site", "ending": "site"}
    assert effective(said[::-1], "EUR") == found


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("colour", "red", "unknown_wish"),
        ("buffer", "-1", "too_small"),
        ("buffer", "1.5", "too_exact"),
        ("buffer", "none", "not_a_number"),
        ("cap", "10000000000", "too_large"),
        ("share", "120", "too_large"),
        ("percent", "12,50", "not_a_number"),
        ("percent", "1e2", "not_a_number"),
        ("percent", "0.125", "too_exact"),
        ("percent", "-100", "too_small"),
        ("floor", "8.005", "too_exact"),
        ("floor", "-8", "too_small"),
        ("floor", "", "not_a_number"),
        ("floor", "1.2.3", "not_a_number"),
        ("ending", ".99", "not_an_ending"),
        ("ending", "9999", "not_an_ending"),
        ("ending_way", "sideways", "not_a_choice"),
        ("price_led_by", "no", "not_a_choice"),
        ("sale_price", "0", "too_small"),
        ("ceiling", "0", "too_small"),
        ("sale_from", "24.12.2026", "not_a_day"),
        ("sale_from", "2026-02-30", "not_a_day"),
        ("sale_until", "20261224", "not_a_day"),
        ("sale_until", "2500-01-01", "not_a_day"),
        ("special_price", "yes", "not_a_choice"),
        ("price_group", "x" * 101, "not_a_name"),
        ("business_tiers", "5:3 5:4", "not_tiers"),
        ("business_percent", "5", "too_large"),
        ("handling_days", "31", "too_large"),
        ("handling_days", "-1", "too_small"),
    ],
)
def test_what_cannot_be_wished_for_is_refused_with_its_reason(name, text, code):
    with pytest.raises(NotAWish) as refused:
        checked(name, text, "EUR")

    assert (refused.value.code, refused.value.name) == (code, name)


def test_an_amount_needs_the_currency_of_its_site():
    with pytest.raises(NotAWish) as refused:
        checked("floor", "8.00")

    assert refused.value.code == "amount_without_currency"
    assert checked("floor", "800", "JPY") == "800 JPY"
    with pytest.raises(NotAWish):
        checked("floor", "8.50", "JPY")


def test_an_amount_of_another_currency_is_not_taken_for_so_many_of_this_one():
    kept = checked("floor", "800", "JPY")

    found = effective([("account", {"floor": kept, "buffer": "2"})], "EUR")

    assert (found.price_wrong, found.price.floor, found.stock.buffer) == (True, None, 2)
    with pytest.raises(NotAWish) as refused:
        checked("floor", kept, "EUR")
    assert refused.value.code == "currency_differs"


def test_what_cannot_be_read_and_does_not_count_is_not_asked():
    found = effective([("account", {"floor": "800 JPY"}), ("site", {"floor": "8.00 EUR"})], "EUR")

    assert (found.price_wrong, found.price.floor) == (False, euro("8.00"))


def test_a_wish_for_the_quantity_that_cannot_be_read_leaves_nothing_to_reckon():
    with pytest.raises(NotAWish):
        effective([("account", {"buffer": "two"})], "EUR")


@given(st.sampled_from(sorted(WISHES)), st.text(max_size=12))
def test_what_is_kept_is_read_as_it_was_entered(name, text):
    try:
        kept = checked(name, text, "EUR")
    except NotAWish:
        return

    assert checked(name, kept, "EUR") == kept
    effective([(LEVELS[0], {name: kept})], "EUR")


@pytest.mark.parametrize(
    ("rule", "hand", "sold", "shown", "last"),
    [
        (StockRule(), 12, 2, 10, "unimported"),
        (StockRule(buffer=3), 12, 2, 7, "buffer"),
        (StockRule(share=Decimal(50)), 12, 1, 5, "share"),
        (StockRule(share=Decimal(50), buffer=1), 12, 1, 4, "buffer"),
        (StockRule(cap=5), 12, 2, 5, "cap"),
        (StockRule(minimum=3), 4, 2, 0, "minimum"),
        (StockRule(minimum=2), 4, 2, 2, "unimported"),
        (StockRule(last_pieces=2), 4, 2, 0, "last_pieces"),
        (StockRule(last_pieces=2), 5, 2, 3, "unimported"),
        (StockRule(fixed=20), 0, 3, 20, "fixed"),
        (StockRule(fixed=20, cap=5), 0, 0, 5, "cap"),
        (StockRule(buffer=9), 4, 0, 0, "never_negative"),
    ],
)
def test_a_quantity_and_what_led_to_it(rule, hand, sold, shown, last):
    found = sellable(StockLevel(hand), sold, rule)

    assert (found.quantity, found.steps[-1][0]) == (shown, last)


def test_an_article_the_shop_does_not_sell_is_shown_as_none_unless_it_counts():
    assert sellable(StockLevel(4), 0, StockRule(), active=False).quantity == 0
    assert sellable(StockLevel(4), 0, StockRule(inactive_counts=True), active=False).quantity == 4
    assert sellable(StockLevel(4), 0, StockRule(fixed=9), active=False).quantity == 0


@given(
    hand=st.integers(-5, 1000), allocated=st.integers(0, 50), sold=st.integers(0, 50),
    rule=st.builds(
        StockRule, last_pieces=st.integers(0, 20), share=st.integers(0, 100).map(Decimal), buffer=st.integers(0, 50),
        cap=st.none() | st.integers(0, 100), minimum=st.integers(0, 20),
    ),
)  # fmt: skip
def test_no_rule_shows_more_than_there_is_to_sell(hand, allocated, sold, rule):
    found = sellable(StockLevel(hand, allocated), sold, rule)

    free = max(hand - allocated - sold, 0)
    assert 0 <= found.quantity <= free
    assert rule.cap is None or found.quantity <= rule.cap
    assert found.quantity == 0 or found.quantity >= rule.minimum
    assert found.quantity == 0 or free > rule.last_pieces


@pytest.mark.parametrize(
    ("price", "ending", "shown"),
    [
        ("5.02", Ending("99"), "4.99"),
        ("5.58", Ending("99"), "5.99"),
        ("5.49", Ending("99"), "4.99"),  # as near to both: the lower one
        ("5.02", Ending("99", "up"), "5.99"),
        ("5.98", Ending("99", "down"), "4.99"),
        ("5.99", Ending("99", "up"), "5.99"),
        ("5.44", Ending("9"), "5.39"),
        ("5.45", Ending("9"), "5.49"),
        ("0.40", Ending("99", "down"), "0.99"),  # none lies below
        ("12.40", Ending("00"), "12.00"),
    ],
)
def test_an_ending_is_compared_and_not_only_cut(price, ending, shown):
    assert ending.of(euro(price)).text() == shown


@pytest.mark.parametrize(
    ("rule", "shown", "last"),
    [
        (PriceRule(), "10.00", "shop_price"),
        (PriceRule(percent=Decimal("7.5"), add=euro("0.20")), "10.95", "add"),
        (PriceRule(site_tax=Decimal(19)), "9.92", "site_tax"),
        (PriceRule(site_tax=Decimal(20)), "10.00", "shop_price"),
        (PriceRule(floor=euro("12.00")), "12.00", "floor"),
        (PriceRule(floor=euro("12.00"), ending=Ending("99")), "12.99", "floor"),
        (PriceRule(ceiling=euro("9.50")), "9.50", "ceiling"),
        (PriceRule(ceiling=euro("9.50"), ending=Ending("99")), "8.99", "ceiling"),
        # No price with the ending lies between them: the limit itself.
        (PriceRule(floor=euro("12.00"), ceiling=euro("12.50"), ending=Ending("99")), "12.00", "floor"),
        (PriceRule(floor=euro("9.00"), ceiling=euro("9.50"), ending=Ending("99")), "9.50", "ceiling"),
        (PriceRule(add=euro("-4.50")), "5.50", "add"),
    ],
)
def test_a_price_and_what_led_to_it(rule, shown, last):
    found = price_on_site(euro("10.00"), "EUR", rule, shop_tax=Decimal(20))

    assert isinstance(found, Priced)
    assert (found.price.text(), found.steps[-1][0]) == (shown, last)


@pytest.mark.parametrize(
    ("rule", "tax", "code"),
    [
        (PriceRule(site_tax=Decimal(19)), None, "tax_rate_missing"),
        (PriceRule(floor=euro("9.00"), ceiling=euro("8.00")), None, "floor_above_ceiling"),
        (PriceRule(add=euro("-10.00")), None, "rules_leave_no_price"),
        (PriceRule(ceiling=euro("0.00")), None, "rules_leave_no_price"),
        (PriceRule(fixed=euro("5.00"), ceiling=euro("0.00")), None, "rules_leave_no_price"),
    ],
)
def test_what_gives_no_price_says_why(rule, tax, code):
    assert price_on_site(euro("10.00"), "EUR", rule, shop_tax=tax) == NoPrice(code)


TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (Rate("EUR", "GBP", Decimal("0.85"), TODAY), "8.99"),
        (Rate("EUR", "GBP", Decimal("0.85"), TODAY - timedelta(days=7)), "8.99"),
        (Rate("EUR", "GBP", Decimal("0.85"), TODAY - timedelta(days=8)), "rate_too_old"),
        (Rate("GBP", "EUR", Decimal("1.17"), TODAY), "rate_missing"),
        (None, "rate_missing"),
    ],
)
def test_another_currency_wants_a_rate_of_these_days_and_keeps_its_ending(rate, shown):
    rule = PriceRule(ending=Ending("99"))

    found = price_on_site(euro("10.00"), "GBP", rule, rate=rate, today=TODAY)

    assert (found.code if isinstance(found, NoPrice) else found.price.text()) == shown


def test_a_rate_without_a_day_to_hold_it_against_is_too_old():
    assert price_on_site(euro("10.00"), "JPY", PriceRule(), rate=Rate("EUR", "JPY", Decimal(160), TODAY)) == NoPrice(
        "rate_too_old"
    )


def test_another_currency_has_other_coins():
    found = price_on_site(
        euro("10.04"), "JPY", PriceRule(), rate=Rate("EUR", "JPY", Decimal("160.5"), TODAY), today=TODAY
    )

    assert isinstance(found, Priced)
    assert (found.price, found.steps) == (
        Money(1611, "JPY"), (("shop_price", "10.04 EUR"), ("rate", "160.5 (2026-11-29)")),
    )  # fmt: skip


@pytest.mark.parametrize("rate", ["0", "-1", "0.0000001", "1000001"])
def test_what_is_no_rate_is_none(rate):
    with pytest.raises(ValueError, match="not a rate"):
        Rate("EUR", "GBP", Decimal(rate), TODAY)


cents = st.integers(1, 100_000).map(lambda minor: Money(minor, "EUR"))


@given(
    price=cents, tax=st.sampled_from([Decimal(0), Decimal("5.5"), Decimal(20)]),
    rule=st.builds(
        PriceRule, site_tax=st.none() | st.sampled_from([Decimal(0), Decimal(19)]),
        percent=st.integers(-90, 300).map(Decimal), add=st.none() | cents,
        ending=st.none() | st.builds(Ending, st.sampled_from(["9", "99", "00", "5"]), st.sampled_from(["nearest", "up", "down"])),
        floor=st.none() | cents, ceiling=st.none() | cents,
    ),
)  # fmt: skip
def test_no_price_is_outside_its_limits(price, tax, rule):
    found = price_on_site(price, "EUR", rule, shop_tax=tax)

    if isinstance(found, NoPrice):
        assert found.code in ("floor_above_ceiling", "rules_leave_no_price")
        return
    assert found.price.minor > 0
    assert rule.floor is None or found.price >= rule.floor
    assert rule.ceiling is None or found.price <= rule.ceiling
    assert found.steps[0] == ("shop_price", price.text())
