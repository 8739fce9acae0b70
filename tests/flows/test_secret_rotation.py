"""The client secret is renewed through the application's queue, read by Amazon's own client, whatever befalls it on the way."""

import json
import logging
import sys
from datetime import timedelta

import pytest

from forain.contracts.queue import QueueAddress
from forain.core import errors
from forain.core.clock import parse_instant
from forain.core.secret import Secret
from forain.engine import jobs
from forain.flows import authorize, rotate_secret, watch
from forain.net import sqs
from forain.store import accounts, models, queues, runs

from .test_permission import other_account
from .test_secrets import whole_database

DAY = 86400
ARN = "arn:aws:sqs:eu-west-1:123456789012:secrets"
URL = "http://127.0.0.1/123456789012/secrets"


@pytest.fixture
def queued(house):
    """A house whose application has a queue, registered at Amazon and told to Forain. Its secret ends in 180 days."""
    told = house.control("POST", "queues", {"arn": ARN})
    house.key = QueueAddress(URL, "eu-west-1", told["access_key_id"]), Secret(told["secret_access_key"])
    house.control("POST", f"applications/{house.application['application_id']}/queue", {"arn": ARN})
    end = house.box.world.state.applications[house.application["application_id"]].secret_expires_at
    now = house.deps.clock.now()
    models.Application.objects.update(secret_issued_at=now, secret_expires_at=end)
    rotate_secret.set_queue(house.deps, house.account.application, *house.key, "camille")
    house.advance(3600)
    return house


def application(house):
    return models.Application.objects.get()


def amazons(house):
    return house.box.world.state.applications[house.application["application_id"]]


def kept(house):
    return authorize.secret_kept(house.deps, application(house)).reveal()


def run(house, seconds=0):
    """The line of the timetable, after so many seconds."""
    house.advance(seconds)
    runs.set_due("rotate_secret", f"application:{application(house).pk}", house.deps.clock.now())
    assert jobs.run(house.deps, "rotate_secret", f"application:{application(house).pk}")
    watch.derive_issues(house.deps)


def asked(house):
    return [r for r in house.box.world.requests if r["operation"] == "rotateApplicationClientSecret"]


def lying(house):
    return [m for m in house.box.world.state.messages if not m.destination_id]


def rotate_at_amazon(house):
    """In the console: the queue is told, nobody else."""
    told = house.control("POST", f"applications/{house.application['application_id']}/rotate", {})
    house.advance(1)
    return told["client_secret"]


def works(house):
    """Amazon gives an access token for what is kept, and answers."""
    return bool(house.deps.open.marketplace(house.account).probe())


def test_a_secret_is_renewed_seventy_days_before_its_end_and_nobody_does_anything(queued):
    former, second = kept(queued), other_account(queued)
    grants = {row.pk: row.grant_no for row in accounts.every()}
    run(queued, 109 * DAY)
    assert asked(queued) == []

    run(queued, DAY + 60)
    assert len(asked(queued)) == 1
    run(queued, 120)

    told = amazons(queued)
    assert kept(queued) == told.client_secret != former
    assert lying(queued) == []
    assert application(queued).secret_expires_at == parse_instant(
        told.secret_expires_at.isoformat(timespec="milliseconds")
    )
    assert application(queued).unproven_since is None
    assert {row.pk: row.grant_no for row in accounts.every()} == grants
    entries = models.Journal.objects.filter(code="secret_rotated")
    assert {(e.account_id, e.placeholders["by"]) for e in entries} == {
        (queued.account_id, "queue"),
        (second.pk, "queue"),
    }
    for _ in range(30):
        run(queued, 8 * 3600)
    assert len(asked(queued)) == 1
    assert works(queued)
    assert not {c for c in queued.refused_codes() if "secret" in c or "rotation" in c or "queue" in c}


def test_the_engine_does_it_by_itself_before_anybody_is_reminded(queued):
    former = kept(queued)
    queued.live(112 * DAY, step=2 * DAY)
    queued.live(600, step=30)

    assert kept(queued) == amazons(queued).client_secret != former
    assert "secret_expiring" not in models.Notice.objects.values_list("code", flat=True)
    assert models.Letter.objects.filter(code="secret_expiring").count() == 0


def test_a_secret_whose_end_nobody_knows_is_renewed_at_once(queued):
    models.Application.objects.update(secret_expires_at=None)

    run(queued)
    run(queued, 120)

    assert kept(queued) == amazons(queued).client_secret
    assert application(queued).secret_expires_at is not None


def test_a_secret_rotated_in_the_console_comes_through_the_queue_too(queued):
    new = rotate_at_amazon(queued)

    run(queued, 3600)

    assert kept(queued) == new
    assert asked(queued) == []


def test_doubled_and_disordered_messages_end_in_the_newest_secret(queued):
    queued.control("POST", "faults", {"kind": "notification-twice"})
    queued.control("POST", "faults", {"kind": "notification-late", "seconds": 7200})
    for _ in range(3):
        newest = rotate_at_amazon(queued)
        queued.advance(600)
    told = []
    for _ in range(20):
        run(queued, 601)
        told.append(kept(queued))

    assert told[-1] == newest
    assert lying(queued) == []
    first = told.index(newest)
    assert set(told[first:]) == {newest}, "an older message that comes late changes nothing"


def test_an_older_message_is_deleted_and_changes_nothing(queued):
    rotate_at_amazon(queued)
    older = json.dumps(lying(queued)[0].body)
    run(queued)
    queued.advance(DAY)
    newest = rotate_at_amazon(queued)
    run(queued)
    number = application(queued).secret_no

    queued.control("POST", f"queues/{ARN}/messages", {"body": older})
    run(queued, 120)

    assert (kept(queued), application(queued).secret_no, lying(queued)) == (newest, number, [])


def test_another_applications_secret_is_left_for_whom_it_is(queued):
    other = queued.control("POST", "applications", {"name": "Other", "queue": ARN})
    theirs = queued.control("POST", f"applications/{other['application_id']}/rotate", {})["client_secret"]
    new = rotate_at_amazon(queued)

    run(queued)

    assert kept(queued) == new
    (left,) = lying(queued)
    assert left.body["payload"]["applicationOAuthClientNewSecret"]["newClientSecret"] == theirs
    assert "queue_unreadable" not in queued.refused_codes()


GARBAGE = [
    "no json", "[]", "{}", '{"notificationType": 7}', '{"notificationType": ""}', "[" * 100_000,
    '{"notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET"}',
    '{"notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET", "payload": {"applicationOAuthClientNewSecret": {"clientId": "x",'
    ' "newClientSecret": "canary-of-a-secret-with-a-bad-date", "newClientSecretExpiryTime": "tomorrow",'
    ' "oldClientSecretExpiryTime": "2027-01-17T22:09:17.180Z"}}}',
    '{"notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET", "payload": {"applicationOAuthClientNewSecret": {"clientId": "x",'
    ' "newClientSecret": "canary short", "newClientSecretExpiryTime": "2027-01-17T22:09:17.180Z",'
    ' "oldClientSecretExpiryTime": "2027-01-17T22:09:17.180Z"}}}',
]  # fmt: skip


def test_what_cannot_be_read_is_named_without_its_text_stays_and_holds_nothing_up(queued, caplog):
    caplog.set_level(logging.DEBUG)
    for body in GARBAGE:
        queued.control("POST", f"queues/{ARN}/messages", {"body": body})
    new = rotate_at_amazon(queued)

    run(queued)

    assert kept(queued) == new
    assert len(lying(queued)) == len(GARBAGE)
    notice = models.Notice.objects.get(code="queue_unreadable", closed_at=None)
    assert notice.placeholders["count"] == str(len(GARBAGE))
    assert notice.placeholders["message"] in {m.message_id for m in lying(queued)}
    assert "canary" not in caplog.text + whole_database()
    warned = [r for r in caplog.records if "cannot be read" in r.getMessage()]
    run(queued, 3600)
    assert len(warned) == 1 == len([r for r in caplog.records if "cannot be read" in r.getMessage()])
    queued.box.world.state.messages.clear()
    run(queued, 3600)
    assert "queue_unreadable" not in queued.refused_codes()


def test_other_notifications_in_the_same_queue_are_left_alone(queued):
    queued.control("POST", f"queues/{ARN}/messages", {"body": '{"NotificationType": "ORDER_CHANGE", "Payload": {}}'})

    run(queued)

    assert len(lying(queued)) == 1
    assert "queue_unreadable" not in queued.refused_codes()


def test_amazons_own_word_of_the_end_corrects_ours(queued):
    end = application(queued).secret_expires_at
    models.Application.objects.update(secret_expires_at=end + timedelta(days=100))

    run(queued, 90 * DAY + 60)

    assert abs(application(queued).secret_expires_at - end) < timedelta(seconds=1)
    assert lying(queued) == []


def test_amazons_word_about_a_former_secrets_end_is_not_believed(queued):
    queued.advance(90 * DAY + 60)
    assert [m.body["notificationType"] for m in lying(queued)] == ["APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY"]
    queued.rotate()
    end = application(queued).secret_expires_at

    run(queued, 60)

    assert abs(application(queued).secret_expires_at - end) < timedelta(seconds=1)


# -- the overlap


def test_while_amazon_does_not_know_the_new_secret_yet_the_former_one_is_used(queued):
    former = kept(queued)
    rotate_at_amazon(queued)
    told = amazons(queued)
    real, told.client_secret = told.client_secret, "not known everywhere yet"

    run(queued)
    assert kept(queued) == real
    assert application(queued).unproven_since is not None
    assert works(queued)
    tries = [r for r in queued.box.world.requests if r["operation"] == "token"][-2:]
    assert [r["status"] for r in tries] == [401, 200], "the new one first"
    queued.live(1200, step=60)
    assert "application_refused" not in queued.refused_codes()
    assert queued.account.standing == "granted"

    run(queued, 3600)
    assert "new_secret_refused" in queued.refused_codes()
    told.client_secret = real
    run(queued, 900)

    assert application(queued).unproven_since is None
    assert "new_secret_refused" not in queued.refused_codes()
    told.old_secret = "dead"
    assert former != kept(queued)
    queued.advance(3700)
    assert works(queued)


def test_after_seven_days_the_former_secret_is_not_asked_any_more(queued):
    rotate_at_amazon(queued)
    run(queued)
    amazons(queued).client_secret = "another"
    before = len(queued.box.world.requests)

    queued.advance(7 * DAY + 60)

    with pytest.raises(errors.AppRefused):
        works(queued)
    assert [r["status"] for r in list(queued.box.world.requests)[before:] if r["operation"] == "token"] == [401]


def test_a_secret_typed_by_hand_keeps_the_former_one_for_seven_days(house):
    house.rotate()
    told = amazons(house)
    told.client_secret = "not known everywhere yet"

    assert works(house)
    assert application(house).former_until == house.deps.clock.now() + timedelta(days=7)


def test_a_second_secret_that_never_worked_does_not_push_out_the_last_that_did(queued):
    former = kept(queued)
    for _ in range(2):
        rotate_at_amazon(queued)
        amazons(queued).client_secret = "not known everywhere yet"
        amazons(queued).old_secret, amazons(queued).old_secret_until = (
            former,
            queued.deps.clock.now() + timedelta(days=7),
        )
        run(queued, 60)

    assert works(queued)


def test_a_dead_application_comes_back_by_itself_when_its_new_secret_comes(queued):
    amazons(queued).client_secret = "rotated by somebody"
    queued.live(3700, step=60)
    assert "application_refused" in queued.refused_codes()

    new = rotate_at_amazon(queued)
    run(queued)
    queued.live(60)

    assert kept(queued) == new
    assert "application_refused" not in queued.refused_codes()


# -- what goes wrong


def test_a_secret_that_never_comes_is_told_and_not_asked_for_twice(queued):
    queued.control("POST", "faults", {"kind": "notification-lost"})
    run(queued, 111 * DAY)
    begun = queued.deps.clock.now()
    for _ in range(8):
        run(queued, 900)
    assert len(asked(queued)) == 1
    notice = models.Notice.objects.get(code="rotation_unanswered", closed_at=None)
    assert notice.placeholders["date"][:10] == f"{begun + timedelta(days=7):%Y-%m-%d}"
    assert accounts.application_of(queued.account).secret_expires_at == begun + timedelta(days=7)
    with pytest.raises(errors.Rejected) as no:
        rotate_secret.ask_now(queued.deps, application(queued), "camille")
    assert no.value.code == "rotation_awaited"

    authorize.enter_secret(queued.deps, application(queued), Secret(amazons(queued).client_secret), None)
    run(queued)

    assert {"rotation_unanswered", "secret_expiring"} & queued.refused_codes() == set()
    assert accounts.application_of(queued.account).secret_expires_at > queued.deps.clock.now() + timedelta(days=170)
    assert len(asked(queued)) == 1


def test_where_the_former_secret_outlives_its_week_none_was_made_and_it_is_asked_again(queued):
    run(queued, 109 * DAY)
    queued.advance(2 * DAY)
    queues.note(application(queued).pk, asked_at=queued.deps.clock.now())  # Noted, and died before it asked.

    for _ in range(7):
        run(queued, DAY)
        assert asked(queued) == []
    run(queued, DAY + 60)
    assert len(asked(queued)) == 1
    run(queued, 120)

    assert kept(queued) == amazons(queued).client_secret
    assert {"rotation_unanswered", "secret_expiring"} & queued.refused_codes() == set()


def test_an_answer_that_is_lost_on_the_way_does_no_harm(queued):
    queued.control(
        "POST", "faults", {"kind": "cut-after-write", "operation": "rotateApplicationClientSecret", "count": 1}
    )

    run(queued, 111 * DAY)
    run(queued, 120)

    assert kept(queued) == amazons(queued).client_secret
    assert len(asked(queued)) == 1


def test_too_fast_is_asked_again_later(queued):
    queued.control("POST", "faults", {"kind": "throttle", "operation": "rotateApplicationClientSecret", "count": 1})

    run(queued, 111 * DAY)
    assert queues.get(application(queued).pk).asked_at is None
    queued.live(600, step=30)

    assert kept(queued) == amazons(queued).client_secret


def test_without_a_registered_queue_amazon_says_no_and_so_do_we(queued):
    queued.control("POST", f"applications/{queued.application['application_id']}/queue", {"arn": ""})

    run(queued, 111 * DAY)
    notice = models.Notice.objects.get(code="rotation_refused", closed_at=None)
    assert "no registered queue" in notice.placeholders["error"]
    queued.live(3 * DAY, step=3600)
    assert 3 <= len(asked(queued)) <= 5, "once a day"
    assert works(queued)

    queued.control("POST", f"applications/{queued.application['application_id']}/queue", {"arn": ARN})
    queued.live(1.2 * DAY, step=3600)
    assert "rotation_refused" not in queued.refused_codes()
    assert kept(queued) == amazons(queued).client_secret


def test_where_the_queue_may_not_be_read_no_secret_is_asked_for(queued):
    queued.control("POST", f"queues/{ARN}/policy", {"actions": ["DeleteMessage"]})

    run(queued, 111 * DAY)

    assert asked(queued) == []
    assert (
        models.Notice.objects.get(code="queue_refused", closed_at=None).placeholders["error"].startswith("queue_denied")
    )
    queued.control("POST", f"queues/{ARN}/policy", {"actions": ["ReceiveMessage", "DeleteMessage"]})
    run(queued, 3600)
    assert "queue_refused" not in queued.refused_codes()
    assert len(asked(queued)) == 1


def test_where_nothing_may_be_deleted_the_secret_is_kept_all_the_same(queued):
    queued.control("POST", f"queues/{ARN}/policy", {"actions": ["ReceiveMessage"]})
    new = rotate_at_amazon(queued)

    for _ in range(3):
        run(queued, 120)

    assert kept(queued) == new
    assert application(queued).secret_no == 1
    assert "queue_refused" in queued.refused_codes()


@pytest.mark.parametrize("kind", ["status-500", "html-503", "truncated", "cut", "throttle", "wrong-content-type"])
def test_an_ill_queue_is_waited_for(queued, kind):
    new = rotate_at_amazon(queued)
    queued.control("POST", "faults", {"kind": kind, "operation": "ReceiveMessage", "count": 1})
    queued.control("POST", "faults", {"kind": kind, "operation": "DeleteMessage", "count": 1})

    run(queued)
    queued.live(120, step=30)
    run(queued, 3700)

    assert (kept(queued), lying(queued), application(queued).secret_no) == (new, [], 1)


def test_a_queue_that_stays_away_is_told_and_no_secret_is_asked_for(queued):
    queued.control("POST", "faults", {"kind": "status-500", "operation": "ReceiveMessage"})

    queued.advance(111 * DAY)
    queued.live(2400, step=60)

    assert "queue_failing" in queued.refused_codes()
    assert asked(queued) == []
    queued.control("DELETE", "faults")
    queued.live(5000, step=60)
    assert "queue_failing" not in queued.refused_codes()
    assert kept(queued) == amazons(queued).client_secret


def test_the_end_of_the_present_one_is_told_also_while_the_queue_stays_away(queued):
    queued.control("POST", "faults", {"kind": "notification-lost"})
    run(queued, 111 * DAY)
    queued.control("POST", "faults", {"kind": "status-500", "operation": "ReceiveMessage"})

    queued.live(2 * 3600, step=120)

    assert {"rotation_unanswered", "queue_failing"} <= queued.refused_codes()
    assert application(queued).superseded_at == queues.get(application(queued).pk).asked_at + timedelta(days=7)


def test_a_queue_that_may_not_be_read_any_more_hides_no_end(queued):
    queued.control("POST", "faults", {"kind": "notification-lost"})
    run(queued, 111 * DAY)
    queued.control("POST", f"queues/{ARN}/policy", {"actions": []})

    run(queued, 3700)

    assert {"rotation_unanswered", "queue_refused"} <= queued.refused_codes()


def refuse_asking(house, monkeypatch, error):
    """Asked for a new secret, Amazon answers this; how often it was asked is the list's length."""
    seen = []
    inner = type(house.deps.open).marketplace

    def marketplace(*told, **named):
        adapter = inner(*told, **named)

        def ask_for_secret():
            seen.append(house.deps.clock.now())
            raise error

        adapter.ask_for_secret = ask_for_secret
        return adapter

    monkeypatch.setattr(type(house.deps.open), "marketplace", marketplace)
    return seen


@pytest.mark.parametrize("kind", ["invalid_client", "unauthorized_client", "invalid_grant", "doubted"])
def test_whatever_amazon_refuses_when_asked_is_told_and_asked_once_a_day(queued, monkeypatch, kind):
    error = {"invalid_client": errors.AppRefused("invalid_client"), "unauthorized_client": errors.AppRefused(kind),
             "invalid_grant": errors.GrantRefused("invalid_grant_refresh"), "doubted": errors.GrantDoubted()}[kind]  # fmt: skip
    seen = refuse_asking(queued, monkeypatch, error)

    queued.advance(111 * DAY)
    queued.live(6 * 3600, step=600)

    assert len(seen) == 1
    assert models.Notice.objects.get(code="rotation_refused", closed_at=None).placeholders["error"] == str(error)
    assert queues.get(application(queued).pk).asked_at is None


def test_without_a_token_nothing_was_asked(queued):
    queued.advance(111 * DAY)
    queued.control("POST", "faults", {"kind": "status-500", "operation": "token"})

    run(queued)

    assert queues.get(application(queued).pk).asked_at is None
    assert "secret_asked" not in queued.journal()
    queued.control("DELETE", "faults")
    queued.live(1800, step=30)
    assert len(asked(queued)) == 1
    assert kept(queued) == amazons(queued).client_secret


def test_a_queue_removed_and_set_up_again_asks_no_second_time(queued):
    queued.control("POST", "faults", {"kind": "notification-lost"})
    run(queued, 111 * DAY)
    at = queues.get(application(queued).pk).asked_at

    rotate_secret.remove_queue(queued.deps, application(queued), "camille")
    assert accounts.application_of(queued.account).secret_expires_at == at + timedelta(days=7)
    queued.advance(DAY)
    rotate_secret.set_queue(queued.deps, application(queued), *queued.key, "camille")
    run(queued, 60)

    assert len(asked(queued)) == 1
    assert queues.get(application(queued).pk).asked_at == at
    assert "rotation_unanswered" in queued.refused_codes()
    with pytest.raises(errors.Rejected):
        rotate_secret.ask_now(queued.deps, application(queued), "camille")


def test_without_its_queue_the_doubt_ends_with_the_secret_that_is_typed_again(queued):
    queued.control("POST", "faults", {"kind": "notification-lost"})
    queues.note(application(queued).pk, asked_at=queued.deps.clock.now())
    rotate_secret.remove_queue(queued.deps, application(queued), "camille")
    end = application(queued).superseded_at

    type_in(queued, kept(queued))
    assert application(queued).superseded_at == end
    queued.advance(8 * DAY + 60)
    type_in(queued, kept(queued))

    assert application(queued).superseded_at is None


def test_a_doubt_that_a_person_raised_early_ends_when_the_secret_outlives_its_day(queued):
    queued.advance(DAY)
    queues.note(application(queued).pk, asked_at=queued.deps.clock.now())  # Noted, and died before it asked.
    run(queued, 7200)
    assert "rotation_unanswered" in queued.refused_codes()

    run(queued, 8 * DAY + 60)

    assert (application(queued).superseded_at, queues.get(application(queued).pk).asked_at) == (None, None)
    assert {"rotation_unanswered", "secret_expiring"} & queued.refused_codes() == set()
    assert asked(queued) == []


def test_a_queue_whose_key_cannot_be_read_is_told_as_such(queued):
    owner = f"queue:{application(queued).pk}"
    entry = models.VaultEntry.objects.get(owner=owner)
    models.VaultEntry.objects.filter(owner=owner).update(ciphertext=bytes(entry.ciphertext)[:-9])

    run(queued)

    notice = models.Notice.objects.get(code="queue_refused", closed_at=None)
    assert notice.placeholders["error"].startswith("queue_key_refused")
    assert "internal" not in queued.refused_codes()
    rotate_secret.set_queue(queued.deps, application(queued), *queued.key, "camille")
    run(queued, 60)
    assert "queue_refused" not in queued.refused_codes()


@pytest.mark.parametrize("proves", [False, True])
def test_only_what_is_said_of_the_grant_proves_a_new_secret(queued, monkeypatch, proves):
    rotate_at_amazon(queued)
    inner = type(queued.deps.open).marketplace

    def marketplace(*told, **named):
        adapter = inner(*told, **named)
        adapter.probe = lambda: (_ for _ in ()).throw(
            errors.GrantRefused("invalid_grant_refresh") if proves else errors.Malformed("redirect")
        )
        return adapter

    monkeypatch.setattr(type(queued.deps.open), "marketplace", marketplace)

    run(queued)

    assert (application(queued).unproven_since is None) == proves


def test_nobody_asks_for_another_while_the_last_one_has_not_answered(queued):
    rotate_at_amazon(queued)
    amazons(queued).client_secret = "not known everywhere yet"
    run(queued)

    with pytest.raises(errors.Rejected) as refused:
        rotate_secret.ask_now(queued.deps, application(queued), "camille")

    assert (refused.value.code, asked(queued)) == ("rotation_awaited", [])


class Killed(BaseException):
    pass


def dying(house, monkeypatch, place):
    """The process dies at the n-th statement or call out; it is alive again afterwards."""
    house.control("POST", "faults", {"kind": "notification-twice"})
    count = 0
    inner = house.deps.open._http.send

    def send(*told, **named):
        nonlocal count
        count += 1
        if count == place:
            raise Killed
        answer = inner(*told, **named)
        count += 1
        if count == place:
            raise Killed
        return answer

    monkeypatch.setattr(house.deps.open._http, "send", send)


@pytest.mark.parametrize("place", range(1, 25))
def test_killed_before_or_after_any_call_it_ends_in_the_newest_secret_and_one_request(queued, monkeypatch, place):
    queued.advance(111 * DAY)
    dying(queued, monkeypatch, place)

    died = 0
    for _ in range(8):
        try:
            run(queued, 900)
        except Killed:
            died += 1
    new = amazons(queued).client_secret

    assert died <= 1
    if asked(queued):
        assert len(asked(queued)) == 1
        assert (kept(queued), application(queued).secret_no, lying(queued)) == (new, 1, [])
    else:
        # Noted and not asked: nothing is lost, and it is asked again when it is sure.
        assert queues.get(application(queued).pk).asked_at is not None
        for _ in range(9):
            run(queued, DAY)
        run(queued, 900)
        assert kept(queued) == amazons(queued).client_secret != new
    assert works(queued)


def test_killed_between_keeping_the_secret_and_deleting_its_message(queued, monkeypatch):
    new = rotate_at_amazon(queued)
    from forain.net.sqs import SqsQueue

    with monkeypatch.context() as patched:
        patched.setattr(SqsQueue, "delete", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            run(queued)
    assert kept(queued) == new
    assert len(lying(queued)) == 1

    run(queued, 120)

    assert (kept(queued), application(queued).secret_no, lying(queued)) == (new, 1, [])
    assert models.Journal.objects.filter(code="secret_rotated").count() == 1


# -- what is typed meanwhile


def type_in(house, secret):
    outcome = authorize.enter_secret(house.deps, application(house), Secret(secret), None)
    return outcome.code


def test_the_present_secret_typed_again_moves_no_date_and_a_later_one_is_still_taken(queued):
    run(queued, 111 * DAY)
    before = models.Application.objects.values("secret_issued_at", "secret_expires_at", "secret_no").get()
    assert queues.get(application(queued).pk).asked_at is not None

    assert type_in(queued, kept(queued)) == "secret_present"

    assert models.Application.objects.values("secret_issued_at", "secret_expires_at", "secret_no").get() == before
    assert "secret_rotated" not in queued.journal()
    run(queued, 120)
    assert kept(queued) == amazons(queued).client_secret


def test_an_answer_is_not_thrown_away_for_the_reckoned_end_of_a_typed_one(queued):
    between = rotate_at_amazon(queued)
    queued.box.world.state.messages.clear()
    queued.control("POST", "faults", {"kind": "notification-late", "seconds": 7200})
    rotate_secret.ask_now(queued.deps, application(queued), "camille")
    queued.advance(3600)
    assert type_in(queued, between) == "secret_kept"

    run(queued, 7200)
    run(queued, 120)

    assert kept(queued) == amazons(queued).client_secret != between
    assert lying(queued) == []


@pytest.mark.parametrize("kind", ["status-500", "throttle", "cut", "html-503"])
def test_a_secret_that_could_not_be_tried_is_not_kept(queued, kind):
    before = kept(queued)
    queued.control("POST", "faults", {"kind": kind, "operation": "token"})

    with pytest.raises(authorize.PASSING):
        type_in(queued, "amzn1.oa2-cs.v1.mistyped")

    queued.control("DELETE", "faults")
    row = application(queued)
    assert (kept(queued), row.secret_no, row.former_until) == (before, 0, None)
    queued.advance(8 * DAY)
    assert works(queued)


def test_the_former_secret_is_not_taken_back(queued):
    former = kept(queued)
    new = rotate_at_amazon(queued)
    assert type_in(queued, new) == "secret_kept"

    for attempt in (
        lambda: type_in(queued, former),
        lambda: authorize.enter_token(
            queued.deps, queued.account, Secret("Atzr|any"), None, client_secret=Secret(former)
        ),
    ):
        with pytest.raises(errors.Rejected) as refused:
            attempt()
        assert refused.value.code == "secret_former"
    queued.advance(8 * DAY)
    assert kept(queued) == new
    assert works(queued)


# -- setting it up


@pytest.mark.parametrize(
    ("url", "region", "code"),
    [("nonsense", "eu-west-1", "address_wrong"), ("http://sqs.example.com/1/q", "eu-west-1", "queue_not_https"),
     ("https://sqs.eu-west-1.amazonaws.com/123456789012/x.fifo", "", "queue_fifo"),
     ("https://queue.example.com/1/q", "", "queue_region_missing"),
     ("http://127.0.0.1/123456789012/nowhere", "eu-west-1", "queue_not_found"),
     (URL, "us-east-1", "queue_key_refused")],
)  # fmt: skip
def test_a_queue_that_does_not_work_is_not_kept(queued, url, region, code):
    application_row = application(queued)
    rotate_secret.remove_queue(queued.deps, application_row, "camille")
    address, key = queued.key

    with pytest.raises(errors.Rejected) as refused:
        rotate_secret.set_queue(
            queued.deps, application_row, QueueAddress(url, region, address.access_key_id), key, "x"
        )

    assert refused.value.code == code
    assert queues.get(application_row.pk) is None
    assert runs.get("rotate_secret", f"application:{application_row.pk}") is None


def test_a_key_that_may_not_delete_is_not_kept(queued):
    rotate_secret.remove_queue(queued.deps, application(queued), "camille")
    queued.control("POST", f"queues/{ARN}/policy", {"actions": ["ReceiveMessage"]})

    with pytest.raises(errors.Rejected) as refused:
        rotate_secret.set_queue(queued.deps, application(queued), *queued.key, "camille")

    assert refused.value.code == "queue_denied"


def test_trying_a_queue_takes_nothing_out_of_it(queued):
    rotate_secret.remove_queue(queued.deps, application(queued), "camille")
    new = rotate_at_amazon(queued)

    rotate_secret.set_queue(queued.deps, application(queued), *queued.key, "camille")
    run(queued)

    assert kept(queued) == new


def test_removed_it_leaves_no_line_no_key_and_no_notice(queued):
    queued.control("POST", f"queues/{ARN}/policy", {"actions": []})
    run(queued)
    assert "queue_refused" in queued.refused_codes()

    rotate_secret.remove_queue(queued.deps, application(queued), "camille")
    watch.derive_issues(queued.deps)

    assert "queue_refused" not in queued.refused_codes()
    assert runs.get("rotate_secret", f"application:{application(queued).pk}") is None
    assert not models.VaultEntry.objects.filter(owner__startswith="queue:").exists()
    assert queued.journal()[-2:].count("queue_removed") or "queue_removed" in queued.journal()


def test_without_boto3_only_the_queue_stands_still(queued, monkeypatch):
    sqs._session.cache_clear()
    monkeypatch.setitem(sys.modules, "boto3", None)
    queued.change("SOAP", stock=3)

    queued.live(300, step=10)

    assert queued.quantity("SOAP") == 3
    notice = models.Notice.objects.get(code="queue_refused", closed_at=None)
    assert notice.placeholders["error"].startswith("boto3_missing")
    assert "internal" not in queued.refused_codes()


def test_a_person_may_ask_at_once_and_nobody_twice(queued):
    former = kept(queued)

    rotate_secret.ask_now(queued.deps, application(queued), "camille")
    queued.live(60)

    assert kept(queued) == amazons(queued).client_secret != former
    assert models.Journal.objects.filter(code="secret_asked").get().placeholders == {"by": "camille"}


def test_no_secret_of_the_way_is_kept_in_plain(queued, caplog):
    caplog.set_level(logging.DEBUG)
    former = kept(queued)
    run(queued, 111 * DAY)
    run(queued, 120)
    secrets = [former, amazons(queued).client_secret, queued.key[1].reveal()]

    told = caplog.text + whole_database()

    assert kept(queued) == secrets[1]
    assert [s for s in secrets if s in told] == []
