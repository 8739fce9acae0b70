"""Token-bucket arithmetic for the other side's rate limits; the rows live in `store/limits.py`."""

from dataclasses import dataclass, replace
from datetime import timedelta

from forain.core.clock import Instant


@dataclass(frozen=True, slots=True)
class Bucket:
    """`tokens` were there at `at`; `rate` tokens a second come back, up to `burst`."""

    tokens: float
    at: Instant
    rate: float
    burst: float


@dataclass(frozen=True, slots=True)
class Taken:
    """One token was taken; `bucket` is what is left."""

    bucket: Bucket


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """No token now; one will be there at `at`."""

    at: Instant


CLOCKS_APART = timedelta(hours=1)
"""Workers' clocks tick a little apart. A bucket that was filled later than this from now was filled by a wrong clock."""


def refill(bucket: Bucket, now: Instant) -> Bucket:
    """The bucket at `now`. A clock that went backwards adds nothing and takes nothing; one that was wrong and has been
    put right counts on from now."""
    if bucket.at - now > CLOCKS_APART:
        return replace(bucket, at=now)
    passed = max((now - bucket.at).total_seconds(), 0.0)
    return replace(bucket, tokens=min(bucket.burst, bucket.tokens + passed * bucket.rate), at=max(now, bucket.at))


def take(bucket: Bucket, now: Instant) -> Taken | WaitUntil:
    """Take one token, or say when there will be one."""
    full = refill(bucket, now)
    if full.tokens >= 1:
        return Taken(replace(full, tokens=full.tokens - 1))
    return WaitUntil(full.at + timedelta(seconds=(1 - full.tokens) / full.rate))


def learn(bucket: Bucket, now: Instant, *, server_rate: float | None = None, throttled: bool = False) -> Bucket:
    """What the server's own word teaches: a lower rate is believed, a higher one is not.

    `server_rate`: the rate its header named, None without one. `throttled`: it refused this call as too
    fast, so whatever we thought was in the bucket is gone.
    """
    known = refill(bucket, now)
    rate = known.rate if server_rate is None or server_rate <= 0 else min(known.rate, server_rate)
    return replace(known, rate=rate, tokens=0.0 if throttled else known.tokens)
