"""The demo's merchant speaks the documented formats: what it writes is read, what is written it carries out.

Loaded by its path: it stands in a higher layer, and knows this adapter only by its files, as this test does.
"""

import importlib.util
import threading
from pathlib import Path

import pytest

from forain.core.money import Money
from forain.core.stock import StockLevel
from forain.shops.files.tests.parts import draft, shop

FILE = Path(__file__).resolve().parents[3] / "cli" / "sample_shop.py"


@pytest.fixture(scope="module")
def sample():
    spec = importlib.util.spec_from_file_location("sample_shop_under_test", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_catalogue_has_nothing_wrong(sample, tmp_path):
    sample.create(tmp_path)

    page = shop(tmp_path).variants(None)

    assert (len(page.variants), page.problems) == (25, ())
    assert len({v.ean for v in page.variants}) == 25
    assert shop(tmp_path).check()


def test_a_larger_one_and_one_of_own_articles_can_be_made(sample, tmp_path):
    sample.create(tmp_path / "large", 60)
    own = {"sku": "A", "title": "Café", "price": "1.00", "currency": "EUR", "on_hand": 3}
    sample.create(tmp_path / "own", [own])

    assert len(shop(tmp_path / "large").variants(None).variants) == 60
    (variant,) = shop(tmp_path / "own").variants(None).variants
    assert (variant.sku, variant.price, variant.level) == ("A", Money(100, "EUR"), StockLevel(3))


def test_selling_and_a_new_price_reach_the_catalogue(sample, tmp_path):
    merchant = sample.create(tmp_path)
    merchant.sell("NOUGAT", 2)
    merchant.set_price("NOUGAT", "7.80")

    nougat = shop(tmp_path).stock(["NOUGAT"])["NOUGAT"]

    assert (nougat.level, nougat.price) == (StockLevel(28), Money(780, "EUR"))
    with pytest.raises(ValueError):
        merchant.sell("NOUGAT", 29)


def test_an_order_is_booked_once_and_its_pieces_taken_once(sample, tmp_path):
    merchant = sample.create(tmp_path)
    shop(tmp_path).ensure_order(draft(variant="NOUGAT", quantity=2))

    assert merchant.book_orders() == ["302-1"]
    assert merchant.book_orders() == []
    shop(tmp_path).ensure_order(draft(variant="NOUGAT", quantity=2))

    assert (merchant.orders(), merchant.has("302-1")) == ({"302-1"}, 1)
    assert shop(tmp_path).stock(["NOUGAT"])["NOUGAT"].level == StockLevel(28)


def test_killed_between_taking_the_pieces_and_moving_the_file_it_goes_on_where_it_stood(sample, tmp_path, monkeypatch):
    merchant = sample.create(tmp_path)
    shop(tmp_path).ensure_order(draft(variant="NOUGAT", quantity=2))

    def killed(self, target):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            merchant.book_orders()

    assert sample.SampleShop(tmp_path).book_orders() == ["302-1"]
    assert shop(tmp_path).stock(["NOUGAT"])["NOUGAT"].level == StockLevel(28)


def test_a_booked_order_that_is_cancelled_gives_its_pieces_back_once(sample, tmp_path):
    merchant = sample.create(tmp_path)
    shop(tmp_path).ensure_order(draft(variant="NOUGAT", quantity=2))
    merchant.book_orders()
    shop(tmp_path).cancel_order("302-1")

    assert (merchant.cancel_orders(), merchant.cancel_orders()) == (["302-1"], [])

    assert shop(tmp_path).order("302-1").cancelled
    assert shop(tmp_path).stock(["NOUGAT"])["NOUGAT"].level == StockLevel(30)


def test_a_parcel_is_read_back(sample, tmp_path):
    merchant = sample.create(tmp_path)
    merchant.ship("302-1", "Colissimo", "6A1")

    page = shop(tmp_path).shipments(["302-1"])

    assert [(s.carrier, s.tracking) for s in page.shipments] == [("Colissimo", "6A1")]
    assert page.problems == ()


def test_left_alone_it_books_by_itself_until_told_to_stop(sample, tmp_path):
    merchant, stop = sample.create(tmp_path), threading.Event()
    thread = threading.Thread(target=merchant.run, args=(stop,))
    thread.start()
    try:
        shop(tmp_path).ensure_order(draft(variant="NOUGAT"))
        for _ in range(100):
            if (tmp_path / "orders/booked/302-1.json").exists():
                break
            stop.wait(0.05)
    finally:
        stop.set()
        thread.join(10)

    assert (tmp_path / "orders/booked/302-1.json").exists()
    assert not thread.is_alive()
