"""Webhooks of shops: verify first, mark, then 202. What stands in the body is never believed, only its keys."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
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
LONGEST_KEY = 200


@login_not_required
@csrf_exempt
@require_POST
def hook(request: HttpRequest, name: str, topic: str = "") -> HttpResponse:
    """401 for an unknown name, a shop without a secret and a wrong signature alike: nobody learns which names there are.

    413 before that for a body that is too large, 400 after it for one that is signed and says nothing we know. A call
    that comes again marks the same keys again, which is harmless: what is there now is read, whatever was told.
    """
    length = request.headers.get("Content-Length", "")
    if length and not length.isdecimal():
        return HttpResponse(status=400)
    if int(length or 0) > LARGEST:
        return HttpResponse(status=413)
    try:
        body = request.body
    except RequestDataTooBig:
        return HttpResponse(status=413)
    if len(body) > LARGEST:
        return HttpResponse(status=413)
    shop = models.Shop.objects.filter(hook_name=name).first()
    if shop is None:
        return HttpResponse(status=401)
    deps = wiring.deps()
    adapter = deps.open.shop(shop)
    secret = deps.vault.get(f"shop:{shop.pk}", "hook_secret") or Secret("")
    verify = getattr(adapter, "verify", None)
    if verify is None or not secret:
        return HttpResponse(status=401)
    receiver: Hooks = adapter  # type: ignore[assignment]
    headers = {key.lower(): value for key, value in request.headers.items()}
    try:
        signals = receiver.verify(headers, body, secret)
    except errors.Forged:
        return HttpResponse(status=401)
    except errors.Malformed:
        return HttpResponse(status=400)
    if not all(0 < len(signal.key) <= LONGEST_KEY and signal.key.isprintable() for signal in signals):
        return HttpResponse(status=400)
    watch.note_signals(deps, shop, signals)
    return HttpResponse(status=202)
