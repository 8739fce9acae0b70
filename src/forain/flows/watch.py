"""Forain keeps an eye on everything: changes in the shop, reminders, and the list of what a person must do."""

from forain.core import holiday
from forain.core import issues as catalogue
from forain.core.clock import Instant
from forain.core.ids import AccountId, ShopId, VariantId
from forain.core.issues import AccountFacts, Finding, Issue
from forain.core.money import Money
from forain.core.signals import Signal
from forain.flows import authorize, empty_shelves, land_safely, register
from forain.flows.deps import Deps
from forain.flows.mirror_catalogue import locations_of, mirror_catalogue
from forain.store import (
    accounts,
    brakes,
    instance,
    issues,
    journal,
    landings,
    models,
    offers,
    refusals,
    registrations,
    runs,
    shops,
)

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
    """A hook told: mark the offers of these variants, and soon read what else may have changed. No call out here.

    A shop that calls is there: a pause after its failures ends, and what waits for it goes on once it answers.
    """
    now = deps.clock.now()
    with journal.chain():
        keys = {VariantId(s.key) for s in signals if s.kind in ("variant", "stock")}
        shops.mark_variants(ShopId(shop.pk), keys, now, journal.correlation())
        if any(s.kind == "shop_order" for s in signals):
            for account in shop.accounts.all():
                runs.poke("confirm_shipments", f"account:{account.pk}", now)
    runs.rouse("watch_shop", f"shop:{shop.pk}", now)


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
    locations = sorted(locations_of(found.values()))
    if locations and locations != shop.locations:
        shops.note(ShopId(shop.pk), locations=locations)
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
        empty_shelves.look_after(deps, row)
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
        findings=(*_alarms(deps, row), *braked(AccountId(row.pk)), *_off_sale(row), *denied, *stored),
        landing=land_safely.landing_of(row, now),
    )


_CODES = {
    "refused": "offer_refused",
    "not_taken": "offer_not_taken",
    "not_on_marketplace": "offer_not_on_marketplace",
    "held": "offer_held",
    "variant_gone": "offer_held",
}


def _alarms(deps: Deps, row: models.Account) -> list[Finding]:
    """One finding for each kind of alarm, with how many offers it is about and one of them."""
    found = []
    for alarm, (count, first) in offers.alarmed(AccountId(row.pk)).items():
        told = {"count": str(count), "sku": first.sku, "detail": first.alarm_detail}
        if alarm in refusals.TOLD_NO:
            told |= _most_frequent(deps, row, alarm, count)
        found.append(Finding(_CODES[alarm], f"account:{row.pk}/{alarm}", tuple(told.items())))
    return found


def _most_frequent(deps: Deps, row: models.Account, alarm: str, count: int) -> dict[str, str]:
    """Placeholders that name the reason of these refusals, where the catalogue knows it: `refusal` where it is that of all,
    else `frequent` with how many have the most frequent one. Without: what the marketplace says of one of them."""
    largest = refusals.groups(AccountId(row.pk), 1, alarm=alarm)
    if not largest or not largest[0].offers:
        return {}
    group = largest[0]
    kind = deps.open.marketplace_manifest(row.marketplace).refusals.kind(group.code, group.first.category)
    told = {"sku": group.offers[0].sku, "detail": group.offers[0].alarm_detail}
    if kind:
        name = f"{row.marketplace} {kind}"
        told["detail"] = ""
        told |= {"frequent": name, "most": str(group.count)} if group.count < count else {"refusal": name}
    return told


def _off_sale(row: models.Account) -> list[Finding]:
    """That nothing is for sale, because somebody said so; how many still show pieces."""
    left = landings.left(AccountId(row.pk)) if row.emptied_at or row.holiday_begun_at else 0
    told, found = ("count", str(left) if left else ""), []
    if row.emptied_at is not None:
        since = (("by", row.emptied_by), told, ("since", row.emptied_at.isoformat()))
        found.append(Finding("emptied", f"account:{row.pk}/emptied", since))
    if row.holiday_begun_at is not None and row.holiday_ends is not None:
        until = (told, ("date", (row.holiday_ends - holiday.A_MOMENT).isoformat()))
        found.append(Finding("holiday", f"account:{row.pk}/holiday", until))
    return found


def braked(account: AccountId) -> list[Finding]:
    """What the brake holds of an account: how much of each kind, with examples."""
    found = []
    for kind, (count, first) in sorted(brakes.held_by_kind(account).items()):
        if kind == "jump":
            worth = [str(Money(value, first[0].currency)) for value in (first[0].before, first[0].after)]
            told = {"sku": first[0].offer.sku, "detail": f"{worth[0]} -> {worth[1]}"}
        else:
            told = {"examples": ", ".join(leap.offer.sku for leap in first) + (", ..." if count > len(first) else "")}
        code = {"zero": "brake_zero", "price": "brake_prices"}.get(kind, "price_jump")
        found.append(Finding(code, f"account:{account}/brake", (("count", str(count)), *sorted(told.items()))))
    return found


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
