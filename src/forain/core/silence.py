"""When is it too quiet? What happened in comparable stretches of time says it, and nothing else.

The rule: an account's direction (orders in, say) has been silent for some whole hours. The same stretch of the day is
looked at on fourteen days in a row before: as many hours, shifted back by whole days, as far as needed not to meet the
silence itself. Where each of the fourteen held at least ten events, this one is not chance. A night, a weekend, a
closed week or a shop with few orders has a stretch with fewer, and nothing is said: the fewer the events, the longer the
silence must be, and whoever sells some pieces a month is never alarmed. With ten at least in fourteen stretches some
sixteen are to be expected in this one, and none comes by chance once in ten million.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from forain.core.clock import Instant

DAYS_COMPARED = 14
LEAST = 10
"""Events in each of the compared stretches."""
JUDGED = 21 * 24
"""Hours of a silence that are judged, its first ones: what was unusual then is so for as long as it lasts."""
REMEMBERED = timedelta(days=45)
"""So long before the last event events are counted: as far as the oldest stretch that is compared."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing for so many whole `hours`; the poorest comparable stretch held `usual` events."""

    hours: int
    usual: int


def hour_of(moment: Instant) -> int:
    """The number of the hour that holds `moment`, counted from 1970."""
    return int(moment.timestamp() // 3600)


def moment_of(hour: int) -> Instant:
    """When that hour begins."""
    return datetime.fromtimestamp(hour * 3600, UTC)


def unusual(counts: Mapping[int, int], resumed: int | None, now: Instant) -> Silence | None:
    """The silence at `now` if it is much longer than usual, else None.

    `counts`: events by hour (see `hour_of`); an hour without any may be left out. `resumed`: the hour in which sync went
    on after it had stood still; what was silent before is no silence of this kind. None: it never stood still.
    """
    eventful = [hour for hour, count in counts.items() if count > 0]
    if not eventful:
        return None
    last = max(eventful) if resumed is None else max(*eventful, resumed)
    first, end = last + 1, hour_of(now)
    hours = end - first
    if hours < 1:
        return None
    judged = range(first, first + min(hours, JUDGED))
    nearest = -(-len(judged) // 24)
    compared = range(nearest, nearest + DAYS_COMPARED)
    usual = min(sum(counts.get(hour - 24 * days, 0) for hour in judged) for days in compared)
    return Silence(hours, usual) if usual >= LEAST else None
