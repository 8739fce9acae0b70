"""`./forain simulate --processes`: tells the story with real processes and prints what it came to."""

import os
import shutil
import tempfile
import time
from pathlib import Path

from . import story

WITHOUT_DISKS = 3
"""All held, and the disks, which could not be made small here, are not proven."""


def main(seed: int, number: int, trace: bool) -> int:
    """0 when all held, 3 when all held and no disk could be filled. What the processes said is kept where something did not."""
    folder = Path(tempfile.mkdtemp(prefix=f"forain-processes-{os.getpid()}-"))
    folder.chmod(0o755)
    begun = time.monotonic()

    def say(line: str) -> None:
        if trace:
            print(f"{time.monotonic() - begun:7.1f} {line}", flush=True)

    say("begins")
    held = False
    try:
        told = story.tell(folder, seed, number, say)
        held = not told.wrong
    finally:
        if not held:
            _keep_logs(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return closing(told)


def closing(told: story.Told) -> int:
    """Print what came of it; the answer is the exit code."""
    for name, what in told.wrong:
        print(f"{name}: {what}", flush=True)
    if told.wrong:
        again = f"./forain simulate --processes --kills {told.asked} --seed {told.seed}"
        print(f"the same misfortunes in another hour: {again}")
    print(told.line(), flush=True)
    if not told.wrong and not told.disks:
        print("no disk was filled: that takes root and the right to mount", flush=True)
    return 1 if told.wrong else 0 if told.disks else WITHOUT_DISKS


def _keep_logs(folder: Path) -> None:
    kept = folder.with_name(f"{folder.name}-said")
    kept.mkdir()
    for log in folder.glob("*.log"):
        shutil.copy(log, kept)
    print(f"what the processes said: {kept}", flush=True)
