"""Amazon's own Python client, unchanged, with nothing but its address options, against a box on loopback."""

import gzip
import json
import threading
from datetime import UTC, datetime, timedelta
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest
import spapi
from spapi.auth.lwa_exception import LwaException

from forain_box import Box
from forain_box.server import RunningBox
from forain_box.world import ALL_ROLES

FR, US = "A13V1IB3VIYZZH", "ATVPDKIKX0DER"


class Developer:
    """A box with a seller, and a developer who uses Amazon's client."""

    def __init__(self):
        self.box = Box(seed=5, clock="manual", start=datetime(2026, 3, 1, 9, tzinfo=UTC), write_delay=(0.1, 0.2))
        self.running = RunningBox(self.box).start()
        self.application = self.control("applications", {"name": "A", "kind": "private", "queue": "yes"})
        self.control("sellers", {"seller_id": "SELLER1", "region": "eu", "marketplace_ids": [FR]})
        self.control(
            "listings",
            [
                {
                    "seller_id": "SELLER1",
                    "sku": "SOAP/1 +",
                    "marketplace_id": FR,
                    "quantity": 9,
                    "price": {"amount": "6.90"},
                }
            ],
        )
        told = {"application_id": self.application["application_id"]}
        self.refresh = self.control("sellers/SELLER1/authorize", told)["refresh_token"]

    def control(self, path, body):
        request = HttpRequest(f"{self.running.url}/box/api/{path}", data=json.dumps(body).encode(), method="POST")
        with urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def client(self, region="eu", **changes):
        told = {
            "client_id": self.application["client_id"], "client_secret": self.application["client_secret"],
            "refresh_token": self.refresh, "region": "EU",
        }  # fmt: skip
        config = spapi.SPAPIConfig(**(told | changes))
        url = self.running.url
        return spapi.SPAPIClient(config, oauth_endpoint=f"{url}/auth/o2/token", endpoint=f"{url}/{region}").api_client


@pytest.fixture(scope="module")
def developer():
    one = Developer()
    yield one
    one.running.stop()


def patch_of(quantity):
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}]
    return {
        "productType": "PRODUCT",
        "patches": [{"op": "merge", "path": "/attributes/fulfillment_availability", "value": value}],
    }


def test_participations(developer):
    found = spapi.SellersApi(developer.client()).get_marketplace_participations()

    assert [p.marketplace.id for p in found.payload] == [FR]


def test_listings_are_read_patched_and_read_again(developer):
    api = spapi.ListingsApi(developer.client())
    found = api.search_listings_items("SELLER1", [FR], included_data=["summaries", "fulfillmentAvailability"])
    assert [item.sku for item in found.items] == ["SOAP/1 +"]

    answer = api.patch_listings_item("SELLER1", "SOAP/1 +", [FR], patch_of(4))
    developer.control("clock", {"advance_seconds": 5})
    item = api.get_listings_item("SELLER1", "SOAP/1 +", [FR], included_data=["fulfillmentAvailability"])

    assert answer.status == "ACCEPTED"
    assert item.fulfillment_availability[0].quantity == 4


def test_a_feed_is_uploaded_and_its_report_read(developer):
    api = spapi.FeedsApi(developer.client())
    document = api.create_feed_document({"contentType": "application/json; charset=UTF-8"})
    message = {"messageId": 1, "sku": "SOAP/1 +", "operationType": "PATCH", **patch_of(6)}
    feed = {"header": {"sellerId": "SELLER1", "version": "2.0", "issueLocale": "en_US"}, "messages": [message]}
    upload = HttpRequest(document.url, data=json.dumps(feed).encode(), method="PUT")
    upload.add_header("Content-Type", "application/json; charset=UTF-8")
    with urlopen(upload, timeout=10) as answer:
        assert answer.status == 200

    told = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [FR], "inputFeedDocumentId": document.feed_document_id}
    feed_id = api.create_feed(told).feed_id
    for _ in range(30):
        developer.control("clock", {"advance_seconds": 60})
        state = api.get_feed(feed_id)
        if state.processing_status == "DONE":
            break
    result = api.get_feed_document(state.result_feed_document_id)
    with urlopen(result.url, timeout=10) as answer:
        content = answer.read()
    report = json.loads(gzip.decompress(content) if result.compression_algorithm == "GZIP" else content)

    assert report["summary"]["messagesAccepted"] == 1
    developer.control("clock", {"advance_seconds": 5})
    item = spapi.ListingsApi(developer.client()).get_listings_item(
        "SELLER1", "SOAP/1 +", [FR], included_data=["fulfillmentAvailability"]
    )
    assert item.fulfillment_availability[0].quantity == 6


def test_an_order_is_read_and_its_shipment_confirmed(developer):
    order = developer.control(
        "orders", {"seller_id": "SELLER1", "marketplace_id": FR, "items": [{"sku": "SOAP/1 +", "quantity": 2}]}
    )["order_id"]
    developer.control("clock", {"advance_seconds": 300})
    client = developer.client()
    since = developer.box.world.now() - timedelta(days=1)
    found = spapi.SearchOrdersApi(client).search_orders(
        last_updated_after=since, included_data=["PROCEEDS", "FULFILLMENT"]
    )
    (line,) = next(o for o in found.orders if o.order_id == order).order_items

    told = {
        "packageReferenceId": "1", "carrierCode": "DHL", "trackingNumber": "T", "shipDate": developer.box.world.now().isoformat(),
        "orderItems": [{"orderItemId": line.order_item_id, "quantity": 2}],
    }  # fmt: skip
    spapi.OrdersV0Api(client).confirm_shipment(order, {"marketplaceId": FR, "packageDetail": told})
    developer.control("clock", {"advance_seconds": 5})

    seen = spapi.GetOrderApi(client).get_order(order, included_data=["FULFILLMENT"])
    assert seen.order.fulfillment.fulfillment_status == "SHIPPED"
    assert line.proceeds.breakdowns[0].subtotal.amount == "13.80"


def refused(call):
    with pytest.raises(spapi.ApiException) as stopped:
        call()
    return stopped.value.status, json.loads(stopped.value.body)["errors"][0]["details"]


def test_each_refusal_of_the_interface_comes_through(developer):
    mine = developer.client()
    sellers = spapi.SellersApi(mine)
    sellers.get_marketplace_participations()

    assert refused(lambda: spapi.ListingsApi(mine).search_listings_items("SELLER1", [US])) == (
        403, "The marketplaces you provided are not valid for region.",
    )  # fmt: skip
    assert refused(spapi.SellersApi(developer.client(region="na")).get_marketplace_participations)[0] == 403
    developer.control("sellers/SELLER1/deactivate", {})
    assert refused(sellers.get_marketplace_participations) == (403, "")
    developer.control("sellers/SELLER1/reactivate", {})
    roles = list(ALL_ROLES)
    path = f"applications/{developer.application['application_id']}/roles"
    developer.control(path, {"roles": [r for r in roles if r != "Product Listing"]})
    assert refused(lambda: spapi.ListingsApi(mine).search_listings_items("SELLER1", [FR])) == (403, "")
    developer.control(path, {"roles": roles})
    # Adding a role asks for a new consent: the former token is dead.
    assert refused(sellers.get_marketplace_participations)[1] == (
        "The access token you provided is revoked, malformed or invalid."
    )


def test_an_expired_secret_is_refused_by_the_interface_while_the_login_still_answers(developer):
    one = Developer()
    try:
        one.control(f"applications/{one.application['application_id']}/expire-secret", {})
        assert refused(spapi.SellersApi(one.client()).get_marketplace_participations) == (
            403, "The LWA secret token you provided has expired.",
        )  # fmt: skip
    finally:
        one.running.stop()


def test_the_login_refuses_a_dead_token_and_a_wrong_secret(developer):
    """Amazon's client tries four times over fourteen seconds before it says so; both at once here."""
    cases = [{"refresh_token": "Atzr|invented"}, {"client_secret": "amzn1.oa2-cs.v1.wrong"}]
    heard = []

    def ask(changes):
        try:
            spapi.SellersApi(developer.client(**changes)).get_marketplace_participations()
        except LwaException as error:
            heard.append(error)

    threads = [threading.Thread(target=ask, args=(changes,)) for changes in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(heard) == 2
    tried = [r for r in developer.box.world.requests if r["operation"] == "token" and r["status"] in (400, 401)]
    assert sorted({r["status"] for r in tried}) == [400, 401]
