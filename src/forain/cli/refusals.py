"""forain refusals: what the marketplace refuses, by cause, and another try, for scripts."""

from typing import TYPE_CHECKING

import click

from forain.cli.ask import BY, account_row, reader_language, tell
from forain.cli.house import visiting

if TYPE_CHECKING:
    from forain.store.refusals import Group

MOST = 1000
"""So many codes are listed."""


@click.command("refusals")
@click.argument("account", type=int)
@click.option("--code", help="Only what is refused with this code of the marketplace.")
@click.option("--retry", is_flag=True, help="Try again what is listed.")
def refusals_command(account: int, code: str | None, retry: bool) -> None:
    """What the marketplace refuses of ACCOUNT's offers: code, how many, since when; cause, what to do, some SKUs."""
    with visiting():
        from forain import wiring
        from forain.core.ids import AccountId
        from forain.flows import retry_offers
        from forain.store import refusals
        from forain.web import words

        row, language = account_row(account), reader_language()
        # Named before it is listed: what is refused meanwhile is not among what is tried again.
        every = refusals.total(AccountId(account))
        found = refusals.groups(AccountId(account), MOST, code=code)
        if code is not None and not found:
            raise click.ClickException(f"nothing is refused with the code {code}; see: forain refusals {account}")
        if not found:
            tell(words.say(language, "refusals.none"))
            return
        for group in found:
            _tell_group(group, row.marketplace, language)
        if not retry:
            return
        shown = every.shown if code is None else found[0].shown
        count = retry_offers.retry(wiring.deps(), AccountId(account), shown, BY, code)
        if count is None:
            raise click.ClickException(words.say(language, "refusals.others_now"))
        tell(words.say(language, "refusals.retried" if count else "refusals.retried_none", {"count": count}))


def _tell_group(group: "Group", marketplace: str, language: str) -> None:
    from forain.web import words

    cause, cure = words.why_refused(language, marketplace, group.first)
    facts = [words.say(language, "refusals.count", {"count": group.count})]
    if group.since:
        facts.append(words.say(language, "refusals.since", {"date": words.day(language, group.since)}))
    if group.trying:
        facts.append(words.say(language, "refusals.trying", {"count": group.trying}))
    tell(f"{group.code or '-'}: {', '.join(facts)}")
    tell(f"  {cause or words.say(language, 'refusals.unknown_cause')}")
    tell(f"  {words.say(language, 'refusals.cure')}: {cure}")
    if group.first.text:
        tell(f"  {words.say(language, 'refusals.says', {'text': group.first.text})}")
    more = [f"(+{group.count - len(group.offers)})"] if group.count > len(group.offers) else []
    tell("  " + " ".join([offer.sku for offer in group.offers] + more))
