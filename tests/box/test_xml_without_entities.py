"""XML is read without document types and entities: nothing in it unfolds, and nothing is fetched."""

import re
from pathlib import Path

import pytest

import forain
import forain_box
from forain_box import envelope

XML = "text/xml; charset=UTF-8"
MESSAGE = "<AmazonEnvelope><Header><MerchantIdentifier>{}</MerchantIdentifier></Header></AmazonEnvelope>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DTDS = {
    "billion laughs": (f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]>', "&l9;"),
    "one entity": ('<!DOCTYPE a [<!ENTITY x "y">]>', "&x;"),
    "a file of this machine": ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
    "an address": ('<!DOCTYPE a [<!ENTITY x SYSTEM "http://169.254.169.254/">]>', "&x;"),
    "a document type elsewhere": ('<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">', ""),
    "a parameter": ('<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/"> %x;]>', ""),
    "in capitals and gaps": ("<!doctype a [<!entity x 'y'>]>", "&x;"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-7", "latin-1"])
@pytest.mark.parametrize("dtd", DTDS)
def test_a_document_type_is_refused_in_every_encoding(dtd, encoding):
    head, inside = DTDS[dtd]
    content = f'<?xml version="1.0"?>{head}{MESSAGE.format(inside)}'.encode(encoding)

    with pytest.raises(envelope.Unreadable, match="DOCTYPE is disallowed"):
        envelope.read(content, f"text/xml; charset={encoding}")


@pytest.mark.parametrize("entity", ["&x;", "&l9;", "%x;&x;"])
def test_an_entity_nobody_declared_is_an_error(entity):
    with pytest.raises(envelope.Unreadable, match="undefined entity"):
        envelope.read(MESSAGE.format(entity).encode(), XML)


def test_an_encoding_told_inside_does_not_hide_a_document_type():
    """The bytes say nothing in the encoding of the header, and a document type in the one the document names."""
    hidden = '<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE a [+ADwAIQ-ENTITY x "y"+AD4AXQA+-' + MESSAGE.format(
        "&x;"
    )

    with pytest.raises(envelope.Unreadable):
        envelope.read(hidden.encode(), XML)


def test_the_five_entities_of_xml_and_letters_by_number_are_read():
    assert envelope.read(MESSAGE.format("A&amp;B&lt;&#233;").encode(), XML).merchant == "A&B<é"


def test_no_other_file_reads_xml():
    """Whoever reads XML elsewhere must refuse document types there too."""
    parsers = re.compile(r"^\s*(?:import|from)\s+(?:xml\.(?!sax\.saxutils|sax import saxutils)|lxml|expat|defusedxml)|xml\.sax\.(?!saxutils)", re.M)  # fmt: skip
    reading = {
        file.name
        for package in (forain, forain_box)
        for file in Path(package.__file__).parent.rglob("*.py")
        if file.parent.name != "tests" and parsers.search(file.read_text().replace("from xml.sax import saxutils", ""))
    }

    # Forain's reader refuses them in its own tests; `document.py` only names the type of what that one has read.
    assert reading == {"envelope.py", "xml_answers.py", "document.py"}
