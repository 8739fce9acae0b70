"""catalogue.csv: read strictly, line by line; what is wrong is said with line and column and never sent.

The columns are described in docs/reference/files-shop.md.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from forain.contracts.shop import Variant
from forain.core.errors import Problem
from forain.core.ids import VariantId
from forain.shops.files import cells
from forain.shops.files.table import KEPT_TEXT, Table, at, read_table

NEEDED = ("sku", "title", "price", "currency")
"""And `on_hand`, or what lies at each location in its place."""
MOST_PROBLEMS = 200
"""So many are told at once; a file with more has one cause."""
REMEMBERED_LINES = 150_000
"""Lines whose reading is remembered in memory, so that a change costs what changed."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`whole` False: the file as a whole is no catalogue (see problems); nothing of it may be believed.

    `problems`: all there are, warnings where the article itself carries it too. `version` names the content.
    """

    variants: Mapping[VariantId, Variant]
    problems: tuple[Problem, ...]
    whole: bool
    version: str


def version_of(content: bytes) -> str:
    """A short name of exactly this content."""
    return hashlib.sha256(content).hexdigest()[:16]


@lru_cache(maxsize=4)
def parse(content: bytes) -> Catalogue:
    """Never raises: whatever the bytes are, the answer is variants and problems."""
    version = version_of(content)
    table = read_table(content, NEEDED, "catalogue")
    if not isinstance(table, Problem) and (wrong := _wrong_stock_columns(table.columns)):
        table = wrong
    if isinstance(table, Problem):
        return Catalogue({}, (table,), False, version)
    if not table.rows and not table.problems:
        return Catalogue({}, (Problem("catalogue_empty"),), False, version)
    found = _Reading(table)
    for line, row in table.rows:
        found.take(line, row)
    problems = found.all_problems()
    return Catalogue(found.variants, problems[:MOST_PROBLEMS], found.believable, version)


def _wrong_stock_columns(columns: tuple[str, ...]) -> Problem | None:
    if (column := cells.wrong_location(columns)) is not None:
        return Problem("location_name_wrong", ascii(column)[1:-1][:KEPT_TEXT], at(1))
    if "on_hand" not in columns and not any(column.startswith(cells.AT) for column in columns):
        return Problem("column_missing", "on_hand", at(1))
    return None


class _Reading:
    """One pass over the lines. Two lines that name one article are both not believed."""

    def __init__(self, table: Table) -> None:
        self.variants: dict[VariantId, Variant] = {}
        self.believable = False
        """At least one line has the shape the header promises; else the header is of another file."""
        self._table = table
        self._problems = list(table.problems)
        self._line_of: dict[VariantId, int] = {}
        self._by_sku: dict[str, VariantId] = {}

    def take(self, line: int, row: tuple[str, ...]) -> None:
        columns = self._table.columns
        if len(row) == len(columns) + 1:
            row = _with_price_joined(self._table, row)
        variant = _variant(columns, row) if len(row) == len(columns) else _named_only(columns, row)
        if isinstance(variant, Problem):
            self._problems.append(Problem(variant.code, variant.text, at(line, variant.field)))
            return
        if variant.problems:
            here = tuple(Problem(p.code, p.text, at(line, p.field)) for p in variant.problems)
            variant = replace(variant, problems=here)
        self.believable |= len(row) == len(columns)
        self._keep(line, variant)

    def _keep(self, line: int, variant: Variant) -> None:
        name = variant.variant
        other = name if name in self.variants else self._by_sku.get(variant.sku)
        if other is not None:
            twice = Problem(
                "sku_twice", variant.sku[:KEPT_TEXT], f"lines {self._line_of[other]} and {line}, column sku"
            )
            self._doubt(other, twice)
            if other == name:
                return
            variant = replace(variant, price=None, level=None, problems=(*variant.problems, twice))
        self.variants[name] = variant
        self._line_of[name] = line
        self._by_sku.setdefault(variant.sku, name)

    def _doubt(self, name: VariantId, twice: Problem) -> None:
        old = self.variants[name]
        self.variants[name] = replace(old, price=None, level=None, problems=(*old.problems, twice))

    def all_problems(self) -> tuple[Problem, ...]:
        carried = dict.fromkeys(
            Problem(p.code, p.text, p.field, warning=True) for v in self.variants.values() for p in v.problems
        )
        return (*self._problems, *carried)


def _named_only(columns: tuple[str, ...], row: tuple[str, ...]) -> Variant | Problem:
    """A line with too few or too many cells still says whose it is, where the name stands before any free text."""
    count = Problem("cells", f"{len(row)} instead of {len(columns)}")
    names = [columns.index(name) for name in ("sku", "id") if name in columns]
    if max(names) > columns.index("title") or max(names) >= len(row):
        return count
    sku = row[names[0]]
    name = (row[names[1]] if len(names) > 1 else "") or sku
    if not cells.name_is_right(sku) or not cells.name_is_right(name):
        return count
    return Variant(VariantId(name), sku, "", None, None, problems=(count,))


def _with_price_joined(table: Table, row: tuple[str, ...]) -> tuple[str, ...]:
    """ "12,50" in a file separated by commas falls into two cells; joined again only where that is certain."""
    place = table.columns.index("price")
    after = table.columns[place + 1 : place + 2]
    if table.separator != "," or after != ("currency",) or len(row) <= place + 2:
        return row
    whole, part, currency = row[place : place + 3]
    if re.fullmatch(r"-?[0-9]{1,9}", whole) and re.fullmatch(r"[0-9]{2}", part) and currency in cells.CURRENCIES:
        return (*row[:place], f"{whole},{part}", *row[place + 2 :])
    return row


@lru_cache(maxsize=REMEMBERED_LINES)
def _variant(columns: tuple[str, ...], row: tuple[str, ...]) -> Variant | Problem:
    """The article a line says; problems carry the bare column. A Problem alone: it names no article."""
    told = dict(zip(columns, row, strict=True))
    problems: list[Problem] = []

    def wrong(code: str, column: str, text: str) -> None:
        problems.append(Problem(code, text[:KEPT_TEXT], column))

    sku = told["sku"]
    if not sku:
        return Problem("sku_missing", "", "sku")
    name = told.get("id") or sku
    for column, text in (("sku", sku), ("id", name)):
        if not cells.name_is_right(text):
            return Problem("name_wrong", ascii(text)[:KEPT_TEXT], column)
    found = Variant(
        variant=VariantId(name),
        sku=sku,
        title=told["title"],
        price=cells.price(told, wrong),
        level=cells.level(told, wrong),
        ean=cells.ean(told, wrong),
        asin=cells.asin(told, wrong),
        tax_rate=cells.tax_rate(told, wrong),
        active=cells.active(told, wrong),
        group=cells.group(told, wrong),
        special=cells.special(told, wrong),
        group_prices=cells.group_prices(told, wrong),
        cost=cells.cost(told, wrong),
        problems=tuple(problems),
    )
    return _doubted(found, {problem.field for problem in problems})


def _doubted(found: Variant, columns: set[str]) -> Variant:
    """The article without the price, or the stock, that would be told in place of what `columns` say and nobody can read.

    For a special or a group's price the ordinary one would stand in, for `active` a yes, for a group's rules those of all: each
    is another value than the last good one, and would be sent.
    """
    if "group" in columns or any(column.startswith(("special_", "price:")) for column in columns):
        found = replace(found, price=None)
    return replace(found, level=None) if columns & {"group", "active"} else found
