"""How often things happen to each account, hour by hour: counted from the journal, which tells of each."""

import json
from collections import defaultdict
from datetime import timedelta

from django.db import connection
from django.db.models import Max

from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.core.silence import REMEMBERED, hour_of
from forain.store import models

DIRECTIONS = {
    "order_seen": "orders",
    "told": "offers",
    "shipment_confirmed": "shipments",
    "granted": "resumed",
    "renewed": "resumed",
    "confirmed": "resumed",
    "resumed": "resumed",
    "holiday_over": "resumed",
    "filled_again": "resumed",
    "listings_shown": "resumed",
}
"""Code of a journal entry -> what it is counted as. `resumed`: sync, or what is for sale, began or went on."""

_COUNT_UP = """
INSERT INTO store_happened (account_id, direction, hour, count)
SELECT account_id, %(directions)s::jsonb ->> code, date_trunc('hour', at, 'UTC'), count(*) FROM store_journal
WHERE at >= %(since)s AND at <= %(now)s AND account_id IS NOT NULL AND %(directions)s::jsonb ? code GROUP BY 1, 2, 3
ON CONFLICT (account_id, direction, hour) DO UPDATE SET count = EXCLUDED.count
"""
_FORGET = """
DELETE FROM store_happened h
USING (SELECT account_id, direction, max(hour) AS last FROM store_happened GROUP BY 1, 2) l
WHERE h.account_id = l.account_id AND h.direction = l.direction AND h.hour < l.last - %(seconds)s * interval '1 second'
"""


def count_up(now: Instant) -> None:
    """Count what the journal tells since the last time, whole hours anew; counts long before an account's last event go.
    Safe to repeat.

    The first time all that is remembered is counted, so that the rhythm of an older installation is known at once.
    """
    last = models.Happened.objects.aggregate(last=Max("hour"))["last"]
    # An entry may be committed a moment after the time it tells.
    since = max(now - REMEMBERED, last - timedelta(hours=1)) if last else now - REMEMBERED
    whole = since.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_UP, {"directions": json.dumps(DIRECTIONS), "since": whole, "now": now})
        cursor.execute(_FORGET, {"seconds": int(REMEMBERED.total_seconds())})


def of(account: AccountId) -> dict[str, dict[int, int]]:
    """Direction -> hour (see `core.silence.hour_of`) -> how often."""
    found: dict[str, dict[int, int]] = defaultdict(dict)
    rows = models.Happened.objects.filter(account_id=account)
    for direction, hour, count in rows.values_list("direction", "hour", "count"):
        found[direction][hour_of(hour)] = count
    return found
