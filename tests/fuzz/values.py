"""What a reader may hand on: values the database can keep and the pages can show."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from forain.core.secret import Secret

LARGEST = 2**62
"""Sums of two still fit the database's whole numbers."""


def keepable(value: Any) -> None:
    """Fails for a text with NUL or half a character, a number out of range, a moment no calendar page can show."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            keepable(getattr(value, field.name))
    elif isinstance(value, Secret):
        assert value.reveal().isascii()
        assert value.reveal().isprintable()
        assert value.reveal()
    elif isinstance(value, Enum | bool) or value is None:
        pass
    elif isinstance(value, str):
        assert "\0" not in value
        value.encode()
    elif isinstance(value, int):
        assert abs(value) < LARGEST
    elif isinstance(value, Decimal):
        assert value.is_finite()
        assert abs(value) < 10**4
    elif isinstance(value, datetime):
        assert value.tzinfo is not None
        assert 1900 < value.year < 3000
    elif isinstance(value, dict):
        for key, one in value.items():
            keepable(key)
            keepable(one)
    elif isinstance(value, tuple | list | set | frozenset):
        for one in value:
            keepable(one)
    else:
        raise AssertionError(f"what is {type(value).__name__}?")
