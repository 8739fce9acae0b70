"""Login with Amazon: the consent's address, its callback, the code, and access tokens.

Source: developer-docs.amazon.com/sp-api/docs/website-authorization-workflow, read 2026-11-23.
"""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from forain.contracts.marketplace import Arrival, Credentials, Grant
from forain.contracts.net import Net, Request
from forain.core.errors import AppRefused, GrantRefused, Malformed
from forain.core.ids import SellerId, SiteId
from forain.core.secret import Secret
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.sites import BY_ID, SITES, TOKEN_ADDRESS


def _ask(credentials: Credentials, net: Net, form: dict[str, str], what: str) -> wire.TokenAnswer:
    """The one place where a client secret is used: the present one first, and where it is refused the former, while it lives.

    Amazon looks at the client before it looks at a code or token: what was refused for the client is not spent.
    """
    try:
        return _ask_with(credentials.client_secret, credentials, net, form, what)
    except AppRefused as refused:
        if credentials.former_secret is None or refused.code != "invalid_client":
            raise
        try:
            return _ask_with(credentials.former_secret, credentials, net, form, what)
        except AppRefused:
            raise refused from None


def _ask_with(secret: Secret, credentials: Credentials, net: Net, form: dict[str, str], what: str) -> wire.TokenAnswer:
    response = net.send(
        Request(
            operation="token",
            method="POST",
            url=credentials.options.get("address.token") or TOKEN_ADDRESS,
            form={
                **form,
                "client_id": credentials.client_id,
                "client_secret": secret.reveal(),
            },
            authorized=False,
        )
    )
    if response.status != 200:
        raise errors.of_login(response, what)
    return wire.read(response, wire.TokenAnswer)


def exchange(credentials: Credentials, net: Net) -> tuple[Secret, int]:
    """A fresh access token and its life in seconds. Raises GrantRefused, AppRefused.

    The refresh token stays the same: Amazon does not rotate it on use, and its end does not move.
    """
    refresh = credentials.refresh.reveal() if credentials.refresh else ""
    answer = _ask(credentials, net, {"grant_type": "refresh_token", "refresh_token": refresh}, "refresh_token")
    return Secret(answer.access_token), answer.expires_in


def grantless(credentials: Credentials, net: Net, scope: str) -> Secret:
    """An access token for calls of the application itself, about no seller. Raises AppRefused."""
    form = {"grant_type": "client_credentials", "scope": scope}
    return Secret(_ask(credentials, net, form, "scope").access_token)


def _consent_base(credentials: Credentials, site: SiteId) -> str:
    told = credentials.options.get("address.consent")
    if told:
        return told.rstrip("/")
    return f"https://{BY_ID[site].consent_host}"


def consent_url(credentials: Credentials, application_id: str, state: str, site: SiteId, redirect_uri: str) -> str:
    """Where to send the merchant. `option draft` "yes" adds version=beta, which Amazon asks of draft applications."""
    query = {"application_id": application_id, "state": state, "redirect_uri": redirect_uri}
    if credentials.options.get("draft") == "yes":
        query["version"] = "beta"
    return f"{_consent_base(credentials, site)}/apps/authorize/consent?{urlencode(query)}"


def arrival(credentials: Credentials, query: Mapping[str, str]) -> Arrival | None:
    """Amazon opened our login address. Only Amazon's own hosts (or the configured one) are answered: no open door."""
    callback, state = query.get("amazon_callback_uri", ""), query.get("amazon_state", "")
    seller = query.get("selling_partner_id", "")
    if not (callback and state and seller):
        return None
    try:
        target = urlsplit(callback)
    except ValueError:
        raise Malformed("amazon_callback_uri") from None
    told = credentials.options.get("address.consent")
    if told:
        base = urlsplit(told)
        allowed = (target.scheme, target.netloc) == (base.scheme, base.netloc)
        ours = target.path.startswith(f"{base.path.rstrip('/')}/")
        regions = frozenset({credentials.region} if ours else ())
    else:
        hosts = [(host, s.region) for s in SITES for host in (s.consent_host, f"sellercentral.{s.domain}")]
        regions = frozenset(region for host, region in hosts if host == target.netloc)
        allowed = target.scheme == "https" and bool(regions)
    if not allowed:
        raise Malformed("amazon_callback_uri")
    back = {"amazon_state": state}
    if query.get("version") == "beta" or credentials.options.get("draft") == "yes":
        back["version"] = "beta"
    # The address is put together anew: what a browser might read differently (line breaks) is gone from it.
    answer_to = target._replace(query="&".join(filter(None, (target.query, urlencode(back)))), fragment="")
    return Arrival(SellerId(seller), answer_to.geturl(), regions)


def redeem(credentials: Credentials, net: Net, query: Mapping[str, str], redirect_uri: str) -> Grant:
    """Exchange the callback's code; it works once, within five minutes. Raises GrantRefused, AppRefused, Malformed."""
    code, seller = query.get("spapi_oauth_code", ""), query.get("selling_partner_id", "")
    if not code:
        raise GrantRefused("consent_without_code")
    if not seller:
        raise Malformed("selling_partner_id")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    answer = _ask(credentials, net, form, "code")
    if not answer.refresh_token:
        raise Malformed("refresh_token")
    return Grant(SellerId(seller), Secret(answer.refresh_token))
