"""The cheapest authorized read. Source: MWS Sellers API section 2011-07-01, read 2026-11-23."""

from forain.contracts.marketplace import Credentials, SiteSeen
from forain.contracts.net import Net
from forain.core.errors import Malformed, Problem, Rejected
from forain.core.ids import SiteId
from forain.marketplaces.amazon_mws import calls
from forain.marketplaces.amazon_mws.document import Part
from forain.marketplaces.amazon_mws.sites import BY_ID


def probe(credentials: Credentials, net: Net) -> tuple[SiteSeen, ...]:
    """The site the merchant entered, as Amazon describes it. Raises Rejected where it is not the seller's."""
    told = calls.ask(credentials, net, "Sellers", "ListMarketplaceParticipations")
    parts = {part.get("MarketplaceId"): part for part in told.all("ListParticipations/Participation")}
    markets = {part.get("MarketplaceId"): part for part in told.all("ListMarketplaces/Marketplace")}
    site = calls.site(credentials)
    if site not in parts or site not in markets or site not in BY_ID:
        raise Rejected([Problem("mws_wrong_marketplace")], "mws_wrong_marketplace")
    return (_site(markets[site], parts[site]),)


def _site(market: Part, participation: Part) -> SiteSeen:
    known = BY_ID[market.named("MarketplaceId")]
    suspended = participation.get("HasSellerSuspendedListings")
    if suspended not in ("Yes", "No"):
        raise Malformed("HasSellerSuspendedListings")
    country = market.get("DefaultCountryCode") or known.country
    return SiteSeen(
        site=SiteId(known.site_id),
        country="GB" if country == "UK" else country,
        currency=market.get("DefaultCurrencyCode") or known.currency,
        locale=market.get("DefaultLanguageCode") or known.locale,
        domain=market.get("DomainName") or known.domain,
        name=market.get("Name"),
        participating=True,
        suspended=suspended == "Yes",
    )
