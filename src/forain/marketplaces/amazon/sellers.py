"""The cheapest authorized read, and the selling plan. Source: Sellers API model, read 2026-11-23."""

from forain.contracts.marketplace import Credentials, SiteSeen
from forain.contracts.net import Net, Request
from forain.core.errors import Malformed
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
    answer = wire.read(response, wire.Participations)
    return tuple(
        SiteSeen(
            site=SiteId(entry.marketplace.id),
            country=entry.marketplace.country_code or BY_ID[entry.marketplace.id].country,
            currency=entry.marketplace.default_currency_code or BY_ID[entry.marketplace.id].currency,
            locale=entry.marketplace.default_language_code or BY_ID[entry.marketplace.id].locale,
            domain=entry.marketplace.domain_name or BY_ID[entry.marketplace.id].domain,
            name=entry.marketplace.name,
            participating=entry.participation.is_participating,
            suspended=entry.participation.has_suspended_listings,
        )
        for entry in answer.payload
        if entry.marketplace.id in BY_ID
    )


def selling_plan(credentials: Credentials, net: Net) -> str:
    """PROFESSIONAL or INDIVIDUAL; "" where we may not ask."""
    response = net.send(Request("getAccount", "GET", f"{address(credentials)}/sellers/v1/account"))
    if response.status in (403, 404):
        return ""
    if response.status != 200:
        raise errors.of_api(response, "getAccount")
    plan = wire.read(response, wire.AccountAnswer).payload.selling_plan
    if plan not in ("PROFESSIONAL", "INDIVIDUAL", ""):
        raise Malformed(f"sellingPlan {plan}", request_id=response.request_id)
    return plan
