"""How a number of an offer came about, now and at any past moment, as page and command line show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from forain.core.clock import Instant
from forain.core.plain import one_line
from forain.store import models, offers, reckonings

PRICE_STEPS = frozenset(
    {
        "fixed_price",
        "special_price",
        "price_group",
        "sale",
        "list_price",
        "business",
        "shop_price",
        "rate",
        "site_tax",
        "percent",
        "add",
        "ending",
        "floor",
        "ceiling",
        "cost",
        "cost_rate",
        "floor_markup",
        "floor_tax",
        "fees",
        "floor_cost",
    }
)
Step = tuple[str, str, str]
"""Its code, its value, and the level of the rule that said so, "" for none."""


def steps_of(told: Sequence[Sequence[str]]) -> tuple[list[Step], list[Step]]:
    """(those that made the quantity, those that made the price), in their order."""
    # What was decided before there were levels has none.
    steps = [(code, value, level[0] if level else "") for code, value, *level in told]
    return [one for one in steps if one[0] not in PRICE_STEPS], [one for one in steps if one[0] in PRICE_STEPS]


@dataclass(frozen=True, slots=True)
class Past:
    """An offer as it was at a moment. `reckoning` None: nothing was reckoned by then, or it is forgotten. `told`, `observed`: the last lines
    of the journal by then, None for none."""

    reckoning: models.Reckoning | None
    quantity_steps: list[Step]
    price_steps: list[Step]
    told: models.Journal | None
    observed: models.Journal | None


def lines_of(row: models.Offer) -> "QuerySet[models.Journal]":
    """What the journal tells of this offer, the newest first."""
    return models.Journal.objects.filter(subject=one_line(offers.key_of(row)), account=row.account_id).order_by("-id")


def as_of(row: models.Offer, moment: Instant) -> Past:
    """What counted of this offer at that moment, what had been told, and what had been seen."""
    found = reckonings.as_of(row.pk, moment)
    lines = lines_of(row).filter(at__lte=moment)
    quantity, price = steps_of(found.steps if found else [])
    told, observed = (lines.filter(code=code).first() for code in ("told", "observed"))
    return Past(found, quantity, price, told, observed)
