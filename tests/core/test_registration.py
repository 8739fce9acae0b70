"""How far a role and a step are: what Forain sees goes before what anybody says."""

from datetime import UTC, datetime, timedelta

import pytest

from forain.core.registration import (
    RoleState,
    Said,
    Seen,
    StepFacts,
    StepState,
    next_step,
    role_state,
    seen_of_addresses,
    seen_step,
    step_state,
    together,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("seen", "said", "state"),
    [
        (Seen.WORKS, None, RoleState.WORKS),
        (Seen.WORKS, Said.ASKED, RoleState.WORKS),
        (Seen.WORKS, Said.REFUSED, RoleState.WORKS),
        (Seen.MISSING, None, RoleState.MISSING),
        (Seen.MISSING, Said.ASKED, RoleState.ASKED),
        (Seen.MISSING, Said.REFUSED, RoleState.REFUSED),
        (Seen.MISSING, Said.GRANTED, RoleState.GRANTED),
        (Seen.UNKNOWN, None, RoleState.OPEN),
        (Seen.UNKNOWN, Said.ASKED, RoleState.ASKED),
        (Seen.UNKNOWN, Said.GRANTED, RoleState.GRANTED),
    ],
)
def test_what_works_works_and_what_does_not_is_as_it_was_said(seen, said, state):
    assert role_state(seen, said) is state


@pytest.mark.parametrize(
    ("with_one", "without", "seen"),
    [
        (None, [], Seen.UNKNOWN), (NOON, [], Seen.WORKS), (None, [NOON], Seen.MISSING),
        (LATER, [NOON, NOON], Seen.WORKS), (NOON, [LATER], Seen.WORKS), (NOON, [LATER, LATER], Seen.MISSING),
        (LATER, [LATER, NOON], Seen.WORKS), (NOON, [NOON, NOON], Seen.MISSING),
    ],
)  # fmt: skip
def test_the_newest_orders_tell_whether_addresses_come_and_one_odd_order_does_not(with_one, without, seen):
    assert seen_of_addresses(with_one, without) is seen


def test_one_token_that_lacks_a_role_is_a_lack_of_the_application():
    assert together([]) is together([Seen.UNKNOWN]) is Seen.UNKNOWN
    assert together([Seen.UNKNOWN, Seen.WORKS]) is Seen.WORKS
    assert together([Seen.WORKS, Seen.MISSING]) is Seen.MISSING


W, A, G, M, R, N = (RoleState(x) for x in ("works", "asked", "granted", "missing", "refused", "open"))


def facts(plan="", application=False, authorized=False, essential=(N,), restricted=(N,)):
    return StepFacts(plan, application, authorized, essential, restricted)


@pytest.mark.parametrize(
    ("by", "told", "seen"),
    [
        ("plan", facts(), None), ("plan", facts("PROFESSIONAL"), True), ("plan", facts("INDIVIDUAL"), False),
        ("application", facts(), None), ("application", facts(application=True), True),
        ("authorized", facts(), False), ("authorized", facts(authorized=True), True),
        ("roles_asked", facts(essential=(W, N)), False), ("roles_asked", facts(essential=(W, M)), False),
        ("roles_asked", facts(essential=(W, R)), False), ("roles_asked", facts(essential=(W, A, G)), True),
        ("restricted_work", facts(restricted=(A,)), None), ("restricted_work", facts(restricted=(W,)), True),
        ("roles_work", facts(authorized=True, essential=(W, A)), False),
        ("roles_work", facts(authorized=True, essential=(W, G)), False),
        ("roles_work", facts(authorized=True, essential=(W, W)), True),
        ("roles_work", facts(essential=(W, W)), False),
        ("", facts("PROFESSIONAL", True, True, (W,), (W,)), None),
    ],
)  # fmt: skip
def test_what_forain_sees_of_a_step(by, told, seen):
    assert seen_step(by, told) is seen


def test_nobody_says_that_an_open_step_is_done_which_forain_sees_open():
    assert step_state(False, said=True) is StepState.OPEN
    assert step_state(True, said=False) is StepState.SEEN
    assert step_state(None, said=True) is StepState.SAID
    assert step_state(None, said=False) is StepState.OPEN


def test_the_first_open_step_is_next():
    assert next_step({"a": StepState.SEEN, "b": StepState.OPEN, "c": StepState.OPEN}) == "b"
    assert next_step({"a": StepState.SEEN, "b": StepState.SAID}) == ""
