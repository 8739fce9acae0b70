"""The shop's page: where webhooks go, and new secrets of a shop whose token ended."""

import hmac
import json

import pytest

from forain import wiring
from forain.core.secret import Secret
from forain.store import models
from tests.people import come_in

OLD, NEW = "plainly-fake-old-token", "plainly-fake-new-token"
HOOK_SECRET = "a-plainly-fake-hook-secret"


def vendure(environ, start_response):
    """A shop that knows the new token only."""
    known = environ.get("HTTP_AUTHORIZATION") == f"Bearer {NEW}"
    told = {"data": {"forainVersion": 1, "productVariants": {"totalItems": 0}, "orders": {"totalItems": 0}}}
    refusal = {"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]}
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps(told if known else refusal).encode()]


@pytest.fixture
def merchant(client, transactional_db, monkeypatch):
    come_in(client)
    old = wiring.deps()
    deps = wiring.build(old.clock, old.vault, old.public_url, vendure)
    monkeypatch.setattr(wiring, "deps", lambda: deps)
    now = deps.clock.now()
    shop = models.Shop.objects.create(
        kind="vendure", name="Fine food", options={"url": "http://shop.example/admin-api"}, hook_name="hard-to-guess", created_at=now
    )  # fmt: skip
    deps.vault.put(f"shop:{shop.pk}", "token", Secret(OLD), now)
    client.shop, client.vault = shop, deps.vault
    return client


def kept(merchant, name):
    found = merchant.vault.get(f"shop:{merchant.shop.pk}", name)
    return found.reveal() if found else None


def enter(merchant, **values):
    return merchant.post(f"/shops/{merchant.shop.pk}/secrets", values, follow=True).content.decode()


def test_a_new_token_is_tried_then_kept_and_the_shop_is_asked_again_at_once(merchant):
    later = wiring.deps().clock.now().replace(year=2099)
    subject = f"shop:{merchant.shop.pk}"
    models.Run.objects.create(flow="watch_shop", subject=subject, due_at=later, attempt=3, error="shop_token_refused")

    page = enter(merchant, token=NEW)

    assert "The shop answers" in page
    assert kept(merchant, "token") == NEW
    assert NEW not in page
    assert models.Run.objects.get(subject=subject).due_at < later


def test_a_token_the_shop_refuses_leaves_the_former_one_in_force_and_says_why(merchant):
    page = enter(merchant, token="plainly-fake-wrong-token")

    assert "The shop refuses the token" in page
    assert kept(merchant, "token") == OLD


@pytest.mark.parametrize("values", [{}, {"token": "  "}, {"token": "short"}, {"name": "x"}])
def test_nothing_and_nonsense_change_nothing(merchant, values):
    page = enter(merchant, **values)

    assert "The shop answers" not in page
    assert kept(merchant, "token") == OLD


def test_the_page_shows_the_webhook_address_and_says_that_its_secret_is_missing(merchant):
    before = merchant.get(f"/shops/{merchant.shop.pk}").content.decode()
    enter(merchant, token=NEW, hook_secret=HOOK_SECRET)
    after = merchant.get(f"/shops/{merchant.shop.pk}").content.decode()

    assert "/hooks/hard-to-guess" in before
    assert "No webhook secret is entered" in before
    assert "No webhook secret is entered" not in after


def test_a_hook_is_turned_away_until_the_secret_is_known_and_then_only_when_signed(merchant):
    body = json.dumps({"topic": "stock", "keys": ["1"]}).encode()
    signature = hmac.new(HOOK_SECRET.encode(), body, "sha256").hexdigest()

    def call(signed):
        address = "/hooks/hard-to-guess/stock"
        return merchant.post(address, body, "application/json", headers={"x-forain-signature": signed}).status_code

    early = call(signature)
    enter(merchant, token=NEW, hook_secret=HOOK_SECRET)

    assert (early, call(signature), call("0" * 64)) == (401, 202, 401)


def test_a_folder_has_neither_webhooks_nor_secrets(merchant, tmp_path):
    row = models.Shop.objects.create(
        kind="files", name="Folder", options={"folder": str(tmp_path)}, hook_name="h", created_at=merchant.shop.created_at
    )  # fmt: skip

    page = merchant.get(f"/shops/{row.pk}").content.decode()

    assert "/hooks/" not in page
    assert 'type="password"' not in page
