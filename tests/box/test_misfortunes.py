"""Misfortunes of calls, as a client meets them over a real connection."""

import http.client
import json
import threading
import time
from datetime import timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

from forain_box.server import RunningBox
from tests.box.client import FR, Client, quantity

PATH = "/eu/sellers/v1/marketplaceParticipations"


class Caller(Client):
    """The same developer with a connection."""

    def call(self, method="GET", path=PATH, body=None):
        """(answer, body) as they came."""
        line = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            line.request(method, path, body and json.dumps(body), {"x-amz-access-token": self.token})
            answer = line.getresponse()
            return answer, answer.read()
        finally:
            line.close()

    def meet(self, kind, **more):
        assert self.control("POST", "faults", {"kind": kind, **more})[0] == 201


@pytest.fixture(scope="module")
def served():
    caller = Caller(throttle=False)
    running = RunningBox(caller.box).start()
    caller.url = running.url
    yield caller
    running.stop()


@pytest.fixture
def caller(served):
    served.control("DELETE", "faults")
    return served


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [("status-500", 500, "application/json"), ("html-503", 503, "text/html"), ("throttle", 429, "application/json"),
     ("forbidden", 403, "application/json"), ("wrong-content-type", 200, "text/plain")],
)  # fmt: skip
def test_it_strikes_as_often_as_was_said_and_no_more(caller, kind, status, content_type):
    caller.meet(kind, count=2)

    for _ in range(2):
        answer, _body = caller.call()
        assert (answer.status, answer.headers.get_content_type()) == (status, content_type)
    assert (caller.call()[0].status, caller.call()[0].headers.get_content_type()) == (200, "application/json")


def test_a_truncated_answer_is_half_of_its_json(caller):
    whole = caller.call()[1]
    caller.meet("truncated", count=1)
    half = caller.call()[1]

    assert half == whole[: len(whole) // 2]


def test_a_slow_answer_comes_late_and_holds_up_nobody_else(caller):
    caller.meet("slow", seconds=2, operation="getMarketplaceParticipations", count=1)
    taken = []

    def wait():
        begun = time.monotonic()
        taken.append((caller.call()[0].status, time.monotonic() - begun))

    slow = threading.Thread(target=wait)
    slow.start()
    time.sleep(0.3)
    begun = time.monotonic()
    assert caller.call()[0].status == 200
    assert time.monotonic() - begun < 1.5
    slow.join()
    assert taken[0][0] == 200
    assert taken[0][1] >= 2


def test_who_mends_is_heard_while_twenty_calls_hang(caller):
    caller.meet("hang", seconds=3, operation="getMarketplaceParticipations")
    hung = []

    def wait():
        with pytest.raises(http.client.HTTPException):
            caller.call()
        hung.append(True)

    threads = [threading.Thread(target=wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    begun = time.monotonic()
    assert caller.call("DELETE", "/box/api/faults")[0].status == 200
    assert time.monotonic() - begun < 2
    for thread in threads:
        thread.join()
    assert len(hung) == 20


@pytest.mark.parametrize(("kind", "pieces"), [("cut", 5), ("cut-after-write", 9), ("hang", 9)])
def test_a_cut_leaves_the_caller_without_an_answer_and_the_write_done_or_not(caller, kind, pieces):
    caller.put("SOAP", 5)
    caller.meet(kind, operation="patchListingsItem", count=1, seconds=0.1)
    told = {"productType": "PRODUCT", "patches": [quantity(9)]}

    with pytest.raises(http.client.HTTPException):
        caller.call("PATCH", f"/eu/listings/2021-08-01/items/SELLER1/SOAP?marketplaceIds={FR}", told)
    caller.advance(5)

    assert caller.item()[1]["fulfillmentAvailability"][0]["quantity"] == pieces


def test_answers_tell_the_boxs_hour_and_a_skewed_one_another(caller):
    caller.meet("clock-skew", seconds=7200, count=1)
    skewed, true = (parsedate_to_datetime(caller.call()[0].headers["date"]) for _ in range(2))

    assert true == caller.box.world.now().replace(microsecond=0)
    assert skewed - true == timedelta(hours=2)


def test_words_nobody_has_heard_of(caller):
    caller.hold = False
    caller.meet("unknown-enum", operation="patchListingsItem", count=1)

    assert caller.patch([quantity(5)])[1]["status"] == "SOMETHING_NEW"
    caller.hold = True


def test_it_strikes_one_seller_and_one_operation_only(caller):
    caller.meet("status-500", seller_id="SOMEBODYELSE")
    caller.meet("status-500", operation="getListingsItem")

    assert caller.call()[0].status == 200
    assert caller.item()[0] == 500


def test_it_strikes_about_as_often_as_was_said(caller):
    caller.meet("status-500", probability=0.5)

    assert 60 < [caller.api("GET", PATH[4:])[0] for _ in range(200)].count(500) < 140


def test_a_storm_of_403_spares_neither_login_nor_old_interface(caller):
    caller.meet("forbidden")

    assert caller.call()[0].status == 403
    assert caller.login()[0] == 403
    assert caller.call("GET", "/mws/eu/?Action=GetFeedSubmissionList")[0].status == 401
    assert caller.call("GET", "/documents/any")[0].status == 403
