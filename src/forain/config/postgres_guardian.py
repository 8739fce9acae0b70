"""Holds the private PostgreSQL: stops it when the pipe from Forain closes and nobody uses it. Standard library only, no imports
of ours.

Arguments: the pipe to read, the lock's descriptor (kept open, so that the lock lasts as long as this process
and the server), the descriptor of the lock that its users share, "uid:gid" or "-", and the server's command.
"""

import ctypes
import fcntl
import os
import select
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
STOP = ((signal.SIGINT, 6), (signal.SIGQUIT, 10), (signal.SIGKILL, 5))
"""Asked to stop while it mends itself after a crash, PostgreSQL 18 stops never, and lets nobody in (seen with 18.4). SIGQUIT
loses nothing either: the next start reads the log."""


def main() -> int:
    pipe, lock, users, user = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = subprocess.Popen(
        sys.argv[5:], pass_fds=(lock,), preexec_fn=lambda: _become(user), env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
    )  # fmt: skip
    while server.poll() is None:
        readable, _, _ = select.select([pipe], [], [], 0.5)
        if readable:
            # A byte: the only one that uses it wants it to stop. None: its owner is gone, and others may be at work.
            if not os.read(pipe, 1):
                _until_nobody_uses_it(users, server)
            break
    for means, seconds in STOP:
        if server.poll() is not None:
            break
        server.send_signal(means)
        try:
            server.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    return server.returncode or 0


def _until_nobody_uses_it(users: int, server: "subprocess.Popen[bytes]") -> None:
    """From then on nobody can begin to, until this process has ended, and the server with it."""
    while server.poll() is None:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return


def _become(user: str) -> None:
    """Give up root, and die in order when the guardian is killed (Linux forgets this at setuid, so it comes last)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if user != "-":
        uid, gid = map(int, user.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
