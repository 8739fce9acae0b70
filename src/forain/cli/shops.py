"""forain shop ...: what the pages do, for scripts."""

from pathlib import Path

import click

from forain.cli.ask import fail, pairs, secret, shop_row, tell, wrong
from forain.cli.house import visiting


@click.group("shop")
def shop_group() -> None:
    """Your shop."""


@shop_group.command("list")
def shop_list() -> None:
    """The connected shops."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.ids import ShopId
        from forain.store import shops

        for row in shops.every():
            counts = shops.counts(ShopId(row.pk))
            tell(
                f"{row.pk} {row.name} ({row.kind}): {counts['variants']} articles, {counts['problems']} with a problem"
            )
            if "hooks" in plugins.shop_manifest(row.kind).capabilities:
                tell(f"  webhook address: {wiring.deps().public_url}/hooks/{row.hook_name}")


@shop_group.command("add")
@click.argument("kind")
@click.option("--name", default="", help="How the pages call it.")
@click.option("--option", "options", multiple=True, help="name=value, for fields that are not secret.")
@click.option("--secret-file", "secret_files", multiple=True, help="name=file, for secret fields.")
def shop_add(kind: str, name: str, options: tuple[str, ...], secret_files: tuple[str, ...]) -> None:
    """Connect a shop of KIND (files, vendure, ...). A secret comes from its file, from FORAIN_NAME, or a prompt."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.engine import schedule
        from forain.flows import setup

        if kind not in plugins.shops():
            raise click.ClickException(f"there is no shop {kind}; there are {', '.join(plugins.shops())}")
        manifest = plugins.shop_manifest(kind)
        values = pairs(options, [f.name for f in manifest.fields if not f.secret], "--option")
        files = pairs(secret_files, [f.name for f in manifest.fields if f.secret], "--secret-file")
        for field in manifest.fields:
            if field.secret and (field.required or field.name in files):
                values[field.name] = secret(field.name, Path(files[field.name]) if field.name in files else None)
        if found := plugins.wrong_fields(manifest.fields, values):
            raise wrong(found, manifest.fields)
        try:
            row, answer = setup.add_shop(wiring.deps(), kind, name or manifest.name, values)
        except AdapterError as error:
            raise fail(error) from None
        except setup.Exists:
            raise click.ClickException("there is a shop of that name already; --name takes another") from None
        schedule.plan_shop(row.pk, wiring.deps().clock.now())
        tell(f"shop {row.pk} connected: {answer}")


@shop_group.command("check")
@click.argument("number", type=int)
def shop_check(number: int) -> None:
    """Ask the shop for a sign of life."""
    with visiting():
        from forain import wiring
        from forain.core.errors import AdapterError

        try:
            tell(wiring.deps().open.shop(shop_row(number)).check())
        except AdapterError as error:
            raise fail(error) from None


@shop_group.command("secret")
@click.argument("number", type=int)
@click.argument("name")
@click.option("--file", type=click.Path(path_type=Path), help="Read it from a file.")
def shop_secret(number: int, name: str, file: Path | None) -> None:
    """Enter a new token or secret (NAME as in the page's form: token, hook_secret); kept only if the shop answers."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.core.secret import Secret
        from forain.flows import setup

        row = shop_row(number)
        fields = {f.name: f for f in plugins.shop_manifest(row.kind).fields if f.secret}
        if name not in fields:
            raise click.ClickException(f"{row.kind} has no secret {name}; it has {', '.join(fields) or 'none'}")
        told = secret(name, file)
        if found := plugins.wrong_fields((fields[name],), {name: told}) or ({} if told else {name: "required"}):
            raise wrong(found, (fields[name],))
        try:
            tell(setup.enter_shop_secrets(wiring.deps(), row, {name: Secret(told)}))
        except AdapterError as error:
            raise fail(error) from None
