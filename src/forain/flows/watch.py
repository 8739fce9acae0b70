"""Forain keeps an eye on everything: changes in the shop, reminders, and the list of what a person must do."""

from forain.core import issues as catalogue
from forain.core.clock import Instant
from forain.core.ids import AccountId, ShopId, VariantId
from forain.core.issues import AccountFacts, Finding, Issue
from forain.core.signals import Signal
from forain.flows import authorize, land_safely, register
from forain.flows.deps import Deps
from forain.flows.mirror_catalogue import mirror_catalogue
from forain.store import accounts, instance, issues, journal, models, registrations, runs, shops

EVERYTHING = "*"
"""The key of a signal that names no variant: read the whole catalogue."""


def watch_shop(deps: Deps, shop: models.Shop) -> Instant:
    """Ask the shop what may have changed, and mark it. The mark moves only after what it told was noted."""
    adapter = deps.open.shop(shop)
    mark, signals = adapter.changed(shop.mark)
    now = deps.clock.now()
    if signals:
        with journal.chain():
            _note_signals(deps, shop, {s.key for s in signals if s.kind in ("variant", "stock")})
            if any(s.kind == "shop_order" for s in signals):
                for account in shop.accounts.all():
                    runs.poke("confirm_shipments", f"account:{account.pk}", now)
    if mark != shop.mark or signals:
        shops.note(ShopId(shop.pk), mark=mark)
    shops.note(ShopId(shop.pk), watched_at=now)
    return now + deps.open.shop_manifest(shop.kind).watch_every


def note_signals(deps: Deps, shop: models.Shop, signals: tuple[Signal, ...]) -> None:
    """A hook told: mark the offers of these variants, and soon read what else may have changed. No call out here."""
    now = deps.clock.now()
    with journal.chain():
        keys = {VariantId(s.key) for s in signals if s.kind in ("variant", "stock")}
        shops.mark_variants(ShopId(shop.pk), keys, now, journal.correlation())
        if any(s.kind == "shop_order" for s in signals):
            for account in shop.accounts.all():
                runs.poke("confirm_shipments", f"account:{account.pk}", now)
    runs.poke("watch_shop", f"shop:{shop.pk}", now)


def _note_signals(deps: Deps, shop: models.Shop, keys: set[str]) -> None:
    if not keys:
        return
    if EVERYTHING in keys or shop.mirrored_at is None or shop.catalogue_problems:
        mirror_catalogue(deps, shop)
        return
    found = deps.open.shop(shop).stock(sorted(VariantId(key) for key in keys))
    now = deps.clock.now()
    known = set(
        models.Variant.objects.filter(shop=shop, variant__in=keys, gone_at=None).values_list("variant", flat=True)
    )
    shops.mirror(ShopId(shop.pk), found.values(), now, journal.correlation())
    absent = {VariantId(key) for key in keys if key not in found}
    shops.mark_variants(ShopId(shop.pk), {VariantId(key) for key in keys}, now, journal.correlation())
    if absent or set(found) - known:
        # Something came or went: only the whole catalogue says what, and what it links to.
        runs.poke("mirror_catalogue", f"shop:{shop.pk}", now)


def derive_issues(deps: Deps) -> tuple[list[Issue], list[Issue]]:
    """Recompute everything a person must look at; the answer is (opened, closed). Reminders are told here too."""
    for row in accounts.every():
        authorize.remind(deps, row)
        land_safely.land_safely(deps, row)
        register.notice_granted(deps, row)
    with issues.deriving():
        return _derive(deps)


def _derive(deps: Deps) -> tuple[list[Issue], list[Issue]]:
    now = deps.clock.now()
    rows = accounts.every()
    found = issues.findings()
    facts = [_facts(deps, row, [f for f in found if f.account_id == row.pk], now) for row in rows]
    derived = set(catalogue.derive(facts, issues.sides(), now, instance.get().people_confirmed_at))
    derived |= {Issue(f.code, f.subject, tuple(sorted(f.placeholders.items()))) for f in found if f.account_id is None}
    opened, closed = issues.project(derived, {f"account:{row.pk}": row.pk for row in rows}, now)
    for code, group in (("issue_opened", opened), ("issue_closed", closed)):
        for issue in group:
            account = next((r.pk for r in rows if issue.subject.split("/")[0] == f"account:{r.pk}"), None)
            journal.write(
                now, code, account=AccountId(account) if account else None, subject=issue.subject,
                placeholders={"issue": issue.code, **dict(issue.placeholders)},
            )  # fmt: skip
    return opened, closed


def _facts(deps: Deps, row: models.Account, found: list[models.Finding], now: Instant) -> AccountFacts:
    subject = f"account:{row.pk}"
    sites = accounts.sites(AccountId(row.pk))
    refused = models.Offer.objects.filter(account=row).exclude(alarm="").order_by("pk")
    counts: dict[str, int] = {}
    first: dict[str, models.Offer] = {}
    for offer in refused.only("alarm", "alarm_detail", "sku", "site")[:1000]:
        counts[offer.alarm] = counts.get(offer.alarm, 0) + 1
        first.setdefault(offer.alarm, offer)
    codes = {
        "refused": "offer_refused",
        "not_taken": "offer_not_taken",
        "not_on_marketplace": "offer_not_on_marketplace",
        "held": "offer_held",
        "variant_gone": "offer_held",
    }
    alarms = [
        Finding(
            codes[alarm],
            f"{subject}/{alarm}",
            (("count", str(counts[alarm])), ("detail", first[alarm].alarm_detail), ("sku", first[alarm].sku)),
        )
        for alarm in counts
    ]
    denied = [
        Finding(
            "role_missing",
            f"{subject}/{operation}",
            (("operation", operation), ("role", told["role"]), *_said_of(deps, row, told["role"])),
        )
        for operation, told in row.denied_operations.items()
    ]
    stored = [
        Finding(f.code, f.subject, (*sorted(f.placeholders.items()), *_said_of_addresses(deps, row, f))) for f in found
    ]
    return AccountFacts(
        subject=subject,
        authorization=accounts.facts_of(row),
        application=accounts.application_of(row),
        selling_plan=row.selling_plan,
        suspended_sites=tuple(s.site for s in sites if s.suspended),
        read_only_sites=tuple(s.site for s in sites if s.writes_allowed_at is None),
        findings=(*alarms, *denied, *stored),
        landing=land_safely.landing_of(row, now),
    )


def _said_of(deps: Deps, row: models.Account, role: str) -> tuple[tuple[str, str], ...]:
    """Placeholders that say how far a missing role is: asked for on that day, or refused. Empty where nobody said so."""
    known = deps.open.marketplace_manifest(row.marketplace).registration.role(role)
    said = registrations.said(row).get(known.code) if known else None
    return (("cause", said["said"]), ("date", said["day"])) if said else ()


def _said_of_addresses(deps: Deps, row: models.Account, finding: models.Finding) -> tuple[tuple[str, str], ...]:
    """The same of the role that gives addresses, for orders held without one."""
    if finding.code != "order_held" or finding.placeholders.get("reason") != "address_missing":
        return ()
    role = deps.open.marketplace_manifest(row.marketplace).registration.seen_by("addresses")
    return _said_of(deps, row, role.name) if role else ()
