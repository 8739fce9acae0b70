"""What ends when: a timeline of every permission and secret, who must act, and what stops if nobody does; and in what state
the account itself and its application's roles are, which have no end that is known before."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from forain import plugins, wiring
from forain.core import authorization, forecast
from forain.core.clock import Instant
from forain.core.forecast import End
from forain.core.ids import AccountId
from forain.core.people import Right, rights_of
from forain.flows import look_after_people
from forain.flows.look_ahead import every_end
from forain.store import accounts, models, people
from forain.web import calendars, words
from forain.web.dashboard import Card, card
from forain.web.landing import Shown, shown
from forain.web.register import leads_to_own, waiting_of
from forain.web.templatetags.words_of import language


@dataclass(frozen=True)
class Line:
    """One clock as the page draws it. `state`: the class of its pill; `stops`: the accounts
    that stand still without it; `landing`: of an account that wants one."""

    end: End
    days_left: int | None
    days_over: int
    state: str
    months: list[tuple[date, forecast.Shade]]
    stops: str
    landing: Shown | None


@dataclass(frozen=True)
class RoleLine:
    """A role that an account lacks. `name`: "" where the marketplace does not say which. `words`: the key of the sentence on
    how far it is; `since`: the day somebody said so, None: nobody did. `stands_still`: what of Forain's work waits for it."""

    name: str
    words: str
    since: date | None
    stands_still: str


@dataclass(frozen=True)
class State:
    """In what state an account and the roles of its application are. `sites`: those whose listings are inactive. `told`: there
    is an answer of the marketplace's from which it can be seen that no role is missing."""

    card: Card
    roles: list[RoleLine]
    sites: list[str]
    told: bool


def authorizations(request: HttpRequest, calendar_address: str = "") -> HttpResponse:
    """`calendar_address`: made a moment ago, shown this once."""
    now = wiring.deps().clock.now()
    today = words.local(now).date()
    rows = accounts.every()
    landings = {row.pk: shown(row, now) for row in rows if row.safe_landing}
    context = {
        "lines": [_line(end, now, today, landings) for end in every_end(now)],
        "accounts": rows,
        "states": [_state_of(row, now) for row in rows],
        "person": people.of_user(request.user.pk or 0),
        "calendar_address": calendar_address,
    }
    return render(request, "web/authorizations.html", context)


def make_calendar(request: HttpRequest) -> HttpResponse:
    """An address for the reader's calendar program, with a secret in it, shown once; or none any more."""
    person = people.of_user(request.user.pk or 0)
    if request.method != "POST" or person is None:
        return redirect("authorizations")
    deps = wiring.deps()
    if request.POST.get("answer") == "remove":
        look_after_people.no_calendar(deps, person)
        return redirect(f"{reverse('authorizations')}#calendar")
    token = look_after_people.new_calendar(deps, person)
    path = reverse("calendar", kwargs={"token": token, "language": language()})
    return authorizations(request, f"{deps.public_url}{path}")


@login_not_required
def calendar(request: HttpRequest, token: str, language: str) -> HttpResponse:
    """The ends for a calendar program. Its secret address is its login; whose it is must still be allowed to see them."""
    person = people.of_calendar(token)
    if person is None or Right.SEE not in rights_of(person.role) or language not in words.LANGUAGES:
        raise Http404
    deps = wiring.deps()
    now = deps.clock.now()
    response = HttpResponse(
        calendars.calendar(every_end(now), language, deps.public_url, now), content_type="text/calendar; charset=utf-8"
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _line(end: End, now: Instant, today: date, landings: dict[int, Shown]) -> Line:
    left = end.days_left(now)
    last = today if end.stopped else words.local(end.at).date() if end.at else None
    shades = forecast.shades(last, today)
    return Line(
        end=end,
        days_left=left,
        days_over=max(-(left or 0), 0),
        state=_state(end, now),
        months=list(zip(forecast.months(today), shades, strict=True)),
        stops=", ".join(end.stops),
        landing=landings.get(end.account) if end.clock == "authorization" else None,
    )


def _state_of(row: models.Account, now: Instant) -> State:
    found = card(row, now)
    suspended = [site.site for site in accounts.sites(AccountId(row.pk)) if site.suspended]
    roles = [] if authorization.denied_everything(accounts.facts_of(row)) else _roles(row)
    return State(found, roles, suspended, told=not found.stands_still and found.sync != "disconnected")


def _roles(row: models.Account) -> list[RoleLine]:
    """The roles that are missing, by what the marketplace denied and what people said of it."""
    manifest = plugins.marketplace_manifest(row.marketplace)
    denied: dict[str, list[str]] = {}
    for told in row.denied_operations.values():
        known = manifest.registration.role(told["role"])
        flows = denied.setdefault(known.name if known else told["role"], [])
        flow = words.say(language(), f"flow.{told['flow']}")
        flows += [flow] if flow not in flows else []
    lines = {name: RoleLine(name, "missing_role", None, ", ".join(flows)) for name, flows in denied.items()}
    if leads_to_own(manifest, row.application.kind):
        waiting = waiting_of(row)
        for key, looks in (
            ("waiting_role", waiting.asked),
            ("refused_role", waiting.refused),
            ("granted_role", waiting.granted),
            ("missing_role", waiting.missing),
        ):
            for look in looks:
                name = look.role.name
                lines[name] = RoleLine(name, key, look.since, ", ".join(denied.get(name, [])))
    return list(lines.values())


def _state(end: End, now: Instant) -> str:
    if end.stopped or (end.at is not None and end.at <= now):
        return "critical"
    return "warning" if end.near(now) or end.at is None else "active"
