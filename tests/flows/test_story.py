"""The story of the demo, in-process: one shop, one account, from connecting to renewal."""

from django.db.models import F

from forain.core.secret import Secret
from forain.flows import authorize
from forain.store import models


def test_stock_and_prices_become_true_on_amazon(house):
    house.live(60)

    assert house.quantity("SOAP") == 12
    assert house.quantity("OIL") == 5
    assert house.amazon("SOAP")["prices"] == {"A13V1IB3VIYZZH": "6.90"}
    assert not models.Offer.objects.filter(wanted_no__gt=F("settled_no")).exists()


def test_one_correlation_leads_from_a_change_in_the_shop_to_amazon_showing_it(house):
    house.live(60)
    before = models.Journal.objects.latest("id").pk
    house.change("SOAP", stock=9)

    house.live(60)

    chain = models.Journal.objects.filter(pk__gt=before, subject="A13V1IB3VIYZZH/SOAP").order_by("id")
    assert [row.code for row in chain] == ["told", "observed"]
    assert len({row.correlation for row in chain}) == 1
    assert chain[0].correlation == models.Offer.objects.get(sku="SOAP").correlation != ""


def test_an_order_comes_into_the_shop_once_and_its_shipment_goes_back(house):
    house.live(60)
    order = house.buy("SOAP", 2)

    house.live(600, step=20)

    assert house.shop_orders() == [order["order_id"]]
    assert house.quantity("SOAP") == 10
    (house.folder / "shipments" / "one.csv").write_text(
        f"order,carrier,tracking\n{order['order_id']},Colissimo,6A123\n"
    )
    house.live(400, step=20)
    shown = next(o for o in house.control("GET", "state")["orders"] if o["order_id"] == order["order_id"])
    assert shown["status"] == "SHIPPED"
    assert shown["packages"]["1"] == {"carrier": "Colissimo", "tracking": "6A123"}


def test_the_year_ends_everything_stops_and_renewal_catches_up(house):
    house.live(60)
    house.advance(170 * 86400)
    house.rotate()
    house.advance(170 * 86400)
    house.live(120)
    house.rotate()
    assert models.Reminder.objects.filter(account_id=house.account_id).exists()
    house.advance(30 * 86400)
    house.live(60)
    house.live(600, step=30)
    assert "authorization_expired" in house.refused_codes()

    house.buy("SOAP")
    house.buy("OIL")
    house.change("SOAP", stock=30)
    house.live(900, step=60)
    assert house.shop_orders() == []
    assert house.quantity("SOAP") == 11

    granted = house.control(
        "POST", f"sellers/{house.seller}/authorize", {"application_id": house.application["application_id"]}
    )
    authorize.enter_token(house.deps, house.account, Secret(granted["refresh_token"]), None)
    house.live(600, step=20)

    assert len(house.shop_orders()) == 2
    proof = models.CatchUp.objects.latest("id")
    assert (proof.missing_before, proof.missing_now) == (2, 0)
    assert house.quantity("SOAP") == 29
    assert "authorization_expired" not in house.refused_codes()
