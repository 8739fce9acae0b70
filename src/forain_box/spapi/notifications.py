"""Notifications v1: destinations (grantless, of the application) and subscriptions (with the seller's token).

sendTestNotification exists in Amazon's sandbox only, so its path is unknown here as it is in production. Which types
EventBridge takes is the box's own choice: those of listings.

Source: Amazon's model notifications.json, notification type and processing directive pages, read 2026-11-23.
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import msgspec

from forain_box.errors import Stop, denied, error, invalid, not_found
from forain_box.http import Response
from forain_box.notify import CHANGES, PERIODS
from forain_box.spapi.call import Call, Operation, Wire, payload
from forain_box.state import Destination, Subscription

MODEL = "notifications.json"
SCOPE = "sellingpartnerapi::notifications"
ARN = re.compile(r"arn:aws:sqs:[\w-]+:\d{12}:[\w.-]+")
TOKEN_LIFE = timedelta(hours=24)
TRACKING, LISTING, PRICING = ("Inventory and Order Tracking",), ("Product Listing",), ("Pricing",)


@dataclass(frozen=True)
class Kind:
    """A notification type: its payload versions, newest last, and the roles of which one is needed."""

    versions: tuple[str, ...] = ("1.0",)
    roles: tuple[str, ...] = ()
    by_event_bridge: bool = False


KINDS = {
    "ACCOUNT_STATUS_CHANGED": Kind(("2021-01-01",), ("Selling Partner Insights",)),
    "ANY_OFFER_CHANGED": Kind(roles=PRICING),
    "FEED_PROCESSING_FINISHED": Kind(("2020-09-04",)),
    "LISTINGS_ITEM_ISSUES_CHANGE": Kind(("2023-12-13",), LISTING, by_event_bridge=True),
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE": Kind(roles=LISTING, by_event_bridge=True),
    "LISTINGS_ITEM_STATUS_CHANGE": Kind(roles=LISTING, by_event_bridge=True),
    "ORDER_CHANGE": Kind(roles=TRACKING),
    "PRICING_HEALTH": Kind(roles=PRICING),
    "REPORT_PROCESSING_FINISHED": Kind(("2020-09-04",)),
    "SHIPMENT_TRACKING_MILESTONE_CHANGED": Kind(roles=TRACKING),
}
"""ORDER_STATUS_CHANGE and version 1.0 of LISTINGS_ITEM_ISSUES_CHANGE are gone since the summer of 2026."""


class Sqs(Wire):
    arn: Annotated[str, msgspec.Meta(max_length=1000)]


class EventBridge(Wire):
    region: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", max_length=40)]
    account_id: Annotated[str, msgspec.Meta(pattern=r"^\d{12}$")]


class Resource(Wire):
    sqs: Sqs | None = None
    event_bridge: EventBridge | None = None


class NewDestination(Wire):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    resource_specification: Resource


class Aggregation(Wire):
    aggregation_time_period: str


class EventFilter(Wire):
    event_filter_type: str
    marketplace_ids: list[str] | None = None
    aggregation_settings: Aggregation | None = None
    order_change_types: list[str] | None = None
    tracking_identifier: str | None = None


class Directive(Wire, omit_defaults=True):
    event_filter: EventFilter | None = None
    filter_expression: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None


class NewSubscription(Wire):
    payload_version: str
    destination_id: str
    processing_directive: Directive | None = None


def _conflict(message: str) -> Stop:
    return Stop(error(409, "Conflict", message))


# -- destinations


def create_destination(call: Call) -> Response:
    told = call.body(NewDestination)
    queue, bus = told.resource_specification.sqs, told.resource_specification.event_bridge
    if (queue is None) == (bus is None):
        raise invalid("Exactly one of sqs and eventBridge is required.")
    number = call.world.token("", 36).lower()
    if queue is not None:
        if not ARN.fullmatch(queue.arn):
            raise invalid("Invalid 'arn'.")
        if queue.arn.endswith(".fifo"):
            raise invalid("A FIFO queue cannot be a destination.")
        resource: dict[str, Any] = {"sqs": {"arn": queue.arn}}
    else:
        assert bus is not None
        name = f"aws.partner/sellingpartnerapi.amazon.com/{bus.account_id}/{call.application.application_id}"
        resource = {"eventBridge": {"name": name, "region": bus.region, "accountId": bus.account_id}}
    if any(d.resource == resource for d in _destinations(call)):
        raise _conflict("A destination for this resource exists already.")
    destination = Destination(number, call.application.application_id, told.name, resource, call.region)
    call.world.state.destinations[number] = destination
    return payload(_told(destination))


def _destinations(call: Call) -> list[Destination]:
    mine = (call.application.application_id, call.region)
    return [d for d in call.world.state.destinations.values() if (d.application_id, d.region) == mine]


def _destination(call: Call, number: str) -> Destination:
    found = call.world.state.destinations.get(number)
    if found is None or (found.application_id, found.region) != (call.application.application_id, call.region):
        raise not_found(f"The destination {number[:100]} is not found.")
    return found


def _told(destination: Destination) -> dict[str, Any]:
    return {"destinationId": destination.destination_id, "name": destination.name, "resource": destination.resource}


def get_destinations(call: Call) -> Response:
    return payload([_told(d) for d in _destinations(call)])


def get_destination(call: Call) -> Response:
    return payload(_told(_destination(call, call.rest[0])))


def delete_destination(call: Call) -> Response:
    destination = _destination(call, call.rest[0])
    if any(s.destination_id == destination.destination_id for s in call.world.state.subscriptions.values()):
        raise _conflict("The destination has subscriptions; delete them first.")
    del call.world.state.destinations[destination.destination_id]
    return Response.json({})


# -- subscriptions


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise invalid(f"Invalid 'notificationType': {name[:100]}.")
    return KINDS[name]


def create_subscription(call: Call) -> Response:
    (name,) = call.rest
    kind, told = _kind(name), call.body(NewSubscription)
    if kind.roles and not any(role in call.application.roles for role in kind.roles):
        raise denied()
    if told.payload_version not in kind.versions:
        raise invalid(f"Invalid 'payloadVersion' for {name}: {told.payload_version[:50]}.")
    destination = _destination(call, told.destination_id)
    if "eventBridge" in destination.resource and not kind.by_event_bridge:
        raise invalid(f"{name} cannot be delivered to Amazon EventBridge.")
    directive = _checked(call, name, told.processing_directive) if told.processing_directive else {}
    twin = any(s.payload_version == told.payload_version and s.directive == directive for s in _mine(call, name))
    if twin:
        raise _conflict(f"A subscription to {name} {told.payload_version} exists already.")
    subscription = Subscription(
        call.world.token("", 36).lower(), call.application.application_id, call.seller.seller_id, name, told.payload_version,
        destination.destination_id, directive,
    )  # fmt: skip
    call.world.state.subscriptions[subscription.subscription_id] = subscription
    return payload(_shown(subscription))


def _checked(call: Call, name: str, told: Directive) -> dict[str, Any]:
    """The directive as it is kept. What belongs to another type is refused."""
    if told.event_filter is not None and told.filter_expression is not None:
        raise invalid("eventFilter and filterExpression exclude each other.")
    chosen = told.event_filter
    if chosen is None:
        return {"filterExpression": told.filter_expression} if told.filter_expression is not None else {}
    if chosen.event_filter_type != name or name not in FILTERS:
        raise invalid(f"Invalid 'eventFilterType' for {name}: {chosen.event_filter_type[:100]}.")
    members = {
        "marketplaceIds": chosen.marketplace_ids, "orderChangeTypes": chosen.order_change_types,
        "trackingIdentifier": chosen.tracking_identifier,
        "aggregationSettings": chosen.aggregation_settings and {
            "aggregationTimePeriod": chosen.aggregation_settings.aggregation_time_period
        },
    }  # fmt: skip
    given = {member: value for member, value in members.items() if value is not None}
    for member in given:
        if member not in FILTERS[name]:
            raise invalid(f"'{member}' is no filter of {name}.")
    call.check_sites(chosen.marketplace_ids or [])
    if any(change not in CHANGES for change in chosen.order_change_types or []):
        raise invalid("Invalid 'orderChangeTypes'.")
    if chosen.aggregation_settings and chosen.aggregation_settings.aggregation_time_period not in PERIODS:
        raise invalid("Invalid 'aggregationTimePeriod'.")
    return {"eventFilter": {"eventFilterType": name, **given}}


FILTERS = {
    "ANY_OFFER_CHANGED": ("aggregationSettings", "marketplaceIds"),
    "ORDER_CHANGE": ("orderChangeTypes",),
    "SHIPMENT_TRACKING_MILESTONE_CHANGED": ("trackingIdentifier",),
}


def _mine(call: Call, name: str) -> Iterable[Subscription]:
    """Of this seller and application."""
    return (
        s for s in call.world.state.subscriptions.values()
        if s.notification_type == name and s.seller_id == call.seller.seller_id
        and s.application_id == call.application.application_id
    )  # fmt: skip


def _shown(subscription: Subscription) -> dict[str, Any]:
    told: dict[str, Any] = {
        "subscriptionId": subscription.subscription_id, "payloadVersion": subscription.payload_version,
        "destinationId": subscription.destination_id,
    }  # fmt: skip
    return told | ({"processingDirective": subscription.directive} if subscription.directive else {})


def get_subscription(call: Call) -> Response:
    """Of the latest payload version, where none is asked for."""
    (name,) = call.rest
    versions, asked = _kind(name).versions, call.text("payloadVersion", "")
    found = [s for s in _mine(call, name) if asked in ("", s.payload_version)]
    if not found:
        raise not_found(f"There is no subscription to {name}.")
    return payload(_shown(max(found, key=lambda s: versions.index(s.payload_version))))


def get_subscriptions(call: Call) -> Response:
    wanted = call.several("notificationTypes", most=1)
    if not wanted:
        raise invalid("Missing required parameter 'notificationTypes'.")
    _kind(wanted[0])
    asked, size = call.text("payloadVersion", ""), call.number("pageSize", 30, 30, 100)
    start, token = 0, call.text("nextToken", "")
    if token:
        page = call.world.handed_out(token)
        if page is None or (page.get("seller"), page.get("kind")) != (call.seller.seller_id, wanted[0]):
            raise invalid("nextToken is invalid.")
        start = int(page["start"])
    rows = (s for s in _mine(call, wanted[0]) if asked in ("", s.payload_version))
    found = list(itertools.islice(rows, start, start + size + 1))
    told: dict[str, Any] = {"subscriptions": [_shown(s) for s in found[:size]]}
    if len(found) > size:
        told["nextToken"] = call.world.hand_out(
            "subs-", TOKEN_LIFE, seller=call.seller.seller_id, kind=wanted[0], start=start + size
        )
    return payload(told)


def _by_id(call: Call) -> Subscription:
    name, number = call.rest
    _kind(name)
    found = call.world.state.subscriptions.get(number)
    if found is None or found.notification_type != name or found.application_id != call.application.application_id:
        raise not_found(f"The subscription {number[:100]} is not found.")
    return found


def get_subscription_by_id(call: Call) -> Response:
    return payload(_shown(_by_id(call)))


def delete_subscription(call: Call) -> Response:
    del call.world.state.subscriptions[_by_id(call).subscription_id]
    return Response.json({})


_DESTINATIONS, _SUBSCRIPTIONS = "/notifications/v1/destinations", "/notifications/v1/subscriptions"
OPERATIONS = (
    Operation("getDestinations", "GET", _DESTINATIONS, get_destinations, MODEL, 1, 5, scope=SCOPE),
    Operation("createDestination", "POST", _DESTINATIONS, create_destination, MODEL, 1, 5, scope=SCOPE),
    Operation("getDestination", "GET", _DESTINATIONS + "/{destinationId}", get_destination, MODEL, 1, 5, scope=SCOPE),
    Operation("deleteDestination", "DELETE", _DESTINATIONS + "/{destinationId}", delete_destination, MODEL, 1, 5, scope=SCOPE),
    Operation("getSubscriptions", "GET", _SUBSCRIPTIONS, get_subscriptions, MODEL, 1, 5),
    Operation("getSubscription", "GET", _SUBSCRIPTIONS + "/{notificationType}", get_subscription, MODEL, 1, 5),
    Operation("createSubscription", "POST", _SUBSCRIPTIONS + "/{notificationType}", create_subscription, MODEL, 1, 5),
    Operation("getSubscriptionById", "GET", _SUBSCRIPTIONS + "/{notificationType}/{subscriptionId}", get_subscription_by_id, MODEL, 1, 5, scope=SCOPE),
    Operation("deleteSubscriptionById", "DELETE", _SUBSCRIPTIONS + "/{notificationType}/{subscriptionId}", delete_subscription, MODEL, 1, 5, scope=SCOPE),
)  # fmt: skip
