"""A holiday: from one moment until another nothing of one's own is for sale, and nobody is alarmed that nothing happens."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from forain.core.clock import Instant

LONGEST = timedelta(days=366)
"""A holiday that is longer was typed wrongly."""

A_MOMENT = timedelta(seconds=1)
"""A holiday's last moment is so long before its end."""


class NotAHoliday(ValueError):
    """These days are none. `code`: "ends_before_it_begins", "is_over", "too_long"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Holiday:
    """What is stored of one. `begins`, `ends`: the first moment of it, and the first after it; None: there is none.
    `begun_at`: since when quantities are to be 0."""

    begins: Instant | None = None
    ends: Instant | None = None
    begun_at: Instant | None = None


def checked(begins: Instant, ends: Instant, now: Instant) -> Holiday:
    """The holiday somebody typed. Raises NotAHoliday."""
    if ends <= begins:
        raise NotAHoliday("ends_before_it_begins")
    if ends <= now:
        raise NotAHoliday("is_over")
    if ends - begins > LONGEST:
        raise NotAHoliday("too_long")
    return Holiday(begins, ends)


def step(holiday: Holiday, clock_off: int, now: Instant) -> Literal["", "begin", "end"]:
    """What is to be done about it now. A clock known to be wrong begins none; an end is made up for as soon as it is seen."""
    if holiday.begins is None or holiday.ends is None:
        return "end" if holiday.begun_at is not None else ""
    if now >= holiday.ends:
        return "end"
    if holiday.begun_at is None and now >= holiday.begins and not clock_off:
        return "begin"
    return ""
