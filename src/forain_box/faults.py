"""Misfortunes on order: which call meets which, how often. Seeded by the world's own chance."""

import random
import time
from dataclasses import dataclass
from typing import Any

from forain_box.http import Cut, Response
from forain_box.world import Refusal

KINDS = (
    "status-500",
    "html-503",
    "truncated",
    "slow",
    "cut",
    "cut-after-write",
    "throttle",
    "forbidden",
    "unknown-enum",
    "omit",
)
LONGEST_SLEEP = 60.0


@dataclass
class Fault:
    kind: str
    operation: str = ""
    seller_id: str = ""
    probability: float = 1.0
    count: int | None = None
    seconds: float = 1.0

    def meets(self, operation: str, seller: str, chance: random.Random) -> bool:
        """It strikes this call; counted down when it does."""
        if self.count == 0 or (self.operation and self.operation != operation):
            return False
        if (self.seller_id and self.seller_id != seller) or chance.random() >= self.probability:
            return False
        if self.count is not None:
            self.count -= 1
        return True


def from_json(told: dict[str, Any]) -> Fault:
    if told.get("kind") not in KINDS:
        raise Refusal(f"kind is one of {', '.join(KINDS)}")
    try:
        return Fault(
            kind=str(told["kind"]),
            operation=str(told.get("operation") or ""),
            seller_id=str(told.get("seller_id") or ""),
            probability=float(told.get("probability", 1)),
            count=None if told.get("count") is None else int(told["count"]),
            seconds=min(float(told.get("seconds", 1)), LONGEST_SLEEP),
        )
    except (TypeError, ValueError):
        raise Refusal("probability and seconds are numbers, count is a whole number") from None


def before(fault: Fault) -> Response | None:
    """What the fault does instead of the call; None: the call goes on."""
    match fault.kind:
        case "status-500":
            return Response.json(
                {
                    "errors": [
                        {
                            "code": "InternalFailure",
                            "message": "We encountered an internal error. Please try again.",
                            "details": "",
                        }
                    ]
                },
                500,
            )
        case "html-503":
            return Response.html("<html><body><h1>503 Service Unavailable</h1></body></html>", 503)
        case "throttle":
            return Response.json(
                {
                    "errors": [
                        {
                            "code": "QuotaExceeded",
                            "message": "You exceeded your quota for the requested resource.",
                            "details": "",
                        }
                    ]
                },
                429,
            )
        case "forbidden":
            return Response.json(
                {
                    "errors": [
                        {"code": "Unauthorized", "message": "Access to requested resource is denied.", "details": ""}
                    ]
                },
                403,
            )
        case "cut":
            raise Cut
        case "slow":
            time.sleep(fault.seconds)
    return None


def after(fault: Fault, response: Response) -> Response:
    """What the fault does to an answer that was made."""
    match fault.kind:
        case "truncated":
            return Response(response.status, response.body[: len(response.body) // 2], response.headers)
        case "cut-after-write":
            raise Cut
        case "unknown-enum":
            body = response.body
            for known in (b'"UNSHIPPED"', b'"ACCEPTED"', b'"B2C"', b'"MERCHANT"'):
                body = body.replace(known, b'"SOMETHING_NEW"')
            return Response(response.status, body, response.headers)
    return response
