"""Guessing is slow: wrong passwords and codes are counted by address, by name and by browser.

Right ones do not count. A browser that was logged in as this person before has buckets of its own, so that a stranger
who keeps guessing a name cannot lock its owner out. The address is the connection's own: nobody's header is believed.
"""

from datetime import date, timedelta
from secrets import token_urlsafe

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from forain import wiring
from forain.contracts.manifest import RateLimit
from forain.flows import look_after_people
from forain.store import models
from forain.store.limits import SharedLimiter

_DAY = date(2026, 11, 25)
ADDRESS = RateLimit("login_address", 1 / 20, 30, "ours", _DAY)
"""Names tried from one address: thirty in vain, then three a minute."""
NAME = RateLimit("login_name", 1 / 60, 8, "ours", _DAY)
"""Tries on one name, from wherever: eight in vain, then one a minute."""
KNOWN = RateLimit("login_known", 1 / 60, 8, "ours", _DAY)
"""The same for each browser that was logged in as this person before."""
CODE = RateLimit("login_code", 1 / 300, 5, "ours", _DAY)
"""Codes of a phone: five in vain, then twelve an hour. Whoever tries them knows the password already."""
RECOVERY = RateLimit("login_recovery", 1 / 60, 8, "ours", _DAY)

COOKIE = "forain_known"
_SALT = "forain.known"
_YEAR = timedelta(days=365)
_FULL_AGAIN = timedelta(days=1)
"""Every bucket is full again by then: its row may go."""


class Try:
    """One try. `may_begin` once; `succeeded` if it was right, and it does not count."""

    def __init__(self, name: str, *buckets: tuple[RateLimit, str]) -> None:
        self._name = name
        self._buckets = buckets
        self._clock = wiring.deps().clock
        self._limiter = SharedLimiter(self._clock)

    def may_begin(self) -> bool:
        """Counted before it is tried, so that many at once get no more tries than one after the other."""
        # Every bucket is asked, also after an empty one: what is tried in vain counts everywhere.
        answers = [self._limiter.take(scope, limit) for limit, scope in self._buckets]
        if all(answer is None for answer in answers):
            return True
        for limit, _ in self._buckets:
            self._limiter.forget_untouched(limit.operation, self._clock.now() - _FULL_AGAIN)
        codes = any(limit in (CODE, RECOVERY) for limit, _ in self._buckets)
        look_after_people.note_guessing(wiring.deps(), self._name, codes=codes)
        return False

    def succeeded(self) -> None:
        for limit, scope in self._buckets:
            self._limiter.put_back(scope, limit)


def password(request: HttpRequest, name: str) -> Try:
    """A try of a password for this name."""
    known = _known(request, name)
    if known:
        return Try(name, (KNOWN, f"login:{known}"))
    return Try(name, (ADDRESS, f"login:{request.META.get('REMOTE_ADDR', '')}"), (NAME, f"login:{name}"))


def code(request: HttpRequest, person: models.Person, *, recovery: bool) -> Try:
    """A try of a code of the phone, or of a recovery code, by somebody who knows the password."""
    name = person.user.get_username()
    known = _known(request, name)
    return Try(name, (RECOVERY if recovery else CODE, f"login:{person.pk}:{known}"))


def _known(request: HttpRequest, name: str) -> str:
    """What the cookie calls this browser, if somebody of that name was logged in here; else ""."""
    try:
        told = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_YEAR)
    except signing.BadSignature:
        return ""
    # Known under another password, or before there was a second factor, is not known: else whoever stole the password
    # then could gather browsers, each with tries of its own.
    same = models.Person.objects.filter(
        user_id=told["user"], user__username=name, sessions_no=told.get("sessions_no")
    ).exists()
    return f"{told['user']}:{told['browser']}" if same else ""


def know(response: HttpResponse, person: models.Person) -> None:
    """Somebody logged in completely: the browser is known from now on. The cookie lets nobody in."""
    about = {"user": person.user_id, "browser": token_urlsafe(9), "sessions_no": person.sessions_no}
    told = signing.dumps(about, salt=_SALT)
    response.set_cookie(
        COOKIE, told, max_age=_YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
