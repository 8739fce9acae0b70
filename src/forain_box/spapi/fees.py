"""Product Fees v0: an estimate, whose refusals lie inside a 200.

The sums are the box's own, and those of its ledger: a referral fee (0.30 at least), a fixed fee for Amazon's stock, a
fee per item on the individual plan. Source: Amazon's model productFeesV0.json, read 2026-11-23.
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import msgspec

from forain_box.clock import text
from forain_box.errors import invalid
from forain_box.http import Response
from forain_box.ledger import COMMISSION, FULFILMENT_FEE
from forain_box.sites import SITES, coins
from forain_box.spapi.call import Call, Operation, payload

MODEL = "productFeesV0.json"
MOST = 20
LEAST_REFERRAL, PER_ITEM = Decimal("0.30"), Decimal("0.99")


class _Wire(msgspec.Struct, rename="pascal", omit_defaults=True):
    """This older model spells its members with a capital."""


class Money(_Wire):
    currency_code: str
    amount: float


class Points(_Wire):
    points_number: int = 0
    points_monetary_value: Money | None = None


class Price(_Wire):
    listing_price: Money
    shipping: Money | None = None
    points: Points | None = None


class Estimate(_Wire):
    marketplace_id: str
    price_to_estimate_fees: Price
    identifier: str
    is_amazon_fulfilled: bool = False
    optional_fulfillment_program: Literal["FBA_CORE", "FBA_SNL", "FBA_EFN"] | None = None


class One(_Wire):
    fees_estimate_request: Estimate


class OneOf(_Wire):
    fees_estimate_request: Estimate
    id_type: Literal["ASIN", "SellerSKU"]
    id_value: str


def for_sku(call: Call) -> Response:
    return payload(
        {"FeesEstimateResult": _result(call, "SellerSKU", call.rest[0], call.body(One).fees_estimate_request)}
    )


def for_asin(call: Call) -> Response:
    return payload({"FeesEstimateResult": _result(call, "ASIN", call.rest[0], call.body(One).fees_estimate_request)})


def for_several(call: Call) -> Response:
    asked = call.body(list[OneOf])
    if not 1 <= len(asked) <= MOST:
        raise invalid(f"Between 1 and {MOST} requests may be made at once.")
    return Response.json([_result(call, one.id_type, one.id_value, one.fees_estimate_request) for one in asked])


def _result(call: Call, kind: str, value: str, asked: Estimate) -> dict[str, Any]:
    site = asked.marketplace_id
    if site not in SITES or SITES[site][3] != call.region:
        raise invalid("Incorrect Marketplace identifier.")
    call.check_sites([site])
    identifier = {
        "MarketplaceId": site, "SellerId": call.seller.seller_id, "IdType": kind, "IdValue": value,
        "IsAmazonFulfilled": asked.is_amazon_fulfilled,
        "PriceToEstimateFees": msgspec.to_builtins(asked.price_to_estimate_fees), "SellerInputIdentifier": asked.identifier,
    }  # fmt: skip
    wrong = _wrong(call, kind, value, asked)
    if wrong:
        error = {"Type": "Sender", "Code": wrong[0], "Message": wrong[1], "Detail": []}
        return {"Status": "ClientError", "FeesEstimateIdentifier": identifier, "Error": error}
    return {"Status": "Success", "FeesEstimateIdentifier": identifier, "FeesEstimate": _estimate(call, asked)}


def _wrong(call: Call, kind: str, value: str, asked: Estimate) -> tuple[str, str] | None:
    """(code, message) of what makes an estimate impossible."""
    world, price = call.world, asked.price_to_estimate_fees
    known = world.listing(call.seller.seller_id, value) if kind == "SellerSKU" else world.state.catalogue.get(value)
    if known is None:
        return "InvalidParameterValue", f"There is no {kind} {value[:50]} in this marketplace."
    amounts = [price.listing_price, *([price.shipping] if price.shipping else [])]
    if any(money.currency_code != SITES[asked.marketplace_id][1] for money in amounts):
        return "InvalidParameterValue", "The currency does not fit the marketplace."
    if any(not 0 <= money.amount < 10**9 for money in amounts):
        return "InvalidParameterValue", "A price is out of range."
    return None


def _estimate(call: Call, asked: Estimate) -> dict[str, Any]:
    site, price = asked.marketplace_id, asked.price_to_estimate_fees
    total = sum((Decimal(str(m.amount)) for m in (price.listing_price, price.shipping) if m), Decimal(0))
    fees = [("ReferralFee", max(total * COMMISSION, LEAST_REFERRAL)), ("VariableClosingFee", Decimal(0))]
    fees.append(("PerItemFee", Decimal(0) if call.seller.professional else PER_ITEM))
    if asked.is_amazon_fulfilled:
        fees.append(("FBAFees", FULFILMENT_FEE))
    exact = [(name, _rounded(amount, site)) for name, amount in fees]

    def money(amount: Decimal) -> dict[str, Any]:
        return {"CurrencyCode": SITES[site][1], "Amount": float(amount)}

    return {
        "TimeOfFeesEstimation": text(call.world.now()),
        "TotalFeesEstimate": money(sum((amount for _, amount in exact), Decimal(0))),
        "FeeDetailList": [
            {"FeeType": name, "FeeAmount": money(amount), "FeePromotion": money(Decimal(0)), "FinalFee": money(amount)}
            for name, amount in exact
        ],
    }


def _rounded(amount: Decimal, site: str) -> Decimal:
    return amount.quantize(coins(Decimal(1), site), ROUND_HALF_UP)


ROLES = ("Pricing", "Product Listing")
OPERATIONS = (
    Operation("getMyFeesEstimateForSKU", "POST", "/products/fees/v0/listings/{SellerSKU}/feesEstimate", for_sku, MODEL, 1, 2, ROLES),
    Operation("getMyFeesEstimateForASIN", "POST", "/products/fees/v0/items/{Asin}/feesEstimate", for_asin, MODEL, 1, 2, ROLES),
    Operation("getMyFeesEstimates", "POST", "/products/fees/v0/feesEstimate", for_several, MODEL, 0.5, 1, ROLES),
)  # fmt: skip
