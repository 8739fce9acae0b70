"""The EANs of Amazon's products: an offer on an existing product page does not say them itself.

Source: Catalog Items 2022-04-01 model, read 2026-11-23.
"""

from collections.abc import Mapping, Sequence

from forain.contracts.marketplace import Credentials
from forain.contracts.net import Net, Request
from forain.core.errors import Malformed
from forain.core.ids import SiteId
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.listings import address

PAGE = 20
KINDS = ("EAN", "GTIN")


def eans(
    credentials: Credentials, net: Net, site: SiteId, product_codes: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    """ASIN -> its EANs, twenty a call; one that Amazon does not know there, or tells unreadably, is absent."""
    found: dict[str, tuple[str, ...]] = {}
    for start in range(0, len(product_codes), PAGE):
        query = {
            "identifiers": ",".join(product_codes[start : start + PAGE]), "identifiersType": "ASIN", "marketplaceIds": site,
            "includedData": "identifiers", "pageSize": str(PAGE),
        }  # fmt: skip
        url = f"{address(credentials)}/catalog/2022-04-01/items"
        response = net.send(Request("searchCatalogItems", "GET", url, query=query))
        if response.status != 200:
            raise errors.of_api(response, "searchCatalogItems")
        for raw in wire.read(response, wire.CatalogPage).items:
            try:
                item = wire.part(raw, wire.CatalogItem)
            except Malformed:
                continue
            told = [i for group in item.identifiers if group.marketplace_id == site for i in group.identifiers]
            found[item.asin] = tuple(i.identifier for i in told if i.identifier_type in KINDS)
    return found
