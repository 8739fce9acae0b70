"""Whatever a Vendure answers: typed values, or an error the shell knows; one spoiled article stops no other."""

import contextlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core import errors
from forain.core.ids import VariantId
from forain.core.money import LineTotal, Money
from forain.core.orders import Address, DraftLine, OrderDraft
from forain.core.secret import Secret
from forain.shops.vendure import VendureShop

from .examples import examples
from .mutations import answers, as_json, mutated, spoiled
from .values import keepable
from .vendure import COUNT, DATA, MOMENT, Shop

EUR = Money(0, "EUR")
DRAFT = OrderDraft(
    "302-1", "FR", "EUR", datetime(2026, 3, 1, tzinfo=UTC),
    (DraftLine("L1", "1", "V1", "x", 1, LineTotal(Money(2490, "EUR"))),), EUR, EUR, Money(2490, "EUR"),
    Address("Camille", ("1 rue",), "Lyon", "69003", "FR"),
)  # fmt: skip
MARK = f"{MOMENT}~{MOMENT}~"
IDS = [VariantId(str(n)) for n in range(1, COUNT + 1)]
REFERENCES = [f"302-{n}" for n in range(1, 5)]
CALLS: dict[str, tuple[str, Callable[[VendureShop], Any]]] = {
    "check": ("check", lambda s: s.check()),
    "variants": ("productVariants", lambda s: s.variants(None)),
    "stock": ("productVariants", lambda s: s.stock(IDS)),
    "changed, articles": ("productVariants", lambda s: s.changed(MARK)),
    "changed, orders": ("orders", lambda s: s.changed(MARK)),
    "changed, first": ("orders", lambda s: s.changed("")),
    "order": ("orders", lambda s: s.order("302-1")),
    "shipments": ("orders", lambda s: s.shipments(REFERENCES)),
    "ensure_order": ("ensureOrder", lambda s: s.ensure_order(DRAFT)),
    "cancel_order": ("cancelOrder", lambda s: s.cancel_order("302-1")),
}


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_is_a_value_or_one_of_our_errors(name, tally):
    operation, call = CALLS[name]
    shop = Shop()
    call(shop.adapter())

    @examples(60, name)
    @given(body=answers({"data": DATA[operation]}, most=4))
    def answered(body):
        tally[f"Vendure: answers to {name}"] += 1
        shop.spoil = {operation: lambda: body}
        try:
            keepable(call(shop.adapter()))
        except (errors.Malformed, errors.ServerFault, errors.Rejected) as error:
            # Rejected: a mutated answer may well hold "errors", or another kind of result.
            keepable(dict(error.placeholders))

    answered()


ERRORS = {"errors": [{"message": "INSUFFICIENT_STOCK", "extensions": {"code": "USER_INPUT_ERROR"}}], "data": None}


@pytest.mark.parametrize("name", CALLS)
def test_a_refusal_is_one_of_our_errors_whatever_its_body(name, tally):
    operation, call = CALLS[name]
    shop = Shop()

    @examples(40, name)
    @given(body=answers(ERRORS) | spoiled(b"<html>"), status=st.sampled_from([200, 400, 401, 403, 404, 413, 418, 422]))
    def refused(body, status):
        tally[f"Vendure: refusals of {name}"] += 1
        shop.spoil, shop.status = {operation: lambda: body}, status
        try:
            keepable(call(shop.adapter()))
        except errors.AdapterError as error:
            keepable((dict(error.placeholders), getattr(error, "problems", ())))

    refused()


def items(place: str, number: int, bad: Any) -> Callable[[], bytes]:
    """The recorded page with another entry in place `number`."""
    told = json.loads(json.dumps(DATA[place]))
    told[place]["items"][number] = bad
    return lambda: as_json({"data": told})


def test_one_spoiled_article_stops_no_other_and_none_counts_as_gone(tally):
    shop = Shop()
    whole = {v.variant: v for v in shop.adapter().variants(None).variants}

    @examples(150)
    @given(st.data(), st.integers(0, COUNT - 1))
    def spoiled_one(data, number):
        entry = DATA["productVariants"]["productVariants"]["items"][number]
        bad = data.draw(mutated(entry))
        tally["Vendure: one article of a page"] += 1
        shop.spoil = {"productVariants": items("productVariants", number, bad)}
        page, stock = shop.adapter().variants(None), shop.adapter().stock(IDS)
        keepable((page, stock))

        found = {v.variant: v for v in page.variants}
        others = [name for name in IDS if name != entry["id"]]
        assert {name: found.get(name) for name in others} == {name: whole[name] for name in others}
        assert {name: stock.get(name) for name in others} == {name: whole[name] for name in others}
        assert len(page.variants) == COUNT or page.problems
        if page.problems:
            assert stock[entry["id"]].problems

    spoiled_one()


def test_one_spoiled_order_stops_no_others_parcels(tally):
    shop = Shop()
    whole = {s.reference: s for s in shop.adapter().shipments(REFERENCES).shipments}

    @examples(150)
    @given(st.data(), st.integers(0, 3))
    def spoiled_one(data, number):
        bad = data.draw(mutated(DATA["orders"]["orders"]["items"][number]))
        tally["Vendure: one order of a page"] += 1
        shop.spoil = {"orders": items("orders", number, bad)}
        page = shop.adapter().shipments(REFERENCES)
        keepable(page)
        mark, signals = shop.adapter().changed(MARK)
        keepable((mark, signals))

        others = [r for r in REFERENCES if r != f"302-{number + 1}"]
        found = {s.reference: s for s in page.shipments}
        assert {r: found.get(r) for r in others} == {r: whole[r] for r in others}
        keys = {(s.kind, s.key) for s in signals}
        assert {("shop_order", r.removeprefix("302-")) for r in others} <= keys
        assert shop.adapter().changed(mark)[1] == ()

    spoiled_one()


SECRET = Secret("a-plainly-fake-hook-secret")


def test_a_signed_call_of_the_shop_is_signals_or_malformed_and_an_unsigned_one_forged(tally):
    shop = Shop()

    @examples(150)
    @given(body=answers({"topic": "stock", "keys": ["1", "2"]}), sign=st.booleans())
    def called(body, sign):
        tally["Vendure: bodies of hooks"] += 1
        right = hmac.new(SECRET.reveal().encode(), body, "sha256").hexdigest()
        headers = {"x-forain-signature": right if sign else right[::-1]}
        if not sign:
            with pytest.raises(errors.Forged):
                shop.adapter().verify(headers, body, SECRET)
            return
        with contextlib.suppress(errors.Malformed):
            keepable(shop.adapter().verify(headers, body, SECRET))

    called()
