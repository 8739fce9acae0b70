"""What a shop adapter offers. The same duties as in `contracts.marketplace` hold for every method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from forain.core.clock import Instant
from forain.core.errors import Problem
from forain.core.ids import MarketplaceOrderId, ShopOrderId, VariantId
from forain.core.money import Money
from forain.core.orders import OrderDraft
from forain.core.sales import Special
from forain.core.secret import Secret
from forain.core.signals import Signal
from forain.core.stock import StockLevel


@dataclass(frozen=True, slots=True)
class ShopCredentials:
    """What a shop adapter is opened with: the values of its manifest's fields, secrets apart."""

    options: Mapping[str, str]
    secrets: Mapping[str, Secret]


@dataclass(frozen=True, slots=True)
class Variant:
    """One sellable thing of the shop. `price` with tax, None when the shop has none usable (see problems).

    `ean` "" when none. `tax_rate` in percent, None when not told. `level` None: the shop manages no stock
    for it. `group`: the shop's name of the group of articles it belongs to, for rules that count for all of them; "" for
    none. `special`: its reduced price, None for none. `group_prices`: (group of
    customers, price with tax) where the shop has another price for them, names in small letters. `cost`: what one piece costs
    the merchant, without VAT; None: the shop does not say. `problems`: what is wrong with it as it stands; it is still listed, and what is wrong is not sent.
    """

    variant: VariantId
    sku: str
    title: str
    price: Money | None
    level: StockLevel | None
    ean: str = ""
    asin: str = ""
    tax_rate: Decimal | None = None
    active: bool = True
    group: str = ""
    special: Special | None = None
    group_prices: tuple[tuple[str, Money], ...] = ()
    cost: Money | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class VariantPage:
    """`variants`, and the next `cursor` (None: last page).

    `problems`: what is wrong with the catalogue itself (a file's line and column). `version`: the shop's
    mark of this state, "" if it has none; the same version means nothing has changed.
    """

    variants: tuple[Variant, ...]
    cursor: str | None
    problems: tuple[Problem, ...] = ()
    version: str = ""


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """An order as the shop has it now, found by our reference."""

    shop_order: ShopOrderId
    reference: MarketplaceOrderId
    total: Money
    cancelled: bool


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel the shop sent. `items`: pieces per order line id as in the draft; empty: everything left.

    `parcel`: the shop's lasting name of it, unique in its order. `shipped_at` None: the shop did not say.
    """

    reference: MarketplaceOrderId
    parcel: str
    carrier: str
    tracking: str
    shipped_at: Instant | None
    items: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ShipmentPage:
    """`shipments`, and `problems` with what could not be read."""

    shipments: tuple[Shipment, ...]
    problems: tuple[Problem, ...] = ()


class Catalogue(Protocol):
    """The articles, and what may have changed among them."""

    def variants(self, cursor: str | None) -> VariantPage:
        """All variants, page by page; `cursor` None begins."""
        ...

    def check(self) -> str:
        """The cheapest authorized read; the shop's own name or address as proof. Raises what the call raises."""
        ...

    def changed(self, since: str) -> tuple[str, tuple[Signal, ...]]:
        """(mark, signals): what may have changed since the `mark` of the last call ("" = from the beginning).

        Cheap enough to ask every `watch_every`. Signals carry keys only; too many is fine, too few is caught
        by the next reading of everything. A shop without such a list answers `Signal("variant", "*")` each time: all of
        it is read and compared, as often as `watch_every` says, and only what differs is marked.
        """
        ...


class StockReader(Protocol):
    """Stock and price at the moment of asking. A shop that keeps stock at several locations tells all of them with each article, also
    those where none of it lies: what is not among them counts as unknown, and not as empty."""

    def stock(self, variants: Sequence[VariantId]) -> Mapping[VariantId, Variant]:
        """The variants as they are *now* (price and stock); one the shop does not have is absent, not zero."""
        ...


class OrderWriter(Protocol):
    """Brings orders into the shop, each once, and takes them back."""

    def ensure_order(self, draft: OrderDraft) -> ShopOrder:
        """Find the order by `draft.reference`, else create it; the answer is read back from the shop.

        Safe to repeat at any time. Raises Rejected with problems when the shop will not have it.
        """
        ...

    def cancel_order(self, reference: MarketplaceOrderId) -> None:
        """Cancel it in the shop; safe to repeat; an order the shop does not have is fine."""
        ...

    def order(self, reference: MarketplaceOrderId) -> ShopOrder | None:
        """The order by our reference, None when the shop has none (or its search does not show it yet)."""
        ...


class ShipmentReader(Protocol):
    """Reads what the shop has sent."""

    def shipments(self, references: Sequence[MarketplaceOrderId]) -> ShipmentPage:
        """Parcels of these orders, as far as the shop has sent any."""
        ...


class Hooks(Protocol):
    """Understands the shop's own calls to us: a speed-up, on which nothing depends."""

    def verify(self, headers: Mapping[str, str], body: bytes, secret: Secret) -> tuple[Signal, ...]:
        """Pure. Signature first, parse after; numbers in the body are thrown away. Raises Forged, Malformed."""
        ...


class Shop(Catalogue, StockReader, OrderWriter, ShipmentReader, Protocol):
    """All a full shop adapter offers. Hooks are extra."""
