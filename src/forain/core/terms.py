"""What an offer says besides its quantity and its price: how long the merchant takes to send it, a sale,
the list price, the price for businesses.

Each of these terms is wished for, told, read back and settled by itself: a term that is not part of a change is not
touched. They are kept as one line of text each, by name, so that the database compares them all at once.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from forain.core.clock import Instant, format_instant, parse_instant
from forain.core.money import Money

Absent = Literal["none"]
ABSENT: Absent = "none"
"""The marketplace has none of it; of a wish: it shall have none."""

MOST_HANDLING_DAYS = 30
"""Longer takes nobody; Amazon's own list ends there."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A reduced price from `begins` until before `ends`."""

    price: Money
    begins: Instant
    ends: Instant

    def __post_init__(self) -> None:
        if self.price.minor <= 0 or not self.begins < self.ends:
            raise ValueError("a sale has a price above zero, and ends after it begins")

    def __str__(self) -> str:
        return f"{self.price} {format_instant(self.begins)} {format_instant(self.ends)}"


@dataclass(frozen=True, slots=True)
class Tier:
    """From so many pieces on each costs `price`."""

    pieces: int
    price: Money


@dataclass(frozen=True, slots=True)
class Business:
    """What business customers pay: one piece, and from the `tiers` on, whose pieces rise and whose prices fall."""

    price: Money
    tiers: tuple[Tier, ...] = ()

    def __str__(self) -> str:
        return " ".join([str(self.price), *(f"{tier.pieces}:{tier.price.text()}" for tier in self.tiers)])


@dataclass(frozen=True, slots=True)
class Terms:
    """None: not said; of a wish: not ours, it stays as it stands. ABSENT: there is none of it.

    `handling_days`: working days from the order to the carrier, 0 for the same day. `list_price`: what the maker advises.
    """

    handling_days: int | Absent | None = None
    sale: Sale | Absent | None = None
    list_price: Money | Absent | None = None
    business: Business | Absent | None = None

    def __bool__(self) -> bool:
        """Anything is said."""
        return any(getattr(self, name) is not None for name in NAMES)

    def absent(self) -> list[str]:
        """The names of what is ABSENT."""
        return [name for name in NAMES if getattr(self, name) == ABSENT]

    def only(self, names: Iterable[str]) -> "Terms":
        """These terms alone."""
        if self is UNSAID:
            return self
        kept = set(names)
        return replace(self, **{name: None for name in NAMES if name not in kept})


NAMES = tuple(field.name for field in fields(Terms))
UNSAID = Terms()
"""Nothing is said of any of them."""
TAKEN_BACK = ("sale", "list_price", "business")
"""Terms that do not outlive the wish for them. A handling time does: an offer always has one."""


def taken_back(names: Collection[str], told: Terms, shown: Terms) -> Terms:
    """ABSENT for each of `names` of which exactly what we `told` last is shown; what somebody else put there stays."""
    ours = [
        name
        for name in TAKEN_BACK
        if name in names and (value := getattr(told, name)) not in (None, ABSENT) and value == getattr(shown, name)
    ]
    return replace(UNSAID, **dict.fromkeys(ours, ABSENT)) if ours else UNSAID


def differing(wanted: Terms, shown: Terms, on_its_way: Terms) -> Terms:
    """What of `wanted` is shown otherwise, or was told otherwise and may still come true."""
    if wanted is UNSAID:
        return wanted
    names = [
        name
        for name in NAMES
        if (wish := getattr(wanted, name)) is not None
        and (wish != getattr(shown, name) or getattr(on_its_way, name) not in (None, wish))
    ]
    return wanted.only(names)


def tells(told: Terms, change: Terms) -> bool:
    """`told` says all that `change` says."""
    return all(getattr(change, name) in (None, getattr(told, name)) for name in NAMES)


def as_text(terms: Terms) -> dict[str, str]:
    """Each term that is said, as one line. `from_text` reads the same."""
    if terms is UNSAID:
        return {}
    return {name: str(value) for name in NAMES if (value := getattr(terms, name)) is not None}


def from_text(told: Mapping[str, str]) -> Terms:
    """The terms of these lines; names of a newer Forain are left out. Raises ValueError for a line that is none."""
    if not told:
        return UNSAID
    found = {name: ABSENT if text == ABSENT else _READ[name](text) for name, text in told.items() if name in _READ}
    return Terms(**found)  # type: ignore[arg-type]


def _sale(text: str) -> Sale:
    amount, currency, begins, ends = text.split(" ")
    return Sale(Money.parse(amount, currency), parse_instant(begins), parse_instant(ends))


def _money(text: str) -> Money:
    amount, currency = text.split(" ")
    return Money.parse(amount, currency)


def _business(text: str) -> Business:
    amount, currency, *tiers = text.split(" ")
    read = [tier.split(":") for tier in tiers]
    return Business(
        Money.parse(amount, currency), tuple(Tier(int(pieces), Money.parse(price, currency)) for pieces, price in read)
    )


_READ: Mapping[str, Callable[[str], object]] = {
    "handling_days": int,
    "sale": _sale,
    "list_price": _money,
    "business": _business,
}
