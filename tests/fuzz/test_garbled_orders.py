"""Twenty orders in one answer, some of them spoiled: the others are in the shop, the spoiled ones before a person.

And offers likewise: the others are read, the spoiled ones are named and none counts as gone.
"""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.engine import jobs
from forain.store import models, runs
from tests.flows.conftest import FR, House, make_house  # noqa: F401

from .examples import examples
from .mutations import as_json, mutated

COUNT = 20
SHELF = {f"ART-{n}": ("6.90", 50) for n in range(5)}


class Spoiler:
    """The box behind a wire that changes single entries of its answers. `bad`: order id or SKU -> what stands there."""

    def __init__(self, box: Any) -> None:
        self._box = box
        self.bad: dict[str, bytes] = {}
        self.seen: dict[str, Any] = {}
        box.spoiler = self

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        told: dict[str, Any] = {}
        parts = self._box.wsgi(environ, lambda status, headers, *_: told.update(status=status, headers=headers))
        body = b"".join(parts)
        if told["status"].startswith("200") and environ["PATH_INFO"].startswith(("/eu/orders/2026", "/eu/listings/")):
            body = self._spoiled(json.loads(body))
            told["headers"] = [(n, v) for n, v in told["headers"] if n.lower() != "content-length"]
        start_response(told["status"], told["headers"])
        return [body]

    def _spoiled(self, answer: dict[str, Any]) -> bytes:
        place = next(name for name in ("orders", "items", "order", "sku") if name in answer)
        if place == "sku":
            return json.dumps(answer).encode()
        entries = answer.pop(place)
        pieces = [self._piece(entry) for entry in ([entries] if place == "order" else entries)]
        told = b",".join(pieces) if place == "order" else b"[" + b",".join(pieces) + b"]"
        return (
            json.dumps(answer).encode()[:-1] + (b", " if answer else b"") + b'"' + place.encode() + b'": ' + told + b"}"
        )

    def _piece(self, entry: Any) -> bytes:
        name = entry.get("orderId") or entry["sku"]
        self.seen[name] = entry
        return self.bad.get(name, json.dumps(entry).encode())


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Hundreds of broken answers write as many warnings."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def house(make_house) -> House:  # noqa: F811
    made: House = make_house(SHELF, transport=Spoiler)
    made.live(30)
    return made


def forget_orders(house: House) -> None:
    """As if the account had been connected just now."""
    models.Order.objects.all().delete()
    models.Finding.objects.all().delete()
    models.Run.objects.update(places={}, attempt=0, stopped=False)
    models.Account.objects.update(orders_known_until=None, orders_imported_at=None, catch_up_from=None)
    for place in ("new", "booked", "cancelled"):
        for file in (house.folder / "orders" / place).glob("*.json"):
            file.unlink()


def run(house: House, flow: str) -> models.Run:
    house.advance(200)
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), [flow])
    jobs.run(house.deps, flow, f"account:{house.account_id}")
    return models.Run.objects.get(flow=flow, subject=f"account:{house.account_id}")


def totals(house: House) -> dict[str, str]:
    """What stands in the shop: order -> total."""
    found = [json.loads(file.read_bytes()) for file in (house.folder / "orders" / "new").glob("*.json")]
    return {order["reference"]: order["total"] for order in found}


def has_name(bad: bytes, key: str) -> bool:
    told = json.loads(bad)
    return isinstance(told, dict) and isinstance(told.get(key), str)


def keeping_its_name(entry: dict[str, Any], bad: Any, key: str) -> bytes:
    """The entry under its own name or without a readable one: under another's it would be a lie nobody can see."""
    if has_name(as_json(bad), key):
        bad = {name: value for name, value in bad.items() if str(name) != key} | {key: entry[key]}
    return as_json(bad)


def test_spoiled_orders_stop_no_other_and_are_shown(house, tally):
    names = sorted(house.buy(f"ART-{n % 5}")["order_id"] for n in range(COUNT))
    house.advance(300)
    run(house, "import_orders")
    whole, spoiler = totals(house), house.box.spoiler
    assert sorted(whole) == names

    @examples(10)
    @given(st.data(), st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=5, unique=True))
    def spoiled(data, places):
        chosen = [names[n] for n in places]
        entries = {name: spoiler.seen[name] for name in chosen}
        bad = {name: keeping_its_name(e, data.draw(mutated(e)), "orderId") for name, e in entries.items()}
        tally["Flow: pages of orders, some spoiled"] += 1
        forget_orders(house)
        spoiler.bad = bad
        try:
            line = run(house, "import_orders")
        finally:
            spoiler.bad = {}

        shop = totals(house)
        assert {name: shop.get(name) for name in names if name not in chosen} == {
            name: whole[name] for name in names if name not in chosen
        }
        book = dict(models.Order.objects.values_list("order_id", "hold_reason"))
        unnamed = [name for name in chosen if name not in book]
        assert set(shop) <= set(names)
        assert not line.stopped
        assert not unnamed or "without a name" in line.error
        assert bool(models.Finding.objects.filter(code="order_held", subject__endswith="/unreadable")) == (
            "unreadable" in book.values()
        )
        # Once Amazon writes clearly again, what could not be read comes in by itself.
        house.advance(60)
        run(house, "import_orders")
        assert "unreadable" not in models.Order.objects.values_list("hold_reason", flat=True)
        assert set(models.Order.objects.values_list("order_id", flat=True)) >= set(names)
        assert {name: totals(house).get(name) for name in unnamed} == {name: whole[name] for name in unnamed}

    spoiled()


def test_spoiled_offers_stop_no_other_are_named_and_none_counts_as_gone(house, tally):
    run(house, "sweep_offers")
    spoiler = house.box.spoiler
    columns = ("observed_quantity", "observed_minor", "title", "product_code", "fulfilled_by")
    whole = {row[0]: row[1:] for row in models.Offer.objects.values_list("sku", *columns)}
    assert set(whole) == set(SHELF)

    @examples(10)
    @given(st.data(), st.lists(st.sampled_from(sorted(SHELF)), min_size=1, max_size=3, unique=True))
    def spoiled(data, chosen):
        entries = {name: spoiler.seen[name] for name in chosen}
        bad = {name: keeping_its_name(e, data.draw(mutated(e)), "sku") for name, e in entries.items()}
        tally["Flow: pages of offers, some spoiled"] += 1
        models.Journal.objects.all().delete()
        before = house.deps.clock.now()
        spoiler.bad = bad
        try:
            line = run(house, "sweep_offers")
        finally:
            spoiler.bad = {}

        rows = {row.sku: row for row in models.Offer.objects.all()}
        seen = {name for name, row in rows.items() if row.observed_at > before}
        told = models.Journal.objects.filter(code="offer_unreadable")
        named = set(told.values_list("subject", flat=True))
        shown = {name: tuple(getattr(row, column) for column in columns) for name, row in rows.items()}
        assert set(rows) == set(whole)
        assert "offer_gone" not in house.journal()
        assert not line.stopped
        assert seen >= set(whole) - set(chosen)
        assert {name: shown[name] for name in whole if name not in chosen or name not in seen} == {
            name: whole[name] for name in whole if name not in chosen or name not in seen
        }
        unnamed = {name for name in chosen if not has_name(bad[name], "sku")}
        assert named == {f"{FR}/{name}" for name in set(chosen) - seen - unnamed} | ({f"{FR}/"} if unnamed else set())
        assert {name for name, row in rows.items() if row.problems[:1] and row.problems[0][0] == "unreadable"} == (
            set(chosen) - seen - unnamed
        )
        assert not unnamed & seen
        assert bool(unnamed) == ("without a name" in line.error)
        # Once Amazon writes clearly again, all is read as before.
        before = house.deps.clock.now()
        assert run(house, "sweep_offers").error == ""
        assert {row[0]: row[1:] for row in models.Offer.objects.values_list("sku", *columns)} == whole
        assert all(row.observed_at > before and row.problems == [] for row in models.Offer.objects.all())

    spoiled()
