"""Findings flows met, how the outside sides do, and the projection of derived issues."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Case, IntegerField, QuerySet, Value, When

from forain.core.clock import Instant
from forain.core.issues import Issue, SideFact
from forain.core.reminders import Hour
from forain.store import models

DERIVE_LOCK = 0x466F7249
"""Our number among PostgreSQL's advisory locks: one at a time derives the issues, from the facts to the journal."""


def found(
    code: str,
    subject: str,
    now: Instant,
    *,
    account: int | None = None,
    shop: int | None = None,
    placeholders: Mapping[str, str] | None = None,
) -> bool:
    """Note something for a person; True: it is new. Repeating renews its words, not its age."""
    row, new = models.Finding.objects.get_or_create(
        code=code,
        subject=subject,
        defaults={"account_id": account, "shop_id": shop, "placeholders": dict(placeholders or {}), "found_at": now},
    )
    if not new and placeholders is not None and row.placeholders != dict(placeholders):
        models.Finding.objects.filter(pk=row.pk).update(placeholders=dict(placeholders))
    return new


def mended(code: str, *subjects: str) -> bool:
    """It is no longer so, for none of the subjects; True: it had been for one."""
    with connection.cursor() as cursor:
        # Every run of every line asks for it: written out, it costs a third.
        cursor.execute("DELETE FROM store_finding WHERE code = %s AND subject = ANY(%s)", [code, list(subjects)])
        return bool(cursor.rowcount > 0)


def findings() -> list[models.Finding]:
    """All that was met and not mended yet, oldest first."""
    return list(models.Finding.objects.order_by("found_at"))


def side_answers(
    name: str, now: Instant, *, account: int | None = None, shop: int | None = None, clock_off: int | None = None
) -> bool:
    """The side gave a word; True: it had been failing and is back. `clock_off`: see `models.Side`; None: it told no hour,
    and what is known of our clock stays."""
    with transaction.atomic():
        row, _ = models.Side.objects.select_for_update().get_or_create(
            name=name, defaults={"account_id": account, "shop_id": shop}
        )
        was_failing = row.failing_since is not None
        row.last_word_at, row.failing_since, row.error = now, None, ""
        if clock_off is not None:
            row.clock_off = clock_off
            row.hour_agreed_at = row.hour_agreed_at if clock_off else now
        row.save()
    return was_failing


def side_fails(name: str, error: str, now: Instant, *, account: int | None = None, shop: int | None = None) -> bool:
    """The side gave none; True: this is the first failure in a row (write it to the log once)."""
    with transaction.atomic():
        row, _ = models.Side.objects.select_for_update().get_or_create(
            name=name, defaults={"account_id": account, "shop_id": shop}
        )
        first = row.failing_since is None
        row.failing_since = row.failing_since or now
        row.error = error[:300]
        row.save()
    return first


def forget_side(name: str) -> None:
    """The side is gone: how it did concerns nobody. Safe to repeat."""
    models.Side.objects.filter(name=name).delete()


def sides() -> list[SideFact]:
    """Every side as it answers or does not, as values."""
    return [SideFact(row.name, row.failing_since, row.error, row.clock_off) for row in models.Side.objects.all()]


def hours() -> list[Hour]:
    """The hours that the marketplaces of all connected accounts told last."""
    names = [
        f"account:{number}" for number in models.Account.objects.exclude(standing="none").values_list("pk", flat=True)
    ]
    return [
        Hour(row.clock_off, row.last_word_at, row.hour_agreed_at) for row in models.Side.objects.filter(name__in=names)
    ]


def clock_off(name: str) -> int:
    """By how many seconds our clock is ahead of that side's; 0: it is right, or nobody knows."""
    return models.Side.objects.filter(name=name).values_list("clock_off", flat=True).first() or 0


@contextmanager
def deriving() -> Iterator[None]:
    """A transaction in which nobody else derives: what is read within it is not projected over a newer picture."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DERIVE_LOCK])
        yield


def project(issues: Iterable[Issue], accounts: Mapping[str, int], now: Instant) -> tuple[list[Issue], list[Issue]]:
    """Make the notices equal the derived issues; the answer is (opened, closed). Repeating changes nothing.

    `accounts`: subject -> account id, for the link from notice to account.
    """
    wanted = {(i.code, i.subject): i for i in issues}
    opened: list[Issue] = []
    closed: list[Issue] = []
    with transaction.atomic():
        standing = {(n.code, n.subject): n for n in models.Notice.objects.select_for_update().filter(closed_at=None)}
        for identity, issue in wanted.items():
            placeholders = dict(issue.placeholders)
            known = standing.get(identity)
            if known is None:
                opened.append(issue)
                models.Notice.objects.get_or_create(
                    code=issue.code,
                    subject=issue.subject,
                    closed_at=None,
                    defaults={
                        "severity": issue.severity.value,
                        "placeholders": placeholders,
                        "account_id": _account_of(issue.subject, accounts),
                        "opened_at": now,
                    },
                )
            elif known.placeholders != placeholders:
                known.placeholders = placeholders
                known.save(update_fields=["placeholders"])
        for identity, row in standing.items():
            if identity not in wanted:
                row.closed_at = now
                row.save(update_fields=["closed_at"])
                closed.append(Issue(row.code, row.subject, tuple(row.placeholders.items())))
    return opened, closed


def _account_of(subject: str, accounts: Mapping[str, int]) -> int | None:
    return accounts.get(subject.split("/")[0])


def open_notices() -> "QuerySet[models.Notice]":
    """What a person must look at now, worst first, then oldest."""
    order = {"critical": 0, "warning": 1, "note": 2}
    rank = Case(*(When(severity=s, then=Value(n)) for s, n in order.items()), output_field=IntegerField())
    rows = models.Notice.objects.filter(closed_at=None).select_related("account")
    return rows.annotate(rank=rank).order_by("rank", "opened_at")
