"""What an offer says besides its quantity and its price: how long the merchant takes to send it.

Each of these terms is wished for, told, read back and settled by itself: a term that is not part of a change is not
touched. They are kept as one line of text each, by name, so that the database compares them all at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

Absent = Literal["none"]
ABSENT: Absent = "none"
"""The marketplace has none of it; of a wish: it shall have none."""

MOST_HANDLING_DAYS = 30
"""Longer takes nobody; Amazon's own list ends there."""


@dataclass(frozen=True, slots=True)
class Terms:
    """None: not said; of a wish: not ours, it stays as it stands. ABSENT: there is none of it.

    `handling_days`: working days from the order to the carrier, 0 for the same day.
    """

    handling_days: int | Absent | None = None

    def __bool__(self) -> bool:
        """Anything is said."""
        return any(getattr(self, name) is not None for name in NAMES)

    def only(self, names: Iterable[str]) -> "Terms":
        """These terms alone."""
        kept = set(names)
        return replace(self, **{name: None for name in NAMES if name not in kept})


NAMES = tuple(field.name for field in fields(Terms))
UNSAID = Terms()
"""Nothing is said of any of them."""


def differing(wanted: Terms, shown: Terms, on_its_way: Terms) -> Terms:
    """What of `wanted` is shown otherwise, or was told otherwise and may still come true."""
    names = [
        name
        for name in NAMES
        if (wish := getattr(wanted, name)) is not None
        and (wish != getattr(shown, name) or getattr(on_its_way, name) not in (None, wish))
    ]
    return wanted.only(names)


def tells(told: Terms, change: Terms) -> bool:
    """`told` says all that `change` says."""
    return all(getattr(change, name) in (None, getattr(told, name)) for name in NAMES)


def as_text(terms: Terms) -> dict[str, str]:
    """Each term that is said, as one line. `from_text` reads the same."""
    return {name: _text(value) for name in NAMES if (value := getattr(terms, name)) is not None}


def from_text(told: Mapping[str, str]) -> Terms:
    """The terms of these lines; names of a newer Forain are left out. Raises ValueError for a line that is none."""
    return Terms(
        **{name: _READ[name](text) if text != ABSENT else ABSENT for name, text in told.items() if name in _READ}
    )


def _text(value: object) -> str:
    return str(value)


_READ = {"handling_days": int}
