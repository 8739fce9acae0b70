"""Amazon's words, as its models spell them; only what Forain reads. Unknown members are ignored, unknown enums are not.

Source: Amazon's published models (commit 34dc93f of 2026-08-05), read 2026-11-23.
"""

from typing import TypeVar

import msgspec

from forain.contracts.net import Response
from forain.core.errors import Malformed, ServerFault
from forain.net.redaction import shape

Wire = TypeVar("Wire")
Text = str | None
"""Text that may be absent or null: either way there is none."""


class Struct(msgspec.Struct, rename="camel", forbid_unknown_fields=False, kw_only=True):
    """camelCase on the wire."""


class ApiError(Struct):
    code: str | None = ""
    message: str | None = ""
    details: str | None = ""


class ErrorList(Struct):
    errors: list[ApiError] = []


class TokenAnswer(msgspec.Struct, kw_only=True):
    access_token: str
    expires_in: int
    refresh_token: str = ""


class TokenError(msgspec.Struct, kw_only=True):
    error: str
    error_description: str | None = ""
    request_id: str | None = ""


class Amount(Struct):
    """Orders 2026 and listings: a decimal as text."""

    amount: str
    currency_code: str


class Marketplace(Struct):
    id: str
    country_code: str = ""
    name: str = ""
    default_currency_code: str = ""
    default_language_code: str = ""
    domain_name: str = ""


class Participation(Struct):
    is_participating: bool
    has_suspended_listings: bool


class MarketplaceParticipation(Struct):
    marketplace: Marketplace
    participation: Participation
    store_name: str = ""


class MarketplaceName(Struct):
    id: str


class ParticipationName(Struct):
    marketplace: MarketplaceName


class Participations(Struct):
    """Entries stay raw here: beside Amazon's own sites others may stand."""

    payload: list[msgspec.Raw]


class AccountPayload(Struct):
    selling_plan: str = ""


class AccountAnswer(Struct):
    payload: AccountPayload


class ListingIssue(Struct):
    code: str
    message: str
    severity: str
    attribute_names: list[str] | None = None


class Submission(Struct):
    sku: str
    status: str
    submission_id: str
    issues: list[ListingIssue] = []


class Summary(Struct):
    marketplace_id: str
    asin: Text = ""
    product_type: Text = ""
    status: list[str] = []
    item_name: Text = ""
    created_date: Text = ""


class Availability(Struct):
    fulfillment_channel_code: str
    quantity: int | None = None


class ListingOffer(Struct):
    marketplace_id: str
    offer_type: str
    price: Amount


class ListingProductType(Struct):
    marketplace_id: str
    product_type: str


class ListingItem(Struct):
    sku: str
    summaries: list[Summary] = []
    attributes: dict[str, msgspec.Raw] = {}
    issues: list[ListingIssue] = []
    offers: list[ListingOffer] = []
    fulfillment_availability: list[Availability] = []
    product_types: list[ListingProductType] = []


class Pagination(Struct):
    next_token: str | None = None


class ListingName(Struct):
    sku: str


class SubmittedChannel(msgspec.Struct):
    fulfillment_channel_code: str = ""


class SubmittedCode(msgspec.Struct):
    type: str = ""
    value: str = ""


class SubmittedPrice(msgspec.Struct):
    """`value_with_tax` is a JSON number: kept as its own text, so that no float comes in between."""

    value_with_tax: msgspec.Raw = msgspec.Raw(b"")


class SubmittedSchedule(msgspec.Struct):
    schedule: list[SubmittedPrice] = []


class SubmittedOffer(msgspec.Struct):
    marketplace_id: str = ""
    currency: str = ""
    audience: str = "ALL"
    our_price: list[SubmittedSchedule] = []


class ListingPage(Struct):
    """Items stay raw here: one that breaks must not break the page."""

    items: list[msgspec.Raw]
    number_of_results: int = 0
    pagination: Pagination | None = None


class DetailedBreakdown(Struct):
    subtype: str = ""
    value: Amount | None = None


class Breakdown(Struct):
    type: str
    subtotal: Amount
    detailed_breakdowns: list[DetailedBreakdown] = []


class ItemProceeds(Struct):
    breakdowns: list[Breakdown] = []


class Product(Struct):
    seller_sku: Text = ""
    title: Text = ""


class CancellationRequest(Struct):
    requester: Text = ""


class ItemCancellation(Struct):
    cancellation_request: CancellationRequest | None = None


class OrderItem(Struct):
    order_item_id: str
    quantity_ordered: int
    product: Product
    proceeds: ItemProceeds | None = None
    cancellation: ItemCancellation | None = None


class TimeRange(Struct):
    latest_date_time: str | None = None


class OrderFulfillment(Struct):
    fulfillment_status: str
    fulfilled_by: Text = ""
    ship_by_window: TimeRange | None = None


class SalesChannel(Struct):
    marketplace_id: Text = ""


class DeliveryAddress(Struct):
    name: Text = ""
    company_name: Text = ""
    address_line1: Text = ""
    address_line2: Text = ""
    address_line3: Text = ""
    city: Text = ""
    district_or_county: Text = ""
    municipality: Text = ""
    state_or_region: Text = ""
    postal_code: Text = ""
    country_code: Text = ""
    phone: Text = ""


class Recipient(Struct):
    delivery_address: DeliveryAddress | None = None


class Buyer(Struct):
    buyer_email: Text = ""


class OrderProceeds(Struct):
    grand_total: Amount | None = None


class Order(Struct):
    order_id: str
    created_time: str
    last_updated_time: str
    sales_channel: SalesChannel
    order_items: list[OrderItem]
    fulfillment: OrderFulfillment | None = None
    recipient: Recipient | None = None
    buyer: Buyer | None = None
    proceeds: OrderProceeds | None = None


class OrdersPage(Struct):
    """Orders stay raw here: one that breaks must not break the page."""

    orders: list[msgspec.Raw]
    pagination: Pagination | None = None
    last_updated_before: str | None = None


class OrderAnswer(Struct):
    order: msgspec.Raw


class OrderName(Struct):
    order_id: str


class CatalogIdentifier(Struct):
    identifier_type: str
    identifier: str


class CatalogIdentifiers(Struct):
    marketplace_id: str
    identifiers: list[CatalogIdentifier] = []


class CatalogItem(Struct):
    asin: str
    identifiers: list[CatalogIdentifiers] = []


class CatalogPage(Struct):
    """Items stay raw here: one that breaks must not break the page."""

    items: list[msgspec.Raw]


def read(response: Response, kind: type[Wire]) -> Wire:
    """The body as `kind`. Raises ServerFault for what is no JSON at all (HTML, cut off), Malformed for wrong JSON."""
    try:
        return msgspec.json.decode(response.body, type=kind)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)[:200], request_id=response.request_id, sample=shape(response.body)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ServerFault(
            "no_json", request_id=response.request_id, placeholders={"status": str(response.status)}
        ) from None


def part(raw: msgspec.Raw, kind: type[Wire], request_id: str = "") -> Wire:
    """One entry of a page as `kind`. Raises Malformed."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(str(error)[:200], request_id=request_id, sample=shape(bytes(raw))) from None
