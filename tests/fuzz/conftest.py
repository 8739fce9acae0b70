"""The site that the tests of Forain's own entrances share."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from forain import wiring

from . import site as sites


@pytest.fixture
def quiet() -> Iterator[None]:
    """Hundreds of broken questions and answers write as many warnings."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def site(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any, quiet: None) -> sites.Site:
    # Hashing as slowly as a login must would be most of the time of all this.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    found = sites.deps()
    monkeypatch.setattr(wiring, "deps", lambda: found)
    return sites.Site(found)
