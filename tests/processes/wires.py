"""A way on loopback that loses connections: it cuts them, holds them up, and closes one direction of them."""

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Callable

LINGER_NONE = struct.pack("ii", 1, 0)
"""Closed with this, a connection ends with a reset."""
HALF_SECONDS = 5.0
"""So long a connection of which one direction was closed lives on."""


class _Line:
    """One connection: `near` to who called, `far` to who is called."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.ends = (near, far)
        self.dropped: int | None = None
        self.ends_at: float | None = None
        self.closed = False

    def close(self, reset: bool) -> None:
        self.closed = True
        for end in self.ends:
            with contextlib.suppress(OSError):
                if reset and end.family == socket.AF_INET:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
                end.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                end.close()


class Wire:
    """Listens on a free port of 127.0.0.1 and leads to where `connect` connects. Threads of this process."""

    def __init__(self, connect: Callable[[], socket.socket], chance: random.Random) -> None:
        self._connect, self._chance = connect, chance
        self._lines: list[_Line] = []
        self._guard = threading.Lock()
        self._stalled_until = 0.0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, name=f"wire-{self.port}", daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            try:
                far = self._connect()
            except OSError:
                near.close()
                continue
            line = _Line(near, far)
            with self._guard:
                self._lines = [known for known in self._lines if not known.closed] + [line]
            for number in (0, 1):
                threading.Thread(target=self._pump, args=(line, number), daemon=True).start()

    def _pump(self, line: _Line, number: int) -> None:
        """Carry what end `number` says to the other end."""
        here, there = line.ends[number], line.ends[1 - number]
        try:
            while True:
                told = here.recv(65536)
                while time.monotonic() < self._stalled_until and not line.closed:
                    time.sleep(0.02)
                if line.dropped == number and told:
                    continue
                if not told:
                    there.shutdown(socket.SHUT_WR)
                    return
                there.sendall(told)
        except OSError:
            line.close(reset=False)

    def _living(self) -> list[_Line]:
        with self._guard:
            return [line for line in self._lines if not line.closed]

    def cut(self, everything: bool) -> int:
        """Reset one connection, or all of them; the answer is how many."""
        lines = self._living()
        if lines and not everything:
            lines = [self._chance.choice(lines)]
        for line in lines:
            line.close(reset=True)
        return len(lines)

    def stall(self, seconds: float) -> None:
        """Nothing passes for so long; then all that waited does."""
        self._stalled_until = time.monotonic() + seconds

    @property
    def stalled(self) -> bool:
        return time.monotonic() < self._stalled_until

    def half_close(self) -> int:
        """One direction of one connection ends; what is said in it from now on is lost. The answer is 0 or 1."""
        lines = [line for line in self._living() if line.dropped is None]
        if not lines:
            return 0
        line = self._chance.choice(lines)
        line.dropped = self._chance.choice((0, 1))
        line.ends_at = time.monotonic() + HALF_SECONDS
        with contextlib.suppress(OSError):
            line.ends[1 - line.dropped].shutdown(socket.SHUT_WR)
        return 1

    def tend(self) -> None:
        """Called often: connections that were half closed come to their end."""
        for line in self._living():
            if line.ends_at is not None and time.monotonic() > line.ends_at:
                line.close(reset=True)

    def heal(self) -> None:
        self._stalled_until = 0.0
        for line in self._living():
            if line.dropped is not None:
                line.close(reset=True)

    def stop(self) -> None:
        self._listening.close()
        self.cut(everything=True)
