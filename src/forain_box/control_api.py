"""The control API: what happens in the world, for programs. Every no is a sentence with its cure."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from forain_box import faults
from forain_box.clock import text
from forain_box.http import Request, Response
from forain_box.sites import SITES, coins
from forain_box.spapi.listings import buyable
from forain_box.world import Application, Listing, Order, OrderLine, Refusal, Seller, World

BUYERS = (
    ("Camille Martin", "12 rue des Lilas", "Lyon", "69003"),
    ("Jonas Weber", "Lindenallee 7", "Leipzig", "04109"),
    ("Inès Moreau", "3 place du Marché", "Nantes", "44000"),
    ("Lena Schmitt", "Am Hang 21", "Freiburg", "79098"),
)
"""Invented people; nobody lives there."""


def answer(world: World, standing: list[faults.Fault], request: Request) -> Response:
    try:
        return _route(world, standing, request)
    except Refusal as refusal:
        return Response.json({"error": str(refusal)}, refusal.status)


def _body(request: Request, kind: type = dict) -> Any:
    try:
        told = request.json() if request.body else kind()
    except ValueError:
        raise Refusal("the body is not JSON in UTF-8") from None
    if not isinstance(told, kind):
        raise Refusal(f"the body is a JSON {'object' if kind is dict else 'array'}")
    return told


def _route(world: World, standing: list[faults.Fault], request: Request) -> Response:
    match (request.method, *request.parts[2:]):
        case ("GET", "state"):
            return Response.json(state(world))
        case ("GET", "clock"):
            return Response.json({"now": text(world.now())})
        case ("POST", "clock"):
            return _clock(world, _body(request))
        case ("POST", "applications"):
            return Response.json(_application(world.add_application(_body(request))), 201)
        case ("POST", "applications", name, "rotate"):
            application = _find(world.applications, name, "application")
            world.rotate_secret(application)
            return Response.json(_application(application))
        case ("POST", "sellers"):
            return Response.json(_seller(world.add_seller(_body(request), SITES)), 201)
        case ("POST", "sellers", name, action):
            return _seller_action(world, _find(world.sellers, name, "seller"), action, _body(request))
        case ("POST", "catalogue"):
            for entry in _body(request, list):
                _catalogue(world, entry)
            return Response.json({"catalogue": len(world.catalogue)}, 201)
        case ("POST", "listings"):
            return Response.json([_listing(world, entry) for entry in _body(request, list)], 201)
        case ("POST", "orders"):
            return Response.json(_order(buy(world, _body(request))), 201)
        case ("POST", "orders", name, "cancel"):
            return Response.json(_order(cancel(world, _find(world.orders, name, "order"))))
        case ("POST", "faults"):
            standing.append(faults.from_json(_body(request)))
            return Response.json({"faults": len(standing)}, 201)
        case ("DELETE", "faults"):
            standing.clear()
            world.omitted.clear()
            return Response.json({"faults": 0})
        case ("GET", "requests"):
            return Response.json(list(world.requests))
        case ("GET", "mails"):
            return Response.json(world.mails)
        case _:
            raise Refusal("there is no such control; see docs/reference/box.md", 404)


def _find(where: dict[str, Any], name: str, kind: str) -> Any:
    found = where.get(name)
    if found is None:
        raise Refusal(f"there is no {kind} {name}", 404)
    return found


def _clock(world: World, told: dict[str, Any]) -> Response:
    seconds = told.get("advance_seconds", 0)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= 20 * 366 * 86400:
        raise Refusal("advance_seconds is a number of seconds, 0 or more, twenty years at most")
    world.clock.advance(seconds)
    world.settle()
    return Response.json({"now": text(world.now())})


def _seller_action(world: World, seller: Seller, action: str, told: dict[str, Any]) -> Response:
    match action:
        case "authorize":
            application: Application = _find(world.applications, str(told.get("application_id", "")), "application")
            grant = world.authorize(application, seller)
            end = text(grant.expires_at) if grant.expires_at else None
            return Response.json({"refresh_token": grant.refresh_token, "expires_at": end}, 201)
        case "revoke":
            return Response.json({"revoked": world.revoke(seller, told.get("application_id"))})
        case "deactivate" | "reactivate":
            seller.active = action == "reactivate"
        case "suspend-listings" | "resume-listings":
            seller.suspended_listings = action == "suspend-listings"
        case "plan":
            seller.professional = bool(told.get("professional", True))
        case _:
            raise Refusal(f"a seller knows no {action}; see docs/reference/box.md", 404)
    return Response.json(_seller(seller))


def _catalogue(world: World, told: Any) -> None:
    if not isinstance(told, dict) or not told.get("asin"):
        raise Refusal("each catalogue entry is an object with an asin")
    entry = {k: str(told.get(k) or "") for k in ("asin", "ean", "title", "product_type")}
    world.catalogue[entry["asin"]] = entry


def _listing(world: World, told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise Refusal("each listing is an object")
    seller: Seller = _find(world.sellers, str(told.get("seller_id", "")), "seller")
    sku, site = str(told.get("sku") or ""), str(told.get("marketplace_id") or "")
    if not sku or site not in seller.marketplace_ids:
        raise Refusal("a listing needs sku, and a marketplace_id of its seller")
    known = world.catalogue.get(str(told.get("asin") or ""), {})
    channel = {"MERCHANT": "DEFAULT", "AMAZON": f"AMAZON_{seller.region.upper()}"}.get(
        str(told.get("fulfilled_by", "MERCHANT"))
    )
    quantity = told.get("quantity", 0)
    if channel is None or isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 0:
        raise Refusal("fulfilled_by is MERCHANT or AMAZON, quantity a whole number of 0 or more")
    listing = world.listings.setdefault(
        (seller.seller_id, sku),
        Listing(
            seller.seller_id, sku, str(told.get("asin") or "B0" + world.token("", 8).upper()),
            str(told.get("title") or known.get("title") or sku), str(told.get("product_type") or "PRODUCT"),
            str(told.get("ean") or known.get("ean") or ""), [], world.now(),
        ),
    )  # fmt: skip
    if site not in listing.marketplace_ids:
        listing.marketplace_ids.append(site)
    listing.availability[channel] = quantity
    entry: dict[str, Any] = {"fulfillment_channel_code": channel}
    if channel == "DEFAULT":
        entry |= {"quantity": quantity, "lead_time_to_ship_max_days": int(told.get("handling_days", 2))}
    listing.attributes["fulfillment_availability"] = [
        *(e for e in listing.attributes.get("fulfillment_availability", []) if e["fulfillment_channel_code"] != channel), entry,
    ]  # fmt: skip
    if told.get("price") is not None:
        try:
            listing.prices[site] = coins(Decimal(str(told["price"]["amount"])), site)
        except (KeyError, TypeError, InvalidOperation):
            raise Refusal('price is {"amount": "12.50", "currency": "EUR"}') from None
    return listing_state(listing)


def buy(world: World, told: dict[str, Any]) -> Order:
    """A buyer buys; stock falls at once, payment may take a while."""
    seller: Seller = _find(world.sellers, str(told.get("seller_id", "")), "seller")
    site = str(told.get("marketplace_id", ""))
    items = told.get("items")
    if site not in seller.marketplace_ids or not isinstance(items, list) or not items:
        raise Refusal('an order needs a marketplace_id of its seller and items: [{"sku", "quantity"}]')
    lines: list[OrderLine] = []
    fulfilled_by = "MERCHANT"
    taken: list[tuple[Listing, str, int]] = []
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("quantity", 1), int) or item.get("quantity", 1) < 1:
            raise Refusal("each item has a sku and a quantity of 1 or more")
        count = item.get("quantity", 1)
        listing: Listing = _find(world.listings, (seller.seller_id, str(item.get("sku"))), "listing")  # type: ignore[arg-type]
        if not buyable(listing, site):
            raise Refusal(f"{listing.sku} is not buyable on {site}", 409)
        channel = next((c for c, q in listing.availability.items() if q is None or q >= count), None)
        if channel is None:
            raise Refusal(f"{listing.sku} has fewer than {count} pieces", 409)
        if channel.startswith("AMAZON_"):
            fulfilled_by = "AMAZON"
        taken.append((listing, channel, count))
        lines.append(OrderLine(world.digits(14), listing.sku, listing.asin, listing.title, count, listing.prices[site]))
    for listing, channel, count in taken:
        left = listing.availability[channel]
        listing.availability[channel] = None if left is None else left - count
    pending = float(told.get("pending_seconds", 0))
    name, street, city, post_code = BUYERS[world.chance.randrange(len(BUYERS))]
    now = world.now()
    order = Order(
        order_id=f"{world.chance.randrange(300, 408)}-{world.digits(7)}-{world.digits(7)}",
        seller_id=seller.seller_id, marketplace_id=site, currency=SITES[site][1], created_at=now, updated_at=now,
        status="PENDING" if pending > 0 else "UNSHIPPED", fulfilled_by=str(told.get("fulfilled_by") or fulfilled_by), lines=lines,
        shipping=Decimal(str(told.get("shipping", "4.90"))),
        buyer={"buyerName": name, "buyerEmail": f"{world.token('', 12).lower()}@marketplace.example"},
        address={
            "name": name, "addressLine1": street, "city": city, "postalCode": post_code, "countryCode": SITES[site][0],
            "phone": "+33 1 00 00 00 00", "addressType": "RESIDENTIAL",
        },
        programs=[p for p, on in (("PRIME", told.get("prime")), ("AMAZON_BUSINESS", told.get("business"))) if on],
        pending_until=now + timedelta(seconds=pending) if pending > 0 else None,
    )  # fmt: skip
    world.orders[order.order_id] = order
    return order


def cancel(world: World, order: Order) -> Order:
    if order.status in ("SHIPPED", "CANCELLED"):
        raise Refusal(f"the order is {order.status} already", 409)
    order.status, order.updated_at = "CANCELLED", world.now()
    for line in order.lines:
        listing = world.listings.get((order.seller_id, line.sku))
        if listing and isinstance(listing.availability.get("DEFAULT"), int) and order.fulfilled_by == "MERCHANT":
            listing.availability["DEFAULT"] = (listing.availability["DEFAULT"] or 0) + line.quantity
    return order


def _application(a: Application) -> dict[str, Any]:
    return {
        "application_id": a.application_id, "name": a.name, "kind": a.kind, "client_id": a.client_id,
        "client_secret": a.client_secret, "client_secret_expires_at": text(a.secret_expires_at),
        "redirect_uris": a.redirect_uris, "login_uri": a.login_uri, "roles": sorted(a.roles),
    }  # fmt: skip


def _seller(s: Seller) -> dict[str, Any]:
    return {
        "seller_id": s.seller_id, "name": s.name, "email": s.email, "region": s.region, "marketplace_ids": s.marketplace_ids,
        "professional": s.professional, "active": s.active,
    }  # fmt: skip


def listing_state(x: Listing) -> dict[str, Any]:
    return {
        "seller_id": x.seller_id, "sku": x.sku, "asin": x.asin, "title": x.title, "marketplace_ids": x.marketplace_ids,
        "availability": x.availability, "prices": {s: str(p) for s, p in x.prices.items()}, "attributes": x.attributes,
        "complete": x.complete,
    }  # fmt: skip


def _order(o: Order) -> dict[str, Any]:
    total = sum((line.unit_price * line.quantity for line in o.lines), o.shipping)
    return {
        "order_id": o.order_id, "seller_id": o.seller_id, "marketplace_id": o.marketplace_id, "status": o.status,
        "fulfilled_by": o.fulfilled_by, "created_at": text(o.created_at), "total": str(total), "currency": o.currency,
        "items": [{"sku": line.sku, "quantity": line.quantity, "shipped": line.shipped} for line in o.lines],
        "packages": {n: {"carrier": p["carrier"], "tracking": p["trackingNumber"]} for n, p in o.packages.items()},
    }  # fmt: skip


def state(world: World) -> dict[str, Any]:
    """Everything countable, without secrets."""
    now = world.now()
    return {
        "now": text(now),
        "applications": [
            {k: v for k, v in _application(a).items() if k != "client_secret"} for a in world.applications.values()
        ],
        "sellers": [_seller(s) for s in world.sellers.values()],
        "authorizations": [
            {
                "application_id": g.application_id, "seller_id": g.seller_id, "granted_at": text(g.granted_at),
                "expires_at": text(g.expires_at) if g.expires_at else None, "lives": g.lives(now),
            }
            for g in world.authorizations
        ],
        "listings": [listing_state(x) for x in world.listings.values()],
        "orders": [_order(o) for o in world.orders.values()],
        "mails": len(world.mails),
    }  # fmt: skip
