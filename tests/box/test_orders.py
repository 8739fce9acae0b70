"""Lists of orders, and who sees whom: Orders 2026-01-01, v0, and restricted data tokens."""

import json
from urllib.parse import urlencode

import pytest

from tests.box.client import FR, JP, Client

NEW, OLD = "orders/2026-01-01/orders", "orders/v0/orders"
SINCE = "2026-02-01T00:00:00Z"
TRACKING, SHIPPING, TAX = "Inventory and Order Tracking", "Direct-to-Consumer Shipping", "Tax Invoicing"
PERSONAL = {"name", "addressLine1", "phone"}


def listed(client, **query):
    told = {"lastUpdatedAfter": SINCE, "includedData": "FULFILLMENT", **query}
    status, body = client.api("GET", f"{NEW}?{urlencode(told, safe=',')}")
    return [o["orderId"] for o in body["orders"]] if status == 200 else status


def old_listed(client, **query):
    told = {"MarketplaceIds": client.site, "CreatedAfter": SINCE, **query}
    status, body = client.api("GET", f"{OLD}?{urlencode({k: v for k, v in told.items() if v}, safe=',')}")
    return [o["AmazonOrderId"] for o in body["payload"]["Orders"]] if status == 200 else status


def restricted(client, *resources, **more):
    told = {
        "restrictedResources": [dict(zip(("method", "path", "dataElements"), r, strict=False)) for r in resources],
        **more,
    }
    return client.api("POST", "tokens/2021-03-01/restrictedDataToken", told)


def token(client, *resources):
    status, body = restricted(client, *resources)
    assert status == 200, body
    return body["restrictedDataToken"]


def many(client, count):
    client.put("SOAP", 500)
    made = []
    for _ in range(count):
        made.append(client.buy()[1]["order_id"])
        client.advance(1)
    client.advance(300)
    return made


def test_both_ends_of_a_window_belong_to_it(client):
    order = client.buy()[1]["order_id"]
    client.advance(600)
    moment = "2026-03-01T09:00:00.000Z"

    assert listed(client, lastUpdatedAfter=moment, lastUpdatedBefore=moment) == [order]
    assert old_listed(client, CreatedAfter=moment, CreatedBefore=moment) == [order]
    assert listed(client, lastUpdatedAfter="2026-03-01T09:00:00.001Z") == []


@pytest.mark.parametrize(
    "query",
    [
        {"createdAfter": SINCE}, {"lastUpdatedAfter": SINCE, "createdBefore": SINCE}, {"lastUpdatedAfter": "soon"},
        {"lastUpdatedAfter": "2026-03-01T08:00:00Z", "lastUpdatedBefore": "2026-03-01T07:00:00Z"},
        {"lastUpdatedBefore": "2026-03-01T08:59:00Z"}, {"fulfillmentStatuses": "CANCELED"}, {"fulfilledBy": "ME"},
        {"includedData": "ALL"}, {"maxResultsPerPage": "101"}, {"paginationToken": "x"},
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused(client, query):
    assert listed(client, **query) == 400


def test_pages_miss_no_order_although_orders_change_meanwhile(client):
    made = many(client, 7)
    query = f"{NEW}?createdAfter={SINCE}&maxResultsPerPage=3"
    page, seen = client.api("GET", query)[1], []
    seen += page["orders"]
    client.control("POST", f"orders/{made[0]}/cancel", {})
    while "pagination" in page:
        page = client.api("GET", f"{query}&paginationToken={page['pagination']['nextToken']}")[1]
        seen += page["orders"]

    assert [o["orderId"] for o in seen] == made


def test_an_order_that_changes_while_pages_are_read_hides_no_other(client):
    made = many(client, 6)
    query = f"{NEW}?lastUpdatedAfter={SINCE}&maxResultsPerPage=3"
    page = client.api("GET", query)[1]
    client.control("POST", f"orders/{made[0]}/cancel", {})

    rest = client.api("GET", f"{query}&paginationToken={page['pagination']['nextToken']}")[1]["orders"]

    assert [o["orderId"] for o in rest] == made[3:]


def test_an_omitted_order_is_found_by_its_id_only(client):
    client.control("POST", "faults", {"kind": "omit", "count": 1})
    hidden, shown = client.buy()[1]["order_id"], client.buy()[1]["order_id"]
    client.advance(300)

    assert listed(client) == [shown]
    assert old_listed(client) == [shown]
    assert client.api("GET", f"{NEW}/{hidden}")[0] == 200
    assert old_listed(client, AmazonOrderIds=f"{hidden},{shown}", CreatedAfter="") == [hidden, shown]
    client.control("DELETE", "faults")
    assert listed(client) == [hidden, shown]


def test_a_list_may_lag_behind_and_come_in_disorder(client):
    client.control("POST", "faults", {"kind": "list-lag", "count": 1, "seconds": 86400})
    late = client.buy()[1]["order_id"]
    made = many(client, 12)
    assert listed(client) == made
    assert client.api("GET", f"{NEW}/{late}")[0] == 200
    client.control("POST", "faults", {"kind": "list-disorder"})

    client.advance(86400)
    client.token = client.login()[1]["access_token"]

    found = listed(client)
    assert sorted(found) == sorted([late, *made])
    assert found != [late, *made]


def test_orders_are_kept_for_two_years_and_longer_in_japan():
    french, japanese = Client(throttle=False), Client(sites=(JP,), region="fe", throttle=False)
    for client, kept in ((french, False), (japanese, True)):
        order = client.buy()[1]["order_id"]
        client.control("POST", f"applications/{client.application['application_id']}/rotate", {})
        world = client.box.world
        world.clock.advance(3 * 365 * 86400)
        application = next(iter(world.state.applications.values()))
        world.rotate_secret(application)
        grant = world.authorize(application, world.state.sellers["SELLER1"])
        client.refresh, client.application["client_secret"] = grant.refresh_token, application.client_secret
        client.token = client.login()[1]["access_token"]

        assert (client.api("GET", f"{NEW}/{order}")[0] == 200) == kept
        assert (listed(client) == [order]) == kept


@pytest.mark.parametrize(
    ("roles", "by", "named", "addressed"),
    [
        ([TRACKING], "MERCHANT", False, False), ([TRACKING, TAX], "MERCHANT", True, False),
        ([TRACKING, SHIPPING], "MERCHANT", True, True), ([TRACKING, SHIPPING], "AMAZON", False, True),
        ([TRACKING, TAX], "AMAZON", True, False),
    ],
)  # fmt: skip
def test_roles_decide_on_buyer_and_address_and_never_by_an_error(roles, by, named, addressed):
    client = Client(roles=roles)
    client.put("BASKET", 5, fulfilled_by="AMAZON")
    order = client.buy("BASKET" if by == "AMAZON" else "SOAP")[1]["order_id"]

    status, body = client.api("GET", f"{NEW}/{order}?includedData=BUYER,RECIPIENT")

    assert status == 200
    assert ("buyerName" in body["order"].get("buyer", {})) == named
    address = body["order"]["recipient"]["deliveryAddress"]
    assert ("name" in address) == addressed
    assert {"city", "postalCode", "countryCode"} <= set(address)


def test_v0_shows_persons_to_a_restricted_token_only(client):
    order = client.buy(items=[{"sku": "SOAP", "gift_wrap": "2.50", "gift_message": "For you"}])[1]["order_id"]
    plain = client.api("GET", f"{OLD}/{order}")[1]["payload"]
    assert set(plain["ShippingAddress"]) == {"City", "PostalCode", "CountryCode"}
    assert set(plain["BuyerInfo"]) == {"BuyerEmail"}
    assert set(client.api("GET", f"{OLD}/{order}/address")[1]["payload"]["ShippingAddress"]) == {
        "City", "PostalCode", "CountryCode",
    }  # fmt: skip
    assert "BuyerName" not in client.api("GET", f"{OLD}/{order}/buyerInfo")[1]["payload"]

    resources = [
        ("GET", f"/{OLD}/{order}", ["buyerInfo", "shippingAddress"]), ("GET", f"/{OLD}/{{orderId}}/address"),
        ("GET", f"/{OLD}/{{orderId}}/buyerInfo"), ("GET", f"/{OLD}/{{orderId}}/orderItems/buyerInfo"),
        ("GET", f"/{OLD}/{{orderId}}/orderItems", ["buyerInfo"]),
    ]  # fmt: skip
    rdt = token(client, *resources)

    shown = client.api("GET", f"{OLD}/{order}", token=rdt)[1]["payload"]
    assert {"Name", "AddressLine1", "Phone"} <= set(shown["ShippingAddress"])
    assert shown["BuyerInfo"]["BuyerName"]
    assert client.api("GET", f"{OLD}/{order}/address", token=rdt)[1]["payload"]["ShippingAddress"]["Name"]
    assert client.api("GET", f"{OLD}/{order}/buyerInfo", token=rdt)[1]["payload"]["BuyerName"]
    gift = client.api("GET", f"{OLD}/{order}/orderItems/buyerInfo", token=rdt)[1]["payload"]["OrderItems"][0]
    assert (gift["GiftWrapPrice"]["Amount"], gift["GiftMessageText"]) == ("2.50", "For you")
    item = client.api("GET", f"{OLD}/{order}/orderItems", token=rdt)[1]["payload"]["OrderItems"][0]
    assert item["BuyerInfo"]["GiftMessageText"] == "For you"


def test_a_restricted_token_opens_just_what_it_was_made_for(client):
    order, other = client.buy()[1]["order_id"], client.buy()[1]["order_id"]
    rdt = token(client, ("GET", f"/{OLD}/{order}", ["buyerInfo"]))

    shown = client.api("GET", f"{OLD}/{order}", token=rdt)[1]["payload"]
    assert "BuyerName" in shown["BuyerInfo"]
    assert "Name" not in shown["ShippingAddress"]
    for method, path in (
        ("GET", f"{OLD}/{other}"), ("GET", f"{OLD}/{order}/address"), ("GET", f"{NEW}/{order}"),
        ("GET", "sellers/v1/account"), ("POST", "tokens/2021-03-01/restrictedDataToken"),
    ):  # fmt: skip
        assert client.api(method, path, token=rdt)[0] == 403, path


def test_a_restricted_token_lives_an_hour_and_dies_with_the_authorization(client):
    order = client.buy()[1]["order_id"]
    path = f"{OLD}/{order}/address"
    first = token(client, ("GET", f"/{path}"))
    client.advance(3601)
    assert client.api("GET", path, token=first)[0] == 403
    client.token = client.login()[1]["access_token"]
    second = token(client, ("GET", f"/{path}"))
    assert client.api("GET", path, token=second)[0] == 200

    client.control("POST", "sellers/SELLER1/revoke", {})

    assert client.api("GET", path, token=second)[0] == 403


def test_the_refusals_of_a_restricted_token():
    client = Client(roles=[TRACKING])
    no_elements = "Application does not have access to one or more requested data elements: [shippingAddress]"
    nothing = "Application do not have access to some or all requested resource"
    for resource, message in (
        (("GET", f"/{OLD}", ["shippingAddress"]), no_elements), (("GET", f"/{OLD}/1-2-3/address"), nothing),
        (("GET", "/sellers/v1/account"), nothing), (("GET", f"/{OLD}/{{orderId}}/orderItems"), nothing),
        (("GET", "/reports/2021-06-30/documents/{reportDocumentId}"), nothing),
    ):  # fmt: skip
        status, body = restricted(client, resource)
        assert (status, body["errors"][0]["code"], body["errors"][0]["message"]) == (400, "InvalidInput", message)
    assert restricted(client)[0] == 400
    assert restricted(client, *[("GET", f"/{OLD}/1-2-3/address")] * 51)[0] == 400
    assert restricted(client, ("", f"/{OLD}/1-2-3/address"))[1]["errors"][0]["code"] == "InvalidRequest"


def test_the_two_versions_have_buckets_of_their_own(client):
    order = client.buy()[1]["order_id"]
    assert [client.api("GET", f"{NEW}/{order}")[0] for _ in range(31)][-1] == 429

    assert client.api("GET", f"{OLD}/{order}")[0] == 200


def test_v0_lists_by_filters_and_its_next_token_stands_for_the_question(client):
    client.put("BASKET", 5, fulfilled_by="AMAZON")
    amazons = client.buy("BASKET")[1]["order_id"]
    made = many(client, 3)
    client.control("POST", f"orders/{made[0]}/cancel", {})
    client.advance(300)

    assert old_listed(client, FulfillmentChannels="AFN") == [amazons]
    assert old_listed(client, OrderStatuses="Canceled") == [made[0]]
    assert old_listed(client, LastUpdatedAfter=SINCE) == 400
    assert old_listed(client, SellerOrderId="X", OrderStatuses="Canceled") == 400
    path = f"{OLD}?MarketplaceIds={FR}"
    page = client.api("GET", f"{path}&CreatedAfter={SINCE}&FulfillmentChannels=MFN&MaxResultsPerPage=2")[1]["payload"]
    rest = client.api("GET", f"{path}&NextToken={page['NextToken']}")[1]["payload"]
    assert [o["AmazonOrderId"] for o in page["Orders"] + rest["Orders"]] == made
    assert client.api("GET", f"{path}&NextToken=x")[0] == 400


def test_v0_tells_nothing_of_price_and_person_while_an_order_is_pending(client):
    order = client.buy(pending_seconds=600)[1]["order_id"]

    head = client.api("GET", f"{OLD}/{order}")[1]["payload"]
    item = client.api("GET", f"{OLD}/{order}/orderItems")[1]["payload"]["OrderItems"][0]

    assert head["OrderStatus"] == "Pending"
    assert not {"OrderTotal", "ShippingAddress", "BuyerInfo"} & set(head)
    assert not {"ItemPrice", "ItemTax", "ShippingPrice", "IsGift", "PromotionDiscount"} & set(item)
    assert "." not in head["PurchaseDate"]


def test_the_telephone_is_not_told_once_the_delivery_is_late(client):
    order = client.buy()[1]
    name, item = order["order_id"], order["items"][0]["item_id"]
    detail = {
        "packageReferenceId": "1", "carrierCode": "DHL", "trackingNumber": "T", "shipDate": "2026-03-01T09:00:00Z",
        "orderItems": [{"orderItemId": item, "quantity": 1}],
    }  # fmt: skip
    body = {"marketplaceId": FR, "packageDetail": detail}
    assert client.api("POST", f"{OLD}/{name}/shipmentConfirmation", body)[0] == 204

    def address():
        told = client.api("GET", f"{NEW}/{name}?includedData=RECIPIENT")[1]["order"]
        return set(told["recipient"]["deliveryAddress"])

    assert address() >= PERSONAL
    client.advance(30 * 86400)
    client.token = client.login()[1]["access_token"]
    assert "phone" not in address()


def test_a_confirmation_with_a_number_for_its_reference_is_refused_with_amazons_words(client):
    order = client.buy()[1]
    detail = {
        "packageReferenceId": 1, "carrierCode": "DHL", "trackingNumber": "T", "shipDate": "2026-03-01T09:00:00Z",
        "orderItems": [{"orderItemId": order["items"][0]["item_id"], "quantity": 1}],
    }  # fmt: skip

    def refusal(**changes):
        body = {"marketplaceId": FR, "packageDetail": detail | changes}
        status, answer = client.api(
            "POST", f"{OLD}/{order['order_id']}/shipmentConfirmation", json.loads(json.dumps(body))
        )
        assert status == 400
        return answer["errors"][0]["message"]

    assert "[packageDetail.packageReferenceId]" in refusal()
    assert refusal(packageReferenceId="A") == "PackageReferenceId: is invalid, must be a positive numeric value."
    assert refusal(packageReferenceId="1", orderItems=[{"orderItemId": "X", "quantity": 1}]).startswith(
        "OrderItemId is invalid"
    )
    assert "orderItems" in refusal(packageReferenceId="1", orderItems={"orderItemId": "X", "quantity": 1})
