"""Amazon's XML, read safely and written: no document type, no entity, no depth that has no end.

A document with a DOCTYPE or an ENTITY is refused before a parser sees it, so nothing in it unfolds or is fetched.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from forain.contracts.net import Response
from forain.core.errors import Malformed, ServerFault

_FORBIDDEN = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DEEPEST = 30
LONGEST_NAME = 200
"""Longer ids and SKUs fit no index, and no marketplace has them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One element: its text, and its children by name in their order. Namespaces are left out."""

    name: str
    text: str = ""
    children: dict[str, list["Part"]] = field(default_factory=dict)

    def all(self, path: str) -> list["Part"]:
        """The elements at a/b/c below; of a and b the first ones."""
        *way, last = path.split("/")
        part: Part | None = self
        for name in way:
            part = next(iter(part.children.get(name, ())), None) if part else None
        return part.children.get(last, []) if part else []

    def get(self, path: str) -> str:
        """The text at a/b/c below, "" where there is none."""
        found = self.all(path)
        return found[0].text if found else ""

    def named(self, path: str) -> str:
        """The text at a/b/c, which names a thing. Raises Malformed where there is none, or an endless one."""
        found = self.get(path)
        if not 0 < len(found) <= LONGEST_NAME:
            raise Malformed(path)
        return found


def read(response: Response) -> Part:
    """The body as its outermost element. Raises ServerFault for what is no XML (a proxy's page, cut off), Malformed for
    XML that nobody should read."""
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
    return _part(root)


def _part(element: ElementTree.Element, depth: int = 0) -> Part:
    if depth > DEEPEST:
        raise Malformed("nested too deeply")
    part = Part(element.tag.rpartition("}")[2], (element.text or "").strip())
    for child in element:
        inner = _part(child, depth + 1)
        part.children.setdefault(inner.name, []).append(inner)
    return part


Content = str | Sequence["Element"]
Element = tuple[str, Content] | tuple[str, Content, dict[str, str]]
"""(name, text or elements, attributes)."""


def written(*elements: Element) -> str:
    """Elements as XML. A letter that XML cannot hold at all becomes a question mark."""
    found = []
    for name, content, *rest in elements:
        attributes = "".join(f" {key}={quoteattr(value)}" for key, value in (rest[0] if rest else {}).items())
        inner = escape(_NO_XML.sub("?", content)) if isinstance(content, str) else written(*content)
        found.append(f"<{name}{attributes}>{inner}</{name}>")
    return "".join(found)
