"""A broken file does not empty my shelves: too many large changes at once are held, and I am asked.

Asked where a batch is about to be told, of all that is marked together and not of the batch: what is told of a wave before
its size is seen cannot be taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from forain.core import brakes as core
from forain.core.brakes import MASSES, TOGETHER, Kind, Leap, Limits, NotALimit
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.core.money import Money
from forain.core.offers import Change
from forain.flows.deps import Deps
from forain.store import brakes, journal, models, offers, runs
from forain.store.brakes import Noted

COUNTED_FOR = timedelta(seconds=10)
"""So long what was counted of all that is marked is believed, within a run that tells for hours."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is about to be told of an offer. `explained`: its pieces were sold, by orders that are known here or in the shop."""

    row: models.Offer
    change: Change
    explained: bool = False


def _leapt_from(row: models.Offer, known: Mapping[tuple[int, str], models.Leap]) -> Money | None:
    """The price from which what is noted of the offer's price leapt; None: nothing is noted."""
    noted = known.get((row.pk, "jump")) or known.get((row.pk, "price"))
    return offers.money(noted.before, noted.currency) if noted is not None else None


class Brake:
    """The brake of one account during one run."""

    def __init__(self, account: models.Account) -> None:
        self.account = AccountId(account.pk)
        self.limits = core.limits(account.brakes)
        self._wave: dict[Kind, tuple[Instant, int]] = {}

    def hold(self, decided: Sequence[models.Offer], about: Sequence[Told], now: Instant) -> dict[int, set[Kind]]:
        """What of `about` is not to be told: offer -> kinds. `decided`: all offers of the batch that were decided anew.

        Noted before anything is told; what leaps no more is forgotten, with the answer to it.
        """
        known = brakes.known(decided)
        leaps = {(one.row.pk, leap.kind): (one.row, leap) for one in about for leap in self._leaps(one, known)}
        held: dict[int, set[Kind]] = {}
        fresh: dict[Kind, list[tuple[models.Offer, Leap]]] = {}
        for (number, kind), (row, leap) in leaps.items():
            before = known.get((number, kind))
            state = before.state if before is not None and before.after == leap.after else ""
            if state in ("held", "kept"):
                held.setdefault(number, set()).add(leap.kind)
            elif state != "allowed":
                fresh.setdefault(leap.kind, []).append((row, leap))
        brakes.forget([key for key, leap in known.items() if key not in leaps and leap.state != "told"])
        for kind, found in fresh.items():
            with transaction.atomic():
                # Another worker's batch is noted by now, or waits for this one.
                brakes.lock(self.account)
                stops = kind == "jump" or self._too_many(kind, found, now)
                self._note(kind, found, stops, now)
            if stops:
                for row, _ in found:
                    held.setdefault(row.pk, set()).add(kind)
        return held

    def _leaps(self, one: Told, known: Mapping[tuple[int, str], models.Leap]) -> list[Leap]:
        shown, told = offers.observed_of(one.row), offers.submitted_of(one.row)
        # What is on its way was looked at when it was told.
        quantity = told.quantity if told and told.quantity is not None else shown.quantity if shown else None
        price = told.price if told and told.price is not None else shown.price if shown else None
        if price is None:
            # An offer that is off sale shows none for a while: what it was before that still says what a jump is.
            price = offers.money(one.row.submitted_minor, one.row.submitted_currency) or _leapt_from(one.row, known)
        moved = core.move(price, one.change.price, self.limits)
        if moved is None or moved.kind != "jump":
            # Who is asked about the price itself sees what stands beside it on the page of the offer.
            moved = core.reduced(one.change.price or price, one.change.terms, self.limits) or moved
        found = (None if one.explained else core.fall(quantity, one.change.quantity), moved)
        return [leap for leap in found if leap is not None]

    def _too_many(self, kind: Kind, found: Sequence[tuple[models.Offer, Leap]], now: Instant) -> bool:
        numbers = [row.pk for row, _ in found]
        around = min(row.marked_at or now for row, _ in found)
        return self._over(kind, len(found) + brakes.counted(self.account, kind, around, numbers), numbers, now)

    def _over(self, kind: Kind, count: int, but: Sequence[int], now: Instant) -> bool:
        if self.limits.share(kind) is None:
            return False
        at, wave = self._wave.get(kind, (None, 0))
        if at is None or not timedelta(0) <= now - at < COUNTED_FOR:
            wave = count + brakes.waiting(self.account, kind, self.limits, but)
            self._wave[kind] = now, wave
        needed = core.offers_needed(max(count, wave), kind, self.limits)
        return needed is not None and not brakes.at_least(self.account, kind, needed, now - TOGETHER)

    def _note(self, kind: Kind, found: Sequence[tuple[models.Offer, Leap]], stops: bool, now: Instant) -> None:
        first = stops and kind in MASSES and not brakes.of_state(self.account, "held", kind).exists()
        brakes.note(self.account, [Noted(row, leap, "held" if stops else "told") for row, leap in found], now)
        if kind == "jump":
            told = [(str(offers.key_of(row)), _worths(leap)) for row, leap in found]
            journal.write_many(now, [("price_jump_held", key, self.account, "", worths) for key, worths in told])
        elif first:
            journal.write(now, "brake_held", account=self.account, placeholders={"cause": kind})
        if stops:
            runs.poke("derive_issues", "house", now)

    def look_back(self, now: Instant) -> bool:
        """After all that was marked: what is held and turned out to be little goes on. True: something does."""
        goes_on = False
        for kind in MASSES:
            oldest = brakes.of_state(self.account, "held", kind).order_by("marked_at").first()
            if oldest is None:
                continue
            self._wave.pop(kind, None)
            if self._over(kind, brakes.counted(self.account, kind, oldest.marked_at), (), now):
                continue
            with transaction.atomic():
                rows = brakes.answer(brakes.of_state(self.account, "held", kind), "allowed", "", now)
                told = {"cause": kind, "count": str(len(rows))}
                journal.write(now, "brake_let_go", account=self.account, placeholders=told)
                offers.mark_these(rows, now, journal.correlation())
            goes_on = True
        return goes_on


def _worths(leap: Leap | models.Leap) -> dict[str, str]:
    """From what to what, as placeholders."""
    told = {"before": leap.before, "after": leap.after}
    return {name: str(Money(value, leap.currency)) if leap.currency else str(value) for name, value in told.items()}


def answer(
    deps: Deps, account: AccountId, kind: Kind, shown: str, yes: bool, by: str, state: str = "held"
) -> int | None:
    """A person says yes or no to exactly the leaps that were `shown` to them; the answer is how many.

    None: those are not the ones that are there now, and nothing has changed; look again. `state` "kept": a no is taken back.
    """
    now = deps.clock.now()
    with transaction.atomic():
        models.Account.objects.select_for_update(no_key=True).get(pk=account)
        if not shown or brakes.shown(account, state, kind) != shown:
            return None
        rows = brakes.answer(brakes.of_state(account, state, kind), "allowed" if yes else "kept", by, now)
        told = {"by": by, "cause": kind, "count": str(len(rows))}
        if yes:
            journal.write(now, "brake_allowed", account=account, placeholders=told)
            offers.mark_these(rows, now, journal.correlation())
        else:
            journal.write(now, "brake_kept", account=account, placeholders=told)
    runs.poke("reconcile_offers", f"account:{account}", now)
    runs.poke("derive_issues", "house", now)
    return len(rows)


def allow(deps: Deps, offer: models.Offer, shown: str, by: str) -> bool:
    """It is right: tell this offer's held values, the ones that were `shown`. False: they are others now, or none."""
    now, account = deps.clock.now(), AccountId(offer.account_id)
    with transaction.atomic():
        models.Account.objects.select_for_update(no_key=True).get(pk=account)
        rows = models.Leap.objects.filter(offer=offer, state__in=("held", "kept"))
        if not shown or shown_of(offer) != shown:
            return False
        for leap in rows:
            told, key = {"by": by, **_worths(leap)}, str(offers.key_of(offer))
            journal.write(now, "leap_allowed", account=account, subject=key, placeholders=told)
        offers.mark_these(brakes.answer(rows, "allowed", by, now), now, journal.correlation())
    runs.poke("reconcile_offers", f"account:{account}", now)
    runs.poke("derive_issues", "house", now)
    return True


def shown_of(offer: models.Offer) -> str:
    """The name of exactly what is held of an offer now, "" for nothing."""
    rows = models.Leap.objects.filter(offer=offer, state__in=("held", "kept")).order_by("pk")
    return "-".join(str(pk) for pk in rows.values_list("pk", flat=True))


def set_limits(deps: Deps, account: AccountId, told: Mapping[str, str], by: str) -> NotALimit | None:
    """From now on these limits count; an empty text: the usual one. NotALimit: nothing has changed. Safe to repeat.

    What is held is judged by them at once; a jump that is none any more is told.
    """
    try:
        kept = {name: core.checked(name, text) for name, text in told.items() if text.strip()}
    except NotALimit as error:
        return error
    now = deps.clock.now()
    with transaction.atomic():
        row = models.Account.objects.select_for_update(no_key=True).get(pk=account)
        if row.brakes == kept:
            return None
        brakes.set_limits(account, kept)
        said = ", ".join(
            f"{name}={kept.get(name, '')}" for name in core.BOUNDS if row.brakes.get(name) != kept.get(name)
        )
        journal.write(now, "brake_limits", account=account, placeholders={"by": by, "limits": said})
        held = list(brakes.of_state(account, "held").values_list("offer_id", flat=True))
        offers.mark_these(held, now, journal.correlation())
    runs.poke("reconcile_offers", f"account:{account}", now)
    return None


def limits_of(row: models.Account) -> Limits:
    """The limits that count for an account."""
    return core.limits(row.brakes)
