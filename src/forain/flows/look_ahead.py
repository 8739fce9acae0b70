"""Forain looks ahead: what ends when, of everything connected; and what else people are to be told of."""

from forain import plugins
from forain.core import forecast, reminders
from forain.core.clock import Instant
from forain.core.forecast import AccountClock, ApplicationClock, End
from forain.core.ids import AccountId, ApplicationId
from forain.core.reminders import Trouble
from forain.flows.land_safely import landing_of
from forain.store import accounts, issues, models

ESSENTIAL = ("import_orders", "reconcile_offers", "sweep_offers")
"""Flows without which orders do not come in, or stock and prices do not go out."""


def every_end(now: Instant) -> list[End]:
    """All clocks of this house, as `core.forecast.ends` puts them."""
    clocks = []
    applications = {}
    for row in accounts.every():
        kind = plugins.marketplace_manifest(row.marketplace).kind(row.application.kind)
        number, application = AccountId(row.pk), ApplicationId(row.application_id)
        has_term = kind.authorization_term is not None
        facts, landing = accounts.facts_of(row), landing_of(row, now)
        clocks.append(
            AccountClock(number, row.name, facts, application, kind.by_consent, has_term, landing, row.marketplace)
        )
        told = accounts.application_of(row)
        applications[application] = ApplicationClock(
            application, row.application.client_id, told.secret_expires_at, kind.secret_term is not None,
            told.refused_at, row.application.secret_no, told.refused_code, told.secret_estimated,
        )  # fmt: skip
    return forecast.ends(clocks, applications.values(), now)


def every_trouble(now: Instant) -> list[Trouble]:
    """What stands on the page of what is to do and is told of, as `core.reminders.troubles` puts it: of roles those without
    which orders or offers stand still and of which nobody has said that they wait for it, of sides the marketplaces."""
    found = []
    for row in issues.open_notices().filter(code__in=list(reminders.TOLD_AFTER)):
        if row.code == "role_missing" and (row.placeholders.get("cause") or not _essential(row)):
            continue
        if row.code == "side_ill" and row.account is None:
            continue
        account = AccountId(row.account_id) if row.account_id is not None else None
        name = row.account.name if row.account else ""
        found.append(Trouble(row.code, row.subject, account, name, row.placeholders, row.opened_at))
    return reminders.troubles(found, now)


def _essential(notice: models.Notice) -> bool:
    denied = notice.account.denied_operations if notice.account else {}
    return denied.get(notice.placeholders.get("operation"), {}).get("flow") in ESSENTIAL
