"""The control API as an OpenAPI document, made from its own table and bodies."""

from collections.abc import Sequence
from typing import Any

import msgspec

from forain_box.control.call import Control


def document(controls: Sequence[Control]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    bodies = [c.body for c in controls if c.body is not None]
    schemas, components = msgspec.json.schema_components(bodies, ref_template="#/components/schemas/{name}")
    schema_of = iter(schemas)
    paths: dict[str, Any] = {}
    for control in controls:
        names = [part[1:-1] for part in control.path.split("/") if part.startswith("{")]
        told: dict[str, Any] = {
            "summary": control.says,
            "operationId": f"{control.method.lower()}_{control.path.replace('/', '_').replace('{', '').replace('}', '')}",
            "parameters": [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in names
            ],
            "responses": {
                "201" if control.method == "POST" else "200": {
                    "description": "done", "content": {"application/json": {"schema": {}}},
                },
                "4XX": {
                    "description": "a no, with the sentence that says why",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                },
            },
        }  # fmt: skip
        if control.method == "POST":
            told["responses"]["200"] = told["responses"]["201"]
        if control.body is not None:
            told["requestBody"] = {"content": {"application/json": {"schema": next(schema_of)}}}
        paths.setdefault(f"/box/api/{control.path}", {})[control.method.lower()] = told
    error = {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The market in a box: control API",
            "version": "1",
            "description": "Makes things happen in a simulated Amazon. This is a simulation.",
        },
        "paths": paths,
        "components": {"schemas": {**components, "Error": error}},
    }
