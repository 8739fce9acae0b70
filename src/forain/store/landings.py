"""Safe landings: the setting, and what became of the landing of each grant. Changes lock the account's row."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Exists, OuterRef

from forain.core.ids import AccountId
from forain.core.landing import Told
from forain.core.stock import Why
from forain.store import models


def of(account: AccountId, grant_no: int) -> Told:
    """What is stored of the landing of that grant; nothing yet is a Told of nothing."""
    row = models.Landing.objects.filter(account_id=account, grant_no=grant_no).first()
    return _told(row) if row else Told()


def _told(row: models.Landing) -> Told:
    return Told(row.announced_step, row.announced_at, row.begun_at, row.called_off_at, row.called_off_by)


def why_empty(account: AccountId) -> Why:
    """Why quantities are to be 0, as the database says now, "" where they are not: asked anew for each batch, after it was
    claimed. What begins or ends later marks the batch again."""
    landing = models.Landing.objects.filter(account=OuterRef("pk"), begun_at__isnull=False, called_off_at=None)
    landing = landing.filter(account__safe_landing=True, grant_no=OuterRef("grant_no"))
    row = models.Account.objects.filter(pk=account).annotate(lands=Exists(landing))
    lands, emptied_at, begun_at = row.values_list("lands", "emptied_at", "holiday_begun_at").get()
    return "landing" if lands else "emptied" if emptied_at else "holiday" if begun_at else ""


def left(account: AccountId) -> int:
    """Offers of which Forain tells the quantity, and may, that still show pieces."""
    sites = models.AccountSite.objects.filter(account_id=account, used=True, participating=True)
    rows = models.Offer.objects.filter(
        account_id=account, site__in=sites.exclude(writes_allowed_at=None).values("site"), fulfilled_by="merchant"
    )
    return rows.filter(desired_quantity__isnull=False, observed_quantity__gt=0).count()


@contextmanager
def changing(account: AccountId) -> Iterator[models.Account]:
    """A transaction in which nobody else changes the account's permission or its landing; its row as it is.

    Not a lock that stops the journal: its entries only need the account to stay.
    """
    with transaction.atomic():
        yield models.Account.objects.select_for_update(no_key=True).get(pk=account)


def keep(account: models.Account, told: Told) -> None:
    """Write what became of the landing of the present grant. `account` as `changing` gave it."""
    models.Landing.objects.update_or_create(
        account=account,
        grant_no=account.grant_no,
        defaults={name: getattr(told, name) for name in Told.__dataclass_fields__},
    )


def switch(account: models.Account, on: bool) -> None:
    """Write the merchant's setting. `account` as `changing` gave it."""
    models.Account.objects.filter(pk=account.pk).update(safe_landing=on)
