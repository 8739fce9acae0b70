"""What must hold here: the invariants of the simulation, asked of this world, and what only real processes can break.

Imported once the database is there: it needs Django.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections

from forain.engine.worker import STALLED_AFTER_SECONDS
from forain.store import models
from forain.store.vault import Vault
from forain_box.state import Order
from tests.simulation import FR, SELLER, Seller, invariants
from tests.simulation.stage import Violation

if TYPE_CHECKING:
    from .amazon import Amazon
    from .story import Story

Found = list[tuple[str, str]]
DUE_FOR = timedelta(minutes=10)
"""A line may wait for a lease of five minutes; after this it stands still."""
TROUBLE = re.compile(r"stopped by a bug|Exception in thread|the pulse failed")


class Scene:
    """This world as `invariants.Watch` asks for it at rest."""

    def __init__(self, story: "Story") -> None:
        self._story, self.shop = story, story.merchant

    def now(self) -> datetime:
        return self._story.amazon.now()

    @property
    def box(self) -> "Amazon":
        return self._story.amazon

    def amazon_orders(self) -> list[Order]:
        return list(self.box.world.state.orders.values())

    @property
    def sellers(self) -> list[Seller]:
        return [Seller(1, SELLER, self._story.people.refresh, writes={FR})]

    @property
    def vault(self) -> Vault:
        return Vault(settings.VAULT_KEYS)


class AtRest:
    """Asks everything. Each answer is what is not so: (invariant, what)."""

    def __init__(self, story: "Story") -> None:
        self._story = story
        self._watch = invariants.Watch(Scene(story))  # type: ignore[arg-type]

    def unsettled(self) -> Found:
        return _answered(self._watch.unsettled)

    def wrong_at_the_end(self) -> Found:
        return _answered(self._at_the_end)

    def _at_the_end(self) -> Found:
        self._watch.log = [line for service in self._story.services.values() for line in service.said().splitlines()]
        found = [(check.__name__, what) for check in invariants.AT_THE_END for what in check(self._watch)]
        found += [(check.__name__, what) for check in HERE for what in check(self._story)]
        return found + self._amounts()

    def _amounts(self) -> Found:
        found = []
        orders = self._story.amazon.world.state.orders
        for reference, charge in self._story.merchant.charges():
            try:
                invariants.amounts_to_the_cent(orders[reference], charge)
            except (Violation, KeyError) as broken:
                found.append(("amounts_to_the_cent", str(broken)))
        return found


def _answered(ask: Callable[[], Found]) -> Found:
    """The database may be away for a moment here too: whoever had started it was killed, or stopped in order."""
    try:
        return ask()
    except (OperationalError, InterfaceError) as away:
        connections.close_all()
        return [("the_database_answers", str(away))]


def under_way(now: datetime) -> bool:
    """Whether a worker has anything to do: a line that was due by `now`, or a job that has not ended."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM store_run WHERE due_at <= %s AND NOT stopped) "
                "OR EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'doing')",
                [now],
            )
            return bool(cursor.fetchone()[0])
    except (OperationalError, InterfaceError):
        connections.close_all()
        return True


def no_order_came_twice(story: "Story") -> Iterator[str]:
    """At no moment an order came into the shop that was there already."""
    yield from story.merchant.doubled


def no_line_was_stopped_by_a_bug(story: "Story") -> Iterator[str]:
    """No error was unforeseen, at any time: a restart starts stopped lines again, but journal and logs remember."""
    for row in models.Journal.objects.filter(code="flow_stopped"):
        yield f"{row.subject} {row.placeholders}"
    for service in story.services.values():
        for line in service.said().splitlines():
            if TROUBLE.search(line):
                yield f"{service.name}: {line[:300]}"


def no_line_stands_still(story: "Story") -> Iterator[str]:
    """Each line of the timetable comes to its turn."""
    for row in models.Run.objects.filter(due_at__lt=story.amazon.now() - DUE_FOR):
        yield f"{row.flow} of {row.subject} is due since {row.due_at}"


def no_job_is_left_doing(story: "Story") -> Iterator[str]:
    """No job of the queue counts as under way in a worker that is dead, or for longer than any flow takes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT job.id, job.lock FROM procrastinate_jobs job LEFT JOIN procrastinate_workers w ON w.id = job.worker_id "
            "WHERE job.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - make_interval(secs => %s) OR "
            "(SELECT max(at) FROM procrastinate_events e WHERE e.job_id = job.id AND e.type = 'started') "
            "< now() - interval '30 seconds')",
            [STALLED_AFTER_SECONDS],
        )
        for number, lock in cursor.fetchall():
            yield f"job {number} of {lock}"


def the_renewed_token_is_in_force(story: "Story") -> Iterator[str]:
    """What the merchant entered last, and the page said it was taken, is what Forain uses."""
    kept = Vault(settings.VAULT_KEYS).get("account:1", "refresh")
    if kept is None or kept.reveal() != story.people.refresh:
        yield "another token is kept"
    if models.Account.objects.get(pk=1).grant_no < 1 + story.people.pressed["renewals"]:
        yield "a renewal was forgotten"


HERE: tuple[Callable[["Story"], Iterator[str]], ...] = (
    no_order_came_twice, no_line_was_stopped_by_a_bug, no_line_stands_still, no_job_is_left_doing,
    the_renewed_token_is_in_force,
)  # fmt: skip
