"""Signature Version 2, checked over the host header and the path as they were received."""

import base64
import hashlib
import hmac
from urllib.parse import quote

from forain_box.http import Request


def string_to_sign(request: Request, told: dict[str, str]) -> str:
    pairs = sorted((name.encode(), value.encode()) for name, value in told.items() if name != "Signature")
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
    return f"{request.method}\n{request.headers.get('host', '').lower()}\n{request.raw_path or '/'}\n{query}"


def signed(secret: str, request: Request, told: dict[str, str]) -> str:
    """The signature these parameters should have."""
    digest = hmac.new(secret.encode(), string_to_sign(request, told).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signature(secret: str, request: Request, told: dict[str, str], given: str) -> bool:
    """`given` is the right signature of this request."""
    return hmac.compare_digest(signed(secret, request, told).encode(), given.replace(" ", "+").encode())
