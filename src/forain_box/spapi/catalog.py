"""Catalog Items 2022-04-01: by identifiers, by words, by ASIN. One EAN may have several ASINs.

Source: Amazon's model catalogItems_2022-04-01.json, read 2026-11-23.
"""

import itertools
from collections import Counter
from typing import Any

from forain_box import codes
from forain_box.catalogue import on_site
from forain_box.errors import invalid, not_found
from forain_box.http import Response
from forain_box.sites import SITES
from forain_box.spapi import offsets
from forain_box.spapi.call import Call, Operation
from forain_box.state import Product
from forain_box.world import World

MODEL = "catalogItems_2022-04-01.json"
INCLUDED = (
    "attributes", "classifications", "dimensions", "identifiers", "images", "productTypes", "relationships", "salesRanks",
    "summaries", "vendorDetails",
)  # fmt: skip
IDENTIFIERS = ("ASIN", "EAN", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
MOST_REFINED = 1000
"""So many hits are looked at for the brands and categories among them."""


def search(call: Call) -> Response:
    (site,) = call.sites(1)
    included = call.several("includedData", INCLUDED) or ["summaries"]
    wanted, keywords = call.several("identifiers", most=20), call.several("keywords", most=20)
    if bool(wanted) == bool(keywords):
        raise invalid("Either 'identifiers' or 'keywords' must be given.")
    size, start = call.number("pageSize", 10, 1, 20), offsets.start_of(call)
    refinements: dict[str, Any] = {}
    if wanted:
        if any(call.text(name, "") for name in ("brandNames", "classificationIds", "keywordsLocale")):
            raise invalid("'brandNames', 'classificationIds' and 'keywordsLocale' go with 'keywords' only.")
        found = [p for p in _identified(call, wanted) if on_site(p, site)]
        total, part = len(found), found[start : start + size]
    else:
        total, hits = _with_words(call, site, keywords)
        part = hits[start : start + size]
        total = len(hits) if len(hits) < MOST_REFINED else total
        refinements = {"refinements": _refinements(hits)}
    answer: dict[str, Any] = {"numberOfResults": total, **offsets.pagination(call, start, size, total), **refinements}
    return Response.json({**answer, "items": [render(call.world, p, [site], included) for p in part]})


def _identified(call: Call, wanted: list[str]) -> list[Product]:
    kind, world = call.choice("identifiersType", IDENTIFIERS), call.world
    seller_id = call.text("sellerId") if kind == "SKU" else ""
    if kind == "SKU":
        call.own(seller_id)
    found: dict[str, Product] = {}
    for value in wanted:
        if kind in ("ASIN", "SKU"):
            listing = world.listing(seller_id, value) if kind == "SKU" else None
            asin = (listing.asin if listing else "") if kind == "SKU" else value
            products = [world.state.catalogue[asin]] if asin in world.state.catalogue else []
        else:
            products = world.catalogue.of_code(kind, value)
        found |= {product.asin: product for product in products}
    return list(found.values())


def _with_words(call: Call, site: str, keywords: list[str]) -> tuple[int, list[Product]]:
    """(about how many, the first thousand). With few hits the number is exact."""
    brands = {brand.casefold() for brand in call.several("brandNames")}
    categories = call.several("classificationIds")
    about, hits = call.world.catalogue.of_words(" ".join(keywords))
    fitting = (
        p for p in hits
        if on_site(p, site) and (not brands or p.brand.casefold() in brands) and (not categories or p.category in categories)
    )  # fmt: skip
    return about, list(itertools.islice(fitting, MOST_REFINED))


def _refinements(hits: list[Product]) -> dict[str, Any]:
    brands = Counter(p.brand for p in hits if p.brand)
    categories = Counter((p.category, p.category_name) for p in hits if p.category)
    return {
        "brands": [{"numberOfResults": n, "brandName": name} for name, n in brands.most_common(20)],
        "classifications": [
            {"numberOfResults": n, "displayName": name, "classificationId": number}
            for (number, name), n in categories.most_common(20)
        ],
    }


def get(call: Call) -> Response:
    (asin,) = call.rest
    sites, included = call.sites(), call.several("includedData", INCLUDED) or ["summaries"]
    product = call.world.state.catalogue.get(asin)
    if product is None or not any(on_site(product, site) for site in sites):
        raise not_found(f"Requested item '{asin[:20]}' not found in marketplace(s) {', '.join(sites)}", "NOT_FOUND")
    return Response.json(render(call.world, product, sites, included))


def render(world: World, product: Product, sites: list[str], included: list[str]) -> dict[str, Any]:
    """A site that does not know the product is missing, without an error. `vendorDetails` are for vendors."""
    here = [site for site in sites if on_site(product, site)]
    item: dict[str, Any] = {"asin": product.asin}
    for name in included:
        if name == "attributes":
            item[name] = _attributes(product, here)
        elif name != "vendorDetails":
            item[name] = [{"marketplaceId": site, **_PARTS[name](world, product)} for site in here]
    return item


def _attributes(product: Product, here: list[str]) -> dict[str, Any]:
    texts = {"item_name": product.title, "brand": product.brand}
    found: dict[str, Any] = {
        name: [{"value": value, "language_tag": SITES[site][2], "marketplace_id": site} for site in here]
        for name, value in texts.items() if value
    }  # fmt: skip
    if product.list_price:
        found["list_price"] = [
            {"value": product.list_price, "currency": SITES[site][1], "marketplace_id": site} for site in here
        ]
    return found


def _classifications(world: World, product: Product) -> dict[str, Any]:
    return {"classifications": [_category(product)] if product.category else []}


def _category(product: Product) -> dict[str, str]:
    return {"displayName": product.category_name or product.category, "classificationId": product.category}


def _identifiers(world: World, product: Product) -> dict[str, Any]:
    found = codes.spellings(product.ean) | ({"MINSAN": product.minsan} if product.minsan else {})
    return {"identifiers": [{"identifierType": kind, "identifier": value} for kind, value in found.items()]}


def _images(world: World, product: Product) -> dict[str, Any]:
    variants = ("MAIN", "PT01", "PT02", "PT03", "PT04", "PT05", "PT06", "PT07", "PT08")
    told = [
        {"variant": v, "link": link, "height": 1000, "width": 1000}
        for v, link in zip(variants, product.images, strict=False)
    ]
    return {"images": told}


def _relationships(world: World, product: Product) -> dict[str, Any]:
    children = world.catalogue.children(product.asin)
    if not product.parent and not children:
        return {"relationships": []}
    family = {"parentAsins": [product.parent]} if product.parent else {"childAsins": children}
    theme = {"attributes": ["size"], "theme": "SIZE"}
    return {"relationships": [{"type": "VARIATION", "variationTheme": theme, **family}]}


def _ranks(world: World, product: Product) -> dict[str, Any]:
    if not product.sales_rank:
        return {}
    group = product.product_type.lower()
    return {"displayGroupRanks": [{"websiteDisplayGroup": group, "title": group.title(), "rank": product.sales_rank}]}


def _summary(world: World, product: Product) -> dict[str, Any]:
    told: dict[str, Any] = {"itemName": product.title, "itemClassification": product.classification}
    if product.brand:
        told["brand"] = product.brand
    return {**told, "browseClassification": _category(product)} if product.category else told


_PARTS = {
    "classifications": _classifications, "dimensions": lambda world, product: {}, "identifiers": _identifiers, "images": _images,
    "productTypes": lambda world, product: {"productType": product.product_type}, "relationships": _relationships,
    "salesRanks": _ranks, "summaries": _summary,
}  # fmt: skip

OPERATIONS = (
    Operation("searchCatalogItems", "GET", "/catalog/2022-04-01/items", search, MODEL, 2, 2, ("Product Listing",)),
    Operation("getCatalogItem", "GET", "/catalog/2022-04-01/items/{asin}", get, MODEL, 2, 2, ("Product Listing",)),
)
