"""Vendure's words, as its Admin API spells them; and one call. Source: Vendure 3.7.3, seen running, 2026-11-24."""

from typing import Any, TypeVar

import msgspec

from forain.contracts.net import Net, Request
from forain.contracts.shop import ShopCredentials
from forain.core.errors import Malformed, Problem, Rejected, ServerFault, ShopRefused
from forain.net.redaction import scrub, shape

Wire = TypeVar("Wire")


class Struct(msgspec.Struct, rename="camel", kw_only=True):
    """camelCase on the wire; unknown members are ignored."""


class Rate(Struct):
    value: float


class Level(Struct):
    stock_on_hand: int
    stock_allocated: int


class VariantFields(Struct):
    ean: str | None = None


class Variant(Struct):
    id: str
    sku: str
    name: str
    enabled: bool
    track_inventory: str
    price_with_tax: int
    currency_code: str
    updated_at: str
    stock_levels: list[Level]
    custom_fields: VariantFields | None = None
    tax_rate_applied: Rate | None = None


class VariantList(Struct):
    items: list[Variant]
    total_items: int = 0


class Settings(Struct):
    track_inventory: bool = True


class Variants(Struct):
    product_variants: VariantList
    global_settings: Settings = msgspec.field(default_factory=Settings)


class MadeOrder(Struct):
    id: str
    code: str
    reference: str
    state: str
    total: int
    currency_code: str


class Made(Struct):
    forain_ensure_order: MadeOrder


class LineFields(Struct):
    forain_line: str | None = None


class VariantName(Struct):
    id: str


class OrderLine(Struct):
    id: str
    product_variant: VariantName
    custom_fields: LineFields | None = None


class FulfilledLine(Struct):
    order_line_id: str
    quantity: int


class Fulfillment(Struct):
    id: str
    state: str
    updated_at: str
    lines: list[FulfilledLine]
    tracking_code: str | None = None
    method: str | None = None


class OrderFields(Struct):
    forain_reference: str | None = None


class Order(Struct):
    id: str
    code: str
    state: str
    total_with_tax: int
    currency_code: str
    updated_at: str
    custom_fields: OrderFields | None = None
    lines: list[OrderLine] = []
    fulfillments: list[Fulfillment] | None = None


class OrderList(Struct):
    items: list[Order]
    total_items: int = 0


class Orders(Struct):
    orders: OrderList


class Problems(Struct):
    message: str = ""
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
    try:
        told = msgspec.json.decode(response.body, type=Envelope)
    except msgspec.DecodeError:
        raise ServerFault("no_json", placeholders={"status": str(response.status)}) from None
    if told.errors:
        raise _error(told.errors)
    if response.status != 200:
        raise ServerFault("server_fault", placeholders={"status": str(response.status)})
    try:
        return msgspec.json.decode(told.data, type=kind)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)[:200], sample=shape(response.body)) from None


RACED = ("UNIQUE constraint", "duplicate key", "Duplicate entry")
"""As SQLite, PostgreSQL and MySQL say it."""


def _error(told: list[Problems]) -> ShopRefused | Rejected | ServerFault:
    first = told[0]
    code = str(first.extensions.get("code", ""))
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
