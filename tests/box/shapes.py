"""Amazon's published models as shapes: every answer of the box is held against the model of its operation."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from forain_box.spapi.call import Operation

MODELS = Path(__file__).parent / "models"


@cache
def model(file: str) -> dict[str, Any]:
    return json.loads((MODELS / file).read_text(encoding="utf-8"))


@cache
def described(file: str, name: str) -> dict[str, Any]:
    """The model's own entry of an operation."""
    for path in model(file)["paths"].values():
        for verb in path.values():
            if isinstance(verb, dict) and verb.get("operationId") == name:
                return verb
    raise AssertionError(f"{file} has no operation {name}")


def resolver(file: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Follows a parameter's reference within its model."""

    def follow(told: dict[str, Any]) -> dict[str, Any]:
        return model(file)["parameters"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told

    return follow


@cache
def _validator(file: str, name: str, status: int) -> jsonschema.Draft4Validator | None:
    answer = described(file, name)["responses"].get(str(status))
    assert answer is not None, f"{name} never answers {status} in {file}"
    if "schema" not in answer:
        return None
    schema = {**answer["schema"], "definitions": model(file)["definitions"]}
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def hold(operation: Operation, status: int, body: bytes) -> None:
    """The answer has the published shape of its operation. Raises with what does not fit, and where."""
    validator = _validator(operation.model, operation.name, status)
    if validator is None:
        assert not body, f"{operation.name} {status} has a body, and the model has none"
        return
    wrong = sorted(validator.iter_errors(json.loads(body)), key=str)
    assert not wrong, f"{operation.name} {status}: " + "; ".join(f"{e.json_path}: {e.message[:200]}" for e in wrong[:5])


@cache
def schema(file: str) -> jsonschema.protocols.Validator:
    """A schema of feeds or notifications (`models/schemas/`) as a validator."""
    told = json.loads((MODELS / "schemas" / file).read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(told)(told)
