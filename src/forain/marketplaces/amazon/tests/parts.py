"""What the adapter's tests share: a net that answers from a list, an account on it, and Amazon's own models."""

import json
from collections import deque
from pathlib import Path

import jsonschema

from forain.contracts.marketplace import Credentials
from forain.contracts.net import Response
from forain.core.clock import parse_instant
from forain.core.ids import OfferKey
from forain.core.secret import Secret
from forain.marketplaces.amazon import open

FR = "A13V1IB3VIYZZH"
T0 = parse_instant("2026-03-01T10:00:00Z")


class Wire:
    """A net that answers from a list and keeps what was asked."""

    def __init__(self, *answers):
        self.answers = deque(answers)
        self.sent = []

    def send(self, request):
        self.sent.append(request)
        status, body, *headers = self.answers.popleft()
        told = {"x-amzn-requestid": "r"} | (headers[0] if headers else {})
        return Response(status, told, body if isinstance(body, bytes) else json.dumps(body).encode())


def account(wire, **options):
    told = {"address.api": "http://amazon", "address.token": "http://login", **options}
    return open(Credentials(1, "SELLER", "EU", "client", Secret("s3cret"), Secret("Atzr|x"), told), wire)


def key(sku="A/B +1%"):
    return OfferKey(1, FR, sku)


def refusal(code="InvalidInput", message="no", details=""):
    """Amazon's body of a refused call."""
    return {"errors": [{"code": code, "message": message, "details": details}]}


def denied(details=""):
    return refusal("Unauthorized", "Access to requested resource is denied.", details)


MODELS = Path(__file__).parents[5] / "tests" / "box" / "models"
ORDERS, LISTINGS, SHIPPING, SELLERS, CATALOG, REPORTS = (
    "orders_2026-01-01.json", "listingsItems_2021-08-01.json", "ordersV0.json", "sellers.json",
    "catalogItems_2022-04-01.json", "reports_2021-06-30.json",
)  # fmt: skip


def model(file):
    return json.loads((MODELS / file).read_text())


def fits(file, name, value):
    """`value` has the published shape."""
    told = {"$ref": f"#/definitions/{name}", "definitions": model(file)["definitions"]}
    jsonschema.Draft4Validator(told).validate(value)
    return value


def operation(file, name):
    for path, verbs in model(file)["paths"].items():
        for verb, told in verbs.items():
            if isinstance(told, dict) and told.get("operationId") == name:
                return path, verb, told
    raise KeyError(name)


def asked_as_published(file, request):
    """The request names its operation's path, verb and parameters, and nothing the model does not know."""
    path, verb, told = operation(file, request.operation)
    parameters = {p["name"]: p for p in told["parameters"]}
    known = {name: p for name, p in parameters.items() if p["in"] == "query"}
    query = dict(request.query or {})
    assert request.method.lower() == verb
    assert len(request.url.split("//")[1].split("/")[1:]) == len(path.strip("/").split("/"))
    assert set(query) <= set(known)
    assert {name for name, p in known.items() if p.get("required")} <= set(query)
    for name, text in query.items():
        values = text.split(",") if known[name]["type"] == "array" else [text]
        enum = known[name].get("enum") or known[name].get("items", {}).get("enum")
        assert enum is None or set(values) <= set(enum), name
        assert len(values) <= known[name].get("maxItems", len(values)), name
        if "maximum" in known[name]:
            assert int(text) <= known[name]["maximum"], name
    body = next((p for p in parameters.values() if p["in"] == "body"), None)
    assert (request.json is not None) == (body is not None)
    if body is not None:
        fits(file, body["schema"]["$ref"].rsplit("/", 1)[-1], json.loads(request.json))


def samples(file, name, status=200):
    """The answers with that status that the model itself gives as samples."""
    _, _, told = operation(file, name)
    found = told["responses"][str(status)].get("x-amzn-api-sandbox", {}).get("static", [])
    return [sample["response"] for sample in found]
