"""The password: how it is kept, how slow guessing is, and what a stranger learns."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import argon2
import pytest
from django.contrib.auth import get_user_model, hashers
from django.contrib.auth.hashers import make_password
from django.db import connections
from django.test import Client

from forain import wiring
from forain.store import instance, models, people
from tests.people import PASSWORD, add, clock_by_hand, come_in, set_up_phone

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def quick(settings):
    """Where tries are counted: how slow one of them is proves nothing there."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def somebody(name="camille", role="owner"):
    return add(name, role, password=PASSWORD)


def tried(client, name="camille", password="wrong", address="198.51.100.7", **headers):
    return client.post("/login", {"user": name, "password": password}, REMOTE_ADDR=address, headers=headers)


def test_a_password_is_kept_with_argon2(client, db):
    client.post(f"/first/{instance.new_first_link()}", {"user": "camille", "password": PASSWORD})

    assert models.Person.objects.get().user.password.startswith("argon2$argon2id$")


def test_an_older_hash_is_made_anew_at_login(client, db):
    person = add()
    person.user.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    person.user.save()

    answer = tried(client, password=PASSWORD)

    person.user.refresh_from_db()
    assert answer.status_code == 302
    assert person.user.password.startswith("argon2$argon2id$")
    assert person.user.check_password(PASSWORD)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("password", ["short", "password1234", "camille-camille"])
def test_a_password_that_is_easily_guessed_is_not_taken(client, db, password):
    answer = client.post(f"/first/{instance.new_first_link()}", {"user": "camille-camille", "password": password})

    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert models.Person.objects.count() == 0


def test_many_addresses_on_one_name_get_eight_tries_and_then_one_a_minute(db, quick, monkeypatch):
    somebody()
    clock = clock_by_hand(monkeypatch)

    codes = [tried(Client(), address=f"198.51.100.{n}").status_code for n in range(10)]
    right = tried(Client(), password=PASSWORD, address="198.51.100.99")
    clock.advance(seconds=61)
    later = [tried(Client(), address=f"203.0.113.{n}").status_code for n in range(2)]

    assert codes == [401] * 8 + [429] * 2
    assert list(models.Journal.objects.values_list("code", "subject")) == [("passwords_guessed", "camille")]
    assert right.status_code == 429, "while it is throttled, nobody learns whether a password is right"
    assert later == [401, 429]


def test_many_names_from_one_address_get_thirty_tries_and_then_three_a_minute(client, db, quick, monkeypatch):
    clock = clock_by_hand(monkeypatch)

    codes = [tried(client, name=f"name{n}").status_code for n in range(32)]
    assert not models.Journal.objects.exists(), "a name nobody has may be a mistyped password"
    clock.advance(seconds=41)
    later = [tried(client, name=f"other{n}").status_code for n in range(3)]
    elsewhere = tried(client, name="another", address="203.0.113.1")

    assert codes == [401] * 30 + [429] * 2
    assert later == [401, 401, 429]
    assert elsewhere.status_code == 401


def test_a_header_does_not_make_one_address_many(client, db, quick, monkeypatch):
    clock_by_hand(monkeypatch)

    codes = [
        tried(client, name=f"name{n}", x_forwarded_for=f"203.0.113.{n}", forwarded=f"for=203.0.113.{n}").status_code
        for n in range(31)
    ]

    assert codes[-1] == 429


def test_right_passwords_do_not_count(client, db, quick, monkeypatch):
    somebody()
    clock_by_hand(monkeypatch)

    codes = [tried(Client(), password=PASSWORD).status_code for _ in range(12)]

    assert codes == [302] * 12


def test_whoever_was_in_with_this_browser_gets_in_while_a_stranger_keeps_guessing(client, db, quick, monkeypatch):
    somebody()
    clock_by_hand(monkeypatch)
    tried(client, password=PASSWORD, address="127.0.0.1")
    client.post("/logout")
    stranger = Client()
    for n in range(40):
        tried(stranger, address="127.0.0.1")
        tried(stranger, name=f"name{n}", address="127.0.0.1")

    assert tried(Client(), password=PASSWORD, address="127.0.0.1").status_code == 429
    assert tried(client, password=PASSWORD, address="127.0.0.1").status_code == 302


def test_a_known_browser_may_not_guess_without_end_and_is_known_for_its_own_name_only(client, db, quick, monkeypatch):
    somebody()
    somebody("jonas")
    clock_by_hand(monkeypatch)
    tried(client, password=PASSWORD)
    client.post("/logout")

    own = [tried(client).status_code for _ in range(9)]
    others = [tried(client, name="jonas").status_code for _ in range(9)]
    forged = Client()
    forged.cookies["forain_known"] = client.cookies["forain_known"].value[:-2] + "xx"

    assert own == others == [401] * 8 + [429]
    assert tried(forged, name="jonas").status_code == 429


def test_a_stranger_cannot_tell_whether_a_name_exists(db, quick):
    somebody()
    gone = somebody("gone", "reader")
    gone.user.is_active = False
    gone.user.save()
    add("invited", "reader")

    def page(name, password="wrong"):
        answer = tried(Client(), name=name, password=password)
        return answer.status_code, answer.content.decode().split("<main")[1].replace(name, "NAME")

    pages = [page("camille"), page("nobody"), page("invited"), page("gone"), page("gone", PASSWORD)]
    told = {(code, text.split('name="csrf', 1)[0] + text.split(">", 30)[-1]) for code, text in pages}
    assert len(told) == 1
    assert "User name or password is wrong." in pages[0][1]


def test_somebody_without_a_role_does_not_get_in(client, db, django_user_model):
    django_user_model.objects.create_user("stray", password=PASSWORD)

    assert tried(client, name="stray", password=PASSWORD).status_code == 401
    client.force_login(django_user_model.objects.get())
    assert client.get("/").status_code == 403


def test_what_guessing_leaves_behind_is_cleared_away(client, db, quick, monkeypatch):
    clock = clock_by_hand(monkeypatch)
    for n in range(31):
        tried(client, name=f"name{n}")
    clock.advance(days=2)

    for _ in range(9):
        tried(client, name="camille")

    left = models.Limit.objects.filter(operation="login_name")
    assert list(left.values_list("scope", flat=True)) == ["login:camille"]


class Watched:
    """What hashes in the end, and how many passwords it ever had in hand together."""

    def __init__(self, monkeypatch):
        self.now = self.most = self.whole = 0
        self._lock = threading.Lock()
        for owner, name in (argon2.low_level, "hash_secret"), (argon2.PasswordHasher, "verify"), (hashers, "pbkdf2"):
            monkeypatch.setattr(owner, name, self._watch(getattr(owner, name)))

    def _watch(self, real):
        def work(*told, **named):
            with self._lock:
                self.now, self.whole = self.now + 1, self.whole + 1
                self.most = max(self.most, self.now)
            time.sleep(0.1)
            try:
                return real(*told, **named)
            finally:
                with self._lock:
                    self.now -= 1

        return work


@pytest.mark.parametrize("way", ["login", "older", "first", "invited", "own"])
def test_a_crowd_does_not_take_the_machines_memory(transactional_db, monkeypatch, way):
    fresh = {"password": f"{PASSWORD} anew"}
    asked = {
        "login": lambda n: ("/login", {"user": f"name{n}", "password": "wrong"}),
        "older": lambda n: ("/login", {"user": f"name{n}", "password": PASSWORD}),
        "first": lambda n: (f"/first/{link}", {"user": f"name{n}", **fresh}),
        "invited": lambda n: (f"/invited/{people.new_link(crowd[n], wiring.deps().clock.now())}", fresh),
        "own": lambda n: ("/me/password", {"current": PASSWORD, "fresh": fresh["password"]}),
    }
    link = instance.new_first_link()
    crowd = [] if way == "first" else [somebody(f"name{n}") for n in range(5)]
    if way == "older":
        get_user_model().objects.update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    browsers = [come_in(Client(), f"name{n}") if way == "own" else Client() for n in range(5)]
    knocks = [(browser, *asked[way](n)) for n, browser in enumerate(browsers)]
    watched = Watched(monkeypatch)

    def knock(browser, address, form):
        browser.post(address, form)
        connections.close_all()

    threads = [threading.Thread(target=knock, args=one) for one in knocks]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert watched.whole >= (1 if way == "first" else 5)
    assert watched.most <= 2


@pytest.mark.parametrize(("url", "secure"), [("https://forain.example", True), ("http://127.0.0.1:8787", False)])
def test_behind_https_the_cookies_are_for_https_only(tmp_path, url, secure):
    names = "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE"
    told = subprocess.run(
        [sys.executable, "-c", f"from forain.config import settings as s; print([getattr(s, n) for n in {names}])"],
        env={**os.environ, "FORAIN_HOME": str(tmp_path), "FORAIN_PUBLIC_URL": url, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True,
    )  # fmt: skip

    assert told.stdout.strip() == str([secure] * 3), told.stderr


def test_no_script_and_no_other_site_gets_at_the_cookies(client, db, settings):
    settings.SESSION_COOKIE_SECURE = True
    somebody()

    answer = tried(client, password=PASSWORD)

    for name in ("forain_session", "forain_known"):
        cookie = answer.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True), name


def test_login_leads_on_to_the_page_that_was_asked_for_also_with_a_code(client, db, quick, monkeypatch):
    clock_by_hand(monkeypatch)
    person = somebody()
    _, codes = set_up_phone(person)

    first = client.post("/login", {"user": "camille", "password": PASSWORD, "next": "/orders?state=held"})
    second = client.post(first["Location"], {"code": codes[0]})

    assert urlsplit(first["Location"]).path == "/login/code"
    assert second["Location"] == "/orders?state=held"
    assert client.get("/orders").status_code == 200
