"""Safe landing, by facts and clock: whom it is for, when it is announced, when it begins, and what stands in its way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forain.core import issues
from forain.core.authorization import Application, Facts, No, Standing, Yes
from forain.core.landing import (
    NO_LANDING,
    Landing,
    Stage,
    Told,
    announcement_due,
    begins_at,
    heard,
    lands_at,
    may_begin,
    obstacle,
    possible,
    stage,
)

END = datetime(2027, 3, 1, 9, tzinfo=UTC)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
FACTS = Facts(standing=Standing.GRANTED, grant_no=1, granted_at=END - 365 * DAY, expires_at=END)
WEEK_BEFORE = Told(7, END - 7 * DAY)
WANTED = Landing(wanted=True, told=WEEK_BEFORE, heard=True)


@pytest.mark.parametrize(
    ("facts", "so"),
    [
        (FACTS, True),
        (replace(FACTS, estimated=True), False),
        (replace(FACTS, expires_at=None), False),
        (replace(FACTS, standing=Standing.NONE), False),
        (replace(FACTS, standing=Standing.DOUBTED), True),
    ],
)
def test_only_an_end_known_from_a_consent_can_land(facts, so):
    assert possible(facts) is so
    assert so or stage(facts, WANTED, END) is Stage.IMPOSSIBLE
    assert so or not may_begin(facts, WANTED, END)
    assert so or announcement_due(facts, Landing(wanted=True), END) is None


@pytest.mark.parametrize(
    ("before", "told", "step"),
    [
        (8 * DAY, Told(), None),
        (8 * DAY - SECOND, Told(), 7),
        (5 * DAY, Told(7, END - 7 * DAY), None),
        (4 * DAY, Told(7, END - 7 * DAY), None),
        (4 * DAY - SECOND, Told(7, END - 7 * DAY), 3),
        (2 * DAY, Told(3, END - 7 * DAY), None),
        (2 * HOUR, Told(), 3),
        (-DAY, Told(), 3),
        (5 * DAY, Told(7, END), 7),
        (5 * DAY, Told(3, END), 7),
        (5 * DAY, Told(called_off_at=END - 6 * DAY), None),
        (HOUR, Told(7, END - 7 * DAY, begun_at=END - DAY), None),
    ],
)
def test_the_most_urgent_announcement_reached_is_due_once(before, told, step):
    assert announcement_due(FACTS, Landing(wanted=True, told=told), END - before) == step


def test_nothing_is_announced_by_a_clock_known_to_be_wrong_nor_after_a_refusal_nor_unasked():
    soon = END - 5 * DAY
    refused = replace(FACTS, standing=Standing.REFUSED, refused_at=soon)

    assert announcement_due(FACTS, Landing(wanted=True), soon) == 7
    assert announcement_due(FACTS, Landing(wanted=True, obstacle="clock_wrong"), soon) is None
    assert announcement_due(refused, Landing(wanted=True), soon) is None
    assert announcement_due(FACTS, NO_LANDING, soon) is None


@pytest.mark.parametrize(
    ("announced", "now", "at"),
    [
        (END - 7 * DAY, END - 5 * DAY, END - DAY),
        (None, END - 5 * DAY, END - DAY),
        (END - 2 * HOUR, END - 2 * HOUR, END - HOUR),
        (None, END - 2 * HOUR, END - HOUR),
        (END - HOUR / 2, END, END + HOUR / 2),
        (END + DAY, END - 2 * HOUR, END - HOUR),
    ],
)
def test_it_begins_a_day_before_the_end_and_never_sooner_than_an_hour_after_its_announcement(announced, now, at):
    assert begins_at(FACTS, Told(7, announced), now) == at


@pytest.mark.parametrize(
    ("landing", "now", "begins"),
    [
        (WANTED, END - DAY - SECOND, False),
        (WANTED, END - DAY, True),
        (WANTED, END + DAY, True),
        (replace(WANTED, wanted=False), END - DAY, False),
        (replace(WANTED, heard=False), END - DAY, False),
        (replace(WANTED, obstacle="paused_by_user"), END - DAY, False),
        (replace(WANTED, obstacle="clock_wrong"), END - DAY, False),
        (replace(WANTED, told=Told()), END - HOUR, False),
        (replace(WANTED, told=Told(3, END - 2 * HOUR)), END - HOUR - SECOND, False),
        (replace(WANTED, told=Told(3, END - 2 * HOUR)), END - HOUR, True),
        (replace(WANTED, told=Told(3, END)), END - HOUR, False),
        (replace(WANTED, told=replace(WEEK_BEFORE, begun_at=END - DAY)), END - HOUR, False),
        (replace(WANTED, told=replace(WEEK_BEFORE, called_off_at=END - DAY)), END - HOUR, False),
    ],
)
def test_it_begins_when_it_was_announced_and_is_due_and_nothing_stands_in_its_way(landing, now, begins):
    assert may_begin(FACTS, landing, now) is begins


@pytest.mark.parametrize(
    ("last", "off", "so"),
    [
        (None, 0, False),
        (END, 0, True),
        (END - timedelta(minutes=15), 0, True),
        (END - timedelta(minutes=16), 0, False),
        (END + SECOND, 0, False),
        (END, 400, False),
    ],
)
def test_the_hour_counts_as_known_only_right_after_an_answer_that_agreed_with_it(last, off, so):
    assert heard(last, off, END) is so


@pytest.mark.parametrize(
    ("sync", "writable", "off", "why"),
    [
        (Yes(), True, 0, ""),
        (Yes(probe_first=True), True, 0, ""),
        (No("paused_by_user"), True, 400, "paused_by_user"),
        (No("doubted"), False, 0, "doubted"),
        (Yes(), False, 400, "read_only"),
        (Yes(), True, -400, "clock_wrong"),
    ],
)
def test_what_stands_in_its_way_is_named(sync, writable, off, why):
    assert obstacle(sync, writable=writable, clock_off=off) == why


UNDER_WAY = replace(WANTED, told=replace(WEEK_BEFORE, begun_at=END - DAY))
UNTOLD = Landing(wanted=True)


@pytest.mark.parametrize(
    ("landing", "now", "found", "code"),
    [
        (NO_LANDING, END - DAY, Stage.OFF, None),
        (UNTOLD, END - 300 * DAY, Stage.AHEAD, None),
        (replace(UNTOLD, obstacle="paused_by_user"), END - 300 * DAY, Stage.AHEAD, None),
        (replace(UNTOLD, obstacle="paused_by_user"), END - 7 * DAY, Stage.HELD, "landing_held"),
        (replace(UNTOLD, obstacle="expired"), END + 7 * DAY, Stage.HELD, "landing_held"),
        (replace(UNTOLD, obstacle="expired"), END + 7 * DAY + SECOND, Stage.HELD, None),
        (WANTED, END - 5 * DAY, Stage.ANNOUNCED, "landing_announced"),
        (replace(WANTED, obstacle="doubted"), END - 5 * DAY, Stage.ANNOUNCED, "landing_announced"),
        (replace(WANTED, obstacle="read_only"), END - 5 * DAY, Stage.HELD, "landing_held"),
        (replace(WANTED, obstacle="doubted"), END - HOUR, Stage.HELD, "landing_held"),
        (replace(WANTED, obstacle="clock_wrong"), END - HOUR, Stage.HELD, "landing_held"),
        (replace(WANTED, heard=False), END - HOUR, Stage.ANNOUNCED, "landing_announced"),
        (UNDER_WAY, END - HOUR, Stage.UNDER_WAY, "landing_under_way"),
        (UNDER_WAY, END - 90 * DAY, Stage.UNDER_WAY, "landing_under_way"),
        (replace(UNDER_WAY, left=3), END, Stage.UNDER_WAY, "landing_under_way"),
        (replace(UNDER_WAY, obstacle="expired"), END + DAY, Stage.UNDER_WAY, "landing_under_way"),
        (replace(UNDER_WAY, obstacle="clock_wrong", left=3), END, Stage.UNDER_WAY, "landing_under_way"),
        (replace(UNDER_WAY, obstacle="expired", left=3), END + DAY, Stage.HELD, "landing_held"),
        (replace(UNDER_WAY, obstacle="expired", left=3), END + 8 * DAY, Stage.HELD, "landing_under_way"),
        (replace(WANTED, told=replace(UNDER_WAY.told, called_off_at=END)), END, Stage.CALLED_OFF, None),
        (replace(UNDER_WAY, wanted=False), END, Stage.OFF, None),
    ],
)
def test_where_it_stands_and_what_a_person_is_told(landing, now, found, code):
    account = issues.AccountFacts("account:1", FACTS, Application(), landing=landing)

    assert stage(FACTS, landing, now) is found
    told = {one.code for one in issues.derive([account], [], now) if one.code.startswith("landing_")}
    assert told == ({code} if code else set())


@pytest.mark.parametrize(
    ("landing", "at"),
    [(UNTOLD, END - DAY), (WANTED, END - DAY), (UNDER_WAY, END - DAY), (NO_LANDING, None),
     (replace(WANTED, told=replace(WEEK_BEFORE, called_off_at=END - 6 * DAY)), None)],
)  # fmt: skip
def test_the_moment_is_known_wherever_it_will_come(landing, at):
    assert lands_at(FACTS, landing, END - 5 * DAY) == at
