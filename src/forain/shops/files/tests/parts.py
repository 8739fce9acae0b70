"""What the tests of a folder shop share: a small catalogue, an order, the shop over a folder."""

from datetime import UTC, datetime
from pathlib import Path

from forain.contracts.shop import ShopCredentials
from forain.core.money import LineTotal, Money
from forain.core.orders import Address, DraftLine, OrderDraft
from forain.shops.files import FilesShop, open

HEAD = "sku,ean,title,price,currency,tax_rate,on_hand\n"
GOOD = HEAD + "SOAP,,Soap,6.90,EUR,20,12\nOIL,,Oil,14.50,EUR,5.5,5\n"


def shop(folder: Path) -> FilesShop:
    return open(ShopCredentials({"folder": str(folder)}, {}), None)


def draft(reference: str = "302-1", variant: str = "SOAP", quantity: int = 2) -> OrderDraft:
    line = DraftLine("1", variant, variant, "Soap", quantity, LineTotal(Money(1380, "EUR")), Money(230, "EUR"))
    to = Address("Zoë Müller", ("1 rue de l'Église",), "Lyon", "69003", "FR")
    zero = Money(0, "EUR")
    return OrderDraft(
        reference, "FR", "EUR", datetime(2026, 3, 1, tzinfo=UTC), (line,), zero, zero, Money(1380, "EUR"), to
    )
