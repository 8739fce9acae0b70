"""I see what my rules make of an article or a bundle on a site, and why: quantity, price and terms, reckoned from what is known now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from forain.contracts.manifest import MarketplaceManifest
from forain.core.business import business_on_site
from forain.core.clock import Instant
from forain.core.floors import FEE_MISSING, FEE_REFUSED, CostFloor, CostRule, Fee, floor_of_cost
from forain.core.ids import AccountId
from forain.core.money import Money
from forain.core.offers import Desired
from forain.core.ownership import LEADERS, disputed, refuses, without
from forain.core.pricing import NoPrice, PriceRule, Rate
from forain.core.rules import Effective, NotAWish
from forain.core.sales import Moment, OfPrices, prices_on_site
from forain.core.sharing import SHARED, longest, smallest
from forain.core.stock import ABSURD_QUANTITY, Counted, NotCounted, Sellable, Why, nothing, sellable_bundle
from forain.core.terms import TAKEN_BACK, Sale, Terms, as_text
from forain.flows.add_up_bundles import Article
from forain.store import accounts, models, offers, rates, rules

HELD_PRICES = (
    "price_rule_wrong", "tax_rate_missing", "floor_above_ceiling", "rate_missing", "rate_too_old", "sale_days", "sale_not_below_price",
    "business_price_above_price", "rules_leave_no_price", "bundle_price_missing", "bundle_currencies_differ", "bundle_taxes_differ",
    "cost_missing", "fee_missing", "fee_refused", "fees_above_price",
)  # fmt: skip
"""Why there is no price or no sale, and a person must look."""
OURS = LEADERS[0]
SAID_BY = {
    "business": ("business_price", "business_percent", "business_tiers"),
    "sale": ("sale_price", "special_price"),
    "special_price": ("special_price",),
    "floor_cost": ("floor_markup",),
    "fees": ("floor_fees",),
}
"""The wishes a step comes from, where it is not called as they are."""


@dataclass(frozen=True, slots=True)
class Market:
    """What counts for all offers of an account now: its `sites` in use by id, exchange `rates` by (source, target), the hour, and
    what the marketplace is."""

    sites: Mapping[str, models.AccountSite]
    rates: Mapping[tuple[str, str], Rate]
    now: Instant
    manifest: MarketplaceManifest

    def moment(self, site: str) -> Moment:
        """Now, as days are counted on the site."""
        known = self.manifest.site(site)
        return Moment(self.now, known.time_zone if known else "UTC")


def market(account: models.Account, manifest: MarketplaceManifest, now: Instant) -> Market:
    """As it is now."""
    sites = {site.site: site for site in accounts.sites(AccountId(account.pk))}
    return Market(sites, rates.into({site.currency for site in sites.values()}), now, manifest)


def in_force_on(
    in_force: rules.InForce, market: Market, sisters: Iterable[models.Offer], sku: str, group: str
) -> list[tuple[models.AccountSite, Effective | NotAWish]]:
    """The sites of these offers of one SKU, with the rules that count for it there."""
    sites = [market.sites[one.site] for one in sisters]
    return [(site, in_force.of(site.site, site.currency, sku, group)) for site in sites]


@dataclass(slots=True)
class Reckoned:
    """What the rules want of an article on a site, and how it came about: `steps` (code, value, level of the rule that said
    it, "" where none did), `notes`, and why something is `held`, "" for nothing. `turns_at`: when it changes by itself.
    `led_elsewhere`: field that others lead -> [who, what the rules would say]. `shop_price`: the article's own one. `fees_of`: the
    price whose fees the floor counts, None: it counts none. `at_most`: where the quantity is not known, what is surely no less
    than it; None: nothing is."""

    desired: Desired
    steps: list[list[str]]
    notes: list[str]
    held: str = ""
    turns_at: Instant | None = None
    led_elsewhere: dict[str, list[str]] = field(default_factory=dict)
    shop_price: Money | None = None
    fees_of: Money | None = None
    at_most: Sellable | None = None


def landed(empty: Why) -> Reckoned:
    """While nothing is for sale, where no more than that is known."""
    return Reckoned(Desired(0, None), _told(nothing(empty)), [])


def wanted(
    article: Article,
    rule: Effective | NotAWish,
    site: models.AccountSite,
    market: Market,
    empty: Why = "",
    *,
    told: bool = False,
    fee: Fee | NoPrice = FEE_MISSING,
    sharing: Sequence[tuple[models.AccountSite, Effective | NotAWish]] = (),
) -> Reckoned:
    """What the rules want on a site of what an SKU sells.

    `rule`: what counts for the offer; NotAWish: it cannot be read, and what stands on the marketplace stays. `empty`: why a
    quantity that is ours to tell is 0 ("": it is not), also one that is held back if it was `told` before. `fee`: what the
    marketplace keeps of a price of this offer. `sharing`: the other sites that share the SKU's stock, with what counts for it
    there: one quantity and one handling time is decided for all.
    """
    if isinstance(rule, NotAWish):
        found = landed(empty) if empty and told else Reckoned(Desired(None, None), [], [])
        found.held = "rule_wrong"
        return found
    found = Reckoned(Desired(None, None), [], [])
    quantity = _quantity(article, rule, found, empty, told)
    if sharing:
        quantity = _shared_quantity(article, (site, rule, quantity), sharing, found, empty, told)
    days, days_by = _handling_days((site, rule), sharing)
    wished = Terms(handling_days=days)
    withdrawn: frozenset[str] = frozenset()
    price = None
    found.shop_price = shop_price = article.price
    if article.special_left_out and rule.sales.special != "no":
        found.notes.append("special_not_for_bundles")
    if shop_price is not None and rule.price.fixed is None and rule.price_group in article.group_prices:
        shop_price = article.group_prices[rule.price_group]
        found.steps.append(["price_group", rule.price_group, _said_by("price_group", rule)])
    if rule.price_wrong:
        found.notes.append("price_rule_wrong")
        found.held = "price_rule_wrong" if rule.led_by["price"] == OURS else found.held
    elif shop_price is not None or rule.price.fixed is not None:
        prices, floor = _prices(article, shop_price, rule, site, market, fee, found)
        price, found.turns_at = prices.price, prices.turns_at
        found.steps += [[code, value, _said_by(code, rule)] for code, value in prices.steps]
        if prices.problem:
            found.notes.append(prices.problem)
            if prices.problem in HELD_PRICES and rule.led_by["price"] == OURS:
                found.held = prices.problem
        if price is not None:
            business = business_on_site(price, rule.business, floor)
            if isinstance(business, str):
                found.notes.append(business)
                found.held = business if rule.led_by["price"] == OURS else found.held
                business = None
            wished = replace(wished, sale=prices.sale, list_price=rule.sales.list_price, business=business)
            withdrawn = frozenset(
                name for name in TAKEN_BACK if getattr(wished, name) is None and (name != "sale" or prices.no_sale)
            )
    elif article.no_price:
        found.notes.append(article.no_price)
        found.held = article.no_price if rule.led_by["price"] == OURS else found.held
    terms = wished.only(market.manifest.terms)
    if terms != wished:
        found.notes.append("terms_not_here")
    for name, text in as_text(terms).items():
        found.steps.append([name, text, _said_by(name, days_by[1] if name == "handling_days" else rule)])
        if name == "handling_days" and days_by[0] != site:
            found.steps.append(["site_counts", days_by[0].domain, ""])
    if article.problems:
        found.held = article.problems[0].code
    found.desired = Desired(quantity, price, terms, withdrawn)
    _leave_to_others(rule, [one for _, one in sharing if not isinstance(one, NotAWish)], found)
    return found


def _prices(
    article: Article,
    shop_price: Money | None,
    rule: Effective,
    site: models.AccountSite,
    market: Market,
    fee: Fee | NoPrice,
    found: Reckoned,
) -> tuple[OfPrices, Money | None]:
    """Price and sale, and the floor that held for them: the higher one of what a rule says and what follows from the cost. Where
    that cannot be reckoned there is no price at all: any might be sold at a loss."""
    moment = market.moment(site.site)

    def by(wish: PriceRule) -> OfPrices:
        return prices_on_site(
            shop_price, article.special, site.currency, wish, rule.sales, moment, shop_tax=article.tax_rate,
            rates=market.rates,
        )  # fmt: skip

    if rule.cost is None:
        return by(rule.price), rule.price.floor

    def low(wish: CostRule) -> CostFloor | NoPrice:
        rate = market.rates.get((article.cost.currency, site.currency)) if article.cost else None
        tax = article.tax_rate if rule.price.site_tax is None else rule.price.site_tax
        return floor_of_cost(article.cost, site.currency, wish, tax=tax, fee=fee, rate=rate, today=moment.today)

    lowest = low(rule.cost)
    # Without an estimate it is asked for, at the price that comes next to it.
    reckoned = low(replace(rule.cost, fees=False)) if lowest in (FEE_MISSING, FEE_REFUSED) else lowest
    if isinstance(reckoned, NoPrice):
        return OfPrices(None, None, (), reckoned.code), None
    floor = max(reckoned.lowest, rule.price.floor or reckoned.lowest)
    prices = by(replace(rule.price, floor=floor))
    if rule.cost.fees and rule.led_by["price"] == OURS:
        found.fees_of = prices.price
    if isinstance(lowest, NoPrice):
        return OfPrices(None, None, (), lowest.code), None
    return replace(prices, steps=(*prices.steps, *reckoned.steps) if prices.price else ()), floor


def _shared_quantity(
    article: Article,
    own: tuple[models.AccountSite, Effective, int | None],
    sharing: Sequence[tuple[models.AccountSite, Effective | NotAWish]],
    found: Reckoned,
    empty: Why,
    told: bool,
) -> int | None:
    """The one quantity of all sites that share, with its steps, and the site whose rules it comes from where these differ. Where
    the rules of one cannot be read nobody knows which is the smallest, and what stands stays."""
    reckoned: list[tuple[models.AccountSite, int | None, Reckoned]] = [(own[0], own[2], found)]
    for site, rule in sharing:
        there = Reckoned(Desired(None, None), [], [])
        if isinstance(rule, NotAWish):
            there.held = "" if empty else "rule_wrong"
            quantity = 0 if empty and found.steps else None
        else:
            quantity = _quantity(article, rule, there, empty, told)
        reckoned.append((site, quantity, there))
    numbers = [quantity for _, quantity, _ in reckoned]
    held = next((there.held for _, _, there in reckoned if there.held), "")
    place = smallest(numbers)
    if held or place is None:
        found.held = held
        bounds = [there.at_most for _, _, there in reckoned if there.at_most is not None]
        found.at_most = min(bounds, key=lambda one: one.quantity, default=None)
        return None
    found.at_most = None
    if len(set(numbers)) == 1:
        return numbers[0]
    site, quantity, there = reckoned[place]
    found.steps = [*there.steps, ["site_counts", site.domain, ""]]
    found.notes = [*dict.fromkeys([*there.notes, "quantity_shared"])]
    return quantity


def _handling_days(
    own: tuple[models.AccountSite, Effective], sharing: Sequence[tuple[models.AccountSite, Effective | NotAWish]]
) -> tuple[int | None, tuple[models.AccountSite, Effective]]:
    """The one handling time of all sites that share, and the site whose rules say it."""
    said = [own, *((site, rule) for site, rule in sharing if not isinstance(rule, NotAWish))]
    place = longest([rule.handling_days for _, rule in said])
    return (None, own) if place is None else (said[place][1].handling_days, said[place])


def _leave_to_others(rule: Effective, sharing: Sequence[Effective], found: Reckoned) -> None:
    """What others lead is not wanted; what the rules would say is kept to be shown. What is shared and led by others on one
    site is led by them on all: it would be fought over else."""
    led_by = dict(rule.led_by)
    for name in SHARED:
        led_by[name] = next((one.led_by[name] for one in (rule, *sharing) if one.led_by[name] != OURS), OURS)
    for name, who in led_by.items():
        if who == OURS:
            continue
        terms = as_text(found.desired.terms)
        ours = {"quantity": found.desired.quantity, "price": found.desired.price, **terms}.get(name)
        found.led_elsewhere[name] = [who, "" if ours is None else str(ours)]
        found.notes.append(f"{name}_led_by_{who}")
        if name == "quantity":
            found.desired = replace(found.desired, quantity=None)
        else:
            # The sale and the list price go with the price.
            found.desired = without(found.desired, (name, *TAKEN_BACK) if name == "price" else (name,))


def settled_by(
    row: models.Offer,
    rule: Effective | NotAWish,
    found: Reckoned,
    now: Instant,
    sisters: Iterable[models.Offer] = (),
) -> None:
    """Take out of `found` what this offer is not to be told: what others change again and again, and a price that the
    marketplace's own doing with it speaks against. Of a quantity that is not known no more stays shown than there can be.
    `sisters`: the offers it shares with, of which what is shared counts."""
    left = disputed(row.changed_elsewhere, now)
    for sister in sisters:
        there = disputed(sister.changed_elsewhere, now)
        left |= {name: max(at, left.get(name, at)) for name, at in there.items() if name in SHARED}
    observed = offers.observed_of(row)
    if found.at_most is not None and observed is not None and (observed.quantity or 0) > found.at_most.quantity:
        found.desired = replace(found.desired, quantity=found.at_most.quantity)
        found.steps += _told(found.at_most, None if isinstance(rule, NotAWish) else rule)
    said = not isinstance(rule, NotAWish) and "price_led_by" in rule.said_by
    sale = found.desired.terms.sale
    why = refuses(observed.setup, found.desired.price, leader_said=said) if observed else ""
    fields = {
        name for name in left if (name == "price" and found.desired.price) or name in as_text(found.desired.terms)
    }
    if fields:
        found.held = "changed_elsewhere"
        found.turns_at = min(at for at in (found.turns_at, *(left[name] for name in fields)) if at is not None)
    if why:
        found.held = why
        fields |= {"price", *TAKEN_BACK}
    elif observed and isinstance(sale, Sale) and (why := refuses(observed.setup, sale.price, leader_said=True)):
        # Buyers would pay that one: the marketplace holds it against its limits like the price itself.
        found.held = why
        fields.add("sale")
    found.desired = without(found.desired, fields)


def _quantity(article: Article, rule: Effective, found: Reckoned, empty: Why, told: bool) -> int | None:
    counts = bool(article.counted) or rule.stock.fixed is not None
    managed = counts and not article.stock_held
    if empty and rule.led_by["quantity"] == OURS and (managed or (article.stock_held and told)):
        found.steps += _told(nothing(empty))
        return 0
    elif not managed:
        found.notes.append("stock_held" if article.stock_held else "stock_not_managed")
        if article.stock_held:
            found.at_most = _at_most(article, rule)
    else:
        try:
            shown = sellable_bundle(article.counted, rule.stock, active=article.active)
        except NotCounted as error:
            found.at_most = _at_most(article, rule)
            if error.code != "absurd_quantity":
                found.notes.append(error.code)
            # Where its stock is held the article itself says what is wrong with it.
            if error.code != "stock_held" and rule.led_by["quantity"] == OURS:
                found.held = str(error)
        else:
            found.steps += _told(shown, rule)
            if article.uncounted and article.counted and rule.stock.fixed is None:
                found.notes.append("part_not_managed")
            return shown.quantity
    return None


def _at_most(article: Article, rule: Effective) -> Sellable | None:
    """What a bundle's other articles are good for, where the stock of one is wrong: more would surely be oversold."""
    sound = [one for one in article.counted if _sound(one, rule)]
    if not sound or rule.stock.fixed is not None or rule.led_by["quantity"] != OURS:
        return None
    return sellable_bundle(sound, rule.stock, active=article.active)


def _sound(part: Counted, rule: Effective) -> bool:
    try:
        return part.at(rule.stock.locations).level.on_hand <= ABSURD_QUANTITY
    except NotCounted:
        return False


def _told(found: Sellable, rule: Effective | None = None) -> list[list[str]]:
    return [[code, value, _said_by(code, rule) if rule else ""] for code, value in found.steps]


def _said_by(code: str, rule: Effective) -> str:
    """The level of the rule that said it, "" where none did."""
    return next((rule.said_by[name] for name in SAID_BY.get(code, (code,)) if name in rule.said_by), "")
