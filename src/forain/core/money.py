"""Amounts: whole minor units and a currency. Floats are refused, currencies never mix, all rounding is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

_MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}

LARGEST_MINOR = 10**15
"""Ten trillion euros in cents; the database counts to some thousand times as much, and sums must fit it too."""
MOST_CHARACTERS = 24
"""Decimal rounds what is longer than its context; no price is."""


def minor_digits(currency: str) -> int:
    """Digits after the point in `currency` (EUR 2, JPY 0). Source: ISO 4217 table, read 2026-11-24."""
    return _MINOR_DIGITS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole minor units (cents) of one currency (three capital letters)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError(f"Money takes whole minor units, not {type(self.minor).__name__}")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"not a currency code: {self.currency!r}")

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """The amount written as `text` ("12.5", "-3"), exactly.

        Raises ValueError for a comma, spaces, exponents, "NaN" and more digits than the currency has:
        a guess here would be somebody's price.
        """
        if not isinstance(text, str):
            raise TypeError(f"Money.parse takes text, not {type(text).__name__}")
        if len(text) > MOST_CHARACTERS:
            raise ValueError(f"not an amount: {len(text)} characters")
        if not text or text.strip(" ") != text or not set(text) <= set("0123456789.-") or not text.isascii():
            raise ValueError(f"not an amount: {text!r} (digits with one point, such as 12.50)")
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise ValueError(f"not an amount: {text!r} (digits with one point, such as 12.50)") from None
        scaled = value.scaleb(minor_digits(currency))
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{text} has more decimals than {currency} knows")
        if abs(scaled) > LARGEST_MINOR:
            raise ValueError(f"not an amount: {text!r} is more than there is")
        return cls(int(scaled), currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> "Money":
        """`amount` in major units, rounded half up to the currency's smallest coin."""
        if not isinstance(amount, Decimal):
            raise TypeError(f"Money.rounded takes a Decimal, not {type(amount).__name__}")
        scaled = amount.scaleb(minor_digits(currency)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return cls(int(scaled), currency)

    @property
    def amount(self) -> Decimal:
        """In major units, exactly (19.90)."""
        return Decimal(self.minor).scaleb(-minor_digits(self.currency))

    def text(self) -> str:
        """The bare number with all its decimals ("19.90"), as wires want it."""
        return f"{self.amount:.{minor_digits(self.currency)}f}"

    def __str__(self) -> str:
        return f"{self.text()} {self.currency}"

    def _same(self, other: "Money") -> None:
        if not isinstance(other, Money):
            raise TypeError(f"Money and {type(other).__name__} do not mix")
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.minor <= other.minor

    def times(self, count: int) -> "Money":
        """`count` times this amount; `count` is a whole number."""
        if isinstance(count, bool) or not isinstance(count, int):
            raise TypeError("an amount is multiplied by whole numbers only")
        return Money(self.minor * count, self.currency)


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of one piece. Never interchangeable with a LineTotal."""

    money: Money

    def of(self, quantity: int) -> "LineTotal":
        """What `quantity` pieces cost."""
        return LineTotal(self.money.times(quantity))


@dataclass(frozen=True, slots=True)
class LineTotal:
    """What a whole order line costs (all its pieces). Never interchangeable with a UnitPrice."""

    money: Money

    def unit_prices(self, quantity: int) -> list[UnitPrice]:
        """One price for each piece, adding up to exactly this total (they may differ by one coin)."""
        return [UnitPrice(part) for part in split(self.money, quantity)]


def split(total: Money, parts: int) -> list[Money]:
    """`total` in `parts` amounts that differ by at most one coin and add up exactly; larger ones first."""
    if parts < 1:
        raise ValueError("an amount is split into at least one part")
    each, rest = divmod(abs(total.minor), parts)
    sign = -1 if total.minor < 0 else 1
    return [Money(sign * (each + (1 if n < rest else 0)), total.currency) for n in range(parts)]


def spread(total: Money, weights: Sequence[int]) -> list[Money]:
    """`total` in one amount for each weight, in proportion and adding up exactly; none has another sign than `total`.

    Each part is rounded down, and the coins left over go one each to those that lost most by it, of equal ones to the
    first. Weights are whole and not negative; where all are 0 each part gets alike.
    """
    if not weights or any(weight < 0 for weight in weights):
        raise ValueError("an amount is spread over weights that are not negative")
    if sum(weights) == 0:
        weights = [1] * len(weights)
    whole, sign = sum(weights), -1 if total.minor < 0 else 1
    parts = [divmod(abs(total.minor) * weight, whole) for weight in weights]
    left = abs(total.minor) - sum(each for each, _ in parts)
    first = sorted(range(len(parts)), key=lambda n: (-parts[n][1], n))[:left]
    return [Money(sign * (each + (n in first)), total.currency) for n, (each, _) in enumerate(parts)]


def total_of(amounts: "list[Money]", currency: str) -> Money:
    """The sum of `amounts`, zero when there are none."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result
