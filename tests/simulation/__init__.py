"""A simulated year: the real flows against the box and a shop in memory, one clock, one seed, and everything may die.

`story.py` tells one seed, `events.py` what may happen in it, `stage.py` lets two workers take turns and die, `shop.py` is the
shop and `adapter.py` what Forain calls it with, `post.py` the mail server, `invariants.py` says what must always hold, `mutants.py` are planted defects
that prove it can fail, `run.py` runs seeds, shrinks and prints. See docs/explanation/simulation.md.
"""

from dataclasses import dataclass, field
from datetime import datetime

from forain.core.ids import AccountId

SELLERS = ("A1YEARSELLER", "A2YEARSELLER")
"""The sellers, of one shop and one application. Two of three stories have the first only."""
FR, DE, PL = "A13V1IB3VIYZZH", "A1PA6795UKMFR9", "A1C3SOZRARQ6R3"
CURRENCIES = {FR: "EUR", DE: "EUR", PL: "PLN"}
SITES = ((FR,), (FR,), (FR,), (FR, PL), (FR, DE, PL))
"""The sites a seller may sell on, which share a stock: each of these for as many stories."""
SELLER = SELLERS[0]
PEOPLE = {"camille": "fr", "dieter": "de"}
"""Who wants to be reminded, and in which language. Dieter wants no mail in NIGHT; Camille has a second address."""
ADDRESSES = {name: f"{name}@house.example" for name in PEOPLE} | {"camille/second": "c@elsewhere.example"}
NIGHT = (1, 5)
"""From and to which hour (UTC)."""


@dataclass
class Seller:
    """An account: its number in Forain, its name at Amazon, the token in force, the `sites` it sells on, and those for which the
    merchant has said that they may be written.

    `term`: so many days its permissions hold: a year, or less, so that short stories see an end. `lands`: the merchant wants
    quantities at 0 before it; `called_off`: but not before the end of the permission with this token.
    `emptied`, `holiday`: he set all to 0, or wants it so from then until then.
    """

    number: int
    name: str
    refresh: str = ""
    sites: tuple[str, ...] = (FR,)
    writes: set[str] = field(default_factory=set)
    term: int = 365
    lands: bool = False
    called_off: str = ""
    emptied: bool = False
    holiday: tuple[datetime, datetime] | None = None

    def off_sale(self, now: datetime) -> bool:
        """The merchant wants nothing to be for sale now."""
        return self.emptied or (self.holiday is not None and self.holiday[0] <= now < self.holiday[1])

    @property
    def may_write(self) -> bool:
        """Something may be written for it."""
        return bool(self.writes)

    @property
    def account(self) -> AccountId:
        return AccountId(self.number)

    @property
    def subject(self) -> str:
        return f"account:{self.number}"
