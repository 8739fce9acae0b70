"""Two workers at one order: whoever comes back after another took it over takes nothing back."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from forain.core import errors
from forain.core.errors import Problem
from forain.core.ids import AccountId
from forain.flows import import_orders
from forain.store import models, orders

LATE = orders.CLAIM_LIFE.total_seconds() + 60
NO = errors.Rejected([Problem("x", "no")])


class Slow:
    """A shop that does as told, while other workers go on. `before` and `after`: what happens around a creation."""

    def __init__(self, shop, before, after):
        self._shop, self._before, self._after = shop, before, after

    def __getattr__(self, name):
        return getattr(self._shop, name)

    def ensure_order(self, draft):
        self._before()
        made = self._shop.ensure_order(draft)
        self._after()
        return made


class Opener:
    def __init__(self, opener, before, after):
        self._opener, self._before, self._after = opener, before, after

    def __getattr__(self, name):
        return getattr(self._opener, name)

    def shop(self, row, **rest):
        return Slow(self._opener.shop(row, **rest), self._before, self._after)


def nothing():
    pass


def settle(house, row, *, before=nothing, after=nothing):
    """One worker decides about the order as it has read it."""
    deps = replace(house.deps, open=Opener(house.deps.open, before, after))
    with suppress(errors.Unreachable):
        import_orders._settle_one(deps, house.account, row)


def failing(error, before=nothing):
    def fail():
        before()
        raise error

    return fail


def listed(house) -> models.Order:
    """The order as a worker who begins now has it in his list."""
    return orders.due(AccountId(house.account_id), house.deps.clock.now())[0]


@pytest.fixture
def bought(house):
    house.live(60)
    order = house.buy("SOAP")["order_id"]
    house.advance(180)
    import_orders.read_orders(house.deps, house.account)
    return order


def cancel(house, order):
    house.control("POST", f"orders/{order}/cancel", {})
    house.advance(180)
    import_orders.read_orders(house.deps, house.account)


def cancelled_in_the_shop(house):
    return [path.stem for path in (house.folder / "orders/cancelled").iterdir()]


def test_an_order_cancelled_while_the_shop_makes_it_is_cancelled_there(house, bought):
    creating = listed(house)
    cancel(house, bought)
    ending = listed(house)

    settle(house, creating, after=lambda: settle(house, ending))
    house.live(600, step=30)

    assert (house.shop_orders(), cancelled_in_the_shop(house)) == ([], [bought])
    assert models.Order.objects.get().state == "cancelled"


def test_who_comes_back_too_late_lets_nobody_else_in_while_the_order_is_made(house, bought):
    at_work = []
    first = listed(house)
    assert orders.claim(first, house.deps.clock.now(), timedelta(0), "c")
    house.advance(LATE)

    def meanwhile():
        at_work.append("second")
        orders.put_off(first, "unreachable", house.deps.clock.now())
        for row in orders.due(AccountId(house.account_id), house.deps.clock.now()):
            settle(house, row, before=lambda: at_work.append("third"))

    settle(house, listed(house), before=meanwhile)

    assert at_work == ["second"]
    assert house.shop_orders() == [bought]
    assert models.Order.objects.get().state == "created"


def test_who_has_read_an_order_before_it_was_put_off_does_not_try_at_once(house, bought):
    stale = listed(house)
    again = []

    settle(house, listed(house), before=failing(errors.Unreachable()))
    settle(house, stale, before=lambda: again.append(1))

    assert again == []
    assert models.Order.objects.get().not_before is not None


def test_a_refusal_that_comes_late_takes_nothing_from_who_took_the_order_over(house, bought):
    def taken_over():
        house.advance(LATE)
        second = listed(house)
        assert orders.claim(second, house.deps.clock.now(), timedelta(0), "c")
        claims.append(second)

    claims = []
    settle(house, listed(house), before=failing(NO, before=taken_over))

    assert models.Order.objects.get().state == "creating"
    assert "order_refused_by_shop" not in house.journal()
    assert orders.created(claims[0], bought, house.deps.clock.now())


def test_an_order_made_by_who_lost_it_is_in_the_book_though_the_shop_refused_the_next(house, bought):
    def taken_over():
        house.advance(LATE)
        settle(house, listed(house), before=failing(NO))
        assert models.Order.objects.get().hold_reason == "refused_by_shop"

    settle(house, listed(house), before=taken_over)

    row = models.Order.objects.get()
    assert (row.state, row.hold_reason, row.shop_order != "") == ("created", "", True)
    assert house.shop_orders() == [bought]


def test_an_order_made_by_who_lost_it_after_it_was_cancelled_is_cancelled_in_the_shop(house, bought):
    def taken_over():
        house.advance(LATE)
        settle(house, listed(house), before=failing(NO))
        cancel(house, bought)
        settle(house, listed(house))
        assert models.Order.objects.get().state == "cancelled"

    settle(house, listed(house), before=taken_over)
    assert house.shop_orders() == [bought]
    house.live(600, step=30)

    assert (house.shop_orders(), cancelled_in_the_shop(house)) == ([], [bought])
    assert models.Order.objects.get().state == "cancelled"


def test_an_order_made_while_the_shop_was_asked_to_cancel_it_is_cancelled_once_more(house, bought):
    creating = listed(house)
    assert orders.claim(creating, house.deps.clock.now(), timedelta(0), "c")
    house.advance(LATE)
    cancel(house, bought)
    ending = listed(house)

    # The shop was asked and had none; what it made for the first comes after that.
    orders.created(creating, bought, house.deps.clock.now())
    assert not orders.cancelled_in_shop(ending, house.deps.clock.now())

    assert models.Order.objects.get().state == "created"


def test_who_read_an_order_before_it_was_claimed_does_not_make_it_wait(house, bought):
    stale = listed(house)
    assert orders.claim(listed(house), house.deps.clock.now(), timedelta(0), "c")

    orders.wait(stale, house.deps.clock.now() + timedelta(hours=1))

    assert models.Order.objects.get().not_before is None
