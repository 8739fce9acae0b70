"""How far the merchant is on the way to an application of their own: what people said, by step and by role."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction

from forain.core.clock import Instant
from forain.core.ids import ApplicationId
from forain.store import models


def of(marketplace: str, application: ApplicationId | None) -> models.Registration:
    """The registration of an application, or the one under way (None); an empty one, not stored, where there is none."""
    row = models.Registration.objects.filter(**_key(marketplace, application)).first()
    return row or models.Registration(**_key(marketplace, application))


def _key(marketplace: str, application: ApplicationId | None) -> dict[str, Any]:
    return {"marketplace": marketplace, "application_id": application}


def of_account(row: models.Account) -> models.Registration | None:
    """The registration of an account's application. Costs no question where `row` came from `accounts.get` or `every`."""
    return getattr(row.application, "registration", None)


def said(row: models.Account) -> dict[str, dict[str, Any]]:
    """Role -> what a person said of it, for an account; empty where nobody said anything."""
    found = of_account(row)
    return found.roles if found else {}


@contextmanager
def changing(marketplace: str, application: ApplicationId | None) -> Iterator[models.Registration]:
    """The registration, locked; what is set on it within is written when it ends. Two people at once wait for one another."""
    with transaction.atomic():
        key = _key(marketplace, application)
        models.Registration.objects.get_or_create(**key)
        row = models.Registration.objects.select_for_update().get(**key)
        yield row
        row.save()


def adopt(application: models.Application) -> bool:
    """The one under way led to this application; True: there was one, and the application had none. Safe to repeat.

    Whether the application is what came of it, the caller knows.
    """
    with transaction.atomic():
        if models.Registration.objects.filter(application=application).exists():
            return False
        under_way = models.Registration.objects.filter(marketplace=application.marketplace, application=None)
        return bool(under_way.update(application=application))


def release(application: ApplicationId) -> bool:
    """Nothing came of this application: its registration is under way again; True: it had one. Safe to repeat.

    Where another has been begun meanwhile, that one stays under way, and this one with its application.
    """
    row = models.Registration.objects.filter(application=application).first()
    if row is None:
        return False
    try:
        with transaction.atomic():
            return bool(models.Registration.objects.filter(pk=row.pk).update(application=None))
    except IntegrityError:
        return False


def newest_with_address(accounts: list[int]) -> Instant | None:
    """When the newest order that came into a shop with its address was placed; None: none did."""
    rows = models.Order.objects.filter(account_id__in=accounts, imported_at__isnull=False, fulfilled_by="merchant")
    return rows.order_by("-purchased_at").values_list("purchased_at", flat=True).first()


def newest_without_address(accounts: list[int], most: int) -> list[Instant]:
    """When the newest orders that wait for their addresses were placed, `most` of them; empty: none waits."""
    rows = models.Order.objects.filter(account_id__in=accounts, state="held", hold_reason="address_missing")
    return list(rows.order_by("-purchased_at").values_list("purchased_at", flat=True)[:most])
