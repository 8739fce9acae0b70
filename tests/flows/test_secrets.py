"""Canaries: no secret and no buyer stands in plain in any table, log line or page."""

import json
import logging

import pytest
from django.db import connection

from forain import wiring
from forain.core import errors
from forain.core.secret import Secret
from forain.engine import jobs, schedule
from forain.flows import authorize
from forain.store import models, orders, runs
from tests.people import come_in

BUYERS = ("rue des Lilas", "Lindenallee", "marketplace.example", "Camille Martin", "Jonas Weber")


def whole_database() -> str:
    """Every row of every table as text; bytes as letters, where they are some."""
    with connection.cursor() as cursor:
        cursor.execute("SET bytea_output = 'escape'")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        dump = ""
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM \"{table}\" t")
            dump += cursor.fetchone()[0]
        cursor.execute("RESET bytea_output")
    assert {"store_journal", "store_vaultentry", "procrastinate_jobs", "django_session"} <= set(tables)
    return dump


def test_no_secret_and_no_buyer_is_kept_in_plain(make_house, client, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    house = make_house()
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    house.live(60)
    house.buy("SOAP")
    for kind in ("status-500", "truncated", "unknown-enum", "html-503"):
        house.control("POST", "faults", {"kind": kind, "operation": "searchOrders", "count": 1})
        house.control("POST", "faults", {"kind": kind, "operation": "token", "count": 1})
    house.live(900, step=30)
    for form, name in (("token", "refresh_token"), ("secret", "client_secret")):
        client.post(f"/accounts/{house.account_id}/{form}", {name: "Atzr|canary-typed-wrong"})
    with pytest.raises(errors.AdapterError):
        authorize.enter_token(house.deps, house.account, Secret("Atzr|canary-typed-wrong"), None)
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    house.live(4000, step=100)
    runs.force(f"account:{house.account_id}", house.deps.clock.now())
    schedule.plan_all(house.deps.clock.now())
    jobs.run(house.deps, "probe", f"account:{house.account_id}")
    order = models.Order.objects.get()
    assert order.state == "created"

    world = house.box.world
    secrets = [
        house.application["client_secret"],
        "canary-typed-wrong",
        *(g.refresh_token for g in world.state.authorizations),
    ]
    pages = "".join(
        client.get(path).content.decode()
        for path in ("/", f"/accounts/{house.account_id}", f"/accounts/{house.account_id}/links", "/offers", "/orders",
                     f"/orders/{order.pk}", "/issues", "/journal", "/health", f"/shops/{house.shop.pk}")
    )  # fmt: skip
    told = json.dumps([record.getMessage() for record in caplog.records]) + caplog.text
    places = {"database": whole_database(), "log": told}

    assert [(where, s) for where, text in places.items() for s in (*secrets, "Atza|", *BUYERS) if s in text] == []
    assert [s for s in (*secrets, "Atza|") if s in pages] == []
    assert "searchOrders" in told
    # The canaries are alive: opened with the key, the order holds its buyer.
    assert any(name in repr(orders.body_of(order, house.deps.vault)) for name in BUYERS)
