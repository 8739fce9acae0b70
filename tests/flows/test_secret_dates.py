"""The day a client secret was made: asked for wherever one is typed, kept, shown as estimated, corrected afterwards; what comes
through a queue has Amazon's own end. Reminders follow."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from forain import wiring
from forain.core.ids import AccountId
from forain.core.secret import Secret
from forain.flows import authorize
from forain.flows.look_ahead import every_end
from forain.store import accounts, models
from forain.web import words
from tests.people import come_in
from tests.post import mailbox

from .reminding import DAY, issues_now, person, tell, with_server

LIFE = timedelta(days=180)


@pytest.fixture
def merchant(house, client, monkeypatch):
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    return client


def ago(house, days):
    return (house.deps.clock.now() - timedelta(days=days)).date()


def application(house):
    return house.account.application


def rotated(house):
    """A secret made at Amazon a moment ago."""
    told = house.control("POST", f"applications/{house.application['application_id']}/rotate", {})
    return told["client_secret"]


def secret_clock(house):
    return next(end for end in every_end(house.deps.clock.now()) if end.clock == "secret")


def form_of(house, application, seller, **more):
    house.control("POST", "sellers", {"seller_id": seller, "region": "eu", "marketplace_ids": ["A13V1IB3VIYZZH"]})
    told = {"application_id": application["application_id"]}
    token = house.control("POST", f"sellers/{seller}/authorize", told)["refresh_token"]
    return {
        "kind": "private", "region": "EU", "seller_id": seller, "client_id": application["client_id"],
        "client_secret": application["client_secret"], "refresh_token": token,
        "address.token": "http://box/auth/o2/token", "address.api": "http://box/eu", **more,
    }  # fmt: skip


def plain(response):
    return response.content.decode().replace("&#x27;", "'").replace("\N{NO-BREAK SPACE}", " ")


def another(house):
    return house.control("POST", "applications", {"name": "Other", "kind": "private"})


def test_an_application_whose_secret_is_150_days_old_has_30_days_left_on_every_page(house, merchant):
    told = another(house)

    answer = merchant.post(
        "/accounts/add/amazon", form_of(house, told, "A2OTHERSELLER", secret_made_on=ago(house, 150).isoformat())
    )

    assert answer.status_code == 302, plain(answer)
    row = models.Application.objects.get(client_id=told["client_id"])
    assert (row.secret_expires_at - LIFE).date() == ago(house, 150)
    page = plain(merchant.get("/authorizations"))
    assert "29 days left" in page or "30 days left" in page
    assert "(estimated)" in page[page.index(told["client_id"][:20]) :]
    assert "(estimated" in plain(merchant.get(answer["Location"])).split("Client secret until")[1][:200]


@pytest.mark.parametrize("language", ["en", "fr", "de"])
@pytest.mark.parametrize("where", ["/accounts/add/amazon", "/accounts/{}", "/accounts/{}/rotation"])
def test_the_day_is_asked_for_wherever_a_secret_is_typed_and_nothing_is_filled_in(house, merchant, where, language):
    path = where.format(house.account_id)

    page = plain(merchant.get(path, headers={"accept-language": language}))

    (field,) = [one for one in re.findall(r"<input[^>]*>", page) if 'name="secret_made_on"' in one]
    assert 'type="date"' in field
    assert not re.search(r'value="[^"]', field)
    assert words.say(language, "amazon.secret_made_on").replace("\N{NO-BREAK SPACE}", " ") in page


@pytest.mark.parametrize(
    ("path", "more"), [("secret", {}), ("rotation", {"answer": "secret"})], ids=["the account's page", "step by step"]
)
def test_a_secret_typed_with_its_day_ends_180_days_after_it_and_one_without_after_today(house, merchant, path, more):
    where = f"/accounts/{house.account_id}/{path}"

    merchant.post(where, {"client_secret": rotated(house), "secret_made_on": ago(house, 100).isoformat(), **more})
    assert (application(house).secret_expires_at - LIFE).date() == ago(house, 100)
    assert secret_clock(house).estimated
    house.advance(DAY)
    merchant.post(where, {"client_secret": rotated(house), **more})

    assert application(house).secret_expires_at == house.deps.clock.now() + LIFE
    assert secret_clock(house).estimated


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (lambda house: ago(house, -2).isoformat(), "date_future"),
        (lambda house: ago(house, 181).isoformat(), "secret_date_too_old"),
        (lambda house: ago(house, 365 * 40).isoformat(), "secret_date_too_old"),
        (lambda house: "yesterday", "date_wrong"),
        (lambda house: "2026-02-30", "date_wrong"),
        (lambda house: "9" * 3000, "date_wrong"),
    ],
)
def test_a_day_that_cannot_be_is_refused_with_a_sentence_and_the_former_secret_stays(house, merchant, typed, why):
    new, former = rotated(house), house.application["client_secret"]
    day, sentence = typed(house), words.say("en", f"error.{why}")
    number = house.account_id

    refused = merchant.post(f"/accounts/{number}/secret", {"client_secret": new, "secret_made_on": day})
    page = plain(merchant.get(refused["Location"]))
    step = merchant.post(
        f"/accounts/{number}/rotation", {"answer": "secret", "client_secret": new, "secret_made_on": day}
    )
    added = merchant.post("/accounts/add/amazon", form_of(house, another(house), "A2OTHERSELLER", secret_made_on=day))

    assert sentence in page
    assert (step.status_code, sentence in plain(step)) == (422, True)
    assert (added.status_code, sentence in plain(added)) == (422, True)
    assert authorize.secret_kept(house.deps, application(house)).reveal() == former
    assert models.Application.objects.count() == models.Account.objects.count() == 1


def test_a_corrected_day_moves_the_end_and_is_in_the_journal_once_however_often_it_is_said(house, merchant):
    merchant.post(f"/accounts/{house.account_id}/secret", {"client_secret": rotated(house)})
    typed = {"secret_made_on": ago(house, 150).isoformat(), "secret": application(house).secret_no}

    for _ in range(3):
        answer = merchant.post(f"/accounts/{house.account_id}/secret-date", typed)

    assert (application(house).secret_expires_at - LIFE).date() == ago(house, 150)
    assert application(house).secret_estimated
    assert house.journal().count("secret_date_corrected") == 1
    assert "The client secret ends on" in plain(merchant.get(answer["Location"]))
    assert (house.account.standing, house.account.grant_no) == ("granted", 1)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (lambda house: ago(house, -2).isoformat(), "date_future"),
        (lambda house: ago(house, 181).isoformat(), "secret_date_too_old"),
        (lambda house: "31/02/2026", "date_wrong"),
        (lambda house: "0000-00-00", "date_wrong"),
        (lambda house: "", "required"),
    ],
)
def test_a_wrong_correction_changes_nothing_and_says_why(house, merchant, typed, why):
    merchant.post(f"/accounts/{house.account_id}/secret", {"client_secret": rotated(house)})
    before = application(house).secret_expires_at

    answer = merchant.post(
        f"/accounts/{house.account_id}/secret-date",
        {"secret_made_on": typed(house), "secret": application(house).secret_no},
    )

    assert words.say("en", f"error.{why}") in plain(merchant.get(answer["Location"]))
    assert application(house).secret_expires_at == before
    assert "secret_date_corrected" not in house.journal()


def test_a_correction_of_a_page_open_since_before_another_secret_came_does_not_touch_the_new_one(house, merchant):
    page = f"/accounts/{house.account_id}"
    merchant.post(f"{page}/secret", {"client_secret": rotated(house)})
    old = application(house).secret_no
    merchant.post(f"{page}/secret", {"client_secret": rotated(house)})
    end = application(house).secret_expires_at

    answer = merchant.post(f"{page}/secret-date", {"secret_made_on": ago(house, 100).isoformat(), "secret": old})

    assert words.say("en", "error.secret_date_of_former") in plain(merchant.get(answer["Location"]))
    assert application(house).secret_expires_at == end


def test_an_end_that_amazon_said_itself_is_neither_estimated_nor_corrected(house, merchant):
    now = house.deps.clock.now()
    merchant.post(f"/accounts/{house.account_id}/secret", {"client_secret": rotated(house)})
    authorize.keep_secret(house.deps, application(house), Secret(rotated(house)), now, ends_at=now + timedelta(days=99))

    page = plain(merchant.get(f"/accounts/{house.account_id}"))
    answer = merchant.post(
        f"/accounts/{house.account_id}/secret-date",
        {"secret_made_on": ago(house, 100).isoformat(), "secret": application(house).secret_no},
    )

    assert "secret-date" not in page
    assert "estimated" not in page.split("Client secret until")[1][:120]
    assert words.say("en", "error.secret_date_known") in plain(merchant.get(answer["Location"]))
    assert application(house).secret_expires_at == now + timedelta(days=99)
    assert not secret_clock(house).estimated


def test_reminders_follow_a_day_that_turns_out_to_be_earlier(house, merchant):
    with mailbox() as post:
        with_server(house, post)
        person()
        house.rotate()
        tell(house)
        assert post.mails == []

        typed = {"secret_made_on": ago(house, 160).isoformat(), "secret": application(house).secret_no}
        merchant.post(f"/accounts/{house.account_id}/secret-date", typed)
        tell(house, times=3)

        assert len(post.mails) == 1
        assert "client secret" in post.subjects[0]
        assert "secret_expiring" in issues_now(house)


def test_a_second_account_typed_with_a_newer_secret_dates_it_and_with_the_same_one_leaves_its_date(house, merchant):
    house.rotate()
    house.advance(20 * DAY)
    end, present = application(house).secret_expires_at, authorize.secret_kept(house.deps, application(house)).reveal()
    same = {**house.application, "client_secret": present}

    merchant.post("/accounts/add/amazon", form_of(house, same, "A2SECONDSELLER"))
    assert application(house).secret_expires_at == end
    newer = {**house.application, "client_secret": rotated(house)}
    merchant.post(
        "/accounts/add/amazon", form_of(house, newer, "A3THIRDSELLER", secret_made_on=ago(house, 3).isoformat())
    )

    assert models.Account.objects.count() == 3
    assert (application(house).secret_expires_at - LIFE).date() == ago(house, 3)
    assert accounts.application_of(accounts.get(AccountId(house.account_id))).secret_estimated


def test_what_was_stored_before_is_marked_by_how_its_end_came(house):
    now = house.deps.clock.now()
    rows = models.Application.objects
    rows.update(secret_issued_at=now, secret_expires_at=now + LIFE)
    other = rows.create(
        marketplace="amazon", kind="private", client_id="queue", created_at=now, secret_issued_at=now,
        secret_expires_at=now + timedelta(days=179, hours=23),
    )  # fmt: skip
    state = MigrationExecutor(connection).loader.project_state(("store", "0020_secret_estimated"))
    forward = MigrationExecutor(connection).loader.get_migration("store", "0020_secret_estimated").operations[1]

    forward.code(state.apps, None)

    assert application(house).secret_estimated
    assert not rows.get(pk=other.pk).secret_estimated
