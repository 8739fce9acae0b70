"""Amazon through Marketplace Web Service (MWS), which Amazon ended on 2024-04-01: Merchant ID, Marketplace ID, MWS Token.

Nothing answers at Amazon any more. It is kept for the market in a box, and offered only where its address is set.
Translates; decides nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from forain.contracts.manifest import Addresses, ApplicationKind, Field, MarketplaceManifest, RateLimit
from forain.contracts.marketplace import (
    Arrival,
    Confirmed,
    Credentials,
    Grant,
    OfferPage,
    OrderCount,
    OrderPage,
    Parcel,
    ParcelRefused,
    Receipt,
    SiteSeen,
)
from forain.contracts.net import Net
from forain.core.clock import Window
from forain.core.errors import GrantRefused
from forain.core.ids import MarketplaceOrderId, OfferKey, SellerId, SiteId
from forain.core.offers import Change
from forain.core.orders import Order
from forain.marketplaces.amazon_mws import counts, feeds, orders, reports, sellers
from forain.marketplaces.amazon_mws.calls import signed, too_fast
from forain.marketplaces.amazon_mws.sites import BY_ID, REGIONS, SITES

__all__ = ["MANIFEST", "MwsAccount", "open", "signed", "too_fast"]

YEAR = timedelta(days=365)


def _limit(operation: str, quota: float, restore_seconds: float) -> RateLimit:
    source = f"Throttling of {operation} in the MWS reference (maximum request quota, restore rate), stored copies"
    return RateLimit(operation, 1 / restore_seconds, quota, source, date(2026, 11, 29))


MANIFEST = MarketplaceManifest(
    code="amazon_mws",
    name="Amazon MWS",
    capabilities=frozenset({"authorizer", "offer_writer", "offer_reader", "order_reader", "order_counter", "shipper"}),
    regions=REGIONS,
    sites=SITES,
    # The token lives for a year and, renewed by the same steps, is the same one; the developer's keys had no end.
    application_kinds=(ApplicationKind("mws", by_consent=False, authorization_term=YEAR, secret_term=None),),
    application_fields=(
        Field("developer_name", pattern=r".{1,100}", example="magnalister"),
        Field("application_id", pattern=r"\d{4}-\d{4}-\d{4}", example="4141-0616-7444"),
        Field("client_id", pattern=r"[A-Z0-9]{16,40}", example="AKIAEXAMPLE000000000"),
        Field("client_secret", secret=True, pattern=r"\S{20,}", example="0123abcd0123abcd0123"),
    ),
    account_fields=(
        Field("region", kind="choice", choices=REGIONS, default="EU"),
        Field("seller_id", pattern=r"[A-Z0-9]{8,20}", example="A1EXAMPLE23456"),
        Field("marketplace_id", pattern=r"[A-Z0-9]{12,16}", example="A13V1IB3VIYZZH"),
        Field("refresh_token", secret=True, required=False, pattern=r"amzn\.mws\.[0-9a-f-]+", example="amzn.mws.0123abcd"),
    ),
    # None of its own: whoever has an old interface to speak to names it.
    addresses=Addresses(token="", api={}, consent={}),
    limits=(
        _limit("ListMarketplaceParticipations", 15, 60),
        _limit("ListOrders", 6, 60),
        _limit("GetOrder", 6, 60),
        _limit("ListOrderItems", 30, 2),
        _limit("SubmitFeed", 15, 120),
        _limit("GetFeedSubmissionList", 10, 45),
        _limit("RequestReport", 15, 60),
        _limit("GetReportRequestList", 10, 45),
        _limit("GetReport", 15, 60),
    ),
    # A feed takes minutes, and so does the report that shows what became of it.
    acknowledge_within=timedelta(minutes=30),
    search_lag=timedelta(minutes=2),
    page_size=500,
    retired_on=date(2024, 4, 1),
)  # fmt: skip


class MwsAccount:
    """`contracts.marketplace.Marketplace` for one seller at one site. Holds credentials and a net, nothing else."""

    def __init__(self, credentials: Credentials, net: Net) -> None:
        self._credentials = credentials
        self._net = net

    def consent_url(self, application_id: str, state: str, site: SiteId, redirect_uri: str) -> str:
        """The page where the merchant authorizes a developer; nothing leads back from it."""
        told = self._credentials.options.get("address.consent", "").rstrip("/")
        return f"{told or f'https://{BY_ID[site].consent_host}'}/user-permissions/new-developer"

    def arrival(self, query: Mapping[str, str]) -> Arrival | None:
        """None: Seller Central never opened a page of ours."""
        return None

    def callback_seller(self, query: Mapping[str, str]) -> SellerId | None:
        """None: no browser came back with anything."""
        return None

    def redeem(self, query: Mapping[str, str], redirect_uri: str) -> Grant:
        """There was no code to redeem: the token is copied by hand."""
        raise GrantRefused("mws_no_code")

    def probe(self) -> tuple[SiteSeen, ...]:
        return sellers.probe(self._credentials, self._net)

    def selling_plan(self) -> str:
        """ "": MWS does not say; where the plan is not enough, it refuses every call."""
        return ""

    def submit(self, changes: Sequence[Change]) -> Iterable[Receipt]:
        return feeds.submit(self._credentials, self._net, changes)

    def observe(self, keys: Sequence[OfferKey]) -> OfferPage:
        return reports.observe(self._credentials, self._net, keys)

    def sweep(self, site: SiteId, cursor: str | None) -> OfferPage:
        return reports.sweep(self._credentials, self._net, site, cursor)

    def changed(self, window: Window, cursor: str | None) -> OrderPage:
        return orders.changed(self._credentials, self._net, window, cursor)

    def order(self, order_id: MarketplaceOrderId) -> Order | None:
        return orders.order(self._credentials, self._net, order_id)

    def counted(self, window: Window, sites: Sequence[SiteId], cursor: str | None) -> OrderCount:
        return counts.counted(self._credentials, self._net, window, sites, cursor)

    def confirm(self, order_id: MarketplaceOrderId, site: SiteId, parcel: Parcel) -> Confirmed | ParcelRefused:
        return feeds.confirm(self._credentials, self._net, order_id, site, parcel)

    def eans(self, site: SiteId, product_codes: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """None is known: the report says the EAN where the offer was made by it."""
        return {}


def open(credentials: Credentials, net: Net) -> MwsAccount:
    """An adapter for one account; costs nothing, calls nobody."""
    return MwsAccount(credentials, net)
