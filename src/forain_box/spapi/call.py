"""One call that passed the gate, and the reading of what it asks. Wrong values end it as Amazon would: 400 InvalidInput."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from forain_box.clock import parse
from forain_box.errors import denied, invalid, too_fast
from forain_box.http import Request, Response, decoded
from forain_box.sites import SITES
from forain_box.state import AccessToken, Application, Seller
from forain_box.throttle import Throttle
from forain_box.world import World

Body = TypeVar("Body")


class Wire(msgspec.Struct, rename="camel"):
    """A request body as Amazon's newer models spell it; members nobody knows are ignored."""


@dataclass(frozen=True)
class Operation:
    """One operation of one published model.

    `path`: with {names} for its variable parts. `roles`: any of them suffices, none: open to every application.
    `rate` tokens a second up to `burst`. `model`: file of the published model. `scope`: grantless, with a token of it.
    `bare_errors`: its model spells errors as a list and nothing around it.
    `open_end`: the last variable part takes whatever follows, slashes and all.
    """

    name: str
    method: str
    path: str
    run: Callable[["Call"], Response]
    model: str
    rate: float
    burst: float
    roles: tuple[str, ...] = ()
    scope: str = ""
    bare_errors: bool = False
    open_end: bool = False


@dataclass(frozen=True)
class Call:
    """`rest`: the variable parts of the path, decoded. `seller` raises for a grantless call, which has none."""

    world: World
    operation: Operation
    application: Application
    access: AccessToken
    request: Request
    rest: tuple[str, ...]
    region: str
    owner: Seller | None
    throttle: Throttle

    @property
    def seller(self) -> Seller:
        assert self.owner is not None, "a grantless operation asked for its seller"
        return self.owner

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.application.roles)

    def take(self, name: str, rate: float, burst: float) -> None:
        """Take of a further limit beside the operation's own; 429 where it is reached."""
        who = (self.seller.seller_id, self.application.application_id)
        if not self.throttle.take(f"{self.operation.name} {name}", rate, burst, who, self.world.now()):
            raise too_fast()

    def own(self, seller_id: str) -> None:
        """Sellers act for themselves only."""
        if seller_id != self.seller.seller_id:
            raise denied()

    def text(self, name: str, default: str | None = None) -> str:
        """A query parameter; required where `default` is None."""
        found = self.request.query.get(name, "")
        if found:
            return found
        if default is None:
            raise invalid(f"Missing required parameter '{name}'.")
        return default

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        found = self.text(name, default)
        if found and found not in allowed:
            raise invalid(f"Invalid '{name}' value: {found[:100]}.")
        return found

    def several(self, name: str, allowed: Collection[str] | None = None, most: int | None = None) -> list[str]:
        """A comma-joined list; [] when it is not there."""
        found = [part for part in self.request.query.get(name, "").split(",") if part]
        if allowed is not None:
            for part in found:
                if part not in allowed:
                    raise invalid(f"Invalid '{name}' value: {part[:100]}.")
        if most is not None and len(found) > most:
            raise invalid(f"'{name}' may have {most} values at most.")
        return found

    def sites(self, most: int | None = None, *, name: str = "marketplaceIds", required: bool = True) -> list[str]:
        """The marketplaces asked for, each the seller's own."""
        found = self.several(name, most=most)
        if required and not found:
            raise invalid(f"Missing required parameter '{name}'.")
        return self.check_sites(found)

    def check_sites(self, sites: list[str]) -> list[str]:
        """The same sites. One of another region, or one the seller has no part in, is refused as Amazon does."""
        for site in sites:
            if site not in SITES or SITES[site][3] != self.region:
                raise denied("The marketplaces you provided are not valid for region.")
            if self.owner is not None and site not in self.owner.marketplace_ids:
                raise denied()
        return sites

    def number(self, name: str, default: int, low: int, high: int) -> int:
        told = self.request.query.get(name, "")
        if not told:
            return default
        if not (told.isascii() and told.isdigit() and len(told) < 10 and low <= int(told) <= high):
            raise invalid(f"'{name}' must be a number between {low} and {high}.")
        return int(told)

    def flag(self, name: str, default: bool = False) -> bool:
        return self.choice(name, ("true", "false"), "true" if default else "false") == "true"

    def moment(self, name: str) -> datetime | None:
        """A moment in ISO 8601; None when it is not there."""
        told = self.request.query.get(name, "")
        if not told:
            return None
        try:
            return parse(told.replace(" ", "+"))
        except ValueError:
            raise invalid(f"'{name}' must be a date in ISO 8601 format.") from None

    def body(self, kind: type[Body]) -> Body:
        """The JSON body as `kind`, types checked."""
        try:
            found: Body = decoded(self.request.body, kind)
            return found
        except ValueError as wrong:
            raise invalid(f"The request body is invalid: {wrong}"[:300]) from None


def payload(value: Any, status: int = 200) -> Response:
    """The older models wrap their answers."""
    return Response.json({"payload": value}, status)
