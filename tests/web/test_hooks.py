"""Webhooks as an attacker sends them: nothing opens without the signature, nothing breaks, and a replay changes nothing."""

import hmac
import json

import pytest

from forain import wiring
from forain.core.secret import Secret
from forain.store import models

SECRET = "a-plainly-fake-hook-secret"
NAME = "hard-to-guess"
STOCK = json.dumps({"topic": "stock", "keys": ["v1"]}).encode()


@pytest.fixture
def shop(db):
    """A Vendure with a webhook secret, one without, a folder, and an offer linked to the article v1, at rest."""
    deps = wiring.deps()
    now = deps.clock.now()
    for kind, name, hook in (("vendure", "Fine", NAME), ("vendure", "Bare", "no-secret"), ("files", "F", "folder")):
        options = {"url": "http://shop.invalid/admin-api"} if kind == "vendure" else {"folder": "/nowhere"}
        models.Shop.objects.create(kind=kind, name=name, options=options, hook_name=hook, created_at=now)
    row = models.Shop.objects.get(name="Fine")
    deps.vault.put(f"shop:{row.pk}", "hook_secret", Secret(SECRET), now)
    application = models.Application.objects.create(marketplace="amazon", kind="private", client_id="c", created_at=now)
    account = models.Account.objects.create(
        marketplace="amazon", name="A", region="EU", seller="S", application=application, shop=row, created_at=now
    )
    models.Variant.objects.create(shop=row, variant="v1", sku="SOAP", on_hand=5, seen_at=now)
    models.Link.objects.create(
        account=account, sku="SOAP", variant="v1", how="same_sku", proposed_at=now, decided_at=now
    )
    models.Offer.objects.create(
        account=account, site="FR", sku="SOAP", wanted_no=4, settled_no=4, desired_quantity=5, observed_quantity=5
    )
    return row


def sign(body, secret=SECRET):
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def call(client, body=STOCK, name=NAME, signed=None, **headers):
    told = {"x-forain-signature": sign(body) if signed is None else signed, **headers}
    return client.post(f"/hooks/{name}/stock", body, "application/json", headers=told)


def world():
    """Everything that decides what is told to anyone, but for the counters of what is to be looked at."""
    offers = models.Offer.objects.values_list(
        "sku", "settled_no", "desired_quantity", "submitted_quantity", "observed_quantity", "alarm", "marked_at"
    )
    counted = (models.Variant, models.Link, models.Order, models.Parcel, models.Notice, models.Finding, models.Journal)
    stock = models.Variant.objects.values_list("variant", "on_hand", "allocated", "price_minor")
    return list(offers), list(stock), [model.objects.count() for model in counted]


def wanted():
    return models.Offer.objects.get().wanted_no


@pytest.mark.parametrize(
    ("name", "signed"),
    [
        (NAME, ""), (NAME, "0" * 64), (NAME, sign(STOCK, "another secret")), (NAME, sign(b"another body")),
        (NAME, sign(STOCK).upper()), (NAME, sign(STOCK)[:-1]), (NAME, sign(STOCK, "")), (NAME, "é" * 64),
        ("unknown", sign(STOCK)), ("unknown", ""), ("no-secret", sign(STOCK, "")), ("folder", sign(STOCK)),
    ],
)  # fmt: skip
def test_an_unknown_name_and_a_wrong_signature_are_answered_alike_and_mark_nothing(client, shop, name, signed):
    answer = call(client, name=name, signed=signed)
    nobody = client.post("/hooks/nobody-at-all", b"", "application/json")

    assert (answer.status_code, answer.content, sorted(answer.headers)) == (401, b"", sorted(nobody.headers))
    assert (nobody.status_code, nobody.content) == (401, b"")
    assert wanted() == 4


def test_a_call_that_comes_again_only_marks_the_same_keys_again(client, shop):
    assert call(client).status_code == 202
    once = world()

    for _ in range(5):
        assert call(client).status_code == 202

    assert world() == once
    assert wanted() == 4 + 6


def test_a_call_that_comes_again_takes_no_alarm_away(client, shop):
    models.Offer.objects.update(alarm="refused", alarm_detail="not so")

    for _ in range(2):
        assert call(client).status_code == 202

    assert models.Offer.objects.values_list("alarm", "alarm_detail", "wanted_no").get() == ("refused", "not so", 4 + 2)


def test_what_the_body_says_of_numbers_is_thrown_away(client, shop):
    before = models.Variant.objects.values().get()
    body = json.dumps({"topic": "stock", "keys": ["v1"], "on_hand": 99999, "price": 1}).encode()

    assert call(client, body).status_code == 202
    assert models.Variant.objects.values().get() == before


GARBAGE = [
    b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"{}", b'{"topic": "stock"}', b'{"topic": 1, "keys": []}',
    b'{"topic": "stock", "keys": "v1"}', b'{"topic": "stock", "keys": [1]}', b'{"topic": "stock", "keys": ["\\u0000"]}',
    b'{"topic": "stock", "keys": [""]}', b'{"topic": "order", "keys": []}',
    b'{"topic": "stock", "keys": ["' + b"x" * 300 + b'"]}', b"[" * 50_000, b'{"topic": "\\u0000", "keys": []}',
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(GARBAGE)))
def test_garbage_is_turned_away_unread_when_unsigned_and_refused_when_signed(client, shop, place):
    body = GARBAGE[place]

    unsigned, signed = call(client, body, signed="0" * 64), call(client, body)

    assert (unsigned.status_code, signed.status_code) == (401, 400)
    assert wanted() == 4


@pytest.mark.parametrize("name", ["%00", "%0a", "a%00b", "..%2f", "%ff", "x" * 5000, "%E2%80%AE"])
def test_a_strange_name_is_no_accident(client, shop, name):
    assert client.post(f"/hooks/{name}", STOCK, "application/json").status_code in (400, 401, 404)


def test_a_body_that_is_too_large_is_refused_whatever_its_length_says(client, shop):
    large = b'{"topic": "stock", "keys": ["v1"]}' + b" " * (1024 * 1024)
    huge = b" " * (6 * 1024 * 1024)

    assert call(client, large).status_code == 413
    assert call(client, huge).status_code == 413
    assert wanted() == 4


def test_a_length_that_is_no_number_is_no_accident(client, shop):
    assert call(client, **{"content-length": "many"}).status_code < 500


def test_the_comparison_in_constant_time_alone_says_who_is_let_in(client, shop, monkeypatch):
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: False)
    right = call(client)
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: True)
    wrong = call(client, signed="0" * 64)

    assert right.status_code == 401
    assert wrong.status_code < 300


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head"])
def test_only_a_post_is_a_call(client, shop, method):
    assert getattr(client, method)(f"/hooks/{NAME}").status_code == 405
