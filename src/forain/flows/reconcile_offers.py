"""My stock and prices are true on Amazon: read the shop now, ask core, write the intent, tell, leave a trace."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from django.db import transaction

from forain.contracts.marketplace import Accepted, Marketplace, Refusal, Unclear
from forain.contracts.shop import Variant
from forain.core import errors
from forain.core.clock import Instant
from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.core.money import Money
from forain.core.offers import Alarm, Change, Desired, Look, Plan, Settled, Submit, Wait, fell_by_itself, plan
from forain.core.pricing import NoPrice, Rate, price_on_site
from forain.core.rules import Effective, NotAWish
from forain.core.stock import LANDED, Sellable, StockLevel, sellable
from forain.flows import authorize
from forain.flows.deps import Deps
from forain.flows.observe_offers import FIRST_LOOK
from forain.store import accounts, journal, landings, models, offers, orders, rates, rules, runs, shops

FRESH = timedelta(minutes=15)
"""So long what was seen of an offer may be told upon without another look."""
HOLD_AGAIN = timedelta(seconds=30)
"""How often a worker that tells many offers says that it still holds the rest."""
IDLE = timedelta(minutes=5)
"""With nothing waiting: how soon the column is asked again without a poke."""
SHOP_AWAY = (errors.Unreachable, errors.ServerFault, errors.Busy)
"""The shop tells no stock now."""
HELD_PRICES = ("tax_rate_missing", "floor_above_ceiling", "rate_missing", "rate_too_old")
"""Why there is no price, and a person must look."""
AWAY_AGAIN = timedelta(minutes=5)
"""During a landing: how soon an offer is decided again that was decided without the shop."""


def reconcile_offers(deps: Deps, account: models.Account) -> Instant:
    """Work off what waits; the answer is when something next may. Safe to repeat and to run twice at once."""
    if account.shop_id is None:
        return deps.clock.now() + IDLE
    manifest = deps.open.marketplace_manifest(account.marketplace)
    adapter = deps.open.marketplace(account)
    away: errors.AdapterError | None = None
    while rows := offers.claim(AccountId(account.pk), deps.clock.now(), manifest.page_size):
        with journal.chain(rows[0].correlation):
            try:
                away = _reconcile_batch(deps, account, adapter, rows) or away
            finally:
                offers.release(rows)
        account.safe_landing = authorize.still_allowed(deps, account).safe_landing
    if away is not None:
        raise away
    return offers.next_due(AccountId(account.pk)) or deps.clock.now() + IDLE


def _reconcile_batch(
    deps: Deps, account: models.Account, adapter: Marketplace, rows: list[models.Offer]
) -> errors.AdapterError | None:
    """Decide and tell these; the answer is why the shop told no stock, where a landing went on without it."""
    assert account.shop_id is not None
    # Asked after these offers were claimed: a landing that begins or ends later marks them again. (None begins within an
    # hour of its switching on, so that the setting read before the last batch is new enough.)
    landing = account.safe_landing and landings.under_way(AccountId(account.pk))
    skus = [SellerSku(row.sku) for row in rows]
    links = shops.confirmed_links(AccountId(account.pk), skus)
    shop = shops.get(ShopId(account.shop_id))
    # Sold pieces first, then the stock: an order that enters the shop in between counts twice for a moment, which
    # shows too few; the other way round it would count nowhere, and be sold again.
    unimported = unimported_per_variant(account, set(links.values()))
    if orders.unknown_sales(AccountId(account.pk)):
        # Nobody knows yet what was sold in that order: whatever fell by itself is not raised.
        account.sales_known_until = None
    away: errors.AdapterError | None = None
    stock: Mapping[VariantId, Variant] = {}
    try:
        stock = deps.open.shop(shop).stock(sorted(set(links.values()))) if links else {}
    except SHOP_AWAY as error:
        if not landing:
            raise
        away = error
    sites = {site.site: site for site in accounts.sites(AccountId(account.pk))}
    if away is None:
        # As they are after the claim: whoever changes them later marks these offers again.
        in_force = rules.InForce(AccountId(account.pk), skus, {variant.group for variant in stock.values()})
        exchange = Exchange(rates.into({site.currency for site in sites.values()}), deps.clock.now().date())
        known = _Known(links, stock, unimported, in_force, exchange, bool(landing))
        decided = [_decide(deps, account, row, sites.get(row.site), known) for row in rows]
    else:
        decided = _landed_unseen(deps, account, rows, sites, links)
    offers.want([one.wanted for one in decided if one.wanted is not None], deps.clock.now())
    told = [(one.row, _act(deps, account, one, sites.get(one.row.site))) for one in decided]
    to_tell = [(row, change) for row, change in told if change is not None]
    to_tell = _still_so(deps, account, adapter, to_tell)
    if to_tell:
        _tell(deps, account, adapter, to_tell)
    if moved := [one.row for one in decided if isinstance(one.step, Look)]:
        _look(deps, account, adapter, moved)
    return away


def _look(deps: Deps, account: models.Account, adapter: Marketplace, rows: list[models.Offer]) -> None:
    """See again what orders have moved; it stays marked, and is planned anew with what was seen."""
    now = deps.clock.now()
    seen = adapter.observe([offers.key_of(row) for row in rows])
    offers.see(AccountId(account.pk), seen, now)
    shown = {offer.key for offer in seen}
    offers.looked(row for row in rows if offers.key_of(row) in shown)
    for row in rows:
        if offers.key_of(row) not in shown:
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
    old = {
        offers.key_of(row): row
        for row, _ in to_tell
        if row.observed_at is None or now - row.observed_at > FRESH or offers.missed(row)
    }
    if not old:
        return to_tell
    seen = {o.key: o for o in adapter.observe(list(old))}
    offers.see(AccountId(account.pk), list(seen.values()), now)
    offers.looked(row for key, row in old.items() if key in seen)
    holds = []
    for row, change in to_tell:
        before, after = offers.observed_of(row), seen.get(change.key)
        if change.key not in old:
            holds.append((row, change))
        elif after is None:
            offers.postpone(row, now + FRESH)
        elif before and (before.quantity, before.price, before.fulfilled_by) == (
            after.quantity, after.price, after.fulfilled_by,
        ) and not fell_by_itself(
            change.quantity, after, row.acknowledged_quantity, account.sales_known_until
        ):  # fmt: skip
            # The same number again may be another fall: what was taken back, and sold since.
            holds.append((row, change))
    return holds


def unimported_per_variant(account: models.Account, variants: set[VariantId]) -> dict[str, int]:
    """Pieces of these variants that were sold on any account of the same shop and that the shop does not know of."""
    assert account.shop_id is not None
    linked = shops.skus_of(ShopId(account.shop_id), variants)
    found: dict[str, int] = {}
    for sold, pieces in orders.unimported_pieces(sorted({number for number, _ in linked})).items():
        if sold in linked:
            found[linked[sold]] = found.get(linked[sold], 0) + pieces
    return found


@dataclass(frozen=True, slots=True)
class Exchange:
    """The exchange rates, by (source, target), and the day they are used on."""

    rates: Mapping[tuple[str, str], Rate]
    today: date


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be done about one offer. `wanted` None: its article is gone or cannot be asked for, what was wanted stays. `held`: why
    something of it is held back, "" for nothing."""

    row: models.Offer
    wanted: offers.Wanted | None
    step: Plan | Literal["unlinked", "variant_gone"]
    held: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a batch before its offers are decided. `landing`: quantities that are ours are to be 0."""

    links: Mapping[SellerSku, VariantId]
    stock: Mapping[VariantId, Variant]
    unimported: Mapping[str, int]
    in_force: rules.InForce
    exchange: Exchange
    landing: bool


def _decide(
    deps: Deps, account: models.Account, row: models.Offer, site: models.AccountSite | None, known: _Known
) -> Decided:
    """Ask core about one offer; nothing is written."""
    link = known.links.get(SellerSku(row.sku))
    if site is None or link is None:
        why = ["unlinked" if link is None else "site_not_used"]
        return Decided(row, offers.Wanted(row, Desired(None, None), [], why), "unlinked")
    variant = known.stock.get(link)
    if variant is not None:
        rule = known.in_force.of(site.site, site.currency, row.sku, variant.group)
        desired, steps, notes, held = wanted(
            variant, rule, site.currency, known.unimported.get(link, 0), known.landing,
            told=_quantity_told(row), exchange=known.exchange,
        )  # fmt: skip
    elif known.landing and _quantity_told(row):
        desired, steps, notes, held = Desired(LANDED.quantity, None), _told(LANDED), [], ""
    else:
        return Decided(row, None, "variant_gone", link)
    step = _plan(deps, account, row, desired)
    told = offers.Wanted(row, desired, steps, [*notes, *step.notes])
    if variant is None and isinstance(step, Settled):
        return Decided(row, told, "variant_gone", link)
    return Decided(row, told, step, held)


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


def _landed_unseen(
    deps: Deps,
    account: models.Account,
    rows: list[models.Offer],
    sites: Mapping[str, models.AccountSite],
    links: Mapping[SellerSku, VariantId],
) -> list[Decided]:
    """A landing while the shop is away: a 0 needs no shop, and cannot wait for one. Where no quantity of ours is on record
    nothing is decided, and prices are left alone; all stays marked, and is decided anew when the shop is back."""
    again = deps.clock.now() + AWAY_AGAIN
    decided = []
    for row in rows:
        if row.site not in sites or SellerSku(row.sku) not in links or not _quantity_told(row):
            decided.append(Decided(row, None, Wait(again, "shop_away")))
            continue
        desired = Desired(LANDED.quantity, None)
        step = _plan(deps, account, row, desired)
        told = offers.Wanted(row, desired, _told(LANDED), list(step.notes))
        decided.append(Decided(row, told, Wait(again, "shop_away") if isinstance(step, Settled) else step))
    return decided


def _act(deps: Deps, account: models.Account, decided: Decided, site: models.AccountSite | None) -> Change | None:
    """Write what was decided; the answer is the change to tell, None: nothing is to be told."""
    row, number = decided.row, decided.row.wanted_no
    match decided.step:
        case "unlinked":
            offers.park(row, number)
        case "variant_gone":
            offers.alarm(row, "variant_gone", decided.held, number)
        case Settled() if decided.held:
            offers.alarm(row, "held", decided.held, number)
        case Settled():
            offers.settle(row, number)
        case Wait(until=until):
            offers.postpone(row, until)
        case Alarm(code=code):
            with transaction.atomic():
                if offers.alarm(row, code, "", number):
                    journal.write(
                        deps.clock.now(), code, account=AccountId(account.pk), subject=str(offers.key_of(row)),
                        correlation_id=row.correlation,
                    )  # fmt: skip
        case Submit(change=change):
            if site is not None and site.writes_allowed_at is not None:
                return change
            offers.park(row, number)
    return None


def _quantity_told(row: models.Offer) -> bool:
    """A quantity of ours is on record. Not so where the shop manages no stock for it: what Amazon shows there is the
    merchant's own number, and nobody would put it back after a landing."""
    return row.desired_quantity is not None or row.submitted_quantity is not None


def _told(found: Sellable, rule: Effective | None = None) -> list[list[str]]:
    """The steps as they are kept: code, value, and the level of the rule that said it ("": no rule did)."""
    said_by = rule.said_by if rule else {}
    return [[code, value, said_by.get(code, "")] for code, value in found.steps]


def wanted(
    variant: Variant,
    rule: Effective | NotAWish,
    currency: str,
    unimported: int,
    landing: bool = False,
    *,
    exchange: Exchange,
    told: bool = False,
) -> tuple[Desired, list[list[str]], list[str], str]:
    """What the rules want of a variant on a site: (desired, steps for "why?", notes, why something is held).

    `rule`: what counts for the offer; NotAWish: it cannot be read, and what stands on the marketplace stays. `landing`: a
    quantity that is ours to tell is 0, also one that is held back if it was `told` before.
    """
    if isinstance(rule, NotAWish):
        landed = landing and told
        return Desired(LANDED.quantity if landed else None, None), _told(LANDED) if landed else [], [], "rule_wrong"
    steps: list[list[str]] = []
    notes: list[str] = []
    held = ""
    quantity: int | None = None
    # A price that is wrong says nothing of the stock.
    stock_held = variant.level is None and any(not problem.code.startswith("price_") for problem in variant.problems)
    managed = variant.level is not None or (rule.stock.fixed is not None and not stock_held)
    if not rule.sends_quantity:
        notes.append("quantity_not_sent")
    elif landing and (managed or (stock_held and told)):
        quantity = LANDED.quantity
        steps += _told(LANDED)
    elif not managed:
        notes.append("stock_held" if stock_held else "stock_not_managed")
    else:
        try:
            found = sellable(variant.level or StockLevel(0), unimported, rule.stock, active=variant.active)
        except ValueError as error:
            held = str(error)
        else:
            quantity = found.quantity
            steps += _told(found, rule)
    price: Money | None = None
    if not rule.sends_price:
        notes.append("price_not_sent")
    elif variant.price is not None:
        rate = exchange.rates.get((variant.price.currency, currency))
        priced = price_on_site(
            variant.price, currency, rule.price, shop_tax=variant.tax_rate, rate=rate, today=exchange.today
        )
        if isinstance(priced, NoPrice):
            notes.append(priced.code)
            held = priced.code if priced.code in HELD_PRICES else held
        else:
            price = priced.price
            steps += [[code, value, rule.said_by.get(code, "")] for code, value in priced.steps]
    if variant.problems:
        held = variant.problems[0].code
    return Desired(quantity, price), steps, notes, held


def _tell(
    deps: Deps, account: models.Account, adapter: Marketplace, to_tell: list[tuple[models.Offer, Change]]
) -> None:
    """Write the intents, commit, call out, write each receipt as it comes.

    Told is only what this worker holds while it tells: an older value must not come after another worker's newer one.
    """
    held_at = now = deps.clock.now()
    ours = {row.pk for row in offers.hold([row for row, _ in to_tell], now)}
    to_tell = offers.intend([(row, change) for row, change in to_tell if row.pk in ours], now)
    waiting = {change.key: row for row, change in to_tell}
    changes = {change.key: change for _, change in to_tell}
    if (held := _held(deps, list(waiting.values()), held_at)) is None:
        return
    held_at = held
    try:
        for receipt in adapter.submit([change for _, change in to_tell]):
            row = waiting.pop(receipt.key)
            told_at = deps.clock.now()
            change = changes[receipt.key]
            # The receipt and its line in the journal together: it is read from the generator once only.
            with transaction.atomic():
                until = told_at + deps.open.marketplace_manifest(account.marketplace).acknowledge_within
                match receipt:
                    case Accepted(submission_id=submission):
                        offers.accepted(row, submission, until)
                        _journal(deps, account, row, change, "told")
                    case Unclear(field=field):
                        offers.accepted(row, offers.UNREAD, until)
                        _journal(deps, account, row, change, "answer_unread", field)
                    case Refusal(problems=problems):
                        if offers.refused(row, problems, row.wanted_no) or not offers.told_before(row, change):
                            _journal(deps, account, row, change, "refused", problems[0].text if problems else "")
                    case _:
                        offers.settle(row, row.wanted_no)
            if (held := _held(deps, list(waiting.values()), held_at)) is None:
                return
            held_at = held
    except (errors.Throttled, *authorize.REFUSALS, errors.Denied):
        # Refused at the door: nothing of what has no receipt was taken.
        for row in waiting.values():
            offers.untold(row)
        raise
    finally:
        runs.poke("observe_offers", f"account:{account.pk}", deps.clock.now() + FIRST_LOOK)


def _held(deps: Deps, rows: list[models.Offer], held_at: Instant) -> Instant | None:
    """Say once more, where the last time is a while ago, that these are held; the answer is when that was.

    None: this worker was away for so long that another took one over; none of them is to be told. Asked by the clock as
    it is now, and again where the asking took long: a machine may sleep at any statement.
    """
    while rows and deps.clock.now() - held_at > HOLD_AGAIN:
        held_at = deps.clock.now()
        if len(offers.hold(rows, held_at)) < len(rows):
            for row in rows:
                offers.untold(row)
            return None
    return held_at


def _journal(
    deps: Deps, account: models.Account, row: models.Offer, change: Change, code: str, problem: str = ""
) -> None:
    told = {
        "quantity": "" if change.quantity is None else str(change.quantity),
        "price": str(change.price) if change.price else "",
        "problem": problem,
    }
    journal.write(
        deps.clock.now(), code, account=AccountId(account.pk), subject=str(change.key), placeholders=told,
        correlation_id=row.correlation,
    )  # fmt: skip
