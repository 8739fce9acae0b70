"""What a person must look at follows from facts and clock alone."""

from datetime import UTC, datetime, timedelta

import pytest

from forain.core.authorization import Application, Facts, Standing
from forain.core.issues import CATALOGUE, AccountFacts, Finding, Severity, SideFact, derive

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def facts(standing=Standing.GRANTED, ends_in=300, **more):
    return Facts(standing=standing, grant_no=1, granted_at=NOW - DAY, expires_at=NOW + ends_in * DAY, **more)


def codes(authorization=None, application=None, **more):
    account = AccountFacts("account:1", authorization or facts(), application or Application(), **more)
    return {issue.code for issue in derive([account], [], NOW)}


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (Facts(), set()),
        (facts(), set()),
        (facts(ends_in=61), set()),
        (facts(ends_in=60.9), {"authorization_expiring"}),
        (facts(ends_in=60), {"authorization_expiring"}),
        (facts(Standing.DOUBTED, 60.9, doubted_at=NOW), {"authorization_expiring"}),
        (facts(ends_in=-1), {"authorization_overdue"}),
        (facts(Standing.DOUBTED, doubted_at=NOW - timedelta(minutes=4)), set()),
        (facts(Standing.DOUBTED, doubted_at=NOW - timedelta(minutes=5)), {"authorization_doubted"}),
        (facts(Standing.DOUBTED, 28, doubted_at=NOW), {"authorization_expiring"}),
        (facts(Standing.DOUBTED, -1, doubted_at=NOW), set()),
        (facts(Standing.REFUSED, -2, refused_at=NOW - DAY), {"authorization_expired"}),
        (facts(Standing.REFUSED, 20, refused_at=NOW - DAY), {"authorization_revoked"}),
    ],
)
def test_the_authorization_asks_for_a_person_by_its_phase(authorization, expected):
    assert codes(authorization) == expected


def test_the_application_has_a_clock_of_its_own():
    assert codes(application=Application(refused_at=NOW)) == {"application_refused"}
    assert codes(application=Application(secret_expires_at=NOW + 60.9 * DAY)) == {"secret_expiring"}
    assert codes(application=Application(secret_expires_at=NOW + 61 * DAY)) == set()
    assert codes(application=Application(secret_expires_at=NOW)) == {"secret_overdue"}
    assert CATALOGUE["secret_overdue"] is Severity.CRITICAL
    assert codes(application=Application(NOW, secret_expires_at=NOW - DAY)) == {"application_refused"}


def test_what_the_marketplace_says_of_the_account_is_said():
    assert codes(selling_plan="INDIVIDUAL", suspended_sites=("FR",), read_only_sites=("DE",)) == {
        "plan_individual", "listings_suspended", "site_read_only",
    }  # fmt: skip
    assert codes(selling_plan="PROFESSIONAL") == set()


def test_a_side_is_told_of_after_half_an_hour_and_no_earlier():
    young, old = (SideFact("shop:1", NOW - timedelta(minutes=m), "away") for m in (29, 30))

    assert derive([], [young], NOW) == frozenset()
    assert {issue.code for issue in derive([], [old], NOW)} == {"side_ill"}


def test_a_finding_becomes_an_issue_as_it_is_and_every_code_has_a_severity():
    finding = Finding("order_held", "account:1/unknown_sku", (("count", "2"),))

    assert codes(findings=(finding,)) == {"order_held"}
    assert set(CATALOGUE.values()) == set(Severity)
