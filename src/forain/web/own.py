"""My access: the password, the second factor, its recovery codes, how I want to be reminded. Open to whoever is logged in."""

from datetime import timedelta
from functools import cache
from secrets import token_urlsafe
from typing import Any
from zoneinfo import available_timezones

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core.clock import parse_instant
from forain.core.people import Right, rights_of
from forain.flows import arrange_reminders, look_after_people
from forain.flows import second_factor as flow
from forain.net.mail import is_address
from forain.store import models, orders, people
from forain.web import sessions, throttle, words
from forain.web.auth import code_refused, password_fits, safe
from forain.web.templatetags.words_of import language, w

RENEW_WITHIN = timedelta(minutes=10)
"""So long a code of the former phone opens the way to another one."""


class PasswordForm(forms.Form):
    current = forms.CharField(widget=forms.PasswordInput)
    fresh = forms.CharField(min_length=12, widget=forms.PasswordInput)


class RemindersForm(forms.Form):
    """Where and when somebody wants to be reminded; what is wrong is said beside its field."""

    mail = forms.CharField(required=False, max_length=254)
    second_mail = forms.CharField(required=False, max_length=254)
    language = forms.ChoiceField(choices=[(code, code) for code in words.LANGUAGES])
    time_zone = forms.CharField(max_length=60)
    quiet_from = forms.TimeField(required=False)
    quiet_until = forms.TimeField(required=False)
    urgent_any_hour = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        for name in ("mail", "second_mail"):
            if told.get(name) and not is_address(told[name]):
                self.add_error(name, w("reminders.bad_mail"))
        if told.get("second_mail") and not told.get("mail"):
            self.add_error("mail", w("error.required"))
        if told.get("time_zone") and told["time_zone"] not in _zones():
            self.add_error("time_zone", w("error.choice"))
        if (told.get("quiet_from") is None) != (told.get("quiet_until") is None):
            self.add_error("quiet_until", w("reminders.both"))
        return told


@cache
def _zones() -> tuple[str, ...]:
    """The time zones there are, as people know them: a continent and a town, and UTC."""
    return (*sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")), "UTC")


def _me(request: HttpRequest) -> models.Person:
    """Who asks, as their session knows them. The gate let nobody pass who is not a person."""
    person = people.of_user(request.user.pk or 0)
    assert person is not None
    # Hashing takes its time: what ended the session since the gate looked is found out when something is written.
    person.sessions_no = request.session["sessions_no"]
    return person


def own(
    request: HttpRequest, form: PasswordForm | None = None, status: int = 200, wishes: RemindersForm | None = None
) -> HttpResponse:
    """`form`, `wishes`: what was typed and is wrong."""
    person = _me(request)
    context = {
        "person": person,
        "form": form,
        "codes_left": people.recovery_codes_left(person),
        "wishes": wishes or _wishes(person),
        "zones": _zones(),
        "language_names": settings.LANGUAGES,
        "sees_ends": Right.SEE in rights_of(person.role),
        "mail_server": wiring.deps().mail is not None,
    }
    return render(request, "web/own.html", context, status=status)


def _wishes(person: models.Person) -> RemindersForm:
    """The form as the person filled it in last; before that, as the house has it."""
    return RemindersForm(
        initial={
            "mail": person.user.email,
            "second_mail": person.second_mail,
            "language": person.language or language(),
            "time_zone": person.time_zone or settings.DISPLAY_TIME_ZONE,
            "quiet_from": person.quiet_from,
            "quiet_until": person.quiet_until,
            "urgent_any_hour": person.urgent_any_hour,
        }
    )


def own_reminders(request: HttpRequest) -> HttpResponse:
    """Where and when I want to be reminded."""
    if request.method != "POST":
        return redirect("own")
    form = RemindersForm(request.POST)
    if not form.is_valid():
        return own(request, status=422, wishes=form)
    told = form.cleaned_data
    quiet = (told["quiet_from"], told["quiet_until"]) if told["quiet_from"] is not None else None
    arrange_reminders.set_mail(
        wiring.deps(), _me(request), mail=told["mail"], second_mail=told["second_mail"], language=told["language"],
        time_zone=told["time_zone"], quiet=quiet, urgent_any_hour=told["urgent_any_hour"],
    )  # fmt: skip
    messages.success(request, w("reminders.kept"))
    return redirect(f"{reverse('own')}#reminders")


@require_POST
def own_trial(request: HttpRequest) -> HttpResponse:
    """A mail to see whether it arrives, to each address I have given."""
    person = _me(request)
    if person.user.email:
        arrange_reminders.try_it(wiring.deps(), f"person:{person.pk}")
        if person.second_mail:
            arrange_reminders.try_it(wiring.deps(), f"person:{person.pk}/second")
        messages.success(request, w("reminders.trial_on_its_way", name=person.user.email))
    return redirect(f"{reverse('own')}#reminders")


def own_password(request: HttpRequest) -> HttpResponse:
    """A new password, for whoever knows the present one; all other sessions of the person end."""
    if request.method != "POST":
        # It answers a form with a page: whoever asks for that again (its language, a reload) is led back.
        return redirect("own")
    person = _me(request)
    name = person.user.get_username()
    form = PasswordForm(request.POST)
    if form.is_valid() and password_fits(form, name, "fresh"):
        tried = throttle.password(request, name)
        if not tried.may_begin():
            form.add_error("current", w("login.throttled"))
        elif not person.user.check_password(form.cleaned_data["current"]):
            form.add_error("current", w("own.current_wrong"))
        elif not look_after_people.change_password(wiring.deps(), person, form.cleaned_data["fresh"]):
            # The session has ended: the gate says so.
            return redirect("own")
        else:
            tried.succeeded()
            sessions.go_on(request, person)
            messages.success(request, w("own.password_changed"))
            response: HttpResponse = redirect("own")
            throttle.know(response, person)
            return response
    return own(request, form, 422)


def second_factor(request: HttpRequest) -> HttpResponse:
    """Set the second factor up: the phone reads the QR code, and proves it with a code. Then the recovery codes, once."""
    person = _me(request)
    if person.second_factor_at is not None and not _may_renew(request):
        return redirect("own")
    deps = wiring.deps()
    session = request.session.setdefault("phone", token_urlsafe(12))
    secret = flow.begin(deps, person, session)
    target = safe(request, request.POST.get("next") or request.GET.get("next", ""), "")
    wrong = ""
    if request.method == "POST":
        codes = flow.confirm(deps, person, session, flow.bare(request.POST.get("code", "")))
        if codes is not None:
            request.session.pop("renewing", None)
            sessions.go_on(request, person)
            response = _show_codes(request, codes, target)
            throttle.know(response, person)
            return response
        wrong = w("second_factor.wrong")
    plain = secret.reveal()
    context = {
        "must": person.second_factor_at is None and orders.buyers_are_stored(),
        "qr": mark_safe(segno.make(flow.address(person, secret), error="m").svg_inline(omitsize=True, light="#fff")),
        "secret": " ".join(plain[n : n + 4] for n in range(0, len(plain), 4)),
        "next": target,
        "wrong": wrong,
    }
    return render(request, "web/second_factor.html", context, status=422 if wrong else 200)


def _show_codes(request: HttpRequest, codes: list[str], target: str) -> HttpResponse:
    context = {"codes": codes, "next": target or reverse("dashboard")}
    return render(request, "web/recovery_codes.html", context)


def _code_is_right(request: HttpRequest, person: models.Person) -> bool:
    """Whoever changes the second factor shows that they still have it; else a message says what was wrong."""
    wrong, _ = code_refused(request, person)
    if wrong:
        messages.error(request, wrong)
    return not wrong


def _may_renew(request: HttpRequest) -> bool:
    """A code of the former phone was shown a moment ago."""
    at = request.session.get("renewing")
    return at is not None and sessions.real_now() - parse_instant(at) < RENEW_WITHIN


@require_POST
def second_factor_renew(request: HttpRequest) -> HttpResponse:
    """Another phone: the former one, or a recovery code, opens the way to it."""
    if not _code_is_right(request, _me(request)):
        return redirect("own")
    request.session["renewing"] = sessions.real_now().isoformat()
    return redirect("second_factor")


def recovery_codes(request: HttpRequest) -> HttpResponse:
    """New recovery codes; the former ones work no more."""
    if request.method != "POST":
        return redirect("own")
    person = _me(request)
    if person.second_factor_at is None or not _code_is_right(request, person):
        return redirect("own")
    return _show_codes(request, flow.new_recovery_codes(wiring.deps(), person), reverse("own"))
