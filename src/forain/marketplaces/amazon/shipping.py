"""Confirming a shipment: one call a parcel; the same reference again edits the same parcel.

Source: Orders v0 model, confirmShipment (not deprecated); refusal texts of models issues 5037, 5094; read 2026-11-23.
"""

from urllib.parse import quote

import msgspec

from forain.contracts.marketplace import Confirmed, Credentials, Parcel, ParcelRefused
from forain.contracts.net import Net, Request
from forain.core.clock import format_instant
from forain.core.errors import Rejected
from forain.core.ids import MarketplaceOrderId, SiteId
from forain.marketplaces.amazon import errors
from forain.marketplaces.amazon.listings import address

CARRIERS = {
    "colissimo": "Colissimo", "chronopost": "Chronopost", "la poste": "La Poste", "dhl": "DHL", "dpd": "DPD", "ups": "UPS",
    "gls": "GLS", "hermes": "Hermes", "fedex": "FedEx", "tnt": "TNT", "mondial relay": "Mondial Relay", "usps": "USPS",
    "deutsche post": "Deutsche Post", "royal mail": "Royal Mail",
}  # fmt: skip
"""Our merchants' usual carriers as Amazon codes them; any other is "Other" with its name."""
TAKEN_ALREADY = ("PackageToUpdateNotFound", "already fulfilled", "already been fulfilled")


def confirm(
    credentials: Credentials, net: Net, order_id: MarketplaceOrderId, site: SiteId, parcel: Parcel
) -> Confirmed | ParcelRefused:
    """Tell one parcel. What Amazon says it has already counts as confirmed, and is said to be a repeat."""
    code = CARRIERS.get(parcel.carrier.strip().lower())
    detail: dict[str, object] = {
        "packageReferenceId": parcel.reference,
        "carrierCode": code or "Other",
        "trackingNumber": parcel.tracking,
        "shipDate": format_instant(parcel.shipped_at),
        "orderItems": [{"orderItemId": line, "quantity": count} for line, count in parcel.items.items()],
    }
    if code is None:
        detail["carrierName"] = parcel.carrier or "Other"
    response = net.send(
        Request(
            "confirmShipment",
            "POST",
            f"{address(credentials)}/orders/v0/orders/{quote(order_id, safe='')}/shipmentConfirmation",
            json=msgspec.json.encode({"marketplaceId": site, "packageDetail": detail}),
        )
    )
    if response.status in (200, 204):
        return Confirmed(parcel.reference)
    error = errors.of_api(response, "confirmShipment")
    if not isinstance(error, Rejected):
        raise error
    if error.code not in ("rejected", "not_found"):
        # The address or the region is wrong: that says nothing about this parcel.
        raise error
    if any(text in f"{problem.code} {problem.text}" for problem in error.problems for text in TAKEN_ALREADY):
        return Confirmed(parcel.reference, repeated=True)
    return ParcelRefused(parcel.reference, error.problems)
