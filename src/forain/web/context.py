"""What every page knows: how many things need a person, and the nearest end of an authorization."""

from django.http import HttpRequest

from forain import wiring
from forain.core import authorization
from forain.core.authorization import EXPIRING_WITHIN, Standing
from forain.store import accounts, models


def page(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
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
        "languages": (("en", "English"), ("fr", "Français"), ("de", "Deutsch")),
    }
