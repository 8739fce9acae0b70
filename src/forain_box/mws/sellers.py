"""Sellers 2011-07-01: where the seller takes part, and how the section does."""

from typing import Any

from forain_box.clock import text
from forain_box.mws.call import Action, MwsCall, Section
from forain_box.sites import SITES

NAMESPACE = "https://mws.amazonservices.com/Sellers/2011-07-01"


def participations(call: MwsCall) -> dict[str, Any]:
    seller = call.seller
    suspended = "Yes" if seller.suspended_listings else "No"
    return {
        "ListParticipations": {
            "Participation": [
                {"MarketplaceId": site, "SellerId": seller.seller_id, "HasSellerSuspendedListings": suspended}
                for site in seller.marketplace_ids
            ]
        },
        "ListMarketplaces": {
            "Marketplace": [
                {
                    "MarketplaceId": site, "Name": SITES[site][4].removeprefix("www.").capitalize(),
                    "DefaultCountryCode": SITES[site][0], "DefaultCurrencyCode": SITES[site][1],
                    "DefaultLanguageCode": SITES[site][2], "DomainName": SITES[site][4],
                }
                for site in seller.marketplace_ids
            ]
        },
    }  # fmt: skip


def status(call: MwsCall) -> dict[str, Any]:
    return {"Status": "GREEN", "Timestamp": text(call.world.now())}


ACTIONS = (
    Action("ListMarketplaceParticipations", 15, 60, participations),
    Action("GetServiceStatus", 2, 300, status),
)
SECTION = Section("Sellers", NAMESPACE, {action.name: action for action in ACTIONS})
