"""CSV files that people send and take: read whole or not at all, and written so that a spreadsheet runs nothing."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from forain.core.plain import csv_cell, meant


@dataclass(frozen=True, slots=True)
class WrongLine:
    """Why a file is not taken; `line` counts from 1. `code`: the reason where it has words of its own, `what` is the gap in them;
    "": `what` is all there is to say."""

    line: int
    what: str
    code: str = ""


def rows(
    content: bytes, needed: Sequence[str], allowed: Iterable[str] | None = None
) -> Iterator[tuple[int, dict[str, str]]] | WrongLine:
    """(line, column -> cell) of every line that is not blank. `needed`: columns the file must have; `allowed`: all it may
    have, None: others are left alone. A line with other than so many cells is (line, {})."""
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        return WrongLine(1, str(error)[:100])
    head = [cell.strip().lower() for cell in lines[0]] if lines else []
    unknown = [name for name in head if allowed is not None and name not in allowed]
    if unknown:
        return WrongLine(1, f"{unknown[0][:40]!a} ?")
    if not set(needed) <= set(head) or len(set(head)) < len(head):
        return WrongLine(1, f"{', '.join(needed)} ?")
    return _cells(head, lines)


def _cells(head: list[str], lines: list[list[str]]) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(lines[1:], start=2):
        if any(cell.strip() for cell in line):
            yield number, dict(zip(head, map(meant, line), strict=True)) if len(line) == len(head) else {}


def line(cells: Iterable[object]) -> str:
    """One line of a file, its line break too; None is an empty cell."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow(["" if cell is None else csv_cell(str(cell)) for cell in cells])
    return buffer.getvalue()
