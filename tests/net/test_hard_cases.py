"""The way out where it is hard: empty buckets with dead tokens, answers drop by drop, keys no header can carry."""

import threading
import time
from datetime import timedelta

import httpx2
import pytest

from forain.contracts.net import Request
from forain.core import errors
from forain.core.secret import Secret
from forain.net.client import LARGEST_ANSWER, PAUSE
from forain.net.oauth import AccessTokens, RefreshingSource
from tests.net.test_net import READ, T0, Limiter, Log, Ticking, Tokens, answering, client


class OneTurn(Limiter):
    """A bucket with one token a minute; `refill` is the minute."""

    def __init__(self):
        super().__init__()
        self.turns = 1

    def take(self, scope, limit):
        if self.turns:
            self.turns -= 1
            return None
        return T0 + timedelta(seconds=60)

    def refill(self):
        self.turns = 1


def test_a_dead_token_found_with_the_last_turn_is_not_tried_again_at_the_next():
    limiter, fetched = OneTurn(), []

    def exchange():
        fetched.append(f"t{len(fetched)}")
        return Secret(fetched[-1]), 3600

    source = RefreshingSource(AccessTokens(Ticking()), "c", Secret("r"), exchange, "x-token")
    net = client(
        lambda r: httpx2.Response(403 if r.headers["x-token"] == "t0" else 200),
        limiter=limiter, tokens=source, token_expired=lambda r: r.status == 403,
    )  # fmt: skip

    with pytest.raises(errors.Throttled):
        net.send(READ)
    limiter.refill()

    assert net.send(READ).status == 200
    assert fetched == ["t0", "t1"]


def test_a_token_that_cannot_be_had_costs_no_turn():
    class Refusing:
        def token(self, *, refused=None):
            raise errors.GrantRefused

    limiter = OneTurn()
    with pytest.raises(errors.GrantRefused):
        client(answering(), limiter=limiter, tokens=Refusing()).send(READ)

    assert limiter.turns == 1


def test_threads_refused_with_the_same_token_cause_one_exchange():
    tokens, fetched, found = AccessTokens(Ticking()), [], []

    def exchange():
        fetched.append(1)
        return Secret(f"t{len(fetched)}"), 3600

    dead = tokens.get("c", Secret("r"), exchange)
    threads = [
        threading.Thread(target=lambda: found.append(tokens.get("c", Secret("r"), exchange, refused=dead).reveal()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["t2"] * 8
    assert len(fetched) == 2


def test_only_an_authorized_request_carries_a_token_and_it_is_no_others_business():
    tokens, seen = Tokens(), []

    def handler(request):
        seen.append("x-token" in request.headers)
        return httpx2.Response(403)

    client(handler, tokens=tokens, token_expired=lambda r: True).send(
        Request("token", "POST", "http://there/x", form={"a": "b"}, authorized=False)
    )

    assert (seen, tokens.asked) == ([False], [])


def test_an_answer_drop_by_drop_is_no_answer():
    def drops():
        for _ in range(50):
            time.sleep(0.02)
            yield b"."

    net = client(lambda r: httpx2.Response(200, content=drops()))

    with pytest.raises(errors.Unreachable):
        net.send(Request("read", "GET", "http://there/x", timeout_seconds=0.02))


def test_an_answer_without_end_is_cut_off():
    def flood():
        while True:
            yield b"." * 1024 * 1024

    net = client(lambda r: httpx2.Response(200, content=flood()))

    with pytest.raises(errors.Malformed) as refused:
        net.send(READ)
    assert refused.value.field == "body too large"
    assert LARGEST_ANSWER == 32 * 1024 * 1024


@pytest.mark.parametrize("url", ["localhost:3000/x", "http://[::1/x", "", "ftp://there/x", "http://"])
def test_an_address_that_is_none_is_one_where_nobody_lives(url):
    http = httpx2.Client()
    from forain.net.client import NetClient

    net = NetClient(http, scope="s", side="shop:1", limits={}, limiter=Limiter(), log=Log())

    with pytest.raises(errors.Unreachable):
        net.send(Request("read", "GET", url))


@pytest.mark.parametrize("key", ["café", "“quoted”", "two\nlines", "nul\0"])
def test_a_key_no_header_can_carry_is_wrong_input_and_is_not_repeated_in_words(key):
    net = client(answering(), limiter=OneTurn())

    with pytest.raises(errors.Rejected) as refused:
        net.send(Request("read", "GET", "http://there/x", headers={"authorization": f"Bearer {key}"}))
    assert key not in str(refused.value)
    assert "authorization" in refused.value.problems[0].text


def test_a_429_teaches_and_waits_a_little_longer_than_the_bucket():
    limiter = Limiter()

    with pytest.raises(errors.Throttled) as waiting:
        client(answering(httpx2.Response(429)), limiter=limiter).send(READ)
    assert limiter.learned == [(None, True)]
    assert waiting.value.until == T0 + timedelta(seconds=5) + PAUSE


def test_the_sandbox_teaches_no_rate():
    limiter = Limiter()
    net = client(lambda r: httpx2.Response(200, headers={"x-amzn-RateLimit-Limit": "0.1"}), limiter=limiter)

    net.send(Request("read", "GET", "https://sandbox.sellingpartnerapi-eu.amazon.com/x"))

    assert limiter.learned == []


def test_each_call_is_one_line_without_payload():
    log = Log()

    client(answering(httpx2.Response(200, text="secret body")), log=log).send(READ)
    with pytest.raises(errors.Unreachable):
        client(answering(httpx2.ConnectError("refused")), log=log).send(READ)

    assert log.lines == [("read", 200), ("read", "ConnectError")]


@pytest.mark.parametrize("status", [200, 400, 403])
def test_an_answer_that_repeats_what_was_secret_is_read_without_it(status):
    spelled = 'x canary-bearer/1 y canary-bearer%2F1 canary-access "canary-bearer\\/1" canary-visible'
    net = client(lambda r: httpx2.Response(status, text=spelled), tokens=Tokens())
    headers = {
        "authorization": "Bearer canary-bearer/1",
        "x-amz-access-token": "canary-access",
        "x-seen": "canary-visible",
    }

    body = net.send(Request("read", "GET", "http://there/x", headers=headers)).body.decode()

    assert body == 'x *** y *** *** "***" canary-visible'


def test_a_login_that_worked_keeps_its_token_and_one_that_was_refused_repeats_none():
    form = {
        "grant_type": "refresh_token",
        "refresh_token": "canary-refresh",
        "client_secret": "canary-client",
        "code": "canary-code",
    }
    asked = Request("token", "POST", "http://there/x", form=form, authorized=False)
    told = '{"refresh_token": "canary-refresh", "text": "canary-client canary-code refresh_token"}'

    worked = client(lambda r: httpx2.Response(200, text=told)).send(asked).body.decode()
    refused = client(lambda r: httpx2.Response(400, text=told)).send(asked).body.decode()

    assert worked == told
    assert refused == '{"refresh_token": "***", "text": "*** *** refresh_token"}'
