"""Reading the shop: variants, stock, orders, fulfillments.

Source: Vendure 3.7.3, seen running, 2026-11-24. A sale does not change a variant's `updatedAt`; it changes the order's.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from forain.contracts.net import Net
from forain.contracts.shop import Shipment, ShopCredentials, Variant
from forain.core.clock import format_instant, parse_instant
from forain.core.errors import Malformed, Problem
from forain.core.ids import MarketplaceOrderId, VariantId
from forain.core.money import Money, minor_digits
from forain.core.signals import Signal
from forain.core.stock import StockLevel
from forain.shops.vendure import wire

PAGE = 100
MOST_PAGES = 5
"""So many pages of changes are read at once; more is a reading of the whole catalogue."""
VARIANT = """id sku name enabled trackInventory priceWithTax currencyCode updatedAt customFields { ean }
 taxRateApplied { value } stockLevels { stockOnHand stockAllocated }"""
PLAIN = VARIANT.replace("customFields { ean }", "")
ORDER = """id code state totalWithTax currencyCode updatedAt customFields { forainReference }
 lines { id productVariant { id } customFields { forainLine } }
 fulfillments { id state trackingCode method updatedAt lines { orderLineId quantity } }"""
SENT = ("Shipped", "Delivered")
EPOCH = "1970-01-01T00:00:00.000Z"


def _variants(credentials: ShopCredentials, net: Net, options: dict[str, object]) -> wire.Variants:
    fields = VARIANT if credentials.options.get("ean_field", "ean") == "ean" else PLAIN
    query = (
        f"query($o: ProductVariantListOptions) {{ productVariants(options: $o) {{ totalItems items {{ {fields} }} }}"
        " globalSettings { trackInventory } }"
    )
    return wire.ask(credentials, net, "productVariants", query, {"o": options}, wire.Variants)


def page(credentials: ShopCredentials, net: Net, skip: int) -> tuple[tuple[Variant, ...], int | None]:
    """One page by id, and where the next begins (None: this was the last)."""
    told = _variants(credentials, net, {"take": PAGE, "skip": skip, "sort": {"id": "ASC"}})
    found = told.product_variants
    following = skip + len(found.items)
    return _read(told), following if found.items and following < found.total_items else None


def some(credentials: ShopCredentials, net: Net, wanted: Sequence[VariantId]) -> tuple[Variant, ...]:
    """These variants as they are now; one that is gone is absent."""
    found: list[Variant] = []
    for start in range(0, len(wanted), PAGE):
        part = [str(name) for name in wanted[start : start + PAGE]]
        found += _read(_variants(credentials, net, {"take": PAGE, "filter": {"id": {"in": part}}}))
    return tuple(found)


def _read(told: wire.Variants) -> tuple[Variant, ...]:
    return tuple(_variant(item, told.global_settings) for item in told.product_variants.items)


def _variant(told: wire.Variant, settings: wire.Settings) -> Variant:
    """Where the shop does not count an article (itself or by its global setting) there is no stock to tell."""
    if told.track_inventory not in ("TRUE", "FALSE", "INHERIT"):
        raise Malformed(f"trackInventory {told.track_inventory}")
    on_hand = sum(level.stock_on_hand for level in told.stock_levels)
    allocated = sum(level.stock_allocated for level in told.stock_levels)
    counted = told.track_inventory == "TRUE" or (told.track_inventory == "INHERIT" and settings.track_inventory)
    problems = () if told.price_with_tax > 0 else (Problem("price_not_positive"),)
    return Variant(
        variant=VariantId(told.id),
        sku=told.sku,
        title=told.name,
        price=Money(told.price_with_tax, told.currency_code) if told.price_with_tax > 0 else None,
        level=StockLevel(on_hand, allocated) if counted else None,
        ean=(told.custom_fields.ean if told.custom_fields else None) or "",
        tax_rate=Decimal(str(told.tax_rate_applied.value)) if told.tax_rate_applied else None,
        active=told.enabled,
        problems=problems,
    )


def changed(credentials: ShopCredentials, net: Net, since: str) -> tuple[str, tuple[Signal, ...]]:
    """Variants edited and orders touched since the mark.

    The mark is "newest variant~newest order~digest", the shop's own moments. Those are whole seconds, and
    several things happen in one: the last second is read again each time, and the digest says whether it
    still looks the same. Repeated signals are harmless, missed ones are not.
    """
    if since.count("~") != 2:
        return _now(credentials, net), (Signal("variant", "*"),)
    variant_mark, order_mark, digest = since.split("~")
    variants: list[wire.Variant] = []
    orders: list[wire.Order] = []
    for n in range(MOST_PAGES):
        part = _variants(credentials, net, _after(variant_mark, n)).product_variants.items
        variants += part
        if len(part) < PAGE:
            break
    for n in range(MOST_PAGES):
        touched = _orders(credentials, net, _after(order_mark, n))
        orders += touched
        if len(touched) < PAGE:
            break
    if max(len(variants), len(orders)) == MOST_PAGES * PAGE:
        # More than that at once (an import): one reading of everything is cheaper, and misses nothing.
        return _now(credentials, net), (Signal("shop_order", "*"), Signal("variant", "*"))
    told = [(v.id, v.updated_at) for v in variants]
    stands = [(o.id, o.updated_at, o.state, [(f.id, f.state) for f in o.fulfillments or []]) for o in orders]
    now = hashlib.sha256(repr((told, stands)).encode()).hexdigest()[:16]
    mark = "~".join(
        (
            max([variant_mark, *(v.updated_at for v in variants)]),
            max([order_mark, *(o.updated_at for o in orders)]),
            now,
        )
    )
    if now == digest:
        return mark, ()
    signals = {Signal("variant", v.id) for v in variants}
    for order in orders:
        signals |= {Signal("stock", line.product_variant.id) for line in order.lines}
        signals.add(Signal("shop_order", order.id))
    return mark, tuple(sorted(signals))


def _now(credentials: ShopCredentials, net: Net) -> str:
    """The mark of this moment."""
    return f"{_newest_variant(credentials, net)}~{_newest_order(credentials, net)}~"


def _after(mark: str, page: int) -> dict[str, object]:
    return {
        "take": PAGE,
        "skip": page * PAGE,
        "sort": {"updatedAt": "ASC"},
        "filter": {"updatedAt": {"after": _before(mark)}},
    }


def _before(mark: str) -> str:
    """A second earlier: the database behind the shop may keep whole seconds only."""
    return format_instant(parse_instant(mark) - timedelta(seconds=1)) if mark > EPOCH else EPOCH


def _newest_variant(credentials: ShopCredentials, net: Net) -> str:
    found = _variants(credentials, net, {"take": 1, "sort": {"updatedAt": "DESC"}}).product_variants.items
    return found[0].updated_at if found else EPOCH


def _newest_order(credentials: ShopCredentials, net: Net) -> str:
    found = _orders(credentials, net, {"take": 1, "sort": {"updatedAt": "DESC"}})
    return found[0].updated_at if found else EPOCH


def _orders(credentials: ShopCredentials, net: Net, options: dict[str, object]) -> list[wire.Order]:
    query = f"query($o: OrderListOptions) {{ orders(options: $o) {{ totalItems items {{ {ORDER} }} }} }}"
    return wire.ask(credentials, net, "orders", query, {"o": options}, wire.Orders).orders.items


def by_reference(credentials: ShopCredentials, net: Net, references: Sequence[MarketplaceOrderId]) -> list[wire.Order]:
    found: list[wire.Order] = []
    for start in range(0, len(references), PAGE):
        part = list(references[start : start + PAGE])
        found += _orders(credentials, net, {"take": PAGE, "filter": {"forainReference": {"in": part}}})
    return found


def shipments(order: wire.Order) -> list[Shipment]:
    """The order's fulfillments that left the house."""
    lines = {line.id: (line.custom_fields.forain_line if line.custom_fields else None) or "" for line in order.lines}
    reference = (order.custom_fields.forain_reference if order.custom_fields else None) or ""
    return [
        Shipment(
            reference=MarketplaceOrderId(reference),
            parcel=parcel.id,
            carrier=parcel.method or "",
            tracking=parcel.tracking_code or "",
            shipped_at=parse_instant(parcel.updated_at),
            items={lines[line.order_line_id]: line.quantity for line in parcel.lines if lines.get(line.order_line_id)},
        )
        for parcel in order.fulfillments or []
        if parcel.state in SENT
    ]


def money(minor: int, currency: str) -> Money:
    """Vendure counts in minor units of two digits for every currency. Source: its docs on Money, 2026-11-24."""
    if minor_digits(currency) != 2:
        raise Malformed(f"currency {currency}")
    return Money(minor, currency)
