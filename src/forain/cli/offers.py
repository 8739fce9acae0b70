"""forain offer: why an offer has its quantity and its price, for scripts."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from forain.cli.ask import account_row, reader_language, site_row, tell
from forain.cli.house import visiting

if TYPE_CHECKING:
    from forain.web.reasons import Past, Step

MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


@click.group("offer")
def offer_group() -> None:
    """The marketplaces' offers."""


@offer_group.command("why")
@click.argument("account", type=int)
@click.argument("sku")
@click.option("--site", help="Only this one (FR, or Amazon's id of it).")
@click.option("--at", type=click.DateTime(MOMENTS), help="As it was then, on the clock of the pages.")
def offer_why(account: int, sku: str, site: str | None, at: datetime | None) -> None:
    """Why ACCOUNT's SKU has its quantity and its price: each step, what was told, what was seen; now, or at a past moment."""
    with visiting():
        from forain import wiring
        from forain.store import models
        from forain.web import reasons, words

        account_row(account)
        rows = models.Offer.objects.filter(account=account, sku=sku).order_by("pk")
        if site is not None:
            rows = rows.filter(site=site_row(account, site).site)
        found = list(rows)
        if not found:
            raise click.ClickException(f"account {account} has no offer {sku}" + (f" on {site}" if site else ""))
        moment = words.moment(at) if at else wiring.deps().clock.now()
        for row in found:
            tell(f"{row.sku} {words.site(row.site)}")
            _tell(reasons.as_of(row, moment), reader_language())


def _tell(past: "Past", language: str) -> None:
    from forain.web import words

    if past.reckoning is None:
        tell("  " + words.say(language, "offers.past_none"))
    else:
        for title, value, steps in (
            ("offers.quantity", past.reckoning.quantity, past.quantity_steps),
            ("offers.price", _price(past), past.price_steps),
        ):
            tell(f"  {words.say(language, title)}: {'-' if value is None else words.term(language, '', str(value))}")
            for step in steps:
                tell(f"    {_step(step, language)}")
        for name, text in past.reckoning.terms.items():
            tell(f"  {words.say(language, f'term.{name}')}: {words.term(language, name, text)}")
        for note in past.reckoning.notes:
            tell(f"  {words.say(language, f'step.{note}')}")
        if past.reckoning.held:
            tell(f"  {words.say_stored(language, past.reckoning.held)}")
        tell(f"  {words.say(language, 'offers.reckoned')}: {words.local(past.reckoning.at):%Y-%m-%d %H:%M:%S}")
    for line, none in ((past.told, "offers.past_not_told"), (past.observed, "offers.past_not_seen")):
        if line is None:
            tell("  " + words.say(language, none))
        else:
            said = words.tell(language, f"entry.{line.code}", line.placeholders)
            tell(f"  {words.local(line.at):%Y-%m-%d %H:%M:%S} {said}")


def _price(past: "Past") -> str | None:
    from forain.store import offers

    price = offers.money(past.reckoning.minor, past.reckoning.currency) if past.reckoning else None
    return str(price) if price else None


def _step(step: "Step", language: str) -> str:
    from forain.web import words

    code, value, level = step
    by = f" ({words.say(language, f'rules.by_{level}')})" if level else ""
    return f"{words.say(language, f'step.{code}')}: {words.term(language, code, value)}{by}"
