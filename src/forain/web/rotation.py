"""The client secret of an account's application: step by step by hand, or automatically through a queue."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from forain import plugins, wiring
from forain.contracts.queue import QueueAddress
from forain.core import errors
from forain.core import rotation as core
from forain.core.ids import ApplicationId
from forain.core.secret import Secret
from forain.flows import authorize, rotate_secret
from forain.net import sqs
from forain.store import models, queues
from forain.web import words
from forain.web.fields import made_at, sentence, today
from forain.web.templatetags.words_of import language, w

TYPED = ("queue_url", "region", "access_key_id")
LONGEST = 500
INSTALL = ".venv/bin/python -m pip install --require-hashes --no-deps -r requirements/sqs.txt"
PLACE = {
    "queue_key_refused": "secret_access_key",
    "queue_denied": "secret_access_key",
    "queue_region_missing": "region",
    "secret_date_too_old": "secret_made_on",
}
"""The field that a refusal is about; of the others it is the queue's address, or the secret typed."""


def rotation(request: HttpRequest, number: int) -> HttpResponse:
    """What is posted says in `answer` what it is: secret, queue, ask or remove."""
    account = get_object_or_404(models.Account.objects.select_related("application"), pk=number)
    if "secret_rotator" not in plugins.marketplace_manifest(account.marketplace).capabilities:
        return redirect("account", number=number)
    act = ACTS.get(request.POST.get("answer", "")) if request.method == "POST" else None
    if act is None:
        return _page(request, account, {})
    try:
        said = act(request, account.application)
    except _Wrong as wrong:
        return _page(request, account, wrong.said)
    messages.success(request, said)
    return redirect("rotation", number=number)


class _Wrong(Exception):
    """What is wrong, by the field it stands beside."""

    def __init__(self, said: dict[str, str]) -> None:
        super().__init__()
        self.said = said


def _secret(request: HttpRequest, application: models.Application) -> str:
    typed = request.POST.get("client_secret", "").strip()
    fields = tuple(f for f in plugins.marketplace_manifest(application.marketplace).application_fields if f.secret)
    wrong = plugins.wrong_fields(fields, {field.name: typed for field in fields})
    if wrong:
        raise _Wrong({"client_secret": w(f"error.{next(iter(wrong.values()))}", example=fields[0].example)})
    secret_made_at, date_problem = made_at(request, "secret_made_on")
    if date_problem:
        raise _Wrong({"secret_made_on": w(f"error.{date_problem}")})
    try:
        outcome = authorize.enter_secret(wiring.deps(), application, Secret(typed), secret_made_at)
    except errors.AdapterError as error:
        raise _Wrong({PLACE.get(error.code, "client_secret"): sentence(error)}) from None
    return w(f"amazon.{outcome.code}")


def _queue(request: HttpRequest, application: models.Application) -> str:
    typed = {name: request.POST.get(name, "").strip() for name in (*TYPED, "secret_access_key")}
    wrong = {name: w("error.required") for name, value in typed.items() if not value and name != "region"}
    wrong |= {name: w("error.long") for name, value in typed.items() if len(value) > LONGEST}
    wrong |= {
        name: w("error.pattern", example=example)
        for name, example in (("region", "eu-west-1"), ("access_key_id", "AKIA0123456789ABCDEF"))
        if typed[name] and not (typed[name].isascii() and typed[name].replace("-", "").isalnum())
    }
    if not (typed["secret_access_key"].isascii() and typed["secret_access_key"].isprintable()):
        wrong["secret_access_key"] = w("error.pattern", example="0123abcd+/0123abcd")
    if wrong:
        raise _Wrong(wrong)
    address = QueueAddress(typed["queue_url"], typed["region"], typed["access_key_id"])
    by = request.user.get_username()
    try:
        rotate_secret.set_queue(wiring.deps(), application, address, Secret(typed["secret_access_key"]), by)
    except errors.AdapterError as error:
        raise _Wrong({PLACE.get(error.code, "queue_url"): sentence(error)}) from None
    return w("rotation.kept")


def _ask(request: HttpRequest, application: models.Application) -> str:
    try:
        rotate_secret.ask_now(wiring.deps(), application, request.user.get_username())
    except errors.AdapterError as error:
        raise _Wrong({"ask": sentence(error)}) from None
    return w("rotation.asked")


def _remove(request: HttpRequest, application: models.Application) -> str:
    rotate_secret.remove_queue(wiring.deps(), application, request.user.get_username())
    return w("rotation.removed")


ACTS = {"secret": _secret, "queue": _queue, "ask": _ask, "remove": _remove}


def _page(request: HttpRequest, account: models.Account, wrong: dict[str, str]) -> HttpResponse:
    """`wrong`: what is wrong with what was typed, by field."""
    now, application = wiring.deps().clock.now(), account.application
    queue = queues.get(ApplicationId(application.pk))
    facts = rotate_secret.facts_of(application, queue)
    manifest = plugins.marketplace_manifest(account.marketplace)
    site = next((site for site in manifest.sites if site.region == account.region), manifest.sites[0])
    values = {"client_id": application.client_id, "host": site.consent_host}
    told = plugins.words("marketplaces", account.marketplace, language())
    typed = {name: request.POST.get(name, "") for name in TYPED} if wrong else {}
    former = application.former_until
    context = {
        "account": account,
        "queue": queue,
        "asks_at": max(facts.expires_at - core.ASK_BEFORE, now) if facts.expires_at else now,
        "due": core.due(facts, now),
        "awaited_since": facts.awaited_since,
        "former_until": former if former and former > now else None,
        "steps_hand": _steps(told, "rotation.hand.", values),
        "steps_queue": _steps(told, "rotation.queue.", values),
        "links": [
            (told[f"rotation.{name}"], words.fill(language(), told[f"rotation.link.{name}"], values))
            for name in ("where", "portal")
        ],
        "policy": told["rotation.policy"].strip(),
        "installed": sqs.installed(),
        "install": INSTALL,
        "wrong": wrong,
        "typed": typed,
        "secret_made_on": request.POST.get("secret_made_on", ""),
        "today": today().isoformat(),
        "queue_open": queue is None or bool(typed),
    }
    return render(request, "web/rotation.html", context, status=422 if wrong else 200)


def _steps(told: Mapping[str, str], prefix: str, values: Mapping[str, str]) -> list[str]:
    return [words.fill(language(), text, values) for key, text in sorted(told.items()) if key.startswith(prefix)]
