"""How people say where and when they want to be reminded, which addresses are called, and that they take care."""

import re
from dataclasses import replace
from datetime import time, timedelta

import pytest

from forain import wiring
from forain.flows import tell_people, watch
from forain.store import letters, models, people
from tests.people import add, come_in
from tests.post import mailbox
from tests.web.test_authorizations_page import connect

WISHES = {
    "mail": "camille@shop.example", "second_mail": "", "language": "fr", "time_zone": "Europe/Paris", "quiet_from": "21:30",
    "quiet_until": "07:00", "urgent_any_hour": "on",
}  # fmt: skip


@pytest.fixture
def merchant(client, transactional_db):
    come_in(client)
    return client


@pytest.fixture
def post(monkeypatch):
    """A mail server that the pages' Forain uses."""
    with mailbox() as box:
        deps = replace(wiring.deps(), mail=box.server())
        monkeypatch.setattr(wiring, "deps", lambda: deps)
        yield box


def wish(client, **more):
    return client.post("/me/reminders", WISHES | more, follow=True)


def test_somebody_says_where_when_and_in_which_language(merchant):
    answer = wish(merchant, second_mail="boss@shop.example")

    person = people.named("camille")
    assert answer.status_code == 200
    assert (person.user.email, person.second_mail, person.language) == (
        "camille@shop.example", "boss@shop.example", "fr",
    )  # fmt: skip
    assert (person.quiet_from, person.quiet_until, person.urgent_any_hour) == (time(21, 30), time(7), True)
    page = answer.content.decode()
    assert 'value="21:30"' in page
    assert 'value="camille@shop.example"' in page
    assert re.search(r"<option selected>\s*Europe/Paris", page)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("mail", "camille"), ("mail", "a@b.example\nBcc: c@d.example"), ("mail", ""), ("second_mail", "boss@"),
     ("language", "xx"), ("time_zone", "Europe/Nowhere"), ("quiet_from", "25:00"), ("quiet_until", ""),
     ("quiet_from", "noon"), ("mail", "a" * 300 + "@b.example")],
)  # fmt: skip
def test_what_cannot_be_right_is_said_beside_it_and_nothing_is_kept(merchant, field, typed):
    wish(merchant, second_mail="boss@shop.example")
    before = models.Person.objects.values().get()

    answer = wish(merchant, **({"second_mail": "boss@shop.example"} | {field: typed}))

    assert answer.status_code == 422
    assert "errorlist" in answer.content.decode()
    assert models.Person.objects.values().get() == before
    assert people.named("camille").user.email == "camille@shop.example"


def test_an_accountant_is_not_offered_reminders_of_what_they_may_not_see(client, transactional_db):
    come_in(client, role="accountant")

    assert 'id="reminders"' not in client.get("/me").content.decode()


def test_a_trial_arrives_and_the_page_says_so(merchant, post):
    wish(merchant)

    merchant.post("/me/reminders/trial")
    tell_people.tell_people(wiring.deps())

    assert post.to == ["camille@shop.example"]
    assert post.subjects == ["Un essai de Forain"]
    page = merchant.get("/reminders").content.decode()
    assert "a trial" in page
    assert "sent</span>" in page


def test_without_a_mail_server_the_pages_say_how_to_set_one(merchant):
    for path in ("/me", "/reminders"):
        assert "FORAIN_MAIL_URL" in merchant.get(path).content.decode()


def test_a_webhooks_secret_is_shown_once(merchant):
    answer = merchant.post("/reminders/webhooks/add", {"name": "Chat", "url": "https://chat.example/hook/secret-part"})

    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", answer.content.decode())
    assert secret
    page = merchant.get("/reminders").content.decode()
    assert "whsec_" not in page
    assert "chat.example" in page
    assert "secret-part" not in page, "the address itself may be the key of a chat"
    assert merchant.post("/reminders/webhooks/add", {"name": "Chat", "url": "https://x.example"}).status_code == 422


@pytest.mark.parametrize(
    ("name", "url"),
    [("", "https://chat.example"), ("x" * 61, "https://chat.example"), ("Chat", ""), ("Chat", "ftp://chat.example"),
     ("Chat", "https://user:pass@chat.example"), ("Chat", "javascript:alert(1)")],
)  # fmt: skip
def test_a_webhook_that_cannot_be_right_is_not_kept(merchant, name, url):
    answer = merchant.post("/reminders/webhooks/add", {"name": name, "url": url})

    assert answer.status_code == 422
    assert not models.Webhook.objects.exists()


def test_a_webhook_is_tried_and_removed(merchant):
    merchant.post("/reminders/webhooks/add", {"name": "Chat", "url": "https://chat.example/hook"})
    number = models.Webhook.objects.get().pk

    merchant.post(f"/reminders/webhooks/{number}", {"answer": "trial"})
    assert models.Letter.objects.get().receiver == f"webhook:{number}"
    page = merchant.post(f"/reminders/webhooks/{number}", {"answer": "remove"}, follow=True).content.decode()

    assert "Chat is not called any more" in page
    assert not models.Webhook.objects.exists()
    assert merchant.post(f"/reminders/webhooks/{number}", {"answer": "trial"}).status_code == 404


def test_only_owners_add_webhooks_and_others_do_not_see_addresses_of_people(merchant, client, post):
    wish(merchant)
    add("reader", "reader", phone=True)
    come_in(client, "reader", "reader")

    page = client.get("/reminders").content.decode()

    assert "camille</dt>" in page
    assert "camille@shop.example" not in page
    assert "/reminders/webhooks/add" not in page


@pytest.fixture
def due(merchant):
    """An authorization that ends in three weeks, and its notice."""
    account = connect("Fine food", 20)
    watch.derive_issues(wiring.deps())
    return account


def cared(merchant, answer, code="authorization_expiring", **more):
    number = models.Notice.objects.get(code=code).pk
    return merchant.post(f"/issues/{number}/care", {"answer": answer, **more}, follow=True)


@pytest.mark.parametrize("path", ["/", "/issues"])
def test_the_buttons_stand_where_the_reminder_is_shown(merchant, due, path):
    page = merchant.get(path).content.decode()

    assert "Remind us again in 7 days" in page
    assert "Done elsewhere" in page


def test_remind_again_in_seven_days_says_who_takes_care_and_until_when(merchant, due):
    page = cared(merchant, "later", next="/").content.decode()

    care = models.Care.objects.get()
    assert care.by == "camille"
    assert care.again_at - care.at == timedelta(days=7)
    assert "camille takes care; the next reminder comes on" in page
    assert "Remind us again" not in page
    assert models.Journal.objects.filter(code="care_later", account=due).exists()


def test_done_elsewhere_and_after_all(merchant, due):
    assert "done elsewhere. No more reminders of it" in cared(merchant, "done").content.decode()
    assert letters.cares()[models.Care.objects.get().topic].again_at is None

    page = cared(merchant, "undo").content.decode()

    assert "Reminders go on." in page
    assert not models.Care.objects.exists()


def test_a_client_secrets_end_and_a_refused_application_can_be_taken_care_of_too(merchant):
    account = connect("Fine food", 300, secret_days=10)
    watch.derive_issues(wiring.deps())
    cared(merchant, "later", "secret_expiring")
    assert models.Care.objects.get().topic.startswith(f"application:{account.application_id}:secret:0:")

    models.Application.objects.update(refused_at=wiring.deps().clock.now())
    watch.derive_issues(wiring.deps())
    cared(merchant, "done", "application_refused")

    assert models.Care.objects.count() == 2


def test_a_renewed_grant_is_another_matter(merchant, due):
    cared(merchant, "done")
    models.Account.objects.update(grant_no=2)

    assert "Remind us again in 7 days" in merchant.get("/issues").content.decode()


def test_taking_care_of_what_is_over_or_nonsense_changes_nothing(merchant, due):
    cared(merchant, "whatever")
    models.Account.objects.update(expires_at=wiring.deps().clock.now() + timedelta(days=300))
    page = cared(merchant, "later").content.decode()

    assert "This is over already" in page
    assert not models.Care.objects.exists()
    assert cared(merchant, "later", next="https://evil.example/").redirect_chain[-1][0] == "/issues"


@pytest.mark.parametrize("odd", ["private", "webhook", "a.b", "?x"])
def test_a_page_to_go_back_to_that_is_no_address_leads_to_the_list(merchant, due, odd):
    answer = cared(merchant, "later", next=odd)

    assert answer.redirect_chain[-1][0] == "/issues"
    assert "camille takes care" in answer.content.decode()


def test_a_reader_sees_who_takes_care_and_has_no_button(merchant, client, due):
    cared(merchant, "later")
    come_in(client, "reader", "reader")

    page = client.get("/issues").content.decode()

    assert "camille takes care" in page
    assert "/care" not in page


def test_trouble_with_mail_leads_to_the_page_of_reminders(merchant):
    now = wiring.deps().clock.now()
    models.Side.objects.create(name="mail", failing_since=now - timedelta(hours=1), error="unreachable cause=timeout")
    watch.derive_issues(wiring.deps())

    page = merchant.get("/issues").content.decode()

    assert "The mail server has not taken our mails since" in page
    assert 'href="/reminders"' in page
