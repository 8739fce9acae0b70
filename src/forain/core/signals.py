"""A signal says "look at this key"; nothing else fits in it, so nobody can trust a payload."""

from dataclasses import dataclass
from typing import Literal

SignalKind = Literal["variant", "stock", "shop_order", "offer", "order"]


@dataclass(frozen=True, slots=True, order=True)
class Signal:
    """ "Something about `key` may have changed." Lost, doubled and late signals cost time, never truth.

    `key`: the other side's own id of the thing (variant id, shop order id, SKU, marketplace order id).
    """

    kind: SignalKind
    key: str
