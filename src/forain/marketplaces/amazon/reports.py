"""Amazon's own reports: all orders placed within a time, without their buyers; and all offers of a site.

A report is asked for, made in minutes to hours, and fetched from an address that lives five minutes.

Source: Reports 2021-06-30 model, report type pages; read 2026-11-29 and 2026-11-30.
"""

import json
from collections.abc import Generator, Sequence
from urllib.parse import quote, urlsplit

from forain.contracts.marketplace import Credentials, OrderCount, Shelf, ShelfPage
from forain.contracts.net import Download, Net, Request, Response
from forain.core.clock import Window, format_instant
from forain.core.errors import Malformed, Rejected, ServerFault
from forain.core.ids import SiteId
from forain.marketplaces import listing_file, order_file
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.listings import address
from forain.marketplaces.amazon.sites import BY_ID

REPORT_TYPE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
SHELF_TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
MOST_SITES = 25
UNDER_WAY = ("IN_QUEUE", "IN_PROGRESS")
ENDED = ("DONE", "CANCELLED", "FATAL")


def counted(
    credentials: Credentials, net: Net, window: Window, sites: Sequence[SiteId], cursor: str | None
) -> OrderCount:
    """See `contracts.marketplace.OrderCounter`. The cursor is the report's id."""
    until = min(window.until, window.since + order_file.LONGEST)
    if cursor is None:
        return OrderCount(None, _begin(credentials, net, Window(window.since, until), sites), until)
    report = _followed(credentials, net, cursor)
    if report is None:
        return OrderCount(None, None, until, reason="not_found")
    if report.processing_status in UNDER_WAY:
        return OrderCount(None, cursor, until)
    if report.processing_status == "CANCELLED":
        # Mostly: there is nothing to tell. Whether that can be so, our book knows.
        return OrderCount((), None, until, reason="CANCELLED")
    if report.processing_status == "FATAL":
        return OrderCount(None, None, until, reason="FATAL")
    orders, unread = order_file.read(_file(credentials, net, _document(report)))
    return OrderCount(orders, None, until, unread)


def shelf(credentials: Credentials, net: Net, site: SiteId, cursor: str | None) -> Shelf:
    """See `contracts.marketplace.ShelfReader`. The cursor is the report's id.

    CANCELLED says that there is nothing to tell, or that a report like it was asked for a moment ago. A report that is not
    known (any more) came to nothing.
    """
    if cursor is None:
        return Shelf(None, _ask_for(credentials, net, {"reportType": SHELF_TYPE, "marketplaceIds": [site]}))
    report = _followed(credentials, net, cursor)
    if report is None:
        return Shelf(None, None, reason="not_found")
    if report.processing_status in UNDER_WAY:
        return Shelf(None, cursor)
    if report.processing_status != "DONE":
        status = report.processing_status
        return Shelf(None, None, reason=status, nothing=status == "CANCELLED")
    currency = BY_ID[site].currency
    return Shelf(_pages(credentials, net, site, _document(report), currency), cursor, currency)


def _pages(
    credentials: Credentials, net: Net, site: SiteId, document: str, currency: str
) -> Generator[ShelfPage, None, None]:
    request = _place(credentials, net, document)
    download = net.download(request)
    if download.status != 200:
        download.file.close()
        raise _refused(download)
    return _read_once(download, credentials, site, currency)


def _read_once(
    download: Download, credentials: Credentials, site: SiteId, currency: str
) -> Generator[ShelfPage, None, None]:
    with download.file as file:
        kind = download.headers.get("content-type", "")
        yield from listing_file.read(file, kind, credentials.account, site, currency)


def _followed(credentials: Credentials, net: Net, number: str) -> wire.Report | None:
    """How far a report is, None where Amazon does not know it. Raises Malformed for a status nobody knows."""
    url = f"{_url(credentials)}/reports/{quote(number, safe='')}"
    try:
        report = wire.read(_ask(net, Request("getReport", "GET", url)), wire.Report)
    except Rejected as error:
        if error.code != "not_found":
            raise
        return None
    if report.processing_status not in (*UNDER_WAY, *ENDED):
        raise Malformed(f"processingStatus {report.processing_status[:50]}")
    return report


def _document(report: wire.Report) -> str:
    if not report.report_document_id:
        raise Malformed("reportDocumentId")
    return report.report_document_id


def _url(credentials: Credentials) -> str:
    return f"{address(credentials)}/reports/2021-06-30"


def _ask(net: Net, request: Request, good: int = 200) -> Response:
    response = net.send(request)
    if response.status != good:
        raise errors.of_api(response, request.operation)
    return response


def _begin(credentials: Credentials, net: Net, window: Window, sites: Sequence[SiteId]) -> str:
    told: dict[str, object] = {
        "reportType": REPORT_TYPE,
        "marketplaceIds": list(sites[:MOST_SITES]),
        "dataStartTime": format_instant(window.since),
        "dataEndTime": format_instant(window.until),
    }
    return _ask_for(credentials, net, told)


def _ask_for(credentials: Credentials, net: Net, told: dict[str, object]) -> str:
    request = Request("createReport", "POST", f"{_url(credentials)}/reports", json=json.dumps(told).encode())
    return wire.read(_ask(net, request, 202), wire.ReportBegun).report_id


def _file(credentials: Credentials, net: Net, document: str) -> Response:
    response = net.send(_place(credentials, net, document))
    if response.status != 200:
        raise _refused(response)
    return response


def _place(credentials: Credentials, net: Net, document: str) -> Request:
    """Asks for the file, to be sent at once: its address lives five minutes. It is storage's, and gets no token of ours; where
    it may lead is judged by `net`, as for every address."""
    url = f"{_url(credentials)}/documents/{quote(document, safe='')}"
    told = wire.read(_ask(net, Request("getReportDocument", "GET", url)), wire.ReportDocument)
    if told.compression_algorithm not in (None, "", "GZIP"):
        raise Malformed("compressionAlgorithm")
    if not _plain_address(told.url, address(credentials)):
        raise Malformed("url")
    return Request("reportFile", "GET", told.url, headers={"accept": "*/*"}, authorized=False, timeout_seconds=60)


def _refused(answer: Response | Download) -> ServerFault:
    return ServerFault("report_file", placeholders={"status": str(answer.status)})


def _plain_address(url: str, api: str) -> bool:
    """https, as the interface itself; where that is a box, the box's own kind of address."""
    try:
        scheme = urlsplit(url).scheme
        return bool(urlsplit(url).hostname) and url.isascii() and scheme in ("https", urlsplit(api).scheme)
    except ValueError:
        return False
