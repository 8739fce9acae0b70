"""AmazonEnvelope: the XML of order feeds, read safely, and the ProcessingReport that answers them.

A document with a DOCTYPE or an ENTITY is refused before a parser sees it, so nothing in it can be expanded or fetched.

Source: Amazon's amzn-envelope and ProcessingReport as connectors show them; docs issue 876 (codes 5000, 5001); read
2026-11-23.
"""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

TYPE = "text/xml; charset=UTF-8"
_FORBIDDEN = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


class Unreadable(Exception):
    """The whole document cannot be processed. `code`: Amazon's ResultMessageCode."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Part:
    """One element: its text and its children by name, in their order."""

    text: str = ""
    children: dict[str, list["Part"]] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)

    def all(self, name: str) -> list["Part"]:
        return self.children.get(name, [])

    def get(self, path: str) -> str:
        """The text at a/b/c below, "" where there is none."""
        part: Part | None = self
        for name in path.split("/"):
            part = next(iter(part.all(name)), None) if part else None
        return part.text if part else ""


@dataclass
class Envelope:
    merchant: str
    kind: str
    messages: list[Part]


@dataclass
class Result:
    """What is wrong with a message. `message_id` 0: with the whole document."""

    message_id: int
    code: str
    text: str
    sku: str = ""
    order_id: str = ""

    def plain(self) -> dict[str, Any]:
        return dict(vars(self))


def read(content: bytes, content_type: str) -> Envelope:
    """Raises Unreadable."""
    charset = re.search(r"charset\s*=\s*\"?([\w.:-]+)", content_type, re.IGNORECASE)
    try:
        told = content.decode(charset[1] if charset else "utf-8")
    except (LookupError, UnicodeError):
        raise Unreadable("5000", "XML Parsing Error: the document is not in the encoding of its content type") from None
    told = told.removeprefix("\ufeff")
    if _FORBIDDEN.search(told):
        raise Unreadable("5000", "XML Parsing Error: DOCTYPE is disallowed")
    try:
        # The declaration goes: the text is decoded already, and a second opinion on its encoding is not wanted.
        root = ElementTree.fromstring(_DECLARATION.sub("", told))
    except (ElementTree.ParseError, ValueError) as wrong:
        raise Unreadable("5000", f"XML Parsing Error: {wrong}"[:300]) from None
    if _name(root) != "AmazonEnvelope":
        raise Unreadable("5001", "XML Parsing Error: cannot find the declaration of element other than AmazonEnvelope")
    whole = _part(root)
    return Envelope(whole.get("Header/MerchantIdentifier"), whole.get("MessageType"), whole.all("Message"))


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


DEEPEST = 30


def _part(element: ElementTree.Element, depth: int = 0) -> Part:
    if depth > DEEPEST:
        raise Unreadable("5001", "XML Parsing Error: elements lie too deep")
    part = Part((element.text or "").strip(), attributes=dict(element.attrib))
    for child in element:
        part.children.setdefault(_name(child), []).append(_part(child, depth + 1))
    return part


def processing_report(transaction: str, merchant: str, processed: int, results: list[dict[str, Any]]) -> bytes:
    """The ProcessingReport of a feed with this many messages; `results`: Result.plain() of what is wrong."""
    wrong = len({r["message_id"] for r in results} - {0})
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">',
        f"<Header><DocumentVersion>1.02</DocumentVersion><MerchantIdentifier>{escape(merchant)}</MerchantIdentifier></Header>",
        "<MessageType>ProcessingReport</MessageType>",
        f"<Message><MessageID>1</MessageID><ProcessingReport><DocumentTransactionID>{transaction}</DocumentTransactionID>",
        "<StatusCode>Complete</StatusCode><ProcessingSummary>",
        f"<MessagesProcessed>{processed}</MessagesProcessed><MessagesSuccessful>{processed - wrong}</MessagesSuccessful>",
        f"<MessagesWithError>{max(wrong, int(bool(results)))}</MessagesWithError><MessagesWithWarning>0</MessagesWithWarning>",
        "</ProcessingSummary>",
        *map(_result, results),
        "</ProcessingReport></Message></AmazonEnvelope>",
    ]
    return "\n".join(lines).encode("utf-8", "replace")


def _result(told: dict[str, Any]) -> str:
    about = "".join(
        f"<{name}>{escape(told[key])}</{name}>"
        for name, key in (("SKU", "sku"), ("AmazonOrderID", "order_id"))
        if told[key]
    )
    return (
        f"<Result><MessageID>{told['message_id']}</MessageID><ResultCode>Error</ResultCode>"
        f"<ResultMessageCode>{told['code']}</ResultMessageCode><ResultDescription>{escape(told['text'])}</ResultDescription>"
        + (f"<AdditionalInfo>{about}</AdditionalInfo>" if about else "")
        + "</Result>"
    )
