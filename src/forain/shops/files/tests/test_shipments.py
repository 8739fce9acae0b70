"""Parcels are read back; files may repeat each other, and what is wrong is said by file, line and column."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.stock import ABSURD_QUANTITY
from forain.shops.files import shipments
from forain.shops.files.folder import Folder
from forain.shops.files.tests.parts import shop

COLUMNS = "order,carrier,tracking,shipped_at,parcel,line,quantity\n"


@pytest.fixture
def told(folder):
    """Write shipments files and read order 302-1: (parcels, problems)."""

    def tell(**files):
        shop(folder).check()
        for name, text in files.items():
            (folder / f"shipments/{name}.csv").write_text(text, encoding="utf-8")
        page = shop(folder).shipments(["302-1"])
        return page.shipments, page.problems

    return tell


def test_a_line_is_a_parcel_named_by_its_tracking_number(told):
    (parcel,), problems = told(a="order,carrier,tracking\n302-1,Colissimo,6A1\n")

    assert (parcel.reference, parcel.parcel, parcel.carrier, parcel.tracking) == ("302-1", "6A1", "Colissimo", "6A1")
    assert (parcel.shipped_at, parcel.items) == (None, {})
    assert problems == ()


def test_lines_of_one_parcel_belong_together_and_a_moment_has_a_zone(told):
    (one, two), _ = told(
        a=f"{COLUMNS}302-1,DHL,T1,2026-03-01T10:00:00+01:00,,1,2\n302-1,DHL,T1,2026-03-01T10:00:00+01:00,,2,1\n302-1,DHL,T2,,box 2,3,1\n"
    )

    assert (one.items, one.shipped_at) == ({"1": 2, "2": 1}, datetime(2026, 3, 1, 9, tzinfo=UTC))
    assert (two.parcel, two.items) == ("box 2", {"3": 1})


def test_saying_it_again_in_a_later_file_ships_nothing_twice(told):
    line = "302-1,DHL,T1,,,1,2\n"

    parcels, problems = told(a=COLUMNS + line, b=COLUMNS + line + line)

    assert [p.items for p in parcels] == [{"1": 2}]
    assert problems == ()


def test_a_later_file_corrects_an_earlier_one(told):
    parcels, _ = told(a=f"{COLUMNS}302-1,DLH,T1,,p1,,\n", b=f"{COLUMNS}302-1,DHL,T9,,p1,,\n")

    assert [(p.carrier, p.tracking) for p in parcels] == [("DHL", "T9")]


def test_lines_of_other_orders_are_left_alone(told):
    assert told(a="order,carrier,tracking\n99,,\n302-1,DHL,T1\n")[1] == ()


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("302-1,,T1,,,,", "carrier_missing", "carrier"),
        ("302-1,DHL,,,,,", "tracking_missing", "tracking"),
        ("302-1,DHL,T1,2026-03-01 10:00,,,", "shipped_at_wrong", "shipped_at"),
        ("302-1,DHL,T1,01/03/2026,,,", "shipped_at_wrong", "shipped_at"),
        ("302-1,DHL,T1,,,1,", "quantity_wrong", "quantity"),
        ("302-1,DHL,T1,,,1,0", "quantity_wrong", "quantity"),
        (f"302-1,DHL,T1,,,1,{'9' * 5000}", "quantity_wrong", "quantity"),
        ("302-1,DHL,T1,,,,2", "line_missing", "line"),
        (f"302-1,DHL,{'T' * 101},,,,", "text_wrong", "tracking"),
    ],
)
def test_a_bad_line_is_said_and_the_next_goes_on(told, line, code, column):
    parcels, problems = told(a=f"{COLUMNS}{line}\n302-1,DHL,T2,,,,\n")

    assert [(p.code, p.field) for p in problems] == [(code, f"a.csv, line 2, column {column}")]
    assert [p.tracking for p in parcels] == ["T2"]


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("order,carrier,tracking\n302-1,DHL,T", "shipments_cut", "a.csv, line 2"),
        ("order,carrier\n302-1,DHL\n", "column_missing", "a.csv, line 1"),
        ("order,carrier,tracking\n302-1,DHL\n", "cells", "a.csv, line 2"),
        ('order,carrier,tracking\n"302-1,DHL,T1\n302-1,DHL,T2\n', "shipments_quotes", "a.csv, line 2"),
    ],
)
def test_a_bad_file_is_said_and_the_next_goes_on(told, text, code, field):
    parcels, problems = told(a=text, b="order;carrier;tracking\n302-1;DHL;T2\n", c="")

    assert [(p.code, p.field) for p in problems] == [(code, field)]
    assert [p.tracking for p in parcels] == ["T2"]


noise = st.one_of(
    st.binary(max_size=120), st.text(max_size=120).map(lambda t: f"{COLUMNS}302-1,{t}\n".encode("utf-8", "replace"))
)


@given(noise)
def test_whatever_the_bytes_are_only_parcels_or_problems_come_out(tmp_path_factory, content):
    root = tmp_path_factory.mktemp("shop")
    (root / "shipments").mkdir()
    (root / "shipments/a.csv").write_bytes(content)

    found, _ = shipments.read(Folder(str(root)), frozenset({"302-1"}))

    for parcel in found:
        assert parcel.reference == "302-1"
        assert parcel.carrier
        assert parcel.tracking
        assert all(0 < pieces <= ABSURD_QUANTITY for pieces in parcel.items.values())
