"""A real Vendure on loopback, for the demo and the tests: npm packages installed once, a seeded database copied each time."""

import ctypes
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

HERE = Path(__file__).resolve().parent
START_SECONDS = 60


class NoVendure(Exception):
    """The real shop cannot be had here; the text says why."""


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _run(command: list[str], folder: Path, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode != 0:
        raise NoVendure(f"{' '.join(command)}: {(done.stdout + done.stderr)[-600:]}")


def install(cache: Path, goods: list[dict[str, object]]) -> Path:
    """The folder with packages and a seeded database; made once for this lock file, plugin and goods."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise NoVendure("node and npm are needed (Node 20 or newer)")
    sources = [
        HERE / "package-lock.json",
        HERE / "package.json",
        HERE / "shop.js",
        HERE.parent / "plugin" / "forain.js",
    ]
    told = json.dumps(goods, sort_keys=True).encode()
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in sources) + told).hexdigest()[:12]
    folder = cache / f"vendure-{mark}"
    if (folder / "complete").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in sources:
        shutil.copy(file, folder)
    (folder / "goods.json").write_bytes(told)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], folder)
    (folder / "seeded").mkdir()
    _run(["node", "shop.js", "seed"], folder, DATA=str(folder / "seeded"), GOODS=str(folder / "goods.json"), PORT="0")
    (folder / "complete").touch()
    return folder


@dataclass
class RunningShop:
    """`url` and `token` are what a merchant would enter."""

    url: str
    token: str
    process: "subprocess.Popen[bytes]"

    def ask(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """What the shop's own people do, through the same Admin API."""
        return _ask(self.url, query, variables, self.token)[0]["data"]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


def _ask(url: str, query: str, variables: dict[str, Any] | None = None, token: str = "") -> tuple[Any, str]:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    request = Request(url, json.dumps({"query": query, "variables": variables or {}}).encode(), headers)
    with urlopen(request, timeout=20) as answer:
        return json.loads(answer.read()), answer.headers.get("vendure-auth-token", "")


def start(folder: Path, data: Path, hook_url: str = "", hook_secret: str = "") -> RunningShop:
    """Serve a fresh copy of the seeded shop. Raises NoVendure."""
    shutil.copytree(folder / "seeded", data)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "DATA": str(data), "PORT": str(port), "HOOK_URL": hook_url, "HOOK_SECRET": hook_secret}
    log = (data / "log").open("wb")
    process = subprocess.Popen(
        ["node", "shop.js"], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True, preexec_fn=_die_with_parent,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/admin-api"
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _, token = _ask(url, 'mutation { login(username: "superadmin", password: "superadmin") { __typename } }')
            return RunningShop(url, token, process)
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise NoVendure((data / "log").read_text()[-600:]) from None
            time.sleep(0.1)
