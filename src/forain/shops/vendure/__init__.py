"""A Vendure shop through its Admin API, with Forain's small plugin installed in it (plugin/)."""

import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from forain.contracts.manifest import Field, ShopManifest
from forain.contracts.net import Net
from forain.contracts.shop import ShipmentPage, ShopCredentials, ShopOrder, Variant, VariantPage
from forain.core.errors import Forged, Malformed, Problem, Rejected, ServerFault
from forain.core.ids import MarketplaceOrderId, ShopOrderId, VariantId
from forain.core.orders import OrderDraft
from forain.core.secret import Secret
from forain.core.signals import Signal, SignalKind
from forain.net.answers import Name, Plain, Whole, decoded
from forain.net.redaction import scrub
from forain.shops.vendure import reading, wire

__all__ = ["MANIFEST", "VendureShop", "open"]

MANIFEST = ShopManifest(
    code="vendure",
    name="Vendure",
    capabilities=frozenset({"catalogue", "stock_reader", "order_writer", "shipment_reader", "hooks"}),
    fields=(
        Field("url", kind="url", pattern=r"https?://\S+", example="https://shop.example/admin-api"),
        Field("token", secret=True, pattern=r"\S{8,}", example="0123456789abcdef"),
        Field("channel", required=False),
        Field("hook_secret", secret=True, required=False, pattern=r"\S{12,}", example="a long shared word"),
    ),
    limits=(),
    search_lag=timedelta(0),
    watch_every=timedelta(seconds=2),
)
CREATE = (
    "mutation($i: ForainOrderInput!) { forainEnsureOrder(input: $i) { id code reference state total currencyCode } }"
)
CHECK = "{ forainVersion productVariants(options: {take: 1}) { totalItems } orders(options: {take: 1}) { totalItems } }"
CANCEL = (
    "mutation($i: CancelOrderInput!) { cancelOrder(input: $i) { __typename ... on ErrorResult { errorCode message } } }"
)
KINDS: dict[str, SignalKind] = {"stock": "stock", "variant": "variant", "shipment": "shop_order"}


class Hook(wire.Struct):
    topic: Name
    keys: list[Name]


class Result(wire.Struct):
    typename: Name = msgspec.field(name="__typename")
    error_code: Plain = ""
    message: Plain = ""


class Cancelled(wire.Struct):
    cancel_order: Result


class Total(wire.Struct):
    total_items: Whole


class Version(wire.Struct):
    forain_version: Whole
    product_variants: Total
    orders: Total


class VendureShop:
    """`contracts.shop.Shop` and `Hooks` over one Vendure."""

    def __init__(self, credentials: ShopCredentials, net: Net) -> None:
        self._credentials = credentials
        self._net = net

    def check(self) -> str:
        """The plugin's version; asks for an article and an order too, so that a right that is missing shows at once."""
        found = wire.ask(self._credentials, self._net, "check", CHECK, {}, Version)
        return f"{self._credentials.options['url']} (plugin {found.forain_version})"

    def variants(self, cursor: str | None) -> VariantPage:
        found, following = reading.page(self._credentials, self._net, int(cursor or 0))
        cursor = None if following is None else str(following)
        return VariantPage(tuple(found.variants), cursor, tuple(found.problems))

    def stock(self, variants: Sequence[VariantId]) -> Mapping[VariantId, Variant]:
        return {v.variant: v for v in reading.some(self._credentials, self._net, variants)}

    def changed(self, since: str) -> tuple[str, tuple[Signal, ...]]:
        return reading.changed(self._credentials, self._net, since)

    def ensure_order(self, draft: OrderDraft) -> ShopOrder:
        """The plugin finds by our reference, else creates, in one transaction of the shop's database."""
        to = draft.ship_to
        streets = [*to.lines, "", ""]
        told = {
            "reference": draft.reference,
            "email": draft.buyer_email or f"{draft.reference}@marketplace.invalid",
            "currencyCode": draft.currency,
            "total": draft.total.minor,
            "lines": [
                {
                    "line": line.line_id,
                    "variant": line.variant,
                    "quantity": line.quantity,
                    "total": line.total.money.minor,
                }
                for line in draft.lines
            ],
            "address": {
                "fullName": to.name,
                "streetLine1": streets[0],
                "streetLine2": ", ".join(part for part in streets[1:] if part),
                "city": to.city,
                "postalCode": to.postal_code,
                "province": to.region,
                "countryCode": to.country,
                "phoneNumber": to.phone,
            },
        }
        made = wire.ask(self._credentials, self._net, "ensureOrder", CREATE, {"i": told}, wire.Made).forain_ensure_order
        if made.reference != draft.reference:
            raise Malformed("forainEnsureOrder.reference")
        total = reading.money(made.total, made.currency_code)
        return ShopOrder(ShopOrderId(made.code), draft.reference, total, made.state == "Cancelled")

    def cancel_order(self, reference: MarketplaceOrderId) -> None:
        found = reading.order(self._credentials, self._net, reference)
        if found is None or found.state == "Cancelled":
            return
        told = {"orderId": found.id, "reason": "marketplace", "cancelShipping": True}
        result = wire.ask(self._credentials, self._net, "cancelOrder", CANCEL, {"i": told}, Cancelled).cancel_order
        if result.typename != "Order":
            raise Rejected([Problem(result.error_code or result.typename, scrub(result.message)[:300])])

    def order(self, reference: MarketplaceOrderId) -> ShopOrder | None:
        found = reading.order(self._credentials, self._net, reference)
        if found is None:
            return None
        total = reading.money(found.total_with_tax, found.currency_code)
        return ShopOrder(ShopOrderId(found.code), reference, total, found.state == "Cancelled")

    def shipments(self, references: Sequence[MarketplaceOrderId]) -> ShipmentPage:
        return reading.shipments(self._credentials, self._net, references)

    def verify(self, headers: Mapping[str, str], body: bytes, secret: Secret) -> tuple[Signal, ...]:
        wanted = hmac.new(secret.reveal().encode(), body, "sha256").hexdigest()
        if not hmac.compare_digest(wanted.encode(), headers.get("x-forain-signature", "").encode()):
            raise Forged
        try:
            told = decoded(body, Hook)
        except ServerFault:
            raise Malformed("no JSON") from None
        if told.topic not in KINDS:
            raise Malformed(f"topic {told.topic[:40]}")
        return tuple(Signal(KINDS[told.topic], key) for key in told.keys)


def open(credentials: ShopCredentials, net: Net) -> VendureShop:
    """An adapter for one shop; costs nothing, calls nobody."""
    return VendureShop(credentials, net)
