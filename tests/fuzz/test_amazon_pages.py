"""One entry of a page is spoiled: the others come through as they were, and the spoiled one is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core import errors
from forain.core.clock import Window, parse_instant
from forain.core.ids import OfferKey, SellerSku, SiteId

from .amazon import FR, Answers, seller
from .examples import examples
from .mutations import as_json, mutated
from .values import keepable

SITE = SiteId(FR)
T0 = parse_instant("2026-03-01T00:00:00Z")
COUNT = 5
ALONE = "COMMA,1"
"""Has a question of its own: the comma would fall apart in a list of names."""
ASKED = [OfferKey(1, SITE, SellerSku(sku)) for sku in [*(f"ART-{n}" for n in range(COUNT)), ALONE]]


@pytest.fixture(scope="module")
def net():
    client = seller(COUNT, COUNT)
    client.put(ALONE, 1)
    return Answers(client)


def orders(adapter):
    """(name -> value, names of unread ones)."""
    page = adapter.changed(Window(T0, T0), None)
    keepable(page)
    return {o.key.order_id: o for o in page.orders}, [u.order_id for u in page.unread]


def sweep(adapter):
    page = adapter.sweep(SITE, None)
    keepable(page)
    return {o.key.sku: o for o in page.offers}, [u.key.sku for u in page.unread]


def observed(adapter):
    seen = adapter.observe(ASKED[:COUNT]).offers
    keepable(seen)
    return {o.key.sku: o for o in seen}, None


def own_name(bad, key):
    """What the entry says of itself; None where that is no text."""
    told = json.loads(as_json(bad))
    name = told.get(key) if isinstance(told, dict) else None
    return name if isinstance(name, str) else None


PAGES = {
    "searchOrders": (orders, "orders", "orderId"),
    "searchListingsItems, sweep": (sweep, "items", "sku"),
    "searchListingsItems, observe": (observed, "items", "sku"),
}


@pytest.mark.parametrize("name", PAGES)
def test_one_spoiled_entry_stops_no_other_and_is_named(net, name, tally):
    read, place, key = PAGES[name]
    whole, _ = read(net.adapter())
    recorded = json.loads(net.last)
    assert len(whole) >= COUNT

    @examples(120)
    @given(st.data(), st.integers(0, len(recorded[place]) - 1))
    def spoiled(data, number):
        entry = recorded[place][number]
        bad = data.draw(mutated(entry))
        tally[f"Amazon: one entry of {name}"] += 1
        net.spoil = lambda _: as_json({**recorded, place: [bad if e is entry else e for e in recorded[place]]})
        found, unread = read(net.adapter())

        others = {sku: value for sku, value in whole.items() if sku != entry[key]}
        assert {sku: found.get(sku) for sku in others} == others
        assert len(others) == len(whole) - 1
        if unread is None:
            # What was asked for and cannot be read is absent; a sweep reads the same of it, or names it.
            asked, (found, unread) = found, sweep(net.adapter())
            assert asked == {sku: offer for sku, offer in found.items() if sku in whole}
        assert len(found) + len(unread) == len(whole)
        says = own_name(bad, key)
        assert says != entry[key] or says in found or unread == [says]
        assert says is not None or unread == [""]

    try:
        spoiled()
    finally:
        net.spoil = bytes


def test_a_spoiled_offer_that_is_asked_for_by_itself_stops_no_other(net, tally):
    whole = net.adapter().observe(ASKED).offers
    recorded = json.loads(net.last)
    assert recorded["sku"] == ALONE

    @examples(80)
    @given(bad=mutated(recorded))
    def spoiled(bad):
        tally["Amazon: the answer of getListingsItem among others"] += 1
        net.spoil = lambda body: body if b'"items"' in body else as_json(bad)
        seen = net.adapter().observe(ASKED).offers

        keepable(seen)
        assert [o for o in seen if o.key.sku != ALONE] == [o for o in whole if o.key.sku != ALONE]

    try:
        spoiled()
    finally:
        net.spoil = bytes


def test_one_spoiled_product_of_the_catalogue_stops_no_other(net, tally):
    recorded = {"items": [
        {"asin": f"B0{n}", "identifiers": [{"marketplaceId": FR, "identifiers": [{"identifierType": "EAN", "identifier": f"200{n}"}]}]}
        for n in range(4)
    ]}  # fmt: skip
    adapter = net.adapter()
    codes = [f"B0{n}" for n in range(4)]

    @examples(80)
    @given(st.data(), st.integers(0, 3))
    def spoiled(data, number):
        bad = data.draw(mutated(recorded["items"][number]))
        tally["Amazon: one entry of searchCatalogItems"] += 1
        items = [bad if n == number else item for n, item in enumerate(recorded["items"])]
        net.spoil, net.status = lambda _: as_json({"items": items}), 200
        found = adapter.eans(SITE, codes)

        keepable(found)
        assert {c: found.get(c) for n, c in enumerate(codes) if n != number} == {
            c: (f"200{n}",) for n, c in enumerate(codes) if n != number
        }

    try:
        spoiled()
    finally:
        net.spoil, net.status = bytes, None


def test_one_spoiled_receipt_does_not_stop_the_next(net, tally):
    from forain.contracts.marketplace import Accepted, Refusal, Unclear
    from forain.core.offers import Change

    recorded = {"sku": "ART-0", "status": "ACCEPTED", "submissionId": "s1", "issues": [{"code": "c", "message": "m", "severity": "WARNING"}]}  # fmt: skip
    changes = [Change(OfferKey(1, SITE, SellerSku(f"ART-{n}")), 1, None) for n in range(3)]
    adapter = net.adapter()

    @examples(80)
    @given(bad=mutated(recorded), number=st.integers(0, 2))
    def spoiled(bad, number):
        tally["Amazon: one receipt of patchListingsItem"] += 1
        told = iter([bad if n == number else recorded for n in range(3)])
        net.spoil, net.status = lambda _: as_json(next(told)), 200
        receipts = list(adapter.submit(changes))

        keepable(receipts)
        assert [r.key for r in receipts] == [c.key for c in changes]
        assert all(isinstance(r, Accepted) for n, r in enumerate(receipts) if n != number)
        assert isinstance(receipts[number], Accepted | Refusal | Unclear)

    try:
        spoiled()
    except errors.AdapterError as error:
        pytest.fail(f"{error} for one receipt")
    finally:
        net.spoil, net.status = bytes, None
