"""What Amazon says at once about a write of a listing: the schema of its product type, and little more.

All else shows later (`listing_writes.py`). Source: Amazon's model listingsItems_2021-08-01.json with its sandbox
samples; models issues 4228, 4349, 4595, 5235; read 2026-11-23.
"""

import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from forain_box import product_types, standing
from forain_box.offers import issue
from forain_box.sites import SITES, coins

MISSING, UNKNOWN, WRONG, TOO_FEW = "90220", "90000900", "4000001", "99022"
OPERATIONS = ("add", "replace", "merge", "delete")

Values = list[dict[str, Any]]
Operation = tuple[str, str, Values]
"""(op, attribute, values)."""


def copied(value: Any) -> Any:
    """A copy of plain JSON data; a feed copies 25,000 of them, and copy.deepcopy takes five times as long."""
    if isinstance(value, dict):
        return {name: copied(part) for name, part in value.items()}
    return [copied(part) for part in value] if isinstance(value, list) else value


class Malformed(Exception):
    """A patch that is none: the whole request is refused."""


def read_patch(place: int, op: str, path: str, value: Values | None) -> Operation:
    """One patch, well formed. Raises Malformed."""
    if op not in OPERATIONS:
        raise Malformed(f"Invalid 'op': {op[:50]}.")
    name = path.removeprefix("/attributes/")
    if not path.startswith("/attributes/") or not name or "/" in name:
        raise Malformed(f"Invalid path provided in patch at index of {place}.")
    if not value:
        # An attribute cannot be deleted by its name alone: its values say what of it.
        raise Malformed(
            f"Invalid path provided in patch at index of {place}."
            if op == "delete"
            else "'value' must be an array of objects."
        )
    return op, name, value


def problems(product_type: str, operations: list[Operation], sites: list[str]) -> list[dict[str, Any]]:
    """The issues that make a write INVALID at once; [] when there are none."""
    return [problem for operation in operations for problem in _of_operation(product_type, operation, sites)]


def lacking(product_type: str, requirements: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    """What a whole listing needs and was not given."""
    if product_type == product_types.GENERIC and requirements == product_types.LISTING:
        message = "The product type PRODUCT creates no product; it fits offers only."
        return [issue(WRONG, message, "product_type", "INVALID_ATTRIBUTE")]
    found = []
    for name in product_types.needed(product_type, requirements):
        if not given.get(name):
            message = f"'{name}' is required but not supplied."
            found.append(issue(MISSING, message, name, "MISSING_ATTRIBUTE", action=standing.SUPPRESSED))
    return found


def _of_operation(product_type: str, operation: Operation, sites: list[str]) -> Iterator[dict[str, Any]]:
    op, name, values = operation
    if name not in product_types.attributes(product_type):
        yield issue(UNKNOWN, "The attributes are invalid.", name, "INVALID_ATTRIBUTE", action="ATTRIBUTE_SUPPRESSED")
        return
    category = "INVALID_PRICE" if name == "purchasable_offer" else "INVALID_ATTRIBUTE"
    for value in values:
        site = value.get("marketplace_id", sites[0])
        if site not in sites:
            yield issue(WRONG, "The marketplace is none of this request.", name, category)
            continue
        part = product_types.properties(product_type, site)[name]
        if op == "delete":
            for selector in part["selectors"]:
                if selector not in value and selector in part["items"]["required"]:
                    yield issue(MISSING, f"'{selector}' names what is to be deleted.", name, "MISSING_ATTRIBUTE")
            continue
        wrong = _mismatch(part["items"], value, site, name)
        if wrong:
            yield issue(wrong[0], wrong[1], name, "MISSING_ATTRIBUTE" if wrong[0] == MISSING else category)
        elif name == "purchasable_offer" and not _in_coins(value, site):
            yield issue(WRONG, f"A price has more decimals than {SITES[site][1]}.", name, category)
        elif name == "purchasable_offer" and not _tiers_fall(value):
            yield issue(WRONG, "The quantities must rise and the prices fall.", name, category)
        elif name == "purchasable_offer" and not _sale_is_one(value):
            yield issue(WRONG, "The sale price must be lower than the price, and end after it starts.", name, category)
    if op != "delete" and len(values) > product_types.properties(product_type, sites[0])[name]["maxUniqueItems"] * len(
        sites
    ):
        yield issue(WRONG, f"'{name}' has too many values.", name, category)


def _tiers_fall(value: dict[str, Any]) -> bool:
    """Quantities rise and prices fall, from the price itself on where both are told."""
    prices = [step["value_with_tax"] for price in value.get("our_price", ()) for step in price["schedule"]]
    for plan in value.get("quantity_discount_plan", ()):
        for step in plan["schedule"]:
            told = [(level["lower_bound"], level["value"]) for level in step["levels"]]
            if step["discount_type"] == "fixed" and prices:
                told.insert(0, (1, prices[0]))
            falls = step["discount_type"] == "fixed"
            if any(a[0] >= b[0] or (a[1] <= b[1] if falls else a[1] >= b[1]) for a, b in itertools.pairwise(told)):
                return False
    return True


def _sale_is_one(value: dict[str, Any]) -> bool:
    """A sale told together with a price is below it. Against the price that stands it is not checked: an assumption."""
    prices = [step["value_with_tax"] for price in value.get("our_price", ()) for step in price["schedule"]]
    sales = [step for sale in value.get("discounted_price", ()) for step in sale["schedule"]]
    return all(
        step["start_at"] <= step["end_at"] and all(step["value_with_tax"] < price for price in prices) for step in sales
    )


def _in_coins(value: dict[str, Any], site: str) -> bool:
    for member in value.values():
        for price in member or () if isinstance(member, list) else ():
            for step in price.get("schedule", ()):
                told = Decimal(str(step.get("value_with_tax", 0)))
                if told != coins(told, site):
                    return False
    return True


def _mismatch(schema: dict[str, Any], value: Any, site: str, path: str) -> tuple[str, str] | None:
    """(code, message) of the first thing that does not fit the schema; those of its keywords that the types use."""
    if "$ref" in schema:
        schema = _DEFINED[schema["$ref"]](site)
    if "anyOf" in schema:
        found = [_mismatch(choice, value, site, path) for choice in schema["anyOf"]]
        return None if None in found else found[0]
    if not _is(schema["type"], value):
        return WRONG, f"'{path}' must be of type {schema['type']}."
    if "enum" in schema and value not in schema["enum"]:
        return WRONG, f"'{str(value)[:50]}' is no valid value of '{path}'."
    if schema["type"] == "object":
        for name in schema["required"]:
            if name not in value:
                return MISSING, f"'{name}' of '{path}' is required but missing."
        for name, member in value.items():
            if name not in schema["properties"]:
                return UNKNOWN, f"'{name[:50]}' is no member of '{path}'."
            wrong = _mismatch(schema["properties"][name], member, site, name)
            if wrong:
                return wrong
    elif schema["type"] == "array":
        if len(value) < schema.get("minItems", 0):
            return TOO_FEW, f"'{path}' does not have enough values; the least is {schema['minItems']}."
        if len(value) > schema.get("maxItems", schema.get("maxUniqueItems", len(value))):
            return WRONG, f"'{path}' has too many values."
        for entry in value:
            wrong = _mismatch(schema["items"], entry, site, path)
            if wrong:
                return wrong
    elif schema["type"] == "string":
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            return WRONG, f"'{path}' is too short or too long."
    elif schema["type"] in ("integer", "number"):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            return WRONG, f"'{path}' is too small or too large."
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            return WRONG, f"'{path}' is missing, zero or negative."
    return None


_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "null": type(None),
}  # fmt: skip


def _is(kind: str, value: Any) -> bool:
    """A boolean is no number here."""
    return kind == "boolean" if isinstance(value, bool) else kind != "boolean" and isinstance(value, _TYPES[kind])


def _language(site: str) -> dict[str, Any]:
    return {"type": "string", "enum": sorted({SITES[site][2], "en_US", "en_GB"})}


def _marketplace(site: str) -> dict[str, Any]:
    return {"type": "string", "enum": [site]}


_DEFINED = {"#/$defs/language_tag": _language, "#/$defs/marketplace_id": _marketplace}
