"""A listing that was asked for and was not in the answer: nothing was seen, so nothing rests upon it."""

from datetime import timedelta

import pytest

from forain.core.ids import AccountId, SubmissionId
from forain.core.offers import Change
from forain.flows import mirror_catalogue, observe_offers, reconcile_offers
from forain.store import models, offers
from forain_box import listing_writes

from .conftest import FR


def take_away(house) -> None:
    """The seller deletes the listing at Amazon; nothing tells us."""
    listing_writes.remove(house.box.world, {"seller": house.seller, "sku": "SOAP", "site": FR})


def soap() -> models.Offer:
    return models.Offer.objects.get(sku="SOAP")


def tell(house, quantity: int) -> None:
    """This quantity is on its way to Amazon."""
    account, now = AccountId(house.account_id), house.deps.clock.now()
    offers.mark(account, now, skus=["SOAP"])
    (row,) = offers.claim(account, now, 20)
    offers.intend([(row, Change(offers.key_of(row), quantity, None))], now)
    offers.accepted(row, SubmissionId("told"), now)


@pytest.mark.parametrize("long_ago", [False, True], ids=["just seen", "seen a while ago"])
def test_a_listing_that_was_missed_is_told_nothing(house, long_ago):
    house.live(60)
    house.advance(reconcile_offers.FRESH.total_seconds() if long_ago else 0)
    house.advance(10)
    tell(house, 11)
    take_away(house)
    house.advance(10)
    observe_offers.observe_offers(house.deps, house.account)

    house.change("SOAP", stock=9)
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)
    reconcile_offers.reconcile_offers(house.deps, house.account)
    house.advance(10)

    assert [x["sku"] for x in house.control("GET", "state")["listings"]] == ["OIL"]


def test_what_a_missing_listing_showed_before_proves_nothing(house):
    house.live(60)
    seen_at = soap().observed_at
    house.advance(10)
    tell(house, 12)
    take_away(house)
    house.advance(10)

    again_at = observe_offers.observe_offers(house.deps, house.account)

    assert soap().observed_at == seen_at
    assert soap().submission == "told"
    assert again_at > house.deps.clock.now()
    assert "SOAP" not in [row.sku for row in unproven(house)]
    house.advance(observe_offers.LOOK_AGAIN.total_seconds())
    assert "SOAP" in [row.sku for row in unproven(house)]


def unproven(house) -> list[models.Offer]:
    now = house.deps.clock.now()
    return offers.unproven(AccountId(house.account_id), now, 20, observe_offers.LOOK_AGAIN, now - timedelta(minutes=30))


def test_a_listing_that_comes_back_is_told_and_settled_again(house):
    house.live(60)
    house.change("SOAP", stock=11)
    offers.not_there([soap().pk], house.deps.clock.now() + timedelta(seconds=1))

    house.live(300)

    assert house.quantity("SOAP") == soap().observed_quantity == 11
    assert soap().wanted_no == soap().settled_no
