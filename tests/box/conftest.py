"""One client for the tests of the box."""

import pytest

from tests.box.client import Client


@pytest.fixture
def client():
    return Client()
