"""Webhooks of shops: verify first, mark, then 202. What stands in the body is never believed, only its keys."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from forain import wiring
from forain.contracts.shop import Hooks
from forain.core import errors
from forain.core.secret import Secret
from forain.flows import watch
from forain.store import models

LARGEST = 1024 * 1024


@login_not_required
@csrf_exempt
@require_POST
def hook(request: HttpRequest, name: str, topic: str = "") -> HttpResponse:
    """404 for an unknown name and 401 for a wrong signature say nothing more."""
    shop = models.Shop.objects.filter(hook_name=name).first()
    if shop is None:
        return HttpResponse(status=404)
    if len(request.body) > LARGEST:
        return HttpResponse(status=413)
    deps = wiring.deps()
    adapter = deps.open.shop(shop)
    secret = deps.vault.get(f"shop:{shop.pk}", "hook_secret") or Secret("")
    verify = getattr(adapter, "verify", None)
    if verify is None or not secret:
        return HttpResponse(status=404)
    receiver: Hooks = adapter  # type: ignore[assignment]
    headers = {key.lower(): value for key, value in request.headers.items()}
    try:
        signals = receiver.verify(headers, request.body, secret)
    except errors.Forged:
        return HttpResponse(status=401)
    except errors.Malformed:
        return HttpResponse(status=400)
    watch.note_signals(deps, shop, signals)
    return HttpResponse(status=202)
