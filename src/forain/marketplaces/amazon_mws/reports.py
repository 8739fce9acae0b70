"""What Amazon shows of the seller's offers: MWS tells it by a report, asked for, waited for, fetched.

A report shows a moment a little back: up to `FRESH` and the time it took. That is less than what the flows allow themselves
between a look and what they tell upon it; the nightly sweep asks for a report of its own. Nothing is kept between two calls:
the list of reports is Amazon's, and so is the clock they are compared by.

Source: MWS Reports API section 2009-01-01 (stored copies of docs.developer.amazonservices.com, read 2026-11-29); headings
and encodings of the file as connectors met them, read 2026-11-24.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from forain.contracts.marketplace import Credentials, OfferPage, UnreadOffer
from forain.contracts.net import Net, Response
from forain.core.clock import Instant
from forain.core.errors import Busy, Malformed
from forain.core.ids import OfferKey, SellerSku, SiteId
from forain.core.money import Money
from forain.core.offers import Observed
from forain.marketplaces.amazon_mws import calls, document
from forain.marketplaces.amazon_mws.document import LONGEST_NAME, Part
from forain.marketplaces.amazon_mws.sites import BY_ID
from forain.marketplaces.listing_file import HEADINGS

TYPE = "_GET_MERCHANT_LISTINGS_ALL_DATA_"
WAITING = ("_SUBMITTED_", "_IN_PROGRESS_")
FRESH = timedelta(minutes=3)
"""So old a report may be for a look. With a younger one, read-back would ask for reports without end."""
LOOK_AGAIN = timedelta(seconds=45)
"""So long until the list of reports may be asked for once more."""
OWN_CHANNEL = "DEFAULT"
STATUSES = ("Active", "Inactive", "Incomplete")
EAN = "4"
NEEDED = ("sku", "price", "quantity", "channel", "status")


def observe(credentials: Credentials, net: Net, keys: Sequence[OfferKey]) -> OfferPage:
    """The offers of `keys`, from the newest report; one it does not name is absent. Raises Busy until there is a report."""
    found: list[OfferPage] = []
    for site in sorted({key.site for key in keys}):
        if (number := _newest(credentials, net, site)) is not None:
            found.append(_fetch(credentials, net, site, number))
    wanted = set(keys)
    return OfferPage(
        tuple(offer for page in found for offer in page.offers if offer.key in wanted),
        None,
        tuple(unread for page in found for unread in page.unread if unread.key in wanted or not unread.key.sku),
    )


def _newest(credentials: Credentials, net: Net, site: SiteId) -> str | None:
    """The number of a report young enough, None where it says that there is no offer. Else one is asked for: Busy."""
    # The list does not say which site a report is of; an account has one.
    infos, now = requests(credentials, net, {"ReportTypeList.Type.1": TYPE, "MaxCount": "20"})
    for info in infos:
        status = info.get("ReportProcessingStatus")
        young = now - calls.moment(info, "SubmittedDate") <= FRESH
        if young and status in WAITING:
            raise Busy(now + LOOK_AGAIN, "mws_report", placeholders={"report": TYPE})
        if young and status == "_DONE_":
            return info.named("GeneratedReportId")
        if young and status == "_DONE_NO_DATA_":
            return None
    request(credentials, net, TYPE, [site])
    raise Busy(now + LOOK_AGAIN, "mws_report", placeholders={"report": TYPE})


def requests(credentials: Credentials, net: Net, asked: Mapping[str, str]) -> tuple[list[Part], Instant]:
    """(what was asked for, the newest first; the moment of the answer)."""
    response = calls.call(credentials, net, "", "GetReportRequestList", asked)
    told = document.read(response).all("GetReportRequestListResult")
    if not told:
        raise Malformed("GetReportRequestListResult")
    return told[0].all("ReportRequestInfo"), calls.moment_of(response)


def requested(credentials: Credentials, net: Net, number: str) -> tuple[Part | None, Instant]:
    """(the request of this number, None where Amazon knows none; the moment of the answer)."""
    infos, now = requests(credentials, net, {"ReportRequestIdList.Id.1": number})
    return next((info for info in infos if info.get("ReportRequestId") == number), None), now


def request(
    credentials: Credentials, net: Net, kind: str, sites: Sequence[SiteId], others: Mapping[str, str] | None = None
) -> str:
    """Ask for a report of these sites; the answer is the request's number. Each time it is a new one."""
    asked = {f"MarketplaceIdList.Id.{place}": site for place, site in enumerate(sites, 1)}
    told = calls.ask(credentials, net, "", "RequestReport", {"ReportType": kind, **asked, **(others or {})})
    return told.named("ReportRequestInfo/ReportRequestId")


def file(credentials: Credentials, net: Net, number: str) -> Response:
    """The report of this number. Raises Malformed where it is another one than its checksum tells of: cut, or changed.

    Source: the python package mws 0.8.15, which holds the header against the body; read 2026-11-29.
    """
    response = calls.call(credentials, net, "", "GetReport", {"ReportId": number})
    checksum = base64.b64encode(hashlib.md5(response.body, usedforsecurity=False).digest()).decode()
    if response.headers.get("content-md5", checksum) != checksum:
        raise Malformed("content-md5")
    return response


def sweep(credentials: Credentials, net: Net, site: SiteId, cursor: str | None) -> OfferPage:
    """All offers of a site. The first page is empty and asks for a report; its number is the cursor. Raises Busy while
    the report is not ready; whoever comes again with the cursor waits for the same one."""
    if cursor is None:
        return OfferPage((), request(credentials, net, TYPE, [site]))
    info, now = requested(credentials, net, cursor)
    status = info.get("ReportProcessingStatus") if info else ""
    if info is None:
        raise Malformed("ReportRequestId")
    if status in WAITING:
        raise Busy(now + LOOK_AGAIN, "mws_report", placeholders={"report": TYPE})
    if status == "_DONE_NO_DATA_":
        return OfferPage((), None)
    if status != "_DONE_":
        # Whoever began it begins anew, with another report.
        raise Malformed(f"ReportProcessingStatus {status}"[:200])
    return _fetch(credentials, net, site, info.named("GeneratedReportId"))


def _fetch(credentials: Credentials, net: Net, site: SiteId, number: str) -> OfferPage:
    """A report as one page. A line that cannot be read is named, and the others are read."""
    found: list[Observed] = []
    unread: list[UnreadOffer] = []
    for row in _rows(file(credentials, net, number)):
        sku = row.get("sku", "")
        key = OfferKey(credentials.account, site, SellerSku(sku if len(sku) <= LONGEST_NAME else ""))
        try:
            found.append(_observed(key, row))
        except Malformed as error:
            unread.append(UnreadOffer(key, error.field))
    return OfferPage(tuple(found), None, tuple(unread))


def _rows(response: Response) -> Iterator[dict[str, str]]:
    """The lines of the file, by our names of its columns. Raises Malformed for what is no such file."""
    charset = re.search(r"charset\s*=\s*\"?([\w.:-]+)", response.headers.get("content-type", ""), re.IGNORECASE)
    try:
        text = response.body.decode(charset[1] if charset else "utf-8", "replace").removeprefix("\ufeff")
    except LookupError:
        raise Malformed("charset") from None
    head, *lines = re.split(r"\r?\n", text.replace("\0", "\ufffd"))
    named = {word: name for name, heads in HEADINGS.items() for word in heads}
    columns = [named.get(word.strip().lower(), "") for word in head.split("\t")]
    if missing := [name for name in NEEDED if name not in columns]:
        raise Malformed(f"heading {missing[0]}")
    for line in lines:
        if line.strip():
            yield {name: cell.strip() for name, cell in zip(columns, line.split("\t"), strict=False) if name}


def _observed(key: OfferKey, row: dict[str, str]) -> Observed:
    if not key.sku:
        raise Malformed("sku")
    status, channel, quantity, price = (row.get(name, "") for name in ("status", "channel", "quantity", "price"))
    if status not in STATUSES:
        raise Malformed(f"status {status}"[:200])
    if not channel:
        raise Malformed("channel")
    by_amazon = channel != OWN_CHANNEL
    if quantity and not (quantity.isascii() and quantity.isdigit() and len(quantity) < 10):
        raise Malformed("quantity")
    try:
        money = Money.parse(price, BY_ID[key.site].currency) if price else None
    except ValueError:
        raise Malformed("price") from None
    code = row.get("code", "")
    return Observed(
        key=key,
        quantity=int(quantity) if quantity and not by_amazon else None,
        price=money,
        fulfilled_by="marketplace" if by_amazon else "merchant",
        buyable=status == "Active",
        channels=(channel,),
        product_code=row.get("asin", ""),
        ean=code if row.get("code_kind") == EAN and len(code) <= LONGEST_NAME else "",
        title=row.get("title", ""),
    )
