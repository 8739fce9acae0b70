"""How long the rest may take: counted in rounds of the workers, so that a slow machine has as many as a fast one."""

import time
from collections.abc import Callable
from typing import Any

ROUNDS = 400
"""So many rounds may pass until something comes right. In their hundred minutes of the clock a line that failed again and
again has its longest pause (an hour), and an offer told in vain its fifteen minutes and its rare looks."""
ROUND_STEP = 15.0
"""So many seconds the clock goes on in each of them."""
ROUND_SECONDS = 3.0
"""So long, of real time, a round waits for what is under way: the job of a dead worker is it for half a minute. With it the
clock never runs so far ahead of a worker that is slow that its claims and leases end under its hands."""
REST_SECONDS = 300.0
"""However slow the machine is: so long, of real time, the whole rest may take."""


class Failed(Exception):
    """Something did not come right, or did not come up."""


def in_rounds(
    what: str,
    a_round: Callable[[], None],
    seen: Callable[[], Any],
    by: float,
    now: Callable[[], float] = time.monotonic,
) -> Any:
    """Let rounds pass until `seen()` is true, and answer it. Raises Failed after ROUNDS of them, or at `by`."""
    begun, rounds = now(), 0
    while rounds < ROUNDS and (rounds == 0 or now() <= by):
        a_round()
        rounds += 1
        found = seen()
        if found:
            return found
    raise Failed(f"{what} ({rounds} rounds, {now() - begun:.0f} s)")
