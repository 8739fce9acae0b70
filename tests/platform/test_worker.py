"""The worker with the real queue and the real database: whatever befalls the database, each line comes to its turn."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from forain import wiring
from forain.core.clock import Instant
from forain.engine import worker as engine
from forain.engine.worker import Worker
from forain.store import issues, models, runs

pytestmark = pytest.mark.django_db(transaction=True)
LINE, SUBJECT = "derive_issues", "house"
LOCK = f"{LINE}/{SUBJECT}"


def execute(sql: str, *told: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return cursor.fetchall() if cursor.description else []


def now() -> Instant:
    return wiring.deps().clock.now()


def until(seen: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + 60
    while not (found := seen()):
        assert time.monotonic() < end, what
        time.sleep(0.05)
    return found


@pytest.fixture
def worker() -> Iterator[Worker]:
    models.Instance.objects.create(pk=1)
    started = Worker(wiring.deps())
    yield started
    started.stop()
    gc.collect()  # The queue's threads have gone; their connections go with the garbage, and would keep the database in use.
    execute("DROP TRIGGER IF EXISTS trouble ON procrastinate_jobs")
    execute("DROP SEQUENCE IF EXISTS trouble_times")
    execute("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_events CASCADE")


def first_goes_wrong(what: str) -> None:
    """The first INSERT or DELETE of a job fails in the database itself."""
    execute("CREATE SEQUENCE trouble_times")
    execute(
        "CREATE OR REPLACE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('trouble_times') = 1 THEN RAISE EXCEPTION 'trouble'; END IF; "
        "RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END; END $$"
    )
    execute(f"CREATE TRIGGER trouble BEFORE {what} ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION trouble()")


def run_again() -> None:
    """The line is due now; wait until it ran."""
    runs.ensure(LINE, SUBJECT, now())
    before = runs.get(LINE, SUBJECT)
    assert before is not None
    runs.force(SUBJECT, now())

    def ran() -> bool:
        row = runs.get(LINE, SUBJECT)
        return row is not None and row.succeeded_at is not None and row.succeeded_at != before.succeeded_at

    until(ran, "the line did not run")


def test_the_line_of_a_killed_worker_runs_again_though_it_was_put_into_the_queue_meanwhile(worker):
    runs.ensure(LINE, SUBJECT, now())
    dead = execute(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '10 minutes') RETURNING id"
    )[0][0]
    told = f'{{"flow": "{LINE}", "subject": "{SUBJECT}"}}'
    for status, of in (("doing", dead), ("todo", None)):
        execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id) "
            "VALUES ('flows', 'forain.run', %s, %s, %s, %s, %s)",
            LOCK, LOCK, told, status, of,
        )  # fmt: skip

    worker.start()

    run_again()
    until(lambda: not execute("SELECT 1 FROM procrastinate_jobs WHERE worker_id = %s", dead), "the dead job stays")


def test_lines_run_again_after_every_connection_was_cut(worker):
    worker.start()
    run_again()

    execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip

    for _ in range(3):
        run_again()


def test_a_job_whose_end_could_not_be_written_does_not_block_its_line(worker):
    first_goes_wrong("DELETE")
    worker.start()
    run_again()
    until(lambda: execute("SELECT is_called FROM trouble_times")[0][0], "no job ended")

    run_again()


def test_the_pulse_goes_on_after_a_line_could_not_be_put_into_the_queue(worker):
    first_goes_wrong("INSERT")
    worker.start()
    until(lambda: execute("SELECT is_called FROM trouble_times")[0][0], "no job was put in")

    run_again()


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the worker does by time alone it does too late for any test."""
    for name in ("PULSE_SECONDS", "FETCH_SECONDS", "PLAN_SECONDS"):
        monkeypatch.setattr(engine, name, 3600.0)


def poked() -> None:
    """An event makes the line due; wait until it ran."""
    before = succeeded()
    runs.poke(LINE, SUBJECT, now())
    until(lambda: succeeded() != before, "the event waits for a timer")


def succeeded() -> Instant | None:
    row = runs.get(LINE, SUBJECT)
    return row and row.succeeded_at


def test_no_event_waits_for_a_timer(worker, hours):
    worker.start()
    until(succeeded, "the first pulse put nothing in")

    for _ in range(20):
        poked()


def test_an_event_during_a_run_of_its_line_waits_for_the_end_of_that_run_only(worker, hours):
    worker.start()
    until(succeeded, "the first pulse put nothing in")
    first = succeeded()

    execute("SELECT pg_advisory_lock(%s)", issues.DERIVE_LOCK)
    try:
        runs.poke(LINE, SUBJECT, now())
        until(lambda: runs.get(LINE, SUBJECT).due_at > now(), "the line did not begin")
        runs.poke(LINE, SUBJECT, now())
        until(lambda: execute("SELECT 1 FROM procrastinate_jobs WHERE status = 'todo'"), "the event put nothing in")
    finally:
        execute("SELECT pg_advisory_unlock(%s)", issues.DERIVE_LOCK)

    until(lambda: succeeded() != first, "the line did not end")
    until(lambda: runs.get(LINE, SUBJECT).due_at > now(), "the event waits for a timer")


def test_a_worker_that_is_stopped_while_it_starts_has_stopped(worker):
    worker.start()

    worker.stop()

    assert not any(thread.name.startswith("forain-") for thread in threading.enumerate())
