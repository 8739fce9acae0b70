"""Access tokens: kept for as long as the server said, renewed once by whoever comes first, in memory only."""

import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta

from forain.core.clock import Clock, Instant
from forain.core.secret import Secret

MARGIN = timedelta(minutes=5)
"""A token is renewed this long before its end: it must not die on the way."""


class AccessTokens:
    """All access tokens of this process, one per client and refresh token; single flight for each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._kept: dict[str, tuple[Secret, Instant]] = {}

    def get(
        self, client: str, refresh: Secret, exchange: Callable[[], tuple[Secret, int]], *, refused: Secret | None = None
    ) -> Secret:
        """The token; `exchange` fetches (token, lifetime in seconds) and may raise, which is not remembered.

        `refused`: a token the other side would not have. Threads that were refused with the same one cause one
        exchange, however late they come: the token kept since then is another, and is the answer.
        """
        key = hashlib.sha256(f"{client}\0{refresh.reveal()}".encode()).hexdigest()
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            kept = self._kept.get(key)
            if kept is not None and kept[1] > self._clock.now() and kept[0] != refused:
                return kept[0]
            token, seconds = exchange()
            life = timedelta(seconds=seconds)
            margin = min(MARGIN, life / 10)
            self._kept[key] = (token, self._clock.now() + life - margin)
            return token


class RefreshingSource:
    """`net.client.TokenSource` over an adapter's token exchange. `header`: where the token goes."""

    def __init__(
        self,
        tokens: AccessTokens,
        client: str,
        refresh: Secret,
        exchange: Callable[[], tuple[Secret, int]],
        header: str,
    ) -> None:
        self._tokens, self._client, self._refresh = tokens, client, refresh
        self._exchange, self._header = exchange, header

    def token(self, *, refused: Secret | None = None) -> tuple[str, Secret]:
        """(header, token); see `AccessTokens.get`."""
        return self._header, self._tokens.get(self._client, self._refresh, self._exchange, refused=refused)
