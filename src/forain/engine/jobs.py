"""Running one line of the timetable: permission, the flow, and what the retry table says of its errors.

The one place with a blind except over a flow: what nobody foresaw is our bug, and is stopped, not retried.
"""

import logging
from datetime import timedelta

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from procrastinate import App

from forain.core import authorization, errors, retry
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.engine.schedule import FLOWS, Flow, subject_row
from forain.flows import authorize, confirm_shipments, import_orders
from forain.flows.deps import Deps
from forain.store import accounts, issues, journal, models, runs
from forain.wiring import deps as build_deps

log = logging.getLogger("forain.engine")

STANDING_STILL = timedelta(minutes=10)
"""How soon a stopped account is asked again without a poke; a renewal pokes at once."""
DENIED_AT_FIRST, DENIED_PAUSE = timedelta(minutes=10), timedelta(hours=24)
"""An operation that is not allowed is asked for again after as long as it has not been, within these: one 403 alone may be a fault of
the marketplace, a role that is missing comes by a person."""
GO_ANOTHER_WAY = ("send_feeds",)
"""What would go by these goes by others while they are denied: no need to ask before the whole pause is over."""
DATABASE_PAUSE = timedelta(seconds=15)
NEED_THE_SHOP = ("reconcile_offers", "import_orders", "confirm_shipments")
REJECTED_PAUSE = timedelta(hours=1)


def register(app: App) -> None:
    """Tell the queue its one task."""

    @app.task(name="forain.run", queue="flows", pass_context=False)
    def run_line(flow: str, subject: str) -> None:
        # The queue's threads live long, and nothing else lets go of a connection that the database closed meanwhile.
        close_old_connections()
        run(build_deps(), flow, subject)


def run(deps: Deps, name: str, subject: str) -> bool:
    """Run one line if it is due; True: it ran (well or not). Raises nothing but the death of the process."""
    try:
        return _run(deps, name, subject)
    except (OperationalError, InterfaceError) as error:
        # Not even this could be written down. A lease that was taken ends by itself.
        log.warning("flow=%s subject=%s the database is away: %s", name, subject, error)
        connection.close_if_unusable_or_obsolete()
        return False


def _run(deps: Deps, name: str, subject: str) -> bool:
    flow = FLOWS[name]
    lease = runs.begin(name, subject, deps.clock.now())
    if lease is None:
        return False
    grant_no = secret_no = 0
    with journal.chain():
        try:
            row = subject_row(subject)
            if isinstance(row, models.Account):
                grant_no, secret_no = row.grant_no, row.application.secret_no
                due_at = _run_account(deps, flow, row)
            else:
                due_at = flow.run(deps, row)
                if isinstance(row, models.Shop):
                    _shop_answers(deps, row)
            runs.succeeded(name, subject, deps.clock.now(), lease, due_at)
            issues.mended("internal", f"{subject}/{name}")
            if isinstance(row, models.Account):
                accounts.allow_operations(row, name)
        except (OperationalError, InterfaceError) as error:
            # Our own database: a deadlock, a restart. No bug, and nobody's illness; a lease ends by itself.
            log.warning("flow=%s subject=%s broken off by the database: %s", name, subject, error)
            connection.close_if_unusable_or_obsolete()
            at = deps.clock.now() + DATABASE_PAUSE
            runs.failed(name, subject, deps.clock.now(), "database", at, attempt=True, lease=None)
        except (models.Account.DoesNotExist, models.Shop.DoesNotExist, models.Application.DoesNotExist):
            runs.forget(subject)
        except Exception as error:
            _fail(deps, flow, subject, (grant_no, secret_no), lease, error)
    return True


def _run_account(deps: Deps, flow: Flow, row: models.Account) -> Instant:
    if not flow.parts:
        return flow.run(deps, row)
    answer = accounts.may_sync(row, deps.clock.now(), flow.parts)
    if isinstance(answer, authorization.Yes) and answer.probe_first and not _probed(row, deps.clock.now()):
        authorize.probe(deps, row)
        row = accounts.get(AccountId(row.pk))
        answer = accounts.may_sync(row, deps.clock.now(), flow.parts)
    if isinstance(answer, authorization.No):
        if flow.name == "import_orders" and answer.code != "paused_by_user":
            # What was read while we were allowed is still brought into the shop.
            import_orders.settle_orders(deps, row)
        if flow.name == "confirm_shipments" and answer.code != "paused_by_user" and row.shop_id is not None:
            # What leaves the house meanwhile stands on the page of what to confirm by hand.
            confirm_shipments.read_parcels(deps, row)
        return deps.clock.now() + STANDING_STILL
    try:
        return flow.run(deps, row)
    except authorize.NotAllowed:
        return deps.clock.now() + STANDING_STILL


def _probed(row: models.Account, now: Instant) -> bool:
    """The last look is young enough to be the probe before this batch."""
    return row.probed_at is not None and timedelta(0) <= now - row.probed_at < authorization.PROBE_HOLDS


def _shop_answers(deps: Deps, shop: models.Shop) -> None:
    if issues.side_answers(f"shop:{shop.pk}", deps.clock.now(), shop=shop.pk):
        log.warning("shop=%s is back", shop.pk)
        # What failed for its sake pauses for up to an hour.
        for account in shop.accounts.all():
            runs.force(f"account:{account.pk}", deps.clock.now(), list(NEED_THE_SHOP))
    issues.mended("shop_refused", f"shop:{shop.pk}")


def _fail(deps: Deps, flow: Flow, subject: str, numbers: tuple[int, int], lease: Instant, error: Exception) -> None:
    """Write down what the retry table says of this error. `numbers`: of the grant and the client secret it met."""
    now = deps.clock.now()
    line = runs.get(flow.name, subject)
    attempt = (line.attempt if line else 0) + 1
    answer = retry.verdict(error, attempt, now, deps.jitter())
    # What nobody foresaw may say anything, a buyer's name too: its words go to the log only, where secrets are taken out.
    told = str(error) if isinstance(error, errors.AdapterError) else type(error).__name__
    denied_since = _effect(deps, flow, subject, numbers, error, answer.effect)
    if isinstance(answer, retry.Again):
        runs.failed(flow.name, subject, now, told, answer.at, attempt=answer.attempt, lease=None)
        return
    denied = DENIED_PAUSE
    if denied_since is not None and flow.name not in GO_ANOTHER_WAY:
        denied = min(max(now - denied_since, DENIED_AT_FIRST), DENIED_PAUSE)
    due_at = {"account": now + STANDING_STILL, "application": now + STANDING_STILL, "operation": now + denied,
              "item": now + REJECTED_PAUSE, "bug": None}[answer.stops]  # fmt: skip
    runs.failed(flow.name, subject, now, told, due_at, attempt=True, lease=lease)


def _effect(
    deps: Deps, flow: Flow, subject: str, numbers: tuple[int, int], error: Exception, effect: retry.SideEffect
) -> Instant | None:
    """The answer is since when the operation is not allowed, None where that is not what it is about."""
    now = deps.clock.now()
    kind, _, number = subject.partition(":")
    account = int(number) if kind == "account" else None
    shop = int(number) if kind == "shop" else None
    match effect:
        case "none":
            pass
        case "side_ill":
            if shop and issues.side_fails(subject, str(error), now, shop=shop):
                log.warning("shop=%s does not answer: %s", shop, error)
        case "doubt" | "app_refused":
            assert isinstance(error, errors.AdapterError)
            if account:
                authorize.on_refusal(deps, accounts.get(AccountId(account)), error, *numbers)
        case "role_missing":
            assert isinstance(error, errors.Denied)
            if account:
                # One operation refused is a role; all of them, a deactivated account: only the probe tells them apart.
                runs.poke("probe", subject, now)
                return accounts.deny_operation(AccountId(account), error.operation, error.role, flow.name, now)
        case "wrong_region":
            # One site that is asked for in the wrong place, or the whole account: the probe tells them apart.
            runs.poke("probe", subject, now)
            _stopped(flow, subject, error, now)
        case "shop_refused":
            if shop is None and account is not None:
                shop = accounts.get(AccountId(account)).shop_id
            issues.found("shop_refused", f"shop:{shop}", now, shop=shop, placeholders={"error": str(error)})
        case "item_issue" | "malformed" | "internal":
            if effect == "internal":
                log.exception("flow=%s subject=%s stopped by a bug", flow.name, subject, exc_info=error)
            _stopped(flow, subject, error, now)
    return None


def _stopped(flow: Flow, subject: str, error: Exception, now: Instant) -> None:
    """A part of Forain stands still for an answer that nobody here can do anything with."""
    kind, _, number = subject.partition(":")
    account = int(number) if kind == "account" else None
    shop = int(number) if kind == "shop" else None
    told = {"flow": flow.name, "error": str(error) if isinstance(error, errors.AdapterError) else type(error).__name__}
    kept = {"sample": error.sample} if isinstance(error, errors.Malformed) and error.sample else {}
    found = {**told, **kept}
    issues.found("internal", f"{subject}/{flow.name}", now, account=account, shop=shop, placeholders=found)
    journal.write(
        now, "flow_stopped", account=AccountId(account) if account else None, subject=subject, placeholders=told
    )
