"""Buyers are in the order book as long as needed, and no longer."""

from datetime import timedelta

import pytest

from forain.core.ids import AccountId
from forain.core.orders import forgetting_buyer
from forain.flows import import_orders, prune
from forain.store import journal, models, orders

DAY = 86400.0


def bought(house) -> models.Order:
    house.live(60)
    house.buy("SOAP")
    house.live(400)
    return models.Order.objects.get()


def buyer_of(house, row: models.Order) -> bool:
    row.refresh_from_db()
    body = orders.body_of(row, house.deps.vault)
    assert body is not None
    assert body.lines
    return body.ship_to is not None or body.buyer_email != ""


def buyer_stays_and_goes(house, row, days, more):
    """Whether the buyer is there after so many days, and after so many more."""
    there = []
    for span in (days, more):
        house.advance(span * DAY)
        prune.prune(house.deps)
        there.append(buyer_of(house, row))
    return there


def cancelled(house, row):
    house.control("POST", f"orders/{row.order_id}/cancel", {"by": "BUYER", "reason": "NO_LONGER_NEEDED"})
    house.live(400)


def sent(house, row):
    (house.folder / "shipments" / "one.csv").write_text(f"order,carrier,tracking\n{row.order_id},Colissimo,T1\n")
    house.live(600)
    row.refresh_from_db()
    assert row.status == "shipped"


@pytest.mark.parametrize("ends", [sent, cancelled])
def test_an_order_that_was_sent_or_cancelled_forgets_its_buyer_after_thirty_days_and_keeps_its_lines(house, ends):
    row = bought(house)
    ends(house, row)

    assert buyer_stays_and_goes(house, row, 29, 1.1) == [True, False]
    assert models.Journal.objects.get(code="buyers_forgotten").placeholders == {"count": "1"}
    prune.prune(house.deps)
    assert models.Journal.objects.filter(code="buyers_forgotten").count() == 1


def test_an_old_order_that_is_read_again_brings_nobody_back(house):
    row = bought(house)
    house.control("POST", f"orders/{row.order_id}/cancel", {"by": "BUYER", "reason": "NO_LONGER_NEEDED"})
    house.live(400)
    house.advance(31 * DAY)
    prune.prune(house.deps)

    order = house.deps.open.marketplace(house.account).order(row.order_id)
    assert order.ship_to is not None or order.buyer_email
    import_orders._note(house.deps, house.account, order)

    assert not buyer_of(house, row)


@pytest.mark.parametrize("pruned", [True, False])
def test_a_reading_without_the_buyer_brings_him_not_back_once_his_time_is_over(house, pruned):
    row = bought(house)
    order = forgetting_buyer(house.deps.open.marketplace(house.account).order(row.order_id))
    house.advance(121 * DAY)
    if pruned:
        prune.prune(house.deps)

    import_orders._note(house.deps, house.account, order)

    assert not buyer_of(house, row)
    assert models.Order.objects.get().buyer_until is None


def test_a_reading_without_the_buyer_does_not_keep_him_any_longer(house):
    row = bought(house)
    order = house.deps.open.marketplace(house.account).order(row.order_id)
    import_orders._note(house.deps, house.account, forgetting_buyer(order))

    assert buyer_stays_and_goes(house, row, 110, 11) == [True, False]


def test_a_reading_without_the_buyer_is_kept_though_nobody_can_read_the_one_before(house):
    row = bought(house)
    order = house.deps.open.marketplace(house.account).order(row.order_id)
    models.Order.objects.filter(pk=row.pk).update(body=b"garbled")

    import_orders._note(house.deps, house.account, forgetting_buyer(order))

    assert not buyer_of(house, row)


def test_an_order_nobody_sent_keeps_its_buyer_for_a_hundred_and_twenty_days(house):
    row = bought(house)

    assert buyer_stays_and_goes(house, row, 110, 11) == [True, False]


def test_a_body_nobody_can_read_any_more_goes_a_week_after_its_time(house):
    row = bought(house)
    models.Order.objects.filter(pk=row.pk).update(body=b"garbled")

    house.advance(121 * DAY)
    prune.prune(house.deps)
    row.refresh_from_db()
    kept = row.body
    house.advance(7 * DAY)
    prune.prune(house.deps)

    row.refresh_from_db()
    assert bytes(kept) == b"garbled"
    assert row.body is None


def test_the_journal_is_kept_for_a_year_and_a_half(house):
    now = house.deps.clock.now()
    journal.write(now - timedelta(days=549), "sync_paused", account=AccountId(house.account_id))
    journal.write(now - timedelta(days=547), "sync_paused", account=AccountId(house.account_id))

    prune.prune(house.deps)

    assert models.Journal.objects.filter(code="sync_paused").count() == 1
