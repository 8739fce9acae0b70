"""A small world to begin with: three sellers, two applications, a shelf of goods. Documented in docs/reference/box.md."""

from decimal import Decimal

from forain_box import mws_tokens
from forain_box.listing_writes import put_in_place
from forain_box.sites import SITES, coins
from forain_box.state import Competitor, Product
from forain_box.world import World

GOODS = (
    ("LAV-SOAP", "Lavender soap, 100 g", "6.90", "SKIN_CLEANING_AGENT"), ("OLIVE-OIL", "Olive oil, 50 cl", "14.50", "GROCERY"),
    ("HONEY", "Chestnut honey, 250 g", "8.20", "HONEY"), ("NOUGAT", "Nougat of Montélimar, 200 g", "7.40", "GROCERY"),
    ("SALT", "Grey salt, 1 kg", "5.60", "GROCERY"), ("MUSTARD", "Old-style mustard, 200 g", "4.30", "GROCERY"),
    ("CANDLE", "Beeswax candle", "11.00", "CANDLE"), ("BASKET", "Wicker basket", "24.90", "PRODUCT"),
)  # fmt: skip
"""(SKU, title, price, product type). The first of them has a competitor, the second a price for businesses."""
BRAND = "Marché de Camille"
SELLERS = (
    ("A1BOXSELLEREU", "Le Marché de Camille", "eu", ("A13V1IB3VIYZZH", "A1PA6795UKMFR9", "A1F83G8C2ARO7P")),
    ("A1BOXSELLERNA", "Camille's Market", "na", ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2")),
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
    _catalogue(world)
    for seller_id, name, region, sites in SELLERS:
        told = {"seller_id": seller_id, "name": name, "region": region, "marketplace_ids": list(sites)}
        seller = world.add_seller(told, SITES)
        for place, (sku, title, price, _) in enumerate(GOODS):
            for site in sites:
                put_in_place(
                    world, seller, sku, site, asin=_asin(place), ean="", title=title, product_type="", quantity=10 + place,
                    price=_local(price, site), business_price=_local("12.90", site) if sku == "OLIVE-OIL" else None,
                    by_amazon=sku == "BASKET", handling_days=2,
                )  # fmt: skip


def _catalogue(world: World) -> None:
    """The goods; beside them a pack with the honey's own number, and something that nobody may sell unasked."""
    sold_on = [site for _, _, _, sites in SELLERS for site in sites]
    for place, (sku, title, price, kind) in enumerate(GOODS):
        rivals = [Competitor(site, "A1BOXRIVAL", _local("5.90", site)) for site in sold_on] if sku == "LAV-SOAP" else []
        world.catalogue.put(
            Product(
                _asin(place), title, _ean(place), kind, BRAND, category=str(1000 + place), category_name=kind.replace("_", " ").title(),
                sales_rank=100 + place, reference_prices={site: _local(price, site) for site in sold_on}, competitors=rivals,
            )
        )  # fmt: skip
    world.catalogue.put(
        Product(
            "B0BOX00020", "Chestnut honey, 250 g, pack of 3", _ean(2), "HONEY", BRAND, classification="PRODUCT_BUNDLE"
        )
    )
    world.catalogue.put(
        Product("B0BOX00021", "Lamp oil, 1 l", _ean(21), brand=BRAND, restricted={"": "APPROVAL_REQUIRED"})
    )


def _asin(place: int) -> str:
    return f"B0BOX{place:05d}"


def _ean(place: int) -> str:
    """A number of the range that shops may use within their walls: it is nobody's article."""
    digits = f"2000000{place:05d}"
    return digits + str(-sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(digits)) % 10)


def _local(price: str, site: str) -> Decimal:
    return coins(Decimal(price.replace(".", "") if SITES[site][1] == "JPY" else price), site)
