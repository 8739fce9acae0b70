"""forain account ...: what the pages do, for scripts. Secrets never come as arguments."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from forain.cli.ask import BY, account_row, fail, pairs, reader_language, secret, shop_row, site_row, tell, wrong
from forain.cli.house import visiting
from forain.core.authorization import PARTS, Part
from forain.core.plain import one_line

if TYPE_CHECKING:
    from forain.core.clock import Instant

ADDRESSES = ("token", "api", "consent")
GRANTED_ON = click.DateTime(["%Y-%m-%d"])


def _made_at(day: datetime | None, option: str = "--granted-on") -> "Instant | None":
    """Since when a token or a secret made on that day counts; None: no day was told."""
    from forain import wiring
    from forain.core import authorization
    from forain.web import words

    if day is None:
        return None
    now = wiring.deps().clock.now()
    made_at = authorization.made_at(day.date(), words.local(now).date(), now)
    if made_at is None:
        raise click.ClickException(f"{option} {day:%Y-%m-%d}: this day has not come yet")
    return made_at


@click.group("account")
def account_group() -> None:
    """Your accounts at marketplaces."""


@account_group.command("list")
def account_list() -> None:
    """The connected accounts, and for each of their sites whether Forain may write to it."""
    with visiting():
        from forain import wiring
        from forain.core import authorization
        from forain.core.ids import AccountId
        from forain.flows import land_safely
        from forain.store import accounts

        now = wiring.deps().clock.now()
        for row in accounts.every():
            facts = accounts.facts_of(row)
            left = authorization.days_left(facts, now)
            tell(f"{row.pk} {row.name} {row.seller} {row.region}: {authorization.phase(facts, now).value}"
                       f"{f', {left} days left' if left is not None else ''}{' (estimated)' if left is not None and facts.estimated else ''}{''.join(f' {part} paused' for part in row.paused)}"
                       f", {f'shop {row.shop_id}' if row.shop_id else 'no shop'}"
                       f"{f', safe landing {land_safely.stage_of(row, now).value}' if row.safe_landing else ''}")  # fmt: skip
            for site in accounts.sites(AccountId(row.pk)):
                tell(f"  {site.country} {site.site} {'writes' if site.writes_allowed_at else 'read-only'}")


@account_group.command("add")
@click.argument("marketplace")
@click.option("--kind", default="", help="private: your own application (the default). public: with a consent page.")
@click.option("--name", default="", help="How the pages call it.")
@click.option("--seller-id", required=True)
@click.option("--region", default="EU", show_default=True)
@click.option("--client-id", required=True)
@click.option("--application-id", default="", help="For a public application.")
@click.option("--shop", type=int, help="Its shop, by number; without it the first one.")
@click.option("--client-secret-file", type=click.Path(path_type=Path))
@click.option("--refresh-token-file", type=click.Path(path_type=Path), help="For a private application.")
@click.option("--granted-on", type=GRANTED_ON, help="The day you made the token; without it today counts.")
@click.option("--secret-made-on", type=GRANTED_ON, help="The day the client secret was made; without it today counts.")
@click.option("--address", "addresses", multiple=True, help="token=, api=, consent=: other addresses, for a box.")
@click.option("--field", "more", multiple=True, help="NAME=VALUE: what else this marketplace asks for.")
def account_add(
    marketplace: str, kind: str, name: str, seller_id: str, region: str, client_id: str, application_id: str,
    shop: int | None, client_secret_file: Path | None, refresh_token_file: Path | None, granted_on: datetime | None,
    secret_made_on: datetime | None, addresses: tuple[str, ...], more: tuple[str, ...],
) -> None:  # fmt: skip
    """Connect an account. Secrets come from their files, from FORAIN_CLIENT_SECRET and FORAIN_REFRESH_TOKEN,
    or a prompt."""
    with visiting():
        from django.conf import settings

        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.core.ids import ShopId
        from forain.engine import schedule
        from forain.flows import setup

        offered = plugins.offered(settings.RETIRED_ADDRESSES)
        if marketplace not in offered:
            raise click.ClickException(f"there is no marketplace {marketplace}; there are {', '.join(offered)}")
        manifest = plugins.marketplace_manifest(marketplace)
        kinds = [known.code for known in manifest.application_kinds]
        if (kind := kind or kinds[0]) not in kinds:
            raise click.ClickException(f"--kind {kind}: choose {' or '.join(kinds)}")
        by_consent = manifest.kind(kind).by_consent
        other = pairs(addresses, ADDRESSES, "--address")
        chosen = ShopId(shop_row(shop).pk) if shop is not None else None
        values = {
            "seller_id": seller_id, "region": region, "client_id": client_id, "application_id": application_id,
            "client_secret": secret("client_secret", client_secret_file),
            "refresh_token": "" if by_consent else secret("refresh_token", refresh_token_file),
        }  # fmt: skip
        fields = (*manifest.application_fields, *manifest.account_fields)
        values |= pairs(more, [field.name for field in fields if field.name not in values], "--field")
        found = plugins.wrong_fields(fields, values)
        needed = "application_id" if by_consent else "refresh_token"
        if found := found if values[needed] else {**found, needed: "required"}:
            raise wrong(found, fields)
        told = setup.NewAccount(
            marketplace,
            kind,
            name,
            values,
            plugins.addresses_of(
                marketplace, region, {f"address.{k}": v for k, v in other.items()}, settings.RETIRED_ADDRESSES
            ),
            shop=chosen,
            made_at=_made_at(granted_on),
            secret_made_at=_made_at(secret_made_on, "--secret-made-on"),
        )
        try:
            row = setup.add_account(wiring.deps(), told)
        except AdapterError as error:
            raise fail(error) from None
        except setup.Exists:
            raise click.ClickException("this seller is connected already") from None
        schedule.plan_account(row.pk, wiring.deps().clock.now())
        if by_consent:
            page = f"{wiring.deps().public_url}/accounts/{row.pk}"
            tell(f"account {row.pk} kept; now confirm it at the marketplace: open {page} and press Renew")
        else:
            tell(f"account {row.pk} connected, read-only: nothing is sent to a site before you say yes to it")
            tell(f"say yes with: forain account allow {row.pk} SITE")


@account_group.command("steps")
@click.argument("number", type=int, required=False)
@click.option("--marketplace", default="amazon", show_default=True, help="Before there is an account.")
def account_steps(number: int | None, marketplace: str) -> None:
    """The way to an application of your own: what is done, what is open and on which page, and how far each role is.

    Without NUMBER: before there is an account."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.ids import ApplicationId
        from forain.flows import register
        from forain.web.register import leads_to_own, steps_of

        row = account_row(number) if number is not None else None
        code = row.marketplace if row else marketplace
        if code not in plugins.marketplaces():
            raise click.ClickException(f"there is no marketplace {code}; there are {', '.join(plugins.marketplaces())}")
        manifest = plugins.marketplace_manifest(code)
        if not leads_to_own(manifest, row.application.kind if row else manifest.registration.kind):
            raise click.ClickException("there are no such steps: this is no application of your own")
        look = register.look(wiring.deps(), code, ApplicationId(row.application_id) if row else None)
        for step in steps_of(manifest, row, look, reader_language()):
            mark = {"seen": "x", "said": "x", "open": ">" if step.code == look.following else " "}[
                step.look.state.value
            ]
            tell(f"[{mark}] {step.title}")
            for link in step.links if step.look.state.value == "open" else ():
                tell(
                    f"      {link.name}{f' ({link.english})' if link.english else ''}{f': {link.url}' if link.url else ''}"
                )
        for role in look.roles:
            if role.wanted:
                tell(
                    f"{role.role.name}: {role.state.value}{', as last seen' if role.as_last_seen else ''}{f' since {role.since:%Y-%m-%d}' if role.since else ''}"
                )


@account_group.command("role")
@click.argument("number", type=int)
@click.argument("role")
@click.argument("said", type=click.Choice(["asked", "refused", "granted", "nothing"]))
@click.option("--on", "day", type=GRANTED_ON, help="The day; without it today.")
def account_role(number: int, role: str, said: str, day: datetime | None) -> None:
    """Say that ROLE (its English name) was asked for, refused or granted at the marketplace, or take back what was said."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.core.ids import ApplicationId
        from forain.core.registration import Said
        from forain.flows import register
        from forain.web import words

        row = account_row(number)
        found = plugins.marketplace_manifest(row.marketplace).registration.role(role)
        today = words.local(wiring.deps().clock.now()).date()
        try:
            register.say_roles(
                wiring.deps(), row.marketplace, ApplicationId(row.application_id), [found.code if found else role],
                None if said == "nothing" else Said(said), day.date() if day else today, today, BY,
            )  # fmt: skip
        except AdapterError as error:
            raise fail(error) from None
        tell(f"noted: {found.name if found else role}: {said}")


@account_group.command("check")
@click.argument("number", type=int)
def account_check(number: int) -> None:
    """Ask the marketplace for a sign of life. Where the account stands still, the worker looks at once too."""
    with visiting():
        from forain import wiring
        from forain.core.errors import AdapterError
        from forain.store import runs

        try:
            sites = wiring.deps().open.marketplace(account_row(number)).probe()
            runs.force(f"account:{number}", wiring.deps().clock.now(), ["probe"])
        except AdapterError as error:
            raise fail(error) from None
        tell(", ".join(f"{s.country} {s.site}" for s in sites))


@account_group.command("renew")
@click.argument("number", type=int)
@click.option("--refresh-token-file", type=click.Path(path_type=Path))
@click.option("--granted-on", type=GRANTED_ON, help="The day you made the token; without it today counts.")
def account_renew(number: int, refresh_token_file: Path | None, granted_on: datetime | None) -> None:
    """Enter a new refresh token; it is tried before it is kept."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.core.secret import Secret
        from forain.flows import authorize

        row = account_row(number)
        deps = wiring.deps()
        if plugins.marketplace_manifest(row.marketplace).kind(row.application.kind).by_consent:
            page = f"{deps.public_url}/accounts/{number}"
            raise click.ClickException(f"this account is renewed at the marketplace: open {page} and press Renew")
        made_at = _made_at(granted_on)
        token = secret("refresh_token", refresh_token_file)
        fields = [f for f in plugins.marketplace_manifest(row.marketplace).account_fields if f.secret]
        if found := plugins.wrong_fields(tuple(fields), {f.name: token for f in fields}):
            raise wrong(found, fields)
        try:
            authorize.enter_token(deps, row, Secret(token), made_at)
        except AdapterError as error:
            raise fail(error) from None
        tell("renewed; what stood still is catching up")


@account_group.command("renew-all")
@click.argument("number", type=int)
@click.option(
    "--token-file", "files", multiple=True, help="ACCOUNT=FILE: the new refresh token of one account; several times."
)
@click.option("--granted-on", type=GRANTED_ON, help="The day you made the tokens; without it today counts.")
def account_renew_all(number: int, files: tuple[str, ...], granted_on: datetime | None) -> None:
    """Renew every account of NUMBER's application in one go. Each token is tried before it is kept; an account without one
    stays as it is. Without --token-file each is asked for at a prompt: an empty line leaves the account out."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.core.secret import Secret
        from forain.flows import authorize
        from forain.store import accounts

        row, deps = account_row(number), wiring.deps()
        if plugins.marketplace_manifest(row.marketplace).kind(row.application.kind).by_consent:
            page = f"{deps.public_url}/accounts/{number}/renew-all"
            raise click.ClickException(f"these accounts are renewed at the marketplace: open {page}")
        rows = accounts.together(row)
        named = pairs(files, [str(one.pk) for one in rows], "--token-file")
        made_at = _made_at(granted_on)
        fields = [f for f in plugins.marketplace_manifest(row.marketplace).account_fields if f.secret]
        refused = False
        for one in rows:
            if files and str(one.pk) not in named:
                continue
            file = Path(named[str(one.pk)]) if files else None
            token = secret("refresh_token", file) if file else _asked_for(f"refresh token of {one.name} ({one.seller})")
            if not token:
                tell(f"{one.pk} {one.name}: left as it is")
                continue
            try:
                if found := plugins.wrong_fields(tuple(fields), {f.name: token for f in fields}):
                    raise wrong(found, fields)
                authorize.enter_token(deps, one, Secret(token), made_at)
            except AdapterError as error:
                refused = True
                tell(f"{one.pk} {one.name}: {fail(error).message}")
            except click.ClickException as error:
                refused = True
                tell(f"{one.pk} {one.name}: {error.message}")
            else:
                tell(f"{one.pk} {one.name}: renewed")
        if refused:
            raise click.ClickException("not every token was accepted; what was accepted is kept")


def _asked_for(what: str) -> str:
    """A secret typed at a prompt, "" for an empty line. Raises click.ClickException where there is no terminal."""
    if not sys.stdin.isatty():
        raise click.ClickException("tokens are secret: name --token-file ACCOUNT=FILE, or run this in a terminal")
    return str(click.prompt(what, hide_input=True, default="", show_default=False)).strip()


@account_group.command("date")
@click.argument("number", type=int)
@click.option("--granted-on", type=GRANTED_ON, required=True, help="The day the token was made.")
def account_date(number: int, granted_on: datetime) -> None:
    """Correct the date of a token that was pasted by hand: it ends a year after the day it was made."""
    with visiting():
        from forain import wiring
        from forain.core.errors import AdapterError
        from forain.flows import authorize

        row = account_row(number)
        made_at = _made_at(granted_on)
        assert made_at is not None
        try:
            end = authorize.correct_date(wiring.deps(), row, row.grant_no, made_at, BY)
        except AdapterError as error:
            raise fail(error) from None
        tell(f"authorized until {end:%Y-%m-%d} (estimated)")


@account_group.command("secret")
@click.argument("number", type=int)
@click.option("--client-secret-file", type=click.Path(path_type=Path))
@click.option("--made-on", type=GRANTED_ON, help="The day it was made; without it today counts.")
def account_secret(number: int, client_secret_file: Path | None, made_on: datetime | None) -> None:
    """Enter the new client secret after a rotation; it is tried before it is kept."""
    with visiting():
        from forain import plugins, wiring
        from forain.core.errors import AdapterError
        from forain.core.secret import Secret
        from forain.flows import authorize

        row = account_row(number)
        made_at = _made_at(made_on, "--made-on")
        told = secret("client_secret", client_secret_file)
        fields = [f for f in plugins.marketplace_manifest(row.marketplace).application_fields if f.secret]
        if found := plugins.wrong_fields(tuple(fields), {f.name: told for f in fields}):
            raise wrong(found, fields)
        try:
            outcome = authorize.enter_secret(wiring.deps(), row.application, Secret(told), made_at)
        except AdapterError as error:
            raise fail(error) from None
        same = outcome.code == "secret_present"
        tell("this is the present client secret already" if same else "the new client secret works and is kept")


@account_group.command("secret-date")
@click.argument("number", type=int)
@click.option("--made-on", type=GRANTED_ON, required=True, help="The day the client secret was made.")
def account_secret_date(number: int, made_on: datetime) -> None:
    """Correct the date of a client secret that was entered by hand: it ends 180 days after the day it was made."""
    with visiting():
        from forain import wiring
        from forain.core.errors import AdapterError
        from forain.flows import authorize

        application = account_row(number).application
        made_at = _made_at(made_on, "--made-on")
        assert made_at is not None
        try:
            end = authorize.correct_secret_date(wiring.deps(), application, application.secret_no, made_at, BY)
        except AdapterError as error:
            raise fail(error) from None
        tell(f"client secret until {end:%Y-%m-%d} (estimated)")


@account_group.command("queue")
@click.argument("number", type=int)
@click.option("--url", default="", help="The queue's URL, as the AWS console shows it.")
@click.option("--region", default="", help="Where the URL does not name it, such as eu-west-1.")
@click.option("--access-key-id", default="")
@click.option("--secret-access-key-file", type=click.Path(path_type=Path))
@click.option("--off", is_flag=True, help="Remove it: new secrets are entered by hand again.")
def account_queue(
    number: int, url: str, region: str, access_key_id: str, secret_access_key_file: Path | None, off: bool
) -> None:
    """The queue through which the application's new client secrets come; it is tried before it is kept. Without --url:
    show what is set. The key comes from its file, from FORAIN_SECRET_ACCESS_KEY, or a prompt."""
    with visiting():
        from forain import wiring
        from forain.contracts.queue import QueueAddress
        from forain.core.errors import AdapterError
        from forain.core.ids import ApplicationId
        from forain.core.secret import Secret
        from forain.flows import rotate_secret
        from forain.store import queues

        application = account_row(number).application
        if off:
            rotate_secret.remove_queue(wiring.deps(), application, BY)
            tell("removed; enter new secrets with: forain account secret")
            return
        if not url:
            row = queues.get(ApplicationId(application.pk))
            if row is None:
                raise click.ClickException("no queue is set; say --url, --access-key-id and the key")
            awaited = rotate_secret.facts_of(application, row).awaited_since
            read = f"last read {row.read_at:%Y-%m-%d %H:%M} UTC" if row.read_at else "not read yet"
            tell(f"{row.url} {row.region}: {read}{', a new secret is awaited' if awaited else ''}")
            return
        if not access_key_id:
            raise click.ClickException("--access-key-id is missing")
        key = Secret(secret("secret_access_key", secret_access_key_file))
        try:
            rotate_secret.set_queue(wiring.deps(), application, QueueAddress(url, region, access_key_id), key, BY)
        except AdapterError as error:
            raise fail(error) from None
        tell("the queue answers and is kept; from now on the client secret is renewed by itself")


@account_group.command("rotate")
@click.argument("number", type=int)
def account_rotate(number: int) -> None:
    """Ask for a new client secret now; it comes through the queue, and the present one works seven days more."""
    with visiting():
        from forain import wiring
        from forain.core.errors import AdapterError
        from forain.flows import rotate_secret

        try:
            rotate_secret.ask_now(wiring.deps(), account_row(number).application, BY)
        except AdapterError as error:
            raise fail(error) from None
        tell("asked for; it comes through the queue within minutes")


@account_group.command("allow")
@click.argument("number", type=int)
@click.argument("site")
@click.option("--off", is_flag=True, help="Take it back: read-only again.")
@click.option("--dry-run", is_flag=True, help="Change nothing: print all that would be sent, and why, as CSV.")
def account_allow(number: int, site: str, off: bool, dry_run: bool) -> None:
    """Say yes for one SITE (FR, or Amazon's id of it): from now on Forain writes stock and prices to it."""
    if off and dry_run:
        raise click.ClickException("--off and --dry-run: one of them")
    with visiting():
        from forain import wiring
        from forain.core.ids import AccountId, SiteId
        from forain.flows import preview_site, setup

        account_row(number)
        found = site_row(number, site)
        if dry_run:
            for line in preview_site.csv_lines(AccountId(number), found.site):
                tell(line.rstrip("\r\n"))
            return
        setup.allow_writes(wiring.deps(), AccountId(number), SiteId(found.site), not off, BY)
        tell(f"{found.country}: {'read-only' if off else 'Forain writes stock and prices'}")


@account_group.command("pause")
@click.argument("number", type=int)
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--off", is_flag=True, help="Go on again.")
def account_pause(number: int, parts: tuple[Part, ...], off: bool) -> None:
    """Stop these parts of an account, or go on with them. None named: stop all but shipments; go on with all."""
    with visiting():
        from forain import wiring
        from forain.core.ids import AccountId
        from forain.flows import setup

        account_row(number)
        setup.pause(wiring.deps(), AccountId(number), not off, BY, parts)
        paused = account_row(number).paused
        tell(f"paused: {', '.join(paused)}" if paused else "running")


@account_group.command("empty")
@click.argument("number", type=int)
@click.option("--undo", is_flag=True, help="Put everything back on sale.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def account_empty(number: int, undo: bool, yes: bool) -> None:
    """All quantities to 0, what sells most first; or what the shop has again."""
    with visiting():
        from forain import wiring
        from forain.core.ids import AccountId
        from forain.flows import empty_shelves
        from forain.store import landings

        row = account_row(number)
        if undo:
            done = empty_shelves.undo(wiring.deps(), AccountId(number), BY)
            tell("quantities are what the shop has" if done else "nothing was set to 0")
            return
        if not yes:
            click.confirm(f"Set {landings.left(AccountId(number))} offers of {one_line(row.name)} to 0?", abort=True)
        done = empty_shelves.empty(wiring.deps(), AccountId(number), BY)
        tell("all quantities go to 0" if done else "they are to be 0 already")


@account_group.command("holiday")
@click.argument("number", type=int)
@click.option("--first", type=GRANTED_ON, help="Its first day.")
@click.option("--last", type=GRANTED_ON, help="Its last day.")
@click.option("--off", is_flag=True, help="Take it back, also while it is under way.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def account_holiday(number: int, first: datetime | None, last: datetime | None, off: bool, yes: bool) -> None:
    """From the first day until the last one your own offers show 0. Without days: say what is entered, and what Amazon shows of its own."""
    with visiting():
        from datetime import timedelta

        from forain import wiring
        from forain.core.holiday import A_MOMENT
        from forain.core.ids import AccountId
        from forain.flows import empty_shelves
        from forain.store import accounts
        from forain.web import words

        row = account_row(number)
        if off:
            tell("taken back" if empty_shelves.no_holiday(wiring.deps(), AccountId(number), BY) else "there is none")
            return
        if (first is None) != (last is None):
            raise click.ClickException("--first and --last: both of them")
        if first is not None and last is not None:
            if not yes:
                click.confirm(
                    f"Show 0 of all offers of {one_line(row.name)} from {first:%Y-%m-%d} until {last:%Y-%m-%d}?",
                    abort=True,
                )
            begins, ends = words.day_begins(first.date()), words.day_begins(last.date() + timedelta(days=1))
            refused = empty_shelves.say_holiday(wiring.deps(), AccountId(number), begins, ends, BY)
            if refused is not None:
                raise click.ClickException(words.say(reader_language(), f"wrong.{refused.code}"))
            row = account_row(number)
        for site in accounts.sites(AccountId(number)):
            if site.suspended:
                gaps = {"site": site.domain or site.site}
                tell(words.say(reader_language(), "brakes.vacation_there", gaps), aside=True)
        if row.holiday_begins is None or row.holiday_ends is None:
            tell("there is none")
            return
        days = [words.local(moment).date() for moment in (row.holiday_begins, row.holiday_ends - A_MOMENT)]
        tell(f"from {days[0]} until {days[1]}{', under way' if row.holiday_begun_at else ''}")


@account_group.command("landing")
@click.argument("number", type=int)
@click.argument("answer", type=click.Choice(["on", "off", "stop"]))
def account_landing(number: int, answer: str) -> None:
    """Safe landing: quantities go to 0 a day before the authorization ends (on), or do not (off). stop: not this time."""
    with visiting():
        from forain import wiring
        from forain.core.errors import AdapterError
        from forain.core.ids import AccountId
        from forain.flows import land_safely

        account_row(number)
        if answer == "stop":
            if not land_safely.call_off(wiring.deps(), AccountId(number), BY):
                raise click.ClickException(f"account {number} has no safe landing to stop")
            tell("not this time: quantities are what the shop has")
            return
        try:
            land_safely.switch(wiring.deps(), AccountId(number), answer == "on", BY)
        except AdapterError as error:
            raise fail(error) from None
        tell(f"safe landing {answer}")


@account_group.command("disconnect")
@click.argument("number", type=int)
@click.confirmation_option(prompt="Forget the token of this account?")
def account_disconnect(number: int) -> None:
    """Forget the token of an account. Orders, links and the journal stay; it can be connected again."""
    with visiting():
        from forain import wiring
        from forain.flows import authorize

        authorize.disconnect(wiring.deps(), account_row(number))
        tell("disconnected; connect it again with: forain account renew")
