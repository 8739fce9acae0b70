"""What buyers, sellers and Amazon do with orders, and what that does to stock: from buying to returning.

An order's own words are those of Orders 2026-01-01. Stock falls when a buyer buys, Pending included.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from forain_box import faults
from forain_box.sites import SITES, coins
from forain_box.spapi.errors import invalid
from forain_box.state import Listing, Order, OrderLine, Package, Seller
from forain_box.world import Refusal, World, happens

BUYERS = (
    ("Camille Martin", "12 rue des Lilas", "Lyon", "69003"),
    ("Jonas Weber", "Lindenallee 7", "Leipzig", "04109"),
    ("Inès Moreau", "3 place du Marché", "Nantes", "44000"),
    ("Lena Schmitt", "Am Hang 21", "Freiburg", "79098"),
)
"""Invented people; nobody lives there."""
SHIPPING = Decimal("4.90")


def total(order: Order) -> Decimal:
    """What the buyer pays for all that is not cancelled."""
    return sum((line_total(line) for line in order.lines), Decimal(0))


def line_total(line: OrderLine) -> Decimal:
    return line.unit_price * line.quantity + line.shipping + line.gift_wrap - line.discount


def buyable(listing: Listing, site: str) -> bool:
    return (
        listing.complete and site in listing.prices and any(q is None or q > 0 for q in listing.availability.values())
    )


def buy(
    world: World,
    seller: Seller,
    site: str,
    items: list[tuple[str, int]],
    *,
    pending_seconds: float = 0,
    fulfilled_by: str = "",
    shipping: Decimal | None = None,
    programs: tuple[str, ...] = (),
) -> Order:
    """A buyer buys; stock falls at once, payment may take a while. Raises Refusal with the reason."""
    if site not in seller.marketplace_ids:
        raise Refusal(f"{seller.seller_id} does not sell on {site}")
    wanted: dict[str, int] = {}
    for sku, count in items:
        wanted[sku] = wanted.get(sku, 0) + count
    taken = [_take(world, seller, site, sku, count) for sku, count in wanted.items()]
    now = world.now()
    for listing, channel, count in taken:
        left = listing.availability[channel]
        listing.availability[channel] = None if left is None else left - count
        if channel.startswith("AMAZON_"):
            listing.fba_quantity = max(listing.fba_quantity - count, 0)
    name, street, city, post_code = BUYERS[world.chance.randrange(len(BUYERS))]
    by = fulfilled_by or ("AMAZON" if any(c.startswith("AMAZON_") for _, c, _ in taken) else "MERCHANT")
    carriage = coins(SHIPPING if shipping is None else shipping, site)
    lines = [
        OrderLine(world.digits(14), listing.sku, listing.asin, listing.title, count, listing.prices[site],
                  shipping=carriage if place == 0 else Decimal(0))
        for place, (listing, _, count) in enumerate(taken)
    ]  # fmt: skip
    order = Order(
        order_id=f"{world.chance.randrange(300, 408)}-{world.digits(7)}-{world.digits(7)}",
        seller_id=seller.seller_id, marketplace_id=site, currency=SITES[site][1], created_at=now, updated_at=now,
        number=world.number(), status="PENDING" if pending_seconds > 0 else "UNSHIPPED", fulfilled_by=by, channel=taken[0][1],
        lines=lines, programs=list(programs),
        buyer={"buyerName": name, "buyerEmail": f"{world.token('', 12).lower()}@marketplace.example"},
        address={
            "name": name, "addressLine1": street, "city": city, "postalCode": post_code, "countryCode": SITES[site][0],
            "phone": "+33 1 00 00 00 00", "addressType": "RESIDENTIAL",
        },
        pending_until=now + timedelta(seconds=pending_seconds) if pending_seconds > 0 else None,
    )  # fmt: skip
    world.add_order(order)
    if order.pending_until:
        world.at(order.pending_until, "order.paid", order=order.order_id)
    if faults.strikes(world, "omit", "", seller.seller_id):
        world.state.omitted.append(order.order_id)
    return order


def _take(world: World, seller: Seller, site: str, sku: str, count: int) -> tuple[Listing, str, int]:
    listing = world.listing(seller.seller_id, sku)
    if listing is None:
        raise Refusal(f"{seller.seller_id} has no listing {sku}", 404)
    if not buyable(listing, site):
        raise Refusal(f"{sku} is not buyable on {site}", 409)
    channel = next((c for c, q in listing.availability.items() if q is None or q >= count), None)
    if channel is None:
        raise Refusal(f"{sku} has fewer than {count} pieces", 409)
    return listing, channel, count


@happens("order.paid")
def _paid(world: World, told: dict[str, Any]) -> None:
    order = world.state.orders[told["order"]]
    if order.status == "PENDING":
        order.status = "UNSHIPPED"
        world.touch(order, order.pending_until)


def possible(order: Order) -> tuple[str, ...]:
    """What the control API can do with the order as it stands."""
    return ("cancel",) if order.status in ("PENDING", "UNSHIPPED") else ()


def cancel(world: World, order: Order, reason: str = "") -> None:
    """The order ends before it was shipped; its pieces are for sale again. Raises Refusal."""
    if order.status in ("SHIPPED", "PARTIALLY_SHIPPED", "CANCELLED"):
        raise Refusal(f"the order is {order.status} already", 409)
    order.status, order.cancellation_reason = "CANCELLED", reason
    for line in order.lines:
        line.cancelled = line.quantity
        _back(world, order, line, line.quantity)
    world.touch(order)


def _back(world: World, order: Order, line: OrderLine, count: int) -> None:
    listing = world.listing(order.seller_id, line.sku)
    left = listing.availability.get(order.channel) if listing else None
    if listing and left is not None:
        listing.availability[order.channel] = left + count


def confirm_package(world: World, order: Order, package: Package) -> None:
    """The seller shipped; the order's status follows with a delay. The same reference edits the same package.

    Raises errors.Stop with Amazon's refusal.
    """
    lines = {line.item_id: line for line in order.lines}
    pieces = package.pieces
    if not pieces or any(i not in lines or not isinstance(q, int) or q < 1 for i, q in pieces.items()):
        raise invalid("orderItems names an item that is not in the order.")
    former = order.packages[package.reference].pieces if package.reference in order.packages else {}
    for item, count in pieces.items():
        if lines[item].shipped - former.get(item, 0) + count > lines[item].quantity:
            raise invalid("PackageToUpdateNotFound: unable to find package to update, the items are already fulfilled.")
    for item, count in former.items():
        lines[item].shipped -= count
    for item, count in pieces.items():
        lines[item].shipped += count
    order.packages[package.reference] = package
    world.write_later("order.shipped", order=order.order_id)


@happens("order.shipped")
def _shown_shipped(world: World, told: dict[str, Any]) -> None:
    order = world.state.orders[told["order"]]
    if order.status == "CANCELLED":
        return
    if all(line.shipped >= line.quantity for line in order.lines):
        order.status = "SHIPPED"
    elif any(line.shipped for line in order.lines):
        order.status = "PARTIALLY_SHIPPED"
    world.touch(order)
