"""I mended what Amazon refused these offers for: try exactly those again."""

from django.db import transaction

from forain.core.ids import AccountId
from forain.flows.deps import Deps
from forain.store import journal, models, offers, refusals, runs


def retry(deps: Deps, account: AccountId, shown: str, by: str, code: str | None = None) -> int | None:
    """A person has the refused offers tried again that were `shown` to them; the answer is how many.

    0: each of them was taken meanwhile, or is being tried again already. None: those are not the ones that are there now, and
    nothing has changed; look again. `code`: only of that reason. What is refused since stays as it is, and is shown. Their alarm
    stands until the marketplace has taken them. Safe to repeat.
    """
    now = deps.clock.now()
    with journal.chain() as chain, transaction.atomic():
        # Two clicks at once: the second one finds them marked.
        models.Account.objects.select_for_update(no_key=True).get(pk=account)
        numbers = refusals.of_shown(account, shown, code)
        if not numbers:
            return None if numbers is None else 0
        offers.mark_these(numbers, now, chain)
        told = {"by": by, "count": str(len(numbers)), "code": code or ""}
        journal.write(now, "refusals_retried", account=account, placeholders=told)
    runs.poke("reconcile_offers", f"account:{account}", now)
    runs.poke("derive_issues", "house", now)
    return len(numbers)
