"""Serves a box on loopback: `forain box`, or `python -m forain_box`."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from waitress.server import create_server

from forain_box import Box, keep, small_world
from forain_box.http import LARGEST_BODY, Cut

FIRST = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""Where a manual clock begins: always at the same moment, so that the same calls make the same world."""
THREADS = 64
"""So many calls may hang at once, by misfortune, before others (who mends them, first of all) have to wait."""


def _cutting(box: Box) -> Callable[..., Iterable[bytes]]:
    """The box for a real server: a cut is an answer that promises more than it sends, then a closed connection."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return box.wsgi(environ, start_response)
        except Cut:
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "64")])
            return [b'{"']

    return application


class RunningBox:
    """A box served by threads of this process."""

    def __init__(self, box: Box, port: int = 0) -> None:
        self.box = box
        # A slow client must not stop the others; a box is never reachable from elsewhere. What is somewhat too large
        # is read to its end, since a client that still sends would miss its 413; what is absurd is not.
        self._server = create_server(
            _cutting(box), host="127.0.0.1", port=port, threads=THREADS, ident="box",
            max_request_body_size=8 * LARGEST_BODY,
        )  # fmt: skip
        self.url = f"http://127.0.0.1:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run, name="box", daemon=True)
        self._guard = threading.Lock()

    def start(self) -> "RunningBox":
        self._thread.start()
        return self

    def stop(self) -> None:
        # Answers under way first: a thread that ends one after the close would stumble over it.
        self._server.task_dispatcher.shutdown()
        # Closed by the thread that waits for it (what another one closes under its hands is a bad file descriptor), and
        # not before it was woken for it: waking needs what is closed then.
        with self._guard:
            self._server.trigger.pull_trigger(self._close)
        self._thread.join(5)

    def _close(self) -> None:
        with self._guard:
            self._server.close()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="forain box", description="A simulated Amazon seller side, on loopback.")
    parser.add_argument("--port", type=_port, default=8900, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--clock",
        choices=("real", "manual"),
        default="real",
        help=f"manual stands at {FIRST:%Y-%m-%d %H:%M} UTC at first",
    )
    parser.add_argument("--state", type=Path, help="a file the world is kept in, so that it survives a restart")
    parser.add_argument("--empty", action="store_true", help="without the small world")
    parser.add_argument("--no-throttle", action="store_true", help="for measuring speed only")
    told = parser.parse_args(arguments)
    try:
        world = keep.read(told.state, told.clock) if told.state and told.state.exists() else None
        start = FIRST if told.clock == "manual" else None
        box = Box(told.seed, told.clock, start, throttle=not told.no_throttle, world=world)
        if world is None and not told.empty:
            small_world.furnish(box.world)
        if told.state:
            keep.write(box.world, told.state)
    except (keep.Unreadable, OSError) as error:
        print(f"--state {told.state}: {error}", file=sys.stderr)
        return 1
    try:
        running = RunningBox(box, told.port)
    except OSError as error:
        print(f"port {told.port} cannot be used ({error.strerror}); --port 0 takes a free one", file=sys.stderr)
        return 1
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    running.start()
    print("This is a simulation, not Amazon. Panel: " + running.url + "/box/", file=sys.stderr, flush=True)
    sys.stdout.write(json.dumps({"url": running.url}) + "\n")
    sys.stdout.flush()
    _keep_until(ended, box, told.state)
    running.stop()
    return 0 if told.state is None or _kept(box, told.state) else 1


def _keep_until(ended: threading.Event, box: Box, file: Path | None) -> None:
    """Write the world once a second where it changed: a killed box loses a second at most."""
    written = -1
    while not ended.wait(1.0 if file else None):
        with box.lock:
            if file and box.changes != written:
                _kept(box, file)
                written = box.changes


def _kept(box: Box, file: Path) -> bool:
    """Write the world; False, with a sentence, where that cannot be done now: the box goes on, and tries
    again at the next change."""
    try:
        keep.write(box.world, file)
    except OSError as error:
        print(f"--state {file}: {error}; the world is not kept", file=sys.stderr, flush=True)
        return False
    return True
