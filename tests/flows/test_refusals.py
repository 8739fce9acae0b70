"""What Amazon refuses is kept by its reason, tried again when a person says so, and gone once Amazon takes it."""

from datetime import timedelta

import pytest

from forain.core.errors import Problem
from forain.core.ids import AccountId
from forain.engine import schedule
from forain.flows import retry_offers, watch
from forain.store import models, offers, refusals


def row(sku):
    return models.Offer.objects.get(sku=sku)


def claimed(house, sku):
    account, now = AccountId(house.account_id), house.deps.clock.now()
    offers.mark(account, now, skus=[sku])
    (found,) = offers.claim(account, now, 20)
    return found


def groups(house):
    return refusals.groups(AccountId(house.account_id), 9)


def test_a_refusal_is_grouped_tried_again_and_gone_once_amazon_takes_it(house):
    account = AccountId(house.account_id)
    house.live(60)
    # As if Amazon had given their type another name since the last look: it refuses the former one.
    models.Offer.objects.update(product_type="FORMER_TYPE")
    for sku in ("SOAP", "OIL"):
        house.change(sku, stock=7)
    house.live(60)

    (group,) = groups(house)
    assert (group.code, group.count, group.trying) == ("4000001", 2, 0)
    assert (group.first.field, group.first.category) == ("product_type", "INVALID_ATTRIBUTE")
    assert sorted(offer.sku for offer in group.offers) == ["OIL", "SOAP"]
    notice = models.Notice.objects.get(code="offer_refused", closed_at=None)
    assert notice.placeholders["refusal"] == "amazon invalid"

    # Mended, and nothing has changed in the shop: by itself it is not tried again.
    schedule.FLOWS["sweep_offers"].run(house.deps, house.account)
    house.live(60)
    assert house.quantity("SOAP") != 7

    assert retry_offers.retry(house.deps, account, group.shown, "camille", group.code) == 2
    assert groups(house)[0].trying == 2
    watch.derive_issues(house.deps)
    assert "offer_refused" in house.refused_codes(), "it stands until Amazon has taken it"

    house.live(120)
    assert (house.quantity("SOAP"), house.quantity("OIL")) == (7, 7)
    assert groups(house) == []
    assert "offer_refused" not in house.refused_codes()
    entry = models.Journal.objects.get(code="refusals_retried")
    assert entry.placeholders == {"by": "camille", "count": "2", "code": "4000001"}
    told = models.Journal.objects.filter(code="told", correlation=entry.correlation)
    assert sorted(one.subject.partition("/")[2] for one in told) == ["OIL", "SOAP"], "one chain from the button on"


def test_what_is_refused_again_keeps_its_day_and_another_reason_begins_a_new_one(house):
    house.live(60)
    now = house.deps.clock.now()
    offers.refused(claimed(house, "SOAP"), [Problem("8541", "no")], row("SOAP").wanted_no, now)

    offers.refused(claimed(house, "SOAP"), [Problem("8541", "no!")], row("SOAP").wanted_no, now + timedelta(days=1))
    assert row("SOAP").refused_at == now
    offers.refused(claimed(house, "SOAP"), [Problem("90220", "no")], row("SOAP").wanted_no, now + timedelta(days=2))

    assert row("SOAP").refused_at == now + timedelta(days=2)
    assert row("SOAP").refusals == [["90220", "no", "", ""]]


def test_errors_count_before_hints_and_a_look_does_not_wipe_the_reason(house):
    house.live(60)
    hint, fault = Problem("18320", "picture", warning=True), Problem("8541", "no", "asin", category="DUPLICATE")
    offers.refused(claimed(house, "SOAP"), [hint, fault], row("SOAP").wanted_no, house.deps.clock.now())
    assert row("SOAP").alarm_detail == "no"

    models.Offer.objects.filter(sku="SOAP").update(problems=[])

    (group,) = groups(house)
    assert (group.code, group.first) == ("8541", fault)
    assert refusals.from_rows(row("SOAP").refusals) == [fault, hint]


def test_what_was_taken_and_is_not_shown_has_the_errors_that_amazon_shows_as_its_reason(house):
    house.live(60)
    models.Offer.objects.filter(sku="SOAP").update(
        problems=[["18027", "price", "", "INVALID_PRICE"], ["18320", "picture", "", "", "warning"]]
    )
    found = claimed(house, "SOAP")
    offers.alarm(found, "not_taken", "", found.wanted_no, house.deps.clock.now())

    (group,) = groups(house)
    watch.derive_issues(house.deps)

    assert (group.code, len(group.offers[0].refusals)) == ("18027", 1)
    notice = models.Notice.objects.get(code="offer_not_taken", closed_at=None)
    assert notice.placeholders["refusal"] == "amazon price"


@pytest.mark.parametrize("code", ["held", "variant_gone", "not_on_marketplace"])
def test_what_is_held_by_ourselves_is_no_refusal(house, code):
    house.live(60)
    found = claimed(house, "SOAP")
    offers.alarm(found, code, "", found.wanted_no, house.deps.clock.now())

    assert groups(house) == []
    assert refusals.total(AccountId(house.account_id)).count == 0


def test_a_newer_mark_leaves_no_refusal_of_the_older_one(house):
    house.live(60)
    found = claimed(house, "SOAP")
    offers.mark(AccountId(house.account_id), house.deps.clock.now(), skus=["SOAP"])

    offers.refused(found, [Problem("8541", "no")], found.wanted_no, house.deps.clock.now())

    assert (row("SOAP").alarm, row("SOAP").refusals) == ("", [])


def test_rows_from_before_there_were_categories_are_read():
    assert refusals.from_rows([["8541", "no", "asin"]]) == [Problem("8541", "no", "asin")]
    assert refusals.detail([]) == "refused"
    assert refusals.detail([Problem("8541")]) == "8541"
