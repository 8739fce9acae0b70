"""Which step is to be told, who took care, and when it is night: values only."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core.authorization import REMINDER_DAYS, Facts, Standing
from forain.core.forecast import AccountClock, ApplicationClock, ends
from forain.core.reminders import Care, Hour, QuietHours, mark, occasions, our_clock, silent

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def told(left, **more):
    """What there is to tell of a permission that ends in `left` (a time, or days)."""
    at = NOW + (left if isinstance(left, timedelta) else timedelta(days=left, hours=1))
    facts = Facts(**{"standing": Standing.GRANTED, "grant_no": 3, "granted_at": NOW, "expires_at": at, **more})
    return occasions(ends([AccountClock(7, "Fine food", facts, 1, True, True)], [], NOW), NOW)


@pytest.mark.parametrize(
    ("days", "step"),
    [(61, None), (60, 60), (31, 60), (30, 30), (29, 30), (28, 28), (22, 28), (21, 21), (14, 14), (8, 14), (7, 7), (4, 7), (3, 3), (2, 3),
     (1, 1), (0, 0), (-1, 0), (-6, 0), (-8, -7), (-15, -14)],
)  # fmt: skip
def test_the_most_urgent_step_that_was_reached_is_told_and_weekly_after_the_end(days, step):
    assert [one.step for one in told(days)] == ([] if step is None else [step])


@pytest.mark.parametrize("step", [*REMINDER_DAYS, -7])
def test_a_step_begins_when_it_says_it_was_reached(step):
    at = NOW + timedelta(days=400)
    reached = at - timedelta(days=step + 1) if step >= 0 else at + timedelta(days=7)

    def at_moment(now):
        facts = Facts(Standing.GRANTED, 1, NOW, at)
        return occasions(ends([AccountClock(7, "A", facts, 1, True, True)], [], now), now)

    after = at_moment(reached + timedelta(seconds=1))
    assert [(one.step, one.reached_at) for one in after] == [(step, reached)]
    assert [one.step for one in at_moment(reached - timedelta(seconds=1))] != [step]


@pytest.mark.parametrize(
    ("end", "code"), [(-1, "authorization_expired"), (20, "authorization_revoked"), (None, "authorization_revoked")]
)
def test_a_stop_is_told_at_once_by_its_cause_and_then_weekly(end, code):
    at = None if end is None else NOW + timedelta(days=end)
    found = [
        told(1, standing=Standing.REFUSED, refused_at=NOW - timedelta(days=days), expires_at=at)[0]
        for days in (0, 6, 7, 20)
    ]

    assert found[0].code == code
    assert found[0].critical
    assert [one.step for one in found] == [0, 0, -7, -14]


def test_a_secret_and_a_refused_application_are_told_for_all_their_accounts():
    account = AccountClock(7, "Fine food", Facts(Standing.GRANTED, 1, NOW, NOW + 300 * DAY), 1, True, True)
    soon = ApplicationClock(1, "Own", NOW + 20 * DAY, True, secret_no=4)
    refused = ApplicationClock(1, "Own", NOW + 20 * DAY, True, NOW - DAY, 4)

    over = ApplicationClock(1, "Own", NOW - 8 * DAY, True, secret_no=4)

    for application, code, step in (
        (soon, "secret_expiring", 21), (over, "secret_overdue", -7), (refused, "application_refused", 0),
    ):  # fmt: skip
        (one,) = occasions(ends([account], [application], NOW), NOW)
        assert (one.code, one.step, one.end.stops) == (code, step, ("Fine food",))
        assert one.topic.startswith("application:1:secret:4")


def test_another_grant_and_another_stop_are_other_topics():
    topics = [
        told(20)[0].topic,
        told(20, grant_no=4)[0].topic,
        told(20, standing=Standing.REFUSED, refused_at=NOW)[0].topic,
        told(20, standing=Standing.REFUSED, refused_at=NOW - timedelta(hours=1))[0].topic,
    ]

    assert len(set(topics)) == 4


def test_who_put_it_off_is_told_again_then_and_at_the_last_steps():
    one = told(20)[0]
    care = Care("camille", NOW - 7 * DAY, NOW)

    assert silent(one, Care("camille", NOW, NOW + 7 * DAY), NOW)
    assert mark(one, Care("camille", NOW, NOW + 7 * DAY), NOW) == "21"
    assert not silent(one, care, NOW)
    assert mark(one, care, NOW) not in ("21", mark(one, Care("camille", NOW, NOW - DAY / 24), NOW))
    last = told(timedelta(hours=20))[0]
    assert last.step == 0
    assert not silent(last, Care("camille", NOW - DAY, NOW + 6 * DAY), NOW), "said before the last step was reached"
    assert silent(last, Care("camille", NOW, NOW + 7 * DAY), NOW), "said knowing it"


def test_what_was_done_elsewhere_is_silent_until_it_stops():
    care = Care("camille", NOW, None)

    assert all(silent(told(days)[0], care, NOW) for days in (20, 0, -8))
    stop = told(20, standing=Standing.REFUSED, refused_at=NOW)[0]
    assert stop.topic != told(20)[0].topic


@pytest.mark.parametrize(
    ("hour", "until"),
    [(21, None), (22, (30, 6)), (23, (30, 6)), (5, (29, 6)), (6, None)],
)
def test_the_night_ends_in_the_morning_of_the_persons_own_zone(hour, until):
    zone = ZoneInfo("Europe/Paris")
    now = datetime(2026, 11, 29, hour, 30, tzinfo=zone)

    found = QuietHours(time(22), time(6), "Europe/Paris").until(now.astimezone(UTC))

    assert found == (None if until is None else datetime(2026, 11, until[0], until[1], tzinfo=zone))


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.times(),
    st.times(),
    st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
)
def test_quiet_hours_end_within_a_day_and_an_hour(now, begins, ends, zone):
    until = QuietHours(begins.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0), zone).until(now)

    assert until is None or now - timedelta(hours=1) <= until <= now + timedelta(hours=25)


@pytest.mark.parametrize(
    ("hours", "known"),
    [
        ([], "right"),
        ([(0, 0, None)], "right"),
        ([(0, 0, 0)], "right"),
        ([(0, -6, -6)], "right"),
        ([(0, -8, -8)], "unheard"),
        ([(0, 5, 5)], "unheard"),
        ([(900, 0, -1)], "wrong"),
        ([(900, -3, -1)], "right"),
        ([(900, -3, -4), (0, -1, -1)], "right"),
        ([(900, -1, None), (0, -3, -3)], "wrong"),
        ([(900, 24 * 365, -1)], "right"),
        ([(900, 24 * 365, -24 * 20)], "unheard"),
        ([(-900, -24 * 365, None), (0, 0, 0)], "right"),
    ],
)
def test_what_is_known_of_our_clock_is_the_last_word_on_it(hours, known):
    def at(ago):
        return None if ago is None else NOW + timedelta(hours=ago)

    assert our_clock([Hour(off, at(told), at(agreed)) for off, told, agreed in hours], NOW) == known
