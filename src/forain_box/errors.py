"""Amazon's error bodies. Source: a public probe log of the sandbox of 2026-10-05, read 2026-11-23."""

from forain_box.http import Response


class Stop(Exception):
    """An operation ends here, with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def error(status: int, code: str, message: str, details: str = "") -> Response:
    return Response.json({"errors": [{"code": code, "message": message, "details": details}]}, status)


def denied(details: str = "") -> Stop:
    """403, with the text in `details` that tells the causes apart ("" tells nothing, as Amazon often does)."""
    return Stop(error(403, "Unauthorized", "Access to requested resource is denied.", details))


def invalid(message: str, details: str = "") -> Stop:
    """400: the request is wrong."""
    return Stop(error(400, "InvalidInput", message, details))


def not_found(message: str, code: str = "NotFound") -> Stop:
    return Stop(error(404, code, message))


def too_fast() -> Stop:
    """429, without advice."""
    return Stop(error(429, "QuotaExceeded", "You exceeded your quota for the requested resource."))
