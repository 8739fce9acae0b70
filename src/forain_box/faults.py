"""Misfortunes on order: which call meets which, how often. Drawn from the world's own chance.

Kinds that strike a call are named in CALLS; kinds of EVENTS strike what happens by itself, where `operation` is the
feed type, report type, notification type or written attribute ("" any).
"""

from datetime import timedelta
from email.utils import format_datetime

from forain_box.errors import error
from forain_box.http import Cut, Response
from forain_box.state import Fault
from forain_box.world import World

CALLS = (
    "status-500", "html-503", "truncated", "wrong-content-type", "slow", "hang", "cut", "cut-after-write", "throttle",
    "forbidden", "unknown-enum", "clock-skew",
)  # fmt: skip
EVENTS = (
    "feed-stuck", "feed-fatal", "report-stuck", "report-cancelled", "report-fatal", "listing-issue", "listing-reappears", "omit",
    "list-lag", "list-disorder", "notification-lost", "notification-twice", "notification-late",
)  # fmt: skip
KINDS = CALLS + EVENTS
"""What each does is said in `words.py`, as `fault_<kind>`."""
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
