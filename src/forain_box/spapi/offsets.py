"""Page tokens that carry their place, and fit only the request they were made for."""

import base64
import binascii
import zlib

from forain_box.errors import invalid
from forain_box.spapi.call import Call

MOST_PAGED = 1000


def token(call: Call, start: int) -> str:
    """The page that begins at `start`."""
    return base64.urlsafe_b64encode(f"{start}.{_asked(call)}".encode()).decode().rstrip("=")


def start_of(call: Call) -> int:
    """Where the asked page begins. Raises errors.Stop for a token of another request."""
    told = call.text("pageToken", "")
    if not told:
        return 0
    try:
        start, _, asked = base64.urlsafe_b64decode(told + "=" * (-len(told) % 4)).decode().partition(".")
    except (binascii.Error, ValueError):
        raise invalid("Invalid 'pageToken'.") from None
    if asked != _asked(call) or not (start.isascii() and start.isdigit()) or len(start) > 4:
        raise invalid("Invalid 'pageToken'.")
    return int(start)


def pagination(call: Call, start: int, size: int, total: int) -> dict[str, dict[str, str]]:
    """{"pagination": ...} as far as there are pages before and behind; nobody pages further than 1,000 items."""
    found = {}
    if start + size < min(total, MOST_PAGED):
        found["nextToken"] = token(call, start + size)
    if start > 0:
        found["previousToken"] = token(call, max(start - size, 0))
    return {"pagination": found} if found else {}


def _asked(call: Call) -> str:
    query = sorted((name, value) for name, value in call.request.query.items() if name != "pageToken")
    return str(zlib.crc32(repr((call.operation.name, call.rest, query)).encode()))
