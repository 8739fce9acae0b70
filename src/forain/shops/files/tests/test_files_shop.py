"""A folder is the shop: what is wrong is said with line and column, what is right goes on."""

import json
import multiprocessing
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.contracts.shop import ShopCredentials
from forain.core.errors import Rejected
from forain.core.money import LineTotal, Money
from forain.core.orders import Address, DraftLine, OrderDraft
from forain.core.stock import StockLevel
from forain.shops.files import catalogue, open
from forain.shops.files.cells import ean_is_right

HEAD = "sku,ean,title,price,currency,tax_rate,on_hand\n"
GOOD = HEAD + "SOAP,,Soap,6.90,EUR,20,12\nOIL,,Oil,14.50,EUR,5.5,5\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "catalogue.csv").write_text(GOOD)
    return tmp_path


def shop(folder):
    return open(ShopCredentials({"folder": str(folder)}, {}), None)


def draft(reference="302-1", variant="SOAP", quantity=2):
    line = DraftLine("1", variant, variant, "Soap", quantity, LineTotal(Money(1380, "EUR")))
    eur = Money(0, "EUR")
    to = Address("A", ("1 rue",), "Lyon", "69003", "FR")
    return OrderDraft(
        reference, "FR", "EUR", datetime(2026, 3, 1, tzinfo=UTC), (line,), eur, eur, Money(1380, "EUR"), to
    )


def test_a_good_catalogue_is_read(folder):
    page = shop(folder).variants(None)

    assert [(v.sku, v.price, v.level, v.tax_rate) for v in page.variants] == [
        ("SOAP", Money(690, "EUR"), StockLevel(12), Decimal(20)),
        ("OIL", Money(1450, "EUR"), StockLevel(5), Decimal("5.5")),
    ]
    assert page.problems == ()


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ('SOAP,,Soap,"12,50",EUR,20,1', "price_comma", "price"),
        ("SOAP,,Soap,0,EUR,20,1", "price_not_positive", "price"),
        ("SOAP,,Soap,-1,EUR,20,1", "price_not_positive", "price"),
        ("SOAP,,Soap,cheap,EUR,20,1", "price_wrong", "price"),
        ("SOAP,,Soap,1.234,EUR,20,1", "price_wrong", "price"),
        ("SOAP,,Soap,1,euro,20,1", "currency_wrong", "currency"),
        ("SOAP,,Soap,1,EUR,20,-3", "quantity_negative", "on_hand"),
        ("SOAP,,Soap,1,EUR,20,2.5", "quantity_wrong", "on_hand"),
        ("SOAP,,Soap,1,EUR,20,", "quantity_wrong", "on_hand"),
        ("SOAP,,Soap,1,EUR,20,1000001", "quantity_absurd", "on_hand"),
        ("SOAP,,Soap,1,EUR,x,1", "tax_rate_wrong", "tax_rate"),
        ("SOAP,2000000000011,Soap,1,EUR,20,1", "ean_wrong", "ean"),
        (",,Soap,1,EUR,20,1", "sku_missing", "sku"),
    ],
)
def test_a_bad_value_is_named_by_line_and_column_and_the_next_line_goes_on(line, code, column):
    found = catalogue.parse(f"{HEAD}{line}\nOIL,,Oil,14.50,EUR,5.5,5\n".encode())

    assert [(p.code, p.field) for p in found.problems] == [(code, f"line 2, column {column}")]
    first, *_, oil = [*found.variants.values()] if len(found.variants) > 1 else [None, *found.variants.values()]
    assert (oil.sku, oil.level) == ("OIL", StockLevel(5))
    if code.startswith("price") or code == "currency_wrong":
        assert first.price is None
    if code.startswith("quantity"):
        assert first.level is None


def test_a_sku_on_two_lines_is_believed_on_neither():
    found = catalogue.parse(f"{HEAD}A,,a,1,EUR,20,1\nA,,a,2,EUR,20,2\nB,,b,1,EUR,20,1\n".encode())

    twice, other = found.variants.values()
    assert (twice.price, twice.level, twice.problems[0].code) == (None, None, "sku_twice")
    assert other.level == StockLevel(1)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "catalogue_empty"),
        (GOOD.encode()[:-4], "catalogue_cut"),
        ("sku,title,price,currency,on_hand\nA,Café,1,EUR,1\n".encode("latin-1"), "catalogue_encoding"),
        (b"sku,title,price\nA,a,1\n", "column_missing"),
        (b'sku,title,price,currency,on_hand\n"A,a,1,EUR,1\nB,b,1,EUR,1\n', "catalogue_quotes"),
    ],
)
def test_a_broken_file_leaves_the_last_good_version_in_force(folder, content, code):
    shop(folder).variants(None)
    (folder / "catalogue.csv").write_bytes(content)

    page = shop(folder).variants(None)

    assert [v.sku for v in page.variants] == ["SOAP", "OIL"]
    assert page.problems[0].code == code
    assert shop(folder).stock(["SOAP"])["SOAP"].level == StockLevel(12)


def test_a_catalogue_that_is_gone_leaves_the_last_good_version_in_force(folder):
    shop(folder).variants(None)
    (folder / "catalogue.csv").unlink()

    page = shop(folder).variants(None)

    assert len(page.variants) == 2
    assert page.problems[0].code == "catalogue_missing"


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_only_clean_values_or_problems_come_out(noise):
    for content in (noise, HEAD.encode() + noise + b"\n", GOOD.encode() + noise + b"\n"):
        found = catalogue.parse(content)
        for variant in found.variants.values():
            assert variant.price is None or variant.price.minor > 0
            assert variant.level is None or 0 <= variant.level.on_hand <= 1_000_000


def test_a_change_is_told_by_variant_and_twice_the_same(folder):
    adapter = shop(folder)
    mark, first = adapter.changed("")
    adapter.variants(None)
    (folder / "catalogue.csv").write_text(GOOD.replace(",12\n", ",11\n"))
    adapter.stock(["OIL"])

    later, signals = adapter.changed(mark)
    _, again = adapter.changed(mark)
    _, quiet = adapter.changed(later)

    assert [s.key for s in first] == ["*", "shipments"]
    assert [s.key for s in signals] == ["SOAP"]
    assert again == signals
    assert quiet == ()


def test_an_order_is_one_file_and_found_again_wherever_it_was_moved(folder):
    adapter = shop(folder)
    made = adapter.ensure_order(draft())
    assert adapter.ensure_order(draft()) == made
    (folder / "orders/new/302-1.json").rename(folder / "orders/booked/302-1.json")

    again = adapter.ensure_order(draft())

    assert again == made
    assert made.total == Money(1380, "EUR")
    assert list((folder / "orders/new").iterdir()) == []


def test_pieces_of_new_orders_count_as_allocated(folder):
    adapter = shop(folder)
    adapter.ensure_order(draft(quantity=5))

    assert adapter.stock(["SOAP"])["SOAP"].level == StockLevel(12, 5)


def test_a_new_order_is_taken_back_and_a_booked_one_asked_to_be_cancelled(folder):
    adapter = shop(folder)
    adapter.ensure_order(draft("302-1"))
    adapter.ensure_order(draft("302-2"))
    (folder / "orders/new/302-2.json").rename(folder / "orders/booked/302-2.json")

    for reference in ("302-1", "302-2", "302-2", "302-9"):
        adapter.cancel_order(reference)

    assert adapter.order("302-1").cancelled
    assert adapter.order("302-2").cancelled
    assert json.loads((folder / "orders/cancellations/302-2.json").read_text())["reference"] == "302-2"
    assert adapter.order("302-9") is None


@pytest.mark.parametrize("reference", ["../../etc/passwd", "a/b", "", ".hidden", "x" * 100])
def test_a_reference_that_is_no_plain_name_is_refused(folder, reference):
    with pytest.raises(Rejected):
        shop(folder).ensure_order(draft(reference))


def _create(folder, number):
    open(ShopCredentials({"folder": folder}, {}), None).ensure_order(draft("302-7"))


def test_two_processes_make_one_order(folder):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_create, args=(str(folder), n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert [f.name for f in (folder / "orders/new").iterdir()] == ["302-7.json"]


def test_shipments_are_read_and_a_bad_line_does_not_stop_the_next(folder):
    shop(folder).check()
    (folder / "shipments/a.csv").write_text(
        "order,carrier,tracking,shipped_at\n302-1,DHL,,\n302-1,DHL,T1,yesterday\n302-1,DHL,T2,2026-03-01T10:00:00Z\n302-9,DHL,T3,\n"
    )
    (folder / "shipments/b.csv").write_text("order,carrier,tracking\n302-1,DHL,T")

    page = shop(folder).shipments(["302-1"])

    assert [(s.parcel, s.tracking) for s in page.shipments] == [("T2", "T2")]
    assert [(p.code, p.field) for p in page.problems] == [
        ("tracking_missing", "a.csv, line 2, column tracking"),
        ("shipped_at_wrong", "a.csv, line 3, column shipped_at"),
        ("shipments_cut", "b.csv, line 2"),
    ]


def test_a_folder_that_cannot_be_used_is_said_to_be_so(tmp_path):
    for where, code in ((tmp_path / "none", "folder_missing"), (tmp_path, "catalogue_missing")):
        with pytest.raises(Rejected) as refused:
            shop(where).check()
        assert refused.value.code == code


def test_a_folder_that_is_a_link_is_not_followed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "orders").mkdir()
    (folder / "orders/new").symlink_to(elsewhere)

    with pytest.raises(Rejected):
        shop(folder).ensure_order(draft())
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "right"),
    [("4006381333931", True), ("4006381333932", False), ("96385074", True), ("abc", False), ("", False)],
)
def test_the_check_digit_of_an_ean(text, right):
    assert ean_is_right(text) is right
