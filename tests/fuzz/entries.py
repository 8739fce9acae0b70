"""What each address of the pages is asked when it is asked rightly: where it leads, and the forms people send there."""

import hmac
import inspect
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import get_resolver

from .site import FR, HOOK, HOOK_SECRET, Call, Site

PATTERNS = {str(p.pattern): p for p in get_resolver().url_patterns[0].url_patterns}
"""The address's pattern -> where it leads."""
FORM = "application/x-www-form-urlencoded"
GAP = re.compile(r"<\w+:(\w+)>")
MULTIPART = "multipart/form-data; boundary=XX"
HOOKED = json.dumps({"topic": "stock", "keys": ["1", "2"]}).encode()
ACCOUNT = {
    "name": "Other", "region": "EU", "seller_id": "A2OTHERSELLER1", "client_id": "amzn1.application-oa2-client.0123abcd",
    "client_secret": "amzn1.oa2-cs.v1.0123abcdef", "application_id": "amzn1.sp.solution.1", "refresh_token": "Atzr|abc", "shop": "",
    "granted_on": "2026-03-01", "address.token": "http://box/auth/o2/token", "address.api": "http://box/eu",
    "address.consent": "http://box/seller-central/eu",
}  # fmt: skip
REMINDED = {
    "mail": "camille@shop.example", "second_mail": "office@shop.example", "language": "fr", "time_zone": "Europe/Paris",
    "quiet_from": "22:00", "quiet_until": "07:00", "urgent_any_hour": "on",
}  # fmt: skip
REGISTER = [
    {"what": "step", "step": "answers", "answer": "yes"},
    {"what": "roles", "role": "addresses", "said": "asked", "day": "2026-02-20"},
    {"what": "choose", "site": FR, "ships": "yes"},
]
QUEUE = {
    "answer": "queue", "queue_url": "https://sqs.eu-west-1.amazonaws.com/123456789012/forain", "region": "eu-west-1",
    "access_key_id": "AKIA0123456789ABCDEF", "secret_access_key": "0123abcd+/0123abcd",
}  # fmt: skip
RULE = {
    "level": "sku",
    "site": FR,
    "name": "V1",
    "buffer": "2",
    "cap": "none",
    "percent": "7.5",
    "ending": "99",
    "floor": "5.90",
}
FRESH = "another long enough one"


def forms_of(site: Site) -> dict[str, list[dict[str, str]]]:
    """Pattern -> the right forms of that address. Every address that reads one stands here; a test holds that."""
    account = "accounts/<int:number>/"
    code = site.codes[0]
    return {
        "first/<str:token>": [{"user": "gerda", "password": FRESH}],
        "invited/<str:token>": [{"password": FRESH}],
        "login": [{"user": "camille", "password": "a long enough one", "next": "/orders"}],
        "login/code": [{"code": code}],
        "logout": [{}],
        "me/password": [{"current": "a long enough one", "fresh": FRESH}],
        "me/reminders": [REMINDED],
        "me/reminders/trial": [{}],
        "me/second-factor": [{"code": "123456", "next": "/orders"}],
        "me/second-factor/renew": [{"code": code}],
        "me/recovery-codes": [{"code": code}],
        "people": [{"role": "reader"}],
        "people/invite": [{"user": "erik", "role": "operator"}],
        "people/confirm": [{}],
        "people/<int:number>/link": [{}],
        "people/<int:number>/role": [{"role": "accountant"}],
        "people/<int:number>/active": [{"answer": "no"}, {"answer": "yes"}],
        "language": [{"language": "de", "next": "/orders"}],
        "shops/add": [
            {"kind": "vendure", "name": "Second", "url": "http://shop/other-api", "token": "0123456789abcdef", "hook_secret": "a long shared word"},
            {"kind": "files", "name": "Folder", "folder": "/nowhere/at/all"},
        ],
        "shops/<int:number>/secrets": [{"token": "fedcba9876543210", "hook_secret": "another-shared-word"}],
        "accounts/add/<slug:marketplace>": [{**ACCOUNT, "kind": "private"}, {**ACCOUNT, "kind": "public"}],
        account + "renew": [{}],
        account + "renew-all": [{f"token_{site.account.pk}": "Atzr|abc", "granted_on": "2026-03-01"}],
        account + "token": [{"refresh_token": "Atzr|abc", "granted_on": "2026-03-01"}],
        account + "date": [{"granted_on": "2026-01-01", "grant": "1"}],
        account + "check": [{}],
        account + "secret": [{"client_secret": "amzn1.oa2-cs.v1.0123abcdef", "secret_made_on": "2026-02-20"}],
        account + "secret-date": [{"secret_made_on": "2026-02-20", "secret": "1"}],
        account + "rotation": [
            {"answer": "secret", "client_secret": "amzn1.oa2-cs.v1.0123abcdef"}, QUEUE, {"answer": "ask"}, {"answer": "remove"},
        ],
        account + "disconnect": [{}],
        account + "pause": [{"answer": "pause"}, {"answer": "on"}, {"answer": "parts", "part": "stock"}],
        account + "landing": [{"answer": "on"}, {"answer": "off"}, {"answer": "stop", "next": "/authorizations"}],
        account + "sites/<str:site>": [{"answer": "yes"}, {"answer": "no"}],
        account + "register": REGISTER,
        "register/<slug:marketplace>": REGISTER,
        account + "links/decide": [{"sku": "V1", "variant": "1", "answer": "yes"}, {"sku": "V1", "variant": "1", "answer": "no"}],
        account + "links/upload": [{}],
        account + "links/bundle": [{"sku": "SET", "variant": "1", "need": "2"}],
        account + "links/dissolve": [{"sku": "SET"}],
        account + "refusals/retry": [{"shown": "1"}, {"shown": "1", "code": "8541"}],
        account + "rules/say": [RULE],
        account + "rules/try": [RULE, {**RULE, "as": "csv"}],
        account + "rules/rate": [{"source": "EUR", "target": "GBP", "rate": "0.8512", "on": ""}],
        account + "rules/rates": [{}],
        account + "rules/rates-address": [{"url": "https://rates.example/daily.csv"}, {"url": ""}],
        account + "rules/upload": [{}],
        account + "brakes/answer": [
            {"kind": "zero", "state": "held", "shown": "1-1", "answer": answer, "sure": "yes"} for answer in ("yes", "no")
        ],
        account + "brakes/empty": [{"answer": "empty", "sure": "0"}, {"answer": "undo"}],
        account + "brakes/holiday": [{"first": "2026-03-05", "last": "2026-03-12", "sure": "yes"}, {"answer": "none"}],
        account + "brakes/limits": [{"zero_share": "30", "jump": "none"}],
        "offers/<int:number>/allow": [{"shown": "1"}],
        "orders/<int:number>/retry": [{}],
        "orders/<int:number>/aside": [{}],
        "authorizations/calendar": [{"answer": "make"}, {"answer": "remove"}],
        "issues/<int:number>/care": [{"answer": answer, "next": "/issues"} for answer in ("later", "done", "undo")],
        "reminders": [{"name": "Pager", "url": "http://pager/call"}],
        "reminders/webhooks/add": [{"name": "Pager", "url": "http://pager/call"}],
        "reminders/webhooks/<int:number>": [{"answer": "trial"}, {"answer": "remove"}],
        "hooks/<str:name>": [{}],
        "hooks/<str:name>/<str:topic>": [{}],
    }  # fmt: skip


def reads_a_form(pattern: str) -> bool:
    """Whether the view behind the address says anything of a POST."""
    view: Any = PATTERNS[pattern].callback
    return "POST" in inspect.getsource(inspect.unwrap(view))


def gaps(site: Site, pattern: str) -> dict[str, str]:
    """What rightly stands in the gaps of the address."""
    numbers = {
        "shops": site.shop.pk, "accounts": site.account.pk, "offers": site.offer.pk, "orders": site.order.pk,
        "people": site.other.pk, "issues": site.notice.pk, "reminders": site.webhook.pk,
    }  # fmt: skip
    tokens = {"first": site.first_link, "invited": site.invitation, "calendar": site.calendar}
    first = pattern.split("/")[0]
    return {
        "number": str(numbers.get(first, 1)), "token": tokens.get(first, ""), "site": FR, "name": HOOK, "topic": "stock",
        "language": "fr", "marketplace": "amazon",
    }  # fmt: skip


QUERIES = {
    "<slug:marketplace>/callback": {"state": "s", "spapi_oauth_code": "code", "selling_partner_id": "A1SELLERSELLER"},
    "<slug:marketplace>/login": {
        "amazon_callback_uri": "http://box/seller-central/eu/back", "amazon_state": "s", "selling_partner_id": "A1SELLERSELLER",
    },
    "offers": {"q": "V1", "state": "waiting"}, "orders": {"q": "302", "state": "held"}, "journal": {"q": "shop", "after": "9"},
    "accounts/<int:number>/links": {"after": "A"},
}  # fmt: skip


@dataclass(frozen=True)
class Entrance:
    """An address with all that is right there, before one thing of it is made odd."""

    pattern: str
    gaps: dict[str, str]
    forms: list[dict[str, str]]
    cookies: str | None = None

    def path(self, odd: dict[str, bytes] | None = None) -> bytes:
        """The address, with right pieces in its gaps but for the `odd` ones."""
        pieces = re.split(GAP, "/" + self.pattern)
        told = {name: text.encode() for name, text in self.gaps.items()} | (odd or {})
        return b"".join(told[piece] if number % 2 else piece.encode() for number, piece in enumerate(pieces))

    def get(self) -> Call:
        return Call(path=self.path(), query=encoded([*QUERIES.get(self.pattern, {}).items()]), cookies=self.cookies)

    def post(self, form: dict[str, str], *, parts: bool = False) -> Call:
        return self.sent(list(form.items()), parts=parts)

    def sent(self, pairs: list[tuple[str, str]], *, parts: bool = False) -> Call:
        """These names and values as a form. `parts`: written as multipart; a file and a shop's call have one way only."""
        call = self.get()
        call.method, call.body, call.kind = "POST", encoded(pairs), FORM
        if self.pattern.endswith("/upload"):
            parts = True
        if parts:
            call.body, call.kind = multipart(pairs, b"marketplace_sku,variant\r\nV1,1\r\n"), MULTIPART
        if self.pattern.startswith("hooks/"):
            call.body, call.kind = HOOKED, "application/json"
            call.headers = {"X-Forain-Signature": hmac.new(HOOK_SECRET.encode(), HOOKED, "sha256").hexdigest()}
        return call


def entrance(site: Site, pattern: str) -> Entrance:
    return Entrance(pattern, gaps(site, pattern), forms_of(site).get(pattern, []), site.cookies_for(pattern))


def encoded(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode([tuple(text.encode("utf-8", "surrogatepass") for text in pair) for pair in pairs]).encode()


def multipart(pairs: list[tuple[str, str]], file: bytes) -> bytes:
    found = b""
    for name, value in pairs:
        found += b'--XX\r\nContent-Disposition: form-data; name="%s"\r\n\r\n' % name.encode("utf-8", "surrogatepass")
        found += value.encode("utf-8", "surrogatepass") + b"\r\n"
    found += (
        b'--XX\r\nContent-Disposition: form-data; name="file"; filename="links.csv"\r\nContent-Type: text/csv\r\n\r\n'
    )
    return found + file + b"\r\n--XX--\r\n"
