"""Who is told when something ends: people by mail, addresses by webhook, what was sent; and that somebody takes care."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core import reminders as core
from forain.core.clock import Instant
from forain.core.people import Right
from forain.core.reminders import Care, Matter
from forain.flows import arrange_reminders
from forain.flows.look_ahead import every_end, every_trouble
from forain.net.addresses import well_formed
from forain.store import accounts, letters, models, people
from forain.web import words
from forain.web.auth import safe
from forain.web.templatetags.words_of import language, w

SHOWN = 30
LONGEST_NAME = 60


@dataclass(frozen=True)
class Sent:
    """One letter as the page shows it. `state`: sent, waiting, past or refused."""

    letter: models.Letter
    whom: str
    about: str
    state: str


def reminders(
    request: HttpRequest, wrong: str = "", made: models.Webhook | None = None, secret: str = ""
) -> HttpResponse:
    """`wrong`: what is wrong with a typed webhook. `made`, `secret`: of one made a moment ago, shown this once."""
    deps = wiring.deps()
    rows = letters.webhooks()
    context = {
        "mail": deps.mail.sender if deps.mail else "",
        "told": people.with_mail(Right.SEE),
        "person": people.of_user(request.user.pk or 0),
        "webhooks": [(row, urlsplit(row.url).netloc) for row in rows],
        "letters": _letters(rows),
        "wrong": wrong,
        "typed": request.POST if wrong else {},
        "made": made,
        "secret": secret,
    }
    return render(request, "web/reminders.html", context, status=422 if wrong else 200)


def _letters(webhooks: list[models.Webhook]) -> list[Sent]:
    names = {f"webhook:{row.pk}": row.name for row in webhooks}
    for person in people.every():
        name = person.user.get_username()
        names |= {f"person:{person.pk}": name, f"person:{person.pk}/second": f"{name} (2)"}
    for row in accounts.every():
        names |= {f"account:{row.pk}": row.name, f"application:{row.application_id}": row.application.client_id}
    found = []
    for letter in letters.newest(SHOWN):
        owner = ":".join(letter.topic.split(":")[:2])
        about = names.get(owner, "") if letter.code != "trial" else ""
        state = "sent" if letter.sent_at else letter.over or "waiting"
        found.append(Sent(letter, names.get(letter.receiver, "–"), about, state))
    return found


def add_webhook(request: HttpRequest) -> HttpResponse:
    """Answers a form with a page that shows the secret once: whoever asks for it again is led to the list."""
    if request.method != "POST":
        return redirect("reminders")
    name, url = request.POST.get("name", "").strip(), request.POST.get("url", "").strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return reminders(request, w("reminders.bad_name"))
    if not well_formed(url):
        return reminders(request, w("error.address_wrong"))
    try:
        row, secret = arrange_reminders.add_webhook(wiring.deps(), name, url, language(), request.user.get_username())
    except arrange_reminders.Exists:
        return reminders(request, w("error.exists"))
    return reminders(request, made=row, secret=secret.reveal())


@require_POST
def webhook(request: HttpRequest, number: int) -> HttpResponse:
    """answer=trial calls it to see whether it answers; answer=remove takes it out."""
    row = get_object_or_404(models.Webhook, pk=number)
    deps = wiring.deps()
    if request.POST.get("answer") == "remove":
        arrange_reminders.remove_webhook(deps, row, request.user.get_username())
        messages.success(request, w("reminders.removed", name=row.name))
    elif request.POST.get("answer") == "trial":
        arrange_reminders.try_it(deps, f"webhook:{row.pk}")
        messages.success(request, w("reminders.trial_on_its_way", name=row.name))
    return redirect("reminders")


@dataclass(frozen=True)
class Cared:
    """Whether a notice is one people are reminded of (`topic`), and who takes care of it."""

    topic: str
    care: Care | None


class Cares:
    """Finds, for a notice, what is reminded of and who takes care; reads once for a whole page."""

    def __init__(self, now: Instant) -> None:
        self._topics = {(one.end.clock, one.end.owner): one for one in core.occasions(every_end(now), now)}
        self._troubles = {(one.code, one.subject): one for one in every_trouble(now)}
        self._cares = letters.cares() if self._topics or self._troubles else {}
        self._applications = {row.pk: row.application_id for row in accounts.every()} if self._topics else {}

    def of(self, notice: models.Notice) -> Cared | None:
        """None: nobody is reminded of this notice."""
        one = self.occasion(notice)
        return Cared(one.topic, self._cares.get(one.topic)) if one else None

    def occasion(self, notice: models.Notice) -> Matter | None:
        """What is to tell of what the notice is about."""
        if notice.code in ("secret_overdue", "secret_expiring", "application_refused") and notice.account_id:
            return self._topics.get(("secret", f"application:{self._applications.get(notice.account_id)}"))
        if notice.code.startswith("authorization_") and notice.code != "authorization_doubted":
            return self._topics.get(("authorization", notice.subject))
        return self._troubles.get((notice.code, notice.subject))


@require_POST
def take_care(request: HttpRequest, number: int) -> HttpResponse:
    """answer=later reminds again in a week, done not at all, undo as before. Back to the page it was pressed on."""
    notice = get_object_or_404(models.Notice, pk=number)
    deps = wiring.deps()
    now = deps.clock.now()
    one, answer = Cares(now).occasion(notice), request.POST.get("answer", "")
    if one is None:
        messages.error(request, w("reminders.over"))
    elif answer in ("later", "done", "undo"):
        by = request.user.get_username()
        again_at = arrange_reminders.take_care(deps, one.topic, one.account, answer, by)  # type: ignore[arg-type]
        date = words.day(language(), again_at) if again_at else ""
        messages.success(request, w(f"reminders.told_{answer}", date=date))
    return redirect(safe(request, request.POST.get("next", ""), reverse("issues")))
