"""What a buyer paid for each line, from Amazon's breakdowns.

A line's breakdowns are for all its pieces. Whether ITEM holds the tax already (Europe) or TAX comes on top (America)
is said nowhere in the answer: the order's own grand total decides.
Source: Orders 2026-01-01 model, ItemProceedsBreakdown and its samples, read 2026-11-23.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from forain.core.errors import Malformed
from forain.core.ids import SellerSku
from forain.core.money import LineTotal, Money
from forain.core.orders import Line, paid
from forain.marketplaces.amazon import wire

PARTS = {"ITEM": "goods", "GIFT_WRAP": "goods", "SHIPPING": "shipping", "COD_FEE": "shipping", "OTHER": "shipping"}
"""Their types -> which of our two amounts they belong to: the goods, or what is charged beside them."""


@dataclass(slots=True)
class _Read:
    """One line's amounts as read, in one currency: `goods`, `shipping`, `discount`, `tax`, and `tax_beside`, the part of
    the tax that is on what is charged beside the goods."""

    item: wire.OrderItem
    sums: dict[str, Money] = field(default_factory=dict)

    def add(self, name: str, amount: Money) -> None:
        if any(known.currency != amount.currency for known in self.sums.values()):
            raise Malformed("proceeds.breakdowns currencyCode")
        self.sums[name] = self.sums[name] + amount if name in self.sums else amount


def money(told: wire.Amount | None, where: str) -> Money | None:
    """The amount; None where there is none. Raises Malformed for what is no amount."""
    if told is None:
        return None
    try:
        return Money.parse(told.amount, told.currency_code)
    except ValueError:
        raise Malformed(where) from None


def lines(items: Sequence[wire.OrderItem], total: Money | None, *, pending: bool) -> tuple[Line, ...]:
    """The lines of one order. `total`: Amazon's grand total; `pending`: no amount is to be believed yet."""
    read = [_read(item, pending=pending) for item in items]
    found = [_line(one) for one in read]
    if total is None or paid(found, total.currency) == total:
        return tuple(found)
    taxed = [_with_tax(line, one) for line, one in zip(found, read, strict=True)]
    # Where neither adds up, the lines stay as told: the flow shows both sums to a person.
    return tuple(taxed if paid(taxed, total.currency) == total else found)


def currency(found: Sequence[Line], total: Money | None) -> str:
    """The one currency of an order, "" where it has no amount. Raises Malformed for two."""
    amounts = [a.money for line in found for a in (line.total, line.shipping, line.discount) if a]
    told = {amount.currency for amount in [*amounts, *([total] if total else [])]}
    if len(told) > 1:
        raise Malformed("proceeds currencyCode")
    return told.pop() if told else ""


def _read(item: wire.OrderItem, *, pending: bool) -> _Read:
    if item.quantity_ordered < 0:
        raise Malformed("quantityOrdered")
    read = _Read(item)
    for part in item.proceeds.breakdowns if item.proceeds and not pending else []:
        amount = money(part.subtotal, "proceeds.breakdowns.subtotal")
        assert amount is not None
        if part.type in PARTS:
            read.add(PARTS[part.type], amount)
        elif part.type == "DISCOUNT":
            # Told as what is taken off; whether with a minus is not written anywhere.
            read.add("discount", Money(abs(amount.minor), amount.currency))
        elif part.type == "TAX":
            read.add("tax", amount)
            for detail in part.detailed_breakdowns:
                beside = money(detail.value, "proceeds.breakdowns.detailedBreakdowns.value")
                if beside is not None and PARTS.get(detail.subtype) == "shipping":
                    read.add("tax_beside", beside)
        else:
            raise Malformed(f"proceeds.breakdowns.type {part.type}")
    return read


def _line(read: _Read) -> Line:
    item, sums = read.item, read.sums
    return Line(
        line_id=item.order_item_id,
        sku=SellerSku(item.product.seller_sku or ""),
        title=item.product.title or "",
        quantity=item.quantity_ordered,
        total=LineTotal(sums["goods"]) if "goods" in sums else None,
        shipping=LineTotal(sums["shipping"]) if "shipping" in sums else None,
        discount=LineTotal(sums["discount"]) if "discount" in sums else None,
        tax=sums.get("tax"),
    )


def _with_tax(line: Line, read: _Read) -> Line:
    """The same line with its tax on top, as the buyer paid it."""
    if line.total is None or line.tax is None:
        return line
    zero = Money(0, line.tax.currency)
    beside = read.sums.get("tax_beside", zero) if line.shipping else zero
    return replace(
        line,
        total=LineTotal(line.total.money + (line.tax - beside)),
        shipping=LineTotal(line.shipping.money + beside) if line.shipping else None,
    )
