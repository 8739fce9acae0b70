"""One request: a token of the shared bucket, a time limit, an access token, and what the status means."""

import io
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

import httpx2

from forain.contracts.manifest import RateLimit
from forain.contracts.net import Download, Request, Response
from forain.core.clock import Instant
from forain.core.errors import Malformed, Problem, Rejected, ServerFault, Throttled, Unreachable
from forain.core.secret import Secret
from forain.net.addresses import Forbidden
from forain.net.http import within
from forain.net.redaction import secrets_sent, without

LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes, unpacked."""
LARGEST_DOWNLOAD = 2 * 1024**3
"""Bytes of a file, as it is sent; it is not held in memory."""
LARGEST_WORDS = 64 * 1024
"""Bytes that are read of a file that is a refusal."""
ENCODINGS = ("", "identity", "gzip")
"""How an answer may be packed. gzip makes at most a thousand times of what it reads; others, and gzip within gzip, have
no such bound."""
PATIENCE = 3
"""A request may take so many times its own time limit from connecting to the last byte, then it has no answer: the
limit itself is one of waiting for the next piece, and drop by drop there is always a next piece. So a request of half
a minute has ended before `store.orders.CLAIM_LIFE`, after which its claim counts as dead."""
PAUSE = timedelta(seconds=2)
"""Kept after a 429 beyond what the bucket says: other limits than the one we know may have been reached.

Source: developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits, read on 2026-11-23.
"""


class Limiter(Protocol):
    """Buckets shared by all workers; `store` has them, `wiring` hands them over."""

    def take(self, scope: str, limit: RateLimit) -> Instant | None:
        """None: a token was there and is taken. Else: when one will be."""
        ...

    def learn(self, scope: str, limit: RateLimit, *, server_rate: float | None, throttled: bool) -> Instant:
        """Believe the server, downwards only; the answer is when a token will be there."""
        ...


class CallLog(Protocol):
    """Who is told of each call: no payloads, no tokens. `date`: the hour the answer carries in its header, "" for none."""

    def called(self, side: str, operation: str, status: int, request_id: str, milliseconds: int, date: str) -> None: ...

    def no_answer(self, side: str, operation: str, error: str) -> None: ...


class TokenSource(Protocol):
    """Gives the access token for a request."""

    def token(self, *, refused: Secret | None = None) -> tuple[str, Secret]:
        """(header name, token). `refused`: a token the other side would not have; any other one is the answer."""
        ...


class NetClient:
    """`contracts.net.Net` for one account or shop.

    `scope` names the bucket's owner, `side` the party called. `token_expired` None: 4xx are never about an
    expired access token. `says_ill`: a 4xx that is no sign of life; None: there is none such. `rate_header`: the header
    in which the server tells its rate, "" for none.
    `signed`: signs an authorized request at the moment it leaves, where that takes the place of an access token.
    `too_fast`: this answer means what 429 means, where a server has another way to say it.
    """

    def __init__(
        self,
        http: httpx2.Client,
        *,
        scope: str,
        side: str,
        limits: Mapping[str, RateLimit],
        limiter: Limiter,
        log: CallLog,
        tokens: TokenSource | None = None,
        token_expired: Callable[[Response], bool] | None = None,
        says_ill: Callable[[Response], bool] | None = None,
        signed: Callable[[Request], Request] | None = None,
        too_fast: Callable[[Response], bool] | None = None,
        rate_header: str = "x-amzn-ratelimit-limit",
        user_agent: str = "Forain/0.1 (Language=Python)",
    ) -> None:
        self._http = http
        self._scope = scope
        self._side = side
        self._limits = limits
        self._limiter = limiter
        self._log = log
        self._tokens = tokens
        self._token_expired = token_expired
        self._says_ill = says_ill
        self._signed = signed
        self._too_fast = too_fast
        self._rate_header = rate_header
        self._user_agent = user_agent

    def send(self, request: Request) -> Response:
        """See `contracts.net.Net.send`."""
        # The access token comes first: asking for it may fail, and a token of the bucket would be lost then.
        access = self._tokens.token() if request.authorized and self._tokens else None
        response = self._once(request, access)
        if access and self._tokens and self._token_expired and self._token_expired(response):
            # The one thing that is repeated here: the access token died between cache and server. The new one is
            # fetched even if the bucket is empty now, else the next try would spend its turn on the dead one again.
            response = self._once(request, self._tokens.token(refused=access[1]))
        return response

    def download(self, request: Request) -> Download:
        """See `contracts.net.Net.download`."""
        if request.authorized:
            raise ValueError("a download gets no token")
        file = tempfile.TemporaryFile()  # noqa: SIM115 - handed on open
        try:
            response = self._once(request, None, file)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return Download(response.status, response.headers, file)

    def _once(self, request: Request, access: tuple[str, Secret] | None, into: BinaryIO | None = None) -> Response:
        limit = self._limits.get(request.operation)
        if limit is not None:
            until = self._limiter.take(self._scope, limit)
            if until is not None:
                raise Throttled(until, placeholders={"operation": request.operation})
        if self._signed and request.authorized:
            request = self._signed(request)
        headers = {
            "user-agent": self._user_agent,
            "accept": "application/json",
            "accept-encoding": "gzip",
            **(request.headers or {}),
        }
        if access:
            headers[access[0]] = access[1].reveal()
        if request.json is not None:
            headers.setdefault("content-type", "application/json")
        _check_sendable(headers)
        response = self._exchange(request, headers, into)
        if limit is not None:
            self._learn(limit, response, request)
        elif response.status == 429:
            raise ServerFault("throttled_without_limit", request_id=response.request_id)
        if response.status >= 500:
            raise ServerFault(
                "server_fault",
                request_id=response.request_id,
                placeholders={"operation": request.operation, "status": str(response.status)},
            )
        if 300 <= response.status < 400:
            raise Malformed("redirect", request_id=response.request_id, placeholders={"operation": request.operation})
        return response

    def _exchange(self, request: Request, headers: Mapping[str, str], into: BinaryIO | None) -> Response:
        """`into`: where the body goes, None: into the answer. Of a refusal its words are in the answer all the same."""
        begun = time.monotonic()
        status = 0
        told = {"operation": request.operation}
        try:
            with (
                within(request.timeout_seconds * PATIENCE),
                self._http.stream(
                    request.method,
                    request.url,
                    params=dict(request.query) if request.query else None,
                    headers=dict(headers),
                    content=request.json,
                    data=dict(request.form) if request.form is not None else None,
                    timeout=request.timeout_seconds,
                    follow_redirects=False,
                ) as answer,
            ):
                kept, largest = (io.BytesIO(), LARGEST_ANSWER) if into is None else (into, LARGEST_DOWNLOAD)
                size = 0
                status = answer.status_code
                if answer.headers.get("content-encoding", "").strip().lower() not in ENCODINGS:
                    raise httpx2.DecodingError("packed in a way nobody asked for")
                for part in answer.iter_bytes():
                    if time.monotonic() - begun > request.timeout_seconds * PATIENCE:
                        raise httpx2.ReadTimeout("drop by drop")
                    size += len(part)
                    if size > largest:
                        raise Malformed("body too large", placeholders=told)
                    kept.write(part)
                found = {name.lower(): value for name, value in answer.headers.items()}
                told_values = {**(request.query or {}), **(request.form or {})}
                sent = secrets_sent(headers, told_values, refused=status >= 400)
                response = Response(status, found, without(_words(kept, status), sent))
                if self._too_fast and self._too_fast(response):
                    response = replace(response, status=429)
        except Forbidden as error:
            # Nobody was asked; put right (the address, or what the operator allows), it works by itself.
            self._log.no_answer(self._side, request.operation, str(error))
            raise Unreachable(error.why, placeholders={**told, "host": error.host, "address": error.address}) from error
        except httpx2.RemoteProtocolError as error:
            self._log.no_answer(self._side, request.operation, "cut")
            raise ServerFault("answer_cut", placeholders=told) from error
        except httpx2.DecodingError as error:
            self._log.no_answer(self._side, request.operation, "garbled")
            raise ServerFault("no_json", placeholders={**told, "status": str(status)}) from error
        except (httpx2.TransportError, httpx2.InvalidURL, OSError) as error:
            # An address that is none counts as one where nobody lives: put right, it works by itself.
            self._log.no_answer(self._side, request.operation, type(error).__name__)
            raise Unreachable(placeholders={**told, "cause": type(error).__name__}) from error
        if 400 <= response.status < 500 and self._says_ill and self._says_ill(response):
            self._log.no_answer(self._side, request.operation, str(response.status))
            return response
        milliseconds = int((time.monotonic() - begun) * 1000)
        date = response.headers.get("date", "")
        self._log.called(self._side, request.operation, response.status, response.request_id, milliseconds, date)
        return response

    def _learn(self, limit: RateLimit, response: Response, request: Request) -> None:
        told = response.headers.get(self._rate_header, "") if self._rate_header else ""
        try:
            rate = float(told) if told and not _sandbox(request.url) else None
        except ValueError:
            rate = None
        if response.status == 429:
            until = self._limiter.learn(self._scope, limit, server_rate=rate, throttled=True)
            raise Throttled(
                until + PAUSE, request_id=response.request_id, placeholders={"operation": request.operation}
            )
        if rate is not None and rate < limit.rate * 0.999:
            self._limiter.learn(self._scope, limit, server_rate=rate, throttled=False)


def _words(kept: BinaryIO, status: int) -> bytes:
    """The body where it is in memory; of a file only what a refusal says."""
    if isinstance(kept, io.BytesIO):
        return kept.getvalue()
    kept.seek(0)
    return kept.read(LARGEST_WORDS) if status >= 400 else b""


def _sandbox(url: str) -> bool:
    """Amazon's sandbox names a rate that holds in the sandbox only (observed: 5.0 for everything).

    Source: developer-docs.amazon.com/sp-api/docs/the-selling-partner-api-sandbox, read on 2026-11-23.
    """
    return (urlsplit(url).hostname or "").startswith("sandbox.")


def _check_sendable(headers: Mapping[str, str]) -> None:
    """A key with a letter no header can carry (a curly quote from a text editor) is wrong input, not our bug."""
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise Rejected([Problem("unsendable_header", f"The value for {name} holds a character no key has.")])
