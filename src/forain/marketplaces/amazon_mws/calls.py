"""One call of MWS: its parameters, its signature, and how it says that we were too fast.

Source: the python package mws 0.8.15 (Signature Version 2) and the MWS developer guide on throttling (stored copies of
docs.developer.amazonservices.com), read 2026-11-29.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

from forain.contracts.marketplace import Credentials
from forain.contracts.net import Net, Request, Response
from forain.core.clock import Instant, parse_instant
from forain.core.errors import AdapterError, Malformed
from forain.core.ids import SiteId
from forain.marketplaces.amazon_mws import document, errors
from forain.marketplaces.amazon_mws.document import Part

PATHS = {"Orders": ("/Orders/2013-09-01", "2013-09-01"), "Sellers": ("/Sellers/2011-07-01", "2011-07-01"),
         "": ("/", "2009-01-01")}  # fmt: skip
"""Section -> (path, version); feeds and reports live at the root."""


def address(credentials: Credentials) -> str:
    """The base address, which somebody named: Amazon's own do not answer any more. Raises KeyError without one."""
    return credentials.options["address.api"].rstrip("/")


def site(credentials: Credentials) -> SiteId:
    """The marketplace id the merchant entered: an account has one."""
    return SiteId(credentials.options["marketplace_id"])


def call(
    credentials: Credentials,
    net: Net,
    section: str,
    action: str,
    parameters: Mapping[str, str] | None = None,
    *,
    limit: str = "",
    body: bytes | None = None,
) -> Response:
    """The answer with status 200. `limit`: whose quota the call shares, "" for its own. `body`: a feed. Raises what the
    refusal means."""
    path, version = PATHS[section]
    # Feeds and reports are older than the others and call the seller so.
    seller = "SellerId" if section else "Merchant"
    told = {"Action": action, "Version": version, seller: credentials.seller, **(parameters or {})}
    url = f"{address(credentials)}{path}".rstrip("/")
    if body is None:
        # As a form: a query is written down in more places than a body.
        request = Request(limit or action, "POST", url, form=told, headers={"accept": "text/xml"})
    else:
        checksum = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        headers = {"accept": "text/xml", "content-type": "text/xml; charset=utf-8", "content-md5": checksum}
        request = Request(limit or action, "POST", url, query=told, headers=headers, json=body)
    response = net.send(request)
    if response.status != 200:
        raise errors.of(response, f"{section}.{action}".strip("."))
    return response


def ask(
    credentials: Credentials,
    net: Net,
    section: str,
    action: str,
    parameters: Mapping[str, str] | None = None,
    *,
    limit: str = "",
    body: bytes | None = None,
) -> Part:
    """What stands in the action's result element. Raises Malformed where it is another document."""
    response = call(credentials, net, section, action, parameters, limit=limit, body=body)
    found = document.read(response).all(f"{action}Result")
    if len(found) != 1:
        raise Malformed(f"{action}Result")
    return found[0]


def signed(credentials: Credentials, request: Request, now: Instant) -> Request:
    """The request with our key, the merchant's token, the moment, and a signature over all of it (Signature Version 2)."""
    told = {
        **(request.query or {}),
        **(request.form or {}),
        "AWSAccessKeyId": credentials.client_id,
        "MWSAuthToken": credentials.refresh.reveal() if credentials.refresh else "",
        "SignatureMethod": "HmacSHA256",
        "SignatureVersion": "2",
        "Timestamp": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    told["Signature"] = signature(credentials.client_secret.reveal(), request.method, request.url, told)
    return replace(request, query=told) if request.form is None else replace(request, form=told)


def signature(secret: str, method: str, url: str, parameters: Mapping[str, str]) -> str:
    """Of the parameters in the order of their bytes, escaped as RFC 3986 says, with method, host and path."""
    target = urlsplit(url)
    pairs = sorted((name.encode(), value.encode()) for name, value in parameters.items())
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
    text = f"{method}\n{target.netloc.lower()}\n{target.path or '/'}\n{query}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def too_fast(response: Response) -> bool:
    """MWS throttles with 503, which says elsewhere that a server is ill."""
    if response.status != 503:
        return False
    try:
        return document.read(response).get("Error/Code") in ("RequestThrottled", "QuotaExceeded")
    except AdapterError:
        return False


def moment_of(response: Response) -> Instant:
    """The server's own time, from its answer. Raises Malformed where it tells none."""
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed("date") from None


def moment(part: Part, name: str) -> Instant:
    """The moment at `name`. Raises Malformed for what is none."""
    try:
        return parse_instant(part.get(name))
    except ValueError:
        raise Malformed(name) from None
