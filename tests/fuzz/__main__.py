"""A long run: the tests of this folder with more examples each, and the table of what ran.

PYTHONPATH=src .venv/bin/python -m tests.fuzz --examples 2000 [--seed N] [-k EXPRESSION] [-n 2]
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    told = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    told.add_argument("--examples", type=int, default=1000, help="examples of each property (default: 1000)")
    told.add_argument("--seed", type=int, help="another beginning than the tests' own")
    asked, rest = told.parse_known_args()
    environment = {**os.environ, "FORAIN_FUZZ_EXAMPLES": str(asked.examples)}
    if asked.seed is not None:
        environment["FORAIN_FUZZ_SEED"] = str(asked.seed)
    command = [sys.executable, "-m", "pytest", "-q", "--timeout=0", str(HERE), *rest]
    return subprocess.run(command, cwd=HERE.parents[1], env=environment, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
