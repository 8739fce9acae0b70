"""Forain may act for me at the marketplace: connect, probe, doubt, refuse, renew. The only caller of apply()."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from forain.contracts.marketplace import Marketplace, SiteSeen
from forain.core import authorization, errors
from forain.core.authorization import Confirmed, Disconnected, Granted, Standing
from forain.core.clock import Instant
from forain.core.ids import AccountId, ApplicationId, SiteId
from forain.core.secret import Secret
from forain.flows.deps import Deps
from forain.store import accounts, issues, journal, models, offers, runs

ACCOUNT_FLOWS = ("import_orders", "reconcile_offers", "observe_offers", "confirm_shipments")
_STOPPED = (Standing.DOUBTED, Standing.REFUSED, Standing.NONE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `code` "granted", else why not; `account` None: there is none (yet)."""

    code: str
    account: AccountId | None = None
    placeholders: Mapping[str, str] = field(default_factory=dict)


def owner_of(row: models.Account) -> str:
    """The vault's name of an account."""
    return f"account:{row.pk}"


def application_owner(row: models.Application) -> str:
    return f"application:{row.pk}"


def begin_consent(deps: Deps, account: models.Account, user_id: int, site: str) -> str:
    """The address to send the merchant's browser to; the attempt is remembered, the old grant untouched."""
    now = deps.clock.now()
    state = secrets.token_urlsafe(32)
    accounts.begin_attempt(
        state, now, user_id=user_id, account=account, application=account.application, region=account.region, site=site
    )
    adapter = deps.open.marketplace(account)
    journal.write(now, "consent_begun", account=AccountId(account.pk))
    return adapter.consent_url(account.application.application_id, state, SiteId(site), callback_url(deps))


def callback_url(deps: Deps) -> str:
    """The redirect address to register at the marketplace."""
    return f"{deps.public_url}/amazon/callback"


def complete_consent(deps: Deps, query: Mapping[str, str], user_id: int) -> Outcome:
    """The browser came back. The state is used up, whatever follows; the new token is tried before it is kept."""
    now = deps.clock.now()
    attempt = accounts.use_attempt(query.get("state", ""), user_id, now) if query.get("state") else "state_missing"
    if isinstance(attempt, str):
        journal.write(now, "consent_refused", placeholders={"reason": attempt})
        return Outcome(attempt)
    assert attempt.account_id is not None
    account = accounts.get(AccountId(attempt.account_id))
    adapter = deps.open.marketplace(account)
    seller = adapter.callback_seller(query)
    try:
        if seller is not None and seller != account.seller:
            raise errors.WrongAccount(placeholders={"expected": account.seller, "came": seller})
        grant = adapter.redeem(query, callback_url(deps))
        if grant.seller != account.seller:
            raise errors.WrongAccount(placeholders={"expected": account.seller, "came": grant.seller})
        outcome = _accept(deps, account, grant.refresh, granted_at=now, known=True)
    except errors.AdapterError as error:
        outcome = Outcome(error.code, AccountId(account.pk), error.placeholders)
        journal.write(now, "consent_refused", account=AccountId(account.pk), placeholders={"reason": str(error)})
    models.Attempt.objects.filter(pk=attempt.pk).update(outcome=outcome.code)
    return outcome


def answer_arrival(deps: Deps, account: models.Account, query: Mapping[str, str], user_id: int) -> str | None:
    """Where to send the browser of a renewal that began at the marketplace; None: it is no such arrival.

    An attempt of our own is begun for it, so that the callback's state is ours, single-use and this person's.
    """
    adapter = deps.open.marketplace(account)
    arrival = adapter.arrival(query)
    if arrival is None:
        return None
    now = deps.clock.now()
    state = secrets.token_urlsafe(32)
    accounts.begin_attempt(
        state, now, user_id=user_id, account=account, application=account.application, region=account.region, site=""
    )
    journal.write(now, "consent_begun", account=AccountId(account.pk))
    joint = "&" if "?" in arrival.answer_to else "?"
    return f"{arrival.answer_to}{joint}{urlencode({'state': state, 'redirect_uri': callback_url(deps)})}"


def enter_token(deps: Deps, account: models.Account, refresh: Secret, granted_on: Instant | None) -> Outcome:
    """A token made by the merchant (self-authorization). `granted_on`: its day, None: not known.

    Tried before it is kept; a refusal leaves the stored one in force. Raises what the try raised.
    """
    return _accept(deps, account, refresh, granted_at=granted_on or deps.clock.now(), known=False)


def enter_secret(deps: Deps, application: models.Application, secret: Secret, issued_on: Instant | None) -> Outcome:
    """A rotated client secret: tried with an account that has a grant, then kept; the grants stay as they are.

    Raises what the try raised; the former secret stays then. `issued_on` None: today.
    """
    now = deps.clock.now()
    owner = application_owner(application)
    former = deps.vault.get(owner, "client_secret")
    account = models.Account.objects.filter(application=application).exclude(standing=Standing.NONE.value).first()
    deps.vault.put(owner, "client_secret", secret, now)
    if account is not None:
        try:
            deps.open.marketplace(accounts.get(AccountId(account.pk))).probe()
        except errors.AdapterError as error:
            if isinstance(error, errors.AppRefused) and former is not None:
                deps.vault.put(owner, "client_secret", former, now)
                raise
            # Anything else speaks about the grant or the network, not about the secret.
    term = deps.open.marketplace_manifest(application.marketplace).kind(application.kind).secret_term
    issued = issued_on or now
    models.Application.objects.filter(pk=application.pk).update(
        secret_issued_at=issued, secret_expires_at=issued + term if term else None
    )
    accounts.accept_application(ApplicationId(application.pk))
    for row in application.accounts.all():
        journal.write(now, "secret_rotated", account=AccountId(row.pk))
        runs.force(f"account:{row.pk}", now)
    return Outcome("secret_kept")


def _accept(deps: Deps, account: models.Account, refresh: Secret, granted_at: Instant, *, known: bool) -> Outcome:
    """Try the new token; keep it, note the grant, and set right what stood still meanwhile."""
    now = deps.clock.now()
    adapter = deps.open.marketplace(account, refresh)
    sites = adapter.probe()
    plan = adapter.selling_plan()
    _belongs(adapter, account, sites)
    term = deps.open.marketplace_manifest(account.marketplace).kind(account.application.kind).authorization_term
    estimated = not known
    expires_at = granted_at + term if term else None
    deps.vault.put(owner_of(account), "refresh", refresh, now)
    applied = accounts.apply(AccountId(account.pk), Granted(now, expires_at, estimated))
    accounts.accept_application(ApplicationId(account.application_id))
    accounts.see_sites(AccountId(account.pk), sites)
    accounts.note(AccountId(account.pk), probed_at=now, last_word_at=now, selling_plan=plan, denied_operations={})
    with journal.chain():
        journal.write(
            now,
            "granted" if applied.before.grant_no == 0 else "renewed",
            account=AccountId(account.pk),
            placeholders={"date": expires_at.date().isoformat() if expires_at else "", "grant": applied.after.grant_no},
        )
        _resume(AccountId(account.pk), applied.before.standing, now)
    return Outcome("granted", AccountId(account.pk))


def _belongs(adapter: Marketplace, account: models.Account, sites: tuple[SiteSeen, ...]) -> None:
    """The token answers for this seller: one read under the seller's own name must work.

    (The cheapest authorized read does not say whose token it is.)
    """
    if not sites:
        return
    try:
        adapter.sweep(sites[0].site, None)
    except (errors.Rejected, errors.Denied, errors.GrantDoubted) as error:
        raise errors.WrongAccount(
            "seller_does_not_fit", request_id=error.request_id, placeholders={"expected": account.seller}
        ) from error


def _resume(account: AccountId, before: Standing, now: Instant) -> None:
    """After a stop: all offers are looked at again, orders from the last proven point on."""
    row = accounts.get(account)
    if before in _STOPPED:
        accounts.note(account, resumed_at=now)
        offers.mark(account, now, correlation=journal.correlation())
        if row.orders_known_until is not None and row.catch_up_from is None:
            accounts.note(account, catch_up_from=row.orders_known_until)
        if row.import_since is None:
            accounts.note(account, import_since=now)
    runs.force(f"account:{account}", now)
    runs.poke("derive_issues", "house", now)


def probe(deps: Deps, account: models.Account) -> Instant:
    """Look whether the permission stands; the answer is when to look next. Raises nothing of permission."""
    now = deps.clock.now()
    grant_no = account.grant_no
    try:
        adapter = deps.open.marketplace(account)
        sites = adapter.probe()
        answered(deps, account, grant_no)
        accounts.see_sites(AccountId(account.pk), sites)
        accounts.note(AccountId(account.pk), probed_at=now)
        # Asked for last: a plan that cannot be read says nothing about the permission, which is noted by now.
        plan = adapter.selling_plan() or account.selling_plan
        if plan != account.selling_plan:
            journal.write(now, "plan_changed", account=AccountId(account.pk), placeholders={"plan": plan})
        accounts.note(AccountId(account.pk), selling_plan=plan)
    except (errors.GrantDoubted, errors.GrantRefused, errors.AppRefused) as error:
        on_refusal(deps, account, error, grant_no)
    accounts.note(AccountId(account.pk), probed_at=now)
    row = accounts.get(AccountId(account.pk))
    return authorization.next_probe_at(accounts.facts_of(row), now) or now + timedelta(days=1)


def answered(deps: Deps, account: models.Account, grant_no: int) -> None:
    """An authorized call worked: the grant stands, and so does the application."""
    now = deps.clock.now()
    accounts.accept_application(ApplicationId(account.application_id))
    applied = accounts.apply(AccountId(account.pk), Confirmed(now, grant_no))
    accounts.note(AccountId(account.pk), last_word_at=now)
    if applied.before.standing in (Standing.DOUBTED, Standing.REFUSED) and applied.after.standing is Standing.GRANTED:
        journal.write(now, "confirmed", account=AccountId(account.pk))
        _resume(AccountId(account.pk), applied.before.standing, now)


def on_refusal(deps: Deps, account: models.Account, error: errors.AdapterError, grant_no: int) -> None:
    """A call under `grant_no` was refused: note it as the machine says. Safe to repeat."""
    now = deps.clock.now()
    number = AccountId(account.pk)
    if isinstance(error, errors.AppRefused):
        if accounts.refuse_application(ApplicationId(account.application_id), error.code, now):
            runs.poke("derive_issues", "house", now)
            journal.write(now, "application_refused", account=number, placeholders={"reason": error.code})
        return
    row = accounts.get(number)
    event = authorization.on_refusal(
        accounts.facts_of(row), grant_no, now, others_doubted=accounts.others_doubted(row, now)
    )
    applied = accounts.apply(number, event)
    if applied.before.standing != applied.after.standing:
        runs.poke("derive_issues", "house", now)
        journal.write(
            now,
            applied.after.standing.value,
            account=number,
            placeholders={"reason": error.code, "request": error.request_id},
        )
    if applied.after.standing in (Standing.DOUBTED, Standing.REFUSED):
        next_look = authorization.next_probe_at(applied.after, now)
        models.Run.objects.filter(flow="probe", subject=f"account:{number}").update(
            due_at=next_look or now, attempt=0, stopped=False
        )


def remind(deps: Deps, account: models.Account) -> int | None:
    """Tell the one reminder step that is due (journal and pages); the answer is the step, None: none was due."""
    now = deps.clock.now()
    facts = accounts.facts_of(account)
    step = authorization.reminder_due(facts, accounts.sent_reminders(account), now)
    if step is None or not accounts.note_reminder(AccountId(account.pk), facts.grant_no, step, now):
        return None
    assert facts.expires_at is not None
    journal.write(
        now,
        "reminded",
        account=AccountId(account.pk),
        placeholders={
            "step": step,
            "days": max(authorization.days_left(facts, now) or 0, 0),
            "date": facts.expires_at.date().isoformat(),
        },
    )
    return step


def disconnect(deps: Deps, account: models.Account) -> None:
    """The merchant takes the account out: the token is forgotten, the records stay."""
    now = deps.clock.now()
    accounts.apply(AccountId(account.pk), Disconnected(now))
    deps.vault.forget(owner_of(account))
    issues.mended("internal", f"account:{account.pk}")
    journal.write(now, "disconnected", account=AccountId(account.pk))
