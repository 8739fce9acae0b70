"""My floor counts what Amazon keeps: ask for the fees of the offers whose rules need them, and again before they grow old."""

from datetime import timedelta

from django.db import transaction

from forain.contracts.marketplace import FeeAsked, FeeEstimated, FeeRefused, Unclear
from forain.core import errors
from forain.core.clock import Instant
from forain.core.ids import AccountId, SellerSku, ShopId
from forain.core.money import Money
from forain.core.ownership import LEADERS
from forain.core.rules import Effective
from forain.flows.deps import Deps
from forain.store import accounts, fees, journal, models, offers, rules, runs, shops

AT_ONCE = 20
"""So many offers in one run, as many as one call of Amazon takes; where more wait it is due again at once, behind others."""
IDLE = timedelta(hours=1)
"""With nothing to ask: how soon the column is looked at again without a poke."""
REFUSED_AGAIN = timedelta(days=1)
UNCLEAR_AGAIN = timedelta(hours=1)


def estimate_fees(deps: Deps, account: models.Account) -> Instant:
    """Ask for what is due; the answer is when something is due next. Safe to repeat and to run twice at once: an estimate is a
    fact of a moment, and the later one counts."""
    number, now = AccountId(account.pk), deps.clock.now()
    manifest = deps.open.marketplace_manifest(account.marketplace)
    rows = fees.due(number, now, AT_ONCE) if "fee_estimator" in manifest.capabilities else []
    needed, unneeded = _by_need(account, rows)
    fees.forget(unneeded)
    try:
        if needed:
            _ask(deps, account, needed)
    except errors.Rejected as error:
        if error.code != "rejected":
            raise
        _refused_whole(deps, account, needed, error)
    due_at = fees.next_due(number) if "fee_estimator" in manifest.capabilities else None
    return min(due_at or now + IDLE, now + IDLE)


def _refused_whole(deps: Deps, account: models.Account, rows: list[models.FeeEstimate], error: errors.Rejected) -> None:
    """A call was refused for what one offer in it is: the others must not wait for that for ever."""
    if len(rows) > 1:
        fees.ask_alone(rows, deps.clock.now())
    elif _refuse(deps, account, rows[0], error.problems[0]):
        runs.poke("reconcile_offers", f"account:{account.pk}", deps.clock.now())


def _refuse(deps: Deps, account: models.Account, row: models.FeeEstimate, problem: errors.Problem) -> bool:
    """Amazon estimates nothing for this one. True: the reason is new."""
    now, why = deps.clock.now(), f"{problem.code}: {problem.text}"[:300]
    with transaction.atomic():
        new = fees.not_estimated(row, why, now + REFUSED_AGAIN, now)
        if new:
            subject = str(offers.key_of(row.offer))
            journal.write(now, "fee_refused", account=AccountId(account.pk), subject=subject, placeholders={"why": why})
    return new


def _by_need(
    account: models.Account, rows: list[models.FeeEstimate]
) -> tuple[list[models.FeeEstimate], list[models.FeeEstimate]]:
    """Those whose rules count the fees still, and the others."""
    if account.shop_id is None or not rows:
        return [], rows
    number = AccountId(account.pk)
    sites = {site.site: site for site in accounts.sites(number)}
    skus = [SellerSku(row.offer.sku) for row in rows]
    contents = shops.contents(number, skus)
    variants = shops.mirrored(ShopId(account.shop_id), {part.variant for parts in contents.values() for part in parts})
    groups = {
        sku: {variants[part.variant].group for part in parts if part.variant in variants}
        for sku, parts in contents.items()
    }
    in_force = rules.InForce(number, skus, {group for found in groups.values() for group in found})
    needed: list[models.FeeEstimate] = []
    unneeded: list[models.FeeEstimate] = []
    for row in rows:
        site, of = sites.get(row.offer.site), groups.get(SellerSku(row.offer.sku), set())
        rule = in_force.of(site.site, site.currency, row.offer.sku, of.pop() if len(of) == 1 else "") if site else None
        (needed if isinstance(rule, Effective) and _counts_fees(rule) else unneeded).append(row)
    return needed, unneeded


def _counts_fees(rule: Effective) -> bool:
    return rule.cost is not None and rule.cost.fees and rule.led_by["price"] == LEADERS[0]


def _ask(deps: Deps, account: models.Account, rows: list[models.FeeEstimate]) -> None:
    """Each answer is kept as it comes, so that a call that breaks off loses none; who is in no answer is asked again later."""
    silent = {offers.key_of(row.offer): row for row in rows}
    asked = [FeeAsked(key, Money(row.wanted_minor, row.currency), row.by_marketplace) for key, row in silent.items()]
    looked_at_again = False
    for answer in deps.open.marketplace(account).estimate_fees(asked):
        row, now = silent.pop(answer.key, None), deps.clock.now()
        if row is None:
            continue
        match answer:
            case FeeEstimated(fee=fee):
                looked_at_again |= fees.estimated(row, fee, now)
            case FeeRefused(problem=problem):
                looked_at_again |= _refuse(deps, account, row, problem)
            case Unclear():
                fees.not_estimated(row, "", now + UNCLEAR_AGAIN, now)
    now = deps.clock.now()
    for row in silent.values():
        fees.not_estimated(row, "", now + UNCLEAR_AGAIN, now)
    if looked_at_again:
        runs.poke("reconcile_offers", f"account:{account.pk}", now)
