"""The page "People", for owners: who may come in, as what; and once a quarter, whether they still need it."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core.people import REVIEW_EVERY, Role, review_due, role_of
from forain.flows import look_after_people
from forain.store import instance, models, people
from forain.web.templatetags.words_of import w


@dataclass(frozen=True)
class Row:
    """One person as the page and the command line show them."""

    person: models.Person
    state: str
    """active, invited, link_old (the invitation was not used in time), or inactive."""


def rows() -> list[Row]:
    now = wiring.deps().clock.now()
    return [
        Row(person, _state(person, bool(person.link_until and person.link_until > now))) for person in people.every()
    ]


def _state(person: models.Person, link_works: bool) -> str:
    if not person.user.is_active:
        return "inactive"
    if person.user.has_usable_password():
        return "active"
    return "invited" if link_works else "link_old"


def people_list(request: HttpRequest, name: str = "", wrong: str = "") -> HttpResponse:
    """`name`, `wrong`: an invitation that could not be made, and why."""
    confirmed_at = instance.get().people_confirmed_at
    now = wiring.deps().clock.now()
    context = {
        "rows": rows(),
        "roles": tuple(Role),
        "confirmed_at": confirmed_at,
        "due": review_due(confirmed_at, now),
        "due_at": confirmed_at + REVIEW_EVERY if confirmed_at else None,
        "name": name,
        "wrong": wrong,
        "chosen": request.POST.get("role", Role.READER.value),
    }
    return render(request, "web/people.html", context, status=422 if wrong else 200)


def _person(number: int) -> models.Person:
    found = people.get(number)
    if found is None:
        raise Http404
    return found


def invite(request: HttpRequest) -> HttpResponse:
    """Answers a form with a page: whoever asks for that page again (its language, a reload) is led to the list."""
    if request.method != "POST":
        return redirect("people")
    name, role = request.POST.get("user", "").strip(), role_of(request.POST.get("role", ""))
    if role is None:
        return people_list(request, name, w("error.choice"))
    try:
        person, token = look_after_people.invite(wiring.deps(), name, role, request.user.get_username())
    except look_after_people.BadName:
        return people_list(request, name, w("people.bad_name"))
    except people.NameTaken:
        return people_list(request, name, w("people.taken"))
    return _show_link(request, person, token)


def person_link(request: HttpRequest, number: int) -> HttpResponse:
    """A new one-time link. Like `invite`, it answers a form with a page."""
    if request.method != "POST":
        return redirect("people")
    person = _person(number)
    if not person.user.is_active:
        messages.error(request, w("people.inactive_first"))
        return redirect("people")
    return _show_link(request, person, look_after_people.new_link(wiring.deps(), person, request.user.get_username()))


def link_address(token: str) -> str:
    """Where the person opens their one-time link."""
    return f"{wiring.deps().public_url}{reverse('invited', kwargs={'token': token})}"


def _show_link(request: HttpRequest, person: models.Person, token: str) -> HttpResponse:
    """Shown once: only its hash is kept."""
    person.refresh_from_db()
    return render(request, "web/people_link.html", {"person": person, "link": link_address(token)})


@require_POST
def person_role(request: HttpRequest, number: int) -> HttpResponse:
    person, role = _person(number), role_of(request.POST.get("role", ""))
    if role is None:
        messages.error(request, w("error.choice"))
        return redirect("people")
    try:
        look_after_people.change_role(wiring.deps(), person, role, request.user.get_username())
    except people.LastOwner:
        messages.error(request, w("people.last_owner"))
    else:
        messages.success(request, w("people.role_changed", name=person.user.get_username(), role=w(f"role.{role}")))
    # Whoever gave up their own ownership has no access to this page any more, and says so there.
    return redirect("people")


@require_POST
def person_active(request: HttpRequest, number: int) -> HttpResponse:
    """answer=yes lets somebody in again, anything else deactivates."""
    person, active = _person(number), request.POST.get("answer") == "yes"
    try:
        look_after_people.let_in(wiring.deps(), person, active, request.user.get_username())
    except people.LastOwner:
        messages.error(request, w("people.last_owner"))
    else:
        name = person.user.get_username()
        messages.success(request, w("people.activated" if active else "people.deactivated", name=name))
    return redirect("people")


@require_POST
def confirm_people(request: HttpRequest) -> HttpResponse:
    look_after_people.confirm(wiring.deps(), request.user.get_username())
    messages.success(request, w("people.confirmed"))
    return redirect("people")
