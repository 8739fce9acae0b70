"""Forain's pages below Django's test client: the WSGI call itself, with raw bytes in every place a server hands over."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

from cryptography.fernet import Fernet
from django.core.signals import got_request_exception, request_started
from django.db import close_old_connections, connection, transaction
from django.test import Client

from forain import wiring
from forain.config.wsgi import application
from forain.core.people import Role
from forain.core.secret import Secret
from forain.flows import arrange_reminders, authorize, look_after_people
from forain.store import instance, models
from forain.store.vault import Vault
from forain_box import Box
from tests.people import add, come_in, set_up_phone

from .vendure import DATA

FR = "A13V1IB3VIYZZH"
HOOK, HOOK_SECRET = "hard-to-guess", "canary-hook-secret"
CANARIES = (
    HOOK_SECRET,
    "canary-shop-token",
    "canary-client-secret",
    "Atzr|canary-refresh",
    "md5$",
    "argon2",
    "Traceback",
    "psycopg",
)
"""What no answer may hold."""
MOST_QUERIES = 90
"""The most are asked where an account is refused: it is taken out again with all that hangs on it, a statement a table."""


@dataclass
class Call:
    """One request as a server hands it over. `path`: bytes after unquoting; `length`: Content-Length, None: the true one."""

    method: str = "GET"
    path: bytes = b"/"
    query: bytes = b""
    body: bytes = b""
    kind: str = ""
    length: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cookies: str | None = None


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    queries: int
    error: BaseException | None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Site:
    """Forain with a user logged in, a shop with a hook, an account in a box, an offer and an order."""

    def __init__(self, deps: Any) -> None:
        self.deps = deps
        client = Client()
        person = add("camille", password="a long enough one")
        self.user, (_, self.codes) = person.user, set_up_phone(person)
        come_in(client)
        self.csrf = "c" * 32
        self.cookies = f"forain_session={client.cookies['forain_session'].value}; forain_csrf={self.csrf}"
        now = deps.clock.now()
        instance.get()
        self.first_link = instance.new_first_link()
        self.other, self.invitation = look_after_people.invite(deps, "dana", Role.READER, "camille")
        half = Client()
        half.post("/login", {"user": "camille", "password": "a long enough one"})
        self.half = f"forain_session={half.cookies['forain_session'].value}; forain_csrf={self.csrf}"
        bare = Client()
        bare.force_login(add("bare").user)
        self.bare = f"forain_session={bare.cookies['forain_session'].value}; forain_csrf={self.csrf}"
        models.Instance.objects.update(worker_seen_at=now)
        self.shop = models.Shop.objects.create(
            kind="vendure", name="Fine food", options={"url": "http://shop/admin-api"}, hook_name=HOOK, created_at=now
        )
        for name, value in (("token", CANARIES[1]), ("hook_secret", HOOK_SECRET)):
            deps.vault.put(f"shop:{self.shop.pk}", name, Secret(value), now)
        models.Variant.objects.create(shop=self.shop, variant="1", sku="V1", on_hand=3, seen_at=now)
        registered = models.Application.objects.create(
            marketplace="amazon", kind="public", client_id="c", application_id="amzn1.sp.solution.1", created_at=now
        )
        deps.vault.put(authorize.application_owner(registered), "client_secret", Secret(CANARIES[2]), now)
        self.account = models.Account.objects.create(
            marketplace="amazon", name="Camille", region="EU", seller="A1SELLERSELLER", application=registered,
            shop=self.shop, options={"address.token": "http://box/auth/o2/token", "address.api": "http://box/eu",
                                     "address.consent": "http://box/seller-central/eu"}, created_at=now,
            standing="granted", grant_no=1, granted_at=now - timedelta(days=345), expires_at=now + timedelta(days=20),
        )  # fmt: skip
        deps.vault.put(f"account:{self.account.pk}", "refresh", Secret(CANARIES[3]), now)
        models.AccountSite.objects.create(account=self.account, site=FR, country="FR", currency="EUR")
        self.offer = models.Offer.objects.create(account=self.account, site=FR, sku="V1", observed_at=now)
        self.order = models.Order.objects.create(
            account=self.account, order_id="302-1", site=FR, state="held", hold_reason="pending", status="pending",
            fulfilled_by="merchant", purchased_at=now, updated_at=now, seen_at=now,
        )  # fmt: skip
        self.notice = models.Notice.objects.create(
            code="authorization_expiring", subject=f"account:{self.account.pk}", severity="warning", account=self.account, opened_at=now
        )  # fmt: skip
        self.webhook, _ = arrange_reminders.add_webhook(deps, "Bell", "http://bell/call", "en", "camille")
        self.calendar = look_after_people.new_calendar(deps, self.other)

    def cookies_for(self, pattern: str) -> str | None:
        """Whose browser opens that address rightly: nobody's, one on the way in, one without a phone; None: the owner's."""
        nobody = f"forain_csrf={self.csrf}"
        return {
            "first/<str:token>": nobody, "invited/<str:token>": nobody, "login": nobody, "login/code": self.half,
            "me/second-factor": self.bare,
        }.get(pattern)  # fmt: skip

    def ask(self, call: Call) -> Answer:
        """The answer, and the exception no view caught; everything it wrote is taken back by `example`."""
        told: dict[str, Any] = {}
        environ = {
            "REQUEST_METHOD": call.method, "SCRIPT_NAME": "", "PATH_INFO": call.path.decode("latin-1"), "SERVER_NAME": "127.0.0.1",
            "QUERY_STRING": call.query.decode("latin-1"), "SERVER_PORT": "8787", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": call.kind, "CONTENT_LENGTH": str(len(call.body)) if call.length is None else call.length,
            "HTTP_HOST": "127.0.0.1:8787", "HTTP_X_CSRFTOKEN": self.csrf, "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(call.body),
            "wsgi.errors": io.StringIO(), "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False, "HTTP_COOKIE": self.cookies if call.cookies is None else call.cookies,
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()},
        }  # fmt: skip
        failed: list[BaseException] = []
        counted = [0]

        def note(**_: Any) -> None:
            import sys

            failed.append(sys.exc_info()[1] or RuntimeError("unknown"))

        def count(execute: Callable[..., Any], *args: Any) -> Any:
            counted[0] += 1
            return execute(*args)

        got_request_exception.connect(note)
        request_started.disconnect(close_old_connections)
        try:
            with connection.execute_wrapper(count):
                parts = application(environ, lambda status, headers, *_: told.update(status=status, headers=headers))
                body = b"".join(parts)
        finally:
            got_request_exception.disconnect(note)
            request_started.connect(close_old_connections)
        return Answer(int(told["status"][:3]), told["headers"], body, counted[0], failed[0] if failed else None)

    def follow(self, answer: Answer) -> str:
        """The page a redirect leads to, with the messages it was given."""
        headers = dict(answer.headers)
        cookies = [value.split(";")[0] for name, value in answer.headers if name.lower() == "set-cookie"]
        path = headers["Location"].split("#")[0]
        return self.ask(Call(path=path.encode(), cookies="; ".join([self.cookies, *cookies]))).text

    def held(self, answer: Answer, allowed: tuple[int, ...] = ()) -> None:
        """No fault of ours, no secret, no endless asking."""
        if answer.error is not None:
            raise answer.error
        assert answer.status < 500 or answer.status in allowed, answer.text[:500]
        assert answer.queries <= MOST_QUERIES, answer.queries
        said = answer.text + repr(answer.headers)
        assert not [word for word in CANARIES if word in said]


_TABLES: list[str] = []


def world() -> list[tuple[Any, ...]]:
    """What is known: every table of ours with the sum of its rows; not the sessions, buckets and journal, nor whether the
    other sides answer."""
    with connection.cursor() as cursor:
        if not _TABLES:
            names = connection.introspection.table_names(cursor)
            seen = ("store_limit", "store_journal", "store_side")
            _TABLES.extend(n for n in names if n.startswith(("store_", "auth_user")) and n not in seen)
        parts = [f"SELECT '{n}', count(*), sum(hashtextextended(t::text, 0)) FROM {n} t" for n in _TABLES]
        cursor.execute(" UNION ALL ".join(parts))
        return list(cursor.fetchall())


@contextmanager
def example() -> Iterator[None]:
    """Whatever is written within is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def outside(environ: dict[str, Any], start_response: Any) -> Any:
    """Everybody Forain may call: a Vendure under the name `shop`, a box under every other name."""
    if environ["SERVER_NAME"] != "shop":
        return BOX.wsgi(environ, start_response)
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    name = next((n for n in ("forainVersion", "orders") if n in parse_qs("") or n.encode() in body), "productVariants")
    start_response("200 OK", [("content-type", "application/json")])
    data = DATA["check"] if name == "forainVersion" else DATA.get(name, {})
    return [json.dumps({"data": data}).encode()]


BOX = Box(seed=1, clock="manual")


def deps() -> Any:
    return wiring.build(wiring.RealClock(), Vault([Fernet.generate_key().decode()]), "http://127.0.0.1:8787", outside)
