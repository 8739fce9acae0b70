"""What a log would hold, for tests that look at it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from forain.config.logs import OneLine


@contextmanager
def written(form: str, level: int | None = None) -> Iterator[list[str]]:
    """Every line as the log of the settings writes it, in the format `form`. `level`: of all loggers, None: as it is."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Kept()
    handler.setFormatter(OneLine(form))
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(before if level is None else level)
    try:
        yield lines
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
