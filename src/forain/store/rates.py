"""Exchange rates, as they were entered: one for each pair of currencies."""

from collections.abc import Collection, Mapping

from django.db.models import QuerySet

from forain.core.clock import Instant
from forain.core.pricing import Rate
from forain.store import models


def every() -> QuerySet[models.Rate]:
    """All of them."""
    return models.Rate.objects.order_by("source", "target")


def into(targets: Collection[str]) -> Mapping[tuple[str, str], Rate]:
    """The rates into these currencies, by (source, target)."""
    rows = models.Rate.objects.filter(target__in=sorted(targets))
    return {(row.source, row.target): Rate(row.source, row.target, row.rate, row.on) for row in rows}


def write(rate: Rate, by: str, now: Instant) -> bool:
    """Keep it in place of the former one; False: it says nothing else than that one."""
    rows = models.Rate.objects.filter(source=rate.source, target=rate.target)
    if rows.filter(rate=rate.rate, on=rate.on).exists():
        return False
    told = {"rate": rate.rate, "on": rate.on, "said_at": now, "said_by": by}
    models.Rate.objects.update_or_create(source=rate.source, target=rate.target, defaults=told)
    return True
