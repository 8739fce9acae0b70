"""An order as Orders 2026-01-01 shows it: what is asked for, what the application's roles allow, what is known yet.

Amounts are text. ITEM is for all pieces of a line. DISCOUNT is what is taken off. TAX is on top of the prices in the USA
and Canada; elsewhere it is within them, and there only where Amazon calculates it.
Source: Amazon's model orders_2026-01-01.json, models issues 3004, 4858, 5306; read 2026-11-23.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from forain_box import amounts
from forain_box.clock import text
from forain_box.order_news import PENDING, deliver_by, ship_by
from forain_box.sites import SITES
from forain_box.state import Order, OrderLine, Package

ADDRESS_ROLES = frozenset({"Direct-to-Consumer Shipping"})
TAX_ROLES = frozenset({"Tax Invoicing", "Tax Remittance"})
TOWN = ("city", "stateOrRegion", "postalCode", "countryCode")
"""What of an address everyone sees."""
CONDITIONS = {"new": "NEW", "used": "USED", "collectible": "COLLECTIBLE", "refurbished": "REFURBISHED", "club": "CLUB"}
FACILITATOR = "Amazon Services, Inc."


def sees_buyer(order: Order, roles: frozenset[str]) -> bool:
    """Of an order Amazon fulfils, only tax roles see the buyer."""
    return bool(roles & (TAX_ROLES if order.fulfilled_by == "AMAZON" else TAX_ROLES | ADDRESS_ROLES))


def address_of(order: Order, now: datetime, *, whole: bool) -> dict[str, str]:
    """The address: `whole`, or the town only. The telephone is told for the seller's own, late ones excepted."""
    if not whole:
        return {k: v for k, v in order.address.items() if k in TOWN}
    late = order.status == "SHIPPED" and now > deliver_by(order)[1]
    hidden = order.fulfilled_by == "AMAZON" or late
    return {k: v for k, v in order.address.items() if k != "phone" or not hidden}


def render(order: Order, included: list[str], roles: frozenset[str], now: datetime) -> dict[str, Any]:
    """The order; pending ones have neither price, buyer nor address."""
    pending = order.status in PENDING
    told: dict[str, Any] = {
        "orderId": order.order_id,
        "createdTime": text(order.created_at),
        "lastUpdatedTime": text(order.updated_at),
        "programs": order.programs,
        "salesChannel": {
            "channelName": "AMAZON", "marketplaceId": order.marketplace_id,
            "marketplaceName": SITES[order.marketplace_id][4].removeprefix("www.").capitalize(),
        },
        "orderItems": [_line(order, line, included, roles, pending) for line in order.lines],
    }  # fmt: skip
    if order.seller_order_id:
        told["orderAliases"] = [{"aliasId": order.seller_order_id, "aliasType": "SELLER_ORDER_ID"}]
    if "FULFILLMENT" in included:
        told["fulfillment"] = _fulfillment(order, pending)
    if not pending:
        told |= _known(order, included, roles, now)
    if "PACKAGES" in included and order.fulfilled_by == "MERCHANT":
        packages = [_package(order, p) for p in order.packages.values() if p.shown]
        if packages:
            told["packages"] = packages
    return told


def _known(order: Order, included: list[str], roles: frozenset[str], now: datetime) -> dict[str, Any]:
    """What is known of an order once it is paid."""
    told: dict[str, Any] = {}
    if "BUYER" in included:
        buyer = dict(order.buyer) if sees_buyer(order, roles) else {}
        if order.fulfilled_by == "MERCHANT":
            buyer["buyerEmail"] = order.buyer["buyerEmail"]
        else:
            buyer.pop("buyerEmail", None)
        if buyer:
            told["buyer"] = buyer
    if "RECIPIENT" in included and order.status != "CANCELLED":
        told["recipient"] = {"deliveryAddress": address_of(order, now, whole=bool(roles & ADDRESS_ROLES))}
    if "PROCEEDS" in included:
        told["proceeds"] = _proceeds(order)
    if "PAYMENT" in included:
        method = "CashOnDelivery" if order.cash_on_delivery else "CreditCard"
        told["payment"] = {
            "paymentExecutions": [{"paymentMethod": method, "paymentAmount": money(amounts.total(order), order)}]
        }
    if "TAX" in included and "AMAZON_BUSINESS" in order.programs and roles & TAX_ROLES:
        registration = {
            "entityType": "BUYER", "legalName": order.buyer.get("buyerCompanyName", ""), "taxRegistrationType": "VAT",
            "taxRegistrationNumber": f"{SITES[order.marketplace_id][0]}000000000",
        }  # fmt: skip
        told["tax"] = {"taxRegistrations": [registration]}
    return told


def _proceeds(order: Order) -> dict[str, Any]:
    sums: dict[str, Decimal] = {}
    for line in order.lines:
        for kind, amount in amounts.details(order, line).items():
            sums[kind.split()[0]] = sums.get(kind.split()[0], Decimal(0)) + amount
    return {
        "grandTotal": money(amounts.total(order), order),
        "breakdowns": [
            {"type": kind, "subtotal": money(amount, order)}
            for kind, amount in sums.items()
            if amount or kind == "ITEM"
        ],
    }


def money(amount: Decimal, order: Order) -> dict[str, str]:
    return {"amount": plain(amount, order.currency), "currencyCode": order.currency}


def plain(amount: Decimal, currency: str) -> str:
    """An amount as text, with the decimals of its currency."""
    return str(amount.quantize(Decimal(1) if currency == "JPY" else Decimal("0.01")))


def _window(ends: tuple[datetime, datetime]) -> dict[str, str]:
    return {"earliestDateTime": text(ends[0]), "latestDateTime": text(ends[1])}


def _fulfillment(order: Order, pending: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "fulfillmentStatus": order.status, "fulfilledBy": order.fulfilled_by,
        "fulfillmentServiceLevel": "NEXT_DAY" if "PRIME" in order.programs else "STANDARD",
        "shipByWindow": _window(ship_by(order)),
    }  # fmt: skip
    if not pending and order.status != "CANCELLED":
        told["deliverByWindow"] = _window(deliver_by(order))
    return told


def _package(order: Order, package: Package) -> dict[str, Any]:
    told: dict[str, Any] = {
        "packageReferenceId": package.reference, "carrier": package.carrier, "trackingNumber": package.tracking,
        "shipTime": text(package.shipped_at),
        "packageStatus": {"status": "DELIVERED", "detailedStatus": "DELIVERED"} if package.delivered_at else {"status": "SHIPPED"},
        "packageItems": [{"orderItemId": item, "quantity": count} for item, count in package.shown.items()],
    }  # fmt: skip
    if package.method:
        told["shippingService"] = package.method
    if package.confirmed_at:
        told["createdTime"] = text(package.confirmed_at)
    return told


def _line(order: Order, line: OrderLine, included: list[str], roles: frozenset[str], pending: bool) -> dict[str, Any]:
    word, _, detail = line.condition.partition("_")
    told: dict[str, Any] = {
        "orderItemId": line.item_id,
        "quantityOrdered": line.quantity,
        "product": {
            "asin": line.asin, "title": line.title, "sellerSku": line.sku,
            "condition": {"conditionType": CONDITIONS.get(word, "NEW"), "conditionSubtype": (detail or "new").upper()},
        },
    }  # fmt: skip
    if "CANCELLATION" in included and (cancellation := _cancellation(order, line)):
        told["cancellation"] = cancellation
    if "FULFILLMENT" in included:
        told["fulfillment"] = _item_fulfillment(order, line, roles, pending)
    if pending:
        return told
    told["product"]["price"] = {"unitPrice": money(line.unit_price, order)}
    if line.business_price:
        told["product"]["price"]["priceDesignation"] = "BUSINESS_PRICE"
    if "PROCEEDS" in included:
        told["proceeds"] = _item_proceeds(order, line)
    if "EXPENSE" in included and line.points:
        granted = {"pointsNumber": line.points, "pointsMonetaryValue": money(Decimal(line.points), order)}
        told["expense"] = {"pointsCost": {"pointsGranted": granted}}
    if "PROMOTION" in included and line.promotion_id:
        told["promotion"] = {"breakdowns": [{"promotionId": line.promotion_id}]}
    if "TAX" in included:
        tax: dict[str, Any] = {}
        if order.tax_scheme:
            tax["taxCalculationBreakdowns"] = [{"reportingScheme": order.tax_scheme}]
        if order.tax_scheme or (order.tax_on_top and line.tax):
            tax["taxCollections"] = [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": FACILITATOR}]
        if tax:
            told["tax"] = tax
    return told


def _cancellation(order: Order, line: OrderLine) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if order.cancellation_requested_at:
        told["cancellationRequest"] = {"requester": "BUYER", "cancelReason": order.request_reason}
    if line.cancelled:
        told["cancellationExecution"] = {"cancelledBy": line.cancelled_by, "cancelReason": line.cancel_reason}
    return told


def _item_fulfillment(order: Order, line: OrderLine, roles: frozenset[str], pending: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "quantityFulfilled": line.shipped,
        "quantityUnfulfilled": line.quantity - line.cancelled - line.shipped,
    }
    shipping: dict[str, Any] = {}
    if order.cash_on_delivery:
        shipping["shippingConstraints"] = {"cashOnDelivery": "MANDATORY"}
    if order.tax_scheme == "IOSS":
        shipping["internationalShipping"] = {"iossNumber": "IM0000000000"}
    if shipping:
        told["shipping"] = shipping
    if not pending and (line.gift_wrap or line.gift_message):
        gift = {"giftWrapLevel": "Standard"} if line.gift_wrap else {}
        if line.gift_message and roles & ADDRESS_ROLES and order.fulfilled_by == "MERCHANT":
            gift["giftMessage"] = line.gift_message
        told["packing"] = {"giftOption": gift}
    return told


def _item_proceeds(order: Order, line: OrderLine) -> dict[str, Any]:
    parts = amounts.details(order, line)
    breakdowns: list[dict[str, Any]] = [
        {"type": kind, "subtotal": money(parts[kind], order)}
        for kind in amounts.CHARGES
        if parts[kind] or kind == "ITEM"
    ]
    for kind in ("TAX", "DISCOUNT"):
        subs = {k.split()[1]: a for k, a in parts.items() if k.startswith(f"{kind} ")}
        if any(subs.values()):
            breakdowns.append(
                {
                    "type": kind, "subtotal": money(sum(subs.values(), Decimal(0)), order),
                    "detailedBreakdowns": [{"subtype": s, "value": money(a, order)} for s, a in subs.items() if a],
                }
            )  # fmt: skip
    return {"proceedsTotal": money(amounts.summed(order, parts), order), "breakdowns": breakdowns}
