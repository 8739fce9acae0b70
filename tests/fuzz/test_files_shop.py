"""A folder as a till, a spreadsheet or an ill disk leaves it: good lines are read, what is doubtful as a whole is held back."""

import contextlib
import csv
import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.contracts.shop import ShopCredentials
from forain.core import errors
from forain.core.ids import VariantId
from forain.shops.files import open
from forain.shops.files.orders import document
from forain.shops.files.tests.parts import draft, shop

from .examples import examples
from .mutations import TEXTS, as_json, mutated, spoiled
from .values import keepable

COLUMNS = ["sku", "ean", "title", "price", "currency", "tax_rate", "on_hand", "stock:Lyon", "stock:Paris"]
ROWS = [[f"ART-{n}", "", f"Article {n}", f"{n}.90", "EUR", "20", str(5 + n), "2", str(3 + n)] for n in range(1, 9)]
IDS = [VariantId(row[0]) for row in ROWS]
CELLS = st.sampled_from(
    [*TEXTS, "6.90", "6,90", "1 000", "-3", "1e309", "12.345", "６", "½", "2026-03-01", "x" * 300, "TRUE", "=1+1", '"']
) | st.text(max_size=6)


def table(rows: list[list[str]], separator: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerows([COLUMNS, *rows])
    return text.getvalue().encode(encoding, "replace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "catalogue.csv").write_bytes(table(ROWS))
    shop(tmp_path).check()
    return tmp_path


def read(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """(articles, codes of what is wrong with the file)."""
    page = shop(folder).variants(None)
    keepable(page)
    keepable(shop(folder).stock(IDS))
    return {v.variant: v for v in page.variants}, [p.code for p in page.problems]


def test_one_bad_line_stops_no_other(folder, tally):
    whole, _ = read(folder)
    changes = st.dictionaries(st.integers(0, len(COLUMNS) - 1), CELLS, min_size=1, max_size=3)

    @examples(150)
    @given(changes, st.integers(0, 7), st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-8-sig"]))
    def line(changed, number, separator, encoding):
        tally["Files: one line of a catalogue"] += 1
        row = [changed.get(n, cell) for n, cell in enumerate(ROWS[number])]
        rows = [row if n == number else other for n, other in enumerate(ROWS)]
        content = table(rows, separator, encoding)
        (folder / "catalogue.csv").write_bytes(content)
        found, problems = read(folder)
        if b"\0" in content:
            # No text as a whole: some last good version counts, and it is said.
            assert problems == ["catalogue_encoding"]
            return

        others = {name: value for name, value in whole.items() if name != ROWS[number][0]}
        assert {name: found.get(name) for name in others} == others
        bad = found.get(row[0].encode("utf-8", "replace").decode().strip())
        assert problems or bad is not None, row

    line()


def test_a_spoiled_catalogue_is_read_line_by_line_or_the_last_good_one_stays(folder, tally):
    whole, _ = read(folder)
    content = table(ROWS)

    @examples(200)
    @given(body=spoiled(content) | st.lists(st.lists(CELLS, max_size=10), max_size=6).map(table))
    def file(body):
        tally["Files: bytes of a catalogue"] += 1
        shutil.rmtree(folder / ".forain")
        (folder / "catalogue.csv").write_bytes(content)
        read(folder)
        (folder / "catalogue.csv").write_bytes(body)
        found, problems = read(folder)

        lines = body.removeprefix(b"\xef\xbb\xbf").split(b"\r\n")
        if found != whole and lines[0] == content.split(b"\r\n")[0] and b'"' not in body:
            # What stands there whole is read as it was, unless another line names it too.
            for row, text in zip(ROWS, content.split(b"\r\n")[1:], strict=False):
                if lines.count(text) == 1 and body.count(row[0].encode()) == 1:
                    assert found[row[0]] == whole[row[0]]
        if not body.strip() or not body.endswith((b"\n", b"\r")):
            assert found == whole
            assert problems

    file()


SHIPMENTS = b"order,carrier,tracking,shipped_at,line,quantity\r\n302-1,DHL,1,2026-03-02T15:30:00+01:00,1,1\r\n302-2,DHL,2,,,\r\n"


def test_a_spoiled_file_of_shipments_keeps_no_other_back(folder, tally):
    (folder / "shipments" / "good.csv").write_bytes(SHIPMENTS.replace(b"302-", b"303-"))
    rows = st.lists(st.lists(CELLS | st.sampled_from(["302-1", "302-2"]), min_size=6, max_size=6), max_size=4).map(
        lambda found: SHIPMENTS + "".join(",".join(row) + "\r\n" for row in found).encode("utf-8", "replace")
    )

    @examples(150)
    @given(body=spoiled(SHIPMENTS) | rows)
    def file(body):
        tally["Files: bytes of shipments"] += 1
        (folder / "shipments" / "odd.csv").write_bytes(body)
        page = shop(folder).shipments(["302-1", "302-2", "303-1", "303-2"])
        keepable(page)

        assert {"303-1", "303-2"} <= {s.reference for s in page.shipments}
        if body.startswith(SHIPMENTS) and body.count(b'"') == 0 and b"\0" not in body and body.endswith(b"\n"):
            assert {"302-1", "302-2"} <= {s.reference for s in page.shipments} or page.problems

    file()


def test_a_spoiled_order_file_is_said_and_stops_no_other(folder, tally):
    told = json.loads(document(draft("302-2", "ART-2", 2)))
    (folder / "orders" / "new" / "302-1.json").write_bytes(document(draft("302-1", "ART-1", 2)))

    @examples(150)
    @given(body=spoiled(document(draft("302-2", "ART-2", 2))) | mutated(told).map(as_json))
    def file(body):
        tally["Files: bytes of an order"] += 1
        (folder / "orders" / "new" / "302-2.json").write_bytes(body)
        found, problems = read(folder)

        assert found["ART-1"].level.allocated == 2
        assert problems == ["order_unreadable"] or not problems
        for call in (shop(folder).order, lambda name: shop(folder).ensure_order(draft(name, "ART-2"))):
            with contextlib.suppress(errors.Malformed, errors.Rejected):
                keepable(call("302-2"))
        mark, _ = shop(folder).changed("")
        assert shop(folder).changed(mark) == (mark, ())

    file()


def test_what_forain_keeps_for_itself_may_be_spoiled_too(folder, tally):
    """An ill disk, or somebody who looked into .forain with an editor."""
    (folder / "orders" / "new" / "302-1.json").write_bytes(document(draft("302-1", "ART-1", 2)))
    mark, _ = shop(folder).changed("")
    own = {file: file.read_bytes() for file in sorted((folder / ".forain").iterdir())}

    @examples(100)
    @given(st.data(), st.integers(0, len(own) - 1))
    def file(data, number):
        name = sorted(own)[number]
        body = data.draw(spoiled(own[name]))
        tally["Files: bytes under .forain"] += 1
        for path, content in own.items():
            path.unlink(missing_ok=True)
            path.write_bytes(content)
        name.write_bytes(body)
        (folder / "catalogue.csv").write_bytes(table(ROWS[1:]))
        (folder / "orders" / "new" / "302-3.json").write_bytes(document(draft("302-3", "ART-3", 1)))
        try:
            _, signals = shop(folder).changed(mark)
            assert {"ART-1", "*"} & {s.key for s in signals}
            assert {"ART-3", "*"} & {s.key for s in signals}
            found, _ = read(folder)
            assert set(found) == set(IDS[1:])
        finally:
            (folder / "orders" / "new" / "302-3.json").unlink()
            (folder / "catalogue.csv").write_bytes(table(ROWS))

    file()


def _directory(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_directory, _loop, _nowhere, _pipe, _device])
@pytest.mark.parametrize(
    "name", ["catalogue.csv", "shipments/odd.csv", "orders/new/302-1.json", ".forain/catalogue.last-good.csv"]
)
def test_what_is_no_file_is_told_or_left_alone_and_never_waited_for(folder, tally, name, make):
    tally["Files: no file where one belongs"] += 1
    whole, _ = read(folder)
    path = folder / name
    path.unlink(missing_ok=True)
    make(path)
    adapter = shop(folder)
    calls = (
        adapter.check, lambda: adapter.variants(None), lambda: adapter.stock(IDS), lambda: adapter.changed(""),
        lambda: adapter.shipments(["302-1"]), lambda: adapter.order("302-1"), lambda: adapter.ensure_order(draft("302-1", "ART-1")),
        lambda: adapter.cancel_order("302-1"),
    )  # fmt: skip
    for call in calls:
        with contextlib.suppress(errors.AdapterError):
            keepable(call())
    try:
        found = {v.variant: v for v in adapter.variants(None).variants}
    except errors.AdapterError:
        return
    assert set(found) == set(whole)


def test_a_folder_that_cannot_be_one_is_refused(tmp_path, tally):
    texts = st.sampled_from(
        [*TEXTS, "~", "~nobody-here/shop", "/dev/null", "/proc/self/mem", "/" + "x" * 300, "/x" * 3000, str(tmp_path)]
    )

    @examples(60)
    @given(text=texts | st.text(max_size=10) | st.text(max_size=10).map(lambda t: f"{tmp_path}/{t}"))
    def named(text):
        tally["Files: names of a folder"] += 1
        adapter = open(ShopCredentials({"folder": text}, {}), None)
        with pytest.raises(errors.Rejected) as refused:
            adapter.check()
        assert refused.value.problems
        with pytest.raises((errors.Unreachable, errors.Rejected)):
            adapter.variants(None)

    named()
    assert list(tmp_path.iterdir()) == []
