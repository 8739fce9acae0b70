"""What the watching tells: exactly what changed, cheaply, and nothing that did not."""

import os

import pytest

from forain.core.signals import Signal
from forain.core.stock import StockLevel
from forain.shops.files import catalogue
from forain.shops.files.tests.parts import GOOD, HEAD, draft, shop


def rewrite(folder, text):
    """As a careful merchant's system does it."""
    (folder / ".next").write_text(text, encoding="utf-8")
    (folder / ".next").replace(folder / "catalogue.csv")


def test_the_beginning_says_everything(folder):
    _, signals = shop(folder).changed("")

    assert signals == (Signal("variant", "*"), Signal("shop_order", "shipments"))


def test_a_mark_of_another_form_begins_anew(folder):
    _, signals = shop(folder).changed("1f.2e.3d//")

    assert Signal("variant", "*") in signals


def test_nothing_changed_is_told_without_reading_the_catalogue(folder, monkeypatch):
    mark, _ = shop(folder).changed("")
    monkeypatch.setattr(catalogue, "parse", None)

    assert shop(folder).changed(mark) == (mark, ())


def test_new_changed_and_removed_articles_are_named_one_by_one(folder):
    mark, _ = shop(folder).changed("")
    rewrite(folder, HEAD + "SOAP,,Soap,6.80,EUR,20,12\nNEW,,New,1,EUR,20,1\n")

    _, signals = shop(folder).changed(mark)

    assert {s.key for s in signals} == {"SOAP", "NEW", "OIL"}
    assert {s.kind for s in signals} == {"variant"}


def test_lines_in_another_order_or_a_file_touched_are_no_change(folder):
    mark, _ = shop(folder).changed("")
    rewrite(folder, HEAD + "".join(reversed(GOOD.splitlines(keepends=True)[1:])))
    mark, signals = shop(folder).changed(mark)
    os.utime(folder / "catalogue.csv", ns=(1, 1))

    assert signals == ()
    assert shop(folder).changed(mark)[1] == ()


def test_a_change_is_told_exactly_after_a_restart_too(folder):
    mark, _ = shop(folder).changed("")
    rewrite(folder, GOOD.replace(",12\n", ",11\n"))
    shop(folder).stock(["OIL"])
    catalogue.parse.cache_clear()

    _, signals = shop(folder).changed(mark)

    assert signals == (Signal("variant", "SOAP"),)


def test_a_file_that_breaks_and_is_mended_is_told_both_times(folder):
    mark, _ = shop(folder).changed("")
    rewrite(folder, GOOD[:-3])
    mark, broken = shop(folder).changed(mark)
    rewrite(folder, GOOD)
    mark, mended = shop(folder).changed(mark)

    assert broken == mended == (Signal("variant", "*"),)
    assert shop(folder).changed(mark)[1] == ()


def test_a_bad_line_and_its_mending_are_told_so_that_pages_can_say_them(folder):
    mark, _ = shop(folder).changed("")
    rewrite(folder, GOOD.replace("6.90", "-6.90"))
    mark, bad = shop(folder).changed(mark)
    rewrite(folder, GOOD)
    _, good = shop(folder).changed(mark)

    assert bad == good == (Signal("variant", "*"),)


def test_an_order_that_comes_and_goes_tells_the_stock_of_its_articles(folder):
    mark, _ = shop(folder).changed("")
    shop(folder).ensure_order(draft())
    mark, came = shop(folder).changed(mark)
    rewrite(folder, GOOD.replace(",12\n", ",10\n"))
    mark, lowered = shop(folder).changed(mark)
    before_moving = shop(folder).stock(["SOAP"])["SOAP"].level
    (folder / "orders/new/302-1.json").rename(folder / "orders/booked/302-1.json")
    mark, went = shop(folder).changed(mark)

    assert came == went == (Signal("stock", "SOAP"),)
    assert lowered == (Signal("variant", "SOAP"),)
    assert before_moving == StockLevel(10, 2)
    assert shop(folder).stock(["SOAP"])["SOAP"].level == StockLevel(10)
    assert shop(folder).changed(mark)[1] == ()


def test_many_orders_one_after_the_other_are_each_told_exactly(folder):
    mark, _ = shop(folder).changed("")
    told = []
    for n in range(12):
        shop(folder).ensure_order(draft(f"302-{n}"))
        mark, came = shop(folder).changed(mark)
        (folder / f"orders/new/302-{n}.json").rename(folder / f"orders/booked/302-{n}.json")
        mark, went = shop(folder).changed(mark)
        told += [came, went]

    assert set(told) == {(Signal("stock", "SOAP"),)}


def test_a_shipments_file_written_on_is_noticed(folder):
    mark, _ = shop(folder).changed("")
    file = folder / "shipments/a.csv"
    file.write_text("order,carrier,tracking\n")
    mark, came = shop(folder).changed(mark)
    with file.open("a") as more:
        more.write("302-1,DHL,T1\n")
    _, grew = shop(folder).changed(mark)

    assert came == grew == (Signal("shop_order", "shipments"),)


def test_old_versions_do_not_pile_up(folder):
    mark = ""
    for n in range(12):
        rewrite(folder, GOOD.replace(",12\n", f",{n}\n"))
        mark, _ = shop(folder).changed(mark)

    assert len(list((folder / ".forain").iterdir())) <= 12


@pytest.mark.parametrize("looks", ["before", "after"])
def test_a_piece_on_its_way_from_new_to_booked_is_never_free(folder, monkeypatch, looks):
    """The merchant's system books, or Forain adds an order, in the middle of our reading."""
    from forain.shops.files import in_force

    read = in_force.read
    if looks == "before":
        shop(folder).ensure_order(draft())

    def meanwhile(place):
        found = read(place)
        if looks == "before":
            (folder / "orders/new/302-1.json").rename(folder / "orders/booked/302-1.json")
        else:
            shop(folder).ensure_order(draft())
        return found

    monkeypatch.setattr(in_force, "read", meanwhile)

    assert shop(folder).stock(["SOAP"])["SOAP"].level == StockLevel(12, 2)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b'[[["SOAP", 9]], []]'])
def test_what_an_ill_disk_made_of_the_last_look_is_not_believed(folder, content):
    adapter = shop(folder)
    adapter.ensure_order(draft())
    mark, _ = adapter.changed("")
    for kept in (folder / ".forain").glob("waiting-*.json"):
        kept.write_bytes(content)
    adapter.ensure_order(draft("302-2"))

    _, signals = adapter.changed(mark)

    assert Signal("variant", "*") in signals
