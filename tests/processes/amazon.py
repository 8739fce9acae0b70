"""The box as the story's Amazon: a process of its own, and a clock that Forain shares."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from forain.cli.house import free_port
from forain_box import keep
from forain_box.world import World

from .system import Service, environment


class Amazon:
    """The box in a process of its own, by its control API; it keeps its world in a file."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.state_file, self.port = folder / "box.json", free_port()
        self.clock_file, self.shift = folder / "clock.json", 0.0
        self.clock_file.write_text("0")
        command = [sys.executable, "-m", "forain_box", "--port", str(self.port), "--seed", str(seed), "--empty"]
        command += ["--state", str(self.state_file)]
        self.service = Service("box", command, environment(), folder / "box.log")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """None where it says no, or is not there."""
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"http://127.0.0.1:{self.port}/box/api/{path}", data=data, method=method)
        try:
            with urlopen(request, timeout=10) as answer:
                return json.loads(answer.read())
        except (HTTPError, URLError, OSError):
            return None

    def advance(self, seconds: float) -> None:
        """Time goes on for Amazon and Forain. A box that was away has missed some time: it catches up."""
        told = self.call("GET", "clock")
        if told is None:
            return
        self.shift += seconds
        behind = (self.now() - datetime.fromisoformat(told["now"])).total_seconds()
        if behind > 0 and self.call("POST", "clock", {"advance_seconds": behind}) is None:
            self.shift -= seconds
            return
        part = self.clock_file.with_suffix(".part")
        part.write_text(json.dumps(self.shift))
        part.replace(self.clock_file)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.shift)

    @property
    def world(self) -> World:
        """The world as the file has it: a second old at most."""
        return keep.read(self.state_file, "real")
