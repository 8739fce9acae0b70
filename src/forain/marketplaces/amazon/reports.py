"""Counting orders by Amazon's own report: all orders placed within a time, without their buyers.

A report is asked for, made in minutes to hours, and fetched once from an address that lives five minutes.

Source: Reports 2021-06-30 model, report type pages; read 2026-11-29.
"""

import json
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from forain.contracts.marketplace import Credentials, OrderCount
from forain.contracts.net import Net, Request, Response
from forain.core.clock import Window, format_instant
from forain.core.errors import Malformed, Rejected, ServerFault
from forain.core.ids import SiteId
from forain.marketplaces import order_file
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.listings import address

REPORT_TYPE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
MOST_SITES = 25
UNDER_WAY = ("IN_QUEUE", "IN_PROGRESS")


def counted(
    credentials: Credentials, net: Net, window: Window, sites: Sequence[SiteId], cursor: str | None
) -> OrderCount:
    """See `contracts.marketplace.OrderCounter`. The cursor is the report's id."""
    until = min(window.until, window.since + order_file.LONGEST)
    if cursor is None:
        return OrderCount(None, _begin(credentials, net, Window(window.since, until), sites), until)
    url = f"{_url(credentials)}/reports/{quote(cursor, safe='')}"
    try:
        report = wire.read(_ask(net, Request("getReport", "GET", url)), wire.Report)
    except Rejected as error:
        if error.code != "not_found":
            raise
        return OrderCount(None, None, until, reason="not_found")
    if report.processing_status in UNDER_WAY:
        return OrderCount(None, cursor, until)
    if report.processing_status == "CANCELLED":
        # Mostly: there is nothing to tell. Whether that can be so, our book knows.
        return OrderCount((), None, until, reason="CANCELLED")
    if report.processing_status == "FATAL":
        return OrderCount(None, None, until, reason="FATAL")
    if report.processing_status != "DONE":
        raise Malformed(f"processingStatus {report.processing_status[:50]}")
    if not report.report_document_id:
        raise Malformed("reportDocumentId")
    orders, unread = order_file.read(_file(credentials, net, report.report_document_id))
    return OrderCount(orders, None, until, unread)


def _url(credentials: Credentials) -> str:
    return f"{address(credentials)}/reports/2021-06-30"


def _ask(net: Net, request: Request, good: int = 200) -> Response:
    response = net.send(request)
    if response.status != good:
        raise errors.of_api(response, request.operation)
    return response


def _begin(credentials: Credentials, net: Net, window: Window, sites: Sequence[SiteId]) -> str:
    told = {
        "reportType": REPORT_TYPE,
        "marketplaceIds": list(sites[:MOST_SITES]),
        "dataStartTime": format_instant(window.since),
        "dataEndTime": format_instant(window.until),
    }
    request = Request("createReport", "POST", f"{_url(credentials)}/reports", json=json.dumps(told).encode())
    return wire.read(_ask(net, request, 202), wire.ReportBegun).report_id


def _file(credentials: Credentials, net: Net, document: str) -> Response:
    """The file, fetched at once: its address lives five minutes. It is storage's, and gets no token of ours; where it
    may lead is judged by `net`, as for every address."""
    url = f"{_url(credentials)}/documents/{quote(document, safe='')}"
    told = wire.read(_ask(net, Request("getReportDocument", "GET", url)), wire.ReportDocument)
    if told.compression_algorithm not in (None, "", "GZIP"):
        raise Malformed("compressionAlgorithm")
    if not _plain_address(told.url, address(credentials)):
        raise Malformed("url")
    request = Request("reportFile", "GET", told.url, headers={"accept": "*/*"}, authorized=False, timeout_seconds=60)
    response = net.send(request)
    if response.status != 200:
        raise ServerFault("report_file", placeholders={"status": str(response.status)})
    return response


def _plain_address(url: str, api: str) -> bool:
    """https, as the interface itself; where that is a box, the box's own kind of address."""
    try:
        scheme = urlsplit(url).scheme
        return bool(urlsplit(url).hostname) and url.isascii() and scheme in ("https", urlsplit(api).scheme)
    except ValueError:
        return False
