"""No order is missing, and that is proven: a second source of the marketplace counts them, daily and after each stop.

The list of changed orders, which the import reads, may leave one out and says nothing about it. What the count has and our
book has not is written into the book by its name, and read by it, as every order whose reading broke.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction

from forain.contracts.marketplace import OrderCount
from forain.core import errors
from forain.core.clock import Instant, Window, format_instant, parse_instant
from forain.core.counting import CountedOrder, compare
from forain.core.ids import AccountId, MarketplaceOrderId
from forain.flows import import_orders
from forain.flows.deps import Deps
from forain.store import issues, journal, models, orders, proofs, runs

EVERY = timedelta(days=1)
OVERLAP = timedelta(days=7)
"""Orders of the days before are counted once more: a cancellation or a payment that the list left out shows there."""
SETTLED = timedelta(hours=1)
"""Orders younger than this are left to the next count. (Connectors meet Amazon's report half an hour late; read 2026-11-29.)"""
REACH = timedelta(days=28)
"""So far back a count may begin and still end now: the time one report of the marketplaces we know may span, and a little
less. What no count was whole for in four weeks is left behind; all that while `proof_overdue` stands open."""
EDGE = timedelta(minutes=1)
"""Whether an order this near to an end of the window is counted is the other side's rounding."""
SLOWEST = timedelta(hours=6)
"""A count that is not ready after so long is given up, and begun anew."""
SOONEST, LATEST = timedelta(seconds=30), timedelta(minutes=15)
"""How soon a count is asked after; the longer it takes, the more rarely."""
IN_VAIN = timedelta(hours=1)
"""How soon a count is begun anew that came to nothing or was not whole."""
TRIES = 3
"""Counts in a row that are not whole, before the next is left to the next day."""
LOOK = timedelta(minutes=5)
"""How often is looked whether a count is due; and whether what was missing has been read."""


def prove_orders(deps: Deps, account: models.Account) -> Instant:
    """One step of the proof: begin a count, ask after it, or compare it; the answer is when to go on. Safe to repeat.

    Where the last run stopped is kept, so that whoever comes after a crash goes on with the same count. Raises what the
    marketplace's calls raise; Malformed also for a count that cannot be read at all, and the next one is begun anew.
    """
    now = deps.clock.now()
    if "order_counter" not in deps.open.marketplace_manifest(account.marketplace).capabilities:
        return now + EVERY
    proof = proofs.latest(AccountId(account.pk))
    if proof is not None and (proof.still_missing or proof.worth):
        _repair(deps, account, proof)
    sites = [site.site for site in account.sites.filter(participating=True).order_by("site")]
    told = _place(account, now) or (_due(account, proof, now) if sites else {})
    if not told:
        return now + LOOK
    window = Window(parse_instant(told["since"]), parse_instant(told["until"]))
    try:
        count = deps.open.marketplace(account).counted(window, told.setdefault("sites", sites), told.get("cursor"))
    except (errors.Malformed, errors.Rejected):
        _keep_place(account, {})
        raise
    if count.orders is not None:
        proof = _held_against_our_book(deps, account, told, count, count.orders)
        _repair(deps, account, proof)
        return deps.clock.now() + LOOK
    waited = now - parse_instant(told["begun_at"])
    if count.cursor is None or waited > SLOWEST:
        return _in_vain(deps, account, count.reason or "slow")
    _keep_place(account, told | {"cursor": count.cursor})
    return deps.clock.now() + min(max(waited / 4, SOONEST), LATEST)


def _place(account: models.Account, now: Instant) -> dict[str, Any]:
    return runs.place("prove_orders", f"account:{account.pk}", "count", now)


def _keep_place(account: models.Account, told: dict[str, Any]) -> None:
    runs.keep_place("prove_orders", f"account:{account.pk}", "count", told)


def _due(account: models.Account, last: models.OrderProof | None, now: Instant) -> dict[str, Any]:
    """The count that is due, {}: none. It ends where our book is known to have every order placed before, and begins
    before the end of the last whole one: days whose counts were not whole are counted once more, as far as `REACH` goes."""
    begin, known, resumed = account.import_since, account.sales_known_until, account.resumed_at
    if begin is None or known is None:
        return {}
    until = min(known, now - SETTLED)
    counted = last.until if last else begin
    whole = proofs.last_whole(AccountId(account.pk))
    proven = whole.until if whole else begin
    again = last is not None and not last.whole and last.tries < TRIES
    after_a_stop = resumed is not None and counted < resumed <= until
    if last is not None and again and now - last.done_at >= IN_VAIN:
        since = last.since
    elif not again and (after_a_stop or until - counted >= EVERY):
        since = max(begin, min(counted - OVERLAP, max(proven - OVERLAP, until - REACH)))
    else:
        return {}
    if until <= since:
        return {}
    return {"begun_at": format_instant(now), "since": format_instant(since), "until": format_instant(until)}


def _in_vain(deps: Deps, account: models.Account, reason: str) -> Instant:
    """A count that came to nothing is begun anew; told once a day."""
    now = deps.clock.now()
    _keep_place(account, {})
    subject = f"account:{account.pk}"
    if not journal.told_since(now - EVERY, subject, ["count_in_vain"]):
        told = {"word": reason}
        journal.write(now, "count_in_vain", account=AccountId(account.pk), subject=subject, placeholders=told)
    return now + IN_VAIN


@transaction.atomic
def _held_against_our_book(
    deps: Deps, account: models.Account, told: dict[str, Any], count: OrderCount, counted: tuple[CountedOrder, ...]
) -> models.OrderProof:
    """Keep what the count says; what it has otherwise than our book is asked for by its id from now on."""
    now, number = deps.clock.now(), AccountId(account.pk)
    since, totals = parse_instant(told["since"]), {order.order_id: order.totals for order in counted}
    expected = proofs.placed(number, told["sites"], since + EDGE, count.until - EDGE)
    found = compare(counted, proofs.known(number, totals.keys()), expected)
    unread = sum(not line.order_id for line in count.unread)
    last = proofs.latest(number)
    in_row = 0 if not found.absent and not unread else (last.tries if last else 0) + 1
    # What could not be read yet is missing, however long ago this count's days begin.
    older = [MarketplaceOrderId(name) for name in last.still_missing] if last else []
    still = {*found.missing, *older} - proofs.known(number, older).keys()
    proof = proofs.add(
        number, since=since, until=count.until, orders=len(totals), missing=list(found.missing),
        still_missing=sorted(still), worth={name: list(map(str, totals[name])) for name in found.worth},
        absent=len(found.absent), unread=unread, tries=in_row, done_at=now,
    )  # fmt: skip
    _keep_place(account, {})
    for name in (*found.missing, *found.behind, *found.worth):
        orders.see_unreadable(number, name, "counted", now)
    if found.missing:
        _write(deps, proof, "orders_left_out")
    elif proof.whole:
        _write(deps, proof, "orders_counted")
    if in_row == 1:
        _write(deps, proof, "count_not_whole")
    return proof


def _repair(deps: Deps, account: models.Account, proof: models.OrderProof) -> None:
    """Read what was left out or read otherwise, and say what of it still is."""
    number, subject = AccountId(account.pk), f"account:{account.pk}"
    if proof.still_missing or proof.worth:
        import_orders.read_again(deps, account)
        runs.poke("import_orders", subject, deps.clock.now())
    now = deps.clock.now()
    known = proofs.known(number, [MarketplaceOrderId(name) for name in (*proof.still_missing, *proof.worth)])
    missing = [name for name in proof.still_missing if name not in known]
    worth = {
        name: totals
        for name, totals in proof.worth.items()
        if name in known and known[MarketplaceOrderId(name)].total is not None and str(known[name].total) not in totals
    }
    with transaction.atomic():
        if (missing, worth) != (proof.still_missing, proof.worth):
            read_now = proof.still_missing and not missing
            proofs.note(proof, missing, worth, now)
            if read_now and proof.whole:
                _write(deps, proof, "orders_counted")
        for code, names in (("orders_left_out", missing), ("orders_differ", sorted(worth))):
            if names:
                placeholders = {"count": str(len(names)), "orders": import_orders.named(names), "order": names[0]}
                issues.found(code, subject, now, account=account.pk, placeholders=placeholders)
            else:
                issues.mended(code, subject)


def _write(deps: Deps, proof: models.OrderProof, code: str) -> None:
    told = {
        "count": proof.orders, "missing": len(proof.missing), "now": len(proof.still_missing),
        "orders": import_orders.named(proof.missing), "waiting": orders.not_in_shop(AccountId(proof.account_id)) or "",
        "absent": proof.absent, "unread": proof.unread, "since": format_instant(proof.since), "date": format_instant(proof.until),
    }  # fmt: skip
    journal.write(deps.clock.now(), code, account=AccountId(proof.account_id), placeholders=told)
