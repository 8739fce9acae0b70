"""Takes secrets and buyers out of whatever is kept: logs, journal, samples of broken answers."""

import json
import re

STARS = "***"
_SECRET_NAMES = (
    "access_token", "refresh_token", "client_secret", "spapi_oauth_code", "authorization", "x-amz-access-token",
    "token", "password", "mws_auth_token", "restrictedDataToken", "signature", "cookie", "set-cookie",
)  # fmt: skip
_SECRET_IN_FORMS = (*_SECRET_NAMES, "code", "state", "amazon_state")
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
_TOKENS = re.compile(r"(Atz[ar]\|[^\s\"'&]+|amzn1\.oa2-cs\.[^\s\"'&]+|(?:Bearer|Basic)\s+[^\s\"']+)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def scrub(text: str) -> str:
    """`text` (JSON, a form, a header, a sentence) without tokens, secrets, names, addresses and mails."""
    text = _JSON.sub(rf'\1"{STARS}"', text)
    text = _FORM.sub(rf"\1{STARS}", text)
    text = _TOKENS.sub(STARS, text)
    return _MAIL.sub(STARS, text)


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
