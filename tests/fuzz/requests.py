"""Requests nobody means: a right one with one thing odd - a field, path, query, body, encoding, length, header or method."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from .entries import FORM, MULTIPART, Entrance, encoded, multipart
from .mutations import NOISE, TEXTS, spoiled
from .site import FR, HOOK, Call

PIECES = [
    b"", b"0", b"1", b"-1", b"1.5", b"9" * 19, b"9" * 25, b"9" * 5000, "²".encode(), "١".encode(), b"\x00", b"a\x00b", b"\xff\xfe",
    b"\xed\xa0\x80", b"..", b"../..", b"%2e", b"%", b"x" * 4000, "🙈".encode(), b"'", b"<b>", b"\r\nx: y", FR.encode(), b"amazon",
    HOOK.encode(), NOISE.encode(),
]  # fmt: skip
RIGHT = [
    "private", "public", "vendure", "files", "EU", "yes", "no", "1", "V1", "A1SELLERSELLER", "amzn1.application-oa2-client.0123abcd",
    "amzn1.oa2-cs.v1.0123abcdef0123", "amzn1.sp.solution.1", "Atzr|abc", "2026-03-01", "http://shop/admin-api", "http://box/eu",
    "http://[", "http://box:port/", "http://box/\nx", "0001-01-01", "9999-12-31", "waiting", "held", "/", "//evil.example", "~nobody-here", "~/",
    "123456", "owner", "reader", "a long enough one", "another long one", "dana", "a@b.example", "a@b.example\nBcc: c@d.example", "25:99", "Mars/Olympus",
]  # fmt: skip
CHARSETS = [
    "utf-8", "latin-1", "utf-16", "utf-7", "unicode_escape", "raw_unicode_escape", "rot13", "hex", "zlib", "idna", "undefined", "nonsense", "\0", "é",
]  # fmt: skip
LENGTHS = ["", "0", "-1", "1", "x", "²", "9" * 30, "1.5", " 5 "]
METHODS = ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "\0"]
HEADERS: dict[str, list[str]] = {
    "Accept-Language": ["fr", "xx", "\0", "a" * 3000, ",;q=2", "de;q=\xff"], "Host": ["", "evil.example", "[::1", "127.0.0.1:99999999", "\xff", "a,b"],
    "HX-Request": ["true", "\xff"], "HX-Current-URL": ["http://[", "\xff"], "HX-Target": ["\xff"], "Origin": ["null", "http://[", "http://evil"],
    "Referer": ["http://[", "\xff"], "X-Forwarded-For": ["\0"], "If-Modified-Since": ["now"], "Range": ["bytes=-1"], "Cookie": ["forain_session=\xff; forain_language=\0", "=;=;", "forain_session=" + NOISE],
    "X-Forain-Signature": ["0" * 64, "\xe9", ""], "X-CSRFToken": ["", "\xff", "c" * 5000], "Accept": ["\xff"], "Expect": ["100-continue"],
}  # fmt: skip

values = st.sampled_from([*RIGHT, *TEXTS]) | st.text(max_size=8)
names = st.sampled_from(["q", "after", "state", "next", "csrfmiddlewaretoken", "file", "answer", "\ud800", ""])
queries = st.one_of(
    st.lists(st.tuples(names, values), max_size=4).map(encoded), st.binary(max_size=30),
    st.sampled_from([b"q=%00", b"q=%ff", b"after=%C2%B2", b"&&&==", b"%"]),
    st.sampled_from([f"after={quote(text)}".encode() for text in ("9" * 19, "9" * 30, "9" * 5000, "-1", "1e5", "٣", "\0")]),
)  # fmt: skip


def _odd_path(draw: Any, entrance: Entrance) -> bytes:
    here = [name for name in entrance.gaps if f":{name}>" in entrance.pattern]
    if here and draw(st.booleans()):
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=6))
        return entrance.path({draw(st.sampled_from(here)): piece})
    return entrance.path() + draw(st.sampled_from([b"/", b"\x00", b"%00", b"//"]))


def _odd_fields(draw: Any, form: dict[str, str]) -> list[tuple[str, str]]:
    """One field with another value, not there, there twice, or one that nobody asks for."""
    pairs = list(form.items())
    how = draw(st.integers(0, 5)) if pairs else 5
    if how == 5:
        return [*pairs, (draw(names), draw(values))]
    place = draw(st.integers(0, len(pairs) - 1))
    name, value = pairs[place]
    instead = {0: [], 1: [(name, value), (name, draw(values))]}.get(how, [(name, draw(values))])
    return [*pairs[:place], *instead, *pairs[place + 1 :]]


def _odd_body(draw: Any, form: dict[str, str]) -> tuple[bytes, str]:
    """(body, content type)."""
    pairs = list(form.items())
    match draw(st.integers(0, 4)):
        case 0:
            return draw(spoiled(multipart(pairs, b"a,b\n"))), MULTIPART
        case 1:
            return json.dumps(form).encode(), "application/json"
        case 2:
            return draw(st.sampled_from([b"a=1&" * 1001, b"q=" + b"x" * (5 * 1024 * 1024 + 1)])), FORM
        case 3:
            return draw(spoiled(encoded(pairs))), FORM
        case _:
            kinds = ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary=\xff", "\0", "a/b; c"]
            return draw(st.binary(max_size=200)), draw(st.sampled_from(kinds))


@st.composite
def calls(draw: Any, entrance: Entrance) -> Call:
    """A right request of that address with one thing odd. Where forms are read they are what is mostly sent."""
    post = bool(entrance.forms) and draw(st.integers(0, 3)) > 0
    form = draw(st.sampled_from(entrance.forms)) if entrance.forms else {}
    parts = draw(st.integers(0, 3)) == 0
    call = entrance.post(form, parts=parts) if post else entrance.get()
    ways = ["path", "query", "length", "header", "method"] + ["fields", "fields", "fields", "body", "charset"] * post
    match draw(st.sampled_from(ways)):
        case "path":
            call.path = _odd_path(draw, entrance)
        case "query":
            call.query = draw(queries)
        case "length":
            call.length = draw(st.sampled_from(LENGTHS))
        case "header":
            name = draw(st.sampled_from(sorted(HEADERS)))
            call.headers = {**call.headers, name: draw(st.sampled_from(HEADERS[name]))}
        case "method":
            call.method = draw(st.sampled_from([*METHODS, "POST"] if not entrance.forms else METHODS))
        case "fields":
            call = entrance.sent(_odd_fields(draw, form), parts=parts)
        case "body":
            call.body, call.kind = _odd_body(draw, form)
        case _:
            call.kind += f"; charset={draw(st.sampled_from(CHARSETS))}"
    return call
