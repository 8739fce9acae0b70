"""What was told and is not read back may still become true: nothing is taken for settled before."""

import pytest
from django.db.models import F

from forain.core import errors
from forain.core.errors import Problem
from forain.core.ids import AccountId, SiteId, SubmissionId
from forain.core.offers import Change, Desired
from forain.flows import decide_offers, mirror_catalogue, observe_offers, reconcile_offers, setup
from forain.flows.observe_offers import LOOK_AGAIN
from forain.flows.reconcile_offers import FRESH
from forain.store import models, offers, runs

from .conftest import cutting

FR = "A13V1IB3VIYZZH"


def compare(house) -> None:
    """The shop is read and what waits is worked off, at once."""
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)
    reconcile_offers.reconcile_offers(house.deps, house.account)


def soap() -> models.Offer:
    return models.Offer.objects.get(sku="SOAP")


def test_a_stock_that_fell_and_rose_again_before_amazon_showed_the_fall_ends_true(house):
    house.live(60)

    house.change("SOAP", stock=11)
    compare(house)
    house.change("SOAP", stock=12)
    compare(house)
    house.live(60, step=1)

    assert house.quantity("SOAP") == 12
    assert not models.Offer.objects.filter(wanted_no__gt=F("settled_no")).exists()


def test_a_refusal_at_the_door_does_not_forget_what_was_told_before(house):
    house.live(60)
    house.change("SOAP", stock=11)
    compare(house)
    house.advance(3)

    house.change("SOAP", stock=12)
    house.control("POST", "faults", {"kind": "throttle", "operation": "patchListingsItem", "count": 1})
    with pytest.raises(errors.Throttled):
        compare(house)

    assert (soap().submission != "", soap().submitted_quantity) == (True, 11)
    house.live(300, step=5)
    assert house.quantity("SOAP") == 12


def test_an_answer_that_comes_after_a_newer_mark_sets_the_comparison_going_again(house):
    house.live(60)
    house.change("SOAP", stock=11)
    compare(house)
    offers.mark(AccountId(house.account_id), house.deps.clock.now(), skus=["SOAP"])
    compare(house)

    house.live(20, step=1)

    assert house.quantity("SOAP") == 11
    assert soap().wanted_no == soap().settled_no


def test_an_offer_told_and_then_unlinked_is_read_back_once_and_left_alone(house):
    house.live(60)
    house.change("SOAP", stock=11)
    compare(house)
    models.Link.objects.filter(sku="SOAP").update(refused=True)
    offers.mark(AccountId(house.account_id), house.deps.clock.now(), skus=["SOAP"])
    compare(house)
    subject = f"{soap().site}/SOAP"
    before = house.journal(subject).count("observed")

    for _ in range(5):
        house.advance(6)
        observe_offers.observe_offers(house.deps, house.account)

    assert house.journal(subject).count("observed") == before + 1
    assert not offers.any_unproven(AccountId(house.account_id))


def test_a_fall_that_no_reading_of_orders_explains_for_an_hour_is_waited_for_in_peace(house):
    house.live(60)
    house.change("SOAP", stock=13)
    now = house.deps.clock.now()
    offers.see(AccountId(house.account_id), [_fallen(now)], now)
    runs.poke("import_orders", f"account:{house.account_id}", now)
    house.advance(3600)

    compare(house)

    row = soap()
    assert row.not_before is not None
    assert row.not_before > house.deps.clock.now()
    assert row.wanted_no > row.settled_no


def _fallen(now):
    seen = offers.observed_of(soap())
    assert seen is not None
    return type(seen)(seen.key, 9, seen.price, seen.fulfilled_by, channels=seen.channels,
                      product_type=seen.product_type, seen_at=now)  # fmt: skip


def test_what_is_on_its_way_when_writing_is_forbidden_is_not_waited_for_for_ever(house):
    house.live(60)
    house.control("POST", "faults", {"kind": "cut", "operation": "patchListingsItem", "count": 1})
    house.change("SOAP", stock=11)
    with pytest.raises(errors.ServerFault):
        compare(house)
    assert soap().submission
    setup.allow_writes(house.deps, AccountId(house.account_id), SiteId(FR), False, "person")

    house.live(2400, step=60)

    assert not offers.any_unproven(AccountId(house.account_id))
    assert runs.get("observe_offers", f"account:{house.account_id}").due_at > house.deps.clock.now() + LOOK_AGAIN


def test_a_piece_sold_before_what_was_told_could_be_read_back_does_not_hold_the_offer_for_ever(house):
    house.live(60)
    house.change("SOAP", stock=3)
    compare(house)
    house.advance(3)
    house.buy("SOAP")
    house.live(60)
    house.change("SOAP", stock=9)

    house.live(3600, step=30)

    assert house.quantity("SOAP") == 8


def test_who_is_done_with_a_batch_leaves_what_another_worker_claimed_meanwhile(house):
    house.live(60)
    account, now = AccountId(house.account_id), house.deps.clock.now()
    offers.mark(account, now, skus=["SOAP"])
    mine = offers.claim(account, now, 20)
    offers.settle(mine[0], mine[0].wanted_no)
    offers.mark(account, now, skus=["SOAP"])
    theirs = offers.claim(account, now, 20)

    offers.release(mine)

    assert [row.sku for row in theirs] == ["SOAP"]
    assert offers.claim(account, now, 20) == []
    assert offers.hold(mine, now) == []


def told(row: models.Offer, quantity: int) -> tuple[models.Offer, Change]:
    return row, Change(offers.key_of(row), quantity, None)


LATE = {
    "settle": lambda row, now: offers.settle(row, row.wanted_no),
    "park": lambda row, now: offers.park(row, row.wanted_no),
    "alarm": lambda row, now: offers.alarm(row, "not_taken", "", row.wanted_no, now),
    "refused": lambda row, now: offers.refused(row, [Problem("8541")], row.wanted_no, now),
    "postpone": lambda row, now: offers.postpone(row, now + FRESH),
    "accepted": lambda row, now: offers.accepted(row, SubmissionId("late"), now + FRESH),
    "untold": lambda row, now: offers.untold(row),
    "want": lambda row, now: offers.want([offers.Wanted(row, Desired(7, None), [], ["late"])], now),
    "intend": lambda row, now: offers.intend([told(row, 7)], now),
}


@pytest.mark.parametrize("newer", [False, True], ids=["the same number", "a newer number"])
@pytest.mark.parametrize("settled", [False, True], ids=["under way", "settled"])
def test_a_worker_that_comes_back_late_changes_nothing_of_what_another_took_over(house, settled, newer):
    house.live(60)
    account, now = AccountId(house.account_id), house.deps.clock.now()
    offers.mark(account, now, skus=["SOAP"])
    late = offers.claim(account, now, 20)
    offers.intend([told(late[0], 11)], now)
    if newer:
        offers.mark(account, now, skus=["SOAP"])
    now += offers.CLAIM_LIFE
    other = offers.claim(account, now, 20)
    offers.intend([told(other[0], 9)], now)
    if settled:
        offers.settle(other[0], other[0].wanted_no)
    offer = models.Offer.objects.filter(sku="SOAP").values()
    before = offer.get()

    changed = {}
    for name, comes_back in LATE.items():
        comes_back(late[0], now)
        changed |= {(name, column): value for column, value in offer.get().items() if value != before[column]}
        offer.update(**before)

    assert changed == {}


@pytest.mark.parametrize("what", ["alarm", "refused"])
def test_an_alarm_that_a_newer_mark_overtook_is_not_written(house, what):
    house.live(60)
    account, now = AccountId(house.account_id), house.deps.clock.now()
    offers.mark(account, now, skus=["SOAP"])
    row = offers.claim(account, now, 20)[0]
    offers.mark(account, now, skus=["SOAP"])

    LATE[what](row, now)

    assert (soap().alarm, soap().settled_no, soap().wanted_no) == ("", row.wanted_no, row.wanted_no + 1)
    assert soap().marked_at is not None
    assert [one.sku for one in offers.claim(account, now, 20)] == ["SOAP"]


def test_what_was_seen_proves_nothing_of_what_was_told_since(house):
    house.live(60)
    account, now = AccountId(house.account_id), house.deps.clock.now()
    offers.mark(account, now, skus=["SOAP"])
    row = offers.claim(account, now, 20)[0]
    offers.intend([told(row, 12)], now)
    seen = soap()
    offers.intend([told(row, 9)], now + FRESH)

    offers.acknowledge([seen])

    assert offers.any_unproven(account)
    assert soap().settled_no < row.wanted_no


@pytest.mark.parametrize(("owner", "name"), [(decide_offers, "wanted"), (offers, "hold")])
def test_a_worker_that_was_away_for_too_long_tells_nothing_another_took_over(house, monkeypatch, owner, name):
    house.live(60)
    account = AccountId(house.account_id)
    house.change("SOAP", stock=11)
    mirror_catalogue.mirror_catalogue(house.deps, house.shop)
    real, late = getattr(owner, name), []

    def away(*asked, **more):
        found = real(*asked, **more)
        if not late:
            late.append(True)
            house.advance(200)
            house.change("SOAP", stock=9)
            offers.mark(account, house.deps.clock.now(), skus=["SOAP"])
            late.extend(offers.claim(account, house.deps.clock.now(), 20))
        return found

    monkeypatch.setattr(owner, name, away)
    reconcile_offers.reconcile_offers(house.deps, house.account)

    assert house.quantity("SOAP") == 12
    assert soap().claimed_until is not None
    offers.release(late[1:])
    house.live(300, step=5)
    assert house.quantity("SOAP") == 9


def delaying(box):
    """A wire on which an answer may be long under way. `meanwhile`: what happens before the next list of offers arrives."""
    inner = cutting(box)
    box.meanwhile = None

    def answer(environ, start_response):
        found = list(inner(environ, start_response))
        if "/listings/" in environ["PATH_INFO"] and environ["REQUEST_METHOD"] == "GET" and box.meanwhile is not None:
            meanwhile, box.meanwhile = box.meanwhile, None
            meanwhile()
        return found

    return answer


def test_a_look_whose_answer_comes_late_hides_nothing_that_was_seen_since(make_house):
    house = make_house(transport=delaying)
    house.live(60)

    def sold_and_seen():
        house.advance(1)
        house.buy("SOAP", 2)
        house.advance(20)
        now = house.deps.clock.now()
        key = offers.key_of(soap())
        offers.see(key.account, house.deps.open.marketplace(house.account).observe([key]).offers, now)

    house.box.meanwhile = sold_and_seen
    observe_offers.sweep_offers(house.deps, house.account)

    assert soap().observed_quantity == house.quantity("SOAP") == 10


def test_a_look_whose_answer_comes_late_does_not_count_as_a_look_after_what_was_told_since(make_house):
    house = make_house(transport=delaying)
    house.live(60)
    at = []

    def told_meanwhile():
        house.advance(1)
        house.change("SOAP", stock=11)
        compare(house)
        at.append(house.deps.clock.now())
        house.advance(20)

    house.box.meanwhile = told_meanwhile
    observe_offers.sweep_offers(house.deps, house.account)

    assert soap().submitted_quantity == 11
    assert soap().observed_at < at[0]
    house.live(60, step=5)
    assert soap().observed_quantity == house.quantity("SOAP") == 11
