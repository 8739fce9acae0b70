"""The authorization machine: the whole table, and what must hold whatever happens."""

import itertools
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core import authorization as a
from forain.core.authorization import (
    Application,
    Confirmed,
    Disconnected,
    Doubted,
    Facts,
    Granted,
    Phase,
    Refused,
    Standing,
)

T0 = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NONE = Facts()
GRANTED = a.apply(NONE, Granted(T0, T0 + 365 * DAY))
DOUBTED = a.apply(GRANTED, Doubted(T0 + DAY, 1))
REFUSED = a.apply(DOUBTED, Refused(T0 + 2 * DAY, 1))
LATER = T0 + 3 * DAY


@pytest.mark.parametrize(
    ("facts", "event", "standing", "grant_no"),
    [
        (NONE, Granted(LATER, None), Standing.GRANTED, 1),
        (NONE, Doubted(LATER, 0), Standing.NONE, 0),
        (NONE, Confirmed(LATER, 0), Standing.NONE, 0),
        (NONE, Refused(LATER, 0), Standing.NONE, 0),
        (NONE, Disconnected(LATER), Standing.NONE, 0),
        (GRANTED, Granted(LATER, None), Standing.GRANTED, 2),
        (GRANTED, Doubted(LATER, 1), Standing.DOUBTED, 1),
        (GRANTED, Confirmed(LATER, 1), Standing.GRANTED, 1),
        (GRANTED, Refused(LATER, 1), Standing.REFUSED, 1),
        (GRANTED, Disconnected(LATER), Standing.NONE, 1),
        (DOUBTED, Granted(LATER, None), Standing.GRANTED, 2),
        (DOUBTED, Doubted(LATER, 1), Standing.DOUBTED, 1),
        (DOUBTED, Confirmed(LATER, 1), Standing.GRANTED, 1),
        (DOUBTED, Refused(LATER, 1), Standing.REFUSED, 1),
        (DOUBTED, Disconnected(LATER), Standing.NONE, 1),
        (REFUSED, Granted(LATER, None), Standing.GRANTED, 2),
        (REFUSED, Doubted(LATER, 1), Standing.REFUSED, 1),
        (REFUSED, Confirmed(LATER, 1), Standing.GRANTED, 1),
        (REFUSED, Refused(LATER, 1), Standing.REFUSED, 1),
        (REFUSED, Disconnected(LATER), Standing.NONE, 1),
    ],
)
def test_the_transition_table(facts, event, standing, grant_no):
    after = a.apply(facts, event)

    assert (after.standing, after.grant_no) == (standing, grant_no)


@pytest.mark.parametrize("event", [Doubted(LATER, 0), Confirmed(LATER, 0), Refused(LATER, 0), Refused(LATER, 7)])
@pytest.mark.parametrize("facts", [GRANTED, DOUBTED, REFUSED])
def test_an_answer_about_another_grant_changes_nothing(facts, event):
    assert a.apply(facts, event) == facts


@pytest.mark.parametrize(
    ("facts", "after_days", "phase"),
    [
        (NONE, 0, Phase.DISCONNECTED),
        (GRANTED, 1, Phase.ACTIVE),
        (GRANTED, 304, Phase.ACTIVE),
        (GRANTED, 304.01, Phase.EXPIRING),
        (GRANTED, 305, Phase.EXPIRING),
        (GRANTED, 364, Phase.EXPIRING),
        (GRANTED, 365, Phase.OVERDUE),
        (GRANTED, 900, Phase.OVERDUE),
        (DOUBTED, 2, Phase.DOUBTED),
        (REFUSED, 3, Phase.REVOKED),
        (a.apply(GRANTED, Refused(T0 + 365 * DAY, 1)), 366, Phase.EXPIRED),
        (a.apply(NONE, Granted(T0, None)), 5000, Phase.ACTIVE),
    ],
)
def test_the_phase_is_computed_from_facts_and_clock(facts, after_days, phase):
    assert a.phase(facts, T0 + after_days * DAY) is phase


def test_one_refusal_doubts_and_a_second_a_minute_later_refuses():
    now = T0 + 10 * DAY
    first = a.on_refusal(GRANTED, 1, now, others=[])
    doubted = a.apply(GRANTED, first)

    too_soon = a.on_refusal(doubted, 1, now + timedelta(seconds=59), others=[GRANTED])
    in_time = a.on_refusal(doubted, 1, now + timedelta(seconds=60), others=[GRANTED])

    assert isinstance(first, Doubted)
    assert isinstance(too_soon, Doubted)
    assert isinstance(in_time, Refused)


def in_trouble(minutes, *, refused):
    """Another account, so many minutes after T0."""
    doubted = a.apply(GRANTED, Doubted(T0 + timedelta(minutes=minutes), 1))
    return a.apply(doubted, Refused(T0 + timedelta(minutes=minutes + 1), 1)) if refused else doubted


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize(
    ("minutes", "after", "event"),
    [
        (0, timedelta(minutes=1), Doubted),
        (-15, timedelta(minutes=1), Doubted),
        (15, timedelta(minutes=20), Doubted),
        (-16, timedelta(minutes=1), Refused),
        (0, timedelta(hours=23), Doubted),
        (0, timedelta(hours=24), Refused),
    ],
)
def test_an_account_in_trouble_since_the_same_minutes_keeps_another_from_being_refused_for_a_day(
    minutes, after, event, refused
):
    doubted = a.apply(GRANTED, Doubted(T0, 1))
    others = [GRANTED, in_trouble(minutes, refused=refused)]

    assert isinstance(a.on_refusal(doubted, 1, T0 + after, others=others), event)


@pytest.mark.parametrize(
    ("days", "reason", "event"),
    [
        (365, "invalid_grant_refresh", Refused),
        (364.5, "invalid_grant_refresh", Refused),
        (363, "invalid_grant_refresh", Doubted),
        (365, "access_denied", Doubted),
    ],
)
def test_accounts_that_end_together_are_believed_and_denials_are_no_end(days, reason, event):
    at = T0 + days * DAY
    both = a.apply(GRANTED, Doubted(at, 1, reason))

    assert isinstance(a.on_refusal(both, 1, at + timedelta(minutes=1), others=[both]), event)


def test_an_account_whose_time_is_over_is_no_sign_for_another():
    at = T0 + 365 * DAY
    over = a.apply(a.apply(GRANTED, Doubted(at, 1)), Refused(at + timedelta(minutes=1), 1))
    other = a.apply(a.apply(NONE, Granted(T0 + 100 * DAY, T0 + 465 * DAY)), Doubted(at, 1))

    assert isinstance(a.on_refusal(other, 1, at + timedelta(minutes=1), others=[over]), Refused)


def test_another_account_that_is_well_again_is_no_sign():
    doubted, well = a.apply(GRANTED, Doubted(T0, 1)), a.apply(in_trouble(0, refused=True), Confirmed(LATER, 1))

    assert isinstance(a.on_refusal(doubted, 1, T0 + timedelta(minutes=1), others=[well]), Refused)


def test_the_suspects_are_who_is_in_trouble_together_once_it_is_no_hiccup():
    doubted, refused, late = in_trouble(0, refused=False), in_trouble(5, refused=True), in_trouble(16, refused=False)
    known = {"one": doubted, "two": refused, "late": late, "well": GRANTED}

    def found(minutes, *names):
        return a.suspects({name: known[name] for name in names or known}, T0 + timedelta(minutes=minutes))

    assert found(4) == []
    assert found(5) == ["one", "two"]
    assert found(21) == ["one", "two", "late"]
    assert found(5, "one", "well") == []
    assert found(90, "two", "well") == []


def looks(facts, days=30):
    """When a refused account is looked at, in minutes since the first refusal; every look is refused."""
    at, found = facts.doubted_at, []
    while (at := a.next_probe_at(facts, at)) <= facts.doubted_at + days * DAY:
        found.append((at - facts.doubted_at) / timedelta(minutes=1))
    return found


def refused_for(reason, standing=Standing.REFUSED):
    return Facts(standing, 1, T0, doubted_at=T0 + DAY, refused_at=T0 + DAY + timedelta(minutes=1), reason=reason)


@pytest.mark.parametrize("reason", ["invalid_grant_refresh", "access_denied"])
@pytest.mark.parametrize("standing", [Standing.DOUBTED, Standing.REFUSED])
def test_the_looks_come_soon_and_then_ever_more_rarely(reason, standing):
    assert looks(refused_for(reason, standing))[:5] == [1, 6, 36, 276, 276 + 1440]


def test_a_month_of_looks_is_at_most_35_requests():
    cheap, dear = looks(refused_for("invalid_grant_refresh")), looks(refused_for("access_denied"))

    assert 1 + len(cheap) <= 35
    assert 2 * (1 + len(dear)) <= 35
    assert max(later - sooner for sooner, later in pairwise(cheap)) == 1440
    assert max(later - sooner for sooner, later in pairwise(dear)) == 3 * 1440


def test_several_flows_refused_at_once_are_one_refusal():
    facts = a.apply(GRANTED, Doubted(T0 + DAY, 1))
    for seconds in (0, 1, 30, 59):
        facts = a.apply(facts, Doubted(T0 + DAY + timedelta(seconds=seconds), 1))

    assert a.next_probe_at(facts, T0 + DAY) == T0 + DAY + timedelta(minutes=1)


def test_every_reminder_step_is_told_once_on_its_day():
    told = {}
    for day in range(366):
        step = a.reminder_due(GRANTED, frozenset(told), T0 + day * DAY)
        if step is not None:
            told[step] = 365 - day

    assert told == {step: step for step in a.REMINDER_DAYS}


def test_in_the_last_month_people_are_reminded_every_week_at_least():
    steps = [step for step in a.REMINDER_DAYS if step <= 30]

    assert steps[0] == 30
    assert max(before - after for before, after in itertools.pairwise(steps)) <= 7


def test_an_outage_never_causes_a_burst_of_reminders():
    now = T0 + 360 * DAY
    first = a.reminder_due(GRANTED, frozenset(), now)

    assert first == 7
    assert a.reminder_due(GRANTED, frozenset({first}), now) is None


def test_the_application_refused_or_a_pause_stop_sync_before_the_phase_is_asked():
    assert a.may_sync(GRANTED, Application(refused_at=T0), (), LATER) == a.No("application_refused")
    assert a.may_sync(GRANTED, Application(), a.USUAL, LATER) == a.No("paused_by_user")


instants = st.integers(0, 800).map(lambda days: T0 + days * DAY)
events = st.one_of(
    st.builds(Granted, instants, st.one_of(st.none(), instants)),
    st.builds(Doubted, instants, st.integers(0, 4)),
    st.builds(Confirmed, instants, st.integers(0, 4)),
    st.builds(Refused, instants, st.integers(0, 4)),
    st.builds(Disconnected, instants),
)


@given(st.lists(events, max_size=12), instants)
def test_whatever_happened_sync_runs_only_under_a_standing_grant(happened, now):
    facts = NONE
    for event in happened:
        before, facts = facts, a.apply(facts, event)
        assert facts.grant_no - before.grant_no == (1 if isinstance(event, Granted) else 0)

    answer = a.may_sync(facts, Application(), (), now)

    assert isinstance(answer, a.Yes) == (facts.standing is Standing.GRANTED)
    assert (facts.standing is Standing.DOUBTED) <= (facts.doubted_at is not None)
    assert (facts.standing is Standing.REFUSED) <= (facts.refused_at is not None)


@given(st.lists(events, max_size=8), events)
def test_the_same_answer_twice_changes_the_standing_no_further(happened, event):
    facts = NONE
    for former in happened:
        facts = a.apply(facts, former)
    once = a.apply(facts, event)

    if not isinstance(event, Granted):
        assert a.apply(once, event).standing is once.standing


@given(st.lists(events, max_size=8), instants, instants)
def test_the_clock_alone_never_stops_sync(happened, now, later):
    facts = NONE
    for event in happened:
        facts = a.apply(facts, event)

    first = isinstance(a.may_sync(facts, Application(), (), now), a.Yes)
    second = isinstance(a.may_sync(facts, Application(), (), later), a.Yes)

    assert first == second
