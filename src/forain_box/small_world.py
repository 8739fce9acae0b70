"""A small world to begin with: three sellers, two applications, a shelf of goods. Documented in docs/reference/box.md."""

import json

from forain_box import control_api
from forain_box.http import Request
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
CURRENCIES = {"A13V1IB3VIYZZH": "EUR", "A1PA6795UKMFR9": "EUR", "ATVPDKIKX0DER": "USD", "A1VC38T7YXB528": "JPY"}


def furnish(world: World) -> None:
    """Fill an empty world."""
    _post(world, "applications", {"name": "My own connector", "kind": "private"})
    _post(
        world,
        "applications",
        {"name": "Public connector", "kind": "public", "redirect_uris": ["http://127.0.0.1/callback"]},
    )
    for number, (_, title, _) in enumerate(GOODS):
        world.catalogue[f"B0BOX{number:05d}"] = {
            "asin": f"B0BOX{number:05d}", "ean": "", "title": title, "product_type": "GROCERY",
        }  # fmt: skip
    for seller, name, region, sites in SELLERS:
        told = {
            "seller_id": seller,
            "name": name,
            "email": "seller@example.test",
            "region": region,
            "marketplace_ids": list(sites),
        }
        _post(world, "sellers", told)
        for number, (sku, title, price) in enumerate(GOODS):
            for site in sites:
                amount = price if CURRENCIES[site] != "JPY" else price.replace(".", "")
                listing = {
                    "seller_id": seller, "sku": sku, "asin": f"B0BOX{number:05d}", "marketplace_id": site, "title": title,
                    "quantity": 10 + number, "price": {"amount": amount, "currency": CURRENCIES[site]},
                    "fulfilled_by": "AMAZON" if sku == "BASKET" else "MERCHANT",
                }  # fmt: skip
                _post(world, "listings", [listing])


def _post(world: World, what: str, body: object) -> None:
    request = Request("POST", ("box", "api", what), f"/box/api/{what}", {}, {}, json.dumps(body).encode())
    response = control_api.answer(world, [], request)
    assert response.status == 201, response.body
