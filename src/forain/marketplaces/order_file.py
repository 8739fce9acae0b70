"""Amazon's file of all orders placed within a time, which its old and its new interface make alike: without the buyers.

It is tab separated without quotes, one line an order line, its columns in no promised order; it says neither how many lines it
has nor whether tax is within its prices. Cash on delivery has no column: such an order (Japan) is shown with another amount.

Source: report type pages, and files as connectors keep them; read 2026-11-29.
"""

import codecs
import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from forain.contracts.marketplace import UnreadOrder
from forain.contracts.net import Response
from forain.core.counting import CountedOrder
from forain.core.errors import Malformed
from forain.core.ids import MarketplaceOrderId
from forain.core.money import Money
from forain.core.orders import OrderStatus

LONGEST = timedelta(days=29)
"""A report of orders spans 30 days at most; Amazon's own arithmetic is left some room."""
LARGEST_FILE = 128 * 1024 * 1024
"""Bytes, unpacked: some 300,000 order lines."""

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


def read(file: Response) -> tuple[tuple[CountedOrder, ...], tuple[UnreadOrder, ...]]:
    """(orders, the lines that could not be read, by their order's id). Raises Malformed for what is no file of orders."""
    charset = re.search(r"charset\s*=\s*\"?([\w.-]+)", file.headers.get("content-type", ""), re.ASCII)
    encoding = ENCODINGS.get(charset[1].lower() if charset else "")
    if encoding is None:
        raise Malformed("charset")
    orders, unread = _orders(_lines(_unpacked(file.body), encoding))
    return tuple(orders), tuple(unread)


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
