"""What the control API is told: one struct a body. A member nobody knows is an error, since it is a typing mistake."""

from typing import Annotated, Literal, TypeVar

import msgspec

from forain_box.product_types import CONDITIONS

T = TypeVar("T")


MOST_SECONDS = 20 * 366 * 86400


Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


Seconds = Annotated[float, msgspec.Meta(ge=0, le=MOST_SECONDS)]


Text = Annotated[str, msgspec.Meta(max_length=500)]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A body of the control API; a member nobody knows is an error, since it is a typing mistake."""


class Nothing(Body):
    """{}"""


class ClockMove(Body):
    advance_seconds: Seconds = 0
    speed: Annotated[float, msgspec.Meta(gt=0, le=1_000_000)] | None = None


class NewApplication(Body):
    """`authorization_days` null: authorizations without end. `queue`: has a queue for its secrets."""

    name: Text = "Application"
    kind: Literal["private", "public"] = "private"
    redirect_uris: list[Text] = []
    login_uri: Text = ""
    roles: list[Text] | None = None
    authorization_days: Annotated[int, msgspec.Meta(ge=1, le=36500)] | None = 365
    draft: bool = False
    listed: bool = False
    queue: Text = ""


class NewQueue(Body):
    """A standard queue at SQS, with a key for it."""

    arn: Annotated[str, msgspec.Meta(pattern=r"^arn:aws:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}$")]
    visibility_seconds: Annotated[int, msgspec.Meta(ge=0, le=43200)] = 30


class QueueOf(Body):
    """`arn` "": none is registered any more."""

    arn: Text = ""


class QueuePolicy(Body):
    """What the queue's key may do there."""

    actions: list[Text]


class NewMessage(Body):
    """`body`: whatever somebody writes into the queue."""

    body: Annotated[str, msgspec.Meta(min_length=1, max_length=262144)]


class NewSeller(Body):
    marketplace_ids: list[Text]
    seller_id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9]{0,40}$")] = ""
    name: Text = "Seller"
    email: Text = "seller@example.test"
    region: Literal["eu", "na", "fe"] = "eu"
    professional: bool = True


class ForApplication(Body):
    application_id: Text


class MaybeApplication(Body):
    application_id: Text = ""


class Plan(Body):
    professional: bool = True


class OwnStock(Body):
    """Sites that from now on have their own quantity of each SKU; the others share one."""

    marketplace_ids: list[Text]


class Roles(Body):
    roles: list[Text]


Restriction = Literal["APPROVAL_REQUIRED", "ASIN_NOT_FOUND", "NOT_ELIGIBLE"]


Amount = str | float | int


class NewCompetitor(Body):
    """Somebody else's offer of an ASIN on a site."""

    marketplace_id: Text
    price: Amount
    seller_id: Text = "A1COMPETITOR"
    shipping: Amount = 0
    by_amazon: bool = False
    condition: Literal["New", "Used", "Collectible", "Refurbished", "Club"] = "New"


class NewProduct(Body):
    """`marketplace_ids` []: on every site. `restricted`: site ("" every one) -> why nobody may sell it there.
    `reference_prices`: site -> the usual price; an offer at five times or a fifth of it is closed."""

    asin: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    ean: Text = ""
    title: Text = ""
    product_type: Text = "PRODUCT"
    brand: Text = ""
    list_price: Text = ""
    minsan: Text = ""
    marketplace_ids: list[Text] = []
    classification: Literal["BASE_PRODUCT", "OTHER", "PRODUCT_BUNDLE", "VARIATION_PARENT"] = "BASE_PRODUCT"
    parent: Text = ""
    category: Text = ""
    category_name: Text = ""
    sales_rank: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 0
    images: list[Text] = []
    restricted: dict[str, Restriction] = {}
    reference_prices: dict[str, Amount] = {}
    competitors: list[NewCompetitor] = []


class Price(Body):
    amount: Amount
    currency: Text = ""


class NewListing(Body):
    """Put in place as if it had always been so. Repeating for another marketplace adds it to the SKU."""

    seller_id: Text
    sku: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    marketplace_id: Text
    asin: Text = ""
    ean: Text = ""
    title: Text = ""
    product_type: Text = ""
    quantity: Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] = 0
    price: Price | None = None
    business_price: Price | None = None
    fulfilled_by: Literal["MERCHANT", "AMAZON"] = "MERCHANT"
    handling_days: Annotated[int, msgspec.Meta(ge=0, le=60)] = 2
    condition: Literal[CONDITIONS] = "new_new"  # type: ignore[valid-type]
    minimum_price: Price | None = None
    maximum_price: Price | None = None


class Item(Body):
    """Amounts are for all pieces. `tax`: of the goods; told, Amazon states the order's tax."""

    sku: Text
    quantity: Count = 1
    shipping: str | float | int | None = None
    discount: str | float | int = 0
    shipping_discount: str | float | int = 0
    gift_wrap: str | float | int = 0
    gift_message: Text = ""
    cod_fee: str | float | int = 0
    tax: str | float | int | None = None


class NewOrder(Body):
    """`available_seconds`: a pre-order, on sale so much later. `tax`: whether Amazon states it; null: as on that site."""

    seller_id: Text
    marketplace_id: Text
    items: Annotated[list[Item], msgspec.Meta(min_length=1, max_length=200)]
    pending_seconds: Seconds = 0
    available_seconds: Seconds = 0
    fulfilled_by: Literal["", "MERCHANT", "AMAZON"] = ""
    prime: bool = False
    business: bool = False
    pickup: bool = False
    cash_on_delivery: bool = False
    shipping: str | float | int | None = None
    tax: bool | None = None
    tax_scheme: Literal["", "UOSS", "IOSS"] = ""


class NewMwsDeveloper(Body):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    developer_number: Text
    region: Literal["eu", "na", "fe"] = "eu"


class ForMwsDeveloper(Body):
    application_name: Text
    developer_number: Text


class MwsNumber(Body):
    developer_number: Text


class Reason(Body):
    reason: Text = ""


class Cancellation(Body):
    """`items`: item ids; null: all of the order."""

    reason: Text = ""
    by: Literal["BUYER", "MERCHANT", "AMAZON"] = "AMAZON"
    items: list[Text] | None = None


class Delivery(Body):
    """`package`: its reference; "": all that are under way."""

    package: Text = ""


class Return(Body):
    """`pieces`: item id -> pieces; null: all that were shipped."""

    pieces: dict[str, int] | None = None
    reason: Text = ""


class Refund(Body):
    """`items`: item id -> part (ITEM, SHIPPING, GIFT_WRAP, COD_FEE) -> amount; null: all of it."""

    items: dict[str, dict[str, str | float | int]] | None = None


class Received(Body):
    """Messages of a queue, by their message_id; none named: all of them."""

    message_ids: list[Text] = []


class NewFault(Body):
    kind: Text
    operation: Text = ""
    seller_id: Text = ""
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1
    count: Annotated[int, msgspec.Meta(ge=0)] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=7 * 86400)] = 1
