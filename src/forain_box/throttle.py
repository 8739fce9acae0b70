"""Amazon's token buckets: one per operation, seller and application, on the box's clock."""

from datetime import datetime


class Throttle:
    """`enabled` False is for measuring speed only."""

    def __init__(self, enabled: bool = True) -> None:
        self.enabled = enabled
        self._buckets: dict[tuple[str, str, str], tuple[float, datetime]] = {}

    def take(self, operation: str, rate: float, burst: float, who: tuple[str, str], now: datetime) -> bool:
        """Take one token of `who` (seller, application); True: the call may go on. `rate` in tokens a second."""
        if not self.enabled:
            return True
        name = (operation, *who)
        tokens, at = self._buckets.get(name, (burst, now))
        tokens = min(burst, tokens + max((now - at).total_seconds(), 0) * rate)
        allowed = tokens >= 1
        self._buckets[name] = (tokens - 1 if allowed else tokens, now)
        return allowed
