"""Misfortunes on order: which call meets which, how often. Drawn from the world's own chance.

Kinds that strike a call are named in CALLS; kinds of EVENTS strike what happens by itself, where `operation` is the
feed type, report type or notification type ("" any).
"""

from datetime import timedelta
from email.utils import format_datetime

from forain_box.http import Cut, Response
from forain_box.spapi.errors import error
from forain_box.state import Fault
from forain_box.world import World

CALLS = {
    "status-500": "500 with Amazon's body, nothing was done",
    "html-503": "503 as an HTML page, nothing was done",
    "truncated": "the answer's second half is missing",
    "wrong-content-type": "the right answer, called text/plain",
    "slow": "the call is carried out, and `seconds` pass before its answer",
    "hang": "the call is carried out, and `seconds` pass before the connection is cut",
    "cut": "the connection ends, nothing was done",
    "cut-after-write": "the call is carried out, its answer never comes",
    "throttle": "429, nothing was done",
    "forbidden": "403 with empty details; without seller and operation: a storm for everyone at once",
    "unknown-enum": "words of the answer that nobody has heard of",
    "clock-skew": "the Date header is `seconds` ahead",
}
EVENTS = {
    "feed-stuck": "a feed stays IN_PROGRESS",
    "feed-fatal": "a feed ends FATAL",
    "report-cancelled": "a report ends CANCELLED",
    "report-fatal": "a report ends FATAL",
    "omit": "a new order is missing from every list, and found by its id, until the misfortunes end",
    "notification-lost": "a notification is never delivered",
    "notification-twice": "a notification is delivered twice",
    "notification-late": "a notification is delivered up to `seconds` later, behind newer ones",
}
KINDS = {**CALLS, **EVENTS}
LONGEST_SLEEP = 60.0


def meets(fault: Fault, world: World, operation: str, seller: str) -> bool:
    """It strikes; counted down when it does."""
    if fault.count == 0 or (fault.operation and fault.operation != operation):
        return False
    if (fault.seller_id and fault.seller_id != seller) or world.chance.random() >= fault.probability:
        return False
    if fault.count is not None:
        fault.count -= 1
    return True


def struck(world: World, operation: str, seller: str) -> list[Fault]:
    """The misfortunes this call meets."""
    if not world.state.faults:
        return []
    return [f for f in world.state.faults if f.kind in CALLS and meets(f, world, operation, seller)]


def strikes(world: World, kind: str, name: str, seller: str) -> Fault | None:
    """The first misfortune of `kind` that meets this event, None: there is none."""
    return next((f for f in world.state.faults if f.kind == kind and meets(f, world, name, seller)), None)


def before(fault: Fault) -> Response | None:
    """What the fault does instead of the call; None: the call goes on. Raises Cut."""
    match fault.kind:
        case "status-500":
            return error(500, "InternalFailure", "We encountered an internal error. Please try again.")
        case "html-503":
            return Response.html("<html><body><h1>503 Service Unavailable</h1></body></html>", 503)
        case "throttle":
            return error(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
        case "forbidden":
            return error(403, "Unauthorized", "Access to requested resource is denied.")
        case "cut":
            raise Cut
    return None


def after(fault: Fault, response: Response, world: World) -> Response:
    """What the fault does to an answer that was made. Raises Cut, with the seconds to wait before it."""
    match fault.kind:
        case "truncated":
            response.body = response.body[: len(response.body) // 2]
        case "wrong-content-type":
            response.headers["content-type"] = "text/plain"
        case "clock-skew":
            response.headers["date"] = format_datetime(world.now() + timedelta(seconds=fault.seconds), usegmt=True)
        case "slow":
            response.delay_seconds = min(fault.seconds, LONGEST_SLEEP)
        case "hang":
            raise Cut(min(fault.seconds, LONGEST_SLEEP))
        case "cut-after-write":
            raise Cut
        case "unknown-enum":
            for known in (b'"UNSHIPPED"', b'"ACCEPTED"', b'"B2C"', b'"MERCHANT"'):
                response.body = response.body.replace(known, b'"SOMETHING_NEW"')
    return response
