"""Each operation: the request built and sent, the answer read, the error read."""

import json

import pytest

from forain.contracts.marketplace import Accepted, Confirmed, Credentials, Parcel, ParcelRefused, Refusal
from forain.core import errors as e
from forain.core.clock import Window, parse_instant
from forain.core.money import LineTotal, Money
from forain.core.offers import Change
from forain.core.orders import OrderStatus
from forain.core.secret import Secret
from forain.marketplaces.amazon import exchange
from forain.marketplaces.amazon.tests.parts import FR, T0, Wire, account, key


def test_a_change_is_a_merge_with_its_selectors_and_nothing_else():
    wire = Wire((200, {"sku": "x", "status": "ACCEPTED", "submissionId": "s-1", "issues": []}))

    receipts = list(account(wire).submit([Change(key(), 7, Money(1990, "EUR"), "SOAP")]))

    request = wire.sent[0]
    assert receipts == [Accepted(key(), "s-1")]
    assert (request.method, request.url) == ("PATCH", "http://amazon/listings/2021-08-01/items/SELLER/A%2FB%20%2B1%25")
    assert request.query == {"marketplaceIds": FR}
    assert b'"value_with_tax":19.90' in request.json
    assert json.loads(request.json) == {
        "productType": "SOAP",
        "patches": [
            {"op": "merge", "path": "/attributes/fulfillment_availability", "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}]},
            {"op": "merge", "path": "/attributes/purchasable_offer", "value": [{"marketplace_id": FR, "currency": "EUR", "audience": "ALL", "our_price": [{"schedule": [{"value_with_tax": 19.9}]}]}]},
        ],
    }  # fmt: skip


def test_one_refused_item_does_not_stop_the_next():
    issue = {
        "code": "4000001",
        "message": "bad price",
        "severity": "ERROR",
        "attributeNames": ["purchasable_offer"],
        "categories": [],
    }
    wire = Wire(
        (200, {"sku": "x", "status": "INVALID", "submissionId": "1", "issues": [issue]}),
        (400, {"errors": [{"code": "InvalidInput", "message": "no"}]}),
        (200, {"sku": "z", "status": "ACCEPTED", "submissionId": "3"}),
    )

    receipts = list(account(wire).submit([Change(key(s), 1, None) for s in "xyz"]))

    assert [type(r) for r in receipts] == [Refusal, Refusal, Accepted]
    assert receipts[0].problems[0].text == "bad price"


def test_a_lost_permission_ends_the_run():
    wire = Wire(
        (
            403,
            {
                "errors": [
                    {
                        "code": "Unauthorized",
                        "message": "x",
                        "details": "The LWA secret token you provided has expired.",
                    }
                ]
            },
        )
    )

    with pytest.raises(e.AppRefused):
        list(account(wire).submit([Change(key("x"), 1, None), Change(key("y"), 1, None)]))
    assert len(wire.sent) == 1


def test_the_effective_quantity_is_read_not_the_submitted_one():
    item = {
        "sku": "S", "summaries": [{"marketplaceId": FR, "asin": "B0", "productType": "SOAP", "status": ["BUYABLE"], "itemName": "Soap", "createdDate": "2026-01-01T00:00:00Z"}],
        "attributes": {"fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 99}], "externally_assigned_product_identifier": [{"type": "ean", "value": "2000000000015"}]},
        "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 4}],
        "offers": [{"marketplaceId": FR, "offerType": "B2C", "price": {"amount": "6.9", "currencyCode": "EUR"}}], "issues": [],
    }  # fmt: skip
    wire = Wire((200, {"numberOfResults": 1, "items": [item]}))

    (seen,) = account(wire).observe([key("S")]).offers

    assert (seen.quantity, seen.price, seen.ean, seen.fulfilled_by) == (
        4,
        Money(690, "EUR"),
        "2000000000015",
        "merchant",
    )
    assert wire.sent[0].query["identifiers"] == "S"


def test_an_amazon_channel_makes_the_offer_the_marketplaces():
    item = {"sku": "S", "fulfillmentAvailability": [{"fulfillmentChannelCode": "AMAZON_EU"}], "summaries": []}
    wire = Wire((200, {"numberOfResults": 1, "items": [item]}))

    (seen,) = account(wire).observe([key("S")]).offers

    assert (seen.fulfilled_by, seen.quantity) == ("marketplace", None)


def test_a_sweep_goes_on_past_a_thousand_by_creation_date():
    def page(count, token=None, day=1):
        items = [
            {
                "sku": f"S{n}",
                "summaries": [{"marketplaceId": FR, "status": [], "createdDate": f"2026-01-{day:02}T00:00:00Z"}],
            }
            for n in range(count)
        ]
        return {"numberOfResults": 5000, "items": items} | ({"pagination": {"nextToken": token}} if token else {})

    wire = Wire(*[(200, page(20, f"t{n}")) for n in range(49)], (200, page(20, "t49", day=7)), (200, page(3)))
    adapter, cursor, offers = account(wire), None, 0
    while True:
        found = adapter.sweep(FR, cursor)
        offers += len(found.offers)
        if found.cursor is None:
            break
        cursor = found.cursor

    assert offers == 1003
    assert wire.sent[-1].query["createdAfter"] == "2026-01-07T00:00:00Z"
    assert "pageToken" not in wire.sent[-1].query


ORDER = {
    "orderId": "302-1", "createdTime": "2026-03-01T08:00:00Z", "lastUpdatedTime": "2026-03-01T08:10:00Z",
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": FR},
    "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
    "recipient": {"deliveryAddress": {"name": "A", "addressLine1": "1 rue", "city": "Lyon", "postalCode": "69003", "countryCode": "FR"}},
    "proceeds": {"grandTotal": {"amount": "18.70", "currencyCode": "EUR"}},
    "orderItems": [{"orderItemId": "1", "quantityOrdered": 2, "product": {"sellerSku": "S", "title": "Soap"},
                    "proceeds": {"breakdowns": [{"type": "ITEM", "subtotal": {"amount": "13.80", "currencyCode": "EUR"}},
                                                {"type": "SHIPPING", "subtotal": {"amount": "4.90", "currencyCode": "EUR"}}]}}],
}  # fmt: skip


def test_an_order_is_read_with_its_line_totals():
    wire = Wire(
        (200, {"orders": [ORDER], "lastUpdatedBefore": "2026-03-01T09:58:00Z", "pagination": {"nextToken": "n"}})
    )

    page = account(wire).changed(Window(T0, T0), None)

    (order,) = page.orders
    assert (order.status, order.lines[0].total, order.total) == (
        OrderStatus.UNSHIPPED,
        LineTotal(Money(1380, "EUR")),
        Money(1870, "EUR"),
    )
    assert order.lines[0].shipping == LineTotal(Money(490, "EUR"))
    assert page.complete_until == parse_instant("2026-03-01T09:58:00Z")
    assert wire.sent[0].query["lastUpdatedAfter"] == "2026-03-01T10:00:00.000Z"
    assert "lastUpdatedBefore" not in wire.sent[0].query


def test_the_next_page_repeats_every_parameter():
    wire = Wire((200, {"orders": [], "pagination": {"nextToken": "n"}}), (200, {"orders": []}))
    adapter = account(wire)

    adapter.changed(Window(T0, T0), adapter.changed(Window(T0, T0), None).cursor)

    assert wire.sent[1].query == {**wire.sent[0].query, "paginationToken": "n"}


@pytest.mark.parametrize(
    "broken",
    [
        {**ORDER, "fulfillment": {"fulfillmentStatus": "SOMETHING_NEW", "fulfilledBy": "MERCHANT"}},
        {**ORDER, "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "ROBOT"}},
        {**ORDER, "createdTime": "yesterday"},
        {**ORDER, "orderItems": [{"orderItemId": "1", "quantityOrdered": "two", "product": {}}]},
        {**ORDER, "orderItems": [{**ORDER["orderItems"][0], "proceeds": {"breakdowns": [{"type": "ITEM", "subtotal": {"amount": "1,50", "currencyCode": "EUR"}}]}}]},
    ],
)  # fmt: skip
def test_one_broken_order_is_named_and_the_others_are_read(broken):
    wire = Wire((200, {"orders": [{**broken, "orderId": "302-2"}, ORDER]}))

    page = account(wire).changed(Window(T0, T0), None)

    assert [o.key.order_id for o in page.orders] == ["302-1"]
    assert [u.order_id for u in page.unread] == ["302-2"]


def test_a_refused_full_set_is_asked_for_once_more_without_the_buyer():
    wire = Wire(
        (403, {"errors": [{"code": "Unauthorized", "message": "", "details": ""}]}),
        (200, {"orders": [{**ORDER, "recipient": None}]}),
    )

    page = account(wire).changed(Window(T0, T0), None)

    assert page.orders[0].ship_to is None
    assert wire.sent[1].query["includedData"] == "PROCEEDS,FULFILLMENT"


@pytest.mark.parametrize(
    ("body", "error"), [(b"<html>", e.ServerFault), (b'{"orders": [', e.ServerFault), (b'{"orders": 3}', e.Malformed)]
)
def test_an_answer_that_is_none_is_said_to_be_none(body, error):
    with pytest.raises(error):
        account(Wire((200, body))).changed(Window(T0, T0), None)


PARCEL = Parcel("1", "Colissimo", "6A1", T0, {"1": 2})


def test_a_shipment_is_confirmed_with_a_reference_that_is_text():
    wire = Wire((204, b""))

    assert account(wire).confirm("302-1", FR, PARCEL) == Confirmed("1")
    detail = json.loads(wire.sent[0].json)["packageDetail"]
    assert (detail["packageReferenceId"], detail["carrierCode"], detail["orderItems"]) == (
        "1",
        "Colissimo",
        [{"orderItemId": "1", "quantity": 2}],
    )


def test_an_unknown_carrier_is_told_by_name():
    wire = Wire((204, b""))

    account(wire).confirm("302-1", FR, Parcel("1", "Vélo Express", "x", T0, {"1": 1}))

    detail = json.loads(wire.sent[0].json)["packageDetail"]
    assert (detail["carrierCode"], detail["carrierName"]) == ("Other", "Vélo Express")


def test_what_amazon_has_already_counts_as_confirmed_and_other_refusals_do_not():
    had = Wire((400, {"errors": [{"code": "InvalidInput", "message": "PackageToUpdateNotFound"}]}))
    wrong = Wire((400, {"errors": [{"code": "InvalidInput", "message": "shipDate is in the future"}]}))

    assert account(had).confirm("302-1", FR, PARCEL) == Confirmed("1", repeated=True)
    assert isinstance(account(wrong).confirm("302-1", FR, PARCEL), ParcelRefused)


def test_the_sites_leave_out_what_is_not_amazon():
    def entry(site):
        return {
            "marketplace": {"id": site, "countryCode": "FR"},
            "participation": {"isParticipating": True, "hasSuspendedListings": False},
        }

    wire = Wire((200, {"payload": [entry(FR), entry("A38D8NSA03LJTC")]}))

    assert [site.site for site in account(wire).probe()] == [FR]


def test_the_selling_plan_is_told_and_an_unknown_one_is_no_default():
    assert account(Wire((200, {"payload": {"sellingPlan": "INDIVIDUAL"}}))).selling_plan() == "INDIVIDUAL"
    assert account(Wire((403, {"errors": []}))).selling_plan() == ""
    with pytest.raises(e.Malformed):
        account(Wire((200, {"payload": {"sellingPlan": "GOLD"}}))).selling_plan()


def test_the_consent_address_carries_state_and_redirect():
    url = account(Wire()).consent_url("amzn1.sp.solution.1", "st", FR, "https://me.example/amazon/callback")

    assert url.startswith(
        "https://sellercentral-europe.amazon.com/apps/authorize/consent?application_id=amzn1.sp.solution.1&state=st&redirect_uri=https%3A"
    )


@pytest.mark.parametrize(
    "callback",
    ["https://evil.example/x", "http://sellercentral.amazon.com/x", "https://sellercentral.amazon.com.evil.example/"],
)
def test_an_arrival_from_elsewhere_opens_no_door(callback):
    query = {"amazon_callback_uri": callback, "amazon_state": "s", "selling_partner_id": "SELLER"}

    with pytest.raises(e.Malformed):
        account(Wire()).arrival(query)


def test_redeeming_wants_code_and_seller():
    for query in ({}, {"selling_partner_id": "S"}):
        with pytest.raises(e.GrantRefused, match="consent_without_code"):
            account(Wire()).redeem(query, "https://me.example")
    with pytest.raises(e.Malformed):
        account(Wire()).redeem({"spapi_oauth_code": "c"}, "https://me.example")


def test_a_token_exchange_sends_the_secret_in_the_form_only():
    wire = Wire((200, {"access_token": "Atza|1", "expires_in": 3600, "token_type": "bearer"}))
    credentials = Credentials(
        1, "SELLER", "EU", "client", Secret("s3cret"), Secret("Atzr|x"), {"address.token": "http://login"}
    )

    token, seconds = exchange(credentials, wire)

    assert (token.reveal(), seconds) == ("Atza|1", 3600)
    assert wire.sent[0].form["client_secret"] == "s3cret"
    assert "s3cret" not in wire.sent[0].url
