"""How the control API shows things: everything countable, without secrets."""

from typing import Any

from forain_box import trade
from forain_box.clock import text
from forain_box.state import Application, Listing, Order, Seller, State
from forain_box.world import World


def application(a: Application) -> dict[str, Any]:
    return {
        "application_id": a.application_id, "name": a.name, "kind": a.kind, "client_id": a.client_id,
        "client_secret": a.client_secret, "client_secret_expires_at": text(a.secret_expires_at),
        "redirect_uris": a.redirect_uris, "login_uri": a.login_uri, "roles": a.roles,
    }  # fmt: skip


def seller(s: Seller) -> dict[str, Any]:
    return {
        "seller_id": s.seller_id, "name": s.name, "email": s.email, "region": s.region, "marketplace_ids": s.marketplace_ids,
        "professional": s.professional, "active": s.active,
    }  # fmt: skip


def listing(x: Listing) -> dict[str, Any]:
    return {
        "seller_id": x.seller_id, "sku": x.sku, "asin": x.asin, "title": x.title, "marketplace_ids": x.marketplace_ids,
        "availability": x.availability, "prices": {s: str(p) for s, p in x.prices.items()},
        "business_prices": {s: str(p) for s, p in x.business_prices.items()}, "attributes": x.attributes,
        "complete": x.complete, "condition": x.condition, "fba_quantity": x.fba_quantity, "issues": x.issues,
    }  # fmt: skip


def order(o: Order) -> dict[str, Any]:
    return {
        "order_id": o.order_id, "seller_id": o.seller_id, "marketplace_id": o.marketplace_id, "status": o.status,
        "fulfilled_by": o.fulfilled_by, "created_at": text(o.created_at), "total": str(trade.total(o)), "currency": o.currency,
        "items": [
            {
                "item_id": line.item_id, "sku": line.sku, "quantity": line.quantity, "shipped": line.shipped,
                "cancelled": line.cancelled, "returned": line.returned, "refunded": str(line.refunded),
            }
            for line in o.lines
        ],
        "seller_order_id": o.seller_order_id, "programs": o.programs, "together": o.together,
        "cancellation_requested": o.cancellation_requested_at is not None, "possible": list(trade.possible(o)),
        "packages": {n: {"carrier": p.carrier, "tracking": p.tracking} for n, p in o.packages.items()},
    }  # fmt: skip


def state(world: World) -> dict[str, Any]:
    """Everything countable, without secrets."""
    now = world.now()
    told: State = world.state
    return {
        "now": text(now),
        "applications": [
            {k: v for k, v in application(a).items() if k != "client_secret"} for a in told.applications.values()
        ],
        "sellers": [seller(s) for s in told.sellers.values()],
        "authorizations": [
            {
                "application_id": g.application_id, "seller_id": g.seller_id, "granted_at": text(g.granted_at),
                "expires_at": text(g.expires_at) if g.expires_at else None, "lives": g.lives(now),
            }
            for g in told.authorizations
        ],
        "mws_authorizations": [
            {
                "seller_id": t.seller_id, "developer_number": t.developer_number, "granted_at": text(t.granted_at),
                "expires_at": text(t.expires_at), "standing": t.standing,
            }
            for t in told.mws_tokens
        ],
        "listings": [listing(x) for shelf in told.listings.values() for x in shelf.values()],
        "orders": [order(o) for o in told.orders.values()],
        "feeds": [
            {"feed_id": f.feed_id, "seller_id": f.seller_id, "feed_type": f.feed_type, "status": f.status}
            for f in told.feeds.values()
        ],
        "reports": [
            {"report_id": r.report_id, "seller_id": r.seller_id, "report_type": r.report_type, "status": r.status}
            for r in told.reports.values()
        ],
        "mails": len(told.mails),
        "messages": len(told.messages),
    }  # fmt: skip
