"""How a log line is written: one line for one event, whatever its words brought along, and no secret in it."""

import logging

from forain.core.plain import one_line
from forain.net.redaction import scrub


class OneLine(logging.Formatter):
    """Text from outside can neither begin a line of its own nor steer a terminal; a traceback is indented below its line."""

    def format(self, record: logging.LogRecord) -> str:
        first = one_line(scrub(self._first(record)))
        below = [record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")]
        below.append(self.formatStack(record.stack_info) if record.stack_info else "")
        lines = [one_line(line) for text in below if text for line in scrub(text).splitlines()]
        return "\n".join([first, *(f"    {line}" for line in lines)])

    def _first(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        return self.formatMessage(record)
