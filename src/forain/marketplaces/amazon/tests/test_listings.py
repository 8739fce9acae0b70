"""Reading offers back: what is asked, what is shown, one bad item among good ones, and all pages."""

import json

import pytest

from forain.core import errors as e
from forain.core.clock import parse_instant
from forain.core.money import Money
from forain.core.offers import NO_SETUP, PriceSetup
from forain.core.terms import ABSENT, Business, Sale, Tier
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
    (found,) = account(Wire((200, results(item)))).observe([key("S")]).offers
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


@pytest.mark.parametrize(
    ("told", "days"),
    [
        ({"fulfillment_channel_code": "DEFAULT", "quantity": 4, "lead_time_to_ship_max_days": 3}, 3),
        ({"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": 0}, 0),
        ({"fulfillment_channel_code": "DEFAULT", "quantity": 4}, ABSENT),
        ({"fulfillment_channel_code": "AMAZON_EU", "lead_time_to_ship_max_days": 3}, ABSENT),
        ({"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": -3}, ABSENT),
        ({"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": 10**30}, ABSENT),
    ],
)
def test_the_handling_time_of_the_own_channel_is_read(told, days):
    assert seen(listing(attributes={"fulfillment_availability": [told]})).terms.handling_days == days


def test_a_channel_that_cannot_be_read_says_nothing_of_the_handling_time():
    for odd in ("?", [{"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": "soon"}]):
        assert seen(listing(attributes={"fulfillment_availability": odd})).terms.handling_days is None
    assert seen(listing()).quantity == 4


def reduced(price, **days):
    step = {"value_with_tax": price, "start_at": "2026-12-01", "end_at": "2026-12-24", **days}
    return purchasable(19.9) | {"discounted_price": [{"schedule": [step]}]}


def day(text):
    return parse_instant(text + "T00:00:00Z")


@pytest.mark.parametrize(
    ("days", "begins", "ends"),
    [
        ({}, "2026-12-01", "2026-12-25"),
        ({"start_at": "2026-12-01T01:00:00+01:00", "end_at": "2026-12-24T23:00:00-01:00"}, "2026-12-01", "2026-12-25"),
        ({"start_at": "2026-12-01T00:00:00", "end_at": "2026-12-24T00:00:00.000Z"}, "2026-12-01", "2026-12-24"),
    ],
)
def test_a_sale_is_read_with_its_days(days, begins, ends):
    found = seen(listing(attributes={"purchasable_offer": [reduced(5.5, **days)]}))

    assert found.terms.sale == Sale(Money(550, "EUR"), day(begins), day(ends))


@pytest.mark.parametrize(
    "odd", [reduced(5.5, start_at="soon"), reduced(5.555), reduced(-1), reduced(5.5, end_at="2025-12-24"), reduced("x"),
            reduced(5.5, end_at="9999-12-31"), reduced(5.5, end_at="2199-12-31"),
            reduced(5.5, start_at="2026-12-01T00:00:00.000100Z", end_at="2026-12-01T00:00:00.000200Z"),
            reduced(1) | {"discounted_price": [{"schedule": [{"value_with_tax": 1}, {"value_with_tax": 2}]}]}],
)  # fmt: skip
def test_a_sale_that_cannot_be_read_says_nothing_and_the_offer_is_read(odd):
    found = seen(listing(attributes={"purchasable_offer": [odd]}))

    assert (found.terms.sale, found.price) == (None, Money(690, "EUR"))


def test_where_none_is_told_there_is_no_sale_and_no_list_price():
    for attributes in ({}, {"purchasable_offer": [purchasable(5.0), reduced(4) | {"audience": "B2B"}]}):
        found = seen(listing(attributes=attributes)).terms
        assert (found.sale, found.list_price) == (ABSENT, ABSENT)
    odd = seen(
        listing(attributes={"purchasable_offer": "?", "list_price": [{"marketplace_id": FR, "value": "x"}]})
    ).terms
    assert (odd.sale, odd.list_price) == (None, None)


def test_while_a_sale_runs_the_price_is_the_one_that_was_submitted():
    running = listing(attributes={"purchasable_offer": [reduced(6.9)]})

    assert seen(running).price == Money(1990, "EUR")
    # Another price in force is no sale of ours: it is what buyers pay.
    assert seen(listing(attributes={"purchasable_offer": [reduced(5.5)]})).price == Money(690, "EUR")


@pytest.mark.parametrize("name", ["value", "value_with_tax"])
def test_a_list_price_is_read_with_tax_or_without(name):
    told = [{"marketplace_id": "A1PA6795UKMFR9", name: 1}, {"marketplace_id": FR, "currency": "EUR", name: 24.9}]

    assert seen(listing(attributes={"list_price": told})).terms.list_price == Money(2490, "EUR")


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

    assert account(Wire((200, results(elsewhere)))).observe([key("S")]).offers == ()


BROKEN = [
    {"sku": "BAD", "offers": [{"marketplaceId": FR, "offerType": "B2C", "price": {"amount": "6,90", "currencyCode": "EUR"}}]},
    {"sku": "BAD", "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": "four"}]},
    {"sku": "BAD", "summaries": 3},
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_one_broken_item_is_named_and_the_others_are_read(broken):
    page = account(Wire((200, results(broken, listing())))).sweep(FR, None)
    seen = account(Wire((200, results(broken, listing())))).observe([key("BAD"), key("S")])

    assert [o.key.sku for o in page.offers] == ["S"]
    assert [u.key for u in page.unread] == [key("BAD")]
    assert ([o.key.sku for o in seen.offers], [u.key for u in seen.unread]) == (["S"], [key("BAD")])


def test_more_offers_of_one_moment_than_amazon_pages_through_are_said_not_forgotten():
    items = [listing(f"S{n}") for n in range(20)]
    cursor = f"{items[0]['summaries'][0]['createdDate']}~980~token"

    with pytest.raises(e.Malformed):
        account(Wire((200, results(*items)))).sweep(FR, cursor)


def test_an_sku_amazon_does_not_know_is_absent_and_a_proxys_page_is_no_such_answer():
    assert account(Wire((404, refusal("NOT_FOUND")))).observe([key("A,B")]).offers == ()
    with pytest.raises(e.ServerFault):
        account(Wire((404, b"<html>"))).observe([key("A,B")])


def test_an_offer_that_is_asked_for_by_itself_and_cannot_be_read_is_named():
    broken = {"sku": "A,B", "summaries": 3}

    seen = account(Wire((200, json.dumps(broken).encode()))).observe([key("A,B")])

    assert (seen.offers, [u.key for u in seen.unread]) == ((), [key("A,B")])


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


def setup_of(**members):
    return seen(listing(attributes={"purchasable_offer": [purchasable(19.9) | members]})).setup


def bound(amount):
    return [{"schedule": [{"value_with_tax": amount}]}]


def test_the_sellers_own_limits_and_automate_pricing_are_read():
    plan = [{"merchandising_rule": {"rule_id": "RULE-1", "start_at": {"value": "2026-01-01"}}}]

    found = setup_of(
        minimum_seller_allowed_price=bound(12), maximum_seller_allowed_price=bound(20.5),
        automated_pricing_merchandising_rule_plan=plan,
    )  # fmt: skip

    assert found == PriceSetup(Money(1200, "EUR"), Money(2050, "EUR"), "RULE-1")


@pytest.mark.parametrize("odd", [None, [], bound(0), bound("x"), bound(1.234), bound(-1)])
def test_a_limit_that_is_none_or_cannot_be_read_stops_nothing(odd):
    assert setup_of(minimum_seller_allowed_price=odd) == NO_SETUP
    assert setup_of(minimum_seller_allowed_price="?", maximum_seller_allowed_price=bound(20)) == NO_SETUP
    assert setup_of(automated_pricing_merchandising_rule_plan=[{}]) == NO_SETUP


def tiers(kind="fixed", *levels):
    told = [{"lower_bound": pieces, "value": value} for pieces, value in levels or [(10, 16), (5, 17.5)]]
    return {"quantity_discount_plan": [{"schedule": [{"discount_type": kind, "levels": told}]}]}


def business_of(entry, **more):
    return seen(listing(attributes={"purchasable_offer": [purchasable(19.9), entry]}, **more)).terms.business


def test_a_business_price_is_read_with_its_tiers_and_as_it_is_in_force():
    entry = purchasable(17.9, audience="B2B") | tiers()
    in_force = [{"marketplaceId": FR, "offerType": "B2B", "price": {"amount": "17.80", "currencyCode": "EUR"}}]
    rising = (Tier(5, Money(1750, "EUR")), Tier(10, Money(1600, "EUR")))

    assert business_of(entry) == Business(Money(1790, "EUR"), rising)
    assert business_of(entry, offers=in_force) == Business(Money(1780, "EUR"), rising)
    assert business_of(purchasable(17.9, audience="B2B")) == Business(Money(1790, "EUR"))
    assert business_of(purchasable(17.9, audience="B2B", site="A1PA6795UKMFR9")) == ABSENT


@pytest.mark.parametrize("odd", [tiers("percent"), tiers("fixed", (5, "x")), tiers("fixed", (5, 1.234))])
def test_a_business_price_whose_tiers_are_none_of_ours_says_nothing(odd):
    assert business_of(purchasable(17.9, audience="B2B") | odd) is None
