"""What an adapter says of itself, as data. Validated once at start by `plugins`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from forain.core.registration import StepSeenBy

Capability = Literal[
    "authorizer",
    "offer_writer",
    "bulk_writer",
    "offer_reader",
    "shelf_reader",
    "order_reader",
    "order_counter",
    "shipper",
    "secret_rotator",
    "fee_estimator",
    "catalogue",
    "stock_reader",
    "order_writer",
    "shipment_reader",
    "hooks",
]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the other side allows for one operation, and where that was read."""

    operation: str
    rate: float
    burst: float
    source: str
    read_on: date


@dataclass(frozen=True, slots=True)
class Field:
    """One value the merchant enters; drawn by one generic form. Its words stand in the adapter's locale/.

    `secret`: kept in the vault, never shown again. `pattern`: a regular expression the whole value must
    match, "" for none. `example`: shown in grey, invented.
    """

    name: str
    kind: Literal["text", "url", "folder", "choice"] = "text"
    required: bool = True
    secret: bool = False
    pattern: str = ""
    example: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """One country storefront. `currency` and `locale` are first guesses until the marketplace says its own. `time_zone`: whose
    days count there. `stock`: sites with the same one share the merchant's own quantity and handling time of an SKU of one
    account; "": it has its own."""

    site_id: str
    country: str
    region: str
    currency: str
    locale: str
    consent_host: str
    domain: str
    time_zone: str = "UTC"
    stock: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationKind:
    """A kind of developer credential and its clocks; None: that clock does not exist.

    `secret_overlap`: so long a client secret is still accepted after another was made; None: not at all.
    """

    code: str
    by_consent: bool
    authorization_term: timedelta | None
    secret_term: timedelta | None
    secret_overlap: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Base addresses of one region; all configurable, so that a box is just another address.

    `api` takes `{region}`-free text: one entry a region. `consent`: Seller Central's base for the region,
    None: the site's own `consent_host`. `order`: the page of one order where its seller sees it, with {host} and
    {order} in it; "" where nobody knows.
    """

    token: str
    api: dict[str, str]
    consent: dict[str, str]
    order: str = ""


SeenBy = Literal["", "offers", "orders", "addresses", "plan"]
"""By what Forain sees for itself that a role is there: a shelf that was compared, a list of orders that was read, an order that
came with its address, the selling plan. "": it never sees it."""


@dataclass(frozen=True, slots=True)
class Role:
    """One thing an application may be allowed to do. `name`: as the marketplace writes it, in English; `names`: as its pages
    have it in other languages, where that is known. What it is for stands in locale/ ("role.CODE").

    `restricted`: about buyers, so that the marketplace asks more before it allows it. `operations`: the adapter's that need
    it; none for one that is asked for because a role added later ends every authorization. `essential`: without it
    something that Forain does stands still. `marketplace_ships`: only for whoever has stock at the marketplace.
    """

    code: str
    name: str
    names: Mapping[str, str]
    operations: tuple[str, ...] = ()
    restricted: bool = False
    essential: bool = False
    marketplace_ships: bool = False
    seen_by: SeenBy = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the marketplace for its sellers. `address`: with {host} in it where each site has its own; `names`: by
    language, English always, another where it is known."""

    code: str
    address: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One step to an application of one's own. Its words stand in locale/ ("step.CODE.title", "step.CODE.text").

    `pages`: codes of the pages it is done on. `copies`: (a field of the manifest, how the page calls it) for what is carried
    from there to here. `seen_by`: by what Forain sees that it is done; `only_seen`: and nobody may say so instead.
    """

    code: str
    pages: tuple[str, ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    seen_by: StepSeenBy = ""
    only_seen: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """Something the marketplace asks about security before it allows a restricted role; its words stand in locale/
    ("question.CODE"), in English as it asks. `answers`: codes of what Forain knows of itself (`core.house`)."""

    code: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registration:
    """How a merchant comes to an application of their own; empty: this marketplace has nothing of the kind.

    `kind`: the application kind it leads to. `orders`: code of the page with all orders.
    """

    kind: str = ""
    roles: tuple[Role, ...] = ()
    pages: tuple[Page, ...] = ()
    steps: tuple[Step, ...] = ()
    questions: tuple[Question, ...] = ()
    orders: str = ""

    def page(self, code: str) -> Page | None:
        """The page of that code, None where there is none such."""
        return next((page for page in self.pages if page.code == code), None)

    def role(self, name: str) -> Role | None:
        """The role of that code or English name, None where there is none such."""
        return next((role for role in self.roles if name in (role.code, role.name)), None)

    def seen_by(self, what: SeenBy) -> Role | None:
        """The role that shows by `what`, None where none does."""
        return next((role for role in self.roles if role.seen_by == what), None)


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a marketplace's reasons for refusing an offer come down to. The words of a kind stand in locale/
    ("problem.KIND.cause", "problem.KIND.cure").

    `kinds`: code of a problem, or category of one -> kind; what is in neither is told in the marketplace's own words.
    `offer_page`: one offer where its seller sees it, with {host} and {sku}; `code_page`: what the marketplace itself says of a
    code, with {host} and {code}, which it says of `explained`; "" where nobody knows.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    offer_page: str = ""
    code_page: str = ""
    explained: frozenset[str] = frozenset()

    def kind(self, code: str, category: str = "") -> str:
        """The kind of a problem, by its code before its category; "" for one that nobody described."""
        return self.kinds.get(code) or self.kinds.get(category, "")


@dataclass(frozen=True, slots=True)
class Bulk:
    """How a marketplace takes many changes at once. `most`: changes in one feed; `typical`: from its start to its end, until
    our own feeds have shown better; `ends_within`: one that has not ended by then is stuck. `starts`, `calls`: the operations
    whose limits say how often a feed may be begun, and how fast changes go one by one."""

    most: int
    typical: timedelta
    ends_within: timedelta
    starts: str
    calls: str


@dataclass(frozen=True, slots=True)
class WholeShelf:
    """Which sites are read by one report. `more_than`: those with more offers than that; smaller ones cost less page by page.
    `ends_within`: a report that is not ready by then is stuck."""

    more_than: int
    ends_within: timedelta


@dataclass(frozen=True, slots=True)
class MarketplaceManifest:
    """A marketplace adapter. `code` is its folder's name, and the prefix of its words.

    `terms`: what an offer may be told besides quantity and price (names of `core.terms.Terms`).
    `retired_on`: the marketplace ended this interface on that day, None: it lives. One without addresses of its own is
    offered only where the operator names one (`plugins.offered`).
    """

    code: str
    name: str
    capabilities: frozenset[Capability]
    regions: tuple[str, ...]
    sites: tuple[Site, ...]
    application_kinds: tuple[ApplicationKind, ...]
    application_fields: tuple[Field, ...]
    account_fields: tuple[Field, ...]
    addresses: Addresses
    limits: tuple[RateLimit, ...]
    acknowledge_within: timedelta
    search_lag: timedelta
    page_size: int = 20
    retired_on: date | None = None
    registration: Registration = Registration()
    refusals: Refusals = Refusals()
    terms: frozenset[str] = frozenset()
    bulk: Bulk | None = None
    """None: it has no `bulk_writer`."""
    whole_shelf: WholeShelf | None = None
    """None: it has no `shelf_reader`."""

    def limit(self, operation: str) -> RateLimit:
        """The limit of an operation; KeyError when none is told."""
        found = next((limit for limit in self.limits if limit.operation == operation), None)
        if found is None:
            raise KeyError(operation)
        return found

    def site(self, site_id: str) -> Site | None:
        """The site of that id, None when this marketplace has none such."""
        return next((site for site in self.sites if site.site_id == site_id), None)

    def sharing(self, site_id: str) -> frozenset[str]:
        """The sites that share a stock with this one, itself among them."""
        here = self.site(site_id)
        shared = [] if here is None or not here.stock else [s.site_id for s in self.sites if s.stock == here.stock]
        return frozenset((site_id, *shared))

    def kind(self, code: str) -> ApplicationKind:
        """The application kind of that code; KeyError when there is none."""
        found = next((kind for kind in self.application_kinds if kind.code == code), None)
        if found is None:
            raise KeyError(code)
        return found


@dataclass(frozen=True, slots=True)
class ShopManifest:
    """A shop adapter. `search_lag`: how long a new order may stay invisible to the shop's own search.

    `watch_every`: how often the engine asks the shop for changes where no hook tells (seconds to hours).
    """

    code: str
    name: str
    capabilities: frozenset[Capability]
    fields: tuple[Field, ...]
    limits: tuple[RateLimit, ...]
    search_lag: timedelta
    watch_every: timedelta
    page_size: int = 100
