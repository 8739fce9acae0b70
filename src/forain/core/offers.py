"""An offer has three sides: what we want, what we told, what the marketplace shows. `plan` says what next."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from forain.core.clock import Instant
from forain.core.errors import Problem
from forain.core.ids import OfferKey, SubmissionId
from forain.core.money import Money
from forain.core.terms import UNSAID, Terms, as_text, differing, from_text, taken_back, tells

MOST_TRIES = 3
"""So often a value is told that the marketplace took and then did not show; then a person is asked."""

ORDERS_READ_WITHIN = timedelta(minutes=6)
"""After an unexplained fall: so long the next readings of orders may take."""

LOOK_AGAIN_WITHIN = timedelta(minutes=1)
"""No wait ends in the past: what was waited for in vain is asked about again after this."""

APART = timedelta(seconds=3)
"""Two writes to one offer closer together may overtake each other on their way: the second one waits."""

FulfilledBy = Literal["merchant", "marketplace"]


@dataclass(frozen=True, slots=True)
class Desired:
    """What the rules want. None: this side of the offer is not ours, leave it as it stands. `withdrawn`: names of terms that
    could be wished for and are not; what we once told of them is to go."""

    quantity: int | None
    price: Money | None
    terms: Terms = UNSAID
    withdrawn: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was told last and is not seen yet. A None field was not part of it.

    `submission_id` None: whether it arrived is not known (the call broke off). `tries`: times the marketplace took
    it in a row, in vain.
    """

    quantity: int | None
    price: Money | None
    at: Instant
    submission_id: SubmissionId | None = None
    tries: int = 0
    terms: Terms = UNSAID


@dataclass(frozen=True, slots=True)
class PriceSetup:
    """What the marketplace itself does with the price of an offer. `lowest`, `highest`: outside of them it takes the offer off
    sale, None: no such limit. `automated`: the name of its own repricing rule, "" for none."""

    lowest: Money | None = None
    highest: Money | None = None
    automated: str = ""


NO_SETUP = PriceSetup()
"""The marketplace leaves the price alone."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What the marketplace shows, the effective values, not what was once submitted.

    `quantity` None: it shows none (fulfilled by the marketplace, or incomplete). `price` None: no price.
    `channels`: names of all fulfilment channels of the SKU, as the marketplace spells them. `terms`: what else it shows; a
    term it does not tell of (or tells in a way that cannot be read) is not said. `setup`: what it does with the price by itself.
    `buyable`: it can be bought now. `title`, `product_code` (ASIN), `ean`: "" when not told.
    """

    key: OfferKey
    quantity: int | None
    price: Money | None
    fulfilled_by: FulfilledBy
    buyable: bool = True
    channels: tuple[str, ...] = ()
    product_type: str = ""
    product_code: str = ""
    ean: str = ""
    title: str = ""
    problems: tuple[Problem, ...] = ()
    seen_at: Instant | None = None
    terms: Terms = UNSAID
    setup: PriceSetup = NO_SETUP


@dataclass(frozen=True, slots=True)
class Change:
    """Absolute values to tell the marketplace for one offer. None: not part of this change.

    `gone`: what stands there of the terms that are to be absent or in part so; some marketplaces want it named.
    """

    key: OfferKey
    quantity: int | None
    price: Money | None
    product_type: str = ""
    terms: Terms = UNSAID
    gone: Terms = UNSAID

    def __post_init__(self) -> None:
        if self.quantity is not None and self.quantity < 0:
            raise ValueError("a quantity is never negative")
        if self.price is not None and self.price.minor <= 0:
            raise ValueError("a price is above zero")


WaitCode = Literal["unacknowledged", "orders_unread", "shop_away", "paused", "shared"]
AlarmCode = Literal["not_on_marketplace", "not_taken"]


@dataclass(frozen=True, slots=True)
class Submit:
    """Tell the marketplace `change`."""

    change: Change
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to tell before `until`; then look again."""

    until: Instant
    code: WaitCode
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """The marketplace shows what we want."""

    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alarm:
    """A person must look."""

    code: AlarmCode
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """Orders moved the quantity since it was seen: what the marketplace shows is seen again before it counts as so."""

    notes: tuple[str, ...] = ()


Plan = Submit | Wait | Settled | Alarm | Look


def plan(
    key: OfferKey,
    desired: Desired,
    submitted: Submitted | None,
    observed: Observed | None,
    *,
    acknowledged_quantity: int | None,
    sales_known_until: Instant | None,
    moved: bool,
    acknowledge_within: timedelta,
    now: Instant,
) -> Plan:
    """What to do about one offer.

    `submitted`: what was told and not read back yet. It may still become true, whatever is shown meanwhile: an
    observation settles nothing while something else is on its way, or when it is older than what was told.
    `acknowledged_quantity`: the quantity the marketplace last showed as told by us, None if never.
    `sales_known_until`: all marketplace orders placed up to then are recorded here; None: none are.
    `moved`: since `observed` an order took pieces or gave some back, as far as is recorded here.
    `notes` of the answer say what was left out and why (`fulfilled_by_marketplace`: the SKU has a channel
    of the marketplace's own; a quantity of ours would open a second, merchant-fulfilled offer).
    """
    if observed is None:
        return Alarm("not_on_marketplace")
    notes: tuple[str, ...] = ()
    quantity = desired.quantity
    if observed.fulfilled_by == "marketplace" and quantity is not None:
        quantity, notes = None, ("fulfilled_by_marketplace",)
    told_quantity, told_price, told_terms = (
        (submitted.quantity, submitted.price, submitted.terms) if submitted else (None, None, UNSAID)
    )
    quantity_differs = quantity is not None and _differs(quantity, observed.quantity, told_quantity)
    price_differs = desired.price is not None and _differs(desired.price, observed.price, told_price)
    terms = differing(fitting_terms(desired, observed), observed.terms, told_terms)
    if not quantity_differs and not price_differs and not terms:
        if submitted is not None and (observed.seen_at is None or observed.seen_at < submitted.at):
            return Wait(now + acknowledge_within, "unacknowledged", notes)
        if moved and quantity is not None:
            # The marketplace counts by itself too: an order's pieces come back there when it is cancelled, and are
            # for sale, whatever was sold elsewhere meanwhile.
            return Look(notes)
        return Settled(notes)
    if quantity_differs and fell_by_itself(quantity, observed, acknowledged_quantity, sales_known_until):
        # Somebody bought, and the order is not in our book yet: raising now would sell the piece twice.
        until = max((observed.seen_at or now) + ORDERS_READ_WITHIN, now + LOOK_AGAIN_WITHIN)
        return Wait(until, "orders_unread", notes)
    change = Change(
        key,
        quantity if quantity_differs else None,
        desired.price if price_differs else None,
        observed.product_type,
        terms,
        observed.terms.only([*terms.absent(), *(["business"] if terms.business else [])]),
    )
    if submitted is not None and not _tells(submitted, change) and now < submitted.at + APART:
        return Wait(submitted.at + APART, "unacknowledged", notes)
    if submitted is not None and submitted.submission_id is not None and _tells(submitted, change):
        acknowledged_by = submitted.at + acknowledge_within
        if now < acknowledged_by:
            return Wait(acknowledged_by, "unacknowledged", notes)
        if submitted.tries >= MOST_TRIES:
            return Alarm("not_taken", notes)
    return Submit(change, notes)


def fitting_terms(desired: Desired, observed: Observed | None, told: Terms = UNSAID) -> Terms:
    """What of the desired terms an offer as it stands can be told, and what is to be taken back of what was `told` of each
    of them last.

    The handling time stands beside the quantity of the merchant's own channel: told alone it would open that channel.
    """
    terms = desired.terms
    if observed is not None:
        terms = from_text(as_text(terms) | as_text(taken_back(desired.withdrawn, told, observed.terms)))
    own = observed is not None and observed.fulfilled_by == "merchant"
    if own and observed is not None and (observed.quantity is not None or desired.quantity is not None):
        return terms
    return replace(terms, handling_days=None)


def _differs(wanted: int | Money, shown: int | Money | None, told: int | Money | None) -> bool:
    """Shown otherwise, or told otherwise and still on its way."""
    return wanted != shown or told not in (None, wanted)


def _tells(submitted: Submitted, change: Change) -> bool:
    """The last submission already said all that `change` says."""
    return (
        (change.quantity is None or change.quantity == submitted.quantity)
        and (change.price is None or change.price == submitted.price)
        and tells(submitted.terms, change.terms)
    )


def fell_by_itself(
    quantity: int | None,
    observed: Observed,
    acknowledged_quantity: int | None,
    sales_known_until: Instant | None,
) -> bool:
    """Fewer are shown than were told, and what took them may not be in our book yet: `quantity` would raise over it."""
    if quantity is None or observed.quantity is None or acknowledged_quantity is None:
        return False
    fell = observed.quantity < acknowledged_quantity and quantity > observed.quantity
    return fell and (sales_known_until is None or observed.seen_at is None or sales_known_until < observed.seen_at)
