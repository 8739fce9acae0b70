"""Telling Amazon a quantity and a price: patchListingsItem with `merge`, selectors repeated, nothing else touched.

Source: Listings Items 2021-08-01 model; `replace` erases handling time (models issue 4406); read 2026-11-23.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from forain.contracts.marketplace import Accepted, Credentials, Receipt, Refusal, Unclear
from forain.contracts.net import Net, Request
from forain.core.errors import Malformed, Problem, Rejected
from forain.core.ids import SubmissionId
from forain.core.offers import Change
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.listings import OWN_CHANNEL, items_url, problem

GENERIC_TYPE = "PRODUCT"
"""Accepted for offer-only patches where the real type is unknown (docs issue 2068, read 2026-11-23)."""


def submit(credentials: Credentials, net: Net, changes: Sequence[Change]) -> Iterable[Receipt]:
    """One patch a change. ACCEPTED means received; INVALID and a refusal of this item alone are its own receipt."""
    for change in changes:
        response = net.send(
            Request(
                "patchListingsItem",
                "PATCH",
                items_url(credentials, change.key.sku),
                query={"marketplaceIds": change.key.site},
                json=msgspec.json.encode(body(change)),
            )
        )
        if response.status != 200:
            error = errors.of_api(response, "patchListingsItem")
            if isinstance(error, Rejected) and error.code in ("rejected", "not_found"):
                yield Refusal(change.key, error.problems)
                continue
            raise error
        try:
            yield _receipt(change, wire.read(response, wire.Submission))
        except Malformed as error:
            # This answer is about one item: it is named, and the next one is told all the same.
            yield Unclear(change.key, error.field)


def _receipt(change: Change, answer: wire.Submission) -> Receipt:
    match answer.status:
        case "ACCEPTED":
            return Accepted(change.key, SubmissionId(answer.submission_id))
        case "INVALID":
            problems = tuple(problem(issue) for issue in answer.issues) or (Problem("INVALID"),)
            return Refusal(change.key, problems)
        case _:
            raise Malformed(f"status {answer.status}")


def body(change: Change) -> dict[str, Any]:
    """The patch document of a change."""
    patches: list[dict[str, Any]] = []
    if change.quantity is not None:
        value: list[dict[str, Any]] = [{"fulfillment_channel_code": OWN_CHANNEL, "quantity": change.quantity}]
        patches.append({"op": "merge", "path": "/attributes/fulfillment_availability", "value": value})
    if change.price is not None:
        # The decimal's own text as a JSON number: no float in between, and no decimals where the currency has none.
        amount = msgspec.Raw(change.price.text().encode())
        offer = {
            "marketplace_id": change.key.site,
            "currency": change.price.currency,
            "audience": "ALL",
            "our_price": [{"schedule": [{"value_with_tax": amount}]}],
        }
        patches.append({"op": "merge", "path": "/attributes/purchasable_offer", "value": [offer]})
    return {"productType": change.product_type or GENERIC_TYPE, "patches": patches}
