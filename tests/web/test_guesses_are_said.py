"""A day that is reckoned and not known is said to be estimated wherever it is named: mails, notices, the calendar, the head of
every page, the overview, the journal; a day that is known is not."""

from datetime import timedelta

import pytest

from forain import wiring
from forain.flows import authorize, tell_people, watch
from forain.store import letters, models
from forain.web import words
from tests.flows.conftest import house, make_house
from tests.flows.reminding import person, tell, with_server
from tests.people import come_in
from tests.post import mailbox

__all__ = ["house", "make_house"]

LANGUAGES = ("en", "fr", "de")


@pytest.fixture
def told(house, client, monkeypatch):
    """A house whose token and client secret end in twenty and forty days, as somebody typed."""
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    now = house.deps.clock.now()
    authorize.correct_date(house.deps, house.account, 1, now - timedelta(days=345, hours=-1), "camille")
    models.Application.objects.update(
        secret_issued_at=now, secret_expires_at=now + timedelta(days=40, hours=1), secret_estimated=True
    )
    watch.derive_issues(house.deps)
    house.client = client
    return house


def known(house):
    """The same days, known from Amazon."""
    models.Account.objects.update(estimated=False)
    models.Application.objects.update(secret_estimated=False)
    watch.derive_issues(house.deps)


def page(house, path, language):
    return house.client.get(path, headers={"accept-language": language}).content.decode().replace("&#x27;", "'")


def head(house, language):
    return page(house, "/health", language).split("</header>")[0]


def overview(house, language):
    return page(house, "/", language).split('<dl class="six">')[1].split("</div>")[0]


def notices(house, language):
    found = page(house, "/issues", language).split("<strong>")[1:]
    said = [text.split("</strong>")[0] for text in found]
    assert len(said) >= 2
    return " ".join(
        text for text in said if any(day(house, language, clock) in text for clock in ("account", "secret"))
    )


def day(house, language, clock):
    end = house.account.expires_at if clock == "account" else house.account.application.secret_expires_at
    return words.day(language, end)


def calendar(house, language):
    answer = page(house, "/authorizations", "en")
    assert answer
    made = house.client.post("/authorizations/calendar", {"answer": "make"}).content.decode()
    path = made.split("http://127.0.0.1:8787")[1].split('"')[0]
    feed = house.client.get(path.replace("/en.ics", f"/{language}.ics")).content.decode().replace("\r\n ", "")
    return "\n".join(line for line in feed.splitlines() if line.startswith("SUMMARY"))


PLACES = {"head": (head, 1), "overview": (overview, 1), "notices": (notices, 2), "calendar": (calendar, 2)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", PLACES)
def test_the_pages_and_the_calendar_say_that_a_day_is_estimated_and_nothing_of_one_that_is_known(told, place, language):
    read, times = PLACES[place]
    word = f"({words.say(language, 'phase.estimated')})"

    assert read(told, language).count(word) == times
    known(told)
    assert read(told, language).count(word) == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_mails_say_it_in_the_receivers_language(told, language):
    word = f"({words.say(language, 'phase.estimated')})"
    with mailbox() as post:
        with_server(told, post)
        person(language=language)
        tell(told)

        assert len(post.mails) == 2
        assert [word in subject for subject in post.subjects] == [True, True]
        assert [word in mail.get_content() for mail in post.mails] == [True, True]
        said = [row.placeholders["estimated"] for row in models.Journal.objects.filter(code="reminder_mailed")]
        assert said == ["yes", "yes"]

        known(told)
        models.Letter.objects.all().delete()
        tell_people.tell_people(told.deps)

        assert [word in mail.get_content() for mail in post.mails[2:]] == [False, False]
    assert letters.waiting() == []


def test_the_journal_says_it(told):
    journal = page(told, "/journal", "en")

    assert journal.count("(estimated)") >= 2
    assert "corrected the date: authorized until" in journal
