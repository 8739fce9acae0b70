"""An order is one file, written whole or not at all, whoever else is at work and whenever somebody dies."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from forain.core.errors import Malformed, Rejected, Unreachable
from forain.core.money import Money
from forain.shops.files import orders
from forain.shops.files.folder import Folder
from forain.shops.files.tests.parts import draft, shop


def test_the_file_holds_all_the_merchant_needs_with_amounts_as_text(folder):
    shop(folder).ensure_order(draft())

    told = json.loads((folder / "orders/new/302-1.json").read_text(encoding="utf-8"))
    assert told["forain_order"] == 1
    assert (told["reference"], told["total"], told["currency"]) == ("302-1", "13.80", "EUR")
    assert told["lines"] == [
        {"line": "1", "variant": "SOAP", "sku": "SOAP", "title": "Soap", "quantity": 2, "total": "13.80", "tax": "2.30"}
    ]
    assert told["ship_to"]["name"] == "Zoë Müller"
    assert told["purchased_at"] == "2026-03-01T00:00:00.000Z"


@pytest.mark.parametrize("place", ["booked", "cancelled"])
def test_an_order_is_found_wherever_the_merchant_moved_it(folder, place):
    made = shop(folder).ensure_order(draft())
    (folder / "orders/new/302-1.json").rename(folder / f"orders/{place}/302-1.json")

    found = shop(folder).ensure_order(draft())

    assert (found.shop_order, found.total) == (made.shop_order, made.total)
    assert found.cancelled is (place == "cancelled")
    assert os.listdir(folder / "orders/new") == []


def test_an_order_moved_while_we_look_is_not_made_twice(folder, monkeypatch):
    shop(folder).ensure_order(draft())
    read = Folder.read

    def moving(self, name):
        content = read(self, name)
        if name == "orders/new/302-1.json" and (folder / name).exists():
            (folder / name).rename(folder / "orders/booked/302-1.json")
            return None  # As if it had gone a moment before we looked.
        return content

    monkeypatch.setattr(Folder, "read", moving)
    shop(folder).ensure_order(draft())

    assert [p.name for p in (folder / "orders").rglob("*.json")] == ["302-1.json"]


def test_an_order_the_merchant_refused_is_rejected_and_not_made_again(folder):
    shop(folder).ensure_order(draft())
    (folder / "orders/new/302-1.json").rename(folder / "orders/refused/302-1.json")

    with pytest.raises(Rejected) as refused:
        shop(folder).ensure_order(draft())

    assert refused.value.code == "order_refused"
    assert os.listdir(folder / "orders/new") == []
    assert shop(folder).order("302-1").cancelled


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"forain_order": 2}', "\udcff"])
def test_a_file_that_is_no_order_is_neither_believed_nor_overwritten(folder, content):
    shop(folder).check()
    file = folder / "orders/booked/302-1.json"
    file.write_bytes(content.encode("utf-8", "surrogateescape"))

    with pytest.raises(Malformed):
        shop(folder).ensure_order(draft())
    assert file.read_bytes() == content.encode("utf-8", "surrogateescape")
    assert os.listdir(folder / "orders/new") == []


def test_a_file_with_another_orders_content_is_not_taken_for_this_one(folder):
    shop(folder).ensure_order(draft("302-2"))
    (folder / "orders/new/302-2.json").rename(folder / "orders/booked/302-1.json")

    with pytest.raises(Malformed):
        shop(folder).ensure_order(draft("302-1"))


def test_a_spoiled_file_in_new_is_told_and_the_others_still_count(folder):
    shop(folder).ensure_order(draft(quantity=4))
    (folder / "orders/new/notes.json").write_text("do not forget")

    page = shop(folder).variants(None)

    assert page.variants[0].level.allocated == 4
    assert [(p.code, p.field) for p in page.problems] == [("order_unreadable", "orders/new/notes.json")]


def test_cancelling_is_safe_to_repeat_wherever_the_order_is(folder):
    adapter = shop(folder)
    adapter.ensure_order(draft("302-1"))
    adapter.ensure_order(draft("302-2"))
    (folder / "orders/new/302-2.json").rename(folder / "orders/booked/302-2.json")

    for reference in ("302-1", "302-2", "302-3") * 2:
        adapter.cancel_order(reference)

    assert sorted(str(p.relative_to(folder / "orders")) for p in (folder / "orders").rglob("*.json")) == [
        "booked/302-2.json", "cancellations/302-2.json", "cancelled/302-1.json",
    ]  # fmt: skip
    assert json.loads((folder / "orders/cancellations/302-2.json").read_text()) == {
        "forain_cancellation": 1, "reference": "302-2",
    }  # fmt: skip
    assert adapter.ensure_order(draft("302-1")).cancelled


def test_a_disk_that_is_full_is_said_and_leaves_nothing_behind(folder, monkeypatch):
    shop(folder).check()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unreachable):
        shop(folder).ensure_order(draft())

    assert os.listdir(folder / "orders/new") == []


def test_a_disk_without_hard_links_is_refused_in_words(folder, monkeypatch):
    def no_links(source, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    with pytest.raises(Rejected) as refused:
        shop(folder).check()

    assert refused.value.code == "folder_no_links"


def _ensure(folder: str, gate) -> None:
    gate.wait(30)
    for n in range(20):
        shop(Path(folder)).ensure_order(draft(f"302-{n}"))


def test_two_processes_at_once_make_each_order_once(folder):
    context = multiprocessing.get_context("spawn")
    gate = context.Barrier(2)
    workers = [context.Process(target=_ensure, args=(str(folder), gate)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)

    assert [worker.exitcode for worker in workers] == [0, 0]
    assert sorted(os.listdir(folder / "orders/new")) == sorted(f"302-{n}.json" for n in range(20))
    assert [name for name in os.listdir(folder / ".forain") if name.startswith("part-")] == []


def _ensure_for_ever(folder: str) -> None:
    for n in range(1_000_000):
        shop(Path(folder)).ensure_order(draft(f"302-{n}"))


def test_killed_in_the_middle_of_writing_it_leaves_no_half_file(folder):
    shop(folder).check()
    context = multiprocessing.get_context("spawn")
    for pause in (0.0, 0.003, 0.011):
        before = len(os.listdir(folder / "orders/new"))
        worker = context.Process(target=_ensure_for_ever, args=(str(folder),))
        worker.start()
        while len(os.listdir(folder / "orders/new")) <= before + 3:
            assert worker.is_alive()
        time.sleep(pause)
        os.kill(worker.pid, signal.SIGKILL)
        worker.join(30)

    files = list((folder / "orders/new").iterdir())
    assert len(files) > 9
    for file in files:
        assert json.loads(file.read_text(encoding="utf-8"))["reference"] == file.stem
        assert shop(folder).ensure_order(draft(file.stem)).total == Money(1380, "EUR")


def test_what_a_killed_process_left_is_cleared_away_when_it_is_old(folder):
    shop(folder).check()
    for name, age in (("part-1-old", 7200), ("part-1-new", 0)):
        file = folder / ".forain" / name
        file.write_text("half")
        moment = file.stat().st_mtime - age
        os.utime(file, (moment, moment))

    shop(folder).check()

    assert [n for n in os.listdir(folder / ".forain") if n.startswith("part-")] == ["part-1-new"]


def test_a_link_in_place_of_a_file_is_not_written_through(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "file"
    shop(folder).check()
    (folder / "orders/new/302-1.json").symlink_to(outside)

    with pytest.raises(Malformed):
        shop(folder).ensure_order(draft())
    assert not outside.exists()


def test_every_reference_of_amazon_is_a_plain_name():
    assert orders.safe_name("406-9876543-1234567") == "406-9876543-1234567"
