"""The authorization machine: facts, the transition table, the phase, "may sync run?", "is a reminder due?".

Facts are stored and change only through `apply`; the phase is computed from facts and clock and stored
nowhere. The clock alone never stops anything: only the marketplace's refusal does.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal, TypeVar

from forain.core.clock import Instant
from forain.core.ids import AccountId

K = TypeVar("K", str, AccountId)

REMINDER_DAYS = (60, 30, 28, 21, 14, 7, 3, 1, 0)
"""Days before the end at which the merchant is reminded; weekly at least in the last month."""
EXPIRING_WITHIN = timedelta(days=60)
REFUSALS_APART = timedelta(minutes=1)
"""Two refusals closer than this are one: they may share one hiccup at the marketplace."""
PROBE_PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=4),
    timedelta(days=1),
)
"""While the marketplace refuses: a look after the first of these that is longer than it has refused so far, then ever again
after the longest: many for what passes by itself, and in a month at most 35 requests."""
DEAR_PROBE_PAUSE = timedelta(days=3)
"""The longest pause where such a look is two requests: an access token is given, and what is asked with it is denied.
Whoever mended it at the marketplace need not wait for it: the account's page has a button."""
ROUTINE_PROBE_PAUSE = timedelta(hours=6)
"""While all is well: a probe this often, so that a withdrawal is noticed without traffic."""
PROBE_HOLDS = timedelta(minutes=2)
"""Where each batch is preceded by a probe, one younger than this is believed: probes are few and shared by all flows."""
QUIET_DOUBT = timedelta(minutes=5)
"""A doubt younger than this is not shown: most are hiccups. Whoever is told then hears of the stop within ten minutes:
it may have taken three until anything was asked of the marketplace."""
DOUBTS_TOGETHER = timedelta(minutes=15)
"""Troubles of several accounts that begin within this time have most likely one cause."""
SUSPECTED_FOR = timedelta(days=1)
"""So long the one cause is waited for; then each account's own refusal is believed."""
END_KNOWN_TO = timedelta(days=1)
"""So exactly an end is known: a consent's to the minute, a typed one to the day."""


class Standing(StrEnum):
    """What the marketplace last said about our permission."""

    NONE = "none"
    GRANTED = "granted"
    DOUBTED = "doubted"
    REFUSED = "refused"


class Phase(StrEnum):
    """What the merchant is told; computed, never stored."""

    DISCONNECTED = "disconnected"
    ACTIVE = "active"
    EXPIRING = "expiring"
    OVERDUE = "overdue"
    DOUBTED = "doubted"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored of one authorization.

    `grant_no` counts grants, so that late answers about an older one are recognised. `expires_at` None:
    this permission has no known end. `estimated`: the date was typed by a person, not known from a
    consent. `doubted_at`: the first refusal of the present doubt or stop. `reason`: the code of
    the refusal the doubt or refusal rests on, "" without one.
    """

    standing: Standing = Standing.NONE
    grant_no: int = 0
    granted_at: Instant | None = None
    expires_at: Instant | None = None
    estimated: bool = False
    doubted_at: Instant | None = None
    refused_at: Instant | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """A consent was redeemed, or a token entered by hand answered. `at`: when; `expires_at` None: no end."""

    at: Instant
    expires_at: Instant | None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Doubted:
    """A refusal, of a call made under grant `grant_no`. `reason`: its code."""

    at: Instant
    grant_no: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An authorized call worked under grant `grant_no`."""

    at: Instant
    grant_no: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A second, independent refusal under grant `grant_no` (see `on_refusal`). `reason`: its code."""

    at: Instant
    grant_no: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dated:
    """A person says when grant `grant_no` ends, whose date nobody knew from a consent."""

    at: Instant
    grant_no: int
    expires_at: Instant


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The merchant took the account out of Forain."""

    at: Instant


Event = Granted | Doubted | Confirmed | Refused | Dated | Disconnected


def apply(facts: Facts, event: Event) -> Facts:
    """The facts after `event`. Pure and idempotent: the same event twice changes nothing more.

    An answer about an older grant than the present one changes nothing: it speaks about a token we no
    longer use.
    """
    match event:
        case Granted():
            return Facts(
                standing=Standing.GRANTED,
                grant_no=facts.grant_no + 1,
                granted_at=event.at,
                expires_at=event.expires_at,
                estimated=event.estimated,
            )
        case Disconnected():
            return Facts(grant_no=facts.grant_no)
        case (
            Doubted(grant_no=grant_no)
            | Confirmed(grant_no=grant_no)
            | Refused(grant_no=grant_no)
            | Dated(grant_no=grant_no)
        ) if grant_no != facts.grant_no or facts.standing is Standing.NONE:
            return facts
        case Dated():
            return replace(facts, expires_at=event.expires_at) if facts.estimated else facts
        case Doubted():
            if facts.standing is Standing.GRANTED:
                return replace(facts, standing=Standing.DOUBTED, doubted_at=event.at, reason=event.reason)
            if facts.standing is Standing.DOUBTED and event.at - (facts.doubted_at or event.at) >= REFUSALS_APART:
                # Several flows meet one refusal at once: within a minute they are one.
                return replace(facts, reason=event.reason or facts.reason)
            return facts
        case Confirmed():
            return replace(facts, standing=Standing.GRANTED, doubted_at=None, refused_at=None, reason="")
        case Refused():
            if facts.standing is Standing.REFUSED:
                return facts
            return replace(
                facts,
                standing=Standing.REFUSED,
                doubted_at=facts.doubted_at or event.at,
                refused_at=event.at,
                reason=event.reason or facts.reason,
            )


def on_refusal(
    facts: Facts, grant_no: int, now: Instant, *, others: Iterable[Facts], reason: str = ""
) -> Doubted | Refused:
    """Which event a refusal is: the second one, at least a minute after the first, refuses. `reason`: its code.

    `others`: the other accounts at this marketplace. Where one of them is in trouble since the same minutes, the cause is
    most likely not the sellers', and no account is refused for a day; unless its time is over, which explains it.
    """
    began = facts.doubted_at
    second = facts.standing is Standing.DOUBTED and began is not None and now - began >= REFUSALS_APART
    suspected = began is not None and now - began < SUSPECTED_FOR and any(_together(facts, one) for one in others)
    if second and not suspected:
        return Refused(at=now, grant_no=grant_no, reason=reason)
    return Doubted(at=now, grant_no=grant_no, reason=reason)


def _together(one: Facts, other: Facts) -> bool:
    """Two accounts whose doubt or refusal began within the same minutes, and not because the time of one was over.

    Accounts that were renewed in one go end together too.
    """
    if one.doubted_at is None or other.doubted_at is None or _over(one) or _over(other):
        return False
    return abs(one.doubted_at - other.doubted_at) <= DOUBTS_TOGETHER


def _over(facts: Facts) -> bool:
    """Its trouble began when its time was over. A token that is good, and denied everything, has not ended."""
    if facts.expires_at is None or facts.doubted_at is None or facts.reason in DENIALS:
        return False
    return facts.doubted_at >= facts.expires_at - END_KNOWN_TO


def suspects(known: Mapping[K, Facts], now: Instant) -> list[K]:
    """The accounts that are in one trouble, most likely not the sellers', while it is waited out; [] where there is none.

    One at least is doubted for longer than a hiccup takes; one that was refused before the others were seen counts too.
    """
    doubted = [
        key
        for key, one in known.items()
        if one.standing is Standing.DOUBTED and one.doubted_at is not None and now - one.doubted_at >= QUIET_DOUBT
    ]
    pairs = [(a, b) for a in doubted for b in known if a != b and _together(known[a], known[b])]
    return [key for key in known if any(key in pair for pair in pairs)]


Cause = Literal["", "access_denied", "wrong_region", "estimated"]


DENIALS: tuple[Cause, ...] = ("access_denied", "wrong_region")
"""Causes that a new token does not mend."""


def cause(facts: Facts) -> Cause:
    """Why a refused permission is refused, where it is not the plain reason: "" it was withdrawn, or its time is over.

    access_denied: the token is good and every call is denied (the selling account is deactivated, or the application
    lost all its roles; Amazon does not say which). wrong_region: the account is of another region than the one asked.
    estimated: refused before a date that a person typed, which may as well have been wrong.
    """
    if facts.standing is not Standing.REFUSED:
        return ""
    if facts.reason == "access_denied":
        return "access_denied"
    if facts.reason == "wrong_region":
        return "wrong_region"
    early = facts.expires_at is not None and facts.refused_at is not None and facts.refused_at < facts.expires_at
    return "estimated" if facts.estimated and early else ""


def denied_everything(facts: Facts) -> bool:
    """Every call is denied, as far as it was seen: the account is the matter then, and what one call lacks cannot be seen."""
    return facts.standing in (Standing.DOUBTED, Standing.REFUSED) and facts.reason in DENIALS


def phase(facts: Facts, now: Instant) -> Phase:
    """What the merchant is told, from facts and clock."""
    if facts.standing is Standing.NONE:
        return Phase.DISCONNECTED
    if facts.standing is Standing.DOUBTED:
        return Phase.DOUBTED
    if facts.standing is Standing.REFUSED:
        refused_at = facts.refused_at or now
        over = facts.expires_at is not None and refused_at >= facts.expires_at
        # A token that is good, and denied everything, has not ended.
        return Phase.EXPIRED if over and cause(facts) not in DENIALS else Phase.REVOKED
    if facts.expires_at is None or not near(facts.expires_at, now):
        return Phase.ACTIVE
    return Phase.EXPIRING if now < facts.expires_at else Phase.OVERDUE


def near(end: Instant, now: Instant) -> bool:
    """As many *whole* days are left as at the first reminder, or fewer: it begins together with what it leads to."""
    return (end - now) // timedelta(days=1) <= EXPIRING_WITHIN.days


def days_left(facts: Facts, now: Instant) -> int | None:
    """Whole days until the end, negative after it; None where no end is known or nothing is granted."""
    if facts.expires_at is None or facts.standing is Standing.NONE:
        return None
    return (facts.expires_at - now) // timedelta(days=1)


def made_at(day: date, today: date, now: Instant) -> Instant | None:
    """The moment a token or a secret made on that day counts from: its noon, and not after now. None: the day has not come yet.

    `today`: the day where the person is who typed it.
    """
    return None if day > today else min(datetime.combine(day, time(12), UTC), now)


def next_probe_at(facts: Facts, last_probe_at: Instant | None) -> Instant | None:
    """When to look next whether the permission stands; None while there is nothing to look at.

    `last_probe_at` None means never looked: then the look is due from the moment the facts began.
    """
    match facts.standing:
        case Standing.NONE:
            return None
        case Standing.DOUBTED | Standing.REFUSED:
            assert facts.doubted_at is not None
            last = max(last_probe_at or facts.doubted_at, facts.doubted_at)
            return last + _pause(last - facts.doubted_at, dear=facts.reason in DENIALS)
        case Standing.GRANTED:
            assert facts.granted_at is not None
            return (last_probe_at or facts.granted_at) + ROUTINE_PROBE_PAUSE


def _pause(refused_for: timedelta, *, dear: bool) -> timedelta:
    """How long to wait for the next look. `refused_for`: since the first refusal; `dear`: a look is two requests."""
    longest = DEAR_PROBE_PAUSE if dear else PROBE_PAUSES[-1]
    return next((pause for pause in PROBE_PAUSES if refused_for < pause), longest)


NoCode = Literal[
    "paused_by_user",
    "disconnected",
    "doubted",
    "expired",
    "revoked",
    "application_refused",
    "site_not_confirmed",
]


@dataclass(frozen=True, slots=True)
class Yes:
    """Sync may run. `probe_first`: the date has passed and nobody refused yet; look before each batch."""

    probe_first: bool = False


@dataclass(frozen=True, slots=True)
class No:
    """Sync may not run, and why."""

    code: NoCode


@dataclass(frozen=True, slots=True)
class Application:
    """What matters of a developer credential here.

    `refused_at`: the marketplace refused our client id or secret and has not accepted it since; `refused_code`: in which
    words. `secret_expires_at` None: not known. `secret_estimated`: reckoned here, and not the marketplace's own word.
    """

    refused_at: Instant | None = None
    secret_expires_at: Instant | None = None
    refused_code: str = ""
    secret_estimated: bool = False


def next_application_probe_at(application: Application, now: Instant) -> Instant | None:
    """When to look whether a refused application works again; as `next_probe_at` for one account. None: it works."""
    if application.refused_at is None:
        return None
    # With a secret that has expired access tokens are still given. A new one is looked at as soon as it is there.
    return now + _pause(now - application.refused_at, dear=True)


Part = Literal["stock", "prices", "orders", "shipments"]
PARTS: tuple[Part, ...] = ("stock", "prices", "orders", "shipments")
"""What of an account's sync the merchant may pause by itself."""
STOCK: tuple[Part, ...] = ("stock",)
OFFERS: tuple[Part, ...] = ("stock", "prices")
ORDERS: tuple[Part, ...] = ("orders",)
SHIPMENTS: tuple[Part, ...] = ("shipments",)
"""What a flow is about: it runs while one of them is not paused."""
USUAL: tuple[Part, ...] = ("stock", "prices", "orders")
"""What is paused where nothing is named: a parcel that has left is confirmed all the same, for who is late pays for it."""


def may_sync(
    facts: Facts, application: Application, paused: Collection[str], now: Instant, parts: Collection[Part] = USUAL
) -> Yes | No:
    """The only answer to "may sync run?"; jobs, buttons and pages ask this and nothing else.

    `paused`: the parts the merchant has paused. `parts`: what is to run; No("paused_by_user") where all of them are paused.
    """
    if set(parts) <= set(paused):
        return No("paused_by_user")
    if application.refused_at is not None:
        return No("application_refused")
    match phase(facts, now):
        case Phase.ACTIVE | Phase.EXPIRING:
            return Yes()
        case Phase.OVERDUE:
            return Yes(probe_first=True)
        case Phase.DISCONNECTED:
            return No("disconnected")
        case Phase.DOUBTED:
            return No("doubted")
        case Phase.EXPIRED:
            return No("expired")
        case Phase.REVOKED:
            return No("revoked")


def reminder_due(facts: Facts, sent_steps: frozenset[int], now: Instant) -> int | None:
    """The single most urgent reminder step reached and not yet told, or None.

    `sent_steps`: steps (days before the end) told for this grant. After an outage only the most urgent
    one is due, never a burst: a step less urgent than one already told is never due again.
    """
    left = days_left(facts, now)
    if left is None or facts.standing is Standing.REFUSED:
        return None
    most_urgent = step_reached(left)
    if most_urgent is None or any(step <= most_urgent for step in sent_steps):
        return None
    return most_urgent


TOLD_AHEAD = timedelta(days=1)
"""What was told later than this from now was told by a clock that was wrong."""


def told_steps(facts: Facts, told: Mapping[int, Instant], now: Instant) -> frozenset[int]:
    """The steps that count as told. `told`: step -> when it was. One that was told before the end as it is known now was
    so near (the date was corrected since), or by a clock that was far ahead, is told once more when it is reached."""
    end = facts.expires_at
    if end is None:
        return frozenset()
    return frozenset(
        step for step, at in told.items() if at <= now + TOLD_AHEAD and (end - at) // timedelta(days=1) <= step
    )


def step_reached(left: int) -> int | None:
    """The most urgent reminder step with so many days left; None: it is too early for any."""
    return min((step for step in REMINDER_DAYS if left <= step), default=None)
