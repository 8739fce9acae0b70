"""What I sell there is what Amazon shows, also where it is very much: one report of a whole site instead of many thousand reads.

A report is asked for, followed over as many runs as it takes, and held against what is known. It says less than a look, and is as old
as the moment it was asked for; so nothing is told upon it, and nothing is gone for want of a line: what it does not have, or
not readably, is looked at by name. Where it comes to nothing, the site is read page by page.
"""

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from forain.contracts.manifest import WholeShelf
from forain.contracts.marketplace import Shelf
from forain.core import authorization
from forain.core.clock import Instant, format_instant, parse_instant
from forain.core.errors import Denied, Malformed, Rejected
from forain.core.ids import AccountId, SiteId
from forain.flows import authorize
from forain.flows.deps import Deps
from forain.flows.mirror_catalogue import ask_eans
from forain.store import journal, models, offers, runs, shelves, shops

SOONEST, RAREST = timedelta(seconds=30), timedelta(minutes=15)
"""How soon a report is asked after; the longer it takes, the more rarely."""
IN_VAIN = timedelta(hours=1)
"""How soon a report is asked for again that came to nothing or could not be read."""
TRIES = 3
"""So many reports in a row come to nothing before the site is read page by page."""

Place = dict[str, Any]
"""How far a sweep is, as `runs.keep_place` keeps it. Under "shelf": "step" ("report", "again", "look", "names"), and what that
step goes on by."""


class ByPages(Exception):
    """This site is read page by page this time, from `place` on."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a step works on."""

    deps: Deps
    account: models.Account
    site: SiteId

    @property
    def number(self) -> AccountId:
        """The account, as the store names it."""
        return AccountId(self.account.pk)

    def keep(self, place: Place, **shelf: object) -> Place:
        """Remember how far it is; the answer is the new place."""
        told = {**place, "site": self.site, "shelf": shelf} if shelf else place
        runs.keep_place("sweep_offers", f"account:{self.account.pk}", "sweep", told)
        return told


def large(deps: Deps, account: models.Account, site: SiteId, place: Place) -> bool:
    """Whether this site is to be compared by a report: it has many offers, or one was begun."""
    whole = deps.open.marketplace_manifest(account.marketplace).whole_shelf
    if whole is None:
        return False
    if place.get("site") == site:
        return "shelf" in place
    return models.Offer.objects.filter(account=account, site=site).count() > whole.more_than


def compared(place: Place) -> bool:
    """A report was held against what is known, and what is left goes by what that found."""
    return place.get("shelf", {}).get("step") in ("look", "names")


def compare_shelf(deps: Deps, account: models.Account, site: SiteId, place: Place) -> tuple[Place, Instant | None]:
    """One step, or as many as can be done without waiting: (the place then, when to go on; None: the site is compared).

    The place is kept after each step, so that whoever comes after a crash goes on with the same report; each may be
    repeated. Raises ByPages, and what the marketplace's calls raise but Malformed.
    """
    sweep = Sweep(deps, account, site)
    whole = deps.open.marketplace_manifest(account.marketplace).whole_shelf
    assert whole is not None
    if place.get("site") != site:
        place = {"done": place.get("done", []), "unnamed": place.get("unnamed", [])}
        place = _ask(sweep, place, tries=0)
    shelf = place["shelf"]
    if shelf["step"] == "again":
        at = parse_instant(shelf["at"])
        if deps.clock.now() < at:
            return place, at
        place = _ask(sweep, place, shelf["tries"])
    if place["shelf"]["step"] == "report":
        place, until = _follow(sweep, place, whole)
        if until is not None:
            return place, until
    if place["shelf"]["step"] == "look":
        place = _look(sweep, place)
    return _names(sweep, place), None


def _ask(sweep: Sweep, place: Place, tries: int) -> Place:
    """Ask for a report. As old as this moment is all it will show."""
    now = sweep.deps.clock.now()
    place = {**place, "begun_at": format_instant(now)}
    try:
        shelf = sweep.deps.open.marketplace(sweep.account).shelf(sweep.site, None)
    except (Denied, Rejected) as error:
        # Reports may need a role that reading offers does not.
        _by_pages(sweep, place, str(error.code), now)
    return sweep.keep(place, step="report", cursor=shelf.cursor, tries=tries)


def _follow(sweep: Sweep, place: Place, whole: WholeShelf) -> tuple[Place, Instant | None]:
    """Ask after the report, and compare it once it is there: (the place then, when to go on; None: at once)."""
    now = sweep.deps.clock.now()
    try:
        shelf = sweep.deps.open.marketplace(sweep.account).shelf(sweep.site, place["shelf"]["cursor"])
        if shelf.pages is not None:
            return _compare(sweep, place, shelf), None
    except Malformed as error:
        return _in_vain(sweep, place, error.field)
    except Rejected as error:
        _by_pages(sweep, place, str(error.code), now)
    if shelf.nothing:
        # There are offers that we know of. Which of the two is right the pages say.
        _by_pages(sweep, place, shelf.reason, now)
    if shelf.cursor is None:
        return _in_vain(sweep, place, shelf.reason)
    waited = now - parse_instant(place["begun_at"])
    if waited > whole.ends_within:
        _by_pages(sweep, place, "slow", now)
    return place, now + min(max(waited / 4, SOONEST), RAREST)


def _in_vain(sweep: Sweep, place: Place, reason: str) -> tuple[Place, Instant | None]:
    now, tries = sweep.deps.clock.now(), place["shelf"]["tries"] + 1
    if tries >= TRIES:
        _by_pages(sweep, place, reason, now)
    _tell(sweep, "shelf_in_vain", {"word": reason[:100]})
    return sweep.keep(place, step="again", at=format_instant(now + IN_VAIN), tries=tries), now + IN_VAIN


def _by_pages(sweep: Sweep, place: Place, reason: str, now: Instant) -> NoReturn:
    _tell(sweep, "shelf_by_pages", {"word": reason[:100]})
    left = {name: value for name, value in place.items() if name != "shelf"}
    raise ByPages(sweep.keep(left | {"site": sweep.site, "begun_at": format_instant(now)}))


def _compare(sweep: Sweep, place: Place, shelf: Shelf) -> Place:
    """Hold the report against what is known. Nothing is written before it was read to its end: one that was cut says so there."""
    assert shelf.pages is not None
    account, site, made_at = sweep.number, sweep.site, parse_instant(place["begun_at"])
    known = models.Offer.objects.filter(account=sweep.account, site=site).count()
    with shelves.comparing():
        with closing(shelf.pages):
            lines = shelves.keep(shelf.pages)
        found = shelves.compare(account, site, shelf.currency, made_at)
        if not lines.count or found.missing * 2 > known:
            # Looking at so many by name costs more than the pages, which show more.
            _by_pages(sweep, place, "incomplete", sweep.deps.clock.now())
        now = sweep.deps.clock.now()
        shelves.write(account, site, shelf.currency, made_at, now, all_named=not lines.nameless)
    for unread in lines.named:
        words = {"field": unread.field}
        _tell(sweep, "offer_unreadable", words, str(unread.key))
    told = {
        "count": str(lines.count), "differing": str(found.differing), "new": str(found.new), "missing": str(found.missing),
        "unread": str(lines.unread or ""),
    }  # fmt: skip
    _tell(sweep, "shelf_compared", told)
    return sweep.keep(place, step="look", after=0)


def _tell(sweep: Sweep, code: str, placeholders: dict[str, str], subject: str = "") -> None:
    journal.write(
        sweep.deps.clock.now(),
        code,
        account=sweep.number,
        subject=subject or str(sweep.site),
        placeholders=placeholders,
    )


def _look(sweep: Sweep, place: Place) -> Place:
    """Look by name at what the report does not have, or not readably: what a look does not have either is gone."""
    deps, account = sweep.deps, sweep.number
    made_at, after = parse_instant(place["begun_at"]), place["shelf"]["after"]
    adapter = deps.open.marketplace(sweep.account)
    page_size = deps.open.marketplace_manifest(sweep.account.marketplace).page_size
    while rows := offers.to_look_at(account, sweep.site, made_at, after, page_size):
        asked_at = deps.clock.now()
        page = adapter.observe([offers.key_of(row) for row in rows])
        offers.see(account, page.offers, asked_at)
        shown = {offer.key.sku for offer in page.offers}
        offers.looked(row for row in rows if row.sku in shown)
        offers.see_unreadable(page.unread, asked_at)
        for unread in page.unread:
            _tell(sweep, "offer_unreadable", {"field": unread.field}, str(unread.key))
        there = shown | {unread.key.sku for unread in page.unread}
        absent = [row for row in rows if row.sku not in there]
        # One without a readable name may be any of those that are absent.
        forgotten = offers.forget_missing(absent, made_at) if "" not in there else []
        # What the rules of this site made smaller for all that share with it is decided anew.
        offers.mark(account, asked_at, skus=forgotten)
        for sku in forgotten:
            _tell(sweep, "offer_gone", {}, f"{sweep.site}/{sku}")
        offers.not_there([row.pk for row in absent], asked_at)
        after = rows[-1].pk
        place = sweep.keep(place, step="look", after=after)
        authorize.still_allowed(deps, sweep.account, authorization.OFFERS)
    return sweep.keep(place, step="names", after="")


def _names(sweep: Sweep, place: Place) -> Place:
    """Offers without link and without EAN: the marketplace's catalogue may know the EAN, and by it the article."""
    after = place["shelf"]["after"]
    adapter = sweep.deps.open.marketplace(sweep.account)
    # One call's worth: where no more calls may be made, what was asked is not asked again.
    most = sweep.deps.open.marketplace_manifest(sweep.account.marketplace).page_size
    while skus := shops.unnamed_skus(sweep.number, sweep.site, after, most):
        ask_eans(sweep.account, adapter, sweep.site, skus)
        after = skus[-1]
        place = sweep.keep(place, step="names", after=after)
        authorize.still_allowed(sweep.deps, sweep.account, authorization.OFFERS)
    return place
