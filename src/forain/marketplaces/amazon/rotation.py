"""A new client secret: asked for by a call without a seller, told through the application's own queue.

Source: Amazon's model application_2023-11-30.json; developer-docs.amazon.com/sp-api/docs/rotate-your-application-client-secret;
Amazon's sample lwa-rotation (the two messages), read 2026-11-23.
"""

import json

from forain.contracts.marketplace import Credentials, NewSecret, SecretEnds
from forain.contracts.net import Net, Request
from forain.core.clock import Instant, parse_instant
from forain.core.errors import Denied, GrantDoubted, Malformed, NotSent, Rejected, ServerFault, Unreachable
from forain.core.secret import Secret
from forain.marketplaces.amazon import errors, oauth, wire
from forain.marketplaces.amazon.listings import address

OPERATION = "rotateApplicationClientSecret"
SCOPE = "sellingpartnerapi::client_credential:rotation"
NEW, ENDS = "APPLICATION_OAUTH_CLIENT_NEW_SECRET", "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY"


def ask_for_secret(credentials: Credentials, net: Net) -> None:
    """204 means that a secret is on its way. 400 where no queue is registered; 403 says nothing of any seller."""
    try:
        token = oauth.grantless(credentials, net, SCOPE)
    except (Unreachable, ServerFault) as ill:
        raise NotSent(ill.code, request_id=ill.request_id, placeholders=ill.placeholders) from ill
    url = f"{address(credentials)}/applications/2023-11-30/clientSecret"
    headers = {"x-amz-access-token": token.reveal()}
    response = net.send(Request(OPERATION, "POST", url, headers=headers, authorized=False))
    if 200 <= response.status < 300:
        return
    error = errors.of_api(response, OPERATION)
    if isinstance(error, GrantDoubted):
        raise Denied(OPERATION, request_id=response.request_id)
    if isinstance(error, Rejected) and response.status == 400:
        raise Rejected(error.problems, "rotation_refused", request_id=response.request_id)
    raise error


def secret_news(message: Secret) -> NewSecret | SecretEnds | None:
    """What a message says; None where its type is another. Amazon's notifications are spelled in either case."""
    try:
        told = json.loads(message.reveal())
    except (ValueError, RecursionError):
        raise Malformed("message") from None
    if not isinstance(told, dict):
        raise Malformed("message")
    envelope = {name[:1].lower() + name[1:]: value for name, value in told.items()}
    kind = envelope.get("notificationType")
    if not isinstance(kind, str) or not kind:
        raise Malformed("notificationType")
    if kind == NEW:
        body = wire.told(envelope.get("payload"), wire.NewSecretPayload).application_o_auth_client_new_secret
        return NewSecret(
            body.client_id,
            Secret(body.new_client_secret),
            _moment(body.new_client_secret_expiry_time, "newClientSecretExpiryTime"),
            _moment(body.old_client_secret_expiry_time, "oldClientSecretExpiryTime"),
        )
    if kind == ENDS:
        end = wire.told(envelope.get("payload"), wire.SecretExpiryPayload).application_o_auth_client_secret_expiry
        told_at = _moment(envelope.get("eventTime"), "eventTime")
        return SecretEnds(end.client_id, _moment(end.client_secret_expiry_time, "clientSecretExpiryTime"), told_at)
    return None


def _moment(text: object, field: str) -> Instant:
    try:
        return parse_instant(text if isinstance(text, str) else "")
    except ValueError:
        raise Malformed(field) from None
