"""My sites that share a stock show one number: of each SKU one offer tells it for all, and the others are looked at."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from forain.contracts.manifest import MarketplaceManifest
from forain.contracts.marketplace import Marketplace
from forain.core import errors
from forain.core.clock import Instant
from forain.core.ids import AccountId, OfferKey, SiteId
from forain.core.offers import Desired, Observed, Plan, Settled
from forain.core.sharing import Carrier, of_sister
from forain.flows.deps import Deps
from forain.store import accounts, models, offers, refusals

CANNOT_CARRY = (*refusals.TOLD_NO, "not_on_marketplace")
"""Alarms of an offer through which the others are not told for now."""


def families(deps: Deps, account: models.Account, skus: Collection[str]) -> "Families":
    """Those of these SKUs."""
    number = AccountId(account.pk)
    sites = {site.site: site for site in accounts.sites(number)}
    return Families(number, deps.open.marketplace_manifest(account.marketplace), sites, skus)


class Families:
    """The offers of some SKUs on the sites that share, as they stand now. Only what the merchant fulfils shares.

    `sites`: those of the account that are in use; afterwards, those of them that share with another one.
    """

    def __init__(
        self,
        account: AccountId,
        manifest: MarketplaceManifest,
        sites: Mapping[str, models.AccountSite],
        skus: Collection[str],
    ) -> None:
        self._sites = sites
        self._sharing = {site: manifest.sharing(site) & set(sites) for site in sites}
        self.sites = [site for site, those in self._sharing.items() if len(those) > 1]
        self._rows: dict[str, list[models.Offer]] = {}
        for row in offers.fulfilled_by_merchant(account, self.sites, skus) if self.sites and skus else ():
            self._rows.setdefault(row.sku, []).append(row)

    def sisters(self, row: models.Offer) -> list[models.Offer]:
        """The others it shares with; [] where there are none."""
        return [one for one in self._of(row) if one.pk != row.pk]

    def carrier(self, row: models.Offer) -> models.Offer | None:
        """The other offer that tells what it shares; None: it tells that itself.

        Always the same one, so that an older number of one worker never comes after a newer one of another: that is what an
        offer's claim is for. Only where a site's permission to write changes, or its offer is refused, another takes over.
        """
        telling = next((one for one in self._of(row) if self._may_tell(one)), row)
        return None if telling.pk == row.pk else telling

    def _of(self, row: models.Offer) -> list[models.Offer]:
        sites = self._sharing.get(row.site, frozenset())
        found = [one for one in self._rows.get(row.sku, ()) if one.site in sites]
        return found if any(one.pk == row.pk for one in found) else []

    def _may_tell(self, one: models.Offer) -> bool:
        allowed = self._sites[one.site].writes_allowed_at is not None
        return allowed and one.alarm not in CANNOT_CARRY and not offers.missed(one)


def step_of(
    row: models.Offer, desired: Desired, rest: Plan, carrier: models.Offer, manifest: MarketplaceManifest, now: Instant
) -> Plan | Literal["anew", "at_rest", "itself"]:
    """What to do about an offer that another one tells for. `rest`: the plan for what it tells by itself; that goes first, and
    once it is shown what is shared is seen to (`offers.mark_unlike`)."""
    if not isinstance(rest, Settled):
        return rest
    observed, shown = offers.observed_of(row), offers.observed_of(carrier)
    assert observed is not None
    assert shown is not None
    busy = carrier.wanted_no > carrier.settled_no or bool(carrier.submission) or carrier.feed_id is not None
    stands = Carrier(busy, carrier.not_before, offers.desired_of(carrier), shown, carrier.submitted_at)
    return of_sister(
        desired, observed, stands, moved=offers.moved(row), waited=row.not_before is not None,
        acknowledge_within=manifest.acknowledge_within, now=now,
    )  # fmt: skip


def look(account: AccountId, adapter: Marketplace, rows: Iterable[models.Offer], now: Instant) -> set[int]:
    """See these offers, one right after the other; the answer is those that are not there. What is missing stays as old as it was,
    as does what may not be looked at now (`sites_seen`)."""
    asked = {offers.key_of(row): row for row in rows}
    missing: set[int] = set()
    for keys, seen in sites_seen(adapter, list(asked)):
        offers.see(account, seen, now)
        shown = {offer.key for offer in seen}
        offers.looked(asked[key] for key in keys if key in shown)
        missing |= {asked[key].pk for key in keys if key not in shown}
    offers.not_there(list(missing), now)
    return missing


def sites_seen(
    adapter: Marketplace, keys: Sequence[OfferKey]
) -> Iterator[tuple[Sequence[OfferKey], Sequence[Observed]]]:
    """What of these offers is shown, site by site. Where the next site may not be asked now it ends: what was seen counts, or an
    account of more sites than it has calls at once would come no step on. Raises Throttled where none was seen."""
    by_site: dict[SiteId, list[OfferKey]] = {}
    for key in keys:
        by_site.setdefault(key.site, []).append(key)
    for place, some in enumerate(by_site.values()):
        try:
            page = adapter.observe(some)
        except errors.Throttled:
            if place == 0:
                raise
            return
        yield some, page.offers
