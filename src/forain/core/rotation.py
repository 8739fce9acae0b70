"""When an application's client secret is to be renewed through its queue, and what a message about one changes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from forain.core.clock import Instant

ASK_BEFORE = timedelta(days=70)
"""A new secret is asked for so long before the end: ten days before people are reminded of it (`authorization.EXPIRING_WITHIN`).
So nobody hears of a rotation that works, and one that does not leaves sixty days to do it by hand."""
UNANSWERED_AFTER = timedelta(hours=1)
"""A new secret that has not come so long after it was asked for is somebody's business; Amazon sends it within minutes."""
SURE_AFTER = timedelta(days=1)
"""So long after the former secret should have ended, it is sure that it did not: no new one was made."""
ANSWERED_WITHIN = timedelta(days=8)
"""So long after a question a secret that comes may be its answer, whatever the end says that we reckoned for a typed one."""
READ_EVERY = timedelta(hours=1)
READ_AWAITING = timedelta(minutes=15)
READ_OFTEN = timedelta(minutes=2)
REFUSED_PAUSE = timedelta(days=1)
"""How soon it is asked again after a no that only a person can mend."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored of an application's secret. `kept_at`: when the present one was; `expires_at`: its end, None: not known.
    `asked_at`: when another one was last asked for. `reckoned`: the end is counted from the typing, not the marketplace's."""

    kept_at: Instant | None
    expires_at: Instant | None
    asked_at: Instant | None = None
    reckoned: bool = False

    @property
    def awaited_since(self) -> Instant | None:
        """Another secret was asked for then and none was kept since; None: none is awaited."""
        if self.asked_at is None or (self.kept_at is not None and self.kept_at >= self.asked_at):
            return None
        return self.asked_at


def may_ask(facts: Facts, overlap: timedelta, now: Instant) -> bool:
    """Whether asking for another secret can end none that is needed.

    While one is awaited it may have been made, and is lost to us; a second one could end the present one at once. When the
    present one still works long after it should have ended, none was made.
    """
    since = facts.awaited_since
    return since is None or now - since >= overlap + SURE_AFTER


def due(facts: Facts, now: Instant) -> bool:
    """The secret's end is near enough, or nobody knows it."""
    return facts.expires_at is None or facts.expires_at - now <= ASK_BEFORE


def unanswered(facts: Facts, now: Instant) -> bool:
    """A new secret was asked for, and should have come by now."""
    return facts.awaited_since is not None and now - facts.awaited_since >= UNANSWERED_AFTER


def next_reading(facts: Facts, unproven: bool, now: Instant) -> Instant:
    """When to look into the queue next."""
    if facts.awaited_since is not None and not unanswered(facts, now):
        return now + READ_OFTEN
    return now + (READ_AWAITING if unproven or facts.awaited_since is not None else READ_EVERY)


def judge(same: bool, expires_at: Instant, facts: Facts, now: Instant) -> Literal["keep", "date", "old"]:
    """What a message about a new secret is to us. `same`: it is the present one; then only its exact end is news.

    Messages come twice, late and in any order: of two secrets the one that ends later was made later. Where the present one's
    end is only reckoned, that is not sure, and the answer to a question asked of late is kept: it stands nowhere else.
    """
    if same:
        return "date"
    awaited = facts.reckoned and facts.asked_at is not None and now - facts.asked_at < ANSWERED_WITHIN
    if awaited and expires_at > now:
        return "keep"
    if expires_at <= now or (facts.expires_at is not None and expires_at <= facts.expires_at):
        return "old"
    return "keep"
