"""catalogue.csv: read strictly, line by line; what is wrong is said with line and column and never sent.

The columns are described in docs/reference/files-shop.md.
"""

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from forain.contracts.shop import Variant
from forain.core.errors import Problem
from forain.core.ids import VariantId
from forain.core.money import Money
from forain.core.stock import ABSURD_QUANTITY, StockLevel

NEEDED = ("sku", "title", "price", "currency", "on_hand")
KNOWN = (*NEEDED, "id", "ean", "asin", "tax_rate", "allocated", "active")
MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`whole` False: the file as a whole is no catalogue (see problems); nothing of it may be believed."""

    variants: tuple[Variant, ...]
    problems: tuple[Problem, ...]
    whole: bool
    version: str


def parse(content: bytes) -> Catalogue:
    """Never raises: whatever the bytes are, the answer is variants and problems."""
    version = hashlib.sha256(content).hexdigest()[:16]

    def broken(code: str, text: str = "", where: str = "") -> Catalogue:
        return Catalogue((), (Problem(code, text, where),), False, version)

    if not content.strip():
        return broken("catalogue_empty")
    if not content.endswith((b"\n", b"\r")):
        # A file that is being written, or was cut off, ends in the middle of a line.
        return broken("catalogue_cut")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return broken("catalogue_encoding", where=f"line {line}")
    if "\0" in text:
        return broken("catalogue_encoding", where=f"line {text[: text.index(chr(0))].count(chr(10)) + 1}")
    first = text.splitlines()[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        return broken("catalogue_quotes", str(error), f"line {reader.line_num}")
    columns = [name.strip().lower() for name in rows[0][1]]
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        return broken("column_missing", ", ".join(missing), "line 1")
    if len(set(columns)) != len(columns):
        return broken("column_twice", "", "line 1")
    return _lines(columns, rows[1:], version)


def _lines(columns: list[str], rows: list[tuple[int, list[str]]], version: str) -> Catalogue:
    variants: dict[str, Variant] = {}
    problems: list[Problem] = []
    lines: dict[str, int] = {}
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(columns):
            problems.append(Problem("cells", f"{len(row)} instead of {len(columns)}", f"line {number}"))
            continue
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
        variant = _variant(cells, number)
        if variant is None:
            problems.append(Problem("sku_missing", "", f"line {number}, column sku"))
            continue
        problems += variant.problems
        name = variant.variant
        if name in lines:
            # Two lines say two things of one article: neither is believed.
            twice = Problem("sku_twice", name, f"lines {lines[name]} and {number}, column sku")
            problems.append(twice)
            old = variants[name]
            variants[name] = Variant(old.variant, old.sku, old.title, None, None, problems=(twice,))
            continue
        lines[name] = number
        variants[name] = variant
    return Catalogue(tuple(variants.values()), tuple(problems[:MOST_PROBLEMS]), True, version)


def _variant(cells: dict[str, str], number: int) -> Variant | None:
    sku = cells["sku"]
    if not sku:
        return None
    problems: list[Problem] = []

    def wrong(code: str, column: str) -> None:
        problems.append(Problem(code, cells.get(column, "")[:60], f"line {number}, column {column}"))

    ean = cells.get("ean", "")
    if ean and not ean_is_right(ean):
        wrong("ean_wrong", "ean")
        ean = ""
    tax_rate = _tax_rate(cells.get("tax_rate", ""))
    if cells.get("tax_rate") and tax_rate is None:
        wrong("tax_rate_wrong", "tax_rate")
    active = {"": True, "1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}.get(
        cells.get("active", "").lower()
    )
    if active is None:
        wrong("active_wrong", "active")
        active = True
    price = _price(cells, wrong)
    level = _level(cells, wrong)
    return Variant(
        variant=VariantId(cells.get("id") or sku),
        sku=sku,
        title=cells["title"],
        price=price,
        level=level,
        ean=ean,
        asin=cells.get("asin", ""),
        tax_rate=tax_rate,
        active=active,
        problems=tuple(problems),
    )


def _price(cells: dict[str, str], wrong: Callable[[str, str], None]) -> Money | None:
    currency, text = cells["currency"], cells["price"]
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha() or not currency.isupper():
        wrong("currency_wrong", "currency")
        return None
    if "," in text:
        wrong("price_comma", "price")
        return None
    try:
        price = Money.parse(text, currency)
    except ValueError:
        wrong("price_wrong", "price")
        return None
    if price.minor <= 0:
        wrong("price_not_positive", "price")
        return None
    return price


def _level(cells: dict[str, str], wrong: Callable[[str, str], None]) -> StockLevel | None:
    found: dict[str, int] = {}
    for column in ("on_hand", "allocated"):
        text = cells.get(column, "") or ("0" if column == "allocated" else "")
        digits = text.removeprefix("-")
        if not digits.isascii() or not digits.isdigit() or len(digits) > 12:
            wrong("quantity_wrong", column)
            return None
        if text.startswith("-") and int(text) < 0:
            wrong("quantity_negative", column)
            return None
        if int(text) > ABSURD_QUANTITY:
            wrong("quantity_absurd", column)
            return None
        found[column] = int(text)
    return StockLevel(found["on_hand"], found["allocated"])


def _tax_rate(text: str) -> Decimal | None:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return None
    return rate if rate.is_finite() and 0 <= rate <= 100 else None


def ean_is_right(text: str) -> bool:
    """Eight, twelve, thirteen or fourteen digits whose last one fits the others (GS1 check digit)."""
    if not text.isascii() or not text.isdigit() or len(text) not in (8, 12, 13, 14):
        return False
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text[:-1])))
    return (10 - weighted % 10) % 10 == int(text[-1])
