"""The box's time: real time (moved forward by hand, or running faster), or a clock that moves only by hand."""

from datetime import UTC, datetime, timedelta

FASTEST = 1_000_000.0
LAST = datetime(9000, 1, 1, tzinfo=UTC)
"""Here the box's time ends, so that a year can always be added to it."""


class BoxClock:
    """`kind` "real": real time times `speed`, plus what was advanced; "manual": stands still until advanced.

    `start`: the first moment, None: now.
    """

    def __init__(self, kind: str = "real", start: datetime | None = None, speed: float = 1.0) -> None:
        if kind not in ("real", "manual"):
            raise ValueError(f"a clock is real or manual, not {kind!r}")
        self.kind = kind
        self.speed = speed
        self._anchor = datetime.now(UTC)
        self._then = start or self._anchor

    def now(self) -> datetime:
        if self.kind == "manual":
            return self._then
        try:
            return min(self._then + (datetime.now(UTC) - self._anchor) * self.speed, LAST)
        except OverflowError:
            return LAST

    def advance(self, seconds: float) -> datetime:
        """Move forward; time never runs backwards here. Raises ValueError, OverflowError."""
        if seconds < 0:
            raise ValueError("time is advanced by 0 seconds or more")
        if timedelta(seconds=seconds) > LAST - self.now():
            raise ValueError(f"the box's time ends in the year {LAST.year}")
        self._then += timedelta(seconds=seconds)
        return self.now()

    def run(self, speed: float) -> None:
        """Let a real clock run `speed` times as fast from now on. Raises ValueError."""
        if self.kind == "manual":
            raise ValueError("a manual clock does not run; advance it")
        if not 0 < speed <= FASTEST:
            raise ValueError(f"speed is above 0 and {FASTEST:.0f} at most")
        self._then, self._anchor, self.speed = self.now(), datetime.now(UTC), speed


def text(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z, as Amazon spells it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(value: str) -> datetime:
    """Raises ValueError for anything but an ISO 8601 moment with a zone, within the years that can be counted."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment outside of the years 1 to 9999") from None
