"""The way back from a consent, in browsers: only the person who began it ends it, once; and nobody is led elsewhere."""

import html
import threading
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.db import connections
from django.test import Client

from forain import wiring
from forain.flows import authorize
from forain.store import models
from forain.web import words
from tests.flows.test_consent import confirmed
from tests.flows.test_secrets import whole_database
from tests.people import PASSWORD, add, come_in

FR = "A13V1IB3VIYZZH"


@pytest.fixture
def house(make_house, monkeypatch):
    found = make_house(kind="public")
    monkeypatch.setattr(wiring, "deps", lambda: found.deps)
    return found


@pytest.fixture
def camille(client, django_user_model):
    come_in(client)
    return client


def begun(house, browser):
    """The address back, after this browser pressed Renew and Amazon's page was confirmed."""
    there = browser.post(f"/accounts/{house.account_id}/renew")["Location"]
    return f"/amazon/callback?{urlencode(confirmed(house, there))}"


def grant(house):
    return house.account.standing, house.account.grant_no


def test_the_one_who_began_it_ends_it_and_no_second_time(house, camille):
    before, back = house.account.grant_no, begun(house, camille)

    camille.get(back)
    again = camille.get(back, follow=True)

    assert grant(house) == ("granted", before + 1)
    assert words.say("en", "error.state_used") in again.content.decode().replace("&#x27;", "'")


def test_another_person_and_a_stranger_cannot_end_it_and_do_not_use_it_up(house, camille, django_user_model):
    before, back = grant(house), begun(house, camille)
    other, stranger = Client(), Client()
    come_in(other, "other")

    refused, sent_away = other.get(back, follow=True), stranger.get(back)

    assert words.say("en", "error.state_foreign") in refused.content.decode().replace("&#x27;", "'")
    assert (sent_away.status_code, urlsplit(sent_away["Location"]).path) == (302, "/login")
    assert grant(house) == before
    camille.get(back)
    assert grant(house) == ("granted", before[1] + 1)


def test_a_way_back_after_half_an_hour_is_too_late(house, camille):
    before, back = grant(house), begun(house, camille)
    house.advance(31 * 60)

    camille.get(back)

    assert grant(house) == before


def test_a_refused_way_back_uses_the_state_up_too(house, camille):
    before, back = grant(house), begun(house, camille)
    wrong = back.replace(house.seller, "A1ANOTHERSELLER")

    camille.get(wrong)
    camille.get(back)

    assert wrong != back
    assert grant(house) == before


def test_of_two_browsers_windows_at_once_one_ends_it(house, camille, django_user_model):
    person = django_user_model.objects.get().pk
    before = house.account.grant_no
    back = confirmed(house, authorize.begin_consent(house.deps, house.account, person, FR))
    barrier, codes = threading.Barrier(4), []

    def end():
        try:
            barrier.wait()
            codes.append(authorize.complete_consent(house.deps, back, person).code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=end) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(codes) == ["granted", *["state_used"] * 3]
    assert house.account.grant_no == before + 1


def test_the_state_itself_is_kept_nowhere(house, camille):
    there = camille.post(f"/accounts/{house.account_id}/renew")["Location"]
    state = dict(part.split("=") for part in urlsplit(there).query.split("&"))["state"]

    assert len(state) >= 43
    assert state not in whole_database()


def test_an_attempt_of_one_account_grants_no_other(house, camille):
    """The account is the attempt's own, whatever the way back says: Amazon's word on the seller must fit it."""
    back = begun(house, camille)
    other = models.Account.objects.create(
        marketplace="amazon", name="Other", region="EU", seller="A1OTHERSELLER", application=house.account.application,
        created_at=house.deps.clock.now(),
    )  # fmt: skip

    camille.get(back.replace(house.seller, other.seller))

    other.refresh_from_db()
    assert (other.standing, other.grant_no) == ("none", 0)


EVIL = [
    "https://evil.example/", "http://sellercentral.amazon.fr/", "https://sellercentral.amazon.fr.evil.example/",
    "https://sellercentral.amazon.fr@evil.example/", "https://evil.example\\@sellercentral.amazon.fr/",
    "https://sellercentral.amazon.fr\\@evil.example/", "//evil.example/", "javascript:alert(1)", "/accounts/1",
    "https://sellercentral.amazon.fr:8443/", "https://evil.example/?x=sellercentral.amazon.fr", "https:evil.example",
    "https://sellercentral.amazon.fr%2eevil.example/", "https://SELLERCENTRAL.amazon.fr.evil.example/", "data:text/html,x",
    "https://evil.example#@sellercentral.amazon.fr/", "https://amazon.fr/", "https://www.amazon.fr/redirect", "\thttps://evil.example",
]  # fmt: skip


def arriving(house, callback, **more):
    told = {"amazon_callback_uri": callback, "amazon_state": "theirs", "selling_partner_id": house.seller, **more}
    return f"/amazon/login?{urlencode(told)}"


def test_an_arrival_leads_to_amazon_or_stays_here(house, camille):
    models.Account.objects.update(options={})

    led = {callback: camille.get(arriving(house, callback))["Location"] for callback in EVIL}

    assert {callback: there for callback, there in led.items() if there != f"/accounts/{house.account_id}"} == {}
    assert models.Attempt.objects.count() == 0


@pytest.mark.parametrize("callback", ["https://sellercentral.amazon.fr/apps/back?x=1", "https://sellercentral-europe.amazon.com/y"])  # fmt: skip
def test_an_arrival_from_amazon_is_answered_with_a_state_of_our_own(house, camille, callback):
    models.Account.objects.update(options={})

    there = urlsplit(camille.get(arriving(house, callback))["Location"])
    told = dict(part.split("=", 1) for part in there.query.split("&"))

    assert f"{there.scheme}://{there.netloc}{there.path}" == callback.split("?")[0]
    assert told["amazon_state"] == "theirs"
    assert told["state"] != "theirs"
    assert models.Attempt.objects.get().user.username == "camille"


def test_an_arrival_that_another_person_was_lured_into_ends_for_nobody_else(house, camille, django_user_model):
    """Login CSRF: what begins in one person's browser cannot be ended in another's."""
    before = grant(house)
    mallory = Client()
    come_in(mallory, "mallory")
    told = {"selling_partner_id": house.seller, "amazon_state": "x", "amazon_callback_uri": "http://box/seller-central/eu/apps/authorize/confirm"}  # fmt: skip
    there = mallory.get(f"/amazon/login?{urlencode(told)}")["Location"]
    state = dict(part.split("=", 1) for part in urlsplit(there).query.split("&"))["state"]
    lured = (
        f"/amazon/callback?{urlencode({'state': state, 'selling_partner_id': house.seller, 'spapi_oauth_code': 'c'})}"
    )
    page = camille.get(lured, follow=True).content.decode()

    assert words.say("en", "error.state_foreign") in page.replace("&#x27;", "'")
    assert grant(house) == before


def test_an_arrival_without_a_login_asks_for_one_and_begins_nothing(house, client):
    answer = client.get(arriving(house, "https://sellercentral.amazon.fr/apps/back"))

    assert urlsplit(answer["Location"]).path == "/login"
    assert models.Attempt.objects.count() == 0


def test_after_the_login_an_arrival_goes_on_by_a_page_and_not_by_the_forms_redirect(house, client):
    """Browsers hold redirects of a form to its page's policy: the login's form would be stopped on the way to Amazon."""
    add("camille", password=PASSWORD)
    asked = arriving(house, "http://box/seller-central/eu/apps/back")
    wanted = dict(parse_qsl(urlsplit(client.get(asked)["Location"]).query))["next"]

    answer = client.post("/login", {"user": "camille", "password": PASSWORD, "next": wanted})

    assert answer.status_code == 200
    assert answer["Refresh"] == f"0;url={asked}"
    assert f'href="{html.escape(asked)}"' in answer.content.decode()
    assert client.get(asked)["Location"].startswith("http://box/seller-central/eu/apps/back?")


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_an_arrival_of_a_seller_that_is_not_connected_begins_nothing_and_says_so(house, camille, language):
    told = {
        "amazon_callback_uri": "http://box/seller-central/eu/apps/authorize/confirm", "amazon_state": "x",
        "selling_partner_id": "A1NOBODYHERE",
    }  # fmt: skip

    page = camille.get("/amazon/login", told, follow=True, headers={"accept-language": language}).content.decode()

    assert words.say(language, "error.seller_unknown") in page.replace("&#x27;", "'")
    assert models.Attempt.objects.count() == 0


def test_a_way_back_of_an_invented_seller_or_state_grants_nothing(house, camille):
    before, back = grant(house), begun(house, camille)
    state = dict(part.split("=", 1) for part in urlsplit(back).query.split("&"))["state"]

    camille.get(back.replace(house.seller, "A1NOBODYHERE"))
    camille.get(back.replace(state, "x" * len(state)))

    assert grant(house) == before


def test_the_addresses_of_a_consent_tell_no_other_site_what_they_hold(house, camille):
    back = begun(house, camille)

    assert camille.get(back)["Referrer-Policy"] == "no-referrer"
    arrival = camille.get(arriving(house, "http://box/seller-central/eu/apps/authorize/confirm"))
    assert arrival["Referrer-Policy"] == "no-referrer"
