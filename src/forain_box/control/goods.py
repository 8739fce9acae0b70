"""Controls of the catalogue, others' offers, and a seller's listings."""

import msgspec

from forain_box import competition
from forain_box.control import shown
from forain_box.control.bodies import NewCompetitor, NewListing, NewProduct
from forain_box.control.call import Control, amount, find
from forain_box.http import Response
from forain_box.listing_writes import put_in_place
from forain_box.sites import SITES, coins
from forain_box.state import Competitor, Listing, Product
from forain_box.world import Refusal, World


def _catalogue(world: World, told: list[NewProduct]) -> Response:
    for entry in told:
        _known_sites([*entry.marketplace_ids, *entry.reference_prices, *filter(None, entry.restricted)])
        world.catalogue.put(
            Product(
                **{
                    **msgspec.structs.asdict(entry),
                    "restricted": dict(entry.restricted),
                    "reference_prices": {s: coins(amount(p), s) for s, p in entry.reference_prices.items()},
                    "competitors": _competitors(entry.competitors),
                }
            )
        )
    return Response.json({"catalogue": len(world.state.catalogue)}, 201)


def _competitors(told: list[NewCompetitor]) -> list[Competitor]:
    _known_sites([c.marketplace_id for c in told])
    return [
        Competitor(
            c.marketplace_id, c.seller_id, coins(amount(c.price), c.marketplace_id),
            coins(amount(c.shipping), c.marketplace_id), c.by_amazon, c.condition,
        )
        for c in told
    ]  # fmt: skip


def _known_sites(sites: list[str]) -> None:
    for site in sites:
        if site not in SITES:
            raise Refusal(f"{site[:50]!r} is no marketplace; write an id such as A13V1IB3VIYZZH")


def _compete(world: World, asin: str, told: list[NewCompetitor]) -> Response:
    product = find(world.state.catalogue, asin, "ASIN")
    before = product.competitors
    product.competitors = _competitors(told)
    for site in dict.fromkeys(c.marketplace_id for c in (*before, *product.competitors)):
        competition.changed(world, asin, site)
    return Response.json({"asin": asin, "competitors": len(product.competitors)})


def _listings(world: World, told: list[NewListing]) -> Response:
    return Response.json([shown.listing(put_listing(world, entry)) for entry in told], 201)


def put_listing(world: World, told: NewListing) -> Listing:
    """One listing in its place. Raises Refusal."""
    seller = find(world.state.sellers, told.seller_id, "seller")
    if told.marketplace_id not in seller.marketplace_ids:
        raise Refusal(f"a listing's marketplace_id is one of its seller's: {', '.join(seller.marketplace_ids)}")
    site = told.marketplace_id
    price, business, low, high = (
        coins(amount(p.amount), site) if p else None
        for p in (told.price, told.business_price, told.minimum_price, told.maximum_price)
    )
    return put_in_place(
        world, seller, told.sku, site, asin=told.asin, ean=told.ean, title=told.title, product_type=told.product_type,
        quantity=told.quantity, price=price, business_price=business, by_amazon=told.fulfilled_by == "AMAZON",
        handling_days=told.handling_days, condition=told.condition, minimum_price=low, maximum_price=high,
    )  # fmt: skip


CONTROLS = (
    Control("POST", "catalogue", list[NewProduct], _catalogue, "Products of Amazon's catalogue"),
    Control("POST", "catalogue/{asin}/competitors", list[NewCompetitor], _compete, "All offers of others on an ASIN"),
    Control("POST", "listings", list[NewListing], _listings, "A seller's listings, put in place directly"),
)
