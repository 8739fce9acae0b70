"""Make or mend .venv from the hash-locked requirements. Called by the launcher; standard library only.

Usage: install.py CHECKOUT run|test CHECKSUM. The stamp is written last: an interrupted install is begun again.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path


def main() -> int:
    checkout, need, checksum = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    venv = checkout / ".venv"
    stamp = venv / f"forain-{need}.stamp"
    with open(checkout / "requirements" / "install.py", "rb") as lock:
        # Two launchers at once: the second waits and then finds the work done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == checksum:
            return 0
        try:
            return _install(checkout, venv, need, stamp, checksum)
        except subprocess.CalledProcessError as error:
            print(f"forain: {' '.join(map(str, error.cmd[:4]))} ... failed. Is the network there?", file=sys.stderr)
            return 1


def _install(checkout: Path, venv: Path, need: str, stamp: Path, checksum: str) -> int:
    python = venv / "bin" / "python"
    if not _works(python):
        print("forain: making .venv (once)", file=sys.stderr, flush=True)
        shutil.rmtree(venv, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(venv)], capture_output=True, text=True)
        if made.returncode != 0:
            print(made.stdout + made.stderr, file=sys.stderr)
            print("forain: Python's venv is missing. Debian, Ubuntu: apt install python3-venv", file=sys.stderr)
            return 1
    print(f"forain: installing what it needs to {need} (once, a minute or two)", file=sys.stderr, flush=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--quiet", "--no-input"]
    pip += ["--require-hashes", "--only-binary", ":all:"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    locked = checkout / "requirements"
    subprocess.run([*pip, "-r", str(locked / f"{need}.txt")], check=True, env=environment, stdout=sys.stderr)
    if need == "test":
        # Whole as it stands, beside what run.txt has: see requirements/README.md.
        extra = [*pip, "--no-deps", "-r", str(locked / "sqs.txt")]
        subprocess.run(extra, check=True, env=environment, stdout=sys.stderr)
    stamp.write_text(checksum)
    if need == "test":
        run = checkout / "requirements" / "run.txt"
        (venv / "forain-run.stamp").write_text(_cksum(run))
    return 0


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    return subprocess.run([str(python), "-c", "import pip"], capture_output=True).returncode == 0


def _cksum(file: Path) -> str:
    """The same words the launcher's `cat FILE | cksum` prints."""
    with file.open("rb") as content:
        return subprocess.run(["cksum"], stdin=content, capture_output=True, text=True, check=True).stdout.rstrip("\n")


if __name__ == "__main__":
    sys.exit(main())
