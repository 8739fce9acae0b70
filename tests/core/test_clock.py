"""Moments are aware, in UTC, and of a year that somebody may mean."""

from datetime import UTC, datetime

import pytest

from forain.core.clock import parse_instant


def test_a_moment_of_any_zone_is_one_in_utc():
    assert parse_instant("2026-03-01T10:00:00.5+01:00") == datetime(2026, 3, 1, 9, 0, 0, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-03-01", "2026-03-01T10:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00",
     "1969-12-31T23:59:59Z", "2200-01-01T00:00:00Z"],
)  # fmt: skip
def test_what_is_no_moment_is_refused_as_a_value(text):
    with pytest.raises(ValueError):
        parse_instant(text)
