"""What changes in the shop is told: at once where the shop says so, soon where it is asked, and all the same where it says nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from forain.core import errors
from forain.core.ids import ShopId, VariantId
from forain.core.signals import Signal
from forain.engine import jobs
from forain.engine.schedule import WHOLE_CATALOGUE_EVERY
from forain.flows import watch
from forain.shops.files import FilesShop
from forain.store import models, runs, shops

from .test_parcels import Opener

FR = "A13V1IB3VIYZZH"


@pytest.fixture
def house(make_house):
    house = make_house(on_amazon={"SOAP": ("6.90", 1), "OIL": ("14.50", 1)})
    house.live(60)
    return house


def told(sku="SOAP"):
    return models.Offer.objects.get(sku=sku).submitted_quantity


def feed(monkeypatch, *signals):
    """From now on the shop's list of what changed says this, whatever changes."""
    monkeypatch.setattr(FilesShop, "changed", lambda shop, since: ("mark", signals))


def test_a_hook_is_told_on_without_a_moment_passing(house, monkeypatch):
    feed(monkeypatch)
    house.change("SOAP", stock=7)
    house.advance(3)
    at = house.deps.clock.now()

    watch.note_signals(house.deps, house.shop, (Signal("stock", "SOAP"),))
    house.tick()

    assert told() == 7
    assert house.deps.clock.now() == at


def test_what_no_hook_tells_the_list_of_changes_does(house):
    house.change("SOAP", stock=7)
    house.live(20)

    assert house.quantity("SOAP") == 7


def test_what_neither_tells_the_reading_of_everything_does(house, monkeypatch):
    feed(monkeypatch)
    house.change("SOAP", stock=7)
    house.live(120)
    assert house.quantity("SOAP") == 12

    house.advance(WHOLE_CATALOGUE_EVERY.total_seconds())
    house.live(60)

    assert house.quantity("SOAP") == 7


def test_a_shop_without_hooks_and_without_a_list_of_changes_is_compared_whole(house, monkeypatch):
    feed(monkeypatch, Signal("variant", "*"))
    house.change("SOAP", stock=7)
    house.change("OIL", price="15.00")
    marked = models.Offer.objects.get(sku="OIL").wanted_no
    house.live(20)

    assert house.quantity("SOAP") == 7
    assert float(house.amazon("OIL")["prices"][FR]) == 15
    assert models.Offer.objects.get(sku="OIL").wanted_no == marked + 1


def test_a_hook_of_a_shop_that_was_away_ends_the_pause_after_its_failures(house, monkeypatch):
    feed(monkeypatch)
    house.change("SOAP", stock=7)
    away = replace(house.deps, open=Opener(house.deps.open, shop_error=errors.Unreachable("away")))
    shops.mark_variants(ShopId(house.shop.pk), [VariantId("SOAP")], house.deps.clock.now())
    for _ in range(9):
        for flow, subject in (
            ("watch_shop", f"shop:{house.shop.pk}"),
            ("reconcile_offers", f"account:{house.account_id}"),
        ):
            models.Run.objects.filter(flow=flow).update(due_at=house.deps.clock.now())
            jobs.run(away, flow, subject)
    later = house.deps.clock.now() + timedelta(minutes=20)
    assert runs.get("watch_shop", f"shop:{house.shop.pk}").due_at > later
    assert runs.get("reconcile_offers", f"account:{house.account_id}").due_at > later

    watch.note_signals(house.deps, house.shop, (Signal("stock", "OIL"),))
    house.tick()
    house.tick()

    assert told() == 7


def test_of_two_readings_of_everything_at_once_neither_makes_gone_what_the_other_saw(house):
    shop, now = ShopId(house.shop.pk), house.deps.clock.now()
    everything = FilesShop(str(house.folder)).variants(None).variants
    first, second = now, now + timedelta(seconds=1)

    shops.mirror(shop, everything, second)
    shops.mirror(shop, everything, first)
    gone = shops.close_mirror(shop, second, second)

    assert gone == set()
    assert models.Variant.objects.filter(gone_at=None).count() == 2
