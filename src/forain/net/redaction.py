"""Takes secrets and buyers out of whatever is kept: logs, journal, samples of broken answers."""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

STARS = "***"
_SECRET_NAMES = (
    "access_token", "refresh_token", "client_secret", "spapi_oauth_code", "authorization", "x-amz-access-token",
    "token", "password", "mws_auth_token", "MWSAuthToken", "restrictedDataToken", "signature", "cookie", "set-cookie",
)  # fmt: skip
_SECRET_IN_FORMS = (*_SECRET_NAMES, "code", "state", "amazon_state", "Signature")
"""In a form `code` is a login's code; in JSON it names an error, which must stay readable."""
_BUYER_NAMES = (
    "name", "buyerName", "buyerEmail", "email", "phone", "addressLine1", "addressLine2", "addressLine3", "companyName",
    "buyerCompanyName", "emailAddress", "fullName", "streetLine1", "streetLine2", "phoneNumber", "line1", "line2",
)  # fmt: skip
LONGEST_SAMPLE = 4000
_JSON = re.compile(
    r'("(?:' + "|".join(map(re.escape, _SECRET_NAMES + _BUYER_NAMES)) + r')"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.IGNORECASE
)
_FORM = re.compile(r"\b((?:" + "|".join(map(re.escape, _SECRET_IN_FORMS)) + r")=)[^&\s\"']+", re.IGNORECASE)
_TOKENS = re.compile(
    r"(Atz[ar]\|[^\s\"'&]+|amzn\.mws\.[0-9A-Za-z-]+|amzn1\.oa2-cs\.[^\s\"'&]+|(?:Bearer|Basic)\s+[^\s\"']+)"
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def scrub(text: str) -> str:
    """`text` (JSON, a form, a header, a sentence) without tokens, secrets, names, addresses and mails."""
    text = _JSON.sub(rf'\1"{STARS}"', text)
    text = _FORM.sub(rf"\1{STARS}", text)
    text = _TOKENS.sub(STARS, text)
    return _MAIL.sub(STARS, text)


SHORTEST_SECRET = 8
"""A shorter word would be found everywhere by chance."""


def secrets_sent(headers: Mapping[str, str], form: Mapping[str, str] | None, *, refused: bool) -> set[str]:
    """What of a request nobody may repeat to us. `refused`: the answer is a refusal; an answer to a login that worked
    may hold a token that was sent, and must keep it."""
    found = {value.rpartition(" ")[2] for name, value in headers.items() if name.lower() in _SECRET_NAMES}
    if refused and form is not None:
        found |= {value for name, value in form.items() if name in _SECRET_IN_FORMS}
    return {secret for secret in found if len(secret) >= SHORTEST_SECRET}


def without(body: bytes, secrets: set[str]) -> bytes:
    """An answer in which the other side repeats secrets we sent, without them: what is never read is never kept."""
    for secret in secrets:
        inside = json.dumps(secret)[1:-1]
        for spelling in {secret, inside, inside.replace("/", "\\/"), quote(secret, safe=""), quote_plus(secret)}:
            body = body.replace(spelling.encode(), STARS.encode())
    return body


def shape(body: bytes) -> str:
    """A JSON answer without its values: names and kinds only, so that no secret and no buyer can be in it.

    A list shows its first entry and how many there are. "" for what is no JSON.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return json.dumps(_shape_of(told))[:LONGEST_SAMPLE]


def _shape_of(value: object) -> object:
    if isinstance(value, dict):
        return {str(name)[:60]: _shape_of(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shape_of(value[0]), f"{len(value)} entries"] if value else []
    return {str: "text", bool: "yes or no", type(None): None}.get(type(value), "number")
