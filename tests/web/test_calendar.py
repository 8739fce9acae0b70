"""The ends in the merchant's own calendar: a secret address, read without a login, gone when its person is."""

import re

import pytest
from icalendar import Calendar

from forain.store import models, people
from forain.web import words
from tests.people import come_in
from tests.web.test_authorizations_page import connect


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    connect("Épicerie, fine; de Lyon " + "à" * 60, 40, secret_days=90)
    return client


def made(client, answer="make", language="en"):
    page = client.post("/authorizations/calendar", {"answer": answer}, headers={"accept-language": language})
    found = re.search(r'value="[^"]*?(/calendar/[^"]+\.ics)"', page.content.decode())
    return found and found[1]


def read(client, address):
    client.logout()
    return client.get(address)


def events(answer):
    return {str(event["summary"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}


def test_each_end_is_a_day_in_the_calendar_with_alarms_and_what_to_do(merchant):
    answer = read(merchant, made(merchant))

    assert answer.status_code == 200
    assert answer["content-type"] == "text/calendar; charset=utf-8"
    found = events(answer)
    account = models.Account.objects.get()
    event = found[f"Amazon access of {account.name} ends (estimated)"]
    assert event.decoded("dtstart") == words.local(account.expires_at).date()
    assert "copy the new token here" in event["description"]
    assert f"/accounts/{account.pk}#renew" in event["description"]
    assert [alarm.decoded("trigger").days for alarm in event.walk("VALARM")] == [-60, -30, -14, -7, -1]
    assert "Client secret of amzn1.fake-client ends" in found
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))


def test_it_speaks_the_language_it_was_made_in(merchant):
    found = events(read(merchant, made(merchant, language="de")))

    assert any(title.startswith("Amazon-Zugang von") for title in found)


def test_a_renewal_moves_the_day_and_leaves_no_second_one(merchant):
    address = made(merchant)
    before = events(read(merchant, address))
    models.Account.objects.update(expires_at=models.Account.objects.get().expires_at.replace(year=2031))

    after = events(read(merchant, address))

    assert len(before) == len(after) == 2
    title = next(iter(t for t in after if t.startswith("Amazon access")))
    assert after[title].decoded("dtstart").year == 2031
    assert before[title]["uid"] != after[title]["uid"]


def test_the_address_is_shown_once_and_kept_nowhere(merchant, django_db_blocker):
    address = made(merchant)
    secret = address.split("/")[2]

    assert secret not in merchant.get("/authorizations").content.decode()
    person = people.named("camille")
    assert person.calendar_made_at is not None
    assert secret not in str(models.Person.objects.values())
    assert secret not in str(models.Journal.objects.values())


@pytest.mark.parametrize("how", ["anew", "removed", "deactivated", "another role"])
def test_the_former_address_works_no_more(merchant, how):
    address = made(merchant)
    person = people.named("camille")
    if how == "anew":
        made(merchant)
    if how == "removed":
        made(merchant, "remove")
    if how == "deactivated":
        person.user.is_active = False
        person.user.save()
    if how == "another role":
        models.Person.objects.update(role="accountant")

    assert read(merchant, address).status_code == 404


def test_a_guess_and_a_language_there_is_not_are_not_found(merchant):
    address = made(merchant)

    assert read(merchant, "/calendar/guessed/en.ics").status_code == 404
    assert read(merchant, "/calendar//en.ics").status_code == 404
    assert read(merchant, address.replace("/en.ics", "/xx.ics")).status_code == 404


def test_nothing_of_orders_or_secrets_is_in_it(merchant):
    text = read(merchant, made(merchant)).content.decode()

    assert models.Account.objects.get().seller not in text
    assert "Atz" not in text
