"""Catalog Items 2022-04-01, search by identifiers. Source: Amazon's model catalogItems_2022-04-01.json, read 2026-11-23."""

from typing import Any

from forain_box.http import Response
from forain_box.spapi.call import Call, Operation
from forain_box.spapi.errors import invalid

MODEL = "catalogItems_2022-04-01.json"


def search(call: Call) -> Response:
    sites = call.sites(1)
    wanted = call.several("identifiers", most=20)
    kind = call.choice("identifiersType", ("ASIN", "EAN"))
    if not wanted:
        raise invalid("Missing required parameter 'identifiers'.")
    field = "asin" if kind == "ASIN" else "ean"
    found = [c for c in call.world.state.catalogue.values() if getattr(c, field) in wanted]
    items: list[dict[str, Any]] = [
        {
            "asin": c.asin,
            "identifiers": [
                {"marketplaceId": sites[0], "identifiers": [{"identifierType": "EAN", "identifier": c.ean}]}
            ],
            "summaries": [{"marketplaceId": sites[0], "itemName": c.title, "itemClassification": "BASE_PRODUCT"}],
        }
        for c in found
    ]
    return Response.json({"numberOfResults": len(items), "items": items})


OPERATIONS = (
    Operation("searchCatalogItems", "GET", "/catalog/2022-04-01/items", search, MODEL, 2, 2, ("Product Listing",)),
)
