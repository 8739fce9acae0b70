"""What Amazon shows of the seller's offers: the effective values, not what was once submitted.

Source: Listings Items 2021-08-01 model; Amazon staff on effective and submitted quantity (models issue 5327); read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import msgspec

from forain.contracts.marketplace import Credentials, OfferPage, UnreadOffer
from forain.contracts.net import Net, Request
from forain.core.errors import Malformed, Problem
from forain.core.ids import OfferKey, SellerSku, SiteId
from forain.core.offers import Observed
from forain.marketplaces.amazon import attributes, errors, wire
from forain.marketplaces.amazon.sites import API_ADDRESSES, BY_ID
from forain.net.redaction import scrub

INCLUDED = "summaries,attributes,issues,offers,fulfillmentAvailability,productTypes"
PAGE = 20
WINDOW = 1000
"""Amazon pages through at most so many SKUs of one search; then the search is begun anew at a later creation date."""


def address(credentials: Credentials) -> str:
    """The base address of the account's region."""
    return (credentials.options.get("address.api") or API_ADDRESSES[credentials.region]).rstrip("/")


def items_url(credentials: Credentials, sku: SellerSku | None = None) -> str:
    path = f"{address(credentials)}/listings/2021-08-01/items/{quote(credentials.seller, safe='')}"
    return path if sku is None else f"{path}/{quote(sku, safe='')}"


def observe(credentials: Credentials, net: Net, keys: Sequence[OfferKey]) -> OfferPage:
    """The offers of `keys`, twenty a call; one Amazon does not know is absent."""
    found: list[OfferPage] = []
    by_site: dict[SiteId, list[SellerSku]] = {}
    for key in keys:
        by_site.setdefault(key.site, []).append(key.sku)
    for site, skus in by_site.items():
        plain = [sku for sku in skus if "," not in sku]
        for start in range(0, len(plain), PAGE):
            query = {"identifiers": ",".join(plain[start : start + PAGE]), "identifiersType": "SKU"}
            found.append(_read(credentials, site, _search(credentials, net, site, query)).page)
        for sku in skus:
            if "," in sku:
                # A comma would fall apart in the list of identifiers.
                found.append(_one(credentials, net, site, sku))
    wanted = set(keys)
    return OfferPage(
        tuple(offer for page in found for offer in page.offers if offer.key in wanted),
        None,
        tuple(unread for page in found for unread in page.unread if unread.key in wanted or not unread.key.sku),
    )


def _one(credentials: Credentials, net: Net, site: SiteId, sku: SellerSku) -> OfferPage:
    query = {"marketplaceIds": site, "includedData": INCLUDED}
    request = Request("getListingsItem", "GET", items_url(credentials, sku), query=query)
    response = net.send(request)
    if response.status != 200:
        error = errors.of_api(response, "getListingsItem")
        if error.code == "not_found":
            return OfferPage((), None)
        raise error
    try:
        seen = _observed(credentials, site, wire.read(response, wire.ListingItem))
    except Malformed as error:
        return OfferPage((), None, (UnreadOffer(OfferKey(credentials.account, site, sku), error.field),))
    return OfferPage((seen,) if seen else (), None)


def sweep(credentials: Credentials, net: Net, site: SiteId, cursor: str | None) -> OfferPage:
    """All offers of a site by creation date. The cursor holds "since when~how many~Amazon's token"."""
    since, count, token = (cursor or "~0~").split("~", 2)
    query = {"sortBy": "createdDate", "sortOrder": "ASC"}
    if since:
        query["createdAfter"] = since
    if token:
        query["pageToken"] = token
    page = _search(credentials, net, site, query)
    read = _read(credentials, site, page)
    passed = int(count) + len(page.items)
    following = page.pagination.next_token if page.pagination else None
    if following and passed < WINDOW:
        return replace(read.page, cursor=f"{since}~{passed}~{following}")
    if passed < WINDOW:
        return read.page
    if not read.newest or read.newest == since:
        # More offers of one moment than Amazon pages through: what follows would count as gone, so say it.
        raise Malformed("summaries.createdDate")
    return replace(read.page, cursor=f"{read.newest}~0~")


@dataclass(frozen=True, slots=True)
class _Read:
    """A page as read. `newest`: the last creation date on it, "" where there is none."""

    page: OfferPage
    newest: str


def _search(credentials: Credentials, net: Net, site: SiteId, query: dict[str, str]) -> wire.ListingPage:
    told = {"marketplaceIds": site, "includedData": INCLUDED, "pageSize": str(PAGE), **query}
    response = net.send(Request("searchListingsItems", "GET", items_url(credentials), query=told))
    if response.status != 200:
        raise errors.of_api(response, "searchListingsItems")
    return wire.read(response, wire.ListingPage)


def _read(credentials: Credentials, site: SiteId, page: wire.ListingPage) -> _Read:
    """Each item by itself: one that breaks is named and the others are read."""
    found: list[Observed] = []
    unread: list[UnreadOffer] = []
    newest = ""
    for raw in page.items:
        try:
            item = wire.part(raw, wire.ListingItem)
            newest = max(newest, *(s.created_date or "" for s in item.summaries if s.marketplace_id == site), "")
            seen = _observed(credentials, site, item)
        except Malformed as error:
            unread.append(UnreadOffer(OfferKey(credentials.account, site, _name(raw)), error.field))
            continue
        if seen is not None:
            found.append(seen)
    return _Read(OfferPage(tuple(found), None, tuple(unread)), newest)


def _name(raw: msgspec.Raw) -> SellerSku:
    """The SKU of an item that cannot be read; "" where even that cannot."""
    try:
        return SellerSku(wire.part(raw, wire.ListingName).sku)
    except Malformed:
        return SellerSku("")


def _observed(credentials: Credentials, site: SiteId, item: wire.ListingItem) -> Observed | None:
    """One offer as it stands; None: the SKU has no part in this site, but in others that there are."""
    summary = next((s for s in item.summaries if s.marketplace_id == site), None)
    product_type = next((p.product_type for p in item.product_types if p.marketplace_id == site), "")
    if summary is None and not product_type and item.summaries:
        if any(s.marketplace_id not in BY_ID for s in item.summaries):
            raise Malformed("summaries.marketplaceId")
        return None
    channels = [a.fulfillment_channel_code for a in item.fulfillment_availability]
    own = next(
        (a.quantity for a in item.fulfillment_availability if a.fulfillment_channel_code == attributes.OWN_CHANNEL),
        None,
    )
    # The submitted channels count too: with the effective ones late or left out, a quantity of ours would open a
    # second, merchant-fulfilled offer beside Amazon's.
    submitted = attributes.submitted(item, "fulfillment_availability", wire.SubmittedChannel)
    channels += [a.fulfillment_channel_code for a in submitted if a.fulfillment_channel_code not in channels]
    by_amazon = any(channel.startswith("AMAZON_") for channel in channels)
    # Only BUYABLE is asked for: what else the list may hold one day changes nothing here.
    buyable = summary is not None and "BUYABLE" in summary.status
    return Observed(
        key=OfferKey(credentials.account, site, SellerSku(item.sku)),
        quantity=own,
        price=attributes.price(site, item, buyable=buyable),
        fulfilled_by="marketplace" if by_amazon else "merchant",
        buyable=buyable,
        channels=tuple(channels),
        product_type=product_type or ((summary.product_type or "") if summary else ""),
        product_code=(summary.asin or "") if summary else "",
        ean=_ean(item),
        title=(summary.item_name or "") if summary else "",
        problems=tuple(problem(issue) for issue in item.issues),
        terms=attributes.terms(site, item),
        setup=attributes.setup(site, item),
    )


def _ean(item: wire.ListingItem) -> str:
    told = attributes.submitted(item, "externally_assigned_product_identifier", wire.SubmittedCode)
    return next((entry.value for entry in told if entry.type in ("ean", "gtin")), "")


def problem(issue: wire.ListingIssue) -> Problem:
    """Amazon's issue as ours. An unknown severity counts as an error: nothing is played down."""
    return Problem(
        issue.code,
        scrub(issue.message)[:500],
        ", ".join(issue.attribute_names or ()),
        issue.severity in ("WARNING", "INFO"),
        next(iter(issue.categories or ()), ""),
    )
