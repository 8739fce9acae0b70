"""What every page knows: where it stands, what its reader may do, how many things need a person, the nearest end of a
permission or a secret."""

from django.http import HttpRequest

from forain import wiring
from forain.core import forecast
from forain.core.people import rights_of
from forain.flows.look_ahead import every_end
from forain.store import models, people
from forain.web.rights import may_open

LANGUAGES = (("en", "English"), ("fr", "Français"), ("de", "Deutsch"))
PAGES = {
    "dashboard": ("dashboard",),
    "offers": ("offers", "offer", "links", "rules", "say_rule", "try_rule", "say_rate"),
    "orders": ("orders", "order"),
    "issues": ("issues",),
    "authorizations": (
        "authorizations",
        "make_calendar",
        "reminders",
        "add_webhook",
        "account",
        "by_hand",
        "register",
        "register_account",
        "renew_all",
        "rotation",
    ),
    "journal": ("journal",),
    "health": ("health",),
    "people": ("people", "invite", "person_link"),
}
"""The pages of the navigation, and the views each stands for."""


def page(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"languages": LANGUAGES}
    person = people.of_user(user.pk)
    role = person.role if person else ""
    here = request.resolver_match.url_name if request.resolver_match else ""
    now = wiring.deps().clock.now()
    open_notices = models.Notice.objects.filter(closed_at=None).exclude(severity="note").count()
    nearest = forecast.nearest(every_end(now), now)
    return {
        "todo_count": open_notices,
        "nearest_end": nearest,
        "nearest_days": nearest.days_left(now) if nearest else None,
        "languages": LANGUAGES,
        "may": {right.value: True for right in rights_of(role)},
        "navigation": [(name, here in views) for name, views in PAGES.items() if may_open(role, name)],
    }
