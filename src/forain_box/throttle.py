"""Amazon's token buckets: one per operation, seller and application, on the box's clock.

Source: rates in the operation descriptions of Amazon's published models (2026-08-05), read 2026-11-23.
"""

from datetime import datetime

RATES: dict[str, tuple[float, float]] = {
    "getMarketplaceParticipations": (0.016, 15),
    "getAccount": (0.016, 15),
    "getListingsItem": (5, 10),
    "searchListingsItems": (5, 5),
    "patchListingsItem": (5, 5),
    "searchOrders": (0.0056, 20),
    "getOrder": (0.5, 30),
    "confirmShipment": (2, 10),
    "searchCatalogItems": (2, 2),
}


class Throttle:
    def __init__(self, enabled: bool) -> None:
        self.enabled = enabled
        self._buckets: dict[tuple[str, str, str], tuple[float, datetime]] = {}

    def take(self, operation: str, seller: str, application: str, now: datetime) -> bool:
        """True: the call may go on."""
        if not self.enabled or operation not in RATES:
            return True
        rate, burst = RATES[operation]
        tokens, at = self._buckets.get((operation, seller, application), (burst, now))
        tokens = min(burst, tokens + max((now - at).total_seconds(), 0) * rate)
        allowed = tokens >= 1
        self._buckets[operation, seller, application] = (tokens - 1 if allowed else tokens, now)
        return allowed
