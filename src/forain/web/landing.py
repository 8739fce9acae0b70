"""I say whether my quantities go to 0 before the permission ends, and stop it with one click."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from forain import wiring
from forain.core import errors
from forain.core import landing as core
from forain.core.clock import Instant
from forain.core.ids import AccountId
from forain.flows import land_safely
from forain.store import accounts, models
from forain.web.auth import safe
from forain.web.fields import sentence
from forain.web.templatetags.words_of import w


@dataclass(frozen=True)
class Shown:
    """A landing as the pages draw it. `number`: the account; `at`: when quantities go, or went, to 0; `by`: who called it off;
    `stoppable`: one click still changes something; `why`: why there can be none; `told`: what fills the sentence of its stage."""

    number: int
    stage: str
    at: Instant | None
    begun: bool
    stoppable: bool
    by: str
    why: str
    told: dict[str, str]


def shown(row: models.Account, now: Instant) -> Shown:
    """How the landing of an account stands now."""
    facts, found = accounts.facts_of(row), land_safely.landing_of(row, now)
    begun, where = found.told.begun_at is not None, core.stage(facts, found, now)
    return Shown(
        number=row.pk,
        stage=where.value,
        at=core.lands_at(facts, found, now),
        begun=begun,
        # What is at 0 cannot be put back while nothing may be written.
        stoppable=where in (core.Stage.ANNOUNCED, core.Stage.HELD, core.Stage.UNDER_WAY)
        and not (begun and found.blocked),
        by=found.told.called_off_by,
        why="" if core.possible(facts) else "estimated" if facts.estimated and facts.expires_at else "unknown",
        told={"cause": found.obstacle, "count": str(found.left) if found.left else ""},
    )


@require_POST
def landing(request: HttpRequest, number: int) -> HttpResponse:
    """answer=on or off is the setting, stop calls off this one time. Back to the page it was pressed on."""
    row = get_object_or_404(models.Account, pk=number)
    deps, by, answer = wiring.deps(), request.user.get_username(), request.POST.get("answer", "")
    page = f"{reverse('account', kwargs={'number': row.pk})}#landing"
    if answer in ("on", "off"):
        try:
            land_safely.switch(deps, AccountId(row.pk), answer == "on", by)
        except errors.AdapterError as error:
            messages.error(request, sentence(error), extra_tags="landing")
            return redirect(page)
        messages.success(request, w(f"landing.switched_{answer}"))
    elif answer == "stop":
        if land_safely.call_off(deps, AccountId(row.pk), by):
            messages.success(request, w("landing.stopped"))
        else:
            messages.error(request, w("landing.nothing_to_stop"), extra_tags="landing")
            return redirect(page)
    return redirect(safe(request, request.POST.get("next", ""), page))
