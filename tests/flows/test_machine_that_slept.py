"""A machine that sleeps for minutes in the middle of a run: what it took before is not its own any more when it wakes."""

from datetime import timedelta

from forain.flows import mirror_catalogue, reconcile_offers
from forain.marketplaces.amazon import MANIFEST
from forain.store import offers

SLEPT = max(offers.CLAIM_LIFE, MANIFEST.acknowledge_within) + timedelta(minutes=1)


def compare(house) -> None:
    """The shop is read and what waits is worked off, at once."""
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)
    reconcile_offers.reconcile_offers(house.deps, house.account)


def test_a_worker_that_slept_over_a_receipt_tells_no_older_quantity_after_a_newer_one(house, monkeypatch):
    house.live(60)
    house.change("SOAP", stock=11)
    house.change("OIL", stock=11)
    accepted, slept = offers.accepted, []

    def asleep(row, *told):
        if not slept:
            slept.append(row.sku)
            house.advance(SLEPT.total_seconds())
            other = "OIL" if row.sku == "SOAP" else "SOAP"
            house.change(other, stock=4)
            compare(house)
            house.advance(5)
            slept.append(other)
        return accepted(row, *told)

    monkeypatch.setattr(offers, "accepted", asleep)

    compare(house)
    house.advance(10)

    assert house.quantity(slept[1]) == 4
