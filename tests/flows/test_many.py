"""More than one burst of calls: what is read page by page goes on where it stood."""

from datetime import timedelta

from forain.core.secret import Secret
from forain.flows import authorize
from forain.store import models


def test_a_shelf_of_many_pages_is_read_to_its_end(make_house):
    goods = {f"SKU-{n:04}": ("6.90", 3) for n in range(150)}
    house = make_house(goods)

    house.live(60, step=5)

    assert models.Offer.objects.count() == 150
    assert models.Account.objects.get().offers_swept_at is not None


def buy_many(house, count):
    return sorted(house.buy("SOAP")["order_id"] for _ in range(count))


def test_more_orders_than_one_burst_of_pages_are_all_read_and_go_into_the_shop_meanwhile(make_house):
    house = make_house({"SOAP": ("6.90", 500)})
    house.live(30)
    house.orders_a_page(2)
    bought = buy_many(house, 60)
    house.advance(180)

    house.live(60, step=20)
    meanwhile = house.shop_orders()
    house.live(4800, step=60)

    assert 20 < len(meanwhile) < 60
    assert house.shop_orders() == bought


def test_after_a_stop_more_orders_than_one_burst_of_pages_are_proven(make_house):
    house = make_house({"SOAP": ("6.90", 500)})
    house.live(60)
    house.orders_a_page(2)
    authorization = f"sellers/{house.seller}"
    house.control("POST", f"{authorization}/revoke", {})
    house.live(900, step=60)
    bought = buy_many(house, 30)
    token = house.control("POST", f"{authorization}/authorize", {"application_id": house.application["application_id"]})
    authorize.enter_token(house.deps, house.account, Secret(token["refresh_token"]), None)
    house.advance(180)

    house.live(9000, step=60)

    proof = models.CatchUp.objects.get()
    assert (proof.missing_before, proof.missing_now) == (30, 0)
    assert house.shop_orders() == bought


def test_what_sold_in_a_long_gap_shows_the_shops_price_and_stock_while_the_proof_is_still_read(make_house):
    house = make_house({"SOAP": ("6.90", 500)})
    house.live(60)
    house.orders_a_page(1)
    authorization = f"sellers/{house.seller}"
    house.control("POST", f"{authorization}/revoke", {})
    house.live(900, step=60)
    buy_many(house, 22)
    house.change("SOAP", price="7.30", stock=600)
    house.advance(30 * 86400)
    token = house.control("POST", f"{authorization}/authorize", {"application_id": house.application["application_id"]})
    authorize.enter_token(house.deps, house.account, Secret(token["refresh_token"]), None)

    until = house.deps.clock.now() + timedelta(minutes=50)
    while house.quantity("SOAP") != 600 - 22 and house.deps.clock.now() < until:
        house.tick()
        # To the second at which the list may be asked again, as a worker does: it decides whose turn it is.
        due_at = models.Run.objects.get(flow="import_orders").due_at
        house.advance(min(max((due_at - house.deps.clock.now()).total_seconds(), 1), 60))

    assert (house.quantity("SOAP"), house.amazon("SOAP")["prices"]) == (600 - 22, {"A13V1IB3VIYZZH": "7.30"})
    assert house.account.catch_up_from is not None
