"""Product Pricing 2022-05-01: the offers around an ASIN, and at which price an own offer would be the featured one.

Each answer of a batch has its own status: a 200 may hold 400s. Source: Amazon's model
productPricing_2022-05-01.json, read 2026-11-23.
"""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from forain_box import competition
from forain_box.competition import Offer
from forain_box.errors import Stop, invalid
from forain_box.http import Response
from forain_box.sites import SITES
from forain_box.spapi.call import Call, Operation, Wire
from forain_box.state import Listing

MODEL = "productPricing_2022-05-01.json"
MOST_SUMMARIES, MOST_EXPECTED, MOST_INPUTS, MOST_SIMILAR = 20, 40, 5, 5
SUMMARY_URI = "/products/pricing/2022-05-01/items/competitiveSummary"
EXPECTED_URI = "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice"
Condition = Literal["New", "Used", "Collectible", "Refurbished", "Club"]


class LowestInput(Wire):
    item_condition: Condition
    offer_type: Literal["Consumer"]


class SummaryRequest(Wire):
    asin: str
    marketplace_id: str
    included_data: list[Literal["featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems"]]
    uri: str
    method: str
    lowest_priced_offers_inputs: list[LowestInput] = []


class SummaryBatch(Wire):
    requests: list[SummaryRequest]


class PostalCode(Wire, omit_defaults=True):
    country_code: str = ""
    value: str = ""


class SampleLocation(Wire, omit_defaults=True):
    postal_code: PostalCode | None = None


class SegmentDetails(Wire, omit_defaults=True):
    glance_view_weight_percentage: float | None = None
    sample_location: SampleLocation | None = None


class Segment(Wire):
    segment_details: SegmentDetails


class ExpectedRequest(Wire, omit_defaults=True):
    marketplace_id: str
    sku: str
    uri: str
    method: str
    segment: Segment | None = None


class ExpectedBatch(Wire):
    requests: list[ExpectedRequest]


def competitive_summary(call: Call) -> Response:
    asked = call.body(SummaryBatch).requests
    if not 1 <= len(asked) <= MOST_SUMMARIES:
        raise invalid(f"'requests' must hold between 1 and {MOST_SUMMARIES} requests.")
    return Response.json({"responses": [_summary(call, one) for one in asked]})


def _summary(call: Call, asked: SummaryRequest) -> dict[str, Any]:
    wrong = _wrong(call, asked.marketplace_id, asked.uri, asked.method, SUMMARY_URI)
    if not wrong and len(asked.lowest_priced_offers_inputs) > MOST_INPUTS:
        wrong = f"'lowestPricedOffersInputs' may have {MOST_INPUTS} entries at most."
    product, site = call.world.state.catalogue.get(asked.asin), asked.marketplace_id
    body: dict[str, Any] = {"asin": asked.asin, "marketplaceId": site}
    if not wrong and product is None:
        wrong = "The requested ASIN is not valid in this marketplace."
    if wrong or product is None:
        return {"status": _status(400), "body": {**body, "errors": [{"code": "InvalidInput", "message": wrong}]}}
    offers = competition.offers_on(call.world, asked.asin, site)
    if "featuredBuyingOptions" in asked.included_data:
        best = competition.featured(offers)
        segment = {"customerMembership": "DEFAULT", "segmentDetails": {}}
        told = [{**_offer(best, site), "featuredOfferSegments": [segment]}] if best else []
        body["featuredBuyingOptions"] = [{"buyingOptionType": "New", "segmentedFeaturedOffers": told}] if told else []
    if "referencePrices" in asked.included_data:
        usual = competition.usual_price(product, site)
        body["referencePrices"] = [{"name": "CompetitivePrice", "price": _money(usual, site)}] if usual else []
    if "lowestPricedOffers" in asked.included_data:
        inputs = asked.lowest_priced_offers_inputs or [LowestInput("New", "Consumer")]
        body["lowestPricedOffers"] = [
            {
                "lowestPricedOffersInput": msgspec.to_builtins(told),
                "offers": [_offer(o, site) for o in offers if o.condition == told.item_condition][: competition.MOST_OFFERS],
            }
            for told in inputs
        ]  # fmt: skip
    if "similarItems" in asked.included_data:
        family = [asin for asin in call.world.catalogue.children(product.parent) if asin != product.asin]
        body["similarItems"] = [{"items": [{"asin": asin} for asin in family[:MOST_SIMILAR]]}]
    return {"status": _status(200), "body": body}


def expected_price(call: Call) -> Response:
    asked = call.body(ExpectedBatch).requests
    if not 1 <= len(asked) <= MOST_EXPECTED:
        raise invalid(f"'requests' must hold between 1 and {MOST_EXPECTED} requests.")
    return Response.json({"responses": [_expected(call, one) for one in asked]})


def _expected(call: Call, asked: ExpectedRequest) -> dict[str, Any]:
    site, request = asked.marketplace_id, msgspec.to_builtins(asked)
    told: dict[str, Any] = {"request": {k: v for k, v in request.items() if k not in ("uri", "method")}, "headers": {}}
    wrong = _wrong(call, site, asked.uri, asked.method, EXPECTED_URI)
    if wrong:
        return {**told, "status": _status(400), "body": {"errors": [{"code": "InvalidInput", "message": wrong}]}}
    listing = call.world.listing(call.seller.seller_id, asked.sku)
    if listing is None or site not in listing.marketplace_ids or not listing.asin:
        return {**told, "status": _status(200), "body": {"featuredOfferExpectedPriceResults": [{"resultStatus": "OFFER_NOT_FOUND"}]}}  # fmt: skip
    return {
        **told,
        "status": _status(200),
        "body": {
            "offerIdentifier": {
                "marketplaceId": site, "sellerId": listing.seller_id, "sku": listing.sku, "asin": listing.asin,
                "fulfillmentType": "AFN" if any(c.startswith("AMAZON_") for c in listing.availability) else "MFN",
            },
            "featuredOfferExpectedPriceResults": [_result(call, listing, site)],
        },
    }  # fmt: skip


def _result(call: Call, listing: Listing, site: str) -> dict[str, Any]:
    """Just below what the best of the others costs, carriage included, this offer would be the featured one."""
    offers = competition.offers_on(call.world, listing.asin, site)
    if not competition.buyable(call.world, listing, site) or competition.condition_of(listing) != "New":
        return {"resultStatus": "OFFER_NOT_ELIGIBLE"}
    best = competition.featured(offers)
    rival = competition.featured([offer for offer in offers if offer.seller_id != listing.seller_id])
    current = {"currentFeaturedOffer": _featured(best, site)} if best else {}
    if rival is None:
        return {"resultStatus": "NO_COMPETING_OFFER", **current}
    mine = competition.offer_of(listing, site)
    expected = rival.landed - mine.shipping - _step(site)
    if expected <= 0:
        return {"resultStatus": "OFFER_NOT_ELIGIBLE", **current}
    return {
        "resultStatus": "VALID_FOEP", "featuredOfferExpectedPrice": {"listingPrice": _money(expected, site)},
        "competingFeaturedOffer": _featured(rival, site), **current,
    }  # fmt: skip


def _step(site: str) -> Decimal:
    return Decimal(1) if SITES[site][1] == "JPY" else Decimal("0.01")


def _wrong(call: Call, site: str, uri: str, method: str, wanted: str) -> str:
    """What is wrong with one request of a batch; "" when nothing is."""
    if uri != wanted or method != "GET":
        return f"'uri' must be {wanted} and 'method' GET."
    try:
        call.check_sites([site])
    except Stop:
        return "The marketplace is not valid for this seller."
    return ""


def _status(code: int) -> dict[str, Any]:
    return {"statusCode": code, "reasonPhrase": "Success" if code == 200 else "Bad Request"}


def _money(amount: Decimal, site: str) -> dict[str, Any]:
    return {"amount": float(amount), "currencyCode": SITES[site][1]}


def _offer(offer: Offer, site: str) -> dict[str, Any]:
    return {
        "sellerId": offer.seller_id, "condition": offer.condition, "fulfillmentType": competition.fulfilment(offer),
        "listingPrice": _money(offer.price, site),
        "shippingOptions": [{"shippingOptionType": "DEFAULT", "price": _money(offer.shipping, site)}],
        "primeDetails": {"eligibility": "NATIONAL" if offer.by_amazon else "NONE"},
    }  # fmt: skip


def _featured(offer: Offer, site: str) -> dict[str, Any]:
    who = {
        "marketplaceId": site, "sellerId": offer.seller_id, "asin": offer.asin, "fulfillmentType": competition.fulfilment(offer),
    }  # fmt: skip
    price = {"listingPrice": _money(offer.price, site), "shippingPrice": _money(offer.shipping, site)}
    return {"offerIdentifier": who, "condition": offer.condition, "price": price}


OPERATIONS = (
    Operation("getCompetitiveSummary", "POST", f"/batches{SUMMARY_URI}", competitive_summary, MODEL, 0.033, 1, ("Pricing",)),
    Operation("getFeaturedOfferExpectedPriceBatch", "POST", f"/batches{EXPECTED_URI}", expected_price, MODEL, 0.033, 1,
              ("Pricing",)),
)  # fmt: skip
