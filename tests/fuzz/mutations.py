"""Ways to spoil what somebody else wrote: values within JSON, elements of XML, cells of a file, bytes on the wire."""

import copy
import gzip
import hashlib
import json
import re
from typing import Any
from xml.etree import ElementTree

from hypothesis import strategies as st


class Twin(str):
    """A key that may stand beside its equal: JSON with one name twice."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


NOISE = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(80))
"""Long, and hard to compress: a database's index takes no such key."""
TEXTS = [
    "", " ", "0", "-1", "12,50", "1e309", "NaN", "Infinity", "١٢", "²", "null", "\x00", "A\x00B", "\ud800", "\udfff\ud800", "\ufeff",
    "\u202e", "🙈", "<script>alert(1)</script>", "' OR 1=1 --", "../../etc/passwd", "%00", "{x}", "%s", "\r\nSet-Cookie: a=b",
    "9" * 24, "0." + "1" * 30, "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z", "2026-03-01",
    "2026-03-01T10:00:00", "EUR", "eur", "€", "XXXX", "A13V1IB3VIYZZH", "~", "a~b~c", "https://[", NOISE,
]  # fmt: skip
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, float("inf"), float("nan"), 2**31, 2**63, -(2**63) - 1, 10**30, [], {}, [[]],
    [None], [1, "a"], {"": ""}, {"a": {"b": None}}, _nested(60), *TEXTS,
]  # fmt: skip

Path = tuple[Any, ...]


def places(value: Any, here: Path = ()) -> list[Path]:
    """Every place within a JSON value, the whole of it first."""
    found = [here]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        found += places(one, (*here, key))
    return found


def at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def _odd(draw: Any) -> Any:
    return _copy(draw(st.sampled_from(ODD)))


def _otherwise(draw: Any, old: Any, whole: Any) -> Any:
    """What stands in a place instead."""
    match draw(st.integers(0, 9)):
        case 0:
            return [old]
        case 1:
            return {"value": old}
        case 2:
            return _copy(at(whole, draw(st.sampled_from(places(whole)))))
        case 3 if isinstance(old, str):
            return old[: len(old) // 2] + draw(st.sampled_from(TEXTS))
        case 3 if isinstance(old, int | float):
            return str(old)
        case 3 if isinstance(old, list):
            return old * 3
        case 4 if isinstance(old, str):
            return draw(st.integers(-5, 10**6))
        case 4 if isinstance(old, list):
            return {str(n): one for n, one in enumerate(old)}
        case 5:
            return draw(st.text(max_size=12)) if isinstance(old, str) else draw(st.integers())
        case _:
            return _odd(draw)


@st.composite
def mutated(draw: Any, value: Any, most: int = 3) -> Any:
    """The value with one to `most` things changed: keys gone, doubled, renamed or added, wrong kinds, odd values."""
    whole = _copy(value)
    for _ in range(draw(st.integers(1, most))):
        path = draw(st.sampled_from(places(whole)))
        if not path:
            if draw(st.integers(0, 9)) == 0:
                return _odd(draw)
            continue
        parent, key = at(whole, path[:-1]), path[-1]
        how = draw(st.integers(0, 9))
        if how <= 1:
            del parent[key]
        elif how == 2 and isinstance(parent, dict):
            parent[Twin(key)] = _odd(draw)
        elif how == 3 and isinstance(parent, dict):
            parent[str(key).upper()] = parent.pop(key)
        elif how == 4 and isinstance(parent, dict):
            parent[draw(st.sampled_from(TEXTS))] = _odd(draw)
        else:
            parent[key] = _otherwise(draw, parent[key], whole)
    return whole


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def as_json(value: Any) -> bytes:
    """The same where the whole must stay JSON: NaN and Infinity are none, numbers out of range are."""
    return json.dumps(value).replace("Infinity", "1e999").replace("NaN", "1e999").encode()


HTML = b"<!DOCTYPE html><html><head><title>503</title></head><body>Be right back</body></html>"


@st.composite
def spoiled(draw: Any, body: bytes) -> bytes:
    """The same bytes cut, flipped, wrapped, in another encoding, or something else altogether."""
    place = draw(st.integers(0, len(body)))
    match draw(st.integers(0, 11)):
        case 0:
            return body[:place]
        case 1:
            return body[:place] + draw(st.binary(min_size=1, max_size=6)) + body[place:]
        case 2:
            return body[:place] + b"\xff\xfe" + body[place + 2 :]
        case 3:
            return b"\xef\xbb\xbf" + body
        case 4:
            return body.decode("utf-8", "replace").encode("utf-16")
        case 5:
            return draw(st.sampled_from([b"", b" \n", b"null", b"[]", b"{}", b"0", b'""', HTML]))
        case 6:
            return gzip.compress(body)[: place + 4]
        case 7:
            deep = 3_000
            return b'{"a":' + b"[" * deep + b"]" * deep + b"," + body[1:] if body[:1] == b"{" else b"[" * deep
        case 8:
            return body + body
        case 9:
            return body.replace(b'"', b"'")
        case 10:
            return body.replace(b":", b": NaN,", 1) if place % 2 else body.replace(b'":"', b'":"\\u0000')
        case _:
            changed = bytearray(body)
            for spot in draw(st.lists(st.integers(0, max(len(body) - 1, 0)), max_size=4)) if body else []:
                changed[spot] ^= draw(st.integers(1, 255))
            return bytes(changed)


def answers(value: Any, most: int = 3) -> st.SearchStrategy[bytes]:
    """Bodies of answers: a recorded one with its values changed, or with its bytes spoiled."""
    return st.one_of(mutated(value, most).map(dumped), mutated(value, most).map(dumped), spoiled(dumped(value)))


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
XML_TEXTS = [_NOT_XML.sub("?", text) for text in TEXTS]
"""What XML can hold of the odd texts."""


@st.composite
def altered_xml(draw: Any, body: bytes, most: int, deep: bool = True) -> bytes:
    """The document, still in good form, with one to `most` of its elements told otherwise, missing, doubled, renamed, emptied,
    or in another place. `deep`: or nested without end, as no reader takes the whole of it."""
    root = ElementTree.fromstring(body)
    for _ in range(draw(st.integers(1, most))):
        parents = {child: parent for parent in root.iter() for child in parent}
        if not parents:
            break
        element = draw(st.sampled_from(list(parents)))
        parent = parents[element]
        match draw(st.integers(0, 11)):
            case 0 | 1:
                parent.remove(element)
            case 2:
                parent.insert(0, _other(draw, copy.deepcopy(element)))
            case 3:
                parent.append(copy.deepcopy(element))
            case 4:
                element.tag += draw(st.sampled_from(["x", "Result", "s"]))
            case 5:
                for child in list(element):
                    element.remove(child)
            case 6:
                other = draw(st.sampled_from(list(parents)))
                element.text = other.text
            case 7:
                inner = ElementTree.SubElement(element, element.tag)
                for _ in range(draw(st.sampled_from([1, 40] if deep else [1]))):
                    inner = ElementTree.SubElement(inner, element.tag)
                inner.text = element.text
            case _:
                _other(draw, element)
    return ElementTree.tostring(root)


def _other(draw: Any, element: Any) -> Any:
    old = element.text or ""
    texts = [
        *XML_TEXTS,
        "12",
        "12,50",
        "-3",
        "9" * 12,
        old * 2,
        old[: len(old) // 2],
        old.lower(),
        f" {old}\n",
        "0" + old,
    ]
    element.text = draw(st.sampled_from(texts))
    return element


@st.composite
def altered_rows(draw: Any, body: bytes, most: int, lines: bool = True) -> bytes:
    """The tab separated file with one to `most` of its cells told otherwise, missing or too many. `lines`: or of its lines
    missing, doubled, cut off, or of the headings."""
    rows = [line.split(b"\t") for line in body.split(b"\n")]
    for _ in range(draw(st.integers(1, most))):
        row = draw(st.sampled_from(rows))
        place = draw(st.integers(0, len(row) - 1)) if row else 0
        match draw(st.integers(0 if lines else 3, 9)):
            case 0:
                rows = [one for one in rows if one is not row] or [[b""]]
            case 1:
                rows.append(list(row))
            case 2:
                row[:] = row[: place + 1]
            case 3:
                row.insert(place, b"")
            case 4 if len(row) > 1:
                del row[place]
            case _ if row:
                row[place] = draw(st.sampled_from([*_CELLS, row[place] * 2, row[place][:-1], row[place].lower()]))
    return b"\n".join(b"\t".join(row) for row in rows)


_CELLS = [
    text.encode("cp1252", "replace").replace(b"\n", b" ").replace(b"\t", b" ")
    for text in (*TEXTS, "12,50", "-3", "Active", "9" * 12, "302-1234567-1234567", "DEFAULT")
] + [b"\x81\x8d\xff", b'"', b'"a']
