"""Requests and answers as plain values, and the WSGI skin over them. Nothing here knows Amazon."""

import json
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import msgspec

log = logging.getLogger("forain_box")
LARGEST_BODY = 30 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """`path` decoded part by part (`parts`), so that a SKU may hold a slash; `raw_path` as it came. Header names in
    lower case. `query_string` as it came, "" when the request was made by hand."""

    method: str
    parts: tuple[str, ...]
    raw_path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    query_string: str = ""

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return decoded(self.body, Any)

    def form(self) -> dict[str, str]:
        return pairs(self.body.decode("utf-8", "replace"))

    @property
    def origin(self) -> str:
        """Scheme and host under which the caller reached the box."""
        host = re.sub(r"[^A-Za-z0-9.:\[\]_-]", "", self.headers.get("host", "")) or "127.0.0.1"
        return f"http://{host}"


@dataclass
class Response:
    """`delay_seconds`: real time that passes before it is sent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> "Response":
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return cls(status, body, {"content-type": "application/json", **headers})

    @classmethod
    def html(cls, text: str, status: int = 200) -> "Response":
        return cls(status, text.encode("utf-8", "replace"), {"content-type": "text/html; charset=utf-8"})

    @classmethod
    def redirect(cls, address: str) -> "Response":
        return cls(302, b"", {"location": quote(address, safe="%/:=&?~#+!$,;'@()*[]|")})


class Cut(Exception):
    """The connection ends here, without an answer, after `delay_seconds` of real time."""

    def __init__(self, delay_seconds: float = 0.0) -> None:
        super().__init__(delay_seconds)
        self.delay_seconds = delay_seconds


def decoded(content: bytes | str | msgspec.Raw, kind: Any) -> Any:
    """JSON as `kind`. Raises ValueError for whatever does not fit: also for what is nested too deeply, or no UTF-8."""
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError:
        raise ValueError("JSON is nested too deeply") from None


def pairs(text: str) -> dict[str, str]:
    """A query or form; a name that comes several times has its values joined by commas, as arrays are spelled."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
        found.setdefault(name, []).append(value)
    return {name: ",".join(values) for name, values in found.items()}


def read(environ: dict[str, Any]) -> Request | Response:
    """The request of a WSGI call, or the refusal of one that cannot be read."""
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""
    path = raw.split("?", 1)[0] if raw.startswith("/") else _quoted(environ)
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return Response.json({"message": "Content-Length is no number"}, 400)
    if length > LARGEST_BODY:
        return Response.json({"message": f"the body may hold {LARGEST_BODY} bytes at most"}, 413)
    body = environ["wsgi.input"].read(length) if length > 0 else b""
    headers = {k[5:].replace("_", "-").lower(): str(v) for k, v in environ.items() if k.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = str(environ["CONTENT_TYPE"])
    string = environ.get("QUERY_STRING", "")
    parts = tuple(unquote(part) for part in path.strip("/").split("/"))
    return Request(environ["REQUEST_METHOD"], parts, path, pairs(string) if string else {}, headers, body, string)


def _quoted(environ: dict[str, Any]) -> str:
    # WSGI hands over latin-1 decoded bytes; servers that keep the raw address are preferred above.
    return quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"), safe="/%")


def write(response: Response, start_response: Callable[..., Any], method: str = "GET") -> Iterable[bytes]:
    phrase = HTTPStatus(response.status).phrase if response.status in HTTPStatus._value2member_map_ else "Status"
    headers = {"content-length": str(len(response.body)), **response.headers}
    if response.status == 204:
        headers.pop("content-length")
    safe = [(name, re.sub(r"[\r\n]", " ", value)) for name, value in headers.items()]
    start_response(f"{response.status} {phrase}", safe)
    return [] if method == "HEAD" or response.status == 204 else [response.body]
