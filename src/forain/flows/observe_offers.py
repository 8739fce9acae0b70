"""What I sell there is what Amazon shows: read back what was told, and everything every night."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction

from forain.contracts.marketplace import Marketplace, OfferPage
from forain.core.clock import Instant, format_instant, parse_instant
from forain.core.errors import Denied, Malformed, Rejected
from forain.core.ids import AccountId, SiteId
from forain.flows import authorize
from forain.flows.deps import Deps
from forain.flows.mirror_catalogue import link_account
from forain.net.pages import pages
from forain.store import accounts, journal, models, offers, runs, shops

FIRST_LOOK = timedelta(seconds=3)
"""After a change was accepted: the pause before the first look."""
LOOK_AGAIN = timedelta(seconds=5)
SWEEP_EVERY = timedelta(hours=24)
MOST_UNREAD = 1000
"""So many unreadable offers of a site are remembered by name until it is read whole; with more, none counts as gone."""


def observe_offers(deps: Deps, account: models.Account) -> Instant:
    """Read back what was told; the answer is when to look again. Settles what is proven, by its number."""
    now = deps.clock.now()
    manifest = deps.open.marketplace_manifest(account.marketplace)
    adapter = deps.open.marketplace(account)
    long_ago = now - manifest.acknowledge_within
    offers.give_up(AccountId(account.pk), long_ago)
    while rows := offers.unproven(AccountId(account.pk), now, manifest.page_size, LOOK_AGAIN, long_ago):
        by_site: dict[str, list[models.Offer]] = {}
        for row in rows:
            by_site.setdefault(row.site, []).append(row)
        for site_rows in by_site.values():
            asked_at = deps.clock.now()
            seen = adapter.observe([offers.key_of(row) for row in site_rows])
            offers.see(AccountId(account.pk), seen, asked_at)
            missing = {row.sku for row in site_rows} - {o.key.sku for o in seen}
            offers.not_there([row.pk for row in site_rows if row.sku in missing], asked_at)
            offers.looked(row for row in site_rows if row.sku not in missing)
        _settle_proven(account, [row.pk for row in rows], deps)
        authorize.still_allowed(deps, account)
    return deps.clock.now() + (LOOK_AGAIN if offers.any_unproven(AccountId(account.pk)) else timedelta(minutes=5))


def _settle_proven(account: models.Account, looked_at: list[int], deps: Deps) -> None:
    now = deps.clock.now()
    entries: list[tuple[str, str, AccountId, str, dict[str, str]]] = []
    rows = [r for r in models.Offer.objects.filter(pk__in=looked_at) if r.submission and offers.proven(r)]
    for row in rows:
        lag = (now - (row.marked_at or row.submitted_at or now)).total_seconds()
        told = {"quantity": _text(row.observed_quantity), "price": _price(row), "seconds": f"{max(lag, 0):.0f}"}
        entries.append(("observed", str(offers.key_of(row)), AccountId(account.pk), row.correlation, told))
    with transaction.atomic():
        newer = not offers.acknowledge(rows)
        if entries:
            journal.write_many(now, entries)
        if newer:
            # A newer mark waited for this answer.
            runs.poke("reconcile_offers", f"account:{account.pk}", now)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _price(row: models.Offer) -> str:
    observed = offers.observed_of(row)
    return str(observed.price) if observed and observed.price else ""


def sweep_offers(deps: Deps, account: models.Account) -> Instant:
    """Compare everything: read every offer of every site in use. The answer is when to do it again.

    What the marketplace no longer lists is forgotten as an offer (its link stays); what is new is linked. A large
    shelf takes longer than one run may: the next one goes on at the page this one got to.
    """
    subject = f"account:{account.pk}"
    place = runs.place("sweep_offers", subject, "sweep", deps.clock.now())
    try:
        for site in accounts.sites(AccountId(account.pk)):
            if site.site not in place.get("done", []):
                place = _sweep_site(deps, account, SiteId(site.site), place)
    except (Rejected, Malformed):
        # Perhaps it is the page's token: the next run begins anew.
        runs.keep_place("sweep_offers", subject, "sweep", {})
        raise
    now = deps.clock.now()
    runs.keep_place("sweep_offers", subject, "sweep", {})
    link_account(deps, account)
    runs.poke("reconcile_offers", subject, now)
    for field in place.get("unnamed", []):
        raise Malformed(f"an offer without a name: {field}")
    accounts.note(AccountId(account.pk), offers_swept_at=now)
    return now + SWEEP_EVERY


def _ask_eans(account: models.Account, adapter: Marketplace, site: SiteId, page: OfferPage) -> None:
    """Offers without link and without EAN: the marketplace's catalogue may know the EAN, and by it the article."""
    codes = shops.codes_to_ask(AccountId(account.pk), [offer.key.sku for offer in page.offers])
    if not codes:
        return
    try:
        found = adapter.eans(site, codes)
    except (Rejected, Denied):
        # The offers themselves are read all the same; a person links what nothing proposes.
        return
    for code, told in found.items():
        shops.note_eans(AccountId(account.pk), code, told)


def _sweep_site(deps: Deps, account: models.Account, site: SiteId, place: dict[str, Any]) -> dict[str, Any]:
    """Read a site from where `place` says; the answer is the place after it.

    What could not be read (`unread`) does not count as gone; where an offer had no readable name (`unnamed`) nothing of
    the site does: it may be that one.
    """
    adapter = deps.open.marketplace(account)
    done = place.get("done", [])
    here = place if place.get("site") == site else {}
    begun_at = parse_instant(here["begun_at"]) if here else deps.clock.now()
    told = {"done": done, "site": site, "begun_at": format_instant(begun_at), "unnamed": place.get("unnamed", [])}
    named, unread_skus = here.get("named", True), here.get("unread", [])
    asked_at = max(deps.clock.now(), begun_at)
    for page in pages(partial(adapter.sweep, site), here.get("cursor")):
        offers.see(AccountId(account.pk), page.offers, asked_at)
        offers.see_unreadable(page.unread, asked_at)
        _ask_eans(account, adapter, site, page)
        for unread in page.unread:
            told_unread = {"field": unread.field}
            journal.write(
                deps.clock.now(), "offer_unreadable", account=AccountId(account.pk), subject=str(unread.key),
                placeholders=told_unread,
            )  # fmt: skip
        unnamed = [unread.field for unread in page.unread if not unread.key.sku]
        unread_skus = [*unread_skus, *(unread.key.sku for unread in page.unread)]
        named = named and not unnamed and len(unread_skus) <= MOST_UNREAD
        unread_skus = unread_skus if named else []
        told |= {"named": named, "unread": unread_skus, "unnamed": [*told["unnamed"], *unnamed][:1]}
        runs.keep_place("sweep_offers", f"account:{account.pk}", "sweep", {**told, "cursor": page.cursor})
        if page.cursor:
            authorize.still_allowed(deps, account)
        asked_at = max(deps.clock.now(), begun_at)
    for sku in offers.forget_unseen(AccountId(account.pk), site, begun_at, unread_skus) if named else ():
        journal.write(deps.clock.now(), "offer_gone", account=AccountId(account.pk), subject=f"{site}/{sku}")
    after = {"done": [*done, site], "begun_at": told["begun_at"], "unnamed": told["unnamed"]}
    runs.keep_place("sweep_offers", f"account:{account.pk}", "sweep", after)
    return after
