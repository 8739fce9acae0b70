"""Processes that die with us, a disk small enough to be filled, and the processes of a PostgreSQL."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x00020000, 0x4000, 0x40000
MNT_DETACH = 2
"""Linux: prctl(2), unshare(2), mount(2), umount2(2)."""
FILLER = "filler"
ROOT = Path(__file__).resolve().parents[2]


def environment(**more: str) -> dict[str, str]:
    """Ours without what would lead a child to another database or home, and with `more`."""
    dropped = ("DATABASE_URL", "FORAIN_", "DJANGO_", "PYTEST_", "LANG", "LC_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    # Box and proxies are on this machine.
    kept["FORAIN_ALLOW_PRIVATE"] = "localhost"
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1", **more}


def die_with_parent() -> None:
    """For a child, before its program begins: whoever kills us leaves nothing behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def own_mounts() -> bool:
    """Mounts we make are seen by us and our children only, and go with the last of us. False: not allowed here."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.unshare(CLONE_NEWNS) == 0 and libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0)


class SmallDisk:
    """A disk of `megabytes` in memory at `place`; needs `own_mounts`."""

    def __init__(self, place: Path, megabytes: int) -> None:
        self.place = place
        place.mkdir(mode=0o755, exist_ok=True)
        told = f"size={megabytes}m,mode=0755".encode()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"tmpfs", bytes(place), b"tmpfs", 0, told) != 0:
            raise OSError(ctypes.get_errno(), "mount", str(place))

    def fill(self) -> None:
        """To the brim, and again with what was freed meanwhile."""
        with (self.place / FILLER).open("ab") as filler:
            for size in (1 << 20, 1 << 12):
                while True:
                    try:
                        os.posix_fallocate(filler.fileno(), os.fstat(filler.fileno()).st_size, size)
                    except OSError:
                        break

    def free(self) -> None:
        (self.place / FILLER).unlink(missing_ok=True)

    def take_away(self) -> None:
        """With all that is on it; the empty folder stays."""
        ctypes.CDLL(None).umount2(bytes(self.place), MNT_DETACH)


class Service:
    """A process that is started again when it has ended, as a service manager would. `log`: all it says."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name, self._command, self._environment, self.log = name, command, environment, log
        self.process: subprocess.Popen[bytes] | None = None
        self.up_at: float | None = None
        """When to start it next (monotonic); None: it runs, or shall not."""
        self.ended_by_itself = 0

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.up_at = None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=dict(self._environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent, cwd="/",
            )  # fmt: skip

    def kill(self, up_in: float) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.up_at = time.monotonic() + up_in

    def tend(self) -> None:
        """Called often: start what is to be started."""
        if self.process is None:
            return
        if self.up_at is None and not self.alive:
            self.ended_by_itself += 1
            self.up_at = time.monotonic() + 1.0
        if self.up_at is not None and time.monotonic() >= self.up_at:
            self.start()

    def stop(self, seconds: float = 60) -> int | None:
        """In order (SIGTERM), and not started again; the answer is its exit code, None: it had to be killed."""
        self.up_at = None
        process, self.process = self.process, None
        if process is None:
            return 0
        process.terminate()
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def postmaster(data: Path) -> int | None:
    """The process that serves the cluster in `data`; None: there is none at this moment."""
    try:
        number = int((data / "postmaster.pid").read_text().split()[0])
        told = Path(f"/proc/{number}/cmdline").read_bytes()
    except (OSError, ValueError, IndexError):
        return None
    return number if bytes(data) in told else None


def backends(server: int) -> list[int]:
    """The processes of that PostgreSQL which serve a client."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            told = (folder / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
        if parent == server and told.startswith(b"postgres: forain "):
            found.append(int(folder.name))
    return sorted(found)
