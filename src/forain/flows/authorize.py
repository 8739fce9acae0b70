"""Forain may act for me at the marketplace: connect, probe, doubt, refuse, renew. The only caller of apply()."""

import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from urllib.parse import urlencode

from django.db import transaction

from forain.contracts.marketplace import Marketplace, SiteSeen
from forain.core import authorization, errors, rotation
from forain.core.authorization import Confirmed, Dated, Disconnected, Granted, Standing
from forain.core.clock import Instant, format_instant
from forain.core.ids import AccountId, ApplicationId, SiteId
from forain.core.secret import Secret
from forain.flows import land_safely
from forain.flows.deps import Deps
from forain.store import accounts, journal, models, offers, runs
from forain.store.vault import VaultBroken

ACCOUNT_FLOWS = ("import_orders", "reconcile_offers", "observe_offers", "confirm_shipments")
PASSING = (errors.Unreachable, errors.ServerFault, errors.Throttled, errors.Busy)
"""What says nothing about what was tried: it may be tried again."""
ABOUT_GRANT = (errors.GrantDoubted, errors.GrantRefused, errors.Denied)
"""What is said of a grant only after the client secret was accepted."""
REFUSALS = (errors.GrantDoubted, errors.GrantRefused, errors.AppRefused)
"""What a look may be answered where the permission does not stand."""
WAITING = "refresh_waiting"
"""The vault's name of a token that has not answered yet, beside the one in force."""
FORMER = "former_secret"
"""The vault's name of the client secret before the one in force."""
WAITING_PAUSE = timedelta(minutes=1)
NOBODYS_PRODUCT = "B000000000"
"""Asked for only to see whether we may ask; that no catalogue has it is fine."""
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
    """The name under which the vault keeps an application's secret, and the timetable its line."""
    return f"application:{row.pk}"


def keep_secret(
    deps: Deps,
    application: models.Application,
    secret: Secret,
    now: Instant,
    *,
    made_at: Instant | None = None,
    ends_at: Instant | None = None,
    former_until: Instant | None = None,
    proven: bool = True,
) -> None:
    """The application's secret from now on. The one before it is kept beside it for as long as the marketplace accepts both.

    `made_at`: since when it counts, as a person says; None: not known, and now counts. `ends_at`: the marketplace's own word
    on its end, None: there is none. The dates of one that is kept already stay, but where a person knows better than an
    estimate. `former_until`: until when the one before it works, None: as long from now as the marketplace says of itself.
    `proven` False: it has not answered yet. Then another one that has not answered either does not take the place of the
    last that did. Raises Rejected "secret_date_too_old" where a secret of that day would have ended by now.
    """
    owner = application_owner(application)
    kind = deps.open.marketplace_manifest(application.marketplace).kind(application.kind)
    overlap, term = kind.secret_overlap, kind.secret_term
    if made_at is not None and term is not None and made_at + term <= now:
        raise errors.Rejected([errors.Problem("secret_date_too_old")], "secret_date_too_old")
    reckoned = (made_at or now) + term if term else None
    facts: dict[str, object] = {"unproven_since": None if proven else now, "superseded_at": None}
    with transaction.atomic():
        row = models.Application.objects.get(pk=application.pk)
        lives = row.former_until is not None and now < row.former_until
        present = secret_kept(deps, application)
        other = present is not None and present != secret and not (row.unproven_since and lives)
        # By what no grant ever stood was mistyped, and would be tried in vain for a week.
        if overlap and present is not None and other and row.accounts.filter(grant_no__gt=0).exists():
            deps.vault.put(owner, FORMER, present, now)
            facts["former_until"] = former_until or now + overlap
        if ends_at is not None:
            facts |= {"secret_issued_at": now, "secret_expires_at": ends_at, "secret_estimated": False}
        elif present != secret:
            facts |= {"secret_issued_at": now, "secret_expires_at": reckoned, "secret_estimated": term is not None}
        elif made_at is not None and row.secret_estimated:
            facts["secret_expires_at"] = reckoned
        deps.vault.put(owner, "client_secret", secret, now)
        accounts.new_secret(ApplicationId(application.pk), **facts)


def secret_kept(deps: Deps, application: models.Application) -> Secret | None:
    """The application's client secret; None: there is none that can be read."""
    try:
        return deps.vault.get(application_owner(application), "client_secret")
    except VaultBroken:
        return None


def stored_secrets(deps: Deps, application: models.Application) -> Mapping[str, Secret]:
    """The application's client secret and the former one, by the vault's names; what cannot be read is not there."""
    try:
        return deps.vault.all_of(application_owner(application))
    except VaultBroken:
        return {}


def _not_former(application: models.Application, stored: Mapping[str, Secret], secret: Secret, now: Instant) -> None:
    """A former secret still works, as long as it lives: kept, it would push out the one that goes on to work after it."""
    until = application.former_until
    if until is not None and now < until and stored.get(FORMER) == secret:
        raise errors.Rejected([errors.Problem("secret_former")], "secret_former")


def begin_consent(deps: Deps, account: models.Account, user_id: int, site: str) -> str:
    """The address to send the merchant's browser to; the attempt is remembered, the old grant untouched."""
    now = deps.clock.now()
    state = secrets.token_urlsafe(32)
    accounts.begin_attempt(
        state, now, user_id=user_id, account=account, application=account.application, region=account.region, site=site
    )
    adapter = deps.open.marketplace(account)
    journal.write(now, "consent_begun", account=AccountId(account.pk))
    return adapter.consent_url(
        account.application.application_id, state, SiteId(site), callback_url(deps, account.marketplace)
    )


def callback_url(deps: Deps, marketplace: str) -> str:
    """The redirect address to register at the marketplace of that code."""
    return f"{deps.public_url}/{marketplace}/callback"


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
        grant = adapter.redeem(query, callback_url(deps, account.marketplace))
        if grant.seller != account.seller:
            raise errors.WrongAccount(placeholders={"expected": account.seller, "came": grant.seller})
        try:
            outcome = _accept(deps, account, grant.refresh, granted_at=now, known=True)
        except PASSING:
            outcome = _keep_waiting(deps, account, grant.refresh, now)
    except errors.AdapterError as error:
        outcome = Outcome(error.code, AccountId(account.pk), error.placeholders)
        journal.write(now, "consent_refused", account=AccountId(account.pk), placeholders={"reason": str(error)})
    models.Attempt.objects.filter(pk=attempt.pk).update(outcome=outcome.code)
    return outcome


def account_named(
    deps: Deps, marketplace: str, seller: str, query: Mapping[str, str], *, ended: bool
) -> models.Account:
    """The account meant where the marketplace sends a browser here of its own accord. Raises Rejected: seller_unknown.

    It names the seller, not the application: of several accounts, one that is renewed by consent is meant; then one of the
    region the browser comes from, where its address in `query` tells that; then one whose permission has (`ended`: only
    then the marketplace asks this way) or has not ended; then the one whose end is nearest.
    """
    now = deps.clock.now()

    def misfits(row: models.Account) -> tuple[bool, bool, bool, timedelta]:
        manifest = deps.open.marketplace_manifest(marketplace)
        over = row.standing in _STOPPED or (row.expires_at is not None and row.expires_at <= now)
        away = abs(row.expires_at - now) if row.expires_at else timedelta.max
        by_consent = manifest.kind(row.application.kind).by_consent
        return not by_consent, not by_consent or row.region not in _comes_from(deps, row, query), over != ended, away

    rows = models.Account.objects.select_related("application").filter(marketplace=marketplace, seller=seller)
    found = min(rows.order_by("pk"), key=misfits, default=None)
    if found is None:
        raise errors.Rejected([errors.Problem("seller_unknown")], "seller_unknown")
    return found


def _comes_from(deps: Deps, row: models.Account, query: Mapping[str, str]) -> frozenset[str]:
    """The regions a browser may come from, as this account's own adapter understands its address; empty: it does not."""
    try:
        arrival = deps.open.marketplace(row).arrival(query)
    except errors.AdapterError:
        return frozenset()
    return arrival.regions if arrival else frozenset()


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
    back = callback_url(deps, account.marketplace)
    return f"{arrival.answer_to}{joint}{urlencode({'state': state, 'redirect_uri': back})}"


def enter_token(
    deps: Deps,
    account: models.Account,
    refresh: Secret,
    granted_on: Instant | None,
    client_secret: Secret | None = None,
    secret_made_at: Instant | None = None,
) -> Outcome:
    """A token made by the merchant (self-authorization). `granted_on`: its day, None: not known.

    Tried before it is kept, with `client_secret` (None: the stored one; `secret_made_at`: see `keep_secret`); a refusal leaves
    the stored ones in force. Raises what the try raised, and Rejected where a token or a secret of that day would have ended
    by now, or "secret_former".
    """
    now = deps.clock.now()
    if client_secret is not None and account.application.former_until is not None:
        _not_former(account.application, stored_secrets(deps, account.application), client_secret, now)
    granted_at = granted_on or now
    term = _term(deps, account)
    if term is not None and granted_at + term <= now:
        raise errors.Rejected([errors.Problem("date_too_old")], "date_too_old")
    return _accept(
        deps,
        account,
        refresh,
        granted_at=granted_at,
        known=False,
        client_secret=client_secret,
        secret_made_at=secret_made_at,
    )


def correct_date(deps: Deps, account: models.Account, grant_no: int, made_at: Instant, by: str) -> Instant:
    """A person says when the token of grant `grant_no` was made; the answer is when it ends now. Safe to repeat.

    Raises Rejected: date_future, date_too_old (the token was seen to work when that long was over), date_known (it has
    no end, or one from a consent), date_of_former (another token is in force by now).
    """
    now, number = deps.clock.now(), AccountId(account.pk)
    facts, term = accounts.facts_of(account), _term(deps, account)
    code = ""
    if made_at > now:
        code = "date_future"
    elif not facts.estimated or term is None or facts.granted_at is None:
        code = "date_known"
    elif grant_no != facts.grant_no:
        code = "date_of_former"
    elif made_at + term <= facts.granted_at:
        code = "date_too_old"
    if code or term is None:
        raise errors.Rejected([errors.Problem(code)], code)
    expires_at = made_at + term
    with transaction.atomic():
        applied = accounts.apply(number, Dated(now, grant_no, expires_at))
        if applied.before != applied.after:
            journal.write(
                now, "date_corrected", account=number,
                placeholders={"by": by, "date": expires_at.isoformat(), "estimated": "yes"},
            )  # fmt: skip
            runs.poke("derive_issues", "house", now)
    return expires_at


def _term(deps: Deps, account: models.Account) -> timedelta | None:
    """How long a permission of this account's kind holds; None: without an end."""
    return deps.open.marketplace_manifest(account.marketplace).kind(account.application.kind).authorization_term


def enter_secret(deps: Deps, application: models.Application, secret: Secret, made_at: Instant | None) -> Outcome:
    """A rotated client secret: tried with an account that has a grant, then kept; the grants stay as they are.

    `made_at`: since when it counts, None: not known, and now counts. Raises what the try raised, and Rejected "secret_former"
    or "secret_date_too_old"; the stored secret stays then.
    The answer: "secret_kept", or "secret_present" where it is the stored one, whose dates stay as they are. Safe to repeat.
    """
    now, number = deps.clock.now(), ApplicationId(application.pk)
    stored = stored_secrets(deps, application)
    _not_former(application, stored, secret, now)
    account = models.Account.objects.filter(application=application).exclude(standing=Standing.NONE.value).first()
    if account is not None:
        with suppress(*ABOUT_GRANT):
            deps.open.marketplace(accounts.get(AccountId(account.pk)), client_secret=secret).probe()
    if stored.get("client_secret") == secret:
        with transaction.atomic():
            if account is not None:
                models.Application.objects.filter(pk=number).update(unproven_since=None)
                # It has outlived the day on which it might have ended: no other one was made.
                outlived = now - rotation.SURE_AFTER
                models.Application.objects.filter(pk=number, superseded_at__lte=outlived).update(superseded_at=None)
                _application_works(number, now)
            for row in application.accounts.order_by("pk"):
                runs.force(f"account:{row.pk}", now)
            runs.force(application_owner(application), now)
        return Outcome("secret_present")
    with transaction.atomic():
        keep_secret(deps, application, secret, now, made_at=made_at)
        _application_works(ApplicationId(application.pk), now)
        for row in application.accounts.order_by("pk"):
            journal.write(now, "secret_rotated", account=AccountId(row.pk))
            runs.force(f"account:{row.pk}", now)
        # Where one was awaited through a queue: what is said of that is looked at anew.
        runs.force(application_owner(application), now)
    return Outcome("secret_kept")


def correct_secret_date(
    deps: Deps, application: models.Application, secret_no: int, made_at: Instant, by: str
) -> Instant:
    """A person says when the client secret `secret_no` was made; the answer is when it ends now. Safe to repeat.

    Raises Rejected: date_future, secret_date_known (it has no end, or one that the marketplace said itself),
    secret_date_of_former (another one is kept by now), secret_date_too_old (it was kept when that long was over).
    """
    now, row = deps.clock.now(), models.Application.objects.get(pk=application.pk)
    term = deps.open.marketplace_manifest(row.marketplace).kind(row.kind).secret_term
    code = ""
    if made_at > now:
        code = "date_future"
    elif not row.secret_estimated or term is None:
        code = "secret_date_known"
    elif secret_no != row.secret_no:
        code = "secret_date_of_former"
    elif row.secret_issued_at is not None and made_at + term <= row.secret_issued_at:
        code = "secret_date_too_old"
    if code or term is None:
        raise errors.Rejected([errors.Problem(code)], code)
    end = made_at + term
    with transaction.atomic(), journal.chain():
        # Only of this very secret: another one may be kept while a person looks a day up.
        dated = models.Application.objects.filter(pk=row.pk, secret_no=secret_no, secret_estimated=True)
        if dated.exclude(secret_expires_at=end).update(secret_expires_at=end):
            for account in row.accounts.order_by("pk"):
                journal.write(
                    now, "secret_date_corrected", account=AccountId(account.pk),
                    placeholders={"by": by, "date": end.isoformat(), "estimated": "yes"},
                )  # fmt: skip
            runs.force(application_owner(row), now)
            runs.poke("derive_issues", "house", now)
    return end


def _accept(
    deps: Deps,
    account: models.Account,
    refresh: Secret,
    granted_at: Instant,
    *,
    known: bool,
    waits: bool = False,
    client_secret: Secret | None = None,
    secret_made_at: Instant | None = None,
) -> Outcome:
    """Try the new token; keep it, note the grant, and set right what stood still meanwhile.

    `known`: it came from a consent. Its code is spent and cannot be had again, so that a marketplace which is ill for a
    moment does not cost the merchant the consent: where nothing is in force the token is kept, and the next probe tries
    it. Where a former one is in force, what the trial raised leaves, and that one stays. So it does of a token that `waits`
    already, and is not lost: it goes on waiting.
    """
    now = deps.clock.now()
    adapter = deps.open.marketplace(account, refresh, client_secret)
    sites: tuple[SiteSeen, ...] = ()
    stands = account.standing in (Standing.GRANTED.value, Standing.DOUBTED.value)
    proven = False
    try:
        sites = adapter.probe()
        _in_region(deps, account, sites)
        proven = True
        _belongs(adapter, account, sites, first=account.grant_no == 0 and not known)
    except PASSING:
        if not known or ((stands or waits) and not proven):
            raise
    plan = _plan(adapter, account)
    term = _term(deps, account)
    estimated = not known
    expires_at = granted_at + term if term else None
    # The token, its dates, and the work that goes on with it: together, or the former ones stay in force.
    with transaction.atomic(), journal.chain():
        deps.vault.put(owner_of(account), "refresh", refresh, now)
        deps.vault.forget(owner_of(account), WAITING)
        if client_secret is not None:
            keep_secret(deps, account.application, client_secret, now, made_at=secret_made_at)
        _application_works(ApplicationId(account.application_id), now)
        applied = accounts.apply(AccountId(account.pk), Granted(now, expires_at, estimated))
        accounts.see_sites(AccountId(account.pk), sites)
        accounts.note(AccountId(account.pk), probed_at=now, last_word_at=now, selling_plan=plan, denied_operations={})
        journal.write(
            now,
            "granted" if applied.before.grant_no == 0 else "renewed",
            account=AccountId(account.pk),
            placeholders={
                "date": expires_at.isoformat() if expires_at else "",
                "grant": applied.after.grant_no,
                "estimated": "yes" if estimated else "",
            },
        )
        stopped = applied.before.standing in _STOPPED
        if land_safely.undone_by_renewal(account, applied.before.grant_no, now) and not stopped:
            offers.mark(AccountId(account.pk), now, correlation=journal.correlation())
        _resume(AccountId(account.pk), now, stood_still=stopped)
    return Outcome("granted", AccountId(account.pk))


def _keep_waiting(deps: Deps, account: models.Account, refresh: Secret, now: Instant) -> Outcome:
    """The marketplace is ill, and a former token is in force: the new one waits beside it until it has answered once."""
    deps.vault.put(owner_of(account), WAITING, refresh, now)
    journal.write(now, "consent_waits", account=AccountId(account.pk))
    runs.poke("probe", f"account:{account.pk}", now + WAITING_PAUSE)
    return Outcome("consent_waits", AccountId(account.pk))


def _take_waiting(deps: Deps, account: models.Account) -> Literal["", "refused", "put_off"]:
    """Try a token that waits beside the one in force; the answer is why it still waits, "": it does not. Its year began with
    its consent."""
    owner, number = owner_of(account), AccountId(account.pk)
    waiting = deps.vault.get(owner, WAITING)
    if waiting is None:
        return ""
    # Where there is room for one question only, the two tokens take turns: else this one would take them all.
    former = runs.place("probe", f"account:{account.pk}", WAITING, deps.clock.now())
    if former:
        runs.keep_place("probe", f"account:{account.pk}", WAITING, {})
        return "refused" if former["waits"] == "refused" else "put_off"
    kept_at = models.VaultEntry.objects.values_list("written_at", flat=True).get(owner=owner, name=WAITING)
    try:
        _accept(deps, account, waiting, granted_at=kept_at, known=True, waits=True)
    except (errors.GrantRefused, errors.WrongAccount, errors.Rejected) as error:
        deps.vault.forget(owner, WAITING)
        journal.write(deps.clock.now(), "consent_refused", account=number, placeholders={"reason": str(error)})
    except errors.AdapterError as error:
        return "refused" if isinstance(error, REFUSALS) else "put_off"
    return ""


def _plan(adapter: Marketplace, account: models.Account) -> str:
    """The selling plan; what was known of it where the marketplace will not say now. It decides no permission."""
    try:
        return adapter.selling_plan() or account.selling_plan
    except errors.AdapterError:
        return account.selling_plan


def _in_region(deps: Deps, account: models.Account, sites: tuple[SiteSeen, ...]) -> None:
    """The token's sites are of the region the merchant named; a token is good for one region only."""
    manifest = deps.open.marketplace_manifest(account.marketplace)
    regions = {known.region for seen in sites if (known := manifest.site(seen.site)) is not None}
    if regions and account.region not in regions:
        raise errors.Rejected([errors.Problem("wrong_region")], "wrong_region")


def _belongs(adapter: Marketplace, account: models.Account, sites: tuple[SiteSeen, ...], *, first: bool) -> None:
    """The token answers for this seller: one read under the seller's own name must work.

    (The cheapest authorized read does not say whose token it is.) A missing role looks the same as another seller's
    name; the role's other read, which names no seller, tells them apart. `first`: a connection without the role is
    refused for what it lacks; one that stood already is renewed as it is.
    """
    if not sites:
        return
    try:
        adapter.sweep(sites[0].site, None)
    except (errors.Rejected, errors.Denied) as error:
        if error.code == "wrong_region":
            raise
        if isinstance(error, errors.Denied) and _lacks_role(adapter, sites[0].site):
            if first:
                raise
            return
        raise errors.WrongAccount(
            "seller_does_not_fit", request_id=error.request_id, placeholders={"expected": account.seller}
        ) from error


def _lacks_role(adapter: Marketplace, site: SiteId) -> bool:
    try:
        adapter.eans(site, [NOBODYS_PRODUCT])
    except errors.Denied:
        return True
    except errors.Rejected:
        return False
    return False


def _application_works(application: ApplicationId, now: Instant) -> None:
    """The client was accepted; where it had been refused, all its accounts stood still and go on now."""
    with transaction.atomic():
        if not accounts.accept_application(application):
            return
        rows = models.Account.objects.filter(application=application, standing=Standing.GRANTED.value)
        for row in rows.order_by("pk"):
            with journal.chain():
                journal.write(now, "confirmed", account=AccountId(row.pk))
                _resume(AccountId(row.pk), now, stood_still=True)


def _resume(account: AccountId, now: Instant, *, stood_still: bool) -> None:
    """After a stop: all offers are looked at again, orders from where the list was read to before it. In a transaction.

    Between the last proven point and there the list itself was read; what it left out it would leave out again. The second
    source's count that follows a stop begins before the last proven point, and has it (`prove_orders`).
    """
    if stood_still:
        # Locks the row: a proof that ends now has either cleared `catch_up_from` before it is read, or sees the stop.
        accounts.note(account, resumed_at=now)
        row = accounts.get(account)
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
    waits = _take_waiting(deps, account)
    account = accounts.get(AccountId(account.pk))
    grant_no, secret_no = account.grant_no, account.application.secret_no
    try:
        adapter = deps.open.marketplace(account)
        try:
            sites = adapter.probe()
        except errors.Throttled:
            if waits:
                told = {"begun_at": format_instant(now), "waits": waits}
                runs.keep_place("probe", f"account:{account.pk}", WAITING, told)
            raise
        answered(deps, account, grant_no)
        with transaction.atomic():
            for site in accounts.see_sites(AccountId(account.pk), sites):
                journal.write(now, "listings_shown", account=AccountId(account.pk), placeholders={"site": site})
        accounts.note(AccountId(account.pk), probed_at=now)
        # Asked for last: a plan that cannot be read says nothing about the permission, which is noted by now.
        plan = adapter.selling_plan() or account.selling_plan
        if plan != account.selling_plan:
            journal.write(now, "plan_changed", account=AccountId(account.pk), placeholders={"plan": plan})
        accounts.note(AccountId(account.pk), selling_plan=plan)
    except REFUSALS as error:
        on_refusal(deps, account, error, grant_no, secret_no)
    accounts.note(AccountId(account.pk), probed_at=now)
    row = accounts.get(AccountId(account.pk))
    # One that is refused is tried again at the same looks as the one in force.
    if waits == "put_off":
        return now + WAITING_PAUSE
    mended = authorization.next_application_probe_at(accounts.application_of(row), now)
    return mended or authorization.next_probe_at(accounts.facts_of(row), now) or now + timedelta(days=1)


def answered(deps: Deps, account: models.Account, grant_no: int) -> None:
    """An authorized call worked: the grant stands, and so does the application."""
    now = deps.clock.now()
    _application_works(ApplicationId(account.application_id), now)
    with transaction.atomic():
        applied = accounts.apply(AccountId(account.pk), Confirmed(now, grant_no))
        accounts.note(AccountId(account.pk), last_word_at=now)
        stopped = applied.before.standing in (Standing.DOUBTED, Standing.REFUSED)
        if stopped and applied.after.standing is Standing.GRANTED:
            journal.write(now, "confirmed", account=AccountId(account.pk))
            _resume(AccountId(account.pk), now, stood_still=True)


class NotAllowed(Exception):
    """Sync may not go on: somebody paused it, or Amazon withdrew its permission, while a run was under way."""


def still_allowed(deps: Deps, account: models.Account, parts: Collection[authorization.Part]) -> models.Account:
    """Ask anew before the next batch or page: at a slow marketplace one run can last for hours. `parts`: what is under way;
    the answer is the account as it is now. Raises NotAllowed."""
    row = accounts.get(AccountId(account.pk))
    if isinstance(accounts.may_sync(row, deps.clock.now(), parts), authorization.No):
        raise NotAllowed
    return row


@transaction.atomic
def on_refusal(deps: Deps, account: models.Account, error: errors.AdapterError, grant_no: int, secret_no: int) -> None:
    """A call under `grant_no` and the client secret `secret_no` was refused: note it as the machine says. Safe to repeat.

    Both numbers as they were when the call began: a late word about a former grant or secret changes nothing.
    """
    now = deps.clock.now()
    number = AccountId(account.pk)
    # An adapter with finer words of its own says which general cause they belong to.
    reason = error.placeholders.get("cause", error.code)
    if isinstance(error, errors.AppRefused):
        if accounts.refuse_application(ApplicationId(account.application_id), error.code, now, secret_no):
            runs.poke("derive_issues", "house", now)
            journal.write(now, "application_refused", account=number, placeholders={"reason": error.code})
            # All its accounts stand still for one answer: see soon whether it was meant.
            look = authorization.next_application_probe_at(authorization.Application(refused_at=now), now) or now
            for row in models.Account.objects.filter(application=account.application_id).order_by("pk"):
                runs.set_due("probe", f"account:{row.pk}", look)
        return
    others = accounts.others(account)
    known = [accounts.facts_of(row) for row in others]
    # By the facts as they are: what another worker has just confirmed is no second refusal.
    applied = accounts.apply(
        number,
        lambda facts: authorization.on_refusal(facts, grant_no, now, others=known, reason=reason),
    )
    if applied.before.standing != applied.after.standing:
        runs.poke("derive_issues", "house", now)
        journal.write(
            now,
            applied.after.standing.value,
            account=number,
            placeholders={"reason": error.code, "request": error.request_id},
        )
    looks: dict[int, Instant] = {}
    if (applied.before.standing, applied.after.standing) == (Standing.GRANTED, Standing.DOUBTED):
        # Before this one's second look: whether the others are in the same trouble says whose it is.
        looks = {row.pk: now for row in others if row.standing == Standing.GRANTED.value}
    if applied.after.standing in (Standing.DOUBTED, Standing.REFUSED):
        looks[account.pk] = authorization.next_probe_at(applied.after, now) or now
    # Oldest first, whoever begins: two accounts that meet it at once do not wait for each other.
    for pk, at in sorted(looks.items()):
        (runs.set_due if pk == account.pk else runs.poke)("probe", f"account:{pk}", at)


def remind(deps: Deps, account: models.Account) -> int | None:
    """Tell the one reminder step that is due (journal and pages); the answer is the step, None: none was due."""
    now = deps.clock.now()
    facts = accounts.facts_of(account)
    step = authorization.reminder_due(facts, accounts.sent_reminders(account, now), now)
    if step is None:
        return None
    assert facts.expires_at is not None
    told = {
        "step": step,
        "days": max(authorization.days_left(facts, now) or 0, 0),
        "date": facts.expires_at.isoformat(),
        "estimated": "yes" if facts.estimated else "",
    }
    # Noted and told together: a process that dies in between has done neither, and does both when it is back.
    with transaction.atomic():
        if not accounts.note_reminder(AccountId(account.pk), facts.grant_no, step, now):
            return None
        journal.write(now, "reminded", account=AccountId(account.pk), placeholders=told)
    return step


@transaction.atomic
def disconnect(deps: Deps, account: models.Account) -> None:
    """The merchant takes the account out: the token is forgotten, the records stay.

    What was to do for it concerns nobody until it is connected again; then whatever nothing has mended meanwhile does.
    """
    now = deps.clock.now()
    accounts.apply(AccountId(account.pk), Disconnected(now))
    deps.vault.forget(owner_of(account))
    journal.write(now, "disconnected", account=AccountId(account.pk))
