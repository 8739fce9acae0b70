"""forain shop ..., forain account ...: what the pages do, for scripts. Secrets never come as arguments."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forain.cli.house import visiting

if TYPE_CHECKING:
    from forain.contracts.manifest import Field
    from forain.core.errors import AdapterError


def secret(name: str, file: Path | None) -> str:
    """From a file, from FORAIN_<NAME>, or asked for at a prompt."""
    if file is not None:
        return file.read_text().strip()
    told = os.environ.get(f"FORAIN_{name.upper()}", "")
    if told:
        return told
    if not sys.stdin.isatty():
        raise click.ClickException(
            f"{name} is secret: set FORAIN_{name.upper()}, or name a file, or run this in a terminal"
        )
    return str(click.prompt(name, hide_input=True)).strip()


def fail(error: "AdapterError") -> click.ClickException:
    from forain.cli.run import reader_language
    from forain.web.words import say_error

    return click.ClickException(f"{say_error(reader_language(), error.code, error.placeholders)} [{error}]")


def _say_wrong(wrong: dict[str, str], fields: "tuple[Field, ...]") -> click.ClickException:
    from forain.cli.run import reader_language
    from forain.web.words import say

    examples = {f.name: f.example for f in fields}
    lines = [
        f"{name}: {say(reader_language(), 'error.' + why, {'example': examples[name]})}" for name, why in wrong.items()
    ]
    return click.ClickException("\n".join(lines))


@click.group("shop")
def shop_group() -> None:
    """Your shop."""


@shop_group.command("list")
def shop_list() -> None:
    """The connected shops."""
    with visiting():
        from forain import plugins, wiring
        from forain.store import shops

        for row in shops.every():
            counts = shops.counts(row.pk)
            click.echo(
                f"{row.pk} {row.name} ({row.kind}): {counts['variants']} articles, {counts['problems']} with a problem"
            )
            if "hooks" in plugins.shop_manifest(row.kind).capabilities:
                click.echo(f"  webhook address: {wiring.deps().public_url}/hooks/{row.hook_name}")


@shop_group.command("add")
@click.argument("kind")
@click.option("--name", default="")
@click.option("--option", "options", multiple=True, help="name=value, for fields that are not secret.")
@click.option("--secret-file", "secret_files", multiple=True, help="name=file, for secret fields.")
def shop_add(kind: str, name: str, options: tuple[str, ...], secret_files: tuple[str, ...]) -> None:
    """Connect a shop of KIND (files, vendure, ...)."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.engine import schedule
        from forain.flows import setup

        if kind not in plugins.shops():
            raise click.ClickException(f"there is no shop {kind}; there are {', '.join(plugins.shops())}")
        manifest = plugins.shop_manifest(kind)
        values = dict(o.split("=", 1) for o in options if "=" in o)
        files = dict(o.split("=", 1) for o in secret_files if "=" in o)
        for field in manifest.fields:
            if field.secret and (field.required or field.name in files):
                values[field.name] = secret(field.name, Path(files[field.name]) if field.name in files else None)
        if wrong := plugins.wrong_fields(manifest.fields, values):
            raise _say_wrong(wrong, manifest.fields)
        try:
            row, answer = setup.add_shop(wiring.deps(), kind, name or manifest.name, values)
        except AdapterError as error:
            raise fail(error) from None
        except setup.Exists:
            raise click.ClickException("there is a shop of that name already; --name takes another") from None
        schedule.plan_shop(row.pk, wiring.deps().clock.now())
        click.echo(f"shop {row.pk} connected: {answer}")


@shop_group.command("check")
@click.argument("number", type=int)
def shop_check(number: int) -> None:
    """Ask the shop for a sign of life."""
    with visiting():
        from forain import wiring
        from forain.core.errors import AdapterError
        from forain.store import models

        row = models.Shop.objects.filter(pk=number).first()
        if row is None:
            raise click.ClickException(f"there is no shop {number}; see: forain shop list")
        try:
            click.echo(wiring.deps().open.shop(row).check())
        except AdapterError as error:
            raise fail(error) from None


@shop_group.command("secret")
@click.argument("number", type=int)
@click.argument("name")
@click.option("--file", type=click.Path(exists=True, path_type=Path), help="Read it from a file.")
def shop_secret(number: int, name: str, file: Path | None) -> None:
    """Enter a new token or secret (NAME as in the page's form: token, hook_secret); kept only if the shop answers."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.core.secret import Secret
        from forain.flows import setup
        from forain.store import models

        row = models.Shop.objects.filter(pk=number).first()
        if row is None:
            raise click.ClickException(f"there is no shop {number}; see: forain shop list")
        fields = {f.name: f for f in plugins.shop_manifest(row.kind).fields if f.secret}
        if name not in fields:
            raise click.ClickException(f"{row.kind} has no secret {name}; it has {', '.join(fields) or 'none'}")
        told = secret(name, file)
        if wrong := plugins.wrong_fields((fields[name],), {name: told}) or ({} if told else {name: "required"}):
            raise _say_wrong(wrong, (fields[name],))
        try:
            click.echo(setup.enter_shop_secrets(wiring.deps(), row, {name: Secret(told)}))
        except AdapterError as error:
            raise fail(error) from None


@click.group("account")
def account_group() -> None:
    """Your accounts at marketplaces."""


@account_group.command("list")
def account_list() -> None:
    """The connected accounts."""
    with visiting():
        from forain import wiring
        from forain.core import authorization
        from forain.store import accounts

        now = wiring.deps().clock.now()
        for row in accounts.every():
            facts = accounts.facts_of(row)
            left = authorization.days_left(facts, now)
            click.echo(f"{row.pk} {row.name} {row.seller} {row.region}: {authorization.phase(facts, now).value}"
                       f"{f', {left} days left' if left is not None else ''}{', paused' if row.paused_by_user else ''}")  # fmt: skip


@account_group.command("add")
@click.argument("marketplace")
@click.option("--name", default="")
@click.option("--seller-id", required=True)
@click.option("--region", default="EU", show_default=True)
@click.option("--client-id", required=True)
@click.option("--client-secret-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--refresh-token-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--address", "addresses", multiple=True, help="token=, api=, consent=: other addresses, for a box.")
def account_add(
    marketplace: str, name: str, seller_id: str, region: str, client_id: str, client_secret_file: Path | None,
    refresh_token_file: Path | None, addresses: tuple[str, ...],
) -> None:  # fmt: skip
    """Connect an account with your own private application."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.engine import schedule
        from forain.flows import setup

        if marketplace not in plugins.marketplaces():
            raise click.ClickException(
                f"there is no marketplace {marketplace}; there are {', '.join(plugins.marketplaces())}"
            )
        manifest = plugins.marketplace_manifest(marketplace)
        values = {
            "seller_id": seller_id, "region": region, "client_id": client_id,
            "client_secret": secret("client_secret", client_secret_file),
            "refresh_token": secret("refresh_token", refresh_token_file),
        }  # fmt: skip
        fields = (*manifest.application_fields, *manifest.account_fields)
        if wrong := plugins.wrong_fields(fields, values):
            raise _say_wrong(wrong, fields)
        told = setup.NewAccount(
            marketplace, manifest.application_kinds[0].code, name, values,
            {f"address.{k}": v for k, v in (a.split("=", 1) for a in addresses if "=" in a)},
        )  # fmt: skip
        try:
            row = setup.add_account(wiring.deps(), told)
        except AdapterError as error:
            raise fail(error) from None
        except setup.Exists:
            raise click.ClickException("this seller is connected already") from None
        schedule.plan_account(row.pk, wiring.deps().clock.now())
        click.echo(f"account {row.pk} connected, read-only: nothing is sent to a site before you say yes on its page")


def _account(number: int) -> "object":
    from forain.store import models

    row = models.Account.objects.select_related("application", "shop").filter(pk=number).first()
    if row is None:
        raise click.ClickException(f"there is no account {number}; see: forain account list")
    return row


@account_group.command("check")
@click.argument("number", type=int)
def account_check(number: int) -> None:
    """Ask the marketplace for a sign of life."""
    with visiting():
        from forain import wiring
        from forain.core.errors import AdapterError

        try:
            sites = wiring.deps().open.marketplace(_account(number)).probe()  # type: ignore[arg-type]
        except AdapterError as error:
            raise fail(error) from None
        click.echo(", ".join(f"{s.country} {s.site}" for s in sites))


@account_group.command("renew")
@click.argument("number", type=int)
@click.option("--refresh-token-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def account_renew(number: int, refresh_token_file: Path | None) -> None:
    """Enter a new refresh token; it is tried before it is kept."""
    with visiting():
        from forain import wiring
        from forain.core.errors import AdapterError
        from forain.core.secret import Secret
        from forain.flows import authorize

        row = _account(number)
        token = secret("refresh_token", refresh_token_file)
        try:
            authorize.enter_token(wiring.deps(), row, Secret(token), None)  # type: ignore[arg-type]
        except AdapterError as error:
            raise fail(error) from None
        click.echo("renewed; what stood still is catching up")


@account_group.command("pause")
@click.argument("number", type=int)
@click.option("--off", is_flag=True, help="Go on again.")
def account_pause(number: int, off: bool) -> None:
    """Stop synchronizing an account, or go on."""
    with visiting():
        from forain import wiring
        from forain.core.ids import AccountId
        from forain.flows import setup

        _account(number)
        setup.pause(wiring.deps(), AccountId(number), not off, "command line")
        click.echo("running" if off else "paused")
