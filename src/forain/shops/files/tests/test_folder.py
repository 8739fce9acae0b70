"""A folder that cannot be used is said to be so, with the cure; one that is not there is never written into."""

import os
from pathlib import Path

import pytest

from forain.core.errors import Rejected, Unreachable
from forain.shops.files import MANIFEST
from forain.shops.files.tests.parts import GOOD, draft, shop


def refused(folder) -> str:
    with pytest.raises(Rejected) as error:
        shop(folder).check()
    assert error.value.problems
    return error.value.code


def test_a_good_folder_gets_its_sub_folders(folder):
    assert shop(folder).check() == str(folder)

    assert sorted(os.listdir(folder)) == [".forain", "catalogue.csv", "orders", "shipments"]
    assert sorted(os.listdir(folder / "orders")) == ["booked", "cancellations", "cancelled", "new", "refused"]
    assert os.listdir(folder / "orders/new") == []


def test_what_is_wrong_with_a_folder_is_said(folder, tmp_path):
    assert refused("") == "folder_relative"
    assert refused("shop") == "folder_relative"
    assert refused(folder / "none") == "folder_missing"
    assert refused(folder / "catalogue.csv") == "folder_no_folder"


def test_a_folder_without_a_catalogue_stays_as_it_is(tmp_path):
    assert refused(tmp_path) == "catalogue_missing"
    assert os.listdir(tmp_path) == []


def test_a_broken_catalogue_is_said_by_its_own_code(tmp_path):
    (tmp_path / "catalogue.csv").write_text(GOOD[:-1])

    assert refused(tmp_path) == "catalogue_cut"


def test_a_catalogue_with_one_bad_line_is_good_enough_to_begin(tmp_path):
    (tmp_path / "catalogue.csv").write_text(GOOD.replace("6.90", "0"))

    assert shop(tmp_path).check() == str(tmp_path)


def test_a_folder_nobody_may_write_is_said_to_be_so(folder, monkeypatch):
    def forbidden(self, *rest, **more):
        raise PermissionError(13, "Permission denied")

    # Rights do not bind root, as whom tests often run.
    monkeypatch.setattr(Path, "mkdir", forbidden)

    assert refused(folder) == "folder_not_writable"


def test_a_file_in_the_place_of_a_sub_folder_is_said(folder):
    (folder / "orders").write_text("")

    assert refused(folder) == "folder_not_writable"


def test_a_sub_folder_that_leads_elsewhere_is_refused(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (folder / "shipments").symlink_to(elsewhere)

    assert refused(folder) == "folder_link"
    assert os.listdir(elsewhere) == []


@pytest.mark.parametrize("call", ["variants", "stock", "changed", "ensure_order", "cancel_order", "order", "shipments"])
def test_an_empty_mount_point_is_never_written_into(tmp_path, call):
    argument = {"variants": None, "stock": ["A"], "changed": "", "ensure_order": draft(), "shipments": ["1"]}
    with pytest.raises(Unreachable) as error:
        getattr(shop(tmp_path), call)(argument.get(call, "302-1"))

    assert error.value.code == "folder_gone"
    assert os.listdir(tmp_path) == []


def test_the_manifest_says_what_the_engine_needs():
    assert MANIFEST.code == "files"
    assert MANIFEST.search_lag.total_seconds() == 0
    assert MANIFEST.watch_every.total_seconds() == 1
    assert [(field.name, field.kind) for field in MANIFEST.fields] == [("folder", "folder")]


@pytest.mark.parametrize("name", ["~nobody-here", "nul\0", "half \ud800", "/" + "x" * 300, "/x" * 3000])
def test_a_name_no_folder_can_have_is_refused(name):
    assert refused(name) in ("folder_relative", "folder_missing", "folder_not_readable")
    with pytest.raises(Unreachable):
        shop(name).variants(None)


@pytest.mark.parametrize("name", ["catalogue.csv", "orders/new/302-1.json"])
def test_a_pipe_or_a_device_is_never_waited_for(folder, name):
    """Opened, the one would have stopped the worker for ever, the other filled its memory."""
    shop(folder).check()
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        (folder / name).unlink(missing_ok=True)
        make(folder / name)

        with pytest.raises(Unreachable):
            shop(folder).variants(None) if name == "catalogue.csv" else shop(folder).order("302-1")


def test_a_link_that_leads_to_itself_is_no_sub_folder(folder):
    (folder / "shipments").symlink_to("shipments")

    assert refused(folder) == "folder_not_writable"
    with pytest.raises(Unreachable):
        shop(folder).variants(None)


def test_an_order_file_nested_without_end_is_said(folder):
    shop(folder).check()
    (folder / "orders/new/302-1.json").write_bytes(b"[" * 5000)

    assert [p.code for p in shop(folder).variants(None).problems] == ["order_unreadable"]
