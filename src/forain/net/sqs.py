"""A queue at Amazon SQS, through boto3: the extra `sqs`, which need not be installed.

boto3 builds, signs and reads; what it would send goes out through our own client instead, so that where Forain may connect to, how
long a request lasts and how large an answer may be is decided where it is decided for everything (ADR 16). It reads no
configuration and no credentials of the machine, and says nothing in the log: its debug lines hold whole messages.
"""

import io
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import msgspec

from forain.contracts.net import Net, Request, Response
from forain.contracts.queue import QueueAddress, QueueMessage
from forain.core.errors import AdapterError, Malformed, Problem, Rejected, ServerFault
from forain.core.secret import Secret
from forain.net.answers import Key, Name, Plain, decoded
from forain.net.redaction import scrub

OPERATION = "queue"
HIDDEN_SECONDS = 60
"""So long nobody else gets what we received; what we do not delete is there again then."""
WAIT_SECONDS = 2
"""A long poll: asks all servers of the queue, where a short one may leave out what lies on some."""
KEY_REFUSED = frozenset(
    {
        "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException",
        "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "MissingAuthenticationToken", "AuthFailure",
        "InvalidAccessKeyId", "InvalidSecurity", "RequestExpired", "RequestTimeTooSkewed", "OptInRequired",
    }
)  # fmt: skip
NOT_FOUND = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "InvalidAddress",
        "AWS.SimpleQueueService.QueueDeletedRecently",
    }
)
TOO_FAST = frozenset({"RequestThrottled", "Throttling", "ThrottlingException", "TooManyRequestsException", "OverLimit"})
"""Codes as Amazon's SQS API reference and its common errors have them, read 2026-11-29."""
NO_RECEIPT = "none of ours"


def installed() -> bool:
    """Whether the extra is there."""
    try:
        return find_spec("boto3") is not None
    except ValueError:
        return False


def region_of(url: str) -> str:
    """The region that a queue's own address names (sqs.eu-west-1.amazonaws.com), "" where it names none."""
    parts = (urlsplit(url).hostname or "").split(".")
    known = len(parts) >= 4 and parts[0] == "sqs" and parts[2] in ("amazonaws", "api")
    return parts[1] if known else ""


class SqsQueue:
    """`contracts.queue.Queue` for one queue and one access key."""

    def __init__(self, net: Net, address: QueueAddress, key: Secret) -> None:
        self._net, self._address, self._key = net, address, key
        self._made: Any = None

    def receive(self) -> tuple[QueueMessage, ...]:
        with self._client() as client:
            told = client.receive_message(
                QueueUrl=self._address.url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=WAIT_SECONDS,
                VisibilityTimeout=HIDDEN_SECONDS,
            )
        return tuple(
            QueueMessage(one["MessageId"], one["ReceiptHandle"], Secret(one["Body"]))
            for one in told.get("Messages") or []
        )

    def delete(self, message: QueueMessage) -> None:
        with self._client() as client:
            client.delete_message(QueueUrl=self._address.url, ReceiptHandle=message.receipt)

    def check(self) -> None:
        with self._client() as client:
            client.receive_message(QueueUrl=self._address.url, MaxNumberOfMessages=1, VisibilityTimeout=0)
        try:
            with self._client() as client:
                # Whoever may delete is told that there is no such receipt; whoever may not is told just that.
                client.delete_message(QueueUrl=self._address.url, ReceiptHandle=NO_RECEIPT)
        except Rejected as error:
            if error.problems[0].code not in ("ReceiptHandleIsInvalid", "InvalidParameterValue"):
                raise

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """boto3's client of this queue, whose every request goes out through `net`. Raises Rejected "boto3_missing"."""
        try:
            from botocore.exceptions import BotoCoreError, ClientError

            self._made = self._made or self._make()
        except ImportError:
            raise Rejected([Problem("boto3_missing")], "boto3_missing") from None
        try:
            yield self._made
        except ClientError as error:
            raise _refusal(error.response) from None
        except BotoCoreError as error:
            raise Rejected([Problem(type(error).__name__)], "queue_refused") from None

    def _make(self) -> Any:
        from botocore.config import Config

        target = urlsplit(self._address.url)
        with _MAKING:
            client = _session().client(
                "sqs",
                aws_access_key_id=self._address.access_key_id,
                aws_secret_access_key=self._key.reveal(),
                region_name=self._address.region,
                endpoint_url=f"{target.scheme}://{target.netloc}",
                # Whether and when it is tried again is decided in `core.retry`.
                config=Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True),
            )
        client.meta.events.register("before-send.sqs", _carrier(self._net))
        return client


_MAKING = threading.Lock()
"""boto3's clients may be used by several threads, and be made by one only."""


@cache
def _session() -> Any:
    """What boto3 knows of AWS, read once: it takes a while. Nothing of this machine's, and no key, is in it."""
    import boto3
    import botocore.session

    for name in ("boto3", "botocore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    nothing: dict[str, Any] = {
        "profile": (None, [], None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars=nothing))


def _carrier(net: Net) -> Callable[..., Any]:
    """Sends what boto3 has built and signed, instead of boto3's own connection."""
    from botocore.awsrequest import AWSResponse, HeadersDict

    def carry(request: Any, **_: Any) -> Any:
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else bytes(body)
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        headers.pop("content-length", None)
        answer = net.send(
            Request(OPERATION, request.method, request.url, headers=headers, json=content, authorized=False)
        )
        return AWSResponse(request.url, answer.status, HeadersDict(answer.headers), _Raw(_plain(answer)))

    return carry


class _Raw(io.BytesIO):
    """A body as botocore takes it from its own connection."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _text(value: str | bytes) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)


class _Message(msgspec.Struct, rename="pascal", kw_only=True):
    message_id: Name
    receipt_handle: Key
    body: str


class _Answer(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What is read of an answer: messages, or the code and words of a refusal."""

    messages: list[_Message] | None = msgspec.field(name="Messages", default=None)
    code: Plain | None = msgspec.field(name="__type", default=None)
    message: Plain | None = None
    other_message: Plain | None = msgspec.field(name="Message", default=None)


def _plain(answer: Response) -> bytes:
    """The answer with what is read of it. botocore breaks on parts of another kind than Amazon's, and takes what is no JSON
    (a proxy's page) for an empty answer, as if no message were there."""
    if answer.status == 200 and not answer.body:
        return b""
    try:
        return msgspec.json.encode(decoded(answer.body, _Answer, status=answer.status))
    except Malformed:
        if answer.status == 200:
            raise
        raise ServerFault("no_json", placeholders={"status": str(answer.status)}) from None


def _refusal(told: dict[str, Any]) -> AdapterError:
    code = str(told.get("Error", {}).get("Code", ""))
    problem = Problem(code, scrub(str(told.get("Error", {}).get("Message", "")))[:300])
    request_id = str(told.get("ResponseMetadata", {}).get("RequestId", ""))
    if code in TOO_FAST:
        return ServerFault("queue_throttled", request_id=request_id)
    if code in KEY_REFUSED:
        return Rejected([problem], "queue_key_refused", request_id=request_id)
    if "AccessDenied" in code or code.startswith(("KMS.", "Kms")):
        return Rejected([problem], "queue_denied", request_id=request_id)
    if code in NOT_FOUND:
        return Rejected([problem], "queue_not_found", request_id=request_id)
    return Rejected([problem], "queue_refused", request_id=request_id)
