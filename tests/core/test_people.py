"""Roles and rights as plain values, and when somebody must look who still needs access."""

from datetime import UTC, datetime, timedelta

import pytest

from forain.core.issues import derive
from forain.core.people import REVIEW_EVERY, RIGHTS, Right, Role, review_due, rights_of, role_of, roles_with

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


def test_an_owner_may_everything_and_each_other_role_less():
    assert RIGHTS[Role.OWNER] == frozenset(Right)
    assert RIGHTS[Role.ACCOUNTANT] < RIGHTS[Role.READER] < RIGHTS[Role.OPERATOR] < RIGHTS[Role.OWNER]
    assert all(Right.OWN in rights for rights in RIGHTS.values())


def test_who_may_what_no_other_role_may():
    assert roles_with(Right.SECRETS) == roles_with(Right.PEOPLE) == (Role.OWNER,)
    assert roles_with(Right.CHANGE) == (Role.OWNER, Role.OPERATOR)
    assert Role.ACCOUNTANT not in roles_with(Right.BUYERS)


@pytest.mark.parametrize("text", ["", "OWNER", "root", "owner "])
def test_a_role_there_is_not_may_nothing(text):
    assert role_of(text) is None
    assert rights_of(text) == frozenset()


def test_after_a_quarter_somebody_must_look_again():
    day = timedelta(days=1)

    assert not review_due(None, NOW)
    assert not review_due(NOW - REVIEW_EVERY + day, NOW)
    assert review_due(NOW - REVIEW_EVERY, NOW)
    assert {i.code for i in derive([], [], NOW, NOW - REVIEW_EVERY)} == {"people_to_review"}
    assert derive([], [], NOW, NOW - REVIEW_EVERY + day) == frozenset()
    assert derive([], [], NOW) == frozenset()
