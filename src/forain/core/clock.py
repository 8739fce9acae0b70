"""Time as values: aware instants in UTC, a clock that is passed in, windows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

Instant = datetime
"""An aware datetime in UTC; `as_instant` is the door from the outside."""


class Clock(Protocol):
    """Where "now" comes from. Read once per run and passed on as a value."""

    def now(self) -> Instant:
        """This moment."""
        ...


def as_instant(moment: datetime) -> Instant:
    """`moment` in UTC. Raises ValueError for a naive one: nobody knows which hour it means."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment before the first or after the last day of the calendar") from None


def parse_instant(text: str) -> Instant:
    """An ISO 8601 moment with zone ("2026-11-24T10:00:00.123Z"). Raises ValueError for anything else, and for a year
    nobody means: arithmetic at the ends of the calendar overflows, in some zone if not in ours."""
    found = as_instant(datetime.fromisoformat(text))
    if not 1970 <= found.year < 2200:
        raise ValueError(f"not a year of ours: {found.year}")
    return found


def format_instant(moment: Instant) -> str:
    """ISO 8601 in UTC with milliseconds and Z, as Amazon and our journal spell it."""
    return as_instant(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` to `until`, both inclusive: orders at the edges repeat and are recognised by their id."""

    since: Instant
    until: Instant

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise ValueError("a window ends before it begins")

    def widened(self, overlap: timedelta) -> "Window":
        """The same window beginning `overlap` earlier."""
        return Window(self.since - overlap, self.until)
