"""A small world to begin with: three sellers, two applications, a shelf of goods. Documented in docs/reference/box.md."""

from decimal import Decimal

from forain_box import mws_tokens
from forain_box.listing_writes import put_in_place
from forain_box.sites import SITES, coins
from forain_box.state import Product
from forain_box.world import World

GOODS = (
    ("LAV-SOAP", "Lavender soap, 100 g", "6.90"), ("OLIVE-OIL", "Olive oil, 50 cl", "14.50"), ("HONEY", "Chestnut honey, 250 g", "8.20"),
    ("NOUGAT", "Nougat of Montélimar, 200 g", "7.40"), ("SALT", "Grey salt, 1 kg", "5.60"), ("MUSTARD", "Old-style mustard, 200 g", "4.30"),
    ("CANDLE", "Beeswax candle", "11.00"), ("BASKET", "Wicker basket", "24.90"),
)  # fmt: skip
SELLERS = (
    ("A1BOXSELLEREU", "Le Marché de Camille", "eu", ("A13V1IB3VIYZZH", "A1PA6795UKMFR9")),
    ("A1BOXSELLERNA", "Camille's Market", "na", ("ATVPDKIKX0DER",)),
    ("A1BOXSELLERFE", "Camille Ichiba", "fe", ("A1VC38T7YXB528",)),
)
DEVELOPERS = (("magnalister", "4141-0616-7444", "eu"), ("magnalister-us", "8260-4311-6738", "na"))
"""Developers of the old interface, by the numbers their own help page of 2019 told merchants to type."""


def furnish(world: World) -> None:
    """Fill an empty world."""
    world.add_application({"name": "My own connector"})
    world.add_application(
        {"name": "Public connector", "kind": "public", "redirect_uris": ["http://127.0.0.1/callback"]}
    )
    for name, number, region in DEVELOPERS:
        mws_tokens.add_developer(world, name, number, region)
    for place, (_, title, _) in enumerate(GOODS):
        asin = f"B0BOX{place:05d}"
        world.state.catalogue[asin] = Product(asin, title, product_type="GROCERY")
    for seller_id, name, region, sites in SELLERS:
        told = {"seller_id": seller_id, "name": name, "region": region, "marketplace_ids": list(sites)}
        seller = world.add_seller(told, SITES)
        for place, (sku, title, price) in enumerate(GOODS):
            for site in sites:
                amount = Decimal(price if SITES[site][1] != "JPY" else price.replace(".", ""))
                put_in_place(
                    world, seller, sku, site, asin=f"B0BOX{place:05d}", ean="", title=title, product_type="", quantity=10 + place,
                    price=coins(amount, site), business_price=None, by_amazon=sku == "BASKET", handling_days=2,
                )  # fmt: skip
