"""The private database: shared by processes, never on the network, gone with its owner, and back after kill -9."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from forain.config import postgres

SRC = Path(__file__).resolve().parents[2] / "src"
HOLD = """
import sys, time
from pathlib import Path
from forain.config import postgres
server = postgres.start(Path(sys.argv[1]))
print(server.url, flush=True)
time.sleep(120)
"""


@pytest.fixture
def home(open_folder):
    return open_folder


def holder(home):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SRC)},
    )
    return process, process.stdout.readline().strip()


def number(url):
    with psycopg.connect(url) as connection:
        return number_in(Path(connection.execute("SHOW data_directory").fetchone()[0]))


def number_in(data):
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def until_it_answers(url, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            return psycopg.connect(url, connect_timeout=3)
        except psycopg.OperationalError:
            assert time.monotonic() < end
            time.sleep(0.1)


def gone(pid, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_it_keeps_what_was_written_and_leaves_nothing_running(home):
    server = postgres.start(home)
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    pid = number(server.url)
    server.stop()
    assert gone(pid)

    server = postgres.start(home)
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    server.stop()


def test_a_second_process_uses_the_first_ones_server_and_leaves_it_running(home):
    process, url = holder(home)
    second = postgres.start(home)
    second.stop()

    assert second.url == url
    assert number(url) > 0
    process.terminate()
    process.wait(20)


def test_killing_the_owner_leaves_nothing_and_the_next_start_works(home):
    process, url = holder(home)
    pid = number(url)

    process.send_signal(signal.SIGKILL)
    process.wait(10)

    assert gone(pid)
    server = postgres.start(home)
    psycopg.connect(server.url).close()
    server.stop()


def test_a_database_in_use_is_not_discarded_and_a_discarded_one_is_new(home):
    server = postgres.start(home)
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE old (n int)")
    with pytest.raises(postgres.PostgresTrouble):
        postgres.discard(home)
    server.stop()

    postgres.discard(home)

    server = postgres.start(home)
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT to_regclass('old')").fetchone() == (None,)
    server.stop()


def test_the_database_of_an_owner_just_killed_is_discarded_once_it_has_stopped(home):
    process, _ = holder(home)
    process.kill()

    postgres.discard(home)

    server = postgres.start(home)
    psycopg.connect(server.url).close()
    server.stop()
    process.wait(10)


def test_a_deep_home_works(home):
    deep = home / ("x" * 60) / ("y" * 60)
    server = postgres.start(deep)

    psycopg.connect(server.url).close()

    server.stop()


def test_a_stale_pid_file_of_a_stranger_does_not_stop_the_start(home, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")  # A small Linux has no ps.
    server = postgres.start(home)
    with psycopg.connect(server.url) as connection:
        data = Path(connection.execute("SHOW data_directory").fetchone()[0])
    server.stop()
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")

    server = postgres.start(home)

    psycopg.connect(server.url).close()
    server.stop()


def test_the_socket_folder_of_somebody_else_is_refused(home):
    deep = home / ("z" * 100)
    deep.mkdir()
    layout = postgres._layout(deep)
    layout.sockets.rmdir()
    layout.sockets.mkdir(mode=0o777)
    layout.sockets.chmod(0o777)

    with pytest.raises(postgres.PostgresTrouble):
        postgres.start(deep)
    layout.sockets.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_a_home_that_is_opened_or_closed_later_keeps_its_database(home):
    for before, after in ((0o700, 0o755), (0o755, 0o700)):
        folder = home / f"{before:o}"
        folder.mkdir(mode=before)
        server = postgres.start(folder)
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        server.stop()

        folder.chmod(after)

        if after == 0o700:
            with pytest.raises(postgres.PostgresTrouble, match=f"chmod o\\+x {folder}$"):
                postgres.start(folder)
            continue
        server = postgres.start(folder)
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        server.stop()
        postgres.discard(folder)


def test_without_the_password_nobody_gets_in(home):
    server = postgres.start(home)

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(
            server.url.replace(":", "://x:", 1).split("@")[0].split("://")[0]
            + "://forain:wrong@"
            + server.url.split("@")[1]
        )

    server.stop()


def test_a_keeper_brings_a_killed_server_back_with_all_that_was_written(home):
    server = postgres.start(home)
    keeper = postgres.Keeper(home, server)
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    killed = number(server.url)

    os.kill(killed, signal.SIGKILL)

    with until_it_answers(server.url) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    again = number(server.url)
    assert again != killed
    keeper.stop()
    assert gone(again)


def test_a_keeper_takes_over_from_an_owner_that_was_killed_with_its_server(home):
    process, url = holder(home)
    keeper = postgres.Keeper(home, postgres.start(home))
    killed = number(url)

    process.send_signal(signal.SIGKILL)
    process.wait(10)
    os.kill(killed, signal.SIGKILL)

    assert gone(killed)
    with until_it_answers(url):
        again = number(url)
    keeper.stop()
    assert gone(again)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_an_owner_that_ends_leaves_the_server_to_those_who_use_it(home, end):
    process, url = holder(home)
    server = postgres.start(home)
    pid = number(url)

    with psycopg.connect(url) as connection:
        process.send_signal(end)
        process.wait(10)
        # So long a guardian that asks nobody would have stopped it by.
        assert not gone(pid, 2)
        assert connection.execute("SELECT 1").fetchone() == (1,)
    late = postgres.start(home)
    server.stop()
    assert number(late.url) == pid

    late.stop()
    assert gone(pid)


IN_AND_OUT = """
import sys
from pathlib import Path
import psycopg
from forain.config import postgres
for _ in range(8):
    server = postgres.start(Path(sys.argv[1]))
    with psycopg.connect(server.url) as connection:
        connection.execute("SELECT pg_sleep(0.05)")
    server.stop()
"""


def test_commands_that_come_and_go_at_once_take_the_server_from_none_of_them(home):
    postgres.start(home).stop()
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", IN_AND_OUT, str(home)],
            stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(SRC)},
        )
        for _ in range(3)
    ]  # fmt: skip

    assert [(command.communicate(timeout=120)[1], command.returncode) for command in commands] == [("", 0)] * 3
    postgres.discard(home)


def test_a_keeper_begins_no_empty_database_where_the_files_are_gone(home, caplog):
    server = postgres.start(home)
    keeper = postgres.Keeper(home, server)
    with psycopg.connect(server.url) as connection:
        data = Path(connection.execute("SHOW data_directory").fetchone()[0])
    (data / "PG_VERSION").rename(data / "PG_VERSION.away")

    os.kill(number_in(data), signal.SIGKILL)

    end = time.monotonic() + 20
    while "holds no database any more" not in caplog.text:
        assert time.monotonic() < end
        time.sleep(0.05)
    (data / "PG_VERSION.away").rename(data / "PG_VERSION")
    until_it_answers(server.url).close()
    keeper.stop()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing_behind(home):
    before = sorted(os.listdir("/proc/self/fd"))

    with pytest.raises(postgres.PostgresTrouble, match="no_such_setting"):
        postgres.start(home, ["no_such_setting=1"])

    assert sorted(os.listdir("/proc/self/fd")) == before
    server = postgres.start(home)
    psycopg.connect(server.url).close()
    server.stop()


def test_a_server_that_has_gone_is_stopped_all_the_same(home):
    before = sorted(os.listdir("/proc/self/fd"))
    server = postgres.start(home)
    pid = number(server.url)
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    server.guardian.wait(20)

    server.stop()

    assert sorted(os.listdir("/proc/self/fd")) == before


STUBBORN = """
import os, signal, sys, time

def told(number, _):
    os.write(1, signal.Signals(number).name.encode() + b" ")
    if number == signal.SIGQUIT:
        os._exit(0)

signal.signal(signal.SIGINT, told), signal.signal(signal.SIGQUIT, told)
os.write(1, b"up" + bytes([10]))
time.sleep(120)
"""


def test_a_server_that_does_not_stop_when_asked_is_stopped_at_once_before_others_wait_for_long():
    reading, writing = os.pipe()
    guardian = subprocess.Popen(
        [sys.executable, str(SRC / "forain" / "config" / "postgres_guardian.py"), str(reading), "1", "2", "-", sys.executable, "-c", STUBBORN],
        pass_fds=(reading,), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(reading)
    assert guardian.stdout.readline() == "up\n"

    os.close(writing)

    code, told = guardian.wait(20), guardian.stdout.read().split()
    assert (code, told) == (0, ["SIGINT", "SIGQUIT"])


def test_a_pid_file_that_was_cut_off_does_not_stop_the_start(home):
    server = postgres.start(home)
    with psycopg.connect(server.url) as connection:
        data = Path(connection.execute("SHOW data_directory").fetchone()[0])
    server.stop()
    (data / "postmaster.pid").write_text("")

    server = postgres.start(home)

    psycopg.connect(server.url).close()
    server.stop()
