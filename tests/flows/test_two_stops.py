"""A second stop while the first is still being proven: what was bought during it is proven as well."""

from contextlib import suppress
from dataclasses import replace

import pytest

from forain.core import errors
from forain.core.secret import Secret
from forain.flows import authorize, import_orders
from forain.store import models


class Shop:
    """A shop that has lost some orders. `meanwhile`: what happens when it is first asked for an order."""

    def __init__(self, shop, told):
        self._shop, self._told = shop, told

    def __getattr__(self, name):
        return getattr(self._shop, name)

    def order(self, reference):
        meanwhile = self._told.pop("meanwhile", None)
        if meanwhile is not None:
            meanwhile()
        return None if reference in self._told["lost"] else self._shop.order(reference)


class Amazon:
    """An Amazon whose page tokens belong to the list as it was when it was asked for first."""

    def __init__(self, adapter):
        self._adapter = adapter

    def __getattr__(self, name):
        return getattr(self._adapter, name)

    def changed(self, window, cursor):
        page = self._adapter.changed(window, cursor)
        return replace(page, orders=tuple(o for o in page.orders if not cursor or o.updated_at <= window.until))


class Opener:
    def __init__(self, opener, told):
        self._opener, self._told = opener, told

    def __getattr__(self, name):
        return getattr(self._opener, name)

    def marketplace(self, *given, **rest):
        return Amazon(self._opener.marketplace(*given, **rest))

    def shop(self, row, **rest):
        return Shop(self._opener.shop(row, **rest), self._told)


def stop(house):
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    house.live(300, step=60)
    assert house.account.standing == "refused"


def renew(house):
    told = {"application_id": house.application["application_id"]}
    token = house.control("POST", f"sellers/{house.seller}/authorize", told)
    authorize.enter_token(house.deps, house.account, Secret(token["refresh_token"]), None)
    house.advance(180)


def second_stop(house, told):
    """Sync stops, an order comes that the shop will lose, and sync goes on."""
    stop(house)
    told["lost"].append(house.buy("OIL")["order_id"])
    renew(house)


@pytest.fixture
def told(house):
    """A house that is about to prove a stop; the table says what its shop does."""
    told = {"lost": []}
    house.deps = replace(house.deps, open=Opener(house.deps.open, told))
    house.live(60)
    stop(house)
    house.buy("SOAP")
    renew(house)
    return told


def prove(house):
    with suppress(errors.Unreachable, authorize.NotAllowed):
        import_orders.import_orders(house.deps, house.account)


def test_a_stop_while_the_proof_is_read_is_proven_too(house, told):
    told["meanwhile"] = lambda: second_stop(house, told)

    prove(house)

    assert house.account.catch_up_from is not None
    house.live(900, step=60)
    assert "orders_missing" in house.refused_codes()
    told["lost"].clear()
    house.live(4000, step=60)
    assert house.account.catch_up_from is None
    assert "orders_missing" not in house.refused_codes()
    assert models.CatchUp.objects.get().missing_now == 0


def test_a_stop_between_two_runs_of_a_proof_is_proven_too(house, told):
    house.orders_a_page(1)
    house.buy("SOAP")
    house.advance(180)

    def away():
        raise errors.Unreachable

    told["meanwhile"] = lambda: told.update(meanwhile=away)
    prove(house)
    assert models.Run.objects.get(flow="import_orders").places["proof"]["cursor"]

    second_stop(house, told)
    house.live(1500, step=60)

    assert "orders_missing" in house.refused_codes()


def test_a_proof_says_until_when_it_read_and_not_when_it_was_done(house, told):
    begun = house.deps.clock.now()
    told["meanwhile"] = lambda: house.advance(600)

    prove(house)

    proof = models.CatchUp.objects.get()
    assert (proof.until - begun).total_seconds() < 60
    assert (proof.done_at - begun).total_seconds() >= 600
    assert house.account.catch_up_from is None
