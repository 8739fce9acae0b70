"""What one cell of the catalogue may say. Each answer is a clean value or a problem, never a guess."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from forain.core.money import Money
from forain.core.sales import Special
from forain.core.stock import ABSURD_QUANTITY, LONGEST_LOCATION, AtLocation, StockLevel

ABSURD_MINOR = 10**10
"""A price of more smallest coins than this (100,000,000.00 EUR) is a slip."""
LONGEST_NAME = 200
"""Characters of an SKU or id; marketplaces take far fewer."""

_CURRENCIES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL
    BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP
    ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR
    IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR
    NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CURRENCIES.split())
"""ISO 4217's active codes without funds, metals and tests. One that were missing here is refused with a
sentence, never sent wrongly."""

ACTIVE = {"": True, "1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}
_AMOUNT_WITH_COMMA = re.compile(r"-?\d{1,12},\d{1,3}")
_TAX_RATE = re.compile(r"\d{1,3}(\.\d{1,3})?", re.ASCII)
_ASIN = re.compile(r"[A-Z0-9]{10}", re.ASCII)

AT = "stock:"
"""How the columns begin that say what lies at one stock location."""
Wrong = Callable[[str, str, str], None]
"""Called with (code, column, text) for each thing that is wrong."""


def name_is_right(text: str) -> bool:
    """An SKU or id: printable, not empty, not absurdly long."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


def price(cells: Mapping[str, str], wrong: Wrong) -> Money | None:
    """The price with tax, None when there is none to be believed."""
    if cells["currency"] not in CURRENCIES:
        wrong("currency_wrong", "currency", cells["currency"])
        return None
    return _amount(cells["price"], "price", cells["currency"], wrong)


def special(cells: Mapping[str, str], wrong: Wrong) -> Special | None:
    """The reduced price with its days, None where there is none; one of which anything is wrong is told, and is none."""
    text = cells.get("special_price", "")
    if not text or cells["currency"] not in CURRENCIES:
        return None
    amount = _amount(text, "special_price", cells["currency"], wrong)
    days: list[date | None] = []
    for column in ("special_from", "special_until"):
        told = cells.get(column, "")
        try:
            days.append(_day(told) if told else None)
        except ValueError:
            wrong("price_day_wrong", column, told)
            return None
    first, last = days
    if first and last and last < first:
        wrong("price_day_wrong", "special_until", cells["special_until"])
        return None
    return Special(amount, first, last) if amount else None


def _day(text: str) -> date:
    """Raises ValueError, also for a year that nobody means: arithmetic at the ends of the calendar overflows."""
    found = date.fromisoformat(text)
    if not 1970 < found.year < 2190:
        raise ValueError(text)
    return found


def group_prices(cells: Mapping[str, str], wrong: Wrong) -> tuple[tuple[str, Money], ...]:
    """The prices of the columns "price:GROUP"; an empty cell is none, one that cannot be believed is told and is none."""
    if cells["currency"] not in CURRENCIES:
        return ()
    found = []
    for column, text in cells.items():
        name = column.removeprefix("price:").strip()
        if column.startswith("price:") and name and text:
            amount = _amount(text, column, cells["currency"], wrong)
            found += [(name, amount)] if amount else []
    return tuple(found)


def cost(cells: Mapping[str, str], wrong: Wrong) -> Money | None:
    """What a piece costs the merchant, in the currency of the price; None: not told, or nothing to be believed."""
    text = cells.get("cost", "")
    return _amount(text, "cost", cells["currency"], wrong) if text and cells["currency"] in CURRENCIES else None


def _amount(text: str, column: str, currency: str, wrong: Wrong) -> Money | None:
    if _AMOUNT_WITH_COMMA.fullmatch(text):
        wrong("price_comma", column, f"{text} → {text.replace(',', '.')}")
        return None
    try:
        # Beyond this length Decimal's context rounds; no price is so long.
        amount = Money.parse(text if len(text) <= 24 else "", currency)
    except ValueError:
        wrong("price_wrong", column, text)
        return None
    if amount.minor <= 0:
        wrong("price_not_positive", column, text)
        return None
    if amount.minor > ABSURD_MINOR:
        wrong("price_absurd", column, text)
        return None
    return amount


def wrong_location(columns: tuple[str, ...]) -> str | None:
    """The first column "stock:NAME" whose name is none, None where there is no such: its pieces would belong nowhere."""
    for column in columns:
        name = column.removeprefix(AT).strip()
        if column.startswith(AT) and not (0 < len(name) <= LONGEST_LOCATION and name.isprintable()):
            return column
    return None


def level(cells: Mapping[str, str], wrong: Wrong) -> StockLevel | None:
    """The stock, None when there is none to be believed. An empty `allocated` is 0.

    With columns "stock:NAME" `on_hand` is their sum, and may be empty; an empty one of them is 0. A line without any of them
    says nothing of locations, unless nothing is on hand. Of one that is wrong the others are still good for whoever counts only them.
    """
    allocated = _quantity(cells.get("allocated") or "0", "allocated", wrong)
    told = {column: text for column, text in cells.items() if column.startswith(AT)}
    by_location = any(told.values())
    total = cells.get("on_hand", "")
    on_hand = _quantity(total, "on_hand", wrong) if total or not by_location else 0
    if on_hand is None or allocated is None:
        return None
    if not by_location and on_hand:
        return StockLevel(on_hand, allocated)
    found = tuple(
        AtLocation(column.removeprefix(AT).strip(), _quantity(text or "0", column, wrong))
        for column, text in told.items()
    )
    known = [one.on_hand for one in found if one.on_hand is not None]
    if total and len(known) == len(found) and sum(known) != on_hand:
        wrong("stock_sum_differs", "on_hand", f"{on_hand} ≠ {sum(known)}")
        return None
    return StockLevel(sum(known), allocated, found)


def _quantity(text: str, column: str, wrong: Wrong) -> int | None:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit():
        wrong("quantity_wrong", column, text)
        return None
    if len(digits) > 12 or int(digits) > ABSURD_QUANTITY:
        wrong("quantity_absurd", column, text)
        return None
    if int(text) < 0:
        wrong("quantity_negative", column, text)
        return None
    return int(text)


def tax_rate(cells: Mapping[str, str], wrong: Wrong) -> Decimal | None:
    """In percent, None when not told."""
    text = cells.get("tax_rate", "")
    if not text:
        return None
    if not _TAX_RATE.fullmatch(text) or Decimal(text) > 100:
        wrong("tax_rate_wrong", "tax_rate", text)
        return None
    return Decimal(text)


def active(cells: Mapping[str, str], wrong: Wrong) -> bool:
    """An article that is not active shows 0 pieces; a word nobody knows is told, and the stock is not believed for it."""
    text = cells.get("active", "")
    found = ACTIVE.get(text.lower())
    if found is None:
        wrong("active_wrong", "active", text)
        return True
    return found


def group(cells: Mapping[str, str], wrong: Wrong) -> str:
    """The name of the group of articles, "" for none; one that cannot be a name is told, and is none."""
    text = cells.get("group", "")
    if text and not name_is_right(text):
        wrong("group_wrong", "group", ascii(text))
        return ""
    return text


def ean(cells: Mapping[str, str], wrong: Wrong) -> str:
    text = cells.get("ean", "")
    if text and not ean_is_right(text):
        wrong("ean_wrong", "ean", text)
        return ""
    return text


def asin(cells: Mapping[str, str], wrong: Wrong) -> str:
    text = cells.get("asin", "")
    if text and not _ASIN.fullmatch(text):
        wrong("asin_wrong", "asin", text)
        return ""
    return text


def ean_is_right(text: str) -> bool:
    """Eight, twelve, thirteen or fourteen digits whose last one fits the others (GS1 check digit)."""
    if not text.isascii() or not text.isdigit() or len(text) not in (8, 12, 13, 14):
        return False
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text[:-1])))
    return (10 - weighted % 10) % 10 == int(text[-1])
