"""What a merchant wishes for his offers: said for an account, one of its sites, a group of products or one SKU.

The narrower word counts, wish by wish: a SKU that says only its floor keeps the buffer of its group and the percent of its
site. A wish is kept as the text it was entered as; WISHES says what each may be, for pages, files and the command line alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

from forain.core.business import BusinessRule, tiers_of
from forain.core.floors import CostRule
from forain.core.money import Money
from forain.core.ownership import LEADERS, Leader
from forain.core.plain import digits
from forain.core.pricing import MOST_DIGITS, Ending, PriceRule
from forain.core.sales import SaleRule, Special
from forain.core.stock import ABSURD_QUANTITY, BETWEEN_LOCATIONS, LONGEST_LOCATION, StockRule, named_locations
from forain.core.terms import MOST_HANDLING_DAYS

NO_SALES, NO_BUSINESS = SaleRule(), BusinessRule()
NONE = "none"
"""The word for "no such limit here", where a wider rule has one."""
YES, NO = "yes", "no"

Kind = Literal["pieces", "percent", "amount", "ending", "choice", "day", "tiers", "name", "names"]
Level = Literal["account", "site", "group", "sku"]
LED_BY = {"quantity": "quantity_led_by", "price": "price_led_by", "handling_days": "handling_led_by"}
"""What of an offer has a leader -> the wish that says who. Sale and list price go with the price."""
LEVELS: tuple[Level, ...] = ("account", "site", "group", "sku")
"""From the widest to the narrowest."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that can be wished for. `least` and `most`: its bounds, None: none. `may_be_none`: NONE takes a wider limit away."""

    name: str
    side: Literal["quantity", "price"]
    kind: Kind
    least: Decimal | None = None
    most: Decimal | None = None
    choices: tuple[str, ...] = ()
    may_be_none: bool = False


LONGEST_NAME = 100
LEAST_AMOUNT = Decimal("0.001")
"""Nothing is given away."""


def _pieces(name: str, *, may_be_none: bool = False) -> Wish:
    return Wish(name, "quantity", "pieces", Decimal(0), Decimal(ABSURD_QUANTITY), may_be_none=may_be_none)


def _choice(name: str, side: Literal["quantity", "price"], *choices: str) -> Wish:
    return Wish(name, side, "choice", choices=choices)


WISHES: Mapping[str, Wish] = {
    wish.name: wish
    for wish in (
        _choice("quantity_led_by", "quantity", *LEADERS),
        _pieces("fixed", may_be_none=True),
        Wish("locations", "quantity", "names", may_be_none=True),
        _pieces("last_pieces"),
        Wish("share", "quantity", "percent", Decimal(0), Decimal(100)),
        _pieces("buffer"),
        _pieces("cap", may_be_none=True),
        _pieces("minimum"),
        _choice("inactive_counts", "quantity", YES, NO),
        _choice("handling_led_by", "quantity", *LEADERS),
        Wish("handling_days", "quantity", "pieces", Decimal(0), Decimal(MOST_HANDLING_DAYS), may_be_none=True),
        _choice("price_led_by", "price", *LEADERS),
        Wish("fixed_price", "price", "amount", LEAST_AMOUNT, may_be_none=True),
        Wish("price_group", "price", "name", may_be_none=True),
        Wish("site_tax", "price", "percent", Decimal(0), Decimal(50), may_be_none=True),
        Wish("percent", "price", "percent", Decimal(-99), Decimal(900)),
        Wish("add", "price", "amount", may_be_none=True),
        Wish("ending", "price", "ending", may_be_none=True),
        _choice("ending_way", "price", "nearest", "up", "down"),
        Wish("floor", "price", "amount", Decimal(0), may_be_none=True),
        Wish("ceiling", "price", "amount", LEAST_AMOUNT, may_be_none=True),
        Wish("floor_markup", "price", "percent", Decimal(0), Decimal(900), may_be_none=True),
        _choice("floor_fees", "price", YES, NO),
        _choice("special_price", "price", NO, "as_price", "as_sale"),
        Wish("sale_price", "price", "amount", LEAST_AMOUNT, may_be_none=True),
        Wish("sale_from", "price", "day"),
        Wish("sale_until", "price", "day"),
        Wish("list_price", "price", "amount", LEAST_AMOUNT, may_be_none=True),
        Wish("business_price", "price", "amount", LEAST_AMOUNT, may_be_none=True),
        Wish("business_percent", "price", "percent", Decimal(-99), Decimal(0), may_be_none=True),
        Wish("business_tiers", "price", "tiers", may_be_none=True),
    )
}


class NotAWish(ValueError):
    """What was entered cannot be wished for. `code`: why, "unknown_wish", "not_a_number", "too_small", "too_large",
    "too_exact" (more decimals than there are), "not_a_choice", "not_an_ending", "not_a_day", "not_tiers", "not_a_name", "not_names", "amount_without_currency", "currency_differs";
    `told`: what it may be."""

    def __init__(self, code: str, name: str, told: str = "") -> None:
        super().__init__(f"{name}: {code}{f' ({told})' if told else ''}")
        self.code, self.name, self.told = code, name, told


def checked(name: str, text: str, currency: str = "") -> str:
    """The wish `name` as it is kept, for what somebody entered as `text` or was kept before. Raises NotAWish.

    `currency`: of the sites it is for; "" where these have several, which no amount can be said for. An amount is kept with
    its currency: read for a site of another one it is refused, and never taken for so many of that one's coins.
    """
    wish = WISHES.get(name)
    if wish is None:
        raise NotAWish("unknown_wish", name, ", ".join(WISHES))
    text = text.strip()
    if wish.may_be_none and text == NONE:
        return NONE
    if wish.kind == "choice":
        if text not in wish.choices:
            raise NotAWish("not_a_choice", name, ", ".join(wish.choices))
        return text
    if wish.kind == "ending":
        if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            raise NotAWish("not_an_ending", name, "99")
        return text
    if wish.kind == "name":
        if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
            raise NotAWish("not_a_name", name, str(LONGEST_NAME))
        return text.lower()
    if wish.kind == "names":
        try:
            return BETWEEN_LOCATIONS.join(named_locations(text))
        except ValueError:
            raise NotAWish("not_names", name, str(LONGEST_LOCATION)) from None
    if wish.kind == "tiers":
        try:
            return " ".join(f"{pieces}:{digits(off)}" for pieces, off in tiers_of(text))
        except ValueError:
            raise NotAWish("not_tiers", name, "5:3 10:5") from None
    if wish.kind == "day":
        return str(_day(name, text))
    if wish.kind == "amount":
        return str(_amount(wish, text, currency))
    number = _number(wish, text)
    if wish.kind == "pieces" and number != number.to_integral_value():
        raise NotAWish("too_exact", name)
    if wish.kind == "percent" and number != round(number, 2):
        raise NotAWish("too_exact", name)
    return digits(number)


def _amount(wish: Wish, text: str, currency: str) -> Money:
    if not currency:
        raise NotAWish("amount_without_currency", wish.name)
    text, _, of = text.partition(" ")
    if of not in ("", currency):
        raise NotAWish("currency_differs", wish.name, currency)
    _number(wish, text)
    try:
        return Money.parse(text, currency)
    except ValueError:
        raise NotAWish("too_exact", wish.name) from None


def _day(name: str, text: str) -> date:
    try:
        found = date.fromisoformat(text if len(text) == len("2026-12-01") else "")
    except ValueError:
        raise NotAWish("not_a_day", name) from None
    if not 1970 < found.year < 2190:
        raise NotAWish("not_a_day", name)
    return found


def _number(wish: Wish, text: str) -> Decimal:
    if not text or not set(text) <= set("+-0123456789.") or len(text) > 20:
        raise NotAWish("not_a_number", wish.name, "12.50")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise NotAWish("not_a_number", wish.name, "12.50") from None
    if wish.least is not None and number < wish.least:
        raise NotAWish("too_small", wish.name, f"{wish.least:f}")
    if wish.most is not None and number > wish.most:
        raise NotAWish("too_large", wish.name, f"{wish.most:f}")
    return number


@dataclass(frozen=True, slots=True)
class Effective:
    """All that counts for one offer. `said_by`: wish -> the level that said it, for the page "why?"; a wish that nobody
    said is not in it. `led_by`: who leads "quantity", "price" and "handling_days"; what others lead is never told.
    `price_group`: the shop's group of customers whose price counts, "": everybody's. `handling_days` None: nobody named any, and what stands there stays. `cost` None: no floor follows from what the article costs.
    `price_wrong`: a wish for the price cannot be read here, so that no price can be reckoned; the quantity can."""

    stock: StockRule
    price: PriceRule
    led_by: Mapping[str, Leader]
    said_by: Mapping[str, Level]
    handling_days: int | None = None
    sales: SaleRule = NO_SALES
    business: BusinessRule = NO_BUSINESS
    price_group: str = ""
    cost: CostRule | None = None
    price_wrong: bool = False


def effective(said: Sequence[tuple[Level, Mapping[str, str]]], currency: str) -> Effective:
    """What counts where `said` is said, in any order; of two of one level the later counts.

    What is kept and `checked` would not let pass (an older or newer Forain wrote it, or an amount was said before a site of another
    currency came) is `price_wrong` where it is about the price, and raises NotAWish else. Only what counts is asked: a narrower word mends it.
    """
    counts: dict[str, tuple[Level, str]] = {}
    for level, wishes in sorted(said, key=lambda one: LEVELS.index(one[0])):
        counts |= {name: (level, text) for name, text in wishes.items()}
    said_by = {name: level for name, (level, _) in counts.items()}
    told: dict[str, str] = {}
    price_wrong = False
    for name, (_, text) in counts.items():
        try:
            told[name] = checked(name, text, currency)
        except NotAWish:
            if name not in WISHES or WISHES[name].side != "price":
                raise
            price_wrong = True

    def pieces(name: str) -> int | None:
        text = told.get(name, NONE)
        return None if text == NONE else int(text)

    def percent(name: str) -> Decimal | None:
        text = told.get(name, NONE)
        return None if text == NONE else Decimal(text)

    def amount(name: str) -> Money | None:
        text = told.get(name, NONE)
        return None if text == NONE else Money.parse(text.split()[0], currency)

    def day(name: str) -> date | None:
        return date.fromisoformat(told[name]) if name in told else None

    share = percent("share")
    digits = told.get("ending", NONE)
    stock = StockRule(
        fixed=pieces("fixed"), last_pieces=pieces("last_pieces") or 0, share=Decimal(100) if share is None else share,
        buffer=pieces("buffer") or 0, cap=pieces("cap"), minimum=pieces("minimum") or 0,
        inactive_counts=told.get("inactive_counts", NO) == YES,
        locations=() if told.get("locations", NONE) == NONE else named_locations(told["locations"]),
    )  # fmt: skip
    price = PriceRule(
        site_tax=percent("site_tax"), percent=percent("percent") or Decimal(0), add=amount("add"),
        ending=None if digits == NONE else Ending(digits, told.get("ending_way", "nearest")),  # type: ignore[arg-type]
        floor=amount("floor"), ceiling=amount("ceiling"), fixed=amount("fixed_price"),
    )  # fmt: skip
    reduced = amount("sale_price")
    sales = SaleRule(
        special=told.get("special_price", NO),  # type: ignore[arg-type]
        own=Special(reduced, day("sale_from"), day("sale_until")) if reduced else None, list_price=amount("list_price"),
    )  # fmt: skip
    tiers = told.get("business_tiers", NONE)
    business = BusinessRule(
        amount("business_price"), percent("business_percent"), () if tiers == NONE else tiers_of(tiers)
    )
    markup = percent("floor_markup")
    led_by: dict[str, Leader] = {
        field: told.get(name, LEADERS[0])  # type: ignore[misc]
        for field, name in LED_BY.items()
    }
    return Effective(
        stock, price, led_by, said_by, handling_days=pieces("handling_days"), sales=sales, business=business,
        price_group="" if told.get("price_group", NONE) == NONE else told["price_group"],
        cost=None if markup is None else CostRule(markup, fees=told.get("floor_fees", YES) == YES),
        price_wrong=price_wrong,
    )  # fmt: skip
