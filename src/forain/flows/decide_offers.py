"""What each offer shall have, and what is to be done for that: core is asked, nothing is written and nothing told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from forain.contracts.shop import Variant
from forain.core.bundles import Parts
from forain.core.ids import SellerSku, VariantId
from forain.core.money import Money
from forain.core.offers import Desired, Plan, Settled, Wait, plan
from forain.core.rules import Effective, NotAWish
from forain.core.sharing import apart
from forain.core.stock import Why
from forain.flows import share_stock
from forain.flows.add_up_bundles import Article, as_one, portions, sold_out
from forain.flows.deps import Deps
from forain.flows.reckon_offers import Market, Reckoned, in_force_on, landed, settled_by, wanted
from forain.flows.share_stock import Families
from forain.store import fees, models, offers, rules

AWAY_AGAIN = timedelta(minutes=5)
"""While all is to be 0: how soon an offer is decided again that was decided without the shop."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be done about one offer. `wanted` None: its article is gone or cannot be asked for, what was wanted stays. `held`: why
    something of it is held back, "" for nothing. `sold`: that no piece is left is explained by orders, or wanted. `carrier`: the
    offer that tells for it what they share, None: it tells all of it itself. `fees_of`: as `Reckoned` has it."""

    row: models.Offer
    wanted: offers.Wanted | None
    step: Plan | Literal["unlinked", "variant_gone", "braked", "anew", "at_rest"]
    held: str = ""
    sold: bool = False
    carrier: models.Offer | None = None
    fees_of: Money | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a batch before its offers are decided. `empty`: why quantities that are ours are to be 0, "": they are not."""

    contents: Mapping[SellerSku, Parts]
    stock: Mapping[VariantId, Variant]
    unimported: Mapping[str, int]
    in_force: rules.InForce
    market: Market
    families: Families
    empty: Why
    fees: Mapping[int, models.FeeEstimate]


def decide(
    deps: Deps, account: models.Account, row: models.Offer, site: models.AccountSite | None, known: Known
) -> Decided:
    """Ask core about one offer; nothing is written."""
    parts = known.contents.get(SellerSku(row.sku))
    if site is None or parts is None:
        why = ["unlinked" if parts is None else "site_not_used"]
        return Decided(row, offers.Wanted(row, Desired(None, None), [], why), "unlinked")
    gone = next((part.variant for part in parts if part.variant not in known.stock), "")
    sisters = known.families.sisters(row)
    sold = False
    if not gone:
        article = as_one(portions(parts, known.stock, known.unimported))
        rule = known.in_force.of(site.site, site.currency, row.sku, article.group)
        fee = fees.usable(known.fees.get(row.pk), row, site.currency, known.market.now)
        sharing = in_force_on(known.in_force, known.market, sisters, row.sku, article.group)
        told = _quantity_told(row) or any(_quantity_told(one) for one in sisters)
        found = wanted(article, rule, site, known.market, known.empty, told=told, fee=fee, sharing=sharing)
        settled_by(row, rule, found, known.market.now, sisters)
        sold = sold_out(article, _locations(rule))
    elif known.empty and _quantity_told(row):
        found = landed(known.empty)
    else:
        left = tuple(part for part in parts if part.variant in known.stock)
        if not left or not _quantity_told(row):
            return Decided(row, None, "variant_gone", gone)
        article = as_one(portions(left, known.stock, known.unimported))
        rule = known.in_force.of(site.site, site.currency, row.sku, article.group)
        found = _of_what_is_left(row, rule, site, article, known)
        if found.desired.quantity is None:
            return Decided(row, None, "variant_gone", gone)
        found.held, sold = gone, sold_out(article, _locations(rule))
    desired = offers.fitting(row, found.desired)
    step, carrier = _step(deps, account, row, desired, known.families)
    notes = [] if isinstance(step, str) else step.notes
    as_told = offers.Wanted(
        row, desired, found.steps, [*found.notes, *notes], found.turns_at, found.held, found.led_elsewhere,
        found.shop_price,
    )  # fmt: skip
    if gone and isinstance(step, Settled):
        return Decided(row, as_told, "variant_gone", gone)
    explained = bool(known.empty) or offers.moved(row) or sold
    return Decided(row, as_told, step, found.held, explained, carrier, found.fees_of)


def _locations(rule: Effective | NotAWish) -> tuple[str, ...]:
    return () if isinstance(rule, NotAWish) else rule.stock.locations


def _of_what_is_left(
    row: models.Offer, rule: Effective | NotAWish, site: models.AccountSite, left: Article, known: Known
) -> Reckoned:
    """What is wanted of a bundle that lacks an article: no more than the others, `left`, are good for, and nothing else."""
    sisters = known.families.sisters(row)
    sharing = in_force_on(known.in_force, known.market, sisters, row.sku, left.group)
    found = wanted(replace(left, stock_held=True), rule, site, known.market, "", sharing=sharing)
    settled_by(row, rule, found, known.market.now, sisters)
    quantity = found.desired.quantity
    return Reckoned(Desired(quantity, None), found.steps if quantity is not None else [], [])


def _step(
    deps: Deps, account: models.Account, row: models.Offer, desired: Desired, families: Families
) -> tuple[Plan | Literal["anew", "at_rest"], models.Offer | None]:
    """What to do about an offer, and which other one tells for it what they share."""
    carrier = families.carrier(row)
    if carrier is not None:
        manifest = deps.open.marketplace_manifest(account.marketplace)
        rest = plan_for(deps, account, row, apart(desired))
        step = share_stock.step_of(row, desired, rest, carrier, manifest, deps.clock.now())
        if step != "itself":
            return step, carrier
    return plan_for(deps, account, row, desired), None


def plan_for(deps: Deps, account: models.Account, row: models.Offer, desired: Desired) -> Plan:
    """What is to be done so that this offer comes to what is wanted of it; nothing is written."""
    return plan(
        offers.key_of(row),
        desired,
        offers.submitted_of(row),
        offers.observed_of(row),
        acknowledged_quantity=row.acknowledged_quantity,
        sales_known_until=account.sales_known_until,
        moved=offers.moved(row),
        acknowledge_within=deps.open.marketplace_manifest(account.marketplace).acknowledge_within,
        now=deps.clock.now(),
    )


def emptied_unseen(
    deps: Deps,
    account: models.Account,
    rows: list[models.Offer],
    market: Market,
    families: Families,
    contents: Mapping[SellerSku, Parts],
    empty: Why,
) -> list[Decided]:
    """A 0 for all while the shop is away: it needs no shop, and cannot wait for one. Where no quantity of ours is on record
    nothing is decided, and prices are left alone; all stays marked, and is decided anew when the shop is back."""
    again = deps.clock.now() + AWAY_AGAIN
    decided = []
    for row in rows:
        if row.site not in market.sites or SellerSku(row.sku) not in contents or not _quantity_told(row):
            decided.append(Decided(row, None, Wait(again, "shop_away")))
            continue
        found = landed(empty)
        step, carrier = _step(deps, account, row, found.desired, families)
        told = offers.Wanted(row, found.desired, found.steps, [] if isinstance(step, str) else list(step.notes))
        if isinstance(step, Settled) or step == "at_rest":
            step = Wait(again, "shop_away")
        decided.append(Decided(row, told, step, sold=True, carrier=carrier))
    return decided


def _quantity_told(row: models.Offer) -> bool:
    """A quantity of ours is on record. Not so where the shop manages no stock for it: what Amazon shows there is the
    merchant's own number, and nobody would put it back afterwards."""
    return row.desired_quantity is not None or row.submitted_quantity is not None
