"""When a holiday begins and ends: facts and a clock."""

from datetime import UTC, datetime, timedelta

import pytest

from forain.core.holiday import Holiday, NotAHoliday, checked, step

BEGIN, END = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 8, 15, tzinfo=UTC)
MOMENT = timedelta(seconds=1)
ENTERED = Holiday(BEGIN, END)
UNDER_WAY = Holiday(BEGIN, END, BEGIN)


@pytest.mark.parametrize(
    ("holiday", "clock_off", "now", "expected"),
    [
        (ENTERED, 0, BEGIN - MOMENT, ""), (ENTERED, 0, BEGIN, "begin"), (ENTERED, 7200, BEGIN, ""),
        (ENTERED, 0, END, "end"), (UNDER_WAY, 0, BEGIN + MOMENT, ""), (UNDER_WAY, 0, END - MOMENT, ""),
        (UNDER_WAY, 7200, END, "end"), (Holiday(), 0, BEGIN, ""), (Holiday(begun_at=BEGIN), 0, BEGIN, "end"),
    ],
)  # fmt: skip
def test_it_begins_once_and_ends_in_any_case(holiday, clock_off, now, expected):
    assert step(holiday, clock_off, now) == expected


@pytest.mark.parametrize(
    ("begins", "ends", "now", "code"),
    [
        (END, BEGIN, BEGIN, "ends_before_it_begins"), (BEGIN, BEGIN, BEGIN, "ends_before_it_begins"),
        (BEGIN, END, END, "is_over"), (BEGIN, BEGIN + timedelta(days=367), BEGIN, "too_long"),
    ],
)  # fmt: skip
def test_what_is_no_holiday_is_refused(begins, ends, now, code):
    with pytest.raises(NotAHoliday) as found:
        checked(begins, ends, now)
    assert found.value.code == code
    assert checked(BEGIN, END, BEGIN + MOMENT) == ENTERED
