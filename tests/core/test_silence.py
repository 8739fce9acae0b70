"""When it is too quiet: a busy shop is told within hours, a small one never falsely."""

import math
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core import silence

NOW = datetime(2026, 3, 2, 15, 20, tzinfo=UTC)
"""A Monday."""
THIS_HOUR = silence.hour_of(NOW)


def every_hour(count, days=40, hours=range(24), weekdays=range(7), until=THIS_HOUR):
    """The same number of events in each of these hours, up to and with `until`."""
    found = {}
    for hour in range(until - days * 24, until + 1):
        moment = silence.moment_of(hour)
        if moment.hour in hours and moment.weekday() in weekdays:
            found[hour] = count
    return found


def first_alarm(counts, resumed=None):
    """How many hours after the last event the silence is one, None: never within six weeks."""
    last = max(counts)
    for hours in range(1, 42 * 24):
        if silence.unusual(counts, resumed, silence.moment_of(last + hours)):
            return hours - 1
    return None


def test_where_nothing_ever_happened_nothing_is_silent():
    assert silence.unusual({}, None, NOW) is None
    assert silence.unusual({THIS_HOUR - 500: 0}, THIS_HOUR - 900, NOW) is None


@pytest.mark.parametrize(("an_hour", "hours"), [(20, 1), (10, 1), (5, 2), (1, 10)])
def test_the_busier_an_account_is_the_sooner_its_silence_is_one(an_hour, hours):
    assert first_alarm(every_hour(an_hour)) == hours


def test_a_night_is_no_silence_and_the_morning_after_is():
    by_day = every_hour(5, hours=range(8, 20), until=silence.hour_of(datetime(2026, 3, 2, 19, tzinfo=UTC)))

    assert first_alarm(by_day) == 12 + 2


def test_a_weekend_is_no_silence_and_the_monday_after_it_is():
    friday = silence.hour_of(datetime(2026, 2, 27, 17, tzinfo=UTC))
    on_weekdays = every_hour(3, hours=range(9, 18), weekdays=range(5), until=friday)

    hours = first_alarm(on_weekdays)

    assert silence.moment_of(friday + hours).date() == datetime(2026, 3, 2, tzinfo=UTC).date()


@pytest.mark.parametrize(("apart", "days"), [(1, 10), (2, 20), (3, None), (7, None)])
def test_the_rarer_the_orders_the_longer_the_silence_and_a_few_a_month_are_alarmed_by_none(apart, days):
    rare = {THIS_HOUR - apart * 24 * n: 1 for n in range(60 // apart)}

    hours = first_alarm(rare)

    assert hours == (days and days * 24)


def test_what_was_silent_while_sync_stood_still_does_not_count():
    counts = every_hour(5, until=THIS_HOUR - 100)

    assert silence.unusual(counts, None, NOW)
    assert silence.unusual(counts, THIS_HOUR - 1, NOW) is None
    assert silence.unusual(counts, THIS_HOUR, NOW) is None


def test_a_silence_lasts_until_something_happens_however_long_that_is():
    counts = every_hour(1)

    assert all(silence.unusual(counts, None, NOW + timedelta(days=days)) for days in (1, 20, 21, 22, 60, 400))


def test_the_next_event_ends_it():
    counts = every_hour(5, until=THIS_HOUR - 10)
    assert silence.unusual(counts, None, NOW) == silence.Silence(9, 45)

    assert silence.unusual(counts | {THIS_HOUR: 1}, None, NOW) is None


hours_of_events = st.dictionaries(st.integers(THIS_HOUR - 60 * 24, THIS_HOUR), st.integers(0, 30), max_size=80)


@given(hours_of_events, st.none() | st.integers(THIS_HOUR - 100, THIS_HOUR))
def test_what_is_called_silent_had_much_in_every_comparable_stretch(counts, resumed):
    found = silence.unusual(counts, resumed, NOW)

    if found is not None:
        assert not [h for h in range(THIS_HOUR - found.hours, THIS_HOUR) if counts.get(h)]
        days = [count for hour, count in counts.items() if hour < THIS_HOUR - found.hours]
        assert sum(days) >= silence.LEAST
        assert found.usual >= silence.LEAST
        assert found.hours >= 1


@given(hours_of_events, st.integers(1, 30))
def test_more_events_before_never_end_a_silence(counts, more):
    found = silence.unusual(counts, None, NOW)

    if found is not None:
        assert silence.unusual({hour: count + more for hour, count in counts.items() if count}, None, NOW)


@given(st.integers(0, 9))
def test_fewer_than_ten_events_in_all_alarm_nobody(events):
    counts = {THIS_HOUR - 30 - n: 1 for n in range(events)}

    assert all(silence.unusual(counts, None, NOW + timedelta(hours=h)) is None for h in range(0, 600, 7))


def poisson(chance, mean):
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def rate(a_day, moment):
    """Most by day and on Sundays, few at night: the mean of an hour."""
    by_day = 0.3 if moment.hour < 7 else 1.35
    return a_day / 24 * by_day * (1.6 if moment.weekday() == 6 else 0.9)


@pytest.mark.parametrize("a_day", [0.2, 1, 3, 10, 40, 200])
def test_years_of_chance_raise_no_false_alarm(a_day):
    chance = random.Random(a_day)
    counts, false = {}, 0
    for hour in range(24 * 365):
        if silence.unusual(counts, None, silence.moment_of(hour)):
            false += 1
        happened = poisson(chance, rate(a_day, silence.moment_of(hour)))
        if happened:
            counts[hour] = happened
        counts.pop(hour - 60 * 24, None)

    assert false == 0


@pytest.mark.parametrize(("a_day", "most_hours"), [(3, 240), (10, 80), (40, 24), (200, 10)])
def test_a_real_silence_is_told_the_sooner_the_more_usually_happens(a_day, most_hours):
    chance = random.Random(a_day)
    counts = {
        hour: happened
        for hour in range(THIS_HOUR - 50 * 24, THIS_HOUR + 1)
        if (happened := poisson(chance, rate(a_day, silence.moment_of(hour))))
    }

    assert (first_alarm(counts) or 10_000) <= most_hours
