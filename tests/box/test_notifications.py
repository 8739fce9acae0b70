"""Notifications: who may have which, and what arrives of them."""

import pytest

from forain_box import notify
from tests.box import feeding
from tests.box.client import DE, FR, Client

SCOPE = "sellingpartnerapi::notifications"
DESTINATIONS, SUBSCRIPTIONS = "notifications/v1/destinations", "notifications/v1/subscriptions"
ARN = "arn:aws:sqs:eu-west-1:123456789012:orders"
CHANGED = {"OrderChangeNotification": {"OrderChangeType": "OrderStatusChange"}}


def destination(client, resource=None):
    told = {"name": "mine", "resourceSpecification": resource or {"sqs": {"arn": ARN}}}
    return client.api("POST", DESTINATIONS, told, token=client.grantless(SCOPE))


def subscribe(client, place, kind="ORDER_CHANGE", version="1.0", **more):
    return client.api("POST", f"{SUBSCRIPTIONS}/{kind}", {"payloadVersion": version, "destinationId": place, **more})


def test_destinations_are_the_applications_and_grantless():
    client = Client(throttle=False)
    token = client.grantless(SCOPE)
    status, told = destination(client)

    assert status == 200
    number = told["payload"]["destinationId"]
    assert client.api("GET", f"{DESTINATIONS}/{number}", token=token)[1] == told
    assert client.api("GET", DESTINATIONS, token=token)[1]["payload"] == [told["payload"]]
    assert destination(client)[0] == 409
    assert client.api("GET", DESTINATIONS)[0] == 403
    assert client.api("GET", DESTINATIONS, token=token, region="na")[1]["payload"] == []
    assert client.api("GET", f"{DESTINATIONS}/unknown", token=token)[0] == 404
    assert client.api("DELETE", f"{DESTINATIONS}/{number}", token=token)[0] == 200
    assert client.api("GET", DESTINATIONS, token=token)[1]["payload"] == []


@pytest.mark.parametrize(
    "resource",
    [
        {}, {"sqs": {"arn": "arn"}}, {"sqs": {"arn": ARN + ".fifo"}}, {"sqs": {}}, {"eventBridge": {"region": "eu-west-1", "accountId": "1"}},
        {"sqs": {"arn": ARN}, "eventBridge": {"region": "eu-west-1", "accountId": "123456789012"}}, [],
    ],
)  # fmt: skip
def test_a_wrong_destination_is_refused(client, resource):
    told = {"name": "mine", "resourceSpecification": resource}

    assert client.api("POST", DESTINATIONS, told, token=client.grantless(SCOPE))[0] == 400


def test_a_subscription_is_the_sellers_and_its_destination_stays_as_long():
    client = Client(throttle=False)
    token = client.grantless(SCOPE)
    place = destination(client)[1]["payload"]["destinationId"]
    status, told = subscribe(client, place)
    number = told["payload"]["subscriptionId"]

    assert status == 200
    assert client.api("GET", f"{SUBSCRIPTIONS}/ORDER_CHANGE")[1] == told
    assert client.api("GET", f"{SUBSCRIPTIONS}/ORDER_CHANGE?payloadVersion=2.0")[0] == 404
    assert client.api("GET", f"{SUBSCRIPTIONS}?notificationTypes=ORDER_CHANGE")[1]["payload"]["subscriptions"] == [
        told["payload"]
    ]
    assert client.api("GET", f"{SUBSCRIPTIONS}/ORDER_CHANGE/{number}", token=token)[1] == told
    assert client.api("GET", f"{SUBSCRIPTIONS}/PRICING_HEALTH/{number}", token=token)[0] == 404
    assert client.api("GET", f"{SUBSCRIPTIONS}/ORDER_CHANGE/{number}")[0] == 403
    assert subscribe(client, place)[0] == 409
    assert client.api("DELETE", f"{DESTINATIONS}/{place}", token=token)[0] == 409
    assert client.api("DELETE", f"{SUBSCRIPTIONS}/ORDER_CHANGE/{number}", token=token)[0] == 200
    assert client.api("GET", f"{SUBSCRIPTIONS}/ORDER_CHANGE")[0] == 404
    assert client.api("DELETE", f"{DESTINATIONS}/{place}", token=token)[0] == 200


@pytest.mark.parametrize(
    ("kind", "version", "status"),
    [
        ("LISTINGS_ITEM_STATUS_CHANGE", "1.0", 200), ("LISTINGS_ITEM_ISSUES_CHANGE", "2023-12-13", 200),
        ("LISTINGS_ITEM_ISSUES_CHANGE", "1.0", 400), ("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", "1.0", 200),
        ("ANY_OFFER_CHANGED", "1.0", 200), ("FEED_PROCESSING_FINISHED", "2020-09-04", 200), ("FEED_PROCESSING_FINISHED", "1.0", 400),
        ("REPORT_PROCESSING_FINISHED", "2020-09-04", 200), ("ACCOUNT_STATUS_CHANGED", "2021-01-01", 200),
        ("PRICING_HEALTH", "1.0", 200), ("ORDER_STATUS_CHANGE", "1.0", 400), ("INVENTED", "1.0", 400),
    ],
)  # fmt: skip
def test_every_type_has_its_payload_version(client, kind, version, status):
    place = destination(client)[1]["payload"]["destinationId"]

    assert subscribe(client, place, kind, version)[0] == status


@pytest.mark.parametrize(
    ("kind", "directive", "status"),
    [
        ("ORDER_CHANGE", {"eventFilter": {"eventFilterType": "ORDER_CHANGE", "orderChangeTypes": ["BuyerRequestedChange"]}}, 200),
        ("ORDER_CHANGE", {"eventFilter": {"eventFilterType": "ORDER_CHANGE", "orderChangeTypes": ["Whim"]}}, 400),
        ("ORDER_CHANGE", {"eventFilter": {"eventFilterType": "ANY_OFFER_CHANGED"}}, 400),
        ("ORDER_CHANGE", {"eventFilter": {"eventFilterType": "ORDER_CHANGE", "marketplaceIds": [FR]}}, 400),
        ("ORDER_CHANGE", {"filterExpression": "x" * 257}, 400), ("ORDER_CHANGE", {"filterExpression": ""}, 400),
        ("ORDER_CHANGE", {"filterExpression": "true", "eventFilter": {"eventFilterType": "ORDER_CHANGE"}}, 400),
        ("ORDER_CHANGE", {"filterExpression": "true"}, 200), ("ORDER_CHANGE", {"eventFilter": []}, 400),
        ("ANY_OFFER_CHANGED", {"eventFilter": {"eventFilterType": "ANY_OFFER_CHANGED", "marketplaceIds": [FR]}}, 200),
        ("ANY_OFFER_CHANGED", {"eventFilter": {"eventFilterType": "ANY_OFFER_CHANGED", "marketplaceIds": [DE]}}, 403),
        ("ANY_OFFER_CHANGED", {"eventFilter": {"eventFilterType": "ANY_OFFER_CHANGED", "aggregationSettings": {"aggregationTimePeriod": "FiveMinutes"}}}, 200),
        ("ANY_OFFER_CHANGED", {"eventFilter": {"eventFilterType": "ANY_OFFER_CHANGED", "aggregationSettings": {"aggregationTimePeriod": "OneHour"}}}, 400),
        ("PRICING_HEALTH", {"eventFilter": {"eventFilterType": "PRICING_HEALTH"}}, 400),
    ],
)  # fmt: skip
def test_a_processing_directive_is_checked(client, kind, directive, status):
    place = destination(client)[1]["payload"]["destinationId"]

    found, told = subscribe(client, place, kind, processingDirective=directive)

    assert found == status
    if status == 200:
        assert told["payload"]["processingDirective"] == directive


def test_event_bridge_takes_the_types_of_listings_only(client):
    place = destination(client, {"eventBridge": {"region": "eu-west-1", "accountId": "123456789012"}})[1]["payload"][
        "destinationId"
    ]

    assert subscribe(client, place, "LISTINGS_ITEM_STATUS_CHANGE")[0] == 200
    assert subscribe(client, place)[0] == 400


def test_a_subscription_needs_the_role_of_its_type():
    client = Client(roles=["Product Listing"])
    place = destination(client)[1]["payload"]["destinationId"]

    assert subscribe(client, place)[0] == 403
    assert subscribe(client, "elsewhere", "LISTINGS_ITEM_STATUS_CHANGE")[0] == 404


def test_a_queue_gives_a_message_again_until_it_is_deleted(client):
    queue = feeding.subscribe(client, "ORDER_CHANGE", "1.0")
    for _ in range(3):
        notify.emit(client.box.world, "SELLER1", "ORDER_CHANGE", CHANGED)
    notify.emit(client.box.world, "SELLER2", "ORDER_CHANGE", CHANGED)
    notify.emit(client.box.world, "SELLER1", "PRICING_HEALTH", {})

    found = feeding.messages(client, queue)
    assert len(found) == 3
    assert feeding.messages(client, queue) == found
    assert found[0]["body"]["NotificationType"] == "ORDER_CHANGE"
    told = {"message_ids": [found[1]["message_id"]]}
    assert client.control("DELETE", f"destinations/{queue}/messages", told) == (200, {"deleted": 1})
    assert feeding.messages(client, queue) == [found[0], found[2]]
    assert client.control("DELETE", f"destinations/{queue}/messages", {}) == (200, {"deleted": 2})
    assert client.control("DELETE", "destinations/unknown/messages", {})[0] == 404


def test_a_filter_lets_through_what_it_names(client):
    chosen = {"eventFilter": {"eventFilterType": "ORDER_CHANGE", "orderChangeTypes": ["BuyerRequestedChange"]}}
    queue = feeding.subscribe(client, "ORDER_CHANGE", "1.0", processingDirective=chosen)

    notify.emit(client.box.world, "SELLER1", "ORDER_CHANGE", CHANGED)
    wanted = {"OrderChangeNotification": {"OrderChangeType": "BuyerRequestedChange"}}
    notify.emit(client.box.world, "SELLER1", "ORDER_CHANGE", wanted)

    assert [m["body"]["Payload"] for m in feeding.messages(client, queue)] == [wanted]


def test_messages_are_lost_doubled_and_disordered_by_misfortune(client):
    queue = feeding.subscribe(client, "ORDER_CHANGE", "1.0")
    for kind in ("notification-lost", "notification-twice", "notification-late"):
        client.control("POST", "faults", {"kind": kind, "count": 1, "seconds": 60})
        for number in range(2):
            told = {
                "OrderChangeNotification": {"OrderChangeType": "OrderStatusChange", "AmazonOrderId": f"{kind}-{number}"}
            }
            notify.emit(client.box.world, "SELLER1", "ORDER_CHANGE", told)
    client.advance(60)

    found = [m["body"] for m in feeding.messages(client, queue)]
    ids = [b["Payload"]["OrderChangeNotification"]["AmazonOrderId"] for b in found]
    assert ids == [
        "notification-lost-1", "notification-twice-0", "notification-twice-0", "notification-twice-1",
        "notification-late-1", "notification-late-0",
    ]  # fmt: skip
    assert found[1]["NotificationMetadata"] == found[2]["NotificationMetadata"]


def test_a_queue_forgets_what_nobody_fetched_for_four_days(client):
    queue = feeding.subscribe(client, "ORDER_CHANGE", "1.0")
    notify.emit(client.box.world, "SELLER1", "ORDER_CHANGE", CHANGED)
    client.advance(4 * 86400 + 1)
    notify.emit(client.box.world, "SELLER1", "ORDER_CHANGE", CHANGED)

    assert len(feeding.messages(client, queue)) == 1
