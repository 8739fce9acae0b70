"""Reminders by mail, against a real mail server: each step once to each receiver, in their language, until somebody takes
care; over outages, deaths and a server that is down, refuses or puts off."""

import json
import os
import signal
import threading
from datetime import time, timedelta

import pytest
from django.db import connections

from forain import wiring
from forain.core import reminders
from forain.core.errors import AppRefused, GrantDoubted, GrantRefused
from forain.core.ids import AccountId, ApplicationId
from forain.flows import arrange_reminders, authorize, prune, tell_people
from forain.flows.look_ahead import every_end
from forain.store import accounts, letters, models, runs
from forain.web import words
from tests.people import BUYER, add, come_in, store_a_buyer
from tests.post import mailbox, receiver

from .reminding import DAY, ends_in, issues_now, person, reach_loopback, tell, with_server
from .test_crash_points import in_a_process_of_its_own
from .test_killed_between_statements import deaths
from .test_permission import other_account


@pytest.fixture
def post():
    with mailbox() as box:
        yield box


@pytest.fixture
def told(house, post):
    """The house with a mail server, and Camille."""
    house.rotate()
    with_server(house, post)
    person()
    return house


def refuse(house):
    """Amazon refuses twice, a minute apart."""
    for seconds in (0, 61):
        house.advance(seconds)
        authorize.on_refusal(house.deps, house.account, GrantRefused(), house.account.grant_no, 0)


def topic(house):
    """What there is to tell now."""
    now = house.deps.clock.now()
    return reminders.occasions(every_end(now), now)[0].topic


def care(house, answer):
    arrange_reminders.take_care(house.deps, topic(house), AccountId(house.account_id), answer, "camille")


def test_a_step_told_of_a_date_that_was_wrong_is_told_again_of_the_right_one(told, post):
    def made(days):
        day = told.deps.clock.now() - timedelta(days=days)
        authorize.correct_date(told.deps, told.account, told.account.grant_no, day, "camille")

    made(340)
    tell(told, 3)
    made(200)
    tell(told, 3)
    assert [subject.count("The authorization") for subject in post.subjects] == [1]

    told.advance(140 * DAY)
    tell(told, 3)

    assert sum(subject.count("The authorization") for subject in post.subjects) == 2


def test_each_step_is_mailed_once_to_each_receiver_in_their_language(told, post):
    person("friedrich", "operator", language="de")
    person("amelie", "reader", language="fr")
    ends_in(told, days=61, hours=1)

    days = []
    for left in range(61, -2, -1):
        before = len(post.mails)
        tell(told, times=3)
        if len(post.mails) > before:
            days.append(left)
            assert sorted(post.to[before:]) == ["amelie@shop.example", "camille@shop.example", "friedrich@shop.example"]
        told.advance(DAY - 183)

    assert days == [60, 30, 28, 21, 14, 7, 3, 1, 0]
    assert "Camille: The authorization at Amazon ends on" in post.subjects[0]
    assert "Die Autorisierung bei Amazon endet am" in post.subjects[1]
    assert "L'autorisation chez Amazon expire le" in post.subjects[2]
    assert "60\N{NO-BREAK SPACE}days" in post.subjects[0]
    assert len({mail["Message-ID"] for mail in post.mails}) == len(post.mails) == 27


def test_a_mail_says_who_must_act_how_what_stops_otherwise_and_where_to_say_that_somebody_cares(told, post):
    ends_in(told, days=7, hours=1)

    tell(told)

    (mail,) = post.mails
    text = mail.get_content()
    assert mail["From"] == "Forain <forain@shop.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert f"http://127.0.0.1:8787/accounts/{told.account_id}#renew" in text
    assert "Who must act: The primary user of the Seller Central account" in text
    assert "stock, prices, orders and shipment confirmations of Camille stop" in text
    assert "http://127.0.0.1:8787/issues" in text
    assert max(map(len, mail.as_bytes().split(b"\n"))) < 998


def test_a_machine_that_was_off_from_day_31_to_day_2_sends_one_reminder_the_most_urgent(told, post):
    ends_in(told, days=31, hours=1)
    tell(told)
    assert len(post.mails) == 1

    told.advance(29 * DAY)
    tell(told, times=5)

    assert len(post.mails) == 2
    assert "2\N{NO-BREAK SPACE}days" in post.subjects[1]


def test_with_the_mail_server_down_it_is_delivered_later_and_an_issue_meanwhile(told, post):
    ends_in(told, days=30, hours=23)
    post.down()

    tell(told, times=40)
    assert post.mails == []
    assert "mail_failing" in issues_now(told)
    tried = models.Letter.objects.get().attempt
    assert 5 <= tried <= 12, "as the retry table has it, not once a minute"

    post.up()
    told.advance(3600)
    tell(told, times=2)
    assert len(post.mails) == 1
    assert "mail_failing" not in issues_now(told)


def test_while_the_server_is_down_one_mail_tries_the_door_and_the_others_wait(told, post):
    for name in ("a", "b", "c", "d"):
        person(name)
    ends_in(told, days=30, hours=1)
    post.down()

    tell(told, times=10)

    assert sum(models.Letter.objects.values_list("attempt", flat=True)) <= 8
    post.up()
    told.advance(3600)
    tell(told)
    assert len(post.mails) == len(set(post.to)) == 5


def test_a_server_down_over_several_steps_delivers_the_last_one_only(told, post):
    ends_in(told, days=31, hours=-1)
    post.down()
    for _ in range(27):
        tell(told)
        told.advance(DAY - 61)
    post.up()

    tell(told, times=3)

    assert len(post.mails) == 1
    assert "3\N{NO-BREAK SPACE}days" in post.subjects[0]


def test_what_was_renewed_while_it_waited_is_not_sent(told, post):
    ends_in(told, days=7, hours=1)
    post.down()
    tell(told)
    granted = told.control(
        "POST", f"sellers/{told.seller}/authorize", {"application_id": told.application["application_id"]}
    )
    authorize.enter_token(told.deps, told.account, authorize.Secret(granted["refresh_token"]), None)
    post.up()
    told.advance(3600)

    tell(told, times=3)

    assert post.mails == []


def test_a_stop_is_mailed_at_once_and_then_weekly(told, post):
    ends_in(told, days=200)
    refuse(told)

    seen = []
    for day in range(22):
        before = len(post.mails)
        tell(told)
        seen += [day] * (len(post.mails) - before)
        told.advance(DAY - 61)

    assert seen == [0, 7, 14, 21]
    assert all("Access was withdrawn at Amazon" in subject for subject in post.subjects)


def test_a_long_subject_stays_on_one_line(told, post):
    models.Account.objects.update(name="Camille and daughters")
    person(language="de")
    ends_in(told, days=200)
    refuse(told)

    tell(told)

    assert post.subjects[0].startswith("Camille and daughters: Der Zugriff wurde bei Amazon entzogen (bemerkt am")
    assert len(post.subjects[0]) > 78


@pytest.mark.parametrize("days", [200, -1])
def test_a_denied_account_is_mailed_by_its_cause_and_its_cure(told, post, days):
    ends_in(told, days=days)
    for seconds in (0, 61):
        told.advance(seconds)
        error = GrantDoubted("access_denied")
        authorize.on_refusal(told.deps, told.account, error, told.account.grant_no, 0)
    assert told.account.standing == "refused"

    tell(told)

    text = post.mails[-1].get_content()
    assert "Amazon denies this account every access" in text
    assert "Account health" in text
    assert "Who must act" not in text, "renewing mends nothing here"


def test_an_expiry_is_mailed_by_its_own_name(told, post):
    ends_in(told, hours=1)
    tell(told)
    told.advance(2 * 3600)

    refuse(told)
    tell(told)

    assert "expired on" in post.subjects[-1]


def test_a_stop_reaches_the_merchant_within_ten_minutes_of_the_timetable(told, post):
    told.live(60)
    ends_in(told, days=200)
    told.control("POST", f"sellers/{told.seller}/revoke", {"application_id": told.application["application_id"]})
    runs.force(f"account:{told.account_id}", told.deps.clock.now(), ["probe"])

    told.live(600, step=10)

    assert ["Access was withdrawn at Amazon" in subject for subject in post.subjects] == [True]


@pytest.mark.parametrize("language", ["en", "fr", "de"])
def test_several_accounts_refused_at_once_are_one_mail_within_ten_minutes_and_none_of_a_withdrawal(
    told, post, language
):
    person(language=language)
    other_account(told)
    told.live(60, step=30)
    told.advance(7200)
    told.live(60, step=30)
    told.control("POST", "faults", {"kind": "forbidden"})

    told.live(600, step=10)

    (subject,) = post.subjects
    assert words.tell(language, "issue.accounts_doubted", {"count": 2}) in subject
    text = post.mails[0].get_content()
    assert words.tell(language, "cure.accounts_doubted", {}) in text
    assert "/health" in text
    assert "#renew" not in text
    told.live(3 * 3600, step=600)
    assert len(post.subjects) == 1


def test_taking_care_of_several_accounts_refused_at_once_is_said_beside_the_notice(told, post, client, monkeypatch):
    second = other_account(told)
    for seconds in (0, 400):
        told.advance(seconds)
        for row in (told.account, accounts.get(AccountId(second.pk))):
            authorize.on_refusal(told.deps, row, GrantDoubted("access_denied"), row.grant_no, 0)
    assert "accounts_doubted" in issues_now(told)
    monkeypatch.setattr(wiring, "deps", lambda: told.deps)
    come_in(client)
    notice = models.Notice.objects.get(code="accounts_doubted", closed_at=None)

    client.post(f"/issues/{notice.pk}/care", {"answer": "done"})
    tell(told, 3)

    assert post.subjects == []


def test_a_refused_application_is_mailed_once_for_all_its_accounts(told, post):
    ends_in(told, days=200)
    authorize.on_refusal(
        told.deps, told.account, AppRefused("invalid_client"), told.account.grant_no, told.account.application.secret_no
    )

    tell(told, times=5)

    assert ["Amazon does not know the client secret of your application" in subject for subject in post.subjects] == [
        True
    ]


@pytest.mark.parametrize("stop", ["account", "application"])
def test_the_mail_and_the_webhook_of_a_stop_name_the_page_of_what_to_ship_by_hand(told, post, stop):
    ends_in(told, days=200)
    second = other_account(told)
    with receiver() as hook:
        reach_loopback(told)
        arrange_reminders.add_webhook(told.deps, "Chat", hook.url, "en", "camille")
        if stop == "account":
            refuse(told)
        else:
            row = told.account
            error = AppRefused("invalid_client")
            authorize.on_refusal(told.deps, row, error, row.grant_no, row.application.secret_no)
        tell(told)

        text = post.mails[-1].get_content()
        pages = [
            f"http://127.0.0.1:8787/accounts/{number}/by-hand"
            for number in ([told.account_id] if stop == "account" else [told.account_id, second.pk])
        ]
        assert f"Ship and confirm these by hand meanwhile: {' '.join(pages)}" in text.splitlines()
        assert json.loads(hook.calls[-1][2])["data"]["by_hand"] == pages


def test_the_end_of_a_client_secret_is_mailed_too_where_it_is_known(told, post):
    ends_in(told, days=200)
    at = told.deps.clock.now() + timedelta(days=14, hours=1)
    models.Application.objects.update(secret_expires_at=at)

    tell(told, times=3)

    assert ["The client secret of your application ends on" in subject for subject in post.subjects] == [True]
    assert f"/accounts/{told.account_id}#secret" in post.mails[0].get_content()


def test_a_process_that_died_between_sending_and_noting_sends_the_same_message_id_again(told, post, monkeypatch):
    ends_in(told, days=7, hours=1)

    def dying():
        monkeypatch.setattr(letters, "sent", lambda *told: os.kill(os.getpid(), signal.SIGKILL))
        tell_people.tell_people(told.deps)

    assert in_a_process_of_its_own(dying)
    assert len(post.mails) == 1
    tell(told, times=5)
    assert len(post.mails) == 1, "the claim of the dead one stands: perhaps it only is slow"

    told.advance(600)
    tell(told, times=5)

    assert len(post.mails) == 2
    assert len({mail["Message-ID"] for mail in post.mails}) == 1
    assert models.Letter.objects.get().sent_at is not None


def test_killed_before_any_statement_it_is_told_once_and_twice_only_before_it_was_noted(told, post):
    ends_in(told, days=7, hours=1)

    def anew():
        models.Letter.objects.all().delete()
        post.mails.clear()

    kills = 0
    for _ in deaths(lambda: tell_people.tell_people(told.deps), anew):
        kills += 1
        sent = len(post.mails)
        noted = models.Letter.objects.filter(sent_at__isnull=False).count()
        told.advance(601)
        tell(told, times=2)
        assert len(post.mails) == (1 if noted or not sent else 2)
        assert len({mail["Message-ID"] for mail in post.mails}) == 1
        assert models.Letter.objects.filter(sent_at=None).count() == 0

    assert kills >= 10


def test_two_workers_at_once_send_one_mail(told, post):
    ends_in(told, days=7, hours=1)

    def work():
        try:
            tell_people.tell_people(told.deps)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    tell(told)
    assert len(post.mails) == 1
    assert models.Journal.objects.filter(code="reminder_mailed").count() == 1


def test_put_off_it_is_told_again_in_seven_days_and_on_the_last_two(told, post):
    ends_in(told, days=45, hours=2)
    tell(told)
    care(told, "later")

    days = []
    for left in range(45, -1, -1):
        before = len(post.mails)
        tell(told)
        days += [left] * (len(post.mails) - before)
        if left == 3:
            care(told, "later")
        told.advance(DAY - 61)

    assert days == [38, 30, 28, 21, 14, 7, 3, 1, 0]


def test_done_elsewhere_it_is_not_told_any_more_but_a_stop_is(told, post):
    ends_in(told, days=7, hours=1)
    tell(told)
    care(told, "done")
    for _ in range(7):
        told.advance(DAY)
        tell(told)
    assert len(post.mails) == 1

    refuse(told)
    tell(told)

    assert len(post.mails) == 2
    assert "care_done" in told.journal()


def test_after_all_the_next_step_is_told_again(told, post):
    ends_in(told, days=7, hours=1)
    tell(told)
    care(told, "done")
    care(told, "undo")

    tell(told)
    told.advance(4 * DAY)
    tell(told)

    assert len(post.mails) == 2


def test_quiet_hours_wait_for_the_morning_of_the_persons_own_zone_and_a_stop_does_not(told, post):
    person(quiet_from=time(20), quiet_until=time(7), time_zone="America/New_York")
    person("tired", quiet_from=time(20), quiet_until=time(7), time_zone="America/New_York", urgent_any_hour=False)
    person("awake")
    told.advance(18 * 3600 - 100)
    assert told.deps.clock.now().hour == 2, "9 in the evening in New York"
    ends_in(told, days=7, hours=23)

    tell(told, times=5)
    assert post.to == ["awake@shop.example"]
    ends_in(told, days=200)
    refuse(told)
    tell(told)
    assert sorted(post.to[1:]) == ["awake@shop.example", "camille@shop.example"]

    told.advance(10 * 3600)
    tell(told, times=3)
    assert post.to[3:] == ["tired@shop.example"]


def test_when_nobody_reacts_a_second_address_is_told(told, post):
    person(second_mail="boss@shop.example")
    ends_in(told, days=14, hours=1)
    tell(told)
    told.advance(5 * DAY)
    tell(told)
    assert post.to == ["camille@shop.example"], "not before the last week"

    told.advance(2 * DAY)
    tell(told)
    assert post.to[1:] == ["camille@shop.example"]
    told.advance(DAY)
    tell(told, times=3)

    assert post.to[2:] == ["boss@shop.example"]
    assert "camille was told and has not reacted" in post.mails[2].get_content()


def test_when_somebody_takes_care_the_second_address_is_not_told(told, post):
    person(second_mail="boss@shop.example")
    ends_in(told, days=200)
    refuse(told)
    tell(told)
    care(told, "later")

    told.advance(3 * DAY)
    tell(told)

    assert post.to == ["camille@shop.example"]


def test_an_address_that_takes_no_mail_is_an_issue_and_the_second_one_is_told(told, post):
    person(second_mail="boss@shop.example")
    post.refuse["camille@shop.example"] = "550 no such user"
    ends_in(told, days=3, hours=1)

    tell(told, times=3)
    assert "mail_refused" in issues_now(told)
    assert "mail_failing" not in told.refused_codes()
    told.advance(DAY - 600)
    tell(told, times=10)
    assert post.to == ["boss@shop.example"]

    arrange_reminders.set_mail(
        told.deps, models.Person.objects.get(), mail="new@shop.example", second_mail="", language="en",
        time_zone="Europe/Paris", quiet=None, urgent_any_hour=True,
    )  # fmt: skip
    tell(told)

    assert post.to[1:] == ["new@shop.example"]
    assert "mail_refused" not in issues_now(told)


def test_what_a_server_refused_by_mistake_is_told_once_it_takes_mail_again(told, post):
    person()
    post.refuse["camille@shop.example"] = "550 no such user"
    ends_in(told, days=60, hours=1)
    tell(told, times=3)
    assert "mail_refused" in issues_now(told)
    post.refuse.clear()
    tell(told, times=3)
    assert post.subjects == []

    arrange_reminders.try_it(told.deps, f"person:{models.Person.objects.get().pk}")
    tell(told, times=3)

    assert len(post.subjects) == 2
    assert "60 days" in post.subjects[1].replace("\N{NO-BREAK SPACE}", " ")
    assert "mail_refused" not in issues_now(told)
    tell(told, times=3)
    assert len(post.subjects) == 2


def test_a_mail_that_is_put_off_waits_alone(told, post):
    person("zoe")
    post.refuse["camille@shop.example"] = "451 come back later"
    ends_in(told, days=7, hours=1)

    tell(told)
    assert post.to == ["zoe@shop.example"]
    post.refuse.clear()
    tell(told, times=3)

    assert post.to == ["zoe@shop.example", "camille@shop.example"]
    assert issues_now(told) & {"mail_failing", "mail_refused"} == set()


def test_who_may_not_see_ends_who_is_out_and_who_gave_no_address_gets_nothing(told, post):
    person("counts", "accountant")
    gone = person("gone")
    gone.user.is_active = False
    gone.user.save()
    person("silent", mail="")
    ends_in(told, days=7, hours=1)

    tell(told)

    assert post.to == ["camille@shop.example"]


def test_without_a_mail_server_nothing_breaks_and_it_is_told_once_there_is_one(told, post):
    with_server(told, None)
    ends_in(told, days=7, hours=1)
    tell(told, times=3)
    assert models.Letter.objects.count() == 0

    with_server(told, post)
    tell(told, times=3)

    assert len(post.mails) == 1


def test_the_first_address_is_told_at_once_though_nobody_was_there_to_tell(house, post):
    house.rotate()
    with_server(house, post)
    ends_in(house, days=7, hours=1)
    house.live(120)
    assert models.Run.objects.get(flow="tell_people").due_at > house.deps.clock.now() + timedelta(minutes=50)

    arrange_reminders.set_mail(
        house.deps, add("camille"), mail="camille@shop.example", second_mail="", language="en", time_zone="Europe/Paris",
        quiet=None, urgent_any_hour=True,
    )  # fmt: skip
    house.tick()

    assert post.to == ["camille@shop.example"]


def test_a_name_cannot_add_a_head_or_a_receiver(told, post):
    models.Account.objects.update(name="Fine\r\nBcc: evil@evil.example\r\n\r\nfood")
    ends_in(told, days=7, hours=1)

    tell(told)

    (mail,) = post.mails
    assert post.to == ["camille@shop.example"]
    assert mail["Bcc"] is None
    assert "Fine\\r\\nBcc" in mail["Subject"]


def test_no_mail_holds_anything_of_a_buyer_or_a_secret(told, post):
    store_a_buyer(told.account)
    ends_in(told, days=7, hours=1)
    tell(told)
    refuse(told)
    tell(told)

    sent = "".join(f"{mail.as_string()}{mail.get_content()}" for mail in post.mails)
    assert len(post.mails) == 2
    secrets = [told.application["client_secret"], told.seller]
    assert [word for word in (*BUYER, *secrets) if word in sent] == []


def test_the_old_ones_go_with_the_old_journal(told, post):
    ends_in(told, days=7, hours=1)
    tell(told)
    told.advance(560 * DAY)

    prune.prune(told.deps)

    assert not models.Letter.objects.exists()
    assert accounts.get(AccountId(told.account_id)).application_id == ApplicationId(told.account.application_id)
