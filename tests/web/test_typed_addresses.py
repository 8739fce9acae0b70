"""Addresses typed into the pages: what is none, and what leads into the house, is said and nothing is kept."""

import pytest

from forain import wiring
from forain.core.secret import Secret
from forain.engine import jobs
from forain.store import models
from forain.store.vault import Vault
from forain_box import Box
from forain_box.server import RunningBox
from tests.people import come_in

TYPED = {
    "kind": "public", "name": "Camille", "client_id": "amzn1.application-oa2-client.0123abcd", "client_secret": "s" * 30,
    "application_id": "amzn1.sp.solution.0123abcd", "region": "EU", "seller_id": "A1EXAMPLE23456", "refresh_token": "",
}  # fmt: skip
NEVER_OPENED = "amzn1.oa2-cs.canary-never-sent-anywhere"


@pytest.fixture
def merchant(client, db, django_user_model, settings, monkeypatch):
    """A house in which nobody allowed anything private."""
    old = wiring.deps()
    strict = wiring.build(old.clock, Vault(settings.VAULT_KEYS), old.public_url)
    monkeypatch.setattr(wiring, "deps", lambda: strict)
    come_in(client)
    return client


def kept():
    return (models.Shop.objects.count(), models.Account.objects.count(), models.VaultEntry.objects.count())


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/admin-api", "FORAIN_ALLOW_PRIVATE=127.0.0.1"),
        ("http://localhost:1/admin-api", "into this machine or your own network"),
        ("http://169.254.169.254/admin-api", "Forain never opens 169.254.169.254"),
        ("http://user:word@shop.example/admin-api", "without user name or password"),
    ],
)
def test_a_shop_inside_the_house_is_not_opened_and_the_page_says_the_cure(merchant, url, said):
    page = merchant.post("/shops/add", {"kind": "vendure", "name": "x", "url": url, "token": "0123456789"})

    assert page.status_code == 422
    assert said in page.content.decode()
    assert kept() == (0, 0, 0)


def test_an_accounts_address_inside_the_house_gets_no_secret(merchant):
    box = Box(seed=1)
    running = RunningBox(box).start()
    try:
        addresses = {"address.token": f"{running.url}/auth/o2/token", "address.api": f"{running.url}/eu"}
        typed = {**TYPED, **addresses, "kind": "private", "client_secret": NEVER_OPENED, "refresh_token": "Atzr|token"}
        page = merchant.post("/accounts/add/amazon", typed)
    finally:
        running.stop()

    assert page.status_code == 422
    assert "FORAIN_ALLOW_PRIVATE" in page.content.decode()
    assert kept() == (0, 0, 0)
    assert list(box.world.requests) == []


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "https://x; script-src 'unsafe-inline' *", "https://seller@evil.example", "//evil.example"],
)
def test_an_accounts_address_that_is_none_is_not_kept(merchant, address):
    page = merchant.post("/accounts/add/amazon", {**TYPED, "address.consent": address})

    assert page.status_code == 422
    assert "without user name or password" in page.content.decode()
    assert kept() == (0, 0, 0)
    assert "unsafe" not in page["Content-Security-Policy"]


def test_an_address_kept_by_an_earlier_version_does_not_write_the_pages_policy(merchant):
    now = wiring.deps().clock.now()
    application = models.Application.objects.create(marketplace="amazon", kind="public", client_id="c", created_at=now)
    account = models.Account.objects.create(
        marketplace="amazon", name="Old", region="EU", seller="A1OLD", application=application, created_at=now,
        options={"address.consent": "https://x; script-src-elem 'unsafe-inline' *"},
    )  # fmt: skip

    page = merchant.get(f"/accounts/{account.pk}")

    assert page.status_code == 200
    assert "unsafe" not in page["Content-Security-Policy"]


def test_a_shop_and_an_account_from_before_say_on_the_pages_what_must_be_allowed(merchant):
    """After the update: what was called in the house until now stands still, loses nothing, and says the cure."""
    deps = wiring.deps()
    now = deps.clock.now()
    shop = models.Shop.objects.create(
        kind="vendure", name="Cellar", options={"url": "http://127.0.0.1:1/admin-api"}, hook_name="h", created_at=now
    )
    application = models.Application.objects.create(marketplace="amazon", kind="private", client_id="c", created_at=now)
    account = models.Account.objects.create(
        marketplace="amazon", name="Boxed", region="EU", seller="A1OLD", application=application, created_at=now,
        standing="granted", grant_no=1, shop=shop, options={"address.token": "http://10.1.2.3:1/t", "address.api": "http://10.1.2.3:1"},
    )  # fmt: skip
    deps.vault.put(f"account:{account.pk}", "refresh", Secret("Atzr|x"), now)
    for flow, subject in (("watch_shop", f"shop:{shop.pk}"), ("probe", f"account:{account.pk}")):
        models.Run.objects.create(flow=flow, subject=subject, due_at=now)
        jobs.run(deps, flow, subject)

    page = merchant.get("/health").content.decode()

    account.refresh_from_db()
    assert account.standing == "granted"
    assert "FORAIN_ALLOW_PRIVATE=127.0.0.1" in page
    assert "FORAIN_ALLOW_PRIVATE=10.1.2.3" in page
    assert models.Side.objects.exclude(failing_since=None).count() == 2
