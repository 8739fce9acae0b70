from pathlib import Path

import pytest

from forain.shops.files.tests.parts import GOOD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good catalogue, as a merchant's system would leave it."""
    (tmp_path / "catalogue.csv").write_text(GOOD, encoding="utf-8")
    return tmp_path
