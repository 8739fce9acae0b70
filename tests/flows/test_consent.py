"""A public application's consent, in both directions, and the ways back that must open nothing."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from forain.core.secret import Secret
from forain.flows import authorize
from forain.store import models
from forain.web import words
from forain_box.http import Request
from tests.people import come_in

FR = "A13V1IB3VIYZZH"


@pytest.fixture
def house(make_house):
    return make_house(kind="public")


@pytest.fixture
def camille(django_user_model):
    return django_user_model.objects.create_user("camille").pk


def browse(house, url, form=b""):
    """Where the merchant's browser is sent by Amazon's page at `url`, as (address, query)."""
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    pieces = tuple(parts.path.strip("/").split("/"))
    answer = house.box.answer(Request("POST" if form else "GET", pieces, parts.path, asked, {"host": "box"}, form))
    assert answer.status == 302, answer.body
    there = urlsplit(answer.headers["location"])
    return answer.headers["location"], dict(parse_qsl(there.query))


def confirmed(house, url):
    """What comes back from Amazon's consent page, confirmed by the account's seller."""
    return browse(house, url, f"decision=confirm&seller_id={house.seller}".encode())[1]


def test_a_renewal_begun_here_is_a_new_grant(house, camille):
    before = house.account.grant_no

    back = confirmed(house, authorize.begin_consent(house.deps, house.account, camille, FR))
    outcome = authorize.complete_consent(house.deps, back, camille)

    assert (outcome.code, house.account.standing, house.account.grant_no) == ("granted", "granted", before + 1)
    assert not house.account.estimated


def test_a_renewal_begun_at_amazon_is_a_new_grant(house, camille):
    before = house.account.grant_no
    action = f"action=reauthorize&seller_id={house.seller}&application_id={house.application['application_id']}"

    _, arrival = browse(house, "http://box/seller-central/eu/apps/manage", action.encode())
    target = authorize.answer_arrival(house.deps, house.account, arrival, camille)
    consent, _ = browse(house, target)
    outcome = authorize.complete_consent(house.deps, confirmed(house, consent), camille)

    assert (outcome.code, house.account.grant_no) == ("granted", before + 1)


@pytest.mark.parametrize("wrong", ["state_used", "state_foreign", "state_old", "invalid_grant_code"])
def test_a_way_back_that_is_used_foreign_or_too_old_changes_nothing_and_says_why(
    house, camille, django_user_model, wrong
):
    back = confirmed(house, authorize.begin_consent(house.deps, house.account, camille, FR))
    person = camille
    match wrong:
        case "state_used":
            authorize.complete_consent(house.deps, back, camille)
        case "state_foreign":
            person = django_user_model.objects.create_user("another").pk
        case "state_old":
            house.advance(31 * 60)
        case _:
            house.advance(5 * 60 + 1)
    before = house.account.grant_no

    outcome = authorize.complete_consent(house.deps, back, person)

    assert outcome.code == wrong
    assert words.has(f"error.{wrong}")
    assert (house.account.standing, house.account.grant_no) == ("granted", before)


def test_somebody_elses_try_does_not_use_up_the_state(house, camille, django_user_model):
    back = confirmed(house, authorize.begin_consent(house.deps, house.account, camille, FR))

    authorize.complete_consent(house.deps, back, django_user_model.objects.create_user("another").pk)

    assert authorize.complete_consent(house.deps, back, camille).code == "granted"


def test_the_individual_plan_is_said_when_connecting(make_house, client):
    house = make_house(connect=False)
    house.control("POST", f"sellers/{house.seller}/plan", {"professional": False})
    told = {"application_id": house.application["application_id"]}
    token = house.control("POST", f"sellers/{house.seller}/authorize", told)["refresh_token"]

    authorize.enter_token(house.deps, house.account, Secret(token), None)
    house.live(30)
    come_in(client)
    page = client.get(f"/accounts/{house.account_id}").content.decode()

    assert words.say("en", "plan.INDIVIDUAL") in page
    assert models.Notice.objects.filter(code="plan_individual", closed_at=None).exists()
