"""shipments/*.csv: what the merchant's system sent. A bad line is said; the others go on."""

import csv
import io

from forain.contracts.shop import Shipment
from forain.core.clock import Instant, parse_instant
from forain.core.errors import Problem
from forain.core.ids import MarketplaceOrderId
from forain.shops.files.folder import Folder

NEEDED = ("order", "carrier", "tracking")


def read(folder: Folder, wanted: set[str]) -> tuple[list[Shipment], list[Problem]]:
    """Parcels of the wanted orders in all files. Lines of one parcel (same order and parcel) belong together."""
    parcels: dict[tuple[str, str], Shipment] = {}
    problems: list[Problem] = []
    for name in folder.names("shipments", ".csv"):
        content = folder.read(f"shipments/{name}")
        if content is None:
            continue
        if not content.endswith((b"\n", b"\r")):
            problems.append(Problem("shipments_cut", "", name))
            continue
        _file(name, content, wanted, parcels, problems)
    return list(parcels.values()), problems


def _file(
    name: str,
    content: bytes,
    wanted: set[str],
    parcels: dict[tuple[str, str], Shipment],
    problems: list[Problem],
) -> None:
    try:
        text = content.decode("utf-8-sig")
        first = text.splitlines()[0] if text.strip() else ""
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        problems.append(Problem("shipments_unreadable", str(error)[:100], name))
        return
    columns = [cell.strip().lower() for cell in rows[0]] if rows else []
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        problems.append(Problem("column_missing", ", ".join(missing), f"{name}, line 1"))
        return
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        where = f"{name}, line {number}"
        if len(row) != len(columns):
            problems.append(Problem("cells", f"{len(row)} instead of {len(columns)}", where))
            continue
        cells = {column: cell.strip() for column, cell in zip(columns, row, strict=True)}
        if cells["order"] in wanted:
            _line(name, number, cells, parcels, problems)


def _line(
    name: str,
    number: int,
    cells: dict[str, str],
    parcels: dict[tuple[str, str], Shipment],
    problems: list[Problem],
) -> None:
    where = f"{name}, line {number}"
    shipped_at: Instant | None = None
    if cells.get("shipped_at"):
        try:
            shipped_at = parse_instant(cells["shipped_at"])
        except ValueError:
            problems.append(Problem("shipped_at_wrong", cells["shipped_at"][:40], f"{where}, column shipped_at"))
            return
    if not cells["tracking"]:
        problems.append(Problem("tracking_missing", "", f"{where}, column tracking"))
        return
    items: dict[str, int] = {}
    if cells.get("line"):
        count = cells.get("quantity", "")
        if not count.isascii() or not count.isdigit() or int(count) < 1:
            problems.append(Problem("quantity_wrong", count[:20], f"{where}, column quantity"))
            return
        items[cells["line"]] = int(count)
    parcel = cells.get("parcel") or cells["tracking"]
    key = cells["order"], parcel
    known = parcels.get(key)
    if known is not None:
        items = {**known.items, **{line: known.items.get(line, 0) + n for line, n in items.items()}}
    parcels[key] = Shipment(
        MarketplaceOrderId(cells["order"]), parcel, cells["carrier"], cells["tracking"], shipped_at, items
    )
