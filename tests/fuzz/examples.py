"""How many examples a property gets, and from which beginning: always the same ones unless the environment says so."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings

EXAMPLES = int(os.environ.get("FORAIN_FUZZ_EXAMPLES", "0"))
SEED = os.environ.get("FORAIN_FUZZ_SEED")


def examples(usual: int) -> Callable[[Any], Any]:
    """`usual` examples in the tests, as many as FORAIN_FUZZ_EXAMPLES says in a long run."""
    told = settings(
        max_examples=EXAMPLES or usual, derandomize=SEED is None, deadline=None, database=None, print_blob=False,
        report_multiple_bugs=False, phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return told if SEED is None else lambda test: seed(int(SEED))(told(test))
