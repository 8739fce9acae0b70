"""A change that is told while something breaks or comes in between."""

from datetime import timedelta

import pytest

from forain.core.ids import AccountId, OfferKey, SubmissionId
from forain.core.offers import Change, Observed
from forain.engine import schedule
from forain.store import accounts, models, offers

FR = "A13V1IB3VIYZZH"


def waiting():
    return [o.sku for o in models.Offer.objects.all() if o.wanted_no > o.settled_no]


def test_an_outage_of_hours_raises_no_alarm_and_is_made_good(house):
    house.live(60)
    house.change("SOAP", stock=7)
    house.control("POST", "faults", {"kind": "status-500", "operation": "patchListingsItem"})
    house.live(4 * 3600, step=120)
    assert house.quantity("SOAP") == 12
    assert models.Offer.objects.get(sku="SOAP").alarm == ""

    house.control("DELETE", "faults")
    house.live(3700, step=60)

    assert house.quantity("SOAP") == 7
    assert waiting() == []


def test_an_answer_that_cannot_be_read_is_no_refusal_and_a_look_shows_whether_it_was_taken(house):
    house.live(60)
    house.control("POST", "faults", {"kind": "unknown-enum", "operation": "patchListingsItem", "count": 1})

    house.change("SOAP", stock=7)
    house.live(120)

    assert house.quantity("SOAP") == 7
    assert "offer_refused" not in house.refused_codes()
    assert models.Offer.objects.get(sku="SOAP").alarm == ""
    assert "answer_unread" in house.journal()
    assert waiting() == []


@pytest.mark.parametrize("code", ["not_taken", "refused", "not_on_marketplace"])
def test_an_alarm_about_what_amazon_shows_ends_once_a_look_shows_what_is_wanted(house, code):
    house.live(60)
    row = models.Offer.objects.get(sku="SOAP")
    offers.alarm(row, code, "", row.wanted_no, house.deps.clock.now())
    house.live(60)
    assert f"offer_{code}" in house.refused_codes()

    schedule.FLOWS["sweep_offers"].run(house.deps, house.account)
    house.live(120)

    assert models.Offer.objects.get(sku="SOAP").alarm == ""
    assert f"offer_{code}" not in house.refused_codes()


def test_an_offer_that_was_not_on_amazon_and_is_there_again_is_told(house):
    house.live(60)
    row = models.Offer.objects.get(sku="SOAP")
    offers.alarm(row, "not_on_marketplace", "", row.wanted_no, house.deps.clock.now())
    house.box.world.state.listings[house.seller]["SOAP"].availability["DEFAULT"] = 3

    schedule.FLOWS["sweep_offers"].run(house.deps, house.account)
    house.live(3600, step=30)

    assert house.quantity("SOAP") == 12


def test_a_site_set_back_to_read_only_while_a_change_is_on_its_way_is_left_in_peace(house):
    house.live(60)
    house.change("SOAP", stock=7)
    house.advance(2)
    house.tick()
    house.tick()
    accounts.forbid_writes(AccountId(house.account_id), FR)
    offers.mark(AccountId(house.account_id), house.deps.clock.now())

    house.live(300)

    assert house.journal().count("observed") <= 4
    assert not offers.any_unproven(AccountId(house.account_id))


def test_a_receipt_that_comes_after_the_proof_opens_nothing_again(house):
    house.live(60)
    now = house.deps.clock.now()
    row = models.Offer.objects.get(sku="SOAP")
    key = OfferKey(AccountId(house.account_id), FR, "SOAP")
    offers.mark(AccountId(house.account_id), now, skus=["SOAP"])
    row.refresh_from_db()
    offers.intend([(row, Change(key, 9, None))], now)
    offers.see(AccountId(house.account_id), [Observed(key, 9, None, "merchant")] * 2, now)
    offers.settle(row, row.wanted_no)

    offers.accepted(row, SubmissionId("late"), now)

    row.refresh_from_db()
    assert (row.submission, row.wanted_no) == ("", row.settled_no)


def test_a_sale_that_was_seen_while_an_offer_was_settled_does_not_count_as_acknowledged(house):
    house.live(60)
    account, now = AccountId(house.account_id), house.deps.clock.now()
    offers.mark(account, now, skus=["SOAP"])
    (row,) = offers.claim(account, now, 1)
    key = OfferKey(account, FR, "SOAP")
    offers.see(account, [Observed(key, 10, None, "merchant")], now)

    offers.settle(row, row.wanted_no)

    row.refresh_from_db()
    assert (row.observed_quantity, row.acknowledged_quantity) == (10, 12)


def test_an_offer_seen_anew_while_its_proof_was_written_is_not_acknowledged_with_what_is_shown_now(house):
    house.live(60)
    account, now = AccountId(house.account_id), house.deps.clock.now()
    key = OfferKey(account, FR, "SOAP")
    offers.mark(account, now, skus=["SOAP"])
    (row,) = offers.claim(account, now, 1)
    offers.intend([(row, Change(key, 12, None))], now)
    row.refresh_from_db()
    offers.see(account, [Observed(key, 10, None, "merchant")], now + timedelta(seconds=1))

    offers.acknowledge([row])

    row.refresh_from_db()
    assert (row.submission, row.acknowledged_quantity) == ("intended", 12)
