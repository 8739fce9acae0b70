"""Amazon's error bodies. Source: a public probe log of the sandbox of 2026-10-05, read 2026-11-23."""

from forain_box.http import Response


def error(status: int, code: str, message: str, details: str = "") -> Response:
    return Response.json({"errors": [{"code": code, "message": message, "details": details}]}, status)


def denied(details: str) -> Response:
    return error(403, "Unauthorized", "Access to requested resource is denied.", details)


def invalid(message: str) -> Response:
    return error(400, "InvalidInput", message)
