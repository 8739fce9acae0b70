"""The addresses other people's clients are pointed at, and exactly what each takes and answers."""

import json

import pytest

from tests.box.client import FR, US, Client

NUMBER = "1234-5678-9012"


@pytest.fixture
def there():
    """A client of a box in which a developer of the old interface is known."""
    client = Client()
    client.control("POST", "mws-developers", {"name": "dev", "developer_number": NUMBER, "region": "eu"})
    return client


def test_the_clock_answers_its_hour(there):
    assert set(there.control("POST", "clock", {"advance_seconds": 60})[1]) == {"now"}
    real = Client()
    real.box.world.clock.kind = "real"
    assert set(real.control("POST", "clock", {"speed": 60})[1]) == {"now"}
    assert "manual clock" in there.control("POST", "clock", {"speed": 60})[1]["error"]


def test_an_application_is_made(there):
    told = {"name": "N", "kind": "private", "redirect_uris": [], "login_uri": ""}
    status, made = there.control("POST", "applications", told)

    assert (status, set(made)) == (
        201, {"application_id", "client_id", "client_secret", "client_secret_expires_at"},
    )  # fmt: skip


def test_a_seller_is_made_and_authorizes_and_leaves(there):
    told = {
        "seller_id": "S2", "name": "N", "email": "n@example.test", "region": "na", "marketplace_ids": [US], "professional": False,
    }  # fmt: skip
    status, made = there.control("POST", "sellers", told)
    assert (status, told.items() <= made.items()) == (201, True)
    assert there.control("POST", "sellers", {"marketplace_ids": [FR]})[1]["seller_id"]

    name = {"application_id": there.application["application_id"]}
    status, grant = there.control("POST", "sellers/S2/authorize", name)
    assert (status, set(grant)) == (201, {"refresh_token", "expires_at"})
    for change in ("deactivate", "reactivate", "revoke"):
        assert there.control("POST", f"sellers/S2/{change}", name if change == "revoke" else {})[0] == 200
    assert there.login(refresh_token=grant["refresh_token"])[1]["error"] == "invalid_grant"


def test_the_old_interfaces_permission(there):
    status, keys = there.control("POST", "mws-developers", {"name": "d2", "developer_number": "1111-1111-1111"})
    assert (status, set(keys)) == (201, {"aws_access_key_id", "aws_secret_key"})

    status, made = there.control(
        "POST", "sellers/SELLER1/mws-authorize", {"application_name": "dev", "developer_number": NUMBER}
    )
    assert (status, set(made)) == (201, {"seller_id", "marketplace_ids", "mws_auth_token", "expires_at"})
    for change, standing in (("deactivate", "inactive"), ("reactivate", "active"), ("delete", "deleted")):
        status, told = there.control("POST", f"sellers/SELLER1/mws-{change}", {"developer_number": NUMBER})
        assert (status, told["mws_auth_token"]) == (200, made["mws_auth_token"])
        assert [m["standing"] for m in there.control("GET", "state")[1]["mws_authorizations"]] == [standing]


def test_a_known_developer_sees_the_same_keys_again_and_a_namesake_does_not(there):
    told = {"name": "dev", "developer_number": NUMBER, "region": "eu"}
    first, again = (there.control("POST", "mws-developers", told)[1] for _ in range(2))

    assert first == again
    assert there.control("POST", "mws-developers", told | {"name": "other"})[0] == 409
    assert there.control("POST", "mws-developers", told | {"region": "na"})[0] == 409


def test_a_buyer_buys_or_hears_why_not(there):
    status, order = there.buy()
    assert (status, order["status"], len(order["items"])) == (201, "UNSHIPPED", 1)

    status, told = there.buy(quantity=99)
    assert status == 409
    assert "SOAP" in told["error"]
    there.control("POST", "sellers/SELLER1/suspend-listings", {})
    status, told = there.buy()
    assert status == 409
    assert "buy" in told["error"]


def test_what_happens_to_an_order_later(there):
    order = there.buy()[1]["order_id"]
    assert there.control("POST", f"orders/{order}/request-cancellation", {})[1]["cancellation_requested"]
    assert there.control("POST", f"orders/{order}/cancel", {"by": "BUYER"})[1]["status"] == "CANCELLED"
    for change in ("cancel", "request-cancellation", "deliver", "return"):
        status, told = there.control("POST", f"orders/{order}/{change}", {})
        assert (status, len(told["error"]) > 10) == (409, True)


def test_the_log_has_what_assertions_need_and_no_secrets(there):
    there.item()
    told = there.control("GET", "requests")[1]

    assert set(told[-1]) == {"method", "path", "operation", "seller", "status", "time"}
    assert told[-1] | {"time": ""} == {
        "method": "GET", "path": "/eu/listings/2021-08-01/items/SELLER1/SOAP", "operation": "getListingsItem",
        "seller": "SELLER1", "status": 200, "time": "",
    }  # fmt: skip
    text = json.dumps(told) + json.dumps(there.control("GET", "state")[1])
    for secret in (there.token, there.refresh, there.application["client_secret"], "amzn.mws."):
        assert secret not in text


def test_everything_countable_is_told(there):
    told = there.control("GET", "state")[1]

    assert {
        "now", "applications", "sellers", "authorizations", "mws_authorizations", "listings", "orders", "feeds", "reports", "mails",
    } <= set(told)  # fmt: skip
    (grant,) = told["authorizations"]
    assert grant["granted_at"] < grant["expires_at"]


def test_misfortunes_are_made_and_mended(there):
    told = {
        "kind": "slow",
        "operation": "getOrder",
        "seller_id": "SELLER1",
        "probability": 0.5,
        "count": 3,
        "seconds": 2,
    }
    assert there.control("POST", "faults", told) == (201, {"faults": 1})
    assert there.control("DELETE", "faults") == (200, {"faults": 0})
