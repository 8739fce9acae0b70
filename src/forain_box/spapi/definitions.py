"""Product Type Definitions 2020-09-01: which product types there are, and where the schema of one lies.

Source: Amazon's model definitionsProductTypes_2020-09-01.json, read 2026-11-23.
"""

import json
from datetime import timedelta
from typing import Any

from forain_box import documents, product_types
from forain_box.catalogue import words
from forain_box.errors import invalid, not_found
from forain_box.http import Response
from forain_box.product_types import TYPES
from forain_box.sites import SITES
from forain_box.spapi.call import Call, Operation
from forain_box.state import Document

MODEL = "definitionsProductTypes_2020-09-01.json"
LOCALES = (
    "DEFAULT",
    "ar",
    "ar_AE",
    "de",
    "de_DE",
    "en",
    "en_AE",
    "en_AU",
    "en_CA",
    "en_GB",
    "en_IN",
    "en_SG",
    "en_US",
    "es",
    "es_ES",
    "es_MX",
    "es_US",
    "fr",
    "fr_CA",
    "fr_FR",
    "it",
    "it_IT",
    "ja",
    "ja_JP",
    "nl",
    "nl_NL",
    "pl",
    "pl_PL",
    "pt",
    "pt_BR",
    "pt_PT",
    "sv",
    "sv_SE",
    "tr",
    "tr_TR",
    "zh",
    "zh_CN",
    "zh_TW",
)
STILL_GOOD = timedelta(minutes=3)
"""An address that works for so long still is handed out again."""


def search(call: Call) -> Response:
    sites = call.sites()
    keywords, name = call.several("keywords"), call.text("itemName", "")
    if keywords and name:
        raise invalid("'keywords' and 'itemName' cannot be given together.")
    locale = call.choice("locale", LOCALES, "DEFAULT")
    sought = words(" ".join(keywords) if keywords else name)
    found = [
        {"name": kind, "displayName": product_types.display_name(kind, _spoken(locale, sites[0])), "marketplaceIds": sites}
        for kind in TYPES if not sought or _speaks_of(kind, sought)
    ]  # fmt: skip
    return Response.json({"productTypes": found, "productTypeVersion": product_types.VERSION})


def _speaks_of(kind: str, sought: list[str]) -> bool:
    spoken = words(f"{kind.replace('_', ' ')} {' '.join(TYPES[kind][0].values())}")
    return any(word in spoken for word in sought)


def get(call: Call) -> Response:
    (kind,) = call.rest
    (site,) = call.sites(1)
    if call.text("sellerId", ""):
        call.own(call.text("sellerId"))
    requirements = call.choice("requirements", product_types.REQUIREMENTS, product_types.LISTING)
    enforced = call.choice("requirementsEnforced", ("ENFORCED", "NOT_ENFORCED"), "ENFORCED")
    call.choice("parentageLevel", ("NONE", "CHILD", "PARENT"), "")
    locale = _spoken(call.choice("locale", LOCALES, "DEFAULT"), site)
    version = call.choice("productTypeVersion", ("LATEST", "RELEASE_CANDIDATE", product_types.VERSION), "LATEST")
    if kind not in TYPES:
        raise not_found(f"Product type '{kind[:100]}' was not found.", "NOT_FOUND")
    made = product_types.schema(kind, site, requirements, enforced == "ENFORCED")
    return Response.json(
        {
            "metaSchema": _link(call, "meta", product_types.meta_schema()),
            "schema": _link(call, f"{kind} {site} {requirements} {enforced}", made),
            "requirements": requirements, "requirementsEnforced": enforced,
            "propertyGroups": product_types.groups(kind), "locale": locale, "marketplaceIds": [site], "productType": kind,
            "displayName": product_types.display_name(kind, locale),
            "productTypeVersion": {
                "version": product_types.VERSION, "latest": True, "releaseCandidate": version == "RELEASE_CANDIDATE",
            },
        }
    )  # fmt: skip


def _spoken(locale: str, site: str) -> str:
    return SITES[site][2] if locale == "DEFAULT" else locale


def _link(call: Call, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    document = _document(call, name, schema)
    assert document.content is not None
    return {
        "link": {"resource": documents.address(document, call.request.origin), "verb": "GET"},
        "checksum": documents.checksum(document.content),
    }


def _document(call: Call, name: str, schema: dict[str, Any]) -> Document:
    """One document for everyone who asks while its address is fresh; the address of an older one dies by itself."""
    world = call.world
    known = world.state.documents.get(world.state.schema_documents.get(name, ""))
    if known and known.address_until - world.now() >= STILL_GOOD:
        return known
    content = json.dumps(schema, separators=(",", ":")).encode()
    document = documents.create(world, "", "schema", "application/json", content)
    world.state.schema_documents[name] = document.document_id
    return document


OPERATIONS = (
    Operation("searchDefinitionsProductTypes", "GET", "/definitions/2020-09-01/productTypes", search, MODEL, 5, 10,
              ("Product Listing",)),
    Operation("getDefinitionsProductType", "GET", "/definitions/2020-09-01/productTypes/{productType}", get, MODEL, 5, 10,
              ("Product Listing",)),
)  # fmt: skip
