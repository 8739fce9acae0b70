"""The command line as a person types it, with wrong input too. Each test has a home of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def forain(tmp_path):
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    environment = {
        k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "FORAIN_TEST_POSTGRES", "LANG", "LC_ALL")
    }
    environment |= {"FORAIN_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C.UTF-8"}

    def run(*arguments, background=False, **more):
        command = [sys.executable, "-m", "forain.cli", *arguments]
        if background:
            return subprocess.Popen(
                command,
                env=environment | more,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        return subprocess.run(
            command, env=environment | more, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
        )

    return run


def test_an_empty_house_says_what_to_do_next(forain):
    shown = forain("status")
    told = json.loads(forain("status", "--json").stdout)

    assert shown.returncode == 0, shown.stderr
    assert "connect Amazon" in shown.stdout
    assert told == {"worker": "away", "issues": [], "accounts": []}


def test_a_shop_is_added_checked_and_listed(forain, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "catalogue.csv").write_text("sku,title,price,currency,on_hand\nA,a,1.00,EUR,1\n")

    added = forain("shop", "add", "files", "--option", f"folder={folder}", "--name", "Mine")
    wrong = forain("shop", "add", "files", "--option", "folder=/nowhere", "--name", "Other")
    unknown = forain("shop", "add", "magic")
    twice = forain("shop", "add", "files", "--option", f"folder={folder}", "--name", "Mine")

    assert added.returncode == 0, added.stderr
    assert "Mine" in forain("shop", "list").stdout
    assert forain("shop", "check", "1").stdout.strip() == str(folder)
    assert (wrong.returncode, "no such folder" in wrong.stderr) == (1, True)
    assert "there are files" in unknown.stderr
    assert "already" in twice.stderr
    assert "no shop 9" in forain("shop", "check", "9").stderr
    assert "no shop 9" in forain("shop", "secret", "9", "token").stderr
    assert "files has no secret token" in forain("shop", "secret", "1", "token").stderr


def test_secrets_are_never_arguments_and_bad_ones_are_refused_with_a_sentence(forain, tmp_path):
    common = (
        "account",
        "add",
        "amazon",
        "--seller-id",
        "A1EXAMPLE23456",
        "--client-id",
        "amzn1.application-oa2-client.1",
    )
    none = forain(*common)
    (tmp_path / "secret").write_text("short")
    short = forain(*common, "--client-secret-file", str(tmp_path / "secret"), FORAIN_REFRESH_TOKEN="nonsense")

    assert "FORAIN_CLIENT_SECRET" in none.stderr
    assert "client_secret: This does not look right" in short.stderr
    assert "refresh_token: This does not look right" in short.stderr
    assert forain("account", "list").stdout == ""


def test_wrong_settings_are_named_with_their_cure(forain):
    for name, value, words in (
        ("DATABASE_URL", "mysql://x", "must begin with postgresql://"),
        ("FORAIN_PUBLIC_URL", "http://shop.example", "https://"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "Is DATABASE_URL right?"),
    ):
        shown = forain("status", **{name: value})
        assert shown.returncode == 1
        assert words in shown.stderr
        assert "Traceback" not in shown.stderr


def up(forain, *arguments):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = forain("up", "--port", str(port), *arguments, background=True)
    told = ""
    while "Ctrl-C" not in told:
        line = process.stdout.readline()
        assert line, told
        told += line
    return process, port, told


def children_of(process):
    shown = subprocess.run(["ps", "-e", "-o", "pid=,ppid=,sid=,args="], capture_output=True, text=True).stdout
    return [line for line in shown.splitlines() if "postgres" in line and "defunct" not in line]


def test_up_serves_is_healthy_and_ctrl_c_stops_everything(forain, tmp_path):
    process, port, told = up(forain)

    assert f"http://127.0.0.1:{port}/first/" in told
    deadline = time.monotonic() + 20
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                assert json.loads(answer.read()) == {"database": "ok", "worker": "ok"}
                break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    other = forain("status", "--json")
    assert json.loads(other.stdout)["worker"] == "running"
    process.send_signal(signal.SIGINT)

    assert process.wait(40) == 0
    assert not [line for line in children_of(process) if str(tmp_path) in line]


def test_killing_up_leaves_nothing_running_and_the_next_start_works(forain, tmp_path):
    process, _, _ = up(forain)
    process.kill()
    process.wait(10)
    deadline = time.monotonic() + 20
    while [line for line in children_of(process) if str(tmp_path) in line]:
        assert time.monotonic() < deadline
        time.sleep(0.2)

    again, _, _ = up(forain)
    again.send_signal(signal.SIGTERM)
    assert again.wait(40) == 0


def test_an_end_that_comes_while_it_starts_is_kept(forain, tmp_path):
    process = forain("up", "--port", "0", background=True)
    time.sleep(1.0)
    process.send_signal(signal.SIGTERM)

    # Before our own code runs the signal simply ends Python; then nothing had been started yet.
    assert process.wait(40) in (0, -signal.SIGTERM)
    assert not [line for line in children_of(process) if str(tmp_path) in line]


def test_a_port_in_use_is_said(forain):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        shown = forain("up", "--port", str(taken.getsockname()[1]))

    assert shown.returncode == 1
    assert "--port takes another" in shown.stderr


def test_the_box_prints_one_line_of_json(forain):
    process = forain("box", "--port", "0", background=True)
    lines = [process.stdout.readline() for _ in range(2)]
    url = next(json.loads(line)["url"] for line in lines if line.startswith("{"))

    with urlopen(f"{url}/box/api/state", timeout=5) as answer:
        assert len(json.loads(answer.read())["sellers"]) == 3
    process.terminate()
    assert process.wait(10) == 0
