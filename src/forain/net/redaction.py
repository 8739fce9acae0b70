"""Takes secrets and buyers out of whatever is kept: logs, journal, samples of broken answers."""

import re

STARS = "***"
_SECRET_NAMES = (
    "access_token", "refresh_token", "client_secret", "code", "spapi_oauth_code", "authorization", "x-amz-access-token",
    "token", "password", "mws_auth_token", "restrictedDataToken", "state", "signature", "cookie", "set-cookie",
)  # fmt: skip
_BUYER_NAMES = (
    "name", "buyerName", "buyerEmail", "email", "phone", "addressLine1", "addressLine2", "addressLine3", "companyName",
    "buyerCompanyName", "emailAddress", "fullName", "streetLine1", "streetLine2", "phoneNumber", "line1", "line2",
)  # fmt: skip
_JSON = re.compile(
    r'("(?:' + "|".join(map(re.escape, _SECRET_NAMES + _BUYER_NAMES)) + r')"\s*:\s*)"(?:[^"\\]|\\.)*"?', re.IGNORECASE
)
_FORM = re.compile(r"\b((?:" + "|".join(map(re.escape, _SECRET_NAMES)) + r")=)[^&\s\"']+", re.IGNORECASE)
_TOKENS = re.compile(r"(Atz[ar]\|[^\s\"'&]+|amzn1\.oa2-cs\.[^\s\"'&]+|Bearer\s+[^\s\"']+)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def scrub(text: str) -> str:
    """`text` (JSON, a form, a header, a sentence) without tokens, secrets, names, addresses and mails."""
    text = _JSON.sub(rf'\1"{STARS}"', text)
    text = _FORM.sub(rf"\1{STARS}", text)
    text = _TOKENS.sub(STARS, text)
    return _MAIL.sub(STARS, text)
