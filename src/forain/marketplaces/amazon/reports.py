"""Counting orders by Amazon's own report: all orders placed within a time, without their buyers.

A report is asked for, made in minutes to hours, and fetched once from an address that lives five minutes. Its file is
tab separated without quotes, one line an order line, its columns in no promised order; it says neither how many lines it has nor
whether tax is within its prices. Cash on delivery has no column: such an order (Japan) is shown with another amount.

Source: Reports 2021-06-30 model, report type pages, and files as connectors keep them; read 2026-11-29.
"""

import codecs
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from forain.contracts.marketplace import Credentials, OrderCount, UnreadOrder
from forain.contracts.net import Net, Request, Response
from forain.core.clock import Instant, Window, format_instant
from forain.core.counting import CountedOrder
from forain.core.errors import Malformed, Rejected, ServerFault
from forain.core.ids import MarketplaceOrderId, SiteId
from forain.core.money import Money
from forain.core.orders import OrderStatus
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.listings import address

REPORT_TYPE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
LONGEST = timedelta(days=29)
"""A report of orders spans 30 days at most; Amazon's own arithmetic is left some room."""
MOST_SITES = 25
LARGEST_FILE = 128 * 1024 * 1024
"""Bytes, unpacked: some 300,000 order lines."""
UNDER_WAY = ("IN_QUEUE", "IN_PROGRESS")

ID = "amazon-order-id"
STATUS = "order-status"
CHANNEL = "sales-channel"
CURRENCY = "currency"
PLUS = ("item-price", "shipping-price", "gift-wrap-price")
TAXES = ("item-tax", "shipping-tax", "gift-wrap-tax")
MINUS = ("item-promotion-discount", "ship-promotion-discount")
AMOUNTS = (*PLUS, *TAXES, *MINUS)
ORDER_ID = re.compile(r"[A-Z0-9]{3}-\d{7}-\d{7}", re.ASCII)
"""Also those of orders that Amazon sends for other shops (S02-...). An id that was cut off does not fit."""
OTHER_SHOPS = "non-amazon"
"""The sales channel of orders from elsewhere that Amazon only sends: no orders of this marketplace."""
STATUSES = {
    "pending": OrderStatus.PENDING,
    "unshipped": OrderStatus.UNSHIPPED,
    "shipping": OrderStatus.PARTIALLY_SHIPPED,
    "partiallyshipped": OrderStatus.PARTIALLY_SHIPPED,
    "shipped": OrderStatus.SHIPPED,
    "cancelled": OrderStatus.CANCELLED,
    "canceled": OrderStatus.CANCELLED,
}
"""First word of a line's status -> ours ("Shipped - Delivered to Buyer"). The list is open: another word tells nothing."""
ENCODINGS = {
    "": "utf-8", "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "cp1252": "cp1252", "windows-1252": "cp1252",
    "iso-8859-1": "cp1252", "shift_jis": "cp932", "cp932": "cp932", "windows-31j": "cp932",
}  # fmt: skip
"""What Amazon calls it in the Content-Type ("" where it says nothing) -> Python's name."""


def counted(
    credentials: Credentials, net: Net, window: Window, sites: Sequence[SiteId], cursor: str | None
) -> OrderCount:
    """See `contracts.marketplace.OrderCounter`. The cursor is the report's id."""
    until = min(window.until, window.since + LONGEST)
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
    return _read(_file(credentials, net, report.report_document_id), until)


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


def _read(file: Response, until: Instant) -> OrderCount:
    charset = re.search(r"charset\s*=\s*\"?([\w.-]+)", file.headers.get("content-type", ""), re.ASCII)
    encoding = ENCODINGS.get(charset[1].lower() if charset else "")
    if encoding is None:
        raise Malformed("charset")
    orders, unread = _orders(_lines(_unpacked(file.body), encoding))
    return OrderCount(tuple(orders), None, until, tuple(unread))


def _unpacked(body: bytes) -> bytes:
    """What is packed says so itself: whether somebody unpacked it on the way does not matter."""
    found = bytearray()
    while body.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            found += unpacker.decompress(body, LARGEST_FILE + 1 - len(found))
        except zlib.error:
            raise Malformed("gzip") from None
        if len(found) > LARGEST_FILE:
            raise Malformed("file too large")
        if not unpacker.eof:
            raise Malformed("file cut off")
        body = unpacker.unused_data
        if not body:
            return bytes(found)
    if found:
        raise Malformed("gzip")
    return body


def _lines(content: bytes, encoding: str) -> Iterator[list[str]]:
    """Cells of each line. A letter that is none of its encoding is in no column that is read here."""
    content = content.removeprefix(codecs.BOM_UTF8)
    start = 0
    while start < len(content):
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        line = content[start:end].decode(encoding, "replace").rstrip("\r")
        start = end + 1
        if line:
            yield line.split("\t")


class _Row(NamedTuple):
    """What counts of one line. `amounts`: column -> text, None where the line cannot be trusted; `line`: a print of the
    whole line, by which a doubled one is known."""

    status: str
    currency: str
    amounts: dict[str, str] | None
    line: int


def _orders(lines: Iterator[list[str]]) -> tuple[list[CountedOrder], list[UnreadOrder]]:
    """(orders, what could not be read of them). Raises Malformed where the file is no file of orders."""
    headings = [cell.strip().strip('"').lower() for cell in next(lines, [])]
    if headings.count(ID) != 1 or headings.count(STATUS) != 1:
        raise Malformed("headings")
    found: dict[MarketplaceOrderId, list[_Row]] = {}
    unread: list[UnreadOrder] = []
    for cells in lines:
        told = dict(zip(headings, (cell.strip() for cell in cells), strict=False))
        name = MarketplaceOrderId(told.get(ID, ""))
        if not ORDER_ID.fullmatch(name):
            unread.append(UnreadOrder(MarketplaceOrderId(""), ID))
            continue
        if told.get(CHANNEL, "").lower().startswith(OTHER_SHOPS):
            continue
        amounts: dict[str, str] | None = {column: told[column] for column in AMOUNTS if told.get(column)}
        if len(cells) != len(headings):
            # Cut off, or a cell that broke its line: that the order is there is all that is believed.
            unread.append(UnreadOrder(name, "columns"))
            amounts = None
        row = _Row(told.get(STATUS, ""), told.get(CURRENCY, ""), amounts, hash(tuple(cells)))
        found.setdefault(name, []).append(row)
    return [_order(name, rows, unread) for name, rows in found.items()], unread


def _order(name: MarketplaceOrderId, rows: Sequence[_Row], unread: list[UnreadOrder]) -> CountedOrder:
    if any(row.amounts is None for row in rows):
        return CountedOrder(name)
    words = {row.status.lower().partition(" ")[0] for row in rows}
    status = STATUSES.get(words.pop()) if len(words) == 1 else None
    if status in (OrderStatus.PENDING, OrderStatus.CANCELLED):
        return CountedOrder(name, status)
    try:
        return CountedOrder(name, status, _totals(rows))
    except ValueError:
        unread.append(UnreadOrder(name, "amount"))
        return CountedOrder(name, status)


def _totals(rows: Sequence[_Row]) -> tuple[Money, ...]:
    """What the order may be worth: tax within the prices (Europe) or on top (America); and with lines that came twice
    counted twice, as two equal lines of one order, or once, as a line that was doubled. Raises ValueError."""
    once = list({row.line: row for row in rows}.values())
    found = [_sum(lines, parts) for lines in (rows, once) for parts in (PLUS, (*PLUS, *TAXES))]
    return tuple(dict.fromkeys(total for total in found if total is not None))


def _sum(rows: Sequence[_Row], plus: Sequence[str]) -> Money | None:
    """None where no line names a price. Raises ValueError."""
    total: Money | None = None
    for row in rows:
        for column, text in (row.amounts or {}).items():
            if column not in plus and column not in MINUS:
                continue
            amount = Money.parse(text, row.currency)
            if column in MINUS:
                # Told as what is taken off; whether with a minus is not written anywhere.
                amount = Money(-abs(amount.minor), amount.currency)
            total = amount if total is None else total + amount
    return total
