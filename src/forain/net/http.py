"""Builds the one HTTP client of a process: where it may connect to, and how long a request may last, are decided in its
transport, below everything that could forget to ask."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore2
import httpx2

from forain.net.addresses import Forbidden, Guard, well_formed

Wsgi = Callable[..., Iterable[bytes]]
LIMITS = httpx2.Limits(max_connections=20, max_keepalive_connections=10)
_ends: ContextVar[float | None] = ContextVar("forain_request_ends", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """A request made inside is over after so many seconds, however many small pieces keep it alive."""
    token = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    ends = _ends.get()
    if ends is None:
        return timeout
    left = ends - time.monotonic()
    if left <= 0:
        raise late("the whole time is up")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step ends with the request's whole time."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore2.SyncBackend):
    """Connects to what the guard resolved and allowed. `guard` None: to the proxy the operator named, wherever it is."""

    def __init__(self, guard: Guard | None) -> None:
        self._guard = guard

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        try:
            found = self._guard.addresses(host, port) if self._guard else [host]
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        while True:
            address = found.pop(0)
            left = _left(timeout, httpcore2.ConnectTimeout)
            try:
                return _Stream(super().connect_tcp(address, port, left, local_address, socket_options))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if not found:
                    raise


class _Pool(httpx2.HTTPTransport):
    def __init__(self, guard: Guard | None, proxy: str | None = None) -> None:
        super().__init__(limits=LIMITS, proxy=proxy)
        pool: Any = self._pool
        if not hasattr(pool, "_network_backend"):
            raise RuntimeError("this version of the HTTP client has no place for the guard")
        pool._network_backend = _Backend(guard)


class _Way(httpx2.BaseTransport):
    """Out of the house: directly, or through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name.

    Behind a proxy it is the proxy that resolves and connects: a name that means something forbidden here is refused
    here, one that only the proxy knows is the proxy's to judge.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._direct = _Pool(guard)
        named = {scheme: url for scheme, url in getproxies().items() if scheme in ("http", "https", "all")}
        self._proxied = {
            scheme: _Pool(None, url if "://" in url else f"http://{url}") for scheme, url in named.items() if url
        }

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        if not well_formed(f"{url.scheme}://{url.netloc.decode('ascii')}") or url.userinfo:
            raise httpx2.UnsupportedProtocol(f"{url.scheme} with such a host is no address of ours")
        proxied = self._proxied.get(url.scheme) or self._proxied.get("all")
        if proxied is None or proxy_bypass(url.host):
            return self._direct.handle_request(request)
        with suppress(OSError):
            self._guard.addresses(url.host, url.port or 0)
        return proxied.handle_request(request)

    def close(self) -> None:
        for one in (self._direct, *self._proxied.values()):
            one.close()


def client(wsgi: Wsgi | None = None, guard: Guard | None = None) -> httpx2.Client:
    """A client with bounded connections that follows no redirect and believes no .netrc.

    `wsgi`: answer every call by this application, in-process. `guard` None: nothing private is opened.
    """
    transport: Any = httpx2.WSGITransport(app=wsgi) if wsgi is not None else _Way(guard or Guard())
    return httpx2.Client(transport=transport, follow_redirects=False, trust_env=False)


__all__ = ["Forbidden", "client", "within"]
