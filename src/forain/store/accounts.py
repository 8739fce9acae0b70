"""Accounts, their authorization facts, sites, applications, attempts, reminders, catch-ups."""

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from forain.contracts.marketplace import SiteSeen
from forain.core import authorization
from forain.core.authorization import Facts, Standing
from forain.core.clock import Instant, format_instant, parse_instant
from forain.core.ids import AccountId, ApplicationId, SiteId
from forain.core.orders import Readings
from forain.store import models

ATTEMPT_LIFE = timedelta(minutes=30)


def get(account: AccountId) -> models.Account:
    """The row with its application and shop; Account.DoesNotExist when there is none."""
    return models.Account.objects.select_related("application__registration", "shop").get(pk=account)


def every() -> list[models.Account]:
    """All accounts, oldest first."""
    return list(models.Account.objects.select_related("application__registration", "shop").order_by("pk"))


def together(row: models.Account) -> list[models.Account]:
    """The accounts of the same application that have a permission or lost it, this one first; not what was taken out.

    By application, not by seller id: one seller has another id in each region, and a private application is authorized by
    its owner's accounts only. Of a public one in this house each account still asks its own seller, and takes no other's word.
    """
    rows = models.Account.objects.select_related("application").filter(application=row.application, grant_no__gt=0)
    rows = rows.exclude(standing=Standing.NONE.value)
    return sorted(rows, key=lambda one: (one.pk != row.pk, one.pk))


def facts_of(row: models.Account) -> Facts:
    """The stored facts as a value of core."""
    return Facts(
        standing=Standing(row.standing),
        grant_no=row.grant_no,
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        estimated=row.estimated,
        doubted_at=row.doubted_at,
        refused_at=row.refused_at,
        reason=row.reason,
    )


def application_of(row: models.Account) -> authorization.Application:
    """The clocks and standing of the account's application as a value of core."""
    told = row.application
    end = min((end for end in (told.secret_expires_at, told.superseded_at) if end is not None), default=None)
    return authorization.Application(
        refused_at=told.refused_at,
        secret_expires_at=end,
        refused_code=told.refused_code,
        secret_estimated=told.secret_estimated and end == told.secret_expires_at,
    )


def may_sync(
    row: models.Account, now: Instant, parts: Collection[authorization.Part] = authorization.USUAL
) -> authorization.Yes | authorization.No:
    """`core.authorization.may_sync` of a stored account."""
    return authorization.may_sync(facts_of(row), application_of(row), row.paused, now, parts)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an event made of the facts."""

    before: Facts
    after: Facts


def apply(account: AccountId, event: authorization.Event | Callable[[Facts], authorization.Event]) -> Applied:
    """Change the facts by `event`, under a row lock. Called by `flows/authorize.py` only. Safe to repeat.

    A function is asked which event it is, and given the facts as they are.
    """
    with transaction.atomic():
        row = models.Account.objects.select_for_update().get(pk=account)
        before = facts_of(row)
        after = authorization.apply(before, event(before) if callable(event) else event)
        if after != before:
            for name in Facts.__dataclass_fields__:
                value = getattr(after, name)
                setattr(row, name, value.value if name == "standing" else value)
            row.save()
    return Applied(before, after)


def others(account: models.Account) -> list[models.Account]:
    """The other accounts of the same marketplace, oldest first."""
    return list(models.Account.objects.filter(marketplace=account.marketplace).exclude(pk=account.pk).order_by("pk"))


def note(account: AccountId, **fields: Any) -> None:
    """Write plain facts (times of last looks, plan) of an account; no authorization facts."""
    assert not set(fields) & set(Facts.__dataclass_fields__), "authorization facts change through apply()"
    models.Account.objects.filter(pk=account).update(**fields)


def note_reading(account: AccountId, read_until: Instant, read_at: Instant) -> None:
    """Note that the list of orders changed up to `read_until` was read to its last page, which came at `read_at`.

    Of two readings at once the one that reaches further counts.
    """
    with transaction.atomic():
        row = models.Account.objects.select_for_update().get(pk=account)
        readings = Readings(row.sales_known_until, row.orders_read_until, row.orders_read_at).then(read_until, read_at)
        known = row.orders_known_until or row.import_since
        note(
            account,
            orders_known_until=max(read_until, known) if known else read_until,
            orders_imported_at=read_at,
            sales_known_until=readings.sold_until,
            orders_read_until=readings.read_until,
            orders_read_at=readings.read_at,
        )


def deny_operation(account: AccountId, operation: str, role: str, flow: str, now: Instant) -> Instant:
    """Note that an operation is not allowed to us; `flow` is the one that met it and asks again now and then. The answer is since
    when it is not."""

    def denying(denied: dict[str, Any]) -> dict[str, Any]:
        since = denied.get(operation, {}).get("since", format_instant(now))
        return {**denied, operation: {"role": role, "flow": flow, "since": since}}

    return parse_instant(_set_denied(account, denying)[operation]["since"])


def allow_operations(row: models.Account, flow: str) -> None:
    """A whole run of `flow` worked: what it had met before (`row`: read at its beginning) is allowed now."""
    allowed = {name for name, told in row.denied_operations.items() if told["flow"] == flow}
    if allowed:
        _set_denied(AccountId(row.pk), lambda denied: {n: told for n, told in denied.items() if n not in allowed})


def _set_denied(account: AccountId, change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    with transaction.atomic():
        row = models.Account.objects.select_for_update().get(pk=account)
        row.denied_operations = change(row.denied_operations)
        row.save(update_fields=["denied_operations"])
        return dict(row.denied_operations)


def refuse_application(application: ApplicationId, code: str, now: Instant, secret_no: int) -> bool:
    """Note that the marketplace refused our client with its secret `secret_no`; True: this is new.

    False also when another secret is kept since: what was refused is not what we have.
    """
    standing = models.Application.objects.filter(pk=application, refused_at=None, secret_no=secret_no)
    return bool(standing.update(refused_at=now, refused_code=code))


def new_secret(application: ApplicationId, **facts: Any) -> None:
    """Another client secret is kept, with its `facts` (fields of the row). Together with the vault's writing of it, in one
    transaction."""
    models.Application.objects.filter(pk=application).update(secret_no=F("secret_no") + 1, **facts)


def accept_application(application: ApplicationId) -> bool:
    """The client works (again); True: it had been refused."""
    refused = models.Application.objects.filter(pk=application, refused_at__isnull=False)
    return bool(refused.update(refused_at=None, refused_code=""))


def see_sites(account: AccountId, sites: Iterable[SiteSeen]) -> list[SiteId]:
    """Write what the marketplace says of the seller's sites; a new site starts read-only. The answer: where listings had been
    suspended and are no more."""
    suspended = models.AccountSite.objects.filter(account_id=account, suspended=True)
    before, shown_again = set(suspended.values_list("site", flat=True)), []
    for site in sites:
        if site.site in before and not site.suspended:
            shown_again.append(site.site)
        told = {
            "country": site.country,
            "currency": site.currency,
            "locale": site.locale,
            "domain": site.domain,
            "name": site.name,
            "participating": site.participating,
            "suspended": site.suspended,
        }
        models.AccountSite.objects.update_or_create(account_id=account, site=site.site, defaults=told)
    return shown_again


def sites(account: AccountId) -> list[models.AccountSite]:
    """The sites in use, by country."""
    return list(models.AccountSite.objects.filter(account_id=account, used=True, participating=True))


def allow_writes(account: AccountId, site: str, by: str, now: Instant) -> bool:
    """A person says yes for one site; True: it had been read-only. Its offers are to be looked at again."""
    rows = models.AccountSite.objects.filter(account_id=account, site=site, writes_allowed_at=None)
    return bool(rows.update(writes_allowed_at=now, writes_allowed_by=by))


def forbid_writes(account: AccountId, site: str) -> None:
    """Back to read-only."""
    models.AccountSite.objects.filter(account_id=account, site=site).update(
        writes_allowed_at=None, writes_allowed_by=""
    )


def _state_hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def begin_attempt(state: str, now: Instant, **fields: Any) -> models.Attempt:
    """Remember that this user went to the marketplace with this single-use `state`."""
    return models.Attempt.objects.create(state_hash=_state_hash(state), started_at=now, **fields)


def use_attempt(state: str, user_id: int, now: Instant) -> models.Attempt | str:
    """The attempt `state` belongs to, used up by this call; or why not: `state_unknown`,
    `state_used`, `state_foreign` (another user's), `state_old`."""
    with transaction.atomic():
        row = models.Attempt.objects.select_for_update().filter(state_hash=_state_hash(state)).first()
        if row is None:
            return "state_unknown"
        if row.user_id != user_id:
            return "state_foreign"
        if row.used_at is not None:
            return "state_used"
        if now - row.started_at > ATTEMPT_LIFE:
            return "state_old"
        row.used_at = now
        row.save(update_fields=["used_at"])
    return row


def sent_reminders(row: models.Account, now: Instant) -> frozenset[int]:
    """The steps of the present grant that count as told."""
    rows = models.Reminder.objects.filter(account=row, grant_no=row.grant_no)
    return authorization.told_steps(facts_of(row), dict(rows.values_list("step", "told_at")), now)


def note_reminder(account: AccountId, grant_no: int, step: int, now: Instant) -> bool:
    """Note that a step is told; True: this call was the first to say so, or the first since what was told counts no more."""
    row, first = models.Reminder.objects.get_or_create(
        account_id=account, grant_no=grant_no, step=step, defaults={"told_at": now}
    )
    if first or authorization.told_steps(facts_of(get(account)), {step: row.told_at}, now):
        return first
    return bool(models.Reminder.objects.filter(pk=row.pk, told_at=row.told_at).update(told_at=now))
