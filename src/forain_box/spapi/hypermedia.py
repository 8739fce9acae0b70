"""What the Messaging and Solicitations APIs share: actions of an order as links (HAL), and the order they are about."""

from typing import Any

from forain_box.errors import Stop, error, invalid
from forain_box.http import Response
from forain_box.spapi.call import Call
from forain_box.state import Order


def order_of(call: Call) -> Order:
    """The seller's order, on the one marketplace told."""
    sites = call.several("marketplaceIds")
    if len(sites) != 1:
        raise invalid("Missing or invalid request parameters: [marketplaceIds]")
    call.check_sites(sites)
    order = call.world.state.orders.get(call.rest[0])
    if order is None or order.seller_id != call.seller.seller_id or order.marketplace_id != sites[0]:
        raise invalid("Invalid Input")
    return order


def unavailable(message: str) -> Stop:
    """403 with a sentence of its own; nothing is wrong with the permission."""
    return Stop(error(403, "Unauthorized", message))


def links(call: Call, order: Order, folder: str, actions: list[tuple[str, dict[str, Any]]]) -> Response:
    """`actions`: (name, schema of its body), each at `folder`/{name} below the order."""
    here = "/" + "/".join((*call.operation.path.strip("/").split("/")[:3], order.order_id))
    tail = f"?marketplaceIds={order.marketplace_id}"
    places = {name: f"{here}/{folder}/{name}" for name, _ in actions}
    told = {
        "_links": {
            "actions": [{"href": place + tail, "name": name} for name, place in places.items()],
            "self": {"href": here + tail},
        },
        "_embedded": {
            "actions": [
                {
                    "_links": {
                        "schema": {"href": f"{places[name]}/schema", "name": name},
                        "self": {"href": places[name] + tail, "name": name},
                    },
                    "_embedded": {
                        "schema": {"_links": {"self": {"href": f"{places[name]}/schema"}}, "payload": schema}
                    },
                    "payload": {"name": name},
                }
                for name, schema in actions
            ]
        },
    }
    response = Response.json(told)
    response.headers["content-type"] = "application/hal+json"
    return response


def created() -> Response:
    response = Response.json({}, 201)
    response.headers["content-type"] = "application/hal+json"
    return response
