"""Whatever a client sends, fitting or not: never a fault of the box's own, and always the published shape."""

import contextlib
import json
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from forain_box.http import Request, pairs
from forain_box.spapi import gate
from forain_box.spapi.call import Operation
from tests.box import shapes
from tests.box.client import Client

EACH = 12
"""Cases for each operation and kind (fitting, not fitting)."""

modes = pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda m: m.value)
few = settings(
    max_examples=EACH, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def client():
    client = Client(throttle=False)
    client.buy()
    client.advance(300)
    return client


def strategy(schema: Any, path: str, method: str, mode: GenerationMode) -> st.SearchStrategy:
    return schema[path][method].as_strategy(generation_mode=mode)


def fired(test: Any) -> None:
    """Run a property. A call without parameters and body has nothing that could fail to fit."""
    with contextlib.suppress(Unsatisfiable):
        test()


def request_of(case: Any, prefix: str, headers: dict[str, str]) -> Request:
    """A generated case as a request, as a server would hand it over."""
    query = urlencode(case.query or {}, doseq=True, errors="replace")
    body = case.body
    if not isinstance(body, bytes):
        missing = type(body).__name__ == "NotSet"
        body = b"" if missing else json.dumps(body, default=str).encode("utf-8", "replace")
    path = prefix + case.formatted_path
    environ = {
        "REQUEST_METHOD": case.method, "REQUEST_URI": path, "QUERY_STRING": query, "CONTENT_LENGTH": str(len(body)),
    }  # fmt: skip
    told = {**{k.lower(): str(v) for k, v in (case.headers or {}).items()}, **headers}
    parts = tuple(unquote(part) for part in path.strip("/").split("/"))
    return Request(environ["REQUEST_METHOD"], parts, path, pairs(query), told, body, query)


CONTROL = json.loads(Client().ask("GET", "/box/openapi.json").body)
CONTROLS = [
    (path, method) for path, methods in CONTROL["paths"].items() for method in methods if path != "/box/api/clock"
]


@modes
@pytest.mark.parametrize(("path", "method"), CONTROLS)
def test_the_control_api_answers_everything_with_a_sentence(client, path, method, mode, tally):
    @few
    @given(case=strategy(schemathesis.openapi.from_dict(CONTROL), path, method, mode))
    def fire(case):
        client.control("DELETE", "faults")
        response = client.box.answer(request_of(case, "", {}))
        tally[f"the box: control API, {mode.value}"] += 1

        assert response.status < 500, response.body
        if response.status >= 400:
            assert json.loads(response.body)["error"]

    fired(fire)


OPERATIONS = [pytest.param(operation, id=operation.name) for operation in gate.OPERATIONS]


@modes
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_answers_everything_in_its_published_shape(client, operation: Operation, mode, tally):
    raw = {**shapes.model(operation.model), "host": "127.0.0.1"}
    token = client.grantless(operation.scope) if operation.scope else client.token

    @few
    @given(case=strategy(schemathesis.openapi.from_dict(raw), operation.path, operation.method.lower(), mode))
    def fire(case):
        response = client.box.answer(request_of(case, "/eu", {"x-amz-access-token": token, "host": "127.0.0.1:8900"}))
        tally[f"the box: Amazon's operations, {mode.value}"] += 1

        assert response.status < 500, response.body
        found = gate.find(case.method, request_of(case, "/eu", {}).parts[1:])
        if found:
            shapes.hold(found[0], response.status, response.body)

    fired(fire)
