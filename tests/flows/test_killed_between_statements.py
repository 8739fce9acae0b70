"""kill -9 before any statement: what belongs together is in the database together, or not at all."""

from dataclasses import replace

import pytest
from django.db import connection
from django.db.models import F

from forain.contracts.marketplace import Refusal
from forain.core.bundles import ordinary
from forain.core.errors import Problem
from forain.core.ids import AccountId, SellerSku, VariantId
from forain.core.secret import Secret
from forain.flows import link_offers, observe_offers, reconcile_offers, setup
from forain.flows.mirror_catalogue import link_account, mirror_catalogue
from forain.store import models, offers

from .test_crash_points import Dying, in_a_process_of_its_own

LINKS = {
    "a person": lambda deps, account: link_offers.decide(
        deps, account, SellerSku("SOAP"), VariantId("SOAP"), same=True, by="me"
    ),
    "a file": lambda deps, account: link_offers.take(
        deps, account, [(SellerSku("SOAP"), ordinary(VariantId("SOAP")))], "me"
    ),
    "an equal SKU": link_account,
}


def deaths(work, before):
    """Let `work` die before its first, second, ... statement, each time after `before`; yields after each death."""
    for at in range(1, 200):
        before()

        def dying(at=at):
            with connection.execute_wrapper(Dying(at)):
                work()

        if not in_a_process_of_its_own(dying):
            return
        yield at
    pytest.fail("it never came to its end")


@pytest.mark.parametrize("who", LINKS)
def test_an_offer_that_was_linked_waits_to_be_told_whenever_the_process_died(house, who):
    house.live(60)
    account = house.account
    offer = models.Offer.objects.filter(sku="SOAP")

    def unlinked():
        models.Link.objects.filter(sku="SOAP").delete()
        models.Journal.objects.filter(code__in=["linked", "link_decided"]).delete()
        offer.update(settled_no=F("wanted_no"), marked_at=None)

    kills = 0
    for _ in deaths(lambda: LINKS[who](house.deps, account), unlinked):
        kills += 1
        linked = models.Link.objects.filter(sku="SOAP").exists()
        assert offer.filter(wanted_no__gt=F("settled_no")).exists() == linked
        if who != "a file":
            assert models.Journal.objects.filter(code__in=["linked", "link_decided"]).exists() == linked

    assert kills >= 6


class Refusing:
    """An Amazon that refuses every change of an offer."""

    def __init__(self, opener):
        self._opener = opener

    def __getattr__(self, name):
        return getattr(self._opener, name)

    def marketplace(self, *given, **rest):
        adapter = self._opener.marketplace(*given, **rest)

        class Amazon:
            def __getattr__(self, name):
                return getattr(adapter, name)

            def submit(self, changes):
                for change in changes:
                    yield Refusal(change.key, (Problem("8541", "not so"),))

        return Amazon()


RECEIPTS = {
    "told": lambda row: row.submission not in ("", offers.INTENDED),
    "refused": lambda row: row.alarm == "refused",
    "not_on_marketplace": lambda row: row.alarm == "not_on_marketplace",
}


def unwritten(code, **columns):
    """Back to before: the offer as it was, no word of it in the journal, and Amazon asked nothing yet."""
    models.Offer.objects.filter(sku="SOAP").update(**columns)
    models.Journal.objects.filter(code=code).delete()
    models.Limit.objects.all().delete()


@pytest.mark.parametrize("code", RECEIPTS)
def test_what_came_of_an_offer_stands_in_the_journal_whenever_the_process_died(house, code):
    house.live(60)
    house.change("SOAP", stock=9)
    mirror_catalogue(house.deps, house.shop)
    if code == "not_on_marketplace":
        models.Offer.objects.filter(sku="SOAP").update(observed_at=None)
    waiting = models.Offer.objects.filter(sku="SOAP").values().get()
    account, deps = house.account, house.deps
    if code == "refused":
        deps = replace(deps, open=Refusing(deps.open))

    came = kills = 0
    for _ in deaths(lambda: reconcile_offers.reconcile_offers(deps, account), lambda: unwritten(code, **waiting)):
        kills += 1
        so = RECEIPTS[code](models.Offer.objects.get(sku="SOAP"))
        came += so
        assert models.Journal.objects.filter(code=code).exists() == so

    assert kills > came > 0


def test_what_was_read_back_stands_in_the_journal_whenever_the_process_died(house):
    house.live(60)
    house.change("SOAP", stock=9)
    mirror_catalogue(house.deps, house.shop)
    reconcile_offers.reconcile_offers(house.deps, house.account)
    house.advance(10)
    told, account = models.Offer.objects.filter(sku="SOAP").values().get(), house.account

    came = kills = 0
    for _ in deaths(lambda: observe_offers.observe_offers(house.deps, account), lambda: unwritten("observed", **told)):
        kills += 1
        so = not offers.any_unproven(AccountId(house.account_id))
        came += so
        assert models.Journal.objects.filter(code="observed").exists() == so

    assert kills > came > 0


def test_the_secrets_of_a_shop_are_all_new_or_all_former_whenever_the_process_died(house):
    owner, now = f"shop:{house.shop.pk}", house.deps.clock.now()
    former = {"key": Secret("former key"), "webhook_secret": Secret("former webhook")}
    new = {"key": Secret("new key"), "webhook_secret": Secret("new webhook")}

    def as_before():
        for name, value in former.items():
            house.deps.vault.put(owner, name, value, now)
        models.Journal.objects.filter(code="shop_secrets_changed").delete()

    kills = 0
    for _ in deaths(lambda: setup.enter_shop_secrets(house.deps, house.shop, new), as_before):
        kills += 1
        told = models.Journal.objects.filter(code="shop_secrets_changed").exists()
        assert house.deps.vault.all_of(owner) == (new if told else former)

    assert kills >= 8
