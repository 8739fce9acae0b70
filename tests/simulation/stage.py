"""Two workers that take turns: exactly one thread runs at any time, and hands over only where a real one could be overtaken.

Such points are the beginning and the end of every transaction, every single statement outside of one, and every call out.
There a worker may be kept waiting, or die: what it did not commit is gone, and nothing of it runs any more.
"""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from django.db import connection, transaction

LONGEST_GAP = timedelta(seconds=30)
"""So long a worker may be kept waiting at one point: the time limit of a request."""
AWAY_FOR = (200.0, 900.0)
"""So many seconds one is away that is away for longer: mostly longer than offers, parcels and letters are claimed for. Only
before it asks or tells the database: who wakes there learns what has become of a claim. That a call which was about
to go out is late by minutes nobody could tell the other side."""
ASKS = ("begin", "read", "write")
PAGES_DIE = 10
"""So many times more likely a page dies at a point than a worker."""


class Died(BaseException):
    """The process of this worker was killed. No `except Exception` sees it."""


class Violation(BaseException):
    """An invariant does not hold. No `except Exception` of the product may swallow it."""

    def __init__(self, invariant: str, told: str) -> None:
        super().__init__(f"{invariant}: {told}")
        self.invariant = invariant


class Worker:
    """A thread that runs one job at a time, while it holds the baton. `notes`: what invariants remember of its run;
    `at`: the point it waits at. `slept`: how long it was away in this run.

    `page`: the merchant's own process: it is no worker to whoever asks. `patience`: so long it may wait where it is.
    """

    def __init__(self, name: str, stage: "Stage", *, page: bool = False) -> None:
        self.name = name
        self.stage = stage
        self.page = page
        self.job: Callable[[], object] | None = None
        self.label = self.subject = ""
        self.paused_at: Any = None
        self.at = ("", "")
        self.patience = LONGEST_GAP
        self.dead = False
        self.deps: Any = None
        self.notes: dict[str, Any] = {}
        self.slept = timedelta(0)
        self.failure: BaseException | None = None
        # Locks that are handed over, released by the other side: the cheapest baton there is.
        self._go, self._back = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._back.acquire()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="page" if page else f"worker-{name}", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return self.job is not None

    @property
    def away(self) -> bool:
        """It does not come back yet."""
        since = self.paused_at
        return self.busy and self.patience > LONGEST_GAP and since + self.patience > self.stage.now()

    @property
    def clock(self) -> datetime:
        """The hour by a clock that stands still while it is away: what it may still do goes by that."""
        now: datetime = self.stage.now()
        return now - self.slept

    def start(self, label: str, job: Callable[[], object]) -> None:
        """Begin a job, and run until it pauses, dies or ends."""
        self.label, self.job, self.notes, self.slept = label, job, {}, timedelta(0)
        self.resume()

    def resume(self) -> None:
        """Hand over the baton; it is back when this returns. Raises what the worker found wrong."""
        self._go.release()
        self._back.acquire()
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    def pause(self) -> None:
        """Called in the worker's thread: give the baton back, go on when it comes again."""
        self.paused_at = self.stage.now()
        self._back.release()
        self._go.acquire()
        if self.patience > LONGEST_GAP:
            self.slept += self.stage.now() - self.paused_at
        self.paused_at = None
        if self.dead:
            raise Died

    def end(self) -> None:
        """Kill what runs, and end the thread."""
        self._ended = True
        if self.busy:
            self.dead = True
        self._go.release()
        self._thread.join(20)

    def _work(self) -> None:
        self.stage.here.worker, self.stage.here.aside = self, False
        with connection.execute_wrapper(self._statement):
            while True:
                self._go.acquire()
                if self._ended and self.job is None:
                    break
                try:
                    assert self.job is not None
                    self.job()
                except Died:
                    pass
                except BaseException as error:
                    self.failure = error
                if self.dead:
                    connection.close()
                self.job = None
                if self._ended:
                    break
                self._back.release()
        connection.close()

    def _statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.dead:
            raise Died
        if self.stage.here.aside:
            return execute(sql, params, many, context)
        writes = not sql.startswith("SELECT")
        self.stage.writes += writes
        if connection.in_atomic_block:
            return execute(sql, params, many, context)
        self.stage.point("write" if writes else "read", sql)
        found = execute(sql, params, many, context)
        if writes:
            self.stage.point("written", sql)
        return found


class Stage:
    """The two workers, and the chance that decides at each point: go on, wait, die."""

    def __init__(
        self, seed: int, now: Callable[[], Any], tell: Callable[[str], None], pauses: float, deaths: float
    ) -> None:
        self.now = now
        self.tell = tell
        self.chance = random.Random(f"{seed}:stage")
        self.here = threading.local()
        self.pauses, self.deaths = pauses, deaths
        self.points = self.killed = 0
        self.close = 0
        """So many points more each worker is kept waiting at every one: two that do the same go hand in hand."""
        self.goes_away: Worker | None = None
        """The worker that is away for minutes after so many more points that allow it: `away_after`."""
        self.away_after = 0
        self.writes = 1
        """Statements that wrote so far, of anybody: what was read of the database holds while this stands still."""
        self.workers = [Worker("A", self), Worker("B", self)]
        self.page = Worker("the page", self, page=True)

    def current(self) -> Worker | None:
        """The worker whose thread this is; None: the merchant, the world."""
        worker = self.whose()
        return None if worker is None or worker.page else worker

    def whose(self) -> Worker | None:
        """The process whose thread this is, the merchant's too; None: the world."""
        return getattr(self.here, "worker", None)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What an invariant asks in a worker's thread is no step of the worker."""
        self.here.aside = True
        try:
            yield
        finally:
            self.here.aside = False

    def point(self, kind: str, what: str) -> None:
        """Between two steps of a worker: it may be kept waiting here, or die."""
        worker = self.whose()
        if worker is None:
            return
        if worker.dead:
            raise Died
        if self.here.aside:
            return
        self.points += 1
        drawn = self.chance.random()
        if drawn < self.deaths_of(worker):
            worker.dead = True
            self.killed += 1
            self.tell(f"{worker.name} dies at {kind} {_short(what)} of {worker.label}")
            raise Died
        goes_away = worker is self.goes_away and kind in ASKS
        self.away_after -= goes_away
        goes_away &= self.away_after < 0
        kept = goes_away or drawn < self.deaths_of(worker) + self.pauses
        if kept or (self.close > 0 and not worker.page):
            self.close -= self.close > 0 and not worker.page
            worker.at, worker.patience = (kind, what), LONGEST_GAP
            if goes_away:
                self.goes_away = None
                worker.patience = timedelta(seconds=self.chance.uniform(*AWAY_FOR))
                self.tell(f"{worker.name} is away for {worker.patience} at {kind} {_short(what)} of {worker.label}")
            worker.pause()

    def deaths_of(self, worker: Worker) -> float:
        """How likely it dies at a point. Pages do little: so that it is seen, they die more easily."""
        return self.deaths * (PAGES_DIE if worker.page else 1)

    def count_writes(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """`execute_wrapper` of the thread that tells the story: the merchant."""
        self.writes += not sql.startswith("SELECT")
        return execute(sql, params, many, context)

    def end(self) -> None:
        for worker in (*self.workers, self.page):
            worker.end()


def _short(what: str) -> str:
    return " ".join(what.replace('"', "").split()[:3])


@contextmanager
def watched_transactions(stage: Stage) -> Iterator[None]:
    """The outermost begin and end of every transaction of a worker is a point; a death before the end rolls back."""
    enter, leave = transaction.Atomic.__enter__, transaction.Atomic.__exit__

    def begin(self: Any) -> None:
        if not connection.in_atomic_block:
            stage.point("begin", "")
        enter(self)

    def end(self: Any, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None or connection.savepoint_ids or not connection.in_atomic_block:
            return leave(self, kind, error, trace)
        worker = stage.whose()
        if worker is not None and not stage.here.aside and _dies(stage, worker):
            died = Died()
            leave(self, Died, died, None)
            raise died
        leave(self, kind, error, trace)
        stage.point("committed", "")
        return None

    with mock.patch.multiple(transaction.Atomic, __enter__=begin, __exit__=end):
        yield


def _dies(stage: Stage, worker: Worker) -> bool:
    """Before a commit there is no waiting (locks are held), only death."""
    stage.points += 1
    if worker.dead or stage.chance.random() >= stage.deaths_of(worker):
        return worker.dead
    worker.dead = True
    stage.killed += 1
    stage.tell(f"{worker.name} dies before a commit of {worker.label}")
    return True
