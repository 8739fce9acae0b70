"""The second factor: when it is asked for, that each code works once, and the ways in without a phone."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from django.db import connection
from django.test import Client

from forain import wiring
from forain.flows import second_factor
from forain.store import models, people
from forain.store.vault import VaultBroken
from forain.web import words
from tests.people import PASSWORD, add, clock_by_hand, code_of, come_in, set_up_phone, store_a_buyer
from tests.web.routes import routes
from tests.web.test_who_may_do_what import MEANT_TO_BE_PUBLIC, ONES_OWN, kept


@pytest.fixture
def clock(db, monkeypatch, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return clock_by_hand(monkeypatch)


@pytest.fixture
def camille(clock):
    return add("camille", password=PASSWORD)


def give_password(client, name="camille"):
    return client.post("/login", {"user": name, "password": PASSWORD})


def give_code(client, code):
    return client.post("/login/code", {"code": code})


def is_in(client):
    return client.get("/me").status_code == 200


def test_without_buyers_data_nobody_is_asked_for_one(client, camille):
    give_password(client)

    assert client.get("/orders").status_code == 200


def test_with_buyers_data_nothing_opens_and_nothing_changes_before_it_is_set_up(client, camille):
    give_password(client)
    store_a_buyer()
    before = kept()

    for name, address, _ in routes():
        if name not in MEANT_TO_BE_PUBLIC | ONES_OWN:
            for answer in (client.get(address), client.post(address, {"answer": "yes"})):
                assert answer["Location"].startswith("/me/second-factor"), name
    assert kept() == before


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_the_page_says_why_and_has_a_picture_and_a_text_for_the_phone(client, camille, language):
    give_password(client)
    store_a_buyer()

    page = client.get("/orders?state=held", follow=True, headers={"accept-language": language})

    text = page.content.decode().replace("&#x27;", "'")
    assert words.say(language, "second_factor.must") in text
    assert words.say(language, "second_factor.why") in text
    assert 'name="next" value="/orders?state=held"' in text
    svg = re.search(r"<svg.*?</svg>", text, re.S)[0]
    assert not re.search(r"style|script|on\w+=|href", svg)
    assert len(re.search(r"<code>([A-Z2-7 ]+)</code>", text)[1].replace(" ", "")) == 32


def test_the_picture_holds_what_a_phone_needs(camille):
    address = second_factor.address(camille, second_factor.begin(wiring.deps(), camille, "phone"))

    told = parse_qs(urlsplit(address).query)
    assert unquote(urlsplit(address).path) == "/Forain:camille"
    assert told["issuer"] == ["Forain"]
    assert pyotp.parse_uri(address).secret == told["secret"][0]


def test_setting_it_up_opens_the_page_that_was_asked_for_and_shows_ten_codes_once(client, camille):
    give_password(client)
    store_a_buyer()
    shown = client.get("/me/second-factor?next=/orders").content.decode()
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", shown)[1].replace(" ", "")

    wrong = client.post("/me/second-factor", {"code": code_of(secret, 5), "next": "/orders"})
    again = client.get("/me/second-factor").content.decode()
    right = client.post("/me/second-factor", {"code": code_of(secret), "next": "/orders"})

    page = right.content.decode()
    codes = re.findall(r"<code>([a-z2-9-]{19})</code>", page)
    assert wrong.status_code == 422
    assert shown.split("<svg")[1].split("</svg>")[0] == again.split("<svg")[1].split("</svg>")[0]
    assert len(set(codes)) == 10
    assert 'href="/orders"' in page
    assert client.get("/orders").status_code == 200
    assert codes[0] not in client.get("/me").content.decode()
    assert client.get("/me/second-factor")["Location"] == "/me"
    assert client.get("/me/recovery-codes")["Location"] == "/me"


def test_whoever_was_in_before_does_not_know_what_the_phone_learns(client, camille):
    thief = Client()
    give_password(thief)
    give_password(client)

    def shown(one):
        return re.search(r"<code>([A-Z2-7 ]+)</code>", one.get("/me/second-factor").content.decode())[1].replace(
            " ", ""
        )

    seen = shown(thief)
    learned = shown(client)
    stolen = thief.post("/me/second-factor", {"code": code_of(learned)})

    assert seen != learned
    assert stolen.status_code == 422
    assert people.named("camille").second_factor_at is None


def test_the_way_on_after_setting_it_up_leads_nowhere_else(client, camille):
    give_password(client)

    page = client.get("/me/second-factor?next=https://evil.example/").content.decode()

    assert "evil.example" not in page.split("<main")[1]


def test_neither_its_secret_nor_a_code_is_kept_in_plain_and_it_belongs_to_its_person(camille):
    secret, codes = set_up_phone(camille)
    other = add("other")

    with connection.cursor() as cursor:
        cursor.execute("SET bytea_output = 'escape'")
    dump = " ".join(kept().values())

    assert secret not in dump
    assert [code for code in codes if code in dump or second_factor.bare(code) in dump] == []
    row = models.VaultEntry.objects.get(owner=f"person:{camille.pk}", name="totp")
    with pytest.raises(VaultBroken):
        wiring.deps().vault.open(f"person:{other.pk}", "totp", bytes(row.ciphertext))


def test_the_password_alone_lets_nobody_in(client, camille):
    set_up_phone(camille)

    answer = give_password(client)

    assert answer["Location"] == "/login/code"
    assert not is_in(client)
    assert Client().get("/login/code")["Location"] == "/login"


def test_a_code_works_once_and_so_does_none_before_it(client, camille, clock):
    secret, _ = set_up_phone(camille)
    used_when_set_up = code_of(secret)
    clock.advance(seconds=60)
    before, now = code_of(secret, -1), code_of(secret)
    give_password(client)

    codes = [used_when_set_up, now, now, before]
    answers = []
    for code in codes:
        give_password(client)
        answers.append(give_code(client, code).status_code)
        if is_in(client):
            client.post("/logout")

    assert answers == [401, 302, 401, 401]


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_half_a_minute_wrong(client, camille, clock, steps, good):
    secret, _ = set_up_phone(camille)
    clock.advance(minutes=5)
    give_password(client)

    give_code(client, code_of(secret, steps))

    assert is_in(client) is good


def test_its_time_is_the_products_own(client, camille, clock):
    secret, _ = set_up_phone(camille)
    clock.advance(days=200)
    give_password(client)

    give_code(client, code_of(secret))

    assert is_in(client)


def test_codes_are_guessed_slowly_and_a_recovery_code_still_works(client, camille, clock):
    secret, codes = set_up_phone(camille)
    clock.advance(minutes=5)
    give_password(client)
    wrong = code_of(secret, 100)

    answers = [give_code(client, wrong).status_code for _ in range(7)]
    right = give_code(client, code_of(secret)).status_code

    assert answers == [401] * 5 + [429] * 2
    assert right == 429
    told = models.Journal.objects.filter(subject="camille").exclude(code="second_factor_set")
    assert list(told.values_list("code", flat=True)) == ["codes_guessed"]
    assert give_code(client, codes[0]).status_code == 302


def test_a_stranger_with_the_password_does_not_lock_a_known_browser_out(client, camille, clock):
    secret, codes = set_up_phone(camille)
    give_password(client)
    give_code(client, codes[0])
    client.post("/logout")
    stranger = Client()
    give_password(stranger)
    for _ in range(8):
        last = give_code(stranger, "000000")
    clock.advance(seconds=60)

    give_password(client)
    give_code(client, code_of(secret))

    assert last.status_code == 429
    assert is_in(client)


def test_browsers_gathered_before_there_was_a_phone_bring_no_more_tries(client, camille, clock):
    gathered = [Client() for _ in range(3)]
    for browser in gathered:
        give_password(browser)
        browser.post("/logout")
    secret, _ = set_up_phone(camille)
    clock.advance(minutes=5)

    answers = []
    for browser in gathered:
        give_password(browser)
        answers += [give_code(browser, code_of(secret, 100)).status_code for _ in range(5)]

    assert answers.count(401) == 5


def test_a_recovery_code_works_once_however_it_is_typed(client, camille):
    _, codes = set_up_phone(camille)

    for typed, status in ((codes[0].upper().replace("-", " "), 302), (codes[0], 401), (codes[1], 302)):
        give_password(client)
        assert give_code(client, typed).status_code == status
        client.post("/logout")

    assert people.recovery_codes_left(camille) == 8
    told = models.Journal.objects.filter(code="recovery_code_used").order_by("id")
    assert list(told.values_list("placeholders", flat=True)) == [{"left": "9"}, {"left": "8"}]


def test_somebody_elses_codes_open_nothing(client, camille):
    set_up_phone(camille)
    other = add("other")
    secret, codes = set_up_phone(other)

    give_password(client)

    assert [give_code(client, code).status_code for code in (code_of(secret, 1), codes[0])] == [401, 401]


@pytest.mark.parametrize("change", ["deactivated", "new_password", "too_late"])
def test_between_password_and_code_nothing_may_have_changed(client, camille, change):
    _, codes = set_up_phone(camille)
    give_password(client)

    if change == "deactivated":
        camille.user.is_active = False
        camille.user.save()
    elif change == "new_password":
        people.set_password(camille, "quite another one")
    else:
        session = client.session
        session["half"] = {**session["half"], "at": "2026-01-01T00:00:00+00:00"}
        session.save()

    assert give_code(client, codes[0])["Location"] == "/login"
    assert not is_in(client)


def test_another_phone_needs_a_code_of_the_former_one_and_ends_it(client, camille, clock):
    old, codes = set_up_phone(camille)
    give_password(client)
    give_code(client, codes[0])
    other = Client()
    give_password(other)
    give_code(other, codes[1])

    client.post("/me/second-factor/renew", {"code": "000000"})
    refused = client.get("/me/second-factor").status_code
    client.post("/me/second-factor/renew", {"code": codes[2]})
    page = client.get("/me/second-factor").content.decode()
    new = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    clock.advance(minutes=2)
    client.post("/me/second-factor", {"code": code_of(new)})

    assert refused == 302
    assert is_in(client)
    assert not is_in(other)
    clock.advance(minutes=2)
    give_password(other)
    assert [give_code(other, code).status_code for code in (code_of(old), codes[3], code_of(new))] == [401, 401, 302]


def test_new_recovery_codes_need_a_code_and_end_the_former_ones(client, camille, clock):
    secret, old = set_up_phone(camille)
    come_in(client)

    client.post("/me/recovery-codes", {"code": "000000"})
    untouched = people.recovery_codes_left(camille)
    clock.advance(minutes=2)
    page = client.post("/me/recovery-codes", {"code": code_of(secret)}).content.decode()

    fresh = re.findall(r"<code>([a-z2-9-]{19})</code>", page)
    assert untouched == 10
    assert len(fresh) == 10
    client.post("/logout")
    give_password(client)
    assert [give_code(client, code).status_code for code in (old[0], fresh[0])] == [401, 302]


def test_a_session_that_showed_no_second_factor_ends_when_there_is_one(client, camille):
    give_password(client)
    assert is_in(client)

    set_up_phone(camille)

    assert not is_in(client)
    client.force_login(camille.user)
    assert not is_in(client), "a session of somebody with a second factor that never showed it is none"
