"""I see what a rule would change before I say it: from the shop as it was last mirrored, nothing is sent or written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forain.core.ids import AccountId, SellerSku, VariantId
from forain.core.offers import Desired
from forain.core.rules import NotAWish
from forain.flows import csv_files
from forain.flows.deps import Deps
from forain.flows.reconcile_offers import Exchange, unimported_per_variant, wanted
from forain.flows.set_rules import Refused, checked_at, skus_of_place
from forain.store import accounts, models, offers, rates, rules, shops
from forain.store.rules import Place

AT_ONCE = 1000
"""So many offers are reckoned together."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One offer that would be told otherwise. `held`: why it would be held back, "" for nothing."""

    offer: models.Offer
    before: Desired
    after: Desired
    held: str = ""


def preview(
    deps: Deps, account: models.Account, place: Place, told: Mapping[str, str]
) -> Iterator[Difference] | Refused:
    """What would be wanted otherwise if exactly `told` were wished at this place, offer by offer. {}: if nothing were."""
    try:
        wishes = checked_at(account, place, told)
    except NotAWish as error:
        return Refused(error.name, error.code, error.told)
    return _differences(deps, account, place, wishes)


def _differences(deps: Deps, account: models.Account, place: Place, wishes: Mapping[str, str]) -> Iterator[Difference]:
    number = AccountId(account.pk)
    sites = {site.site: site for site in accounts.sites(number) if place.site in ("", site.site)}
    rows = models.Offer.objects.filter(account=account, site__in=list(sites)).order_by("pk")
    skus = skus_of_place(number, place)
    if skus is not None:
        rows = rows.filter(sku__in=skus)
    exchange = Exchange(rates.into({site.currency for site in sites.values()}), deps.clock.now().date())
    after = 0
    while found := list(rows.filter(pk__gt=after)[:AT_ONCE]):
        after = found[-1].pk
        yield from _of_these(account, place, wishes, found, sites, exchange)


def _of_these(
    account: models.Account,
    place: Place,
    wishes: Mapping[str, str],
    rows: list[models.Offer],
    sites: Mapping[str, models.AccountSite],
    exchange: Exchange,
) -> Iterator[Difference]:
    number = AccountId(account.pk)
    links = shops.confirmed_links(number, [SellerSku(row.sku) for row in rows])
    mirrored = models.Variant.objects.filter(shop=account.shop, variant__in=set(links.values()), gone_at=None)
    variants = {VariantId(row.variant): shops.variant_of(row) for row in mirrored}
    sold = unimported_per_variant(account, set(links.values())) if links else {}
    skus, groups = [row.sku for row in rows], {variant.group for variant in variants.values()}
    now, then = rules.InForce(number, skus, groups), rules.InForce(number, skus, groups, (place, wishes))
    for row in rows:
        link = links.get(SellerSku(row.sku))
        variant = variants.get(link) if link else None
        if link is None or variant is None:
            continue
        site = sites[row.site]
        found = []
        for in_force in (now, then):
            rule = in_force.of(site.site, site.currency, row.sku, variant.group)
            desired, _, _, held = wanted(variant, rule, site.currency, sold.get(link, 0), exchange=exchange)
            if row.fulfilled_by == "marketplace":
                desired = Desired(None, desired.price)
            found.append((desired, held))
        if found[0] != found[1]:
            yield Difference(row, found[0][0], found[1][0], found[1][1])


def csv_lines(found: Iterator[Difference]) -> Iterator[str]:
    """The differences as lines of a CSV file."""
    yield "site,sku,quantity_on_amazon,quantity_before,quantity_after,price_on_amazon,price_before,price_after,held\r\n"
    for one in found:
        shown = one.offer
        yield csv_files.line([
            shown.site, shown.sku, shown.observed_quantity, one.before.quantity, one.after.quantity,
            offers.money(shown.observed_minor, shown.observed_currency), one.before.price, one.after.price, one.held,
        ])  # fmt: skip
