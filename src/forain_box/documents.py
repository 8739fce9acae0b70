"""Presigned addresses of documents: five minutes, the exact content type, no token.

Source: Amazon's models feeds_2021-06-30.json and reports_2021-06-30.json, uploads_2020-11-01.json; read 2026-11-23.
"""

import base64
import hashlib
from datetime import timedelta

from forain_box.http import Request, Response
from forain_box.state import Document
from forain_box.world import World

ADDRESS_LIFE = timedelta(minutes=5)
UNUSED_LIFE = timedelta(days=2)
"""A document that was made for an upload and is used by nothing dies after so long."""


def create(
    world: World, seller_id: str, purpose: str, content_type: str, content: bytes | None = None, compression: str = ""
) -> Document:
    """A document with a fresh address. `content` None: somebody will upload it."""
    number = world.token("amzn1.tortuga.4.eu.", 36)
    document = Document(
        number,
        seller_id,
        purpose,
        content_type,
        world.now(),
        world.token("", 40),
        world.now() + ADDRESS_LIFE,
        content,
        compression,
    )
    world.state.documents[number] = document
    return document


def address(document: Document, origin: str) -> str:
    """Where it can be uploaded or downloaded for the next minutes."""
    return f"{origin}/documents/{document.key}"


def present_again(world: World, document: Document) -> None:
    """A new address for a download; the former one dies at its own end."""
    document.key, document.address_until = world.token("", 40), world.now() + ADDRESS_LIFE


def answer(world: World, request: Request) -> Response:
    """Storage speaks XML, knows no tokens, and minds the content type it was told of."""
    key = request.parts[1]
    document = next((d for d in world.state.documents.values() if d.key == key), None)
    if document is None:
        return _refused(404, "NoSuchKey", "The specified key does not exist.")
    if world.now() >= document.address_until:
        return _refused(403, "AccessDenied", "Request has expired")
    if request.method == "PUT" and document.purpose == "upload":
        return _uploaded(document, request)
    if request.method in ("GET", "HEAD") and document.content is not None and document.purpose != "upload":
        headers = {"content-type": document.content_type, "content-md5": checksum(document.content)}
        return Response(200, document.content, headers)
    return _refused(
        403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
    )


def _uploaded(document: Document, request: Request) -> Response:
    if request.headers.get("content-type", "") != document.content_type:
        return _refused(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.",
        )
    if "x-amz-access-token" in request.headers or "authorization" in request.headers:
        return _refused(400, "InvalidArgument", "Only one auth mechanism allowed")
    document.content = request.body
    return Response(200, b"", {"etag": f'"{hashlib.md5(request.body).hexdigest()}"'})


def checksum(content: bytes) -> str:
    """Base64 MD5, as Amazon states it for schemas and storage for contents."""
    return base64.b64encode(hashlib.md5(content).digest()).decode()


def _refused(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, body.encode(), {"content-type": "application/xml"})
