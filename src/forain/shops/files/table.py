"""A CSV file as rows: which bytes are a table at all, and which single lines of it are none.

Written by hand, by a till or by a spreadsheet: the separator is read from the header line, everything
else is strict, since a guess here would be somebody's price.
"""

import codecs
import csv
import io
from dataclasses import dataclass

from forain.core.errors import Problem

SEPARATORS = ",;\t"
KEPT_TEXT = 60
"""So much of a wrong cell is repeated in its problem."""


@dataclass(frozen=True, slots=True)
class Table:
    """`rows`: (line number, cells) of every line that can be read, blank ones left out; cells are stripped.

    `problems`: single lines that cannot be read. `separator`: as the header line has it.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    problems: tuple[Problem, ...]
    separator: str


def at(line: int, column: str = "") -> str:
    """Where a problem stands: "line 12, column price"."""
    return f"line {line}, column {column}" if column else f"line {line}"


def read_table(content: bytes, needed: tuple[str, ...], kind: str) -> Table | Problem:
    """The table, or the one problem for which nothing of the file may be believed. Never raises.

    `kind`: prefix of the codes that speak of the whole file ("catalogue", "shipments"). A file that does not
    end with a line break was cut off or is still being written.
    """
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        return Problem(f"{kind}_empty")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # A spreadsheet's "Unicode text": its line breaks have two bytes, and would look like a file cut off.
        return Problem(f"{kind}_encoding", "", at(1))
    if not content.endswith((b"\n", b"\r")):
        return Problem(f"{kind}_cut", "", at(content.count(b"\n") + 1))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Problem(f"{kind}_encoding", "", at(content[: error.start].count(b"\n") + 1))
    if "\0" in text:
        return Problem(f"{kind}_encoding", "", at(text[: text.index("\0")].count("\n") + 1))
    first = text.replace("\r", "\n").partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    return _rows(text, separator, needed, kind)


def _rows(text: str, separator: str, needed: tuple[str, ...], kind: str) -> Table | Problem:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: tuple[str, ...] | None = None
    rows: list[tuple[int, tuple[str, ...]]] = []
    problems: list[Problem] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            if columns is None or reader.line_num > line:
                # Open quotation marks have swallowed lines: nobody knows which, so nothing is believed.
                return Problem(f"{kind}_quotes", "", at(line))
            problems.append(Problem("line_quotes", "", at(line)))
            continue
        if columns is None:
            columns = tuple(cell.strip().lower() for cell in cells)
            missing = [name for name in needed if name not in columns]
            if missing:
                return Problem("column_missing", ", ".join(missing), at(line))
            twice = sorted({name for name in columns if name and columns.count(name) > 1})
            if twice:
                return Problem("column_twice", ", ".join(twice)[:KEPT_TEXT], at(line))
            continue
        if reader.line_num > line and len(cells) != len(columns):
            return Problem(f"{kind}_quotes", "", at(line))
        row = tuple(map(str.strip, cells))
        if any(row):
            rows.append((line, row))
    if columns is None:
        return Problem(f"{kind}_empty")
    return Table(columns, tuple(rows), tuple(problems), separator)
