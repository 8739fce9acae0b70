"""The way to an application of one's own: how far each role and each step is. What Forain sees goes before what is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from forain.core.clock import Instant


class Seen(StrEnum):
    """What the marketplace's own answers say of a role."""

    WORKS = "works"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Said(StrEnum):
    """What a person says of a role: it was asked for and the marketplace has not answered; it refused; it granted it."""

    ASKED = "asked"
    REFUSED = "refused"
    GRANTED = "granted"


class RoleState(StrEnum):
    """How far a role is. ASKED is the state "waiting for the marketplace"; GRANTED: a person says so, and nothing here has
    shown it."""

    WORKS = "works"
    GRANTED = "granted"
    ASKED = "asked"
    REFUSED = "refused"
    MISSING = "missing"
    OPEN = "open"


def role_state(seen: Seen, said: Said | None) -> RoleState:
    """What works is there, whatever anybody says; what does not waits, or was refused, as far as somebody said so."""
    if seen is Seen.WORKS:
        return RoleState.WORKS
    if said is not None:
        return RoleState(said.value)
    return RoleState.MISSING if seen is Seen.MISSING else RoleState.OPEN


def seen_of_addresses(last_with: Instant | None, without: Sequence[Instant]) -> Seen:
    """Whether orders come with their address. `last_with`: when the newest order was placed that came with one, None: none did;
    `without`: when those were that wait for one, the newest two are enough.

    Where addresses have come, one odd order says nothing of a role: two that were placed since do. Where none has ever come,
    one does.
    """
    if last_with is None:
        return Seen.MISSING if without else Seen.UNKNOWN
    return Seen.MISSING if sum(placed >= last_with for placed in without) > 1 else Seen.WORKS


LONGEST_AGO_DAYS = 3 * 366
"""A request older than that is a slip of the pen."""


def together(seen: Sequence[Seen]) -> Seen:
    """One word on a role for all accounts of an application: a token that lacks it is a lack."""
    if Seen.MISSING in seen:
        return Seen.MISSING
    return Seen.WORKS if Seen.WORKS in seen else Seen.UNKNOWN


_NO_LONGER_TO_ASK = (RoleState.ASKED, RoleState.GRANTED, RoleState.WORKS)


class StepState(StrEnum):
    """How far a step is: SEEN by Forain, SAID by a person, or OPEN."""

    SEEN = "seen"
    SAID = "said"
    OPEN = "open"


StepSeenBy = Literal["", "plan", "application", "roles_asked", "restricted_work", "authorized", "roles_work"]
"""By what a step shows. "": by nothing, a person says it."""


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What is known of a registration. `plan`: the selling plan, "" unknown. `application`: a client id is kept here.
    `authorized`: a token of it works. `essential`, `restricted`: states of the roles that something here needs, and of those
    among them that the marketplace asks more for."""

    plan: str
    application: bool
    authorized: bool
    essential: tuple[RoleState, ...]
    restricted: tuple[RoleState, ...]


def seen_step(seen_by: StepSeenBy, facts: StepFacts) -> bool | None:
    """Whether Forain sees that a step is done. None: it sees neither; a False goes before what anybody says."""
    match seen_by:
        case "plan":
            return {"PROFESSIONAL": True, "": None}.get(facts.plan, False)
        case "application":
            return facts.application or None
        case "roles_asked":
            return all(state in _NO_LONGER_TO_ASK for state in facts.essential)
        case "restricted_work":
            return all(state is RoleState.WORKS for state in facts.restricted) or None
        case "authorized":
            return facts.authorized
        case "roles_work":
            return facts.authorized and all(state is RoleState.WORKS for state in facts.essential)
        case "":
            return None


def step_state(seen: bool | None, said: bool) -> StepState:
    """Seen and not seen are facts; only where there is none counts what was said."""
    if seen is None:
        return StepState.SAID if said else StepState.OPEN
    return StepState.SEEN if seen else StepState.OPEN


def next_step(states: Mapping[str, StepState]) -> str:
    """The code of the first open step, in their order; "" when all is done."""
    return next((code for code, state in states.items() if state is StepState.OPEN), "")
