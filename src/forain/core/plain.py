"""Text from outside, made fit for one line (in a log, the journal, a terminal) and for a cell of a spreadsheet."""

import re
from decimal import Decimal

_UNSEEN = re.compile(
    # Control characters (line breaks and terminal sequences among them), line and paragraph separators, marks that
    # turn the reading direction, and halves of letters that no file can hold.
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _shown(found: re.Match[str]) -> str:
    letter = found[0]
    number = ord(letter)
    return _SHORT.get(letter) or (f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}")


def one_line(text: object) -> str:
    r"""`text` on one line, with what a reader would not see written out (\n, \x1b): it can neither begin a line of its
    own nor steer a terminal. Safe to repeat."""
    return _UNSEEN.sub(_shown, str(text))


def digits(number: Decimal) -> str:
    """A number in plain digits, without zeros at its end and never as a power of ten: "0.85", "100"."""
    return f"{number.normalize():f}"


_GUARDED = re.compile("'*(?:[=+\\-@|%＝＋－＠]|\\s|.*\\s\\Z)", re.DOTALL)
"""A cell that a spreadsheet would run (whatever apostrophes stand before), or whose spaces at the edges would be lost."""


def csv_cell(cell: str) -> str:
    """A cell that a spreadsheet shows and never runs: one apostrophe more."""
    return f"'{cell}" if _GUARDED.match(cell) else cell


def meant(cell: str) -> str:
    """What `csv_cell` wrote, as it was; what a person typed, without the spaces around it."""
    for told in (cell, cell.strip()):
        if told.startswith("'") and _GUARDED.match(told):
            return told[1:]
    return cell.strip()
