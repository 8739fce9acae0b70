"""Reading the shop: variants, stock, orders, fulfillments.

Source: Vendure 3.7.3, seen running, 2026-11-24. A sale does not change a variant's `updatedAt`; it changes the order's.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import msgspec

from forain.contracts.net import Net
from forain.contracts.shop import Shipment, ShipmentPage, ShopCredentials, Variant
from forain.core.clock import format_instant, parse_instant
from forain.core.errors import Malformed, Problem
from forain.core.ids import MarketplaceOrderId, VariantId
from forain.core.money import Money, minor_digits
from forain.core.signals import Signal
from forain.core.stock import AtLocation, StockLevel
from forain.shops.vendure import wire

PAGE = 100
MOST_PAGES = 5
"""So many pages of changes are read at once; more is a reading of the whole catalogue."""
VARIANT = """id sku name enabled trackInventory priceWithTax currencyCode updatedAt customFields { ean }
 taxRateApplied { value } stockLevels { stockOnHand stockAllocated stockLocation { id name } }"""
PLAIN = VARIANT.replace("customFields { ean }", "")
ORDER = """id code state totalWithTax currencyCode updatedAt customFields { forainReference }
 lines { id productVariant { id } customFields { forainLine } }
 fulfillments { id state trackingCode method updatedAt lines { orderLineId quantity } }"""
SENT = ("Shipped", "Delivered")
EPOCH = "1970-01-01T00:00:00.000Z"


@dataclass(slots=True)
class _Read:
    """Articles as read; one that breaks is named by its id with its problem, or, without a readable id, by `problems`."""

    variants: list[Variant] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def _variants(credentials: ShopCredentials, net: Net, options: dict[str, object]) -> wire.Variants:
    fields = VARIANT if credentials.options.get("ean_field", "ean") == "ean" else PLAIN
    query = (
        f"query($o: ProductVariantListOptions) {{ productVariants(options: $o) {{ totalItems items {{ {fields} }} }}"
        f" globalSettings {{ trackInventory }} stockLocations(options: {{ take: {PAGE} }}) {{ items {{ id name }} }} }}"
    )
    return wire.ask(credentials, net, "productVariants", query, {"o": options}, wire.Variants)


def page(credentials: ShopCredentials, net: Net, skip: int) -> tuple[_Read, int | None]:
    """One page by id, and where the next begins (None: this was the last). A full page is never taken for the last:
    whatever the total says, what is not read would count as gone."""
    told = _variants(credentials, net, {"take": PAGE, "skip": skip, "sort": {"id": "ASC"}})
    found = told.product_variants
    following = skip + len(found.items)
    more = bool(found.items) and (following < found.total_items or len(found.items) >= PAGE)
    return _read(told), following if more else None


def some(credentials: ShopCredentials, net: Net, wanted: Sequence[VariantId]) -> tuple[Variant, ...]:
    """These variants as they are now; one that is gone is absent. Where an answer holds one without a readable id, it
    may be any of those it does not name: all of them count as there and unreadable."""
    found: list[Variant] = []
    for start in range(0, len(wanted), PAGE):
        part = [str(name) for name in wanted[start : start + PAGE]]
        read = _read(_variants(credentials, net, {"take": PAGE, "filter": {"id": {"in": part}}}))
        found += read.variants
        if read.problems:
            named = {variant.variant for variant in read.variants}
            found += [_unreadable(name, "", read.problems[0].text) for name in part if name not in named]
    return tuple(found)


def _read(told: wire.Variants) -> _Read:
    read = _Read()
    for raw in told.product_variants.items:
        try:
            read.variants.append(_variant(wire.part(raw, wire.Variant), told))
        except Malformed as error:
            try:
                known = wire.part(raw, wire.VariantNames)
            except Malformed:
                read.problems.append(Problem("article_unreadable", error.field))
            else:
                sku = known.sku if isinstance(known.sku, str) and "\0" not in known.sku else ""
                sku = sku if len(sku) <= 200 else ""
                read.variants.append(_unreadable(known.id, sku, error.field))
    return read


def _unreadable(name: str, sku: str, text: str) -> Variant:
    """It is there; nothing else of it can be told, and nothing is sent of it."""
    return Variant(VariantId(name), sku, "", None, None, problems=(Problem("article_unreadable", text),))


def _variant(told: wire.Variant, shop: wire.Variants) -> Variant:
    """Where the shop does not count an article (itself or by its global setting) there is no stock to tell."""
    if told.track_inventory not in ("TRUE", "FALSE", "INHERIT"):
        raise Malformed(f"trackInventory {told.track_inventory}")
    settings = shop.global_settings
    counted = told.track_inventory == "TRUE" or (told.track_inventory == "INHERIT" and settings.track_inventory)
    price = money(told.price_with_tax, told.currency_code)
    problems = () if price.minor > 0 else (Problem("price_not_positive"),)
    return Variant(
        variant=VariantId(told.id),
        sku=told.sku,
        title=told.name,
        price=price if price.minor > 0 else None,
        level=_level(told.stock_levels, shop.stock_locations.items) if counted else None,
        ean=(told.custom_fields.ean if told.custom_fields else None) or "",
        tax_rate=Decimal(str(round(told.tax_rate_applied.value, 3))) if told.tax_rate_applied else None,
        active=told.enabled,
        problems=problems,
    )


def _level(levels: Sequence[wire.Level], locations: Sequence[wire.Location]) -> StockLevel:
    """An article has a level where it was ever kept; at the shop's other locations lies none of it.

    Known imperfection: of a shop with more locations than PAGE the further ones are known only where an article has a level.
    """
    found = [AtLocation(level.stock_location.name, level.stock_on_hand, level.stock_allocated) for level in levels]
    kept = {level.stock_location.id for level in levels}
    found += [AtLocation(location.name, 0) for location in locations if location.id not in kept]
    on_hand, allocated = sum(level.stock_on_hand for level in levels), sum(level.stock_allocated for level in levels)
    return StockLevel(on_hand, allocated, tuple(sorted(found, key=lambda one: one.name)))


def changed(credentials: ShopCredentials, net: Net, since: str) -> tuple[str, tuple[Signal, ...]]:
    """Variants edited and orders touched since the mark.

    The mark is "newest variant~newest order~digest", the shop's own moments. Those are whole seconds, and
    several things happen in one: the last second is read again each time, and the digest says whether it
    still looks the same. Repeated signals are harmless, missed ones are not.
    """
    if since.count("~") != 2:
        return _now(credentials, net), (Signal("variant", "*"),)
    variant_mark, order_mark, digest = since.split("~")
    variants: list[msgspec.Raw] = []
    orders: list[msgspec.Raw] = []
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
    seen = _Changes(variant_mark, order_mark)
    for raw in variants:
        seen.variant(raw)
    for raw in orders:
        seen.order(raw)
    now = hashlib.sha256(repr(seen.stands).encode()).hexdigest()[:16]
    mark = "~".join((seen.variant_mark, seen.order_mark, now))
    return mark, () if now == digest else tuple(sorted(seen.signals))


@dataclass(slots=True)
class _Changes:
    """What a look at the newest changes says. One that cannot be read may be anything: everything is looked at then,
    once for as long as it stands there, and the mark goes on by what could be read."""

    variant_mark: str
    order_mark: str
    stands: list[object] = field(default_factory=list)
    signals: set[Signal] = field(default_factory=set)

    def variant(self, raw: msgspec.Raw) -> None:
        try:
            told = wire.part(raw, wire.VariantMark)
            self.variant_mark = max(self.variant_mark, _moment(told.updated_at))
            self.stands.append((told.id, told.updated_at))
            self.signals.add(Signal("variant", told.id))
        except Malformed:
            self._anything(raw)

    def order(self, raw: msgspec.Raw) -> None:
        try:
            told = wire.part(raw, wire.Order)
            self.order_mark = max(self.order_mark, _moment(told.updated_at))
            self.stands.append(
                (told.id, told.updated_at, told.state, [(f.id, f.state) for f in told.fulfillments or []])
            )
            self.signals |= {Signal("stock", line.product_variant.id) for line in told.lines}
            self.signals.add(Signal("shop_order", told.id))
        except Malformed:
            self._anything(raw)

    def _anything(self, raw: msgspec.Raw) -> None:
        self.stands.append(bytes(raw))
        self.signals |= {Signal("variant", "*"), Signal("shop_order", "*")}


def _moment(text: str) -> str:
    """A moment of the shop as its own marks spell it. Raises Malformed."""
    try:
        return format_instant(parse_instant(text))
    except ValueError:
        raise Malformed(f"updatedAt {text[:40]}") from None


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
    return _moment(wire.part(found[0], wire.VariantMark).updated_at) if found else EPOCH


def _newest_order(credentials: ShopCredentials, net: Net) -> str:
    found = _orders(credentials, net, {"take": 1, "sort": {"updatedAt": "DESC"}})
    return _moment(wire.part(found[0], wire.Order).updated_at) if found else EPOCH


def _orders(credentials: ShopCredentials, net: Net, options: dict[str, object]) -> list[msgspec.Raw]:
    query = f"query($o: OrderListOptions) {{ orders(options: $o) {{ totalItems items {{ {ORDER} }} }} }}"
    return wire.ask(credentials, net, "orders", query, {"o": options}, wire.Orders).orders.items


def order(credentials: ShopCredentials, net: Net, reference: MarketplaceOrderId) -> wire.Order | None:
    """The one order with our reference, None where the shop has none. Raises Malformed for an answer about another."""
    found = _orders(credentials, net, {"take": PAGE, "filter": {"forainReference": {"in": [reference]}}})
    orders = [wire.part(raw, wire.Order) for raw in found]
    if any(_reference(one) != reference for one in orders):
        raise Malformed("customFields.forainReference")
    return orders[0] if orders else None


def _reference(order: wire.Order) -> str:
    return (order.custom_fields.forain_reference if order.custom_fields else None) or ""


def shipments(credentials: ShopCredentials, net: Net, references: Sequence[MarketplaceOrderId]) -> ShipmentPage:
    """The orders' fulfillments that left the house; an order that cannot be read is a problem, and stops no other."""
    parcels: list[Shipment] = []
    problems: list[Problem] = []
    for start in range(0, len(references), PAGE):
        part = list(references[start : start + PAGE])
        for raw in _orders(credentials, net, {"take": PAGE, "filter": {"forainReference": {"in": part}}}):
            try:
                parcels += _parcels(wire.part(raw, wire.Order))
            except Malformed as error:
                problems.append(Problem("order_not_readable", error.field))
    return ShipmentPage(tuple(parcels), tuple(problems))


def _parcels(order: wire.Order) -> list[Shipment]:
    lines = {line.id: (line.custom_fields.forain_line if line.custom_fields else None) or "" for line in order.lines}
    if not _reference(order):
        raise Malformed("customFields.forainReference")
    return [
        Shipment(
            reference=MarketplaceOrderId(_reference(order)),
            parcel=parcel.id,
            carrier=parcel.method or "",
            tracking=parcel.tracking_code or "",
            shipped_at=parse_instant(_moment(parcel.updated_at)),
            items={lines[line.order_line_id]: line.quantity for line in parcel.lines if lines.get(line.order_line_id)},
        )
        for parcel in order.fulfillments or []
        if parcel.state in SENT
    ]


def money(minor: int, currency: str) -> Money:
    """Vendure counts in minor units of two digits for every currency. Source: its docs on Money, 2026-11-24."""
    if minor_digits(currency) != 2:
        raise Malformed(f"currency {currency}")
    try:
        return Money(minor, currency)
    except ValueError:
        raise Malformed(f"currency {currency[:10]}") from None
