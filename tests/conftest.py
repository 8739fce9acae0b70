"""What all tests share: the table of generated examples at the end of a run, whichever process ran them."""

from collections import Counter
from collections.abc import Iterator

import pytest

PREFIX = "examples of "


@pytest.fixture
def tally(record_property) -> Iterator[Counter]:
    """Count here what a property was tried on; xdist carries the counts to the process that prints them."""
    counts: Counter = Counter()
    yield counts
    for name, count in counts.items():
        record_property(PREFIX + name, count)


def pytest_terminal_summary(terminalreporter) -> None:
    total: Counter = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                for name, count in report.user_properties:
                    if name.startswith(PREFIX):
                        total[name.removeprefix(PREFIX)] += count
    if total:
        terminalreporter.section("generated examples")
        for name, count in sorted(total.items()):
            terminalreporter.write_line(f"{count:>9,}  {name}")
        terminalreporter.write_line(f"{total.total():>9,}  in all")
