"""Nobody is remembered longer than needed: buyers go out of the order book, and the oldest journal and reminders go."""

from datetime import timedelta

from forain.core.clock import Instant
from forain.flows.deps import Deps
from forain.store import brakes, feeds, journal, letters, orders, reckonings

AGAIN = timedelta(hours=6)
AT_ONCE = 500
"""So many rows in one transaction."""
MANY_AT_ONCE = 50_000
"""The same, of rows that are found by reading all of them."""
LEAPS_KEPT = timedelta(days=2)
"""A wave of large changes is seen within an hour; see core.brakes."""
JOURNAL_KEPT = timedelta(days=548)
"""Amazon's data protection policy: logs at least 12 months, what is not personal at most 18 (its update effective
2025-11-25, read second hand on 2026-08-05)."""


def prune(deps: Deps, _: None = None) -> Instant:
    """Forget what is due to be forgotten; the answer is when to look again. Safe to repeat and to break off."""
    now = deps.clock.now()
    forgotten = 0
    while done := orders.forget_buyers(deps.vault, now, AT_ONCE):
        forgotten += done
    if forgotten:
        journal.write(now, "buyers_forgotten", placeholders={"count": str(forgotten)})
    while journal.forget(now - JOURNAL_KEPT, AT_ONCE) or letters.forget(now - JOURNAL_KEPT, AT_ONCE):
        pass
    while brakes.forget_told(now - LEAPS_KEPT, AT_ONCE):
        pass
    while reckonings.forget(now - reckonings.KEPT, MANY_AT_ONCE):
        pass
    feeds.forget(now - feeds.KEPT)
    return deps.clock.now() + AGAIN
