"""What the other side says, as typed values that can be kept: every adapter declares its answers with these types
and decodes them here."""

import re
from typing import Annotated, TypeVar

import msgspec

from forain.core.errors import Malformed, ServerFault
from forain.net.redaction import shape

Wire = TypeVar("Wire")

Plain = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z")]
"""Text without NUL, which no database keeps: one such title would stop everything that is written with it."""
Name = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]+\Z", max_length=200)]
"""What names a thing (an id, a SKU) or a kind of thing. Longer ones fit no index, and no marketplace has them."""
Short = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z", max_length=200)]
"""A name that may be missing."""
Key = Annotated[str, msgspec.Meta(pattern=r"\A[!-~]+\Z")]
"""A token that will be sent in a header."""
Whole = Annotated[int, msgspec.Meta(ge=-(10**12), le=10**12)]
"""A count or an amount in small coins: some million times more than any shop has, and still room to add up."""


_ESCAPE = re.compile(
    rb"\\(?:u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def _decoded(body: bytes, kind: type[Wire]) -> Wire:
    """Half a character (an emoji cut in two, in some title) is no reason to read nothing of a whole page: it becomes
    the sign for "unreadable", as browsers show it."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        whole = _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)
        if whole == body:
            raise
    return msgspec.json.decode(whole, type=kind)


def decoded(body: bytes | msgspec.Raw, kind: type[Wire], *, request_id: str = "", status: int = 200) -> Wire:
    """The body as `kind`. Raises ServerFault for what is no JSON at all (HTML, cut off), Malformed for wrong JSON."""
    try:
        return _decoded(bytes(body), kind)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)[:200], request_id=request_id, sample=shape(bytes(body))) from None
    except RecursionError:
        raise Malformed("nested too deeply", request_id=request_id) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ServerFault("no_json", request_id=request_id, placeholders={"status": str(status)}) from None


def part(raw: msgspec.Raw, kind: type[Wire], request_id: str = "") -> Wire:
    """One entry of a list that was kept raw, as `kind`. Raises Malformed."""
    try:
        return decoded(raw, kind, request_id=request_id)
    except ServerFault:
        # The list around it was JSON; only this entry holds letters that are none.
        raise Malformed("no text", request_id=request_id) from None
