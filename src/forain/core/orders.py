"""A marketplace order, and the table that says what to do with it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from forain.core.bundles import Component, part_line, shares, tax_shares
from forain.core.clock import Instant
from forain.core.ids import MarketplaceOrderId, OrderKey, SellerSku, SiteId, VariantId
from forain.core.money import LineTotal, Money, total_of
from forain.core.offers import FulfilledBy

BUYER_KEPT = timedelta(days=30)
"""So long after it was sent or cancelled an order keeps its buyer. Amazon's data protection policy allows 30 days after
the delivery, which we do not see (its update effective 2025-11-25, read second hand on 2026-08-05)."""
NEVER_SENT = timedelta(days=120)
"""So long after the purchase an order that was never sent keeps its buyer."""
SHORTEST_OF_A_BUYER = 3
"""Shorter words of a name or an address say nothing about anybody."""


class OrderStatus(StrEnum):
    """Where the marketplace says the order is."""

    PENDING = "pending"
    UNSHIPPED = "unshipped"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    UNFULFILLABLE = "unfulfillable"


@dataclass(frozen=True, slots=True)
class Readings:
    """How far the lists of changed orders tell what was sold. None: nothing of the kind is known yet.

    `sold_until`: every order placed up to then is in our book. `read_until`: where the last list that counts ended;
    `read_at`: when its last page had come.
    """

    sold_until: Instant | None = None
    read_until: Instant | None = None
    read_at: Instant | None = None

    def then(self, read_until: Instant, read_at: Instant) -> "Readings":
        """After one more list of orders, last changed up to `read_until`, whose last page came at `read_at`.

        A list ends minutes before the moment it is asked for. An order placed before that end and changed after it
        (paid, say) stands behind the end and is not in this list; the next one that reaches over that moment has it. So
        a list is believed once another one ends after it was read. Missed is only an order that was changed again right
        before that one, too: the falls over which nothing is raised are those of a few minutes more, and a second way of
        asking would cost as many calls as the first.
        """
        if self.read_at is not None and read_until < self.read_at:
            return self
        return Readings(self.read_until, read_until, read_at)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the parcel goes. Buyer data: kept as long as needed, shown to whom it concerns, never logged."""

    name: str
    lines: tuple[str, ...]
    city: str
    postal_code: str
    country: str
    region: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as ordered. `total`, `shipping`, `discount` are for all pieces, with tax as the site has it.

    `total` None: the marketplace does not say yet (pending). `tax` None: it states none.
    """

    line_id: str
    sku: SellerSku
    title: str
    quantity: int
    total: LineTotal | None
    shipping: LineTotal | None = None
    discount: LineTotal | None = None
    tax: Money | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A whole order as it is now (a level, not an event). `ship_to` None: not given to us.

    `cancel_asked`: the buyer asks to cancel; whether it is, is the merchant's to say at the marketplace. None: this
    reading does not tell.
    """

    key: OrderKey
    site: SiteId
    status: OrderStatus
    fulfilled_by: FulfilledBy
    purchased_at: Instant
    updated_at: Instant
    lines: tuple[Line, ...]
    currency: str
    total: Money | None = None
    ship_to: Address | None = None
    buyer_email: str = ""
    ship_by: Instant | None = None
    cancel_asked: bool | None = None


def has_ended(order: Order) -> bool:
    """Sent or cancelled: nobody needs to know any more where it goes."""
    return order.status in (OrderStatus.SHIPPED, OrderStatus.CANCELLED)


def buyer_until(order: Order, ended_at: Instant | None) -> Instant:
    """When the buyer's data must be gone. `ended_at`: when it was first seen as sent or cancelled; None: it was not."""
    return ended_at + BUYER_KEPT if ended_at is not None else order.purchased_at + NEVER_SENT


def forgetting_buyer(order: Order) -> Order:
    """The order with what it takes to count it, and nobody's name, address or mail in it."""
    return replace(order, ship_to=None, buyer_email="")


def keeping_buyer(order: Order, known: Order) -> Order:
    """The order with what `known`, an earlier reading, told of the buyer and this one does not."""
    return replace(
        order,
        ship_to=order.ship_to or known.ship_to,
        buyer_email=order.buyer_email or known.buyer_email,
        cancel_asked=known.cancel_asked if order.cancel_asked is None else order.cancel_asked,
    )


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line for the shop: its own variant, and the exact total. `line_id`: the marketplace's; of a bundle's component
    `core.bundles.part_line`. `sku`: what was sold, the bundle's own where it is one."""

    line_id: str
    variant: VariantId
    sku: SellerSku
    title: str
    quantity: int
    total: LineTotal
    tax: Money | None = None


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """What the shop is asked to have, exactly once, under `reference`. `total` = lines + shipping - discount."""

    reference: MarketplaceOrderId
    site: SiteId
    currency: str
    purchased_at: Instant
    lines: tuple[DraftLine, ...]
    shipping: Money
    discount: Money
    total: Money
    ship_to: Address
    buyer_email: str = ""
    ship_by: Instant | None = None


def without_buyer(text: str, order: Order | None) -> str:
    """A text of the other side about this order (what it refuses, say) without the buyer it may repeat.

    `order` None: nobody is known. Taken out are the whole values, and the single words of the name.
    """
    if order is None:
        return text
    told = {order.buyer_email}
    if (to := order.ship_to) is not None:
        told |= {to.name, *to.name.split(), *to.lines, to.city, to.postal_code, to.phone}
    for value in sorted((value.strip() for value in told), key=len, reverse=True):
        if len(value) >= SHORTEST_OF_A_BUYER:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "***", text, flags=re.IGNORECASE)
            begun = (value[:length] for length in range(len(value) - 1, SHORTEST_OF_A_BUYER, -1))
            cut = next((part for part in begun if text.lower().endswith(f" {part.lower()}")), "")
            text = f"{text[: -len(cut)]}***" if cut else text
    return text


class OrderState(StrEnum):
    """How far our own record of an order is."""

    HELD = "held"
    CREATING = "creating"
    CREATED = "created"
    CANCELLED = "cancelled"
    RECORDED = "recorded"


HoldReason = Literal[
    "pending", "unknown_sku", "address_missing", "price_missing", "no_lines", "already_shipped", "unfulfillable"
]
"""`already_shipped`: some of it left before Forain saw it; a person says whether the shop needs it."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Visible, counted as sold stock, and in nobody's way. `detail`: the SKU, say; "" when none."""

    reason: HoldReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Create:
    """The shop must have this order."""

    draft: OrderDraft


@dataclass(frozen=True, slots=True)
class Cancel:
    """The shop has it and the marketplace has cancelled it."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing to do. `state`: what our record says from now on."""

    state: OrderState


OrderStep = Hold | Create | Cancel | Nothing


Bundles = Mapping[SellerSku, Sequence[Component]]
"""What the bundles among an order's SKUs are made of."""
NO_BUNDLES: Bundles = {}


def step(
    order: Order,
    known: OrderState | None,
    mapping: Mapping[SellerSku, VariantId],
    since: Instant | None = None,
    bundles: Bundles = NO_BUNDLES,
) -> OrderStep:
    """What to do with `order`, of which our record says `known` (None: never seen).

    `mapping`: confirmed links of the order's SKUs; `bundles`: those that are bundles, which come into the shop as their
    components. An order fulfilled by the marketplace is recorded and
    never becomes work for the shop. An order being created goes on being created even if it was cancelled
    meanwhile: only when it is surely there can it surely be cancelled. Where a cancelled order no longer shows
    what it takes to create it, the shop is asked to cancel whatever it may have. `since`: when the account was
    connected; what was bought before and has left is nobody's work any more.
    """
    if order.fulfilled_by == "marketplace":
        return Nothing(OrderState.RECORDED)
    if known is OrderState.CANCELLED:
        return Nothing(OrderState.CANCELLED)
    if known is OrderState.CREATED:
        return Cancel() if order.status is OrderStatus.CANCELLED else Nothing(OrderState.CREATED)
    if order.status is OrderStatus.CANCELLED and known is not OrderState.CREATING:
        return Nothing(OrderState.CANCELLED)
    if order.status is OrderStatus.PENDING:
        return Hold("pending")
    if order.status is OrderStatus.UNFULFILLABLE:
        return Hold("unfulfillable")
    if order.status in (OrderStatus.SHIPPED, OrderStatus.PARTIALLY_SHIPPED) and known is not OrderState.CREATING:
        if order.status is OrderStatus.SHIPPED and since is not None and order.purchased_at < since:
            return Nothing(OrderState.RECORDED)
        return Hold("already_shipped")
    missing = _missing(order, {*mapping, *bundles})
    if missing is not None:
        return Cancel() if order.status is OrderStatus.CANCELLED else missing
    return Create(_draft(order, mapping, bundles))


def paid(lines: Sequence[Line], currency: str) -> Money | None:
    """What the buyer pays for these lines: goods and shipping less discounts. None: it cannot be added up."""
    plus = [a.money for line in lines for a in (line.total, line.shipping) if a]
    minus = [-line.discount.money for line in lines if line.discount]
    try:
        return total_of([*plus, *minus], currency)
    except ValueError:
        return None


def _ordered(order: Order) -> list[Line]:
    """The lines with pieces in them: a line that was cancelled alone stays in the order with none."""
    return [line for line in order.lines if line.quantity > 0]


def _missing(order: Order, mapped: Collection[SellerSku]) -> Hold | None:
    lines = _ordered(order)
    if not lines:
        return Hold("no_lines")
    unknown = [line.sku for line in lines if line.sku not in mapped]
    if unknown:
        return Hold("unknown_sku", ", ".join(sorted(set(unknown))))
    if any(line.total is None for line in lines):
        return Hold("price_missing")
    if order.ship_to is None:
        return Hold("address_missing")
    return None


def _draft(order: Order, mapping: Mapping[SellerSku, VariantId], bundles: Bundles) -> OrderDraft:
    assert order.ship_to is not None
    zero = Money(0, order.currency)
    lines: list[DraftLine] = []
    shipping = discount = goods = zero
    for line in _ordered(order):
        assert line.total is not None
        goods = goods + line.total.money
        shipping = shipping + (line.shipping.money if line.shipping else zero)
        discount = discount + (line.discount.money if line.discount else zero)
        if line.sku in bundles:
            lines += _components(line, line.total.money, bundles[line.sku])
        else:
            variant = mapping[line.sku]
            lines.append(DraftLine(line.line_id, variant, line.sku, line.title, line.quantity, line.total, line.tax))
    return OrderDraft(
        reference=order.key.order_id,
        site=order.site,
        currency=order.currency,
        purchased_at=order.purchased_at,
        lines=tuple(lines),
        shipping=shipping,
        discount=discount,
        total=goods + shipping - discount,
        ship_to=order.ship_to,
        buyer_email=order.buyer_email,
        ship_by=order.ship_by,
    )


def _components(line: Line, total: Money, components: Sequence[Component]) -> list[DraftLine]:
    """The line of a bundle as the shop's own articles: pieces sold x need, amounts that add up to the line's exactly."""
    totals = shares(total, components)
    taxes: Sequence[Money | None] = [None] * len(components)
    if line.tax is not None:
        taxes = tax_shares(line.tax, totals, components)
    return [
        DraftLine(
            part_line(line.line_id, place, len(components), one.need), one.variant, line.sku, one.title or line.title,
            line.quantity * one.need, LineTotal(part), tax,
        )
        for place, (one, part, tax) in enumerate(zip(components, totals, taxes, strict=True), start=1)
    ]  # fmt: skip
