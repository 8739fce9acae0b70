"""My stock and prices are true on Amazon: read the shop now, ask core, write the intent, tell, leave a trace."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from django.db import transaction

from forain.contracts.marketplace import Marketplace
from forain.contracts.shop import Variant
from forain.core import authorization, errors
from forain.core.brakes import Kind
from forain.core.bundles import Parts
from forain.core.clock import Instant
from forain.core.ids import AccountId, OfferKey, SellerSku, ShopId, VariantId
from forain.core.money import Money
from forain.core.offers import (
    LOOK_AGAIN_WITHIN,
    Alarm,
    Change,
    Desired,
    Look,
    Observed,
    Plan,
    Settled,
    Submit,
    Wait,
    fell_by_itself,
    plan,
)
from forain.core.ownership import without
from forain.core.roads import Lane
from forain.core.rules import Effective, NotAWish
from forain.core.sharing import apart
from forain.core.stock import Why
from forain.core.terms import TAKEN_BACK
from forain.flows import authorize, choose_road, reckon_offers, share_stock, tell_offers
from forain.flows.add_up_bundles import Article, as_one, portions, sold_out
from forain.flows.brake import Brake, Told
from forain.flows.deps import Deps
from forain.flows.reckon_offers import Market, Reckoned, in_force_on, landed, settled_by, wanted
from forain.flows.share_stock import Families
from forain.store import feeds, fees, journal, landings, models, offers, orders, rules, runs, shops

FRESH = timedelta(minutes=15)
"""So long what was seen of an offer may be told upon without another look."""
TURN = timedelta(seconds=20)
"""So long one run works off batches; then it is due again at once, behind those of other accounts that have become due."""
FEED_PAGE = 500
"""So many offers are decided at a time for a feed: the shop is asked as often."""
IDLE = timedelta(minutes=5)
"""With nothing waiting: how soon the column is asked again without a poke."""
SHOP_AWAY = (errors.Unreachable, errors.ServerFault, errors.Busy)
"""The shop tells no stock now."""
AWAY_AGAIN = timedelta(minutes=5)
"""While all is to be 0: how soon an offer is decided again that was decided without the shop."""
PAUSED_AGAIN = timedelta(days=1)
"""What waits for a part that is paused: going on marks it again, and it need not be looked at before."""


def reconcile_offers(deps: Deps, account: models.Account) -> Instant:
    """Work off what waits; the answer is when something next may. Safe to repeat and to run twice at once.

    Where a feed is the cheaper road, falls to zero are told first as far as calls may be made now, then the feed is filled,
    and the calls go on with what is left for them. A run that lasts long gives way, so that other accounts have their turn.
    """
    if account.shop_id is None:
        return deps.clock.now() + IDLE
    begun_at = deps.clock.now()
    page_size = deps.open.marketplace_manifest(account.marketplace).page_size
    offers.turn(AccountId(account.pk), begun_at)
    road, brake = choose_road.choose(deps, account), Brake(account)
    if road.feed is not None:
        with suppress(errors.Throttled):
            # No more calls now: the feed is filled meanwhile.
            _work_off(deps, account, road.by_call(), brake, page_size, begun_at, worst=Lane.TO_ZERO)
        whole = _work_off(deps, account, road, brake, FEED_PAGE, begun_at, site=road.feed.site, best=road.best())
        choose_road.filled(deps, account, road, whole=whole)
        _work_off(deps, account, road.by_call(), brake, page_size, begun_at, worst=Lane.TO_ZERO)
    else:
        _work_off(deps, account, road, brake, page_size, begun_at)
    brake.look_back(deps.clock.now())
    return offers.next_due(AccountId(account.pk)) or deps.clock.now() + IDLE


def _work_off(
    deps: Deps,
    account: models.Account,
    road: choose_road.Choice,
    brake: Brake,
    most: int,
    begun_at: Instant,
    *,
    site: str = "",
    best: Lane = Lane.TO_ZERO,
    worst: Lane = Lane.CONTENT,
) -> bool:
    """Claim, decide and tell, `most` offers at a time, until none is left or the feed is full: True. False: the turn is over."""
    adapter = deps.open.marketplace(account)
    away: errors.AdapterError | None = None
    while road.has_room() and (
        rows := offers.claim(AccountId(account.pk), deps.clock.now(), most, site=site, best=best, worst=worst)
    ):
        with journal.chain(rows[0].correlation):
            try:
                away = _reconcile_batch(deps, account, adapter, rows, road, brake) or away
            finally:
                offers.release(rows)
        account.paused = authorize.still_allowed(deps, account, authorization.OFFERS).paused
        if deps.clock.now() - begun_at > TURN:
            return False
    if away is not None:
        raise away
    return True


def _reconcile_batch(
    deps: Deps,
    account: models.Account,
    adapter: Marketplace,
    rows: list[models.Offer],
    road: choose_road.Choice,
    brake: Brake,
) -> errors.AdapterError | None:
    """Decide and tell these; the answer is why the shop told no stock, where a 0 for all went on without it."""
    assert account.shop_id is not None
    # Asked after these offers were claimed: what begins or ends later marks them again.
    empty = landings.why_empty(AccountId(account.pk))
    skus = [SellerSku(row.sku) for row in rows]
    contents = shops.contents(AccountId(account.pk), skus)
    variants = {part.variant for parts in contents.values() for part in parts}
    shop = shops.get(ShopId(account.shop_id))
    # Sold pieces first, then the stock: an order that enters the shop in between counts twice for a moment, which
    # shows too few; the other way round it would count nowhere, and be sold again.
    unimported = unimported_per_variant(account, variants)
    if orders.unknown_sales(AccountId(account.pk)):
        # Nobody knows yet what was sold in that order: whatever fell by itself is not raised.
        account.sales_known_until = None
    away: errors.AdapterError | None = None
    stock: Mapping[VariantId, Variant] = {}
    try:
        stock = deps.open.shop(shop).stock(sorted(variants)) if variants else {}
    except SHOP_AWAY as error:
        if not empty:
            raise
        away = error
    manifest = deps.open.marketplace_manifest(account.marketplace)
    # As it is after the claim: whoever changes it later marks these offers again.
    market = reckon_offers.market(account, manifest, deps.clock.now())
    families = Families(AccountId(account.pk), manifest, market.sites, skus)
    if away is None:
        in_force = rules.InForce(AccountId(account.pk), skus, {variant.group for variant in stock.values()})
        estimates = fees.of_offers(row.pk for row in rows) if in_force.says("floor_markup") else {}
        known = _Known(contents, stock, unimported, in_force, market, families, empty, estimates)
        decided = [_decide(deps, account, row, market.sites.get(row.site), known) for row in rows]
        _ask_fees(deps, account, decided, estimates)
    else:
        decided = _emptied_unseen(deps, account, rows, market, families, contents, empty)
    decided = _paused(deps, account, decided)
    decided = _braked(deps, account, decided, market.sites, brake)
    offers.want([one.wanted for one in decided if one.wanted is not None], deps.clock.now())
    told = [(one.row, _act(deps, account, one, market.sites.get(one.row.site))) for one in decided]
    to_tell = [(row, change) for row, change in told if change is not None]
    to_tell = choose_road.allotted(deps, account, to_tell, road)
    if road.feed is not None:
        _put_in(deps, account, adapter, to_tell, road.feed)
    elif to_tell := _still_so(deps, account, adapter, to_tell):
        tell_offers.tell(deps, account, adapter, to_tell)
    if moved := [one.row for one in decided if isinstance(one.step, Look)]:
        _look(deps, account, adapter, moved, families)
    return away


def _ask_fees(
    deps: Deps, account: models.Account, decided: list["Decided"], known: Mapping[int, models.FeeEstimate]
) -> None:
    """Have the fees estimated that a floor counts and that are not known, or of a price that is far away by now."""
    wanted_of = [(one.row, one.fees_of) for one in decided if one.fees_of is not None]
    if wanted_of and fees.need(wanted_of, known, deps.clock.now()):
        runs.poke("estimate_fees", f"account:{account.pk}", deps.clock.now())


def _put_in(
    deps: Deps,
    account: models.Account,
    adapter: Marketplace,
    to_tell: list[tuple[models.Offer, Change]],
    feed: models.Feed,
) -> None:
    """Into the feed: first what was seen lately, then the others as they are looked at, some at a time: where no more may be
    looked at now, what was is not lost."""
    now = deps.clock.now()
    old = [(row, change) for row, change in to_tell if _long_unseen(row, now)]
    feeds.add(feed, [(row, change) for row, change in to_tell if not _long_unseen(row, now)], now)
    page_size = deps.open.marketplace_manifest(account.marketplace).page_size
    for start in range(0, len(old), page_size):
        holds = _still_so(deps, account, adapter, old[start : start + page_size])
        feeds.add(feed, holds, deps.clock.now())


def _long_unseen(row: models.Offer, now: Instant) -> bool:
    """It was last seen a while ago, or was asked for since and missed."""
    return row.observed_at is None or now - row.observed_at > FRESH or offers.missed(row)


def _look(
    deps: Deps, account: models.Account, adapter: Marketplace, rows: list[models.Offer], families: Families
) -> None:
    """See again what orders have moved, and what shares with it; it stays marked, and is planned anew with what was seen."""
    now = deps.clock.now()
    with_sisters = [one for row in rows for one in (row, *families.sisters(row))]
    missing = share_stock.look(AccountId(account.pk), adapter, with_sisters, now)
    for row in rows:
        if row.pk in missing:
            offers.postpone(row, now + FRESH)


def _still_so(
    deps: Deps, account: models.Account, adapter: Marketplace, to_tell: list[tuple[models.Offer, Change]]
) -> list[tuple[models.Offer, Change]]:
    """What was last seen a while ago, or missed since, is looked at once more before anything is told; the answer is what
    still holds.

    Meanwhile the offer may be gone (a value told would open an empty one) or the marketplace's to send (a quantity told
    would open a second one). What has changed stays marked, and is planned anew with what was seen.
    """
    now = deps.clock.now()
    old = {offers.key_of(row): row for row, _ in to_tell if _long_unseen(row, now)}
    if not old:
        return to_tell
    seen: dict[OfferKey, Observed] = {}
    looked_at: set[OfferKey] = set()
    for keys, shown in share_stock.sites_seen(adapter, list(old)):
        offers.see(AccountId(account.pk), shown, now)
        seen |= {offer.key: offer for offer in shown}
        looked_at.update(keys)
    offers.looked(row for key, row in old.items() if key in seen)
    holds = []
    for row, change in to_tell:
        before, after = offers.observed_of(row), seen.get(change.key)
        if change.key not in old:
            holds.append((row, change))
        elif change.key not in looked_at:
            # Its site may not be asked now: it stays as it is, and its turn comes.
            continue
        elif after is None:
            offers.postpone(row, now + FRESH)
        elif before and (before.quantity, before.price, before.terms, before.fulfilled_by) == (
            after.quantity, after.price, after.terms, after.fulfilled_by,
        ) and not fell_by_itself(
            change.quantity, after, row.acknowledged_quantity, account.sales_known_until
        ):  # fmt: skip
            # The same number again may be another fall: what was taken back, and sold since.
            holds.append((row, change))
    return holds


def unimported_per_variant(account: models.Account, variants: set[VariantId]) -> dict[str, int]:
    """Pieces of these variants that were sold on any account of the same shop, by themselves or in a bundle, and that the shop
    does not know of."""
    assert account.shop_id is not None
    linked = shops.skus_of(ShopId(account.shop_id), variants)
    found: dict[str, int] = {}
    for sold, pieces in orders.unimported_pieces(sorted({number for number, _ in linked})).items():
        for part in linked.get(sold, ()):
            found[part.variant] = found.get(part.variant, 0) + pieces * part.need
    return found


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
class _Known:
    """What is known of a batch before its offers are decided. `empty`: why quantities that are ours are to be 0, "": they are not."""

    contents: Mapping[SellerSku, Parts]
    stock: Mapping[VariantId, Variant]
    unimported: Mapping[str, int]
    in_force: rules.InForce
    market: Market
    families: Families
    empty: Why
    fees: Mapping[int, models.FeeEstimate]


def _decide(
    deps: Deps, account: models.Account, row: models.Offer, site: models.AccountSite | None, known: _Known
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
    row: models.Offer, rule: Effective | NotAWish, site: models.AccountSite, left: Article, known: _Known
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
        rest = _plan(deps, account, row, apart(desired))
        step = share_stock.step_of(row, desired, rest, carrier, manifest, deps.clock.now())
        if step != "itself":
            return step, carrier
    return _plan(deps, account, row, desired), None


def _plan(deps: Deps, account: models.Account, row: models.Offer, desired: Desired) -> Plan:
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


def _emptied_unseen(
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


def _paused(deps: Deps, account: models.Account, decided: list[Decided]) -> list[Decided]:
    """The same, without what the merchant has paused, which goes on waiting: at once where nothing else is to be told, else once
    that is seen (`offers.mark_unlike`)."""
    stock, prices = "stock" in account.paused, "prices" in account.paused
    if not stock and not prices:
        return decided
    found: list[Decided] = []
    for one in decided:
        step = one.step
        if isinstance(step, Submit):
            step = _rest(deps, account, one, quantity=not stock, price=not prices)
        if isinstance(step, Settled) and step != one.step:
            step = Wait(deps.clock.now() + PAUSED_AGAIN, "paused")
        found.append(replace(one, step=step))
    return found


def _rest(deps: Deps, account: models.Account, one: Decided, *, quantity: bool, price: bool) -> Plan:
    """What to do about an offer without its quantity, or without its price and what goes with it. What was told of the rest and
    is not seen yet is not told anew for the sake of what is left out."""
    assert one.wanted is not None
    left = one.wanted.desired if one.carrier is None else apart(one.wanted.desired)
    left = left if quantity else replace(left, quantity=None)
    return _plan(deps, account, one.row, left if price else without(left, ("price", *TAKEN_BACK)))


def _braked(
    deps: Deps, account: models.Account, decided: list[Decided], sites: Mapping[str, models.AccountSite], brake: Brake
) -> list[Decided]:
    """The same, without what is held because it is too much at once, or too far from what was told last."""
    sent = {site for site, row in sites.items() if row.writes_allowed_at is not None}
    changes = [(one, _told_of(one)) for one in decided if one.row.site in sent]
    about = [Told(one.row, change, one.sold) for one, change in changes if change is not None]
    anew = [one.row for one in decided if isinstance(one.step, Submit | Settled) or _waits_for_carrier(one)]
    held = brake.hold(anew, about, deps.clock.now()) if anew else {}
    return [_without(deps, account, one, held[one.row.pk]) if one.row.pk in held else one for one in decided]


def _told_of(one: Decided) -> Change | None:
    """What is about to be told of an offer, by itself or by the one that carries for it: it falls with that one."""
    change = one.step.change if isinstance(one.step, Submit) else None
    falls = one.carrier is not None and one.wanted is not None and one.wanted.desired.quantity == 0
    if not falls or (change is None and not _waits_for_carrier(one)):
        return change
    return replace(change or Change(offers.key_of(one.row), None, None), quantity=0)


def _waits_for_carrier(one: Decided) -> bool:
    """All that it tells itself is shown; what another one tells for it is not."""
    return one.step in ("anew", "at_rest") or (isinstance(one.step, Wait) and one.step.code == "shared")


def _without(deps: Deps, account: models.Account, one: Decided, kinds: set[Kind]) -> Decided:
    assert one.wanted is not None
    # What is paused stays left out too: the rest is planned anew from all that is wanted.
    quantity = "zero" not in kinds and "stock" not in account.paused
    rest = _rest(deps, account, one, quantity=quantity, price=not kinds - {"zero"} and "prices" not in account.paused)
    notes = [*one.wanted.notes, *(f"braked_{kind}" for kind in sorted(kinds))]
    step: Plan | Literal["braked"] = "braked" if isinstance(rest, Settled) else rest
    return replace(one, wanted=replace(one.wanted, notes=notes), step=step)


def _act(deps: Deps, account: models.Account, decided: Decided, site: models.AccountSite | None) -> Change | None:
    """Write what was decided; the answer is the change to tell, None: nothing is to be told."""
    row, number, now = decided.row, decided.row.wanted_no, deps.clock.now()
    match decided.step:
        case "braked" if decided.held:
            offers.alarm(row, "held", decided.held, number, now)
        case "anew":
            assert decided.carrier is not None
            offers.mark_these([decided.carrier.pk], now)
            offers.postpone(row, now + LOOK_AGAIN_WITHIN)
        case "at_rest" if decided.held:
            offers.alarm(row, "held", decided.held, number, now)
        case "unlinked" | "braked" | "at_rest":
            offers.park(row, number)
        case "variant_gone":
            offers.alarm(row, "variant_gone", decided.held, number, now)
        case Settled() if decided.held:
            offers.alarm(row, "held", decided.held, number, now)
        case Settled():
            offers.settle(row, number)
        case Wait(until=until):
            offers.postpone(row, until)
        case Alarm(code=code):
            with transaction.atomic():
                if offers.alarm(row, code, "", number, now):
                    journal.write(
                        now, code, account=AccountId(account.pk), subject=str(offers.key_of(row)),
                        correlation_id=row.correlation,
                    )  # fmt: skip
        case Submit(change=change):
            if site is not None and site.writes_allowed_at is not None:
                return change
            offers.park(row, number)
    return None


def _quantity_told(row: models.Offer) -> bool:
    """A quantity of ours is on record. Not so where the shop manages no stock for it: what Amazon shows there is the
    merchant's own number, and nobody would put it back afterwards."""
    return row.desired_quantity is not None or row.submitted_quantity is not None
