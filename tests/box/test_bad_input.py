"""What no fuzzer thinks of: nesting, lone surrogates, endless numbers, far years. A refusal, never a fault of the box's own."""

import json
import logging
import time

import pytest

from forain_box.clock import LAST
from forain_box.http import pairs
from tests.box import feeding
from tests.box.client import FORM, FR, Client
from tests.box.test_mws import NAME, NUMBER, Merchant

DEEP = b"[" * 100_000 + b"]" * 100_000
WRONG = (
    DEEP, b'{"a":' * 50_000, b'{"zzz":' + DEEP + b"}", b"\xff\xfe", b"NaN", b'{"a":1e999}', b'{"a":' + b"9" * 5000 + b"}",
    b'{"client_secret":"\\ud800"}', json.dumps({"name": "x"}).encode("utf-16"), b"\x00", b'""', b"null", b"[]",
)  # fmt: skip


@pytest.fixture(autouse=True)
def no_traceback(caplog):
    """Whatever a test here does, nothing was logged as an error."""
    with caplog.at_level(logging.WARNING, "forain_box"):
        yield
    assert [record.getMessage() for record in caplog.records if record.name == "forain_box"] == []


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
def test_a_body_that_is_no_body_is_refused_everywhere(client, body):
    json_type = {"content-type": "application/json"}
    assert client.ask("POST", "/auth/o2/token", body, json_type).status == 400
    for path in ("clock", "orders", "listings", "catalogue", "faults"):
        assert client.ask("POST", f"/box/api/{path}", body).status in ((400, 201) if body == b"[]" else (400,))
    status, _ = client.api("PUT", f"listings/2021-08-01/items/SELLER1/SOAP?marketplaceIds={FR}", body)
    assert status == 400
    panel = client.ask("POST", "/box/", b"path=orders&body=" + body.replace(b"&", b""), FORM)
    assert panel.status == 400


def test_a_secret_that_is_no_text_is_a_wrong_secret(client):
    told = {
        "grant_type": "refresh_token", "client_id": client.application["client_id"], "client_secret": "\ud800", "refresh_token": "x",
    }  # fmt: skip
    answer = client.ask("POST", "/auth/o2/token", json.dumps(told).encode(), {"content-type": "application/json"})

    assert 400 <= answer.status < 500


@pytest.mark.parametrize(
    "content",
    [DEEP, b'{"header":' + DEEP + b',"messages":[]}', b'{"header":{"sellerId":"SELLER1","version":"2.0"},"messages":[' + DEEP + b"]}"],
    ids=["all", "header", "message"],
)  # fmt: skip
def test_a_feed_nested_without_end_is_done_and_refused(client, content):
    number = feeding.submit(client, "JSON_LISTINGS_FEED", content)
    client.advance(60)

    assert feeding.feed(client, number)["processingStatus"] == "DONE"
    assert json.loads(feeding.result(client, number)[1])["summary"]["errors"] >= 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_year_nobody_can_count_is_refused_in_the_old_interface(moment):
    merchant = Merchant()
    merchant.control("POST", "mws-developers", {"name": NAME, "developer_number": NUMBER})

    assert merchant.error("GetServiceStatus", Timestamp=moment)[:2] == (400, "InvalidParameterValue")
    assert merchant.error("ListOrders", "Orders/2013-09-01", CreatedAfter=moment)[0] == 400


@pytest.mark.parametrize("letter", ["\x00", "\x0b", "\ufffe", "<&"])
def test_a_letter_that_xml_cannot_hold_breaks_no_document(letter):
    merchant = Merchant()
    merchant.put(f"SOAP{letter}", 3)
    order = merchant.buy(sku=f"SOAP{letter}")[1]["order_id"]

    assert merchant.error(f"No{letter}")[:2] == (400, "InvalidAction")
    assert merchant.call("ListOrderItems", AmazonOrderId=order)[0] == 200


def test_the_boxs_time_ends_before_its_calendar_does(client):
    answers = [client.control("POST", "clock", {"advance_seconds": 20 * 365 * 86400}) for _ in range(400)]

    status, told = answers[-1]
    assert (status, told["error"]) == (400, f"the box's time ends in the year {LAST.year}")
    assert (
        client.control("POST", "sellers/SELLER1/authorize", {"application_id": client.application["application_id"]})[0]
        == 201
    )


def test_a_field_that_comes_a_hundred_thousand_times_costs_no_more_than_its_length():
    before = time.perf_counter()
    found = pairs("a=1&" * 300_000)

    assert len(found["a"]) == 599_999
    assert time.perf_counter() - before < 5


def test_the_log_of_requests_keeps_only_the_beginning_of_what_a_caller_chooses(client):
    client.ask("GET", "/eu/" + "x" * 100_000)
    client.ask("POST", "/mws/eu/", b"Action=" + b"x" * 100_000 + b"&SellerId=" + b"y" * 100_000, FORM)

    assert len(json.dumps(client.control("GET", "requests")[1][-2:])) < 4000


@pytest.mark.parametrize("path", ["/box/", "/seller-central/eu/home"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "FOO"])
def test_a_page_knows_get_and_post_only(client, path, method):
    answer = client.ask(method, path)

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("path", ["/box/", "/box/api/clock", "/seller-central/eu/apps/manage?seller_id=SELLER1"])
@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "http://["])
def test_a_page_of_another_origin_changes_nothing(client, path, origin):
    before = client.box.world.now()
    answer = client.ask("POST", path, b'{"advance_seconds": 60}', {"origin": origin, "host": "127.0.0.1:8900"})

    assert answer.status == 403
    assert client.box.world.now() == before


def test_an_act_that_fails_is_told_as_amazons_fault_and_the_next_call_is_answered(monkeypatch, caplog):
    client = Client()
    client.box.world.write_later("order.paid", order="never there")
    client.box.world.clock.advance(10)

    assert client.ask("GET", "/box/api/clock").status == 500
    assert client.ask("GET", "/box/api/clock").status == 200
    caplog.clear()
