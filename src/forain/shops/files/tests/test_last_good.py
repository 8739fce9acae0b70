"""While the file is broken as a whole, the last good version counts and the trouble is told."""

import pytest

from forain.core.errors import ServerFault
from forain.core.stock import StockLevel
from forain.shops.files.folder import Changing, Folder
from forain.shops.files.tests.parts import GOOD, HEAD, draft, shop


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (HEAD.encode(), "catalogue_empty"),
        (b"\xef\xbb\xbf\n", "catalogue_empty"),
        (GOOD[:-4].encode(), "catalogue_cut"),
        (GOOD.encode("utf-16") + b"\n", "catalogue_encoding"),
        (GOOD.encode("utf-16"), "catalogue_encoding"),
        (GOOD.replace("Soap", "Café").encode("cp1252"), "catalogue_encoding"),
        ((HEAD + "a\nb\n").encode(), "cells"),
        (GOOD.replace("price", "prix").encode(), "column_missing"),
        (GOOD.replace("tax_rate", "price").encode(), "column_twice"),
    ],
)
def test_nothing_of_a_broken_file_is_believed(folder, content, code):
    shop(folder).variants(None)
    (folder / "catalogue.csv").write_bytes(content)

    page = shop(folder).variants(None)

    assert [v.level for v in page.variants] == [StockLevel(12), StockLevel(5)]
    assert shop(folder).stock(["SOAP"])["SOAP"].level == StockLevel(12)
    assert code in {p.code for p in page.problems}


def test_the_last_good_version_is_a_plain_file_in_the_folder(folder):
    shop(folder).stock(["SOAP"])

    assert (folder / ".forain/catalogue.last-good.csv").read_text() == GOOD


def test_new_orders_still_count_while_the_last_good_version_is_in_force(folder):
    shop(folder).stock(["SOAP"])
    shop(folder).ensure_order(draft(quantity=3))
    (folder / "catalogue.csv").unlink()

    assert shop(folder).stock(["SOAP"])["SOAP"].level == StockLevel(12, 3)


def test_a_broken_file_that_never_was_good_gives_no_stock_at_all(tmp_path):
    (tmp_path / "catalogue.csv").write_text("nonsense\n")

    assert shop(tmp_path).variants(None).variants == ()
    assert [p.code for p in shop(tmp_path).variants(None).problems] == ["column_missing"]
    with pytest.raises(ServerFault) as fault:
        shop(tmp_path).stock(["SOAP"])
    assert fault.value.code == "column_missing"


def test_a_file_that_changes_while_it_is_read_is_not_believed(folder, monkeypatch):
    shop(folder).stock(["SOAP"])
    read = Folder.read

    def writing(self, name):
        if name == "catalogue.csv":
            raise Changing(name)
        return read(self, name)

    monkeypatch.setattr(Folder, "read", writing)
    page = shop(folder).variants(None)

    assert [v.sku for v in page.variants] == ["SOAP", "OIL"]
    assert [p.code for p in page.problems] == ["catalogue_changing"]


def test_a_last_good_version_that_somebody_spoiled_is_not_believed_either(folder):
    shop(folder).stock(["SOAP"])
    (folder / ".forain/catalogue.last-good.csv").unlink()
    (folder / ".forain/catalogue.last-good.csv").write_text("spoiled")
    (folder / "catalogue.csv").unlink()

    with pytest.raises(ServerFault):
        shop(folder).stock(["SOAP"])
