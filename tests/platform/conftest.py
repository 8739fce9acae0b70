"""A folder that PostgreSQL's own user reaches. Not pytest's: a second run of pytest closes that one to others again."""

import shutil
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def open_folder():
    folder = Path(tempfile.mkdtemp(prefix="forain-home-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
