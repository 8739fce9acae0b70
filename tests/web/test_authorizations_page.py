"""What ends when: one card a clock, the nearest end first, in the head of every page from sixty days on."""

import html
from datetime import timedelta

import pytest

from forain import wiring
from forain.flows import watch
from forain.store import models
from forain.web import words
from tests.people import come_in

FR = "A13V1IB3VIYZZH"


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    return client


def connect(name, days, *, kind="private", standing="granted", secret_days=None, client="amzn1.fake-client"):
    now = wiring.deps().clock.now()
    application, _ = models.Application.objects.get_or_create(
        marketplace="amazon", client_id=client,
        defaults={"kind": kind, "created_at": now, "secret_expires_at": secret_days and now + timedelta(days=secret_days, hours=1)},
    )  # fmt: skip
    return models.Account.objects.create(
        marketplace="amazon", name=name, region="EU", seller=f"A1{name.upper()}", application=application, created_at=now,
        standing=standing, grant_no=1, granted_at=now, refused_at=now if standing == "refused" else None,
        expires_at=None if days is None else now + timedelta(days=days, hours=1), estimated=kind == "private",
    )  # fmt: skip


def shown(merchant, path="/authorizations"):
    answer = merchant.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_clock_has_a_card_and_the_nearest_end_comes_first(merchant):
    connect("Later", 200, secret_days=90)
    connect("Sooner", 20)

    page = shown(merchant)

    places = [page.index(text) for text in ("Sooner</h2>", "amzn1.fake-client", "Later</h2>")]
    assert places == sorted(places)
    assert "20\N{NO-BREAK SPACE}days left" in page
    assert "90\N{NO-BREAK SPACE}days left" in page
    assert page.count('class="end"') == 3


def test_the_secret_of_an_application_says_whom_it_stops(merchant):
    connect("Fine food", 300, secret_days=90)
    connect("Old books", 310)

    page = shown(merchant)

    assert "90\N{NO-BREAK SPACE}days left" in page
    assert "for each account of the application: Fine food, Old books." in page
    assert page.count("amzn1.fake-client") == 1


@pytest.mark.parametrize(("days", "head"), [(61, None), (60, "60\N{NO-BREAK SPACE}days left"), (-3, "overdue")])
def test_the_nearest_end_stands_in_the_head_of_every_page_from_sixty_days_on(merchant, days, head):
    connect("Fine food", days)

    top = shown(merchant, "/journal").split("</header>")[0]

    assert ('href="/authorizations"' in top.split('class="right"')[1]) == (head is not None)
    assert head is None or head in top


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_head_says_since_when_the_only_account_stands_still(merchant, language):
    row = connect("Fine food", 200, standing="refused")

    page = merchant.get("/journal", headers={"accept-language": language}).content.decode().replace("&#x27;", "'")

    top = page.split("</header>")[0]
    assert words.say(language, "forecast.stopped_since", {"date": words.day(language, row.refused_at)}) in top
    assert 'class="pill critical" href="/authorizations"' in top


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_secret_that_is_over_and_still_answers_is_said_to_be_over_and_presses(merchant, language):
    connect("Fine food", 300, secret_days=-5)
    watch.derive_issues(wiring.deps())

    page = html.unescape(merchant.get("/issues", headers={"accept-language": language}).content.decode())

    assert words.say(language, "cure.secret_overdue") in page
    assert words.say(language, "issues.critical") in page
    end = words.day(language, models.Application.objects.get().secret_expires_at)
    assert words.say(language, "issue.secret_overdue", {"date": end}) in page
    assert words.say(language, "issue.secret_expiring", {"date": end}) not in page


def test_in_every_language_nobody_authorizes_again_for_a_new_secret():
    said = [words.say(language, "cure.secret_expiring") for language in words.LANGUAGES]

    assert "Sellers need not authorize again" in said[0]
    assert "n'ont pas à autoriser de nouveau" in said[1]
    assert "müssen nicht erneut autorisieren" in said[2]


def test_what_amazon_refuses_stands_still_and_is_first(merchant):
    connect("Near", 5)
    connect("Gone", 200, standing="refused")

    page = shown(merchant)

    assert page.index("Gone</h2>") < page.index("Near</h2>")
    assert "stands still" in page


def test_an_account_without_a_known_end_says_so(merchant):
    connect("Fine food", None)

    assert "date not known" in shown(merchant)


def test_without_an_account_the_page_leads_to_the_first_one(merchant):
    assert "/accounts/add/amazon" in shown(merchant)


def test_a_notice_names_its_account_where_there_are_several(merchant):
    connect("Fine food", 5)
    watch.derive_issues(wiring.deps())
    alone = shown(merchant, "/issues")
    connect("Old books", 200)

    assert ">Fine food</small>" not in alone
    assert ">Fine food</small>" in shown(merchant, "/issues")


def test_an_accountant_does_not_see_it(client, transactional_db):
    come_in(client, role="accountant")

    assert client.get("/authorizations").status_code == 403
