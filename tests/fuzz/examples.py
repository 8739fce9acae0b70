"""How many examples a property gets, and from which beginning: always the same ones unless the environment says so."""

import os
from collections.abc import Callable
from typing import Any
from zlib import crc32

from hypothesis import HealthCheck, Phase, seed, settings

EXAMPLES = int(os.environ.get("FORAIN_FUZZ_EXAMPLES", "0"))
SEED = os.environ.get("FORAIN_FUZZ_SEED", "0")


def examples(usual: int, of: str = "") -> Callable[[Any], Any]:
    """`usual` examples in the tests, as many as FORAIN_FUZZ_EXAMPLES says in a long run. `of`: what is tried; one test draws
    others for each thing it tries."""
    told = settings(
        max_examples=EXAMPLES or usual, deadline=None, database=None, print_blob=False,
        report_multiple_bugs=False, phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return lambda test: seed(crc32(f"{SEED} {test.__name__} {of}".encode()))(told(test))
