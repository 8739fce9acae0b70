"""Amazon's words, as its models spell them; only what Forain reads. Unknown members are ignored, unknown enums are not.

Source: Amazon's published models (commit 34dc93f of 2026-08-05), read 2026-11-23.
"""

from typing import Annotated, TypeVar

import msgspec

from forain.contracts.net import Response
from forain.core.errors import Malformed
from forain.net.answers import Key, Name, Plain, Whole, Wire, decoded, part

__all__ = ["Wire", "decoded", "part", "read", "told"]

Value = TypeVar("Value")

Text = Plain | None
"""Text that may be absent or null: either way there is none."""


class Struct(msgspec.Struct, rename="camel", forbid_unknown_fields=False, kw_only=True):
    """camelCase on the wire."""


class ApiError(Struct):
    code: Text = ""
    message: Text = ""
    details: Text = ""


class ErrorList(Struct):
    errors: list[ApiError] = []


class TokenAnswer(msgspec.Struct, kw_only=True):
    access_token: Key
    expires_in: Annotated[int, msgspec.Meta(ge=1, le=10**9)]
    refresh_token: Key | None = None


class TokenError(msgspec.Struct, kw_only=True):
    error: Plain
    error_description: Text = ""
    request_id: Text = ""


class Amount(Struct):
    """Orders 2026 and listings: a decimal as text."""

    amount: Plain
    currency_code: Plain


class Marketplace(Struct):
    id: Name
    country_code: Plain = ""
    name: Plain = ""
    default_currency_code: Plain = ""
    default_language_code: Plain = ""
    domain_name: Plain = ""


class Participation(Struct):
    is_participating: bool
    has_suspended_listings: bool


class MarketplaceParticipation(Struct):
    marketplace: Marketplace
    participation: Participation
    store_name: Plain = ""


class MarketplaceName(Struct):
    id: Name


class ParticipationName(Struct):
    marketplace: MarketplaceName


class Participations(Struct):
    """Entries stay raw here: beside Amazon's own sites others may stand."""

    payload: list[msgspec.Raw]


class AccountPayload(Struct):
    selling_plan: Plain = ""


class AccountAnswer(Struct):
    payload: AccountPayload


class ListingIssue(Struct):
    code: Plain
    message: Plain
    severity: Plain
    attribute_names: list[Plain] | None = None
    categories: list[Plain] | None = None


class Submission(Struct):
    sku: Name
    status: Name
    submission_id: Name
    issues: list[ListingIssue] = []


class Summary(Struct):
    marketplace_id: Name
    asin: Text = ""
    product_type: Text = ""
    status: list[Plain] = []
    item_name: Text = ""
    created_date: Text = ""


class Availability(Struct):
    fulfillment_channel_code: Name
    quantity: Whole | None = None


class ListingOffer(Struct):
    marketplace_id: Name
    offer_type: Name
    price: Amount


class ListingProductType(Struct):
    marketplace_id: Name
    product_type: Name


class ListingItem(Struct):
    sku: Name
    summaries: list[Summary] = []
    attributes: dict[str, msgspec.Raw] = {}
    issues: list[ListingIssue] = []
    offers: list[ListingOffer] = []
    fulfillment_availability: list[Availability] = []
    product_types: list[ListingProductType] = []


class Pagination(Struct):
    next_token: Text = None


class ListingName(Struct):
    sku: Name


class SubmittedChannel(msgspec.Struct):
    fulfillment_channel_code: Plain = ""
    lead_time_to_ship_max_days: int | None = None


class SubmittedCode(msgspec.Struct):
    type: Plain = ""
    value: Plain = ""


class SubmittedPrice(msgspec.Struct):
    """`value_with_tax` is a JSON number: kept as its own text, so that no float comes in between."""

    value_with_tax: msgspec.Raw = msgspec.Raw(b"")


class SubmittedStep(msgspec.Struct):
    value_with_tax: msgspec.Raw = msgspec.Raw(b"")
    start_at: Plain = ""
    end_at: Plain = ""


class SubmittedSale(msgspec.Struct):
    schedule: list[SubmittedStep] = []


class SubmittedListPrice(msgspec.Struct):
    """With tax or without, by what the site shows."""

    marketplace_id: Plain = ""
    currency: Plain = ""
    value_with_tax: msgspec.Raw = msgspec.Raw(b"")
    value: msgspec.Raw = msgspec.Raw(b"")


class SubmittedSchedule(msgspec.Struct):
    schedule: list[SubmittedPrice] = []


class SubmittedLevel(msgspec.Struct):
    lower_bound: int = 0
    value: msgspec.Raw = msgspec.Raw(b"")


class SubmittedLevels(msgspec.Struct):
    discount_type: Plain = ""
    levels: list[SubmittedLevel] = []


class SubmittedPlan(msgspec.Struct):
    schedule: list[SubmittedLevels] = []


class SubmittedOffer(msgspec.Struct):
    marketplace_id: Plain = ""
    currency: Plain = ""
    audience: Plain = "ALL"
    our_price: list[SubmittedSchedule] = []
    discounted_price: list[SubmittedSale] | None = None
    quantity_discount_plan: list[SubmittedPlan] | None = None


class MerchandisingRule(msgspec.Struct):
    rule_id: Plain = ""


class RulePlan(msgspec.Struct):
    merchandising_rule: MerchandisingRule | None = None


class SubmittedSetup(msgspec.Struct):
    """What of an offer speaks of its price without being one."""

    marketplace_id: Plain = ""
    currency: Plain = ""
    audience: Plain = "ALL"
    minimum_seller_allowed_price: list[SubmittedSchedule] | None = None
    maximum_seller_allowed_price: list[SubmittedSchedule] | None = None
    automated_pricing_merchandising_rule_plan: list[RulePlan] | None = None


class ListingPage(Struct):
    """Items stay raw here: one that breaks must not break the page."""

    items: list[msgspec.Raw]
    number_of_results: Whole = 0
    pagination: Pagination | None = None


class DetailedBreakdown(Struct):
    subtype: Plain = ""
    value: Amount | None = None


class Breakdown(Struct):
    type: Name
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
    order_item_id: Name
    quantity_ordered: Whole
    product: Product
    proceeds: ItemProceeds | None = None
    cancellation: ItemCancellation | None = None


class TimeRange(Struct):
    latest_date_time: Text = None


class OrderFulfillment(Struct):
    fulfillment_status: Name
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
    order_id: Name
    created_time: Plain
    last_updated_time: Plain
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
    last_updated_before: Text = None


class OrderAnswer(Struct):
    order: msgspec.Raw


class OrderName(Struct):
    order_id: Name


class ReportBegun(Struct):
    report_id: Name


class Report(Struct):
    processing_status: Name
    report_document_id: Text = None


class ReportDocument(Struct):
    url: Plain
    compression_algorithm: Text = None


class FeedDocumentMade(Struct):
    feed_document_id: Name
    url: Plain


class FeedBegun(Struct):
    feed_id: Name


class Feed(Struct):
    """`result_feed_document_id`: only once it is DONE, and not always."""

    feed_id: Name
    processing_status: Name
    created_time: Plain
    result_feed_document_id: Text = None


class FeedPage(Struct):
    feeds: list[Feed]


class FeedDocument(Struct):
    url: Plain
    compression_algorithm: Text = None


class FeedIssue(Struct):
    """`message_id` None: about the feed itself, or about a message that cannot be told."""

    severity: Plain
    message: Plain
    message_id: Whole | None = None
    sku: Text = None
    code: Text = None
    attribute_name: Text = None


class FeedReportHeader(Struct):
    seller_id: Plain
    feed_id: Plain


class FeedSummary(Struct):
    messages_processed: Whole
    messages_accepted: Whole
    messages_invalid: Whole


class FeedItem(Struct):
    """An item as the report shows it, in the same words as a listing: offers (`ListingOffer`) and `Availability`, which stay raw."""

    sku: Name
    offers: msgspec.Raw = msgspec.Raw(b"[]")
    fulfillment_availability: msgspec.Raw = msgspec.Raw(b"[]")


class FeedReport(Struct):
    header: FeedReportHeader
    summary: FeedSummary
    issues: list[FeedIssue] = []
    items: list[FeedItem] = []


class FeedReportRaw(Struct):
    """The same with its items raw: one that breaks must not break the report."""

    header: FeedReportHeader
    summary: FeedSummary
    issues: list[FeedIssue] = []
    items: list[msgspec.Raw] = []


class CatalogIdentifier(Struct):
    identifier_type: Name
    identifier: Plain


class CatalogIdentifiers(Struct):
    marketplace_id: Name
    identifiers: list[CatalogIdentifier] = []


class CatalogItem(Struct):
    asin: Name
    identifiers: list[CatalogIdentifiers] = []


class CatalogPage(Struct):
    """Items stay raw here: one that breaks must not break the page."""

    items: list[msgspec.Raw]


class Pascal(msgspec.Struct, rename="pascal", forbid_unknown_fields=False, kw_only=True):
    """An older model, whose members have a capital."""


class FeeAmount(Pascal):
    """`amount`: a JSON number, kept as its own text, so that no float comes in between."""

    currency_code: Plain
    amount: msgspec.Raw


class FeeDetail(Pascal):
    fee_type: Plain
    final_fee: FeeAmount


class FeeSum(Pascal):
    total_fees_estimate: FeeAmount
    fee_detail_list: list[FeeDetail]


class FeeIdentifier(Pascal):
    marketplace_id: Plain
    id_value: Plain
    seller_input_identifier: Plain


class FeeError(Pascal):
    code: Text = ""
    message: Text = ""


class FeeName(Pascal):
    """Of which offer an answer is, whatever else it says."""

    fees_estimate_identifier: FeeIdentifier


class FeeAnswer(Pascal):
    status: Name
    fees_estimate: FeeSum | None = None
    error: FeeError | None = None


def read(response: Response, kind: type[Wire]) -> Wire:
    """The body as `kind`. Raises ServerFault for what is no JSON at all (HTML, cut off), Malformed for wrong JSON."""
    return decoded(response.body, kind, request_id=response.request_id, status=response.status)


class NewClientSecret(Struct):
    client_id: Name
    new_client_secret: Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{20,2000}\Z")]
    new_client_secret_expiry_time: Plain
    old_client_secret_expiry_time: Plain


class NewSecretPayload(Struct):
    application_o_auth_client_new_secret: NewClientSecret


class ClientSecretExpiry(Struct):
    client_id: Name
    client_secret_expiry_time: Plain


class SecretExpiryPayload(Struct):
    application_o_auth_client_secret_expiry: ClientSecretExpiry


def told(value: object, kind: type[Value]) -> Value:
    """A part of a message that was read already, as `kind`. Raises Malformed, which names the place and no value."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)[:200]) from None
