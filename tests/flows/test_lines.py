"""The timetable's lines: what stops one, what starts it again, and what does not stop it."""

from dataclasses import replace
from itertools import pairwise

from django.db import OperationalError

from forain.core import errors
from forain.core.ids import AccountId
from forain.engine import jobs, schedule
from forain.flows import setup
from forain.store import accounts, models, runs


def breaking(monkeypatch, name, error):
    """The flow `name` raises `error`; the table of flows is data and may be changed."""

    def fail(deps, row):
        raise error

    monkeypatch.setitem(schedule.FLOWS, name, replace(schedule.FLOWS[name], run=fail))


def line(house, flow):
    return runs.get(flow, f"account:{house.account_id}")


def test_a_line_stopped_by_a_bug_runs_again_when_forain_is_restarted_and_the_issue_closes(house, monkeypatch):
    house.live(30)
    with monkeypatch.context() as broken:
        for flow in ("sweep_offers", "probe"):
            breaking(broken, flow, KeyError("x"))
        runs.force(f"account:{house.account_id}", house.deps.clock.now())
        house.live(60)
    house.live(600, step=60)
    assert line(house, "sweep_offers").stopped
    assert "internal" in house.refused_codes()

    assert runs.start_stopped(house.deps.clock.now()) == 2
    house.live(60)

    assert not line(house, "sweep_offers").stopped
    assert "internal" not in house.refused_codes()


def test_a_deadlock_in_our_own_database_is_no_bug(house, monkeypatch):
    house.live(30)
    with monkeypatch.context() as broken:
        breaking(broken, "sweep_offers", OperationalError("deadlock detected"))
        runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["sweep_offers"])
        house.live(10)
    assert not line(house, "sweep_offers").stopped

    house.live(120)

    assert line(house, "sweep_offers").error == ""


def test_an_operation_that_is_not_allowed_stops_itself_only_is_named_and_asked_again(house, monkeypatch):
    house.live(60)
    with monkeypatch.context() as broken:
        breaking(broken, "sweep_offers", errors.Denied("searchListingsItems", "Product Listing"))
        runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["sweep_offers"])
        house.change("SOAP", stock=5)
        house.live(120)
    assert house.quantity("SOAP") == 5
    notice = models.Notice.objects.get(code="role_missing", closed_at=None)
    assert notice.placeholders == {"operation": "searchListingsItems", "role": "Product Listing"}

    house.advance(86400)
    house.live(60)

    assert house.account.denied_operations == {}
    assert "role_missing" not in house.refused_codes()


def test_one_403_that_is_none_of_a_role_stops_stock_for_minutes_and_a_lasting_one_is_asked_ever_more_rarely(
    house, monkeypatch
):
    house.live(60)
    with monkeypatch.context() as broken:
        breaking(broken, "reconcile_offers", errors.Denied("patchListingsItem", "Product Listing"))
        house.change("SOAP", stock=5)
        house.live(60)
    assert house.quantity("SOAP") != 5

    house.live(700, step=20)

    assert house.quantity("SOAP") == 5
    assert house.account.denied_operations == {}

    tries = []
    with monkeypatch.context() as broken:
        real = errors.Denied("patchListingsItem", "Product Listing")

        def refused(*_):
            tries.append(house.deps.clock.now())
            raise real

        broken.setitem(schedule.FLOWS, "reconcile_offers", replace(schedule.FLOWS["reconcile_offers"], run=refused))
        house.change("SOAP", stock=4)
        house.live(86400, step=300)
    pauses = [(b - a).total_seconds() for a, b in pairwise(tries)]
    assert pauses == sorted(pauses)
    assert len(tries) < 12


def test_a_pause_by_a_person_and_its_end_leave_every_line_running(house):
    house.live(30)
    setup.pause(house.deps, AccountId(house.account_id), True, "me")
    house.live(60)
    setup.pause(house.deps, AccountId(house.account_id), False, "me")

    house.live(60)

    assert not models.Run.objects.filter(stopped=True).exists()
    assert accounts.get(AccountId(house.account_id)).standing == "granted"


def test_a_poke_during_a_run_is_not_lost(house):
    house.live(30)
    now, subject = house.deps.clock.now(), f"account:{house.account_id}"
    runs.force(subject, now, ["observe_offers"])
    lease = runs.begin("observe_offers", subject, now)
    runs.poke("observe_offers", subject, now)

    runs.succeeded("observe_offers", subject, now, lease, lease)

    assert ("observe_offers", subject) in runs.due(now)
    assert jobs.run(house.deps, "observe_offers", subject)
