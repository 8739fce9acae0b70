"""What every answer carries: a strict content security policy, no script but our own files. And what every question
must be: text."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
GUARDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Guards:
    """Adds what keeps a browser from doing more than it was meant to. Outermost, so that files, and the refusals of the
    other middleware, carry it too. A view may say its own: the consent page is opened by a redirect of a form, which
    form-action must allow (see `connect`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        for name, value in GUARDS.items():
            response.headers.setdefault(name, value)
        return response


class PlainText:
    """Refuses a NUL in address, query or form, which no database takes and no person types.

    A body that is no form of ours (a webhook's) is left unread.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if any("\0" in value for value in kwargs.values() if isinstance(value, str)):
            raise Http404
        forms = [request.GET] if getattr(view, "csrf_exempt", False) else [request.GET, request.POST]
        if any("\0" in text for form in forms for name, values in form.lists() for text in (name, *values)):
            raise BadRequest("NUL")
