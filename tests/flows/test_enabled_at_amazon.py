""" "Enable authorization", all that Seller Central offers after the end: it comes back without our state. Its code is
nobody's, so it opens nothing and is kept nowhere; the merchant is led to a consent of our own."""

import html
import logging
import re
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from forain import wiring
from forain.flows import authorize
from forain.store import models
from forain.web import words
from tests import logs
from tests.flows.test_consent import browse, confirmed
from tests.flows.test_secrets import whole_database
from tests.people import PASSWORD, add, code_of, come_in, set_up_phone
from tests.web.test_who_may_do_what import kept

DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def house(make_house, monkeypatch):
    found = make_house(kind="public")
    monkeypatch.setattr(wiring, "deps", lambda: found.deps)
    found.live(30)
    return found


@pytest.fixture
def camille(client):
    return come_in(client)


def let_it_end(house):
    """The year is over; the client secret was renewed in time."""
    for _ in range(2):
        house.advance(170 * DAY)
        house.rotate()
    house.advance(26 * DAY)
    house.live(60, step=30)
    assert house.account.standing == "refused"


def enabled(house):
    """The way back from Amazon after "Enable authorization", confirmed by the seller: its address here."""
    form = f"action=enable&seller_id={house.seller}&application_id={house.application['application_id']}"
    there, _ = browse(house, "http://box/seller-central/eu/apps/manage", form.encode())
    back = confirmed(house, there)
    assert set(back) == {"selling_partner_id", "spapi_oauth_code"}
    return f"/amazon/callback?{urlencode(back)}"


def code_in(address):
    return parse_qs(urlsplit(address).query)["spapi_oauth_code"][0]


def press_renew(browser, page):
    """What the button of the page that was shown does: where the browser goes then."""
    action = re.search(r'<form method="post" action="(/accounts/\d+/renew)">', page)[1]
    return browser.post(action)["Location"]


def text(answer):
    return html.unescape(answer.content.decode())


def grant(house):
    return house.account.standing, house.account.grant_no


def test_after_the_end_it_leads_to_a_consent_of_our_own_and_all_is_caught_up(house, camille):
    let_it_end(house)
    before = house.account.grant_no
    order = house.buy("SOAP")["order_id"]
    house.change("OIL", stock=3)
    house.live(600, step=60)
    assert order not in house.shop_orders()

    shown = text(camille.get(enabled(house), follow=True))
    assert words.say("en", "amazon.once_more") in shown
    assert grant(house) == ("refused", before)
    there = press_renew(camille, shown)
    camille.get(f"/amazon/callback?{urlencode(confirmed(house, there))}")
    house.live(900, step=15)

    assert grant(house) == ("granted", before + 1)
    assert not house.account.estimated
    assert order in house.shop_orders()
    assert house.quantity("OIL") == 3
    assert house.account.catch_up_from is None
    proven = models.CatchUp.objects.filter(account=house.account).latest("pk")
    assert (proven.missing_before, proven.missing_now) == (1, 0)


def test_its_code_is_not_redeemed_and_nothing_is_written(house, camille):
    let_it_end(house)
    back = enabled(house)
    before = kept()

    camille.get(back, follow=True)
    camille.get(back, follow=True)

    assert kept() == before
    # Amazon still holds it: nobody came for it.
    assert code_in(back) in house.box.world.state.codes


def test_a_lured_browser_reaches_its_own_accounts_page_and_no_code_of_somebody_else_counts(house, camille):
    """Somebody consents with a seller account of their own, and has the merchant's browser open what came of it."""
    before = kept()
    house.control(
        "POST", "sellers",
        {"seller_id": "A1MALLORY", "region": "eu", "marketplace_ids": ["A13V1IB3VIYZZH"], "name": "Mallory"},
    )  # fmt: skip
    told = {"application_id": house.application["application_id"], "seller_id": "A1MALLORY"}
    _, theirs = browse(
        house,
        f"http://box/seller-central/eu/apps/authorize/consent?{urlencode(told)}",
        b"decision=confirm&seller_id=A1MALLORY",
    )

    for query in (theirs, {**theirs, "selling_partner_id": house.seller}):
        answer = camille.get("/amazon/callback", query)
        assert answer["Location"] in ("/", f"/accounts/{house.account_id}#renew")
    assert kept() == before


def test_a_state_that_is_there_but_empty_or_invented_is_refused_as_before(house, camille):
    let_it_end(house)
    before, back = grant(house), enabled(house)

    for state, code in (("", "state_missing"), ("invented", "state_unknown")):
        answer = camille.get(f"{back}&state={state}", follow=True)
        assert words.say("en", f"error.{code}") in text(answer)
        assert words.say("en", "amazon.once_more") not in text(answer)
    assert grant(house) == before
    assert code_in(back) in house.box.world.state.codes


def test_the_consent_it_leads_to_ends_once_and_for_the_one_who_began_it(house, camille):
    let_it_end(house)
    before = house.account.grant_no
    there = press_renew(camille, text(camille.get(enabled(house), follow=True)))
    back = f"/amazon/callback?{urlencode(confirmed(house, there))}"
    other = come_in(Client(), "other")

    assert words.say("en", "error.state_foreign") in text(other.get(back, follow=True))
    assert grant(house) == ("refused", before)
    camille.get(back)
    assert words.say("en", "error.state_used") in text(camille.get(back, follow=True))
    assert grant(house) == ("granted", before + 1)


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize("seller", ["A1NOBODYHERE", ""])
def test_a_seller_that_is_not_connected_is_told_so(house, camille, language, seller):
    before = kept()
    query = {"selling_partner_id": seller, "spapi_oauth_code": "c"}

    answer = camille.get("/amazon/callback", query, follow=True, headers={"accept-language": language})

    assert words.say(language, "error.seller_unknown") in text(answer)
    assert kept() == before


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_why_amazon_asks_again_is_said_beside_the_button(house, camille, language):
    query = {"selling_partner_id": house.seller, "spapi_oauth_code": "c"}

    answer = camille.get("/amazon/callback", query, follow=True, headers={"accept-language": language})

    assert words.say(language, "amazon.once_more") in text(answer)
    # The form of that page may end at the account's own consent page.
    assert "form-action 'self' http://box;" in answer["Content-Security-Policy"]


def test_an_account_that_is_renewed_by_a_token_says_so_where_the_token_goes(house, camille):
    models.Application.objects.update(kind="private")
    query = {"selling_partner_id": house.seller, "spapi_oauth_code": "c"}
    arriving = {**query, "amazon_callback_uri": "http://box/seller-central/eu/x", "amazon_state": "s"}

    for address, told in (("/amazon/callback", query), ("/amazon/login", arriving)):
        answer = camille.get(address, told)
        assert answer["Location"] == f"/accounts/{house.account_id}#renew"
        assert words.say("en", "error.seller_by_token") in text(camille.get(answer["Location"]))
    assert models.Attempt.objects.count() == 0


def test_of_two_regions_the_one_that_stands_still_is_meant(house, camille):
    let_it_end(house)
    now = house.deps.clock.now()
    living = models.Account.objects.create(
        marketplace="amazon", name="Amérique", region="NA", seller=house.seller, application=house.account.application,
        standing="granted", grant_no=1, granted_at=now, expires_at=now + timedelta(days=300), created_at=now,
    )  # fmt: skip
    query = {"selling_partner_id": house.seller, "spapi_oauth_code": "c"}

    assert camille.get("/amazon/callback", query)["Location"] == f"/accounts/{house.account_id}#renew"
    renewing = authorize.account_named(house.deps, "amazon", house.seller, query, ended=False)
    assert renewing.pk == living.pk
    # The other way round: order of age decides nothing.
    models.Account.objects.filter(pk=living.pk).update(standing="refused")
    models.Account.objects.filter(pk=house.account_id).update(standing="granted", expires_at=now + timedelta(days=9))
    assert camille.get("/amazon/callback", query)["Location"] == f"/accounts/{living.pk}#renew"


@pytest.mark.parametrize("simulated", [True, False])
@pytest.mark.parametrize(
    ("region", "host"), [("EU", "sellercentral-europe.amazon.com"), ("NA", "sellercentral.amazon.com")]
)
def test_of_two_regions_the_one_the_browser_comes_from_is_renewed(house, camille, region, host, simulated):
    now = house.deps.clock.now()
    options = {**house.account.options, "address.consent": "http://box/seller-central/na"}
    models.Account.objects.create(
        marketplace="amazon", name="Amérique", region="NA", seller=house.seller, application=house.account.application,
        standing="granted", grant_no=1, granted_at=now, expires_at=now + timedelta(days=40), created_at=now, options=options,
    )  # fmt: skip
    if not simulated:
        models.Account.objects.update(options={})
    there = f"http://box/seller-central/{region.lower()}" if simulated else f"https://{host}"
    arriving = {
        "selling_partner_id": house.seller, "amazon_callback_uri": f"{there}/apps/authorize/return", "amazon_state": "s",
    }  # fmt: skip

    answer = camille.get("/amazon/login", arriving)

    assert answer["Location"].startswith(f"{there}/apps/authorize/return?")
    assert models.Attempt.objects.get().account.region == region


def test_of_two_regions_that_the_browser_does_not_tell_apart_the_nearer_end_is_renewed(house, camille):
    now = house.deps.clock.now()
    models.Account.objects.filter(pk=house.account_id).update(expires_at=now + timedelta(days=200))
    sooner = models.Account.objects.create(
        marketplace="amazon", name="Sooner", region="NA", seller=house.seller, application=house.account.application,
        standing="granted", grant_no=1, granted_at=now, expires_at=now + timedelta(days=9), created_at=now,
        options=house.account.options,
    )  # fmt: skip

    camille.get(
        "/amazon/login",
        {"selling_partner_id": house.seller, "amazon_callback_uri": "http://box/elsewhere", "amazon_state": "s"},
    )

    assert models.Attempt.objects.get().account == sooner


@pytest.mark.parametrize("role", ["operator", "reader", "accountant"])
def test_somebody_who_may_not_renew_reads_who_may(house, client, role):
    add("camille")
    let_it_end(house)
    come_in(client, "somebody", role)
    before = kept()

    answer = client.get(enabled(house))

    assert answer.status_code == 403
    assert "Ask an owner (camille)" in text(answer)
    assert kept() == before


def test_logged_out_it_comes_to_the_same_place_after_the_login_and_its_code_is_kept_nowhere(house, client):
    let_it_end(house)
    person = add("camille", password=PASSWORD)
    secret, _ = set_up_phone(person)
    back = enabled(house)

    with logs.written("%(levelname)s %(name)s %(message)s", logging.DEBUG) as lines:
        sent = urlsplit(client.get(back)["Location"])
        wanted = dict(parse_qsl(sent.query))["next"]
        half = client.post("/login", {"user": "camille", "password": PASSWORD, "next": wanted})["Location"]
        sessions = [one.get_decoded() for one in Session.objects.all()]
        database = whole_database()
        onward = client.post(half, {"code": code_of(secret, 1)})["Location"]
        shown = text(client.get(onward, follow=True))

    assert sent.path == "/login"
    assert onward == back
    assert words.say("en", "amazon.once_more") in shown
    assert models.Attempt.objects.count() == 0
    assert len(sessions) == 1
    for place in (str(sessions), database, whole_database(), "\n".join(lines), shown):
        assert code_in(back) not in place


def test_the_address_of_the_code_page_leads_nowhere_else(house, client):
    secret, _ = set_up_phone(add("camille", password=PASSWORD))
    client.post("/login", {"user": "camille", "password": PASSWORD})

    answer = client.post("/login/code?next=https://evil.example/", {"code": code_of(secret, 1)})

    assert answer["Location"] == "/"


def test_it_tells_no_other_site_what_it_holds(house, camille):
    answers = [
        camille.get("/amazon/callback", {"selling_partner_id": seller, "spapi_oauth_code": "c"})
        for seller in (house.seller, "A1NOBODYHERE")
    ]

    assert [answer["Referrer-Policy"] for answer in answers] == ["no-referrer"] * 2
    assert all("spapi_oauth_code" not in answer["Location"] for answer in answers)


def test_it_does_not_end_a_consent_that_is_under_way(house, camille):
    there = camille.post(f"/accounts/{house.account_id}/renew")["Location"]
    back = f"/amazon/callback?{urlencode(confirmed(house, there))}"
    before = house.account.grant_no

    camille.get("/amazon/callback", {"selling_partner_id": house.seller, "spapi_oauth_code": "c"}, follow=True)
    camille.get(back)

    assert grant(house) == ("granted", before + 1)


def test_the_former_token_is_not_given_up_for_it(house, camille):
    let_it_end(house)
    before = house.deps.vault.get(authorize.owner_of(house.account), "refresh")

    camille.get(enabled(house), follow=True)
    house.live(120, step=30)

    assert house.deps.vault.get(authorize.owner_of(house.account), "refresh") == before
    assert house.account.standing == "refused"
