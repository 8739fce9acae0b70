"""One call of the control API, and what its handlers share: looking a thing up, reading an amount."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from forain_box.http import Response
from forain_box.world import Refusal

T = TypeVar("T")


@dataclass(frozen=True)
class Control:
    """One call. `path` below /box/api/, {name} for its variable part; `body` None: none is read."""

    method: str
    path: str
    body: Any
    run: Callable[..., Response]
    says: str


def find(where: dict[str, T], name: str, kind: str) -> T:
    found = where.get(name)
    if found is None:
        raise Refusal(f"there is no {kind} {name[:100]}", 404)
    return found


def amount(told: str | float | int) -> Decimal:
    try:
        amount = Decimal(str(told))
    except InvalidOperation:
        raise Refusal(f"{str(told)[:50]!r} is no amount; write 12.50") from None
    if not amount.is_finite() or not 0 <= amount < 10**9:
        raise Refusal("an amount is 0 or more, and below a thousand million")
    return amount
