"""Listings: what searches find, what writes do at once and later."""

import pytest

from tests.box.client import DE, FR, US, Client, quantity

ITEMS = "listings/2021-08-01/items/SELLER1"
WORDS = {"item_name": "Soap", "brand": "Box", "bullet_point": "Smells", "product_description": "A soap"}


@pytest.fixture
def both():
    """A seller in France and Germany, whose article SOAP is on both sites."""
    client = Client(sites=(FR, DE))
    client.put("SOAP", 5, marketplace_id=DE, price={"amount": "7.50"})
    return client


def search(client, **query):
    asked = "&".join(f"{k}={v}" for k, v in {"marketplaceIds": client.site, **query}.items())
    client.advance(1)
    return client.api("GET", f"{ITEMS}?{asked}")


def skus(client, **query):
    status, told = search(client, **query)
    assert status == 200, told
    return [item["sku"] for item in told["items"]]


def offer(amount, site=FR, audience="ALL", currency="EUR", **more):
    return {
        "marketplace_id": site, "currency": currency, "audience": audience,
        "our_price": [{"schedule": [{"value_with_tax": amount}]}], **more,
    }  # fmt: skip


def price(*offers, op="merge"):
    return {"op": op, "path": "/attributes/purchasable_offer", "value": list(offers)}


def bound(amount):
    return [{"schedule": [{"value_with_tax": amount}]}]


def whole(**changes):
    """The attributes of an offer on an ASIN that is there."""
    told = {
        "merchant_suggested_asin": [{"value": "B01", "marketplace_id": FR}],
        "condition_type": [{"value": "new_new", "marketplace_id": FR}],
        "purchasable_offer": [offer(9.9)],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}],
    } | changes
    return {k: v for k, v in told.items() if v is not None}


def put(client, sku, attributes, requirements="LISTING_OFFER_ONLY", kind="PRODUCT", **query):
    asked = "&".join(f"{k}={v}" for k, v in {"marketplaceIds": client.site, **query}.items())
    told = {"productType": kind, "requirements": requirements, "attributes": attributes}
    return client.api("PUT", f"{ITEMS}/{sku}?{asked}", told)


def delete(client, sku="SOAP", site=FR):
    return client.api("DELETE", f"{ITEMS}/{sku}?marketplaceIds={site}")


def later(client, seconds=5):
    client.advance(seconds)


def status_of(client, sku="SOAP", **query):
    (summary,) = client.item(sku, **query)[1]["summaries"]
    return summary["status"]


# -- searching


def test_a_search_orders_by_what_is_asked_and_newest_first_unless_told(client):
    for sku in ("ALMOND", "ZINC"):
        client.advance(10)
        client.put(sku, 1)
    client.patch([quantity(9)])
    later(client)

    assert skus(client) == ["SOAP", "ZINC", "ALMOND"]
    assert skus(client, sortBy="createdDate", sortOrder="ASC") == ["SOAP", "ALMOND", "ZINC"]
    assert skus(client, sortBy="sku", sortOrder="ASC") == ["ALMOND", "SOAP", "ZINC"]


def test_windows_include_both_their_ends(client):
    client.advance(600)
    client.put("LATE", 1)

    assert skus(client, createdAfter="2026-03-01T09:10:00Z") == ["LATE"]
    assert skus(client, createdBefore="2026-03-01T09:00:00Z") == ["SOAP"]
    assert skus(client, lastUpdatedAfter="2026-03-01T09:10:01Z") == []
    both_windows = {"createdAfter": "2026-03-01T09:00:00Z", "lastUpdatedBefore": "2026-03-01T09:00:00Z"}
    assert skus(client, **both_windows) == ["SOAP"]
    assert search(client, createdAfter="yesterday")[0] == 400


def test_statuses_and_severities_filter(client):
    client.put("EMPTY", 0)
    client.patch([quantity(1)], sku="NOBODY")
    later(client)

    assert skus(client, withStatus="BUYABLE") == ["SOAP"]
    assert skus(client, withoutStatus="BUYABLE", withStatus="DISCOVERABLE") == ["EMPTY"]
    assert skus(client, withIssueSeverity="ERROR,WARNING") == ["NOBODY"]
    assert skus(client, withoutStatus="DISCOVERABLE") == ["NOBODY"]
    assert search(client, withStatus="SOLD")[0] == 400


def test_nothing_is_buyable_while_the_account_is_on_holiday(client):
    client.control("POST", "sellers/SELLER1/suspend-listings", {})

    assert status_of(client) == ["DISCOVERABLE"]
    assert skus(client, withStatus="BUYABLE") == []
    assert client.buy()[0] == 409


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("SKU", "SOAP,NONE", ["SOAP"]), ("ASIN", "B01", ["SOAP"]), ("EAN", "2000000000015", ["SOAP"]),
        ("GTIN", "02000000000015", ["SOAP"]), ("UPC", "2000000000015", []), ("JAN", "2000000000015", []), ("FNSKU", "X1", []),
        ("MINSAN", "012345678", ["SOAP"]),
    ],
)  # fmt: skip
def test_every_kind_of_identifier_is_searched(client, kind, value, found):
    client.control("POST", "catalogue", [{"asin": "B01", "ean": "2000000000015", "minsan": "012345678"}])

    assert skus(client, identifiers=value, identifiersType=kind) == found


def test_amazons_own_label_finds_the_listing(client):
    client.put("BASKET", 8, fulfilled_by="AMAZON")
    label = client.item("BASKET")[1]["summaries"][0]["fnSku"]

    assert skus(client, identifiers=label, identifiersType="FNSKU") == ["BASKET"]


@pytest.mark.parametrize(
    "query",
    [{"identifiers": "SOAP"}, {"identifiersType": "SKU"}, {"pageSize": 21}, {"sortBy": "price"}, {"pageToken": "x"}],
)
def test_a_search_that_fits_no_rule_is_refused(client, query):
    assert search(client, **query)[0] == 400


def test_pages_go_forward_and_back_and_end_at_a_thousand(client):
    for n in range(1, 1010):
        client.put(f"S{n:04}", 1)
    first = search(client, pageSize=20, sortBy="sku", sortOrder="ASC")[1]
    token = first["pagination"]["nextToken"]
    second = search(client, pageSize=20, sortBy="sku", sortOrder="ASC", pageToken=token)[1]

    assert first["numberOfResults"] == 1010
    assert [first["items"][0]["sku"], second["items"][0]["sku"]] == ["S0001", "S0021"]
    back = search(client, pageSize=20, sortBy="sku", sortOrder="ASC", pageToken=second["pagination"]["previousToken"])[
        1
    ]
    assert back["items"] == first["items"]
    assert search(client, pageSize=20, pageToken=token)[0] == 400
    seen, page = 20, first
    while "nextToken" in page.get("pagination", {}) and seen < 2000:
        page = search(client, pageSize=20, sortBy="sku", sortOrder="ASC", pageToken=page["pagination"]["nextToken"])[1]
        seen += len(page["items"])
    assert seen == 1000


def test_an_unknown_sku_is_404_and_another_sellers_403(client):
    assert client.item("NOBODY")[0] == 404
    assert client.api("GET", f"listings/2021-08-01/items/OTHER/SOAP?marketplaceIds={FR}")[0] == 403


# -- putting, patching, deleting


def test_an_offer_on_a_known_asin_is_put_and_can_be_bought_later(client):
    status, told = put(client, "NEW", whole(), includedData="issues,identifiers")
    assert (status, told["status"], told["identifiers"]) == (200, "ACCEPTED", [])
    assert client.item("NEW")[0] == 404
    later(client)

    item = client.item("NEW")[1]
    assert (item["summaries"][0]["asin"], item["summaries"][0]["status"]) == ("B01", ["BUYABLE", "DISCOVERABLE"])
    assert item["offers"][0]["price"] == {"amount": "9.90", "currencyCode": "EUR"}
    assert client.buy("NEW")[0] == 201


@pytest.mark.parametrize(
    "lacks", ["merchant_suggested_asin", "condition_type", "purchasable_offer", "fulfillment_availability"]
)
def test_an_offer_that_lacks_something_is_invalid_at_once(client, lacks):
    told = put(client, "NEW", whole(**{lacks: None}))[1]

    assert told["status"] == "INVALID"
    assert [(i["code"], i["attributeNames"], i["categories"]) for i in told["issues"]] == [
        ("90220", [lacks], ["MISSING_ATTRIBUTE"])
    ]
    later(client)
    assert client.item("NEW")[0] == 404


def product(**changes):
    told = {name: [{"value": text, "marketplace_id": FR, "language_tag": "fr_FR"}] for name, text in WORDS.items()}
    told["country_of_origin"] = [{"value": "FR", "marketplace_id": FR}]
    told["condition_type"] = [{"value": "new_new", "marketplace_id": FR}]
    return told | changes


def test_a_whole_product_makes_an_asin_of_its_own(client):
    made = product(
        externally_assigned_product_identifier=[{"type": "ean", "value": "4006381333931", "marketplace_id": FR}]
    )
    assert put(client, "NEW", made, "LISTING", "CANDLE")[1]["status"] == "ACCEPTED"
    later(client)

    (summary,) = client.item("NEW")[1]["summaries"]
    assert summary["status"] == ["DISCOVERABLE"]
    found = client.api("GET", f"catalog/2022-04-01/items/{summary['asin']}?marketplaceIds={FR}")[1]
    assert found["summaries"][0]["itemName"] == "Soap"


def test_the_generic_product_type_creates_no_product(client):
    assert put(client, "NEW", product(), "LISTING", "PRODUCT")[1]["status"] == "INVALID"
    assert put(client, "NEW", product(), "LISTING", "INVENTED")[1]["status"] == "INVALID"


@pytest.mark.parametrize(("eans", "issue"), [(2, "8541"), (0, "8560")])
def test_a_number_of_several_asins_or_of_none_becomes_an_issue_later(client, eans, issue):
    for n in range(eans):
        client.control("POST", "catalogue", [{"asin": f"B09{n}", "ean": "4006381333931"}])
    known = [{"type": "ean", "value": "4006381333931", "marketplace_id": FR}]
    patches = [{"op": "add", "path": "/attributes/externally_assigned_product_identifier", "value": known}]
    assert client.patch(patches, sku="NEW")[1]["status"] == "ACCEPTED"
    later(client)

    item = client.item("NEW")[1]
    assert ([i["code"] for i in item["issues"]], item["summaries"]) == ([issue], [])


def test_a_put_erases_what_it_does_not_name(client):
    client.put("SOAP", 5, business_price={"amount": "5.00"})
    put(client, "SOAP", whole())
    later(client)

    item = client.item()[1]
    assert [o["offerType"] for o in item["offers"]] == ["B2C"]
    assert "lead_time_to_ship_max_days" not in item["attributes"]["fulfillment_availability"][0]


@pytest.mark.parametrize(
    ("name", "value"), [("merchant_suggested_asin", "B02"), ("condition_type", "used_good")]
)  # fmt: skip
def test_the_asin_and_the_condition_of_an_sku_never_change(client, name, value):
    client.control("POST", "catalogue", [{"asin": "B02", "title": "Other"}])
    client.patch([{"op": "replace", "path": f"/attributes/{name}", "value": [{"value": value, "marketplace_id": FR}]}])
    later(client)

    item = client.item()[1]
    assert (item["summaries"][0]["asin"], item["summaries"][0]["conditionType"]) == ("B01", "new_new")
    assert [(i["code"], i["attributeNames"]) for i in item["issues"]] == [("8541", [name])]


def test_one_patch_writes_several_sites_of_a_region(both):
    both.patch([price(offer(8), offer(9, DE)), quantity(2)], marketplaceIds=f"{FR},{DE}")
    later(both)

    item = both.item(marketplaceIds=f"{FR},{DE}")[1]
    assert [(o["marketplaceId"], o["price"]["amount"]) for o in item["offers"]] == [(FR, "8.00"), (DE, "9.00")]
    assert both.patch([price(offer(9, DE))])[1]["status"] == "INVALID"
    assert both.patch([quantity(1)], marketplaceIds=f"{FR},{US}")[0] == 403


def test_sites_share_one_quantity(both):
    both.buy(quantity=2)

    assert both.item(marketplaceIds=DE)[1]["fulfillmentAvailability"][0]["quantity"] == 3
    both.control(
        "POST", "orders", {"seller_id": "SELLER1", "marketplace_id": DE, "items": [{"sku": "SOAP", "quantity": 3}]}
    )
    assert status_of(both) == ["DISCOVERABLE"]


def test_a_site_with_a_stock_of_its_own_is_told_and_bought_by_itself(both):
    def shown(site):
        return both.item(marketplaceIds=site)[1]["fulfillmentAvailability"][0]["quantity"]

    both.control("POST", "sellers/SELLER1/own-stock", {"marketplace_ids": [DE]})
    assert (shown(FR), shown(DE)) == (5, 5)
    both.patch([quantity(2)], marketplaceIds=DE)
    later(both)
    assert (shown(FR), shown(DE)) == (5, 2)

    order = {"seller_id": "SELLER1", "marketplace_id": DE, "items": [{"sku": "SOAP", "quantity": 2}]}
    _, bought = both.control("POST", "orders", order)
    assert (shown(FR), shown(DE)) == (5, 0)
    both.control("POST", f"orders/{bought['order_id']}/cancel", {})
    both.patch([quantity(9)])
    later(both)
    assert (shown(FR), shown(DE)) == (9, 2)


def test_a_merge_of_the_handling_time_leaves_the_quantity_that_is_in_force(client):
    client.buy(quantity=2)
    days = {"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": 1}
    client.patch([{"op": "merge", "path": "/attributes/fulfillment_availability", "value": [days]}])
    later(client)

    item = client.item()[1]
    assert item["fulfillmentAvailability"][0]["quantity"] == 3
    assert item["attributes"]["fulfillment_availability"][0]["quantity"] == 5


def test_deleting_the_default_channel_closes_the_second_offer(client):
    client.put("BASKET", 8, fulfilled_by="AMAZON")
    client.patch([quantity(2, "replace")], sku="BASKET")
    later(client)
    channels = [a["fulfillmentChannelCode"] for a in client.item("BASKET")[1]["fulfillmentAvailability"]]
    assert channels == ["AMAZON_EU", "DEFAULT"]

    value = [{"fulfillment_channel_code": "DEFAULT"}]
    client.patch([{"op": "delete", "path": "/attributes/fulfillment_availability", "value": value}], sku="BASKET")
    later(client)

    (left,) = client.item("BASKET")[1]["fulfillmentAvailability"]
    assert left == {"fulfillmentChannelCode": "AMAZON_EU"}


@pytest.mark.parametrize("path", ["/attributes/purchasable_offer/0", "purchasable_offer", "/attributes/"])
def test_only_whole_attributes_are_patched(client, path):
    status, told = client.patch([{"op": "merge", "path": path, "value": [offer(8)]}])

    assert (status, told["errors"][0]["message"]) == (400, "Invalid path provided in patch at index of 0.")


def test_nothing_is_deleted_by_its_name_alone(client):
    assert client.patch([{"op": "delete", "path": "/attributes/purchasable_offer"}])[0] == 400
    assert (
        client.patch([{"op": "delete", "path": "/attributes/purchasable_offer", "value": [{}]}])[1]["status"]
        == "INVALID"
    )


@pytest.mark.parametrize(
    "value",
    [
        {"fulfillment_channel_code": "AMAZON_NA"}, {"fulfillment_channel_code": "DEFAULT", "quantity": 10**12},
        {"fulfillment_channel_code": "DEFAULT", "quantity": 1.5}, {"fulfillment_channel_code": "DEFAULT", "quantity": True},
        {"fulfillment_channel_code": "DEFAULT", "stock": 1}, {"fulfillment_channel_code": ["DEFAULT"]}, {"quantity": 1},
        {"fulfillment_channel_code": "DEFAULT", "marketplace_id": ["x"]},
    ],
)  # fmt: skip
def test_what_the_schema_forbids_is_invalid(client, value):
    patches = [{"op": "merge", "path": "/attributes/fulfillment_availability", "value": [value]}]

    status, told = client.patch(patches)
    assert (status, told["status"], len(told["issues"])) == (200, "INVALID", 1)


def test_a_preview_of_a_put_saves_nothing(client):
    assert put(client, "NEW", whole(), mode="VALIDATION_PREVIEW")[1]["status"] == "VALID"
    assert put(client, "NEW", {}, mode="VALIDATION_PREVIEW")[1]["status"] == "INVALID"
    told = client.patch([quantity(1)], mode="VALIDATION_PREVIEW", includedData="identifiers,issues")[1]
    assert told["identifiers"] == [{"marketplaceId": FR, "asin": "B01"}]
    later(client, 60)

    assert client.item("NEW")[0] == 404


def test_a_deleted_sku_is_gone_from_its_site_and_at_last_from_all(both):
    assert delete(both)[1]["status"] == "ACCEPTED"
    later(both)

    assert both.item()[0] == 404
    assert both.item(marketplaceIds=DE)[1]["offers"][0]["price"]["amount"] == "7.50"
    delete(both, site=DE)
    later(both)
    assert both.item(marketplaceIds=DE)[0] == 404
    assert both.control("GET", "state")[1]["listings"] == []
    assert delete(both, "NOBODY")[1]["status"] == "ACCEPTED"


def test_a_deleted_sku_may_show_up_once_more(client):
    client.control("POST", "faults", {"kind": "listing-reappears", "count": 1})
    delete(client)
    later(client, 2.9)
    client.advance(3)

    assert client.item()[0] == 200
    client.advance(1000)
    assert client.item()[0] == 404


def test_a_product_one_may_not_sell_becomes_an_issue_and_is_not_buyable(client):
    client.control("POST", "catalogue", [{"asin": "B02", "title": "Bomb", "restricted": {FR: "APPROVAL_REQUIRED"}}])
    put(client, "BOMB", whole(merchant_suggested_asin=[{"value": "B02", "marketplace_id": FR}]))
    later(client)

    (issue,) = client.item("BOMB")[1]["issues"]
    assert issue["categories"] == ["QUALIFICATION_REQUIRED"]
    assert status_of(client, "BOMB") == ["DISCOVERABLE"]


def test_restrictions_are_told_beforehand(client):
    client.control("POST", "catalogue", [{"asin": "B02", "restricted": {"": "APPROVAL_REQUIRED"}}])

    def asked(asin, **query):
        more = "".join(f"&{k}={v}" for k, v in query.items())
        return client.api(
            "GET", f"listings/2021-08-01/restrictions?asin={asin}&sellerId=SELLER1&marketplaceIds={FR}{more}"
        )

    assert asked("B01") == (200, {"restrictions": []})
    (told,) = asked("B02", conditionType="new_new")[1]["restrictions"]
    assert (told["conditionType"], told["reasons"][0]["reasonCode"]) == ("new_new", "APPROVAL_REQUIRED")
    assert told["reasons"][0]["links"][0]["resource"].startswith("https://")
    assert asked("B99")[1]["restrictions"][0]["reasons"][0]["reasonCode"] == "ASIN_NOT_FOUND"
    status, errors = asked("B01", conditionType="shiny")
    assert (status, errors[0]["code"]) == (400, "InvalidInput")
