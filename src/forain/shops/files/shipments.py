"""shipments/*.csv: what the merchant's system sent. A bad line is said; the others go on."""

from collections.abc import Mapping
from dataclasses import replace

from forain.contracts.shop import Shipment
from forain.core.clock import Instant, parse_instant
from forain.core.errors import Problem
from forain.core.ids import MarketplaceOrderId
from forain.core.stock import ABSURD_QUANTITY
from forain.shops.files.catalogue import MOST_PROBLEMS
from forain.shops.files.folder import Changing, Folder
from forain.shops.files.table import KEPT_TEXT, at, read_table

FOLDER = "shipments"
NEEDED = ("order", "carrier", "tracking")
LONGEST = 100
"""Characters of a carrier, tracking number or parcel name."""


class _Bad(Exception):
    def __init__(self, code: str, column: str, text: str = "") -> None:
        self.code, self.column, self.text = code, column, text
        super().__init__(code)


def read(folder: Folder, wanted: frozenset[str]) -> tuple[tuple[Shipment, ...], tuple[Problem, ...]]:
    """Parcels of the wanted orders in all files, and what could not be read.

    Lines of one order and one parcel belong together. Saying a line again is harmless: files may repeat each
    other, and of two that differ the last one (by file name, then line) counts.
    """
    parcels: dict[tuple[str, str], Shipment] = {}
    problems: list[Problem] = []
    for name, _ in folder.files(FOLDER, ".csv"):
        try:
            content = folder.read(f"{FOLDER}/{name}")
        except Changing:
            problems.append(Problem("shipments_cut", "", name))
            continue
        if content:
            problems += _file(name, content, wanted, parcels)
    return tuple(parcels.values()), tuple(problems[:MOST_PROBLEMS])


def _file(name: str, content: bytes, wanted: frozenset[str], parcels: dict[tuple[str, str], Shipment]) -> list[Problem]:
    table = read_table(content, NEEDED, "shipments")
    if isinstance(table, Problem):
        # A file with nothing in it is an export of a day without parcels.
        return [] if table.code == "shipments_empty" else [replace(table, field=_in(name, table.field))]
    problems = [replace(problem, field=_in(name, problem.field)) for problem in table.problems]
    for line, row in table.rows:
        if len(row) != len(table.columns):
            told = f"{len(row)} instead of {len(table.columns)}"
            problems.append(Problem("cells", told, _in(name, at(line))))
            continue
        cells = dict(zip(table.columns, row, strict=True))
        if cells["order"] not in wanted:
            continue
        try:
            shipment = _shipment(cells)
        except _Bad as bad:
            problems.append(Problem(bad.code, bad.text[:KEPT_TEXT], _in(name, at(line, bad.column))))
            continue
        known = parcels.get((shipment.reference, shipment.parcel))
        if known is not None:
            shipment = replace(shipment, items={**known.items, **shipment.items})
        parcels[shipment.reference, shipment.parcel] = shipment
    return problems


def _in(name: str, place: str) -> str:
    return f"{name}, {place}" if place else name


def _shipment(cells: Mapping[str, str]) -> Shipment:
    for column in ("carrier", "tracking"):
        if not cells[column]:
            raise _Bad(f"{column}_missing", column)
    for column in ("carrier", "tracking", "parcel", "line"):
        text = cells.get(column, "")
        if len(text) > LONGEST or not text.isprintable():
            raise _Bad("text_wrong", column, ascii(text))
    items: dict[str, int] = {}
    if cells.get("line"):
        items[cells["line"]] = _pieces(cells.get("quantity", ""))
    elif cells.get("quantity"):
        raise _Bad("line_missing", "line")
    return Shipment(
        reference=MarketplaceOrderId(cells["order"]),
        parcel=cells.get("parcel") or cells["tracking"],
        carrier=cells["carrier"],
        tracking=cells["tracking"],
        shipped_at=_moment(cells.get("shipped_at", "")),
        items=items,
    )


def _pieces(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= ABSURD_QUANTITY:
        raise _Bad("quantity_wrong", "quantity", text)
    return int(text)


def _moment(text: str) -> Instant | None:
    if not text:
        return None
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        raise _Bad("shipped_at_wrong", "shipped_at", text) from None
