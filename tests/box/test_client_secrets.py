"""A client secret is rotated by a call, and comes through the application's own queue only."""

from tests.box.client import Client

ROTATION = "sellingpartnerapi::client_credential:rotation"


def test_a_rotation_answers_nothing_and_writes_the_new_secret_into_the_queue():
    client = Client()
    token = client.grantless(ROTATION)
    assert client.api("POST", "applications/2023-11-30/clientSecret", token=token)[0] == 400
    client.box.world.state.applications[
        client.application["application_id"]
    ].queue = "arn:aws:sqs:eu-west-1:123456789012:secrets"
    client.advance(60)

    assert client.api("POST", "applications/2023-11-30/clientSecret", token=token) == (204, None)

    (told,) = client.control("GET", f"applications/{client.application['application_id']}/messages")[1]
    secret = told["body"]["payload"]["applicationOAuthClientNewSecret"]
    assert told["body"]["notificationType"] == "APPLICATION_OAUTH_CLIENT_NEW_SECRET"
    assert client.login(client_secret=secret["newClientSecret"])[0] == 200
    assert client.login()[0] == 200
    assert secret["oldClientSecretExpiryTime"] == "2026-03-08T09:01:00.000Z"
    client.advance(7 * 86400)
    assert client.login()[0] == 401
    assert client.api("POST", "applications/2023-11-30/clientSecret")[0] == 403


def test_the_queue_is_warned_from_ninety_days_before_the_end_of_the_newest_secret(client):
    application = client.control(
        "POST", "applications", {"name": "B", "queue": "arn:aws:sqs:eu-west-1:123456789012:s"}
    )[1]
    path = f"applications/{application['application_id']}"

    def kinds():
        return [
            m["body"]["notificationType"].removeprefix("APPLICATION_OAUTH_CLIENT_")
            for m in client.control("GET", f"{path}/messages")[1]
        ]

    client.advance(89 * 86400)
    assert kinds() == []
    client.advance(86400)
    assert kinds() == ["SECRET_EXPIRY"]
    client.control("POST", f"{path}/rotate", {})
    assert kinds() == ["SECRET_EXPIRY", "NEW_SECRET"]
    client.advance(89 * 86400)
    assert kinds() == [], "a message is kept for four days, and nobody is warned of an old secret's end"
