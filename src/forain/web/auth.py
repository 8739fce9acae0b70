"""Who may come in: one-time links, the password, the code, logging out."""

from datetime import timedelta
from urllib.parse import urlencode, urlsplit

from django import forms
from django.contrib.auth import authenticate, get_user_model, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core.clock import parse_instant
from forain.flows import look_after_people, second_factor
from forain.store import instance, models, people
from forain.web import sessions, throttle
from forain.web.templatetags.words_of import w

CODE_WITHIN = timedelta(minutes=5)
"""So long after the password the code may come."""


class FirstForm(forms.Form):
    user = forms.CharField(max_length=150)
    password = forms.CharField(min_length=12, widget=forms.PasswordInput)


def password_fits(form: forms.Form, name: str, field: str = "password") -> bool:
    """Whether Django's rules like the new password; what they say is added to the form."""
    try:
        validate_password(form.cleaned_data[field], get_user_model()(username=name))
    except ValidationError as error:
        form.add_error(field, error)
        return False
    return True


@login_not_required
def first(request: HttpRequest, token: str) -> HttpResponse:
    """Make the first owner; the link works once."""
    if not instance.first_link_fits(token) or get_user_model().objects.exists():
        return render(request, "web/first.html", {"used": True}, status=410)
    form = FirstForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["user"]
        try:
            look_after_people.check_name(name)
        except look_after_people.BadName:
            form.add_error("user", w("people.bad_name"))
        else:
            if password_fits(form, name):
                now = wiring.deps().clock.now()
                person = people.add_first(name, form.cleaned_data["password"], token, now)
                if person is None:
                    return render(request, "web/first.html", {"used": True}, status=410)
                return _come_in(request, person, reverse("dashboard"), second_factor=False)
    return render(request, "web/first.html", {"form": form})


class InvitedForm(forms.Form):
    password = forms.CharField(min_length=12, widget=forms.PasswordInput)


@login_not_required
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a password with a one-time link. Opening the page does not use the link up, sending the form does."""
    now = wiring.deps().clock.now()
    person = people.by_link(token, now)
    if person is None:
        return render(request, "web/invited.html", {"used": True}, status=410)
    form = InvitedForm(request.POST or None)
    name = person.user.get_username()
    if request.method == "POST" and form.is_valid() and password_fits(form, name):
        if not look_after_people.use_link(wiring.deps(), person, token, form.cleaned_data["password"]):
            return render(request, "web/invited.html", {"used": True}, status=410)
        # Whoever has the link only is not yet whoever has the phone.
        return _password_was_right(request, person, reverse("dashboard"))
    return render(request, "web/invited.html", {"form": form, "person": person})


@login_not_required
def log_in(request: HttpRequest) -> HttpResponse:
    """The password. Whoever has a second factor is asked for it next, and is not logged in before.

    The answer to a wrong name and to a wrong password is the same, after the same work.
    """
    if request.user.is_authenticated:
        return redirect("dashboard")
    wrong = ""
    status = 200
    target = request.POST.get("next") or request.GET.get("next", "")
    if request.method == "POST":
        name = request.POST.get("user", "")[:150]
        tried = throttle.password(request, name)
        if not tried.may_begin():
            wrong, status = w("login.throttled"), 429
        else:
            before = people.named(name)
            user = authenticate(request, username=name, password=request.POST.get("password", ""))
            person = people.of_user(user.pk) if user is not None and user.pk is not None else None
            # A password that was changed while it was looked at is a wrong one.
            if person is not None and before is not None and person.sessions_no == before.sessions_no:
                tried.succeeded()
                return _password_was_right(request, person, safe(request, target, reverse("dashboard")))
            wrong, status = w("login.wrong"), 401
    context = {"wrong": wrong, "next": target, "name": request.POST.get("user", "")}
    return render(request, "web/login.html", context, status=status)


def _password_was_right(request: HttpRequest, person: models.Person, target: str) -> HttpResponse:
    if person.second_factor_at is None:
        return _come_in(request, person, target, second_factor=False)
    request.session.flush()
    request.session["half"] = {
        "person": person.pk,
        "sessions_no": person.sessions_no,
        "at": sessions.real_now().isoformat(),
    }
    # Where to go on to stays in the browser: it may hold a code of the marketplace, which no session's row should keep.
    onward = f"?{urlencode({'next': target})}" if target != reverse("dashboard") else ""
    return HttpResponseRedirect(f"{reverse('login_code')}{onward}")


def _half(request: HttpRequest) -> models.Person | None:
    """Who gave the right password a moment ago; None: nobody, or something about them changed since."""
    told = request.session.get("half")
    if told is None or sessions.real_now() - parse_instant(told["at"]) > CODE_WITHIN:
        return None
    person = people.get(told["person"])
    good = person is not None and person.user.is_active and person.sessions_no == told["sessions_no"]
    return person if good else None


@login_not_required
def log_in_code(request: HttpRequest) -> HttpResponse:
    """The second factor, after the password: a code of the phone, or a recovery code."""
    person = _half(request)
    if person is None:
        return redirect("login")
    wrong, status = "", 200
    if request.method == "POST":
        wrong, status = code_refused(request, person)
        if not wrong:
            target = safe(request, request.GET.get("next", ""), reverse("dashboard"))
            return _come_in(request, person, target, second_factor=True)
    return render(request, "web/login_code.html", {"wrong": wrong}, status=status)


def code_refused(request: HttpRequest, person: models.Person) -> tuple[str, int]:
    """What is wrong with the code that was sent, in words, and the status of the answer; ("", 200): it was right, and is
    used up."""
    typed = request.POST.get("code", "")
    tried = throttle.code(request, person, recovery=not second_factor.bare(typed).isdigit())
    if not tried.may_begin():
        return w("login.code_throttled"), 429
    if second_factor.check(wiring.deps(), person, typed) == "wrong":
        return w("login.code_wrong"), 401
    tried.succeeded()
    return "", 200


def _come_in(request: HttpRequest, person: models.Person, target: str, *, second_factor: bool) -> HttpResponse:
    request.session.flush()
    sessions.begin(request, person, second_factor=second_factor)
    response = _onward(request, target)
    throttle.know(response, person)
    return response


def _onward(request: HttpRequest, target: str) -> HttpResponse:
    """To one of our addresses. That of a renewal begun at the marketplace leads on to the marketplace, and browsers hold
    all redirects of a form to its page's policy, which knows ourselves only: there a page that goes on by itself ends the
    form's chain."""
    try:
        leads_away = resolve(urlsplit(target).path).url_name == "arrival"
    except Resolver404:
        leads_away = False
    if not leads_away:
        return HttpResponseRedirect(target)
    response = render(request, "web/onward.html", {"target": target})
    response.headers["Refresh"] = f"0;url={iri_to_uri(target)}"
    return response


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("login")


def safe(request: HttpRequest, target: str, otherwise: str) -> str:
    """The address to go to, if it is one of ours, written from its root on."""
    fits = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    return target if fits else otherwise
