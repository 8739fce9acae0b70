"""Sites that share a stock: what one of an SKU's offers is told of quantity and handling time counts on all of them.

So one number is decided for all, one offer (the carrier) tells it, and each of the others, its sisters, is looked at until it
shows it. Which sites share is believed only as long as they show it: a site that keeps showing something else is told itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from forain.core.clock import Instant
from forain.core.offers import LOOK_AGAIN_WITHIN, Desired, Look, Observed, Settled, Wait

SHARED = ("quantity", "handling_days")
"""What of an offer counts on all sites that share, by the names of `core.rules.LED_BY`."""


CARRIED_WITHIN = timedelta(minutes=5)
"""So long a sister keeps out of the carrier's way while that one is to be told: it is marked as soon as that is shown."""


def smallest(numbers: Sequence[int | None]) -> int | None:
    """The place of the quantity that counts, of what the rules of each site say: with a larger one the site that wants to keep
    the most back would sell it. Of equal ones the first. None: no rules say one."""
    said = [(number, place) for place, number in enumerate(numbers) if number is not None]
    return min(said)[1] if said else None


def longest(days: Sequence[int | None]) -> int | None:
    """The place of the handling time that counts: a shorter one would promise what the merchant does not keep for some site.
    Of equal ones the first. None: no rules say one."""
    said = [(-number, place) for place, number in enumerate(days) if number is not None]
    return min(said)[1] if said else None


def apart(desired: Desired) -> Desired:
    """What an offer tells by itself while another one tells what they share."""
    return replace(desired, quantity=None, terms=replace(desired.terms, handling_days=None))


def shows(observed: Observed | None, desired: Desired) -> bool:
    """The offer shows what is wanted of what is shared."""
    days = desired.terms.handling_days
    return observed is not None and (
        desired.quantity in (None, observed.quantity) and days in (None, observed.terms.handling_days)
    )


@dataclass(frozen=True, slots=True)
class Carrier:
    """How the offer stands that tells for all. `busy`: it is marked, or on its way; `again_at`: when it is decided then, None: at
    once. `wanted`: what was wanted of it last. `shown`: what it showed last. `told_at`: when it was told something last,
    None: never."""

    busy: bool
    again_at: Instant | None
    wanted: Desired
    shown: Observed
    told_at: Instant | None


Sister = Settled | Look | Wait | Literal["anew", "at_rest", "itself"]


def of_sister(
    desired: Desired,
    observed: Observed,
    carrier: Carrier,
    *,
    moved: bool,
    waited: bool,
    acknowledge_within: timedelta,
    now: Instant,
) -> Sister:
    """What to do about the shared part of an offer that another one tells. "anew": the carrier is to be decided anew, since
    something else was wanted of it; "at_rest": it is not told for now, for a reason of its own, and neither is this one;
    "itself": this site does not share as was believed, so that it is told itself.

    `moved`: as for `core.offers.plan`. `waited`: it was left alone before this: what happens between the looks at two sites
    shows on one of them only, and is seen on both the next time. Look: all sites together, so that none is older than another.
    """
    if shows(observed, desired):
        return Look() if moved and desired.quantity is not None else Settled()
    if carrier.busy:
        later = now + CARRIED_WITHIN
        return Wait(max(later, carrier.again_at or later), "shared")
    if not _same(carrier.wanted, desired):
        return "anew"
    if not shows(carrier.shown, desired):
        return "at_rest"
    seen, carrier_seen = observed.seen_at, carrier.shown.seen_at
    if seen is None or seen != carrier_seen or now - seen >= LOOK_AGAIN_WITHIN:
        return Look()
    if not waited or (carrier.told_at is not None and now < carrier.told_at + acknowledge_within):
        return Wait(seen + LOOK_AGAIN_WITHIN, "shared")
    return "itself"


def _same(wanted: Desired, desired: Desired) -> bool:
    days = wanted.terms.handling_days, desired.terms.handling_days
    return wanted.quantity == desired.quantity and (None in days or days[0] == days[1])
