"""Reading offers back: what is asked, what is shown, one bad item among good ones, and all pages."""

import pytest

from forain.core import errors as e
from forain.core.money import Money
from forain.marketplaces.amazon.tests.parts import (
    CATALOG,
    FR,
    LISTINGS,
    Wire,
    account,
    asked_as_published,
    denied,
    fits,
    key,
    refusal,
    samples,
)  # fmt: skip


def listing(sku="S", **more):
    return fits(LISTINGS, "Item", {
        "sku": sku,
        "summaries": [{"marketplaceId": FR, "asin": "B0", "productType": "SOAP", "conditionType": "new_new",
                       "status": ["BUYABLE", "DISCOVERABLE"], "itemName": "Soap",
                       "createdDate": "2026-01-01T00:00:00Z", "lastUpdatedDate": "2026-01-01T00:00:00Z"}],
        "offers": [{"marketplaceId": FR, "offerType": "B2C", "price": {"amount": "6.90", "currencyCode": "EUR"}}],
        "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 4}],
        "issues": [], **more,
    })  # fmt: skip


def sold_out(**more):
    found = listing(**more)
    found["summaries"][0]["status"] = ["DISCOVERABLE"]
    return found | {"offers": []}


def purchasable(price, site=FR, audience="ALL"):
    return {"marketplace_id": site, "currency": "EUR", "audience": audience,
            "our_price": [{"schedule": [{"value_with_tax": price}]}]}  # fmt: skip


def results(*items, **more):
    return {"numberOfResults": len(items), "items": list(items), **more}


def seen(item):
    (found,) = account(Wire((200, results(item)))).observe([key("S")])
    return found


def test_the_questions_are_amazons_own():
    wire = Wire((200, results()), (200, results()), (200, listing("A,B")))
    adapter = account(wire)

    adapter.observe([key(f"S{n}") for n in range(20)])
    adapter.sweep(FR, None)
    adapter.observe([key("A,B")])

    assert [r.operation for r in wire.sent] == ["searchListingsItems", "searchListingsItems", "getListingsItem"]
    for request in wire.sent:
        asked_as_published(LISTINGS, request)


def test_amazons_own_samples_are_read():
    read = [account(Wire((200, sample))).sweep("ATVPDKIKX0DER", None) for sample in samples(LISTINGS, "searchListingsItems")]  # fmt: skip

    assert read
    assert all(page.unread == () for page in read)


def test_the_business_price_is_not_the_price():
    both = [
        {"marketplaceId": FR, "offerType": "B2B", "price": {"amount": "5.00", "currencyCode": "EUR"}},
        {"marketplaceId": FR, "offerType": "B2C", "price": {"amount": "6.90", "currencyCode": "EUR"}},
    ]

    assert seen(listing(offers=both)).price == Money(690, "EUR")
    assert seen(listing(offers=both[:1])).price is None


def test_an_offer_that_cannot_be_bought_shows_the_price_that_waits_for_it():
    told = {"purchasable_offer": [purchasable(5.0, audience="B2B"), purchasable(9.99, site="A1PA6795UKMFR9"), purchasable(19.9)]}  # fmt: skip

    assert seen(sold_out(attributes=told)).price == Money(1990, "EUR")
    assert seen(sold_out(attributes={"purchasable_offer": "?"})).price is None
    assert seen(sold_out()).price is None


def test_a_buyable_offer_is_never_read_from_what_was_submitted():
    assert seen(listing(offers=[], attributes={"purchasable_offer": [purchasable(19.9)]})).price is None


@pytest.mark.parametrize("effective", [[], [{"fulfillmentChannelCode": "DEFAULT", "quantity": 0}]])
def test_an_amazon_channel_counts_even_where_only_the_submission_names_it(effective):
    told = {"fulfillment_availability": [{"fulfillment_channel_code": "AMAZON_EU"}]}

    found = seen(listing(fulfillmentAvailability=effective, attributes=told))

    assert found.fulfilled_by == "marketplace"
    assert "AMAZON_EU" in found.channels


def test_an_offer_without_summary_is_there_and_cannot_be_bought():
    found = seen({"sku": "S", "summaries": [], "offers": [], "fulfillmentAvailability": []})

    assert (found.buyable, found.quantity, found.price) == (False, None, None)


def test_an_offer_of_another_site_only_is_none_here():
    elsewhere = listing()
    elsewhere["summaries"][0]["marketplaceId"] = "A1PA6795UKMFR9"

    assert account(Wire((200, results(elsewhere)))).observe([key("S")]) == ()


BROKEN = [
    {"sku": "BAD", "offers": [{"marketplaceId": FR, "offerType": "B2C", "price": {"amount": "6,90", "currencyCode": "EUR"}}]},
    {"sku": "BAD", "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": "four"}]},
    {"sku": "BAD", "summaries": 3},
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_one_broken_item_is_named_and_the_others_are_read(broken):
    page = account(Wire((200, results(broken, listing())))).sweep(FR, None)
    (read,) = account(Wire((200, results(broken, listing())))).observe([key("BAD"), key("S")])

    assert [o.key.sku for o in page.offers] == ["S"]
    assert [u.key for u in page.unread] == [key("BAD")]
    assert read.key.sku == "S"


def test_more_offers_of_one_moment_than_amazon_pages_through_are_said_not_forgotten():
    items = [listing(f"S{n}") for n in range(20)]
    cursor = f"{items[0]['summaries'][0]['createdDate']}~980~token"

    with pytest.raises(e.Malformed):
        account(Wire((200, results(*items)))).sweep(FR, cursor)


def test_an_sku_amazon_does_not_know_is_absent_and_a_proxys_page_is_no_such_answer():
    assert account(Wire((404, refusal("NOT_FOUND")))).observe([key("A,B")]) == ()
    with pytest.raises(e.ServerFault):
        account(Wire((404, b"<html>"))).observe([key("A,B")])


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(403, denied(), e.Denied), (400, refusal(), e.Rejected), (200, b"<html>", e.ServerFault), (200, b'{"items":0}', e.Malformed)],
)  # fmt: skip
def test_a_refused_search_is_an_error(status, body, kind):
    with pytest.raises(kind):
        account(Wire((status, body))).sweep(FR, None)
    with pytest.raises(kind):
        account(Wire((status, body))).observe([key("S")])


def catalogue(asin, *eans, site=FR):
    told = [{"identifierType": "EAN", "identifier": ean} for ean in eans]
    return {"asin": asin, "identifiers": [{"marketplaceId": site, "identifiers": told}]}


def test_the_eans_of_products_are_asked_twenty_at_a_time():
    wire = Wire((200, results(catalogue("B0", "2000000000015", "2000000000022"))), (200, results()))

    found = account(wire).eans(FR, [f"B{n}" for n in range(25)])

    assert found == {"B0": ("2000000000015", "2000000000022")}
    for request in wire.sent:
        asked_as_published(CATALOG, request)
    for sample in samples(CATALOG, "searchCatalogItems"):
        account(Wire((200, sample))).eans("ATVPDKIKX0DER", ["B07N4M94X4"])


def test_an_unreadable_product_hides_no_other_and_another_sites_ean_is_none():
    wire = Wire((200, results({"asin": 3}, catalogue("B1", "2000000000015"), catalogue("B2", "2", site="A1PA6795UKMFR9"))))  # fmt: skip

    assert account(wire).eans(FR, ["B0", "B1", "B2"]) == {"B1": ("2000000000015",), "B2": ()}


def test_a_refused_catalogue_is_an_error():
    with pytest.raises(e.Denied):
        account(Wire((403, denied()))).eans(FR, ["B0"])


@pytest.mark.parametrize(
    "change",
    [
        {"fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 10**30}]},
        {"offers": [{"marketplaceId": FR, "offerType": "B2C", "price": {"amount": "9" * 24, "currencyCode": "EUR"}}]},
        {"summaries": [{"marketplaceId": FR, "itemName": "nul\0", "status": []}]},
    ],
)
def test_what_no_table_can_keep_breaks_its_item_only(change):
    page = account(Wire((200, results(listing() | change, listing("GOOD"))))).sweep(FR, None)

    assert [o.key.sku for o in page.offers] == ["GOOD"]
    assert [u.key.sku for u in page.unread] == ["S"]


def test_an_item_without_a_readable_sku_is_said_and_stops_no_other():
    page = account(Wire((200, results({"sku": "x" * 300}, None, listing("GOOD"))))).sweep(FR, None)

    assert [o.key.sku for o in page.offers] == ["GOOD"]
    assert [u.key.sku for u in page.unread] == ["", ""]


def test_letters_that_are_none_where_a_price_belongs_break_their_item_only():
    body = b'{"items": [{"sku": "S", "summaries": [{"marketplaceId": "%s"}], "attributes": {"purchasable_offer": [{"marketplace_id": "%s", "our_price": [{"schedule": [{"value_with_tax": "\xff"}]}]}]}}]}'  # fmt: skip
    page = account(Wire((200, body.replace(b"%s", FR.encode())))).sweep(FR, None)

    assert [u.key.sku for u in page.unread] == ["S"]
