"""The one door out of the house, as adapters see it. `net` provides it, `wiring` hands it over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `operation`: the manifest's name of it, for its rate limit. `json` None: no body.

    `form`: sent as application/x-www-form-urlencoded. `authorized`: put the access token on it.
    `repeatable`: carrying it out twice does no harm.
    """

    operation: str
    method: str
    url: str
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    json: bytes | None = None
    form: Mapping[str, str] | None = None
    authorized: bool = True
    timeout_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Response:
    """An answer below 500 that is what it says to be. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """The other side's name of this call, "" when it gave none."""
        return self.headers.get("x-amzn-requestid") or self.headers.get("x-request-id") or ""


@dataclass(frozen=True, slots=True)
class Download:
    """A large answer as a file without a name, which is gone when it is closed; whoever asked for it closes it. Header names
    in lower case. `file` stands at its beginning."""

    status: int
    headers: Mapping[str, str]
    file: BinaryIO


class Net(Protocol):
    """Sends one request: limiter, timeout, redaction, journal. Never retries, but for an expired access token."""

    def send(self, request: Request) -> Response:
        """The answer, whatever its status below 500.

        Raises Throttled (by our own bucket, or 429), Unreachable (no answer; it may have been carried
        out), ServerFault (5xx, or an answer cut off).
        """
        ...

    def download(self, request: Request) -> Download:
        """The same for what is too large for memory: on disk until it is closed, and nowhere else.

        Only for addresses that get no token of ours (`authorized` false): secrets are not looked for in it.
        """
        ...
