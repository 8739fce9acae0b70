"""Every clock on one line: what stands still first, then the nearest end, unknown ones last; a year fits the timeline."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from forain.core.authorization import Facts, Standing
from forain.core.forecast import MONTHS, AccountClock, ApplicationClock, ends, months, nearest, shades

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def account(number, days, **more):
    end = None if days is None else NOW + timedelta(days=days)
    facts = {"standing": Standing.GRANTED, "grant_no": 1, "granted_at": NOW, "expires_at": end, **more}
    return AccountClock(number, f"Account {number}", Facts(**facts), 1, by_consent=True, has_term=True)


def application(days, number=1, **more):
    end = None if days is None else NOW + timedelta(days=days)
    return ApplicationClock(number, "Own", end, has_term=True, **more)


def test_the_nearest_end_comes_first_and_an_unknown_one_last():
    found = ends([account(1, 300), account(2, None), account(3, 20)], [application(90)], NOW)

    assert [(end.clock, end.name) for end in found] == [
        ("authorization", "Account 3"),
        ("secret", "Own"),
        ("authorization", "Account 1"),
        ("authorization", "Account 2"),
    ]
    assert [end.days_left(NOW) for end in found] == [20, 90, 300, None]


def test_what_stands_still_already_comes_before_all_and_is_no_end_to_be_averted():
    refused = account(2, 200, standing=Standing.REFUSED, refused_at=NOW)

    found = ends([account(1, 5), refused], [], NOW)

    assert [(end.name, end.stopped) for end in found] == [("Account 2", True), ("Account 1", False)]
    head = nearest(found, NOW)
    assert head is not None
    assert head.name == "Account 1"


def test_an_application_stops_all_its_accounts_and_one_nobody_uses_has_no_clock():
    unused = application(3, number=2)
    gone = account(3, None, standing=Standing.NONE)

    found = ends([account(1, 300), account(2, 310), gone], [application(40), unused], NOW)

    assert [(end.clock, end.stops) for end in found] == [
        ("secret", ("Account 1", "Account 2")),
        ("authorization", ("Account 1",)),
        ("authorization", ("Account 2",)),
    ]
    head = nearest(found, NOW)
    assert head is not None
    assert head.clock == "secret"


def test_the_head_stays_empty_until_sixty_days_before():
    assert nearest(ends([account(1, 61)], [], NOW), NOW) is None
    assert nearest(ends([account(1, 60)], [], NOW), NOW) is not None
    assert nearest(ends([account(1, -3)], [], NOW), NOW) is not None


def test_the_head_says_what_stands_still_where_nothing_is_left_to_be_averted():
    old = account(1, -40, standing=Standing.REFUSED, refused_at=NOW - timedelta(days=40))
    new = account(2, 200, standing=Standing.REFUSED, refused_at=NOW - timedelta(days=2))

    head = nearest(ends([old, new, account(3, 61)], [], NOW), NOW)

    assert head is not None
    assert (head.name, head.stopped_at) == ("Account 2", NOW - timedelta(days=2))
    assert nearest(ends([account(3, 61)], [], NOW), NOW) is None


def test_a_permission_without_a_term_and_without_a_date_has_no_clock():
    one = AccountClock(1, "A", Facts(Standing.GRANTED, 1, NOW), 1, by_consent=False, has_term=False)

    assert ends([one], [], NOW) == []


def test_what_is_refused_is_there_even_without_a_term():
    refused = Facts(Standing.REFUSED, 1, NOW, refused_at=NOW)
    one = AccountClock(1, "A", refused, 1, by_consent=False, has_term=False)

    found = ends([one], [ApplicationClock(1, "Own", None, has_term=False, refused_at=NOW)], NOW)

    assert [(end.clock, end.stopped_at) for end in found] == [("authorization", NOW), ("secret", NOW)]


def test_the_timeline_has_this_month_first_and_the_same_month_of_next_year_last():
    shown = months(date(2026, 11, 29))

    assert (shown[0], shown[1], shown[2], shown[-1]) == (
        date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 11, 1),
    )  # fmt: skip
    assert shades(date(2027, 2, 28), date(2026, 11, 29)) == ["before"] * 3 + ["end"] + ["after"] * 9
    assert shades(None, date(2026, 11, 29)) == ["before"] * MONTHS
    assert shades(date(2027, 12, 1), date(2026, 11, 29)) == ["before"] * MONTHS
    assert shades(date(2027, 11, 30), date(2026, 11, 29))[-1] == "end"
    assert shades(date(2025, 1, 1), date(2026, 11, 29)) == ["end"] + ["after"] * 12


@given(st.dates(date(2020, 1, 1), date(2090, 1, 1)), st.integers(-2000, 2000))
def test_a_timeline_has_each_month_once_in_order_and_at_most_one_end(today, days):
    shown, line = months(today), shades(today + timedelta(days=days), today)

    assert shown == sorted(set(shown))
    assert len(shown) == len(line) == MONTHS
    assert line.count("end") <= 1
    assert line == sorted(line, key=["before", "end", "after"].index)
    if 0 <= days <= 365:
        assert "end" in line
