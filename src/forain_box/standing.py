"""How a listing stands on a site: its pieces, its statuses, the severities of its issues. Pure functions of a listing."""

from typing import Any

from forain_box.state import Listing

BUYABLE, DISCOVERABLE = "BUYABLE", "DISCOVERABLE"
SUPPRESSED = "LISTING_SUPPRESSED"

Kind = tuple[str, ...]
"""All a search may ask of a listing's standing, in one value: its sites, and "site:STATUS" and "site:SEVERITY"."""


def pieces(listing: Listing, channel: str, site: str) -> int:
    """How many can be bought from a channel on a site now."""
    told = listing.apart.get(site) if channel == "DEFAULT" else None
    told = listing.availability.get(channel, 0) if told is None else told
    return listing.fba_quantity if told is None else told


def stock_on(listing: Listing, sites: list[str]) -> dict[str, int | None]:
    """Channel -> pieces as these sites show them (None: Amazon's own stock): what they share, or a site's own where it alone is
    asked about."""
    if len(sites) == 1 and sites[0] in listing.apart:
        return listing.availability | {"DEFAULT": listing.apart[sites[0]]}
    return listing.availability


def by_amazon(listing: Listing) -> bool:
    return any(channel.startswith("AMAZON_") for channel in listing.availability)


def offerable(listing: Listing, site: str) -> bool:
    """A buyer could buy it there, were the seller's account in order."""
    return (
        listing.complete
        and site in listing.marketplace_ids
        and site in listing.prices
        and any(pieces(listing, channel, site) > 0 for channel in listing.availability)
        and not any(SUPPRESSED in actions(issue) for issue in issues_on(listing, site))
    )


def statuses(listing: Listing, site: str, *, suspended: bool = False) -> list[str]:
    found = [BUYABLE] if not suspended and offerable(listing, site) else []
    return [*found, DISCOVERABLE] if listing.complete and site in listing.marketplace_ids else found


def issues_on(listing: Listing, site: str) -> list[dict[str, Any]]:
    """An issue that names no marketplace concerns every one."""
    return [i for i in listing.issues if not i.get("marketplaceIds") or site in i["marketplaceIds"]]


def actions(issue: dict[str, Any]) -> list[str]:
    """What Amazon does because of the issue."""
    return [a["action"] for a in issue.get("enforcements", {}).get("actions", [])]


def severities(listing: Listing, site: str) -> list[str]:
    return sorted({issue["severity"] for issue in issues_on(listing, site)})


def kind(listing: Listing) -> Kind:
    found = []
    for site in listing.marketplace_ids:
        words = [*statuses(listing, site), *(severities(listing, site) if listing.issues else ())]
        found += [site, *(f"{site}:{word}" for word in words)]
    return tuple(sorted(found))


def fn_sku(listing: Listing) -> str:
    """Amazon's own label of an SKU in its stock; "" where it is in none."""
    return f"X{listing.number:09d}" if by_amazon(listing) else ""
