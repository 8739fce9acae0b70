"""What Amazon keeps of a price: getMyFeesEstimates, twenty offers a call, each with an answer of its own inside a 200.

Source: model productFeesV0.json, read 2026-11-30; that twenty is the most stands on the operation's page only.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from forain.contracts.marketplace import Credentials, FeeAsked, FeeEstimated, FeeRefused, Unclear
from forain.contracts.net import Net, Request
from forain.core.errors import Malformed, Problem
from forain.core.floors import Fee
from forain.core.money import MOST_CHARACTERS, Money
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.listings import address
from forain.net.redaction import scrub

MOST = 20
REFERRAL = "ReferralFee"
ABSURD = Decimal(10**9)
LEAST_REFERRAL: Mapping[str, str] = {"EUR": "0.30", "GBP": "0.25"}
"""What Amazon takes at least of each piece in most categories. Source: Amazon's European fee schedules since 2019-06-05 (help page
"Selling on Amazon Fee Schedule"), read 2026-11-30; of other currencies we found none that could be relied on."""


def estimate(
    credentials: Credentials, net: Net, asked: Sequence[FeeAsked]
) -> Iterable[FeeEstimated | FeeRefused | Unclear]:
    """The answers, in Amazon's order; one that names no offer we asked for is left out."""
    for start in range(0, len(asked), MOST):
        batch = asked[start : start + MOST]
        body = msgspec.json.encode([_request(number, one) for number, one in enumerate(batch)])
        url = f"{address(credentials)}/products/fees/v0/feesEstimate"
        response = net.send(Request("getMyFeesEstimates", "POST", url, json=body))
        if response.status != 200:
            raise errors.of_api(response, "getMyFeesEstimates")
        for raw in wire.read(response, list[msgspec.Raw]):
            one = _whose(raw, batch)
            if one is not None:
                yield _answer(raw, one)


def _request(number: int, one: FeeAsked) -> dict[str, Any]:
    price = {"CurrencyCode": one.price.currency, "Amount": msgspec.Raw(one.price.text().encode())}
    return {
        "IdType": "SellerSKU",
        "IdValue": one.key.sku,
        "FeesEstimateRequest": {
            "MarketplaceId": one.key.site, "IsAmazonFulfilled": one.by_marketplace, "Identifier": str(number),
            "PriceToEstimateFees": {"ListingPrice": price},
        },
    }  # fmt: skip


def _whose(raw: msgspec.Raw, batch: Sequence[FeeAsked]) -> FeeAsked | None:
    """Which offer of the batch this answer is about, None: none of them, or it does not say."""
    try:
        name = wire.part(raw, wire.FeeName).fees_estimate_identifier
    except Malformed:
        return None
    told = name.marketplace_id, name.id_value, name.seller_input_identifier
    return next((one for n, one in enumerate(batch) if (one.key.site, one.key.sku, str(n)) == told), None)


def _answer(raw: msgspec.Raw, one: FeeAsked) -> FeeEstimated | FeeRefused | Unclear:
    try:
        found = wire.part(raw, wire.FeeAnswer)
        match found.status:
            case "Success" if found.fees_estimate is not None:
                return FeeEstimated(one.key, _fee(one.price, found.fees_estimate))
            case "ClientError":
                told = found.error or wire.FeeError()
                return FeeRefused(one.key, Problem(told.code or "ClientError", scrub(told.message or "")[:300]))
            case status:
                # ServiceError: Amazon is ill with this one.
                return Unclear(one.key, f"Status {status}")
    except Malformed as error:
        return Unclear(one.key, error.field)


def _fee(price: Money, told: wire.FeeSum) -> Fee:
    """Of the parts only ReferralFee follows the price; whatever else is in the total counts as fixed (closing fee, Amazon's
    sending, the fee per item of an individual plan). FinalFee is the fee less what Amazon waives of it.

    An estimate without a referral fee, or one in which the parts come to more than the total, is not believed.
    """
    parts = [(detail.fee_type, _amount(detail.final_fee, price)) for detail in told.fee_detail_list]
    total = _amount(told.total_fees_estimate, price)
    referral = [amount for kind, amount in parts if kind == REFERRAL]
    if len(referral) != 1:
        raise Malformed("FeeDetailList ReferralFee")
    if total.minor < sum(amount.minor for _, amount in parts):
        raise Malformed("TotalFeesEstimate")
    least = Money.parse(LEAST_REFERRAL.get(price.currency, "0"), price.currency)
    try:
        # Media and groceries know no such minimum: where it kept less at this price, that is the least.
        return Fee(price, referral[0], total - referral[0], min(least, referral[0]))
    except ValueError:
        raise Malformed("FeesEstimate") from None


def _amount(told: wire.FeeAmount, price: Money) -> Money:
    if told.currency_code != price.currency:
        raise Malformed("FeesEstimate CurrencyCode")
    text = bytes(told.amount).decode("ascii", "replace")
    try:
        amount = Decimal(text if len(text) <= MOST_CHARACTERS else "")
    except InvalidOperation:
        raise Malformed("FeesEstimate Amount") from None
    if not 0 <= amount < ABSURD:
        raise Malformed("FeesEstimate Amount")
    return Money.rounded(amount, price.currency)
