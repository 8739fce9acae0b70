"""kill -9 before any statement: what belongs together is in the database together, or not at all."""

import pytest
from django.db import connection
from django.db.models import F

from forain.core.ids import SellerSku, VariantId
from forain.flows import link_offers
from forain.flows.mirror_catalogue import link_account
from forain.store import models

from .test_crash_points import Dying, in_a_process_of_its_own

LINKS = {
    "a person": lambda deps, account: link_offers.decide(
        deps, account, SellerSku("SOAP"), VariantId("SOAP"), same=True, by="me"
    ),
    "a file": lambda deps, account: link_offers.take(deps, account, [(SellerSku("SOAP"), VariantId("SOAP"))], "me"),
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
