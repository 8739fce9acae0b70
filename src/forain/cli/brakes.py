"""forain brake ...: what is held because it is too much at once, and its limits, for scripts."""

import click

from forain.cli.ask import BY, account_row, pairs, reader_language, tell
from forain.cli.house import visiting
from forain.core.brakes import BOUNDS, KINDS, Limits


@click.group("brake")
def brake_group() -> None:
    """What is too much at once: many offers to 0, many prices far away, a price of another order of magnitude."""


@brake_group.command("list")
@click.argument("account", type=int)
def brake_list(account: int) -> None:
    """What is held or kept: kind, SET (for `brake yes` and `brake no`), and each offer; and the limits."""
    with visiting():
        from forain.core.ids import AccountId
        from forain.core.money import Money
        from forain.flows import brake
        from forain.store import brakes

        row = account_row(account)
        for state in ("held", "kept"):
            for kind in KINDS:
                if shown := brakes.shown(AccountId(account), state, kind):
                    tell(f"{state} {kind} {shown}")
                    for leap in brakes.of_state(AccountId(account), state, kind).iterator():
                        worth = [
                            str(Money(value, leap.currency)) if leap.currency else str(value)
                            for value in (leap.before, leap.after)
                        ]
                        tell(f"  {leap.offer.site} {leap.offer.sku} {worth[0]} -> {worth[1]}")
        limits = brake.limits_of(row)
        told = {name: getattr(limits, name) for name in BOUNDS}
        tell(" ".join(f"{name}={'none' if value is None else value}" for name, value in told.items()))


def _answer(account: int, kind: str, shown: str, yes: bool) -> None:
    with visiting():
        from forain import wiring
        from forain.core.ids import AccountId
        from forain.flows import brake
        from forain.store import brakes

        account_row(account)
        state = "held" if brakes.shown(AccountId(account), "held", kind) == shown or not yes else "kept"
        count = brake.answer(wiring.deps(), AccountId(account), kind, shown, yes, BY, state)  # type: ignore[arg-type]
        if count is None:
            raise click.ClickException(f"{kind} {shown} is not what is held now; see: forain brake list {account}")
        tell(f"{count} {'go to the marketplace' if yes else 'stay as they are on the marketplace'}")


@brake_group.command("yes")
@click.argument("account", type=int)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("shown", metavar="SET")
def brake_yes(account: int, kind: str, shown: str) -> None:
    """It is right: send exactly the SET that `brake list` showed. What comes later is asked about again."""
    _answer(account, kind, shown, yes=True)


@brake_group.command("no")
@click.argument("account", type=int)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("shown", metavar="SET")
def brake_no(account: int, kind: str, shown: str) -> None:
    """Keep what stands on the marketplace, until the shop says something else."""
    _answer(account, kind, shown, yes=False)


@brake_group.command("limits")
@click.argument("account", type=int)
@click.argument("limits", nargs=-1, metavar="NAME=VALUE...")
def brake_limits(account: int, limits: tuple[str, ...]) -> None:
    """Set single limits; NAME= means the usual one again, NAME=none switches that brake off."""
    told = pairs(limits, list(BOUNDS), "brake limits")
    if not told:
        usual = " ".join(f"{name}={getattr(Limits(), name)}" for name in BOUNDS)
        raise click.ClickException(f"nothing to set: write NAME=VALUE; the usual limits are {usual}")
    with visiting():
        from forain import wiring
        from forain.core.ids import AccountId
        from forain.flows import brake
        from forain.web.words import say

        row = account_row(account)
        refused = brake.set_limits(wiring.deps(), AccountId(account), {**row.brakes, **told}, BY)
        if refused is not None:
            words = say(reader_language(), f"wrong.{refused.code}", {"told": refused.told})
            raise click.ClickException(f"{refused.name}: {words}")
        tell("set")
