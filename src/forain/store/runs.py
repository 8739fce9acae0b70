"""The timetable: when each flow of each subject is due, and how it last went."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, DateTimeField, F, Q, Value, When

from forain.core.clock import Instant, parse_instant
from forain.store import models

LEASE = timedelta(minutes=5)
PLACE_LIFE = timedelta(hours=20)
"""Amazon's page tokens live for a day."""
FARTHEST = timedelta(days=7)
"""Nothing is planned farther ahead: what is due later was planned by a clock that went wrong, and has been put right."""


_DUE = "forain_due"
"""The channel of the database on which a line that an event made due is told at once."""


def ensure(flow: str, subject: str, due_at: Instant) -> None:
    """Have a line in the timetable; one that is there stays as it is."""
    models.Run.objects.get_or_create(flow=flow, subject=subject, defaults={"due_at": due_at})


def poke(flow: str, subject: str, at: Instant) -> None:
    """Make it due at `at`, unless it is due earlier. Does not shorten the pause after a failure of the other side.

    Workers hear of it, and of what the next three do, with the commit (`wait_for_poke`).
    """
    rows = models.Run.objects.filter(flow=flow, subject=subject, attempt=0, due_at__gt=at)
    _told(rows.update(due_at=at, stopped=False))


def rouse(flow: str, subject: str, at: Instant) -> None:
    """As `poke`, whatever failed before: the other side has shown that it is there."""
    rows = models.Run.objects.filter(flow=flow, subject=subject, due_at__gt=at)
    _told(rows.update(due_at=at, attempt=0, stopped=False))


def _told(count: int) -> None:
    if count:
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {_DUE}")


def listen() -> None:
    """From now on `wait_for_poke` hears what is poked; said before `due` is asked, nothing falls between. Safe to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {_DUE}")


def wait_for_poke(seconds: float) -> bool:
    """Wait until something was poked since `listen`, `seconds` at most; True: something was. Outside transactions.

    Told where the database hands a connection to somebody else after each statement (a pooler), it is not heard, and the time runs out.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return bool(list(connection.connection.notifies(timeout=seconds, stop_after=1)))


def force(subject: str, now: Instant, flows: list[str] | None = None) -> None:
    """A person says "now": due whatever happened before."""
    rows = models.Run.objects.filter(subject=subject)
    if flows is not None:
        rows = rows.filter(flow__in=flows)
    _told(rows.update(due_at=now, attempt=0, stopped=False))


def set_due(flow: str, subject: str, at: Instant) -> None:
    """An event says when to look, whatever was planned before."""
    _told(models.Run.objects.filter(flow=flow, subject=subject).update(due_at=at, attempt=0, stopped=False))


def start_stopped(now: Instant) -> int:
    """What a bug stopped is tried again; the answer is how many lines. For a person who restarts Forain."""
    return models.Run.objects.filter(stopped=True).update(due_at=now, attempt=0, stopped=False)


def bring_back(now: Instant) -> int:
    """What a wrong clock planned is due now; the answer is how many lines. Those are planned for days nobody plans for, or
    ran last in the future. Safe to repeat: then they ran last just now."""
    ahead = Q(succeeded_at__gt=now + LEASE) | Q(failed_at__gt=now + LEASE)
    rows = models.Run.objects.filter(Q(due_at__gt=now + FARTHEST) | ahead, stopped=False)
    stamps = {
        name: Case(When(**{f"{name}__gt": now}, then=Value(now)), default=F(name), output_field=DateTimeField())
        for name in ("succeeded_at", "failed_at")
    }
    return rows.update(due_at=now, **stamps)


def due(now: Instant) -> list[tuple[str, str]]:
    """(flow, subject) of what is due, longest due first."""
    rows = models.Run.objects.filter(due_at__lte=now, stopped=False).order_by("due_at", "pk")
    return list(rows.values_list("flow", "subject"))


def moving(now: Instant, late: timedelta) -> bool:
    """Whether every line of the timetable is run in time: none is due for longer than `late`, none was stopped by a bug."""
    return not models.Run.objects.filter(Q(stopped=True) | Q(due_at__lt=now - late)).exists()


def get(flow: str, subject: str) -> models.Run | None:
    """The line, None when there is none."""
    return models.Run.objects.filter(flow=flow, subject=subject).first()


def begin(flow: str, subject: str, now: Instant) -> Instant | None:
    """Take the line for LEASE; the answer is the lease to hand back, None: it is not due (any more).

    A worker that dies leaves the line due again when the lease ends. A poke during the run makes it due
    at once, and is not lost when the run ends.
    """
    lease = now + LEASE
    rows = models.Run.objects.filter(flow=flow, subject=subject, due_at__lte=now, stopped=False)
    return lease if rows.update(due_at=lease) else None


# Every run of every line ends with it: written out, it costs a third.
_SUCCEEDED = """
UPDATE store_run SET succeeded_at = %s, attempt = 0, error = '', due_at = CASE WHEN due_at = %s THEN %s ELSE due_at END
WHERE flow = %s AND subject = %s
"""


def succeeded(flow: str, subject: str, now: Instant, lease: Instant, due_at: Instant) -> None:
    """Stamped after the work. A poke that came meanwhile (the line no longer shows our lease) is kept."""
    with connection.cursor() as cursor:
        cursor.execute(_SUCCEEDED, [now, lease, due_at, flow, subject])


def failed(
    flow: str, subject: str, now: Instant, error: str, due_at: Instant | None, *, attempt: bool, lease: Instant | None
) -> None:
    """`due_at` None: stopped until a person or an event moves it.

    `lease`: a line that no longer shows it was moved during the run (a renewal, a person), and stays where it was
    moved to. None: `due_at` holds whatever came meanwhile, as after an illness of the other side.
    """
    then = Value(due_at or now)
    rows = models.Run.objects.filter(flow=flow, subject=subject)
    rows.update(
        failed_at=now,
        error=error[:500],
        attempt=F("attempt") + (1 if attempt else 0),
        stopped=due_at is None,
        due_at=then
        if lease is None
        else Case(When(due_at=lease, then=then), default=F("due_at"), output_field=DateTimeField()),
    )


def place(flow: str, subject: str, reading: str, now: Instant) -> dict[str, Any]:
    """How far an unfinished reading got; {} where it begins anew, also after PLACE_LIFE: cursors do not live for ever."""
    row = get(flow, subject)
    kept: dict[str, Any] = row.places.get(reading, {}) if row else {}
    return kept if kept and now - parse_instant(kept["begun_at"]) < PLACE_LIFE else {}


def keep_place(flow: str, subject: str, reading: str, told: dict[str, Any]) -> None:
    """Remember how far a reading got (`begun_at` in it says since when), {}: it is finished or begins anew."""
    with transaction.atomic():
        row = models.Run.objects.select_for_update().filter(flow=flow, subject=subject).first()
        if row is not None and (told or reading in row.places):
            row.places = {**{k: v for k, v in row.places.items() if k != reading}, **({reading: told} if told else {})}
            row.save(update_fields=["places"])


def forget(subject: str) -> None:
    """Take out every line of a subject that is gone."""
    models.Run.objects.filter(subject=subject).delete()


def troubled() -> list[models.Run]:
    """Lines of the timetable that stand still or failed last time."""
    return list(models.Run.objects.filter(Q(stopped=True) | ~Q(error="")).order_by("failed_at"))
