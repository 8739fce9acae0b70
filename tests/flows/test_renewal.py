"""Renewing: early, without disturbing what runs, and never by giving up a token that works for one nobody has tried."""

import html
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from forain import wiring
from forain.core.secret import Secret
from forain.engine import jobs
from forain.flows import authorize
from forain.store import models
from forain.web import words
from tests.people import come_in

from .test_causes import LOOK, Answers, api
from .test_consent import browse, confirmed
from .test_permission import other_account

FR = "A13V1IB3VIYZZH"
HOUR = 3600


@pytest.fixture
def amazon():
    return Answers()


@pytest.fixture
def house(make_house, amazon):
    found = make_house(kind="public", transport=amazon.over)
    found.live(30, step=30)
    return found


@pytest.fixture
def camille(django_user_model):
    return django_user_model.objects.create_user("camille").pk


def token_of(house):
    return house.deps.vault.get(f"account:{house.account_id}", "refresh")


def let_pass(house, *pauses):
    for seconds in pauses:
        house.tick()
        house.advance(seconds)
    house.tick()


def look_for(house, days):
    """So many days of nothing but looks at the permission, each when it is due."""
    subject, end = f"account:{house.account_id}", house.deps.clock.now() + timedelta(days=days)
    while (due := models.Run.objects.get(flow="probe", subject=subject).due_at) < end:
        house.advance(max((due - house.deps.clock.now()).total_seconds(), 1))
        jobs.run(house.deps, "probe", subject)


def test_a_renewal_that_is_begun_early_and_left_changes_nothing(house, camille):
    before, facts = token_of(house), (house.account.grant_no, house.account.expires_at, house.account.standing)

    authorize.begin_consent(house.deps, house.account, camille, FR)
    house.change("SOAP", stock=3)
    let_pass(house, 10, 10, HOUR)

    assert token_of(house) == before
    assert (house.account.grant_no, house.account.expires_at, house.account.standing) == facts
    assert house.quantity("SOAP") == 3


def test_an_early_renewal_stops_nothing_and_a_new_year_begins(house, camille):
    house.advance(300 * 86400)
    house.rotate()
    house.change("SOAP", stock=3)
    resumed_at = house.account.resumed_at
    offers = list(models.Offer.objects.values_list("sku", "settled_no"))

    back = confirmed(house, authorize.begin_consent(house.deps, house.account, camille, FR))
    outcome = authorize.complete_consent(house.deps, back, camille)

    assert outcome.code == "granted"
    assert (house.account.expires_at - house.deps.clock.now()).days == 365
    assert house.account.resumed_at == resumed_at
    assert list(models.Offer.objects.values_list("sku", "settled_no")) == offers


@pytest.mark.parametrize(
    "ill", [(LOOK, 503, "<html>ill</html>"), (LOOK, 500, api()), (LOOK, 429, api(code="QuotaExceeded"))]
)
def test_a_new_token_that_cannot_be_tried_waits_and_the_former_one_stays_in_force(house, amazon, camille, ill):
    former, grant_no = token_of(house), house.account.grant_no
    back = confirmed(house, authorize.begin_consent(house.deps, house.account, camille, FR))
    consented_at = house.deps.clock.now()
    amazon.store(*ill)

    outcome = authorize.complete_consent(house.deps, back, camille)

    assert outcome.code == "consent_waits"
    assert (token_of(house), house.account.grant_no, house.account.standing) == (former, grant_no, "granted")
    house.change("SOAP", stock=3)
    let_pass(house, 20, 20, 20)
    assert house.quantity("SOAP") == 3

    let_pass(house, 120, 120)
    assert (token_of(house), house.account.grant_no) == (former, grant_no)
    amazon.stored.clear()
    let_pass(house, HOUR, 60, 60)

    assert token_of(house) != former
    assert house.account.grant_no == grant_no + 1
    assert house.account.expires_at.date() == (consented_at + authorize._term(house.deps, house.account)).date()
    assert not models.VaultEntry.objects.filter(name=authorize.WAITING).exists()


def test_a_waiting_token_that_turns_out_to_be_refused_is_given_up_and_the_former_one_stays(house, amazon, camille):
    former, grant_no = token_of(house), house.account.grant_no
    back = confirmed(house, authorize.begin_consent(house.deps, house.account, camille, FR))
    amazon.store(LOOK, 503, "<html>ill</html>")
    authorize.complete_consent(house.deps, back, camille)
    house.deps.vault.put(
        f"account:{house.account_id}", authorize.WAITING, Secret("Atzr|withdrawn"), house.deps.clock.now()
    )
    amazon.stored.clear()

    let_pass(house, 120, 60, 60)

    assert (token_of(house), house.account.grant_no, house.account.standing) == (former, grant_no, "granted")
    assert not models.VaultEntry.objects.filter(name=authorize.WAITING).exists()
    assert "consent_refused" in house.journal()


@pytest.mark.parametrize("room", [1, 15])
def test_a_denied_account_is_refused_and_left_in_peace_while_a_new_token_waits(house, amazon, camille, room):
    """However little room there is for looks: the waiting token's trial must not take the turn of the one in force for ever."""
    grant_no = house.account.grant_no
    back = confirmed(house, authorize.begin_consent(house.deps, house.account, camille, FR))
    amazon.store(LOOK, 503, "<html>ill</html>")
    authorize.complete_consent(house.deps, back, camille)
    amazon.stored.clear()
    house.control("POST", f"sellers/{house.seller}/deactivate", {})
    models.Limit.objects.filter(operation="getMarketplaceParticipations").update(burst=room, tokens=1)
    asked = len(house.control("GET", "requests"))

    look_for(house, days=0.25)
    assert house.account.standing == "refused"
    look_for(house, days=27)
    looks = [
        one for one in house.control("GET", "requests")[asked:] if one["operation"] == "getMarketplaceParticipations"
    ]

    assert len(looks) <= 2 * 35
    assert house.account.grant_no == grant_no
    assert models.VaultEntry.objects.filter(name=authorize.WAITING).exists()
    house.control("POST", f"sellers/{house.seller}/reactivate", {})
    look_for(house, days=4)
    assert house.account.standing == "granted"
    assert not models.VaultEntry.objects.filter(name=authorize.WAITING).exists()


def test_a_token_entered_meanwhile_goes_before_one_that_waits(house, amazon, camille):
    back = confirmed(house, authorize.begin_consent(house.deps, house.account, camille, FR))
    amazon.store(LOOK, 503, "<html>ill</html>")
    authorize.complete_consent(house.deps, back, camille)
    amazon.stored.clear()
    told = {"application_id": house.application["application_id"]}
    new = Secret(house.control("POST", f"sellers/{house.seller}/authorize", told)["refresh_token"])

    authorize.enter_token(house.deps, house.account, new, None)
    let_pass(house, 120, 60)

    assert token_of(house) == new
    assert not models.VaultEntry.objects.filter(name=authorize.WAITING).exists()


def test_an_account_that_is_taken_out_keeps_no_waiting_token(house, amazon, camille):
    back = confirmed(house, authorize.begin_consent(house.deps, house.account, camille, FR))
    amazon.store(LOOK, 503, "<html>ill</html>")
    authorize.complete_consent(house.deps, back, camille)

    authorize.disconnect(house.deps, house.account)

    assert not models.VaultEntry.objects.filter(owner=f"account:{house.account_id}").exists()


def numbered(house):
    return {row.pk: row.grant_no for row in models.Account.objects.order_by("pk")}


@pytest.fixture
def merchant(house, client, monkeypatch):
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    return client


def back(house, there, seller):
    """The address back, after Amazon's page at `there` was confirmed by this seller."""
    _, told = browse(house, there, f"decision=confirm&seller_id={seller}".encode())
    return f"/amazon/callback?{urlencode(told)}"


def test_several_accounts_are_renewed_in_one_go_by_one_consent_after_the_other(house, merchant):
    second = other_account(house)
    before = numbered(house)

    page = merchant.get(f"/accounts/{house.account_id}").content.decode()
    there = merchant.post(f"/accounts/{house.account_id}/renew-all")["Location"]
    further = merchant.get(back(house, there, house.seller))["Location"]
    last = merchant.get(back(house, further, second.seller))["Location"]

    assert f"/accounts/{house.account_id}/renew-all" in page
    assert numbered(house) == {number: grant + 1 for number, grant in before.items()}
    assert last == f"/accounts/{second.pk}"


def test_a_consent_that_is_refused_ends_the_row_and_renews_no_other(house, merchant):
    second = other_account(house)
    before = numbered(house)

    there = merchant.post(f"/accounts/{house.account_id}/renew-all")["Location"]
    ended = merchant.get(back(house, there, second.seller))["Location"]

    assert ended == f"/accounts/{house.account_id}"
    assert numbered(house) == before
    there = merchant.post(f"/accounts/{house.account_id}/renew")["Location"]
    assert merchant.get(back(house, there, house.seller))["Location"] == f"/accounts/{house.account_id}"


def test_a_row_that_was_left_leads_nowhere_once_a_renewal_began_at_amazon(house, merchant):
    other_account(house)
    there = merchant.post(f"/accounts/{house.account_id}/renew-all")["Location"]
    arriving = {
        "selling_partner_id": house.seller, "amazon_state": "s",
        "amazon_callback_uri": "http://box/seller-central/eu/apps/authorize/return",
    }  # fmt: skip
    merchant.get("/amazon/login", arriving)

    assert merchant.get(back(house, there, house.seller))["Location"] == f"/accounts/{house.account_id}"


def test_an_account_that_was_taken_out_is_not_renewed_with_the_others(house, merchant):
    second = other_account(house)
    authorize.disconnect(house.deps, second)

    page = merchant.get(f"/accounts/{house.account_id}").content.decode()
    there = merchant.post(f"/accounts/{house.account_id}/renew-all")["Location"]

    assert f"/accounts/{house.account_id}/renew-all" not in page
    assert merchant.get(back(house, there, house.seller))["Location"] == f"/accounts/{house.account_id}"


def test_tokens_of_several_accounts_are_entered_in_one_go_each_for_itself(make_house, client, monkeypatch):
    house = make_house()
    second, third = other_account(house), other_account(house, "A3THIRDSELLER")
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    told = {"application_id": house.application["application_id"]}
    new = house.control("POST", f"sellers/{house.seller}/authorize", told)["refresh_token"]
    before = numbered(house)

    typed = {f"token_{house.account_id}": f" {new}\n", f"token_{second.pk}": "Atzr|wrong", f"token_{third.pk}": ""}
    page = html.unescape(client.post(f"/accounts/{house.account_id}/renew-all", typed).content.decode())

    assert numbered(house) == {**before, house.account_id: before[house.account_id] + 1}
    assert page.count('class="wrong"') == 1
    assert words.say("en", "error.invalid_grant_refresh") in page


def test_the_token_of_one_account_is_not_taken_for_another(make_house, client, monkeypatch):
    house = make_house()
    second = other_account(house)
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    told = {"application_id": house.application["application_id"]}
    new = house.control("POST", f"sellers/{house.seller}/authorize", told)["refresh_token"]
    before = numbered(house)

    client.post(f"/accounts/{house.account_id}/renew-all", {f"token_{second.pk}": new})

    assert numbered(house) == before
