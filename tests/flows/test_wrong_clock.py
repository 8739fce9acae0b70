"""Our clock is wrong: said, nothing stops for it, and what it planned, told and counted is put right when it is."""

from datetime import timedelta

import pytest

from forain import wiring
from forain.core.secret import Secret
from forain.flows import authorize
from forain.store import issues, models
from forain.web import words

from .test_causes import LANGUAGES, all_the_words_there, shown  # noqa: F401

YEAR = timedelta(days=365)


def notice(house):
    return next((n for n in issues.open_notices() if n.code == "clock_wrong"), None)


@pytest.mark.parametrize(("minutes", "direction"), [(8, "ahead"), (-8, "behind"), (60 * 24 * 400, "ahead")])
def test_a_clock_that_is_wrong_is_said_with_by_how_much_and_stops_nothing(house, shown, minutes, direction):  # noqa: F811
    house.live(30, step=30)
    house.deps.clock.wrong = timedelta(minutes=minutes)
    house.change("SOAP", stock=7)

    house.live(900, step=100)

    assert house.quantity("SOAP") == 7
    assert house.account.standing == "granted"
    found = notice(house)
    assert found.placeholders == {"cause": direction, "minutes": str(abs(minutes))}
    for language in LANGUAGES:
        url, _, _ = all_the_words_there(shown(house), found, language)
        assert url == "/health"

    house.deps.clock.wrong = timedelta(0)
    house.live(900, step=100)
    assert notice(house) is None


@pytest.mark.parametrize("seconds", [0, 60, 240])
def test_an_answer_on_its_way_and_clocks_that_tick_apart_are_no_wrong_clock(house, seconds):
    house.deps.clock.wrong = timedelta(seconds=seconds)

    house.live(120, step=60)

    assert notice(house) is None


@pytest.mark.parametrize(
    "told", ["", "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT", "Sun, 01 Mar 2026 09:00:00 +999999999999", "\N{SNOWMAN}",
             "Sun, 01 Mar 2026 09:00:00"]
)  # fmt: skip
def test_an_hour_that_cannot_be_read_says_nothing(house, told):
    log = wiring.SideLog(house.deps.clock)

    log.called(f"account:{house.account_id}", "getOrder", 200, "r", 5, told)

    assert models.Side.objects.get(name=f"account:{house.account_id}").clock_off == 0


def test_an_hour_ages_away_is_kept_within_what_the_database_holds(house):
    log = wiring.SideLog(house.deps.clock)

    log.called(f"account:{house.account_id}", "getOrder", 200, "r", 5, "Mon, 01 Jan 0001 09:00:00 GMT")

    assert models.Side.objects.get(name=f"account:{house.account_id}").clock_off == 3650 * 86400


def test_a_shop_whose_own_clock_is_wrong_says_nothing_about_ours(house):
    house.live(30, step=30)
    issues.side_answers(f"shop:{house.shop.pk}", house.deps.clock.now(), shop=house.shop.pk, clock_off=90000)

    house.live(30, step=30)

    assert notice(house) is None


@pytest.mark.parametrize("wrong", [YEAR, -YEAR, timedelta(days=3), timedelta(hours=5)])
def test_a_clock_moved_and_put_back_loses_nothing_refuses_nobody_and_doubles_no_reminder(house, wrong):
    models.Account.objects.update(expires_at=house.deps.clock.now() + timedelta(days=25))
    house.live(60, step=30)
    assert told(house) == [28]
    house.deps.clock.wrong = wrong
    early = house.buy("OIL")
    house.live(600, step=60)

    house.deps.clock.wrong = timedelta(0)
    house.live(300, step=30)
    house.change("SOAP", stock=8)
    late = house.buy("OIL")
    house.live(900, step=60)

    assert (house.account.standing, house.account.grant_no) == ("granted", 1)
    assert house.shop_orders() == sorted([early["order_id"], late["order_id"]])
    assert (house.quantity("SOAP"), house.quantity("OIL")) == (8, 3)
    assert told(house).count(28) == 1
    assert "internal" not in house.refused_codes()
    house.advance(5 * 86400)
    house.live(60, step=30)
    assert told(house)[-1] == 21


def told(house):
    """The reminders told of the present grant, as the journal has them."""
    return [int(row.placeholders["step"]) for row in models.Journal.objects.filter(code="reminded").order_by("id")]


def test_after_a_clock_moved_by_a_year_and_back_a_renewal_works_and_its_end_is_a_year_from_now(house):
    house.live(30, step=30)
    house.deps.clock.wrong = YEAR
    house.live(120, step=60)
    house.deps.clock.wrong = timedelta(0)
    given = {"application_id": house.application["application_id"]}
    token = Secret(house.control("POST", f"sellers/{house.seller}/authorize", given)["refresh_token"])

    authorize.enter_token(house.deps, house.account, token, None)

    assert house.account.expires_at - house.deps.clock.now() == YEAR
    assert words.has("issue.clock_wrong")
