"""One call of the old interface, its errors, and its XML."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax import saxutils

from forain_box.clock import parse
from forain_box.http import Request, Response
from forain_box.sites import SITES
from forain_box.state import MwsDeveloper, Seller
from forain_box.world import World

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
XML = {"content-type": "text/xml; charset=utf-8"}


@dataclass(frozen=True)
class Section:
    """`namespace`: of its answers and errors."""

    name: str
    namespace: str
    actions: Mapping[str, "Action"]


@dataclass(frozen=True)
class Action:
    """`quota` calls at once, one more each `restore_seconds`. `run` answers what stands in the result element, or a
    ready answer."""

    name: str
    quota: float
    restore_seconds: float
    run: Callable[["MwsCall"], Any]


class Stop(Exception):
    """The call ends here, with this error."""

    def __init__(self, status: int, code: str, message: str, section: Section | None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.section = status, code, message, section

    def xml(self, world: World, section: Section | None) -> Response:
        section = self.section or section
        namespace = section.namespace if section else "https://mws.amazonservices.com/"
        kind = "Sender" if self.status < 500 or self.status == 503 else "Receiver"
        body = (
            f'<?xml version="1.0"?>\n<ErrorResponse xmlns="{namespace}">\n  <Error>\n    <Type>{kind}</Type>\n'
            f"    <Code>{escape(self.code)}</Code>\n    <Message>{escape(self.message)}</Message>\n  </Error>\n"
            f"  <RequestId>{request_id(world)}</RequestId>\n</ErrorResponse>\n"
        )
        return Response(self.status, body.encode("utf-8", "replace"), dict(XML))


def escape(told: str) -> str:
    """Text within XML; a letter that XML cannot hold at all becomes a question mark."""
    return saxutils.escape(_NO_XML.sub("?", told))


def stop(status: int, code: str, message: str, section: Section | None = None) -> Stop:
    return Stop(status, code, message, section)


def request_id(world: World) -> str:
    bits = f"{world.chance.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


def parameters(request: Request) -> dict[str, str]:
    """Query and form; a feed's XML body is no form."""
    if request.method == "POST" and "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return {**request.query, **request.form()}
    return dict(request.query)


@dataclass(frozen=True)
class MwsCall:
    """A call that passed signature and permission. `told`: its parameters."""

    world: World
    region: str
    request: Request
    told: dict[str, str]
    section: Section
    seller: Seller
    developer: MwsDeveloper

    def text(self, name: str) -> str:
        found = self.told.get(name, "")
        if not found:
            raise stop(400, "MissingParameter", f"The request must contain the parameter {name}.")
        return found

    def several(self, name: str) -> list[str]:
        """Values of name.1, name.2, ..."""
        found: list[str] = []
        while value := self.told.get(f"{name}.{len(found) + 1}"):
            found.append(value)
        return found

    def moment(self, name: str) -> datetime | None:
        told = self.told.get(name, "")
        if not told:
            return None
        try:
            return parse(told.replace(" ", "+"))
        except ValueError:
            raise stop(400, "InvalidParameterValue", f"{name} must be a date in ISO 8601 format.") from None

    def number(self, name: str, default: int, low: int, high: int) -> int:
        told = self.told.get(name, "")
        if not told:
            return default
        if not (told.isascii() and told.isdigit() and len(told) < 9 and low <= int(told) <= high):
            raise stop(400, "InvalidParameterValue", f"{name} must be a number between {low} and {high}.")
        return int(told)

    def sites(self, name: str) -> list[str]:
        """The marketplaces asked for, each the seller's own; none asked for: all of them."""
        found = self.several(name)
        for site in found:
            if site not in SITES or site not in self.seller.marketplace_ids:
                raise stop(
                    401, "AccessDenied", f"Seller {self.seller.seller_id} does not have access to the given marketplace"
                )
        return found or list(self.seller.marketplace_ids)

    def answer(self, action: str, result: Any) -> Response:
        """The result as the action's response document."""
        if isinstance(result, Response):
            return result
        inner = xml(f"{action}Result", result)
        body = (
            f'<?xml version="1.0"?>\n<{action}Response xmlns="{self.section.namespace}">{inner}'
            f"<ResponseMetadata><RequestId>{request_id(self.world)}</RequestId></ResponseMetadata></{action}Response>"
        )
        return Response(200, body.encode("utf-8", "replace"), dict(XML))


def xml(name: str, value: Any) -> str:
    """An element: a dict has elements in it, a list repeats it, None leaves it out."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "".join(xml(name, one) for one in value)
    if isinstance(value, dict):
        return f"<{name}>{''.join(xml(key, one) for key, one in value.items())}</{name}>"
    if isinstance(value, bool):
        value = "true" if value else "false"
    return f"<{name}>{escape(str(value))}</{name}>"
