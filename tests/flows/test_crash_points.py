"""kill -9 between any two steps of order import: after the next run the order is in the shop, once."""

import os
import signal

import pytest
from django.db import connection, connections

from forain.core.secret import Secret
from forain.flows import authorize, import_orders
from forain.store import models


class Dying:
    """Kills this process at the n-th statement sent to the database, before it is sent."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, execute, sql, params, many, context):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


class DyingShop:
    """A shop during whose call the process dies: before the order is made, or after, before we hear of it."""

    def __init__(self, shop, moment):
        self._shop, self._moment = shop, moment

    def __getattr__(self, name):
        return getattr(self._shop, name)

    def ensure_order(self, draft):
        if self._moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        self._shop.ensure_order(draft)
        os.kill(os.getpid(), signal.SIGKILL)


class OpenDying:
    def __init__(self, opener, moment):
        self._opener, self._moment = opener, moment

    def __getattr__(self, name):
        return getattr(self._opener, name)

    def shop(self, row):
        return DyingShop(self._opener.shop(row), self._moment)


def in_a_process_of_its_own(work) -> bool:
    """Run `work` in a fork; True: it was killed on the way."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def recovered(house, order_id: str) -> None:
    house.advance(200)
    import_orders.settle_orders(house.deps, house.account)
    assert house.shop_orders().count(order_id) == 1
    row = models.Order.objects.get(order_id=order_id)
    assert (row.state, row.shop_order) == ("created", order_id)
    assert house.journal(order_id).count("order_created") == 1


def test_killed_before_every_single_statement_of_the_import(house):
    house.live(60)
    kills = 0
    for at in range(1, 200):
        order_id = house.buy("SOAP")["order_id"]
        house.change("SOAP", stock=200)
        house.advance(300)
        import_orders.read_orders(house.deps, house.account)
        account = house.account

        def work(at=at, account=account):
            with connection.execute_wrapper(Dying(at)):
                import_orders.settle_orders(house.deps, account)

        killed = in_a_process_of_its_own(work)
        recovered(house, order_id)
        kills += killed
        if not killed:
            break
        house.live(30)
    else:
        pytest.fail("the import never came to its end")

    assert kills >= 8
    assert len(house.shop_orders()) == kills + 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_while_the_shop_makes_the_order(house, moment):
    from dataclasses import replace

    house.live(60)
    order_id = house.buy("SOAP")["order_id"]
    house.advance(300)
    import_orders.read_orders(house.deps, house.account)
    account, dying = house.account, replace(house.deps, open=OpenDying(house.deps.open, moment))

    assert in_a_process_of_its_own(lambda: import_orders.settle_orders(dying, account))

    assert models.Order.objects.get(order_id=order_id).state == "creating"
    assert house.shop_orders() == ([order_id] if moment == "after" else [])
    recovered(house, order_id)


def test_killed_while_reading_leaves_the_window_open(house):
    house.live(60)
    order_id = house.buy("SOAP")["order_id"]
    house.advance(300)
    known, account = house.account.orders_known_until, house.account
    for at in range(1, 12):

        def work(at=at):
            with connection.execute_wrapper(Dying(at)):
                import_orders.read_orders(house.deps, account)

        if in_a_process_of_its_own(work) and models.Order.objects.filter(order_id=order_id).count() == 0:
            assert house.account.orders_known_until == known
        house.advance(400)

    import_orders.import_orders(house.deps, house.account)

    assert house.shop_orders() == [order_id]


def test_killed_before_every_single_statement_of_a_renewal_the_token_and_its_dates_are_of_one_grant(house):
    house.live(60)
    owner = authorize.owner_of(house.account)
    told = {"application_id": house.application["application_id"]}
    kills = 0
    for at in range(1, 200):
        house.advance(600)
        fresh = Secret(house.control("POST", f"sellers/{house.seller}/authorize", told)["refresh_token"])
        former, account = house.deps.vault.get(owner, "refresh"), house.account

        def work(at=at, account=account, fresh=fresh):
            with connection.execute_wrapper(Dying(at)):
                authorize.enter_token(house.deps, account, fresh, None)

        killed = in_a_process_of_its_own(work)
        kills += killed
        kept, grants = house.deps.vault.get(owner, "refresh"), house.account.grant_no
        assert (kept, grants) in ((former, account.grant_no), (fresh, account.grant_no + 1))
        assert house.journal().count("renewed") == grants - 1
        if not killed:
            break
    else:
        pytest.fail("the renewal never came to its end")

    assert kills >= 15
    assert house.deps.vault.get(owner, "refresh") == fresh
