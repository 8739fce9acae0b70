"""The worker: a pulse that puts due lines into the queue, and the queue's own worker that runs them."""

import logging
import threading

from django.db import close_old_connections, connections
from django.db.utils import InterfaceError, OperationalError
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.worker import Worker as QueueWorker

from forain.engine import schedule
from forain.flows.deps import Deps
from forain.store import models, runs

log = logging.getLogger("forain.engine")

PULSE_SECONDS = 0.25
STALLED_AFTER_SECONDS = 60


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
        self._loop: object = None

    def start(self) -> None:
        for target in (self._beat, self._work):
            thread = threading.Thread(target=target, name=f"forain-{target.__name__.strip('_')}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout_seconds: float = 20) -> None:
        self._ending.set()
        queue, loop = self._queue, self._loop
        if queue is not None and loop is not None:
            loop.call_soon_threadsafe(queue.stop)  # type: ignore[attr-defined]
        for thread in self._threads:
            thread.join(timeout_seconds)

    def _beat(self) -> None:
        """The pulse; a database away is waited for, said once."""
        away = False
        fresh = True
        beats = 0
        while not self._ending.is_set():
            try:
                close_old_connections()
                now = self._deps.clock.now()
                if fresh:
                    runs.start_stopped(now)
                    fresh = False
                if beats % 20 == 0:
                    schedule.plan_all(now)
                    models.Instance.objects.update(worker_seen_at=now)
                if beats % 240 == 120:
                    retry_stalled()
                pulse(self._deps)
                beats += 1
                if away:
                    log.warning("the database is back")
                away = False
            except (OperationalError, InterfaceError) as error:
                if not away:
                    log.warning("the database is away: %s", error)
                away = True
                connections.close_all()
            self._ending.wait(2 if away else PULSE_SECONDS)
        connections.close_all()

    def _work(self) -> None:
        import asyncio

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
        import asyncio

        self._loop = asyncio.get_running_loop()
        assert isinstance(app.connector, DjangoConnector)
        worker_app = app.with_connector(app.connector.get_worker_connector())
        async with worker_app.open_async():
            self._queue = QueueWorker(
                app=worker_app,
                concurrency=self._concurrency,
                install_signal_handlers=False,
                listen_notify=True,
                fetch_job_polling_interval=1.0,
                delete_jobs="always",
            )
            await self._queue.run()


def retry_stalled() -> None:
    """Jobs of workers that died are put back; flows are idempotent and their leases end by themselves."""
    import asyncio

    async def again() -> None:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS):
            await app.job_manager.retry_job(job)

    asyncio.run(again())
