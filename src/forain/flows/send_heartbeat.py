"""A dead machine says nothing: so a living one says that it lives, to a monitor outside that minds when it stops."""

from datetime import timedelta

from forain.core.clock import Instant
from forain.flows.deps import Deps
from forain.store import runs

EVERY = timedelta(minutes=1)
NOBODY_LISTENS = timedelta(minutes=15)
"""How soon is looked again whether there is a monitor: after a restart there may be one."""
LATE = timedelta(minutes=15)
"""A line of the timetable due for so long is not being run: a worker hangs, or there is far too much to do."""


def send_heartbeat(deps: Deps, _: None = None) -> Instant:
    """Tell the monitor while the whole timetable moves; the answer is when to tell again. Raises nothing of the monitor's.

    Sent from the timetable itself: where no worker runs, or the database is away, nothing is sent either.
    """
    now = deps.clock.now()
    if deps.ping is None:
        return now + NOBODY_LISTENS
    if runs.moving(now, LATE):
        deps.ping()
    return deps.clock.now() + EVERY
