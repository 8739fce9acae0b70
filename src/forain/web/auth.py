"""Who may come in: the first administrator's one-time link, logging in, logging out, the language."""

from datetime import date

from django import forms
from django.contrib.auth import authenticate, get_user_model, login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from forain import wiring
from forain.contracts.manifest import RateLimit
from forain.store import instance
from forain.store.limits import SharedLimiter
from forain.web.templatetags.words_of import w

_TRIES = RateLimit("login", 1 / 20, 8, "ours", date(2026, 11, 24))


class FirstForm(forms.Form):
    user = forms.CharField(max_length=150)
    password = forms.CharField(min_length=12, widget=forms.PasswordInput)


@login_not_required
def first(request: HttpRequest, token: str) -> HttpResponse:
    """Make the administrator; the link works once."""
    if not instance.first_link_fits(token) or get_user_model().objects.exists():
        return render(request, "web/first.html", {"used": True}, status=410)
    form = FirstForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = get_user_model()(username=form.cleaned_data["user"], is_staff=True, is_superuser=True)
        try:
            validate_password(form.cleaned_data["password"], user)
        except ValidationError as error:
            form.add_error("password", error)
        else:
            with transaction.atomic():
                user.set_password(form.cleaned_data["password"])
                user.save()
                instance.close_first_link()
            login(request, user)
            return redirect("dashboard")
    return render(request, "web/first.html", {"form": form})


@login_not_required
def log_in(request: HttpRequest) -> HttpResponse:
    """Eight tries, then one every twenty seconds for each name and address together."""
    if request.user.is_authenticated:
        return redirect("dashboard")
    wrong = ""
    status = 200
    if request.method == "POST":
        name = request.POST.get("user", "")[:150]
        scope = f"login:{request.META.get('REMOTE_ADDR', '')}:{name}"
        if SharedLimiter(wiring.deps().clock).take(scope, _TRIES) is not None:
            wrong, status = w("login.throttled"), 429
        else:
            user = authenticate(request, username=name, password=request.POST.get("password", ""))
            if user is not None:
                login(request, user)
                return HttpResponseRedirect(_safe(request, request.POST.get("next", ""), reverse("dashboard")))
            wrong, status = w("login.wrong"), 401
    target = request.POST.get("next") or request.GET.get("next", "")
    context = {"wrong": wrong, "next": target, "name": request.POST.get("user", "")}
    return render(request, "web/login.html", context, status=status)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("login")


def _safe(request: HttpRequest, target: str, otherwise: str) -> str:
    fits = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if target and fits else otherwise
