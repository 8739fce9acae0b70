"""Amazon's products by EAN. Source: Catalog Items 2022-04-01 model, read 2026-11-23; one EAN may have several ASINs."""

from collections.abc import Mapping, Sequence

from forain.contracts.marketplace import Credentials
from forain.contracts.net import Net, Request
from forain.core.ids import SiteId
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.listings import address

PAGE = 20


def product_codes(
    credentials: Credentials, net: Net, site: SiteId, eans: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    """EAN -> ASINs; an EAN Amazon does not know is absent."""
    found: dict[str, tuple[str, ...]] = {}
    for start in range(0, len(eans), PAGE):
        part = eans[start : start + PAGE]
        query = {
            "identifiers": ",".join(part), "identifiersType": "EAN", "marketplaceIds": site,
            "includedData": "identifiers", "pageSize": str(PAGE),
        }  # fmt: skip
        url = f"{address(credentials)}/catalog/2022-04-01/items"
        response = net.send(Request("searchCatalogItems", "GET", url, query=query))
        if response.status != 200:
            raise errors.of_api(response, "searchCatalogItems")
        for item in wire.read(response, wire.CatalogPage).items:
            told = {i.identifier for group in item.identifiers for i in group.identifiers if i.identifier_type == "EAN"}
            for ean in told & set(part):
                found[ean] = (*found.get(ean, ()), item.asin)
    return found
