"""Trouble that no end is the matter of reaches people too: a role that is missing, a marketplace that does not answer."""

from datetime import timedelta

import pytest

from forain.store import models
from tests.post import mailbox

from .reminding import DAY, person, with_server
from .test_causes import LOGIN, ORDERS, Answers, api, login


@pytest.fixture
def amazon():
    return Answers()


@pytest.fixture
def told(make_house, amazon):
    """A house with a mail server, and Camille."""
    house = make_house(transport=amazon.over)
    house.rotate()
    models.Account.objects.update(expires_at=house.deps.clock.now() + timedelta(days=300))
    with mailbox() as house.post:
        with_server(house, house.post)
        person()
        house.live(60, step=20)
        yield house


def by_day(house, days):
    """How many mails came on each day."""
    found = []
    for _ in range(days):
        before = len(house.post.mails)
        house.live(600, step=200)
        house.advance(DAY - 800)
        found.append(len(house.post.mails) - before)
    return found


def test_a_missing_role_without_which_orders_stand_still_is_mailed_at_once_and_then_weekly(told, amazon):
    amazon.store(ORDERS, 403, api())

    assert by_day(told, 9) == [1, 0, 0, 0, 0, 0, 0, 1, 0]

    assert "Your application lacks the role" in told.post.subjects[0]
    text = told.post.mails[0].get_content()
    assert "Add the role to the application" in text
    assert f"http://127.0.0.1:8787/accounts/{told.account_id}#renew" in text
    amazon.stored.clear()
    assert by_day(told, 9)[2:] == [0] * 7


def test_login_with_amazon_down_for_three_days_is_mailed_once_after_some_hours(told, amazon):
    amazon.store(LOGIN, 503, login("temporarily_unavailable"))

    told.live(3 * 3600, step=600)
    assert told.post.mails == []
    told.live(2 * 3600, step=600)
    assert len(told.post.mails) == 1
    for _ in range(12):
        told.live(1800, step=600)
        told.advance(DAY / 4 - 2400)

    assert ["Camille has not answered since" in subject for subject in told.post.subjects] == [True]
    amazon.stored.clear()
    told.live(2 * 3600, step=600)
    assert len(told.post.mails) == 1


def test_a_marketplace_that_is_away_for_an_hour_is_mailed_to_nobody(told, amazon):
    amazon.store(LOGIN, 503, login("temporarily_unavailable"))
    told.live(3600, step=600)
    amazon.stored.clear()
    told.live(4 * 3600, step=600)

    assert told.post.mails == []
