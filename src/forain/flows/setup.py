"""I connect my shop and my account: rows are kept only after the other side answered."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from forain.core.authorization import PARTS, USUAL, Part
from forain.core.clock import Instant
from forain.core.errors import Problem, Rejected
from forain.core.ids import AccountId, ApplicationId, ShopId, SiteId
from forain.core.secret import Secret
from forain.flows import authorize
from forain.flows.deps import Deps
from forain.net.addresses import well_formed
from forain.store import accounts, feeds, issues, journal, models, offers, registrations, runs, shops

COLUMNS = ("client_id", "application_id", "region", "seller_id")
"""Fields of a marketplace's manifest that an account or its application keeps as such."""


class Exists(Exception):
    """There is one of that name, seller or client id already."""


def add_shop(deps: Deps, kind: str, name: str, values: Mapping[str, str]) -> tuple[models.Shop, str]:
    """(shop, the shop's own word). Raises what the shop's check raises, and Exists; nothing is kept then."""
    now = deps.clock.now()
    manifest = deps.open.shop_manifest(kind)
    options = {f.name: values.get(f.name, "") for f in manifest.fields if not f.secret}
    # One that never answered is what a process left behind that died while it tried.
    models.Shop.objects.filter(name=name, mirrored_at=None, watched_at=None, accounts=None).delete()
    try:
        with transaction.atomic():
            row = models.Shop.objects.create(
                kind=kind, name=name, options=options, hook_name=secrets.token_urlsafe(18), created_at=now
            )
            for field in manifest.fields:
                if field.secret and values.get(field.name):
                    deps.vault.put(f"shop:{row.pk}", field.name, Secret(values[field.name]), now)
    except IntegrityError:
        raise Exists(name) from None
    answer = None
    try:
        answer = deps.open.shop(row).check()
    finally:
        if answer is None:
            deps.vault.forget(f"shop:{row.pk}")
            row.delete()
    shops.note(ShopId(row.pk), watched_at=now)
    # An account that came first waits for its shop.
    models.Account.objects.filter(shop=None).update(shop=row)
    journal.write(now, "shop_connected", placeholders={"shop": name})
    return row, answer


def enter_shop_secrets(deps: Deps, shop: models.Shop, values: Mapping[str, Secret]) -> str:
    """New secrets of a shop (a token that ended, a webhook secret): tried, then kept. The answer is the shop's own word.

    Raises what the shop's check raises; the former secrets stay in force then.
    """
    answer = deps.open.shop(shop, values).check()
    now = deps.clock.now()
    # What was tried together is kept together: half of it nobody has tried.
    with transaction.atomic():
        for name, value in values.items():
            deps.vault.put(f"shop:{shop.pk}", name, value, now)
        journal.write(now, "shop_secrets_changed", placeholders={"shop": shop.name})
        issues.mended("shop_refused", f"shop:{shop.pk}")
        for subject in (f"shop:{shop.pk}", *(f"account:{row.pk}" for row in shop.accounts.all())):
            runs.force(subject, now)
        runs.poke("derive_issues", "house", now)
    return answer


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What the merchant typed. `values`: of the manifest's fields; those that are not secret and have no column of their
    own are the account's options. `addresses`: other addresses than the marketplace's own, for a box.

    `shop`: where its articles and orders are at home; None: the first shop there is. `made_at`: when the token was made,
    `secret_made_at`: when the client secret was; None: not known, and now counts.
    """

    marketplace: str
    kind: str
    name: str
    values: Mapping[str, str]
    addresses: Mapping[str, str]
    shop: ShopId | None = None
    made_at: Instant | None = None
    secret_made_at: Instant | None = None


def add_account(deps: Deps, told: NewAccount) -> models.Account:
    """The account, read-only at first. With a refresh token it is tried at once, and kept only if it works;
    without one it waits for the consent. Raises what the trial raises, Rejected for an address that is none or a secret of a
    day so long ago that it would have ended, and Exists.

    An application that is known already keeps its secret until the one typed now has worked: other accounts live
    by it. An account of this seller that never got a grant is what an earlier try left behind, and makes room.
    What people said on the way to an application of their own goes with the application, where it is one of that kind and
    came by this connection; if the trial fails, the way goes on as before.
    """
    now = deps.clock.now()
    values = told.values
    for name, address in told.addresses.items():
        # They stand in calls, in redirects and in the pages' own policy: nothing but an address may be in them.
        if not well_formed(address):
            raise Rejected([Problem("address_wrong", field=name)], "address_wrong")
    secret = Secret(values["client_secret"])
    default_name = f"{told.marketplace} {values['region']}"
    if models.Account.objects.filter(name=default_name).exclude(seller=values["seller_id"]).exists():
        default_name += f" {values['seller_id']}"
    manifest = deps.open.marketplace_manifest(told.marketplace)
    kind = manifest.kind(told.kind)
    fields = (*manifest.application_fields, *manifest.account_fields)
    options = {f.name: values[f.name] for f in fields if not f.secret and f.name not in COLUMNS and values.get(f.name)}
    try:
        with transaction.atomic():
            left_behind = models.Account.objects.filter(
                marketplace=told.marketplace, region=values["region"], seller=values["seller_id"], grant_no=0
            )
            tried = {row.application_id for row in left_behind}
            left_behind.delete()
            for number in tried:
                if not models.Account.objects.filter(application_id=number).exists():
                    registrations.release(ApplicationId(number))
            application, new_application = models.Application.objects.get_or_create(
                marketplace=told.marketplace,
                client_id=values["client_id"],
                defaults={
                    "kind": told.kind,
                    "application_id": values.get("application_id", ""),
                    "created_at": now,
                },
            )
            if new_application or not application.accounts.filter(grant_no__gt=0).exists():
                authorize.keep_secret(deps, application, secret, now, made_at=told.secret_made_at)
                if application.kind == manifest.registration.kind:
                    registrations.adopt(application)
            account = models.Account.objects.create(
                marketplace=told.marketplace,
                name=told.name or default_name,
                region=values["region"],
                seller=values["seller_id"],
                application=application,
                shop=shops.get(told.shop) if told.shop is not None else models.Shop.objects.order_by("pk").first(),
                options={**options, **told.addresses},
                import_since=now,
                created_at=now,
            )
    except IntegrityError:
        raise Exists(values["seller_id"]) from None
    if values.get("refresh_token") and not kind.by_consent:
        kept = False
        try:
            row = accounts.get(AccountId(account.pk))
            authorize.enter_token(
                deps, row, Secret(values["refresh_token"]), told.made_at, secret, secret_made_at=told.secret_made_at
            )
            kept = True
        finally:
            if not kept:
                models.Side.objects.filter(account=account).delete()
                account.delete()
                if not application.accounts.exists():
                    registrations.release(ApplicationId(application.pk))
                    deps.vault.forget(authorize.application_owner(application))
                    application.delete()
    return accounts.get(AccountId(account.pk))


@transaction.atomic
def pause(deps: Deps, account: AccountId, paused: bool, by: str, parts: Collection[Part] = ()) -> None:
    """The merchant stops these parts or goes on with them; none named: USUAL to stop, all to go on. Safe to repeat.

    While paused changes stay marked and the order window stays open.
    """
    named = parts or (USUAL if paused else PARTS)
    before = models.Account.objects.select_for_update(no_key=True).get(pk=account).paused
    left = set(before) | set(named) if paused else set(before) - set(named)
    after = [part for part in PARTS if part in left]
    _set_paused(deps, account, before, after, by)


@transaction.atomic
def set_paused(deps: Deps, account: AccountId, parts: Collection[str], by: str) -> None:
    """Exactly these parts are paused from now on. Safe to repeat."""
    before = models.Account.objects.select_for_update(no_key=True).get(pk=account).paused
    _set_paused(deps, account, before, [part for part in PARTS if part in parts], by)


def _set_paused(deps: Deps, account: AccountId, before: list[str], after: list[Part], by: str) -> None:
    now = deps.clock.now()
    accounts.note(account, paused=after)
    stopped, went_on = [part for part in after if part not in before], [part for part in before if part not in after]
    for code, changed in (("paused", stopped), ("resumed", went_on)):
        if changed:
            told = {"by": by, "parts": ",".join(changed)}
            journal.write(now, code, account=account, placeholders=told)
    if stopped:
        feeds.put_back(account, now)
    if went_on:
        offers.mark(account, now)
        runs.force(f"account:{account}", now)


@transaction.atomic
def allow_writes(deps: Deps, account: AccountId, site: SiteId, allowed: bool, by: str) -> None:
    """A person says yes for one site, or takes it back. Its offers are compared and told at once. Safe to repeat.

    Raises AccountSite.DoesNotExist.
    """
    now = deps.clock.now()
    row = models.AccountSite.objects.get(account_id=account, site=site)
    told = {"by": by, "site": row.site}
    if not allowed:
        accounts.forbid_writes(account, site)
        journal.write(now, "writes_forbidden", account=account, placeholders=told)
    elif accounts.allow_writes(account, site, by, now):
        journal.write(now, "writes_allowed", account=account, placeholders=told)
        offers.mark(account, now, site=site, correlation=journal.new_correlation())
        runs.force(f"account:{account}", now, ["reconcile_offers"])
    # The notice "read-only" goes at once, as the person sees it answered.
    runs.poke("derive_issues", "house", now)
