"""The story of the demo, from connecting to renewal, against the files shop and against a real Vendure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts import command_lines, require_part

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("shop", ["files", "vendure"])
def test_every_step_of_the_story_is_observed(shop, tmp_path):
    if shop == "vendure":
        require_part("node", bool(shutil.which("node") and shutil.which("npm")), "a real Vendure needs node and npm")
    tmp_path.chmod(0o755)
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "FORAIN_TEST_POSTGRES")}
    environment |= {
        "FORAIN_HOME": str(tmp_path / "home"),
        "FORAIN_CACHE": str(ROOT / ".cache"),
        "PYTHONPATH": str(ROOT / "src"),
    }

    told = subprocess.run(
        [sys.executable, "-m", "forain.cli", "demo", "--once", "--shop", shop],
        env=environment, capture_output=True, text=True, timeout=280, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert told.returncode == 0, told.stdout + told.stderr
    for words in ("authorized until", "all observed on Amazon", "in the shop, once", "as shipped", "reminded", "expired on",
                  "stand still", "renewed", "2 orders were missing, 0 are missing"):  # fmt: skip
        assert words in told.stdout
    assert [line for line in command_lines() if str(tmp_path) in line] == []
