"""Parts that may be missing on a machine: a browser, node, `ps`."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest


def require_part(name: str, there: bool, reason: str) -> None:
    """Skip loudly where a part is missing; where CI=true that is a failure, so that nothing is skipped unseen."""
    if there:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing: {reason}")
    pytest.skip(f"{name} is missing: {reason}")


def command_lines():
    """What every process was started with. A small Linux has no `ps`."""
    if sys.platform != "linux":
        return subprocess.run(["ps", "-e", "-o", "args="], capture_output=True, text=True).stdout.splitlines()
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found
