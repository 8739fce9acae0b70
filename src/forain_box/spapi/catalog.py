"""Catalog Items 2022-04-01, search by identifiers. Source: Amazon's model catalogItems_2022-04-01.json, read 2026-11-23."""

from typing import TYPE_CHECKING, Any

from forain_box.http import Response
from forain_box.spapi.errors import invalid

if TYPE_CHECKING:
    from forain_box.spapi import Call


def search(call: "Call") -> Response:
    query = call.request.query
    sites = [s for s in query.get("marketplaceIds", "").split(",") if s]
    wanted = [i for i in query.get("identifiers", "").split(",") if i]
    kind = query.get("identifiersType", "")
    if len(sites) != 1:
        return invalid("Exactly one marketplaceIds value is required.")
    if not wanted or len(wanted) > 20 or kind not in ("ASIN", "EAN"):
        return invalid("identifiers (1 to 20) and identifiersType are required.")
    field = "asin" if kind == "ASIN" else "ean"
    found = [c for c in call.world.catalogue.values() if c[field] in wanted]
    items: list[dict[str, Any]] = [
        {
            "asin": c["asin"],
            "identifiers": [
                {"marketplaceId": sites[0], "identifiers": [{"identifierType": "EAN", "identifier": c["ean"]}]}
            ],
            "summaries": [{"marketplaceId": sites[0], "itemName": c["title"], "itemClassification": "BASE_PRODUCT"}],
        }
        for c in found
    ]
    return Response.json({"numberOfResults": len(items), "items": items})
