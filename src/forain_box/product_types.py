"""Product types and the schema of each, in the shape of the real ones: the same schema is served and enforced.

Source: Amazon's model definitionsProductTypes_2020-09-01.json and the guide to product type definitions; models issues
4598, 4349; read 2026-11-23. Attribute names, selectors and what an offer needs are the real ones; there are far fewer.
"""

from functools import cache
from typing import Any

from forain_box.sites import SITES, amazon_channel

LISTING, PRODUCT_ONLY, OFFER_ONLY = "LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"
REQUIREMENTS = (LISTING, PRODUCT_ONLY, OFFER_ONLY)
GENERIC = "PRODUCT"
"""The type that fits every offer on an ASIN that exists, and creates no ASIN."""
VERSION = "UBOX1kb7Q2w="
DEFINITIONS = "https://schemas.amazon.com/selling-partners/definitions/product-types"
META = f"{DEFINITIONS}/meta-schema/v1"

TYPES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    GENERIC: ({"en": "Product", "fr": "Produit", "de": "Produkt"}, ()),
    "GROCERY": (
        {"en": "Grocery", "fr": "Épicerie", "de": "Lebensmittel"}, ("ingredients", "is_expiration_dated_product", "unit_count"),
    ),
    "HONEY": ({"en": "Honey", "fr": "Miel", "de": "Honig"}, ("ingredients", "is_expiration_dated_product", "flavor")),
    "CANDLE": ({"en": "Candle", "fr": "Bougie", "de": "Kerze"}, ("scent", "color", "material")),
    "SKIN_CLEANING_AGENT": ({"en": "Soap", "fr": "Savon", "de": "Seife"}, ("scent", "ingredients", "skin_type")),
}  # fmt: skip
"""Name -> (displayed names, attributes of its own)."""

CONDITIONS = (
    "new_new", "new_open_box", "new_oem", "refurbished_refurbished", "used_like_new", "used_very_good", "used_good",
    "used_acceptable", "collectible_like_new", "collectible_very_good", "collectible_good", "collectible_acceptable", "club_club",
)  # fmt: skip
OFFER = (
    "condition_note", "condition_type", "fulfillment_availability", "gift_options", "list_price", "max_order_quantity",
    "merchant_release_date", "merchant_shipping_group", "merchant_suggested_asin", "product_tax_code", "purchasable_offer", "skip_offer",
)  # fmt: skip
IDENTITY = (
    "brand", "externally_assigned_product_identifier", "item_name", "manufacturer", "part_number",
    "supplier_declared_has_product_identifier_exemption",
)  # fmt: skip
DETAILS = (
    "bullet_point",
    "country_of_origin",
    "item_weight",
    "main_product_image_locator",
    "number_of_items",
    "product_description",
)
OFFER_NEEDS = ("condition_type", "fulfillment_availability", "merchant_suggested_asin", "purchasable_offer")
PRODUCT_NEEDS = ("brand", "bullet_point", "country_of_origin", "item_name", "product_description")
SELECTORS = {
    "fulfillment_availability": ("fulfillment_channel_code",),
    "purchasable_offer": ("marketplace_id", "currency", "audience"),
    "list_price": ("marketplace_id", "currency"),
}
"""What names one entry of an attribute, where that is not its marketplace (and language)."""
MOST_MONEY, MOST_PIECES = 1_000_000_000, 100_000_000


def selectors(name: str) -> tuple[str, ...]:
    return SELECTORS.get(name, ("marketplace_id", "language_tag"))


def attributes(product_type: str) -> tuple[str, ...]:
    own = TYPES.get(product_type, TYPES[GENERIC])[1]
    return (*OFFER, *IDENTITY, *DETAILS, *own)


def needed(product_type: str, requirements: str) -> tuple[str, ...]:
    """What a new listing cannot do without."""
    if requirements == OFFER_ONLY:
        return OFFER_NEEDS
    return PRODUCT_NEEDS if requirements == PRODUCT_ONLY else (*PRODUCT_NEEDS, "condition_type")


def display_name(product_type: str, locale: str) -> str:
    names = TYPES[product_type][0]
    return names.get(locale[:2], names["en"])


def groups(product_type: str) -> dict[str, Any]:
    own = TYPES[product_type][1]
    told = (
        ("offer", "Offer", "What a buyer pays and how it is sent", OFFER),
        ("product_identity", "Product Identity", "What tells the product apart", IDENTITY),
        ("product_details", "Product Details", "What a buyer wants to know", (*DETAILS, *own)),
    )
    return {
        name: {"title": title, "description": says, "propertyNames": list(names)} for name, title, says, names in told
    }


@cache
def properties(product_type: str, site: str) -> dict[str, Any]:
    """Each attribute's part of the schema."""
    return {name: _attribute(name, site) for name in attributes(product_type)}


def schema(product_type: str, site: str, requirements: str, enforced: bool) -> dict[str, Any]:
    """JSON Schema 2019-09 with Amazon's own keywords, for one marketplace."""
    locale = SITES[site][2]
    told = properties(product_type, site)
    if requirements == OFFER_ONLY:
        told = {name: told[name] for name in OFFER}
    elif requirements == PRODUCT_ONLY:
        told = {name: part for name, part in told.items() if name not in OFFER}
    return {
        "$schema": META,
        "$id": f"{DEFINITIONS}/schema/v1/{product_type}",
        "$comment": f"Amazon product type definition schema of {product_type} in {site}; of a simulation.",
        "$defs": {"marketplace_id": _marketplace(site), "language_tag": _language(locale)},
        "type": "object",
        "required": list(needed(product_type, requirements)) if enforced else [],
        "properties": told,
        "additionalProperties": False,
    }


def meta_schema() -> dict[str, Any]:
    """The meta-schema: Amazon's keywords beside those of JSON Schema."""
    words = {
        "maxUniqueItems": "integer", "minUniqueItems": "integer", "maxUtf8ByteLength": "integer", "minUtf8ByteLength": "integer",
        "selectors": "array", "editable": "boolean", "hidden": "boolean", "enumNames": "array", "enumDeprecated": "array",
    }  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": META,
        "title": "Amazon Product Type Definition Meta-Schema (of a simulation)",
        "allOf": [{"$ref": "https://json-schema.org/draft/2019-09/schema"}],
        "type": ["object", "boolean"],
        "properties": {word: {"type": kind} for word, kind in words.items()},
    }


def _marketplace(site: str) -> dict[str, Any]:
    return {
        "title": "Marketplace Id", "type": "string", "enum": [site], "enumNames": [SITES[site][4].removeprefix("www.")],
        "default": site, "editable": False, "hidden": True,
    }  # fmt: skip


def _language(locale: str) -> dict[str, Any]:
    found = sorted({locale, "en_US", "en_GB"})
    return {
        "title": "Language Tag",
        "type": "string",
        "enum": found,
        "default": locale,
        "editable": False,
        "hidden": True,
    }


def _attribute(name: str, site: str) -> dict[str, Any]:
    build = _SPECIAL.get(name)
    if build:
        members, required, most = build(site)
    elif name in _TEXTS:
        members, required, most = (
            {"value": _string(_TEXTS[name]), "language_tag": {"$ref": "#/$defs/language_tag"}},
            ["value"],
            1,
        )
        if name == "bullet_point":
            most = 5
    else:
        members, required, most = {"value": _PLAIN[name]}, ["value"], 1
    if name != "fulfillment_availability":
        members["marketplace_id"] = {"$ref": "#/$defs/marketplace_id"}
    return {
        "title": name.replace("_", " ").title(), "description": f"Provide the {name.replace('_', ' ')}",
        "type": "array", "minItems": 1, "minUniqueItems": 1, "maxUniqueItems": most, "selectors": list(selectors(name)),
        "items": {"type": "object", "required": required, "properties": members, "additionalProperties": False},
    }  # fmt: skip


def _string(most: int, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most, **more}


_TEXTS = {
    "item_name": 200, "brand": 100, "manufacturer": 100, "bullet_point": 700, "product_description": 2000, "condition_note": 2000,
    "ingredients": 2000, "flavor": 100, "scent": 100, "color": 100, "material": 100, "skin_type": 100,
}  # fmt: skip
_BOOLEAN: dict[str, Any] = {"type": "boolean", "enum": [False, True], "enumNames": ["No", "Yes"]}
_PLAIN: dict[str, dict[str, Any]] = {
    "condition_type": _string(50, enum=list(CONDITIONS)),
    "merchant_suggested_asin": _string(10),
    "merchant_shipping_group": _string(100),
    "merchant_release_date": _string(40),
    "product_tax_code": _string(100),
    "part_number": _string(40),
    "country_of_origin": _string(2, minUtf8ByteLength=2),
    "skip_offer": _BOOLEAN,
    "supplier_declared_has_product_identifier_exemption": _BOOLEAN,
    "is_expiration_dated_product": _BOOLEAN,
    "max_order_quantity": {"type": "integer", "minimum": 1, "maximum": MOST_PIECES},
    "number_of_items": {"type": "integer", "minimum": 1, "maximum": MOST_PIECES},
}

_Built = tuple[dict[str, Any], list[str], int]


def _availability(site: str) -> _Built:
    members = {
        "fulfillment_channel_code": _string(40, enum=["DEFAULT", amazon_channel(site)]),
        "quantity": {"type": "integer", "minimum": 0, "maximum": MOST_PIECES},
        "lead_time_to_ship_max_days": {"type": "integer", "minimum": 0, "maximum": 60},
        "restock_date": _string(40),
        "is_inventory_available": _BOOLEAN,
        "marketplace_id": {"$ref": "#/$defs/marketplace_id"},
    }
    return members, ["fulfillment_channel_code"], 10


def _offer(site: str) -> _Built:
    price = {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_MONEY}
    bound = {"type": "number", "minimum": 0, "maximum": MOST_MONEY}

    def schedule(value: dict[str, Any], dates: bool = False) -> dict[str, Any]:
        members = {"value_with_tax": value, **({"start_at": _string(40), "end_at": _string(40)} if dates else {})}
        step = {"type": "object", "required": list(members), "properties": members, "additionalProperties": False}
        return {
            "type": "array", "minItems": 1, "maxUniqueItems": 1,
            "items": {
                "type": "object", "required": ["schedule"], "additionalProperties": False,
                "properties": {"schedule": {"type": "array", "minItems": 1, "maxUniqueItems": 1, "items": step}},
            },
        }  # fmt: skip

    moment = {
        "type": "object",
        "required": ["value"],
        "properties": {"value": _string(40)},
        "additionalProperties": False,
    }
    level = {
        "type": "object", "required": ["lower_bound", "value"], "additionalProperties": False,
        "properties": {"lower_bound": {"type": "integer", "minimum": 2, "maximum": MOST_PIECES}, "value": price},
    }  # fmt: skip
    levels = {
        "type": "object", "required": ["discount_type", "levels"], "additionalProperties": False,
        "properties": {
            "discount_type": _string(20, enum=["fixed", "percent"]),
            "levels": {"type": "array", "minItems": 1, "maxUniqueItems": 5, "items": level},
        },
    }  # fmt: skip
    members = {
        "currency": _string(3, enum=[SITES[site][1]]),
        "audience": _string(20, enum=["ALL", "B2B"], enumNames=["Sell on Amazon", "Amazon Business"], default="ALL"),
        "our_price": schedule(price),
        "discounted_price": schedule(price, dates=True),
        # Loose: what is 0, null or empty here is accepted and changes nothing (models issue 4898).
        "minimum_seller_allowed_price": {
            "anyOf": [schedule(bound), {"type": "null"}, {"type": "array", "maxItems": 0}]
        },
        "maximum_seller_allowed_price": {
            "anyOf": [schedule(bound), {"type": "null"}, {"type": "array", "maxItems": 0}]
        },
        "map_price": schedule(price),
        "quantity_discount_plan": {
            "type": "array",
            "minItems": 1,
            "maxUniqueItems": 1,
            "items": {
                "type": "object",
                "required": ["schedule"],
                "additionalProperties": False,
                "properties": {"schedule": {"type": "array", "minItems": 1, "maxUniqueItems": 1, "items": levels}},
            },
        },
        "automated_pricing_merchandising_rule_plan": {
            "type": "array",
            "minItems": 1,
            "maxUniqueItems": 1,
            "items": {
                "type": "object",
                "required": ["merchandising_rule"],
                "additionalProperties": False,
                "properties": {
                    "merchandising_rule": {
                        "type": "object",
                        "required": ["rule_id"],
                        "additionalProperties": False,
                        "properties": {"rule_id": _string(100)},
                    }
                },
            },
        },
        "start_at": moment,
        "end_at": moment,
    }
    return members, ["currency"], 5


def _list_price(site: str) -> _Built:
    price = {"type": "number", "exclusiveMinimum": 0, "maximum": MOST_MONEY}
    return {"currency": _string(3, enum=[SITES[site][1]]), "value_with_tax": price, "value": price}, ["currency"], 1


def _identifier(_: str) -> _Built:
    return {"type": _string(4, enum=["ean", "gtin", "upc"]), "value": _string(14)}, ["type", "value"], 1


def _image(_: str) -> _Built:
    return {"media_location": _string(500)}, ["media_location"], 1


def _gift(_: str) -> _Built:
    return {"can_be_messaged": _BOOLEAN, "can_be_wrapped": _BOOLEAN}, [], 1


def _measured(*units: str) -> Any:
    def build(_: str) -> _Built:
        value = {"type": "number", "minimum": 0, "maximum": MOST_MONEY}
        return {"unit": _string(20, enum=list(units)), "value": value}, ["unit", "value"], 1

    return build


_SPECIAL = {
    "fulfillment_availability": _availability, "purchasable_offer": _offer, "list_price": _list_price,
    "externally_assigned_product_identifier": _identifier, "main_product_image_locator": _image, "gift_options": _gift,
    "item_weight": _measured("grams", "kilograms", "ounces", "pounds"), "unit_count": _measured("gram", "milliliter", "count"),
}  # fmt: skip
