"""Login with Amazon: the token endpoint, with its errors to the letter.

Source: a public probe log of 2026-10-05 and issues amzn/selling-partner-api-docs 2379, 2527, 268; read 2026-11-23.
"""

import hmac
from datetime import timedelta
from typing import Any

from forain_box import mail
from forain_box.http import Request, Response
from forain_box.state import AccessToken, Application, Authorization
from forain_box.world import Refusal, World, happens

ACCESS_SECONDS = 3600

SCOPES = {
    "sellingpartnerapi::notifications", "sellingpartnerapi::client_credential:rotation", "sellingpartnerapi::shipments:track",
}  # fmt: skip


def token(world: World, request: Request) -> Response:
    if request.method != "POST":
        return _error(world, 405, "invalid_request", "The request must be a POST.")
    if "application/x-www-form-urlencoded" in request.headers.get("content-type", ""):
        form = request.form()
    else:
        try:
            told = request.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            return _error(world, 400, "invalid_request", "The request is missing a required parameter : grant_type")
        form = {str(k): str(v) for k, v in told.items()}
    grant = form.get("grant_type", "")
    if not grant:
        return _error(world, 400, "invalid_request", "The request is missing a required parameter : grant_type")
    if grant not in ("authorization_code", "refresh_token", "client_credentials"):
        return _error(
            world,
            400,
            "unsupported_grant_type",
            "The authorization grant type is not supported by the authorization server",
        )
    application = world.application_of_client(form.get("client_id", ""))
    if application is None or not _secret_fits(world, application, form.get("client_secret", "")):
        return _error(world, 401, "invalid_client", "Client authentication failed")
    if grant == "authorization_code":
        return _code(world, application, form)
    if grant == "client_credentials":
        if form.get("scope", "") not in SCOPES:
            return _error(world, 400, "invalid_scope", "The requested scope is invalid")
        access = _access(world, application, "", form["scope"])
        return Response.json({"access_token": access, "token_type": "bearer", "expires_in": ACCESS_SECONDS})
    refresh = form.get("refresh_token", "")
    if not refresh:
        return _error(world, 400, "invalid_request", "The request is missing a required parameter : refresh_token")
    found = world.authorization_of(refresh)
    if found is None or found.application_id != application.application_id or not found.lives(world.now()):
        return _error(
            world, 400, "invalid_grant",
            "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission.",
        )  # fmt: skip
    return _granted(world, application, found)


def _secret_fits(world: World, application: Application, secret: str) -> bool:
    if hmac.compare_digest(secret.encode(), application.client_secret.encode()):
        return True
    until = application.old_secret_until
    return (
        until is not None
        and world.now() < until
        and hmac.compare_digest(secret.encode(), application.old_secret.encode())
    )


def _code(world: World, application: Application, form: dict[str, str]) -> Response:
    code = world.state.codes.get(form.get("code", ""))
    fits = (
        code is not None
        and not code.used
        and world.now() < code.expires_at
        and code.application_id == application.application_id
        and code.redirect_uri == form.get("redirect_uri", "")
    )
    if code is not None:
        code.used = True
    if code is None or not fits:
        return _error(world, 400, "invalid_grant", "The request has an invalid grant parameter : code")
    try:
        grant = world.authorize(application, world.state.sellers[code.seller_id], by_consent=True)
    except Refusal:
        return _error(world, 400, "invalid_grant", "The request has an invalid grant parameter : code")
    mail.plan_reminders(world, grant)
    return _granted(world, application, grant)


def _granted(world: World, application: Application, grant: Authorization) -> Response:
    """Amazon answers the same refresh token: it is not rotated, and its end does not move."""
    return Response.json(
        {
            "access_token": _access(world, application, grant.refresh_token, ""),
            "refresh_token": grant.refresh_token,
            "token_type": "bearer",
            "expires_in": ACCESS_SECONDS,
        }
    )


def _access(world: World, application: Application, refresh_token: str, scope: str) -> str:
    name = world.token("Atza|IwEB" if refresh_token else "Atc|", 60)
    end = world.now() + timedelta(seconds=ACCESS_SECONDS)
    world.state.access[name] = AccessToken(application.application_id, refresh_token, end, scope)
    world.at(end + timedelta(days=1), "access.forgotten", name=name)
    return name


@happens("access.forgotten")
def _forgotten(world: World, told: dict[str, Any]) -> None:
    """A day after its end a token is not even known as expired: memory stays bounded."""
    world.state.access.pop(told["name"], None)


def _error(world: World, status: int, code: str, description: str) -> Response:
    told = {
        "error_index": world.digits(8),
        "error_description": description,
        "error": code,
        "request_id": world.token("", 20),
    }
    return Response.json(told, status)
