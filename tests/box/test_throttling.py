"""Token buckets and their header, as published: per operation, seller and application, and no advice."""

import pytest

from tests.box.client import FR, Client

PATH = "sellers/v1/marketplaceParticipations"
LIMIT = "x-amzn-ratelimit-limit"


def statuses(client, count, path=PATH, token=None):
    return [client.api("GET", path, token=token)[0] for _ in range(count)]


def heads(client, path, token=None, count=12):
    """The headers of some answers."""
    asked = {"x-amz-access-token": client.token if token is None else token}
    return [client.ask("GET", f"/eu/{path}", b"", asked) for _ in range(count)]


def test_each_operation_seller_and_application_has_its_own_bucket(client):
    assert statuses(client, 16)[-1] == 429
    assert client.item()[0] == 200

    client.control("POST", "sellers", {"seller_id": "SELLER2", "marketplace_ids": [FR]})
    name = {"application_id": client.application["application_id"]}
    refresh = client.control("POST", "sellers/SELLER2/authorize", name)[1]["refresh_token"]
    assert statuses(client, 16, token=client.login(refresh_token=refresh)[1]["access_token"]) == [200] * 15 + [429]

    client.application = client.control("POST", "applications", {"name": "B"})[1]
    name = {"application_id": client.application["application_id"]}
    refresh = client.control("POST", "sellers/SELLER1/authorize", name)[1]["refresh_token"]
    assert statuses(client, 16, token=client.login(refresh_token=refresh)[1]["access_token"]) == [200] * 15 + [429]


def test_the_rate_is_told_often_and_not_always_and_never_with_a_refusal(client):
    told = [answer.headers.get(LIMIT) for answer in heads(client, PATH)]
    assert set(told) == {"0.016", None}

    refused = heads(client, PATH, count=6)[-1]
    assert refused.status == 429
    assert not {LIMIT, "retry-after"} & set(refused.headers)
    assert all(LIMIT not in answer.headers for answer in heads(client, PATH, token="Atza|x"))


def test_without_throttling_nothing_is_refused():
    assert statuses(Client(throttle=False), 40) == [200] * 40


@pytest.mark.parametrize(("days", "answered"), [(None, 200), (30, 400)])
def test_how_long_an_authorization_lives_is_a_switch_of_the_application(client, days, answered):
    client.application = client.control("POST", "applications", {"authorization_days": days})[1]
    name = {"application_id": client.application["application_id"]}
    grant = client.control("POST", "sellers/SELLER1/authorize", name)[1]
    assert (grant["expires_at"] is None) == (days is None)
    for _ in range(3):
        client.advance(140 * 86400)
        client.application |= client.control("POST", f"applications/{name['application_id']}/rotate", {})[1]

    assert client.login(refresh_token=grant["refresh_token"])[0] == answered
