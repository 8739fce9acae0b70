"""Vendure's words, as its Admin API spells them; and one call. Source: Vendure 3.7.3, seen running, 2026-11-24."""

from typing import Annotated, Any

import msgspec

from forain.contracts.net import Net, Request
from forain.contracts.shop import ShopCredentials
from forain.core.errors import Problem, Rejected, ServerFault, ShopRefused
from forain.net.answers import Name, Plain, Short, Whole, Wire, decoded, part
from forain.net.redaction import scrub

__all__ = ["Wire", "ask", "part"]

Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
Pieces = Annotated[int, msgspec.Meta(ge=1, le=10**6)]


class Struct(msgspec.Struct, rename="camel", kw_only=True):
    """camelCase on the wire; unknown members are ignored."""


class Rate(Struct):
    value: Percent


class Location(Struct):
    id: Name
    name: Plain


class Level(Struct):
    stock_on_hand: Whole
    stock_allocated: Whole
    stock_location: Location


class VariantFields(Struct):
    ean: Plain | None = None


class Variant(Struct):
    id: Name
    sku: Short
    name: Plain
    enabled: bool
    track_inventory: Name
    price_with_tax: Whole
    currency_code: Plain
    stock_levels: list[Level]
    custom_fields: VariantFields | None = None
    tax_rate_applied: Rate | None = None


class VariantNames(Struct):
    """What is left to say of an article that cannot be read."""

    id: Name
    sku: Any = None


class VariantMark(Struct):
    id: Name
    updated_at: Plain


class VariantList(Struct):
    """Items stay raw here: one that breaks must not break the page."""

    items: list[msgspec.Raw]
    total_items: Whole


class Settings(Struct):
    track_inventory: bool = True


class Locations(Struct):
    items: list[Location]


class Variants(Struct):
    product_variants: VariantList
    stock_locations: Locations
    global_settings: Settings = msgspec.field(default_factory=Settings)


class MadeOrder(Struct):
    id: Name
    code: Name
    reference: Plain
    state: Name
    total: Whole
    currency_code: Plain


class Made(Struct):
    forain_ensure_order: MadeOrder


class LineFields(Struct):
    forain_line: Plain | None = None


class VariantName(Struct):
    id: Name


class OrderLine(Struct):
    id: Name
    product_variant: VariantName
    custom_fields: LineFields | None = None


class FulfilledLine(Struct):
    order_line_id: Name
    quantity: Pieces


class Fulfillment(Struct):
    id: Name
    state: Name
    updated_at: Plain
    lines: list[FulfilledLine]
    tracking_code: Plain | None = None
    method: Plain | None = None


class OrderFields(Struct):
    forain_reference: Plain | None = None


class Order(Struct):
    id: Name
    code: Name
    state: Name
    total_with_tax: Whole
    currency_code: Plain
    updated_at: Plain
    custom_fields: OrderFields | None = None
    lines: list[OrderLine] = []
    fulfillments: list[Fulfillment] | None = None


class OrderList(Struct):
    """Items stay raw here: one that breaks must not break the page."""

    items: list[msgspec.Raw]


class Orders(Struct):
    orders: OrderList


class Problems(Struct):
    message: Plain = ""
    extensions: dict[str, Any] = {}


class Envelope(Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[Problems] = []


def ask(
    credentials: ShopCredentials, net: Net, name: str, query: str, variables: dict[str, Any], kind: type[Wire]
) -> Wire:
    """One call. Errors come inside HTTP 200, too. Raises ShopRefused, Rejected, Malformed, ServerFault."""
    token = credentials.secrets.get("token")
    headers = {"authorization": f"Bearer {token.reveal()}"} if token else {}
    if credentials.options.get("channel"):
        headers["vendure-token"] = credentials.options["channel"]
    response = net.send(
        Request(
            operation=name,
            method="POST",
            url=credentials.options["url"],
            headers=headers,
            json=msgspec.json.encode({"query": query, "variables": variables}),
        )
    )
    if response.status in (401, 403):
        raise ShopRefused("shop_token_refused")
    if response.status == 404:
        raise Rejected([Problem("url_wrong")], "url_wrong")
    told = decoded(response.body, Envelope, status=response.status)
    if told.errors:
        raise _error(told.errors)
    if response.status != 200:
        raise ServerFault("server_fault", placeholders={"status": str(response.status)})
    return part(told.data, kind)


RACED = ("UNIQUE constraint", "duplicate key", "Duplicate entry")
"""As SQLite, PostgreSQL and MySQL say it."""


def _error(told: list[Problems]) -> ShopRefused | Rejected | ServerFault:
    first = told[0]
    code = str(first.extensions.get("code", "")).replace("\0", "")[:60]
    if any(words in first.message for words in RACED):
        # Another call is making this very order: the next try finds it.
        return ServerFault("raced")
    if code == "FORBIDDEN":
        return ShopRefused("shop_token_refused")
    if code == "INTERNAL_SERVER_ERROR":
        # The shop's own trouble (its database away or locked, a fault in it): nothing is said about what was asked.
        return ServerFault("shop_ill", placeholders={"message": scrub(first.message)[:200]})
    if code == "GRAPHQL_VALIDATION_FAILED" and any("forain" in error.message for error in told):
        return Rejected([Problem("plugin_missing")], "plugin_missing")
    if "no_shipping_method" in first.message:
        return Rejected([Problem("no_shipping_method")], "no_shipping_method")
    if "INSUFFICIENT_STOCK" in first.message:
        return Rejected([Problem("insufficient_stock", scrub(first.message)[:200])], "insufficient_stock")
    return Rejected([Problem(code or "refused", scrub(first.message)[:300])])
