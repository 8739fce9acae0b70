"""Parcels on their way to the marketplace: one worker at a time tells a parcel, with what it is then."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from forain.core.clock import Instant
from forain.core.orders import OrderState, OrderStatus
from forain.store import models
from forain.store.orders import WITH_SOMETHING

CLAIM_LIFE = timedelta(minutes=3)
"""A worker that claimed and did not come back for so long is taken for dead. No single call takes longer."""


def claim(parcel: int, now: Instant) -> models.Parcel | None:
    """The parcel (its row's number) as it is now, held for CLAIM_LIFE; None: it is told, refused, held, or its order cancelled.

    Told twice under one reference, the marketplace keeps what comes last, and an older tracking number may come last:
    so nobody else tells it meanwhile. `attempt` says which claim it is.
    """
    with transaction.atomic():
        row = (
            models.Parcel.objects.select_for_update(of=("self",))
            .select_related("order")
            .filter(
                WITH_SOMETHING, Q(not_before=None) | Q(not_before__lte=now), pk=parcel, confirmed_at=None, problems=[]
            )
            .exclude(Q(order__state=OrderState.CANCELLED.value) | Q(order__status=OrderStatus.CANCELLED.value))
            .first()
        )
        if row is None:
            return None
        row.attempt += 1
        models.Parcel.objects.filter(pk=row.pk).update(attempt=row.attempt, not_before=now + CLAIM_LIFE)
    return row


def release(row: models.Parcel) -> None:
    """Give a claimed parcel back; one that another worker took over meanwhile is not ours to give."""
    models.Parcel.objects.filter(pk=row.pk, attempt=row.attempt).update(not_before=None)
