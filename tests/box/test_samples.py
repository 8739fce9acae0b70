"""Every static sandbox sample of the models is sent as a request, and answered in the published shape.

A sample's values are invented ones of Amazon's own, so the answer may well be a 400, 403 or 404; it must never be
a shape Amazon has not published, nor a fault of the box.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from forain_box.spapi import gate
from forain_box.spapi.call import Operation
from tests.box import shapes
from tests.box.client import Client

SANDBOX = "x-amzn-api-sandbox"


def samples(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, parameters) of each static sample of an operation."""
    described = shapes.described(operation.model, operation.name)
    for code, answer in described["responses"].items():
        for number, sample in enumerate(answer.get(SANDBOX, {}).get("static", [])):
            yield f"{code}-{number}", sample.get("request", {}).get("parameters", {})


def value_of(told: Any) -> Any:
    return told["value"] if isinstance(told, dict) and "value" in told else told


def request_of(operation: Operation, parameters: dict[str, Any]) -> tuple[str, bytes]:
    """(path with query, body) of a sample."""
    described = shapes.described(operation.model, operation.name)
    declared = {p["name"]: p for p in map(shapes.resolver(operation.model), described.get("parameters", []))}
    path, query, body = operation.path, {}, b""
    for name, told in parameters.items():
        value = value_of(told)
        place = declared.get(name, {}).get("in")
        if place == "body" or name == "body":
            body = json.dumps(value).encode()
        elif "{" + name + "}" in path:
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        else:
            query[name] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + "SAMPLE" + rest.partition("}")[2]
    return f"{path}?{urlencode(query, safe=',')}".lstrip("/"), body


CASES = [(o, name, told) for o in gate.OPERATIONS for name, told in samples(o)]


@pytest.mark.parametrize(
    ("operation", "parameters"), [pytest.param(o, told, id=f"{o.name}-{name}") for o, name, told in CASES]
)
def test_a_sample_is_answered_in_the_published_shape(operation, parameters):
    client = Client(throttle=False, region="na", sites=("ATVPDKIKX0DER",))
    token = client.grantless(operation.scope) if operation.scope else client.token
    path, body = request_of(operation, parameters)

    status, _ = client.api(operation.method, path, body or None, token=token)

    assert status < 500


def test_how_many_samples_there_are_is_told(capsys):
    without = sorted({o.name for o in gate.OPERATIONS} - {o.name for o, _, _ in CASES})

    with capsys.disabled():
        print(
            f"\nthe box: {len(gate.OPERATIONS)} operations, {len(CASES)} sandbox samples sent; without any in their "
            f"models: {', '.join(without) or 'none'}"
        )

    assert len(CASES) > 0
