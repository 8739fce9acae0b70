"""Amazon through its Selling Partner API. Translates; decides nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from forain.contracts.manifest import (
    Addresses,
    ApplicationKind,
    Bulk,
    Field,
    MarketplaceManifest,
    RateLimit,
    WholeShelf,
)
from forain.contracts.marketplace import (
    Arrival,
    Confirmed,
    Credentials,
    FeeAsked,
    FeedEnd,
    FeedSeen,
    FeeEstimated,
    FeeRefused,
    Grant,
    NewSecret,
    OfferPage,
    OrderCount,
    OrderPage,
    Parcel,
    ParcelRefused,
    Receipt,
    SecretEnds,
    Shelf,
    SiteSeen,
    Unclear,
)
from forain.contracts.net import Net
from forain.core.clock import Instant, Window
from forain.core.ids import FeedId, MarketplaceOrderId, OfferKey, SellerId, SiteId
from forain.core.offers import Change
from forain.core.orders import Order
from forain.core.secret import Secret
from forain.marketplaces.amazon import (
    catalog,
    feeds,
    fees,
    listings,
    oauth,
    offers,
    orders,
    reports,
    rotation,
    sellers,
    shipping,
)
from forain.marketplaces.amazon.errors import says_ill, token_expired
from forain.marketplaces.amazon.oauth import exchange
from forain.marketplaces.amazon.refusals import REFUSALS
from forain.marketplaces.amazon.registration import REGISTRATION
from forain.marketplaces.amazon.sites import API_ADDRESSES, ORDER_PAGE, REGIONS, SITES, TOKEN_ADDRESS

__all__ = ["ACCESS_TOKEN_HEADER", "MANIFEST", "AmazonAccount", "exchange", "open", "says_ill", "token_expired"]

ACCESS_TOKEN_HEADER = "x-amz-access-token"
YEAR = timedelta(days=365)
SECRET_TERM, OVERLAP = timedelta(days=180), timedelta(days=7)


def _limit(operation: str, rate: float, burst: float) -> RateLimit:
    source = f"operation description of {operation} in Amazon's published models"
    return RateLimit(operation, rate, burst, source, date(2026, 8, 5))


MANIFEST = MarketplaceManifest(
    code="amazon",
    name="Amazon",
    capabilities=frozenset(
        {
            "authorizer", "offer_writer", "bulk_writer", "offer_reader", "shelf_reader", "order_reader",
            "order_counter", "shipper", "secret_rotator", "fee_estimator",
        }
    ),
    regions=REGIONS,
    sites=SITES,
    application_kinds=(
        # Whether a self-authorized token dies by age is stated nowhere: the date is the merchant's to type.
        ApplicationKind("private", by_consent=False, authorization_term=YEAR, secret_term=SECRET_TERM, secret_overlap=OVERLAP),
        ApplicationKind("public", by_consent=True, authorization_term=YEAR, secret_term=SECRET_TERM, secret_overlap=OVERLAP),
    ),
    application_fields=(
        Field("client_id", pattern=r"amzn1\.application-oa2-client\.\S+", example="amzn1.application-oa2-client.0123abcd"),
        Field("client_secret", secret=True, pattern=r"\S{20,}", example="amzn1.oa2-cs.v1.0123abcd"),
        Field("application_id", required=False, pattern=r"amzn1\.(sp\.solution|sellerapps\.app)\.\S+",
              example="amzn1.sp.solution.0123abcd"),
    ),
    account_fields=(
        Field("region", kind="choice", choices=REGIONS, default="EU"),
        Field("seller_id", pattern=r"[A-Z0-9]{8,20}", example="A1EXAMPLE23456"),
        Field("refresh_token", secret=True, required=False, pattern=r"Atzr\|\S+", example="Atzr|..."),
    ),
    addresses=Addresses(token=TOKEN_ADDRESS, api=API_ADDRESSES, consent={}, order=ORDER_PAGE),
    limits=(
        _limit("getMarketplaceParticipations", 0.016, 15),
        _limit("getAccount", 0.016, 15),
        _limit("getListingsItem", 5, 10),
        _limit("searchListingsItems", 5, 5),
        _limit("patchListingsItem", 5, 5),
        _limit("searchOrders", 0.0056, 20),
        _limit("getOrder", 0.5, 30),
        _limit("confirmShipment", 2, 10),
        _limit("createReport", 0.0167, 15),
        _limit("getReport", 2, 15),
        _limit("getReportDocument", 0.0167, 15),
        _limit("createFeedDocument", 0.5, 15),
        # Five JSON_LISTINGS_FEEDs in five minutes beside the operation's own 0.0083 a second, burst 15: both hold so.
        RateLimit("createFeed", 0.0083, 5, "operation description, and changelog of the limits of JSON_LISTINGS_FEED",
                  date(2026, 11, 30)),
        _limit("getFeed", 2, 15),
        _limit("getFeeds", 0.0222, 10),
        _limit("getFeedDocument", 0.0222, 10),
        _limit("cancelFeed", 2, 15),
        RateLimit("feedFile", 1, 10, "no limit is published; ours, so that a loop cannot hammer the storage", date(2026, 11, 30)),
        _limit("searchCatalogItems", 2, 2),
        _limit("getMyFeesEstimates", 0.5, 1),
        _limit("rotateApplicationClientSecret", 0.0167, 1),
        RateLimit("reportFile", 1, 10, "no limit is published; ours, so that a loop cannot hammer the storage", date(2026, 11, 29)),
        RateLimit("token", 1, 10, "no limit is published; ours, so that a loop cannot hammer the login", date(2026, 11, 24)),
    ),
    acknowledge_within=timedelta(minutes=15),
    search_lag=timedelta(minutes=2),
    registration=REGISTRATION,
    refusals=REFUSALS,
    terms=frozenset({"handling_days", "sale", "list_price", "business"}),
    # How long a feed takes Amazon does not say ("seconds to hours"); the hour is ours, and no shorter than roads.APART.
    bulk=Bulk(
        most=feeds.MOST_MESSAGES, typical=timedelta(minutes=3), ends_within=timedelta(minutes=61), starts="createFeed",
        calls="patchListingsItem",
    ),
    # As many as one search pages through: fifty calls, ten seconds; a report takes minutes, of one a minute. "Minutes to
    # hours" is all that is said of how long; the two hours are ours.
    whole_shelf=WholeShelf(more_than=listings.WINDOW, ends_within=timedelta(hours=2)),
)  # fmt: skip


class AmazonAccount:
    """`contracts.marketplace.Marketplace` for one seller in one region. Holds credentials and a net, nothing else."""

    def __init__(self, credentials: Credentials, net: Net) -> None:
        self._credentials = credentials
        self._net = net

    def consent_url(self, application_id: str, state: str, site: SiteId, redirect_uri: str) -> str:
        return oauth.consent_url(self._credentials, application_id, state, site, redirect_uri)

    def arrival(self, query: Mapping[str, str]) -> Arrival | None:
        return oauth.arrival(self._credentials, query)

    def callback_seller(self, query: Mapping[str, str]) -> SellerId | None:
        told = query.get("selling_partner_id")
        return SellerId(told) if told else None

    def redeem(self, query: Mapping[str, str], redirect_uri: str) -> Grant:
        return oauth.redeem(self._credentials, self._net, query, redirect_uri)

    def probe(self) -> tuple[SiteSeen, ...]:
        return sellers.probe(self._credentials, self._net)

    def selling_plan(self) -> str:
        return sellers.selling_plan(self._credentials, self._net)

    def submit(self, changes: Sequence[Change]) -> Iterable[Receipt]:
        return offers.submit(self._credentials, self._net, changes)

    def hand_in(self, site: SiteId, changes: Sequence[Change]) -> str:
        return feeds.hand_in(self._credentials, self._net, site, changes)

    def start_feed(self, site: SiteId, handed_in: str) -> FeedId:
        return feeds.start(self._credentials, self._net, site, handed_in)

    def feeds_since(self, since: Instant) -> tuple[FeedSeen, ...]:
        return feeds.since(self._credentials, self._net, since)

    def followed(self, feed: FeedId, changes: Sequence[Change]) -> FeedEnd | None:
        return feeds.followed(self._credentials, self._net, feed, changes)

    def call_off(self, feed: FeedId) -> None:
        feeds.call_off(self._credentials, self._net, feed)

    def observe(self, keys: Sequence[OfferKey]) -> OfferPage:
        return listings.observe(self._credentials, self._net, keys)

    def sweep(self, site: SiteId, cursor: str | None) -> OfferPage:
        return listings.sweep(self._credentials, self._net, site, cursor)

    def shelf(self, site: SiteId, cursor: str | None) -> Shelf:
        return reports.shelf(self._credentials, self._net, site, cursor)

    def changed(self, window: Window, cursor: str | None) -> OrderPage:
        return orders.changed(self._credentials, self._net, window, cursor)

    def order(self, order_id: MarketplaceOrderId) -> Order | None:
        return orders.order(self._credentials, self._net, order_id)

    def counted(self, window: Window, sites: Sequence[SiteId], cursor: str | None) -> OrderCount:
        return reports.counted(self._credentials, self._net, window, sites, cursor)

    def confirm(self, order_id: MarketplaceOrderId, site: SiteId, parcel: Parcel) -> Confirmed | ParcelRefused:
        return shipping.confirm(self._credentials, self._net, order_id, site, parcel)

    def eans(self, site: SiteId, product_codes: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        return catalog.eans(self._credentials, self._net, site, product_codes)

    def estimate_fees(self, asked: Sequence[FeeAsked]) -> Iterable[FeeEstimated | FeeRefused | Unclear]:
        return fees.estimate(self._credentials, self._net, asked)

    def ask_for_secret(self) -> None:
        rotation.ask_for_secret(self._credentials, self._net)

    def secret_news(self, message: Secret) -> NewSecret | SecretEnds | None:
        return rotation.secret_news(message)


def open(credentials: Credentials, net: Net) -> AmazonAccount:
    """An adapter for one account; costs nothing, calls nobody."""
    return AmazonAccount(credentials, net)
