"""Invented buyers, by country; nobody lives there."""

from forain_box.sites import SITES
from forain_box.world import World

# name, street, city, postal code, region, phone
BUYERS = {
    "FR": (
        ("Camille Martin", "12 rue des Lilas", "Lyon", "69003", "", "+33 1 00 00 00 00"),
        ("Inès Moreau", "3 place du Marché", "Nantes", "44000", "", "+33 1 00 00 00 01"),
    ),
    "DE": (
        ("Jonas Weber", "Lindenallee 7", "Leipzig", "04109", "", "+49 30 00000000"),
        ("Lena Schmitt", "Am Hang 21", "Freiburg", "79098", "", "+49 30 00000001"),
    ),
    "GB": (("Amelia Clarke", "9 Mill Lane", "Leeds", "LS1 1AA", "West Yorkshire", "+44 20 0000 0000"),),
    "US": (
        ("Olivia Carter", "410 Maple Ave", "Springfield", "62701", "IL", "+1 555-010-0000"),
        ("Mateo Ruiz", "77 Harbor St Apt 4", "Portland", "97201", "OR", "+1 555-010-0001"),
    ),
    "JP": (("佐藤 陽菜", "青葉町1-2-3", "仙台市", "980-0001", "宮城県", "000-0000-0000"),),
}
COMPANIES = ("Atelier Lumen", "Bluewater Supplies", "Werkhof Nord")


def someone(world: World, site: str, business: bool) -> tuple[dict[str, str], dict[str, str]]:
    """(buyer, address) of a new order, as Orders 2026-01-01 names their members."""
    country = SITES[site][0]
    known = BUYERS.get(country) or BUYERS["FR"]
    name, street, city, post_code, region, phone = known[world.chance.randrange(len(known))]
    buyer = {"buyerName": name, "buyerEmail": f"{world.token('', 12).lower()}@marketplace.example"}
    address = {
        "name": name, "addressLine1": street, "city": city, "postalCode": post_code, "countryCode": country, "phone": phone,
        "addressType": "COMMERCIAL" if business else "RESIDENTIAL",
    }  # fmt: skip
    if region:
        address["stateOrRegion"] = region
    if business:
        company = COMPANIES[world.chance.randrange(len(COMPANIES))]
        buyer |= {"buyerCompanyName": company, "buyerPurchaseOrderNumber": f"PO-{world.digits(6)}"}
        address["companyName"] = company
    return buyer, address
