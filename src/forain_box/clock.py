"""The box's time: real time moved forward by hand, or a clock that moves only by hand."""

from datetime import UTC, datetime, timedelta


class BoxClock:
    """`kind` "real": real time plus what was advanced; "manual": stands still until advanced."""

    def __init__(self, kind: str = "real", start: datetime | None = None) -> None:
        if kind not in ("real", "manual"):
            raise ValueError(f"a clock is real or manual, not {kind!r}")
        self.kind = kind
        self._begun = datetime.now(UTC)
        self._offset = (start - self._begun) if start else timedelta(0)

    def now(self) -> datetime:
        base = datetime.now(UTC) if self.kind == "real" else self._begun
        return base + self._offset

    def advance(self, seconds: float) -> datetime:
        """Move forward; time never runs backwards here."""
        if seconds < 0:
            raise ValueError("time is advanced by 0 seconds or more")
        self._offset += timedelta(seconds=seconds)
        return self.now()


def text(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z, as Amazon spells it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(value: str) -> datetime:
    """Raises ValueError for anything but an ISO 8601 moment with a zone."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return moment.astimezone(UTC)
