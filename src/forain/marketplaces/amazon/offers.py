"""Telling Amazon a quantity and a price: patchListingsItem with `merge`, selectors repeated, nothing else touched.

Source: Listings Items 2021-08-01 model; `replace` erases handling time (models issue 4406); a part of an offer is deleted by
its name beside the selectors (page "Manage purchasable offer"); read 2026-11-23 and 2026-11-30.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from forain.contracts.marketplace import Accepted, Credentials, Receipt, Refusal, Unclear
from forain.contracts.net import Net, Request
from forain.core.clock import format_instant
from forain.core.errors import Malformed, Problem, Rejected
from forain.core.ids import SiteId, SubmissionId
from forain.core.money import Money
from forain.core.offers import Change
from forain.core.terms import ABSENT, UNSAID, Business, Sale
from forain.marketplaces.amazon import errors, wire
from forain.marketplaces.amazon.attributes import OWN_CHANNEL
from forain.marketplaces.amazon.listings import items_url, problem
from forain.marketplaces.amazon.sites import BY_ID

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
    channel: dict[str, Any] = {}
    if change.quantity is not None:
        channel["quantity"] = change.quantity
    if isinstance(change.terms.handling_days, int):
        channel["lead_time_to_ship_max_days"] = change.terms.handling_days
    if channel:
        patches.append(
            _patch("merge", "fulfillment_availability", {"fulfillment_channel_code": OWN_CHANNEL, **channel})
        )
    patches += _of_the_offer(change) + _of_the_list_price(change) + _for_businesses(change)
    return {"productType": change.product_type or GENERIC_TYPE, "patches": patches}


class Patches:
    """The patches of many changes, as they are written: the same few quantities and prices stand in almost all of them, so that
    each is written once. Of a change without terms they are those of its quantity, and then those of its price."""

    def __init__(self) -> None:
        self._quantities: dict[int | None, list[msgspec.Raw]] = {None: []}
        self._prices: dict[tuple[SiteId, int, str] | None, list[msgspec.Raw]] = {None: []}

    def of(self, change: Change) -> list[msgspec.Raw]:
        """What `body` has as the change's patches."""
        if change.terms is not UNSAID or change.gone is not UNSAID:
            return _written(change)
        quantity, price = change.quantity, change.price
        here = None if price is None else (change.key.site, price.minor, price.currency)
        first, second = self._quantities.get(quantity), self._prices.get(here)
        if first is None:
            first = self._quantities[quantity] = _written(Change(change.key, quantity, None))
        if second is None:
            second = self._prices[here] = _written(Change(change.key, None, price))
        return first + second


def _written(change: Change) -> list[msgspec.Raw]:
    return [msgspec.Raw(msgspec.json.encode(patch)) for patch in body(change)["patches"]]


def _patch(op: str, attribute: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {"op": op, "path": f"/attributes/{attribute}", "value": [entry]}


def _of_the_offer(change: Change) -> list[dict[str, Any]]:
    """Price and sale: one entry for everybody's offer, which is named by its selectors. What is to go is named by itself."""
    site, sale = change.key.site, change.terms.sale
    selectors = {"marketplace_id": site, "currency": BY_ID[site].currency, "audience": "ALL"}
    told: dict[str, Any] = {}
    if change.price is not None:
        selectors["currency"] = change.price.currency
        told["our_price"] = [{"schedule": [{"value_with_tax": _number(change.price)}]}]
    if isinstance(sale, Sale):
        selectors["currency"] = sale.price.currency
        told["discounted_price"] = _discounted(sale)
    patches = []
    if isinstance(change.gone.sale, Sale):
        # Before the price: the new one may be below the sale that goes. Named whole, since a part of it may not fit the schema.
        patches.append(
            _patch("delete", "purchasable_offer", selectors | {"discounted_price": _discounted(change.gone.sale)})
        )
    if told:
        patches.append(_patch("merge", "purchasable_offer", selectors | told))
    return patches


def _discounted(sale: Sale) -> list[dict[str, Any]]:
    days = {"start_at": format_instant(sale.begins), "end_at": format_instant(sale.ends)}
    return [{"schedule": [{"value_with_tax": _number(sale.price), **days}]}]


def _of_the_list_price(change: Change) -> list[dict[str, Any]]:
    told, site = change.terms.list_price, change.key.site
    if told is None:
        return []
    if told == ABSENT:
        currency = change.price.currency if change.price else BY_ID[site].currency
        return [_patch("delete", "list_price", {"marketplace_id": site, "currency": currency})]
    # Where prices are shown without tax it is told so.
    name = "value" if BY_ID[site].region == "NA" else "value_with_tax"
    return [_patch("merge", "list_price", {"marketplace_id": site, "currency": told.currency, name: _number(told)})]


def _for_businesses(change: Change) -> list[dict[str, Any]]:
    """The entry for business customers, which stands beside everybody's and is named by its audience.

    Source: models issues 5022 and 4349; schema of purchasable_offer (quantity_discount_plan); read 2026-11-30.
    """
    told, stood, site = change.terms.business, change.gone.business, change.key.site
    selectors = {"marketplace_id": site, "currency": BY_ID[site].currency, "audience": "B2B"}
    if told == ABSENT:
        return [_patch("delete", "purchasable_offer", selectors)]
    if not isinstance(told, Business):
        return []
    selectors["currency"] = told.price.currency
    patches = []
    if isinstance(stood, Business) and stood.tiers and not told.tiers:
        # A merge leaves what it does not name.
        patches.append(_patch("delete", "purchasable_offer", selectors | _plan(stood)))
    price = {"our_price": [{"schedule": [{"value_with_tax": _number(told.price)}]}]}
    patches.append(_patch("merge", "purchasable_offer", selectors | price | (_plan(told) if told.tiers else {})))
    return patches


def _plan(told: Business) -> dict[str, Any]:
    levels = [{"lower_bound": tier.pieces, "value": _number(tier.price)} for tier in told.tiers]
    return {"quantity_discount_plan": [{"schedule": [{"discount_type": "fixed", "levels": levels}]}]}


def _number(amount: Money) -> msgspec.Raw:
    """The decimal's own text as a JSON number: no float in between, and no decimals where the currency has none."""
    return msgspec.Raw(amount.text().encode())
