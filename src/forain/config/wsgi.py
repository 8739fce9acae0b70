"""The WSGI application, for waitress here and any other server elsewhere."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

_django = get_wsgi_application()
_BOUNDARY = re.compile(r""";\s*boundary="?([0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-])"?""", re.IGNORECASE)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django, told no more of a body's type than its kind and where its parts end.

    Our pages send UTF-8. Any other charset a sender names (Python knows some that are no text at all) would break the
    request before the first line of ours could refuse it, and so would a length that is no number, which waitress
    refuses by itself.
    """
    length = str(environ.get("CONTENT_LENGTH") or "0")
    if not length.isascii() or not length.isdigit() or len(length) > 15:
        start_response("400 Bad Request", [("Content-Type", "text/plain")])
        return [b"Content-Length is no number\n"]
    told = str(environ.get("CONTENT_TYPE") or "")
    kind = told.partition(";")[0].strip()
    boundary = _BOUNDARY.search(told)
    plain = f'{kind}; boundary="{boundary[1]}"' if boundary else kind
    return _django({**environ, "CONTENT_TYPE": plain}, start_response)
