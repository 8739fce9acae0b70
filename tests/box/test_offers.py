"""Prices in force, issues that come late, and the notifications about both."""

import pytest

from forain_box.state import Destination, Subscription
from tests.box import shapes
from tests.box.client import DE, FR, JP, Client, quantity
from tests.box.test_listings import bound, later, offer, price, status_of

SCHEMAS = {
    "LISTINGS_ITEM_STATUS_CHANGE": "ListingsItemStatusChangeNotification.json",
    "LISTINGS_ITEM_ISSUES_CHANGE": "ListingsItemIssuesChangeNotification_2023-12-13.json",
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE": "ListingsItemMfnQuantityChange.json",
    "ANY_OFFER_CHANGED": "AnyOfferChangedNotification.json",
    "PRICING_HEALTH": "PricingHealthNotification.json",
}


@pytest.fixture
def told(client):
    """What the seller is told, as a function of the type of notification; every message has its published shape."""
    state = client.box.world.state
    application = client.application["application_id"]
    state.destinations["D"] = Destination("D", application, "queue", {"sqs": {"arn": "arn"}})
    for kind in SCHEMAS:
        state.subscriptions[kind] = Subscription(kind, application, "SELLER1", kind, "1.0", "D")

    def read(kind):
        found = []
        for message in client.control("GET", "destinations/D/messages")[1]:
            body = message["body"]
            name = body.get("NotificationType") or body["notificationType"]
            # Amazon's schema of this one spells its type with a D, its example without: only the rest is held to it.
            spelled = {**body, "NotificationType": f"{name}D"} if name == "LISTINGS_ITEM_STATUS_CHANGE" else body
            shapes.schema(SCHEMAS[name]).validate(spelled)
            if name == kind:
                found.append(body.get("Payload") or body["payload"])
        return found

    return read


def offers(client, **query):
    return [(o["offerType"], o["price"]["amount"]) for o in client.item(**query)[1]["offers"]]


def entry(client, audience="ALL"):
    return next(e for e in client.item()[1]["attributes"]["purchasable_offer"] if e["audience"] == audience)


def test_a_business_price_stands_beside_the_other_and_replace_without_it_drops_it(client):
    client.patch([price(offer(5, audience="B2B"))])
    later(client)
    assert offers(client) == [("B2C", "6.90"), ("B2B", "5.00")]

    client.patch([price(offer(6))])
    later(client)
    assert offers(client) == [("B2C", "6.00"), ("B2B", "5.00")]

    client.patch([price(offer(7), op="replace")])
    later(client)
    assert offers(client) == [("B2C", "7.00")]


def test_a_replace_on_one_site_leaves_the_others(client):
    client = Client(sites=(FR, DE))
    client.put("SOAP", 5, marketplace_id=DE, price={"amount": "7.50"})
    client.patch([price(offer(5), op="replace")])
    later(client)

    assert offers(client, marketplaceIds=DE) == [("B2C", "7.50")]


@pytest.mark.parametrize("nothing", [None, [], bound(0), "left out"])
@pytest.mark.parametrize("op", ["merge", "replace"])
def test_a_minimum_price_sticks(client, nothing, op):
    client.patch([price(offer(6, minimum_seller_allowed_price=bound(5)))])
    later(client)
    more = {} if nothing == "left out" else {"minimum_seller_allowed_price": nothing}
    assert client.patch([price(offer(6, **more), op=op)])[1]["status"] == "ACCEPTED"
    later(client)

    assert entry(client)["minimum_seller_allowed_price"] == bound(5)


def test_a_minimum_price_is_cleared_by_a_deletion_that_selects_the_offer(client):
    client.patch([price(offer(6, minimum_seller_allowed_price=bound(5)))])
    later(client)
    selected = {"marketplace_id": FR, "currency": "EUR", "audience": "ALL", "minimum_seller_allowed_price": bound(5)}
    client.patch([price(selected, op="delete")])
    later(client)

    assert "minimum_seller_allowed_price" not in entry(client)
    assert offers(client) == [("B2C", "6.00")]


@pytest.mark.parametrize("amount", [4, 11])
def test_a_price_out_of_bounds_closes_the_offer_until_it_is_within(client, amount):
    bounds = {"minimum_seller_allowed_price": bound(5), "maximum_seller_allowed_price": bound(10)}
    assert client.patch([price(offer(amount, **bounds))])[1]["status"] == "ACCEPTED"
    later(client)

    (issue,) = client.item()[1]["issues"]
    assert (issue["categories"], issue["enforcements"]["actions"]) == (
        ["INVALID_PRICE"],
        [{"action": "LISTING_SUPPRESSED"}],
    )
    assert status_of(client) == ["DISCOVERABLE"]
    assert client.buy()[0] == 409
    client.patch([price(offer(7))])
    later(client)
    assert (client.item()[1]["issues"], status_of(client)) == ([], ["BUYABLE", "DISCOVERABLE"])


def test_a_price_far_from_the_usual_one_closes_the_offer(client):
    client.control("POST", "catalogue", [{"asin": "B01", "title": "Soap", "reference_prices": {FR: "6.50"}}])
    client.patch([price(offer(69))])
    later(client)

    assert [i["categories"] for i in client.item()[1]["issues"]] == [["INVALID_PRICE"]]
    assert status_of(client) == ["DISCOVERABLE"]


def test_a_sale_price_holds_from_its_first_to_its_last_day(client):
    sale = [{"schedule": [{"value_with_tax": 4.5, "start_at": "2026-03-02", "end_at": "2026-03-03"}]}]
    client.patch([price(offer(6.9, discounted_price=sale))])
    seen = []
    for _ in range(4):
        later(client, 12 * 3600)
        client.token = client.login()[1]["access_token"]
        seen.append(offers(client)[0][1])
        later(client, 12 * 3600)
        client.token = client.login()[1]["access_token"]

    assert seen == ["6.90", "4.50", "4.50", "6.90"]


@pytest.mark.parametrize(
    ("amount", "days"), [(6.9, {}), (7.5, {}), (4.5, {"start_at": "2026-04-04", "end_at": "2026-04-03"})]
)
def test_a_sale_that_is_none_is_invalid(client, amount, days):
    step = {"value_with_tax": amount, "start_at": "2026-02-01", "end_at": "2026-04-03", **days}

    assert client.patch([price(offer(6.9, discounted_price=[{"schedule": [step]}]))])[1]["status"] == "INVALID"


def test_a_sale_is_ended_by_deleting_it(client):
    sale = [{"schedule": [{"value_with_tax": 4.5, "start_at": "2026-02-01", "end_at": "2026-04-03"}]}]
    client.patch([price(offer(6.9, discounted_price=sale))])
    later(client)
    assert offers(client) == [("B2C", "4.50")]
    client.patch(
        [price({"marketplace_id": FR, "currency": "EUR", "audience": "ALL", "discounted_price": sale}, op="delete")]
    )
    later(client)

    assert offers(client) == [("B2C", "6.90")]


@pytest.mark.parametrize(
    "bad", [offer(0), offer(-1), offer("6"), offer(6.999), offer(6, currency="USD"), offer(6, discounted_price=[{}]),
            offer(6, our_price=[]), offer(6, audience="FRIENDS"), offer(10**12)],
)  # fmt: skip
def test_a_price_that_is_none_is_invalid(client, bad):
    assert client.patch([price(bad)])[1]["status"] == "INVALID"


def test_yen_have_no_decimals():
    client = Client(sites=(JP,), region="fe")
    assert client.patch([price(offer(690.5, JP, currency="JPY"))])[1]["status"] == "INVALID"
    client.patch([price(offer(690, JP, currency="JPY"))])
    later(client)

    assert offers(client) == [("B2C", "690")]


def test_an_accepted_write_may_end_in_an_issue_until_the_next_one(client):
    client.control("POST", "faults", {"kind": "listing-issue", "operation": "purchasable_offer", "count": 1})
    assert client.patch([price(offer(6))])[1] | {"submissionId": ""} == {
        "sku": "SOAP", "status": "ACCEPTED", "submissionId": "", "issues": [],
    }  # fmt: skip
    later(client)
    assert [i["attributeNames"] for i in client.item()[1]["issues"]] == [["purchasable_offer"]]
    assert client.buy()[0] == 409
    client.patch([quantity(3)])
    later(client)
    assert len(client.item()[1]["issues"]) == 1

    client.patch([price(offer(6))])
    later(client)
    assert client.buy()[0] == 201


def test_a_seeded_share_of_writes_ends_in_issues_the_same_each_time():
    def struck():
        client = Client(throttle=False)
        client.control("POST", "faults", {"kind": "listing-issue", "probability": 0.1})
        for n in range(60):
            client.put(f"S{n}", 1)
            client.patch([quantity(2)], sku=f"S{n}")
        later(client)
        return [x["sku"] for x in client.control("GET", "state")[1]["listings"] if x["issues"]]

    assert 0 < len(struck()) < 20
    assert struck() == struck()


def test_a_sold_out_listing_is_told_by_quantity_and_status(client, told):
    client.buy(quantity=5)

    (moved,) = told("LISTINGS_ITEM_MFN_QUANTITY_CHANGE")
    assert moved == {"SellerId": "SELLER1", "Sku": "SOAP", "FulfillmentChannelCode": "DEFAULT", "Quantity": 0}
    (status,) = told("LISTINGS_ITEM_STATUS_CHANGE")
    assert (status["Asin"], status["MarketplaceId"], status["Status"]) == ("B01", FR, ["DISCOVERABLE"])
    assert len(told("ANY_OFFER_CHANGED")) == 1


def test_an_issue_is_told_when_it_comes_and_when_it_goes(client, told):
    client.patch([price(offer(4, minimum_seller_allowed_price=bound(5)))])
    later(client)
    client.patch([price(offer(6))])
    later(client)

    seen = [(t["Severities"], t["EnforcementActions"]) for t in told("LISTINGS_ITEM_ISSUES_CHANGE")]
    assert seen == [(["ERROR"], ["LISTING_SUPPRESSED"]), (["NONE"], [])]


def test_a_deletion_is_told(client, told):
    client.api("DELETE", f"listings/2021-08-01/items/SELLER1/SOAP?marketplaceIds={FR}")
    later(client)

    assert [t["Status"] for t in told("LISTINGS_ITEM_STATUS_CHANGE")] == [["DELETED"]]


def test_a_cheaper_competitor_is_told_with_the_price_that_is_no_longer_healthy(client, told):
    rival = {"marketplace_id": FR, "seller_id": "RIVAL", "price": "5.00", "shipping": "1.00"}
    assert client.control("POST", "catalogue/B01/competitors", [rival])[0] == 200

    (changed,) = told("ANY_OFFER_CHANGED")
    body = changed["AnyOfferChangedNotification"]
    assert [(o["SellerId"], o["IsBuyBoxWinner"]) for o in body["Offers"]] == [("RIVAL", True), ("SELLER1", False)]
    assert body["Summary"]["BuyBoxPrices"][0]["LandedPrice"] == {"Amount": 6.0, "CurrencyCode": "EUR"}
    (health,) = told("PRICING_HEALTH")
    assert (health["issueType"], health["merchantOffer"]["listingPrice"]["amount"]) == ("BuyBoxDisqualification", 6.9)


def test_a_price_change_is_told_as_a_change_of_offers(client, told):
    client.patch([price(offer(6))])
    later(client)
    client.patch([price(offer(6))])
    later(client)

    assert len(told("ANY_OFFER_CHANGED")) == 1


@pytest.mark.parametrize(
    ("levels", "status"),
    [
        ([(5, 4.5), (10, 4)], "ACCEPTED"),
        ([(5, 5)], "INVALID"),
        ([(10, 4.5), (5, 4)], "INVALID"),
        ([(5, 4), (10, 4)], "INVALID"),
        ([(n, 5 - n / 10) for n in range(2, 8)], "INVALID"),
        ([], "INVALID"),
    ],
)
def test_business_tiers_are_few_and_fall(client, levels, status):
    told = [{"lower_bound": pieces, "value": value} for pieces, value in levels]
    plan = [{"schedule": [{"discount_type": "fixed", "levels": told}]}]

    assert client.patch([price(offer(5, audience="B2B", quantity_discount_plan=plan))])[1]["status"] == status
