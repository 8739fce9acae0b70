"""Counting orders by Amazon's report: what is asked, how a report lives, and what its file says however it is garbled."""

import gzip
import json
import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.core import errors as e
from forain.core.clock import Window
from forain.core.money import Money
from forain.core.orders import OrderStatus
from forain.marketplaces import order_file
from forain.marketplaces.amazon import reports
from forain.marketplaces.amazon.tests.parts import (
    FR,
    REPORTS,
    T0,
    Wire,
    account,
    asked_as_published,
    denied,
    fits,
    refusal,
    samples,
)  # fmt: skip

DAY = timedelta(days=1)
WINDOW = Window(T0 - DAY, T0)
ONE, TWO = "302-1234567-1234567", "302-7654321-7654321"
HEADINGS = [
    "amazon-order-id", "purchase-date", "order-status", "sales-channel", "product-name", "sku", "quantity", "currency",
    "item-price", "item-tax", "shipping-price", "item-promotion-discount",
]  # fmt: skip


def row(name=ONE, status="Unshipped", price="13.80", **more):
    told = {
        "amazon-order-id": name, "purchase-date": "2026-03-01T08:01:02+00:00", "order-status": status,
        "sales-channel": "Amazon.fr", "product-name": "Savon à l'huile", "sku": "SOAP", "quantity": "2",
        "currency": "EUR" if price else "", "item-price": price,
    }  # fmt: skip
    return told | {name.replace("_", "-"): value for name, value in more.items()}


def tsv(*rows, headings=HEADINGS, encoding="utf-8", end="\n"):
    lines = ["\t".join(headings), *("\t".join(told.get(name, "") for name in headings) for told in rows)]
    return ("\n".join(lines) + end).encode(encoding)


def report(status, **more):
    told = {"reportId": "R1", "reportType": reports.REPORT_TYPE, "createdTime": "2026-03-01T10:00:00Z"}
    return fits(REPORTS, "Report", told | {"processingStatus": status, **more})


def document(**more):
    told = {"reportDocumentId": "D/1", "url": "https://storage.example/D1?X-Amz-Signature=fake", **more}
    return fits(REPORTS, "ReportDocument", told)


def answers(body, headers=None, **told):
    return Wire(
        (200, report("DONE", reportDocumentId="D/1")), (200, document(**told)),
        (200, body, headers or {"content-type": "text/plain;charset=UTF-8"}),
    )  # fmt: skip


def read(body, headers=None, **told):
    return account(answers(body, headers, **told)).counted(WINDOW, [FR], "R1")


def test_the_questions_are_amazons_own_and_the_file_is_asked_for_without_our_token():
    wire = Wire((202, fits(REPORTS, "CreateReportResponse", {"reportId": "R1"})))
    begun = account(wire).counted(WINDOW, [FR], None)
    assert (begun.orders, begun.cursor, begun.until) == (None, "R1", T0)
    told = answers(tsv(row()))

    account(told).counted(WINDOW, [FR], begun.cursor)

    for request in [*wire.sent, *told.sent[:2]]:
        asked_as_published(REPORTS, request)
    assert json.loads(wire.sent[0].json) == {
        "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL", "marketplaceIds": [FR],
        "dataStartTime": "2026-02-28T10:00:00.000Z", "dataEndTime": "2026-03-01T10:00:00.000Z",
    }  # fmt: skip
    assert told.sent[1].url.endswith("/documents/D%2F1")
    assert (told.sent[2].url, told.sent[2].authorized) == ("https://storage.example/D1?X-Amz-Signature=fake", False)


def test_amazons_own_samples_are_read():
    found = account(Wire((202, samples(REPORTS, "createReport", 202)[0]))).counted(WINDOW, [FR], None)
    assert found.cursor
    for sample in samples(REPORTS, "getReport"):
        account(Wire((200, sample))).counted(WINDOW, [FR], "R1")
    for sample in samples(REPORTS, "getReportDocument"):
        wire = Wire((200, report("DONE", reportDocumentId="D/1")), (200, sample), (200, tsv(row())))
        assert account(wire).counted(WINDOW, [FR], "R1").orders


def test_a_longer_time_than_a_report_spans_is_counted_in_part_and_says_so():
    window = Window(T0 - 90 * DAY, T0)
    wire = Wire((202, {"reportId": "R1"}), (200, report("IN_QUEUE")))

    begun = account(wire).counted(window, [FR], None)
    later = account(wire).counted(window, [FR], begun.cursor)

    assert begun.until == later.until == T0 - 61 * DAY
    assert json.loads(wire.sent[0].json)["dataEndTime"] == "2025-12-30T10:00:00.000Z"


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS"])
def test_a_report_that_is_not_made_yet_is_asked_for_again(status):
    found = account(Wire((200, report(status)))).counted(WINDOW, [FR], "R1")

    assert (found.orders, found.cursor) == (None, "R1")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [((200, report("FATAL", reportDocumentId="D/1")), "FATAL"), ((404, refusal("NotFound")), "not_found")],
)
def test_a_report_that_came_to_nothing_is_begun_anew(answer, reason):
    found = account(Wire(answer)).counted(WINDOW, [FR], "R1")

    assert (found.orders, found.cursor, found.reason) == (None, None, reason)


def test_a_cancelled_report_says_that_there_is_nothing():
    found = account(Wire((200, report("CANCELLED")))).counted(WINDOW, [FR], "R1")

    assert (found.orders, found.cursor, found.reason) == ((), None, "CANCELLED")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, denied(), e.Denied), (429, refusal("QuotaExceeded"), e.AdapterError), (400, refusal(), e.Rejected),
        (202, b"<html>", e.ServerFault), (202, {"reportId": ""}, e.Malformed),
    ],
)  # fmt: skip
def test_a_refused_report_is_the_error_it_means(status, body, error):
    with pytest.raises(error) as raised:
        account(Wire((status, body))).counted(WINDOW, [FR], None)

    if error is e.Denied:
        assert raised.value.role == "Inventory and Order Tracking"


@pytest.mark.parametrize(
    "broken",
    [
        {"processingStatus": "SOMETHING_NEW"}, {"processingStatus": "DONE"}, {"processingStatus": 7}, {},
        {"processingStatus": "DONE", "reportDocumentId": 7},
    ],
)  # fmt: skip
def test_a_report_that_breaks_the_contract_is_malformed(broken):
    with pytest.raises(e.Malformed):
        account(Wire((200, broken))).counted(WINDOW, [FR], "R1")


@pytest.mark.parametrize(
    "told",
    [
        {"compressionAlgorithm": "ZIP"}, {"url": "file:///etc/passwd"}, {"url": "ftp://storage.example/D1"},
        {"url": "https://"}, {"url": "https://[::1"}, {"url": "//storage.example/D1"}, {"url": ""},
    ],
)  # fmt: skip
def test_a_file_that_is_nowhere_to_be_had_is_malformed(told):
    answer = {"reportDocumentId": "D/1", "url": "https://storage.example/D1", **told}
    wire = Wire((200, report("DONE", reportDocumentId="D/1")), (200, answer))

    with pytest.raises(e.Malformed):
        account(wire).counted(WINDOW, [FR], "R1")

    assert len(wire.sent) == 2


def test_where_the_interface_speaks_https_a_file_does_too():
    wire = Wire(
        (200, report("DONE", reportDocumentId="D/1")), (200, {"reportDocumentId": "D/1", "url": "http://storage/D1"})
    )

    with pytest.raises(e.Malformed):
        account(wire, **{"address.api": "https://amazon.example"}).counted(WINDOW, [FR], "R1")


def test_storage_that_refuses_is_ill_and_asked_again_with_a_new_address():
    wire = Wire((200, report("DONE", reportDocumentId="D/1")), (200, document()), (403, b"<Error/>"))

    with pytest.raises(e.ServerFault):
        account(wire).counted(WINDOW, [FR], "R1")


def test_an_order_is_its_lines_together_with_tax_within_or_on_top():
    (found,) = read(
        tsv(
            row(item_tax="2.30", shipping_price="4.00", item_promotion_discount="1.00"),
            row(price="6.90", item_tax="1.15", sku="OIL"),
        )
    ).orders

    assert (found.order_id, found.status) == (ONE, OrderStatus.UNSHIPPED)
    assert set(found.totals) == {Money(2370, "EUR"), Money(2715, "EUR")}


@pytest.mark.parametrize("compression", [{}, {"compressionAlgorithm": "GZIP"}])
@pytest.mark.parametrize("packed", [True, False])
def test_a_file_is_read_packed_or_not_whatever_the_answer_calls_it(packed, compression):
    content = tsv(row(), row(TWO, "Shipped - Delivered to Buyer", "6.90"))

    found = read(gzip.compress(content[:40]) + gzip.compress(content[40:]) if packed else content, **compression)

    assert [(o.order_id, o.status, o.totals) for o in found.orders] == [
        (ONE, OrderStatus.UNSHIPPED, (Money(1380, "EUR"),)), (TWO, OrderStatus.SHIPPED, (Money(690, "EUR"),)),
    ]  # fmt: skip
    assert found.unread == ()


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("UTF-8", "utf-8"),
        ("Cp1252", "cp1252"),
        ("ISO-8859-1", "cp1252"),
        ("Shift_JIS", "cp932"),
        ('"utf-8"', "utf-8-sig"),
    ],
)
def test_a_file_is_read_in_the_letters_of_its_site(charset, encoding):
    title = "楽しい石鹸" if encoding == "cp932" else "Bougie à l'huile"

    found = read(tsv(row(product_name=title), encoding=encoding), {"content-type": f"text/plain;charset={charset}"})

    assert [o.order_id for o in found.orders] == [ONE]


def test_letters_that_are_none_of_the_encoding_cost_nothing():
    found = read(tsv(row(product_name="Bougie à l'huile"), encoding="cp1252"))

    assert found.orders[0].totals == (Money(1380, "EUR"),)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"", None), (b"\n\n", None), (b"The date range of this report must not be longer than 30 days.\n", None),
        (b"<html><body>503</body></html>", None), (tsv(row(), encoding="utf-16"), None),
        (tsv(headings=["amazon-order-id", "order-status", "amazon-order-id"]), None), (tsv(headings=["order-status"]), None),
        (tsv(row()), {"content-type": "text/plain;charset=rot13"}), (tsv(row()), {"content-type": "text/plain;charset=idna"}),
        (gzip.compress(tsv(row()))[:-9], None), (b"\x1f\x8bnonsense", None), (gzip.compress(tsv(row())) + b"rest", None),
    ],
)  # fmt: skip
def test_what_is_no_file_of_orders_is_malformed(body, headers):
    with pytest.raises(e.Malformed):
        read(body, headers)


def test_a_file_that_unpacks_to_more_than_there_can_be_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(order_file, "LARGEST_FILE", 100_000)
    bomb = gzip.compress(tsv(row()) + b"\t" * 1_000_000)

    with pytest.raises(e.Malformed):
        read(bomb)


def test_the_order_of_the_columns_and_columns_nobody_knows_do_not_matter():
    chance = random.Random(1)
    for _ in range(20):
        headings = [*HEADINGS, "url", "is-iba", "an-invention"]
        chance.shuffle(headings)
        (found,) = read(tsv(row(item_tax="2.30"), headings=headings)).orders
        assert set(found.totals) == {Money(1380, "EUR"), Money(1610, "EUR")}


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_however_a_file_ends_its_last_line_counts(end):
    assert [o.order_id for o in read(tsv(row(), row(TWO), end=end)).orders] == [ONE, TWO]


def test_one_bad_line_never_stops_the_others():
    bad = ["no order at all", "", "\t\t\t", f"{TWO}", "302-1234567-12345", f"{TWO}x\tUnshipped", "\x00\x00\x00\t\x00"]
    content = tsv(row()) + "\n".join(bad).encode() + b"\n" + tsv(row("302-0000000-0000001")).split(b"\n", 1)[1]

    found = read(content)

    assert {o.order_id for o in found.orders} == {ONE, TWO, "302-0000000-0000001"}
    assert [u.order_id for u in found.unread].count("") == 5
    assert TWO in [u.order_id for u in found.unread]


def test_a_line_with_a_cell_too_many_is_believed_only_that_its_order_is_there():
    (found,) = read(tsv(row(product_name="two\tcells"))).orders

    assert (found.order_id, found.status, found.totals) == (ONE, None, ())


@pytest.mark.parametrize("price", ["13,80", "1e3", "NaN", "13.805", "9" * 30, "€13.80"])
def test_an_amount_that_is_none_leaves_the_order_counted(price):
    found = read(tsv(row(price=price), row(TWO)))

    assert [(o.order_id, bool(o.totals)) for o in found.orders] == [(ONE, False), (TWO, True)]
    assert [(u.order_id, u.field) for u in found.unread] == [(ONE, "amount")]


def test_two_currencies_in_one_order_are_no_amount():
    assert read(tsv(row(), row(currency="GBP"))).orders[0].totals == ()


def test_a_line_that_came_twice_may_be_one_or_two():
    (found,) = read(tsv(row(), row())).orders

    assert set(found.totals) == {Money(1380, "EUR"), Money(2760, "EUR")}


def test_pending_and_cancelled_orders_have_no_amount_and_a_word_nobody_knows_tells_nothing():
    found = read(
        tsv(
            row(ONE, "Pending - Waiting for Pick Up", ""),
            row(TWO, "Cancelled", ""),
            row("302-0000000-0000001", "Vanished"),
        )
    )

    assert [(o.status, len(o.totals)) for o in found.orders] == [
        (OrderStatus.PENDING, 0), (OrderStatus.CANCELLED, 0), (None, 1),
    ]  # fmt: skip


def test_orders_of_other_shops_that_amazon_only_sends_are_none_of_this_marketplace():
    found = read(tsv(row(), row("S02-1234567-1234567", sales_channel="Non-Amazon FR")))

    assert [o.order_id for o in found.orders] == [ONE]


@given(st.binary(max_size=400), st.integers(0, 300), st.integers(0, 300), st.sampled_from(["", ";charset=Cp1252"]))
def test_whatever_stands_in_a_file_only_malformed_comes_out(noise, cut, place, charset):
    content = tsv(row(), row(TWO), row(TWO))
    garbled = content[:cut] + noise + content[place:]

    try:
        found = read(garbled, {"content-type": f"text/plain{charset}"})
    except e.Malformed:
        return
    assert all(order_file.ORDER_ID.fullmatch(order.order_id) for order in found.orders)
