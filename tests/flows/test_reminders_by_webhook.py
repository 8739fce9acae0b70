"""Reminders by webhook, against a real receiver: signed with a time stamp, told again by the retry table until a 2xx, under
one identity; never where Forain may not go."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from forain.flows import arrange_reminders, tell_people
from forain.net.addresses import Guard
from forain.net.http import client
from forain.store import letters, models
from forain.store.vault import Vault
from tests.flows.test_secrets import whole_database
from tests.post import mailbox, receiver

from .reminding import DAY, ends_in, issues_now, person, reach_loopback, tell, with_server


@pytest.fixture
def called(house):
    """(the house, a receiver, its secret)"""
    house.rotate()
    with receiver() as found:
        reach_loopback(house)
        house.webhook, house.secret = arrange_reminders.add_webhook(house.deps, "Chat", found.url, "fr", "camille")
        found.house = house
        yield found


def fits(secret, headers, body):
    """Verified as a receiver does who reads the specification."""
    key = base64.b64decode(secret.reveal().removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split(" ")


def test_each_step_is_called_once_signed_and_says_all_a_program_needs(called):
    house = called.house
    ends_in(house, days=7, hours=1)

    tell(house, times=5)

    ((path, headers, body),) = called.calls
    told = json.loads(body)
    assert path == "/remind"
    assert headers["content-type"] == "application/json"
    assert fits(house.secret, headers, body)
    assert not fits(house.secret, headers, body + b" ")
    assert abs(int(headers["webhook-timestamp"]) - house.deps.clock.now().timestamp()) < 600
    assert told["type"] == "authorization_expiring"
    assert "L'autorisation chez Amazon expire le" in told["text"]
    assert told["data"] | {"ends_at": "", "page": ""} == {
        "page": "", "clock": "authorization", "accounts": ["Camille"], "step": 7, "days_left": 7, "ends_at": "",
        "estimated": False, "stopped_since": None, "by_hand": [], "lands_at": None,
    }  # fmt: skip
    assert told["data"]["page"].endswith(f"/accounts/{house.account_id}#renew")


def test_what_is_not_taken_is_called_again_under_the_same_identity_with_a_new_stamp(called):
    house = called.house
    called.status = 500
    ends_in(house, days=7, hours=1)

    tell(house, times=40)
    tries = len(called.calls)
    assert 5 <= tries <= 10, "as the retry table has it"
    assert "webhook_failing" in issues_now(house)
    called.status = 204
    house.advance(3600)
    tell(house, times=3)

    assert len(called.calls) == tries + 1
    assert len({headers["webhook-id"] for _, headers, _ in called.calls}) == 1
    assert len({headers["webhook-timestamp"] for _, headers, _ in called.calls}) == tries + 1
    assert all(fits(house.secret, headers, body) for _, headers, body in called.calls)
    assert "webhook_failing" not in issues_now(house)


@pytest.mark.parametrize("status", [302, 400, 404, 410, 429])
def test_only_2xx_means_that_it_was_taken(called, status):
    house = called.house
    called.status, called.location = status, "/elsewhere" if status == 302 else ""
    ends_in(house, days=7, hours=1)

    tell(house, times=40)

    assert {path for path, _, _ in called.calls} == {"/remind"}, "a redirect is not followed"
    assert models.Letter.objects.get().sent_at is None
    assert "webhook_failing" in issues_now(house)
    called.status = 200
    house.advance(3601)
    tell(house, times=2)
    assert models.Letter.objects.get().sent_at is not None


def test_an_ill_webhook_holds_up_neither_another_nor_the_mail(called):
    house = called.house
    person()
    called.status = 503
    with mailbox() as post, receiver() as other:
        with_server(house, post)
        arrange_reminders.add_webhook(house.deps, "Tickets", other.url, "en", "camille")
        ends_in(house, days=7, hours=1)
        tell(house)

        assert (len(post.mails), len(other.calls), len(called.calls)) == (1, 1, 1)


def test_a_private_address_nobody_allowed_is_not_opened_and_is_an_issue(house):
    with receiver() as found:
        arrange_reminders.add_webhook(house.deps, "Inside", found.url, "en", "camille")
        ends_in(house, days=7, hours=1)
        # As in the product where FORAIN_ALLOW_PRIVATE is empty.
        house.deps.open._http = client(None, Guard())
        tell(house, times=40)

        assert found.calls == []
    assert "webhook_failing" in issues_now(house)
    assert "address_private" in models.Notice.objects.get(code="webhook_failing").placeholders["error"]


def test_its_secret_is_in_the_vault_only_and_goes_with_it(called):
    house = called.house
    ends_in(house, days=7, hours=1)
    tell(house)

    assert house.secret.reveal() not in whole_database()
    assert models.VaultEntry.objects.filter(owner=f"webhook:{house.webhook.pk}").exists()
    arrange_reminders.remove_webhook(house.deps, house.webhook, "camille")
    house.advance(5 * DAY)
    tell(house, times=3)

    assert len(called.calls) == 1
    assert not models.VaultEntry.objects.filter(owner__startswith="webhook:").exists()


@pytest.mark.parametrize("lost", ["gone", "another key"])
def test_without_its_secret_nothing_goes_out_unsigned_and_the_mail_goes_on(called, lost):
    house = called.house
    if lost == "gone":
        models.VaultEntry.objects.filter(owner=f"webhook:{house.webhook.pk}").delete()
    else:
        house.deps = replace(house.deps, vault=Vault([Fernet.generate_key().decode()]))
    person()
    with mailbox() as post:
        with_server(house, post)
        ends_in(house, days=7, hours=1)
        tell(house, times=40)

        assert (len(post.mails), called.calls) == (1, [])
    assert "webhook_failing" in issues_now(house)


def test_a_removed_one_leaves_no_issue(called):
    house = called.house
    called.status = 500
    ends_in(house, days=7, hours=1)
    tell(house, times=40)
    assert "webhook_failing" in issues_now(house)

    arrange_reminders.remove_webhook(house.deps, house.webhook, "camille")
    tell(house)

    assert "webhook_failing" not in issues_now(house)
    assert letters.waiting() == []


def test_a_trial_is_called_once_a_minute_at_most_and_at_any_time(called):
    house = called.house
    ends_in(house, days=200)

    for _ in range(3):
        arrange_reminders.try_it(house.deps, f"webhook:{house.webhook.pk}")
        tell_people.tell_people(house.deps)

    assert [json.loads(body)["type"] for _, _, body in called.calls] == ["trial"]


def test_two_installations_are_never_taken_for_one(house):
    one = models.Letter(
        topic="account:1:authorization:1", mark="7", channel="mail", receiver="person:1", made_at=house.deps.clock.now()
    )  # fmt: skip
    here = letters.identity(one)
    assert letters.identity(one) == here

    models.Instance.objects.update(letters_name="another")

    assert letters.identity(one) != here


def test_a_refused_account_is_called_at_once(called):
    house = called.house
    ends_in(house, days=200)
    now = house.deps.clock.now()
    models.Account.objects.update(standing="refused", refused_at=now - timedelta(seconds=5), doubted_at=now)

    tell(house)

    assert json.loads(called.calls[0][2])["type"] == "authorization_revoked"
