"""Offers, orders, issues, journal, health: what there is, newest or most urgent first."""

from typing import TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core.plain import one_line
from forain.core.terms import ABSENT, NAMES
from forain.flows import brake, import_orders
from forain.flows.reckon_offers import HELD_PRICES
from forain.store import instance, issues, models, orders, refusals
from forain.web import fields, reasons, refused_offers
from forain.web.notices import with_cures
from forain.web.templatetags.words_of import w

PAGE = 50
Row = TypeVar("Row", bound=Model)


def _page(rows: QuerySet[Row], key: str) -> tuple[list[Row], str]:
    """Keyset paging by a descending or ascending unique column: (rows, the next page's key or "")."""
    found = list(rows[: PAGE + 1])
    more = str(getattr(found[PAGE - 1], key)) if len(found) > PAGE else ""
    return list(found[:PAGE]), more


DIFFERS = (
    (~Q(desired_quantity=F("observed_quantity")) & ~Q(fulfilled_by="marketplace") & Q(desired_quantity__isnull=False))
    | (~Q(desired_minor=F("observed_minor")) & Q(desired_minor__isnull=False))
    | ~Q(observed_terms__contains=F("desired_terms"))
)  # fmt: skip
"""Offers whose values on the marketplace are not the shop's."""


def _after(request: HttpRequest) -> int | None:
    """The key after which the page begins; None for the beginning, and for what is no key."""
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def offer_list(request: HttpRequest) -> HttpResponse:
    """Filters are addresses: ?q=, ?state=, ?after=."""
    rows = models.Offer.objects.select_related("account").order_by("pk")
    text, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    if text:
        rows = rows.filter(Q(sku__icontains=text) | Q(title__icontains=text) | Q(product_code=text) | Q(ean=text))
    filters = {
        "waiting": Q(wanted_no__gt=F("settled_no")),
        "alarm": ~Q(alarm=""),
        "braked": Q(leaps__state__in=("held", "kept")),
        "differs": DIFFERS,
        "priced_there": ~Q(price_setup={}),
    }
    if state in filters:
        rows = rows.filter(filters[state]).distinct()
    if (after := _after(request)) is not None:
        rows = rows.filter(pk__gt=after)
    found, more = _page(rows, "pk")
    context = {
        "offers": [(o, _state(o)) for o in found],
        "more": more,
        "q": text,
        "state": state,
        "states": ("", *filters),
    }
    return render(request, "web/offers.html", context)


def _state(offer: "models.Offer") -> str:
    if offer.alarm:
        return "alarm"
    if offer.submission:
        return "told"
    if "unlinked" in offer.notes:
        return "unlinked"
    if any(note.startswith("braked_") for note in offer.notes):
        return "braked"
    if offer.wanted_no > offer.settled_no:
        return "waiting"
    quantity_differs = offer.fulfilled_by == "merchant" and offer.desired_quantity not in (
        None,
        offer.observed_quantity,
    )
    price_differs = offer.desired_minor not in (None, offer.observed_minor)
    terms_differ = not offer.desired_terms.items() <= offer.observed_terms.items()
    return "differs" if quantity_differs or price_differs or terms_differ else "settled"


BY_RULE = (
    *HELD_PRICES, "rule_wrong", "changed_elsewhere", "automated_pricing", "outside_marketplace_limits", "location_unknown",
    "location_twice",
)  # fmt: skip
"""Held back for what the rules say, and not for what is wrong with the article."""


def offer(request: HttpRequest, number: int) -> HttpResponse:
    row = get_object_or_404(models.Offer.objects.select_related("account"), pk=number)
    entries = reasons.lines_of(row)
    quantity_steps, price_steps = reasons.steps_of(row.desired_steps)
    moment, wrong = fields.moment(request, "at")
    if wrong:
        messages.error(request, w(f"error.{wrong}"), extra_tags="at")
    context = {
        "offer": row,
        "state": _state(row),
        "refused": row.alarm in refusals.TOLD_NO,
        "reasons": refused_offers.reasons_of(row),
        "page_there": refused_offers.page_of(row.account, row),
        "cure": {"not_on_marketplace": "offer_not_on_marketplace"}.get(
            row.alarm, "offer_by_rule" if row.alarm_detail.partition(" ")[0] in BY_RULE else "offer_held"
        ),
        "quantity_steps": quantity_steps,
        "price_steps": price_steps,
        "at": request.GET.get("at", ""),
        "past": reasons.as_of(row, moment) if moment else None,
        "terms": [
            (name, row.desired_terms.get(name), row.observed_terms.get(name))
            for name in NAMES
            if row.desired_terms.get(name) or name in row.led_elsewhere or row.observed_terms.get(name, ABSENT) != ABSENT
        ],
        "led": {name: {"who": who, "ours": ours} for name, (who, ours) in row.led_elsewhere.items()},
        "setup": [(name, row.price_setup[name]) for name in ("lowest", "highest", "automated") if name in row.price_setup],
        "entries": (entries.filter(at__lte=moment) if moment else entries)[:40],
        "leaps": models.Leap.objects.filter(offer=row, state__in=("held", "kept")).order_by("pk"),
        "leaps_shown": brake.shown_of(row),
    }  # fmt: skip
    return render(request, "web/offer.html", context)


def order_list(request: HttpRequest) -> HttpResponse:
    rows = models.Order.objects.select_related("account").order_by("-pk")
    text, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    if text:
        rows = rows.filter(Q(order_id__icontains=text) | Q(shop_order__icontains=text))
    if state in ("held", "creating", "created", "cancelled", "recorded"):
        rows = rows.filter(state=state)
    if (after := _after(request)) is not None:
        rows = rows.filter(pk__lt=after)
    found, more = _page(rows, "pk")
    states = ("", "held", "creating", "created", "cancelled", "recorded")
    return render(
        request, "web/orders.html", {"orders": found, "more": more, "q": text, "state": state, "states": states}
    )


def order(request: HttpRequest, number: int) -> HttpResponse:
    row = get_object_or_404(models.Order.objects.select_related("account"), pk=number)
    subject = one_line(row.order_id)
    entries = models.Journal.objects.filter(subject=subject, account=row.account).order_by("-id")[:40]
    parcels = models.Parcel.objects.filter(order=row).order_by("pk")
    told = {"order": row, "parcels": parcels, "entries": entries, "may_put_aside": orders.may_put_aside(row)}
    told["begun"] = bool(orders.begun_lines(row))
    return render(request, "web/order.html", told)


@require_POST
def retry_order(request: HttpRequest, number: int) -> HttpResponse:
    """A person mended something: an order the shop refused or fails on is tried again."""
    row = get_object_or_404(models.Order, pk=number)
    import_orders.try_again(wiring.deps(), row)
    return redirect("order", number=number)


@require_POST
def put_order_aside(request: HttpRequest, number: int) -> HttpResponse:
    """A person took care of a held order, of one the shop fails on, or of a cancellation the shop refused."""
    row = get_object_or_404(models.Order.objects.select_related("account"), pk=number)
    import_orders.put_aside(wiring.deps(), row.account, row, request.user.get_username())
    return redirect("order", number=number)


def issue_list(request: HttpRequest) -> HttpResponse:
    return render(request, "web/issues.html", {"notices": with_cures(issues.open_notices())})


def journal(request: HttpRequest) -> HttpResponse:
    rows = models.Journal.objects.select_related("account").order_by("-id")
    text = request.GET.get("q", "").strip()
    if text:
        rows = rows.filter(Q(subject__icontains=text) | Q(correlation=text) | Q(code=text))
    if (after := _after(request)) is not None:
        rows = rows.filter(pk__lt=after)
    found, more = _page(rows, "pk")
    return render(request, "web/journal.html", {"entries": found, "more": more, "q": text})


def health(request: HttpRequest) -> HttpResponse:
    now = wiring.deps().clock.now()
    age = instance.worker_age_seconds(now)
    context = {
        "worker": age is not None and age < 60,
        "worker_seen": instance.get().worker_seen_at,
        "runs": models.Run.objects.order_by("subject", "flow"),
        "sides": models.Side.objects.order_by("name"),
    }
    return render(request, "web/health.html", context)


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """For a watcher: the database answers, and a worker's pulse is young. 503 otherwise. Says nothing else."""
    try:
        age = instance.worker_age_seconds(wiring.deps().clock.now())
    except (OperationalError, InterfaceError):
        return JsonResponse({"database": "away", "worker": "unknown"}, status=503)
    alive = age is not None and age < 60
    return JsonResponse({"database": "ok", "worker": "ok" if alive else "away"}, status=200 if alive else 503)
