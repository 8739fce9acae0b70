"""What several accounts take of one stock, and whether two of them can sell the same piece."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from forain.core.ownership import LEADERS
from forain.core.plain import digits
from forain.core.rules import Effective
from forain.core.stock import same_location

ALL_OF_IT = Decimal(100)
"""Percent. Accounts that together take no more never show more pieces than are free: each one's share is rounded down."""


@dataclass(frozen=True, slots=True)
class Claim:
    """`share`: percent of the free pieces; `locations`: of which stock locations, (): of all."""

    share: Decimal
    locations: tuple[str, ...] = ()


def twice(percent: Decimal) -> bool:
    """Taking so much `together`, two accounts can sell the same piece."""
    return percent > ALL_OF_IT


def claim_of(rule: Effective) -> Claim | None:
    """What an offer under this rule takes of the shop's stock; None: it shows a number that does not come from there."""
    if rule.stock.fixed is not None or rule.led_by["quantity"] != LEADERS[0]:
        return None
    return Claim(rule.stock.share, rule.stock.locations)


def together(accounts: Collection[Sequence[Claim]]) -> Decimal:
    """Percent that the accounts take of the same pieces, at the location where it is most. Of several claims of one account the
    largest counts: its SKUs of one article and its sites are another matter than other accounts."""
    told = [[(one.share, {same_location(name) for name in one.locations}) for one in claims] for claims in accounts]
    named = {name for claims in told for _, locations in claims for name in locations}
    # "" is any location that nobody names: there meet those who count all.
    most = max(
        sum(
            (max((share for share, at in claims if not at or place in at), default=Decimal(0)) for claims in told),
            Decimal(0),
        )
        for place in {"", *named}
    )
    # Without the zeros at its end, as people write it.
    return Decimal(digits(most))
