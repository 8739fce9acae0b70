"""What stops my account, or holds some of it: the brake and its limits, the four switches of the pause, a holiday, all to 0."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core import brakes as core
from forain.core.authorization import PARTS
from forain.core.holiday import A_MOMENT
from forain.core.ids import AccountId
from forain.flows import brake
from forain.flows import empty_shelves as flow
from forain.store import accounts, brakes, landings, models, offers, orders
from forain.web import words
from forain.web.templatetags.words_of import w

SHOWN = 50
"""So many of what is held are shown one by one."""


@dataclass(frozen=True)
class Held:
    """What is held of one kind, or kept. `shown`: its name, which an answer says again; `more`: not shown one by one."""

    kind: str
    state: str
    count: int
    more: int
    leaps: list[models.Leap]
    shown: str


def _held(account: AccountId) -> list[Held]:
    found = []
    for state in ("held", "kept"):
        for kind in core.KINDS:
            rows = brakes.of_state(account, state, kind)
            if count := rows.count():
                told = brakes.shown(account, state, kind)
                found.append(Held(kind, state, count, max(count - SHOWN, 0), list(rows[:SHOWN]), told))
    return found


def brake_page(request: HttpRequest, number: int) -> HttpResponse:
    """What is held, with the two answers to it; and the limits."""
    row = get_object_or_404(models.Account, pk=number)
    return render(request, "web/brakes.html", _context(row, {}, ""))


def _context(row: models.Account, wrong: dict[str, str], typed: dict[str, str] | str) -> dict[str, object]:
    usual = core.Limits()
    kept = typed if isinstance(typed, dict) else row.brakes
    lines = [
        (name, kept.get(name, ""), getattr(usual, name), wrong.get(name, ""), may_be_off)
        for name, (_, _, may_be_off) in core.BOUNDS.items()
    ]
    return {
        "account": row, "held": _held(AccountId(row.pk)), "limits": lines, "refused": bool(wrong),
        "parts": [(part, part in row.paused) for part in PARTS],
        "left": landings.left(AccountId(row.pk)), "holiday_last": row.holiday_ends and row.holiday_ends - A_MOMENT,
        "suspended": [site for site in accounts.sites(AccountId(row.pk)) if site.suspended],
        "backlog": offers.backlog(AccountId(row.pk)), "parcels": orders.waiting_parcels(AccountId(row.pk)),
    }  # fmt: skip


@require_POST
def answer_brake(request: HttpRequest, number: int) -> HttpResponse:
    """answer=yes sends exactly what was shown, no keeps what stands on the marketplace."""
    get_object_or_404(models.Account, pk=number)
    kind, state, said = (request.POST.get(name, "") for name in ("kind", "state", "answer"))
    page = f"{reverse('brakes', kwargs={'number': number})}#held"
    if kind not in core.KINDS or state not in ("held", "kept") or said not in ("yes", "no"):
        return redirect(page)
    if said == "yes" and request.POST.get("sure") != "yes":
        messages.error(request, w("brakes.not_sure"), extra_tags="held")
        return redirect(page)
    count = brake.answer(
        wiring.deps(), AccountId(number), kind, request.POST.get("shown", ""), said == "yes",
        request.user.get_username(), state,
    )  # fmt: skip
    if count is None:
        messages.error(request, w("brakes.others_now"), extra_tags="held")
    else:
        messages.success(request, w(f"brakes.said_{said}", count=count))
    return redirect(page)


@require_POST
def brake_limits(request: HttpRequest, number: int) -> HttpResponse:
    """The limits as the form says them; an empty field means the usual one."""
    row = get_object_or_404(models.Account, pk=number)
    typed = {name: request.POST.get(name, "") for name in core.BOUNDS}
    refused = brake.set_limits(wiring.deps(), AccountId(number), typed, request.user.get_username())
    if refused is not None:
        wrong = {refused.name: w(f"wrong.{refused.code}", told=refused.told)}
        return render(request, "web/brakes.html", _context(row, wrong, typed), status=400)
    messages.success(request, w("brakes.limits_said"))
    return redirect(f"{reverse('brakes', kwargs={'number': number})}#limits")


CONFIRMED_BY = "0"
"""What is typed to say that all quantities shall go to 0."""


@require_POST
def empty_shelves(request: HttpRequest, number: int) -> HttpResponse:
    """answer=empty with the typed 0 takes everything off sale; answer=undo puts it back."""
    get_object_or_404(models.Account, pk=number)
    deps, by = wiring.deps(), request.user.get_username()
    if request.POST.get("answer") == "undo":
        if flow.undo(deps, AccountId(number), by):
            messages.success(request, w("brakes.filled_again"))
    elif request.POST.get("sure", "").strip() != CONFIRMED_BY:
        messages.error(request, w("brakes.type_zero"), extra_tags="empty")
    elif flow.empty(deps, AccountId(number), by):
        messages.success(request, w("brakes.emptied"))
    return redirect(f"{reverse('brakes', kwargs={'number': number})}#empty")


@require_POST
def holiday(request: HttpRequest, number: int) -> HttpResponse:
    """From the first day until the last one, both included, in the merchant's zone; answer=none takes it back."""
    get_object_or_404(models.Account, pk=number)
    deps, by = wiring.deps(), request.user.get_username()
    page = f"{reverse('brakes', kwargs={'number': number})}#holiday"
    if request.POST.get("answer") == "none":
        if flow.no_holiday(deps, AccountId(number), by):
            messages.success(request, w("brakes.no_holiday"))
        return redirect(page)
    try:
        days = [date.fromisoformat(request.POST.get(name, "")) for name in ("first", "last")]
        begins, ends = words.day_begins(days[0]), words.day_begins(days[1] + timedelta(days=1))
    except (ValueError, OverflowError):
        messages.error(request, w("wrong.not_a_day"), extra_tags="holiday")
        return redirect(page)
    if request.POST.get("sure") != "yes":
        messages.error(request, w("brakes.holiday_not_sure"), extra_tags="holiday")
        return redirect(page)
    refused = flow.say_holiday(deps, AccountId(number), begins, ends, by)
    if refused is not None:
        messages.error(request, w(f"wrong.{refused.code}"), extra_tags="holiday")
    else:
        messages.success(request, w("brakes.holiday_said"))
    return redirect(page)


@require_POST
def allow_leap(request: HttpRequest, number: int) -> HttpResponse:
    """It is right: the held values of this offer are told."""
    row = get_object_or_404(models.Offer, pk=number)
    if brake.allow(wiring.deps(), row, request.POST.get("shown", ""), request.user.get_username()):
        messages.success(request, w("brakes.said_yes", count=1))
    else:
        messages.error(request, w("brakes.others_now"), extra_tags="held")
    return redirect("offer", number=number)
