"""A change that is told while something breaks or comes in between."""

from forain.core.ids import AccountId, OfferKey, SubmissionId
from forain.core.offers import Change, Observed
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
