"""I say what my offers shall show: for an account, one of its sites, a group of articles or one SKU; by hand, or with a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction

from forain.core.ids import AccountId
from forain.core.rules import LEVELS, NONE, WISHES, NotAWish, checked, effective
from forain.core.stock import named_locations, same_location
from forain.flows import csv_files
from forain.flows.csv_files import WrongLine
from forain.flows.deps import Deps
from forain.store import accounts, journal, models, offers, rules, runs, shops
from forain.store.rules import Place

PLACE = ("level", "site", "name")
"""The columns of a file that say what its line is for; the others are wishes."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was changed. `field`: the wish, or "site", "name", "level"; `code` and `told` as `NotAWish` has them."""

    field: str
    code: str
    told: str = ""


def say(deps: Deps, account: models.Account, place: Place, told: Mapping[str, str], by: str) -> Refused | None:
    """From now on exactly this is wished there; an empty text is not said, and `told` without any takes the rule away.

    What it counts for is looked at again. Refused: nothing has changed. Safe to repeat.
    """
    try:
        wishes = checked_at(account, place, told)
    except NotAWish as error:
        return Refused(error.name, error.code, error.told)
    with transaction.atomic():
        rules.lock(AccountId(account.pk))
        _write(deps, account, place, wishes, by)
    runs.poke("reconcile_offers", f"account:{account.pk}", deps.clock.now())
    return None


def _write(deps: Deps, account: models.Account, place: Place, wishes: Mapping[str, str], by: str) -> None:
    """Write, tell and mark together: a wish that is written and not marked would be sent by chance only."""
    now, number = deps.clock.now(), AccountId(account.pk)
    before = rules.wishes(number, place)
    if before == wishes:
        return
    rules.write(number, place, wishes, by, now)
    changed = sorted({name for name, _ in before.items() ^ wishes.items()})
    telling = {
        "place": " ".join(part for part in (place.level, place.site, place.name) if part), "by": by,
        "wishes": ", ".join(f"{name}={wishes.get(name, '')}" for name in changed),
    }  # fmt: skip
    journal.write(now, "rule_said", account=number, subject=place.name, placeholders=telling)
    sharing = deps.open.marketplace_manifest(account.marketplace).sharing(place.site) if place.site else [""]
    for site in sorted(sharing):
        # What is said for one site counts for the quantity of all that share with it.
        offers.mark(number, now, skus=skus_of_place(number, place), site=site, correlation=journal.correlation())


def skus_of_place(account: AccountId, place: Place) -> list[str] | None:
    """The SKUs the place is about, None: all."""
    if place.level == "sku":
        return [place.name]
    return shops.skus_of_group(account, place.name) if place.level == "group" else None


def checked_at(account: models.Account, place: Place, told: Mapping[str, str]) -> dict[str, str]:
    """The wishes as they are kept. Raises NotAWish, also for a place there is not."""
    currency = _currency(account, place)
    wishes = {name: checked(name, text, currency) for name, text in told.items() if text.strip()}
    found = effective([("account", wishes)], currency).price
    if found.floor and found.ceiling and found.ceiling < found.floor:
        raise NotAWish("floor_above_ceiling", "floor")
    if wishes.get("sale_until", "9") < wishes.get("sale_from", ""):
        raise NotAWish("ends_before_it_begins", "sale_until")
    return wishes


def unknown_locations(account: models.Account, wishes: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """(the stock locations these wishes name and the shop was last read not to have, those it has). Nothing is refused for it: a
    shop may get its locations later; until then the quantities are held."""
    text = wishes.get("locations", "").strip()
    known = account.shop.locations if account.shop else []
    try:
        named = () if text in ("", NONE) else named_locations(text)
    except ValueError:
        named = ()
    have = {same_location(name) for name in known}
    return [name for name in named if same_location(name) not in have], known


def _currency(account: models.Account, place: Place) -> str:
    """The one currency of the sites the place is about, "" where they have several. Raises NotAWish for no such place."""
    number = AccountId(account.pk)
    currencies = {site.site: site.currency for site in accounts.sites(number)}
    if place.level not in LEVELS:
        raise NotAWish("not_a_choice", "level", ", ".join(LEVELS))
    if (place.level == "account" and place.site) or (place.site and place.site not in currencies):
        raise NotAWish("not_a_choice", "site", ", ".join(sorted(currencies)))
    if place.level == "site" and not place.site:
        raise NotAWish("not_a_choice", "site", ", ".join(sorted(currencies)))
    if (place.level in ("account", "site")) == bool(place.name):
        raise NotAWish("no_such_name", "name")
    if place.level == "group" and place.name not in shops.groups(number):
        raise NotAWish("no_such_name", "name", ", ".join(shops.groups(number)[:10]))
    if place.level == "sku" and not models.Offer.objects.filter(account=account, sku=place.name).exists():
        raise NotAWish("no_such_name", "name")
    if place.site:
        return currencies[place.site]
    return next(iter(currencies.values())) if len(set(currencies.values())) == 1 else ""


def csv_lines(account: AccountId) -> Iterator[str]:
    """All rules as the lines of a CSV file: level, site, name, and a column for each wish. `read_csv` reads the same rules."""
    yield ",".join((*PLACE, *WISHES)) + "\r\n"
    for row in rules.of_account(account):
        yield csv_files.line([row.level, row.site, row.name, *(row.wishes.get(name) for name in WISHES)])


def read_csv(account: models.Account, content: bytes) -> dict[Place, dict[str, str]] | WrongLine:
    """The rules of a file, or its first wrong line. A line says all that is wished at its place; an empty cell says nothing."""
    rows = csv_files.rows(content, ("level",), (*PLACE, *WISHES))
    if isinstance(rows, WrongLine):
        return rows
    found: dict[Place, dict[str, str]] = {}
    for number, cells in rows:
        if not cells:
            return WrongLine(number, "level, ... ?")
        place = Place(cells["level"], cells.get("site", ""), cells.get("name", ""))  # type: ignore[arg-type]
        told = {name: text for name, text in cells.items() if name in WISHES}
        if place in found:
            return WrongLine(number, f"{' '.join((place.level, place.site, place.name))} × 2")
        try:
            found[place] = checked_at(account, place, told)
        except NotAWish as error:
            return WrongLine(number, str(error)[:200])
    return found


def take(deps: Deps, account: models.Account, told: Mapping[Place, Mapping[str, str]], by: str) -> None:
    """Say all of them, or none; places that are not named keep their rules."""
    with transaction.atomic():
        rules.lock(AccountId(account.pk))
        for place, wishes in told.items():
            _write(deps, account, place, wishes, by)
    runs.poke("reconcile_offers", f"account:{account.pk}", deps.clock.now())
