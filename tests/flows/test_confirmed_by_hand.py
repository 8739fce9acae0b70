"""What was confirmed by hand in Seller Central while sync stood still is recognized after the return, and not told again."""

import pytest

from forain import wiring
from forain.core.secret import Secret
from forain.flows import authorize
from forain.store import models
from forain.web import words
from tests.people import come_in


def packages(house, order_id):
    return next(o for o in house.control("GET", "state")["orders"] if o["order_id"] == order_id)["packages"]


def calls(house, operation):
    return [r for r in house.control("GET", "requests") if r["operation"] == operation]


def stopped(house, sku="SOAP"):
    """An order in the shop, then access withdrawn at Amazon."""
    house.live(30, step=30)
    order_id = house.buy(sku, 2)["order_id"]
    house.live(600, step=60)
    assert house.shop_orders() == [order_id]
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    house.advance(3700)
    house.live(200, step=70)
    assert house.account.standing == "refused"
    return order_id


def confirmed_in_seller_central(house, order_id, tracking, reference, pieces=None):
    """As the seller's own page does: the box takes it like a confirmation, from somebody who may."""
    from forain_box import trade
    from forain_box.state import Package

    world = house.box.world
    order = world.state.orders[order_id]
    items = {line.item_id: pieces or line.quantity for line in order.lines}
    trade.confirm_package(world, order, Package(reference, "Colissimo", tracking, "", world.now(), items))
    house.advance(60)


def ship(house, order_id, tracking):
    (house.folder / "shipments" / "one.csv").write_text(f"order,carrier,tracking\n{order_id},Colissimo,{tracking}\n")


def renew(house):
    told = {"application_id": house.application["application_id"]}
    token = house.control("POST", f"sellers/{house.seller}/authorize", told)["refresh_token"]
    authorize.enter_token(house.deps, house.account, Secret(token), None)


@pytest.mark.parametrize("reference", ["1", "77"])
@pytest.mark.parametrize("in_shop", ["before the return", "after the return"])
def test_a_confirmation_made_by_hand_stays_as_it_is_and_nothing_is_to_do(house, reference, in_shop):
    order_id = stopped(house)
    if in_shop == "before the return":
        ship(house, order_id, "6A-SHOP")
        house.live(660, step=220)
        assert models.Parcel.objects.get().confirmed_at is None
    confirmed_in_seller_central(house, order_id, "6A-HAND", reference)

    renew(house)
    house.live(120, step=60)
    ship(house, order_id, "6A-SHOP")
    house.live(600, step=60)

    assert packages(house, order_id) == {reference: {"carrier": "Colissimo", "tracking": "6A-HAND"}}
    assert calls(house, "confirmShipment") == []
    # A parcel that comes into the shop only after the order was read as shipped is not even looked at.
    assert not models.Parcel.objects.filter(confirmed_at=None).exists()
    for entry in models.Journal.objects.filter(code="shipment_confirmed"):
        said = words.tell("en", "entry.shipment_confirmed", entry.placeholders)
        assert said.startswith("Amazon has the shipment already")
    assert house.journal(order_id).count("shipment_confirmed") == (in_shop == "before the return")
    assert "shipment_refused" not in house.refused_codes()
    house.live(600, step=60)
    assert calls(house, "confirmShipment") == []


def test_what_nobody_confirmed_by_hand_is_told_after_the_return(house):
    order_id = stopped(house)
    ship(house, order_id, "6A-SHOP")

    renew(house)
    house.live(600, step=60)

    assert packages(house, order_id) == {"1": {"carrier": "Colissimo", "tracking": "6A-SHOP"}}
    assert len(calls(house, "confirmShipment")) == 1


def test_one_confirmed_in_part_by_hand_is_never_told_over_its_pieces(house):
    """Amazon refuses more pieces than there are; what is left to do then stands on the page, and nothing is doubled."""
    order_id = stopped(house)
    confirmed_in_seller_central(house, order_id, "6A-HAND", "77", pieces=1)
    ship(house, order_id, "6A-SHOP")

    renew(house)
    house.live(600, step=60)

    assert packages(house, order_id)["77"]["tracking"] == "6A-HAND"
    assert len(calls(house, "confirmShipment")) == 1


def test_an_order_bought_since_the_return_costs_no_further_question(house):
    stopped(house)
    renew(house)
    house.live(120, step=60)
    order_id = house.buy("OIL")["order_id"]
    house.live(600, step=60)
    before = len(calls(house, "getOrder"))

    ship(house, order_id, "6A-SHOP")
    house.live(300, step=60)

    assert packages(house, order_id)["1"]["tracking"] == "6A-SHOP"
    assert len(calls(house, "getOrder")) == before


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_held_work_shows_its_number_and_age_where_the_stop_is_shown(house, client, monkeypatch, language):
    order_id = stopped(house)
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    house.change("SOAP", stock=3)
    house.change("OIL", stock=2)
    house.live(60, step=60)
    ship(house, order_id, "6A-SHOP")
    house.live(660, step=220)
    waiting = models.Offer.objects.filter(account_id=house.account_id, marked_at__isnull=False).count()
    house.advance(3 * 3600)

    for path in ("/", f"/accounts/{house.account_id}"):
        page = client.get(path, headers={"accept-language": language}).content.decode().replace("&#x27;", "'")
        age = words.span(language, 3 * 3600)
        assert words.say(language, "dash.meanwhile") in page
        assert words.say(language, "dash.meanwhile_offers", {"count": waiting, "time": age}) in page
        assert words.say(language, "dash.meanwhile_parcels", {"count": 1, "time": age}) in page


def test_an_account_that_runs_shows_nothing_as_held(house, client, monkeypatch):
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    house.live(60, step=30)
    house.change("SOAP", stock=3)

    assert words.say("en", "dash.meanwhile") not in client.get("/").content.decode()
