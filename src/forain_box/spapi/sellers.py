"""Sellers v1. Source: Amazon's model sellers.json, read 2026-11-23."""

from typing import TYPE_CHECKING, Any

from forain_box.http import Response
from forain_box.sites import SITES

if TYPE_CHECKING:
    from forain_box.spapi import Call


def _marketplace(site: str) -> dict[str, Any]:
    country, currency, locale, _, domain = SITES[site]
    return {
        "id": site, "countryCode": country, "name": domain.removeprefix("www.").capitalize(),
        "defaultCurrencyCode": currency, "defaultLanguageCode": locale, "domainName": domain,
    }  # fmt: skip


def participations(call: "Call") -> Response:
    seller = call.seller
    entries = [
        {
            "marketplace": _marketplace(site),
            "storeName": seller.name,
            "participation": {"isParticipating": True, "hasSuspendedListings": seller.suspended_listings},
        }
        for site in seller.marketplace_ids
    ]
    return Response.json({"payload": entries})


def account(call: "Call") -> Response:
    plan = "PROFESSIONAL" if call.seller.professional else "INDIVIDUAL"
    entries = [
        {
            "marketplace": _marketplace(site),
            "storeName": call.seller.name,
            "participation": {"isParticipating": True, "hasSuspendedListings": call.seller.suspended_listings},
        }
        for site in call.seller.marketplace_ids
    ]
    payload = {"businessType": "PRIVATE_LIMITED", "sellingPlan": plan, "marketplaceParticipationList": entries}
    return Response.json({"payload": payload})
