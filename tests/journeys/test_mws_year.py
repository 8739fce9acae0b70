"""One year in the life of an account that speaks the retired MWS: Merchant ID, Marketplace ID, MWS Token."""

from datetime import timedelta

import pytest

from forain.core import authorization
from forain.core.errors import AppRefused, GrantRefused, Rejected
from forain.core.secret import Secret
from forain.flows import authorize
from forain.store import accounts, models
from tests.flows.conftest import DAY, FR
from tests.journeys.mws import NAME, NUMBER, MwsHouse, mws_house
from tests.people import come_in

MINUTE = 60
HOUR = 3600


@pytest.fixture
def house(tmp_path, transactional_db) -> MwsHouse:
    return mws_house(tmp_path / "shop")


@pytest.fixture
def running(house) -> MwsHouse:
    house.connect()
    house.allow()
    house.live(6 * MINUTE, step=30)
    return house


def phase(house):
    return authorization.phase(accounts.facts_of(house.account), house.deps.clock.now()).value


def ship(house, order):
    file = house.folder / "shipments" / f"{order['order_id']}.csv"
    file.write_text(f"order,carrier,tracking\n{order['order_id']},Colissimo,6A{order['order_id'][-4:]}\n")


def calls_of(house, since):
    """Operations asked of the old interface from here on."""
    return [r["operation"] for r in list(house.box.world.requests)[since:] if r["operation"].startswith("mws.")]


def at_amazon(house, order):
    return next(o for o in house.control("GET", "state")["orders"] if o["order_id"] == order["order_id"])


def pages_say(client, house, monkeypatch, *paths):
    """What a merchant reads there, in French, on the house's clock."""
    monkeypatch.setattr("forain.wiring.deps", lambda: house.deps)
    return "\n".join(client.get(path, headers={"accept-language": "fr"}).content.decode() for path in paths)


def test_a_year_from_the_token_of_the_help_page_to_the_same_token_revived(house, client, monkeypatch):
    # Connected as the help page says, then stock and prices go out, an order comes in, its shipment goes back.
    house.connect()
    house.allow()
    house.live(6 * MINUTE, step=30)
    assert {sku: house.quantity(sku) for sku in house.goods} == {"SOAP": 12, "OIL": 5}
    assert house.amazon("SOAP")["prices"] == {FR: "6.90"}
    first = house.buy("SOAP", 2)
    house.live(20 * MINUTE, step=60)
    assert house.shop_orders() == [first["order_id"]]
    ship(house, first)
    house.live(9 * MINUTE, step=60)
    assert at_amazon(house, first)["status"] == "SHIPPED"

    # The year passes. Amazon's own mails go to the seller; Forain warns by itself, and earlier.
    end = house.account.expires_at
    for days in (300, 200, 100):
        house.until(end - timedelta(days=days))
    for days in (60, 30, 28, 21, 14, 7, 3):
        house.until(end - timedelta(days=days) + timedelta(minutes=1))
    house.until(end - timedelta(days=1, minutes=1))
    assert phase(house) == "expiring"
    assert "authorization_expiring" in house.refused_codes()
    come_in(client)
    seen = pages_say(client, house, monkeypatch, "/", f"/accounts/{house.account_id}")
    assert "1\N{NO-BREAK SPACE}jour" in seen
    assert "MWS Token" in seen
    assert NUMBER in seen
    house.until(end + timedelta(minutes=1))
    steps = set(models.Reminder.objects.filter(account_id=house.account_id).values_list("step", flat=True))
    assert steps == set(authorization.REMINDER_DAYS)
    assert len([m for m in house.control("GET", "mails") if m["kind"] == "mws-renew"]) == 5

    # The token is deactivated: everything of this account stops, and Amazon is only looked at now and then.
    house.live(40 * MINUTE, step=120)
    assert phase(house) == "expired"
    assert "authorization_expired" in house.refused_codes()
    before = len(house.box.world.requests)
    second, third = house.buy("OIL"), house.buy("SOAP", 3)
    house.change("SOAP", price="7.10", stock=30)
    for _ in range(4):
        house.live(20 * MINUTE, step=10 * MINUTE)
        house.advance(DAY - 30 * MINUTE)
    assert set(calls_of(house, before)) == {"mws.ListMarketplaceParticipations"}
    assert len(calls_of(house, before)) <= 5
    assert house.shop_orders() == [first["order_id"]]
    assert house.amazon("SOAP")["prices"] == {FR: "6.90"}
    assert house.quantity("SOAP") == 10 - 3

    # The same steps again, and it is the same token that lives: all goes on, and nothing of the gap is missing or twice.
    was = house.token
    assert house.authorize() == was
    assert authorize.enter_token(house.deps, house.account, Secret(house.token), None).code == "granted"
    house.live(30 * MINUTE, step=60)
    assert phase(house) == "active"
    assert house.shop_orders() == sorted(o["order_id"] for o in (first, second, third))
    proof = models.CatchUp.objects.get(account_id=house.account_id)
    assert (proof.missing_before, proof.missing_now) == (2, 0)
    assert house.amazon("SOAP")["prices"] == {FR: "7.10"}
    # Thirty in the shop's file, less the two orders that still lie there as new.
    assert house.quantity("SOAP") == 30 - 2 - 3
    assert house.refused_codes() == set()

    # An hour after the renewal Amazon's own report can count the gap: it has no order that we have not.
    house.live(2 * HOUR, step=5 * MINUTE)
    counted = models.OrderProof.objects.filter(account_id=house.account_id, until__gte=house.account.resumed_at).first()
    assert counted is not None
    assert (counted.orders, counted.missing, counted.still_missing, counted.whole) == (2, [], [], True)
    assert house.refused_codes() == set()


def test_a_token_deactivated_by_mistake_is_found_alive_again_without_a_word(running):
    # A feed is under way when the permission ends.
    running.change("SOAP", price="7.30", stock=8)
    feeds = len(running.box.world.state.feeds)
    while len(running.box.world.state.feeds) == feeds:
        running.live(15, step=15)
    running.steer("deactivate")
    running.live(40 * MINUTE, step=120)
    assert phase(running) == "revoked"
    order = running.buy("SOAP")
    running.change("OIL", stock=9)
    running.live(20 * MINUTE, step=5 * MINUTE)
    assert running.shop_orders() == []

    running.steer("reactivate")
    running.advance(DAY)
    running.live(30 * MINUTE, step=60)

    assert phase(running) == "active"
    assert running.shop_orders() == [order["order_id"]]
    assert running.quantity("OIL") == 9
    assert (running.quantity("SOAP"), running.amazon("SOAP")["prices"]) == (8 - 1, {FR: "7.30"})
    assert running.refused_codes() == set()


def test_a_deleted_token_stays_dead_and_a_new_one_is_entered(running):
    was = running.token
    running.steer("delete")
    running.live(40 * MINUTE, step=120)
    assert phase(running) == "revoked"

    assert running.authorize() != was
    running.advance(DAY)
    running.live(5 * MINUTE, step=60)
    assert phase(running) == "revoked"
    with pytest.raises(GrantRefused):
        authorize.enter_token(running.deps, running.account, Secret(was), None)
    assert authorize.enter_token(running.deps, running.account, Secret(running.token), None).code == "granted"
    order = running.buy("OIL")
    running.live(10 * MINUTE, step=60)

    assert phase(running) == "active"
    assert running.shop_orders() == [order["order_id"]]


def test_only_the_account_whose_token_was_deactivated_stops(running):
    other = "A1OTHERSELLER"
    running.control(
        "POST", "sellers", {"seller_id": other, "region": "eu", "marketplace_ids": [FR], "name": "Dominique"}
    )
    item = {"seller_id": other, "sku": "OIL", "asin": "B000000009", "marketplace_id": FR, "quantity": 1, "title": "OIL"}
    running.control("POST", "listings", [{**item, "price": {"amount": "9.99", "currency": "EUR"}}])
    told = {"application_name": NAME, "developer_number": NUMBER}
    token = running.control("POST", f"sellers/{other}/mws-authorize", told)["mws_auth_token"]
    first = running.account_id
    running.connect(seller_id=other, refresh_token=token)
    running.allow()
    running.live(6 * MINUTE, step=30)
    running.steer("deactivate")
    running.live(40 * MINUTE, step=120)

    order = running.control(
        "POST", "orders", {"seller_id": other, "marketplace_id": FR, "items": [{"sku": "OIL", "quantity": 1}]}
    )
    running.live(10 * MINUTE, step=60)

    standing = dict(models.Account.objects.values_list("pk", "standing"))
    assert standing == {first: "refused", running.account_id: "granted"}
    assert running.shop_orders() == [order["order_id"]]


def test_a_token_of_another_seller_or_a_wrong_key_connects_nothing(house):
    wrong = {
        GrantRefused: {"refresh_token": "amzn.mws.00000000-0000-0000-0000-000000000000"},
        AppRefused: {"client_secret": "x" * 40},
        Rejected: {"marketplace_id": "A1PA6795UKMFR9"},
    }
    for error, values in wrong.items():
        with pytest.raises(error):
            house.connect(**values)

    assert not models.Account.objects.exists()
    assert not models.Application.objects.exists()


def test_more_orders_than_the_quota_of_items_come_all_and_once(running):
    running.change("SOAP", stock=100)
    running.live(4 * MINUTE, step=30)
    bought = sorted(running.buy("SOAP")["order_id"] for _ in range(45))

    running.live(20 * MINUTE, step=60)

    assert running.shop_orders() == bought
    assert running.refused_codes() == set()


def test_who_throttles_is_waited_for_and_counts_as_no_illness(running):
    running.control("POST", "faults", {"kind": "throttle", "operation": "mws.ListOrders", "count": 3})
    order = running.buy("SOAP")

    running.live(20 * MINUTE, step=60)

    assert running.shop_orders() == [order["order_id"]]
    assert not models.Side.objects.exclude(failing_since=None).exists()


def test_a_shipment_tells_amazon_that_the_shop_has_the_order_and_what_left(running):
    order = running.buy("SOAP", 2)
    running.live(15 * MINUTE, step=60)
    ship(running, order)
    running.live(8 * MINUTE, step=60)

    kinds = [feed.feed_type for feed in running.box.world.state.feeds.values()]
    assert kinds.count("_POST_ORDER_ACKNOWLEDGEMENT_DATA_") == 1
    assert kinds.count("_POST_ORDER_FULFILLMENT_DATA_") == 1
    shown = at_amazon(running, order)
    assert shown["status"] == "SHIPPED"
    assert shown["packages"]["1"]["tracking"] == f"6A{order['order_id'][-4:]}"
    assert running.box.world.state.orders[order["order_id"]].seller_order_id == order["order_id"]


def test_neither_token_nor_key_nor_signature_is_kept_in_plain_text(running, caplog):
    running.steer("deactivate")
    running.live(10 * MINUTE, step=120)

    kept = [
        str(list(model.objects.values()))
        for model in (models.Journal, models.Run, models.Notice, models.Side, models.Account)
    ]
    for secret in (running.token, running.developer["aws_secret_key"]):
        assert secret not in caplog.text
        assert not [text for text in kept if secret in text]


def test_a_token_renewed_at_amazon_alone_goes_on_and_its_new_date_is_asked_for(running):
    running.until(running.account.expires_at + timedelta(minutes=1))
    running.live(40 * MINUTE, step=120)
    assert phase(running) == "expired"
    order = running.buy("OIL")

    running.steer("reactivate")
    running.advance(DAY)
    running.live(20 * MINUTE, step=60)

    # Amazon tells no program a date: it works, and Forain says that it does not know until when.
    assert phase(running) == "overdue"
    assert running.shop_orders() == [order["order_id"]]
    assert running.refused_codes() == {"authorization_overdue"}
    assert authorize.enter_token(running.deps, running.account, Secret(running.token), None).code == "granted"
    running.live(60, step=30)
    assert phase(running) == "active"
    assert running.refused_codes() == set()
