"""Every step from the database to Amazon, one line each, with the cure of what fails."""

from forain import plugins, wiring
from forain.cli.ask import reader_language, tell
from forain.core import authorization
from forain.core.errors import AdapterError
from forain.store import accounts, instance, keys, runs, shops
from forain.web.words import say, say_error


def _line(good: bool, what: str, cure: str = "") -> int:
    tell(f"{'ok  ' if good else 'FAIL'} {what}{f': {cure}' if cure else ''}")
    return 0 if good else 1


def examine() -> int:
    """The answer is how many steps failed."""
    language = reader_language()
    deps = wiring.deps()
    now = deps.clock.now()
    trouble = _line(True, "database and tables")
    torn = keys.survey(deps.vault.keys()).none
    trouble += _line(not torn, "stored secrets", say(language, "cure.keys", {"count": torn}) if torn else "")
    trouble += _line(True, f"adapters: {', '.join((*plugins.shops(), *plugins.marketplaces()))}")
    age = instance.worker_age_seconds(now)
    alive = age is not None and age < 60
    trouble += _line(alive, "worker", "" if alive else say(language, "dash.worker_away"))
    if deps.mail is not None:
        try:
            deps.mail.check()
            trouble += _line(True, "mail server")
        except AdapterError as error:
            trouble += _line(False, "mail server", say_error(language, error.code, error.placeholders))
    for shop in shops.every():
        try:
            trouble += _line(True, f"shop {shop.name}: {deps.open.shop(shop).check()}")
        except AdapterError as error:
            trouble += _line(False, f"shop {shop.name}", say_error(language, error.code, error.placeholders))
    for account in accounts.every():
        facts = accounts.facts_of(account)
        answer = accounts.may_sync(account, now)
        good = isinstance(answer, authorization.Yes)
        code = "running" if isinstance(answer, authorization.Yes) else answer.code
        trouble += _line(
            good, f"account {account.name}: {authorization.phase(facts, now).value}", say(language, f"sync.{code}")
        )
        try:
            sites = deps.open.marketplace(account).probe()
            trouble += _line(True, f"account {account.name} answers: {', '.join(s.country for s in sites)}")
        except AdapterError as error:
            trouble += _line(False, f"account {account.name}", say_error(language, error.code, error.placeholders))
        if account.selling_plan == "INDIVIDUAL":
            trouble += _line(False, "selling plan", say(language, "cure.plan_individual"))
    for run in runs.troubled():
        trouble += _line(False, f"{run.flow} of {run.subject}", run.error)
    if not shops.every():
        _line(True, say(language, "dash.no_shop"))
    return trouble
