"""What an order costs: every amount is the sum of its parts, to the cent, however few pieces it is asked for.

Amounts are kept for a whole line; a part of its pieces costs its share, rounded so that all shares add up.
Source: Amazon's models orders_2026-01-01.json and ordersV0.json, models issues 3004, 4858; read 2026-11-23.
"""

from decimal import Decimal

from forain_box.sites import SITES, coins
from forain_box.state import Order, OrderLine

CHARGES = ("ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE")
ON_TOP = frozenset({"US", "CA"})
"""Countries whose prices are without tax: Amazon adds it and states it. Elsewhere it is within the prices, and stated
only where Amazon calculates it for the seller."""
RATES = {
    "US": "0.0825", "CA": "0.13", "GB": "0.20", "FR": "0.20", "DE": "0.19", "IT": "0.22", "ES": "0.21", "NL": "0.21", "BE": "0.21",
    "IE": "0.23", "PL": "0.23", "SE": "0.25", "JP": "0.10", "AU": "0.10",
}  # fmt: skip
"""One plausible rate a country, for the tax nobody named."""


def tax_on_top(site: str) -> bool:
    return SITES[site][0] in ON_TOP


def charged(line: OrderLine) -> dict[str, Decimal]:
    """What the whole line costs, by kind of charge, before discounts."""
    return {
        "ITEM": line.unit_price * line.quantity,
        "SHIPPING": line.shipping,
        "GIFT_WRAP": line.gift_wrap,
        "COD_FEE": line.cod_fee,
    }


def state_tax(line: OrderLine, site: str, told: Decimal | None) -> None:
    """State the line's tax: `told` for its goods, or the usual rate; charges beside the goods at the usual rate."""
    rate = Decimal(RATES.get(SITES[site][0], "0.20"))
    off = {"ITEM": line.discount, "SHIPPING": line.shipping_discount}
    for kind, amount in charged(line).items():
        paid = amount - off.get(kind, Decimal(0))
        tax = coins(paid * rate if tax_on_top(site) else paid * rate / (1 + rate), site)
        if kind == "ITEM" and told is not None:
            tax = told if tax_on_top(site) else min(told, paid)
        if tax or kind == "ITEM":
            line.taxes[kind] = tax
    line.tax = sum(line.taxes.values(), Decimal(0))


def details(order: Order, line: OrderLine, pieces: int | None = None) -> dict[str, Decimal]:
    """What the first `pieces` pieces cost (None: all that are not cancelled), by CHARGES, by "DISCOUNT ITEM" and
    "DISCOUNT SHIPPING" (what is taken off), by "TAX ITEM" and so on."""
    count = line.quantity - line.cancelled if pieces is None else pieces
    whole = charged(line)
    whole |= {"DISCOUNT ITEM": line.discount, "DISCOUNT SHIPPING": line.shipping_discount}
    whole |= {f"TAX {kind}": tax for kind, tax in line.taxes.items()}
    return {kind: coins(amount * count / line.quantity, order.marketplace_id) for kind, amount in whole.items()}


def between(order: Order, line: OrderLine, since: int, until: int) -> dict[str, Decimal]:
    """What the pieces from `since` to `until` cost: shares of one line always add up to the line."""
    before = details(order, line, since)
    return {kind: amount - before[kind] for kind, amount in details(order, line, until).items()}


def summed(order: Order, parts: dict[str, Decimal]) -> Decimal:
    """What the buyer pays for these details."""
    total = Decimal(0)
    for kind, amount in parts.items():
        if kind.startswith("DISCOUNT"):
            total -= amount
        elif not kind.startswith("TAX") or order.tax_on_top:
            total += amount
    return total


def line_total(order: Order, line: OrderLine) -> Decimal:
    """What the buyer pays for the pieces of the line that are not cancelled."""
    return summed(order, details(order, line))


def total(order: Order) -> Decimal:
    """What the buyer pays for all that is not cancelled."""
    return sum((line_total(order, line) for line in order.lines), Decimal(0))
