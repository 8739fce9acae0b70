"""A queue of messages that a marketplace writes into, as flows see it. `net` provides it, `wiring` hands it over."""

from dataclasses import dataclass
from typing import Protocol

from forain.core.secret import Secret


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """Where a queue is and who reads it. `url`: as its owner sees it in the console, `region`: its provider's word."""

    url: str
    region: str
    access_key_id: str


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """One message as it was received. `receipt`: by which it is deleted, good for this receiving only. `body` may hold a
    secret."""

    message_id: str
    receipt: str
    body: Secret


class Queue(Protocol):
    """At least once, in no order. Every method raises Unreachable, ServerFault, Malformed, and Rejected with one of boto3_missing,
    queue_key_refused, queue_denied, queue_not_found, queue_refused."""

    def receive(self) -> tuple[QueueMessage, ...]:
        """Up to ten messages; () when there are none to be had now. Each is hidden for a minute, then there again unless it
        is deleted."""
        ...

    def delete(self, message: QueueMessage) -> None:
        """The message is done with. Safe to repeat; it may come once more all the same."""
        ...

    def check(self) -> None:
        """Whether we may receive and delete there; nothing is received, and nothing deleted."""
        ...
