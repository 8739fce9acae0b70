"""Attachments find a place, once their checksum and content type are as they were told."""

import base64
import hashlib
from urllib.parse import quote

import pytest

from tests.box import feeding
from tests.box.client import FR


def place(client, resource="messaging/v1/orders/1-2-3/messages/invoice", content=b"%PDF", **query):
    md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
    asked = "&".join(f"{k}={quote(v, safe='')}" for k, v in ({"marketplaceIds": FR, "contentMD5": md5} | query).items())
    return client.api("POST", f"uploads/2020-11-01/uploadDestinations/{resource}?{asked}")


@pytest.mark.parametrize(
    "resource", ["messaging/v1/orders/1-2-3/messages/invoice", "messaging%2Fv1%2Forders%2F1-2-3%2Fmessages%2Finvoice"]
)
def test_an_attachment_is_uploaded_with_the_checksum_that_was_told(client, resource):
    status, told = place(client, resource, contentType="application/pdf")
    assert status == 201
    number, address = told["payload"]["uploadDestinationId"], told["payload"]["url"]

    assert feeding.fetch(client, address, "PUT", b"other", "application/pdf").status == 400
    assert feeding.fetch(client, address, "PUT", b"%PDF", "text/plain").status == 403
    assert feeding.fetch(client, address, "PUT", b"%PDF", "application/pdf").status == 200
    assert client.box.world.state.uploads[number].content == b"%PDF"
    client.advance(301)
    assert feeding.fetch(client, address, "PUT", b"%PDF", "application/pdf").status == 403


@pytest.mark.parametrize(
    "query", [{"contentMD5": "short"}, {"contentMD5": "é"}, {"marketplaceIds": f"{FR},{FR}"}, {"contentType": "a\nb"}]
)
def test_a_wrong_upload_is_refused(client, query):
    assert place(client, **query)[0] == 400


def test_an_unknown_resource_has_no_upload(client):
    assert place(client, "invented/thing")[0] == 400
