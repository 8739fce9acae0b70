"""What a merchant wishes for his offers: the rules of an account, and what of them counts for an offer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.core.rules import LEVELS, Effective, Level, NotAWish, effective
from forain.store import arrays, models

LOCK = 0x466F7252
"""Our number among PostgreSQL's advisory locks, beside the account's: one at a time changes an account's rules."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a rule is for. `site` "": all sites. `name`: of the group or the SKU, "" for an account's or a site's."""

    level: Level
    site: str = ""
    name: str = ""


def place_of(row: models.Rule) -> Place:
    """What the rule is for."""
    return Place(row.level, row.site, row.name)  # type: ignore[arg-type]


def of_account(account: AccountId) -> list[models.Rule]:
    """All rules, from the widest to the narrowest."""
    rows = models.Rule.objects.filter(account_id=account).order_by("site", "name")
    return sorted(rows, key=lambda row: LEVELS.index(row.level))


def wishes(account: AccountId, place: Place) -> dict[str, str]:
    """What is said there, {} where nothing is."""
    found = models.Rule.objects.filter(account_id=account, level=place.level, site=place.site, name=place.name).first()
    return dict(found.wishes) if found else {}


def write(account: AccountId, place: Place, told: Mapping[str, str], by: str, now: Instant) -> None:
    """Say exactly this there; {}: nothing any more. `told` as `core.rules.checked` answered it. Under `lock`."""
    rows = models.Rule.objects.filter(account_id=account, level=place.level, site=place.site, name=place.name)
    if not told:
        rows.delete()
    elif not rows.update(wishes=dict(told), changed_at=now, changed_by=by):
        models.Rule.objects.create(
            account_id=account, level=place.level, site=place.site, name=place.name,
            wishes=dict(told), changed_at=now, changed_by=by,
        )  # fmt: skip


def lock(account: AccountId) -> None:
    """Within a transaction: nobody else changes the account's rules before it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, account])


class InForce:
    """The rules that may count for some offers, read at once; asked offer by offer.

    `instead`: what would be said at some places, {} there: nothing, for whoever wants to see it before it is.
    """

    def __init__(
        self,
        account: AccountId,
        skus: Iterable[str],
        groups: Iterable[str],
        instead: Mapping[Place, Mapping[str, str]] | None = None,
    ) -> None:
        rows = models.Rule.objects.filter(account_id=account).filter(
            Q(level__in=("account", "site"))
            | Q(level="group", name__in=arrays.names(set(groups) - {""}))
            | Q(level="sku", name__in=arrays.names(skus))
        )
        self._rules = {place_of(row): dict(row.wishes) for row in rows}
        self._rules |= {place: dict(told) for place, told in (instead or {}).items()}
        self._known: dict[tuple[tuple[Place, ...], str], Effective | NotAWish] = {}

    def says(self, wish: str) -> bool:
        """Any of these rules wishes for it, somewhere."""
        return any(wish in wishes for wishes in self._rules.values())

    def of(self, site: str, currency: str, sku: str, group: str) -> Effective | NotAWish:
        """What counts for the offer; NotAWish: what is kept cannot be wished for (there)."""
        # Of two of one level the later counts: what is said for one site comes after what is said for all.
        places = [Place("account"), Place("site", site)]
        places += [Place("group", "", group), Place("group", site, group)] if group else []
        places += [Place("sku", "", sku), Place("sku", site, sku)]
        said = tuple(place for place in places if place in self._rules)
        # Most offers are under the same few rules.
        key = said, currency
        if key not in self._known:
            try:
                self._known[key] = effective([(place.level, self._rules[place]) for place in said], currency)
            except NotAWish as error:
                self._known[key] = error
        return self._known[key]
