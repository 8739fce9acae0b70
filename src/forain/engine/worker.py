"""The worker: a pulse that puts due lines into the queue, and the queue's own worker that runs them."""

import asyncio
import contextlib
import logging
import threading
import time
from typing import Any

from django.db import close_old_connections, connections
from django.db.utils import InterfaceError, OperationalError
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Status
from procrastinate.worker import Worker as QueueWorker

from forain.engine import schedule
from forain.flows.deps import Deps
from forain.store import models, runs

log = logging.getLogger("forain.engine")

PULSE_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 0.25
"""Waiting for an event: how soon it is asked whether the worker shall end."""
PLAN_SECONDS = 5.0
FETCH_SECONDS = 1.0
"""So often the queue is asked for jobs of which nobody told it."""
HEARTBEAT_SECONDS = 5.0
STALLED_AFTER_SECONDS = 20.0
"""A worker whose heart was not heard for so long is dead. One that only slept loses nothing: leases guard its lines."""
AWAY = (OperationalError, InterfaceError, ConnectorException)
"""What a database that is away raises: through Django, and through the queue."""


def pulse(deps: Deps) -> int:
    """Put every due line into the queue; the answer is how many. A line waiting already is not put twice."""
    put = 0
    for flow, subject in runs.due(deps.clock.now()):
        name = f"{flow}/{subject}"
        try:
            app.configure_task("forain.run", lock=name, queueing_lock=name).defer(flow=flow, subject=subject)
            put += 1
        except AlreadyEnqueued:
            continue
    return put


class Worker:
    """Runs in threads of this process: `start()`, then `stop()`, which lets running flows finish."""

    def __init__(self, deps: Deps, concurrency: int = 4) -> None:
        self._deps = deps
        self._concurrency = concurrency
        self._ending = threading.Event()
        self._queue: QueueWorker | None = None
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        for target in (self._beat, self._work):
            thread = threading.Thread(target=target, name=f"forain-{target.__name__.strip('_')}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout_seconds: float = 20) -> None:
        self._ending.set()
        deadline = time.monotonic() + timeout_seconds
        for thread in self._threads:
            while thread.is_alive() and time.monotonic() < deadline:
                self._end_queue()
                thread.join(0.2)

    def _end_queue(self) -> None:
        """Said again and again: a queue that is only just beginning forgets that it was told to end."""
        queue, loop = self._queue, self._loop
        if queue is not None and loop is not None:
            with contextlib.suppress(RuntimeError):  # The loop is closed: it has ended.
                loop.call_soon_threadsafe(queue.stop)

    def _beat(self) -> None:
        """The pulse. A database away is waited for, said once; nothing else ends it either: without it nothing runs."""
        trouble = fresh = False
        plan_at = 0.0
        while not self._ending.is_set():
            try:
                close_old_connections()
                now = self._deps.clock.now()
                if not fresh:
                    runs.start_stopped(now)
                    fresh = True
                if time.monotonic() >= plan_at:
                    schedule.plan_all(now)
                    models.Instance.objects.update(worker_seen_at=now)
                    plan_at = time.monotonic() + PLAN_SECONDS
                # Before it is asked what is due: what becomes due after that is heard.
                runs.listen()
                pulse(self._deps)
                if trouble:
                    log.warning("the database is back")
                trouble = False
                self._rest()
            except Exception as error:
                if not trouble and isinstance(error, AWAY):
                    log.warning("the database is away: %s", error.__cause__ or error)
                elif not trouble:
                    log.exception("the pulse failed; it goes on")
                trouble = True
                connections.close_all()
            if trouble:
                self._ending.wait(2)
        connections.close_all()

    def _rest(self) -> None:
        """Until the next pulse: its time, or an event that made something due. No event waits for the time."""
        end = time.monotonic() + PULSE_SECONDS
        while not self._ending.is_set() and (left := end - time.monotonic()) > 0:
            if runs.wait_for_poke(min(left, LONGEST_WAIT_SECONDS)):
                return

    def _work(self) -> None:
        while not self._ending.is_set():
            try:
                asyncio.run(self._queue_worker())
            except Exception as error:
                # Whatever befell the queue itself (no flow raises to here): without it nothing runs, so it begins again.
                if self._ending.is_set():
                    break
                log.warning("the queue stopped: %s", error)
                self._ending.wait(2)

    async def _queue_worker(self) -> None:
        self._loop = asyncio.get_running_loop()
        assert isinstance(app.connector, DjangoConnector)
        worker_app = app.with_connector(app.connector.get_worker_connector())
        async with worker_app.open_async():
            self._queue = _Queue(
                app=worker_app,
                concurrency=self._concurrency,
                install_signal_handlers=False,
                listen_notify=True,
                fetch_job_polling_interval=FETCH_SECONDS,
                delete_jobs="always",
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_AFTER_SECONDS,
            )
            burying = asyncio.create_task(_bury_the_dead(worker_app))
            try:
                await self._queue.run()  # type: ignore[no-untyped-call]
            finally:
                burying.cancel()


class _Told(asyncio.Event):
    """An event that counts how often it was said."""

    times = 0

    def set(self) -> None:
        self.times += 1
        super().set()


class _Queue(QueueWorker):
    """Begins anew where the end of a job could not be written, and keeps no job waiting that may begin.

    The job would stay "doing" under a living worker, and its line would wait behind it for ever.
    """

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        self._told = _Told()
        self._new_job_event = self._told

    async def _fetch_and_process_jobs(self) -> None:
        """Once more where a job was told of while the queue was being asked: the base class forgets that with its answer."""
        before = self._told.times
        await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call]
        if self._told.times > before:
            self._told.set()

    async def _persist_job_status(self, *told: Any, **named: Any) -> None:
        try:
            await super()._persist_job_status(*told, **named)
        except Exception:
            self.stop()  # type: ignore[no-untyped-call]
            raise
        # What was poked during its run waits behind it, and was told of when it could not begin.
        self._told.set()


async def _bury_the_dead(queue: App) -> None:
    """Take out the jobs of workers that died: each locks its line, and the pulse puts in what is due.

    (Put back instead, such a job would collide with the one that the pulse has put in meanwhile, and neither would run.)
    """
    while True:
        try:
            for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
                await queue.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        except ConnectorException as error:
            log.debug("dead jobs stay for now: %s", error)  # Another worker was first, or the database is away.
        except Exception:
            # Nobody waits for this task: without it the lines of dead workers would stay locked, and nobody would hear.
            log.exception("dead jobs stay for now")
        await asyncio.sleep(HEARTBEAT_SECONDS)
