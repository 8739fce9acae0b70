"""The simulated year inside the tests: seeds hold, the same seed tells the same story, planted defects are caught.

Fifty seeds of thirty days, and each planted defect from the first seed known to catch it; `./forain simulate` goes further.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.conftest import SIMULATED

from . import invariants, run, story
from .mutants import MUTANTS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]

SEEDS, TOGETHER, DAYS = 50, 5, 30.0
WITHIN = 24
"""So many seeds, from the first known to catch a planted defect on, are tried: stories change with the product."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Hundreds of misfortunes write as many warnings; the stories read them, and nobody else need."""
    root = logging.getLogger()
    kept = list(root.handlers)
    root.handlers.clear()
    yield
    root.handlers.extend(kept)


@pytest.mark.parametrize("first", range(0, SEEDS, TOGETHER))
def test_nothing_is_lost_and_nothing_doubled_whatever_dies(first, record_property):
    whole, failed = run.seeds(range(first, first + TOGETHER), DAYS)

    for name, count in whole.figures().items():
        record_property(SIMULATED + name, count)
    assert not whole.too_quiet
    assert whole.counts >= TOGETHER, "nothing was proven by the marketplace's own list"
    assert not failed, f"{failed[0].failure}\nagain: {run.command(failed[0].plan)}\n{run.shortened(failed[0])}"


def test_the_same_seed_tells_the_same_story_to_the_byte():
    plan = story.Plan(11, 10.0)

    first, second = story.tell(plan), story.tell(plan)

    assert first.killed + first.events > 10
    assert first.trace == second.trace


def test_no_planted_defect_is_forgotten():
    assert set(MUTANTS) == set(run.CAUGHT_BY)
    assert len(MUTANTS) >= 54


def test_each_invariant_is_broken_by_a_planted_defect_or_said_not_to_be():
    broken = {names[0] for _, _, names in run.CAUGHT_BY.values()}

    assert broken | run.NO_MUTANT == invariants.NAMES
    assert not broken & run.NO_MUTANT


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", sorted(run.CAUGHT_BY))
def test_a_planted_defect_is_caught_within_a_few_seeds(name, record_property):
    days, first, _ = run.CAUGHT_BY[name]
    told = run.caught(name, WITHIN, days, first)

    assert told is not None, f"{name} is not caught any more: ./forain simulate --mutants --seeds 30 says by which seed"
    assert told.failure is not None
    record_property(f"{SIMULATED}planted defects caught", 1)
    record_property(f"{SIMULATED}{name} by {told.failure.invariant}", 1)


def test_a_story_that_fails_is_shrunk_and_says_how_to_see_it_again():
    with MUTANTS["unit_price_for_line_total"]():
        told = next(t for t in (story.tell(story.Plan(seed, 3.0)) for seed in range(5)) if t.failure is not None)

        short = run.shrink(told)

    assert short.failure is not None
    assert short.failure.invariant == told.failure.invariant
    assert len(short.trace) < len(told.trace)
    assert "--seed" in run.command(short.plan)
