"""Safe landing on the pages: switched on and off, stopped by one click, and why it cannot be, in each language."""

import html
from datetime import timedelta

import pytest
from click.testing import CliRunner

from forain import wiring
from forain.cli import main
from forain.flows import watch
from forain.store import models
from forain.web import words
from tests.people import come_in

FR = "A13V1IB3VIYZZH"
LANGUAGES = ("en", "fr", "de")


@pytest.fixture
def account(transactional_db):
    now = wiring.deps().clock.now()
    application = models.Application.objects.create(
        marketplace="amazon", kind="public", client_id="amzn1.fake", created_at=now
    )
    row = models.Account.objects.create(
        marketplace="amazon", name="Fine food", region="EU", seller="A1FINEFOOD", application=application, created_at=now,
        standing="granted", grant_no=1, granted_at=now, expires_at=now + timedelta(days=5, hours=1),
    )  # fmt: skip
    models.AccountSite.objects.create(
        account=row, site=FR, country="FR", currency="EUR", writes_allowed_at=now, writes_allowed_by="camille"
    )
    for sku in ("SOAP", "OIL"):
        models.Offer.objects.create(
            account=row, site=FR, sku=sku, wanted_no=1, settled_no=1, desired_quantity=5, observed_quantity=5
        )
    return row


@pytest.fixture
def merchant(client, account):
    return come_in(client)


def text(client, address, language="en"):
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def say(client, account, answer, **more):
    return client.post(f"/accounts/{account.pk}/landing", {"answer": answer, **more})


def wanted(account, **told):
    """The merchant wants it, and this became of it."""
    models.Account.objects.filter(pk=account.pk).update(safe_landing=True)
    models.Landing.objects.update_or_create(account=account, grant_no=1, defaults=told)


def on(account):
    account.refresh_from_db()
    return account.safe_landing


def journal():
    return list(models.Journal.objects.order_by("id").values_list("code", flat=True))


def test_it_is_off_until_somebody_switches_it_on_and_off_again(merchant, account):
    assert words.say("en", "landing.on") in text(merchant, f"/accounts/{account.pk}")
    assert not on(account)

    assert say(merchant, account, "on")["Location"] == f"/accounts/{account.pk}#landing"
    say(merchant, account, "on")
    assert on(account)
    say(merchant, account, "off")

    assert not on(account)
    assert journal() == ["landing_on", "landing_off"]
    assert models.Journal.objects.first().placeholders == {"by": "camille"}


def test_one_click_on_the_page_of_authorizations_stops_it_this_time_and_leads_back_there(merchant, account):
    now = wiring.deps().clock.now()
    wanted(account, announced_step=7, announced_at=now - timedelta(days=1))
    page = text(merchant, "/authorizations")
    assert words.say("en", "landing.stop") in page
    assert f'action="/accounts/{account.pk}/landing"' in page

    answer = say(merchant, account, "stop", next="/authorizations")

    assert answer["Location"] == "/authorizations"
    assert on(account)
    assert models.Landing.objects.get().called_off_by == "camille"
    assert words.say("en", "landing.called_off", {"by": "camille"}) in text(merchant, "/authorizations")


def test_stopping_a_landing_under_way_marks_every_offer_once(merchant, account):
    now = wiring.deps().clock.now()
    wanted(account, announced_step=3, announced_at=now - timedelta(days=2), begun_at=now - timedelta(hours=1))
    assert words.say("en", "landing.stop_begun") in text(merchant, f"/accounts/{account.pk}")

    say(merchant, account, "stop")
    say(merchant, account, "stop")

    assert set(models.Offer.objects.values_list("wanted_no", flat=True)) == {2}
    assert journal() == ["landing_called_off", "landing_undone"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("facts", "why"), [({"estimated": True}, "estimated"), ({"expires_at": None}, "unknown")]
)  # fmt: skip
def test_where_the_end_is_not_from_a_consent_the_page_says_why_not_and_offers_no_switch(
    merchant, account, facts, why, language
):
    models.Account.objects.filter(pk=account.pk).update(**facts)

    page = text(merchant, f"/accounts/{account.pk}", language)
    refused = html.unescape(merchant.post(f"/accounts/{account.pk}/landing", {"answer": "on"}, follow=True,
                                          headers={"accept-language": language}).content.decode())  # fmt: skip

    assert words.say(language, f"landing.impossible_{why}") in page
    assert words.say(language, "landing.on") + "</button>" not in page
    assert words.say(language, "error.landing_impossible") in refused
    assert not on(account)
    wanted(account)
    assert words.say(language, "landing.no_effect") in text(merchant, f"/accounts/{account.pk}", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stage_and_every_obstacle_is_said_in_words(merchant, account, language):
    now = wiring.deps().clock.now()
    announced = {"announced_step": 7, "announced_at": now - timedelta(days=1)}
    rows = models.Account.objects.filter(pk=account.pk)

    def shown():
        return [text(merchant, address, language) for address in (f"/accounts/{account.pk}", "/authorizations")]

    day = words.day(language, account.expires_at - timedelta(days=1))
    wanted(account)
    assert all(day in page for page in shown())
    wanted(account, **announced)
    assert all(words.say(language, "landing.stop") in page and day in page for page in shown())
    rows.update(paused=["stock"])
    assert all(words.say(language, "landing.why_paused_by_user") in page for page in shown())
    rows.update(paused=[])
    models.AccountSite.objects.update(writes_allowed_at=None)
    assert all(words.say(language, "landing.why_read_only") in page for page in shown())
    models.AccountSite.objects.update(writes_allowed_at=now)
    wanted(account, **announced, begun_at=now)
    told = {"count": "2", "date": ""}
    part = words.say(language, "landing.under_way", told).split("[")[0].split("2\N{NO-BREAK SPACE}")[1]
    assert all(f"2\N{NO-BREAK SPACE}{part}" in page for page in shown())
    rows.update(standing="refused", refused_at=now)
    assert all(words.say(language, "landing.why") in page for page in shown())
    wanted(account, **announced, begun_at=None, called_off_at=now, called_off_by="camille")
    assert all(words.say(language, "landing.again") in page for page in shown())


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_offers_to_put_the_stock_back_while_nothing_can_be_written(merchant, account, language):
    now = wiring.deps().clock.now()
    wanted(account, announced_step=3, announced_at=now - timedelta(days=6), begun_at=now - timedelta(hours=9))
    models.Offer.objects.update(desired_quantity=0, observed_quantity=0)
    models.Account.objects.filter(pk=account.pk).update(expires_at=now + timedelta(hours=5))
    stop, cure = words.say(language, "landing.stop_begun"), words.say(language, "cure.landing_under_way_stoppable")

    def pages():
        watch.derive_issues(wiring.deps())
        return [
            text(merchant, address, language) for address in (f"/accounts/{account.pk}", "/authorizations", "/issues")
        ]

    own, every, to_do = pages()
    assert stop in own
    assert stop in every
    assert cure in to_do
    models.Account.objects.filter(pk=account.pk).update(standing="refused", refused_at=now)

    own, every, to_do = pages()
    assert stop not in own
    assert stop not in every
    assert cure not in to_do
    assert words.say(language, "cure.landing_under_way") in to_do


def test_there_is_nothing_to_stop_where_it_is_off(merchant, account):
    page = html.unescape(
        merchant.post(f"/accounts/{account.pk}/landing", {"answer": "stop"}, follow=True).content.decode()
    )

    assert words.say("en", "landing.nothing_to_stop") in page
    assert journal() == []


@pytest.mark.parametrize("answer", ["", "maybe", "ON", "on\0", "x" * 3000])
def test_an_answer_that_is_none_changes_nothing(merchant, account, answer):
    say(merchant, account, answer)

    assert not on(account)
    assert journal() == []


@pytest.mark.parametrize(
    ("role", "may"), [("owner", True), ("operator", True), ("reader", False), ("accountant", False)]
)
def test_owner_and_operator_may_and_nobody_else(client, account, role, may):
    come_in(client, "somebody", role)

    answer = say(client, account, "on")

    assert (answer.status_code != 403) == may == on(account)


def test_no_other_site_is_led_to(merchant, account):
    assert say(merchant, account, "on", next="https://evil.example/")["Location"] == f"/accounts/{account.pk}#landing"


@pytest.fixture
def forain(account, monkeypatch):
    """The command line over the database of this test."""
    for name, value in (("LC_ALL", "C"), ("FORAIN_LOG_LEVEL", "ERROR"), ("FORAIN_LOCAL_URL", "http://127.0.0.1:8787")):
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(main, ["account", *arguments])


def test_the_command_line_can_what_the_page_can(forain, account):
    number, now = str(account.pk), wiring.deps().clock.now()

    assert "safe landing on" in forain("landing", number, "on").output
    assert on(account)
    assert "safe landing ahead" in forain("list").output
    wanted(account, announced_step=7, announced_at=now - timedelta(days=1))
    assert "safe landing announced" in forain("list").output
    assert "not this time" in forain("landing", number, "stop").output
    assert "safe landing called_off" in forain("list").output
    assert "safe landing off" in forain("landing", number, "off").output
    assert not on(account)
    assert "safe landing" not in forain("list").output
    assert forain("landing", number, "stop").exit_code != 0
    assert forain("landing", "999", "on").exit_code != 0


def test_a_page_to_go_back_to_that_is_no_address_leads_to_the_accounts(merchant, account):
    answer = say(merchant, account, "on", next="private")

    assert answer["Location"] == f"/accounts/{account.pk}#landing"
    assert models.Account.objects.get().safe_landing
