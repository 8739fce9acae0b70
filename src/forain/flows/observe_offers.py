"""What I sell there is what Amazon shows: read back what was told, and everything every night."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction

from forain.contracts.marketplace import Marketplace
from forain.core import authorization
from forain.core.clock import Instant, format_instant, parse_instant
from forain.core.errors import Malformed, Rejected
from forain.core.ids import AccountId, SiteId
from forain.core.sharing import SHARED
from forain.flows import authorize, compare_shelf, share_stock
from forain.flows.deps import Deps
from forain.flows.mirror_catalogue import ask_eans, link_account
from forain.net.pages import pages
from forain.store import accounts, journal, models, offers, runs

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
            page = adapter.observe([offers.key_of(row) for row in site_rows])
            offers.see(AccountId(account.pk), page.offers, asked_at)
            offers.see_unreadable(page.unread, asked_at)
            missing = {row.sku for row in site_rows} - {o.key.sku for o in page.offers}
            offers.not_there([row.pk for row in site_rows if row.sku in missing], asked_at)
            offers.looked(row for row in site_rows if row.sku not in missing)
            # Site by site: where the next one may not be asked now, what was seen of this one counts.
            _settle_proven(deps, account, adapter, [row.pk for row in site_rows])
        authorize.still_allowed(deps, account, authorization.OFFERS)
    return deps.clock.now() + (LOOK_AGAIN if offers.any_unproven(AccountId(account.pk)) else timedelta(minutes=5))


def _settle_proven(deps: Deps, account: models.Account, adapter: Marketplace, looked_at: list[int]) -> None:
    now, number = deps.clock.now(), AccountId(account.pk)
    entries: list[tuple[str, str, AccountId, str, dict[str, str]]] = []
    rows = [r for r in models.Offer.objects.filter(pk__in=looked_at) if r.submission and offers.proven(r)]
    for row in rows:
        lag = (now - (row.marked_at or row.submitted_at or now)).total_seconds()
        told = {"quantity": _text(row.observed_quantity), "price": _price(row), "seconds": f"{max(lag, 0):.0f}"}
        told |= {name: row.observed_terms[name] for name in row.submitted_terms}
        entries.append(("observed", str(offers.key_of(row)), number, row.correlation, told))
    families = share_stock.families(deps, account, {row.sku for row in rows}) if rows else None
    with transaction.atomic():
        newer = not offers.acknowledge(rows)
        # A part that is paused, or that another offer tells, goes on waiting.
        offers.mark_unlike([row.pk for row in rows if account.paused or (families and families.sisters(row))], now)
        if entries:
            journal.write_many(now, entries)
        if newer:
            # A newer mark waited for this answer.
            runs.poke("reconcile_offers", f"account:{account.pk}", now)
    if families is None or not families.sites:
        return
    carried = [row for row in rows if row.submitted_quantity is not None or row.submitted_terms.keys() & set(SHARED)]
    if told_for := [one for row in carried for one in families.sisters(row)]:
        # What was told for all sites that share is to be seen on each, at one moment.
        share_stock.look(number, adapter, [*carried, *told_for], now)
    offers.mark_carried(number, families.sites, [row.pk for row in rows], now)
    runs.poke("reconcile_offers", f"account:{account.pk}", now)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _price(row: models.Offer) -> str:
    observed = offers.observed_of(row)
    return str(observed.price) if observed and observed.price else ""


def sweep_offers(deps: Deps, account: models.Account) -> Instant:
    """Compare everything: read every offer of every site in use. The answer is when to do it again.

    What the marketplace no longer lists is forgotten as an offer (its link stays); what is new is linked. A large
    shelf is compared by one report where the marketplace makes such (`compare_shelf`), else page by page, and takes longer than
    one run may: the next one goes on where this one got to.
    """
    subject = f"account:{account.pk}"
    place = runs.place("sweep_offers", subject, "sweep", deps.clock.now())
    try:
        for site in accounts.sites(AccountId(account.pk)):
            if site.site in place.get("done", []):
                continue
            if compare_shelf.large(deps, account, SiteId(site.site), place):
                try:
                    place, until = compare_shelf.compare_shelf(deps, account, SiteId(site.site), place)
                    if until is not None:
                        return until
                    place = _done(account, SiteId(site.site), place)
                    continue
                except compare_shelf.ByPages as instead:
                    place = instead.place
            place = _sweep_site(deps, account, SiteId(site.site), place)
    except (Rejected, Malformed):
        # Perhaps it is the page's token: the next run begins anew. A report that was compared is not asked for again.
        if not compare_shelf.compared(runs.place("sweep_offers", subject, "sweep", deps.clock.now())):
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
        ask_eans(account, adapter, site, [offer.key.sku for offer in page.offers])
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
            authorize.still_allowed(deps, account, authorization.OFFERS)
        asked_at = max(deps.clock.now(), begun_at)
    gone = offers.forget_unseen(AccountId(account.pk), site, begun_at, unread_skus) if named else []
    # What the rules of this site made smaller for all that share with it is decided anew.
    offers.mark(AccountId(account.pk), deps.clock.now(), skus=gone)
    for sku in gone:
        journal.write(deps.clock.now(), "offer_gone", account=AccountId(account.pk), subject=f"{site}/{sku}")
    return _done(account, site, told)


def _done(account: models.Account, site: SiteId, place: dict[str, Any]) -> dict[str, Any]:
    """The place after a site was read whole."""
    after = {
        "done": [*place.get("done", []), site], "begun_at": place["begun_at"], "unnamed": place.get("unnamed", []),
    }  # fmt: skip
    runs.keep_place("sweep_offers", f"account:{account.pk}", "sweep", after)
    return after
