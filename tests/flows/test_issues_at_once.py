"""Two workers derive the issues at once, or one dies over it: notices and journal end as the facts are."""

import threading

from django.db import connections

from forain.flows import watch
from forain.store import issues, models

from .test_killed_between_statements import deaths

WAIT_SECONDS = 1.0
"""So long the slower one gives the other the chance to overtake it."""


def test_a_slower_run_does_not_open_again_what_is_mended(house, monkeypatch):
    house.live(60)
    subject = f"account:{house.account_id}"
    issues.found("links_to_decide", subject, house.deps.clock.now(), account=house.account_id)
    real, others = issues.project, []

    def mended_and_derived():
        issues.mended("links_to_decide", subject)
        watch.derive_issues(house.deps)
        connections.close_all()

    def slowly(*derived):
        if not others:
            others.append(threading.Thread(target=mended_and_derived))
            others[0].start()
            others[0].join(WAIT_SECONDS)
        return real(*derived)

    monkeypatch.setattr(issues, "project", slowly)
    watch.derive_issues(house.deps)
    others[0].join()

    assert "links_to_decide" not in house.refused_codes()
    told = models.Journal.objects.filter(subject=subject, placeholders__issue="links_to_decide").order_by("pk")
    assert list(told.values_list("code", flat=True)) == ["issue_opened", "issue_closed"]


def test_a_notice_that_was_opened_stands_in_the_journal_whenever_the_process_died(house):
    house.live(60)
    issues.found("links_to_decide", f"account:{house.account_id}", house.deps.clock.now(), account=house.account_id)

    def nothing_told():
        models.Notice.objects.all().delete()
        models.Journal.objects.filter(code="issue_opened").delete()

    kills = 0
    for _ in deaths(lambda: watch.derive_issues(house.deps), nothing_told):
        kills += 1
        opened = models.Journal.objects.filter(code="issue_opened").count()
        assert models.Notice.objects.filter(closed_at=None).count() == opened

    assert kills >= 8
