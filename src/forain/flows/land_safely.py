"""Before my permission ends my quantities go to 0, if I want that: announced, begun, called off, undone.

Begin and end mark all offers, in the transaction that says so: the reconciler tells the rest, in both directions.
"""

from dataclasses import replace

from forain.core import authorization, errors, landing
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.core.landing import NO_LANDING, Landing, Stage, Told
from forain.flows.deps import Deps
from forain.store import accounts, journal, landings, models, offers, runs


def landing_of(row: models.Account, now: Instant) -> Landing:
    """All that is known of an account's landing. Reads nothing more where the merchant does not want one."""
    if not row.safe_landing:
        return NO_LANDING
    number, side = AccountId(row.pk), models.Side.objects.filter(name=f"account:{row.pk}").first()
    told, off = landings.of(number, row.grant_no), side.clock_off if side else 0
    writable = any(site.writes_allowed_at is not None for site in accounts.sites(number))
    return Landing(
        wanted=True,
        told=told,
        obstacle=landing.obstacle(accounts.may_sync(row, now, authorization.STOCK), writable=writable, clock_off=off),
        heard=landing.heard(side.hour_agreed_at if side else None, off, now),
        left=landings.left(number) if told.begun_at else 0,
    )


def stage_of(row: models.Account, now: Instant) -> Stage:
    """Where an account's landing stands."""
    return landing.stage(accounts.facts_of(row), landing_of(row, now), now)


def land_safely(deps: Deps, row: models.Account) -> None:
    """Announce the landing, or begin it, where its time has come. Safe to repeat, by several at once, and to break off."""
    if not row.safe_landing:
        return
    now, facts = deps.clock.now(), accounts.facts_of(row)
    found = landing_of(row, now)
    if (step := landing.announcement_due(facts, found, now)) is not None:
        _announce(row, step, now)
    elif landing.may_begin(facts, found, now):
        _begin(row, now)
    elif not found.heard and not found.obstacle and landing.may_begin(facts, replace(found, heard=True), now):
        # All that is missing is a word of the marketplace's with its hour in it.
        runs.poke("probe", f"account:{row.pk}", now)


def _announce(row: models.Account, step: int, now: Instant) -> None:
    number = AccountId(row.pk)
    with landings.changing(number) as locked:
        found, facts = landing_of(locked, now), accounts.facts_of(locked)
        if landing.announcement_due(facts, found, now) != step:
            return
        first = landing.announced_at(found.told, now) or now
        told = replace(found.told, announced_step=step, announced_at=first)
        landings.keep(locked, told)
        at = landing.begins_at(facts, told, now)
        journal.write(now, "landing_announced", account=number, placeholders={"date": at.isoformat()})


def _begin(row: models.Account, now: Instant) -> None:
    number = AccountId(row.pk)
    with landings.changing(number) as locked:
        found = landing_of(locked, now)
        if not landing.may_begin(accounts.facts_of(locked), found, now):
            return
        landings.keep(locked, replace(found.told, begun_at=now))
        told = {"count": str(landings.left(number))}
        journal.write(now, "landing_begun", account=number, placeholders=told)
        _look_again(number, now)


def _look_again(account: AccountId, now: Instant) -> None:
    offers.mark(account, now, correlation=journal.correlation())
    runs.poke("reconcile_offers", f"account:{account}", now)
    runs.poke("derive_issues", "house", now)


def undone_by_renewal(row: models.Account, former_grant: int, now: Instant) -> bool:
    """A new grant is in force: a landing under the former one is over. True: there was one, and all offers are to be marked.

    In the transaction that keeps the new grant; `row` as it was before.
    """
    told = landings.of(AccountId(row.pk), former_grant) if row.safe_landing else Told()
    if told.begun_at is None or told.called_off_at is not None:
        return False
    journal.write(now, "landing_undone", account=AccountId(row.pk))
    return True


def switch(deps: Deps, account: AccountId, on: bool, by: str) -> None:
    """The merchant wants safe landings, or none. Safe to repeat. On again after "not this time" means this time too.

    Whatever was announced before does not count: a landing that is wanted anew is announced anew. Raises Rejected
    (landing_impossible) where the end did not come from a consent.
    """
    now = deps.clock.now()
    with landings.changing(account) as row:
        told = landings.of(account, row.grant_no)
        if on and not landing.possible(accounts.facts_of(row)):
            raise errors.Rejected([errors.Problem("landing_impossible")], "landing_impossible")
        if on == row.safe_landing and not (on and told.called_off_at):
            return
        landings.switch(row, on)
        if told != Told():
            landings.keep(row, Told())
        if on:
            journal.write(now, "landing_on", account=account, placeholders={"by": by})
        else:
            journal.write(now, "landing_off", account=account, placeholders={"by": by})
        _over(account, told, now)


def call_off(deps: Deps, account: AccountId, by: str) -> bool:
    """Not this time: no landing under the present grant; the next one is as wanted. True: it is so now. Safe to repeat."""
    now = deps.clock.now()
    with landings.changing(account) as row:
        told = landings.of(account, row.grant_no)
        if not row.safe_landing or not landing.possible(accounts.facts_of(row)):
            return False
        if told.called_off_at is None:
            landings.keep(row, replace(told, called_off_at=now, called_off_by=by))
            journal.write(now, "landing_called_off", account=account, placeholders={"by": by})
            _over(account, told, now)
    return True


def _over(account: AccountId, told: Told, now: Instant) -> None:
    """A landing that was under way is not any more: the rules say again what to show."""
    if told.begun_at is not None and told.called_off_at is None:
        journal.write(now, "landing_undone", account=account)
        _look_again(account, now)
    else:
        runs.poke("derive_issues", "house", now)
