"""Takes secrets and buyers out of whatever is kept: logs, journal, samples of broken answers."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

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
_OPEN_HEADERS = frozenset(
    {
        "accept", "content-encoding", "content-length", "content-type", "date", "retry-after", "server", "user-agent",
        "x-amzn-errortype", "x-amzn-ratelimit-limit", "x-amzn-requestid", "x-request-id",
    }
)  # fmt: skip
"""Headers known to hold no secret. All others are starred: a new secret header must not have to be known first."""
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


def scrub_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The same headers, with the value of each that is not known to be harmless taken out."""
    return {name: value if name.lower() in _OPEN_HEADERS else STARS for name, value in headers.items()}


def scrub_url(url: str) -> str:
    """The address without user and password, with secrets and mails taken out of its query."""
    parts = urlsplit(url)
    names = {name.lower() for name in _SECRET_IN_FORMS}
    query = "&".join(
        f"{quote(name, safe='')}={STARS if name.lower() in names else quote(scrub(value), safe='*,:')}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
