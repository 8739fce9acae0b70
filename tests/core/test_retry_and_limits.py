"""The retry table, row by row; and the buckets."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core import errors, limits
from forain.core.errors import Problem
from forain.core.retry import Again, Stop, verdict

T0 = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.Throttled(T0 + MINUTE), Again(T0 + MINUTE, attempt=False)),
        (errors.Busy(T0 + MINUTE), Again(T0 + MINUTE, attempt=False)),
        (errors.GrantDoubted(), Stop("account", "doubt")),
        (errors.GrantRefused(), Stop("account", "doubt")),
        (errors.WrongAccount(), Stop("account", "item_issue")),
        (errors.AppRefused(), Stop("application", "app_refused")),
        (errors.ShopRefused(), Again(T0 + 10 * MINUTE, attempt=True, effect="shop_refused")),
        (errors.Denied("x"), Stop("operation", "role_missing")),
        (errors.Rejected([Problem("x")]), Stop("item", "item_issue")),
        (errors.Forged(), Stop("item", "item_issue")),
        (KeyError("x"), Stop("bug", "internal")),
        (AssertionError(), Stop("bug", "internal")),
    ],
)
def test_the_retry_table(error, expected):
    assert verdict(error, 1, T0) == expected


def test_no_error_an_adapter_may_raise_falls_through_the_table():
    built = {errors.Throttled: (T0,), errors.Busy: (T0,), errors.Denied: ("x",), errors.Malformed: ("x",),
             errors.Rejected: ([Problem("x")],)}  # fmt: skip
    kinds = errors.AdapterError.__subclasses__()

    assert len(kinds) == 13
    for kind in kinds:
        answer = verdict(kind(*built.get(kind, ())), 1, T0)
        assert answer != Stop("bug", "internal"), kind


@pytest.mark.parametrize("error", [errors.Unreachable(), errors.ServerFault()])
def test_an_ill_side_is_asked_again_without_end_at_most_an_hour_apart(error):
    pauses = [(verdict(error, attempt, T0, jitter=1.0).at - T0).total_seconds() for attempt in (1, 2, 3, 9, 10, 500)]

    assert pauses == [15, 30, 60, 3600, 3600, 3600]


def test_a_broken_answer_is_asked_for_three_times():
    kinds = [type(verdict(errors.Malformed("x"), attempt, T0)) for attempt in (1, 2, 3)]

    assert kinds == [Again, Again, Stop]


@given(
    st.floats(0.001, 20),
    st.integers(1, 40),
    st.lists(st.floats(0, 100), max_size=60),
)
def test_a_bucket_never_gives_more_than_burst_plus_rate_times_time(rate, burst, waits):
    bucket, now, taken = limits.Bucket(burst, T0, rate, burst), T0, 0
    for wait in waits:
        now += timedelta(seconds=wait)
        match limits.take(bucket, now):
            case limits.Taken(bucket=bucket):
                taken += 1
            case limits.WaitUntil(at=at):
                assert at > now

    assert taken <= burst + rate * sum(waits) + 1e-6


def test_the_server_teaches_downwards_only():
    bucket = limits.Bucket(5, T0, 2.0, 5)

    assert limits.learn(bucket, T0, server_rate=0.5).rate == 0.5
    assert limits.learn(bucket, T0, server_rate=9.0).rate == 2.0
    assert limits.learn(bucket, T0, throttled=True).tokens == 0
