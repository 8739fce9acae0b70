"""Reminders while our clock is wrong: no date is told by it, what has happened is, and once it is right each step comes on
its day, by mail and by webhook, whatever was told too early."""

import json
from datetime import timedelta
from unittest.mock import ANY

import pytest

from forain import wiring
from forain.core import reminders
from forain.core.ids import AccountId
from forain.flows import arrange_reminders, tell_people
from forain.flows.look_ahead import every_end
from forain.store import issues, models, runs
from tests.people import come_in
from tests.post import mailbox, receiver

from .reminding import DAY, ends_in, person, reach_loopback, with_server
from .test_causes import Answers

DATES = ("authorization_expiring", "authorization_overdue", "secret_expiring")
DAYS = timedelta(days=1)


@pytest.fixture
def amazon():
    return Answers()


@pytest.fixture
def told(make_house, amazon):
    """A house whose Camille is mailed, and whose chat is called."""
    house = make_house(transport=amazon.over)
    house.rotate()
    with mailbox() as house.post, receiver() as house.chat:
        with_server(house, house.post)
        reach_loopback(house)
        person()
        arrange_reminders.add_webhook(house.deps, "Chat", house.chat.url, "en", "camille")
        house.live(60, step=20)
        yield house


def mailed(house):
    """The codes and steps of all that was mailed, in order; the webhook was called with the same."""
    calls = [json.loads(body) for _, _, body in house.chat.calls]
    assert len(calls) == len(house.post.mails)
    return [(call["type"], call["data"].get("step")) for call in calls]


def dates(house):
    return [(code, step) for code, step in mailed(house) if code in DATES]


def test_a_clock_a_year_ahead_mails_no_date_neither_while_it_is_wrong_nor_once_it_is_right(told):
    ends_in(told, days=200)
    models.Application.objects.update(secret_expires_at=told.deps.clock.now() + 100 * DAYS)

    told.deps.clock.wrong = timedelta(days=365)
    told.live(2 * 3600, step=300)
    told.deps.clock.wrong = timedelta(0)
    told.live(900, step=100)

    assert dates(told) == []


@pytest.mark.parametrize("wrong", [timedelta(days=365), timedelta(hours=-5)])
def test_a_clock_that_is_wrong_is_itself_told_once_with_its_cure_and_care_can_be_taken_of_it(
    told, client, monkeypatch, wrong
):
    monkeypatch.setattr(wiring, "deps", lambda: told.deps)
    come_in(client)
    told.deps.clock.wrong = wrong
    told.live(1800, step=300)

    assert mailed(told) == [("clock_wrong", 0)]
    (mail,) = told.post.mails
    assert mail["Subject"].startswith("Forain: The clock of this machine is")
    assert "time synchronization" in mail.get_content()
    assert "http://127.0.0.1:8787/health" in mail.get_content()
    assert json.loads(told.chat.calls[0][2])["data"] == {
        "page": "http://127.0.0.1:8787/health", "accounts": [], "step": 0, "since": ANY
    }  # fmt: skip
    notice = issues.open_notices().get(code="clock_wrong")
    client.post(f"/issues/{notice.pk}/care", {"answer": "later"})
    told.live(8 * DAY, step=DAY / 2)
    assert [code for code, _ in mailed(told)].count("clock_wrong") == 2, "again once the week is over"

    told.deps.clock.wrong = timedelta(0)
    told.live(900, step=100)
    assert [code for code, _ in mailed(told)].count("clock_wrong") == 2


def test_a_clock_that_has_jumped_is_not_believed_before_somebody_was_heard(told):
    ends_in(told, days=200)
    told.deps.clock.wrong = timedelta(days=365)

    for _ in range(3):
        tell_people.tell_people(told.deps)

    assert dates(told) == []


def test_after_a_clock_that_was_ahead_the_day_itself_is_told_on_its_day(told):
    ends_in(told, days=25, hours=12)
    told.live(120, step=60)
    assert len(dates(told)) == 1

    told.deps.clock.wrong = 25 * DAYS
    told.live(2 * 3600, step=300)
    told.deps.clock.wrong = timedelta(0)
    told.live(900, step=100)
    assert len(dates(told)) == 1
    told.advance(25 * DAY - 900)
    told.live(300, step=60)

    assert dates(told)[1:] == [("authorization_expiring", 0)]
    assert "0\N{NO-BREAK SPACE}days" in told.post.subjects[-1]


def test_what_was_told_too_early_while_nobody_could_be_heard_is_told_again_as_another_one(told, amazon):
    ends_in(told, days=25, hours=1)
    told.live(120, step=60)
    amazon.store("/", 503, {})
    told.deps.clock.wrong = 25 * DAYS
    told.live(2 * 3600, step=300)
    assert dates(told)[1:] == [("authorization_expiring", 0)], (
        "nobody can be heard for an hour: nothing is held for ever"
    )

    amazon.stored.clear()
    told.deps.clock.wrong = timedelta(0)
    told.live(900, step=60)
    for _ in range(25):
        told.live(120, step=60)
        told.advance(DAY - 180)
    told.live(3600, step=300)

    steps = [step for _, step in dates(told)]
    assert steps == [*steps[:2], 21, 14, 7, 3, 1, 0]
    assert len({mail["Message-ID"] for mail in told.post.mails}) == len(told.post.mails)
    identities = [headers["webhook-id"] for _, headers, _ in told.chat.calls]
    assert len(set(identities)) == len(identities)


def test_after_a_clock_that_was_behind_nothing_is_told_twice(told):
    ends_in(told, days=25, hours=12)
    told.live(120, step=60)

    told.deps.clock.wrong = timedelta(days=-365)
    told.live(600, step=100)
    told.deps.clock.wrong = timedelta(0)
    told.live(900, step=100)

    assert len(dates(told)) == 1


@pytest.mark.parametrize("wrong", [365, 25])
def test_a_stop_is_mailed_once_also_under_a_wrong_clock(told, wrong):
    ends_in(told, days=200)
    told.deps.clock.wrong = wrong * DAYS
    told.live(300, step=60)
    told.control("POST", f"sellers/{told.seller}/revoke", {})
    runs.force(f"account:{told.account_id}", told.deps.clock.now(), ["probe"])
    told.live(300, step=65)
    stops = [code for code, _ in mailed(told) if code.startswith("authorization_")]
    assert len(stops) == 1

    told.deps.clock.wrong = timedelta(0)
    told.live(900, step=100)

    assert [code for code, _ in mailed(told) if code.startswith("authorization_")] == stops


def test_what_was_put_off_by_a_clock_a_year_ahead_is_told_when_it_is_due(told):
    ends_in(told, days=25, hours=1)
    told.live(120, step=60)
    (one,) = reminders.occasions(every_end(told.deps.clock.now()), told.deps.clock.now())
    told.deps.clock.wrong = timedelta(days=365)
    arrange_reminders.take_care(told.deps, one.topic, AccountId(told.account_id), "later", "camille")

    told.deps.clock.wrong = timedelta(0)
    told.advance(4 * DAY + 3600)
    told.live(300, step=60)

    assert dates(told)[1:] == [("authorization_expiring", 21)]
