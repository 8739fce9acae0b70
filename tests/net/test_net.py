"""The way out: what a status means, the bucket, the one repeat, and what is kept."""

import tempfile
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx2
import pytest

from forain.contracts.manifest import RateLimit
from forain.contracts.net import Request
from forain.core import errors
from forain.core.secret import Secret
from forain.net import client as net_client
from forain.net.client import NetClient
from forain.net.oauth import AccessTokens
from forain.net.redaction import scrub

T0 = datetime(2026, 3, 1, tzinfo=UTC)
LIMIT = RateLimit("read", 1.0, 2, "here", date(2026, 3, 1))


class Limiter:
    def __init__(self, until=None):
        self.until, self.learned = until, []

    def take(self, scope, limit):
        return self.until

    def learn(self, scope, limit, *, server_rate, throttled):
        self.learned.append((server_rate, throttled))
        return T0 + timedelta(seconds=5)


class Log:
    def __init__(self):
        self.lines = []

    def called(self, side, operation, status, request_id, milliseconds, date):
        self.lines.append((operation, status))

    def no_answer(self, side, operation, error):
        self.lines.append((operation, error))


class Tokens:
    def __init__(self):
        self.asked = []

    def token(self, *, refused=None):
        self.asked.append(refused)
        return "x-token", Secret("fresh" if refused else "old")


def client(handler, **more):
    http = httpx2.Client(transport=httpx2.MockTransport(handler))
    told = {"scope": "s", "side": "account:1", "limits": {"read": LIMIT}, "limiter": Limiter(), "log": Log()} | more
    return NetClient(http, **told)


READ = Request("read", "GET", "http://there/x")


def answering(*answers):
    left = list(answers)

    def handler(request):
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return handler


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx2.Response(500), errors.ServerFault),
        (httpx2.Response(503, text="<html>"), errors.ServerFault),
        (httpx2.Response(429), errors.Throttled),
        (httpx2.Response(302, headers={"location": "http://elsewhere"}), errors.Malformed),
        (httpx2.ConnectError("refused"), errors.Unreachable),
        (httpx2.ReadTimeout("slow"), errors.Unreachable),
        (httpx2.RemoteProtocolError("cut"), errors.ServerFault),
        (
            httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=httpx2.ByteStream(b"<html>ill")),
            errors.ServerFault,
        ),
    ],
)
def test_what_an_answer_means(answer, error):
    with pytest.raises(error):
        client(answering(answer)).send(READ)


def test_an_empty_bucket_sends_nothing():
    limiter = Limiter(until=T0)

    with pytest.raises(errors.Throttled) as waiting:
        client(answering(), limiter=limiter).send(READ)
    assert waiting.value.until == T0


@pytest.mark.parametrize(("header", "learned"), [("0.5", [(0.5, False)]), ("5.0", []), ("string", []), ("", [])])
def test_the_rate_header_teaches_downwards_only(header, learned):
    limiter = Limiter()
    client(answering(httpx2.Response(200, headers={"x-amzn-RateLimit-Limit": header})), limiter=limiter).send(READ)

    assert limiter.learned == learned


def test_a_dead_access_token_is_renewed_and_the_request_sent_once_more():
    tokens = Tokens()
    sent = []

    def handler(request):
        sent.append(request.headers["x-token"])
        return httpx2.Response(403 if request.headers["x-token"] == "old" else 200)

    answer = client(handler, tokens=tokens, token_expired=lambda r: r.status == 403).send(READ)

    assert (answer.status, sent) == (200, ["old", "fresh"])


def test_a_refusal_of_the_fresh_token_is_handed_on():
    answer = client(lambda r: httpx2.Response(403), tokens=Tokens(), token_expired=lambda r: r.status == 403).send(READ)

    assert answer.status == 403


class Ticking:
    def __init__(self):
        self.at = T0

    def now(self):
        return self.at


def test_many_threads_fetch_one_token():
    tokens, fetched, barrier = AccessTokens(Ticking()), [], threading.Barrier(8)

    def exchange():
        fetched.append(1)
        return Secret(f"t{len(fetched)}"), 3600

    found = []

    def work():
        barrier.wait()
        found.append(tokens.get("c", Secret("r"), exchange).reveal())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["t1"] * 8


def test_a_token_is_renewed_before_its_end_and_per_account():
    clock, number = Ticking(), iter(range(100))
    tokens = AccessTokens(clock)

    def get(refresh="r", refused=""):
        return tokens.get(
            "c", Secret(refresh), lambda: (Secret(str(next(number))), 3600), refused=Secret(refused)
        ).reveal()

    assert [get(), get(), get("other"), get(refused="0"), get()] == ["0", "0", "1", "2", "2"]
    clock.at += timedelta(seconds=3600 - 5 * 60 - 1)
    assert get() == "2"
    clock.at += timedelta(seconds=2)
    assert get() == "3"


def test_an_authorized_request_is_signed_when_it_leaves_and_no_secret_of_it_comes_back():
    def handler(request):
        told = request.content.decode() or str(request.url.query)
        return httpx2.Response(401, text=f"refused: {told}")

    def signed(request):
        return replace(request, form={**request.form, "MWSAuthToken": "canary-token", "Signature": "canary-signature"})

    net = client(handler, signed=signed)
    request = Request("read", "POST", "http://there/x", form={"Action": "Read"})

    answer = net.send(request).body.decode()

    assert "Action=Read" in answer
    assert "MWSAuthToken=***" in answer
    assert "canary" not in answer
    assert "MWSAuthToken" not in net.send(replace(request, authorized=False)).body.decode()


def test_secrets_in_a_query_do_not_come_back_either():
    net = client(lambda request: httpx2.Response(400, text=str(request.url)))

    answer = net.send(Request("read", "POST", "http://there/x", query={"MWSAuthToken": "canary-token"}, json=b"<a/>"))

    assert b"canary" not in answer.body


def test_an_answer_that_means_too_fast_teaches_the_bucket_and_is_no_illness():
    limiter, log = Limiter(), Log()
    net = client(
        lambda request: httpx2.Response(503, text="RequestThrottled"),
        limiter=limiter, log=log, too_fast=lambda answer: answer.body == b"RequestThrottled",
    )  # fmt: skip

    with pytest.raises(errors.Throttled):
        net.send(READ)

    assert limiter.learned == [(None, True)]
    assert log.lines == [("read", 429)]


def test_another_503_stays_an_illness():
    with pytest.raises(errors.ServerFault):
        client(lambda request: httpx2.Response(503), too_fast=lambda answer: False).send(READ)


def test_a_failed_exchange_is_not_remembered():
    tokens = AccessTokens(Ticking())

    def refuse():
        raise errors.GrantRefused

    with pytest.raises(errors.GrantRefused):
        tokens.get("c", Secret("r"), refuse)
    assert tokens.get("c", Secret("r"), lambda: (Secret("t"), 60)).reveal() == "t"


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "canary-1", "x": 1}', "client_secret=canary-1&x=1", "Atzr|canary-1 and Atza|canary-1",
        '{"buyerName": "canary-1"}', '{"addressLine1": "12 canary-1"}', "mail canary-1@example.test", "Bearer canary-1",
        '{"refresh_token":"canary-1', "MWSAuthToken=canary-1&x=1", "Signature=canary-1", "token amzn.mws.canary-1 is dead",
    ],
)  # fmt: skip
def test_secrets_and_buyers_are_scrubbed(text):
    assert "canary" not in scrub(text)


def test_a_large_answer_is_a_file_and_what_a_refusal_says_is_in_it_too():
    net = client(
        answering(
            httpx2.Response(200, content=b"x" * 100_000, headers={"Content-Type": "text/plain;charset=Cp1252"}),
            httpx2.Response(403, content=b"<Error/>"),
        )
    )
    request = Request("read", "GET", "http://there/x", authorized=False)

    with net.download(request).file as file:
        assert file.read() == b"x" * 100_000
    refused = net.download(request)

    assert (refused.status, refused.file.read()) == (403, b"<Error/>")


@pytest.mark.parametrize(
    ("answer", "error"),
    [(httpx2.Response(503, text="<html>"), errors.ServerFault), (httpx2.RemoteProtocolError("cut"), errors.ServerFault),
     (httpx2.Response(200, content=b"x" * 2000), errors.Malformed), (httpx2.Response(302), errors.Malformed)],
)  # fmt: skip
def test_a_download_that_fails_leaves_no_file_and_a_too_large_one_ends(answer, error, monkeypatch):
    made = []
    real = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: made.append(real()) or made[-1])
    monkeypatch.setattr(net_client, "LARGEST_DOWNLOAD", 1000)

    with pytest.raises(error):
        client(answering(answer)).download(Request("read", "GET", "http://there/x", authorized=False))

    assert [file.closed for file in made] == [True]


def test_no_token_goes_to_where_a_file_lies():
    with pytest.raises(ValueError):
        client(answering()).download(READ)
