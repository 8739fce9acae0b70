"""What every page knows: where it stands, what its reader may do, how many things need a person, the nearest end of an
authorization."""

from django.http import HttpRequest

from forain import wiring
from forain.core import authorization
from forain.core.authorization import EXPIRING_WITHIN, Standing
from forain.core.people import rights_of
from forain.store import accounts, models, people
from forain.web.rights import may_open

LANGUAGES = (("en", "English"), ("fr", "Français"), ("de", "Deutsch"))
PAGES = {
    "dashboard": ("dashboard",),
    "offers": ("offers", "offer", "links"),
    "orders": ("orders", "order"),
    "issues": ("issues",),
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
    nearest = None
    for row in accounts.every():
        left = authorization.days_left(accounts.facts_of(row), now)
        if left is not None and row.standing != Standing.REFUSED and left <= EXPIRING_WITHIN.days:
            nearest = min(left, nearest) if nearest is not None else left
    return {
        "todo_count": open_notices,
        "nearest_end": nearest,
        "languages": LANGUAGES,
        "may": {right.value: True for right in rights_of(role)},
        "navigation": [(name, here in views) for name, views in PAGES.items() if may_open(role, name)],
    }
