"""The queues of SQS, asked by Amazon's own client: signed, at least once, in no order, hidden and there again."""

import json
import logging

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from forain_box import Box
from forain_box.http import Request
from forain_box.server import RunningBox

ARN = "arn:aws:sqs:eu-west-1:123456789012:secrets"
OTHER = "arn:aws:sqs:eu-west-1:123456789012:others"
ONCE = Config(retries={"total_max_attempts": 1})


class House:
    def __init__(self, url, box):
        self.url, self.box = url, box

    def control(self, path, body, method="POST"):
        parts = ("box", "api", *path.split("/"))
        answer = self.box.answer(Request(method, parts, "/" + "/".join(parts), {}, {}, json.dumps(body).encode()))
        assert answer.status < 300, answer.body
        return json.loads(answer.body)

    def client(self, told, secret=None, region="eu-west-1", key=None):
        return boto3.client(
            "sqs", region_name=region, endpoint_url=self.url, config=ONCE,
            aws_access_key_id=key or told["access_key_id"], aws_secret_access_key=secret or told["secret_access_key"],
        )  # fmt: skip


@pytest.fixture(scope="module")
def served():
    running = RunningBox(Box(seed=3, clock="manual")).start()
    yield running
    running.stop()


@pytest.fixture
def house(served, request):
    served.box.world.state.queues.clear()
    served.box.world.state.messages.clear()
    served.box.world.state.faults.clear()
    logging.getLogger("botocore").setLevel(logging.WARNING)
    return House(served.url, served.box)


@pytest.fixture
def queue(house):
    return house.control("queues", {"arn": ARN})


def bodies(sqs, url, **more):
    return [m["Body"] for m in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, **more).get("Messages", [])]


def test_a_message_is_there_again_unless_it_was_deleted(house, queue):
    sqs = house.client(queue)
    url = sqs.get_queue_url(QueueName="secrets")["QueueUrl"]
    assert url == f"{house.url}/123456789012/secrets"
    sqs.send_message(QueueUrl=url, MessageBody="one")

    (first,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)["Messages"]
    assert bodies(sqs, url) == [], "hidden while somebody works on it"
    house.control("clock", {"advance_seconds": 31})
    (again,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MessageSystemAttributeNames=["All"])["Messages"]
    assert (again["Body"], again["Attributes"]["ApproximateReceiveCount"]) == ("one", "2")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    house.control("clock", {"advance_seconds": 31})
    assert bodies(sqs, url) == ["one"], "the receipt of an earlier time deletes nothing"
    (last,) = house.box.world.state.messages
    sqs.delete_message(QueueUrl=url, ReceiptHandle=last.receipt)
    house.control("clock", {"advance_seconds": 31})

    assert bodies(sqs, url) == []


def test_messages_come_in_no_order_and_ten_at_most(house, queue):
    sqs = house.client(queue)
    url = sqs.get_queue_url(QueueName="secrets")["QueueUrl"]
    sent = [f"m{n:02}" for n in range(12)]
    for text in sent:
        sqs.send_message(QueueUrl=url, MessageBody=text)

    first, rest = (bodies(sqs, url, MaxNumberOfMessages=10) for _ in range(2))

    assert (len(first), sorted(first + rest)) == (10, sent)
    assert first != sorted(first)
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert (told["ApproximateNumberOfMessages"], told["ApproximateNumberOfMessagesNotVisible"]) == ("0", "12")


def test_a_short_poll_leaves_some_out(house, queue):
    sqs = house.client(queue)
    url = sqs.get_queue_url(QueueName="secrets")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")

    found = [bool(sqs.receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages")) for _ in range(40)]

    assert {True, False} == set(found)


@pytest.mark.parametrize(
    ("change", "code"),
    [({"secret": "wrong" * 8}, "SignatureDoesNotMatch"), ({"key": "AKIANOBODY"}, "InvalidClientTokenId"),
     ({"region": "us-east-1"}, "SignatureDoesNotMatch")],
)  # fmt: skip
def test_a_wrong_key_or_region_gets_in_nowhere(house, queue, change, code):
    with pytest.raises(ClientError) as refused:
        house.client(queue, **change).receive_message(QueueUrl=f"{house.url}/123456789012/secrets")

    assert refused.value.response["Error"]["Code"] == code


def test_a_key_does_what_its_policy_lets_it_and_on_its_own_queue_only(house, queue):
    other = house.control("queues", {"arn": OTHER})
    url = f"{house.url}/123456789012/secrets"
    house.control(f"queues/{ARN}/policy", {"actions": ["ReceiveMessage"]})

    for client, act, code in (
        (house.client(queue), lambda c: c.send_message(QueueUrl=url, MessageBody="x"), "AccessDenied"),
        (house.client(other), lambda c: c.receive_message(QueueUrl=url), "AWS.SimpleQueueService.NonExistentQueue"),
        (house.client(other), lambda c: c.delete_message(QueueUrl=url.replace("secrets", "others"), ReceiptHandle="x"),
         "ReceiptHandleIsInvalid"),
        (house.client(other), lambda c: c.purge_queue(QueueUrl=url), "UnknownOperationException"),
    ):  # fmt: skip
        with pytest.raises(ClientError) as refused:
            act(client)
        assert refused.value.response["Error"]["Code"] == code


def test_a_new_secret_and_a_notification_lie_in_the_queue_they_were_sent_to(house, queue):
    application = house.control("applications", {"queue": ARN})
    house.control("faults", {"kind": "notification-twice", "count": 1})
    sqs = house.client(queue)

    house.control(f"applications/{application['application_id']}/rotate", {})

    told = [json.loads(text) for text in bodies(sqs, f"{house.url}/123456789012/secrets", MaxNumberOfMessages=10)]
    assert [one["notificationType"] for one in told] == ["APPLICATION_OAUTH_CLIENT_NEW_SECRET"] * 2
    secret = told[0]["payload"]["applicationOAuthClientNewSecret"]["newClientSecret"]
    assert secret == house.box.world.state.applications[application["application_id"]].client_secret


def test_misfortunes_of_the_queue_are_spelled_as_its_own(house, queue):
    sqs = house.client(queue)
    url = f"{house.url}/123456789012/secrets"
    for kind, code in (("throttle", "RequestThrottled"), ("forbidden", "AccessDenied"), ("status-500", "500")):
        house.control("faults", {"kind": kind, "operation": "ReceiveMessage", "count": 1})
        with pytest.raises(ClientError) as refused:
            sqs.receive_message(QueueUrl=url)
        assert refused.value.response["Error"]["Code"] == code
    assert bodies(sqs, url) == []
