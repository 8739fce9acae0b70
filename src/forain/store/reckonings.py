"""What was wanted of each offer at any past moment, and why; `offers.want` writes it."""

from datetime import timedelta

from django.db import connection

from forain.core.clock import Instant
from forain.store import models

KEPT = timedelta(days=92)
"""What a repricer or a busy shop changes often would fill the disk in the year and a half that the journal is kept."""


def as_of(offer: int, moment: Instant) -> models.Reckoning | None:
    """What counted at that moment; None: nothing was reckoned before it, or it is forgotten."""
    return models.Reckoning.objects.filter(offer_id=offer, at__lte=moment).order_by("-at", "-pk").first()


_FORGET = """
DELETE FROM store_reckoning WHERE id IN (
    SELECT r.id FROM store_reckoning r WHERE r.at < %s AND EXISTS (
        SELECT 1 FROM store_reckoning n WHERE n.offer_id = r.offer_id AND n.at <= %s AND (n.at, n.id) > (r.at, r.id))
    LIMIT %s)
"""


def forget(before: Instant, most: int) -> int:
    """Delete up to `most` of those that nothing counts by since then: the last one of an offer before that moment stays. The answer is
    how many it were."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, [before, before, most])
        return int(cursor.rowcount)
