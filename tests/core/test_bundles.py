"""Bundles: what may be one, how many there are, what they cost, how amounts are divided and parcels put together again."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.bundles import (
    MOST_NEED,
    MOST_PARTS,
    Component,
    NotABundle,
    Packed,
    Part,
    added,
    begun,
    checked,
    is_part_line,
    pack,
    part_line,
    price_of,
    shares,
    tax_shares,
    whole_bundles,
)
from forain.core.money import Money, spread
from forain.core.pricing import NoPrice, PriceRule, price_on_site
from forain.core.stock import ABSURD_QUANTITY, Counted, StockLevel, StockRule, sellable_bundle

EUR = "EUR"


def test_a_bundle_is_several_articles_or_several_pieces_of_one():
    assert checked([("v1", "1"), ("v2", " 2 ")]) == (Part("v1", 1), Part("v2", 2))
    assert checked([("v1", "3")]) == (Part("v1", 3),)


@pytest.mark.parametrize(
    ("told", "code", "variant", "place"),
    [
        ([], "no_articles", "", 0),
        ([("v1", "1")], "one_piece", "v1", 0),
        ([("v1", "2"), ("v2", "0")], "need_wrong", "v2", 2),
        ([("v1", "-1")], "need_wrong", "v1", 1),
        ([("v1", "")], "need_wrong", "v1", 1),
        ([("v1", "1.5")], "need_wrong", "v1", 1),
        ([("v1", "٣")], "need_wrong", "v1", 1),
        ([("v1", "9" * 5000)], "need_wrong", "v1", 1),
        ([("v1", str(MOST_NEED + 1))], "need_wrong", "v1", 1),
        ([("v1", "1"), ("v2", "1"), ("v1", "2")], "article_twice", "v1", 3),
        ([(f"v{n}", "1") for n in range(MOST_PARTS + 1)], "too_many_articles", "", 0),
    ],
)
def test_what_is_no_bundle_is_refused_by_name(told, code, variant, place):
    with pytest.raises(NotABundle) as refused:
        checked(told)

    assert (refused.value.code, refused.value.variant, refused.value.place) == (code, variant, place)


parts = st.lists(
    st.builds(
        Counted,
        st.sampled_from("abc"),
        st.builds(StockLevel, st.integers(-5, 1000), st.integers(0, 50)),
        st.integers(1, 12),
        st.integers(0, 50),
    ),
    min_size=1,
    max_size=5,
)


@given(parts)
def test_there_are_as_many_bundles_as_can_be_made_of_the_free_pieces_and_not_one_more(counted):
    found = sellable_bundle(counted, StockRule()).quantity

    def enough(bundles):
        return all(
            bundles * one.need <= max(one.level.on_hand - one.level.allocated - one.unimported, 0) for one in counted
        )

    assert found >= 0
    assert enough(found)
    assert not enough(found + 1)


def test_the_steps_name_the_scarcest_article():
    found = sellable_bundle(
        [Counted("SOAP", StockLevel(40), 2, 3), Counted("OIL", StockLevel(9, 1), 3, 1)], StockRule(buffer=1)
    )

    assert found.quantity == 1
    assert found.steps == (
        ("smallest", "OIL"), ("on_hand", "9"), ("allocated", "-1"), ("unimported", "-1"), ("need", "3"), ("buffer", "-1"),
    )  # fmt: skip


def test_an_absurd_stock_of_one_article_is_no_stock_of_the_bundle():
    with pytest.raises(ValueError, match="absurd_quantity"):
        sellable_bundle([Counted("a", StockLevel(1)), Counted("b", StockLevel(ABSURD_QUANTITY + 1))], StockRule())


amounts = st.builds(Money, st.integers(-(10**9), 10**9), st.sampled_from([EUR, "JPY", "KWD"]))
weights = st.lists(st.integers(0, 10**7), min_size=1, max_size=12)


@given(amounts, weights)
def test_what_is_spread_adds_up_to_the_coin_and_nothing_has_another_sign(total, over):
    found = spread(total, over)

    assert sum(part.minor for part in found) == total.minor
    assert all(part.minor * total.minor >= 0 for part in found)
    whole = sum(over)
    for part, weight in zip(found, over, strict=True):
        if whole:
            # Nobody is a whole coin away from his share, and what weighs nothing costs nothing.
            assert abs(part.minor * whole - total.minor * weight) < whole
            assert weight or not part.minor


def test_the_odd_coins_go_to_those_who_lost_most_by_rounding():
    assert [part.minor for part in spread(Money(100, EUR), [1, 1, 1])] == [34, 33, 33]
    assert [part.minor for part in spread(Money(10, EUR), [10, 15, 15])] == [2, 4, 4]
    assert [part.minor for part in spread(Money(7, EUR), [0, 0])] == [4, 3]
    with pytest.raises(ValueError, match="weights"):
        spread(Money(1, EUR), [])
    with pytest.raises(ValueError, match="weights"):
        spread(Money(1, EUR), [2, -1])


prices = st.none() | st.builds(Money, st.integers(0, 10**6), st.sampled_from([EUR, EUR, "GBP"]))
components = st.lists(
    st.builds(Component, st.sampled_from("abcdef"), st.integers(1, 12), st.just(""), prices), min_size=1, max_size=8
)


@given(st.integers(0, 10**8), components, st.integers(0, 25))
def test_the_parts_of_a_line_cost_what_the_line_costs_and_have_no_more_tax_than_they_cost(minor, made_of, percent):
    total, tax = Money(minor, EUR), Money(minor * percent // (100 + percent), EUR)

    totals = shares(total, made_of)
    taxes = tax_shares(tax, totals, made_of)

    assert sum(part.minor for part in totals) == minor
    assert sum(part.minor for part in taxes) == tax.minor
    assert all(0 <= part_tax.minor <= part.minor for part_tax, part in zip(taxes, totals, strict=True))


def test_amounts_are_divided_by_price_and_need_and_by_pieces_where_there_is_no_price():
    def parts_of(minor, *made_of):
        return [part.minor for part in shares(Money(minor, EUR), [Component("v", *one) for one in made_of])]

    assert parts_of(2000, (2, "", Money(690, EUR)), (1, "", Money(1380, EUR))) == [1000, 1000]
    assert parts_of(900, (2, "", Money(0, EUR)), (1, "", Money(0, EUR))) == [600, 300]
    assert parts_of(900, (2, "", Money(500, EUR)), (1, "", None)) == [600, 300]
    assert parts_of(900, (2, "", Money(500, EUR)), (1, "", Money(500, "GBP"))) == [600, 300]
    assert parts_of(900, (2, "", Money(500, EUR)), (1, "", Money(0, EUR))) == [900, 0]


@pytest.mark.parametrize(
    ("made_of", "price"),
    [
        ([(2, Money(690, EUR), Decimal(20)), (1, Money(1450, EUR), Decimal(20))], Money(2830, EUR)),
        ([(3, Money(690, EUR), None)], Money(2070, EUR)),
        ([(2, Money(690, EUR), Decimal(20)), (1, None, Decimal(20))], NoPrice("bundle_price_missing")),
        ([(1, Money(1, EUR), None), (1, Money(1, "GBP"), None)], NoPrice("bundle_currencies_differ")),
        ([(1, Money(1, EUR), Decimal(20)), (1, Money(1, EUR), Decimal("5.5"))], NoPrice("bundle_taxes_differ")),
        ([(1, Money(1, EUR), Decimal(20)), (1, Money(1, EUR), None)], NoPrice("bundle_taxes_differ")),
        ([], NoPrice("bundle_price_missing")),
    ],
)
def test_a_bundle_costs_what_its_articles_cost_where_these_can_be_added_up(made_of, price):
    assert price_of(made_of) == price


def test_a_fixed_price_is_told_as_it_is_said_within_floor_and_ceiling():
    rule = PriceRule(fixed=Money(1999, EUR), percent=Decimal(10), site_tax=Decimal(19))

    assert price_on_site(None, EUR, rule).price == Money(1999, EUR)
    assert price_on_site(Money(1, "GBP"), EUR, rule).steps == (("fixed_price", "19.99"),)
    floored = PriceRule(fixed=Money(1999, EUR), floor=Money(2100, EUR))
    assert price_on_site(None, EUR, floored).price == Money(2100, EUR)
    assert price_on_site(None, EUR, PriceRule()) == NoPrice("price_not_positive")


def test_a_line_says_which_part_of_a_bundle_it_is():
    assert part_line("606", 1, 2, 3) == "606:1/2x3"
    assert is_part_line("606:1/2x3")
    assert not is_part_line("60696125413094")


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ({"7:1/2x2": 4, "7:2/2x1": 2}, {"7": 2}),
        ({"7:1/2x2": 4, "7:2/2x1": 1}, {"7": 1}),
        ({"7:1/2x2": 3, "7:2/2x1": 9}, {"7": 1}),
        ({"7:1/2x2": 4}, {"7": 0}),
        ({"7:1/1x3": 8, "9": 4}, {"7": 2}),
        ({"7:1/0x0": 8}, {"7": 0}),
        ({}, {}),
    ],
)
def test_pieces_of_components_make_whole_bundles_only_together(pieces, whole):
    assert whole_bundles(pieces) == whole


def test_a_bundle_counts_with_the_parcel_that_makes_it_whole():
    nothing = Packed({}, {})
    first = pack({"7:1/2x2": 4, "9": 1}, nothing, {"7": 2, "9": 1})
    second = pack({"7:2/2x1": 2}, first, {"7": 2, "9": 1})

    assert first == Packed({"9": 1}, {"7:1/2x2": 4})
    assert second == Packed({"7": 2}, {"7:2/2x1": 2})
    assert first.named == {"9": 1, "7:1/2x2": 4}
    assert second.named == {"7:2/2x1": 2}


@given(st.data())
def test_however_parcels_are_packed_no_bundle_is_told_twice_or_before_it_is_whole(data):
    needs = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    sold = data.draw(st.integers(1, 5))
    left = {part_line("7", n, len(needs), need): need * sold for n, need in enumerate(needs, start=1)}
    pieces, packed = {}, []
    while any(left.values()):
        named = {name: data.draw(st.integers(0, count)) for name, count in left.items()}
        named = {name: count for name, count in named.items() if count} or {k: v for k, v in left.items() if v}
        left = {name: count - named.get(name, 0) for name, count in left.items()}
        others = Packed(added(*(one.items for one in packed)), added(*(one.parts for one in packed)))
        packed.append(pack(named, others, {"7": sold}))
        pieces = added(pieces, named)

        told = sum(one.items.get("7", 0) for one in packed)
        assert told == whole_bundles(pieces)["7"]

    assert sum(one.items.get("7", 0) for one in packed) == sold


def test_what_is_packed_beyond_the_told_bundles_is_begun():
    soap, oil = part_line("7", 1, 2, 2), part_line("7", 2, 2, 1)

    assert begun(Packed({}, {soap: 2})) == {"7"}
    assert begun(Packed({"7": 1}, {soap: 2, oil: 1})) == set()
    assert begun(Packed({"7": 1}, {soap: 3, oil: 1})) == {"7"}
    assert begun(Packed({"8": 1}, {})) == set()
