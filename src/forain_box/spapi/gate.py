"""The Selling Partner API of one region: the gate every call passes, and the operations behind it."""

import itertools
import json
from dataclasses import dataclass

from forain_box import faults
from forain_box.errors import Stop, denied, too_fast
from forain_box.http import Request, Response
from forain_box.sites import SITES
from forain_box.spapi import (
    applications,
    catalog,
    definitions,
    feeds,
    fees,
    finances,
    inventory,
    listing_submissions,
    listings,
    messaging,
    notifications,
    orders,
    orders_v0,
    pricing,
    reports,
    restrictions,
    sellers,
    shipments,
    solicitations,
    tokens,
    uploads,
)
from forain_box.spapi.call import Call, Operation
from forain_box.state import AccessToken
from forain_box.throttle import Throttle
from forain_box.world import World

MODULES = (
    applications, catalog, definitions, fees, feeds, finances, inventory, listing_submissions, listings, messaging, notifications,
    orders, orders_v0, pricing, reports, restrictions, sellers, shipments, solicitations, tokens, uploads,
)  # fmt: skip
OPERATIONS: tuple[Operation, ...] = tuple(itertools.chain.from_iterable(module.OPERATIONS for module in MODULES))
SITE_PARAMETERS = ("marketplaceIds", "MarketplaceIds", "marketplaceId", "MarketplaceId")

_Found = tuple[Operation, tuple[str, ...]]
_BY_SIZE: dict[tuple[str, int], list[tuple[Operation, tuple[str, ...]]]] = {}
for _operation in OPERATIONS:
    _path = tuple(_operation.path.strip("/").split("/"))
    _BY_SIZE.setdefault((_operation.method, len(_path)), []).append((_operation, _path))


def find(method: str, parts: tuple[str, ...]) -> _Found | None:
    """The operation at a path, and the path's variable parts; a fixed path goes before a variable one."""
    best: _Found | None = None
    for operation, path in _BY_SIZE.get((method, len(parts)), ()):
        if all(wanted == got or (wanted[0] == "{" and got) for wanted, got in zip(path, parts, strict=True)):
            rest = tuple(got for wanted, got in zip(path, parts, strict=True) if wanted[0] == "{")
            if best is None or len(rest) < len(best[1]):
                best = operation, rest
    return best or _open_end(method, parts)


def _open_end(method: str, parts: tuple[str, ...]) -> _Found | None:
    for operation in OPERATIONS:
        path = operation.path.strip("/").split("/")
        if operation.open_end and operation.method == method and parts[: len(path) - 1] == tuple(path[:-1]):
            return operation, ("/".join(parts[len(path) - 1 :]),)
    return None


@dataclass
class Passed:
    """What the gate found, for the request log; filled as far as the call came."""

    operation: str = ""
    seller: str = ""


def answer(world: World, throttle: Throttle, region: str, request: Request, passed: Passed) -> Response:
    """One call: token, secret, account, region, role, bucket, then the operation; as Amazon answers each refusal.

    Raises Cut where a misfortune cuts the connection.
    """
    found = find(request.method, request.parts[1:])
    access = world.state.access.get(request.headers.get("x-amz-access-token", ""))
    passed.operation = found[0].name if found else ""
    grant = world.authorization_of(access.refresh_token) if access else None
    passed.seller = grant.seller_id if grant else ""
    struck = faults.struck(world, passed.operation, passed.seller)
    for fault in struck:
        instead = faults.before(fault)
        if instead is not None:
            return _dressed(world, instead, None)
    try:
        response = _gate(world, throttle, region, request, access, found)
    except Stop as stop:
        response = stop.response
    response = _dressed(world, response, found[0] if found else None)
    for fault in struck:
        response = faults.after(fault, response, world)
    return response


def _gate(
    world: World, throttle: Throttle, region: str, request: Request, access: AccessToken | None, found: _Found | None
) -> Response:
    now = world.now()
    if not request.headers.get("x-amz-access-token"):
        raise denied("Access token is missing in the request header.")
    if access is None:
        raise denied("The access token you provided is revoked, malformed or invalid.")
    if now >= access.expires_at:
        raise denied("The access token you provided has expired.")
    application = world.state.applications[access.application_id]
    grant = world.authorization_of(access.refresh_token)
    if access.refresh_token and (grant is None or not grant.lives(now)):
        raise denied("The access token you provided is revoked, malformed or invalid.")
    if now >= application.secret_expires_at:
        raise denied("The LWA secret token you provided has expired.")
    seller = world.state.sellers[grant.seller_id] if grant else None
    if found is None or (seller is not None and not seller.active):
        # An unknown path, a deactivated account, a missing role: Amazon's answer is the same empty one.
        raise denied()
    operation, rest = found
    if access.scope != operation.scope:
        raise denied()
    if access.restricted is not None and tokens.covered(access, operation, request.parts[1:]) is None:
        raise denied()
    if seller is not None and seller.region != region:
        raise denied("The marketplaces you provided are not valid for region.")
    for name in SITE_PARAMETERS:
        for site in request.query.get(name, "").split(","):
            if site and (site not in SITES or SITES[site][3] != region):
                raise denied("The marketplaces you provided are not valid for region.")
    if operation.roles and not any(role in application.roles for role in operation.roles):
        raise denied()
    who = (seller.seller_id if seller else "", application.application_id)
    if not throttle.take(f"{operation.method} {operation.path}", operation.rate, operation.burst, who, now):
        raise too_fast()
    return operation.run(Call(world, operation, application, access, request, rest, region, seller, throttle))


def _dressed(world: World, response: Response, operation: Operation | None) -> Response:
    """Amazon's headers. The rate header comes on 20x, 400 and 404 only, and not every time."""
    if operation and operation.bare_errors and response.status >= 400:
        response.body = json.dumps(json.loads(response.body)["errors"]).encode()
    response.headers["x-amzn-requestid"] = f"{world.chance.getrandbits(96):024x}"
    if response.status == 403:
        response.headers["x-amzn-errortype"] = "AccessDeniedException"
    if operation and response.status in (200, 201, 202, 204, 400, 404) and world.chance.random() < 0.8:
        response.headers["x-amzn-ratelimit-limit"] = f"{operation.rate}"
    return response
