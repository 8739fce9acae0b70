"""The box as a process: what it says at its start, where it listens, what it keeps, and what it makes of raw bytes."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from forain_box.http import LARGEST_BODY

SOURCES = Path(__file__).resolve().parents[2] / "src"


class Served:
    """A running box. `told`: its line of JSON; `said`: its standard error, once it has ended."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "forain_box", *arguments], env={**os.environ, "PYTHONPATH": str(SOURCES)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        line = self.process.stdout.readline()
        self.told = json.loads(line) if line else None
        self.port = int(self.told["url"].rpartition(":")[2]) if line else 0
        self.said = ""

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        _, self.said = self.process.communicate(timeout=20)
        return self.process.returncode

    def control(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.told['url']}/box/api/{path}", data), timeout=20) as answer:
            return json.loads(answer.read())

    def raw(self, sent, wait=20):
        """Everything that comes back for these bytes until the connection ends."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as line:
            line.sendall(sent)
            got = b""
            # Who is refused before he has sent all of it may find the line reset behind the answer.
            with suppress(ConnectionResetError):
                while piece := line.recv(65536):
                    got += piece
        return got


@contextmanager
def served(*arguments):
    box = Served("--port", "0", *arguments)
    try:
        yield box
    finally:
        box.end()


@pytest.fixture(scope="module")
def box():
    with served("--clock", "manual") as one:
        yield one
    assert "Traceback" not in one.said


def test_it_prints_one_line_of_json_and_says_that_it_is_a_simulation():
    with served() as one:
        assert list(one.told) == ["url"]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", one.told["url"])
        assert one.end() == 0
    assert "This is a simulation, not Amazon." in one.said


def test_it_is_reachable_on_loopback_only(box):
    found = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = [row.split()[1] for row in found if row.split()[3] == "0A"]

    assert [at for at in listening if at.endswith(f":{box.port:04X}")] == [f"0100007F:{box.port:04X}"]


def test_it_starts_with_the_small_world_or_with_nothing(box):
    assert len(box.control("state")["sellers"]) == 3
    with served("--empty") as empty:
        assert (empty.control("state")["sellers"], empty.control("state")["applications"]) == ([], [])


def test_a_port_that_is_taken_is_said(box):
    second = Served("--port", str(box.port))

    assert (second.told, second.end()) == (None, 1)
    assert "cannot be used" in second.said


def lived(one):
    """The bytes that came back, heads and all, for the same calls."""
    answers = []

    def ask(method, path, body=b""):
        sent = f"{method} {path} HTTP/1.1\r\nHost: box\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        answers.append(one.raw(sent.encode() + body))

    order = {"seller_id": "A1BOXSELLEREU", "marketplace_id": "A13V1IB3VIYZZH", "items": [{"sku": "HONEY"}]}
    ask("POST", "/box/api/applications", b'{"name": "One"}')
    ask("POST", "/box/api/orders", json.dumps(order).encode())
    ask("GET", "/eu/sellers/v1/account")
    ask("POST", "/box/api/clock", b'{"advance_seconds": 100000}')
    ask("GET", "/box/api/state")
    return answers


def test_two_boxes_of_one_seed_answer_the_same_bytes():
    worlds = []
    for _ in range(2):
        with served("--clock", "manual", "--seed", "7") as one:
            worlds.append(lived(one))

    assert worlds[0] == worlds[1]
    with served("--clock", "manual", "--seed", "8") as other:
        assert lived(other) != worlds[0]


def test_a_killed_box_goes_on_where_it_stood(tmp_path):
    file = tmp_path / "world.json"
    with served("--state", str(file), "--clock", "manual", "--empty") as one:
        one.control("sellers", {"seller_id": "S1", "marketplace_ids": ["A13V1IB3VIYZZH"]})
        one.control("clock", {"advance_seconds": 5000})
        before = one.control("state")
        for _ in range(100):
            if before["now"][:19].encode() in file.read_bytes():
                break
            time.sleep(0.1)
        one.end(signal.SIGKILL)
    with served("--state", str(file), "--clock", "manual", "--empty") as two:
        assert two.control("state") == before


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\x00", b"[" * 100_000, b'{"version":1', None])
def test_a_state_that_cannot_be_read_is_said_in_a_sentence(tmp_path, content):
    file = tmp_path / "world.json"
    file.mkdir() if content is None else file.write_bytes(content)
    one = Served("--port", "0", "--state", str(file))

    assert (one.told, one.end()) == (None, 1)
    assert one.said.startswith(f"--state {file}: ")
    assert "Traceback" not in one.said


def test_a_state_that_cannot_be_written_is_said_and_the_box_goes_on(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    with served("--state", str(folder / "world.json"), "--clock", "manual") as one:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        one.control("clock", {"advance_seconds": 1})
        time.sleep(1.5)
        assert one.control("clock")["kind"] == "manual"
        assert one.end() == 1
    assert "the world is not kept" in one.said
    assert "Traceback" not in one.said


HEAD = b"Host: x\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /eu/../box HTTP/1.1\r\n" + HEAD + b"\r\n", 403), (b"GET /eu/%2e%2e/box/ HTTP/1.1\r\n" + HEAD + b"\r\n", 403),
        (b"GET /documents/..%2Fbox HTTP/1.1\r\n" + HEAD + b"\r\n", 404), (b"GET /%00 HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
        (b"GET /box/api/sellers/%2e%2e/x HTTP/1.1\r\n" + HEAD + b"\r\n", 404), (b"GET /\xff\xfe HTTP/1.1\r\n" + HEAD + b"\r\n", 400),
        (b"GET /box/api/clock HTTP/1.0\r\n\r\n", 200), (b"\x16\x03\x01\r\n\r\n", 400), (b"GET /%ff%fe HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
        (b"POST /box/api/clock HTTP/1.1\r\n" + HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (b"POST /box/api/clock HTTP/1.1\r\n" + HEAD + b"Content-Length: 1e3\r\n\r\n", 400),
        (b"POST /box/api/clock HTTP/1.1\r\n" + HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        (b"POST /box/api/clock HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /box/api/clock HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200),
        (b"POST /box/api/clock HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET /box/ HTTP/1.1\r\n" + HEAD + b"X-A: " + b"a" * 300_000 + b"\r\n\r\n", 431),
        (b"GET /eu/sellers/v1/account HTTP/1.1\r\n" + HEAD + b"x-amz-access-token: " + b"a" * 100_000 + b"\r\n\r\n", 403),
        (b"TRACE /box/ HTTP/1.1\r\n" + HEAD + b"\r\n", 405), (b"OPTIONS * HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
    ],
)  # fmt: skip
def test_raw_bytes_are_answered_as_what_they_are(box, sent, status):
    assert box.raw(sent).split(b" ", 2)[1] == str(status).encode()


def test_a_body_that_is_too_large_is_read_and_refused(box):
    sent = b"POST /box/api/clock HTTP/1.1\r\n" + HEAD + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + 1)

    assert box.raw(sent + b" " * (LARGEST_BODY + 1)).startswith(b"HTTP/1.1 413 ")


def test_a_host_cannot_write_into_the_answer(box):
    sent = b"GET /seller-central/eu/home HTTP/1.1\r\nHost: a<script>\r\nConnection: close\r\n\r\n"

    assert b"<script>" not in box.raw(sent)
