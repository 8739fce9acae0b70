"""Sellers v1. Source: Amazon's model sellers.json, read 2026-11-23."""

from typing import Any

from forain_box.http import Response
from forain_box.sites import SITES
from forain_box.spapi.call import Call, Operation, payload

MODEL = "sellers.json"


def _participations(call: Call) -> list[dict[str, Any]]:
    seller = call.seller
    found = []
    for site in seller.marketplace_ids:
        country, currency, locale, _, domain = SITES[site]
        marketplace = {
            "id": site, "countryCode": country, "name": domain.removeprefix("www.").capitalize(),
            "defaultCurrencyCode": currency, "defaultLanguageCode": locale, "domainName": domain,
        }  # fmt: skip
        found.append(
            {
                "marketplace": marketplace,
                "storeName": seller.name,
                "participation": {"isParticipating": True, "hasSuspendedListings": seller.suspended_listings},
            }
        )
    return found


def participations(call: Call) -> Response:
    return payload(_participations(call))


def account(call: Call) -> Response:
    plan = "PROFESSIONAL" if call.seller.professional else "INDIVIDUAL"
    told = {
        "businessType": "PRIVATE_LIMITED",
        "sellingPlan": plan,
        "marketplaceParticipationList": _participations(call),
    }
    return payload(told)


OPERATIONS = (
    Operation("getMarketplaceParticipations", "GET", "/sellers/v1/marketplaceParticipations", participations, MODEL, 0.016, 15,
              ("Product Listing", "Selling Partner Insights")),
    Operation("getAccount", "GET", "/sellers/v1/account", account, MODEL, 0.016, 15, ("Selling Partner Insights",)),
)  # fmt: skip
