"""What may happen in a story: buyers, the merchant, Amazon, the wires. Each answers what it did; None: nothing could be done."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from forain.core.authorization import PARTS, Part
from forain.core.signals import Signal
from forain.flows import authorize, set_rules, watch
from forain.store import accounts, models, offers, runs
from forain.store.rules import Place

from . import ADDRESSES, CURRENCIES, FR, Seller
from .shop import Booked

if TYPE_CHECKING:
    from .stage import Worker
    from .story import Story

TOGETHER = ("import_orders", "reconcile_offers", "confirm_shipments", "observe_offers")
"""Flows that two workers may go through hand in hand."""
LISTS_LAG = 100
"""So many seconds at most a list is late: Amazon says two minutes."""
MAKES = ("call", "shop POST orders")
"""The point at which a worker waits that is about to make an order in the shop."""
NOT_LISTED = 130.0
"""So many seconds later an order is in Amazon's lists, which end two minutes ago."""
SLIPS_APART = timedelta(days=1)
"""So long one offer is left alone by the person in Seller Central: what is changed oftener is left as it stands."""
BROKEN_FOR = timedelta(hours=1)
"""So long at least the shop's file stays broken."""
GOES_AWAY = 30
"""So many things at most a worker asks the database before it is away."""
HAND_IN_HAND = 60
"""So many points two workers that began the same line are looked at closely."""


def _skus(story: "Story") -> list[str]:
    return sorted(story.shop.articles)


def _site(story: "Story", sites: Sequence[str]) -> str:
    """One of these; nothing is drawn where there is one only."""
    return story.fate.choice(sites) if len(sites) > 1 else sites[0]


def _buyer_on_amazon(story: "Story") -> str | None:
    fate = story.fate
    skus = [*_skus(story), "GHOST"]
    weights = [4.0] * (len(skus) - 1) + [0.6]
    items = [
        {"sku": sku, "quantity": fate.choice([1, 1, 1, 2, 3]), "shipping": fate.choice([None, "0", "3.99"]),
         "discount": fate.choice(["0", "0", "0.35"])}
        for sku in dict.fromkeys(fate.choices(skus, weights, k=fate.choice([1, 1, 1, 2, 3])))
    ]  # fmt: skip
    pending = fate.choice([0, 0, 0, 40, 900, 40_000])
    seller = story.some_seller()
    site = _site(story, seller.sites)
    told = {"seller_id": seller.name, "marketplace_id": site, "items": items, "pending_seconds": pending}
    order = story.control("POST", "orders", told)
    where = f" on {site}" if site != FR else ""
    return (
        f"{order['order_id']}{where} {[(i['sku'], i['quantity']) for i in items]} pending {pending}" if order else None
    )


def _buyer_in_shop(story: "Story") -> str | None:
    sku, count = story.fate.choice(_skus(story)), story.fate.choice([1, 1, 2])
    return f"{count} {sku}" if story.shop.buy(sku, count) else None


def _recount(story: "Story") -> str:
    sku = story.fate.choice(_skus(story))
    number = story.shop.articles[sku].allocated + story.fate.choice([0, 1, 2, 5, 8, 20])
    story.shop.recount(sku, number)
    return f"{sku} {number}"


def _broken_file(story: "Story") -> str | None:
    """The file the shop's stock comes from is cut: nothing is left of anything. An hour later or more it is right again."""
    idle = [worker for worker in story.stage.workers if not worker.busy]
    if not idle or (story.broken_at is not None and story.now() - story.broken_at < BROKEN_FOR):
        return None
    if story.broken_at is None:
        story.broken_at = story.now()
        story.before_it_broke = {sku: article.on_hand for sku, article in story.shop.articles.items()}
        for sku in story.before_it_broke:
            story.shop.recount(sku, 0)
        # Whoever is free looks at it at once: of what falls hours later nobody can say what for.
        seller = story.some_seller()
        offers.mark(seller.account, story.now())
        _meanwhile(story, idle[0], "reconcile_offers", seller.subject)
        return f"nothing is left of anything, which {seller.subject} looks at"
    story.broken_at = None
    for sku, number in story.before_it_broke.items():
        story.shop.recount(sku, max(number, story.shop.articles[sku].on_hand))
    return "mended"


def _answers_the_brake(story: "Story") -> str | None:
    seller, yes = story.some_seller(), story.fate.random() < 0.5
    told = story.answer_brake(seller, yes)
    return f"{seller.subject} {'yes' if yes else 'no'} {told}" if told else None


def _empties(story: "Story") -> str:
    seller = story.some_seller()
    story.empty(seller)
    return f"{seller.subject} {'all to 0' if seller.emptied else 'undone'}"


def _holiday(story: "Story") -> str:
    seller = story.some_seller()
    days = 0.0 if seller.holiday and story.fate.random() < 0.5 else story.fate.choice([0.1, 0.5, 2.0])
    story.holiday(seller, days)
    return f"{seller.subject} {days} days"


def _price(story: "Story") -> str:
    """A new price; now and then its comma has slipped."""
    sku = story.fate.choice(_skus(story))
    slipped = story.fate.choice((1, 1, 1, 1, 100))
    story.shop.articles[sku].price = Decimal(story.fate.randint(300, 5000) * slipped) / 100
    story.shop.changed(sku)
    return f"{sku} {story.shop.articles[sku].price}"


def _open_orders(story: "Story", amazon: bool) -> list[Booked]:
    return [o for o in story.shop.orders if not o.cancelled and bool(o.reference) == amazon and o.left()]


def _ship(story: "Story") -> str | None:
    found = _open_orders(story, story.fate.random() < 0.8)
    if not found:
        return None
    order = story.fate.choice(found)
    left = order.left()
    if len(left) > 1 and story.fate.random() < 0.4:
        left = dict([sorted(left.items())[0]])
    story.parcels += 1
    story.shop.send(order, left, f"T{story.parcels:05d}")
    return f"{order.number} {order.reference} {sum(left.values())} pieces T{story.parcels:05d}"


def _shop_cancels(story: "Story") -> str | None:
    """The merchant cancels in the shop, which frees the pieces; what that means at Amazon is for him to say there."""
    found = [o for o in _open_orders(story, True) if not o.parcels]
    if not found:
        return None
    order = story.fate.choice(found)
    story.shop.cancel(order)
    order.by_merchant = True
    return f"{order.number} {order.reference}"


def _amazon_cancels(story: "Story") -> str | None:
    found = [o for o in story.amazon_orders() if o.status in ("PENDING", "UNSHIPPED") and o.fulfilled_by == "MERCHANT"]
    if not found:
        return None
    in_shop = [o for o in found if story.shop.of(o.order_id)]
    sent = [o for o in in_shop if any(booked.parcels for booked in story.shop.of(o.order_id))]
    drawn = story.fate.random()
    order = story.fate.choice(sent if sent and drawn < 0.3 else in_shop if in_shop and drawn < 0.7 else found)
    by = story.fate.choice(["BUYER", "AMAZON"] + ["MERCHANT"] * (order.status == "UNSHIPPED"))
    done = story.control("POST", f"orders/{order.order_id}/cancel", {"by": by, "reason": "NO_LONGER_NEEDED"})
    return f"{order.order_id} by {by}" if done else None


def _cancelled_on_the_way(story: "Story") -> str | None:
    """Amazon cancels what leaves the house at that moment, and takes no confirmations for a while."""
    state = story.box.world.state.orders
    found = [o for o in _open_orders(story, True) if not o.parcels and state[o.reference].status == "UNSHIPPED"]
    if not found:
        return None
    order = story.fate.choice(found)
    story.control("POST", "faults", {"kind": "status-500", "operation": "confirmShipment", "count": 6})
    story.parcels += 1
    story.shop.send(order, order.left(), f"T{story.parcels:05d}")
    story.control("POST", f"orders/{order.reference}/cancel", {"by": "BUYER", "reason": "NO_LONGER_NEEDED"})
    return f"{order.number} {order.reference} T{story.parcels:05d}"


def _cancel_asked(story: "Story") -> str | None:
    found = [o for o in story.amazon_orders() if o.status == "UNSHIPPED" and o.fulfilled_by == "MERCHANT"]
    if not found:
        return None
    order = story.fate.choice(found)
    return order.order_id if story.control("POST", f"orders/{order.order_id}/request-cancellation", {}) else None


def _mends_tracking(story: "Story") -> str | None:
    """The merchant mends the number of a parcel that Forain has not read yet."""
    found = [o for o in _open_orders(story, True) if o.parcels]
    if not found:
        return None
    order = story.fate.choice(found)
    amazon = story.box.world.state.orders[order.reference]
    told = {package.tracking for package in amazon.packages.values()}
    waiting = [parcel for parcel in order.parcels if parcel.tracking not in told]
    if not waiting:
        return None
    parcel = story.fate.choice(waiting)
    at_it = any(worker.busy and worker.label == "confirm_shipments" for worker in story.stage.workers)
    if at_it or models.Parcel.objects.filter(tracking=parcel.tracking).exists():
        # It may be told before it is read again, and then nobody reads it any more.
        return None
    former, parcel.tracking = parcel.tracking, f"{parcel.tracking}-mended"
    story.shop.changed("order")
    return f"{former} of {order.number}"


def _article_comes_and_goes(story: "Story") -> str:
    """The merchant takes an article out of the shop, or puts one back."""
    away = sorted(story.shop.hidden)
    if away and story.fate.random() < 0.7:
        sku = story.fate.choice(away)
        story.shop.show(sku)
        return f"{sku} is back"
    sku = story.fate.choice(_skus(story))
    story.shop.hide(sku)
    return f"{sku} is gone"


def _unlinks(story: "Story") -> str:
    """The merchant says that an offer is another article, or that it is this one after all."""
    seller, sku = story.some_seller(), story.fate.choice(_skus(story))
    linked = not story.unlinked(seller, sku)
    story.let_link(seller, sku, not linked)
    return f"{sku} of {seller.subject} is {'not ' if linked else ''}that article"


def _lists_more(story: "Story") -> str | None:
    """The seller offers an article that was not on Amazon yet."""
    seller = story.some_seller()
    listed = story.box.world.state.listings[seller.name]
    missing = [sku for sku in _skus(story) if sku not in listed]
    if missing:
        story.put_listings(seller, missing[:1])
        return f"{missing[0]} of {seller.subject}"
    elsewhere = [
        (sku, site) for sku in _skus(story) for site in seller.sites if site not in listed[sku].marketplace_ids
    ]
    if not elsewhere:
        return None
    sku, site = story.fate.choice(elsewhere)
    story.put_listing_on(seller, sku, site)
    return f"{sku} of {seller.subject} on {site}"


def _secret(story: "Story") -> str:
    """Amazon makes a new client secret; the merchant types it when it comes to him."""
    if story.new_secret:
        story.enter_secret()
        return "typed"
    made = story.control("POST", f"applications/{story.application_id}/rotate", {})
    story.new_secret = made["client_secret"]
    story.watch.secrets.add(story.new_secret)
    return "made"


def _disconnects(story: "Story") -> str:
    """The merchant takes an account out, or connects it again."""
    seller = story.some_seller()
    row = accounts.get(seller.account)
    if row.standing == "none":
        return f"again, {_renewed(story, seller)}"
    story.page(lambda: authorize.disconnect(story.merchant, row))
    return seller.subject


def _lists_lag(story: "Story") -> str:
    """Amazon's lists show an order late, or in disorder."""
    kind = story.fate.choice(["list-lag", "list-disorder"])
    count = story.fate.choice([1, 3])
    story.control("POST", "faults", {"kind": kind, "count": count, "seconds": LISTS_LAG})
    return f"{kind} x {count}"


def _checked_late(story: "Story") -> str:
    """A write that Amazon accepted ends in a problem of the listing."""
    name = story.fate.choice(["purchasable_offer", "fulfillment_availability"])
    story.control("POST", "faults", {"kind": "listing-issue", "operation": name, "count": 1})
    return name


WISHES: tuple[dict[str, str], ...] = (
    {"buffer": "2", "handling_days": "3"}, {"cap": "5"}, {"cap": "none", "buffer": "0"}, {"last_pieces": "1", "handling_days": "3"},
    {"share": "50"}, {"minimum": "3", "handling_days": "3"}, {"percent": "10", "handling_days": "3"}, {"percent": "-5", "ending": "99"},
    {"ending": "99", "floor": "12.50", "handling_days": "3"}, {},
)  # fmt: skip
ON_SITES: tuple[dict[str, str], ...] = (*WISHES, {"buffer": "1", "handling_days": "4"}, {"buffer": "4"}, {"cap": "2"})
"""What is said where several sites share a stock."""


def _settings(story: "Story") -> str | None:
    """The merchant says a rule, for the account, one of its sites or one SKU, or takes one away."""
    seller = story.some_seller()
    sku = story.fate.choice(sorted(story.shop.articles))
    site = _site(story, seller.sites)
    place = story.fate.choice([Place("account"), Place("site", site), Place("sku", "", sku), Place("sku", site, sku)])
    told = story.fate.choice(WISHES if len(seller.sites) == 1 else ON_SITES)
    listed = sku in story.box.world.state.listings[seller.name]
    if place.level == "sku" and not listed:
        return None
    story.page(lambda: set_rules.say(story.merchant, accounts.get(seller.account), place, told, "merchant"))
    return f"{seller.subject} {place.level} {place.site} {place.name} {dict(told)}"


PAUSES: tuple[tuple[Part, ...], ...] = ((), (), PARTS, ("stock",), ("prices",), ("orders",), ("shipments",))


def _pause(story: "Story") -> str:
    seller = story.some_seller()
    paused = not accounts.get(seller.account).paused
    parts = story.fate.choice(PAUSES) if paused else ()
    story.pause(seller, paused, parts)
    return f"{seller.subject} {'pauses' if paused else 'goes on'} {' '.join(parts)}"


def _writes(story: "Story") -> str:
    seller = story.some_seller()
    site = _site(story, seller.sites)
    story.let_write(seller, site, site not in seller.writes)
    return f"{seller.subject} {site} {'allowed' if site in seller.writes else 'forbidden'}"


def _renewed(story: "Story", seller: Seller) -> str:
    if seller.term < 365 and story.fate.random() < 0.7:
        story.consent(seller)
        return f"{seller.subject} consents to {seller.term} days"
    days = story.fate.choice([365, 365, 40, 3])
    story.renew(seller, days)
    return f"{seller.subject} {days} days"


def _renewal(story: "Story") -> str:
    return _renewed(story, story.some_seller())


def _landing(story: "Story") -> str:
    """The merchant wants quantities at 0 before the end, or not any more, or not this time."""
    seller = story.some_seller()
    if seller.lands and story.fate.random() < 0.3:
        story.land(seller, False, this_time=story.fate.random() < 0.5)
    else:
        story.land(seller, True)
    return f"{seller.subject} {'lands' if seller.lands else 'does not land'}{', but not this time' * bool(seller.called_off)}"


def _revoked(story: "Story") -> str:
    seller = story.some_seller()
    story.control("POST", f"sellers/{seller.name}/revoke", {})
    return f"{seller.subject} disables the application"


def _deactivated(story: "Story") -> str:
    seller = story.some_seller()
    active = story.box.world.state.sellers[seller.name].active
    story.control("POST", f"sellers/{seller.name}/{'deactivate' if active else 'reactivate'}", {})
    return f"{seller.subject} {'deactivated' if active else 'reactivated'}"


def _amazon_ill(story: "Story") -> str:
    operation = story.fate.choice(
        ["", "patchListingsItem", "searchOrders", "searchListingsItems", "confirmShipment", "token"]
    )
    kind = story.fate.choice(
        ["status-500", "html-503", "truncated", "cut", "cut-after-write", "throttle", "unknown-enum"]
    )
    count = story.fate.choice([1, 2, 6])
    story.control("POST", "faults", {"kind": kind, "operation": operation, "count": count})
    return f"{kind} {operation or 'everything'} x {count}"


def _forbidden(story: "Story") -> str:
    operation = story.fate.choice(["patchListingsItem", "searchOrders", "getMarketplaceParticipations"])
    story.control("POST", "faults", {"kind": "forbidden", "operation": operation, "count": story.fate.choice([1, 2])})
    return f"403 for {operation}"


def _wire_ill(story: "Story") -> str:
    story.wire_ill = story.fate.choice([0.0, 0.0, 0.03, 0.3])
    return f"calls and answers are lost with {story.wire_ill}"


def _shop_ill(story: "Story") -> str:
    story.shop.ill = story.fate.choice([0.0, 0.0, 0.05, 0.3])
    story.shop.down = story.fate.random() < 0.15
    return "down" if story.shop.down else f"ill with {story.shop.ill}"


def _post_ill(story: "Story") -> str:
    """The mail server and the chat program are ill, or well again; or the mail server knows an address no more."""
    if story.fate.random() < 0.2:
        address = story.fate.choice(sorted(ADDRESSES.values()))
        story.post.refuses ^= {address}
        return f"{address} is {'unknown' if address in story.post.refuses else 'known'}"
    story.post.ill = story.fate.choice([0.0, 0.0, 0.1, 0.5])
    story.post.down = story.fate.random() < 0.15
    return "down" if story.post.down else f"ill with {story.post.ill}"


def _shop_refuses(story: "Story") -> str | None:
    found = [o for o in story.amazon_orders() if o.status in ("PENDING", "UNSHIPPED") and not story.shop.of(o.order_id)]
    if not found:
        return None
    order = story.fate.choice(found)
    story.shop.refuses.add(order.order_id)
    return f"will refuse {order.order_id}"


def _by_amazon(story: "Story") -> str | None:
    seller = story.some_seller()
    listing = story.box.world.state.listings[seller.name].get("SKU2")
    if listing is None or "DEFAULT" not in listing.availability:
        return None
    put = {"seller_id": seller.name, "sku": "SKU2", "asin": listing.asin, "marketplace_id": FR, "title": "SKU2", "quantity": 7,
           "price": {"amount": "9.99", "currency": "EUR"}, "fulfilled_by": "AMAZON"}  # fmt: skip
    story.control("POST", "listings", [put])
    story.watch.by_amazon_since[seller.name, "SKU2"] = story.now()
    return f"SKU2 of {seller.subject} is fulfilled by Amazon from now on"


def _by_hand(story: "Story") -> str | None:
    """Somebody changes a quantity or a price in Seller Central; so seldom that it is a slip and no other opinion."""
    seller, sku = story.some_seller(), story.fate.choice(_skus(story))
    listing = story.box.world.state.listings[seller.name].get(sku)
    former = story.by_hand.get((seller.name, sku))
    if listing is None or listing.availability.get("DEFAULT") is None:
        return None
    if former is not None and story.now() - former < SLIPS_APART:
        return None
    story.by_hand[seller.name, sku] = story.now()
    site = _site(story, listing.marketplace_ids)
    quantity, price = listing.availability["DEFAULT"], listing.prices[site]
    if story.fate.random() < 0.5:
        quantity = story.fate.choice([0, 1, 4, 40])
    else:
        price += story.fate.choice([-2, -1, 1, 5])
    own = [e for e in listing.attributes["fulfillment_availability"] if e["fulfillment_channel_code"] == "DEFAULT"]
    put = {"seller_id": seller.name, "sku": sku, "asin": listing.asin, "marketplace_id": site, "title": sku,
           "quantity": quantity, "price": {"amount": str(price), "currency": CURRENCIES[site]},
           "handling_days": own[0].get("lead_time_to_ship_max_days"), "fulfilled_by": "MERCHANT"}  # fmt: skip
    story.control("POST", "listings", [put])
    return f"{sku} of {seller.subject}: {quantity} pieces at {price}"


def _now(story: "Story") -> str:
    seller = story.some_seller()
    runs.force(seller.subject, story.now())
    return f"do it now for {seller.subject}"


def _two_at_once(story: "Story") -> str | None:
    """Somebody says now while a worker is at it: the other one begins the same line, or another one of the same
    account, and they go hand in hand."""
    busy = [w for w in story.stage.workers if w.busy]
    idle = [w for w in story.stage.workers if not w.busy]
    if not idle:
        return None
    story.stage.close = HAND_IN_HAND
    if not busy:
        first = story.fate.choice(TOGETHER)
        subject = story.some_seller().subject
        runs.force(subject, story.now(), [first])
        busy = [idle.pop()]
        story.take(busy[0], first, subject)
    subject = busy[0].subject
    flow = story.fate.choice([busy[0].label, *TOGETHER]) if subject.startswith("account") else busy[0].label
    runs.force(subject, story.now(), [flow])
    story.take(idle[0], flow, subject)
    return f"{busy[0].label} and {flow}"


def _begins_until(story: "Story", worker: "Worker", flow: str, subject: str, there: Callable[[], bool]) -> bool:
    """A worker begins a line and waits at the first point where it is `there`; False: it never was."""
    runs.force(subject, story.now(), [flow])
    story.stage.close = HAND_IN_HAND
    story.take(worker, flow, subject)
    while worker.busy and not there():
        story.stage.close = HAND_IN_HAND
        story.resume(worker)
    story.stage.close = 0
    return worker.busy


def _meanwhile(story: "Story", worker: "Worker", flow: str, subject: str) -> None:
    """A worker does a whole line while the other one waits."""
    runs.force(subject, story.now(), [flow])
    story.take(worker, flow, subject)
    while worker.busy:
        story.resume(worker)


def _one_waits(story: "Story") -> str | None:
    """One worker is kept waiting where it is, while the other does a whole line of the same account."""
    busy = [w for w in story.stage.workers if w.busy]
    idle = [w for w in story.stage.workers if not w.busy]
    if len(busy) != 1 or not busy[0].subject.startswith("account"):
        return None
    flow = story.fate.choice([name for name in TOGETHER if name != busy[0].label])
    _meanwhile(story, idle[0], flow, busy[0].subject)
    return f"{busy[0].label} waits for {flow}"


def _known_and_paid(story: "Story") -> models.Order | None:
    """An order that could go to the shop now, while both workers are free; None: there is none, or they are not."""
    paid = {o.order_id for o in story.amazon_orders() if o.status == "UNSHIPPED"}
    rows = models.Order.objects.filter(state__in=("held", "creating"), fulfilled_by="merchant", order_id__in=paid)
    rows = rows.filter(hold_reason__in=("", "new", "pending"))
    busy = any(worker.busy for worker in story.stage.workers)
    return None if busy else rows.order_by("pk").first()


def _two_for_one_order(story: "Story") -> str | None:
    """Somebody buys. One worker has listed what is to be made in the shop and waits; the other one lists it too, looks
    into the shop and is about to make the order. Then the first goes on to its end, and the second after it."""
    first, second = story.stage.workers
    if first.busy or second.busy:
        return None
    seller, sku = story.some_seller(), story.fate.choice(_skus(story))
    told = {
        "seller_id": seller.name,
        "marketplace_id": FR,
        "items": [{"sku": sku, "quantity": 1}],
        "pending_seconds": 0,
    }
    order = story.control("POST", "orders", told)
    if order is None:
        return None
    story.advance(NOT_LISTED)

    def listed() -> bool:
        kind, asked = first.at
        due = kind == "read" and '"claimed_until" <= ' in asked and 'ORDER BY "store_order"."purchased_at"' in asked
        return due and models.Order.objects.filter(order_id=order["order_id"]).exists()

    if _begins_until(story, first, "import_orders", seller.subject, listed):
        _begins_until(story, second, "import_orders", seller.subject, lambda: second.at == MAKES)
        while first.busy:
            story.resume(first)
    return f"{order['order_id']} {sku}"


def _order_in_between(story: "Story") -> str | None:
    """Somebody has all offers looked at; halfway between what is sold and what is in stock the one worker waits, while the
    other brings an order into the shop that was known and not sold there yet."""
    row = _known_and_paid(story)
    if row is None:
        return None
    seller = story.sellers[row.account_id - 1]
    looks, brings = story.stage.workers
    offers.mark(seller.account, story.now())

    def halfway() -> bool:
        return ("sold" in looks.notes) != ("stock" in looks.notes)

    if not _begins_until(story, looks, "reconcile_offers", seller.subject, halfway):
        return None
    _meanwhile(story, brings, "import_orders", seller.subject)
    return f"{row.order_id} while reconcile_offers waits"


def _away(story: "Story") -> str | None:
    """Somebody says now; the worker that begins is away for minutes before one of the next things it asks the database.
    One that looks at offers has taken them by then, and there is something to tell."""
    idle = [worker for worker in story.stage.workers if not worker.busy]
    if not idle:
        return None
    worker, flow, seller = idle[0], story.fate.choice(TOGETHER), story.some_seller()
    if story.fate.random() < 0.5:
        flow = "reconcile_offers"
        _recount(story)
        offers.mark(seller.account, story.now())
        if not _begins_until(story, worker, flow, seller.subject, lambda: bool(worker.notes.get("claims"))):
            return None
        story.stage.goes_away, story.stage.away_after = worker, story.fate.randint(0, GOES_AWAY // 3)
    else:
        runs.force(seller.subject, story.now(), [flow])
        story.stage.goes_away, story.stage.away_after = worker, story.fate.randint(0, GOES_AWAY)
        story.take(worker, flow, seller.subject)
    return f"{worker.name} in {flow}"


def _renewal_in_between(story: "Story") -> str | None:
    """The seller withdraws the permission and gives it anew, while a worker still asks with the old one."""
    if not any(worker.busy for worker in story.stage.workers):
        return None
    seller = story.some_seller()
    story.control("POST", f"sellers/{seller.name}/revoke", {})
    return _renewed(story, seller)


def _hook(story: "Story") -> str:
    sku = story.fate.choice(_skus(story))
    shop = models.Shop.objects.get(pk=1)
    story.page(lambda: watch.note_signals(story.merchant, shop, (Signal("stock", sku),)))
    return sku


EVENTS: dict[str, tuple[float, Callable[["Story"], str | None]]] = {
    "a buyer on Amazon": (7, _buyer_on_amazon),
    "a buyer in the shop": (4, _buyer_in_shop),
    "the merchant counts": (3, _recount),
    "the merchant prices": (2, _price),
    "a broken file": (0.3, _broken_file),
    "the merchant answers the brake": (1, _answers_the_brake),
    "the merchant empties the shelves": (0.2, _empties),
    "the merchant's holiday": (0.2, _holiday),
    "the merchant ships": (5, _ship),
    "Amazon cancels": (2, _amazon_cancels),
    "cancelled on the way": (0.2, _cancelled_on_the_way),
    "the merchant cancels in the shop": (0.4, _shop_cancels),
    "a buyer asks to cancel": (0.5, _cancel_asked),
    "the merchant sets rules": (0.4, _settings),
    "the merchant pauses": (0.3, _pause),
    "the merchant's word for writing": (0.3, _writes),
    "the merchant renews": (0.3, _renewal),
    "the merchant renews in between": (0.4, _renewal_in_between),
    "the merchant's safe landing": (0.3, _landing),
    "the seller revokes": (0.2, _revoked),
    "Amazon deactivates": (0.15, _deactivated),
    "Amazon is ill": (1.2, _amazon_ill),
    "Amazon forbids": (0.3, _forbidden),
    "the wire": (0.8, _wire_ill),
    "the shop's health": (0.8, _shop_ill),
    "the shop refuses": (0.8, _shop_refuses),
    "a hook": (1, _hook),
    "the merchant says now": (2, _now),
    "two at once": (2, _two_at_once),
    "Amazon takes over": (0.1, _by_amazon),
    "somebody in Seller Central": (0.4, _by_hand),
    "a worker is away": (0.6, _away),
    "one waits": (1, _one_waits),
    "the merchant mends a tracking number": (0.6, _mends_tracking),
    "an article comes and goes": (0.4, _article_comes_and_goes),
    "the merchant unlinks": (0.4, _unlinks),
    "the seller lists more": (0.4, _lists_more),
    "a new client secret": (0.3, _secret),
    "the merchant disconnects": (0.15, _disconnects),
    "Amazon's lists": (0.6, _lists_lag),
    "Amazon checks late": (0.3, _checked_late),
    "an order in between": (0.2, _order_in_between),
    "two for one order": (0.2, _two_for_one_order),
    "the post's health": (0.6, _post_ill),
}
"""Name -> (weight, what it does)."""
