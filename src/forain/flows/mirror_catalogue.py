"""Forain knows what my shop sells: read the whole catalogue, mark what differs, link it to the marketplace."""

from collections.abc import Iterable, Sequence

from forain.contracts.marketplace import Marketplace
from forain.contracts.shop import Variant
from forain.core.errors import Denied, Rejected
from forain.core.ids import AccountId, SellerSku, ShopId, SiteId, VariantId
from forain.flows.deps import Deps
from forain.net.pages import pages
from forain.store import issues, journal, models, runs, shops


def mirror_catalogue(deps: Deps, shop: models.Shop) -> int:
    """Read everything; the answer is how many variants are new or changed. Safe to repeat.

    A catalogue that could not be read whole (a problem that is more than one article's, an error half-way) makes nothing "gone".
    """
    begun_at = deps.clock.now()
    adapter = deps.open.shop(shop)
    changed: set[VariantId] = set()
    problems: list[list[str]] = []
    locations: set[str] = set()
    whole = True
    for page in pages(adapter.variants):
        changed |= shops.mirror(ShopId(shop.pk), page.variants, begun_at, journal.correlation())
        locations |= locations_of(page.variants)
        problems += [[p.code, p.text, p.field] for p in page.problems]
        whole = whole and all(p.warning for p in page.problems)
    now = deps.clock.now()
    if whole:
        changed |= shops.close_mirror(ShopId(shop.pk), begun_at, now, journal.correlation())
        shops.note(ShopId(shop.pk), locations=sorted(locations))
    shops.note(ShopId(shop.pk), mirrored_at=now, catalogue_problems=problems)
    _tell_problems(shop, problems, deps)
    for account in shop.accounts.all():
        link_account(deps, account)
    return len(changed)


def locations_of(variants: Iterable[Variant]) -> set[str]:
    """The stock locations of the shop, as these articles name them."""
    return {one.name for variant in variants if variant.level for one in variant.level.locations}


def _tell_problems(shop: models.Shop, problems: list[list[str]], deps: Deps) -> None:
    subject = f"shop:{shop.pk}"
    if not problems:
        issues.mended("catalogue_problem", subject)
        return
    code, text, field = problems[0]
    told = {"problem": code, "text": text, "where": field, "count": str(len(problems))}
    issues.found("catalogue_problem", subject, deps.clock.now(), shop=shop.pk, placeholders=told)


def link_account(deps: Deps, account: models.Account) -> None:
    """Link equal SKUs, propose equal EAN and ASIN; what is sold of a newly linked article is looked at at every account:
    pieces in orders that wait here count there from now on. Waiting orders are looked at too.
    """
    if account.shop_id is None:
        return
    now = deps.clock.now()
    with shops.linking(AccountId(account.pk)):
        linked, _ = shops.propose_links(AccountId(account.pk), ShopId(account.shop_id), now)
        if linked:
            journal.write(now, "linked", account=AccountId(account.pk), placeholders={"count": len(linked)})
            shops.mark_variants(ShopId(account.shop_id), linked, now, journal.correlation())
            runs.poke("import_orders", f"account:{account.pk}", now)
        waiting = shops.proposals(AccountId(account.pk)).count()
        if waiting:
            told = {"count": str(waiting)}
            issues.found("links_to_decide", f"account:{account.pk}", now, account=account.pk, placeholders=told)
        else:
            issues.mended("links_to_decide", f"account:{account.pk}")


def ask_eans(account: models.Account, adapter: Marketplace, site: SiteId, skus: Sequence[SellerSku]) -> None:
    """Offers without link and without EAN: the marketplace's catalogue may know the EAN, and by it the article."""
    codes = shops.codes_to_ask(AccountId(account.pk), skus)
    if not codes:
        return
    try:
        found = adapter.eans(site, codes)
    except (Rejected, Denied):
        # The offers themselves are read all the same; a person links what nothing proposes.
        return
    for code, told in found.items():
        shops.note_eans(AccountId(account.pk), code, told)
