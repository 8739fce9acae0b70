"""Counting orders by report: what is asked, how a request lives, and what its file says however it is garbled."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forain.core import errors as e
from forain.core.clock import Window
from forain.core.money import Money
from forain.core.orders import OrderStatus
from forain.marketplaces import order_file
from forain.marketplaces.amazon_mws.tests.parts import FR, T0, Wire, account, answer, refusal
from forain.marketplaces.amazon_mws.tests.test_reports import ASKED, YOUNG, requests

DAY = timedelta(days=1)
WINDOW = Window(T0 - DAY, T0)
ONE, TWO = "302-1234567-1234567", "302-7654321-7654321"
HEAD = "amazon-order-id\torder-status\tsales-channel\tproduct-name\tcurrency\titem-price\titem-tax"
PLAIN = "text/plain;charset=Cp1252"


def line(name=ONE, status="Unshipped", price="13.80", title="Savon été", channel="Amazon.fr", tax="2.30"):
    return f"{name}\t{status}\t{channel}\t{title}\tEUR\t{price}\t{tax}"


def content(*lines, head=HEAD):
    return "\n".join([head, *lines, ""]).encode("cp1252")


class Checked(Wire):
    """A net whose files carry their checksum, as Amazon's did."""

    def __init__(self, *answers, checksum):
        super().__init__(*answers)
        self.checksum = checksum

    def send(self, request):
        found = super().send(request)
        return replace(found, headers={**found.headers, "content-md5": self.checksum})


def made(body, content_type=PLAIN):
    return requests(("5", "_DONE_", YOUNG)), (200, body, content_type)


def read(body, content_type=PLAIN):
    return account(Wire(*made(body, content_type))).counted(WINDOW, [FR], "5")


def test_a_count_asks_for_the_report_of_all_orders_of_its_time_and_sites():
    wire = Wire(ASKED)

    begun = account(wire).counted(WINDOW, [FR, "A1PA6795UKMFR9"], None)

    assert (begun.orders, begun.cursor, begun.until) == (None, "5", T0)
    told = wire.told()
    assert {name: told[name] for name in told if name not in ("Action", "Version", "Merchant")} == {
        "ReportType": "_GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_",
        "StartDate": "2020-02-29T10:00:00.000Z", "EndDate": "2020-03-01T10:00:00.000Z",
        "MarketplaceIdList.Id.1": FR, "MarketplaceIdList.Id.2": "A1PA6795UKMFR9",
    }  # fmt: skip


def test_a_longer_time_than_a_report_spans_is_counted_in_part_and_says_so():
    window, wire = Window(T0 - 90 * DAY, T0), Wire(ASKED, requests(("5", "_SUBMITTED_", YOUNG)))

    begun = account(wire).counted(window, [FR], None)
    later = account(wire).counted(window, [FR], begun.cursor)

    assert begun.until == later.until == T0 - 61 * DAY
    assert wire.told(0)["EndDate"] == "2019-12-31T10:00:00.000Z"
    assert wire.told(1)["ReportRequestIdList.Id.1"] == "5"


@pytest.mark.parametrize(
    ("status", "orders", "cursor", "reason"),
    [
        ("_SUBMITTED_", None, "5", ""),
        ("_IN_PROGRESS_", None, "5", ""),
        ("_DONE_NO_DATA_", (), None, "_DONE_NO_DATA_"),
        ("_CANCELLED_", None, None, "_CANCELLED_"),
    ],
)
def test_a_request_without_a_file_is_waited_for_believed_or_begun_anew(status, orders, cursor, reason):
    found = account(Wire(requests(("4", "_DONE_", YOUNG), ("5", status, YOUNG)))).counted(WINDOW, [FR], "5")

    assert (found.orders, found.cursor, found.reason) == (orders, cursor, reason)


def test_a_request_that_amazon_forgot_is_begun_anew():
    found = account(Wire(requests(("4", "_DONE_", YOUNG)))).counted(WINDOW, [FR], "5")

    assert (found.orders, found.cursor, found.reason) == (None, None, "not_found")


@pytest.mark.parametrize(
    "told",
    [
        requests(("5", "_INVENTED_", YOUNG)),
        requests(("5", "", YOUNG)),
        (200, requests(("5", "_DONE_", YOUNG))[1].replace("<GeneratedReportId>59</GeneratedReportId>", "")),
        (200, answer("Other", "")),
    ],
)
def test_an_answer_that_says_no_state_is_malformed(told):
    with pytest.raises(e.Malformed):
        account(Wire(told)).counted(WINDOW, [FR], "5")


@pytest.mark.parametrize(
    ("given_answer", "error"),
    [
        ((401, refusal("AccessDenied", "AuthToken is not valid for SellerId and AWSAccountId")), e.GrantRefused),
        ((401, refusal("AccessDenied", "Access to Reports.RequestReport is denied")), e.Denied),
        ((400, refusal("InvalidParameterValue", "StartDate")), e.Rejected),
        ((200, "<html>"), e.ServerFault),
        ((200, answer("RequestReport", "<ReportRequestInfo/>")), e.Malformed),
    ],
)
def test_a_refused_count_is_the_error_it_means(given_answer, error):
    with pytest.raises(error):
        account(Wire(given_answer)).counted(WINDOW, [FR], None)


def test_the_file_is_read_line_by_line_order_by_order():
    wire = Wire(
        *made(content(line(), line(price="6.90", tax="1.15"), line(TWO, "Cancelled", ""), line(channel="Non-Amazon")))
    )

    found = account(wire).counted(WINDOW, [FR], "5")

    assert (wire.told()["Action"], wire.told()["ReportId"]) == ("GetReport", "59")
    assert (found.cursor, found.until, found.unread) == (None, T0, ())
    assert [(o.order_id, o.status, set(o.totals)) for o in found.orders] == [
        (ONE, OrderStatus.UNSHIPPED, {Money(2070, "EUR"), Money(2415, "EUR")}), (TWO, OrderStatus.CANCELLED, set()),
    ]  # fmt: skip


def test_a_line_that_came_twice_is_one_order():
    (found,) = read(content(line(), line())).orders

    assert Money(1380, "EUR") in found.totals


def test_lines_that_cannot_be_read_are_named_and_stop_no_other():
    found = read(content("no order at all", line(price="13,80"), TWO, line("302-0000000-0000001")))

    assert [(o.order_id, bool(o.totals)) for o in found.orders] == [
        (ONE, False), (TWO, False), ("302-0000000-0000001", True),
    ]  # fmt: skip
    assert sorted((u.order_id, u.field) for u in found.unread) == [
        ("", "amazon-order-id"), (ONE, "amount"), (TWO, "columns"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", PLAIN),
        (b"<html>", PLAIN),
        (content(line(), head=HEAD.replace("order-status", "mood")), PLAIN),
        (content(line(), head=HEAD.replace("amazon-order-id", "number")), PLAIN),
        (content(line(), head=f"{HEAD}\torder-status"), PLAIN),
        (content(line()), "text/plain;charset=rot13"),
    ],
)
def test_what_is_no_file_of_orders_is_malformed(body, content_type):
    with pytest.raises(e.Malformed):
        read(body, content_type)


def test_a_file_that_is_another_than_its_checksum_tells_of_was_cut():
    whole = content(line(), line(TWO))
    checksum = base64.b64encode(hashlib.md5(whole).digest()).decode()
    cut = whole[: whole.index(TWO.encode())]

    found = account(Checked(*made(whole), checksum=checksum)).counted(WINDOW, [FR], "5")
    with pytest.raises(e.Malformed) as raised:
        account(Checked(*made(cut), checksum=checksum)).counted(WINDOW, [FR], "5")

    assert [o.order_id for o in found.orders] == [ONE, TWO]
    assert raised.value.field == "content-md5"


WHOLE = content(line(), line(TWO), line(TWO))
PLACES = st.integers(0, len(WHOLE))


@settings(max_examples=200, deadline=None, database=None)
@given(st.one_of(st.binary(max_size=60), st.just(HEAD.encode() + b"\n"), st.just(WHOLE)), PLACES, PLACES,
       st.sampled_from(["", ";charset=Cp1252", ";charset=UTF-8", ";charset=Shift_JIS"]))  # fmt: skip
def test_whatever_stands_in_a_file_only_malformed_comes_out(noise, cut, place, charset):
    try:
        found = read(WHOLE[:cut] + noise + WHOLE[place:], f"text/plain{charset}")
    except e.Malformed:
        return
    assert all(order_file.ORDER_ID.fullmatch(order.order_id) for order in found.orders)
