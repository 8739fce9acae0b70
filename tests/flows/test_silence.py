"""Silence is an alarm, account by account and direction by direction, that ends by itself; and the heartbeat."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from forain import wiring
from forain.config.checks import BadSettings, check
from forain.core.authorization import PARTS
from forain.core.ids import AccountId
from forain.engine import jobs
from forain.flows import setup
from forain.flows.notice_silence import notice_silence
from forain.flows.send_heartbeat import send_heartbeat
from forain.store import models, rhythms, runs

from .conftest import DAY
from .test_permission import other_account

PING = "http://monitor.example/ping/0123-fake"
CODES = {"orders_silent": "order_seen", "offers_silent": "told", "shipments_silent": "shipment_confirmed"}


def told(house, code, moments):
    account = AccountId(house.account_id)
    entry = {"correlation": "c", "account_id": account, "code": code}
    models.Journal.objects.bulk_create(models.Journal(at=moment, **entry) for moment in moments)


def listen(house):
    notice_silence(house.deps)
    jobs.run(house.deps, "derive_issues", "house")
    runs.set_due("derive_issues", "house", house.deps.clock.now())
    return house.refused_codes() & {*CODES, "proof_overdue"}


@pytest.fixture
def busy(house):
    """An account to which something of everything happened every ten minutes for a month, until now."""
    house.tick()
    models.Journal.objects.all().delete()
    models.Happened.objects.all().delete()
    now = house.deps.clock.now()
    for code in CODES.values():
        told(house, code, [now - timedelta(minutes=10 * n) for n in range(30 * 144)])
    runs.set_due("derive_issues", "house", now)
    assert listen(house) == set()
    return house


@pytest.mark.parametrize("silent", CODES)
def test_what_has_not_happened_for_much_longer_than_usual_is_an_issue_until_it_happens(busy, silent):
    later = busy.deps.clock.now() + timedelta(hours=4)
    for code in set(CODES.values()) - {CODES[silent]}:
        told(busy, code, [later - timedelta(minutes=10 * n) for n in range(24)])
    busy.advance(4 * 3600)

    assert listen(busy) == {silent}
    notice = models.Notice.objects.get(code=silent, closed_at=None)
    assert (notice.placeholders, notice.severity) == ({"hours": "3", "usual": "18"}, "warning")
    told(busy, CODES[silent], [busy.deps.clock.now() - timedelta(seconds=1)])
    assert listen(busy) == set()


def test_an_hour_later_is_not_much_longer_than_usual(busy):
    busy.advance(3600)

    assert listen(busy) == set()


def test_an_account_that_stands_still_is_not_silent_nor_one_that_has_just_gone_on(busy):
    setup.pause(busy.deps, AccountId(busy.account_id), True, "camille", PARTS)
    busy.advance(20 * 3600)
    assert listen(busy) == set()
    setup.pause(busy.deps, AccountId(busy.account_id), False, "camille")

    assert listen(busy) == set()
    busy.advance(4 * 3600)
    assert listen(busy) == set(CODES)


def test_each_account_has_its_own_rhythm(busy):
    other = other_account(busy)
    busy.advance(4 * 3600)

    listen(busy)

    subjects = models.Notice.objects.filter(closed_at=None, code__in=CODES).values_list("subject", flat=True)
    assert set(subjects) == {f"account:{busy.account_id}"}
    assert f"account:{other.pk}" not in subjects


def test_counting_twice_and_after_a_pause_counts_once_and_what_is_old_goes(busy):
    account = AccountId(busy.account_id)
    once = {name: sum(hours.values()) for name, hours in rhythms.of(account).items()}
    assert once == dict.fromkeys(("orders", "offers", "shipments"), 30 * 144)
    for _ in range(2):
        rhythms.count_up(busy.deps.clock.now())
    assert {name: sum(hours.values()) for name, hours in rhythms.of(account).items()} == once

    busy.advance(30 * DAY)
    told(busy, "order_seen", [busy.deps.clock.now()])
    rhythms.count_up(busy.deps.clock.now())
    counts = {name: sum(hours.values()) for name, hours in rhythms.of(account).items()}
    assert 15 * 144 - 10 < counts["orders"] < 15 * 144 + 10
    assert counts["offers"] == 30 * 144


def test_orders_that_really_come_are_counted(house):
    house.tick()
    for _ in range(3):
        house.buy("SOAP")
        house.live(400, step=200)

    rhythms.count_up(house.deps.clock.now())

    counts = rhythms.of(AccountId(house.account_id))
    assert sum(counts["orders"].values()) == 3
    assert sum(counts["offers"].values()) > 0
    assert sum(counts["resumed"].values()) == 1


def test_orders_unproven_for_three_days_are_an_issue_until_they_are_proven(busy):
    busy.advance(2 * DAY)
    assert "proof_overdue" not in listen(busy)
    busy.advance(1.1 * DAY)
    assert "proof_overdue" in listen(busy)

    now = busy.deps.clock.now()
    told = {"since": now - timedelta(days=1), "until": now, "orders": 1, "done_at": now}
    proof = models.OrderProof.objects.create(account_id=busy.account_id, absent=1, **told)
    assert "proof_overdue" in listen(busy)
    models.OrderProof.objects.filter(pk=proof.pk).update(absent=0)
    assert "proof_overdue" not in listen(busy)


class Monitor:
    """What listens to the heartbeat: counts what it hears. `status` None: it hangs up."""

    def __init__(self):
        self.heard, self.status = [], 200

    def __call__(self, environ, start_response):
        self.heard.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_X_AMZ_ACCESS_TOKEN")))
        if self.status is None:
            raise ConnectionResetError
        start_response(f"{self.status} Said", [("location", "http://elsewhere.example/")])
        return [b"OK"]


@pytest.fixture
def monitored(house):
    monitor = Monitor()
    heart = wiring.Heartbeat(PING, house.deps.clock, monitor, ())
    house.deps = replace(house.deps, ping=heart)
    house.live(60, step=20)
    monitor.heard.clear()
    house.monitor = monitor
    return house


def beat(house):
    """Everything that is due runs, and then the heart."""
    house.tick()
    runs.set_due("send_heartbeat", "house", house.deps.clock.now())
    assert jobs.run(house.deps, "send_heartbeat", "house")
    line = models.Run.objects.get(flow="send_heartbeat")
    assert (line.error, line.stopped) == ("", False)
    return (line.due_at - house.deps.clock.now()).total_seconds()


def test_while_all_is_well_the_monitor_hears_us_each_minute(monitored):
    for _ in range(3):
        monitored.advance(60)
        assert beat(monitored) == 60

    assert len(monitored.monitor.heard) >= 3
    assert set(monitored.monitor.heard) == {("GET", "/ping/0123-fake", None)}


@pytest.mark.parametrize("spoil", [{"due_at": timedelta(minutes=-16)}, {"stopped": True}])
def test_a_line_that_is_not_run_ends_the_heartbeat_until_it_moves(monitored, spoil):
    now = monitored.deps.clock.now()
    lines = models.Run.objects.filter(flow="watch_shop")
    lines.update(**{name: now + value if name == "due_at" else value for name, value in spoil.items()})

    assert send_heartbeat(monitored.deps) > now
    assert monitored.monitor.heard == []
    lines.update(due_at=now, stopped=False)
    send_heartbeat(monitored.deps)
    assert len(monitored.monitor.heard) == 1


@pytest.mark.parametrize("status", [404, 500, 302, 429, None])
def test_a_monitor_that_fails_harms_nothing_and_is_told_of_once(monitored, status, caplog):
    monitored.monitor.status = status
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            monitored.advance(60)
            beat(monitored)
        monitored.monitor.status = 200
        beat(monitored)

    told = [r.getMessage() for r in caplog.records if "monitor" in r.getMessage() and r.levelno >= logging.WARNING]
    assert ["does not hear" in text for text in told] == [True, False]
    assert "0123-fake" not in caplog.text
    assert monitored.refused_codes() <= {"links_to_decide"}
    assert not models.Side.objects.filter(name="heartbeat").exists()
    order = monitored.buy("SOAP")
    monitored.live(400, step=100)
    assert order["order_id"] in monitored.shop_orders()


def test_without_a_monitor_nothing_is_sent(house):
    house.live(40, step=20)

    assert beat(house) == 15 * 60


def test_a_heartbeat_goes_only_where_forain_may_go(house, caplog):
    private = wiring.Heartbeat("http://127.0.0.1:9/ping", house.deps.clock, None, ())

    assert private() is False

    assert "address_private" in caplog.text


@pytest.mark.parametrize(
    "wrong", ["monitor.example/ping/1", "ftp://monitor.example/1", "https://user:pw@monitor.example/1"]
)
def test_an_address_that_is_none_is_refused_at_the_start_and_not_repeated(wrong):
    with pytest.raises(BadSettings) as refused:
        check({"FORAIN_PING_URL": wrong})

    assert wrong not in str(refused.value)
    check({"FORAIN_PING_URL": PING})
