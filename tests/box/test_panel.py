"""The control panel: every button does what it says, in three languages, and shows no secret."""

import json
import re
from html import unescape
from urllib.parse import urlencode

import pytest

from forain_box import faults
from forain_box.words import LANGUAGES, WORDS
from tests.box.client import FORM, FR, Client


@pytest.fixture
def panel():
    return Client()


def look(client, tab="world", lang="en"):
    answer = client.ask("GET", f"/box/?tab={tab}&lang={lang}")
    assert answer.status == 200
    return answer.body.decode()


def press(client, tab, label, **typed):
    """Press the first button of a tab with that label, its form filled with `typed`."""
    for form in re.findall(r"<form\b.*?</form>", look(client, tab), re.S):
        if re.search(rf"<button[^>]*>\+? ?{re.escape(label)}", form):
            fields = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form))
            body = urlencode({k: unescape(v) for k, v in fields.items()} | typed).encode()
            return client.ask("POST", f"/box/?tab={tab}", body, FORM)
    raise AssertionError(f"no button {label} on {tab}")


def test_the_clock_moves(panel):
    before = panel.box.world.now()
    press(panel, "world", "30 days")
    press(panel, "world", "Move forward", days="1.5")

    assert (panel.box.world.now() - before).total_seconds() == 31.5 * 86400


def test_a_buyer_buys_and_the_order_is_cancelled(panel):
    press(panel, "listings", "A buyer buys (FR)")
    (order,) = panel.box.world.state.orders.values()
    assert (order.marketplace_id, order.lines[0].sku) == (FR, "SOAP")

    press(panel, "orders", "Cancel")

    assert order.status == "CANCELLED"


def test_an_authorization_is_ended_and_revoked_and_an_account_deactivated(panel):
    press(panel, "world", "End it now")
    assert panel.login()[0] == 400
    panel.control("POST", "sellers/SELLER1/authorize", {"application_id": panel.application["application_id"]})
    press(panel, "world", "Revoke")
    assert not any(g.lives(panel.box.world.now()) for g in panel.box.world.state.authorizations)
    press(panel, "world", "Deactivate")
    assert not panel.box.world.state.sellers["SELLER1"].active
    press(panel, "world", "Reactivate")
    assert panel.box.world.state.sellers["SELLER1"].active


def test_a_secret_is_rotated(panel):
    former = panel.application["client_secret"]
    press(panel, "world", "Rotate secret")

    (application,) = panel.box.world.state.applications.values()
    assert application.client_secret != former


def test_it_is_broken_and_mended(panel):
    press(panel, "faults", "Break it", **{"set.kind": "html-503", "set.operation": "getAccount", "count": "2"})
    (fault,) = panel.box.world.state.faults
    assert (fault.kind, fault.operation, fault.count) == ("html-503", "getAccount", 2)
    press(panel, "faults", "403 for everyone")
    assert panel.api("GET", "sellers/v1/marketplaceParticipations")[0] == 403

    press(panel, "faults", "Mend everything")

    assert panel.api("GET", "sellers/v1/marketplaceParticipations")[0] == 200


def test_what_was_typed_wrongly_is_said(panel):
    answer = press(panel, "faults", "Break it", **{"set.kind": "flood"})
    assert (answer.status, b"kind is one of" in answer.body) == (400, True)
    assert press(panel, "world", "Move forward", days="soon").status == 400


def test_the_last_requests_are_shown_with_their_answers_and_without_secrets(panel):
    panel.item()
    panel.login()
    told = look(panel, "requests")

    assert "getListingsItem" in told
    assert "fulfillmentAvailability" in told
    for secret in (panel.token, panel.refresh, panel.application["client_secret"]):
        assert secret not in told


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("tab", ["world", "listings", "orders", "faults", "requests"])
def test_every_tab_opens_in_every_language(panel, tab, lang):
    assert f'<html lang="{lang}">' in look(panel, tab, lang)


def test_every_misfortune_has_words():
    assert [kind for kind in faults.KINDS if f"fault_{kind}" not in WORDS] == []


def test_a_form_of_another_page_is_refused(panel):
    body = urlencode({"method": "POST", "path": "clock", "body": json.dumps({"advance_seconds": 60})}).encode()
    before = panel.box.world.now()
    answer = panel.ask("POST", "/box/", body, {**FORM, "origin": "http://elsewhere.example", "host": "127.0.0.1:8900"})

    assert answer.status == 403
    assert panel.box.world.now() == before


def test_the_description_of_the_control_api_names_every_control(panel):
    told = json.loads(panel.ask("GET", "/box/openapi.json").body)

    assert told["openapi"].startswith("3.")
    assert {"/box/api/clock", "/box/api/orders/{id}/cancel", "/box/api/sellers/{id}/mws-authorize"} <= set(
        told["paths"]
    )


def test_presigned_addresses_and_restricted_tokens_are_not_shown(panel):
    address = panel.api("POST", "feeds/2021-06-30/documents", {"contentType": "text/xml; charset=UTF-8"})[1]["url"]
    wanted = {"restrictedResources": [{"method": "GET", "path": "/orders/v0/orders", "dataElements": ["buyerInfo"]}]}
    token = panel.api("POST", "tokens/2021-03-01/restrictedDataToken", wanted)[1]["restrictedDataToken"]
    told = unescape(look(panel, "requests"))

    assert "X-Amz-Signature=***" in told
    assert address.rpartition("X-Amz-Signature=")[2] not in told
    assert token not in told


def test_a_cell_tells_its_head_for_who_has_no_room_for_a_table(panel):
    assert "<td data-head='Region'>EU</td>" in look(panel)
    assert "data-head='Quantité'" in look(panel, "listings", "fr")
