"""What has an alarm and is marked is looked at again; the alarm is shown until that look has decided, and is told once."""

from dataclasses import replace

import pytest
from django.db.models import F

from forain.core.errors import Problem
from forain.core.ids import AccountId, SiteId, SubmissionId
from forain.core.offers import Change
from forain.flows import mirror_catalogue, observe_offers, reconcile_offers, setup, watch
from forain.store import models, offers

from .conftest import FR
from .test_killed_between_statements import Refusing
from .test_offers_asked_for_in_vain import soap


def look(house, deps=None) -> None:
    reconcile_offers.reconcile_offers(deps or house.deps, house.account)
    house.advance(10)


def mark(house) -> None:
    """As a webhook that comes again does, and the notices are derived before anybody has looked."""
    offers.mark(AccountId(house.account_id), house.deps.clock.now(), skus=["SOAP"])
    watch.derive_issues(house.deps)


def change(house, **told) -> None:
    house.change("SOAP", **told)
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)
    watch.derive_issues(house.deps)


def of_issues(house) -> list[str]:
    return [code for code in house.journal() if code in ("issue_opened", "issue_closed")]


def at_rest() -> bool:
    return soap().wanted_no == soap().settled_no and soap().marked_at is None


@pytest.fixture
def refusing(house):
    """A house whose Amazon has just refused a quantity of SOAP, and the notice of it is open."""
    house.live(60)
    change(house, stock=9)
    deps = replace(house.deps, open=Refusing(house.deps.open))
    look(house, deps)
    watch.derive_issues(house.deps)
    assert "offer_refused" in house.refused_codes()
    return house, deps


def test_a_refusal_that_comes_again_leaves_the_notice_open_and_is_told_once(refusing):
    house, deps = refusing
    notice = models.Notice.objects.get(code="offer_refused")
    issues = of_issues(house)

    for _ in range(3):
        mark(house)
        assert soap().alarm == "refused"
        look(house, deps)
        watch.derive_issues(house.deps)

    assert models.Notice.objects.get(code="offer_refused", closed_at=None) == notice
    assert of_issues(house) == issues
    assert house.journal(f"{FR}/SOAP").count("refused") == 1
    assert at_rest()


def test_another_value_that_is_refused_is_told_and_the_notice_stays_open(refusing):
    house, deps = refusing
    issues = of_issues(house)

    change(house, stock=8)
    look(house, deps)
    watch.derive_issues(house.deps)

    assert house.journal(f"{FR}/SOAP").count("refused") == 2
    assert of_issues(house) == issues


def test_an_alarm_without_a_telling_is_told_once(house):
    house.live(60)
    models.Offer.objects.filter(sku="SOAP").update(observed_at=None)

    for _ in range(3):
        mark(house)
        look(house)

    assert soap().alarm == "not_on_marketplace"
    assert house.journal(f"{FR}/SOAP").count("not_on_marketplace") == 1
    assert at_rest()


def settled(house):
    change(house, stock=12)


def told(house):
    mark(house)


def read_only(house):
    setup.allow_writes(house.deps, AccountId(house.account_id), SiteId(FR), False, "person")
    mark(house)


def unlinked(house):
    models.Link.objects.filter(sku="SOAP").update(refused=True)
    mark(house)


@pytest.mark.parametrize("mended", [settled, told, read_only, unlinked])
def test_the_look_that_finds_it_otherwise_takes_the_alarm_away(refusing, mended):
    house, _ = refusing

    mended(house)
    assert soap().alarm == "refused"
    look(house)
    watch.derive_issues(house.deps)

    assert (soap().alarm, soap().alarm_detail) == ("", "")
    assert "offer_refused" not in house.refused_codes()
    assert (soap().submission != "") == (mended is told)


def test_what_moves_after_its_alarm_was_taken_away_is_marked_again(refusing):
    house, _ = refusing
    read_only(house)
    look(house)
    assert at_rest()

    seen, now = offers.observed_of(soap()), house.deps.clock.now()
    offers.see(AccountId(house.account_id), [replace(seen, quantity=4)], now)

    assert soap().wanted_no > soap().settled_no


def test_what_has_an_alarm_and_moves_by_itself_is_not_marked(refusing):
    house, _ = refusing

    observe_offers.sweep_offers(house.deps, house.account)

    assert at_rest()


def test_a_look_that_may_not_be_had_leaves_the_alarm(refusing):
    house, _ = refusing
    setup.pause(house.deps, AccountId(house.account_id), True, "person")

    mark(house)
    house.live(600, step=60)

    assert "offer_refused" in house.refused_codes()


def test_what_amazon_took_and_did_not_show_is_mended_by_being_shown_and_not_by_being_taken_again(house):
    house.live(60)
    change(house, stock=9)
    account, now = AccountId(house.account_id), house.deps.clock.now()
    (row,) = offers.claim(account, now, 20)
    offers.alarm(row, "not_taken", "", row.wanted_no, now)

    mark(house)
    look(house)
    watch.derive_issues(house.deps)
    assert soap().submission != ""
    assert "offer_not_taken" in house.refused_codes()

    observe_offers.observe_offers(house.deps, house.account)
    watch.derive_issues(house.deps)
    assert (soap().alarm, soap().observed_quantity) == ("", 9)
    assert "offer_not_taken" not in house.refused_codes()
    assert at_rest()


def test_a_telling_that_broke_off_and_is_shown_takes_the_alarm_away(house):
    house.live(60)
    account, now = AccountId(house.account_id), house.deps.clock.now()
    offers.mark(account, now, skus=["SOAP"])
    (row,) = offers.claim(account, now, 20)
    offers.refused(row, [Problem("8541")], row.wanted_no, now)
    offers.mark(account, now, skus=["SOAP"])
    (row,) = offers.claim(account, now, 20)
    offers.intend([(row, Change(offers.key_of(row), 12, None))], now)
    offers.release([row])
    house.advance(10)

    observe_offers.observe_offers(house.deps, house.account)

    assert (soap().alarm, soap().submission) == ("", "")


def test_the_notice_of_many_names_the_same_one_each_time(house):
    house.live(60)
    models.Offer.objects.update(alarm="held", settled_no=F("wanted_no"))
    first = models.Offer.objects.order_by("pk")[0]

    for row in models.Offer.objects.order_by("pk"):
        models.Offer.objects.filter(pk=row.pk).update(correlation=SubmissionId("moved within the table"))
        watch.derive_issues(house.deps)
        assert models.Notice.objects.get(code="offer_held").placeholders["sku"] == first.sku
