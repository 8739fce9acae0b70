"""Tell offers one by one: write the intents, call out, write each receipt as it comes, leave a trace."""

from datetime import timedelta

from django.db import transaction

from forain.contracts.marketplace import Accepted, Marketplace, Refusal, Unclear
from forain.core import errors
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.core.offers import Change
from forain.core.terms import as_text
from forain.flows import authorize
from forain.flows.deps import Deps
from forain.flows.observe_offers import FIRST_LOOK
from forain.store import journal, models, offers, runs

HOLD_AGAIN = timedelta(seconds=30)
"""How often a worker that tells many offers says that it still holds the rest."""


def tell(deps: Deps, account: models.Account, adapter: Marketplace, to_tell: list[tuple[models.Offer, Change]]) -> None:
    """Write the intents, commit, call out, write each receipt as it comes.

    Told is only what this worker holds while it tells: an older value must not come after another worker's newer one.
    """
    held_at = now = deps.clock.now()
    ours = {row.pk for row in offers.hold([row for row, _ in to_tell], now)}
    to_tell = offers.intend([(row, change) for row, change in to_tell if row.pk in ours], now)
    waiting = {change.key: row for row, change in to_tell}
    changes = {change.key: change for _, change in to_tell}
    if (held := _held(deps, list(waiting.values()), held_at)) is None:
        return
    held_at = held
    try:
        for receipt in adapter.submit([change for _, change in to_tell]):
            row = waiting.pop(receipt.key)
            told_at = deps.clock.now()
            change = changes[receipt.key]
            # The receipt and its line in the journal together: it is read from the generator once only.
            with transaction.atomic():
                until = told_at + deps.open.marketplace_manifest(account.marketplace).acknowledge_within
                match receipt:
                    case Accepted(submission_id=submission):
                        offers.accepted(row, submission, until)
                        _journal(deps, account, row, change, "told")
                    case Unclear(field=field):
                        offers.accepted(row, offers.UNREAD, until)
                        _journal(deps, account, row, change, "answer_unread", field)
                    case Refusal(problems=problems):
                        new = offers.refused(row, problems, row.wanted_no, told_at)
                        if new or not offers.told_before(row, change):
                            _journal(deps, account, row, change, "refused", problems[0].text if problems else "")
                    case _:
                        offers.settle(row, row.wanted_no)
            if (held := _held(deps, list(waiting.values()), held_at)) is None:
                return
            held_at = held
    except (errors.Throttled, *authorize.REFUSALS, errors.Denied):
        # Refused at the door: nothing of what has no receipt was taken.
        for row in waiting.values():
            offers.untold(row)
        raise
    finally:
        runs.poke("observe_offers", f"account:{account.pk}", deps.clock.now() + FIRST_LOOK)


def _held(deps: Deps, rows: list[models.Offer], held_at: Instant) -> Instant | None:
    """Say once more, where the last time is a while ago, that these are held; the answer is when that was.

    None: this worker was away for so long that another took one over; none of them is to be told. Asked by the clock as
    it is now, and again where the asking took long: a machine may sleep at any statement.
    """
    while rows and deps.clock.now() - held_at > HOLD_AGAIN:
        held_at = deps.clock.now()
        if len(offers.hold(rows, held_at)) < len(rows):
            for row in rows:
                offers.untold(row)
            return None
    return held_at


def words_of(change: Change, problem: str = "") -> dict[str, str]:
    """The placeholders of a change in the journal."""
    return {
        "quantity": "" if change.quantity is None else str(change.quantity),
        "price": str(change.price) if change.price else "",
        **as_text(change.terms),
        "problem": problem,
    }


def _journal(
    deps: Deps, account: models.Account, row: models.Offer, change: Change, code: str, problem: str = ""
) -> None:
    told = words_of(change, problem)
    journal.write(
        deps.clock.now(), code, account=AccountId(account.pk), subject=str(change.key), placeholders=told,
        correlation_id=row.correlation,
    )  # fmt: skip
