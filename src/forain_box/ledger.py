"""The seller's money: what shipments bring and refunds take, held back at first, released later.

Running totals are kept per seller, site and day, so that balances and summaries cost the same in a large world.
Source: Amazon's model finances_2024-06-19.json and models issues 4237, 4245, 4993; read 2026-11-23.
"""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from forain_box import amounts
from forain_box.order_news import deliver_by
from forain_box.sites import coins
from forain_box.state import LedgerDay, Order, OrderLine, Transaction
from forain_box.world import World, happens

HELD_BACK = timedelta(days=7)
"""Money is released so long after delivery (Amazon calls the policy DD7)."""
COMMISSION = Decimal("0.15")
FULFILMENT_FEE = Decimal("3.00")
LISTED_WITHIN_SECONDS = (3600.0, 48 * 3600.0)
"""Lists show an event so long after it happened."""
NAMES = {
    "ITEM": "OurPricePrincipal", "SHIPPING": "ShippingPrincipal", "GIFT_WRAP": "GiftwrapPrincipal", "COD_FEE": "CODFeePrincipal",
    "DISCOUNT ITEM": "OurPriceDiscount", "DISCOUNT SHIPPING": "ShippingDiscount",
    "TAX ITEM": "OurPriceTax", "TAX SHIPPING": "ShippingTax", "TAX GIFT_WRAP": "GiftwrapTax", "TAX COD_FEE": "CODFeeTax",
}  # fmt: skip
WITHHELD = "MarketplaceFacilitatorTax-Principal"
"""Sales tax Amazon keeps and pays to the state itself."""
GROUPS = {
    "OurPricePrincipal": "ProductCharges", "ShippingPrincipal": "Shipping", "GiftwrapPrincipal": "Giftwrap",
    "CODFeePrincipal": "CODFee", "OurPriceDiscount": "PromoRebates", "ShippingDiscount": "PromoRebates", "OurPriceTax": "Tax",
    "ShippingTax": "Tax", "GiftwrapTax": "Tax", "CODFeeTax": "Tax", WITHHELD: "Tax", "Commission": "AmazonFees",
    "RefundCommission": "AmazonFees", "FBAPerUnitFulfillmentFee": "AmazonFees",
}  # fmt: skip


def post_shipment(world: World, order: Order, reference: str, shown: dict[str, int]) -> None:
    """The money of pieces that left: `shown` item id -> pieces the order shows now."""
    items: list[dict[str, Any]] = []
    for line in order.lines:
        if line.item_id not in shown or line.shipped <= line.posted:
            continue
        parts = _money_of(order, amounts.between(order, line, line.posted, line.shipped))
        pieces, line.posted = line.shipped - line.posted, line.shipped
        _charge(order, parts, pieces, amounts.tax_on_top(order.marketplace_id))
        items.append(_item(line, pieces, parts))
    if items:
        _post(world, order, "Shipment", reference, items, held_until=deliver_by(order)[1] + HELD_BACK)


def post_refund(world: World, order: Order, given_back: dict[str, dict[str, Decimal]], reference: str) -> None:
    """`given_back`: item id -> part (amounts.CHARGES and "TAX ITEM" and so on) -> what is paid back of it."""
    items = []
    for line in order.lines:
        told = given_back.get(line.item_id)
        if told:
            parts = {name: -amount for name, amount in _money_of(order, told).items()}
            goods = sum(
                (a for n, a in parts.items() if GROUPS[n] in ("ProductCharges", "Shipping", "Giftwrap")), Decimal(0)
            )
            fee = coins(-goods * COMMISSION, order.marketplace_id)
            parts["Commission"] = fee
            parts["RefundCommission"] = -min(
                coins(fee / 5, order.marketplace_id), coins(Decimal(5), order.marketplace_id)
            )
            tax = sum((a for n, a in parts.items() if GROUPS[n] == "Tax"), Decimal(0))
            if tax and amounts.tax_on_top(order.marketplace_id):
                parts[WITHHELD] = -tax
            items.append(_item(line, 0, parts))
    held = [t.maturity_at for t in _of_order(world, order) if not t.released and t.maturity_at]
    _post(world, order, "Refund", reference, items, held_until=max(held, default=None))


def _money_of(order: Order, parts: dict[str, Decimal]) -> dict[str, Decimal]:
    """Details of an order by the names money has; tax within the prices is taken out of them."""
    found: dict[str, Decimal] = {}
    for kind, amount in parts.items():
        if not amount:
            continue
        sign = -1 if kind.startswith("DISCOUNT") else 1
        found[NAMES[kind]] = found.get(NAMES[kind], Decimal(0)) + sign * amount
        if kind.startswith("TAX") and not order.tax_on_top:
            charge = NAMES[kind.removeprefix("TAX ")]
            found[charge] = found.get(charge, Decimal(0)) - amount
    return found


def _charge(order: Order, parts: dict[str, Decimal], pieces: int, withheld: bool) -> None:
    tax = sum((a for n, a in parts.items() if GROUPS[n] == "Tax"), Decimal(0))
    paid = sum(parts.values(), Decimal(0)) - (tax if withheld else 0)
    parts["Commission"] = -coins(paid * COMMISSION, order.marketplace_id)
    if order.fulfilled_by == "AMAZON":
        parts["FBAPerUnitFulfillmentFee"] = -coins(FULFILMENT_FEE * pieces, order.marketplace_id)
    if withheld and tax:
        parts[WITHHELD] = -tax


def _item(line: OrderLine, pieces: int, parts: dict[str, Decimal]) -> dict[str, Any]:
    return {
        "item_id": line.item_id, "sku": line.sku, "asin": line.asin, "title": line.title, "pieces": pieces,
        "parts": {name: str(amount) for name, amount in parts.items()},
    }  # fmt: skip


def _post(
    world: World, order: Order, kind: str, reference: str, items: list[dict[str, Any]], held_until: datetime | None
) -> None:
    now, parts = world.now(), dict[str, Decimal]()
    for item in items:
        for name, amount in item["parts"].items():
            parts[name] = parts.get(name, Decimal(0)) + Decimal(amount)
    transaction = Transaction(
        world.token("", 43), order.seller_id, order.marketplace_id, kind, order.order_id, now, order.currency, parts, items,
        released=held_until is None, maturity_at=held_until, fulfilled_by=order.fulfilled_by, reference=reference,
        listed_at=now + timedelta(seconds=world.chance.uniform(*LISTED_WITHIN_SECONDS)),
    )  # fmt: skip
    order.transactions.append(len(world.state.transactions))
    world.state.transactions.append(transaction)
    _count(world, transaction, parts, to_available=transaction.released)
    if held_until is not None:
        world.at(held_until, "money.release", place=order.transactions[-1])


def amount_of(transaction: Transaction) -> Decimal:
    return sum(transaction.parts.values(), Decimal(0))


def delivered(world: World, order: Order) -> None:
    """What the delivery brought nearer: its money is released seven days from now."""
    for place in order.transactions:
        transaction = world.state.transactions[place]
        if not transaction.released:
            transaction.maturity_at = world.now() + HELD_BACK
            world.at(transaction.maturity_at, "money.release", place=place)


@happens("money.release")
def _release(world: World, told: dict[str, Any]) -> None:
    transaction = world.state.transactions[told["place"]]
    if transaction.released or (transaction.maturity_at and transaction.maturity_at > world.now()):
        return
    transaction.released = True
    day = _day(world, transaction)
    amount = amount_of(transaction)
    day.deferred -= amount
    day.available += amount


def _count(world: World, transaction: Transaction, parts: dict[str, Decimal], *, to_available: bool) -> None:
    day = _day(world, transaction)
    for name, amount in parts.items():
        day.parts[name] = day.parts.get(name, Decimal(0)) + amount
    if to_available:
        day.available += amount_of(transaction)
    else:
        day.deferred += amount_of(transaction)


def _day(world: World, transaction: Transaction) -> LedgerDay:
    days = world.state.ledgers.setdefault(transaction.seller_id, {}).setdefault(transaction.marketplace_id, [])
    today = world.now().date().isoformat()
    if not days or days[-1].day != today:
        last = days[-1] if days else LedgerDay("")
        days.append(LedgerDay(today, last.available, last.deferred, dict(last.parts)))
    return days[-1]


def at_end_of(world: World, seller_id: str, site: str, day: date) -> LedgerDay:
    """The seller's money on a site when that day was over."""
    days = world.state.ledgers.get(seller_id, {}).get(site, [])
    place = bisect_right(days, day.isoformat(), key=lambda d: d.day)
    return days[place - 1] if place else LedgerDay("")


def _of_order(world: World, order: Order) -> list[Transaction]:
    return [world.state.transactions[place] for place in order.transactions]
