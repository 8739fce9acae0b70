"""Answers of a Vendure that hold one odd thing: it is named, and the rest is read."""

import json

import pytest
from tests.fuzz.vendure import MOMENT, Shop, article, order

from forain.core import errors
from forain.core.money import Money
from forain.core.signals import Signal
from forain.core.stock import AtLocation, NotCounted, StockLevel, StockRule, sellable

LOCATIONS = [{"id": "1", "name": "Lyon"}, {"id": "2", "name": "Périgueux"}]
MARK = f"{MOMENT}~{MOMENT}~"


def shop(operation, items, total=None):
    """A shop whose list of articles or orders holds these items."""
    found = Shop()
    told = {operation: {"totalItems": len(items) if total is None else total, "items": items}}
    data = {**told, "stockLocations": {"items": LOCATIONS}}
    found.spoil = {operation: lambda: json.dumps({"data": data}).encode()}
    return found.adapter()


def level(on_hand, number="1", name="Lyon", allocated=0):
    return {"stockOnHand": on_hand, "stockAllocated": allocated, "stockLocation": {"id": number, "name": name}}


def test_stock_is_told_by_location_also_where_nothing_of_the_article_was_ever_kept():
    levels = [level(7, "2", "Périgueux", 1), level(3, allocated=2)]

    told = shop("productVariants", [article(1) | {"stockLevels": levels}]).stock(["1"])["1"].level

    assert told == StockLevel(10, 3, (AtLocation("Lyon", 3, 2), AtLocation("Périgueux", 7, 1)))
    assert [sellable(told, 0, StockRule(locations=(name,))).quantity for name in ("lyon", "PÉRIGUEUX")] == [1, 6]


def test_two_locations_of_one_name_are_not_told_apart_and_not_guessed():
    levels = [level(7), level(3, "2", "LYON")]

    told = shop("productVariants", [article(1) | {"stockLevels": levels}]).stock(["1"])["1"].level

    assert sellable(told, 0, StockRule()).quantity == 10
    with pytest.raises(NotCounted) as refused:
        sellable(told, 0, StockRule(locations=("Lyon",)))
    assert str(refused.value) == "location_twice name=Lyon"


@pytest.mark.parametrize(
    "change",
    [{"name": None}, {"priceWithTax": 10**30}, {"currencyCode": "eur"}, {"currencyCode": "JPY"}, {"name": "nul\0"},
     {"trackInventory": "PERHAPS"}, {"taxRateApplied": {"value": 1e300}}, {"stockLevels": [{"stockOnHand": 1.5}]}, {"stockLevels": [level(4), level(2.5, "2", "Périgueux")]}],
)  # fmt: skip
def test_an_article_that_cannot_be_read_is_there_with_its_problem_and_stops_no_other(change):
    items = [article(1) | change, article(2)]

    page, stock = shop("productVariants", items).variants(None), shop("productVariants", items).stock(["1", "2"])

    bad, good = page.variants
    assert (bad.variant, bad.sku, bad.price, bad.level) == ("1", "V1", None, None)
    assert [p.code for p in bad.problems] == ["article_unreadable"]
    assert (good.price, good.level) == (
        Money(290, "EUR"),
        StockLevel(10, 2, (AtLocation("Lyon", 10, 2), AtLocation("Périgueux", 0))),
    )
    assert (stock["1"], stock["2"]) == (bad, good)


def test_an_sku_that_no_index_takes_is_left_out():
    (bad,) = shop("productVariants", [article(1) | {"sku": "x" * 5000}]).variants(None).variants

    assert (bad.sku, [p.code for p in bad.problems]) == ("", ["article_unreadable"])


def test_an_article_without_an_id_is_a_problem_of_the_page_and_of_whatever_is_not_named():
    adapter = shop("productVariants", [article(1) | {"id": 5}, article(2)])

    page, stock = adapter.variants(None), adapter.stock(["1", "2"])

    assert [p.code for p in page.problems] == ["article_unreadable"]
    assert [v.variant for v in page.variants] == ["2"]
    assert stock["1"].problems
    assert not stock["2"].problems


def test_a_full_page_is_not_the_last_whatever_the_total_says():
    """What would not be read would count as gone."""
    full = [article(n) for n in range(100)]

    assert shop("productVariants", full, total=0).variants(None).cursor == "100"
    assert shop("productVariants", full[:3], total=3).variants(None).cursor is None
    with pytest.raises(errors.Malformed):
        shop("productVariants", full, total="many").variants(None)


def test_a_change_that_cannot_be_read_asks_for_everything_once_and_leaves_the_mark_whole():
    for change in ({"updatedAt": "soon"}, {"updatedAt": None}, {"updatedAt": "9999-12-31T23:59:59Z"}):
        adapter = shop("productVariants", [article(1) | change, article(2)])

        mark, signals = adapter.changed(MARK)

        assert {Signal("variant", "*"), Signal("variant", "2")} <= set(signals)
        assert mark.startswith(f"{MOMENT}~{MOMENT}~")
        assert adapter.changed(mark) == (mark, ())


def test_an_order_that_cannot_be_read_keeps_no_other_parcel_back():
    page = shop("orders", [order(1) | {"lines": None}, order(2)]).shipments(["302-1", "302-2"])

    assert [s.reference for s in page.shipments] == ["302-2"]
    assert [p.code for p in page.problems] == ["order_not_readable"]


def test_an_order_of_another_reference_is_not_taken_for_ours():
    """Else somebody else's order would be cancelled."""
    adapter = shop("orders", [order(2)])

    with pytest.raises(errors.Malformed):
        adapter.order("302-1")
    with pytest.raises(errors.Malformed):
        adapter.cancel_order("302-1")
