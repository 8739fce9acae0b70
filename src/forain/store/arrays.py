"""Thousands of values in one statement: as one text each column, which PostgreSQL takes apart.

The driver turns value by value into text, and the mapper asks one parameter for each name of a list: for many rows that costs more
than all that is decided about them.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

import msgspec
from django.db import DEFAULT_DB_ALIAS
from django.db.models import DateTimeField, IntegerField, Model, TextField
from django.db.models.expressions import RawSQL

Row = TypeVar("Row", bound=Model)
Value = str | int | bool | datetime | date | Decimal | None


def array(values: Iterable[Value]) -> str:
    """A column as PostgreSQL's text of an array, to be cast to its type (`%s::bigint[]`); None is NULL."""
    return "{" + ",".join(["NULL" if value is None else _written(value) for value in values]) + "}"


def _written(value: str | int | bool | datetime | date | Decimal) -> str:
    if isinstance(value, str):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"') if "\\" in value or '"' in value else value
        return f'"{quoted}"'
    return str(value)


def as_json(value: object) -> str:
    """For a column of JSON."""
    return msgspec.json.encode(value).decode()


def rows(model: type[Row], told: Iterable[str]) -> list[Row]:
    """Rows from PostgreSQL's `row_to_json(...)::text` of each."""
    fields = [(field.attname, isinstance(field, DateTimeField)) for field in model._meta.concrete_fields]
    attributes = [name for name, _ in fields]
    moments = [name for name, moment in fields if moment]
    found = []
    for text in told:
        values = msgspec.json.decode(text)
        for name in moments:
            if values[name] is not None:
                values[name] = datetime.fromisoformat(values[name])
        found.append(model.from_db(DEFAULT_DB_ALIAS, attributes, [values[name] for name in attributes]))
    return found


def names(told: Iterable[str]) -> RawSQL:
    """For `NAME__in`: any of these texts."""
    return RawSQL("SELECT unnest(%s::text[])", [array(map(str, told))], TextField())


def numbers(told: Iterable[int]) -> RawSQL:
    """For `pk__in`: any of these rows."""
    return RawSQL("SELECT unnest(%s::bigint[])", [array(told)], IntegerField())
