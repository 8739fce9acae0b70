"""Reports 2021-06-30: reports, schedules and documents. The life of a report is in `forain_box/reports.py`.

Source: Amazon's models reports_2021-06-30.json and tokens_2021-03-01.json, read 2026-11-23.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from forain_box import documents
from forain_box import reports as life
from forain_box.clock import parse, text
from forain_box.errors import denied, invalid, not_found
from forain_box.http import Response
from forain_box.spapi import paging
from forain_box.spapi.call import Call, Operation, Wire
from forain_box.state import Report, Schedule

MODEL = "reports_2021-06-30.json"
ROLES = tuple(sorted({role for roles in life.ROLES.values() for role in roles}))
Sites = Annotated[list[str], msgspec.Meta(min_length=1, max_length=25)]


class NewReport(Wire):
    report_type: str
    marketplace_ids: Sites
    data_start_time: str | None = None
    data_end_time: str | None = None
    report_options: dict[str, str] = {}


class NewSchedule(Wire):
    report_type: str
    marketplace_ids: Sites
    period: str
    next_report_creation_time: str | None = None
    report_options: dict[str, str] = {}


def _moment(told: str | None, name: str, default: datetime) -> datetime:
    if told is None:
        return default
    try:
        return parse(told)
    except ValueError:
        raise invalid(f"'{name}' must be a date in ISO 8601 format.") from None


def _check(call: Call, report_type: str, sites: list[str]) -> list[str]:
    if report_type in life.MADE_BY_AMAZON:
        raise invalid(f"Reports of type {report_type} are made by Amazon and cannot be requested.")
    if report_type not in life.ROLES:
        raise invalid(f"Invalid 'reportType': {report_type[:100]}.")
    if not any(role in call.application.roles for role in life.ROLES[report_type]):
        raise denied()
    return call.check_sites(list(dict.fromkeys(sites)))


def create(call: Call) -> Response:
    """Both ends of the time are now, where they are not told: a report of orders is then empty, and CANCELLED."""
    told, now = call.body(NewReport), call.world.now()
    sites = _check(call, told.report_type, told.marketplace_ids)
    since = _moment(told.data_start_time, "dataStartTime", now)
    until = _moment(told.data_end_time, "dataEndTime", now)
    if since > now or until > now:
        raise invalid("dataStartTime and dataEndTime must not be in the future.")
    if until < since:
        raise invalid("dataEndTime must not be before dataStartTime.")
    report = life.ask(call.world, call.seller.seller_id, told.report_type, sites, since, until, told.report_options)
    return Response.json({"reportId": report.report_id}, 202)


def _own(call: Call) -> Report:
    report = call.world.state.reports.get(call.rest[0])
    if report is None or report.seller_id != call.seller.seller_id:
        raise not_found("The requested report is not found.")
    return report


def render(report: Report) -> dict[str, Any]:
    told: dict[str, Any] = {
        "reportId": report.report_id, "reportType": report.report_type, "marketplaceIds": report.marketplace_ids,
        "createdTime": text(report.created_at), "processingStatus": report.status,
    }  # fmt: skip
    for name, moment in (
        ("dataStartTime", report.since), ("dataEndTime", report.until), ("processingStartTime", report.started_at),
        ("processingEndTime", report.ended_at),
    ):  # fmt: skip
        if moment is not None:
            told[name] = text(moment)
    if report.schedule:
        told["reportScheduleId"] = report.schedule
    if report.document:
        told["reportDocumentId"] = report.document
    return told


def get(call: Call) -> Response:
    return Response.json(render(_own(call)))


def many(call: Call) -> Response:
    newest_first = reversed(call.world.state.reports.values())
    found, following = paging.page(call, newest_first, "reportTypes", lambda r: r.report_type, lambda r: r.report_id)
    return Response.json({"reports": [render(r) for r in found]} | ({"nextToken": following} if following else {}))


def cancel(call: Call) -> Response:
    report = _own(call)
    if not life.cancel(call.world, report):
        raise invalid(f"Only reports that are IN_QUEUE can be cancelled; this one is {report.status}.")
    return Response(200)


def get_document(call: Call) -> Response:
    document = call.world.state.documents.get(call.rest[0])
    known = document is not None and document.seller_id == call.seller.seller_id
    if document is None or not known or not document.purpose.endswith("report"):
        raise not_found("The requested report document is not found.")
    if document.purpose == "restricted-report" and call.access.restricted is None:
        raise denied()
    documents.present_again(call.world, document)
    encoding = ("gzip" if call.flag("enableContentEncodingUrlHeader") else "identity") if document.compression else ""
    told = {
        "reportDocumentId": document.document_id, "url": documents.address(document, call.request.origin, encoding),
    }  # fmt: skip
    return Response.json(told | ({"compressionAlgorithm": document.compression} if document.compression else {}))


def create_schedule(call: Call) -> Response:
    told, now = call.body(NewSchedule), call.world.now()
    sites = _check(call, told.report_type, told.marketplace_ids)
    if told.period not in life.PERIODS:
        raise invalid(f"Invalid 'period': {told.period[:50]}.")
    first = _moment(told.next_report_creation_time, "nextReportCreationTime", now + life.PERIODS[told.period])
    if not now <= first <= now + life.LONGEST_WINDOW * 12:
        raise invalid("nextReportCreationTime must lie in the next year.")
    number = call.world.digits(11)
    schedule = Schedule(number, call.seller.seller_id, told.report_type, sites, told.report_options, told.period, first)
    life.plan(call.world, schedule)
    return Response.json({"reportScheduleId": number}, 201)


def _own_schedule(call: Call) -> Schedule:
    schedule = call.world.state.schedules.get(call.rest[0])
    if schedule is None or schedule.seller_id != call.seller.seller_id:
        raise not_found("The requested report schedule is not found.")
    return schedule


def _schedule(schedule: Schedule) -> dict[str, Any]:
    return {
        "reportScheduleId": schedule.schedule_id, "reportType": schedule.report_type, "marketplaceIds": schedule.marketplace_ids,
        "reportOptions": schedule.options, "period": schedule.period, "nextReportCreationTime": text(schedule.next_at),
    }  # fmt: skip


def get_schedule(call: Call) -> Response:
    return Response.json(_schedule(_own_schedule(call)))


def get_schedules(call: Call) -> Response:
    wanted = call.several("reportTypes", most=10)
    if not wanted:
        raise invalid("Missing required parameter 'reportTypes'.")
    found = [
        _schedule(s) for s in call.world.state.schedules.values()
        if s.seller_id == call.seller.seller_id and s.report_type in wanted
    ]  # fmt: skip
    return Response.json({"reportSchedules": found})


def cancel_schedule(call: Call) -> Response:
    del call.world.state.schedules[_own_schedule(call).schedule_id]
    return Response(200)


_REPORTS, _SCHEDULES = "/reports/2021-06-30/reports", "/reports/2021-06-30/schedules"
OPERATIONS = (
    Operation("getReports", "GET", _REPORTS, many, MODEL, 0.0222, 10, ROLES),
    Operation("createReport", "POST", _REPORTS, create, MODEL, 0.0167, 15, ROLES),
    Operation("getReport", "GET", _REPORTS + "/{reportId}", get, MODEL, 2, 15, ROLES),
    Operation("cancelReport", "DELETE", _REPORTS + "/{reportId}", cancel, MODEL, 0.0222, 10, ROLES),
    Operation("getReportSchedules", "GET", _SCHEDULES, get_schedules, MODEL, 0.0222, 10, ROLES),
    Operation("createReportSchedule", "POST", _SCHEDULES, create_schedule, MODEL, 0.0222, 10, ROLES),
    Operation("getReportSchedule", "GET", _SCHEDULES + "/{reportScheduleId}", get_schedule, MODEL, 0.0222, 10, ROLES),
    Operation("cancelReportSchedule", "DELETE", _SCHEDULES + "/{reportScheduleId}", cancel_schedule, MODEL, 0.0222, 10, ROLES),
    Operation("getReportDocument", "GET", "/reports/2021-06-30/documents/{reportDocumentId}", get_document, MODEL, 0.0167, 15, ROLES),
)  # fmt: skip
