"""Between the login and the pages: does the session still stand, may this person do this, is the second factor there?"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from forain.core.people import Right, Role, rights_of, roles_with
from forain.store import models, orders, people
from forain.web import sessions
from forain.web.rights import NEEDED
from forain.web.templatetags.words_of import w


class Gate:
    """After Django's LoginRequiredMiddleware: what comes here is logged in, or open to everybody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if request.user.is_authenticated:
            # Not kept by the browser: going back after logging out shows nothing.
            response.headers.setdefault("Cache-Control", "private, no-store")
        if request.headers.get("HX-Request") and response.status_code == 302:
            # A page that renews itself when the login has ended: the whole page goes there, not a part of it.
            return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], arguments: Any, named: Any
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True):
            return None
        assert request.user.pk is not None
        person = people.of_user(request.user.pk)
        name = (request.resolver_match.url_name if request.resolver_match else None) or ""
        if person is None:
            return refuse(request, "", name)
        if not sessions.stands(request, person):
            logout(request)
            messages.warning(request, w("login.ended"))
            return HttpResponseRedirect(f"{reverse('login')}{_back(request)}")
        sessions.touch(request)
        needed = NEEDED.get(name)
        if needed is None or needed not in rights_of(person.role):
            return refuse(request, person.role, name)
        if needed is not Right.OWN and person.second_factor_at is None and orders.buyers_are_stored():
            return HttpResponseRedirect(f"{reverse('second_factor')}{_back(request)}")
        return None


def _back(request: HttpRequest) -> str:
    return "?" + urlencode({"next": request.get_full_path()}) if request.method == "GET" else ""


def refuse(request: HttpRequest, role: str, name: str) -> HttpResponse:
    """403 in words: who may do this, and whom to ask."""
    owners = models.Person.objects.filter(role=Role.OWNER.value, user__is_active=True)
    context = {
        "role": role,
        "roles": roles_with(NEEDED[name]) if name in NEEDED else (),
        "owners": ", ".join(owners.order_by("user__username").values_list("user__username", flat=True)),
    }
    return render(request, "web/refused.html", context, status=403)
