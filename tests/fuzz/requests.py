"""Requests nobody means: odd paths, queries, bodies, encodings, lengths and headers, on every address there is."""

import json
from typing import Any
from urllib.parse import quote, urlencode

from django.urls import get_resolver
from hypothesis import strategies as st

from .mutations import NOISE, TEXTS, spoiled
from .site import FR, HOOK, Call

PATTERNS = {str(p.pattern): p for p in get_resolver().url_patterns[0].url_patterns}
"""The address's pattern -> where it leads."""
PIECES = [
    b"", b"0", b"1", b"-1", b"1.5", b"9" * 19, b"9" * 25, b"9" * 5000, "²".encode(), "١".encode(), b"\x00", b"a\x00b", b"\xff\xfe",
    b"\xed\xa0\x80", b"..", b"../..", b"%2e", b"%", b"x" * 4000, "🙈".encode(), b"'", b"<b>", b"\r\nx: y", FR.encode(), b"amazon",
    HOOK.encode(), NOISE.encode(),
]  # fmt: skip
NAMES = [
    "q", "state", "after", "kind", "next", "user", "password", "name", "language", "answer", "sku", "variant", "shop", "region",
    "seller_id", "client_id", "client_secret", "application_id", "refresh_token", "granted_on", "secret_made_on", "token", "hook_secret", "url",
    "channel", "folder", "address.token", "address.api", "address.consent", "spapi_oauth_code", "selling_partner_id",
    "amazon_callback_uri", "amazon_state", "version", "csrfmiddlewaretoken", "file", "code", "current", "fresh", "role",
]  # fmt: skip
RIGHT = [
    "private", "public", "vendure", "files", "EU", "yes", "no", "1", "V1", "A1SELLERSELLER", "amzn1.application-oa2-client.0123abcd",
    "amzn1.oa2-cs.v1.0123abcdef0123", "amzn1.sp.solution.1", "Atzr|abc", "2026-03-01", "http://shop/admin-api", "http://box/eu",
    "http://[", "http://box:port/", "http://box/\nx", "0001-01-01", "9999-12-31", "waiting", "held", "/", "//evil.example", "~nobody-here", "~/",
    "123456", "owner", "reader", "a long enough one", "another long one", "dana",
]  # fmt: skip
CHARSETS = [
    "utf-8", "latin-1", "utf-16", "utf-7", "unicode_escape", "raw_unicode_escape", "rot13", "hex", "zlib", "idna", "undefined", "nonsense", "\0", "é",
]  # fmt: skip

values = st.sampled_from([*RIGHT, *TEXTS]) | st.text(max_size=8)
fields = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=8)


@st.composite
def paths(draw: Any, pattern: str, there: dict[str, str]) -> bytes:
    """The address with right or odd pieces in its gaps. `there`: first word of the address -> a number or token that is there."""
    found = b""
    for piece in ("/" + pattern).split("/")[1:]:
        if piece.startswith("<"):
            right = {
                "<int:number>": there.get(pattern.split("/")[0], "1"),
                "<str:token>": there.get(pattern.split("/")[0], NOISE),
                "<str:site>": FR,
                "<str:name>": HOOK,
            }.get(piece, "amazon")
            odd = st.sampled_from(PIECES) | st.binary(max_size=6)
            found += b"/" + draw(st.just(right.encode()) | st.just(right.encode()) | odd)
        elif "<" in piece:
            found += b"/" + there.get(pattern.split("/")[0], "1").encode()
        else:
            found += b"/" + piece.encode()
    return found + draw(st.sampled_from([b"", b"", b"", b"", b"/", b"\x00", b"%00", b"//"]))


def _encoded(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode([(n, v.encode("utf-8", "surrogatepass")) for n, v in pairs]).encode()


queries = st.one_of(
    fields.map(_encoded), fields.map(_encoded), st.binary(max_size=30), st.sampled_from([b"q=%00", b"q=%ff", b"after=%C2%B2", b"&&&==", b"%"]),
    st.sampled_from([f"after={quote(text)}".encode() for text in ("9" * 19, "9" * 30, "9" * 5000, "-1", "1e5", "٣", "\0")]),
)  # fmt: skip


def multipart(pairs: list[tuple[str, str]], file: bytes) -> bytes:
    found = b""
    for name, value in pairs:
        found += b'--XX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n' % name.encode()
        found += value.encode("utf-8", "surrogatepass") + b"\r\n"
    found += (
        b'--XX\r\nContent-Disposition: form-data; name="file"; filename="links.csv"\r\nContent-Type: text/csv\r\n\r\n'
    )
    return found + file + b"\r\n--XX--\r\n"


@st.composite
def bodies(draw: Any) -> tuple[bytes, str]:
    """(body, content type)."""
    pairs = draw(fields)
    charset = draw(st.sampled_from(["", "", "", *(f"; charset={name}" for name in CHARSETS)]))
    match draw(st.integers(0, 7)):
        case 0 | 1 | 2:
            return _encoded(pairs), "application/x-www-form-urlencoded" + charset
        case 3:
            return multipart(pairs, draw(st.binary(max_size=60))), "multipart/form-data; boundary=XX" + charset
        case 4:
            return draw(spoiled(multipart(pairs, b"a,b\n"))), "multipart/form-data; boundary=XX" + charset
        case 5:
            return json.dumps(dict(pairs)).encode(), "application/json" + charset
        case 6:
            many = draw(st.sampled_from([b"a=1&" * 1001, b"q=" + b"x" * (5 * 1024 * 1024 + 1)]))
            return many, "application/x-www-form-urlencoded"
        case _:
            kinds = ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary=\xff", "\0", "a/b; c"]
            return draw(st.binary(max_size=200)), draw(st.sampled_from(kinds))


HEADERS: dict[str, list[str]] = {
    "Accept-Language": ["fr", "xx", "\0", "a" * 3000, ",;q=2", "de;q=\xff"], "Host": ["", "evil.example", "[::1", "127.0.0.1:99999999", "\xff", "a,b"],
    "HX-Request": ["true", "\xff"], "HX-Current-URL": ["http://[", "\xff"], "HX-Target": ["\xff"], "Origin": ["null", "http://[", "http://evil"],
    "Referer": ["http://[", "\xff"], "X-Forwarded-For": ["\0"], "If-Modified-Since": ["now"], "Range": ["bytes=-1"], "Cookie": ["forain_session=\xff; forain_language=\0", "=;=;", "forain_session=" + NOISE],
    "X-Forain-Signature": ["0" * 64, "\xe9", ""], "X-CSRFToken": ["", "\xff", "c" * 5000], "Accept": ["\xff"], "Expect": ["100-continue"],
}  # fmt: skip
headers = st.dictionaries(st.sampled_from(sorted(HEADERS)), st.integers(0, 9), max_size=2).map(
    lambda found: {name: HEADERS[name][number % len(HEADERS[name])] for name, number in found.items()}
)


@st.composite
def calls(draw: Any, pattern: str, there: dict[str, str]) -> Call:
    """Any request on that address."""
    body, kind = draw(bodies())
    method = draw(
        st.sampled_from(
            [
                "GET",
                "GET",
                "GET",
                "POST",
                "POST",
                "POST",
                "POST",
                "HEAD",
                "PUT",
                "DELETE",
                "OPTIONS",
                "TRACE",
                "get",
                "\0",
            ]
        )
    )
    length = draw(st.sampled_from([None] * 12 + ["", "0", "-1", "1", "x", "²", "9" * 30, "1.5", " 5 "]))
    return Call(method, draw(paths(pattern, there)), draw(queries), body, kind, length, draw(headers))
