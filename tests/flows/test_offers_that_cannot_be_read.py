"""An offer that is there and cannot be read keeps its last reading with its own date: it is not gone, and not fresh."""

from datetime import timedelta

from forain.core.ids import AccountId
from forain.engine import jobs
from forain.flows import mirror_catalogue, observe_offers, reconcile_offers, setup
from forain.store import models, offers, runs
from forain_box import listing_writes

from .conftest import FR
from .test_odd_answers import bending, house_with
from .test_offers_asked_for_in_vain import soap, tell, unproven


def garbled(*skus, hidden=()):
    """Answers in which these offers have no readable quantity, and the hidden ones are left out."""

    def bend(path, answer):
        if "items" in answer and "/listings/" in path:
            answer["items"] = [item for item in answer["items"] if item["sku"] not in hidden]
            for item in answer["items"]:
                if item["sku"] in skus:
                    item["fulfillmentAvailability"] = [{"fulfillmentChannelCode": "DEFAULT", "quantity": "five"}]
        return answer

    return bend


def sweep(house) -> models.Run:
    runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["sweep_offers"])
    jobs.run(house.deps, "sweep_offers", f"account:{house.account_id}")
    return models.Run.objects.get(flow="sweep_offers")


def skus() -> set[str]:
    return set(models.Offer.objects.values_list("sku", flat=True))


def test_the_last_reading_stays_with_its_own_date_and_the_reason(make_house):
    house = house_with(make_house)
    before = soap()
    house.box.bend = garbled("SOAP")
    house.advance(10)

    sweep(house)

    assert (soap().observed_quantity, soap().observed_at) == (12, before.observed_at)
    assert offers.missed(soap())
    assert [code for code, *_ in soap().problems] == ["unreadable"]
    assert house.journal(f"{FR}/SOAP")[-1] == "offer_unreadable"
    house.box.bend = None
    house.advance(10)
    sweep(house)
    assert soap().observed_at > before.observed_at
    assert not offers.missed(soap())
    assert soap().problems == []


def test_nothing_is_told_upon_what_could_not_be_read_since(make_house):
    house = house_with(make_house)
    house.box.bend = garbled("SOAP")
    house.advance(10)
    sweep(house)

    house.change("SOAP", stock=3)
    house.change("OIL", stock=3)
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)
    reconcile_offers.reconcile_offers(house.deps, house.account)
    house.advance(10)

    assert (house.quantity("SOAP"), house.quantity("OIL")) == (12, 3)
    house.box.bend = None
    house.live(reconcile_offers.FRESH.total_seconds() + 60, step=30)
    assert house.quantity("SOAP") == soap().observed_quantity == 3


def test_what_it_showed_before_proves_nothing_and_it_is_asked_for_with_pauses(make_house):
    house = house_with(make_house)
    house.advance(10)
    tell(house, 12)
    house.box.bend = garbled("SOAP")
    house.advance(10)

    sweep(house)

    assert not offers.proven(soap())
    assert unproven(house) == []
    house.advance(observe_offers.LOOK_AGAIN.total_seconds())
    assert [row.sku for row in unproven(house)] == ["SOAP"]
    observe_offers.observe_offers(house.deps, house.account)
    assert unproven(house) == []
    assert soap().submission == "told"
    house.box.bend = None
    house.advance(observe_offers.LOOK_AGAIN.total_seconds())
    observe_offers.observe_offers(house.deps, house.account)
    assert soap().submission == ""


def test_an_offer_that_was_unreadable_once_and_is_gone_is_forgotten_also_when_it_is_asked_for_meanwhile(make_house):
    house = house_with(make_house)
    house.box.bend = garbled("SOAP")
    house.advance(10)
    sweep(house)
    assert skus() == {"SOAP", "OIL"}

    house.box.bend = None
    listing_writes.remove(house.box.world, {"seller": house.seller, "sku": "SOAP", "site": FR})
    house.advance(10)
    offers.not_there([soap().pk], house.deps.clock.now() + timedelta(seconds=5))
    sweep(house)

    assert skus() == {"OIL"}
    assert house.journal(f"{FR}/SOAP")[-1] == "offer_gone"


def test_an_offer_that_was_unreadable_in_a_sweep_is_not_gone_whatever_is_noted_meanwhile(make_house, monkeypatch):
    """A look from before the sweep is written late, one within it shows nothing."""
    house = house_with(make_house, garbled("SOAP"))
    account, before = AccountId(house.account_id), house.deps.clock.now()
    real, seen = offers.see_unreadable, offers.observed_of(soap())
    house.advance(10)

    def others_meanwhile(unread, asked_at):
        real(unread, asked_at)
        offers.see(account, [seen], before)
        offers.not_there([soap().pk], asked_at + timedelta(seconds=1))

    monkeypatch.setattr(offers, "see_unreadable", others_meanwhile)
    sweep(house)

    assert skus() == {"SOAP", "OIL"}
    assert "offer_gone" not in house.journal()


def many(make_house):
    goods = {f"S{n:02}": ("10.00", 5) for n in range(30)}
    house = make_house(goods, on_amazon=goods, transport=bending)
    house.box.bend = None
    house.live(60)
    return house


def test_what_could_not_be_read_in_the_first_run_of_a_sweep_is_not_gone_in_its_last(make_house):
    house = many(make_house)
    house.advance(10)

    def pausing(path, answer):
        if "items" in answer and "/listings/" in path:
            setup.pause(house.deps, house.account_id, True, "person")
        return garbled("S01", hidden=("S25",))(path, answer)

    house.box.bend = pausing
    assert sweep(house).places["sweep"]["cursor"]
    setup.pause(house.deps, house.account_id, False, "person")
    house.box.bend = garbled(hidden=("S25",))
    house.advance(10)

    assert sweep(house).places == {}

    assert set(house.goods) - skus() == {"S25"}


def test_of_a_site_with_too_many_to_remember_none_counts_as_gone(make_house, monkeypatch):
    monkeypatch.setattr(observe_offers, "MOST_UNREAD", 3)
    house = many(make_house)
    house.box.bend = garbled("S01", "S02", "S03", hidden=("S25",))
    house.advance(10)
    sweep(house)
    assert set(house.goods) - skus() == {"S25"}

    house.box.bend = garbled("S01", "S02", "S03", "S28", hidden=("S25", "S26"))
    house.advance(10)
    line = sweep(house)

    assert set(house.goods) - skus() == {"S25"}
    assert line.error == ""


def test_an_offer_that_was_never_readable_is_named_and_comes_in_once_it_is(make_house):
    house = make_house(transport=bending)
    house.box.bend = garbled("SOAP")
    house.live(60)
    assert skus() == {"OIL"}
    assert house.journal(f"{FR}/SOAP") == ["offer_unreadable"]

    house.box.bend = None
    sweep(house)
    house.live(60)

    assert skus() == {"SOAP", "OIL"}
    assert house.quantity("SOAP") == soap().observed_quantity == 12


def test_an_offer_that_names_a_site_nobody_knows_is_named_and_not_gone(make_house):
    def bend(path, answer):
        for item in answer.get("items", []) if "/listings/" in path else []:
            if item["sku"] == "SOAP":
                item["summaries"][0]["marketplaceId"] = item["productTypes"][0]["marketplaceId"] = "A13V1IB3VIYZZH "
        return answer

    house = house_with(make_house, bend)
    house.advance(10)

    sweep(house)

    assert skus() == {"SOAP", "OIL"}
    assert house.journal(f"{FR}/SOAP")[-1] == "offer_unreadable"
