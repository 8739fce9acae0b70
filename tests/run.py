"""All checks: set-up, layers, lint, types, tests. Called by `./forain test`; arguments go to pytest.

Every check runs even if an earlier one failed; the last thing printed is pytest's closing line.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"


def step(name: str, command: list[str], **environment: str) -> bool:
    print(f"== {name}", flush=True)
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, env=os.environ | environment).returncode == 0
    if not done:
        print(f"== {name}: FAILED", flush=True)
    return done


def install_chromium() -> None:
    """Debian's chromium for the browser tests, where we are root and there is an apt-get."""
    if Path("/usr/bin/chromium").exists() or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("== installing chromium for the browser tests (once)", flush=True)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=environment, **quiet)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], env=environment, **quiet)


def main() -> int:
    install_chromium()
    os.environ["PYTHONPATH"] = str(ROOT / "src")
    ok = step("layers", [str(BIN / "lint-imports")])
    ok &= step("lint", [str(BIN / "ruff"), "check", "."])
    ok &= step("format", [str(BIN / "ruff"), "format", "--check", "."])
    with tempfile.TemporaryDirectory() as home:
        # Django's plugin of mypy reads our settings, and they make a home.
        ok &= step("types", [str(BIN / "mypy")], FORAIN_HOME=home)
    pytest = [str(BIN / "python"), "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", "-r", "fEs", *sys.argv[1:]]
    print("== tests" if ok else "== tests (whatever they say: layers, lint, format or types FAILED above)", flush=True)
    tests = subprocess.run(pytest, cwd=ROOT, stdin=subprocess.DEVNULL).returncode
    return tests or (0 if ok else 1)


if __name__ == "__main__":
    sys.exit(main())
