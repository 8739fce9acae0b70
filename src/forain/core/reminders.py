"""What people are told, and when: the step each end has reached, who took care of it, and whose night it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from forain.core import authorization
from forain.core.clock import Instant
from forain.core.forecast import End
from forain.core.ids import AccountId
from forain.core.landing import ANNOUNCE_DAYS, Stage

WEEK = timedelta(days=7)
"""So often people are told once the end has passed or something stands still; and so long "remind me later" lasts."""
LAST_STEPS = (1, 0)
"""These two come through to whoever put a reminder off before them."""
HEARD_WITHIN = authorization.ROUTINE_PROBE_PAUSE + timedelta(hours=1)
"""A marketplace that does well tells its hour at least this often."""
UNHEARD_HOLDS = timedelta(hours=1)
"""So long a reminder of a date waits for a marketplace's hour at most: who cannot be heard holds none back for ever."""
DATED = ("authorization_expiring", "authorization_overdue", "secret_expiring", "secret_overdue")
"""What is told of a date; the rest tells of what has happened."""

Code = Literal[
    "authorization_expiring",
    "authorization_overdue",
    "authorization_expired",
    "authorization_revoked",
    "application_refused",
    "secret_overdue",
    "secret_expiring",
]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What there is to tell now of one end: the most urgent step it has reached, and no other.

    `topic`: what somebody takes care of: this grant's or secret's end on that day, or this stop. `step`: days before the end, negative
    after it; after a stop, minus the days of the whole weeks since. `reached_at`: since when it is that step.
    """

    end: End
    topic: str
    code: Code
    step: int
    reached_at: Instant

    @property
    def account(self) -> AccountId:
        """On whose page it is mended."""
        return self.end.account

    @property
    def critical(self) -> bool:
        """Something stands still already."""
        return self.end.stopped

    @property
    def announces_landing(self) -> bool:
        """That quantities go to 0 is told on these days whatever somebody said about the end: "done" may mean another token, or
        a mistake, and a landing costs a day of selling."""
        return self.step in ANNOUNCE_DAYS and self.end.landing in (Stage.AHEAD, Stage.ANNOUNCED)

    @property
    def escalates_after(self) -> timedelta | None:
        """So long after somebody was told, and nobody took care, their second address is told too; None: never."""
        if self.critical or self.step <= 1:
            return timedelta(hours=12)
        return timedelta(days=1) if self.step <= 7 else None


TOLD_AFTER: Mapping[str, timedelta] = {
    "clock_wrong": timedelta(0),
    # A refusal of everything begins as one of a single operation; the look that tells them apart comes within minutes.
    "role_missing": timedelta(minutes=5),
    "accounts_doubted": timedelta(0),
    "side_ill": timedelta(hours=3),
}
"""What else people are told of, by its code, and for how long it stands on the page of what is to do before."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What there is to tell of something that no end is the matter of, and that stands on the page of what is to do.

    `account` None: it is of the whole house; `name`: of the account, "" without one. `placeholders` fill its sentence. `since`:
    when it was first seen. `step`: minus the days of the whole weeks since, `reached_at`: since when it is that step.
    """

    code: str
    subject: str
    account: AccountId | None
    name: str
    placeholders: Mapping[str, str]
    since: Instant
    step: int = 0

    @property
    def topic(self) -> str:
        """What somebody takes care of: this trouble since that day. What comes and goes is told once a day at most."""
        owner, _, detail = self.subject.partition("/")
        return ":".join(part for part in (owner, self.code, detail, f"{self.since:%Y%m%d}") if part)

    @property
    def reached_at(self) -> Instant:
        """Since when it is that step."""
        return self.since - timedelta(days=self.step)

    @property
    def critical(self) -> bool:
        """It comes at any hour: something stands still that somebody here can mend."""
        return self.code in ("role_missing", "accounts_doubted")

    @property
    def escalates_after(self) -> timedelta | None:
        """As `Occasion` has it."""
        return timedelta(hours=12)


Matter = Occasion | Trouble
"""One thing to tell of."""


def troubles(found: Iterable[Trouble], now: Instant) -> list[Trouble]:
    """Those of `found` that have stood for long enough, each with the step of this moment. Pure."""
    lasting = [one for one in found if now - one.since >= TOLD_AFTER[one.code]]
    return [replace(one, step=-7 * max((now - one.since) // WEEK, 0)) for one in lasting]


@dataclass(frozen=True, slots=True)
class Hour:
    """The last hour that a marketplace told. `off`: by how many seconds our clock is ahead of it, 0: they agree; `told_at`: when
    that was by our clock, `agreed_at`: when they last agreed; None: never."""

    off: int
    told_at: Instant | None
    agreed_at: Instant | None


def our_clock(hours: Iterable[Hour], now: Instant) -> Literal["right", "unheard", "wrong"]:
    """What is known of our clock. wrong: the last word on it said so. unheard: nobody has agreed with it lately, as after it
    jumped, or after the machine was off; where nobody ever told an hour it is taken for right. Pure.

    What was told later than now was told of a clock that has been put back since, and says nothing of this one.
    """
    hours = list(hours)
    agreed = [hour.agreed_at for hour in hours if hour.agreed_at is not None]
    last = max((at for at in agreed if at <= now), default=None)
    for hour in hours:
        if hour.off and hour.told_at is not None and hour.told_at <= now and (last is None or last <= hour.told_at):
            return "wrong"
    return "unheard" if agreed and (last is None or now - last > HEARD_WITHIN) else "right"


@dataclass(frozen=True, slots=True)
class Care:
    """Somebody takes care of a topic. `again_at`: remind then; None: it was done elsewhere, do not remind."""

    by: str
    at: Instant
    again_at: Instant | None


def occasions(ends: Iterable[End], now: Instant) -> list[Occasion]:
    """What there is to tell at `now`, one for each end at most: after an outage there is no burst. Pure."""
    return [found for end in ends if (found := _of_stopped(end, now) if end.stopped else _of_running(end, now))]


def _of_stopped(end: End, now: Instant) -> Occasion:
    assert end.stopped_at is not None
    weeks = max((now - end.stopped_at) // WEEK, 0)
    code: Code = "application_refused"
    if end.clock == "authorization":
        # As `authorization.phase` tells them apart.
        over = end.at is not None and end.stopped_at >= end.at
        code = "authorization_expired" if over and end.cause not in authorization.DENIALS else "authorization_revoked"
    topic = f"{end.owner}:{end.clock}:{end.number}:stop:{end.stopped_at:%Y%m%dT%H%M%S}"
    return Occasion(end, topic, code, -7 * weeks, end.stopped_at + weeks * WEEK)


def _of_running(end: End, now: Instant) -> Occasion | None:
    left = end.days_left(now)
    step = None if left is None else authorization.step_reached(left)
    if end.at is None or step is None:
        return None
    weeks = max((now - end.at) // WEEK, 0)
    # A step is reached with so many *whole* days left: a day before, there was one more.
    reached_at = end.at + weeks * WEEK if weeks else end.at - timedelta(days=step + 1)
    code: Code = "secret_overdue" if now >= end.at else "secret_expiring"
    if end.clock == "authorization":
        code = "authorization_overdue" if now >= end.at else "authorization_expiring"
    # With the day: told of a date that was corrected afterwards, people are told of the right one again.
    topic = f"{end.owner}:{end.clock}:{end.number}:{end.at:%Y%m%d}"
    return Occasion(end, topic, code, -7 * weeks if weeks else step, reached_at)


def silent(occasion: Matter, care: Care | None, now: Instant) -> bool:
    """Somebody takes care: nobody is told now. The last steps come through to whoever put it off before them."""
    if care is None:
        return False
    if care.again_at is None:
        return True
    breaks_through = not occasion.critical and occasion.step in LAST_STEPS and occasion.reached_at > care.at
    # What is farther ahead than anybody can put it off was said while our clock was.
    return now < care.again_at <= now + WEEK + authorization.TOLD_AHEAD and not breaks_through


def mark(occasion: Matter, care: Care | None, now: Instant) -> str:
    """Which telling of its topic this is: each receiver gets each once. The step, and, where its reminder was put off and
    no new step has come since, until when: then it is told again."""
    put_off = care.again_at if care else None
    if put_off is not None and occasion.reached_at <= put_off <= now:
        return f"{occasion.step}+{put_off:%Y%m%dT%H%M%S}"
    return str(occasion.step)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` to `ends` on the clock of `zone` nobody wants mail; equal: there are none. Over midnight is fine."""

    begins: time
    ends: time
    zone: str

    def until(self, now: Instant) -> Instant | None:
        """When the present ones end; None: there are none now."""
        local = now.astimezone(ZoneInfo(self.zone))
        moment = local.time()
        if self.begins <= self.ends:
            quiet = self.begins <= moment < self.ends
        else:
            quiet = moment >= self.begins or moment < self.ends
        if not quiet:
            return None
        end = local.replace(hour=self.ends.hour, minute=self.ends.minute, second=0, microsecond=0, fold=0)
        return (end if end > local else end + timedelta(days=1)).astimezone(UTC)
