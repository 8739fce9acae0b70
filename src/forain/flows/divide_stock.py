"""I see how my accounts divide the stock of one shop, and where two of them can sell the same piece."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from forain.contracts.shop import Variant
from forain.core.claims import Claim, claim_of, together, twice
from forain.core.ids import AccountId, SellerSku, ShopId, VariantId
from forain.core.ownership import Leader
from forain.core.rules import NotAWish
from forain.core.stock import StockRule
from forain.store import accounts, models, rules, shops
from forain.store.rules import Place


@dataclass(frozen=True, slots=True)
class Slice:
    """What the rules of an account and of its sites say of the stock, and who leads the quantity. `site` "": the same on all its sites."""

    account: models.Account
    site: str
    stock: StockRule
    led_by: Leader


@dataclass(frozen=True, slots=True)
class Division:
    """The slices of all accounts of a shop, and what they take `together` of the same pieces, in percent. Groups and SKUs may say
    otherwise: `preview_rules` reckons with those too."""

    slices: tuple[Slice, ...]
    together: Decimal

    @property
    def twice(self) -> bool:
        """Two accounts can sell the same piece."""
        return twice(self.together)


def division(account: models.Account) -> Division | None:
    """How the stock is divided that this account sells from; None: no other account does."""
    rows = list(account.shop.accounts.order_by("pk")) if account.shop else []
    if len(rows) < 2:
        return None
    slices: list[Slice] = []
    claims: list[list[Claim]] = []
    for row in rows:
        number = AccountId(row.pk)
        in_force = rules.InForce(number, (), ())
        found = {site.site: in_force.of(site.site, site.currency, "", "") for site in accounts.sites(number)}
        told = {site: rule for site, rule in found.items() if not isinstance(rule, NotAWish)}
        own = {site: (rule.stock, rule.led_by["quantity"]) for site, rule in told.items()}
        if len(set(own.values())) == 1:
            own = {"": next(iter(own.values()))}
        slices += [Slice(row, site, stock, led_by) for site, (stock, led_by) in own.items()]
        claims.append([claim for rule in told.values() if (claim := claim_of(rule)) is not None])
    return Division(tuple(slices), together(claims))


def shares_of(
    shop: ShopId, variants: Mapping[VariantId, Variant], instead: tuple[AccountId, Mapping[Place, Mapping[str, str]]]
) -> dict[VariantId, Decimal]:
    """Percent of the same pieces that all accounts take together of each of these articles that several of them offer; an article of one
    account is absent. `instead`: what would be wished at some places of an account."""
    skus: dict[int, list[SellerSku]] = {}
    for number, sku in shops.skus_of(shop, variants):
        skus.setdefault(number, []).append(SellerSku(sku))
    if len(skus) < 2:
        return {}
    claims: dict[VariantId, dict[int, list[Claim]]] = {}
    for number, of_account in skus.items():
        told = _claims(shop, AccountId(number), of_account, variants, instead)
        for variant, found in told.items():
            claims.setdefault(variant, {})[number] = found
    return {variant: together(list(found.values())) for variant, found in claims.items() if len(found) > 1}


def _claims(
    shop: ShopId,
    account: AccountId,
    skus: list[SellerSku],
    variants: Mapping[VariantId, Variant],
    instead: tuple[AccountId, Mapping[Place, Mapping[str, str]]],
) -> dict[VariantId, list[Claim]]:
    """What the offers of an account take of these articles."""
    contents = shops.contents(account, skus)
    others = {part.variant for parts in contents.values() for part in parts} - set(variants)
    known = {**variants, **(shops.mirrored(shop, others) if others else {})}
    groups = {sku: {known[part.variant].group if part.variant in known else "" for part in parts}
              for sku, parts in contents.items()}  # fmt: skip
    # A bundle belongs to a group only where all its articles do.
    group = {sku: next(iter(names)) if len(names) == 1 else "" for sku, names in groups.items()}
    in_force = rules.InForce(account, skus, group.values(), instead[1] if instead[0] == account else None)
    currencies = {site.site: site.currency for site in accounts.sites(account)}
    offered = models.Offer.objects.filter(account=account, sku__in=skus, site__in=currencies, fulfilled_by="merchant")
    found: dict[VariantId, list[Claim]] = {}
    for sku, site in offered.values_list("sku", "site"):
        rule = in_force.of(site, currencies[site], sku, group.get(SellerSku(sku), ""))
        claim = None if isinstance(rule, NotAWish) else claim_of(rule)
        for part in contents.get(SellerSku(sku), ()) if claim else ():
            if part.variant in variants and claim:
                found.setdefault(part.variant, []).append(claim)
    return found
