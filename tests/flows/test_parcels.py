"""Parcels: told once, mended in the shop where Amazon refused them, confirmed even while the shop is away."""

from dataclasses import replace

import pytest

from forain.contracts.marketplace import ParcelRefused
from forain.contracts.shop import Shipment
from forain.core import errors
from forain.core.errors import Problem
from forain.flows import confirm_shipments, import_orders
from forain.store import models, parcels


class Amazon:
    """An Amazon that refuses a tracking number."""

    def __init__(self, adapter, wrong):
        self._adapter, self._wrong = adapter, wrong

    def __getattr__(self, name):
        return getattr(self._adapter, name)

    def confirm(self, order_id, site, parcel):
        if parcel.tracking == self._wrong:
            return ParcelRefused(parcel.reference, (Problem("InvalidInput", "tracking"),))
        return self._adapter.confirm(order_id, site, parcel)


class Opener:
    def __init__(self, opener, wrong="", shop_error=None):
        self._opener, self._wrong, self._shop_error = opener, wrong, shop_error

    def __getattr__(self, name):
        return getattr(self._opener, name)

    def marketplace(self, *given, **rest):
        return Amazon(self._opener.marketplace(*given, **rest), self._wrong)

    def shop(self, row):
        if self._shop_error is not None:
            raise self._shop_error
        return self._opener.shop(row)


def ordered(house):
    house.live(60)
    order = house.buy("SOAP", 2)
    house.live(600, step=30)
    return order["order_id"]


def ship(house, order_id, tracking):
    (house.folder / "shipments" / "one.csv").write_text(f"order,carrier,tracking\n{order_id},Colissimo,{tracking}\n")


def mend(house, order_id, tracking):
    """The shop shows the same parcel with another tracking number, as shops do (a folder shows another parcel)."""
    (house.folder / "shipments" / "one.csv").unlink()
    shipment = Shipment(order_id, models.Parcel.objects.get().shop_parcel, "Colissimo", tracking, None, {})
    confirm_shipments._keep(house.deps, house.account, models.Order.objects.get(), shipment)


def packages(house, order_id):
    return next(o for o in house.control("GET", "state")["orders"] if o["order_id"] == order_id)["packages"]


def test_a_parcel_amazon_refused_is_told_again_once_the_shop_has_mended_it(house):
    order_id = ordered(house)
    ship(house, order_id, "WRONG")
    deps = replace(house.deps, open=Opener(house.deps.open, wrong="WRONG"))
    confirm_shipments.confirm_shipments(deps, house.account)
    confirm_shipments.confirm_shipments(deps, house.account)
    assert models.Finding.objects.filter(code="shipment_refused").exists()
    assert house.journal(order_id).count("shipment_refused") == 1

    items = models.Parcel.objects.get().items
    mend(house, order_id, "RIGHT")
    confirm_shipments.confirm_shipments(deps, house.account)

    assert packages(house, order_id)["1"]["tracking"] == "RIGHT"
    assert models.Parcel.objects.get().items == items
    assert not models.Finding.objects.filter(code="shipment_refused").exists()


def test_a_refused_parcel_stays_to_do_when_another_one_of_its_order_is_taken(house):
    order_id = ordered(house)
    ship(house, order_id, "WRONG")
    deps = replace(house.deps, open=Opener(house.deps.open, wrong="WRONG"))
    confirm_shipments.confirm_shipments(deps, house.account)
    refused = models.Parcel.objects.get()
    models.Parcel.objects.create(
        order=refused.order, shop_parcel="two", reference="2", carrier="Colissimo", tracking="RIGHT",
        shipped_at=refused.shipped_at, items=refused.items, seen_at=refused.seen_at,
    )  # fmt: skip

    confirm_shipments.confirm_shipments(deps, house.account)

    assert packages(house, order_id)["2"]["tracking"] == "RIGHT"
    assert models.Finding.objects.filter(code="shipment_refused").exists()


def test_a_parcel_that_is_known_is_confirmed_while_the_shop_is_away(house):
    order_id = ordered(house)
    ship(house, order_id, "6A1")
    confirm_shipments.read_parcels(house.deps, house.account)
    deps = replace(house.deps, open=Opener(house.deps.open, shop_error=errors.Unreachable()))

    with pytest.raises(errors.Unreachable):
        confirm_shipments.confirm_shipments(deps, house.account)

    assert packages(house, order_id)["1"]["tracking"] == "6A1"


def test_parcels_that_are_known_cost_no_further_questions(house, django_assert_max_num_queries):
    order_id = ordered(house)
    ship(house, order_id, "6A1")
    confirm_shipments.read_parcels(house.deps, house.account)

    with django_assert_max_num_queries(8):
        confirm_shipments.read_parcels(house.deps, house.account)


def test_a_parcel_of_an_order_known_to_be_cancelled_is_not_confirmed(house):
    order_id = ordered(house)
    ship(house, order_id, "6A1")
    confirm_shipments.read_parcels(house.deps, house.account)
    house.control("POST", f"orders/{order_id}/cancel", {})
    house.advance(300)
    import_orders.read_orders(house.deps, house.account)

    confirm_shipments.confirm_shipments(house.deps, house.account)

    assert models.Parcel.objects.get().problems == []
    assert packages(house, order_id) in ({}, [])
    assert "shipment_refused" not in house.journal(order_id)


class Slow(Opener):
    """An Amazon whose first confirmation, or the answer to it (`answer`), is long under way. `meanwhile`: what happens
    before it arrives."""

    def __init__(self, opener, meanwhile, wrong="", answer=True):
        super().__init__(opener, wrong)
        self._meanwhile, self._answer = [meanwhile], answer

    def marketplace(self, *given, **rest):
        adapter, left, late_answer = super().marketplace(*given, **rest), self._meanwhile, self._answer

        class Answering:
            def __getattr__(self, name):
                return getattr(adapter, name)

            def confirm(self, *told):
                if left and not late_answer:
                    left.pop()()
                answer = adapter.confirm(*told)
                if left:
                    left.pop()()
                return answer

        return Answering()


def test_a_parcel_the_shop_changed_while_it_was_told_is_told_again_as_it_is_now(house):
    order_id = ordered(house)
    ship(house, order_id, "FIRST")

    confirm_shipments.confirm_shipments(
        replace(house.deps, open=Slow(house.deps.open, lambda: mend(house, order_id, "SECOND"))), house.account
    )
    house.live(600, step=30)

    assert packages(house, order_id)["1"]["tracking"] == "SECOND"
    assert models.Parcel.objects.get().confirmed_at is not None


def test_a_refusal_that_comes_late_does_not_stay_to_do_once_amazon_has_the_parcel(house):
    order_id = ordered(house)
    ship(house, order_id, "WRONG")

    def mended_and_taken():
        mend(house, order_id, "RIGHT")
        confirm_shipments.confirm_shipments(house.deps, house.account)

    slow = Slow(house.deps.open, mended_and_taken, wrong="WRONG")
    confirm_shipments.confirm_shipments(replace(house.deps, open=slow), house.account)
    house.live(600, step=30)

    assert packages(house, order_id)["1"]["tracking"] == "RIGHT"
    assert "shipment_refused" not in house.refused_codes()


def test_a_parcel_two_workers_tell_at_once_is_told_in_the_journal_once(house):
    order_id = ordered(house)
    ship(house, order_id, "6A1")
    slow = Slow(house.deps.open, lambda: confirm_shipments.confirm_shipments(house.deps, house.account))

    confirm_shipments.confirm_shipments(replace(house.deps, open=slow), house.account)

    assert house.journal(order_id).count("shipment_confirmed") == 1


def test_a_former_tracking_number_that_arrives_late_does_not_stay_at_amazon(house):
    order_id = ordered(house)
    ship(house, order_id, "FIRST")

    def mended_and_told_by_another():
        mend(house, order_id, "SECOND")
        confirm_shipments.confirm_shipments(house.deps, house.account)

    late = Slow(house.deps.open, mended_and_told_by_another, answer=False)
    confirm_shipments.confirm_shipments(replace(house.deps, open=late), house.account)
    house.live(600, step=30)

    assert packages(house, order_id)["1"]["tracking"] == "SECOND"
    assert models.Parcel.objects.get().confirmed_at is not None


def test_a_parcel_is_told_as_the_shop_has_it_when_its_turn_comes(house, monkeypatch):
    order_id = ordered(house)
    ship(house, order_id, "FIRST")
    real = confirm_shipments.orders.unconfirmed_parcels

    def mended_since(*asked):
        found = real(*asked)
        mend(house, order_id, "SECOND")
        return found

    monkeypatch.setattr(confirm_shipments.orders, "unconfirmed_parcels", mended_since)
    confirm_shipments.confirm_shipments(house.deps, house.account)

    assert packages(house, order_id)["1"]["tracking"] == models.Parcel.objects.get().tracking == "SECOND"


def test_a_parcel_whose_worker_died_is_told_by_the_next_one_after_a_while(house):
    order_id = ordered(house)
    ship(house, order_id, "6A1")
    confirm_shipments.read_parcels(house.deps, house.account)
    dead = parcels.claim(models.Parcel.objects.get().pk, house.deps.clock.now())

    confirm_shipments.confirm_shipments(house.deps, house.account)
    early = packages(house, order_id)
    house.advance(parcels.CLAIM_LIFE.total_seconds())
    taken_over = parcels.claim(models.Parcel.objects.get().pk, house.deps.clock.now())
    parcels.release(dead)
    assert models.Parcel.objects.get().not_before is not None
    parcels.release(taken_over)
    confirm_shipments.confirm_shipments(house.deps, house.account)

    assert early in ({}, [])
    assert packages(house, order_id)["1"]["tracking"] == "6A1"


def test_a_parcel_amazon_was_too_busy_for_is_told_at_the_next_try(house):
    order_id = ordered(house)
    ship(house, order_id, "6A1")
    house.control("POST", "faults", {"kind": "throttle", "operation": "confirmShipment", "count": 1})

    with pytest.raises(errors.Throttled):
        confirm_shipments.confirm_shipments(house.deps, house.account)
    house.advance(60)
    confirm_shipments.confirm_shipments(house.deps, house.account)

    assert packages(house, order_id)["1"]["tracking"] == "6A1"
