"""Counting orders by Amazon's own report: all orders placed within a time, without their buyers.

Unlike the newer interface, MWS had two words: there is nothing to tell, and: not carried out.

Source: MWS Reports API section 2009-01-01 ("Working with order reports", ReportType and ReportProcessingStatus; stored copies of
docs.developer.amazonservices.com), read 2026-11-29.
"""

from collections.abc import Sequence

from forain.contracts.marketplace import Credentials, OrderCount
from forain.contracts.net import Net
from forain.core.clock import Window, format_instant
from forain.core.errors import Malformed
from forain.core.ids import SiteId
from forain.marketplaces import order_file
from forain.marketplaces.amazon_mws import reports

TYPE = "_GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_"


def counted(
    credentials: Credentials, net: Net, window: Window, sites: Sequence[SiteId], cursor: str | None
) -> OrderCount:
    """See `contracts.marketplace.OrderCounter`. The cursor is the number of the request."""
    until = min(window.until, window.since + order_file.LONGEST)
    if cursor is None:
        asked = {"StartDate": format_instant(window.since), "EndDate": format_instant(until)}
        return OrderCount(None, reports.request(credentials, net, TYPE, sites, asked), until)
    info, _ = reports.requested(credentials, net, cursor)
    if info is None:
        return OrderCount(None, None, until, reason="not_found")
    status = info.get("ReportProcessingStatus")
    if status in reports.WAITING:
        return OrderCount(None, cursor, until)
    if status == "_DONE_NO_DATA_":
        # Whether that can be so, our book knows.
        return OrderCount((), None, until, reason=status)
    if status == "_CANCELLED_":
        return OrderCount(None, None, until, reason=status)
    if status != "_DONE_":
        raise Malformed(f"ReportProcessingStatus {status}"[:200])
    orders, unread = order_file.read(reports.file(credentials, net, info.named("GeneratedReportId")))
    return OrderCount(orders, None, until, unread)
