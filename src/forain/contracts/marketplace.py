"""What a marketplace adapter offers. Every method may be called at any time, twice, by another worker.

It never sleeps, retries, caches on disk, reads the clock or writes to our database; an answer about one
item is a value, a failure of the call is an error of `core.errors`; an unknown enum value is `Malformed`.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from forain.core.clock import Instant, Window
from forain.core.counting import CountedOrder
from forain.core.errors import Problem
from forain.core.floors import Fee
from forain.core.ids import AccountId, FeedId, MarketplaceOrderId, OfferKey, SellerId, SiteId, SubmissionId
from forain.core.money import Money
from forain.core.offers import Change, FulfilledBy, Observed
from forain.core.orders import Order
from forain.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an adapter is opened with. `refresh` None: nothing granted yet (redeem still works).

    `former_secret`: the client secret before this one, as long as it lives; it is used where the present one is refused (a new
    secret may not be known everywhere at once). None: there is none. `options`: the values of the manifest's fields that are not secret, addresses included.
    """

    account: AccountId
    seller: SellerId
    region: str
    client_id: str
    client_secret: Secret
    refresh: Secret | None
    options: Mapping[str, str]
    former_secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """The marketplace made a new client secret for the application `client_id`. The former one lives until `former_until`."""

    client_id: str
    secret: Secret
    expires_at: Instant
    former_until: Instant


@dataclass(frozen=True, slots=True)
class SecretEnds:
    """The client secret that the application `client_id` had at `told_at` ends at `at`."""

    client_id: str
    at: Instant
    told_at: Instant


@dataclass(frozen=True, slots=True)
class Grant:
    """A redeemed consent. `expires_at` is the shell's arithmetic, from the application kind's term."""

    seller: SellerId
    refresh: Secret


@dataclass(frozen=True, slots=True)
class Arrival:
    """The marketplace opened our login address: a renewal that starts on its side. `answer_to`: where the
    browser goes next, already with what the marketplace wants back; our own state is added by the shell. `regions`: those
    the browser may come from, by its address."""

    seller: SellerId
    answer_to: str
    regions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SiteSeen:
    """One site as the marketplace describes the seller's part in it."""

    site: SiteId
    country: str
    currency: str
    locale: str
    domain: str
    name: str
    participating: bool
    suspended: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """Received, not yet applied."""

    key: OfferKey
    submission_id: SubmissionId


@dataclass(frozen=True, slots=True)
class Refusal:
    """This one change was refused."""

    key: OfferKey
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Unclear:
    """An answer came that says neither yes nor no; `field`: where it broke. Taken or not: the next look shows it."""

    key: OfferKey
    field: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """It was so already."""

    key: OfferKey


Receipt = Accepted | Refusal | Unclear | Unchanged


@dataclass(frozen=True, slots=True)
class UnreadOffer:
    """One offer of a page that is there and could not be read; the others could. `field`: where it broke.

    An SKU "" in `key`: not even which one it is could be read, so that any offer not seen may be it.
    """

    key: OfferKey
    field: str


@dataclass(frozen=True, slots=True)
class OfferPage:
    """`offers`, `unread` ones by key, and the `cursor` of the next page; None: this was the last."""

    offers: tuple[Observed, ...]
    cursor: str | None
    unread: tuple[UnreadOffer, ...] = ()


class ShelfLine(NamedTuple):
    """One offer as the report of a whole site shows it, which is less than a look does: no terms, nothing of what the
    marketplace does with the price, one channel only.

    `quantity`: None where `own` is not so (the marketplace fulfils it) or nothing is told. `minor`: the price, in small coins of the
    shelf's currency; None: none is told. `own`: its `channel` is the merchant's. `buyable`: None where the report has no such
    column. `product_code` (ASIN), `ean`, `title`: "" when not told; letters may be lost in a title.
    """

    sku: str
    quantity: int | None
    minor: int | None
    own: bool
    buyable: bool | None
    channel: str
    product_code: str
    ean: str
    title: str


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """Some thousand lines of a report, and the ones among them that could not be read."""

    lines: Sequence[ShelfLine]
    unread: Sequence[UnreadOffer] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """How far a report of all offers of a site is.

    `pages` None: not yet; ask again with `cursor` in a while, or, where that is None too, it came to nothing (`reason`:
    the marketplace's word for it). `nothing`: the marketplace says that there is nothing to tell. Prices are in `currency`.
    `pages` are read once, from a file that is whole on this machine: they raise Malformed where it is none or was cut
    off, which may show at its end only. Whoever does not read them to the end closes them.
    """

    pages: Generator[ShelfPage, None, None] | None
    cursor: str | None
    currency: str = ""
    reason: str = ""
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class UnreadOrder:
    """One order of a page that could not be read; the others could. `field`: where it broke.

    `order_id` "": not even which one it is could be read; there is nothing to ask for it by.
    """

    order_id: MarketplaceOrderId
    field: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Whole orders, `unread` ones by id, the next `cursor` (None: last), and until when this list is
    complete (`complete_until`, the marketplace's own word; None: it did not say)."""

    orders: tuple[Order, ...]
    cursor: str | None
    complete_until: Instant | None
    unread: tuple[UnreadOrder, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderCount:
    """How far a count by the second source is. `until`: so far it reaches, perhaps not to the end of what was asked.

    `orders` None: not yet; ask again with `cursor` in a while, or, where that is None too, it came to nothing
    (`reason`: the marketplace's word for it) and a count begun anew may do better. `unread`: lines that could not be
    read, by their order's id.
    """

    orders: tuple[CountedOrder, ...] | None
    cursor: str | None
    until: Instant
    unread: tuple[UnreadOrder, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel to confirm. `reference`: ours, lasting, unique in its order, digits only. `items`: pieces
    per order line id. `shipped_at`: not in the future."""

    reference: str
    carrier: str
    tracking: str
    shipped_at: Instant
    items: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The marketplace took the shipment confirmation. `repeated`: it had it already."""

    reference: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ParcelRefused:
    """This parcel was refused; `problems` say why."""

    reference: str
    problems: tuple[Problem, ...]


class Authorizer(Protocol):
    """The standing permission: how it is obtained, and whether it stands."""

    def consent_url(self, application_id: str, state: str, site: SiteId, redirect_uri: str) -> str:
        """Pure. Where to send the merchant's browser."""
        ...

    def arrival(self, query: Mapping[str, str]) -> Arrival | None:
        """Pure. Understands a renewal that starts at the marketplace; None: this is none."""
        ...

    def callback_seller(self, query: Mapping[str, str]) -> SellerId | None:
        """Pure. Which seller a consent callback speaks of, None when it does not say."""
        ...

    def redeem(self, query: Mapping[str, str], redirect_uri: str) -> Grant:
        """Exchange the callback's code at once; a code works once. Raises GrantRefused, AppRefused, Malformed."""
        ...

    def probe(self) -> tuple[SiteSeen, ...]:
        """The cheapest authorized read. Success = alive. Raises GrantDoubted, GrantRefused, AppRefused."""
        ...

    def selling_plan(self) -> str:
        """ "PROFESSIONAL" or "INDIVIDUAL", "" when the marketplace does not say or we may not ask."""
        ...


class OfferWriter(Protocol):
    """Tells the marketplace quantities and prices."""

    def submit(self, changes: Sequence[Change]) -> Iterable[Receipt]:
        """One receipt per change, in order, yielded as each is answered; absolute values, so repeating is
        safe. An error ends the run: changes without a receipt were perhaps told, perhaps not."""
        ...


@dataclass(frozen=True, slots=True)
class FeedSeen:
    """A feed that the marketplace has of us, and since when by its own clock."""

    feed: FeedId
    created_at: Instant


@dataclass(frozen=True, slots=True)
class Shown:
    """What a feed's report shows of an offer once the feed was carried out: as `Observed` says it, and no more."""

    quantity: int | None
    price: Money | None
    fulfilled_by: FulfilledBy


@dataclass(frozen=True, slots=True)
class FeedEnd:
    """A feed that has ended. `how`: "done": each change was taken or refused; "aborted": it broke off, and did some, all or
    none of it; "cancelled": it was never begun.

    `whole`: the report was read and accounts for each change; where it does not, whatever was not refused was taken,
    perhaps. `refused`, `shown`: by the change's place in the feed, counted from 0. `problems`: about the feed itself.
    `strangers`: lines about changes that were not in the feed; nothing follows from them.
    """

    how: Literal["done", "aborted", "cancelled"]
    whole: bool = False
    refused: Mapping[int, tuple[Problem, ...]] = field(default_factory=dict)
    shown: Mapping[int, Shown] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    strangers: int = 0


class BulkWriter(Protocol):
    """Tells the marketplace many changes at once. Only where the manifest names `bulk_writer`.

    A feed is told in two steps, so that only the second has an effect, and only of that one it may be unknown whether it
    was done.
    """

    def hand_in(self, site: SiteId, changes: Sequence[Change]) -> str:
        """Hand over the changes of one site, each SKU once; the answer is what `start_feed` finds them by, for some minutes.
        Nothing is told by it: repeating is safe."""
        ...

    def start_feed(self, site: SiteId, handed_in: str) -> FeedId:
        """Have them carried out. Repeating tells them twice: where it broke off, `feeds_since` says whether it was done.

        Raises Rejected where what was handed in is not taken (any more): nothing was told.
        """
        ...

    def feeds_since(self, since: Instant) -> tuple[FeedSeen, ...]:
        """The feeds of ours that were begun since then, newest first."""
        ...

    def followed(self, feed: FeedId, changes: Sequence[Change]) -> FeedEnd | None:
        """What became of a feed; `changes` as they were handed in, in the same order. None: it is under way. Raises Rejected
        "not_found" where the marketplace does not know it."""
        ...

    def call_off(self, feed: FeedId) -> None:
        """Ask that it not be carried out. It may be all the same: `followed` says so."""
        ...


class OfferReader(Protocol):
    """Reads what the marketplace shows."""

    def observe(self, keys: Sequence[OfferKey]) -> OfferPage:
        """What the marketplace shows of these now, on one page; a key it does not know is absent. What is there and cannot be
        read is among `unread`; one without a readable SKU may be any of them."""
        ...

    def sweep(self, site: SiteId, cursor: str | None) -> OfferPage:
        """All offers of one site, page by page; `cursor` None begins."""
        ...


class ShelfReader(Protocol):
    """Reads a whole site in one report. Only where the manifest names `shelf_reader`; of others only `sweep` is asked."""

    def shelf(self, site: SiteId, cursor: str | None) -> Shelf:
        """All offers of one site, whoever sends them, as they were some time after the report was asked for.

        `cursor` None asks for a report (each time a new one, at the marketplace's cost); else the one the last answer
        gave: good for two days at least, and as often as one likes. A report takes minutes to hours.
        """
        ...


class OrderReader(Protocol):
    """Reads orders, as levels: the whole order as it is now."""

    def changed(self, window: Window, cursor: str | None) -> OrderPage:
        """Orders changed within `window`, at least once each, oldest first as far as the marketplace does."""
        ...

    def order(self, order_id: MarketplaceOrderId) -> Order | None:
        """The whole order as it is now; None: the marketplace does not know it."""
        ...


class OrderCounter(Protocol):
    """Counts orders by another way than the list of changed ones, by which an order that the list never showed is found.

    Only a marketplace whose manifest names `order_counter` has such a second source; of others it is not asked.
    """

    def counted(self, window: Window, sites: Sequence[SiteId], cursor: str | None) -> OrderCount:
        """All orders placed within `window` on these sites, whoever sends them, whatever became of them.

        `cursor` None begins a count (each time a new one, at the marketplace's cost); else the one the last answer
        gave, with the same window and sites. A count takes minutes to hours: the cursor is good for two days at least.
        """
        ...


class Shipper(Protocol):
    """Tells the marketplace of parcels."""

    def confirm(self, order_id: MarketplaceOrderId, site: SiteId, parcel: Parcel) -> Confirmed | ParcelRefused:
        """Tell one parcel. Repeating is safe: the same reference edits the same parcel."""
        ...


class CatalogueSearch(Protocol):
    """Asks the marketplace's own catalogue, by which offers without an EAN find their article."""

    def eans(self, site: SiteId, product_codes: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """The EANs of each of the marketplace's products (ASINs), several for one are usual; an unknown one is absent."""
        ...


@dataclass(frozen=True, slots=True)
class FeeAsked:
    """Of which offer the fees are asked, at which `price` with tax, and whether the marketplace sends it."""

    key: OfferKey
    price: Money
    by_marketplace: bool


@dataclass(frozen=True, slots=True)
class FeeEstimated:
    """What the marketplace keeps of that price; `fee` says for which price, and what it assumes of others."""

    key: OfferKey
    fee: Fee


@dataclass(frozen=True, slots=True)
class FeeRefused:
    """The marketplace estimates nothing for this one."""

    key: OfferKey
    problem: Problem


class FeeEstimator(Protocol):
    """Says what the marketplace would keep of a price. Only where the manifest names `fee_estimator`."""

    def estimate_fees(self, asked: Sequence[FeeAsked]) -> Iterable[FeeEstimated | FeeRefused | Unclear]:
        """The answers, as they come, in any order; whoever is in none of them was not spoken of. Unclear: there was an answer
        and it cannot be believed. Repeating is safe. Raises Denied where the role is missing."""
        ...


class SecretRotator(Protocol):
    """Gets the application another client secret. Only where the manifest names `secret_rotator`."""

    def ask_for_secret(self) -> None:
        """Ask for a new client secret, which comes through the application's own queue and nowhere else.

        Each call makes another one, and may end the one before the last at once: not to be repeated while a secret is
        awaited. Raises Rejected "rotation_refused" (no queue is registered), Denied, AppRefused; NotSent: nothing was asked,
        Unreachable and ServerFault else: perhaps it was.
        """
        ...

    def secret_news(self, message: Secret) -> NewSecret | SecretEnds | None:
        """Pure. What a message of the application's queue says; None: it is about something else. Raises Malformed."""
        ...


class Marketplace(
    Authorizer,
    OfferWriter,
    BulkWriter,
    OfferReader,
    ShelfReader,
    OrderReader,
    OrderCounter,
    Shipper,
    CatalogueSearch,
    FeeEstimator,
    SecretRotator,
    Protocol,
):
    """All a full marketplace adapter offers."""
