"""The page of the client secret: steps by hand, the queue, and what is wrong beside its field."""

import json
import sys

import pytest

from forain import wiring
from forain.contracts.queue import QueueAddress
from forain.core.secret import Secret
from forain.flows import authorize, rotate_secret
from forain.store import models, queues
from tests.flows.conftest import house, make_house
from tests.people import come_in
from tests.web.test_what_stands_on_the_pages import Page

__all__ = ["house", "make_house"]

ARN = "arn:aws:sqs:eu-west-1:123456789012:secrets"
URL = "http://127.0.0.1/123456789012/secrets"


@pytest.fixture
def owner(house, client, monkeypatch):
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    told = house.control("POST", "queues", {"arn": ARN})
    house.form = {
        "answer": "queue", "queue_url": URL, "region": "eu-west-1", "access_key_id": told["access_key_id"],
        "secret_access_key": told["secret_access_key"],
    }  # fmt: skip
    house.page = f"/accounts/{house.account_id}/rotation"
    return come_in(client)


def text(response):
    return Page(response.content.decode()).text


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Rotate secret", "Standard", "437568002678", "URL of the queue")),
     ("fr", ("Renouveler le secret client", "Rotate secret", "sept jours", "URL de la file")),
     ("de", ("Client-Secret erneuern", "Rotate secret", "sieben Tage", "URL der Warteschlange"))],
)  # fmt: skip
def test_it_leads_through_both_ways(house, owner, language, words):
    response = owner.get(house.page, headers={"accept-language": language})

    page = Page(response.content.decode())
    assert [word for word in words if word not in page.text] == []
    assert (page.headings, page.unlabelled) == (1, [])
    assert "https://solutionproviderportal.amazon.com/sellingpartner/developerconsole" in response.content.decode()
    assert "sellercentral-europe.amazon.com/sellingpartner/developerconsole" in response.content.decode()


def test_a_queue_is_tried_kept_used_and_removed(house, owner):
    house.control("POST", f"applications/{house.application['application_id']}/queue", {"arn": ARN})
    response = owner.post(house.page, house.form, follow=True)
    assert "is renewed by itself" in text(response)
    assert house.form["secret_access_key"] not in response.content.decode()
    assert queues.get(house.account.application_id).url == URL
    house.advance(60)

    assert "within minutes" in text(owner.post(house.page, {"answer": "ask"}, follow=True))
    house.live(60)
    told = house.box.world.state.applications[house.application["application_id"]]
    assert authorize.secret_kept(house.deps, house.account.application).reveal() == told.client_secret

    assert "Removed" in text(owner.post(house.page, {"answer": "remove"}, follow=True))
    assert queues.get(house.account.application_id) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [({"queue_url": ""}, "Please fill this in"), ({"queue_url": "http://queue.example/1/q"}, "https://"),
     ({"queue_url": URL + "x"}, "There is no such queue"), ({"secret_access_key": "x" * 40}, "does not accept this access key"),
     ({"secret_access_key": "ключ"}, "does not look right"), ({"access_key_id": "AKIA\r\nX"}, "does not look right"),
     ({"region": ""}, "does not name its region"), ({"region": "Paris!"}, "does not look right"),
     ({"queue_url": "https://" + "x" * 600}, "At most")],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_kept(house, owner, change, said):
    response = owner.post(house.page, house.form | change)

    assert response.status_code == 422
    assert said in text(response)
    assert queues.get(house.account.application_id) is None
    assert house.form["secret_access_key"] not in response.content.decode()


def test_a_secret_by_hand_is_tried_first(house, owner):
    told = house.control("POST", f"applications/{house.application['application_id']}/rotate", {})

    wrong = owner.post(house.page, {"answer": "secret", "client_secret": "amzn1.oa2-cs.v1.mistyped"})
    assert wrong.status_code == 422
    assert "does not know this client id and secret" in text(wrong)
    assert "mistyped" not in wrong.content.decode()
    right = owner.post(house.page, {"answer": "secret", "client_secret": told["client_secret"]}, follow=True)

    assert "works and is kept" in text(right)
    assert authorize.secret_kept(house.deps, house.account.application).reveal() == told["client_secret"]
    assert "The former secret works until" in text(right)


def test_the_present_and_the_former_secret_typed_are_called_so(house, owner):
    former = authorize.secret_kept(house.deps, house.account.application).reveal()
    same = owner.post(house.page, {"answer": "secret", "client_secret": former}, follow=True)
    assert "This is the present client secret" in text(same)
    assert "The former secret works until" not in text(same)
    house.rotate()

    response = owner.post(house.page, {"answer": "secret", "client_secret": former})

    assert response.status_code == 422
    assert "This is the former client secret" in text(response)
    assert authorize.secret_kept(house.deps, house.account.application).reveal() != former


def test_without_boto3_it_says_what_to_install(house, owner, monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)

    page = text(owner.get(house.page))

    assert "-r requirements/sqs.txt" in page
    assert "pip install forain" not in page.replace("'", "")
    assert "URL of the queue" not in page
    assert owner.get(f"/accounts/{house.account_id}").status_code == 200


@pytest.mark.parametrize("role", ["operator", "reader", "accountant"])
def test_only_an_owner_sets_a_queue(house, owner, client, role):
    come_in(client, f"the-{role}", role)

    assert client.get(house.page).status_code == 403
    assert client.post(house.page, house.form).status_code == 403
    assert queues.get(house.account.application_id) is None


def test_its_notices_lead_to_the_page(house, owner):
    address = QueueAddress(URL, "eu-west-1", house.form["access_key_id"])
    rotate_secret.set_queue(
        house.deps, house.account.application, address, Secret(house.form["secret_access_key"]), "camille"
    )
    house.control("POST", f"queues/{ARN}/policy", {"actions": []})
    house.live(60)
    models.Notice.objects.create(
        code="queue_failing", subject=f"queue:{house.account.application_id}", severity="warning",
        placeholders={"error": "unreachable", "since": house.deps.clock.now().isoformat()}, opened_at=house.deps.clock.now(),
    )  # fmt: skip

    page = owner.get("/issues")

    assert "This key may not read the queue" in text(page)
    assert page.content.decode().count(f'href="{house.page}"') == 2
    assert json.dumps(house.form["secret_access_key"]) not in page.content.decode()
    assert owner.get("/health").status_code == 200
