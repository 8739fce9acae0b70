"""A buyer buys: what is in the cart becomes one order, or two where Amazon fulfils a part of it; stock falls at once.

Source: Amazon's models ordersV0.json and orders_2026-01-01.json, read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from forain_box import amounts, competition, faults, offers, order_news, people, standing
from forain_box.sites import SHIPPING, SITES, coins
from forain_box.state import Listing, Order, OrderLine, Seller
from forain_box.world import Refusal, World

AMAZON_SHIPS_AFTER = (6 * 3600.0, 30 * 3600.0)
"""Between how many seconds after payment Amazon ships what it fulfils."""


@dataclass(frozen=True)
class Wanted:
    """What a buyer puts into the cart. Amounts are for all pieces; None: as usual, or nothing. `tax`: of the goods."""

    sku: str
    quantity: int = 1
    shipping: Decimal | None = None
    discount: Decimal = Decimal(0)
    shipping_discount: Decimal = Decimal(0)
    gift_wrap: Decimal = Decimal(0)
    gift_message: str = ""
    cod_fee: Decimal = Decimal(0)
    tax: Decimal | None = None


@dataclass(frozen=True)
class _Taken:
    listing: Listing
    channel: str
    wanted: Wanted


def buy(
    world: World,
    seller: Seller,
    site: str,
    items: Sequence[tuple[str, int] | Wanted],
    *,
    pending_seconds: float = 0,
    available_seconds: float = 0,
    fulfilled_by: str = "",
    shipping: Decimal | None = None,
    programs: Sequence[str] = (),
    tax: bool | None = None,
    cash_on_delivery: bool = False,
    tax_scheme: str = "",
) -> Order:
    """A buyer buys; stock falls at once, payment may take a while. Raises Refusal with the reason.

    `available_seconds`: a pre-order, on sale so much later. `shipping`: of the whole order, None: the usual. `tax`: Amazon
    states it (None: as on that site). `tax_scheme`: UOSS or IOSS, where Amazon collects the VAT itself. What Amazon
    fulfils and what the seller fulfils become two orders of one purchase; the answer is the first.
    """
    if site not in seller.marketplace_ids:
        raise Refusal(f"{seller.seller_id} does not sell on {site}")
    taken = [_take(world, seller, site, wanted, fulfilled_by) for wanted in _cart(items)]
    fees = SHIPPING if shipping is None else shipping
    groups: dict[str, list[_Taken]] = {}
    for one in taken:
        groups.setdefault(fulfilled_by or _fulfils(one.channel), []).append(one)
    for one in taken:
        offers.move(world, one.listing, one.channel, -one.wanted.quantity, site)
    orders = [
        _place(
            world, seller, site, by, group, coins(fees if place == 0 else Decimal(0), site), list(programs),
            _taxed(site, taken) if tax is None else tax, cash_on_delivery, tax_scheme, pending_seconds, available_seconds,
        )
        for place, (by, group) in enumerate(groups.items())
    ]  # fmt: skip
    for order in orders:
        order.together = [other.order_id for other in orders if other is not order]
        order_news.changed(world, order, "Order placed")
    return orders[0]


def _taxed(site: str, taken: list[_Taken]) -> bool:
    """Whether Amazon states the tax: where it adds it, and where somebody named one."""
    return amounts.tax_on_top(site) or any(one.wanted.tax is not None for one in taken)


def _cart(items: Sequence[tuple[str, int] | Wanted]) -> list[Wanted]:
    """One line per SKU, as a cart has it: amounts of a repeated one are added."""
    cart: dict[str, Wanted] = {}
    for item in items:
        new = item if isinstance(item, Wanted) else Wanted(*item)
        old = cart.get(new.sku)
        if old is not None:
            both = [s for s in (old.shipping, new.shipping) if s is not None]
            taxes = [t for t in (old.tax, new.tax) if t is not None]
            new = Wanted(
                new.sku, old.quantity + new.quantity, sum(both, Decimal(0)) if both else None, old.discount + new.discount,
                old.shipping_discount + new.shipping_discount, old.gift_wrap + new.gift_wrap,
                new.gift_message or old.gift_message, old.cod_fee + new.cod_fee, sum(taxes, Decimal(0)) if taxes else None,
            )  # fmt: skip
        cart[new.sku] = new
    return list(cart.values())


def _fulfils(channel: str) -> str:
    return "AMAZON" if channel.startswith("AMAZON_") else "MERCHANT"


def _take(world: World, seller: Seller, site: str, wanted: Wanted, fulfilled_by: str) -> _Taken:
    listing = world.listing(seller.seller_id, wanted.sku)
    if listing is None:
        raise Refusal(f"{seller.seller_id} has no listing {wanted.sku}", 404)
    if not competition.buyable(world, listing, site):
        raise Refusal(f"{wanted.sku} is not buyable on {site}", 409)
    fitting = [c for c in listing.availability if standing.pieces(listing, c, site) >= wanted.quantity]
    preferred = [c for c in fitting if _fulfils(c) == fulfilled_by]
    channel = next(iter(preferred or fitting), None)
    if channel is None:
        raise Refusal(f"{wanted.sku} has fewer than {wanted.quantity} pieces", 409)
    return _Taken(listing, channel, wanted)


def _place(
    world: World, seller: Seller, site: str, by: str, group: list[_Taken], carriage: Decimal, programs: list[str], taxed: bool,
    cash_on_delivery: bool, tax_scheme: str, pending_seconds: float, available_seconds: float,
) -> Order:  # fmt: skip
    now, business = world.now(), "AMAZON_BUSINESS" in programs
    lines = [_line(world, site, one, carriage if n == 0 else Decimal(0), business) for n, one in enumerate(group)]
    for line, one in zip(lines, group, strict=True):
        if taxed:
            amounts.state_tax(line, site, None if one.wanted.tax is None else coins(one.wanted.tax, site))
    if available_seconds > 0 and "PREORDER" not in programs:
        programs = [*programs, "PREORDER"]
    release = now + timedelta(seconds=available_seconds) if available_seconds > 0 else None
    paid = (release or now) + timedelta(seconds=pending_seconds)
    buyer, address = people.someone(world, site, business)
    order = Order(
        order_id=f"{world.chance.randrange(300, 408)}-{world.digits(7)}-{world.digits(7)}",
        seller_id=seller.seller_id, marketplace_id=site, currency=SITES[site][1], created_at=now, updated_at=now,
        number=world.number(), status="PENDING_AVAILABILITY" if release else "PENDING", fulfilled_by=by, channel=group[0].channel,
        lines=lines, buyer=buyer, address=address, programs=programs, pending_until=paid if paid > now else None,
        tax_on_top=amounts.tax_on_top(site), cash_on_delivery=cash_on_delivery, release_at=release, tax_scheme=tax_scheme,
        handling_days=_handling_days(group[0].listing),
    )  # fmt: skip
    world.add_order(order)
    if release:
        world.at(release, "order.available", order=order.order_id)
    if paid > now:
        world.at(paid, "order.paid", order=order.order_id)
    else:
        becomes_unshipped(world, order)
    if faults.strikes(world, "omit", "", seller.seller_id):
        world.state.omitted.append(order.order_id)
    lag(world, order)
    return order


def _line(world: World, site: str, one: _Taken, carriage: Decimal, business: bool) -> OrderLine:
    listing, wanted = one.listing, one.wanted
    special = listing.business_prices.get(site) if business else None
    price = listing.prices[site] if special is None else special
    shipping = carriage if wanted.shipping is None else coins(wanted.shipping, site)
    line = OrderLine(
        world.digits(14), listing.sku, listing.asin, listing.title, wanted.quantity, price, shipping=shipping,
        discount=min(coins(wanted.discount, site), price * wanted.quantity),
        shipping_discount=min(coins(wanted.shipping_discount, site), shipping),
        gift_wrap=coins(wanted.gift_wrap, site), cod_fee=coins(wanted.cod_fee, site), gift_message=wanted.gift_message,
        channel=one.channel, condition=listing.condition, business_price=special is not None,
        points=int(price * wanted.quantity / 100) if SITES[site][0] == "JP" else 0,
    )  # fmt: skip
    if line.discount or line.shipping_discount:
        line.promotion_id = f"BOX-{world.digits(6)}"
    return line


def _handling_days(listing: Listing) -> int:
    for entry in listing.attributes.get("fulfillment_availability", []):
        days = entry.get("lead_time_to_ship_max_days")
        if isinstance(days, int) and not isinstance(days, bool) and 0 <= days <= 365:
            return max(days, 1)
    return 2


def lag(world: World, order: Order) -> None:
    """Lists learn of a change a while later, where a misfortune says so."""
    late = faults.strikes(world, "list-lag", "", order.seller_id)
    if late:
        order.hidden_until = world.now() + timedelta(seconds=world.chance.uniform(0, late.seconds))


def becomes_unshipped(world: World, order: Order) -> None:
    """It is paid; what Amazon fulfils leaves by itself."""
    order.status = "UNSHIPPED"
    if order.fulfilled_by == "AMAZON":
        world.later(world.chance.uniform(*AMAZON_SHIPS_AFTER), "order.amazon-ships", order=order.order_id)
