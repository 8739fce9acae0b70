"""The one retry table: what happens after an error. Nothing else in the house retries.

(`net` repeats exactly one thing by itself: a request whose access token had expired.)
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from forain.core import errors
from forain.core.clock import Instant

FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
MALFORMED_TRIES = 3
SHOP_REFUSED_PAUSE = timedelta(minutes=10)
"""A shop that refuses our key is asked again now and then: a person mends it there, and nobody tells us."""

Stops = Literal["item", "operation", "account", "application", "bug"]
SideEffect = Literal[
    "none", "side_ill", "doubt", "app_refused", "role_missing", "wrong_region", "item_issue", "malformed", "internal",
    "shop_refused",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Again:
    """Run it again at `at`. `attempt`: whether this counted as a try. `effect`: what else must be noted."""

    at: Instant
    attempt: bool
    effect: SideEffect = "none"


@dataclass(frozen=True, slots=True)
class Stop:
    """Do not run it again by itself. `stops`: how much stands still. `effect`: what must be noted."""

    stops: Stops
    effect: SideEffect


def verdict(error: BaseException, attempt: int, now: Instant, jitter: float = 0.5) -> Again | Stop:
    """What to do after `error` on try number `attempt` (1 = first).

    `jitter`: 0 to 1, drawn by the caller; spreads retries over half to the whole of the pause, so that
    many jobs do not fall on a side that just got up.
    """
    match error:
        case errors.Throttled(until=until) | errors.Busy(until=until):
            return Again(max(until, now), attempt=False)
        case errors.Unreachable() | errors.ServerFault():
            pause = min(FIRST_PAUSE * 2 ** min(attempt - 1, 12), LONGEST_PAUSE)
            return Again(now + pause * (0.5 + jitter / 2), attempt=True, effect="side_ill")
        case errors.GrantDoubted() | errors.GrantRefused():
            return Stop("account", "doubt")
        case errors.WrongAccount():
            return Stop("account", "item_issue")
        case errors.AppRefused():
            return Stop("application", "app_refused")
        case errors.ShopRefused():
            return Again(now + SHOP_REFUSED_PAUSE, attempt=True, effect="shop_refused")
        case errors.Denied():
            return Stop("operation", "role_missing")
        case errors.Rejected(code="wrong_region"):
            return Stop("operation", "wrong_region")
        case errors.Rejected() | errors.Forged():
            return Stop("item", "item_issue")
        case errors.Malformed():
            if attempt < MALFORMED_TRIES:
                return Again(now + FIRST_PAUSE * 2 ** (attempt - 1), attempt=True, effect="none")
            return Stop("item", "malformed")
        case _:
            return Stop("bug", "internal")
