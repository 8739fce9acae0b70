"""Orders 2026-01-01: searchOrders and getOrder. No restricted data token: roles decide what is shown, by no error.

Source: Amazon's model orders_2026-01-01.json; models issues 5144, 5306; read 2026-11-23.
"""

from datetime import datetime
from typing import Any

from forain_box import order_book
from forain_box.clock import text
from forain_box.errors import invalid
from forain_box.http import Response
from forain_box.order_book import Place, Window
from forain_box.spapi import order_lists
from forain_box.spapi.call import Call, Operation
from forain_box.spapi.order_shape import render

MODEL = "orders_2026-01-01.json"
TRACKING = ("Inventory and Order Tracking",)
INCLUDED = (
    "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX", "PAYMENT",
    "FULFILLMENT_ORDERS",
)  # fmt: skip
STATUSES = (
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE",
)  # fmt: skip
MAY_CHANGE = ("paginationToken", "maxResultsPerPage", "includedData")
"""All other parameters are the same on every page."""


def search(call: Call) -> Response:
    asked = order_lists.window(call, ("createdAfter", "createdBefore"), ("lastUpdatedAfter", "lastUpdatedBefore"))
    size, included = call.number("maxResultsPerPage", 100, 1, 100), call.several("includedData", INCLUDED)
    sites = call.sites(50, required=False)
    states = call.several("fulfillmentStatuses", STATUSES)
    fulfilled_by = call.several("fulfilledBy", ("MERCHANT", "AMAZON"))
    fixed = {k: v for k, v in sorted(call.request.query.items()) if k not in MAY_CHANGE}
    behind = None
    if token := call.request.query.get("paginationToken"):
        told = call.world.handed_out(token)
        if told is None or told.get("fixed") != fixed or told.get("seller") != call.seller.seller_id:
            raise invalid("paginationToken is invalid.")
        behind = Place(datetime.fromisoformat(told["moment"]), int(told["number"]))
        asked = Window(asked.by, asked.since, datetime.fromisoformat(told["until"]))
    part, following = order_book.page(
        call.world, call.seller.seller_id, asked, size,
        lambda o: (not sites or o.marketplace_id in sites)
        and (not states or o.status in states)
        and (not fulfilled_by or o.fulfilled_by in fulfilled_by),
        behind,
    )  # fmt: skip
    now = call.world.now()
    answer: dict[str, Any] = {"orders": [render(o, included, call.roles, now) for o in part]}
    answer["createdBefore" if asked.by == "created" else "lastUpdatedBefore"] = text(asked.until)
    if following:
        token = call.world.hand_out(
            "next-", order_book.TOKEN_LIFE, fixed=fixed, seller=call.seller.seller_id, moment=following.moment.isoformat(),
            number=following.number, until=asked.until.isoformat(),
        )  # fmt: skip
        answer["pagination"] = {"nextToken": token}
    return Response.json(answer)


def get(call: Call) -> Response:
    order, included = order_lists.own(call), call.several("includedData", INCLUDED)
    return Response.json({"order": render(order, included, call.roles, call.world.now())})


OPERATIONS = (
    Operation("searchOrders", "GET", "/orders/2026-01-01/orders", search, MODEL, 0.0056, 20, TRACKING),
    Operation("getOrder", "GET", "/orders/2026-01-01/orders/{orderId}", get, MODEL, 0.5, 30, TRACKING),
)
