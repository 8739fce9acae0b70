"""Notifications: what happened is written into the queues of those who subscribed. At least once, in no order.

Source: Amazon's notification schemas (commit 34dc93f) and set-up pages, read 2026-11-23.
"""

from bisect import bisect_left
from datetime import timedelta
from typing import Any

from forain_box import faults
from forain_box.clock import text
from forain_box.state import Message, Subscription
from forain_box.world import World, happens

LOWER_CAMEL = frozenset({"FEED_PROCESSING_FINISHED", "PRICING_HEALTH", "REPORT_PROCESSING_FINISHED"})
"""Their envelopes are spelled in lower camel case, all others in upper."""
CHANGES = ("BuyerRequestedChange", "DeliveryTipChange", "OrderStatusChange")
PERIODS = ("FiveMinutes", "TenMinutes")
KEPT = timedelta(days=4)
"""A queue forgets what nobody fetched for so long, as queues do unless told otherwise."""


def emit(world: World, seller_id: str, kind: str, payload: dict[str, Any]) -> None:
    """Tell everyone who subscribed to `kind` of this seller. `payload`: the object under "Payload".

    The messages lie in their queues before anybody can ask for them, and not before the caller is done with the world.
    """
    for subscription in list(world.state.subscriptions.values()):
        if subscription.seller_id != seller_id or subscription.notification_type != kind:
            continue
        if not _wanted(subscription, payload):
            continue
        if faults.strikes(world, "notification-lost", kind, seller_id):
            continue
        body = _envelope(world, subscription, payload)
        copies = 2 if faults.strikes(world, "notification-twice", kind, seller_id) else 1
        late = faults.strikes(world, "notification-late", kind, seller_id)
        for _ in range(copies):
            delay = world.chance.uniform(0, late.seconds) if late else 0.0
            told = {
                "destination": subscription.destination_id,
                "application": subscription.application_id,
                "body": body,
            }
            world.later(delay, "notification", **told)


def _wanted(subscription: Subscription, payload: dict[str, Any]) -> bool:
    """What the subscription's filter lets through; a filterExpression is kept and shown, not evaluated."""
    chosen = subscription.directive.get("eventFilter", {})
    change = payload.get("OrderChangeNotification", {}).get("OrderChangeType")
    if chosen.get("orderChangeTypes") and change not in chosen["orderChangeTypes"]:
        return False
    offer = payload.get("AnyOfferChangedNotification", {}).get("OfferChangeTrigger", {}).get("MarketplaceId")
    return not chosen.get("marketplaceIds") or offer in chosen["marketplaceIds"]


def tell_application(world: World, application_id: str, body: dict[str, Any]) -> None:
    """Write into the application's own queue (its secrets), where it has one."""
    kind = str(body["notificationType"])
    if not world.state.applications[application_id].queue or faults.strikes(world, "notification-lost", kind, ""):
        return
    copies = 2 if faults.strikes(world, "notification-twice", kind, "") else 1
    late = faults.strikes(world, "notification-late", kind, "")
    for _ in range(copies):
        delay = world.chance.uniform(0, late.seconds) if late else 0.0
        world.later(delay, "notification", destination="", application=application_id, body=body)


def kept(world: World) -> list[Message]:
    """What lies in all queues, oldest first; what lay there too long is gone."""
    messages, oldest = world.state.messages, world.now() - KEPT
    if messages and messages[0].at < oldest:
        del messages[: bisect_left(messages, oldest, key=lambda m: m.at)]
    return messages


@happens("notification")
def _delivered(world: World, told: dict[str, Any]) -> None:
    kept(world).append(
        Message(world.token("", 32).lower(), told["destination"], told["application"], world.now(), told["body"])
    )


def _envelope(world: World, subscription: Subscription, payload: dict[str, Any]) -> dict[str, Any]:
    now, kind = text(world.now()), subscription.notification_type
    metadata = {
        "ApplicationId": subscription.application_id, "SubscriptionId": subscription.subscription_id, "PublishTime": now,
        "NotificationId": world.token("", 32).lower(),
    }  # fmt: skip
    body = {
        "NotificationVersion": "1.0", "NotificationType": kind, "PayloadVersion": subscription.payload_version,
        "EventTime": now, "Payload": payload, "NotificationMetadata": metadata,
    }  # fmt: skip
    if kind not in LOWER_CAMEL:
        return body
    lower = {_lower(k): v for k, v in body.items()}
    lower["notificationMetadata"] = {_lower(k): v for k, v in metadata.items()}
    return lower


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
