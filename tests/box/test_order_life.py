"""An order's life, from buying to refunding, what it does to stock, and who is told."""

from decimal import Decimal

import pytest

from forain_box import keep, trade
from forain_box.state import Destination, Subscription
from forain_box.world import Refusal
from tests.box import shapes
from tests.box.client import FR, Client

MATTER = "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,CANCELLATION,PACKAGES"


def told(client, order):
    return client.api("GET", f"orders/2026-01-01/orders/{order}?includedData={MATTER}")[1]["order"]


def status(client, order):
    return told(client, order)["fulfillment"]["fulfillmentStatus"]


def left(client, sku="SOAP"):
    return client.item(sku)[1]["fulfillmentAvailability"][0].get("quantity")


def ship(client, order, quantity=1, reference="1", place=0, **more):
    item = told(client, order)["orderItems"][place]["orderItemId"]
    detail = {
        "packageReferenceId": reference, "carrierCode": "DHL", "trackingNumber": f"T{reference}",
        "shipDate": client.box.world.now().isoformat(), "orderItems": [{"orderItemId": item, "quantity": quantity}], **more,
    }  # fmt: skip
    return client.api(
        "POST",
        f"orders/v0/orders/{order}/shipmentConfirmation",
        {"marketplaceId": client.site, "packageDetail": detail},
    )


def do(client, order, what, **body):
    return client.control("POST", f"orders/{order}/{what}", body)


@pytest.fixture
def queue(client):
    """What ORDER_CHANGE tells, in the order of its coming."""
    state = client.box.world.state
    state.destinations["D1"] = Destination("D1", client.application["application_id"], "D", {})
    state.subscriptions["S1"] = Subscription(
        "S1", client.application["application_id"], "SELLER1", "ORDER_CHANGE", "1.0", "D1"
    )
    return lambda: [m["body"] for m in client.control("GET", "destinations/D1/messages")[1]]


def test_a_partial_shipment_is_shown_later_and_the_rest_completes_it(client):
    order = client.buy(quantity=3)[1]["order_id"]

    assert ship(client, order, 2)[0] == 204
    assert status(client, order) == "UNSHIPPED"
    assert "packages" not in told(client, order)
    client.advance(5)
    assert status(client, order) == "PARTIALLY_SHIPPED"
    assert told(client, order)["orderItems"][0]["fulfillment"]["quantityUnfulfilled"] == 1
    assert ship(client, order, 2, "2")[0] == 400
    assert ship(client, order, 1, "2")[0] == 204
    client.advance(5)

    assert status(client, order) == "SHIPPED"
    assert [p["trackingNumber"] for p in told(client, order)["packages"]] == ["T1", "T2"]


def test_the_same_reference_edits_the_package(client):
    order = client.buy()[1]["order_id"]
    ship(client, order)
    client.advance(5)

    assert ship(client, order, trackingNumber="BETTER")[0] == 204
    client.advance(5)

    assert [p["trackingNumber"] for p in told(client, order)["packages"]] == ["BETTER"]
    assert status(client, order) == "SHIPPED"


@pytest.mark.parametrize("by", ["BUYER", "MERCHANT", "AMAZON"])
def test_a_cancelled_order_gives_its_pieces_back_and_says_who_cancelled(client, by):
    order = client.buy(quantity=2)[1]["order_id"]
    assert left(client) == 3

    assert do(client, order, "cancel", by=by, reason="NoInventory")[0] == 200

    assert (status(client, order), left(client)) == ("CANCELLED", 5)
    execution = told(client, order)["orderItems"][0]["cancellation"]["cancellationExecution"]
    assert execution == {"cancelledBy": by, "cancelReason": "NoInventory"}
    assert told(client, order)["proceeds"]["grandTotal"]["amount"] == "0.00"
    assert do(client, order, "cancel")[0] == 409
    assert ship(client, order)[0] == 400


def test_a_seller_cannot_cancel_what_is_not_paid_or_is_on_its_way(client):
    pending = client.buy(pending_seconds=600)[1]["order_id"]
    shipped = client.buy()[1]["order_id"]
    ship(client, shipped)

    assert do(client, pending, "cancel", by="MERCHANT")[0] == 409
    assert do(client, shipped, "cancel", by="MERCHANT")[0] == 409
    assert do(client, pending, "cancel", by="BUYER")[0] == 200
    client.advance(700)
    assert status(client, pending) == "CANCELLED"


def test_one_item_of_an_order_can_be_cancelled(client):
    client.put("BRUSH", 5, price={"amount": "3.00"})
    told_items = [{"sku": "SOAP", "quantity": 1}, {"sku": "BRUSH", "quantity": 2}]
    order = client.buy(items=told_items)[1]
    brush = order["items"][1]["item_id"]

    assert do(client, order["order_id"], "cancel", by="MERCHANT", items=[brush])[0] == 200

    assert left(client, "BRUSH") == 5
    assert told(client, order["order_id"])["proceeds"]["grandTotal"]["amount"] == "11.80"
    old = client.api("GET", f"orders/v0/orders/{order['order_id']}/orderItems")[1]["payload"]["OrderItems"]
    assert [i["QuantityOrdered"] for i in old] == [1, 0]
    ship(client, order["order_id"])
    client.advance(5)
    assert status(client, order["order_id"]) == "SHIPPED"


def test_a_buyer_may_ask_for_a_cancellation_and_the_seller_may_still_ship(client, queue):
    order = client.buy()[1]["order_id"]

    assert do(client, order, "request-cancellation", reason="Found cheaper")[0] == 200

    request = told(client, order)["orderItems"][0]["cancellation"]["cancellationRequest"]
    assert request == {"requester": "BUYER", "cancelReason": "Found cheaper"}
    old = client.api("GET", f"orders/v0/orders/{order}/orderItems")[1]["payload"]["OrderItems"][0]
    assert old["BuyerRequestedCancel"] == {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": "Found cheaper"}
    assert queue()[-1]["Payload"]["OrderChangeNotification"]["OrderChangeType"] == "BuyerRequestedChange"
    assert ship(client, order)[0] == 204
    client.advance(5)
    assert status(client, order) == "SHIPPED"
    assert do(client, order, "request-cancellation")[0] == 409


def test_every_change_of_an_order_is_told_in_the_published_shape(client, queue):
    order = client.buy(pending_seconds=60)[1]["order_id"]
    client.advance(61)
    ship(client, order)
    client.advance(5)
    do(client, order, "deliver")
    do(client, client.buy()[1]["order_id"], "cancel", by="BUYER")

    validator = shapes.schema("OrderChangeNotification.json")
    for body in queue():
        validator.validate(body)
    changes = [b["Payload"]["OrderChangeNotification"] for b in queue()]
    assert [c["Summary"]["OrderStatus"] for c in changes] == [
        "Pending", "Unshipped", "Shipped", "Shipped", "Unshipped", "Canceled",
    ]  # fmt: skip
    assert changes[0]["Summary"]["DestinationPostalCode"] is None


def test_a_preorder_waits_for_its_day_and_then_for_its_payment(client):
    order = client.buy(available_seconds=86400, pending_seconds=600)[1]["order_id"]

    assert (status(client, order), told(client, order)["programs"]) == ("PENDING_AVAILABILITY", ["PREORDER"])
    assert "proceeds" not in told(client, order)
    assert left(client) == 4
    client.advance(86400 - 3000)
    client.token = client.login()[1]["access_token"]
    client.advance(3001)
    client.token = client.login()[1]["access_token"]
    assert status(client, order) == "PENDING"
    client.advance(600)
    assert status(client, order) == "UNSHIPPED"
    assert told(client, order)["lastUpdatedTime"] == "2026-03-02T09:10:00.000Z"


def test_what_amazon_fulfils_becomes_an_order_of_its_own(client):
    client.put("BASKET", 8, fulfilled_by="AMAZON", price={"amount": "20.00"})

    order = client.buy(items=[{"sku": "SOAP"}, {"sku": "BASKET"}])[1]
    other = order["together"][0]

    assert [i["sku"] for i in order["items"]] == ["SOAP"]
    assert told(client, order["order_id"])["fulfillment"]["fulfilledBy"] == "MERCHANT"
    assert told(client, other)["fulfillment"]["fulfilledBy"] == "AMAZON"
    assert ship(client, other)[0] == 400


def test_amazon_ships_and_brings_its_own_by_itself(client):
    client.put("BASKET", 8, fulfilled_by="AMAZON", price={"amount": "20.00"})
    order = client.buy("BASKET")[1]["order_id"]

    client.advance(4 * 86400)
    client.token = client.login()[1]["access_token"]

    found = told(client, order)
    assert found["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert "packages" not in found
    assert "buyerEmail" not in found["buyer"]
    assert "phone" not in found["recipient"]["deliveryAddress"]
    assert client.box.world.state.orders[order].delivered_at is not None


def test_returned_pieces_come_back_into_amazons_stock_and_not_into_the_sellers(client):
    client.put("BASKET", 8, fulfilled_by="AMAZON", price={"amount": "20.00"})
    own, amazons = client.buy()[1]["order_id"], client.buy("BASKET", 2)[1]["order_id"]
    ship(client, own)
    client.advance(4 * 86400)
    client.token = client.login()[1]["access_token"]
    do(client, own, "deliver")

    for order in (own, amazons):
        assert do(client, order, "return", reason="DEFECTIVE")[0] == 200

    assert left(client) == 4
    assert client.box.world.listing("SELLER1", "BASKET").fba_quantity == 8
    assert do(client, own, "return")[0] == 409
    assert client.box.world.state.orders[own].returns[0].reason == "DEFECTIVE"


def test_no_more_can_be_refunded_than_was_paid(client):
    order = client.buy(quantity=2)[1]
    item = order["items"][0]["item_id"]
    name = order["order_id"]
    assert do(client, name, "refund")[0] == 409
    ship(client, name, 2)
    client.advance(5)

    assert do(client, name, "refund", items={item: {"ITEM": "13.81"}})[0] == 409
    assert do(client, name, "refund", items={item: {"ITEM": "6.90"}})[0] == 200
    assert do(client, name, "refund", items={item: {"ITEM": "6.91"}})[0] == 409
    assert do(client, name, "refund")[0] == 200
    assert do(client, name, "refund")[0] == 409
    assert client.box.world.state.orders[name].lines[0].refunded == Decimal("18.70")


def test_a_seller_may_give_an_order_his_own_number(client):
    world = client.box.world
    order = client.buy()[1]["order_id"]
    waiting = client.buy(pending_seconds=60)[1]["order_id"]

    trade.acknowledge(world, world.state.orders[order], "SHOP-17")

    assert told(client, order)["orderAliases"] == [{"aliasId": "SHOP-17", "aliasType": "SELLER_ORDER_ID"}]
    assert client.api("GET", f"orders/v0/orders/{order}")[1]["payload"]["SellerOrderId"] == "SHOP-17"
    with pytest.raises(Refusal):
        trade.acknowledge(world, world.state.orders[waiting], "SHOP-18")


def test_a_prime_and_a_business_order_are_marked_and_business_has_its_own_price(client):
    client.put("SOAP", 5, business_price={"amount": "6.00"})
    order = told(client, client.buy(prime=True, business=True)[1]["order_id"])

    assert order["programs"] == ["PRIME", "AMAZON_BUSINESS"]
    assert order["orderItems"][0]["product"]["price"] == {
        "unitPrice": {"amount": "6.00", "currencyCode": "EUR"}, "priceDesignation": "BUSINESS_PRICE",
    }  # fmt: skip
    assert order["buyer"]["buyerCompanyName"]


def test_an_order_for_pickup_goes_its_own_way(client):
    order, other = client.buy(pickup=True)[1]["order_id"], client.buy()[1]["order_id"]

    def tell(name, word):
        return client.api("POST", f"orders/v0/orders/{name}/shipment", {"marketplaceId": FR, "shipmentStatus": word})[0]

    assert tell(other, "ReadyForPickup") == 400
    assert tell(order, "PickedUp") == 400
    assert tell(order, "ReadyForPickup") == 204
    assert tell(order, "PickedUp") == 204
    assert status(client, order) == "SHIPPED"


def test_what_happens_by_itself_happens_at_its_own_time():
    slow, quick = Client(), Client()
    for client, steps in ((slow, [60] * 30), (quick, [1800])):
        client.buy(pending_seconds=601)
        for step in steps:
            client.advance(step)

    orders = [next(iter(c.box.world.state.orders.values())) for c in (slow, quick)]

    assert orders[0].updated_at == orders[1].updated_at == orders[0].pending_until


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("cancel", {"items": ["NOBODY"]}), ("deliver", {}), ("return", {"pieces": {"NOBODY": 1}}), ("refund", {"items": {"X": {}}}),
        ("cancel", {"by": "NOBODY"}), ("refund", {"items": {"X": {"ITEM": "many"}}}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence(client, what, body):
    order = client.buy()[1]["order_id"]

    code, answer = do(client, order, what, **body)

    assert code in (400, 404, 409)
    assert len(answer["error"]) > 10


def test_orders_and_their_money_survive_a_restart(client, tmp_path):
    order = client.buy(quantity=2)[1]["order_id"]
    ship(client, order)
    client.advance(5)
    do(client, order, "deliver")
    do(client, order, "refund")
    do(client, order, "return")
    body = {"restrictedResources": [{"method": "GET", "path": f"/orders/v0/orders/{order}/address"}]}
    rdt = client.api("POST", "tokens/2021-03-01/restrictedDataToken", body)[1]["restrictedDataToken"]

    keep.write(client.box.world, tmp_path / "world.json")
    world = keep.read(tmp_path / "world.json", "manual")

    assert world.state == client.box.world.state
    client.box.world = world
    assert client.api("GET", f"orders/v0/orders/{order}/address", token=rdt)[1]["payload"]["ShippingAddress"]["Name"]
