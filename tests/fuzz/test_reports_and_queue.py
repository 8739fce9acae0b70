"""Whatever Amazon's reports, their files, and the queue of new secrets hold: a value that can be kept, or a known error."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forain.contracts.net import Request, Response
from forain.contracts.queue import QueueAddress
from forain.core import errors
from forain.core.clock import Window, parse_instant
from forain.core.secret import Secret
from forain.marketplaces.amazon import rotation
from forain.net.sqs import SqsQueue

from .amazon import FR, Answers, seller
from .examples import examples
from .mutations import altered_rows, answers, spoiled
from .values import keepable

WINDOW = Window(parse_instant("2026-02-28T00:00:00Z"), parse_instant("2026-03-01T00:00:00Z"))
HEAD = "amazon-order-id\torder-status\tsales-channel\tcurrency\titem-price\titem-tax\tshipping-price\titem-promotion-discount"
NAMES = [f"302-123456{number}-1234567" for number in range(4)]
FILE = "\n".join(
    [HEAD, *(f"{name}\tUnshipped\tAmazon.fr\tEUR\t13.80\t2.30\t4.90\t1.00" for name in NAMES), ""]
).encode()
REPORT = {"reportId": "R1", "reportType": "T", "createdTime": "2026-03-01T10:00:00Z", "processingStatus": "DONE", "reportDocumentId": "D1"}  # fmt: skip
DOCUMENT = {"reportDocumentId": "D1", "url": "https://storage.example/D1?X-Amz-Signature=fake"}
RECORDED: dict[str, Any] = {"createReport": {"reportId": "R1"}, "getReport": REPORT, "getReportDocument": DOCUMENT}


class Reports:
    """A net whose storage and reports answer as recorded. `spoil`: operation -> its body instead."""

    def __init__(self) -> None:
        self.spoil: dict[str, bytes] = {}
        self.status: int | None = None

    def send(self, request: Request) -> Response:
        name = request.operation
        body = self.spoil.get(name) or (FILE if name == "reportFile" else json.dumps(RECORDED[name]).encode())
        usual = 202 if name == "createReport" else 200
        status = self.status if self.status and name in self.spoil else usual
        return Response(status, {"content-type": "text/plain;charset=UTF-8"}, body)


@pytest.fixture(scope="module")
def counted() -> Callable[[Reports, str | None], Any]:
    """The adapter's count, over the net it is given."""
    account = Answers(seller(orders=1, articles=1)).adapter()

    def count(net: Reports, cursor: str | None) -> Any:
        account._net = net
        return account.counted(WINDOW, [FR], cursor)

    return count


def whole(found: Any) -> dict[str, Any]:
    return {order.order_id: order for order in found.orders or ()}


@pytest.mark.parametrize("operation", RECORDED)
def test_an_answer_about_a_report_is_a_value_or_malformed(counted, operation, tally):
    net, cursor = Reports(), None if operation == "createReport" else "R1"
    counted(net, cursor)

    @examples(80, operation)
    @given(body=answers(RECORDED[operation]), status=st.sampled_from([None, None, 400, 403, 404, 500]))
    def answered(body, status):
        tally[f"Amazon: answers of {operation}"] += 1
        net.spoil, net.status = {operation: body}, status
        kinds = (errors.Malformed, errors.ServerFault) if status is None else (errors.AdapterError,)
        try:
            keepable(counted(net, cursor))
        except kinds as error:
            keepable((dict(error.placeholders), getattr(error, "problems", ())))

    answered()


def test_a_file_of_orders_is_counted_or_malformed_whatever_its_lines_and_bytes(counted, tally):
    net = Reports()

    @examples(200)
    @given(body=altered_rows(FILE, 4) | altered_rows(FILE, 4) | spoiled(FILE))
    def answered(body):
        tally["Amazon: files of orders"] += 1
        net.spoil = {"reportFile": body or b"\n"}
        with contextlib.suppress(errors.Malformed):
            keepable(counted(net, "R1"))

    answered()


def test_one_spoiled_line_of_a_file_stops_no_other_order(counted, tally):
    net = Reports()
    told = whole(counted(net, "R1"))
    assert list(told) == NAMES

    @examples(150)
    @given(st.data(), st.integers(0, 3))
    def spoiled_one(data, number):
        tally["Amazon: one line of a file of orders"] += 1
        lines = FILE.split(b"\n")
        lines[number + 1] = data.draw(altered_rows(lines[number + 1], 2, lines=False))
        net.spoil = {"reportFile": b"\n".join(lines)}
        found = counted(net, "R1")
        keepable(found)

        others = [name for name in NAMES if name != NAMES[number]]
        assert {name: whole(found).get(name) for name in others} == {name: told[name] for name in others}

    spoiled_one()


NEW = {
    "notificationVersion": "1.0", "notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET", "payloadVersion": "1.0", "eventTime": "2026-03-01T10:00:00Z",
    "payload": {"applicationOAuthClientNewSecret": {
        "clientId": "amzn1.application-oa2-client.0123abcd", "newClientSecret": "amzn1.oa2-cs.v1.plainlyfake0123",
        "newClientSecretExpiryTime": "2026-08-28T10:00:00Z", "oldClientSecretExpiryTime": "2026-03-08T10:00:00Z",
    }},
}  # fmt: skip
ENDS = {
    "notificationType": "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY", "eventTime": "2026-03-01T10:00:00Z",
    "payload": {"applicationOAuthClientSecretExpiry": {
        "clientId": "amzn1.application-oa2-client.0123abcd", "clientSecretExpiryTime": "2026-03-31T10:00:00Z", "clientSecretExpiryReason": "PERIODIC_ROTATION",
    }},
}  # fmt: skip


@pytest.mark.parametrize("message", [NEW, ENDS], ids=["new", "ends"])
def test_a_message_of_the_queue_is_news_of_a_secret_or_malformed(message, tally):
    assert rotation.secret_news(Secret(json.dumps(message))) is not None

    said: list[str] = []

    @examples(150, message["notificationType"])
    @given(body=answers(message))
    def read(body):
        tally["Amazon: messages of the queue"] += 1
        try:
            keepable(rotation.secret_news(Secret(body.decode("utf-8", "replace"))))
        except errors.Malformed as error:
            keepable(dict(error.placeholders))
            said.append(str(error))

    read()
    assert said
    assert not [text for text in said if "plainlyfake" in text]


RECEIVED = {"Messages": [
    {"MessageId": f"M{number}", "ReceiptHandle": f"R{number}", "Body": json.dumps(NEW)} for number in range(3)
]}  # fmt: skip
DENIED = {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}
QUEUE = QueueAddress("https://sqs.eu-west-1.amazonaws.com/123456789012/secrets", "eu-west-1", "AKIA0123456789ABCDEF")


class Sqs:
    """A net that answers everything alike, as a queue."""

    def __init__(self) -> None:
        self.status, self.body = 200, b"{}"

    def send(self, request: Request) -> Response:
        return Response(self.status, {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "r"}, self.body)


@pytest.mark.parametrize(("status", "recorded"), [(200, RECEIVED), (400, DENIED), (403, DENIED), (500, DENIED)])
def test_what_a_queue_answers_is_messages_or_one_of_our_errors(status, recorded, tally):
    net = Sqs()
    queue = SqsQueue(net, QUEUE, Secret("a-plainly-fake-key"))

    @examples(80, str(status))
    @given(body=answers(recorded))
    def answered(body):
        tally["Queue: answers"] += 1
        net.status, net.body = status, body
        for ask in (queue.receive, queue.check):
            try:
                found = ask()
                keepable([(one.message_id, one.receipt) for one in found or ()])
            except errors.AdapterError as error:
                keepable((dict(error.placeholders), getattr(error, "problems", ())))

    answered()
