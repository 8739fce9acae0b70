"""Amazon's XML, read as parts by their names, and written."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from forain.contracts.net import Response
from forain.core.errors import Malformed
from forain.net.xml_answers import outermost

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
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
    """The body as its outermost element. Raises what `net.xml_answers.outermost` raises."""
    return _part(outermost(response))


def _part(element: ElementTree.Element) -> Part:
    part = Part(element.tag.rpartition("}")[2], (element.text or "").strip())
    for child in element:
        inner = _part(child)
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
