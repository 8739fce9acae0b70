"""What the marketplace keeps of an offer's price, as it estimated it, and which estimates are yet to be asked for.

Only offers whose floor counts the fees have a row: what asking costs follows their number, not the size of the shelf.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import transaction

from forain.core.clock import Instant
from forain.core.floors import FEE_MISSING, FEE_REFUSED, Fee
from forain.core.ids import AccountId
from forain.core.money import Money
from forain.core.pricing import NoPrice
from forain.store import models, offers

ASKED_EVERY = timedelta(days=7)
"""Marketplaces change their fees a few times a year, and tell it long before."""
HOLDS = timedelta(days=21)
"""An older estimate is none: a floor by it would be a guess. Long enough for two weeks without an answer."""
NOT_SOONER = timedelta(hours=1)
"""A price that moves all day is not asked for again and again."""
ALONE = "alone"
"""In place of a problem: what was asked for together with it was refused as a whole, so it is asked for by itself."""


def of_offers(numbers: Iterable[int]) -> Mapping[int, models.FeeEstimate]:
    """The rows there are, by their offer's id."""
    return {row.offer_id: row for row in models.FeeEstimate.objects.filter(offer__in=list(numbers))}


def usable(row: models.FeeEstimate | None, offer: models.Offer, currency: str, now: Instant) -> Fee | NoPrice:
    """The estimate to reckon with for this offer, or why there is none. One for another way of sending, or in another
    currency than the site's is now, is none."""
    fee = _fee(row) if row else None
    if row is None or fee is None or row.estimated_at is None:
        return FEE_REFUSED if row and row.problem not in ("", ALONE) else FEE_MISSING
    fits = row.currency == currency and row.by_marketplace == (offer.fulfilled_by == "marketplace")
    return fee if fits and now - row.estimated_at <= HOLDS else FEE_MISSING


def _fee(row: models.FeeEstimate) -> Fee | None:
    told = (row.at_minor, row.referral_minor, row.fixed_minor, row.least_minor)
    if any(minor is None for minor in told):
        return None
    at, referral, fixed, least = (Money(minor or 0, row.currency) for minor in told)
    return Fee(at, referral, fixed, least)


def need(wanted: Iterable[tuple[models.Offer, Money]], known: Mapping[int, models.FeeEstimate], now: Instant) -> bool:
    """These offers need an estimate for these prices; what is known and near enough stays as it is. `known`: as `of_offers`
    answered it. The answer is whether anything is to be asked that was not before. Safe to repeat."""
    fresh, other = [], []
    for offer, price in wanted:
        row, by_marketplace = known.get(offer.pk), offer.fulfilled_by == "marketplace"
        if row is None or (row.currency, row.by_marketplace) != (price.currency, by_marketplace):
            other += [row.pk] if row else []
            fresh.append(_row(offer, price, by_marketplace, now))
        elif (fee := _fee(row)) and row.estimated_at and not fee.fits(price) and row.wanted_minor != price.minor:
            fresh.append(_row(offer, price, by_marketplace, min(row.ask_at, max(now, row.estimated_at + NOT_SOONER))))
    with transaction.atomic():
        models.FeeEstimate.objects.filter(pk__in=other).delete()
        models.FeeEstimate.objects.bulk_create(
            fresh, update_conflicts=True, unique_fields=["offer"], update_fields=["wanted_minor", "ask_at"]
        )
    return bool(fresh)


def _row(offer: models.Offer, price: Money, by_marketplace: bool, ask_at: Instant) -> models.FeeEstimate:
    return models.FeeEstimate(
        account_id=offer.account_id, offer=offer, currency=price.currency, wanted_minor=price.minor,
        by_marketplace=by_marketplace, ask_at=ask_at,
    )  # fmt: skip


def due(account: AccountId, now: Instant, most: int) -> list[models.FeeEstimate]:
    """What is to be asked together now, longest due first, with its offer. What was refused before is asked by itself: it may be what
    has a whole call refused."""
    rows = models.FeeEstimate.objects.filter(account_id=account, ask_at__lte=now).select_related("offer")
    found = list(rows.order_by("ask_at", "pk")[:most])
    return found[:1] if found and found[0].problem else [row for row in found if not row.problem]


def ask_alone(rows: Iterable[models.FeeEstimate], now: Instant) -> None:
    """They were refused together, for one of them: each is asked by itself now."""
    models.FeeEstimate.objects.filter(pk__in=[row.pk for row in rows]).update(problem=ALONE, ask_at=now)


def next_due(account: AccountId) -> Instant | None:
    """When something is to be asked next, None: nothing ever."""
    rows = models.FeeEstimate.objects.filter(account_id=account).order_by("ask_at")
    found: Instant | None = rows.values_list("ask_at", flat=True).first()
    return found


def forget(rows: Iterable[models.FeeEstimate]) -> None:
    """No rule needs these any more; should one do so again, its offer is decided anew and asks for it."""
    models.FeeEstimate.objects.filter(pk__in=[row.pk for row in rows]).delete()


def estimated(row: models.FeeEstimate, fee: Fee, now: Instant) -> bool:
    """Keep the answer to what `row` asked; True: the offer is looked at again, since this is not what was reckoned with."""
    told = {
        "at_minor": fee.at.minor, "referral_minor": fee.referral.minor, "fixed_minor": fee.fixed.minor,
        "least_minor": fee.least.minor,
    }  # fmt: skip
    stood = row.estimated_at is not None and now - row.estimated_at <= HOLDS
    changed = not stood or any(getattr(row, name) != value for name, value in told.items())
    with transaction.atomic():
        rows = models.FeeEstimate.objects.filter(pk=row.pk)
        kept = rows.update(**told, estimated_at=now, problem="")
        # Where it is wanted for another price by now, that one is still to be asked for.
        rows.filter(wanted_minor=row.wanted_minor).update(ask_at=now + ASKED_EVERY)
        if kept and changed:
            offers.mark_these([row.offer_id], now)
    return bool(kept) and changed


def not_estimated(row: models.FeeEstimate, problem: str, again_at: Instant, now: Instant) -> bool:
    """There was no estimate in the answer, for this reason ("": nobody said anything); the one before stays. True: the reason is new,
    and the offer is looked at again."""
    with transaction.atomic():
        rows = models.FeeEstimate.objects.filter(pk=row.pk)
        rows.update(ask_at=again_at)
        new = bool(problem) and bool(rows.exclude(problem=problem).update(problem=problem))
        if new:
            offers.mark_these([row.offer_id], now)
    return new
