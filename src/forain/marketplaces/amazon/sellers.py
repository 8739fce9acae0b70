"""The cheapest authorized read, and the selling plan. Source: Sellers API model, read 2026-11-23."""

from forain.contracts.marketplace import Credentials, SiteSeen
from forain.contracts.net import Net, Request
from forain.core.errors import Denied, Malformed
from forain.core.ids import SiteId
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.listings import address
from forain.marketplaces.amazon.sites import BY_ID


def probe(credentials: Credentials, net: Net) -> tuple[SiteSeen, ...]:
    """The seller's sites. "Non-Amazon" marketplaces, which Amazon lists beside its own, are left out."""
    url = f"{address(credentials)}/sellers/v1/marketplaceParticipations"
    response = net.send(Request("getMarketplaceParticipations", "GET", url))
    if response.status != 200:
        raise errors.of_api(response, "getMarketplaceParticipations", probe=True)
    told = wire.read(response, wire.Participations).payload
    # Only the id of a foreign entry is looked at: what else it holds has no promised shape.
    ours = [entry for entry in told if wire.part(entry, wire.ParticipationName).marketplace.id in BY_ID]
    return tuple(_site(wire.part(entry, wire.MarketplaceParticipation)) for entry in ours)


def _site(entry: wire.MarketplaceParticipation) -> SiteSeen:
    market, known = entry.marketplace, BY_ID[entry.marketplace.id]
    country = market.country_code or known.country
    return SiteSeen(
        site=SiteId(market.id),
        country="GB" if country == "UK" else country,
        currency=market.default_currency_code or known.currency,
        locale=market.default_language_code or known.locale,
        domain=market.domain_name or known.domain,
        name=market.name,
        participating=entry.participation.is_participating,
        suspended=entry.participation.has_suspended_listings,
    )


def selling_plan(credentials: Credentials, net: Net) -> str:
    """PROFESSIONAL or INDIVIDUAL; "" where we may not ask."""
    response = net.send(Request("getAccount", "GET", f"{address(credentials)}/sellers/v1/account"))
    if response.status != 200:
        error = errors.of_api(response, "getAccount")
        if isinstance(error, Denied) or error.code == "not_found":
            return ""
        raise error
    plan = wire.read(response, wire.AccountAnswer).payload.selling_plan
    if plan not in ("PROFESSIONAL", "INDIVIDUAL", ""):
        raise Malformed(f"sellingPlan {plan}", request_id=response.request_id)
    return plan
