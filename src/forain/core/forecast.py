"""What ends when: every clock of every permission, for the page, the page head and the calendar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from forain.core import authorization
from forain.core.authorization import Facts, Phase
from forain.core.clock import Instant
from forain.core.ids import AccountId, ApplicationId
from forain.core.landing import NO_LANDING, Landing, Stage, lands_at, stage

MONTHS = 13
"""So many months a timeline shows: a year that began today ends in the last of them."""
STOPS = frozenset({Phase.EXPIRED, Phase.REVOKED})
"""Phases in which the end is there already."""

Clock = Literal["authorization", "secret"]
Shade = Literal["before", "end", "after"]


@dataclass(frozen=True, slots=True)
class AccountClock:
    """What is known of one account's permission. `by_consent`: given on the marketplace's consent page, and not by
    the merchant to his own application. `has_term`: the marketplace ends such a permission after a time. `landing`: see
    `core.landing`. `marketplace`: its code."""

    account: AccountId
    name: str
    facts: Facts
    application: ApplicationId
    by_consent: bool
    has_term: bool
    landing: Landing = NO_LANDING
    marketplace: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationClock:
    """An application's secret. `secret_expires_at` None: not known. `has_term`: it ends at all. `refused_at`: since when the
    marketplace refuses it, `refused_code`: in which words. `secret_no`: which of its secrets it is. `estimated`: its end is
    not the marketplace's own word."""

    application: ApplicationId
    name: str
    secret_expires_at: Instant | None
    has_term: bool
    refused_at: Instant | None = None
    secret_no: int = 0
    refused_code: str = ""
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """One clock and where it stands.

    `owner`: whose clock it is ("account:1", "application:2"), `number`: which grant or secret. `account`: on whose page it
    is mended. `at` None: its end is not known. `estimated`: reckoned from a day that a person typed, or from the
    day it was entered. `stopped_at`: since when the marketplace refuses, `cause`: why, "" where no finer word than the stop
    itself is known. `stops`: names of the accounts that stand still when nobody acts, `accounts`: which they are. `landing`:
    whether quantities go to 0 before the end; `lands_at`: when they do or did, None where they do not. `marketplace`: its code,
    by whose words a person is told how to act.
    """

    clock: Clock
    owner: str
    number: int
    account: AccountId
    name: str
    at: Instant | None
    estimated: bool
    stopped_at: Instant | None
    by_consent: bool
    stops: tuple[str, ...]
    cause: str = ""
    landing: Stage = Stage.OFF
    lands_at: Instant | None = None
    marketplace: str = ""
    accounts: tuple[AccountId, ...] = ()

    @property
    def stopped(self) -> bool:
        """The marketplace refuses already."""
        return self.stopped_at is not None

    @property
    def who(self) -> str:
        """Who must act, and so how: secret (whose application it is), consent or token (whose seller account it is)."""
        return "secret" if self.clock == "secret" else "consent" if self.by_consent else "token"

    def days_left(self, now: Instant) -> int | None:
        """Whole days until the end, negative after it; None: not known."""
        return None if self.at is None else (self.at - now) // timedelta(days=1)

    def near(self, now: Instant) -> bool:
        """It is time to be told: as many whole days are left as at the first reminder, or fewer."""
        return self.at is not None and authorization.near(self.at, now)


def ends(accounts: Iterable[AccountClock], applications: Iterable[ApplicationClock], now: Instant) -> list[End]:
    """Every clock that runs, what stands still already first, then the nearest, unknown ends last. Pure.

    A disconnected account has none, and neither has an application without a connected account. What is refused is
    there even where it has no end.
    """
    connected = [one for one in accounts if authorization.phase(one.facts, now) is not Phase.DISCONNECTED]
    found = [
        _of_account(one, now)
        for one in connected
        if one.has_term or one.facts.expires_at is not None or authorization.phase(one.facts, now) in STOPS
    ]
    users: dict[ApplicationId, list[AccountClock]] = {}
    for one in connected:
        users.setdefault(one.application, []).append(one)
    running = [one for one in applications if one.application in users]
    found += [_of_application(one, users) for one in running if one.has_term or one.refused_at is not None]
    return sorted(found, key=lambda end: (not end.stopped, end.at is None, end.at or now, end.name))


def _of_account(one: AccountClock, now: Instant) -> End:
    stopped = authorization.phase(one.facts, now) in STOPS
    return End(
        clock="authorization",
        owner=f"account:{one.account}",
        number=one.facts.grant_no,
        account=one.account,
        name=one.name,
        at=one.facts.expires_at,
        estimated=one.facts.estimated,
        stopped_at=(one.facts.refused_at or now) if stopped else None,
        by_consent=one.by_consent,
        stops=(one.name,),
        cause=authorization.cause(one.facts) if stopped else "",
        landing=stage(one.facts, one.landing, now),
        lands_at=lands_at(one.facts, one.landing, now),
        marketplace=one.marketplace,
        accounts=(one.account,),
    )


def _of_application(one: ApplicationClock, users: Mapping[ApplicationId, list[AccountClock]]) -> End:
    first = users[one.application][0]
    return End(
        clock="secret",
        owner=f"application:{one.application}",
        number=one.secret_no,
        account=first.account,
        name=one.name,
        at=one.secret_expires_at,
        estimated=one.estimated,
        stopped_at=one.refused_at,
        by_consent=first.by_consent,
        stops=tuple(user.name for user in users[one.application]),
        cause=one.refused_code if one.refused_at is not None else "",
        marketplace=first.marketplace,
        accounts=tuple(user.account for user in users[one.application]),
    )


def nearest(found: Iterable[End], now: Instant) -> End | None:
    """The end that stands in the head of every page: the nearest one within sixty days that is still to be averted. Where
    there is none, one that was not averted: what stands still, the newest first."""
    found = list(found)
    near = [end for end in found if not end.stopped and end.near(now)]
    stopped = [end for end in found if end.stopped]
    newest = max(stopped, key=lambda end: end.stopped_at or now, default=None)
    return min(near, key=lambda end: end.at or now, default=newest)


def months(today: date) -> list[date]:
    """The first days of the months of a timeline that begins with this one."""
    first = today.year * 12 + today.month - 1
    return [date((first + n) // 12, (first + n) % 12 + 1, 1) for n in range(MONTHS)]


def shades(end: date | None, today: date) -> list[Shade]:
    """A timeline, month by month: the permission holds, ends in that month, is over. An end not known holds on; one
    that has passed ends in the first month."""
    at = MONTHS if end is None else max((end.year - today.year) * 12 + end.month - today.month, 0)
    return ["before" if n < at else "end" if n == at else "after" for n in range(MONTHS)]
