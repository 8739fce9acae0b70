"""The Selling Partner API of one region: the gate every call passes, and the operations behind it."""

from collections.abc import Callable
from dataclasses import dataclass

from forain_box import faults
from forain_box.http import Request, Response
from forain_box.sites import SITES
from forain_box.spapi import catalog, listings, orders, sellers
from forain_box.spapi.errors import denied, error
from forain_box.throttle import RATES, Throttle
from forain_box.world import AccessToken, Seller, World


@dataclass(frozen=True)
class Call:
    """One call that passed the gate. `rest`: the variable parts of the path."""

    world: World
    seller: Seller
    request: Request
    roles: frozenset[str]
    rest: tuple[str, ...]


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: tuple[str, ...]
    run: Callable[..., Response]
    role: str = ""


OPERATIONS = (
    Operation("getMarketplaceParticipations", "GET", ("sellers", "v1", "marketplaceParticipations"), sellers.participations),
    Operation("getAccount", "GET", ("sellers", "v1", "account"), sellers.account, "Selling Partner Insights"),
    Operation("searchListingsItems", "GET", ("listings", "2021-08-01", "items", "*"), listings.search, "Product Listing"),
    Operation("getListingsItem", "GET", ("listings", "2021-08-01", "items", "*", "*"), listings.get, "Product Listing"),
    Operation("patchListingsItem", "PATCH", ("listings", "2021-08-01", "items", "*", "*"), listings.patch, "Product Listing"),
    Operation("searchOrders", "GET", ("orders", "2026-01-01", "orders"), orders.search, "Inventory and Order Tracking"),
    Operation("getOrder", "GET", ("orders", "2026-01-01", "orders", "*"), orders.get, "Inventory and Order Tracking"),
    Operation(
        "confirmShipment", "POST", ("orders", "v0", "orders", "*", "shipmentConfirmation"), orders.confirm,
        "Inventory and Order Tracking",
    ),
    Operation("searchCatalogItems", "GET", ("catalog", "2022-04-01", "items"), catalog.search, "Product Listing"),
)  # fmt: skip


def find(method: str, parts: tuple[str, ...]) -> tuple[Operation, tuple[str, ...]] | None:
    for operation in OPERATIONS:
        if operation.method == method and len(parts) == len(operation.path):
            pairs = list(zip(operation.path, parts, strict=True))
            if all(wanted in ("*", got) for wanted, got in pairs):
                return operation, tuple(got for wanted, got in pairs if wanted == "*")
    return None


@dataclass
class Passed:
    """What the gate found, for the request log; filled as far as the call came."""

    operation: str = ""
    seller: str = ""


def answer(
    world: World, throttle: Throttle, standing: list[faults.Fault], region: str, request: Request, passed: Passed
) -> Response:
    """One call: token, secret, account, region, role, bucket, then the operation; as Amazon answers each refusal."""
    found = find(request.method, request.parts[1:])
    access = world.access.get(request.headers.get("x-amz-access-token", ""))
    passed.operation = found[0].name if found else ""
    passed.seller = access.authorization.seller_id if access else ""
    struck = [f for f in standing if f.meets(passed.operation, passed.seller, world.chance)]
    for fault in struck:
        instead = faults.before(fault)
        if instead is not None:
            return _dressed(world, instead, "")
    response = _gate(world, throttle, region, request, access, found)
    for fault in struck:
        response = faults.after(fault, response)
    return _dressed(world, response, passed.operation)


def _gate(
    world: World, throttle: Throttle, region: str, request: Request, access: AccessToken | None,
    found: tuple[Operation, tuple[str, ...]] | None,
) -> Response:  # fmt: skip
    now = world.now()
    if not request.headers.get("x-amz-access-token"):
        return denied("Access token is missing in the request header.")
    if access is None or access.authorization.revoked_at is not None:
        return denied("The access token you provided is revoked, malformed or invalid.")
    if now >= access.expires_at:
        return denied("The access token you provided has expired.")
    application = world.applications[access.application_id]
    seller = world.sellers[access.authorization.seller_id]
    if not access.authorization.lives(now):
        return denied("The access token you provided is revoked, malformed or invalid.")
    if now >= application.secret_expires_at:
        return denied("The LWA secret token you provided has expired.")
    if not seller.active or found is None:
        # An unknown path, a deactivated account, a missing role: Amazon's answer is the same empty one.
        return denied("")
    operation, rest = found
    if seller.region != region:
        return denied("The marketplaces you provided are not valid for region.")
    asked = [m for m in request.query.get("marketplaceIds", "").split(",") if m]
    if any(m not in SITES or SITES[m][3] != region for m in asked):
        return denied("The marketplaces you provided are not valid for region.")
    if operation.role and operation.role not in application.roles:
        return denied("")
    if not throttle.take(operation.name, seller.seller_id, application.application_id, now):
        return error(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
    return operation.run(Call(world, seller, request, application.roles, rest))


def _dressed(world: World, response: Response, operation: str) -> Response:
    """Amazon's headers. The rate header comes on 20x, 400 and 404 only, and not every time."""
    response.headers["x-amzn-requestid"] = world.token("", 24).lower()
    if response.status == 403:
        response.headers["x-amzn-errortype"] = "AccessDeniedException"
    if response.status in (200, 204, 400, 404) and operation in RATES and world.chance.random() < 0.8:
        response.headers["x-amzn-ratelimit-limit"] = f"{RATES[operation][0]}"
    return response
