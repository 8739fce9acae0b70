"""How long somebody stays logged in. By the machine's own time, as Django's sessions are: the demo moves the product's
clock by months, and nobody was away for that."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from forain import wiring
from forain.core.clock import Instant, parse_instant
from forain.store import models, people

_CLOCK = wiring.RealClock()


def real_now() -> Instant:
    return _CLOCK.now()


def begun(sender: object, request: HttpRequest, user: AbstractBaseUser, **more: Any) -> None:
    """Django's signal: somebody logged in. The session knows when, and which of the person's numbers it belongs to."""
    person = people.of_user(user.pk)
    request.session["begun"] = real_now().isoformat()
    request.session["sessions_no"] = person.sessions_no if person else -1


def begin(request: HttpRequest, person: models.Person, *, second_factor: bool) -> None:
    """Log this person in, in a fresh session. `second_factor`: they proved that they have theirs.

    `person` as they were when they proved who they are: what changed since ends this session too.
    """
    login(request, person.user, backend="django.contrib.auth.backends.ModelBackend")
    request.session["sessions_no"] = person.sessions_no
    request.session["second_factor"] = second_factor
    request.session.clear_expired()


def go_on(request: HttpRequest, person: models.Person) -> None:
    """Every session of the person was ended; the one that asked for it goes on."""
    begin(request, person, second_factor=person.second_factor_at is not None)


def stands(request: HttpRequest, person: models.Person) -> bool:
    """Whether this session is still good: not too old, not ended by a change of the person, second factor shown.

    That nobody used it for too long is seen by Django: its row ended then.
    """
    told = request.session
    if told.get("sessions_no") != person.sessions_no:
        return False
    if person.second_factor_at is not None and not told.get("second_factor"):
        return False
    begun_at: datetime = parse_instant(told["begun"])
    return real_now() - begun_at < timedelta(seconds=settings.SESSION_LIFE)


def touch(request: HttpRequest) -> None:
    """A person opened a page: the idle time begins anew. A page that renews itself is nobody's doing."""
    if not request.headers.get("HX-Request"):
        request.session.modified = True
