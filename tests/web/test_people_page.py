"""The page "People": inviting, roles, deactivating, and the quarter's question."""

import re

import pytest
from django.test import Client

from forain import wiring
from forain.flows import watch
from forain.store import instance, models, people
from tests.people import PASSWORD, add, clock_by_hand, come_in, set_up_phone
from tests.web.test_what_stands_on_the_pages import Page


@pytest.fixture
def clock(db, monkeypatch, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return clock_by_hand(monkeypatch)


@pytest.fixture
def owner(client, clock):
    person = add("camille", password=PASSWORD, phone=True)
    come_in(client)
    people.confirm(clock.now())
    return person


def text(answer):
    return Page(answer.content.decode()).text.replace("\N{NO-BREAK SPACE}", " ")


def invite(client, name="jonas", role="operator"):
    page = client.post("/people/invite", {"user": name, "role": role}).content.decode()
    found = re.search(r"http://127\.0\.0\.1:\d+(/invited/[\w-]+)", page)
    return found[1] if found else ""


def journal():
    return list(models.Journal.objects.order_by("id").values_list("code", "subject"))


def test_an_invitation_works_once_and_gives_the_role_it_says(client, owner):
    link = invite(client)
    guest = Client()

    looked = [text(guest.get(link)) for _ in range(2)]
    short = guest.post(link, {"password": "short"})
    joined = guest.post(link, {"password": "jonas has a long one"})
    again = Client().post(link, {"password": "somebody else's word"})

    assert "Welcome, jonas" in looked[0] == looked[1]
    assert (short.status_code, joined["Location"], again.status_code) == (200, "/", 410)
    assert guest.get("/journal").status_code == 200
    assert guest.get("/people").status_code == 403
    jonas = people.named("jonas")
    assert (jonas.role, jonas.link_hash) == ("operator", "")
    assert jonas.user.check_password("jonas has a long one")
    assert journal() == [("person_invited", "jonas"), ("password_set", "jonas")]


def test_the_link_itself_is_nowhere_kept(client, owner):
    token = invite(client).rsplit("/", 1)[1]

    row = people.named("jonas")
    assert token not in str(vars(row))
    assert token not in str(list(models.Journal.objects.values()))
    assert token not in text(client.get("/people"))


def test_an_invitation_ends_after_seven_days_and_a_new_link_ends_the_former(client, owner, clock):
    first = invite(client)
    clock.advance(days=8)
    old = Client().get(first)
    page = client.post(f"/people/{people.named('jonas').pk}/link").content.decode()
    second = re.search(r"/invited/[\w-]+", page)[0]

    assert old.status_code == 410
    assert "too old" in text(old)
    assert Client().get(second).status_code == 200
    client.post(f"/people/{people.named('jonas').pk}/link")
    assert Client().get(second).status_code == 410
    assert Client().get("/invited/guess").status_code == 410


def test_a_link_for_a_forgotten_password_does_not_replace_the_phone(client, owner):
    jonas = add("jonas", "operator", password=PASSWORD)
    _, codes = set_up_phone(jonas)
    page = client.post(f"/people/{jonas.pk}/link").content.decode()
    guest = Client()

    answer = guest.post(re.search(r"/invited/[\w-]+", page)[0], {"password": "jonas has a new one"})

    assert answer["Location"] == "/login/code"
    assert guest.get("/me").status_code == 302
    guest.post("/login/code", {"code": codes[0]})
    assert guest.get("/me").status_code == 200


@pytest.mark.parametrize("name", ["", "a b", "x" * 151, "camille", "Camille", "<b>"])
def test_a_name_that_cannot_be_is_said_and_nobody_is_added(client, owner, name):
    answer = client.post("/people/invite", {"user": name, "role": "reader"})

    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'role="alert"' in page.split('id="invite"')[1].split("</section>")[0]
    assert 'action="/people/invite#invite"' in page, "the browser shows the form again, not the top of the page"
    assert models.Person.objects.count() == 1


def test_a_role_there_is_not_is_not_given(client, owner):
    jonas = add("jonas", "reader")

    invited = client.post("/people/invite", {"user": "new", "role": "root"})
    client.post(f"/people/{jonas.pk}/role", {"role": "root"})

    assert invited.status_code == 422
    assert people.named("jonas").role == "reader"
    assert people.named("new") is None


def test_the_list_says_role_last_login_and_second_factor(client, owner):
    invite(client)
    add("anna", "reader", password=PASSWORD)

    page = text(client.get("/people"))

    assert re.search(r"camille you .* yes New link Deactivate", page)
    assert re.search(r"anna .* never no New link Deactivate", page)
    assert re.search(r"jonas invited .* never no New link Deactivate", page)


def test_the_last_owner_stays(client, owner):
    add("anna", "owner")
    invite(client, "jonas", "owner")
    me = f"/people/{owner.pk}"

    answers = [client.post(f"{me}/role", {"role": "reader"}, follow=True),
               client.post(f"{me}/active", {"answer": "no"}, follow=True)]  # fmt: skip

    for answer in answers:
        assert "This is the last owner who can log in" in text(answer)
    owner.refresh_from_db()
    owner.user.refresh_from_db()
    assert (owner.role, owner.user.is_active) == ("owner", True)
    assert [code for code, _ in journal()] == ["person_invited"]


def test_a_new_password_ends_the_link_that_was_open_for_one(client, owner):
    add("jonas", "operator", password=PASSWORD, phone=True)
    jonas = models.Person.objects.get(user__username="jonas")
    link = re.search(r"/invited/[\w-]+", client.post(f"/people/{jonas.pk}/link").content.decode())[0]
    his = come_in(Client(), "jonas")

    his.post("/me/password", {"current": PASSWORD, "fresh": "jonas has a new one"})

    assert Client().get(link).status_code == 410


def test_an_owner_may_leave_when_there_is_another(client, owner):
    add("anna", "owner", password=PASSWORD)

    client.post(f"/people/{owner.pk}/role", {"role": "reader"})

    owner.refresh_from_db()
    assert owner.role == "reader"
    assert client.get("/me").status_code == 302


def test_somebody_deactivated_is_out_and_can_come_back(client, owner):
    jonas = add("jonas", "operator", password=PASSWORD)
    guest = Client()
    guest.post("/login", {"user": "jonas", "password": PASSWORD})
    link = re.search(r"/invited/[\w-]+", client.post(f"/people/{jonas.pk}/link").content.decode())[0]

    client.post(f"/people/{jonas.pk}/active", {"answer": "no"})
    out = guest.get("/me").status_code, guest.post("/login", {"user": "jonas", "password": PASSWORD}).status_code
    no_link = client.post(f"/people/{jonas.pk}/link")
    client.post(f"/people/{jonas.pk}/active", {"answer": "yes"})

    assert out == (302, 401)
    assert no_link["Location"] == "/people"
    assert Client().get(link).status_code == 410
    assert guest.post("/login", {"user": "jonas", "password": PASSWORD}).status_code == 302
    told = [code for code, subject in journal() if subject == "jonas"]
    assert told == ["person_link_made", "person_deactivated", "person_activated"]


def test_whoever_is_not_there_is_not_found(client, owner):
    for what in ("link", "role", "active"):
        assert client.post(f"/people/999/{what}", {"role": "reader"}).status_code == 404


def test_once_a_quarter_forain_asks_who_still_needs_access(client, owner, clock):
    def asked():
        watch.derive_issues(wiring.deps())
        return "Who still needs access? Nobody has looked since" in text(client.get("/issues"))

    add("old-hand", "reader")
    told = []
    for days in (89, 2):
        clock.advance(days=days)
        told.append(asked())
    page = client.get("/issues").content.decode()
    client.post("/people/confirm")

    assert told == [False, True]
    assert 'href="/people"' in page.split("Who still needs access")[1]
    assert not asked()
    clock.advance(days=91)
    assert asked()
    entry = models.Journal.objects.get(code="people_confirmed")
    assert entry.placeholders == {"by": "camille", "names": "camille, old-hand"}


def test_the_first_owner_begins_the_first_quarter(client, clock):
    client.post(f"/first/{instance.new_first_link()}", {"user": "camille", "password": PASSWORD})

    assert instance.get().people_confirmed_at == clock.now()


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_journal_tells_what_happened_to_people_in_words(client, owner, language):
    jonas = add("jonas", "reader", password=PASSWORD)
    client.post(f"/people/{jonas.pk}/role", {"role": "accountant"})
    client.post("/people/confirm")
    set_up_phone(jonas)

    page = text(client.get("/journal", headers={"accept-language": language}))

    role = {"en": "Accountant", "fr": "Comptable", "de": "Buchhaltung"}[language]
    assert re.search(rf"camille [^:]*jonas[^:]*: {role}", page)
    assert "person_" not in page
    assert "second_factor" not in page


def test_a_page_that_answered_a_form_can_change_its_language(client, owner):
    jonas = add("jonas", "reader", password=PASSWORD)

    for address in ("/people/invite", f"/people/{jonas.pk}/link", "/me/password", "/me/recovery-codes"):
        answer = client.post("/language", {"language": "de", "next": address}, follow=True)
        assert answer.status_code == 200, address
