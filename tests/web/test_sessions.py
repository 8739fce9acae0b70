"""How a login ends: idle, old, password or role changed, deactivated."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from forain import wiring
from forain.core.people import Role
from forain.flows import look_after_people, second_factor
from forain.store import models, people
from forain.web import sessions
from forain.web.session_store import SessionStore
from tests.people import PASSWORD, add, clock_by_hand, code_of, come_in, set_up_phone


def is_in(client):
    answer = client.get("/me")
    assert answer.status_code == 200 or answer["Location"].startswith("/login?next=")
    return answer.status_code == 200


def ends_at(client):
    return Session.objects.get(pk=SessionStore.kept_as(client.session.session_key)).expire_date


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


class Slow(MD5PasswordHasher):
    """While it looks at a password, something else happens."""

    meanwhile = None

    def verify(self, password, encoded):
        happens, Slow.meanwhile = Slow.meanwhile, None
        if happens:
            happens()
        return super().verify(password, encoded)


@pytest.fixture
def slow(settings):
    settings.PASSWORD_HASHERS = ["tests.web.test_sessions.Slow"]
    yield
    Slow.meanwhile = None


MEANWHILE = {
    "phone": lambda: set_up_phone(people.named("camille")),
    "password": lambda: people.set_password(people.named("camille"), "the owner's new one"),
    "deactivated": lambda: people.set_active(people.named("camille"), False),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_a_session_that_ends_while_the_password_is_looked_at_changes_none(client, db, slow, what):
    add("anna", password=PASSWORD)
    add(password=PASSWORD)
    client.post("/login", {"user": "camille", "password": PASSWORD})
    Slow.meanwhile = MEANWHILE[what]

    client.post("/me/password", {"current": PASSWORD, "fresh": "the thief's new one"})

    assert not is_in(client)
    assert not people.named("camille").user.check_password("the thief's new one")


def test_a_password_that_is_changed_while_it_is_looked_at_lets_nobody_in(client, db, slow):
    add(password=PASSWORD)
    Slow.meanwhile = MEANWHILE["password"]

    answer = client.post("/login", {"user": "camille", "password": PASSWORD})

    assert answer.status_code == 401
    assert not is_in(client)


def test_a_session_that_ends_while_the_phone_is_shown_makes_no_second_factor(client, db, monkeypatch):
    clock_by_hand(monkeypatch)
    deps, asked = wiring.deps(), add()
    secret = second_factor.begin(deps, asked, "phone").reveal()
    people.set_password(people.named("camille"), "the owner's new one")

    codes = second_factor.confirm(deps, asked, "phone", code_of(secret))

    assert codes is None
    assert people.named("camille").second_factor_at is None


def test_what_changes_a_person_while_they_log_in_ends_that_login_too(client, db):
    person = add(phone=True)
    request = RequestFactory().post("/login/code")
    request.session = client.session
    people.set_second_factor(people.named("camille"), wiring.deps().clock.now())

    sessions.begin(request, person, second_factor=True)

    assert not sessions.stands(request, people.named("camille"))


def test_whoever_gave_the_password_only_changes_none(client, db):
    person = add(password=PASSWORD)
    set_up_phone(person)
    client.post("/login", {"user": "camille", "password": PASSWORD})

    answer = client.post("/me/password", {"current": PASSWORD, "fresh": "the thief's new one"})

    assert answer["Location"].startswith("/login")
    assert people.named("camille").user.check_password(PASSWORD)


def test_the_present_password_is_guessed_there_as_slowly_as_at_the_login(client, db, monkeypatch, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    clock = clock_by_hand(monkeypatch)
    person = add(password=PASSWORD, phone=True)
    come_in(client)
    form = {"current": "not this one", "fresh": "quite another one"}
    for _ in range(8):
        client.post("/me/password", form)

    client.post("/me/password", {**form, "current": PASSWORD})
    person.user.refresh_from_db()
    throttled = person.user.check_password(PASSWORD)
    clock.advance(seconds=61)
    client.post("/me/password", {**form, "current": PASSWORD})

    assert throttled
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
    assert not session.exists(before)


def test_what_stands_in_the_database_lets_nobody_in(client, db):
    come_in(client)
    assert is_in(client)

    (row,) = Session.objects.values()
    assert client.session.session_key not in str(row)
    thief = Client()
    thief.cookies["forain_session"] = row["session_key"]
    assert not is_in(thief)


def test_a_database_that_is_away_for_a_moment_logs_nobody_out(client, db):
    come_in(client)
    client.raise_request_exception = False
    left = ["away"]

    def away(execute, sql, params, many, context):
        if left and "django_session" in sql:
            raise OperationalError(left.pop())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(away):
        answer = client.get("/me")

    assert (left, answer.status_code) == ([], 500)
    assert is_in(client)


def test_a_session_that_stood_in_the_database_as_its_cookie_has_ended(client, db):
    come_in(client)
    plain = client.session.session_key
    Session.objects.update(session_key=plain)

    assert not is_in(client)


def test_a_session_is_one_row_which_goes_with_logging_out(client, db):
    come_in(client)
    key = client.session.session_key
    client.get("/me")
    assert (Session.objects.count(), client.session.exists(key)) == (1, True)

    client.post("/logout")

    assert not client.session.exists(key)


@pytest.mark.parametrize(("name", "value"), [("FORAIN_SESSION_IDLE_HOURS", "0"), ("FORAIN_SESSION_DAYS", "for ever")])
def test_a_session_without_a_sane_end_cannot_be_set(name, value):
    from forain.config import checks

    with pytest.raises(checks.BadSettings, match=name):
        checks.check({name: value})
