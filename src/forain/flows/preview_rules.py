"""I see what a rule would change before I say it: from the shop as it was last mirrored, nothing is sent or written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from forain.core.claims import twice
from forain.core.ids import AccountId, SellerSku, ShopId
from forain.core.offers import Desired
from forain.core.plain import digits
from forain.core.rules import NotAWish
from forain.core.terms import NAMES, as_text
from forain.flows import csv_files, divide_stock, reckon_offers
from forain.flows.add_up_bundles import as_one, portions
from forain.flows.deps import Deps
from forain.flows.reckon_offers import Market, in_force_on, settled_by, wanted
from forain.flows.reconcile_offers import unimported_per_variant
from forain.flows.set_rules import Refused, checked_at, skus_of_place
from forain.flows.share_stock import Families
from forain.store import accounts, arrays, fees, models, offers, rules, shops
from forain.store.rules import Place

SETUP = ("lowest", "highest", "automated")
"""What the marketplace does with the price by itself (core.offers.PriceSetup)."""
AT_ONCE = 1000
"""So many offers are reckoned together."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One offer that would be told otherwise. `held`: why it would be held back, "" for nothing. `shared`: its quantity would be
    the smallest of what the rules of several sites say, which share it. `steps`: how it would come about (`Reckoned.steps`). `together`: percent of the same pieces that all accounts
    would take which offer what it sells; None: no other account does."""

    offer: models.Offer
    before: Desired
    after: Desired
    held: str = ""
    shared: bool = False
    steps: Sequence[Sequence[str]] = ()
    together: Decimal | None = None

    @property
    def twice(self) -> bool:
        """Two accounts could sell the same piece."""
        return self.together is not None and twice(self.together)

    @property
    def setup(self) -> list[tuple[str, str]]:
        """(name, value) of what the marketplace does with the price by itself."""
        return [(name, self.offer.price_setup[name]) for name in SETUP if name in self.offer.price_setup]

    @property
    def terms(self) -> list[tuple[str, str, str]]:
        """(name, before, after) of each term that would be another one; "" where nothing is said."""
        before, after = as_text(self.before.terms), as_text(self.after.terms)
        return [
            (name, before.get(name, ""), after.get(name, "")) for name in NAMES if before.get(name) != after.get(name)
        ]


def preview(
    deps: Deps, account: models.Account, place: Place, told: Mapping[str, str]
) -> Iterator[Difference] | Refused:
    """What would be wanted otherwise if exactly `told` were wished at this place, offer by offer. {}: if nothing were."""
    try:
        wishes = checked_at(account, place, told)
    except NotAWish as error:
        return Refused(error.name, error.code, error.told)
    return preview_file(deps, account, {place: wishes})


def preview_file(deps: Deps, account: models.Account, told: Mapping[Place, Mapping[str, str]]) -> Iterator[Difference]:
    """What would be wanted otherwise if exactly this were wished at each of these places. `told` as `set_rules.read_csv` answered it."""
    number = AccountId(account.pk)
    market = reckon_offers.market(account, deps.open.marketplace_manifest(account.marketplace), deps.clock.now())
    # What is said for one site counts for the quantity of all that share with it.
    about = {site for place in told for site in market.manifest.sharing(place.site)}
    everywhere = any(not place.site for place in told)
    sites = [site for site in market.sites if everywhere or site in about]
    rows = models.Offer.objects.filter(account=account, site__in=sites).order_by("pk")
    of_places = [skus_of_place(number, place) for place in told]
    if None not in of_places:
        rows = rows.filter(sku__in=arrays.names(sku for skus in of_places for sku in skus or ()))
    after = 0
    while found := list(rows.filter(pk__gt=after)[:AT_ONCE]):
        after = found[-1].pk
        yield from _of_these(account, told, found, market)


def _of_these(
    account: models.Account,
    told: Mapping[Place, Mapping[str, str]],
    rows: list[models.Offer],
    market: Market,
) -> Iterator[Difference]:
    number = AccountId(account.pk)
    if account.shop_id is None:
        return
    contents = shops.contents(number, [SellerSku(row.sku) for row in rows])
    names = {part.variant for parts in contents.values() for part in parts}
    variants = shops.mirrored(ShopId(account.shop_id), names)
    sold = unimported_per_variant(account, names) if names else {}
    shares = divide_stock.shares_of(ShopId(account.shop_id), variants, (number, told)) if variants else {}
    skus, groups = [row.sku for row in rows], {variant.group for variant in variants.values()}
    now, then = rules.InForce(number, skus, groups), rules.InForce(number, skus, groups, told)
    counted = now.says("floor_markup") or then.says("floor_markup")
    estimates = fees.of_offers(row.pk for row in rows) if counted else {}
    families = Families(number, market.manifest, market.sites, skus)
    for row in rows:
        parts = contents.get(SellerSku(row.sku))
        if parts is None or any(part.variant not in variants for part in parts):
            continue
        article = as_one(portions(parts, variants, sold))
        site, sisters = market.sites[row.site], families.sisters(row)
        found = []
        for in_force in (now, then):
            rule = in_force.of(site.site, site.currency, row.sku, article.group)
            fee = fees.usable(estimates.get(row.pk), row, site.currency, market.now)
            there = in_force_on(in_force, market, sisters, row.sku, article.group)
            reckoned = wanted(article, rule, site, market, fee=fee, sharing=there)
            settled_by(row, rule, reckoned, market.now, sisters)
            desired = offers.fitting(row, reckoned.desired)
            if row.fulfilled_by == "marketplace":
                desired = replace(desired, quantity=None)
            found.append((desired, reckoned.held, "quantity_shared" in reckoned.notes, reckoned.steps))
        if found[0][:3] != found[1][:3]:
            together = max((shares[part.variant] for part in parts if part.variant in shares), default=None)
            yield Difference(row, found[0][0], *found[1], together)


def sharing(deps: Deps, account: models.Account, place: Place) -> list[models.AccountSite]:
    """The sites in use whose quantity a rule of this place has a say in, by sharing it; [] where none shares with another."""
    sites = accounts.sites(AccountId(account.pk))
    manifest = deps.open.marketplace_manifest(account.marketplace)
    about = [site.site for site in sites if place.site in ("", site.site)]
    groups = [manifest.sharing(site) for site in about]
    found = [site for site in sites if any(site.site in group for group in groups)]
    return found if len(found) > 1 else []


def because(steps: Sequence[Sequence[str]]) -> str:
    """The steps that led to a number, each with the level of the rule that said it, as one cell of a file."""
    return "; ".join(f"{code} {value}" + "".join(f" ({one})" for one in level if one) for code, value, *level in steps)


def csv_lines(found: Iterator[Difference]) -> Iterator[str]:
    """The differences as lines of a CSV file."""
    heads = ["site", "sku"]
    for name in ("quantity", "price", *NAMES):
        heads += [f"{name}_on_amazon", f"{name}_before", f"{name}_after"]
    yield csv_files.line(
        [*heads, *(f"{name}_on_amazon" for name in SETUP), "held", "shared", "shares_together", "because"]
    )
    for one in found:
        shown = one.offer
        told = shown.observed_terms, as_text(one.before.terms), as_text(one.after.terms)
        yield csv_files.line([
            shown.site, shown.sku, shown.observed_quantity, one.before.quantity, one.after.quantity,
            offers.money(shown.observed_minor, shown.observed_currency), one.before.price, one.after.price,
            *(terms.get(name) for name in NAMES for terms in told),
            *(shown.price_setup.get(name) for name in SETUP), one.held, "yes" if one.shared else "",
            "" if one.together is None else digits(one.together), because(one.steps),
        ])  # fmt: skip
