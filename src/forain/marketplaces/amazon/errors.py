"""What Amazon's refusals mean. Status and code decide; for 403 only the `details` text tells the causes apart.

Source: SP-API authorization errors and LWA credential pages, a public probe log of 2026-10-05; read 2026-11-23.
"""

from forain.contracts.net import Response
from forain.core import errors
from forain.core.errors import AdapterError, Problem
from forain.marketplaces.amazon import wire
from forain.marketplaces.amazon.registration import OPERATIONS
from forain.net.redaction import scrub

EXPIRED_TOKEN = "The access token you provided has expired."
BAD_TOKEN = "The access token you provided is revoked, malformed or invalid."
EXPIRED_SECRET = "The LWA secret token you provided has expired."
WRONG_REGION = "The marketplaces you provided are not valid for region."
NO_TOKEN = "Access token is missing in the request header."
TEMPORARY = "The security token included in the request is expired"
LOGIN_ILL = ("server_error", "temporarily_unavailable", "ServerError")
MOST_PROBLEMS = 10


def _told(response: Response) -> list[wire.ApiError] | None:
    """What the body says is wrong, the most telling first; None: it is no answer of this interface (a proxy's page)."""
    if not response.body.strip():
        return []
    try:
        return wire.read(response, wire.ErrorList).errors
    except errors.Malformed:
        return []
    except errors.ServerFault:
        return None


def _says(found: list[wire.ApiError], *texts: str) -> bool:
    """One of the errors carries one of these sentences; the closing point and the case do not matter."""
    wanted = {text.rstrip(".").lower() for text in texts}
    return any((error.details or "").strip().rstrip(".").lower() in wanted for error in found)


def _problems(response: Response, found: list[wire.ApiError]) -> list[Problem]:
    """All that is wrong, with `details`: often only they tell the causes apart."""
    problems = [
        Problem(
            error.code or str(response.status), scrub(": ".join(t for t in (error.message, error.details) if t))[:300]
        )
        for error in found[:MOST_PROBLEMS]
    ]
    return problems or [Problem(str(response.status))]


def _temporary(error: wire.ApiError) -> bool:
    return (error.message or "").startswith(TEMPORARY) or error.code == "ExpiredToken"


def says_ill(response: Response) -> bool:
    """This 4xx says that Amazon is ill, or comes from something in front of it: it is no sign of life."""
    found = _told(response)
    if found is None or (response.status in (401, 403) and any(_temporary(error) for error in found[:1])):
        return True
    try:
        return wire.read(response, wire.TokenError).error in LOGIN_ILL
    except (errors.Malformed, errors.ServerFault):
        return False


def token_expired(response: Response) -> bool:
    """This 403 says only that the access token died: one fresh token and one more try are in order."""
    return response.status in (401, 403) and _says(_told(response) or [], EXPIRED_TOKEN, BAD_TOKEN)


def of_api(response: Response, operation: str, *, probe: bool = False) -> AdapterError:
    """The error a 4xx answer of SP-API is. `probe`: of the cheapest read, whose refusal is about the account."""
    found = _told(response)
    request_id = response.request_id
    if found is None:
        # A proxy's or firewall's page says nothing about a permission, an offer or an order.
        return errors.ServerFault("no_json", request_id=request_id, placeholders={"status": str(response.status)})
    first = found[0] if found else wire.ApiError()
    told = {"operation": operation, "message": scrub(first.message or "")[:200]}
    if response.status in (401, 403):
        if _says(found, EXPIRED_SECRET):
            return errors.AppRefused("secret_expired", request_id=request_id)
        if _says(found, NO_TOKEN):
            # We always send one: something on the way takes it out, or we are wrong. The permission may be right.
            return errors.Rejected(_problems(response, found), "token_not_sent", request_id=request_id)
        if _says(found, BAD_TOKEN, EXPIRED_TOKEN):
            return errors.GrantDoubted("token_not_accepted", request_id=request_id, placeholders=told)
        if _says(found, WRONG_REGION):
            if probe:
                return errors.GrantDoubted("wrong_region", request_id=request_id, placeholders=told)
            return errors.Rejected([Problem("wrong_region")], "wrong_region", request_id=request_id)
        if _temporary(first):
            return errors.ServerFault("amazon_token_trouble", request_id=request_id)
        if first.code == "MissingAuthenticationToken":
            # The gateway has no such path: the address is wrong, the permission may be right.
            return errors.Rejected(_problems(response, found), "wrong_address", request_id=request_id)
        if probe or operation not in OPERATIONS:
            return errors.GrantDoubted("access_denied", request_id=request_id, placeholders=told)
        return errors.Denied(operation, OPERATIONS[operation], request_id=request_id)
    problems = _problems(response, found)
    if response.status == 404:
        return errors.Rejected(problems, "not_found", request_id=request_id)
    return errors.Rejected(problems, request_id=request_id, placeholders={"operation": operation})


def of_login(response: Response, what: str) -> AdapterError:
    """The error a 4xx answer of Login with Amazon is. `what`: "refresh_token" or "code", whatever was handed in."""
    try:
        told = wire.read(response, wire.TokenError)
    except (errors.Malformed, errors.ServerFault):
        return errors.ServerFault("no_json", placeholders={"status": str(response.status)})
    request_id = told.request_id or response.request_id
    match told.error:
        case "invalid_grant":
            code = "invalid_grant_code" if what == "code" else "invalid_grant_refresh"
            return errors.GrantRefused(code, request_id=request_id)
        case "invalid_client":
            return errors.AppRefused("invalid_client", request_id=request_id)
        case "unauthorized_client":
            return errors.AppRefused("unauthorized_client", request_id=request_id)
        case error if error in LOGIN_ILL:
            return errors.ServerFault("login_ill", request_id=request_id)
        case _:
            problem = Problem(told.error, scrub(told.error_description or "")[:300])
            return errors.Rejected([problem], "login_refused", request_id=request_id)
