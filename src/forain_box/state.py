"""What there is in the world, as plain data: all of it can be written to a file and read back (`keep.py`)."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass
class Application:
    """A developer's application. `authorization_days` None: its authorizations have no end."""

    application_id: str
    name: str
    kind: str
    client_id: str
    client_secret: str
    secret_expires_at: datetime
    redirect_uris: list[str]
    login_uri: str
    roles: list[str]
    authorization_days: int | None
    draft: bool = False
    listed: bool = False
    old_secret: str = ""
    old_secret_until: datetime | None = None
    queue: str = ""


@dataclass
class Seller:
    seller_id: str
    name: str
    email: str
    region: str
    marketplace_ids: list[str]
    professional: bool = True
    active: bool = True
    suspended_listings: bool = False
    own_stock: list[str] = field(default_factory=list)
    """Sites of which each has its own quantity; the others share one."""


@dataclass
class Authorization:
    """One refresh token. Many may live side by side for one seller and application."""

    application_id: str
    seller_id: str
    refresh_token: str
    granted_at: datetime
    expires_at: datetime | None
    by_consent: bool = False
    revoked_at: datetime | None = None

    def lives(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass
class Code:
    """An authorization code on its way from the consent page to the token address."""

    application_id: str
    seller_id: str
    redirect_uri: str
    expires_at: datetime
    used: bool = False


@dataclass
class AccessToken:
    """`refresh_token` "": a token without a seller, of `scope`. `restricted`: (method, path, data elements) of a
    restricted data token, None for an ordinary one."""

    application_id: str
    refresh_token: str
    expires_at: datetime
    scope: str = ""
    restricted: list[tuple[str, str, list[str]]] | None = None


@dataclass
class Competitor:
    """Somebody else's offer of an ASIN on one site. `condition` as the pricing interface spells it."""

    marketplace_id: str
    seller_id: str
    price: Decimal
    shipping: Decimal = Decimal(0)
    by_amazon: bool = False
    condition: str = "New"


@dataclass
class Product:
    """One ASIN of the catalogue. `ean`: its GTIN in any length. `marketplace_ids` []: on every site. `restricted`: site
    ("" every one) -> why nobody may sell it there. `reference_prices`: site -> what Amazon thinks is usual."""

    asin: str
    title: str
    ean: str = ""
    product_type: str = "PRODUCT"
    brand: str = ""
    list_price: str = ""
    minsan: str = ""
    marketplace_ids: list[str] = field(default_factory=list)
    classification: str = "BASE_PRODUCT"
    parent: str = ""
    category: str = ""
    category_name: str = ""
    sales_rank: int = 0
    images: list[str] = field(default_factory=list)
    restricted: dict[str, str] = field(default_factory=dict)
    reference_prices: dict[str, Decimal] = field(default_factory=dict)
    competitors: list[Competitor] = field(default_factory=list)


@dataclass
class Listing:
    """One SKU of a seller. `attributes` is what was submitted; `availability` (channel -> pieces, None: Amazon's
    own stock, which is `fba_quantity`), `prices` and `business_prices` (site -> amount) what is effective now on all
    its sites; `apart` (site -> pieces) is the quantity of a site that has its own. `complete`: it has an ASIN. `reappeared`: deleted, and shown once more for a while."""

    seller_id: str
    sku: str
    asin: str
    title: str
    product_type: str
    ean: str
    marketplace_ids: list[str]
    created_at: datetime
    updated_at: datetime
    number: int
    attributes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    availability: dict[str, int | None] = field(default_factory=dict)
    apart: dict[str, int] = field(default_factory=dict)
    prices: dict[str, Decimal] = field(default_factory=dict)
    business_prices: dict[str, Decimal] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    condition: str = "new_new"
    complete: bool = True
    fba_quantity: int = 0
    fba_reserved: int = 0
    fba_changed_at: datetime | None = None
    reappeared: bool = False


@dataclass
class OrderLine:
    """Amounts are for all its pieces, as ordered; only `unit_price` is for one. `tax`: all tax Amazon states, None:
    it states none; `taxes`: part (ITEM, SHIPPING, GIFT_WRAP, COD_FEE) -> its tax. `shipped`: as the order shows it."""

    item_id: str
    sku: str
    asin: str
    title: str
    quantity: int
    unit_price: Decimal
    shipping: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    gift_wrap: Decimal = Decimal(0)
    tax: Decimal | None = None
    shipped: int = 0
    cancelled: int = 0
    returned: int = 0
    refunded: Decimal = Decimal(0)
    shipping_discount: Decimal = Decimal(0)
    cod_fee: Decimal = Decimal(0)
    taxes: dict[str, Decimal] = field(default_factory=dict)
    promotion_id: str = ""
    gift_message: str = ""
    condition: str = "new_new"
    business_price: bool = False
    points: int = 0
    cancelled_by: str = ""
    cancel_reason: str = ""
    channel: str = ""
    """The listing's channel its pieces came from."""
    posted: int = 0
    """Pieces whose money was posted (`ledger.py`)."""
    refunds: dict[str, Decimal] = field(default_factory=dict)
    """Part -> what was given back of it."""


@dataclass
class Package:
    """`pieces`: line's item id -> pieces, as accepted; `shown`: as the order shows them, a while later."""

    reference: str
    carrier: str
    tracking: str
    method: str
    shipped_at: datetime
    pieces: dict[str, int]
    delivered_at: datetime | None = None
    confirmed_at: datetime | None = None
    shown: dict[str, int] = field(default_factory=dict)


@dataclass
class OrderReturn:
    """Pieces that came back. `item_id`: of the line."""

    at: datetime
    item_id: str
    quantity: int
    reason: str
    rma_id: str


@dataclass
class Order:
    """`status` as Orders 2026-01-01 spells it. `channel`: that of its first line. `tax_on_top`: tax
    is added to the prices (sales tax), else it is within them (VAT). `together`: orders of the same purchase, which
    Amazon splits where it fulfils a part of it. `hidden_until`: lists leave it out until then."""

    order_id: str
    seller_id: str
    marketplace_id: str
    currency: str
    created_at: datetime
    updated_at: datetime
    number: int
    status: str
    fulfilled_by: str
    channel: str
    lines: list[OrderLine]
    buyer: dict[str, str]
    address: dict[str, str]
    programs: list[str] = field(default_factory=list)
    pending_until: datetime | None = None
    packages: dict[str, Package] = field(default_factory=dict)
    cancellation_reason: str = ""
    cancellation_requested_at: datetime | None = None
    seller_order_id: str = ""
    solicited_at: datetime | None = None
    messages: list[dict[str, Any]] = field(default_factory=list)
    hidden_until: datetime | None = None
    tax_on_top: bool = False
    cash_on_delivery: bool = False
    handling_days: int = 2
    release_at: datetime | None = None
    delivered_at: datetime | None = None
    cancelled_by: str = ""
    request_reason: str = ""
    tax_scheme: str = ""
    together: list[str] = field(default_factory=list)
    returns: list[OrderReturn] = field(default_factory=list)
    transactions: list[int] = field(default_factory=list)
    """Places in `State.transactions`."""
    pickup_status: str = ""


@dataclass
class Transaction:
    """Money that moved for an order: `kind` Shipment or Refund, `parts` type -> amount, of all `items`. `released`: it
    may be paid out; `maturity_at`: until when it is held back (None: never was). `listed_at`: when lists show it."""

    transaction_id: str
    seller_id: str
    marketplace_id: str
    kind: str
    order_id: str
    posted_at: datetime
    currency: str
    parts: dict[str, Decimal]
    items: list[dict[str, Any]] = field(default_factory=list)
    released: bool = False
    maturity_at: datetime | None = None
    listed_at: datetime | None = None
    fulfilled_by: str = "MERCHANT"
    reference: str = ""


@dataclass
class LedgerDay:
    """A seller's money on one site at the end of a day (UTC), all summed up since the beginning."""

    day: str
    available: Decimal = Decimal(0)
    deferred: Decimal = Decimal(0)
    parts: dict[str, Decimal] = field(default_factory=dict)


@dataclass
class Document:
    """A file of a feed, report or schema. `purpose`: upload, feed-result, report, restricted-report, schema. `address_until`: until when
    its newest presigned address works, `key`: what signs its addresses. `content` None: nothing was uploaded yet.
    `used`: a feed took it, so that it does not die of being unused."""

    document_id: str
    seller_id: str
    purpose: str
    content_type: str
    created_at: datetime
    key: str
    address_until: datetime
    content: bytes | None = None
    compression: str = ""
    used: bool = False


@dataclass
class Feed:
    feed_id: str
    seller_id: str
    feed_type: str
    marketplace_ids: list[str]
    input_document: str
    options: dict[str, str]
    created_at: datetime
    status: str = "IN_QUEUE"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result_document: str = ""


@dataclass
class Report:
    report_id: str
    seller_id: str
    report_type: str
    marketplace_ids: list[str]
    since: datetime | None
    until: datetime | None
    options: dict[str, str]
    created_at: datetime
    status: str = "IN_QUEUE"
    started_at: datetime | None = None
    ended_at: datetime | None = None
    document: str = ""
    schedule: str = ""


@dataclass
class Schedule:
    schedule_id: str
    seller_id: str
    report_type: str
    marketplace_ids: list[str]
    options: dict[str, str]
    period: str
    next_at: datetime


@dataclass
class Destination:
    """`resource`: {"sqs": {"arn"}} or {"eventBridge": {...}}, as told. `region`: whose address it was made at."""

    destination_id: str
    application_id: str
    name: str
    resource: dict[str, Any]
    region: str = ""


@dataclass
class Subscription:
    subscription_id: str
    application_id: str
    seller_id: str
    notification_type: str
    payload_version: str
    destination_id: str
    directive: dict[str, Any] = field(default_factory=dict)


@dataclass
class Message:
    """One notification as it lies in a queue. `destination_id` "": the application's own queue of secrets.

    `body` text: somebody else wrote it, into the queue of that ARN (`queue`). `hidden_until`: received, and not to be seen
    until then; `receipt`: by which it is deleted, another one each time; `received`: how often it was.
    """

    message_id: str
    destination_id: str
    application_id: str
    at: datetime
    body: dict[str, Any] | str
    queue: str = ""
    hidden_until: datetime | None = None
    receipt: str = ""
    received: int = 0


@dataclass
class Queue:
    """A standard queue at SQS, and the key that reads it. `actions`: what its policy lets that key do."""

    arn: str
    region: str
    access_key_id: str
    secret_access_key: str
    visibility_seconds: int
    actions: list[str]


@dataclass
class Mail:
    to: str
    at: datetime
    subject: str
    text: str
    seller_id: str = ""
    kind: str = ""


@dataclass
class MwsDeveloper:
    """`developer_number` as it is typed, such as 4141-0616-7444."""

    name: str
    developer_number: str
    region: str
    aws_access_key_id: str
    aws_secret_key: str


@dataclass
class MwsToken:
    """One seller's permission for one MWS developer. `standing`: active, inactive (may live again), deleted."""

    seller_id: str
    developer_number: str
    token: str
    granted_at: datetime
    expires_at: datetime
    standing: str = "active"


@dataclass
class Upload:
    """An attachment on its way. `checksum`: Base64 MD5, as told beforehand."""

    upload_id: str
    seller_id: str
    key: str
    content_type: str
    address_until: datetime
    content: bytes | None = None
    checksum: str = ""


@dataclass
class Fault:
    """A misfortune on order (`faults.py`). Empty `operation` or `seller_id`: every one. `count` None: no end."""

    kind: str
    operation: str = ""
    seller_id: str = ""
    probability: float = 1.0
    count: int | None = None
    seconds: float = 1.0


@dataclass(order=True)
class Later:
    """Something that happens by itself at `at`: the act called `kind` (see `world.happens`) with `told`."""

    at: datetime
    number: int
    kind: str = field(compare=False)
    told: dict[str, Any] = field(compare=False)


@dataclass
class State:
    """Everything there is. Keys: ids; listings by seller, then SKU."""

    applications: dict[str, Application] = field(default_factory=dict)
    sellers: dict[str, Seller] = field(default_factory=dict)
    authorizations: list[Authorization] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, AccessToken] = field(default_factory=dict)
    arrivals: dict[str, tuple[str, str]] = field(default_factory=dict)
    catalogue: dict[str, Product] = field(default_factory=dict)
    listings: dict[str, dict[str, Listing]] = field(default_factory=dict)
    deleted: list[Listing] = field(default_factory=list)
    """Deleted listings that will show up once more."""
    schema_documents: dict[str, str] = field(default_factory=dict)
    """Which document holds which product type's schema."""
    orders: dict[str, Order] = field(default_factory=dict)
    transactions: list[Transaction] = field(default_factory=list)
    ledgers: dict[str, dict[str, list[LedgerDay]]] = field(default_factory=dict)
    """Seller -> site -> its days, oldest first."""
    documents: dict[str, Document] = field(default_factory=dict)
    feeds: dict[str, Feed] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    destinations: dict[str, Destination] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    queues: dict[str, Queue] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    mws_developers: dict[str, MwsDeveloper] = field(default_factory=dict)
    mws_tokens: list[MwsToken] = field(default_factory=list)
    uploads: dict[str, Upload] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Page tokens handed out: token -> what it stands for; `until` is when it dies."""
    omitted: list[str] = field(default_factory=list)
    """Order ids that lists leave out while a misfortune says so."""
    faults: list[Fault] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    numbers: int = 0
