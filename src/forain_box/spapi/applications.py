"""Application Management 2023-11-30, and what an application's own queue is told of its client secret: each new one,
and that one nears its end. A new secret comes through that queue and nowhere else.

Whatever rotates a secret (this API, the console, the control API) plans the messages through the world. Amazon warns from
90 days before the end, periodically; the days between are the box's own.

Source: Amazon's model application_2023-11-30.json; samples lwa-rotation and auth-lifecycle-management; read 2026-11-23.
"""

from datetime import datetime
from typing import Any

from forain_box import notify
from forain_box.clock import text
from forain_box.errors import invalid
from forain_box.http import Response
from forain_box.spapi.call import Call, Operation
from forain_box.state import Application
from forain_box.world import World, happens

MODEL = "application_2023-11-30.json"
SCOPE = "sellingpartnerapi::client_credential:rotation"
PAYLOAD_VERSION = "2023-11-30"


def rotate(call: Call) -> Response:
    if not call.application.queue:
        raise invalid("The application has no registered queue for its new client secret.")
    call.world.rotate_secret(call.application)
    return Response(204)


@happens("secret.rotated")
def _rotated(world: World, told: dict[str, Any]) -> None:
    application = world.state.applications[told["application"]]
    payload = {
        "clientId": application.client_id, "newClientSecret": told["secret"],
        "newClientSecretExpiryTime": told["expires"], "oldClientSecretExpiryTime": told["old_until"],
    }  # fmt: skip
    _tell(world, application, "APPLICATION_OAUTH_CLIENT_NEW_SECRET", "applicationOAuthClientNewSecret", payload)


@happens("secret.expiring")
def _expiring(world: World, told: dict[str, Any]) -> None:
    """Told of the end it was planned for: a secret that was rotated since has another."""
    application = world.state.applications[told["application"]]
    if application.secret_expires_at != datetime.fromisoformat(told["expires"]):
        return
    payload = {
        "clientId": application.client_id, "clientSecretExpiryTime": text(application.secret_expires_at),
        "clientSecretExpiryReason": "PERIODIC_ROTATION",
    }  # fmt: skip
    _tell(world, application, "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY", "applicationOAuthClientSecretExpiry", payload)


def _tell(world: World, application: Application, kind: str, name: str, payload: dict[str, Any]) -> None:
    now = text(world.now())
    body = {
        "notificationVersion": "1.0", "notificationType": kind, "payloadVersion": PAYLOAD_VERSION, "eventTime": now,
        "payload": {name: payload},
        "notificationMetadata": {
            "applicationId": application.application_id, "publishTime": now, "notificationId": world.token("", 32).lower(),
        },
    }  # fmt: skip
    notify.tell_application(world, application.application_id, body)


OPERATIONS = (
    Operation("rotateApplicationClientSecret", "POST", "/applications/2023-11-30/clientSecret", rotate, MODEL, 0.0167, 1, scope=SCOPE),
)  # fmt: skip
