"""Presigned addresses of documents and uploads: five minutes, the exact content type, no token.

An address carries its own moment and signature, as storage's addresses do: nothing has to be remembered for it, an
old one dies at its own end, and a document is found by its id.

Source: Amazon's models feeds_2021-06-30.json, reports_2021-06-30.json, uploads_2020-11-01.json; models issue 4907
(compressed uploads are not supported); read 2026-11-23.
"""

import base64
import gzip
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from forain_box.http import Request, Response
from forain_box.state import Document, Upload
from forain_box.world import World, happens

ADDRESS_LIFE = timedelta(minutes=5)
UNUSED_LIFE = timedelta(days=2)
"""A document that was made for an upload and is used by nothing dies after so long."""
COMPRESSED = 0.5
"""So often a result comes compressed; Amazon decides from file to file, and says so in its answer."""
STAMP = "%Y%m%dT%H%M%SZ"
TO_UPLOAD = "content-type;host"
ENCODING = "response-content-encoding"


def create(
    world: World, seller_id: str, purpose: str, content_type: str, content: bytes | None = None, compression: str = ""
) -> Document:
    """A document with a fresh address. `content` None: somebody will upload it."""
    seller = world.state.sellers.get(seller_id)
    kind = "spdoc.1" if purpose.endswith("report") else "tortuga"
    number = world.token(f"amzn1.{kind}.4.{seller.region if seller else 'na'}.", 36)
    now = world.now()
    key = world.token("", 40)
    document = Document(number, seller_id, purpose, content_type, now, key, now + ADDRESS_LIFE, content, compression)
    world.state.documents[number] = document
    if purpose == "upload":
        world.at(now + UNUSED_LIFE, "document.unused", document=number)
    return document


def create_result(world: World, seller_id: str, purpose: str, content_type: str, content: bytes) -> Document:
    """A result of Amazon's own; compressed or not, as chance has it."""
    if world.chance.random() < COMPRESSED:
        # Without the moment of the real clock in its header: the same seed gives the same bytes.
        return create(world, seller_id, purpose, content_type, gzip.compress(content, 1, mtime=0), "GZIP")
    return create(world, seller_id, purpose, content_type, content)


def prepare_upload(world: World, seller_id: str, content_type: str, content_md5: str) -> Upload:
    """A place for an attachment, whose checksum is told beforehand."""
    until = world.now() + ADDRESS_LIFE
    upload = Upload(world.token("sc.", 48), seller_id, world.token("", 40), content_type, until, checksum=content_md5)
    world.state.uploads[upload.upload_id] = upload
    world.at(world.now() + UNUSED_LIFE, "upload.unused", upload=upload.upload_id)
    return upload


def address(place: Document | Upload, origin: str, encoding: str = "") -> str:
    """Where it can be uploaded (while nothing is there) or downloaded for the next minutes. `encoding`: the
    Content-Encoding its download is sent with."""
    query = _query(place, encoding)
    name = place.document_id if isinstance(place, Document) else place.upload_id
    return f"{origin}/documents/{name}?{urlencode(query | {'X-Amz-Signature': _signature(place, query)})}"


def present_again(world: World, document: Document) -> None:
    """A new address for a download; former ones die at their own end."""
    document.address_until = world.now() + ADDRESS_LIFE


def forget(world: World, document_id: str) -> None:
    world.state.documents.pop(document_id, None)


def answer(world: World, request: Request) -> Response:
    """Storage speaks XML, knows no tokens, and minds the content type it was told of."""
    name = request.parts[1]
    place = world.state.documents.get(name) or world.state.uploads.get(name)
    if place is None:
        return _refused(404, "NoSuchKey", "The specified key does not exist.")
    signed = {k: v for k, v in request.query.items() if k != "X-Amz-Signature"}
    told = request.query.get("X-Amz-Signature", "")
    if not hmac.compare_digest(told.encode("utf-8", "replace"), _signature(place, signed).encode()):
        return _wrong_signature()
    if world.now() >= datetime.strptime(signed["X-Amz-Date"], STAMP).replace(tzinfo=UTC) + ADDRESS_LIFE:
        return _refused(403, "AccessDenied", "Request has expired")
    if "x-amz-access-token" in request.headers or "authorization" in request.headers:
        return _refused(400, "InvalidArgument", "Only one auth mechanism allowed")
    if signed["X-Amz-SignedHeaders"] == TO_UPLOAD:
        return _uploaded(place, request) if request.method == "PUT" else _wrong_signature()
    if request.method == "GET" and place.content is not None:
        headers = {"content-type": place.content_type, "etag": _etag(place.content)}
        if signed.get(ENCODING):
            headers["content-encoding"] = signed[ENCODING]
        return Response(200, place.content, headers)
    return _wrong_signature()


def _uploaded(place: Document | Upload, request: Request) -> Response:
    if place.content_type and request.headers.get("content-type", "") != place.content_type:
        return _wrong_signature()
    if isinstance(place, Upload) and checksum(request.body) != place.checksum:
        return _refused(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
    place.content = request.body
    return Response(200, b"", {"etag": _etag(request.body)})


def _query(place: Document | Upload, encoding: str) -> dict[str, str]:
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": (place.address_until - ADDRESS_LIFE).strftime(STAMP),
        "X-Amz-SignedHeaders": TO_UPLOAD if place.content is None else "host",
        "X-Amz-Expires": str(int(ADDRESS_LIFE.total_seconds())),
    }
    return query | ({ENCODING: encoding} if encoding else {})


def _signature(place: Document | Upload, query: dict[str, Any]) -> str:
    """The box's own, over everything in the address: nobody can lengthen its life or change its purpose."""
    return hmac.new(place.key.encode(), urlencode(sorted(query.items())).encode(), hashlib.sha256).hexdigest()


def checksum(content: bytes) -> str:
    """Base64 MD5, as Amazon states it for schemas and storage for contents."""
    return base64.b64encode(hashlib.md5(content).digest()).decode()


def _etag(content: bytes) -> str:
    return f'"{hashlib.md5(content).hexdigest()}"'


def _wrong_signature() -> Response:
    message = "The request signature we calculated does not match the signature you provided."
    return _refused(403, "SignatureDoesNotMatch", message)


def _refused(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, body.encode(), {"content-type": "application/xml"})


@happens("document.unused")
def _unused(world: World, told: dict[str, Any]) -> None:
    document = world.state.documents.get(told["document"])
    if document is not None and not document.used:
        forget(world, document.document_id)


@happens("upload.unused")
def _upload_unused(world: World, told: dict[str, Any]) -> None:
    world.state.uploads.pop(told["upload"], None)
