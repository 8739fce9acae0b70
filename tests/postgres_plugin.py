"""One private PostgreSQL for the whole run, started before Django reads its settings; each xdist process has a
database of its own in it. Loaded with `-p` (pyproject.toml), which comes before every other plugin."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))


def _start_postgres() -> object:
    from forain.config import postgres

    home = Path(tempfile.mkdtemp(prefix="forain-test-"))
    os.environ["FORAIN_HOME"] = str(home)
    home.chmod(0o755)
    server = postgres.start(
        home, options=("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
    )
    os.environ["DATABASE_URL"] = server.url
    return server


# The box, and the shops of the tests, are on this machine. What nobody allowed is held in tests/net/test_addresses.py.
os.environ["FORAIN_ALLOW_PRIVATE"] = "localhost"

if "DATABASE_URL" not in os.environ or "FORAIN_TEST_POSTGRES" not in os.environ:
    # The first process of the run starts the server; xdist's children inherit its address.
    _server = _start_postgres()
    os.environ["FORAIN_TEST_POSTGRES"] = "started"
else:
    _server = None


def pytest_unconfigure(config: pytest.Config) -> None:
    if _server is not None:
        _server.stop()  # type: ignore[attr-defined]
        import shutil

        shutil.rmtree(os.environ["FORAIN_HOME"], ignore_errors=True)
