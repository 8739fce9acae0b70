"""Canaries through the real flows, with other sides that repeat whatever they are sent in their errors: none of it is
found afterwards in a dump of the whole database, in the log at debug level, on any page, in any mail, or in any command's output.

Forain makes no backup of its own yet: the dump stands for a copy of the database, and vault.key is not in it.
"""

import contextlib
import json
import logging
import os
import re
import subprocess
from urllib.parse import quote, unquote_plus

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test import Client
from django.urls import get_resolver, reverse

from forain import wiring
from forain.cli import main
from forain.config import postgres
from forain.core import errors
from forain.core.people import Role
from forain.core.secret import Secret
from forain.flows import arrange_reminders, authorize, import_orders, look_after_people, setup
from forain.store import instance, models, orders, people, runs
from tests import logs
from tests.flows.conftest import cutting
from tests.flows.reminding import ends_in, with_server
from tests.flows.test_secret_rotation import ARN, URL
from tests.flows.test_secrets import whole_database
from tests.people import come_in, set_up_phone
from tests.post import Mailbox

SHOP_TOKEN = "canary-shop-token-0123456789"
HOOK_SECRET = "canary-hook-secret-0123456789"
TYPED = "canary-typed-and-refused-0123456789"
CODE = "canary-consent-code-0123456789"
MAIL_PASSWORD = "plainly fake"
STATUSES = (400, 401, 403, 404, 409, 422, 429, 500, 503)


class Repeating:
    """The box behind a wire, and a shop beside it. While `status` is set, both answer with it and repeat what they got."""

    def __init__(self, box):
        self.box = cutting(box)
        self.status = 0
        self.kind = "json"
        self.code = "BAD_USER_INPUT"
        self.repeated = 0

    def __call__(self, environ, start_response):
        shop = environ["HTTP_HOST"] == "shop.example"
        if not self.status:
            return self.calm(start_response) if shop else self.box(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        heads = ", ".join(v for k, v in environ.items() if k in ("HTTP_AUTHORIZATION", "HTTP_X_AMZ_ACCESS_TOKEN"))
        # What is kept of a text is its beginning: each of these stands there in turn. Errors of others name values, no fields.
        turn = self.repeated % 4
        words = [bare(body), heads, unquote_plus(body), ", ".join(unquote_plus(body).split("=")[::-1])]
        told = f"{'; '.join(words[turn:] + words[:turn])} is wrong"
        self.repeated += 1
        status, content = self.status, self.in_words(told, shop, environ["PATH_INFO"])
        if shop and self.kind == "json":
            status = 200
        start_response(f"{status} No", [("content-type", "application/json"), ("x-amzn-requestid", "r1")])
        return [content.encode()]

    def in_words(self, told, shop, path):
        if self.kind == "html":
            return f"<html><p>{told}</p></html>"
        if self.kind == "torn":
            return json.dumps({"errors": [{"code": "X", "message": told}]})[:-4]
        if self.kind == "odd":
            return json.dumps({"access_token": 5, "payload": told, "orders": told, "data": told, told[:80]: told})
        if shop:
            return json.dumps({"errors": [{"message": told, "extensions": {"code": self.code}}]})
        if path.endswith("/token"):
            return json.dumps({"error": "invalid_request", "error_description": told})
        return json.dumps({"errors": [{"code": "InvalidInput", "message": told, "details": told}]})

    def calm(self, start_response):
        told = {"data": {"forainVersion": 1, "productVariants": {"totalItems": 0, "items": []}, "orders": {"totalItems": 0, "items": []}, "globalSettings": {"trackInventory": True}}}  # fmt: skip
        start_response("200 OK", [("content-type", "application/json")])
        return [json.dumps(told).encode()]


def bare(body):
    """The values of a JSON body as a sentence, without their names."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    found = []

    def walk(value):
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(one)
        if isinstance(value, str):
            found.append(value)

    walk(told)
    return ", ".join(found)


@pytest.fixture
def written():
    """Every line that the log of the settings would hold at debug level, as it would write it."""
    with logs.written("%(levelname)s %(name)s %(message)s", logging.DEBUG) as lines:
        yield lines


@pytest.fixture(autouse=True)
def restored(monkeypatch):
    """What a command leaves in the environment of its process goes with the test."""
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "forain.config.settings")
    monkeypatch.setenv("FORAIN_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("FORAIN_LOCAL_URL", "http://127.0.0.1:8787")


def dumped():
    """The database as pg_dump writes it, and once more with the bytes of its columns as letters."""
    told = connection.settings_dict
    command = [
        str(postgres._programs() / "bin" / "pg_dump"), "--inserts", "--host", told["HOST"], "--port", str(told["PORT"] or 5432),
        "--username", told["USER"], told["NAME"],
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PGPASSWORD": told["PASSWORD"]}, timeout=60)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    inside = " ".join(bytes.fromhex(found).decode("latin-1") for found in re.findall(r"\\x([0-9a-f]+)", text))
    return text + inside


def pages(browser):
    """Every page there is, by its address, for the rows there are."""
    numbers = {
        "shop": models.Shop, "enter_shop_secrets": models.Shop, "offer": models.Offer, "order": models.Order,
    }  # fmt: skip
    found = {}
    for pattern in get_resolver().url_patterns[0].url_patterns:
        name, parts = getattr(pattern, "name", None), pattern.pattern.converters
        if not name or set(parts) - {"number", "marketplace"}:
            continue
        rows = numbers.get(name, models.Account).objects.values_list("pk", flat=True) if "number" in parts else [0]
        for number in rows:
            kwargs = {k: number if k == "number" else "amazon" for k in parts}
            answer = browser.get(reverse(name, kwargs=kwargs))
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            found[reverse(name, kwargs=kwargs)] = content.decode() + str(answer.headers)
    return found


def commands(house):
    told = [
        ["status"], ["status", "--json"], ["doctor"], ["journal", "--most", "10000"], ["shop", "list"], ["account", "list"],
        ["order", "list", "--most", "10000"], ["link", "list", str(house.account_id)], ["link", "export", str(house.account_id)],
        ["account", "check", str(house.account_id)], ["keys", "list"], ["sync", "--now"],
        *(["shop", "check", str(row.pk)] for row in models.Shop.objects.all()),
    ]  # fmt: skip
    return {" ".join(command): CliRunner().invoke(main, command) for command in told}


def suffer(house, wire):
    """Everything fails in every way, one after another, with time for every flow to meet it."""
    for kind, status in [("json", status) for status in STATUSES] + [
        (k, s) for k in ("html", "torn", "odd") for s in (200, 400, 500)
    ]:
        wire.kind, wire.status = kind, status
        application = authorize.application_owner(house.account.application)
        for subject in (
            f"account:{house.account_id}",
            application,
            "house",
            *(f"shop:{row.pk}" for row in models.Shop.objects.all()),
        ):
            runs.force(subject, house.deps.clock.now())
        models.Order.objects.update(not_before=None)
        house.deps.open._tokens._kept.clear()
        house.tick()
        house.advance(200)
    wire.status = 0


@pytest.fixture
def post():
    """A mail server that wants a login. What it logs itself is not our log."""
    logging.getLogger("mail.log").propagate = False
    box = Mailbox(auth_required=True, auth_require_tls=False)
    box._settings["authenticator"] = box.authenticate
    box.up()
    yield box
    box.down()
    logging.getLogger("mail.log").propagate = True


def entrust(house, client, post):
    """Everything else that is secret, each really used: its name -> what nobody may find."""
    owner = people.named("camille")
    phone, codes = set_up_phone(owner)
    come_in(client)
    queue = house.control("POST", "queues", {"arn": ARN})
    house.control("POST", f"applications/{house.application['application_id']}/queue", {"arn": ARN})
    form = {"answer": "queue", "queue_url": URL, "region": "eu-west-1", "access_key_id": queue["access_key_id"], "secret_access_key": queue["secret_access_key"]}  # fmt: skip
    assert client.post(f"/accounts/{house.account_id}/rotation", form).status_code == 302
    rotated = house.control("POST", f"applications/{house.application['application_id']}/rotate", {})["client_secret"]
    runs.force(authorize.application_owner(house.account.application), house.deps.clock.now())
    house.tick()
    assert authorize.secret_kept(house.deps, house.account.application).reveal() == rotated

    with_server(house, post, login="forain:plainly%20fake@")
    people.set_mail(people.named("camille"), "camille@shop.example", language="en", time_zone="Europe/Paris")
    _, signs = arrange_reminders.add_webhook(house.deps, "Bell", "http://shop.example/bell", "en", "camille")
    ends_in(house, days=7)
    runs.force("house", house.deps.clock.now())
    house.tick()
    # From now on the mail server repeats what it was told, too.
    post.data = f"451 forain {MAIL_PASSWORD} is wrong"
    calendar = look_after_people.new_calendar(house.deps, owner)
    assert client.get(f"/calendar/{calendar}/en.ics").status_code == 200
    _, invited = look_after_people.invite(house.deps, "dana", Role.READER, "camille")
    assert Client().get(f"/invited/{invited}").status_code == 200
    return {
        "phone": phone, "phone, as shown": " ".join(phone[n : n + 4] for n in range(0, len(phone), 4)),
        **{f"recovery code {n}": code for n, code in enumerate([*codes, *(code.replace("-", "") for code in codes)])},
        "queue's key": queue["secret_access_key"],
        "new client secret": rotated, "mail password": MAIL_PASSWORD, "webhook": signs.reveal(), "calendar": calendar,
        "invitation": invited, "login": client.cookies["forain_session"].value,
    }  # fmt: skip


def test_no_secret_and_no_buyer_is_found_anywhere(make_house, client, django_user_model, written, monkeypatch, post):
    made = []
    house = make_house(transport=lambda box: made.append(Repeating(box)) or made[0], kind="public")
    wire = made[0]
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    client.raise_request_exception = False
    link = instance.new_first_link()

    # A shop with its secrets, orders with their buyers, and a stock that changes while everything is ill.
    house.live(60)
    order_ids = [house.buy("SOAP")["order_id"], house.buy("OIL")["order_id"]]
    house.live(600, step=30)
    buyers = buyers_of(house)
    entrusted = entrust(house, client, post)
    shop, _ = setup.add_shop(
        house.deps, "vendure", "Fine", {"url": "http://shop.example/admin-api", "token": SHOP_TOKEN, "hook_secret": HOOK_SECRET}
    )  # fmt: skip
    suffer(house, wire)
    # The orders go to the shop that repeats them.
    models.Account.objects.update(shop=shop)
    for code in ("BAD_USER_INPUT", "FORBIDDEN", "INTERNAL_SERVER_ERROR", "UNAUTHENTICATED"):
        for row in models.Order.objects.all():
            models.Order.objects.filter(pk=row.pk).update(state="held", hold_reason="new", intent_at=None, not_before=None, claimed_until=None)  # fmt: skip
        wire.kind, wire.status, wire.code = "json", 400, code
        house.deps.open._tokens._kept.clear()
        wire.status = 0
        house.tick()
        wire.status = 400
        runs.force(f"account:{house.account_id}", house.deps.clock.now(), ["import_orders"])
        with contextlib.suppress(errors.AdapterError):
            import_orders.settle_orders(house.deps, house.account)
        house.control("POST", f"orders/{order_ids[0]}/cancel", {}, ok=False)
        house.tick()
        wire.status = 0
        house.advance(4000)
        house.tick()
    # What a person types, refused; and a way back from Amazon that is repeated.
    wire.kind, wire.status = "json", 400
    for form, name in (("token", "refresh_token"), ("secret", "client_secret")):
        client.post(f"/accounts/{house.account_id}/{form}", {name: f"Atzr|{TYPED}"}, follow=True)
    client.post(f"/shops/{shop.pk}/secrets", {"token": TYPED, "hook_secret": TYPED}, follow=True)
    with pytest.raises(errors.AdapterError):
        authorize.enter_token(house.deps, house.account, Secret(f"Atzr|{TYPED}"), None)
    for status in STATUSES:
        wire.status = status
        there = client.post(f"/accounts/{house.account_id}/renew")["Location"]
        state = re.search(r"state=([^&]+)", there)[1]
        client.get(
            f"/amazon/callback?state={state}&selling_partner_id={house.seller}&spapi_oauth_code={CODE}", follow=True
        )
    shown = {**pages(client), **{f"stranger {k}": v for k, v in pages(Client()).items()}}
    outputs = {name: told.output + repr(told.exception) for name, told in commands(house).items()}
    wire.status = 0

    secrets = [
        house.application["client_secret"], SHOP_TOKEN, HOOK_SECRET, TYPED, CODE, link, "Atza|", state,
        *(one.refresh_token for one in house.box.world.state.authorizations),
        *(house.deps.vault.keys()), *entrusted.values(),
    ]  # fmt: skip
    secrets += [quote(secret, safe="") for secret in secrets if quote(secret, safe="") != secret]
    mails = "".join(str(mail) for mail in post.mails)
    places = {
        "pg_dump": dumped(),
        "rows": whole_database(),
        "log": "\n".join(written),
        "mails": mails,
        **shown,
        **outputs,
    }
    found = {(place, canary) for place, text in places.items() for canary in (*secrets, *buyers) if canary in text}

    assert found == set()
    # The canaries were alive, and everything was really told them.
    assert wire.repeated > 100
    assert len(buyers) >= 8
    assert len(shown) > 30
    assert "Bell" in shown["/reminders"]
    assert (len(entrusted), [name for name, secret in entrusted.items() if len(secret) < 10]) == (29, [])
    assert (bool(post.mails), {login for login, _ in post.logins}) == (True, {("forain", MAIL_PASSWORD)})
    assert models.SecretQueue.objects.get().read_at is not None
    assert models.Letter.objects.filter(channel="webhook").exists()
    assert "searchOrders" in places["log"]
    assert "refused_by_shop" in places["rows"] or "order_refused_by_shop" in places["rows"]


def test_a_bug_is_told_by_its_kind_and_its_words_go_to_the_log_without_secrets(
    make_house, client, django_user_model, written, monkeypatch
):
    said = 'a bug near Inès Canary, {"refresh_token": "Atzr|canary"}\n2026-01-01 WARNING forged'

    class Broken(Repeating):
        def __call__(self, environ, start_response):
            if self.status:
                raise RuntimeError(said)
            return super().__call__(environ, start_response)

    made = []
    house = make_house(transport=lambda box: made.append(Broken(box)) or made[0])
    monkeypatch.setattr(wiring, "deps", lambda: house.deps)
    come_in(client)
    house.live(60)
    made[0].status = 500
    runs.force(f"account:{house.account_id}", house.deps.clock.now())
    house.tick()
    made[0].status = 0
    house.tick()

    kept = [whole_database(), *pages(client).values(), *(told.output for told in commands(house).values())]
    # Not the islands, which have a time zone.
    kept = [text.replace("Atlantic/Canary", "") for text in kept]

    assert [text for text in kept if "Canary" in text or "canary" in text] == []
    assert "RuntimeError" in kept[0]
    bugs = [text for text in written if "stopped by a bug" in text]
    assert bugs
    assert all("a bug near" in text and "Atzr|canary" not in text for text in bugs)
    assert not any(line.startswith("2026-01-01") for text in bugs for line in text.splitlines())


def buyers_of(house):
    """Whatever of the buyers could be found: whole values, and the words of their names."""
    found = set()
    for row in models.Order.objects.exclude(body=None):
        order = orders.body_of(row, house.deps.vault)
        to = order.ship_to
        found |= {to.name, *to.name.split(), *to.lines, to.phone, order.buyer_email, to.postal_code}
    return {text for text in found if len(text) > 3}
