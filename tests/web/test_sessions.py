"""How a login ends: idle, old, password or role changed, deactivated."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from forain import wiring
from forain.core.people import Role
from forain.flows import look_after_people, second_factor
from forain.store import models, people
from forain.web import sessions
from tests.people import PASSWORD, add, come_in, set_up_phone


def is_in(client):
    answer = client.get("/me")
    assert answer.status_code == 200 or answer["Location"].startswith("/login?next=")
    return answer.status_code == 200


def ends_at(client):
    return Session.objects.get(session_key=client.session.session_key).expire_date


def test_a_session_nobody_uses_ends_after_twelve_hours(client, db):
    come_in(client)
    assert is_in(client)
    left = ends_at(client) - sessions.real_now()
    assert timedelta(hours=11, minutes=55) < left <= timedelta(hours=12)

    Session.objects.update(expire_date=sessions.real_now() - timedelta(seconds=1))

    assert not is_in(client)


def test_a_page_that_renews_itself_does_not_keep_a_session_alive_and_a_person_does(client, db):
    come_in(client)
    soon = sessions.real_now() + timedelta(minutes=10)
    Session.objects.update(expire_date=soon)

    polled = client.get("/", headers={"hx-request": "true"})
    after_polling = ends_at(client)
    client.get("/")

    assert polled.status_code == 200
    assert after_polling == soon
    assert ends_at(client) > soon + timedelta(hours=11)


def test_when_the_login_ended_a_page_that_renews_itself_goes_to_the_login_as_a_whole(client, db):
    answer = client.get("/", headers={"hx-request": "true"})

    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/login?next=/")


def test_a_session_ends_after_fourteen_days_however_busy(client, db):
    come_in(client)
    for days, good in ((13, True), (14, False)):
        session = client.session
        session["begun"] = (sessions.real_now() - timedelta(days=days)).isoformat()
        session.save()
        assert is_in(client) is good

    page = client.get("/login").content.decode()
    assert "Your login has ended." in page


def test_a_new_password_ends_all_other_sessions_and_only_whoever_knows_the_old_one_sets_it(client, db):
    person = add(password=PASSWORD, phone=True)
    other = Client()
    come_in(client)
    come_in(other)

    wrong = client.post("/me/password", {"current": "not this one", "fresh": "quite another one"})
    assert (wrong.status_code, is_in(other)) == (422, True)
    good = client.post("/me/password", {"current": PASSWORD, "fresh": "quite another one"})

    assert good["Location"] == "/me"
    assert is_in(client)
    assert not is_in(other)
    person.user.refresh_from_db()
    assert person.user.check_password("quite another one")


@pytest.mark.parametrize("what", ["role", "deactivated", "reset", "link"])
def test_what_changes_a_person_ends_their_sessions_and_nobody_elses(client, db, what):
    deps = wiring.deps()
    come_in(client)
    jonas = add("jonas", "operator")
    set_up_phone(jonas)
    other = come_in(Client(), "jonas")
    assert is_in(other)

    if what == "role":
        look_after_people.change_role(deps, jonas, Role.READER, "camille")
    elif what == "deactivated":
        look_after_people.let_in(deps, jonas, False, "camille")
    elif what == "reset":
        second_factor.reset(deps, jonas, "test")
    else:
        token = look_after_people.new_link(deps, jonas, "camille")
        assert look_after_people.use_link(deps, jonas, token, PASSWORD)

    assert not is_in(other)
    assert is_in(client)


def test_the_same_role_again_ends_nothing(client, db):
    come_in(client, "jonas", "operator")

    look_after_people.change_role(wiring.deps(), people.named("jonas"), Role.OPERATOR, "camille")

    assert is_in(client)
    assert models.Journal.objects.count() == 0


def test_after_logging_out_going_back_shows_nothing(client, db):
    come_in(client)

    assert client.get("/")["Cache-Control"] == "private, no-store"
    client.post("/logout")
    assert not is_in(client)


def test_logging_in_gives_the_session_a_new_name(client, db):
    add(password=PASSWORD)
    session = client.session
    session["planted"] = "by a stranger"
    session.save()
    before = session.session_key

    client.post("/login", {"user": "camille", "password": PASSWORD})

    assert client.session.session_key != before
    assert "planted" not in client.session
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize(("name", "value"), [("FORAIN_SESSION_IDLE_HOURS", "0"), ("FORAIN_SESSION_DAYS", "for ever")])
def test_a_session_without_a_sane_end_cannot_be_set(name, value):
    from forain.config import checks

    with pytest.raises(checks.BadSettings, match=name):
        checks.check({name: value})
