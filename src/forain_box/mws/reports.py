"""Reports 2009-01-01: asked for, waited for, fetched. Of all report types that of the seller's listings and that of all
orders placed within a time.

A report is no look at the shelf: what happens after it was begun is not in it.

Source: MWS Reports API section as connectors of the time used it (operations, quotas, processing statuses), read 2026-11-29.
"""

import gzip
from itertools import islice
from typing import Any

from forain_box import documents, report_files, reports
from forain_box.clock import text
from forain_box.http import Response
from forain_box.mws.call import Action, MwsCall, stop
from forain_box.state import Report

TYPES = {
    "_GET_MERCHANT_LISTINGS_ALL_DATA_": "GET_MERCHANT_LISTINGS_ALL_DATA",
    "_GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
}
"""The old interface's names, and the box's."""
NAMES = {ours: theirs for theirs, ours in TYPES.items()}
STATUSES = {"IN_QUEUE": "_SUBMITTED_", "IN_PROGRESS": "_IN_PROGRESS_", "DONE": "_DONE_", "FATAL": "_CANCELLED_"}


def ask(call: MwsCall) -> dict[str, Any]:
    kind = call.text("ReportType")
    if kind not in TYPES:
        raise stop(400, "InvalidParameterValue", f"Value {kind[:60]} for parameter ReportType is invalid.")
    sites, now = call.sites("MarketplaceIdList.Id"), call.world.now()
    # Both ends of the time are now, where they are not told.
    since, until = call.moment("StartDate") or now, call.moment("EndDate") or now
    for name, moment in (("StartDate", since), ("EndDate", until)):
        if moment > now:
            raise stop(400, "InvalidParameterValue", f"{name} must not be in the future.")
    if until < since:
        raise stop(400, "InvalidParameterValue", "EndDate must not be before StartDate.")
    report = reports.ask(call.world, call.seller.seller_id, TYPES[kind], sites, since, until, {})
    return {"ReportRequestInfo": _info(call, report)}


def _info(call: MwsCall, report: Report) -> dict[str, Any]:
    return {
        "ReportRequestId": report.report_id, "ReportType": NAMES[report.report_type], "StartDate": text(report.since or report.created_at),
        "EndDate": text(report.until or report.created_at), "Scheduled": False, "SubmittedDate": text(report.created_at),
        "ReportProcessingStatus": _status(call, report),
        "GeneratedReportId": report.report_id if report.status == "DONE" else None,
        "StartedProcessingDate": text(report.started_at) if report.started_at else None,
        "CompletedDate": text(report.ended_at) if report.ended_at else None,
    }  # fmt: skip


def _status(call: MwsCall, report: Report) -> str:
    if report.status == "CANCELLED":
        # The newer interface has one word for both: nothing to tell, and not carried out.
        return "_CANCELLED_" if report_files.write(call.world, report) else "_DONE_NO_DATA_"
    return STATUSES[report.status]


def listed(call: MwsCall) -> dict[str, Any]:
    """The newest first. (There is no second page: 100 of one kind are more than anybody waits for.)"""
    ids, types, most = (
        call.several("ReportRequestIdList.Id"), call.several("ReportTypeList.Type"), call.number("MaxCount", 10, 1, 100),
    )  # fmt: skip
    rows = (
        r for r in reversed(call.world.state.reports.values())
        if r.seller_id == call.seller.seller_id and r.report_type in NAMES
        and (not ids or r.report_id in ids) and (not types or NAMES[r.report_type] in types)
    )  # fmt: skip
    return {"HasNext": False, "ReportRequestInfo": [_info(call, r) for r in islice(rows, most)]}


def fetch(call: MwsCall) -> Response:
    """The file itself, with its checksum."""
    report = call.world.state.reports.get(call.text("ReportId"))
    if report is None or report.seller_id != call.seller.seller_id or report.report_type not in NAMES:
        raise stop(404, "InvalidReportId", "The report id is not valid.")
    if report.status != "DONE":
        raise stop(404, "ReportNotReady", f"Report {report.report_id} is not ready.")
    document = call.world.state.documents[report.document]
    content = document.content or b""
    if document.compression:
        content = gzip.decompress(content)
    return Response(200, content, {"content-type": document.content_type, "content-md5": documents.checksum(content)})


ACTIONS = (
    Action("RequestReport", 15, 60, ask),
    Action("GetReportRequestList", 10, 45, listed),
    Action("GetReport", 15, 60, fetch),
)
