"""The whole table of addresses against each role: who may open what, who may change what, and how the others are told."""

import re

import pytest
from django.db import connection
from django.test import Client

from forain.core.people import Right
from forain.store import instance, models
from forain.web import rights
from tests.people import BUYER, add, come_in, store_a_buyer
from tests.web.routes import routes
from tests.web.test_what_stands_on_the_pages import Page, full

__all__ = ["full"]

MEANT_TO_BE_PUBLIC = {
    "login", "login_code", "first", "invited", "set_language", "healthz", "hook", "hook_topic", "calendar",
}  # fmt: skip
ONLY_OWNERS = {
    "add_shop", "enter_shop_secrets", "add_account", "renew", "enter_token", "enter_secret", "correct_secret_date", "disconnect", "callback",
    "arrival", "people", "invite", "confirm_people", "person_link", "person_role", "person_active", "correct_date",
    "renew_all", "add_webhook", "webhook", "rotation", "rates_address",
}  # fmt: skip
DECISIONS = {
    "pause", "landing", "check_now", "allow_site", "decide_link", "links_upload", "say_bundle", "dissolve_bundle", "say_rule", "say_rate", "rates_upload", "try_rule", "rules_upload", "retry_order", "put_order_aside", "take_care",
    "register", "register_account", "answer_brake", "brake_limits", "allow_leap", "retry_refusals",
    "empty_shelves", "holiday",
}  # fmt: skip
ONES_OWN = {
    "logout", "own", "own_password", "own_reminders", "own_trial", "second_factor", "second_factor_renew", "recovery_codes",
}  # fmt: skip
ORDERS = {"dashboard", "orders", "order"}


def kept():
    """Every row of every table but the sessions', as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_session'")
        tables = sorted(name for (name,) in cursor.fetchall())
        rows = {}
        for table in tables:
            cursor.execute(f"SELECT coalesce(string_agg(t::text, ' ' ORDER BY t::text), '') FROM \"{table}\" t")
            rows[table] = cursor.fetchone()[0]
    return rows


def opened(client, but=ONES_OWN):
    """The names that do not answer 403, by GET or by POST."""
    told = {}
    for name, address, _ in routes():
        if name not in MEANT_TO_BE_PUBLIC | but:
            told[name] = {client.get(address).status_code, client.post(address).status_code}
    assert all(codes == {403} or 403 not in codes for codes in told.values()), told
    return {name for name, codes in told.items() if 403 not in codes}


def test_every_address_says_what_it_needs_and_public_is_what_is_meant_to_be():
    names = {name for name, _, _ in routes()}
    without_login = {name for name, _, view in routes() if not getattr(view, "login_required", True)}

    assert without_login == MEANT_TO_BE_PUBLIC == rights.PUBLIC
    assert set(rights.NEEDED) == names - MEANT_TO_BE_PUBLIC


def test_nothing_else_opens_without_a_login(client, db):
    for name, address, _ in routes():
        if name not in MEANT_TO_BE_PUBLIC:
            for answer in (client.get(address), client.post(address)):
                assert (answer.status_code, answer.headers["Location"][:6]) == (302, "/login"), name


def test_an_address_that_says_nothing_is_open_to_nobody(client, db, monkeypatch):
    monkeypatch.delitem(rights.NEEDED, "health")

    assert come_in(client).get("/health").status_code == 403


@pytest.mark.parametrize(
    ("role", "closed"),
    [
        ("owner", set()),
        ("operator", ONLY_OWNERS),
        ("reader", ONLY_OWNERS | DECISIONS),
        ("accountant", {name for name in rights.NEEDED if name not in ORDERS | ONES_OWN}),
    ],
)
def test_each_role_opens_what_it_is_for_and_nothing_else(client, db, role, closed):
    come_in(client, "somebody", role)

    assert opened(client) == set(rights.NEEDED) - ONES_OWN - closed


def test_a_reader_changes_nothing_whatever_is_sent(client, full):
    come_in(client, "reader", "reader")
    instance.get()
    before = kept()

    answer = {"answer": "yes", "role": "owner", "user": "x", "sku": "SOAP", "variant": "x", "client_secret": "secret"}
    numbers = (full["account"].pk, full["order"].pk, full["shop"].pk)
    # The address of one's own calendar is one's own too, on a page that others do not see.
    but = MEANT_TO_BE_PUBLIC | ONES_OWN | {"make_calendar"}
    others = [address for name, address, _ in routes() if name not in but]
    for address in {address.replace("/1", f"/{n}", 1) for address in others for n in numbers}:
        client.post(address, answer)
        client.get(address)

    assert kept() == before


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("You may not do this", "Reader", "Owner", "Ask an owner (camille)")),
     ("fr", ("Vous n'en avez pas le droit", "Lecteur", "Propriétaire", "Demandez à un propriétaire (camille)")),
     ("de", ("Das dürfen Sie nicht", "Leser", "Inhaber", "Bitten Sie einen Inhaber (camille)"))],
)  # fmt: skip
def test_a_refusal_says_who_may_and_whom_to_ask(client, db, language, words):
    add("camille")
    answer = come_in(client, "reader", "reader").get("/people", headers={"accept-language": language})

    page = Page(answer.content.decode()).text
    assert answer.status_code == 403
    assert [part for part in words if part not in page] == []


def test_what_a_role_may_not_do_is_not_offered_to_it(client, full):
    account, shop, order = full["account"].pk, full["shop"].pk, full["order"].pk
    addresses = ["/", f"/accounts/{account}", f"/accounts/{account}/links", f"/shops/{shop}", "/orders",
                 f"/orders/{order}", "/offers", "/issues"]  # fmt: skip
    for role in ("reader", "accountant"):
        come_in(client, role, role)
        for address in addresses:
            page = client.get(address).content.decode()
            forms = set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', page))
            assert forms == {"/logout", "/language"}, (role, address)


@pytest.mark.parametrize("role", ["accountant", "owner"])
def test_no_page_shows_a_sealed_buyer_and_none_shows_an_accountant_any_word_of_one(client, full, role):
    order = store_a_buyer(full["account"])
    name, street, _, mail, _ = BUYER
    # What a shop or a marketplace answered may quote the buyer; it is kept as they said it.
    models.Order.objects.filter(pk=order.pk).update(hold_reason="refused_by_shop", hold_detail=f"no street {street}",
                                                    error=f"refused {mail}")  # fmt: skip
    models.Parcel.objects.create(order=order, shop_parcel="1", reference="1", carrier="Post", tracking="TRACK-4711",
                                 shipped_at=order.seen_at, seen_at=order.seen_at, problems=[["x", f"for {name}"]])  # fmt: skip
    models.Notice.objects.create(code="shipment_refused", subject=f"account:{order.account_id}/{order.order_id}",
                                 severity="warning", account=order.account, opened_at=order.seen_at,
                                 placeholders={"order": order.order_id, "problem": f"for {name}"})  # fmt: skip
    come_in(client, role, role)

    shown = ""
    numbers = (1, order.pk, order.account_id, full["offer"].pk, full["shop"].pk)
    for address in {
        address.replace("/1", f"/{n}", 1) for name, address, _ in routes() for n in numbers if name != "logout"
    }:
        answer = client.get(address)
        shown += b"".join(answer).decode() if answer.streaming else answer.content.decode()

    assert order.order_id in shown
    assert "6.90" in shown
    assert [word for word in ("69003", "Montchat", "+33611223344") if word in shown] == []
    told = [word for word in (*BUYER, "TRACK-4711") if word in shown]
    assert (told == []) is (role == "accountant"), told


def test_every_form_without_its_token_is_refused_with_a_page(db):
    strict = Client(enforce_csrf_checks=True)
    come_in(strict)

    for name, address, _ in routes():
        answer = strict.post(address, {"answer": "yes"}, headers={"accept-language": "en"})
        if name in ("hook", "hook_topic"):
            assert answer.status_code == 401, "a hook is verified by its signature, and this shop does not exist"
        else:
            assert answer.status_code == 403, name
            assert "This form is too old" in answer.content.decode(), name


def test_only_who_may_sees_buyers():
    from forain.core.people import roles_with

    assert [role.value for role in roles_with(Right.BUYERS)] == ["owner", "operator", "reader"]
    assert [role.value for role in roles_with(Right.SECRETS)] == ["owner"]
    assert [role.value for role in roles_with(Right.PEOPLE)] == ["owner"]
