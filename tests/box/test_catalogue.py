"""The catalogue and its product types: what is found, by what, on which site."""

import base64
import hashlib
import json
from urllib.parse import quote

import jsonschema
import pytest

from tests.box import feeding
from tests.box.client import DE, FR, Client

ITEMS = "catalog/2022-04-01/items"
TYPES = "definitions/2020-09-01/productTypes"
EVERYTHING = "attributes,classifications,dimensions,identifiers,images,productTypes,relationships,salesRanks,summaries,vendorDetails"
GOODS = [
    {
        "asin": "B10", "ean": "4006381333931", "title": "Beeswax candle", "brand": "Bee", "minsan": "012345678", "category": "77",
        "category_name": "Candles", "sales_rank": 12, "images": ["https://images.example/b10.jpg"], "list_price": "12.00",
        "product_type": "CANDLE",
    },
    {"asin": "B11", "ean": "4006381333931", "title": "Two beeswax candles", "brand": "Bee", "classification": "PRODUCT_BUNDLE"},
    {"asin": "B12", "ean": "4901234567894", "title": "Tea bowl", "marketplace_ids": [DE]},
    {"asin": "B13", "ean": "9783161484100", "title": "A book of candles", "brand": "Press"},
    {"asin": "B14", "ean": "042100005264", "title": "Soap", "classification": "VARIATION_PARENT"},
    {"asin": "B15", "title": "Soap, small", "parent": "B14"},
]  # fmt: skip


@pytest.fixture
def client():
    client = Client(sites=(FR, DE), throttle=False)
    client.control("POST", "catalogue", GOODS)
    return client


def found(client, site=FR, **query):
    asked = "&".join(f"{k}={quote(str(v), safe=',')}" for k, v in query.items())
    return client.api("GET", f"{ITEMS}?marketplaceIds={site}&{asked}")


def asins(client, **query):
    status, told = found(client, **query)
    assert status == 200, told
    assert told["numberOfResults"] == len(told["items"])
    return [item["asin"] for item in told["items"]]


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("EAN", "4006381333931", ["B10", "B11"]), ("GTIN", "04006381333931", ["B10", "B11"]), ("ASIN", "B13,B99", ["B13"]),
        ("ISBN", "9783161484100", ["B13"]), ("ISBN", "4006381333931", []), ("UPC", "042100005264", ["B14"]),
        ("MINSAN", "012345678", ["B10"]), ("EAN", "not a number", []), ("EAN", "9783161484100,4006381333931", ["B13", "B10", "B11"]),
    ],
)  # fmt: skip
def test_products_are_found_by_every_kind_of_identifier(client, kind, value, wanted):
    assert asins(client, identifiers=value, identifiersType=kind) == wanted


def test_a_product_is_found_only_where_it_is(client):
    japanese = {"identifiers": "4901234567894", "identifiersType": "JAN"}

    assert (asins(client, **japanese), asins(client, site=DE, **japanese)) == ([], ["B12"])
    assert client.api("GET", f"{ITEMS}/B12?marketplaceIds={FR}")[0] == 404
    told = client.api("GET", f"{ITEMS}/B12?marketplaceIds={FR},{DE}&includedData={EVERYTHING}")[1]
    assert [part["marketplaceId"] for part in told["summaries"]] == [DE]


def test_an_sku_is_an_identifier_for_its_own_seller(client):
    assert asins(client, identifiers="SOAP", identifiersType="SKU", sellerId="SELLER1") == ["B01"]
    assert found(client, identifiers="SOAP", identifiersType="SKU")[0] == 400
    assert found(client, identifiers="SOAP", identifiersType="SKU", sellerId="OTHER")[0] == 403


def test_words_are_all_sought_and_narrowed(client):
    assert asins(client, keywords="candles") == ["B11", "B13"]
    assert asins(client, keywords="Candles,two") == ["B11"]
    assert asins(client, keywords="candles", brandNames="press") == ["B13"]
    assert asins(client, keywords="beeswax", classificationIds="77") == ["B10"]
    brands = found(client, keywords="candles")[1]["refinements"]["brands"]
    assert {b["brandName"]: b["numberOfResults"] for b in brands} == {"Bee": 1, "Press": 1}


@pytest.mark.parametrize(
    "query",
    [
        {}, {"identifiers": "B10"}, {"identifiers": "B10", "identifiersType": "FNSKU"}, {"keywords": "a", "pageSize": 21},
        {"identifiers": "B10", "identifiersType": "ASIN", "keywords": "candle"}, {"keywords": "a", "includedData": "prices"},
        {"identifiers": "B10", "identifiersType": "ASIN", "brandNames": "Bee"}, {"keywords": "candles", "pageToken": "zzz"},
    ],
)  # fmt: skip
def test_a_search_that_fits_no_rule_is_refused(client, query):
    assert found(client, **query)[0] == 400


def test_pages_of_a_search_by_words(client):
    client.control("POST", "catalogue", [{"asin": f"B2{n:03}", "title": "Pencil"} for n in range(45)])
    page, seen = found(client, keywords="pencil", pageSize=20)[1], []
    while True:
        seen += [item["asin"] for item in page["items"]]
        if "nextToken" not in page["pagination"]:
            break
        page = found(client, keywords="pencil", pageSize=20, pageToken=page["pagination"]["nextToken"])[1]

    assert (len(seen), len(set(seen)), page["numberOfResults"]) == (45, 45, 45)


def test_everything_about_a_product_is_told(client):
    told = client.api("GET", f"{ITEMS}/B10?marketplaceIds={FR}&includedData={EVERYTHING}")[1]

    assert told["summaries"][0]["browseClassification"] == {"displayName": "Candles", "classificationId": "77"}
    assert {"identifierType": "MINSAN", "identifier": "012345678"} in told["identifiers"][0]["identifiers"]
    assert told["productTypes"] == [{"marketplaceId": FR, "productType": "CANDLE"}]
    assert told["images"][0]["images"][0]["variant"] == "MAIN"
    assert told["salesRanks"][0]["displayGroupRanks"][0]["rank"] == 12
    parent = client.api("GET", f"{ITEMS}/B14?marketplaceIds={FR}&includedData=relationships")[1]
    assert parent["relationships"][0]["relationships"][0]["childAsins"] == ["B15"]


def test_a_product_told_anew_is_found_by_its_new_words_only(client):
    client.control("POST", "catalogue", [{"asin": "B13", "title": "A book of soap"}])

    assert asins(client, keywords="book,soap") == ["B13"]
    assert asins(client, keywords="candles") == ["B11"]


@pytest.mark.parametrize(
    ("query", "names"),
    [("keywords=miel", ["HONEY"]), ("itemName=Savon+de+Marseille", ["SKIN_CLEANING_AGENT"]), ("keywords=car", [])],
)
def test_product_types_are_found_by_word(client, query, names):
    told = client.api("GET", f"{TYPES}?marketplaceIds={FR}&{query}")[1]

    assert [found["name"] for found in told["productTypes"]] == names
    assert client.api("GET", f"{TYPES}?marketplaceIds={FR}&keywords=a&itemName=b")[0] == 400


def fetched(client, link):
    """The document behind a link, as whoever has the address gets it."""
    answer = feeding.fetch(client, link["link"]["resource"])
    assert answer.status == 200
    assert base64.b64encode(hashlib.md5(answer.body).digest()).decode() == link["checksum"]
    return json.loads(answer.body)


@pytest.mark.parametrize("kind", ["PRODUCT", "GROCERY", "CANDLE"])
def test_a_schema_is_fetched_from_its_address_and_is_one(client, kind):
    told = client.api("GET", f"{TYPES}/{kind}?marketplaceIds={FR}&requirements=LISTING_OFFER_ONLY")[1]
    schema, meta = fetched(client, told["schema"]), fetched(client, told["metaSchema"])

    jsonschema.Draft201909Validator.check_schema({**schema, "$schema": meta["$schema"]})
    assert schema["$schema"] == meta["$id"]
    assert schema["$defs"]["marketplace_id"]["enum"] == [FR]
    assert "merchant_suggested_asin" in schema["required"]
    named = {name for group in told["propertyGroups"].values() for name in group["propertyNames"]}
    assert set(schema["properties"]) <= named


def test_what_fits_the_schema_is_accepted_and_what_does_not_is_not(client):
    told = client.api("GET", f"{TYPES}/PRODUCT?marketplaceIds={FR}&requirements=LISTING_OFFER_ONLY")[1]
    check = jsonschema.Draft201909Validator(fetched(client, told["schema"]))
    fits = {
        "merchant_suggested_asin": [{"value": "B10", "marketplace_id": FR}], "condition_type": [{"value": "new_new"}],
        "purchasable_offer": [{"currency": "EUR", "our_price": [{"schedule": [{"value_with_tax": 5.0}]}]}],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 1}],
    }  # fmt: skip
    for changes in (
        {},
        {"condition_type": [{"value": "shiny"}]},
        {"invented": [{"value": 1}]},
        {"purchasable_offer": [{}]},
    ):
        attributes = {**fits, **changes}
        body = {"productType": "PRODUCT", "requirements": "LISTING_OFFER_ONLY", "attributes": attributes}
        path = f"listings/2021-08-01/items/SELLER1/NEW?marketplaceIds={FR}&mode=VALIDATION_PREVIEW"
        assert (client.api("PUT", path, body)[1]["status"] == "VALID") == check.is_valid(attributes), changes


def test_a_schema_is_made_once_while_its_address_is_fresh(client):
    path = f"{TYPES}/HONEY?marketplaceIds={FR}"
    first = client.api("GET", path)[1]["schema"]["link"]["resource"]
    assert client.api("GET", path)[1]["schema"]["link"]["resource"] == first
    client.advance(301)

    assert feeding.fetch(client, first).status == 403
    fetched(client, client.api("GET", path)[1]["schema"])
    assert client.api("GET", f"{TYPES}/INVENTED?marketplaceIds={FR}")[0] == 404
    assert client.api("GET", f"{TYPES}/HONEY?marketplaceIds={FR},{DE}")[0] == 400
