"""Whatever a shop calls its articles reaches the database as it is, many at once."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DataError, connection

from forain.contracts.shop import Variant
from forain.core.errors import Problem
from forain.core.ids import ShopId, VariantId
from forain.core.money import Money
from forain.core.sales import Special
from forain.core.stock import StockLevel
from forain.store import models, shops
from forain.store.arrays import array

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
ODD = (
    "",
    "NULL",
    "null",
    'a"b',
    "a\\b",
    '\\"',
    "it's",
    "a,b",
    "{a}",
    " a ",
    "a\nb\tc\r",
    "é€😀",
    "%s %%",
    "$1",
    "-- a /* b",
)
ARTICLE = Variant(
    VariantId("V1"), "A-1", "Olive oil", Money(990, "EUR"), StockLevel(5, 1), ean="4006381333931", asin="B000000001",
    tax_rate=Decimal("5.50"), active=True, group="oils", group_prices=(("trade", Money(800, "EUR")),),
    special=Special(Money(890, "EUR"), date(2026, 3, 2), None), problems=(Problem("price_zero", "none", "price"),),
)  # fmt: skip


@pytest.fixture
def shop(db):
    row = models.Shop.objects.create(kind="files", name="Shop", hook_name="h", created_at=NOW)
    return ShopId(row.pk)


def test_a_column_of_texts_is_read_back_as_it_was_written(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT unnest(%s::text[])", [array([*ODD, None])])
        found = [text for (text,) in cursor.fetchall()]

    assert found == [*ODD, None]


def test_a_text_that_no_database_keeps_moves_no_other(db):
    with connection.cursor() as cursor, pytest.raises((DataError, ValueError)):
        cursor.execute("SELECT unnest(%s::text[])", [array(["a\0b", "c"])])


def test_articles_of_any_name_are_mirrored_as_they_are_and_differ_from_themselves_in_nothing(shop):
    told = [
        replace(ARTICLE, variant=VariantId(f"V{n}"), sku=text, title=text, group=text) for n, text in enumerate(ODD)
    ]

    first, again = shops.mirror(shop, told, NOW), shops.mirror(shop, told, NOW)

    assert (first, again) == ({one.variant for one in told}, set())
    assert sorted(shops.mirrored(shop, first).values(), key=lambda one: int(one.variant[1:])) == told


@pytest.mark.parametrize(
    "new",
    [
        {"sku": "A-2"}, {"title": "Oil"}, {"price": None}, {"price": Money(990, "CHF")}, {"level": None}, {"level": StockLevel(5, 0)},
        {"ean": ""}, {"asin": ""}, {"tax_rate": None}, {"tax_rate": Decimal("5.6")}, {"active": False}, {"group": ""},
        {"group_prices": ()}, {"special": None}, {"special": Special(Money(890, "EUR"), None, None)}, {"problems": ()},
    ],
    ids=str,
)  # fmt: skip
def test_an_article_that_differs_in_anything_is_a_changed_one(shop, new):
    shops.mirror(shop, [ARTICLE], NOW)

    changed = shops.mirror(shop, [replace(ARTICLE, **new)], NOW)

    assert changed == {"V1"}
    assert shops.mirrored(shop, changed) == {"V1": replace(ARTICLE, **new)}


def test_the_same_rate_written_otherwise_is_no_change_and_an_article_that_was_gone_is_one(shop):
    shops.mirror(shop, [ARTICLE], NOW)

    assert shops.mirror(shop, [replace(ARTICLE, tax_rate=Decimal("5.500"))], NOW) == set()

    models.Variant.objects.update(gone_at=NOW)
    assert shops.mirror(shop, [ARTICLE], NOW) == {"V1"}
    assert shops.mirror(shop, [], NOW) == set()
