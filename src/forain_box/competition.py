"""Who offers an ASIN on a site for how much, which offer is the featured one, and what sellers are told of changes.

The featured offer is the cheapest new one with its carriage; at the same price Amazon's own stock goes first. The real
choice is Amazon's secret. Source: Amazon's model productPricing_2022-05-01.json and the schemas
AnyOfferChangedNotification, PricingHealthNotification; read 2026-11-23.
"""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from forain_box import notify, standing
from forain_box.clock import text
from forain_box.sites import SHIPPING, SITES, coins
from forain_box.state import Listing, Product
from forain_box.world import World

CONDITIONS = {"new": "New", "used": "Used", "collectible": "Collectible", "refurbished": "Refurbished", "club": "Club"}
MOST_OFFERS = 20
UNUSUAL = 5
"""A price so many times above or below the usual one is taken for a mistake: the offer is closed."""


@dataclass(frozen=True)
class Offer:
    """`sku` "": it is no listing of the box but a competitor's."""

    seller_id: str
    asin: str
    sku: str
    condition: str
    by_amazon: bool
    price: Decimal
    shipping: Decimal

    @property
    def landed(self) -> Decimal:
        return self.price + self.shipping


def buyable(world: World, listing: Listing, site: str) -> bool:
    """Buyers can buy it there now."""
    return standing.offerable(listing, site) and not world.state.sellers[listing.seller_id].suspended_listings


def condition_of(listing: Listing) -> str:
    return CONDITIONS[listing.condition.partition("_")[0]]


def offer_of(listing: Listing, site: str) -> Offer:
    by_amazon = any(c.startswith("AMAZON_") and standing.pieces(listing, c, site) > 0 for c in listing.availability)
    return Offer(
        listing.seller_id, listing.asin, listing.sku, condition_of(listing), by_amazon, listing.prices[site],
        Decimal(0) if by_amazon else coins(SHIPPING, site),
    )  # fmt: skip


def offers_on(world: World, asin: str, site: str) -> list[Offer]:
    """All offers of an ASIN, the cheapest first."""
    product = world.state.catalogue.get(asin)
    found = [offer_of(x, site) for x in world.shelves.of_asin(asin) if buyable(world, x, site)]
    found += [
        Offer(c.seller_id, asin, "", c.condition, c.by_amazon, c.price, c.shipping)
        for c in (product.competitors if product else ()) if c.marketplace_id == site
    ]  # fmt: skip
    return sorted(found, key=lambda offer: (offer.landed, not offer.by_amazon, offer.seller_id, offer.sku))


def featured(offers: list[Offer]) -> Offer | None:
    return next((offer for offer in offers if offer.condition == "New"), None)


def usual_price(product: Product | None, site: str) -> Decimal | None:
    return product.reference_prices.get(site) if product else None


def changed(world: World, asin: str, site: str) -> None:
    """An offer of the ASIN came, went, or costs something else: everyone who offers it is told."""
    if not asin or not world.state.subscriptions:
        return
    listings = [x for x in world.shelves.of_asin(asin) if site in x.marketplace_ids]
    if not listings:
        return
    offers = offers_on(world, asin, site)
    body = _any_offer_changed(world, asin, site, offers)
    for seller_id in dict.fromkeys(listing.seller_id for listing in listings):
        notify.emit(
            world, seller_id, "ANY_OFFER_CHANGED", {"AnyOfferChangedNotification": {"SellerId": seller_id, **body}}
        )
    best = featured(offers)
    for listing in listings:
        if best and buyable(world, listing, site) and condition_of(listing) == "New":
            mine = offer_of(listing, site)
            if mine.landed > best.landed and mine.seller_id != best.seller_id:
                told = _pricing_health(world, site, offers, best, mine)
                notify.emit(world, listing.seller_id, "PRICING_HEALTH", told)


def _channel(offer: Offer) -> str:
    return "Amazon" if offer.by_amazon else "Merchant"


def _any_offer_changed(world: World, asin: str, site: str, offers: list[Offer]) -> dict[str, Any]:
    currency, country = SITES[site][1], SITES[site][0]

    def money(amount: Decimal) -> dict[str, Any]:
        return {"Amount": float(amount), "CurrencyCode": currency}

    def prices(offer: Offer) -> dict[str, Any]:
        return {
            "LandedPrice": money(offer.landed), "ListingPrice": money(offer.price), "Shipping": money(offer.shipping),
        }  # fmt: skip

    product = world.state.catalogue.get(asin)
    usual = usual_price(product, site) or Decimal(0)
    lowest: dict[tuple[str, str], Offer] = {}
    for offer in offers:
        lowest.setdefault((offer.condition.lower(), _channel(offer)), offer)
    best = featured(offers)
    counts = [
        {"Condition": condition, "FulfillmentChannel": channel, "OfferCount": count}
        for (condition, channel), count in Counter((o.condition.lower(), _channel(o)) for o in offers).items()
    ]
    listed = _amount(product.list_price) if product else Decimal(0)
    ranks = [{"ProductCategoryId": product.category or product.product_type.lower(), "Rank": product.sales_rank}] if product and product.sales_rank else []  # fmt: skip
    return {
        "OfferChangeTrigger": {
            "MarketplaceId": site, "ASIN": asin, "ItemCondition": "new", "TimeOfOfferChange": text(world.now()),
            "OfferChangeType": "External",
        },
        "Summary": {
            "NumberOfOffers": counts,
            "LowestPrices": [
                {"Condition": condition, "FulfillmentChannel": channel, **prices(offer)}
                for (condition, channel), offer in lowest.items()
            ],
            "BuyBoxPrices": [{"Condition": "new", **prices(best)}] if best else [],
            "ListPrice": money(listed), "MinimumAdvertisedPrice": money(Decimal(0)),
            "SuggestedLowerPricePlusShipping": money(best.landed if best else usual),
            "TotalBuyBoxEligibleOffers": len(offers), "SalesRankings": ranks, "NumberOfBuyBoxEligibleOffers": counts,
            "CompetitivePriceThreshold": money(usual),
        },
        "Offers": [
            {
                "SellerId": offer.seller_id, "SubCondition": offer.condition.lower(),
                "SellerFeedbackRating": {"FeedbackCount": 100, "SellerPositiveFeedbackRating": 98},
                "ShippingTime": {
                    "MinimumHours": 24, "MaximumHours": 48, "AvailabilityType": "NOW", "AvailableDate": text(world.now()),
                },
                "ListingPrice": money(offer.price), "Points": {"PointsNumber": 0}, "Shipping": money(offer.shipping),
                "ShipsFrom": {"Country": country, "State": ""}, "IsFulfilledByAmazon": offer.by_amazon,
                "PrimeInformation": {"IsOfferPrime": offer.by_amazon, "IsOfferNationalPrime": offer.by_amazon},
                "IsExpeditedShippingAvailable": offer.by_amazon, "IsFeaturedMerchant": True,
                "IsBuyBoxWinner": offer == best, "ShipsDomestically": True, "ShipsInternationally": False,
            }
            for offer in offers[:MOST_OFFERS]
        ],
    }  # fmt: skip


def _amount(told: str) -> Decimal:
    return Decimal(told) if told.replace(".", "", 1).isdigit() and told.isascii() else Decimal(0)


def _pricing_health(world: World, site: str, offers: list[Offer], best: Offer, mine: Offer) -> dict[str, Any]:
    currency = SITES[site][1]

    def prices(offer: Offer) -> dict[str, Any]:
        told = {"listingPrice": offer.price, "shipping": offer.shipping, "landedPrice": offer.landed}
        return {name: {"amount": float(amount), "currencyCode": currency} for name, amount in told.items()}

    counts = [
        {"condition": condition.lower(), "fulfillmentType": by, "offerCount": count}
        for (condition, by), count in Counter((o.condition, fulfilment(o)) for o in offers).items()
    ]
    usual = usual_price(world.state.catalogue.get(mine.asin), site)
    threshold = usual if usual is not None else best.price
    return {
        "issueType": "BuyBoxDisqualification", "sellerId": mine.seller_id,
        "offerChangeTrigger": {
            "marketplaceId": site, "asin": mine.asin, "itemCondition": "new", "timeOfOfferChange": text(world.now()),
        },
        "merchantOffer": {"condition": "new", "fulfillmentType": fulfilment(mine), **prices(mine)},
        "summary": {
            "numberOfOffers": counts, "buyBoxEligibleOffers": counts,
            "buyBoxPrices": [{"condition": "new", **prices(best)}],
            "referencePrice": {
                "competitivePriceThreshold": {"amount": float(threshold), "currencyCode": currency},
            },
        },
    }  # fmt: skip


def fulfilment(offer: Offer) -> str:
    return "AFN" if offer.by_amazon else "MFN"
