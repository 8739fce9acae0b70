"""The four switches of a pause: each stops its own part, what waits goes on waiting, and nothing of it is lost."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection

from forain.core.ids import AccountId
from forain.flows import mirror_catalogue, reconcile_offers, setup
from forain.store import models, offers

from .conftest import FR
from .test_killed_between_statements import Refusing


@pytest.fixture
def calm(house):
    house.live(60, step=10)
    assert (house.quantity("SOAP"), price(house)) == (12, Decimal("6.90"))
    return house


def price(house, sku="SOAP"):
    return Decimal(house.amazon(sku)["prices"][FR])


def pause(house, *parts, off=False):
    setup.pause(house.deps, AccountId(house.account_id), not off, "Camille", parts)


def shipped(house, order_id):
    return house.control("GET", "state")["orders"][order_id]["status"]


def test_while_stock_is_paused_prices_go_on_and_the_change_keeps_its_age(calm):
    pause(calm, "stock")
    marked_at = calm.deps.clock.now()
    calm.change("SOAP", price="7.50", stock=3)
    calm.live(600, step=20)

    assert (calm.quantity("SOAP"), price(calm)) == (12, Decimal("7.50"))
    backlog = offers.backlog(AccountId(calm.account_id))
    assert backlog.waiting == 1
    assert backlog.oldest is not None
    assert (backlog.oldest - marked_at).total_seconds() < 60

    pause(calm, "stock", off=True)
    calm.live(60, step=10)
    assert calm.quantity("SOAP") == 3
    assert offers.backlog(AccountId(calm.account_id)).waiting == 0


def test_while_prices_are_paused_stock_goes_on(calm):
    pause(calm, "prices")
    calm.change("SOAP", price="7.50", stock=3)
    calm.change("OIL", price="15.00")
    calm.live(120, step=10)

    assert (calm.quantity("SOAP"), price(calm), price(calm, "OIL")) == (3, Decimal("6.90"), Decimal("14.50"))
    assert offers.backlog(AccountId(calm.account_id)).waiting == 2

    pause(calm, off=True)
    calm.live(60, step=10)
    assert (price(calm), price(calm, "OIL")) == (Decimal("7.50"), Decimal("15.00"))


def test_a_price_that_is_held_lets_no_paused_stock_through(calm):
    pause(calm, "stock")
    calm.change("SOAP", price="6900.00", stock=3)
    calm.live(120, step=10)
    assert "price_jump" in calm.refused_codes()
    assert (calm.quantity("SOAP"), price(calm)) == (12, Decimal("6.90"))

    pause(calm, "stock", off=True)
    calm.live(60, step=10)
    assert (calm.quantity("SOAP"), price(calm)) == (3, Decimal("6.90"))


def test_what_waits_for_a_paused_part_is_not_told_again_and_again(calm):
    pause(calm, "stock")
    calm.change("SOAP", price="7.50", stock=3)
    calm.live(3600, step=60)

    assert calm.journal(f"{FR}/SOAP").count("told") == 2


def test_while_orders_are_paused_they_wait_at_amazon_and_come_all(calm):
    pause(calm, "orders")
    orders = [calm.buy("SOAP")["order_id"] for _ in range(3)]
    calm.live(900, step=30)
    assert calm.shop_orders() == []
    # What was bought is not raised over: nobody knows yet what it was.
    assert calm.quantity("SOAP") == 9

    pause(calm, "orders", off=True)
    calm.live(900, step=30)
    assert calm.shop_orders() == sorted(orders)


def test_a_pause_leaves_shipments_running_unless_they_are_named(calm):
    pause(calm)
    assert calm.account.paused == ["stock", "prices", "orders"]
    pause(calm, "shipments")
    assert calm.account.paused == ["stock", "prices", "orders", "shipments"]
    pause(calm, "stock", "orders", off=True)
    assert calm.account.paused == ["prices", "shipments"]

    entries = models.Journal.objects.filter(code__in=("paused", "resumed")).order_by("id")
    assert [(entry.code, entry.placeholders["parts"]) for entry in entries] == [
        ("paused", "stock,prices,orders"), ("paused", "shipments"), ("resumed", "stock,orders"),
    ]  # fmt: skip


def test_a_pause_in_the_midst_of_a_run_holds_for_its_next_batch(make_house):
    house = make_house({f"A{n:02d}": ("10.00", 12) for n in range(45)})
    for _ in range(4):
        house.tick()
        house.advance(5)
    submit, seen = house.box.answer, []

    def answer(request):
        if request.method == "PATCH":
            if not seen:
                pause(house, "stock")
            seen.append(json.loads(request.body))
        return submit(request)

    house.box.answer = answer
    house.live(120, step=10)

    quantities = [told for told in seen if any("fulfillment" in patch["path"] for patch in told["patches"])]
    assert len(quantities) <= 20
    assert {Decimal(x["prices"][FR]) for x in house.control("GET", "state")["listings"]} == {Decimal("10.00")}


def test_who_had_paused_before_the_switches_came_has_paused_everything(house):
    try:
        call_command("migrate", "store", "0028", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE store_account SET paused_by_user = true")
    finally:
        call_command("migrate", "store", verbosity=0)

    assert house.account.paused == ["stock", "prices", "orders", "shipments"]


def test_a_price_that_is_refused_while_stock_is_paused_is_told_once(calm):
    pause(calm, "stock")
    calm.change("SOAP", price="7.50", stock=3)
    mirror_catalogue.mirror_catalogue(calm.deps, calm.shop)
    deps = replace(calm.deps, open=Refusing(calm.deps.open))
    for _ in range(3):
        reconcile_offers.reconcile_offers(deps, calm.account)
        calm.advance(60)

    assert calm.journal(f"{FR}/SOAP").count("refused") == 1
    assert models.Offer.objects.get(sku="SOAP").alarm == "refused"
    assert price(calm) == Decimal("6.90")
