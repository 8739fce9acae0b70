"""Uploads 2020-11-01: a place for an attachment of a message. Source: Amazon's model uploads_2020-11-01.json, read 2026-11-23."""

import base64
import binascii

from forain_box import documents
from forain_box.errors import invalid
from forain_box.http import Response
from forain_box.spapi.call import Call, Operation

MODEL = "uploads_2020-11-01.json"
RESOURCES = ("messaging/v1/orders/", "aplus/2020-11-01/contentDocuments")


def create(call: Call) -> Response:
    (resource,) = call.rest
    call.sites(1)
    told = call.text("contentMD5")
    try:
        # A query turns + into a space; a checksum has none.
        checksum = base64.b64decode(told.replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        checksum = b""
    if len(checksum) != 16:
        raise invalid("'contentMD5' must be the Base64 MD5 of the content.")
    if not resource.lstrip("/").startswith(RESOURCES):
        raise invalid(f"Invalid 'resource': {resource[:100]}.")
    content_type = call.text("contentType", "" if not resource.lstrip("/").startswith("aplus") else None)
    if any(ord(letter) < 32 or ord(letter) > 126 for letter in content_type):
        raise invalid("Invalid 'contentType'.")
    md5 = base64.b64encode(checksum).decode()
    upload = documents.prepare_upload(call.world, call.seller.seller_id, content_type, md5)
    told_back = {"uploadDestinationId": upload.upload_id, "url": documents.address(upload, call.request.origin)}
    return Response.json({"payload": told_back}, 201)


OPERATIONS = (
    Operation(
        "createUploadDestinationForResource", "POST", "/uploads/2020-11-01/uploadDestinations/{resource}", create, MODEL, 10, 10,
        ("Buyer Communication", "Product Listing"), open_end=True,
    ),
)  # fmt: skip
