"""XML that comes from outside, parsed safely: no document type, no entity, no depth that has no end.

A document with a DOCTYPE or an ENTITY is refused before a parser sees it, so nothing in it unfolds or is fetched.
"""

import re
import xml.etree.ElementTree as ElementTree

from forain.contracts.net import Response
from forain.core.errors import Malformed, ServerFault

_FORBIDDEN = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
DEEPEST = 30


def outermost(response: Response) -> ElementTree.Element:
    """The outermost element of the body, with nothing nested deeper than DEEPEST. Raises ServerFault for what is no XML (a proxy's
    page, cut off), Malformed for XML that nobody should read."""
    charset = re.search(r"charset\s*=\s*\"?([\w.:-]+)", response.headers.get("content-type", ""), re.IGNORECASE)
    told = {"status": str(response.status)}
    try:
        text = response.body.decode(charset[1] if charset else "utf-8")
    except (LookupError, UnicodeError):
        raise ServerFault("no_xml", placeholders=told) from None
    if _FORBIDDEN.search(text):
        raise Malformed("DOCTYPE")
    try:
        # The declaration goes: the text is decoded already, and a second opinion on its encoding is not wanted.
        root = ElementTree.fromstring(_DECLARATION.sub("", text.removeprefix("\ufeff")))
    except (ElementTree.ParseError, ValueError):
        raise ServerFault("no_xml", placeholders=told) from None
    level, depth = [root], 0
    while level:
        level, depth = [child for element in level for child in element], depth + 1
        if depth > DEEPEST and level:
            raise Malformed("nested too deeply")
    return root
