"""The life of a report: IN_QUEUE, IN_PROGRESS, then DONE, CANCELLED (also: there was no data) or FATAL; and schedules.

Source: Amazon's model reports_2021-06-30.json, report type pages, read 2026-11-23.
"""

from datetime import datetime, timedelta
from typing import Any

from forain_box import documents, faults, notify, report_files
from forain_box.state import Report, Schedule
from forain_box.world import World, happens

KEPT = timedelta(days=90)
LONGEST_WINDOW = timedelta(days=30)
TRACKING = ("Inventory and Order Tracking",)
LISTING = ("Product Listing", "Inventory and Order Tracking", "Pricing")
ROLES = {
    name: LISTING if "LISTINGS" in name else ("Direct-to-Consumer Shipping",) if name.endswith("SHIPPING") else TRACKING
    for name in report_files.FILES
}
"""Every report type that can be asked for, and the roles of which one is needed."""
RESTRICTED = frozenset({"GET_FLAT_FILE_ACTIONABLE_ORDER_DATA_SHIPPING"})
"""Their documents need a restricted data token."""
WITH_WINDOW = frozenset(name for name in report_files.FILES if "LISTINGS" not in name)
MADE_BY_AMAZON = frozenset({"GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"})
"""Amazon makes these by itself; they cannot be asked for."""
PERIODS = {
    "PT5M": timedelta(minutes=5), "PT15M": timedelta(minutes=15), "PT30M": timedelta(minutes=30), "PT1H": timedelta(hours=1),
    "PT2H": timedelta(hours=2), "PT4H": timedelta(hours=4), "PT8H": timedelta(hours=8), "PT12H": timedelta(hours=12),
    "P1D": timedelta(days=1), "P2D": timedelta(days=2), "P3D": timedelta(days=3), "PT84H": timedelta(hours=84),
    "P7D": timedelta(days=7), "P14D": timedelta(days=14), "P15D": timedelta(days=15), "P18D": timedelta(days=18),
    "P30D": timedelta(days=30), "P1M": timedelta(days=30),
}  # fmt: skip


def ask(
    world: World, seller_id: str, report_type: str, sites: list[str], since: datetime, until: datetime, options: dict[str, str],
    schedule: str = "",
) -> Report:  # fmt: skip
    """A report enters the queue. The caller has checked type and sites."""
    number = world.digits(11)
    while number in world.state.reports:
        number = world.digits(11)
    report = Report(number, seller_id, report_type, sites, since, until, options, world.now(), schedule=schedule)
    world.state.reports[number] = report
    world.write_later("report.started", report=number)
    world.at(report.created_at + KEPT, "report.forgotten", report=number)
    return report


def cancel(world: World, report: Report) -> bool:
    """False: it is no longer in the queue, and goes on."""
    if report.status != "IN_QUEUE":
        return False
    _end(world, report, "CANCELLED")
    return True


@happens("report.started")
def _started(world: World, told: dict[str, Any]) -> None:
    report = world.state.reports[told["report"]]
    if report.status == "IN_QUEUE":
        report.status, report.started_at = "IN_PROGRESS", world.now()
        if not faults.strikes(world, "report-stuck", report.report_type, report.seller_id):
            world.write_later("report.ended", report=report.report_id)


@happens("report.ended")
def _ended(world: World, told: dict[str, Any]) -> None:
    report = world.state.reports[told["report"]]
    if faults.strikes(world, "report-cancelled", report.report_type, report.seller_id):
        _end(world, report, "CANCELLED")
    elif faults.strikes(world, "report-fatal", report.report_type, report.seller_id):
        _end(world, report, "FATAL")
    elif report.report_type in WITH_WINDOW and _window(report) > LONGEST_WINDOW:
        reason = b"The date range of this report must not be longer than 30 days.\n"
        report.document = documents.create(
            world, report.seller_id, "report", "text/plain;charset=UTF-8", reason
        ).document_id
        _end(world, report, "FATAL")
    elif (file := report_files.write(world, report)) is None:
        _end(world, report, "CANCELLED")
    else:
        purpose = "restricted-report" if report.report_type in RESTRICTED else "report"
        report.document = documents.create_result(world, report.seller_id, purpose, *file).document_id
        _end(world, report, "DONE")


def _window(report: Report) -> timedelta:
    assert report.since is not None
    assert report.until is not None
    return report.until - report.since


def _end(world: World, report: Report, status: str) -> None:
    report.status, report.ended_at = status, world.now()
    payload = {
        "sellerId": report.seller_id, "accountId": f"amzn1.merchant.o.{report.seller_id}", "reportId": report.report_id,
        "reportType": report.report_type, "processingStatus": status,
    }  # fmt: skip
    if report.document:
        payload["reportDocumentId"] = report.document
    notify.emit(
        world, report.seller_id, "REPORT_PROCESSING_FINISHED", {"reportProcessingFinishedNotification": payload}
    )


@happens("report.forgotten")
def _forgotten(world: World, told: dict[str, Any]) -> None:
    report = world.state.reports.pop(told["report"])
    documents.forget(world, report.document)


def plan(world: World, schedule: Schedule) -> None:
    """A schedule begins. One of the same type and sites is cancelled and replaced."""
    for former in list(world.state.schedules.values()):
        if (former.seller_id, former.report_type) == (schedule.seller_id, schedule.report_type) and sorted(
            former.marketplace_ids
        ) == sorted(schedule.marketplace_ids):
            del world.state.schedules[former.schedule_id]
    world.state.schedules[schedule.schedule_id] = schedule
    world.at(schedule.next_at, "report.scheduled", schedule=schedule.schedule_id)


@happens("report.scheduled")
def _scheduled(world: World, told: dict[str, Any]) -> None:
    """A report of the time since the one before."""
    schedule = world.state.schedules.get(told["schedule"])
    if schedule is None:
        return
    due, period = schedule.next_at, PERIODS[schedule.period]
    ask(
        world, schedule.seller_id, schedule.report_type, schedule.marketplace_ids, due - period, due, schedule.options,
        schedule.schedule_id,
    )  # fmt: skip
    schedule.next_at = due + period
    world.at(schedule.next_at, "report.scheduled", schedule=schedule.schedule_id)
