"""The day a token was made that was pasted by hand: asked for, shown as estimated, corrected afterwards; reminders follow."""

import re
from datetime import date, timedelta

import pytest

from forain import plugins, wiring
from forain.core.errors import Rejected
from forain.core.secret import Secret
from forain.flows import authorize
from forain.store import models
from forain.web import words
from tests.people import come_in

DAY = 86400
YEAR = timedelta(days=365)


@pytest.fixture
def merchant(house, client, monkeypatch):
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    return client


def ago(house, days):
    return (house.deps.clock.now() - timedelta(days=days)).date()


def steps(house):
    """The reminders told of the present grant, as the journal has them."""
    rows = models.Journal.objects.filter(code="reminded").order_by("id")
    return [int(row.placeholders["step"]) for row in rows]


def correct(house, days):
    made_at = house.deps.clock.now() - timedelta(days=days)
    return authorize.correct_date(house.deps, house.account, house.account.grant_no, made_at, "me")


def test_terms_are_data_of_the_manifest_for_every_kind_of_application():
    for code in plugins.marketplaces():
        for kind in plugins.marketplace_manifest(code).application_kinds:
            assert kind.authorization_term is None or kind.authorization_term > timedelta(0)
            assert kind.secret_term is None or kind.secret_term > timedelta(0)
    amazon = plugins.marketplace_manifest("amazon")
    assert {kind.code: (kind.authorization_term, kind.secret_term) for kind in amazon.application_kinds} == {
        "private": (YEAR, timedelta(days=180)),
        "public": (YEAR, timedelta(days=180)),
    }


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_day_is_asked_for_and_the_end_is_shown_as_estimated(house, merchant, language):
    header = {"accept-language": language}
    add = merchant.get("/accounts/add/amazon", headers=header).content.decode()
    page = merchant.get(f"/accounts/{house.account_id}", headers=header).content.decode()

    assert 'name="granted_on"' in add
    assert words.say(language, "amazon.granted_on") in add.replace("&#x27;", "'")
    assert f"({words.say(language, 'phase.estimated')}" in page
    assert f"/accounts/{house.account_id}/date" in page


@pytest.mark.parametrize("path", ["/accounts/add/amazon", "/accounts/{}", "/accounts/{}/renew-all"])
def test_a_form_nobody_touched_claims_no_day(house, merchant, path):
    page = merchant.get(path.format(house.account_id)).content.decode()

    fields = [one for one in re.findall(r"<input[^>]*>", page) if 'name="granted_on"' in one]
    assert fields
    assert [one for one in fields if re.search(r'value="[^"]', one)] == []


def test_a_date_known_from_a_consent_is_neither_estimated_nor_corrected(make_house, client, monkeypatch):
    house = make_house(kind="public")
    models.Account.objects.update(estimated=False)
    end = house.account.expires_at
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)

    page = client.get(f"/accounts/{house.account_id}").content.decode()
    with pytest.raises(Rejected) as refused:
        correct(house, 30)

    assert words.say("en", "phase.estimated") not in page
    assert f"/accounts/{house.account_id}/date" not in page
    assert refused.value.code == "date_known"
    assert house.account.expires_at == end


def test_a_corrected_day_moves_the_end_and_is_in_the_journal_once_however_often_it_is_said(house, merchant):
    typed = {"granted_on": ago(house, 100).isoformat(), "grant": house.account.grant_no}

    for _ in range(3):
        merchant.post(f"/accounts/{house.account_id}/date", typed)

    assert (house.account.expires_at - YEAR).date() == ago(house, 100)
    assert house.account.estimated
    assert (house.account.standing, house.account.grant_no) == ("granted", 1)
    assert house.journal().count("date_corrected") == 1


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (lambda house: ago(house, -2).isoformat(), "date_future"),
        (lambda house: ago(house, 366).isoformat(), "date_too_old"),
        (lambda house: ago(house, 365 * 40).isoformat(), "date_too_old"),
        (lambda house: "yesterday", "date_wrong"),
        (lambda house: "31/02/2026", "date_wrong"),
        (lambda house: "2026-02-30", "date_wrong"),
        (lambda house: "0000-00-00", "date_wrong"),
        (lambda house: "9" * 3000, "date_wrong"),
        (lambda house: "", "required"),
    ],
)
def test_a_wrong_day_changes_nothing_and_says_why(house, merchant, typed, why):
    before = house.account.expires_at

    answer = merchant.post(
        f"/accounts/{house.account_id}/date", {"granted_on": typed(house), "grant": house.account.grant_no}
    )
    page = merchant.get(answer["Location"]).content.decode().replace("&#x27;", "'")

    assert words.say("en", f"error.{why}") in page
    assert house.account.expires_at == before
    assert "date_corrected" not in house.journal()


@pytest.mark.parametrize("days", [366, 4000])
def test_a_new_token_of_a_day_whose_year_is_over_is_not_taken(house, days):
    told = {"application_id": house.application["application_id"]}
    token = Secret(house.control("POST", f"sellers/{house.seller}/authorize", told)["refresh_token"])

    with pytest.raises(Rejected) as refused:
        authorize.enter_token(house.deps, house.account, token, house.deps.clock.now() - timedelta(days=days))

    assert refused.value.code == "date_too_old"
    assert house.account.grant_no == 1


def test_a_correction_of_a_page_that_was_open_since_before_a_renewal_does_not_touch_the_new_token(house, merchant):
    old = house.account.grant_no
    told = {"application_id": house.application["application_id"]}
    token = Secret(house.control("POST", f"sellers/{house.seller}/authorize", told)["refresh_token"])
    authorize.enter_token(house.deps, house.account, token, None)
    end = house.account.expires_at

    merchant.post(f"/accounts/{house.account_id}/date", {"granted_on": ago(house, 200).isoformat(), "grant": old})

    assert house.account.expires_at == end


def test_reminders_follow_a_day_that_turns_out_to_be_earlier_and_the_most_urgent_one_is_told_alone(house):
    house.live(30, step=30)
    assert steps(house) == []

    correct(house, 365 - 20)
    for _ in range(3):
        authorize.remind(house.deps, house.account)
    correct(house, 365 - 20)
    authorize.remind(house.deps, house.account)

    assert steps(house) == [21]


def test_reminders_follow_a_day_that_turns_out_to_be_later_and_each_is_told_once_for_the_new_end(house):
    correct(house, 365 - 6)
    authorize.remind(house.deps, house.account)
    assert steps(house) == [7]

    correct(house, 300)
    for _ in range(66):
        for _ in range(2):
            authorize.remind(house.deps, house.account)
        house.advance(DAY)

    assert steps(house) == [7, 60, 30, 28, 21, 14, 7, 3, 1, 0]


def test_a_correction_by_a_day_or_two_tells_no_step_twice(house):
    correct(house, 365 - 25)
    authorize.remind(house.deps, house.account)
    correct(house, 365 - 24)
    authorize.remind(house.deps, house.account)
    correct(house, 365 - 26)
    authorize.remind(house.deps, house.account)

    assert steps(house) == [28]


def test_what_was_refused_before_a_day_that_was_wrong_has_expired_once_the_right_day_is_told(house, merchant):
    house.live(30, step=30)
    house.advance(20 * DAY)
    house.control("POST", f"sellers/{house.seller}/revoke", {})
    for _ in range(2):
        house.live(70, step=70)
    assert house.account.standing == "refused"
    assert "authorization_revoked" in house.refused_codes()

    correct(house, 366)
    house.live(30, step=30)

    assert "authorization_expired" in house.refused_codes()
    assert "authorization_revoked" not in house.refused_codes()


def test_today_counts_where_the_person_is(house):
    made = authorize.authorization.made_at
    now = house.deps.clock.now()

    assert made(date(2026, 3, 2), date(2026, 3, 2), now) == now
    assert made(date(2026, 3, 3), date(2026, 3, 2), now) is None
