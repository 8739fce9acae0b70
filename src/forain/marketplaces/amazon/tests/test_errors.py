"""Each error body Amazon is known to send, and the conclusion drawn."""

import json

import pytest

from forain.contracts.net import Response
from forain.core import errors as e
from forain.marketplaces.amazon import errors


def api(
    status: int, details: str = "", code: str = "Unauthorized", message: str = "Access to requested resource is denied."
) -> Response:
    body = {"errors": [{"code": code, "message": message, "details": details}]}
    return Response(status, {"x-amzn-requestid": "r-1"}, json.dumps(body).encode())


def login(status: int, error: str, description: str = "") -> Response:
    return Response(
        status, {}, json.dumps({"error": error, "error_description": description, "request_id": "r"}).encode()
    )


@pytest.mark.parametrize(
    ("response", "operation", "probe", "kind", "code"),
    [
        (api(403, "Access token is missing in the request header."), "searchOrders", False, e.Rejected, "token_not_sent"),
        (api(403, "The access token you provided is revoked, malformed or invalid."), "searchOrders", False, e.GrantDoubted, "token_not_accepted"),
        (api(403, "The access token you provided has expired."), "searchOrders", False, e.GrantDoubted, "token_not_accepted"),
        (api(403, "The LWA secret token you provided has expired."), "searchOrders", False, e.AppRefused, "secret_expired"),
        (api(403, "The marketplaces you provided are not valid for region."), "getListingsItem", False, e.Rejected, "wrong_region"),
        (api(403, "The marketplaces you provided are not valid for region."), "getMarketplaceParticipations", True, e.GrantDoubted, "wrong_region"),
        (api(403), "searchOrders", False, e.Denied, "denied"),
        (api(403), "getMarketplaceParticipations", True, e.GrantDoubted, "access_denied"),
        (api(403, message="The security token included in the request is expired"), "searchOrders", False, e.ServerFault, "amazon_token_trouble"),
        (api(400, code="InvalidInput", message="bad"), "searchOrders", False, e.Rejected, "rejected"),
        (api(404, code="NotFound", message="no"), "getOrder", False, e.Rejected, "not_found"),
    ],
)  # fmt: skip
def test_what_a_refusal_of_the_interface_means(response, operation, probe, kind, code):
    error = errors.of_api(response, operation, probe=probe)

    assert type(error) is kind
    assert error.code == code
    assert error.request_id == "r-1"


@pytest.mark.parametrize(
    ("response", "what", "kind", "code"),
    [
        (login(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token."), "refresh_token", e.GrantRefused, "invalid_grant_refresh"),
        (login(400, "invalid_grant", "The request has an invalid grant parameter : code"), "code", e.GrantRefused, "invalid_grant_code"),
        (login(401, "invalid_client", "Client authentication failed"), "refresh_token", e.AppRefused, "invalid_client"),
        (login(400, "unauthorized_client"), "refresh_token", e.AppRefused, "unauthorized_client"),
        (login(400, "invalid_request"), "refresh_token", e.Rejected, "login_refused"),
        (login(400, "unsupported_grant_type"), "refresh_token", e.Rejected, "login_refused"),
        (Response(400, {}, b"<html>"), "refresh_token", e.ServerFault, "no_json"),
    ],
)  # fmt: skip
def test_what_a_refusal_of_the_login_means(response, what, kind, code):
    error = errors.of_login(response, what)

    assert type(error) is kind
    assert error.code == code


@pytest.mark.parametrize(
    ("response", "ill"),
    [
        (api(403, message="The security token included in the request is expired"), True),
        (Response(403, {}, b"<html>"), True),
        (login(400, "server_error"), True),
        (api(403), False),
        (api(404, code="NotFound"), False),
        (login(400, "invalid_grant"), False),
        (Response(403, {}, b""), False),
    ],
)
def test_what_is_no_sign_of_life(response, ill):
    assert errors.says_ill(response) is ill


def test_only_a_dead_access_token_is_worth_a_fresh_one():
    assert errors.token_expired(api(403, "The access token you provided has expired."))
    assert not errors.token_expired(api(403, "The LWA secret token you provided has expired."))
    assert not errors.token_expired(api(403))
    assert not errors.token_expired(Response(200, {}, b"{}"))


@pytest.mark.parametrize(
    "error",
    [
        errors.of_api(api(400, "token Atza|canary", "InvalidInput", "canary@marketplace.example is no buyer"), "getOrder"),
        errors.of_api(api(403, "", "Unauthorized", "Basic canary is not accepted"), "getMarketplaceParticipations", probe=True),
        errors.of_login(login(400, "invalid_request", "refresh_token=Atzr|canary is malformed"), "refresh_token"),
    ],
)  # fmt: skip
def test_amazons_sentence_is_kept_without_what_is_secret_in_it(error):
    kept = f"{error} {error.placeholders} {getattr(error, 'problems', '')}"

    assert "***" in kept
    assert "canary" not in kept
