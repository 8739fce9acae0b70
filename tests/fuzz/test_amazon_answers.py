"""Whatever Amazon answers: a typed value that can be kept, or one of the errors the shell knows what to do with."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.contracts.marketplace import FeeAsked, Parcel
from forain.core import errors
from forain.core.clock import Window, parse_instant
from forain.core.ids import MarketplaceOrderId, OfferKey, SellerSku, SiteId
from forain.core.money import Money
from forain.core.offers import Change
from forain.marketplaces.amazon import AmazonAccount, exchange

from .amazon import FR, Answers, seller
from .examples import examples
from .mutations import answers, spoiled
from .values import keepable

T0 = parse_instant("2026-03-01T00:00:00Z")
SITE = SiteId(FR)


def key(sku: str) -> OfferKey:
    return OfferKey(1, SITE, SellerSku(sku))


def first_order(adapter: AmazonAccount) -> MarketplaceOrderId:
    return adapter.changed(Window(T0, T0), None).orders[0].key.order_id


CALLBACK = {"spapi_oauth_code": "code", "selling_partner_id": "SELLER1"}
PARCEL = Parcel("1", "DHL", "123", T0, {"1": 1})
CALLS: dict[str, Callable[[AmazonAccount, str], Any]] = {
    "searchOrders": lambda a, order: a.changed(Window(T0, T0), None),
    "getOrder": lambda a, order: a.order(order),
    "searchListingsItems, sweep": lambda a, order: a.sweep(SITE, None),
    "searchListingsItems, observe": lambda a, order: a.observe([key(f"ART-{n}") for n in range(5)]).offers,
    "getListingsItem": lambda a, order: a.observe([key("COMMA,1")]).offers,
    "patchListingsItem": lambda a, order: list(a.submit([Change(key("ART-1"), 3, Money(500, "EUR"))])),
    "getMarketplaceParticipations": lambda a, order: a.probe(),
    "getAccount": lambda a, order: a.selling_plan(),
    "searchCatalogItems": lambda a, order: a.eans(SITE, ["B01"]),
    "getMyFeesEstimates": lambda a, order: list(
        a.estimate_fees([FeeAsked(key(f"ART-{n}"), Money(990, "EUR"), n == 1) for n in range(3)])
    ),
    "confirmShipment": lambda a, order: a.confirm(order, SITE, PARCEL),
    "token, refreshed": lambda a, order: exchange(a._credentials, a._net),
}


@pytest.fixture(scope="module")
def net() -> Answers:
    client = seller()
    client.put("COMMA,1", 1)
    return Answers(client)


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_is_a_value_or_malformed(net, name, tally):
    adapter, order = net.adapter(), first_order(net.adapter())
    CALLS[name](adapter, order)
    recorded = json.loads(net.last) if net.last else {"payload": {}}

    @examples(60, name)
    @given(body=answers(recorded))
    def answered(body):
        tally[f"Amazon: answers of {name}"] += 1
        net.spoil = lambda _: body
        try:
            keepable(CALLS[name](adapter, order))
        except (errors.Malformed, errors.ServerFault) as error:
            keepable(dict(error.placeholders))

    try:
        answered()
    finally:
        net.spoil = bytes


REFUSALS = {
    "errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied.", "details": "The access token you provided has expired."}],
    "error": "invalid_grant", "error_description": "The request has an invalid grant parameter", "request_id": "r",
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_refusal_is_one_of_our_errors_whatever_its_body(net, name, tally):
    adapter, order = net.adapter(), first_order(net.adapter())

    @examples(40, name)
    @given(
        body=answers(REFUSALS) | spoiled(b"<html>"), status=st.sampled_from([400, 401, 403, 404, 409, 413, 415, 418])
    )
    def refused(body, status):
        tally[f"Amazon: refusals of {name}"] += 1
        net.spoil, net.status = lambda _: body, status
        try:
            keepable(CALLS[name](adapter, order))
        except errors.AdapterError as error:
            keepable(dict(error.placeholders))
            keepable(getattr(error, "problems", ()))
            str(error)

    try:
        refused()
    finally:
        net.spoil, net.status = bytes, None


def test_a_redeemed_code_is_a_grant_or_malformed(net, tally):
    adapter = net.adapter()
    recorded = {"access_token": "Atza|x", "refresh_token": "Atzr|y", "token_type": "bearer", "expires_in": 3600}

    @examples(100)
    @given(body=answers(recorded))
    def redeemed(body):
        tally["Amazon: answers of token, code"] += 1
        net.spoil, net.status = lambda _: body, 200
        with contextlib.suppress(errors.Malformed, errors.ServerFault):
            keepable(adapter.redeem(CALLBACK, "http://here/amazon/callback"))

    try:
        redeemed()
    finally:
        net.spoil, net.status = bytes, None
