"""My stock and prices are true on Amazon: read the shop now, ask core, write the intent, tell, leave a trace."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from django.db import transaction

from forain.contracts.marketplace import Marketplace
from forain.contracts.shop import Variant
from forain.core import authorization, errors
from forain.core.clock import Instant
from forain.core.ids import AccountId, OfferKey, SellerSku, ShopId, VariantId
from forain.core.offers import LOOK_AGAIN_WITHIN, Alarm, Change, Look, Observed, Settled, Submit, Wait, fell_by_itself
from forain.core.roads import Lane
from forain.flows import authorize, choose_road, hold_back, reckon_offers, share_stock, tell_offers
from forain.flows.brake import Brake
from forain.flows.decide_offers import Decided, Known, decide, emptied_unseen
from forain.flows.deps import Deps
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
        known = Known(contents, stock, unimported, in_force, market, families, empty, estimates)
        decided = [decide(deps, account, row, market.sites.get(row.site), known) for row in rows]
        _ask_fees(deps, account, decided, estimates)
    else:
        decided = emptied_unseen(deps, account, rows, market, families, contents, empty)
    decided = hold_back.paused(deps, account, decided)
    decided = hold_back.braked(deps, account, decided, market.sites, brake)
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
