"""A simulated year: the real flows against the box and a shop in memory, one clock, one seed, and everything may die.

`story.py` tells one seed, `events.py` what may happen in it, `stage.py` lets two workers take turns and die, `shop.py` is the
shop and `adapter.py` what Forain calls it with, `post.py` the mail server, `invariants.py` says what must always hold, `mutants.py` are planted defects
that prove it can fail, `run.py` runs seeds, shrinks and prints. See docs/explanation/simulation.md.
"""

from dataclasses import dataclass

from forain.core.ids import AccountId

SELLERS, FR = ("A1YEARSELLER", "A2YEARSELLER"), "A13V1IB3VIYZZH"
"""The sellers, of one shop and one application, and the one site they sell on. Two of three stories have the first only."""
SELLER = SELLERS[0]
PEOPLE = {"camille": "fr", "dieter": "de"}
"""Who wants to be reminded, and in which language. Dieter wants no mail in NIGHT; Camille has a second address."""
ADDRESSES = {name: f"{name}@house.example" for name in PEOPLE} | {"camille/second": "c@elsewhere.example"}
NIGHT = (1, 5)
"""From and to which hour (UTC)."""


@dataclass
class Seller:
    """An account: its number in Forain, its name at Amazon, the token in force, the merchant's word for writing.

    `term`: so many days its permissions hold: a year, or less, so that short stories see an end. `lands`: the merchant wants
    quantities at 0 before it; `called_off`: but not before the end of the permission with this token.
    """

    number: int
    name: str
    refresh: str = ""
    may_write: bool = False
    term: int = 365
    lands: bool = False
    called_off: str = ""

    @property
    def account(self) -> AccountId:
        return AccountId(self.number)

    @property
    def subject(self) -> str:
        return f"account:{self.number}"
