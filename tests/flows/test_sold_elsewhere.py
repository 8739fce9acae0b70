"""What was sold on one account or SKU is seen by all that share its stock, and given back when the sale falls away."""

import pytest

from forain.core.ids import AccountId, SellerSku, VariantId
from forain.core.secret import Secret
from forain.engine import schedule
from forain.flows import authorize, import_orders, link_offers, mirror_catalogue, reconcile_offers
from forain.store import accounts, models, offers, orders

FR = "A13V1IB3VIYZZH"
DE = "A1PA6795UKMFR9"


def second_account(house):
    """A second seller on the same shop, whose SOAP is the same variant."""
    house.control("POST", "sellers", {"seller_id": "A2SECONDSELLER", "region": "eu", "marketplace_ids": [DE]})
    house.control(
        "POST", "listings",
        [{"seller_id": "A2SECONDSELLER", "sku": "SOAP", "asin": "B0SECOND01", "marketplace_id": DE, "quantity": 1,
          "title": "SOAP", "price": {"amount": "9.99", "currency": "EUR"}}],
    )  # fmt: skip
    now = house.deps.clock.now()
    row = models.Account.objects.create(
        marketplace="amazon", name="Second", region="EU", seller="A2SECONDSELLER",
        application=house.account.application, shop=house.shop, options=house.account.options, created_at=now,
    )  # fmt: skip
    token = house.control(
        "POST", "sellers/A2SECONDSELLER/authorize", {"application_id": house.application["application_id"]}
    )
    authorize.enter_token(house.deps, accounts.get(AccountId(row.pk)), Secret(token["refresh_token"]), now)
    accounts.allow_writes(AccountId(row.pk), DE, "test", now)
    return row


def of(house, seller, sku):
    found = house.control("GET", "state")["listings"]
    return next(x["availability"]["DEFAULT"] for x in found if (x["seller_id"], x["sku"]) == (seller, sku))


def test_a_pending_order_of_one_account_lowers_the_other_account_of_the_shop(house):
    second_account(house)
    house.live(120)
    assert of(house, "A2SECONDSELLER", "SOAP") == 12

    house.buy("SOAP", 2, pending_seconds=86400)
    house.live(600, step=30)

    assert of(house, "A2SECONDSELLER", "SOAP") == 10


def test_a_pending_order_lowers_every_sku_of_the_same_article(make_house):
    house = make_house(
        {"SOAP": ("6.90", 12), "OIL": ("14.50", 5)},
        on_amazon={"SOAP": ("9.99", 1), "OIL": ("9.99", 1), "SOAP-OLD": ("9.99", 1)},
    )
    house.live(30)
    link_offers.decide(house.deps, house.account, SellerSku("SOAP-OLD"), VariantId("SOAP"), same=True, by="me")
    house.live(120)
    assert (house.quantity("SOAP"), house.quantity("SOAP-OLD")) == (12, 12)

    house.buy("SOAP", 2, pending_seconds=86400)
    house.live(600, step=30)

    assert (house.quantity("SOAP"), house.quantity("SOAP-OLD")) == (10, 10)


def test_pieces_that_wait_count_at_every_account_while_their_sku_is_linked_by_a_person(house):
    second_account(house)
    house.control(
        "POST", "listings",
        [{"seller_id": house.seller, "sku": "SOAP-OLD", "asin": "B0SECOND01", "marketplace_id": FR, "quantity": 9,
          "title": "SOAP", "price": {"amount": "9.99", "currency": "EUR"}}],
    )  # fmt: skip
    house.live(120)
    house.buy("SOAP-OLD", 2, pending_seconds=864000)
    house.live(600, step=30)
    assert of(house, "A2SECONDSELLER", "SOAP") == 12

    link_offers.decide(house.deps, house.account, SellerSku("SOAP-OLD"), VariantId("SOAP"), same=True, by="me")
    house.live(600, step=30)
    assert of(house, "A2SECONDSELLER", "SOAP") == 10

    link_offers.decide(house.deps, house.account, SellerSku("SOAP-OLD"), VariantId("SOAP"), same=False, by="me")
    house.live(600, step=30)
    assert of(house, "A2SECONDSELLER", "SOAP") == 12


def test_pieces_that_wait_count_at_every_account_once_their_sku_is_linked_by_itself(house):
    second_account(house)
    house.live(120)
    models.Link.objects.filter(account=house.account, sku="SOAP").delete()
    models.Offer.objects.filter(account=house.account, sku="SOAP").delete()
    house.buy("SOAP", 2, pending_seconds=864000)
    house.live(600, step=30)
    assert of(house, "A2SECONDSELLER", "SOAP") == 12

    schedule.FLOWS["sweep_offers"].run(house.deps, house.account)
    house.live(600, step=30)

    assert of(house, "A2SECONDSELLER", "SOAP") == 10


def test_a_pending_order_that_is_cancelled_gives_its_pieces_back_by_itself(house):
    house.live(60)
    order = house.buy("SOAP", 2, pending_seconds=86400)
    house.live(600, step=30)
    assert house.quantity("SOAP") == 10

    house.control("POST", f"orders/{order['order_id']}/cancel", {})
    house.live(900, step=30)

    assert house.quantity("SOAP") == 12
    assert models.Order.objects.get().state == "cancelled"


def look_once(house):
    """Shop and orders are read, and only then what waits is worked off."""
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)
    import_orders.import_orders(house.deps, house.account)
    reconcile_offers.reconcile_offers(house.deps, house.account)


def test_pieces_of_a_cancelled_order_that_the_shop_has_no_more_are_not_for_sale_again(house):
    house.live(60)
    order = house.buy("SOAP", 2, pending_seconds=86400)
    house.change("SOAP", stock=0)
    house.live(600, step=30)
    assert house.quantity("SOAP") == 0

    house.control("POST", f"orders/{order['order_id']}/cancel", {})
    assert house.quantity("SOAP") == 2
    house.live(900, step=30)

    assert house.quantity("SOAP") == 0


def test_pieces_sold_on_amazon_are_for_sale_again_where_the_shop_got_as_many(house):
    house.live(60)
    house.buy("SOAP", 2, pending_seconds=86400)
    assert house.quantity("SOAP") == 10
    house.advance(600)

    house.change("SOAP", stock=14)
    look_once(house)
    house.live(900, step=30)

    assert house.quantity("SOAP") == 12


def test_an_offer_that_orders_moved_and_amazon_does_not_show_is_asked_for_now_and_then(house):
    house.live(60)
    house.buy("SOAP", 2, pending_seconds=86400)
    house.advance(600)
    del house.box.world.state.listings[house.seller]["SOAP"]
    house.change("SOAP", stock=14)

    look_once(house)

    row = models.Offer.objects.get(sku="SOAP")
    assert row.not_before is not None
    assert row.not_before > house.deps.clock.now()


def test_a_look_that_began_before_an_order_was_read_does_not_count_as_one_after_it(house):
    house.live(60)
    account = AccountId(house.account_id)
    before = models.Offer.objects.get(sku="SOAP")
    offers.move(account, ["SOAP"])
    old = models.Offer.objects.get(sku="SOAP")
    offers.move(account, ["SOAP"])

    offers.looked([before, old])

    assert offers.moved(models.Offer.objects.get(sku="SOAP"))
    offers.looked([models.Offer.objects.get(sku="SOAP")])
    assert not offers.moved(models.Offer.objects.get(sku="SOAP"))


def test_while_an_order_cannot_be_read_nothing_that_fell_is_put_back_on_sale(house):
    house.live(60)
    house.buy("SOAP", 2)
    for operation in ("searchOrders", "getOrder"):
        house.control("POST", "faults", {"kind": "unknown-enum", "operation": operation})
    house.live(600, step=30)
    house.change("SOAP", price="7.50")

    schedule.FLOWS["sweep_offers"].run(house.deps, house.account)
    house.live(3600, step=60)

    assert models.Order.objects.get().hold_reason == "unreadable"
    assert house.quantity("SOAP") == 10


def test_a_person_takes_care_of_a_held_order_and_its_pieces_count_no_more(make_house):
    house = make_house()
    house.live(60)
    held = house.buy("OIL", 2, pending_seconds=86400)
    house.live(600, step=30)
    assert house.quantity("OIL") == 3
    row = models.Order.objects.get(order_id=held["order_id"])

    import_orders.put_aside(house.deps, house.account, row, "camille")
    house.live(600, step=30)

    assert models.Order.objects.get().state == "recorded"
    assert house.quantity("OIL") == 5
    assert house.journal(held["order_id"])[-1] == "order_put_aside"
    assert house.shop_orders() == []


@pytest.mark.parametrize("many", [40])
def test_the_pieces_of_many_held_orders_are_added_up_in_a_few_questions(house, many, django_assert_max_num_queries):
    from forain.flows.reconcile_offers import unimported_per_variant

    house.live(30)
    now = house.deps.clock.now()
    for n in range(many):
        models.Order.objects.create(
            account=house.account, order_id=f"302-{n}", site=FR, state="held", status="pending", pieces={"SOAP": 1, f"X{n}": 1},
            fulfilled_by="merchant", purchased_at=now, updated_at=now, seen_at=now,
        )  # fmt: skip

    with django_assert_max_num_queries(3):
        found = unimported_per_variant(house.account, {VariantId("SOAP")})

    assert found == {"SOAP": many}
    assert len(orders.held_by_reason(AccountId(house.account_id))) == 1


def test_a_fall_that_only_looks_like_the_one_we_know_is_not_raised_over(house):
    house.live(60)
    known = house.deps.clock.now()
    house.buy("SOAP")
    house.advance(3600)
    # As it was when an order that is cancelled by now had taken a piece: the number is the same, the buyer another.
    models.Offer.objects.filter(sku="SOAP").update(
        observed_quantity=11, observed_at=known, acknowledged_quantity=12, submission=""
    )
    models.Account.objects.update(sales_known_until=known)
    house.change("SOAP", stock=20)
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)

    reconcile_offers.reconcile_offers(house.deps, house.account)
    house.advance(10)

    assert house.quantity("SOAP") == 11
    house.live(1200, step=15)
    assert house.quantity("SOAP") == 19


def test_an_order_that_changed_right_after_a_list_ended_is_not_raised_over(house):
    house.live(60)
    house.buy("SOAP", pending_seconds=250)
    house.change("SOAP", stock=20)
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)
    house.advance(10)
    schedule.FLOWS["sweep_offers"].run(house.deps, house.account)
    assert house.quantity("SOAP") == 11
    # It is paid, and moves behind the end of the list that is read now; so it is in no list before the next one.
    house.advance(260)
    import_orders.import_orders(house.deps, house.account)
    assert house.account.orders_known_until > models.Offer.objects.get(sku="SOAP").observed_at
    assert not models.Order.objects.exists()

    reconcile_offers.reconcile_offers(house.deps, house.account)
    house.advance(10)

    assert house.quantity("SOAP") == 11
    house.live(1200, step=15)
    assert house.quantity("SOAP") == 19
