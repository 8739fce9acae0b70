"""What a marketplace adapter offers. Every method may be called at any time, twice, by another worker.

It never sleeps, retries, caches on disk, reads the clock or writes to our database; an answer about one
item is a value, a failure of the call is an error of `core.errors`; an unknown enum value is `Malformed`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from forain.core.clock import Instant, Window
from forain.core.counting import CountedOrder
from forain.core.errors import Problem
from forain.core.ids import AccountId, MarketplaceOrderId, OfferKey, SellerId, SiteId, SubmissionId
from forain.core.offers import Change, Observed
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


class OfferReader(Protocol):
    """Reads what the marketplace shows."""

    def observe(self, keys: Sequence[OfferKey]) -> tuple[Observed, ...]:
        """What the marketplace shows now; a key it does not know, or shows in a way that cannot be read, is absent."""
        ...

    def sweep(self, site: SiteId, cursor: str | None) -> OfferPage:
        """All offers of one site, page by page; `cursor` None begins."""
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
    Authorizer, OfferWriter, OfferReader, OrderReader, OrderCounter, Shipper, CatalogueSearch, SecretRotator, Protocol
):
    """All a full marketplace adapter offers."""
