"""Is it working? Six numbers an account, one sentence for the whole."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from forain import wiring
from forain.core import authorization
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.store import accounts, instance, issues, models, offers, orders, proofs
from forain.web.notices import with_cures
from forain.web.register import denied, orders_doing

WORKER_AWAY_SECONDS = 60


@dataclass(frozen=True)
class Card:
    """The six numbers of one account, ready for the page and for `forain status`."""

    account: models.Account
    phase: str
    sync: str
    days_left: int | None
    expires_at: Instant | None
    estimated: bool
    backlog: offers.Backlog
    held: dict[str, int]
    imported_today: int
    last_word_marketplace: Instant | None
    last_word_shop: Instant | None
    proof: models.CatchUp | None
    count: models.OrderProof | None
    not_in_shop: int
    read_only: bool
    parcels: tuple[int, Instant | None]
    cause: dict[str, str]

    @property
    def doing(self) -> str:
        """What the account does now, as a key of `sync`: a read-only one runs, and sends nothing; where a role is missing
        orders do not come in."""
        if self.sync != "running":
            return self.sync
        return "reading" if self.read_only else orders_doing(self.account, self.waiting_for_address)

    @property
    def waiting_for_address(self) -> int:
        """So many orders are held because the marketplace gave no address."""
        return self.held.get("address_missing", 0)

    @property
    def paused(self) -> dict[str, str]:
        """What of it the merchant has paused, for its sentence; "" for nothing."""
        return {"parts": ",".join(self.account.paused)}

    @property
    def told(self) -> dict[str, str]:
        """What fills the sentence of `doing`."""
        role = denied(self.account, "import_orders")
        return {**self.cause, "count": str(self.waiting_for_address), "role": role}

    @property
    def stands_still(self) -> bool:
        """Nothing goes on until somebody acts, or a look says that it may."""
        return self.sync not in ("running", "disconnected")

    @property
    def held_count(self) -> int:
        return sum(self.held.values())

    @property
    def days_over(self) -> int:
        """Days since the authorization's date, 0 before it."""
        return max(-(self.days_left or 0), 0)


def card(row: models.Account, now: Instant) -> Card:
    facts = accounts.facts_of(row)
    answer = accounts.may_sync(row, now)
    midnight = now.astimezone(ZoneInfo(settings.DISPLAY_TIME_ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    number = AccountId(row.pk)
    sites = accounts.sites(number)
    sides = {side.name: side.last_word_at for side in models.Side.objects.all()}
    return Card(
        account=row,
        phase=authorization.phase(facts, now).value,
        sync="running" if isinstance(answer, authorization.Yes) else answer.code,
        days_left=authorization.days_left(facts, now),
        expires_at=facts.expires_at,
        estimated=facts.estimated,
        backlog=offers.backlog(number),
        held=orders.held_by_reason(number),
        imported_today=orders.imported_since(number, midnight),
        last_word_marketplace=sides.get(f"account:{row.pk}"),
        last_word_shop=sides.get(f"shop:{row.shop_id}"),
        proof=models.CatchUp.objects.filter(account=row).order_by("-pk").first(),
        count=proofs.latest(number),
        not_in_shop=orders.not_in_shop(number),
        read_only=bool(sites) and all(site.writes_allowed_at is None for site in sites),
        parcels=orders.waiting_parcels(number),
        cause={"cause": authorization.cause(facts) or row.application.refused_code},
    )


def _verdict(cards: list[Card], worst: str) -> str:
    """The one sentence for the whole: `good` is said only where everything is really in step."""
    if worst == "critical" or any(one.sync in ("expired", "revoked", "application_refused") for one in cards):
        return "critical"
    if worst == "warning":
        return worst
    if any(one.sync == "disconnected" for one in cards):
        return "unconnected"
    if any(one.read_only for one in cards):
        return "reading"
    return "good" if all(one.sync == "running" and not one.account.paused for one in cards) else "warning"


def dashboard(request: HttpRequest) -> HttpResponse:
    now = wiring.deps().clock.now()
    notices = list(issues.open_notices())
    worst = next((level for level in ("critical", "warning") if any(n.severity == level for n in notices)), "good")
    age = instance.worker_age_seconds(now)
    cards = [card(row, now) for row in accounts.every()]
    context = {
        "cards": cards,
        "notices": with_cures([n for n in notices if n.severity != "note"][:6]),
        "verdict": _verdict(cards, worst),
        "shops": models.Shop.objects.count(),
        "worker_away": age is None or age > WORKER_AWAY_SECONDS,
        "now": now,
    }
    template = "web/dashboard_live.html" if request.htmx else "web/dashboard.html"  # type: ignore[attr-defined]
    return render(request, template, context)
