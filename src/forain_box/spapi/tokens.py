"""Tokens 2021-03-01: restricted data tokens, each good for just the paths and data it was made for.

Source: Amazon's model tokens_2021-03-01.json and its use case guide; docs issues 702, 1201; read 2026-11-23.
"""

from datetime import timedelta

from forain_box.errors import Stop, error, invalid
from forain_box.http import Response
from forain_box.spapi.call import Call, Operation, Wire
from forain_box.spapi.order_shape import ADDRESS_ROLES, TAX_ROLES
from forain_box.state import AccessToken

MODEL = "tokens_2021-03-01.json"
LIFE = timedelta(hours=1)
MOST = 50
ELEMENTS = {
    "buyerInfo": ADDRESS_ROLES | TAX_ROLES,
    "shippingAddress": ADDRESS_ROLES,
    "buyerTaxInformation": TAX_ROLES,
}
"""Data element -> any of these roles may ask for it."""
ORDER = "/orders/v0/orders/{orderId}"
WITH_ELEMENTS = ("/orders/v0/orders", ORDER, f"{ORDER}/orderItems")
RESTRICTED = (
    *WITH_ELEMENTS, f"{ORDER}/address", f"{ORDER}/buyerInfo", f"{ORDER}/orderItems/buyerInfo", f"{ORDER}/regulatedInfo",
    "/reports/2021-06-30/documents/{reportDocumentId}", "/mfn/v0/shipments/{shipmentId}", "/mfn/v0/shipments",
    "/shipping/v1/shipments/{shipmentId}", "/fba/outbound/brazil/v0/shipments/{shipmentId}",
)  # fmt: skip
"""Paths of operations that tell of persons."""
ONLY_SPECIFIC = frozenset({"/reports/2021-06-30/documents/{reportDocumentId}"})
NO_RESOURCE = "Application do not have access to some or all requested resource"


class Resource(Wire):
    method: str
    path: str
    data_elements: list[str] = []


class Body(Wire):
    restricted_resources: list[Resource]
    target_application: str | None = None


def _known(path: str) -> str | None:
    """The restricted path this is one of, or stands for; None: it is not restricted."""
    parts = path.split("?")[0].split("/")
    for known in RESTRICTED:
        names = known.split("/")
        if len(names) == len(parts) and all(
            p == n or (n[:1] == "{" and p and (p[0] != "{" or known not in ONLY_SPECIFIC))
            for n, p in zip(names, parts, strict=True)
        ):
            return known
    return None


def create(call: Call) -> Response:
    body = call.body(Body)
    if not 1 <= len(body.restricted_resources) <= MOST:
        raise invalid(f"restrictedResources must have 1 to {MOST} entries.")
    target = body.target_application or call.application.application_id
    if target not in call.world.state.applications:
        raise invalid("targetApplication is invalid.")
    for resource in body.restricted_resources:
        if resource.method not in ("GET", "PUT", "POST", "DELETE") or not resource.path:
            message = "Request is missing or has invalid parameters"
            raise Stop(error(400, "InvalidRequest", message, "Resource not provided."))
        _check(call, resource)
    token = call.world.token("Atz.sprdt|", 60)
    call.world.state.access[token] = AccessToken(
        target, call.access.refresh_token, call.world.now() + LIFE,
        restricted=[(r.method, r.path.split("?")[0], list(r.data_elements)) for r in body.restricted_resources],
    )  # fmt: skip
    return Response.json({"restrictedDataToken": token, "expiresIn": int(LIFE.total_seconds())})


def _check(call: Call, resource: Resource) -> None:
    known = _known(resource.path)
    if known is None or bool(resource.data_elements) != (known in WITH_ELEMENTS):
        # Just the three of Orders want data elements, and no other takes them.
        raise invalid(NO_RESOURCE)
    wrong = [e for e in resource.data_elements if not call.roles & ELEMENTS.get(e, frozenset())]
    if wrong:
        names = ", ".join(name[:30] for name in wrong)
        raise invalid(f"Application does not have access to one or more requested data elements: [{names}]")
    if not resource.data_elements and not call.roles & (ADDRESS_ROLES | TAX_ROLES):
        raise invalid(NO_RESOURCE)


def covered(access: AccessToken, operation: Operation, parts: tuple[str, ...]) -> list[str] | None:
    """The data elements a restricted token opens at this path; None: it was not made for it."""
    found: list[str] | None = None
    names = operation.path.strip("/").split("/")
    for method, path, elements in access.restricted or []:
        told = path.strip("/").split("/")
        if (
            method == operation.method
            and len(told) == len(parts)
            and all(t == p or (t[:1] == "{" and n[:1] == "{") for t, p, n in zip(told, parts, names, strict=True))
        ):
            found = [*(found or []), *elements]
    return found


def opens(call: Call, element: str) -> bool:
    """Whether this call may show the data element: by its token, and by the application's roles still."""
    if call.access.restricted is None or not call.roles & ELEMENTS[element]:
        return False
    elements = covered(call.access, call.operation, call.request.parts[1:])
    return elements is not None and (element in elements or call.operation.path not in WITH_ELEMENTS)


OPERATIONS = (
    Operation("createRestrictedDataToken", "POST", "/tokens/2021-03-01/restrictedDataToken", create, MODEL, 1, 10),
)
