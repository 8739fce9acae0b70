"""What was decided, without what I have paused and without what my brake holds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from forain.core.brakes import Kind
from forain.core.offers import Change, Plan, Settled, Submit, Wait
from forain.core.ownership import without
from forain.core.sharing import apart
from forain.core.terms import TAKEN_BACK
from forain.flows.brake import Brake, Told
from forain.flows.decide_offers import Decided, plan_for
from forain.flows.deps import Deps
from forain.store import models, offers

PAUSED_AGAIN = timedelta(days=1)
"""What waits for a part that is paused: going on marks it again, and it need not be looked at before."""


def paused(deps: Deps, account: models.Account, decided: list[Decided]) -> list[Decided]:
    """The same, without what the merchant has paused, which goes on waiting: at once where nothing else is to be told, else once
    that is seen (`offers.mark_unlike`)."""
    stock, prices = "stock" in account.paused, "prices" in account.paused
    if not stock and not prices:
        return decided
    found: list[Decided] = []
    for one in decided:
        step = one.step
        if isinstance(step, Submit):
            step = _rest(deps, account, one, quantity=not stock, price=not prices)
        if isinstance(step, Settled) and step != one.step:
            step = Wait(deps.clock.now() + PAUSED_AGAIN, "paused")
        found.append(replace(one, step=step))
    return found


def _rest(deps: Deps, account: models.Account, one: Decided, *, quantity: bool, price: bool) -> Plan:
    """What to do about an offer without its quantity, or without its price and what goes with it. What was told of the rest and
    is not seen yet is not told anew for the sake of what is left out."""
    assert one.wanted is not None
    left = one.wanted.desired if one.carrier is None else apart(one.wanted.desired)
    left = left if quantity else replace(left, quantity=None)
    return plan_for(deps, account, one.row, left if price else without(left, ("price", *TAKEN_BACK)))


def braked(
    deps: Deps, account: models.Account, decided: list[Decided], sites: Mapping[str, models.AccountSite], brake: Brake
) -> list[Decided]:
    """The same, without what is held because it is too much at once, or too far from what was told last."""
    sent = {site for site, row in sites.items() if row.writes_allowed_at is not None}
    changes = [(one, _told_of(one)) for one in decided if one.row.site in sent]
    about = [Told(one.row, change, one.sold) for one, change in changes if change is not None]
    anew = [one.row for one in decided if isinstance(one.step, Submit | Settled) or _waits_for_carrier(one)]
    held = brake.hold(anew, about, deps.clock.now()) if anew else {}
    return [_without(deps, account, one, held[one.row.pk]) if one.row.pk in held else one for one in decided]


def _told_of(one: Decided) -> Change | None:
    """What is about to be told of an offer, by itself or by the one that carries for it: it falls with that one."""
    change = one.step.change if isinstance(one.step, Submit) else None
    falls = one.carrier is not None and one.wanted is not None and one.wanted.desired.quantity == 0
    if not falls or (change is None and not _waits_for_carrier(one)):
        return change
    return replace(change or Change(offers.key_of(one.row), None, None), quantity=0)


def _waits_for_carrier(one: Decided) -> bool:
    """All that it tells itself is shown; what another one tells for it is not."""
    return one.step in ("anew", "at_rest") or (isinstance(one.step, Wait) and one.step.code == "shared")


def _without(deps: Deps, account: models.Account, one: Decided, kinds: set[Kind]) -> Decided:
    assert one.wanted is not None
    # What is paused stays left out too: the rest is planned anew from all that is wanted.
    quantity = "zero" not in kinds and "stock" not in account.paused
    rest = _rest(deps, account, one, quantity=quantity, price=not kinds - {"zero"} and "prices" not in account.paused)
    notes = [*one.wanted.notes, *(f"braked_{kind}" for kind in sorted(kinds))]
    step: Plan | Literal["braked"] = "braked" if isinstance(rest, Settled) else rest
    return replace(one, wanted=replace(one.wanted, notes=notes), step=step)
