"""The buckets all workers share: what the database does is what core says."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from forain.contracts.manifest import RateLimit
from forain.core import limits
from forain.store import models
from forain.store.limits import SharedLimiter

BEGUN = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Ticking:
    at: datetime = BEGUN

    def now(self):
        return self.at


@pytest.mark.parametrize("seed", range(6))
def test_a_shared_bucket_gives_what_core_gives(transactional_db, seed):
    chance, clock = random.Random(seed), Ticking()
    limit = RateLimit(
        "read", chance.choice([0.0056, 0.5, 5.0]), chance.choice([1, 5, 20]), "a test", date(2026, 11, 24)
    )
    limiter, bucket = SharedLimiter(clock), limits.Bucket(limit.burst - 1, BEGUN, limit.rate, limit.burst)
    assert limiter.take("account", limit) is None

    for _ in range(60):
        # The clock may jump, stand still, and be set back.
        clock.at += timedelta(seconds=chance.choice([0, 0, 0.1, 1, 60, 400, -5]))
        given = limiter.take("account", limit)
        match limits.take(bucket, clock.at):
            case limits.Taken(bucket=left):
                assert given is None
                bucket = left
            case limits.WaitUntil(at=at):
                assert given is not None
                assert abs((given - at).total_seconds()) < 0.01

    row = models.Limit.objects.get()
    assert row.tokens == pytest.approx(bucket.tokens, abs=1e-6)
