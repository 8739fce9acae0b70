"""Who may do what, and when somebody must look again at who may."""

from datetime import timedelta
from enum import StrEnum

from forain.core.clock import Instant


class Role(StrEnum):
    """What a person is here for. One each."""

    OWNER = "owner"
    OPERATOR = "operator"
    ACCOUNTANT = "accountant"
    READER = "reader"


class Right(StrEnum):
    """What a page or a part of it asks of whoever opens it.

    OWN: whoever is logged in (their own password, leaving). ORDERS: orders and amounts, no buyers. SEE: offers, issues,
    the journal, how it runs. BUYERS: words that may be a buyer's. CHANGE: everyday decisions. SECRETS: connections and
    their secrets. PEOPLE: who comes in.
    """

    OWN = "own"
    ORDERS = "orders"
    SEE = "see"
    BUYERS = "buyers"
    CHANGE = "change"
    SECRETS = "secrets"
    PEOPLE = "people"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.OPERATOR: frozenset({Right.OWN, Right.ORDERS, Right.SEE, Right.BUYERS, Right.CHANGE}),
    Role.ACCOUNTANT: frozenset({Right.OWN, Right.ORDERS}),
    Role.READER: frozenset({Right.OWN, Right.ORDERS, Right.SEE, Right.BUYERS}),
}

REVIEW_EVERY = timedelta(days=90)
"""So long a word that these people still need access lasts: a quarter, as Amazon's data protection policy asks."""


def role_of(text: str) -> Role | None:
    """The role as it is stored or typed; None: there is no such role."""
    return next((role for role in Role if role.value == text), None)


def rights_of(text: str) -> frozenset[Right]:
    """The rights of a role as it is stored; none where there is no such role."""
    role = role_of(text)
    return RIGHTS[role] if role else frozenset()


def roles_with(right: Right) -> tuple[Role, ...]:
    """Who may, the most trusted first."""
    return tuple(role for role in Role if right in RIGHTS[role])


def review_due(confirmed_at: Instant | None, now: Instant) -> bool:
    """Somebody must look again at who has access. None: there are no people yet."""
    return confirmed_at is not None and now - confirmed_at >= REVIEW_EVERY
