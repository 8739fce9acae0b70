"""Who must act before an end, and how, is said in the marketplace's own words: an owner of the retired MWS is not sent to pages
that make no MWS Token."""

import html
from datetime import timedelta

import pytest

from forain import plugins, wiring
from forain.flows import authorize
from forain.store import models
from forain.web import words
from tests.flows.conftest import house, make_house
from tests.flows.reminding import person, tell, with_server
from tests.journeys.mws import mws_house
from tests.people import come_in
from tests.post import mailbox

__all__ = ["house", "make_house"]

PATHS = {
    "en": "Settings > User permissions > Manage your apps > Authorize new developer",
    "fr": "Paramètres > Permissions utilisateur > Gérer vos applications > Autoriser un nouveau développeur",
    "de": "Einstellungen > Benutzerberechtigungen > Ihre Apps verwalten > Neuen Entwickler autorisieren",
}


@pytest.fixture
def old(tmp_path, transactional_db, client, monkeypatch):
    """An account of the retired MWS whose token ends in twenty days."""
    house = mws_house(tmp_path / "shop")
    house.connect()
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    house.client = come_in(client)
    made_at = house.deps.clock.now() - timedelta(days=345, hours=-1)
    authorize.correct_date(house.deps, house.account, house.account.grant_no, made_at, "camille")
    return house


def told(house, language):
    """(the page Authorizations, the calendar, the mail) as they say who must act."""
    header = {"accept-language": language}
    page = house.client.get("/authorizations", headers=header).content.decode()
    made = house.client.post("/authorizations/calendar", {"answer": "make"}, headers=header).content.decode()
    feed = house.client.get(made.split("http://127.0.0.1:8787")[1].split('"')[0]).content.decode()
    with mailbox() as post:
        with_server(house, post)
        person(language=language)
        tell(house)
        (mail,) = post.mails
    found = (page, feed.replace("\r\n ", "").replace("\\,", ","), mail.get_content())
    return [html.unescape(text).replace("\N{NO-BREAK SPACE}", " ") for text in found]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_an_owner_of_the_retired_mws_is_told_his_own_steps_everywhere(old, language):
    general = words.say(language, "forecast.who_token").replace("\N{NO-BREAK SPACE}", " ")

    for text in told(old, language):
        assert PATHS[language] in text
        assert "MWS" in text
        assert general not in text


def test_an_owner_of_todays_amazon_is_told_the_general_ones(house):
    assert words.who_acts("en", "amazon", "token") == words.say("en", "forecast.who_token")
    assert words.who_acts("en", "gone", "consent") == words.say("en", "forecast.who_consent")


def test_whoever_has_words_of_its_own_has_them_in_every_language():
    for code in plugins.marketplaces():
        for language in words.LANGUAGES:
            found = plugins.words("marketplaces", code, language)
            assert {key for key in found if key.startswith("who.")} <= {"who.consent", "who.token", "who.secret"}


def test_a_secret_that_never_ends_has_no_day_to_ask_for(old):
    page = old.client.get(f"/accounts/{old.account_id}").content.decode()

    assert "secret_made_on" not in page
    assert models.Application.objects.get().secret_expires_at is None
    assert not models.Application.objects.get().secret_estimated
