"""The queues at SQS that notifications and new client secrets are written into, over SQS's JSON protocol.

One key a queue, which signs each request (Signature Version 4). A standard queue, and no kinder: at least once, in no order,
hidden for a while after it was received and there again unless it was deleted, with a new receipt each time. A short poll
may leave out what lies there.

Source: Amazon's SQS developer guide and API reference (AWS JSON protocol, Signature Version 4), read 2026-11-29.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from forain_box import faults, notify
from forain_box.http import Request, Response
from forain_box.state import Message, Queue
from forain_box.world import World

PREFIX = "AmazonSQS."
ARN = re.compile(r"arn:aws:sqs:([a-z0-9-]+):(\d{12}):([A-Za-z0-9_-]{1,80})")
SKEW = timedelta(minutes=15)
LEFT_OUT = 0.25
"""How likely a short poll leaves a message out (the box's own number): it asks some of the servers only."""
LONGEST_WAIT, LONGEST_HIDDEN, LONGEST_BODY = 20, 43200, 262144


class Refused(Exception):
    """A no in SQS's words. `query`: the code by which clients of the older protocol know it, "": the same."""

    def __init__(self, code: str, message: str, status: int = 400, query: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.query = code, message, status, query or code

    def response(self) -> Response:
        told = {"__type": f"com.amazonaws.sqs#{self.code}", "message": self.message}
        side = "Sender" if self.status < 500 else "Receiver"
        return Response.json(told, self.status, **{"x-amzn-query-error": f"{self.query};{side}"})


def asked(request: Request) -> str:
    """The action a request asks of SQS, "": it is none for SQS."""
    target = request.headers.get("x-amz-target", "")
    return target.removeprefix(PREFIX) if request.method == "POST" and target.startswith(PREFIX) else ""


def answer(world: World, request: Request) -> Response:
    """One call. Raises Cut where a misfortune cuts the connection."""
    action = asked(request)
    struck = faults.struck(world, action, "")
    for fault in struck:
        if fault.kind == "throttle":
            return Refused("RequestThrottled", "Request is throttled.").response()
        if fault.kind == "forbidden":
            return _not_authorized(action, "").response()
        instead = faults.before(fault)
        if instead is not None:
            return instead
    try:
        response = _carried_out(world, action, request)
    except Refused as refused:
        response = refused.response()
    response.headers["content-type"] = "application/x-amz-json-1.0"
    response.headers["x-amzn-requestid"] = world.token("", 36).lower()
    for fault in struck:
        response = faults.after(fault, response, world)
    return response


def _carried_out(world: World, action: str, request: Request) -> Response:
    queue, told = _signer(world, request), _body(request)
    act = ACTIONS.get(action)
    if act is None:
        raise Refused("UnknownOperationException", f"The action {action[:100]} is not valid for this web service.")
    if action not in queue.actions:
        raise _not_authorized(action, queue.arn)
    if action != "GetQueueUrl" and _of_url(world, _text(told, "QueueUrl")) is not queue:
        # Whose key reads one queue learns nothing of another, not even that it is there.
        raise Refused(
            "QueueDoesNotExist", "The specified queue does not exist.", query="AWS.SimpleQueueService.NonExistentQueue"
        )
    return Response.json(act(world, queue, told, request))


def _not_authorized(action: str, arn: str) -> Refused:
    return Refused(
        "AccessDeniedException",
        f"User: arn:aws:iam::123456789012:user/forain is not authorized to perform: sqs:{action.lower()} on resource: "
        f"{arn} because no identity-based policy allows the sqs:{action.lower()} action",
        403,
        query="AccessDenied",
    )


def _body(request: Request) -> dict[str, Any]:
    try:
        told = request.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Refused("SerializationException", "The body is no JSON object.")
    return told


def _text(told: dict[str, Any], name: str) -> str:
    found = told.get(name)
    if not isinstance(found, str) or not found:
        raise Refused("MissingParameter", f"The request must contain the parameter {name}.")
    return found


def _names(told: dict[str, Any], name: str) -> list[str]:
    found = told.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Refused("InvalidAttributeName", f"{name} is no list of names.")
    return found


def _number(told: dict[str, Any], name: str, default: int, low: int, high: int) -> int:
    found = told.get(name, default)
    if not isinstance(found, int) or isinstance(found, bool) or not low <= found <= high:
        raise Refused(
            "InvalidParameterValue",
            f"Value {str(found)[:20]} for parameter {name} is invalid. Reason: Must be between {low} and {high}, if provided.",
        )
    return found


# -- who asks: Signature Version 4


def _signer(world: World, request: Request) -> Queue:
    """The queue whose key signed the request as it came."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9]+)/aws4_request, ?"
        r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})",
        request.headers.get("authorization", ""),
    )
    if found is None:
        raise Refused("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    key, day, region, service, names, signature = found.groups()
    queue = next((q for q in world.state.queues.values() if q.access_key_id == key), None)
    if queue is None:
        raise Refused(
            "InvalidClientTokenId", "The security token included in the request is invalid.", 403,
        )  # fmt: skip
    if (region, service) != (queue.region, "sqs"):
        raise Refused("SignatureDoesNotMatch", f"Credential should be scoped to a valid region, not '{region}'.", 403)
    _in_time(world, request.headers.get("x-amz-date", ""))
    told = [f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names.split(";")]
    canonical = "\n".join(
        (request.method, request.raw_path or "/", request.query_string, "".join(told), names, _sha(request.body))
    )
    scope = f"{day}/{region}/sqs/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{request.headers.get('x-amz-date', '')}\n{scope}\n{_sha(canonical.encode())}"
    secret = f"AWS4{queue.secret_access_key}".encode()
    for part in (day, region, "sqs", "aws4_request"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    if not hmac.compare_digest(hmac.digest(secret, text.encode(), "sha256").hex(), signature):
        raise Refused(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
            "Key and signing method. Consult the service documentation for details.",
            403,
        )
    return queue


def _in_time(world: World, stamp: str) -> None:
    """Signed within a quarter of an hour. With a manual clock the box does not know what hour the caller has."""
    try:
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused("IncompleteSignature", "Date must be in ISO-8601 'basic format'.") from None
    if world.clock.kind == "real" and world.clock.speed == 1 and abs(world.now() - signed) > SKEW:
        raise Refused("SignatureDoesNotMatch", f"Signature expired: {stamp} is now earlier than allowed", 403)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# -- queues


def add_queue(world: World, arn: str, visibility_seconds: int) -> Queue:
    """The queue of that ARN, which must fit `ARN`, with a new key that may do everything there."""
    found = ARN.fullmatch(arn)
    assert found is not None
    queue = Queue(
        arn, found[1], f"AKIA{world.token('', 16).upper()}", world.token("", 40), visibility_seconds, list(ACTIONS)
    )
    world.state.queues[arn] = queue
    return queue


def address(queue: Queue, origin: str) -> str:
    """The queue's URL at a box that is reached under `origin`."""
    account, name = queue.arn.split(":")[4:6]
    return f"{origin}/{account}/{quote(name)}"


def _of_url(world: World, url: str) -> Queue | None:
    account, _, name = url.rstrip("/").rpartition("/")
    account = account.rpartition("/")[2]
    return next((q for q in world.state.queues.values() if q.arn.endswith(f":{account}:{name}")), None)


def _lying(world: World, queue: Queue) -> list[Message]:
    """All that lies in the queue, whether it is to be seen now or not."""
    applications = {a.application_id for a in world.state.applications.values() if a.queue == queue.arn}
    destinations = {d.destination_id for d in world.state.destinations.values() if queue.arn in json.dumps(d.resource)}
    return [
        m for m in notify.kept(world)
        if (m.destination_id in destinations if m.destination_id else m.application_id in applications)
        or m.queue == queue.arn
    ]  # fmt: skip


def _receive(world: World, queue: Queue, told: dict[str, Any], request: Request) -> dict[str, Any]:
    most = _number(told, "MaxNumberOfMessages", 1, 1, 10)
    wait = _number(told, "WaitTimeSeconds", 0, 0, LONGEST_WAIT)
    hidden = _number(told, "VisibilityTimeout", queue.visibility_seconds, 0, LONGEST_HIDDEN)
    now = world.now()
    seen = [m for m in _lying(world, queue) if m.hidden_until is None or m.hidden_until <= now]
    if not wait:
        seen = [m for m in seen if world.chance.random() >= LEFT_OUT]
    world.chance.shuffle(seen)
    return {"Messages": [_given(world, m, now + timedelta(seconds=hidden), told) for m in seen[:most]]} if seen else {}


def _given(world: World, message: Message, until: datetime, told: dict[str, Any]) -> dict[str, Any]:
    message.hidden_until, message.receipt, message.received = until, world.token("AQEB", 60), message.received + 1
    text = _written(message)
    wanted = {*_names(told, "AttributeNames"), *_names(told, "MessageSystemAttributeNames")}
    attributes = {
        "ApproximateReceiveCount": str(message.received),
        "SentTimestamp": str(int(message.at.timestamp() * 1000)),
    }
    shown = {name: value for name, value in attributes.items() if name in wanted or "All" in wanted}
    given = {
        "MessageId": message.message_id, "ReceiptHandle": message.receipt, "Body": text,
        "MD5OfBody": hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest(),
    }  # fmt: skip
    return {**given, **({"Attributes": shown} if shown else {})}


def _written(message: Message) -> str:
    return message.body if isinstance(message.body, str) else json.dumps(message.body, ensure_ascii=False)


def _delete(world: World, queue: Queue, told: dict[str, Any], request: Request) -> dict[str, Any]:
    """A receipt of an earlier time answers well and deletes nothing, as at SQS."""
    receipt = _text(told, "ReceiptHandle")
    if not receipt.startswith("AQEB"):
        raise Refused(
            "ReceiptHandleIsInvalid", f'The input receipt handle "{receipt[:50]}" is not a valid receipt handle.'
        )
    lying = {m.message_id for m in _lying(world, queue) if m.receipt == receipt}
    world.state.messages[:] = [m for m in world.state.messages if m.message_id not in lying]
    return {}


def _send(world: World, queue: Queue, told: dict[str, Any], request: Request) -> dict[str, Any]:
    body = _text(told, "MessageBody")
    if len(body.encode("utf-8", "replace")) > LONGEST_BODY:
        raise Refused("InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter.")
    message = put(world, queue, body)
    digest = hashlib.md5(body.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return {"MessageId": message.message_id, "MD5OfMessageBody": digest}


def put(world: World, queue: Queue, body: str) -> Message:
    """Somebody else's message in the queue."""
    message = Message(world.token("", 32).lower(), "", "", world.now(), body, queue=queue.arn)
    notify.kept(world).append(message)
    return message


def _url(world: World, queue: Queue, told: dict[str, Any], request: Request) -> dict[str, Any]:
    if _text(told, "QueueName") != queue.arn.split(":")[5]:
        raise Refused(
            "QueueDoesNotExist", "The specified queue does not exist.", query="AWS.SimpleQueueService.NonExistentQueue"
        )
    return {"QueueUrl": address(queue, request.origin)}


def _attributes(world: World, queue: Queue, told: dict[str, Any], request: Request) -> dict[str, Any]:
    now, lying = world.now(), _lying(world, queue)
    hidden = sum(m.hidden_until is not None and m.hidden_until > now for m in lying)
    every = {
        "QueueArn": queue.arn, "VisibilityTimeout": str(queue.visibility_seconds),
        "MessageRetentionPeriod": str(int(notify.KEPT.total_seconds())),
        "ApproximateNumberOfMessages": str(len(lying) - hidden), "ApproximateNumberOfMessagesNotVisible": str(hidden),
    }  # fmt: skip
    wanted = _names(told, "AttributeNames")
    found = {name: value for name, value in every.items() if "All" in wanted or name in wanted}
    return {"Attributes": found} if found else {}


Act = Callable[[World, Queue, dict[str, Any], Request], dict[str, Any]]
ACTIONS: dict[str, Act] = {
    "ReceiveMessage": _receive, "DeleteMessage": _delete, "SendMessage": _send, "GetQueueUrl": _url,
    "GetQueueAttributes": _attributes,
}  # fmt: skip
