"""What all tests share: the tables of generated examples and of simulated days at the end of a run, whichever process
ran them."""

from collections import Counter
from collections.abc import Iterator

import pytest
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from tests import tables

# How fast a machine is that has other things to do says nothing about the product.
settings.register_profile("forain", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("forain")

# Django empties the tables after each test that commits; so does this, in a tenth of the time.
TransactionTestCase._fixture_teardown = lambda _: tables.empty()

PREFIX = "examples of "
SIMULATED = "simulated "


@pytest.fixture
def tally(record_property) -> Iterator[Counter]:
    """Count here what a property was tried on; xdist carries the counts to the process that prints them."""
    counts: Counter = Counter()
    yield counts
    for name, count in counts.items():
        record_property(PREFIX + name, count)


def _total(terminalreporter, prefix: str) -> Counter:
    total: Counter = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                for name, count in report.user_properties:
                    if name.startswith(prefix):
                        total[name.removeprefix(prefix)] += count
    return total


def pytest_terminal_summary(terminalreporter) -> None:
    if told := _total(terminalreporter, SIMULATED):
        terminalreporter.section("simulated days")
        for name, count in told.items():
            terminalreporter.write_line(f"{count:>9,.0f}  {name}")
    total = _total(terminalreporter, PREFIX)
    if total:
        terminalreporter.section("generated examples")
        for name, count in sorted(total.items()):
            terminalreporter.write_line(f"{count:>9,}  {name}")
        terminalreporter.write_line(f"{total.total():>9,}  in all")
