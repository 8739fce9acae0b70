"""Rate-limit buckets as rows, shared by all workers; taking a token is one locked update."""

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Least

from forain.contracts.manifest import RateLimit
from forain.core import limits
from forain.core.clock import Clock, Instant
from forain.store import models

_TAKE = """
UPDATE store_limit
SET tokens = LEAST(burst, tokens + GREATEST(EXTRACT(EPOCH FROM %(now)s - at), 0) * rate) - 1, at = GREATEST(at, %(now)s)
WHERE scope = %(scope)s AND operation = %(operation)s AND at <= %(latest)s
    AND LEAST(burst, tokens + GREATEST(EXTRACT(EPOCH FROM %(now)s - at), 0) * rate) >= 1
RETURNING id
"""
"""`core.limits.take` where a token is there, in one statement: calls out are many. A test holds it to core."""


def scope_of(account: models.Account) -> str:
    """Whose buckets an account takes from: one seller through one application."""
    return f"{account.marketplace}:{account.region}:{account.seller}:{account.application.client_id}"


def present(scope: str, limit: RateLimit, now: Instant) -> limits.Bucket:
    """The bucket as it is known now; a full one where nobody took from it yet. Nothing is taken."""
    row = models.Limit.objects.filter(scope=scope, operation=limit.operation).first()
    if row is None:
        return limits.Bucket(limit.burst, now, limit.rate, limit.burst)
    return limits.Bucket(row.tokens, row.at, row.rate, row.burst)


class SharedLimiter:
    """One bucket per scope (an account) and operation."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def take(self, scope: str, limit: RateLimit) -> Instant | None:
        """Take one token: None when there was one, else when there will be."""
        now = self._clock.now()
        with connection.cursor() as cursor:
            latest = now + limits.CLOCKS_APART
            cursor.execute(_TAKE, {"now": now, "latest": latest, "scope": scope, "operation": limit.operation})
            if cursor.fetchone():
                return None
        # No bucket yet, or an empty one: then core says when.
        with transaction.atomic():
            row, bucket = self._locked(scope, limit, now)
            match limits.take(bucket, now):
                case limits.Taken(bucket=left):
                    _write(row, left)
                    return None
                case limits.WaitUntil(at=at):
                    return at

    def put_back(self, scope: str, limit: RateLimit) -> None:
        """Undo a `take`: what it was taken for does not count."""
        rows = models.Limit.objects.filter(scope=scope, operation=limit.operation)
        rows.update(tokens=Least(F("tokens") + 1, F("burst")))

    def forget_untouched(self, operation: str, since: Instant) -> None:
        """Delete the buckets of an operation that nobody took from since then. Safe where they are full again by now."""
        models.Limit.objects.filter(operation=operation, at__lt=since).delete()

    def learn(self, scope: str, limit: RateLimit, *, server_rate: float | None, throttled: bool) -> Instant:
        """Believe the server's word; the answer is when a token will be there again."""
        now = self._clock.now()
        with transaction.atomic():
            row, bucket = self._locked(scope, limit, now)
            left = limits.learn(bucket, now, server_rate=server_rate, throttled=throttled)
            _write(row, left)
            match limits.take(left, now):
                case limits.WaitUntil(at=at):
                    return at
                case limits.Taken():
                    return now

    def _locked(self, scope: str, limit: RateLimit, now: Instant) -> tuple[models.Limit, limits.Bucket]:
        rows = models.Limit.objects.select_for_update().filter(scope=scope, operation=limit.operation)
        row = rows.first()
        if row is None:
            # Two workers may see it missing at once: one of them adds it, both lock it.
            full = models.Limit(
                scope=scope, operation=limit.operation, tokens=limit.burst, at=now, rate=limit.rate, burst=limit.burst
            )
            models.Limit.objects.bulk_create([full], ignore_conflicts=True)
            row = rows.get()
        return row, limits.Bucket(row.tokens, row.at, row.rate, row.burst)


def _write(row: models.Limit, bucket: limits.Bucket) -> None:
    row.tokens, row.at, row.rate, row.burst = bucket.tokens, bucket.at, bucket.rate, bucket.burst
    row.save()
