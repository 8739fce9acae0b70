"""Builds the one HTTP client of a process."""

from collections.abc import Callable, Iterable
from typing import Any

import httpx2

Wsgi = Callable[..., Iterable[bytes]]


def client(wsgi: Wsgi | None = None) -> httpx2.Client:
    """A client with bounded connections. `wsgi`: answer every call by this application, in-process."""
    transport: Any = httpx2.WSGITransport(app=wsgi) if wsgi is not None else None
    return httpx2.Client(
        transport=transport,
        limits=httpx2.Limits(max_connections=20, max_keepalive_connections=10),
        follow_redirects=False,
        trust_env=wsgi is None,
    )
