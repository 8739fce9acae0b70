"""What others ask, what Amazon takes, what lies in Amazon's stock."""

import pytest

from tests.box.client import DE, FR, JP, Client

SUMMARY = "/products/pricing/2022-05-01/items/competitiveSummary"
EXPECTED = "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice"
RIVALS = [
    {"marketplace_id": FR, "seller_id": "RIVAL", "price": "8.00", "shipping": "2.00"},
    {"marketplace_id": FR, "seller_id": "USED", "price": "1.00", "condition": "Used"},
    {"marketplace_id": DE, "seller_id": "GERMAN", "price": "0.50"},
]


def summary(client, *asked):
    requests = [{"marketplaceId": FR, "uri": SUMMARY, "method": "GET", "includedData": [], **one} for one in asked]
    return client.api("POST", f"batches{SUMMARY}", {"requests": requests})


def expected(client, *skus, **changes):
    requests = [{"marketplaceId": FR, "sku": sku, "uri": EXPECTED, "method": "GET", **changes} for sku in skus]
    return client.api("POST", f"batches{EXPECTED}", {"requests": requests})


@pytest.fixture
def client():
    client = Client(throttle=False)
    client.control("POST", "catalogue/B01/competitors", RIVALS)
    return client


def test_a_batch_has_a_status_for_each_of_its_requests(client):
    everything = ["featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems"]
    inputs = [{"itemCondition": "Used", "offerType": "Consumer"}]
    status, told = summary(
        client, {"asin": "B01", "includedData": everything, "lowestPricedOffersInputs": inputs}, {"asin": "B99"},
        {"asin": "B01", "marketplaceId": DE}, {"asin": "B01", "uri": "/other"},
    )  # fmt: skip

    assert status == 200
    assert [one["status"]["statusCode"] for one in told["responses"]] == [200, 400, 400, 400]
    body = told["responses"][0]["body"]
    (featured,) = body["featuredBuyingOptions"][0]["segmentedFeaturedOffers"]
    assert (featured["sellerId"], featured["listingPrice"]["amount"]) == ("RIVAL", 8.0)
    assert [o["sellerId"] for o in body["lowestPricedOffers"][0]["offers"]] == ["USED"]


def test_a_batch_is_not_empty_and_not_too_long(client):
    assert summary(client)[0] == 400
    assert summary(client, *[{"asin": "B01"}] * 21)[0] == 400
    assert expected(client, *["SOAP"] * 41)[0] == 400


def test_the_expected_price_is_just_below_the_best_of_the_others(client):
    client.put("EMPTY", 0)
    client.put("ALONE", 3, asin="B02")
    told = expected(client, "SOAP", "ALONE", "EMPTY", "NOBODY")[1]["responses"]

    results = [one["body"]["featuredOfferExpectedPriceResults"][0] for one in told]
    assert [r["resultStatus"] for r in results] == [
        "VALID_FOEP",
        "NO_COMPETING_OFFER",
        "OFFER_NOT_ELIGIBLE",
        "OFFER_NOT_FOUND",
    ]
    # 8.00 and 2.00 of carriage, less the own carriage of 4.90, less a cent.
    assert results[0]["featuredOfferExpectedPrice"]["listingPrice"] == {"amount": 5.09, "currencyCode": "EUR"}
    assert results[0]["currentFeaturedOffer"]["offerIdentifier"]["sellerId"] == "RIVAL"
    assert expected(client, "SOAP", method="PUT")[1]["responses"][0]["status"]["statusCode"] == 400


def test_amazons_own_stock_is_featured_at_the_same_price(client):
    client.put("BASKET", 2, fulfilled_by="AMAZON", price={"amount": "10.00"})

    body = summary(client, {"asin": "B01", "includedData": ["featuredBuyingOptions"]})[1]["responses"][0]["body"]
    (featured,) = body["featuredBuyingOptions"][0]["segmentedFeaturedOffers"]
    assert (featured["sellerId"], featured["fulfillmentType"]) == ("SELLER1", "AFN")


def asked(amount=10.0, currency="EUR", site=FR, **more):
    return {
        "FeesEstimateRequest": {
            "MarketplaceId": site, "Identifier": "mine", "IsAmazonFulfilled": False,
            "PriceToEstimateFees": {"ListingPrice": {"CurrencyCode": currency, "Amount": amount}}, **more,
        }
    }  # fmt: skip


def test_fees_are_estimated_for_an_sku_and_an_asin(client):
    told = client.api("POST", "products/fees/v0/listings/SOAP/feesEstimate", asked())[1]["payload"][
        "FeesEstimateResult"
    ]
    assert (told["Status"], told["FeesEstimate"]["TotalFeesEstimate"]) == (
        "Success",
        {"CurrencyCode": "EUR", "Amount": 1.5},
    )
    assert told["FeesEstimateIdentifier"]["SellerInputIdentifier"] == "mine"

    by_amazon = client.api("POST", "products/fees/v0/items/B01/feesEstimate", asked(IsAmazonFulfilled=True))[1]
    assert by_amazon["payload"]["FeesEstimateResult"]["FeesEstimate"]["TotalFeesEstimate"]["Amount"] == 4.5


def test_a_refusal_of_an_estimate_lies_inside_a_200(client):
    several = [
        {**asked(), "IdType": "SellerSKU", "IdValue": "SOAP"}, {**asked(), "IdType": "SellerSKU", "IdValue": "NOBODY"},
        {**asked(currency="USD"), "IdType": "ASIN", "IdValue": "B01"}, {**asked(-1), "IdType": "ASIN", "IdValue": "B01"},
    ]  # fmt: skip
    status, told = client.api("POST", "products/fees/v0/feesEstimate", several)

    assert (status, [one["Status"] for one in told]) == (200, ["Success", *["ClientError"] * 3])
    assert client.api("POST", "products/fees/v0/feesEstimate", [])[0] == 400
    assert client.api("POST", "products/fees/v0/listings/SOAP/feesEstimate", asked(site="NOWHERE"))[0] == 400
    assert client.api("POST", "products/fees/v0/listings/SOAP/feesEstimate", {})[0] == 400


def test_yen_have_whole_fees():
    client = Client(sites=(JP,), region="fe")
    told = client.api("POST", "products/fees/v0/listings/SOAP/feesEstimate", asked(777, "JPY", JP))[1]

    assert told["payload"]["FeesEstimateResult"]["FeesEstimate"]["TotalFeesEstimate"]["Amount"] == 117.0


def stock(client, site=FR, **query):
    asked_for = {"granularityType": "Marketplace", "granularityId": site, "marketplaceIds": site, **query}
    return client.api("GET", "fba/inventory/v1/summaries?" + "&".join(f"{k}={v}" for k, v in asked_for.items()))


def test_amazons_stock_is_told_with_what_is_reserved(client):
    client.put("BASKET", 8, fulfilled_by="AMAZON")
    order = client.buy("BASKET", 3)[1]["order_id"]

    (told,) = stock(client, details="true")[1]["payload"]["inventorySummaries"]
    assert (told["sellerSku"], told["totalQuantity"], told["inventoryDetails"]["fulfillableQuantity"]) == (
        "BASKET",
        8,
        5,
    )
    assert told["inventoryDetails"]["reservedQuantity"]["pendingCustomerOrderQuantity"] == 3
    client.control("POST", f"orders/{order}/cancel", {})
    (told,) = stock(client)[1]["payload"]["inventorySummaries"]
    assert (told["totalQuantity"], "inventoryDetails" in told) == (8, False)


def test_amazons_stock_sells_out(client):
    client.put("BASKET", 2, fulfilled_by="AMAZON")
    client.buy("BASKET", 2)

    assert client.buy("BASKET")[0] == 409
    assert client.item("BASKET")[1]["summaries"][0]["status"] == ["DISCOVERABLE"]


def test_only_what_changed_since_comes(client):
    client.put("OLD", 2, fulfilled_by="AMAZON")
    client.put("SOLD", 2, fulfilled_by="AMAZON")
    client.advance(600)
    client.buy("SOLD")

    told = stock(client, startDateTime="2026-03-01T09:05:00Z")[1]["payload"]["inventorySummaries"]
    assert [one["sellerSku"] for one in told] == ["SOLD"]
    assert [
        one["sellerSku"] for one in stock(client, sellerSkus="OLD,SOAP,NONE")[1]["payload"]["inventorySummaries"]
    ] == ["OLD"]
    assert stock(client, startDateTime="2020-03-01T09:05:00Z")[0] == 400


def test_a_page_of_stock_can_be_continued_for_thirty_seconds(client):
    for n in range(120):
        client.put(f"F{n:03}", 1, fulfilled_by="AMAZON")
    first = stock(client)[1]
    token = first["pagination"]["nextToken"]
    client.advance(29)
    second = stock(client, nextToken=token)[1]

    seen = [s["sellerSku"] for page in (first, second) for s in page["payload"]["inventorySummaries"]]
    assert (len(seen), len(set(seen))) == (100, 100)
    client.advance(1)
    assert stock(client, nextToken=token)[0] == 400


@pytest.mark.parametrize(
    "query", [{"granularityId": DE}, {"granularityType": "Region"}, {"details": "maybe"}, {"nextToken": "x"}]
)
def test_a_wrong_question_about_stock_is_refused(client, query):
    assert stock(client, **query)[0] == 400


def test_what_amazon_shipped_is_reserved_no_more_and_a_return_is_stock_again(client):
    client.put("BASKET", 8, fulfilled_by="AMAZON")
    order = client.buy("BASKET", 3)[1]["order_id"]
    client.advance(4 * 86400)
    client.token = client.login()[1]["access_token"]
    (told,) = stock(client, details="true")[1]["payload"]["inventorySummaries"]
    assert (told["totalQuantity"], told["inventoryDetails"]["reservedQuantity"]["totalReservedQuantity"]) == (5, 0)

    client.buy("BASKET", 1)
    assert client.control("POST", f"orders/{order}/return", {})[0] < 300
    (told,) = stock(client, details="true")[1]["payload"]["inventorySummaries"]
    assert (told["totalQuantity"], told["inventoryDetails"]["reservedQuantity"]["totalReservedQuantity"]) == (8, 1)
