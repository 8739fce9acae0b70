"""I take everything off sale, and put it back: at once, or for a holiday. The same 0 as a safe landing's, decided where it is.

Begin and end mark all offers, in the transaction that says so; the reconciler does the rest.
"""

from forain.core import holiday as core
from forain.core.clock import Instant
from forain.core.holiday import Holiday, NotAHoliday
from forain.core.ids import AccountId
from forain.flows.deps import Deps
from forain.store import accounts, journal, landings, models, offers, runs


def empty(deps: Deps, account: AccountId, by: str) -> bool:
    """All quantities to 0, what costs most first. True: it is so now and was not before. Safe to repeat."""
    now = deps.clock.now()
    with landings.changing(account) as row:
        if row.emptied_at is not None:
            return False
        accounts.note(account, emptied_at=now, emptied_by=by)
        told = {"by": by, "count": str(landings.left(account))}
        journal.write(now, "emptied", account=account, placeholders=told)
        offers.mark_by_risk(account, now, journal.correlation())
        _go(account, now)
    return True


def undo(deps: Deps, account: AccountId, by: str) -> bool:
    """The rules say again what to show. True: it had been emptied. Safe to repeat."""
    now = deps.clock.now()
    with landings.changing(account) as row:
        if row.emptied_at is None:
            return False
        accounts.note(account, emptied_at=None, emptied_by="")
        journal.write(now, "filled_again", account=account, placeholders={"by": by})
        offers.mark(account, now, correlation=journal.correlation())
        _go(account, now)
    return True


def holiday_of(row: models.Account) -> Holiday:
    """What is stored of an account's holiday."""
    return Holiday(row.holiday_begins, row.holiday_ends, row.holiday_begun_at)


def say_holiday(deps: Deps, account: AccountId, begins: Instant, ends: Instant, by: str) -> NotAHoliday | None:
    """From then on until then nothing is for sale; another holiday that was said before is replaced. NotAHoliday: nothing has
    changed. Safe to repeat."""
    now = deps.clock.now()
    try:
        told = core.checked(begins, ends, now)
    except NotAHoliday as error:
        return error
    with landings.changing(account) as row:
        if (row.holiday_begins, row.holiday_ends) == (told.begins, told.ends):
            return None
        accounts.note(account, holiday_begins=told.begins, holiday_ends=told.ends)
        days = {"by": by, "since": begins.isoformat(), "date": (ends - core.A_MOMENT).isoformat()}
        journal.write(now, "holiday_said", account=account, placeholders=days)
        row.holiday_begins, row.holiday_ends = told.begins, told.ends
        if row.holiday_begun_at is not None and now < begins:
            # The one that is under way was put off.
            _end(row, now, keep=True)
    look_after(deps, accounts.get(account))
    runs.poke("derive_issues", "house", now)
    return None


def no_holiday(deps: Deps, account: AccountId, by: str) -> bool:
    """There is none, or no more of it. True: there was one. Safe to repeat."""
    now = deps.clock.now()
    with landings.changing(account) as row:
        if row.holiday_begins is None:
            return False
        journal.write(now, "holiday_taken_back", account=account, placeholders={"by": by})
        _end(row, now, keep=False)
    return True


def look_after(deps: Deps, row: models.Account) -> None:
    """Begin the holiday, or end it, where its time has come. Safe to repeat, by several at once, and to break off."""
    now = deps.clock.now()
    if not core.step(holiday_of(row), 0, now):
        return
    side = models.Side.objects.filter(name=f"account:{row.pk}").first()
    number = AccountId(row.pk)
    with landings.changing(number) as locked:
        match core.step(holiday_of(locked), side.clock_off if side else 0, now):
            case "begin":
                accounts.note(number, holiday_begun_at=now)
                journal.write(now, "holiday_begun", account=number, placeholders={"count": str(landings.left(number))})
                offers.mark_by_risk(number, now, journal.correlation())
                _go(number, now)
            case "end":
                _end(locked, now, keep=False)


def _end(row: models.Account, now: Instant, *, keep: bool) -> None:
    """Nothing of it is under way any more. `keep`: it is yet to come."""
    number = AccountId(row.pk)
    begun = row.holiday_begun_at is not None
    accounts.note(
        number, holiday_begun_at=None, **({} if keep else {"holiday_begins": None, "holiday_ends": None})
    )  # fmt: skip
    if begun:
        journal.write(now, "holiday_over", account=number)
        offers.mark(number, now, correlation=journal.correlation())
    _go(number, now)


def _go(account: AccountId, now: Instant) -> None:
    runs.poke("reconcile_offers", f"account:{account}", now)
    runs.poke("derive_issues", "house", now)
