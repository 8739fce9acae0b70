"""Silence is an alarm: an account where nothing happens for much longer than usual is shown to a person."""

from datetime import timedelta

from forain.core import authorization, silence
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.flows.deps import Deps
from forain.store import accounts, issues, models, proofs, rhythms

EVERY = timedelta(minutes=15)
DIRECTIONS = {"orders": authorization.ORDERS, "offers": authorization.OFFERS, "shipments": authorization.SHIPMENTS}
"""Orders in, stock and prices out, shipments out, and what of them may be paused: the issue of each is called
"<direction>_silent"."""
UNPROVEN = timedelta(days=3)
"""So long may no count of the orders be whole before a person is told; they are made daily."""


def notice_silence(deps: Deps, _: None = None) -> Instant:
    """Listen to every account; the answer is when to listen again. What happens again ends its issue. Safe to repeat.

    An account that stands still is none that is silent: why it does is an issue of its own.
    """
    now = deps.clock.now()
    rhythms.count_up(now)
    for row in accounts.every():
        _listen(deps, row, now)
    return deps.clock.now() + EVERY


def _listen(deps: Deps, row: models.Account, now: Instant) -> None:
    subject = f"account:{row.pk}"
    runs = {
        name for name, parts in DIRECTIONS.items() if isinstance(accounts.may_sync(row, now, parts), authorization.Yes)
    }
    proves = "orders" in runs
    if row.emptied_at or row.holiday_begun_at or _suspended(row):
        # Nothing is for sale, and whoever sees to it knows.
        runs -= {"orders", "offers", "shipments"}
    counts = rhythms.of(AccountId(row.pk)) if runs else {}
    resumed = max(counts.get("resumed", ()), default=None)
    for direction in DIRECTIONS:
        quiet = silence.unusual(counts.get(direction, {}), resumed, now) if direction in runs else None
        if quiet is None:
            issues.mended(f"{direction}_silent", subject)
        else:
            told = {"hours": str(quiet.hours), "usual": str(quiet.usual)}
            issues.found(f"{direction}_silent", subject, now, account=row.pk, placeholders=told)
    since = _unproven_since(deps, row) if proves else None
    if since is None or now - max(since, silence.moment_of(resumed) if resumed else since) <= UNPROVEN:
        issues.mended("proof_overdue", subject)
    else:
        issues.found("proof_overdue", subject, now, account=row.pk, placeholders={"date": since.isoformat()})


def _suspended(row: models.Account) -> bool:
    """The marketplace shows none of the offers: a vacation that was set there, or a suspension."""
    sites = accounts.sites(AccountId(row.pk))
    return bool(sites) and all(site.suspended for site in sites)


def _unproven_since(deps: Deps, row: models.Account) -> Instant | None:
    """Up to when it is proven that no order is missing; None where nothing can prove it."""
    if "order_counter" not in deps.open.marketplace_manifest(row.marketplace).capabilities:
        return None
    proof = proofs.last_whole(AccountId(row.pk))
    return proof.until if proof else row.import_since
