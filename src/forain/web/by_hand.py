"""Ship and confirm these by hand: what a merchant needs on paper while an account stands still."""

from dataclasses import dataclass
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from forain import plugins, wiring
from forain.core import authorization
from forain.core.bundles import is_bundle
from forain.core.clock import Instant
from forain.core.ids import AccountId, ApplicationId, SellerSku
from forain.core.registration import RoleState
from forain.flows import register
from forain.store import accounts, models, orders, shops
from forain.store.vault import Vault, VaultBroken
from forain.web.register import asked_on, waiting_of

MOST = 500
"""So many orders stand on the page; what a merchant ships by hand in a day is fewer."""


@dataclass(frozen=True)
class Line:
    """One order to be shipped. `late`: its ship-by date has passed. Where it goes stands in Seller Central: no page of ours
    shows a buyer."""

    order: models.Order
    ship_by: Instant | None
    late: bool
    pieces: list[tuple[int, str, str]]
    parcels: list[models.Parcel]
    page: str


def by_hand(request: HttpRequest, number: int) -> HttpResponse:
    """The open orders of an account, the most pressing first: first those to be shipped, then those that left the house and
    are not confirmed at the marketplace."""
    account = get_object_or_404(models.Account.objects.select_related("application__registration"), pk=number)
    deps = wiring.deps()
    now = deps.clock.now()
    rows = orders.to_ship(AccountId(number), MOST + 1)
    sent: dict[int, list[models.Parcel]] = {}
    for parcel in models.Parcel.objects.filter(order__in=rows).order_by("pk"):
        sent.setdefault(parcel.order_id, []).append(parcel)
    made_of = _made_of(AccountId(number), rows)
    lines = sorted(
        (_line(row, account, sent.get(row.pk, []), deps.vault, now, made_of) for row in rows[:MOST]),
        key=lambda line: (line.ship_by is None, line.ship_by or line.order.purchased_at),
    )
    unconfirmed = [line for line in lines if any(parcel.confirmed_at is None for parcel in line.parcels)]
    seen = register.look(deps, account.marketplace, ApplicationId(account.application_id))
    without_address = sum(line.order.hold_reason == "address_missing" for line in lines)
    context = {
        "account": account,
        "without_address": without_address,
        "lacking": _lacking(account, seen),
        "waiting": waiting_of(account, seen),
        "running": isinstance(accounts.may_sync(account, now, authorization.SHIPMENTS), authorization.Yes),
        "to_ship": [line for line in lines if not line.parcels],
        "begun": [line for line in lines if line.parcels and line not in unconfirmed],
        "unconfirmed": unconfirmed,
        "more": len(rows) > MOST,
        "most": MOST,
        "now": now,
    }
    return render(request, "web/by_hand.html", context)


def _lacking(account: models.Account, seen: register.Look) -> dict[str, str] | None:
    """The role without which addresses stay away here, and the day on which it was asked for; None: there is none, or it works."""
    role = plugins.marketplace_manifest(account.marketplace).registration.seen_by("addresses")
    found = seen.role(role.code) if role else None
    if found is None or found.state is RoleState.WORKS:
        return None
    return {"role": found.role.name, "date": asked_on(account, "addresses")}


def _made_of(account: AccountId, rows: list[models.Order]) -> dict[str, str]:
    """SKU -> what goes into it, of the bundles among what was ordered."""
    skus = sorted({SellerSku(sku) for row in rows for sku in row.pieces})
    found = shops.contents(account, skus)
    return {
        sku: " + ".join(f"{part.need} × {part.variant}" for part in parts)
        for sku, parts in found.items()
        if is_bundle(parts)
    }


def _line(
    row: models.Order,
    account: models.Account,
    parcels: list[models.Parcel],
    vault: Vault,
    now: Instant,
    made_of: dict[str, str],
) -> Line:
    try:
        body = orders.body_of(row, vault)
    except VaultBroken:
        body = None
    if body is None:
        pieces = [(count, sku, "") for sku, count in row.pieces.items()]
    else:
        pieces = [(line.quantity, line.sku, line.title) for line in body.lines]
    # Whoever packs by hand packs articles.
    pieces = [(count, sku, made_of.get(sku, title)) for count, sku, title in pieces]
    ship_by = body.ship_by if body else None
    return Line(
        order=row,
        ship_by=ship_by,
        late=ship_by is not None and ship_by < now,
        pieces=pieces,
        parcels=parcels,
        page=_page(row, account),
    )


def _page(row: models.Order, account: models.Account) -> str:
    """The order where its seller sees it at the marketplace; "" where that is not known, as with a box."""
    manifest = plugins.marketplace_manifest(account.marketplace)
    site = manifest.site(row.site)
    if site is None or not manifest.addresses.order or account.options.get("address.consent"):
        return ""
    return manifest.addresses.order.format(host=site.consent_host, order=quote(row.order_id, safe=""))
