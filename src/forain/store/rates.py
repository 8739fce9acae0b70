"""Exchange rates, as they were entered or fetched: one for each pair of currencies."""

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


def needed() -> set[tuple[str, str]]:
    """(source, target) of all that a price may have to be turned from and into: what the shops' articles are priced in, and the sites
    in use."""
    articles = models.Variant.objects.filter(gone_at=None)
    sources = {*articles.values_list("currency", flat=True).distinct()}
    sources |= {*articles.values_list("cost_currency", flat=True).distinct()}
    targets = {*models.AccountSite.objects.values_list("currency", flat=True).distinct()}
    return {(source, target) for source in sources - {""} for target in targets - {""} if source != target}


def write(rate: Rate, by: str, now: Instant) -> bool:
    """Keep it in place of the former one; False: it says nothing else than that one."""
    rows = models.Rate.objects.filter(source=rate.source, target=rate.target)
    if rows.filter(rate=rate.rate, on=rate.on).exists():
        return False
    told = {"rate": rate.rate, "on": rate.on, "said_at": now, "said_by": by}
    models.Rate.objects.update_or_create(source=rate.source, target=rate.target, defaults=told)
    return True
