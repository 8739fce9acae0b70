"""One order's trouble stays its own: with the shop, with its cancellation, with its reading."""

from dataclasses import replace
from datetime import timedelta

import pytest

from forain.core import errors
from forain.core.errors import Problem
from forain.core.ids import SellerSku, VariantId
from forain.core.secret import Secret
from forain.flows import authorize, import_orders, link_offers
from forain.store import models, orders


class Picky:
    """A shop that has something against some orders. `says`: method and order id -> what it raises."""

    def __init__(self, shop, says):
        self._shop, self._says = shop, says

    def __getattr__(self, name):
        def call(*given):
            key = getattr(given[0], "reference", given[0]) if given else ""
            error = self._says.get((name, key)) if isinstance(key, str) else None
            if error is not None:
                raise error
            return getattr(self._shop, name)(*given)

        return call


class Opener:
    def __init__(self, opener, says):
        self._opener, self._says = opener, says

    def __getattr__(self, name):
        return getattr(self._opener, name)

    def shop(self, row, **rest):
        return Picky(self._opener.shop(row, **rest), self._says)


def picky(house, says):
    """The house with a shop that says `says`, a table a test may change as it goes."""
    house.deps = replace(house.deps, open=Opener(house.deps.open, says))
    return says


def state_of(order):
    return models.Order.objects.get(order_id=order["order_id"]).state


@pytest.mark.parametrize(
    "error",
    [errors.ServerFault(), errors.Malformed("total"), errors.Denied("createOrder"), errors.Rejected([Problem("x")])],
)
def test_an_order_the_shop_chokes_on_stops_no_other_and_is_shown_or_tried_again(house, error):
    house.live(60)
    bad, good = house.buy("SOAP"), house.buy("OIL")
    says = picky(house, {("ensure_order", bad["order_id"]): error})

    house.live(900, step=30)
    assert house.shop_orders() == [good["order_id"]]
    assert house.buy("OIL")["order_id"]
    house.live(600, step=30)
    assert len(house.shop_orders()) == 2

    says.clear()
    row = models.Order.objects.get(order_id=bad["order_id"])
    if row.state == "held":
        assert row.hold_reason == "refused_by_shop"
        assert "order_held" in house.refused_codes()
        orders.try_again(row)
    house.live(3700, step=60)

    assert bad["order_id"] in house.shop_orders()
    assert len(house.shop_orders()) == 3


def test_a_cancellation_the_shop_refuses_is_said_and_later_orders_come_all_the_same(house):
    house.live(60)
    first = house.buy("SOAP")
    house.live(600, step=30)
    says = picky(house, {("cancel_order", first["order_id"]): errors.Rejected([Problem("SHIPPED", "it left")])})
    house.control("POST", f"orders/{first['order_id']}/cancel", {})
    house.live(600, step=30)

    second = house.buy("OIL")
    house.live(600, step=30)

    assert second["order_id"] in house.shop_orders()
    assert "cancel_refused" in house.refused_codes()
    assert not models.Run.objects.get(flow="import_orders").error

    says.clear()
    house.live(3700, step=60)

    assert state_of(first) == "cancelled"
    assert "cancel_refused" not in house.refused_codes()


def test_a_person_says_that_a_refused_cancellation_is_dealt_with(house):
    house.live(60)
    order = house.buy("SOAP")
    house.live(600, step=30)
    picky(house, {("cancel_order", order["order_id"]): errors.Rejected([Problem("SHIPPED", "it left")])})
    house.control("POST", f"orders/{order['order_id']}/cancel", {})
    house.live(600, step=30)

    import_orders.put_aside(house.deps, house.account, models.Order.objects.get(), "camille")
    house.live(60)

    assert state_of(order) == "cancelled"
    assert "cancel_refused" not in house.refused_codes()


def test_a_refused_cancellation_is_dealt_with_though_the_shops_word_for_the_creation_was_lost(house):
    house.live(60)
    order = house.buy("SOAP")
    unheard = errors.ServerFault("answer_cut")
    cancel_refused = errors.Rejected([Problem("SHIPPED", "it left")])
    picky(house, {("ensure_order", order["order_id"]): unheard, ("cancel_order", order["order_id"]): cancel_refused})
    house.live(400, step=30)
    house.control("POST", f"orders/{order['order_id']}/cancel", {})
    house.live(1200, step=60)
    assert (state_of(order), house.refused_codes() >= {"cancel_refused"}) == ("creating", True)

    import_orders.put_aside(house.deps, house.account, models.Order.objects.get(), "camille")
    house.live(60)

    assert state_of(order) == "cancelled"
    assert "cancel_refused" not in house.refused_codes()


def test_an_order_refused_by_the_shop_and_then_cancelled_at_amazon_is_cancelled_wherever_it_is(house):
    house.live(60)
    order = house.buy("SOAP")
    says = picky(house, {("ensure_order", order["order_id"]): errors.Rejected([Problem("x", "no")])})
    house.live(600, step=30)
    assert models.Order.objects.get().hold_reason == "refused_by_shop"
    says.clear()
    # The shop had made it after all, before it said no.
    draft = import_orders.step(orders.body_of(models.Order.objects.get(), house.deps.vault), None, {"SOAP": "SOAP"})
    house.deps.open.shop(house.shop).ensure_order(draft.draft)

    house.control("POST", f"orders/{order['order_id']}/cancel", {})
    house.live(600, step=30)

    assert state_of(order) == "cancelled"
    assert [p.name for p in (house.folder / "orders/cancelled").iterdir()] == [f"{order['order_id']}.json"]


def test_the_cancellation_of_a_known_order_that_could_not_be_read_is_not_lost(house):
    house.live(60)
    order = house.buy("SOAP")
    house.live(600, step=30)
    assert state_of(order) == "created"
    for operation in ("searchOrders", "getOrder"):
        house.control("POST", "faults", {"kind": "unknown-enum", "operation": operation})
    house.control("POST", f"orders/{order['order_id']}/cancel", {})
    house.live(2400, step=60)
    assert state_of(order) == "created"

    house.control("DELETE", "faults")
    house.live(600, step=60)

    assert state_of(order) == "cancelled"


def test_what_is_in_the_book_is_worked_off_while_amazon_will_not_be_read(make_house):
    house = make_house(on_amazon={"SOAP": ("6.90", 12), "OIL-50": ("14.50", 5)})
    house.live(60)
    held = house.buy("OIL-50")
    house.live(600, step=30)
    house.control("POST", "faults", {"kind": "status-500", "operation": "searchOrders"})
    house.live(600, step=30)

    link_offers.decide(house.deps, house.account, SellerSku("OIL-50"), VariantId("OIL"), same=True, by="me")
    house.live(60)

    assert house.shop_orders() == [held["order_id"]]


def test_an_order_and_what_becomes_of_it_share_one_correlation(house):
    house.live(60)
    order = house.buy("SOAP")
    house.live(600, step=30)

    rows = models.Journal.objects.filter(subject=order["order_id"])

    assert {"order_seen", "order_created"} <= set(rows.values_list("code", flat=True))
    assert len(set(rows.values_list("correlation", flat=True))) == 1


def test_an_order_gone_from_the_shop_is_told_once_and_proven_again_later(house):
    house.live(60)
    house.buy("SOAP")
    house.live(600, step=30)
    for path in (house.folder / "orders/new").iterdir():
        path.unlink()
    now = house.deps.clock.now()
    models.Account.objects.update(catch_up_from=house.account.import_since, resumed_at=now)

    house.live(1200, step=60)

    assert models.CatchUp.objects.count() == 1
    assert house.journal().count("orders_missing") == 1
    assert "orders_missing" in house.refused_codes()


class NoBuyers:
    """An Amazon that refuses the buyers' data with the whole question, while it is `refusing`."""

    def __init__(self, box):
        self.box = box
        self.refusing = True
        box.buyers = self

    def __call__(self, environ, start_response):
        if self.refusing and environ["PATH_INFO"].endswith("/orders") and "BUYER" in environ["QUERY_STRING"]:
            start_response("403 Forbidden", [("content-type", "application/json")])
            return [
                b'{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":""}]}'
            ]
        return self.box.wsgi(environ, start_response)


def test_an_application_that_may_not_see_buyers_still_reads_orders_after_hours(make_house):
    house = make_house(transport=NoBuyers)
    house.live(5 * 3600, step=60)
    order = house.buy("SOAP")

    house.live(1800, step=60)

    row = models.Order.objects.get(order_id=order["order_id"])
    assert row.hold_reason == "address_missing"
    assert house.account.orders_known_until > row.purchased_at


def test_a_reading_without_the_buyers_data_takes_nothing_of_what_is_known(make_house):
    house = make_house(on_amazon={"SOAP": ("6.90", 12), "OIL-50": ("14.50", 5)}, transport=NoBuyers)
    house.box.buyers.refusing = False
    house.live(60)
    order = house.buy("OIL-50")
    house.control("POST", f"orders/{order['order_id']}/request-cancellation", {})
    house.live(600, step=30)
    known = orders.body_of(models.Order.objects.get(), house.deps.vault)
    assert known.ship_to is not None
    assert "cancel_asked" in house.refused_codes()

    house.box.buyers.refusing = True
    house.live(600, step=30)

    assert orders.body_of(models.Order.objects.get(), house.deps.vault) == known
    assert "cancel_asked" in house.refused_codes()
    link_offers.decide(house.deps, house.account, SellerSku("OIL-50"), VariantId("OIL"), same=True, by="me")
    house.live(60)
    assert house.shop_orders() == [order["order_id"]]


FAULT = errors.ServerFault("shop_internal")


@pytest.mark.parametrize("asked", ["ensure_order", "order"])
def test_an_order_the_shop_fails_on_for_ever_is_told_and_missing_after_a_stop_until_it_is_in(house, asked):
    house.live(60)
    before = house.buy("SOAP")
    says = picky(house, {("ensure_order", before["order_id"]): FAULT})
    house.live(1200, step=150)
    assert "order_not_created" not in house.refused_codes()
    house.live(1200, step=150)
    notice = models.Notice.objects.get(code="order_not_created", closed_at=None)
    assert (notice.placeholders["count"], notice.placeholders["orders"]) == ("1", before["order_id"])
    assert notice.placeholders["problem"].startswith("shop_internal")

    house.control("POST", f"sellers/{house.seller}/revoke", {})
    house.live(1200, step=150)
    assert house.account.standing == "refused"
    during, good = house.buy("SOAP"), house.buy("OIL")
    says[asked, during["order_id"]] = says["ensure_order", during["order_id"]] = FAULT
    told = {"application_id": house.application["application_id"]}
    token = house.control("POST", f"sellers/{house.seller}/authorize", told)
    authorize.enter_token(house.deps, house.account, Secret(token["refresh_token"]), None)
    house.live(2 * 3600, step=300)

    proof = models.CatchUp.objects.get()
    assert (proof.missing_now, house.account.catch_up_from is not None) == (2, True)
    assert {"orders_missing", "order_not_created"} <= house.refused_codes()
    assert orders.not_in_shop(house.account_id) == 2
    assert house.shop_orders() == [good["order_id"]]

    says.clear()
    house.live(2 * 3600, step=300)

    assert len(house.shop_orders()) == 3
    proof.refresh_from_db()
    assert (proof.missing_now, house.account.catch_up_from) == (0, None)
    assert not house.refused_codes() & {"orders_missing", "order_not_created"}
    assert orders.not_in_shop(house.account_id) == 0


def test_a_person_puts_an_order_aside_that_the_shop_fails_on(house):
    house.live(60)
    order = house.buy("SOAP")
    picky(house, {("ensure_order", order["order_id"]): FAULT})
    house.live(2400, step=150)
    assert "order_not_created" in house.refused_codes()
    row = models.Order.objects.get()
    assert orders.may_put_aside(row)

    import_orders.put_aside(house.deps, house.account, row, "camille")
    house.live(600, step=60)

    assert state_of(order) == "recorded"
    assert "order_not_created" not in house.refused_codes()
    assert house.shop_orders() == []


def test_a_person_has_an_order_tried_again_that_the_shop_failed_on(house):
    house.live(60)
    order = house.buy("SOAP")
    says = picky(house, {("ensure_order", order["order_id"]): FAULT})
    house.live(3 * 3600, step=300)
    says.clear()
    assert models.Order.objects.get().not_before - house.deps.clock.now() > timedelta(minutes=2)

    import_orders.try_again(house.deps, models.Order.objects.get())
    house.tick()

    assert house.shop_orders() == [order["order_id"]]
