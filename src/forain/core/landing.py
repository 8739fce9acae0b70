"""Safe landing: quantities go to 0 a day before a permission ends, since nothing can be written once it has ended.

Off unless the merchant wants it, and only for a date that came from a consent. Whether a landing is under way is a stored
fact of one grant, and not a matter of the clock: a clock that is wrong lands nobody, and a new grant has no landing.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from forain.core import authorization
from forain.core.authorization import Facts, No, Standing, Yes
from forain.core.clock import Instant

ANNOUNCE_DAYS = (7, 3)
"""Days before the end at which a landing is announced; two of the days at which people are reminded of the end."""
BEGINS_BEFORE = timedelta(days=1)
"""So long before the end quantities go to 0: a large shelf takes hours to tell, and Amazon to show."""
SHOWN_FOR = timedelta(hours=1)
"""No landing begins before it has been announced for so long, also where the machine was away on the days of announcement."""
HEARD_WITHIN = timedelta(minutes=15)
"""A landing begins only while the marketplace's own hour, in an answer no older than this, agrees with our clock."""

HELD_SAID_FOR = timedelta(days=7)
"""So long after the end it is still told of that nothing could be set to 0; the stop itself has a notice that stays."""


class Stage(StrEnum):
    """Where the landing of one account stands; computed, never stored.

    IMPOSSIBLE: there is no date, or it did not come from a consent. AHEAD: it is not announced yet. HELD: it is near, due
    or under way, and cannot be done (see `obstacle`).
    """

    OFF = "off"
    IMPOSSIBLE = "impossible"
    AHEAD = "ahead"
    ANNOUNCED = "announced"
    CALLED_OFF = "called_off"
    HELD = "held"
    UNDER_WAY = "under_way"


Obstacle = Literal[
    "", "paused_by_user", "application_refused", "disconnected", "doubted", "expired", "revoked", "site_not_confirmed",
    "read_only", "clock_wrong",
]  # fmt: skip
PASSING: frozenset[Obstacle] = frozenset({"doubted", "clock_wrong"})
"""What mostly passes by itself, and is told of only once the landing is due."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is stored of the landing of one grant. `announced_step`: the last of ANNOUNCE_DAYS that was announced,
    `announced_at`: when the first was; `begun_at`: since when quantities are to be 0."""

    announced_step: int | None = None
    announced_at: Instant | None = None
    begun_at: Instant | None = None
    called_off_at: Instant | None = None
    called_off_by: str = ""


@dataclass(frozen=True, slots=True)
class Landing:
    """The landing of one account under its present grant. `wanted`: the merchant's setting. `heard`: the marketplace's own
    hour agreed with our clock a moment ago. `left`: offers that still show pieces while it is under way."""

    wanted: bool = False
    told: Told = field(default_factory=Told)
    obstacle: Obstacle = ""
    heard: bool = False
    left: int = 0

    @property
    def blocked(self) -> bool:
        """Nothing may be written now, neither to 0 nor back. The hour does not matter once it has begun."""
        return self.obstacle not in ("", "clock_wrong")


NO_LANDING = Landing()
"""The merchant does not want one."""


def possible(facts: Facts) -> bool:
    """The end is known from a consent. A day that a person typed lands nobody: it may be wrong by months."""
    return facts.standing is not Standing.NONE and facts.expires_at is not None and not facts.estimated


def obstacle(sync: Yes | No, *, writable: bool, clock_off: int) -> Obstacle:
    """Why nothing could be written now; "" where it can. `sync`: the answer of `may_sync`. `writable`: somebody said yes for a
    site at least. `clock_off`: seconds by which our clock is known to be wrong."""
    if isinstance(sync, No):
        return sync.code
    if not writable:
        return "read_only"
    return "clock_wrong" if clock_off else ""


def heard(hour_agreed_at: Instant | None, clock_off: int, now: Instant) -> bool:
    """The marketplace's own hour agreed with our clock a moment ago. None: no answer told an hour that did; one
    without an hour agrees with nothing.

    A clock that has jumped since the last answer, in whichever direction, makes that answer old or yet to come.
    """
    return hour_agreed_at is not None and not clock_off and timedelta(0) <= now - hour_agreed_at <= HEARD_WITHIN


def begins_at(facts: Facts, told: Told, now: Instant) -> Instant:
    """When quantities go to 0: a day before the end, and no sooner than the announcement has been shown for long enough."""
    assert facts.expires_at is not None
    return max(facts.expires_at - BEGINS_BEFORE, (announced_at(told, now) or now) + SHOWN_FOR)


def announcement_due(facts: Facts, landing: Landing, now: Instant) -> int | None:
    """The single most urgent step of ANNOUNCE_DAYS that is reached and not announced; None: none is.

    Not while our clock is known to be wrong, nor after a refusal: nothing can be written then.
    """
    told, left = landing.told, authorization.days_left(facts, now)
    if not landing.wanted or not possible(facts) or left is None or told.called_off_at or told.begun_at:
        return None
    if landing.obstacle == "clock_wrong" or facts.standing is Standing.REFUSED:
        return None
    step = min((step for step in ANNOUNCE_DAYS if left <= step), default=None)
    before = told.announced_step if announced_at(told, now) is not None else None
    return step if step is not None and (before is None or step < before) else None


def announced_at(told: Told, now: Instant) -> Instant | None:
    """Since when the landing is announced; None: it is not. What was announced later than now, by a clock that was wrong, does
    not count."""
    return told.announced_at if told.announced_at is not None and told.announced_at <= now else None


def may_begin(facts: Facts, landing: Landing, now: Instant) -> bool:
    """Quantities are to go to 0 from now on."""
    told = landing.told
    wanted = landing.wanted and possible(facts) and not told.called_off_at and not told.begun_at
    if not wanted or landing.obstacle or not landing.heard or announced_at(told, now) is None:
        return False
    return now >= begins_at(facts, told, now)


def stage(facts: Facts, landing: Landing, now: Instant) -> Stage:
    """Where it stands, for pages, notices and letters."""
    told = landing.told
    if not landing.wanted:
        return Stage.OFF
    if not possible(facts):
        return Stage.IMPOSSIBLE
    if told.called_off_at is not None:
        return Stage.CALLED_OFF
    if told.begun_at is not None:
        # What is not at 0 yet stays as it is while nothing may be written.
        return Stage.HELD if landing.left and landing.blocked else Stage.UNDER_WAY
    announced, near = announced_at(told, now) is not None, _left(facts, now) < timedelta(days=ANNOUNCE_DAYS[0] + 1)
    due = announced and now >= begins_at(facts, told, now)
    if landing.obstacle and near and (due or landing.obstacle not in PASSING):
        return Stage.HELD
    return Stage.ANNOUNCED if announced else Stage.AHEAD


def lands_at(facts: Facts, landing: Landing, now: Instant) -> Instant | None:
    """When quantities go, or went, to 0; None where they will not: not wanted, not possible, called off."""
    if stage(facts, landing, now) in (Stage.OFF, Stage.IMPOSSIBLE, Stage.CALLED_OFF):
        return None
    return landing.told.begun_at or begins_at(facts, landing.told, now)


def _left(facts: Facts, now: Instant) -> timedelta:
    assert facts.expires_at is not None
    return facts.expires_at - now
