"""Names of things: ids are types of their own, keys are frozen values."""

from dataclasses import dataclass
from typing import NewType

ShopId = NewType("ShopId", int)
"""Our number of a connected shop."""
ApplicationId = NewType("ApplicationId", int)
"""Our number of a developer credential (for Amazon: one LWA client)."""
AccountId = NewType("AccountId", int)
"""Our number of one seller identity at one marketplace in one region."""
SellerId = NewType("SellerId", str)
"""The marketplace's own name of the seller (Amazon: merchant id, selling partner id)."""
SiteId = NewType("SiteId", str)
"""The marketplace's own name of one country storefront (Amazon: marketplace id)."""
SellerSku = NewType("SellerSku", str)
"""The seller's SKU as the marketplace knows it; may differ from the shop's SKU."""
VariantId = NewType("VariantId", str)
"""The shop's own, lasting name of one sellable variant; survives a renamed SKU."""
MarketplaceOrderId = NewType("MarketplaceOrderId", str)
ShopOrderId = NewType("ShopOrderId", str)
SubmissionId = NewType("SubmissionId", str)
FeedId = NewType("FeedId", str)
"""The marketplace's own name of a feed of ours."""


@dataclass(frozen=True, slots=True, order=True)
class OfferKey:
    """One seller SKU on one site of one account: the unit of reconciliation."""

    account: AccountId
    site: SiteId
    sku: SellerSku

    def __str__(self) -> str:
        return f"{self.site}/{self.sku}"


@dataclass(frozen=True, slots=True, order=True)
class OrderKey:
    """One marketplace order of one account; unique in our database."""

    account: AccountId
    order_id: MarketplaceOrderId

    def __str__(self) -> str:
        return self.order_id
