"""Parts that may be missing on a machine: a browser, node."""

import os

import pytest


def require_part(name: str, there: bool, reason: str) -> None:
    """Skip loudly where a part is missing; where CI=true that is a failure, so that nothing is skipped unseen."""
    if there:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing: {reason}")
    pytest.skip(f"{name} is missing: {reason}")
