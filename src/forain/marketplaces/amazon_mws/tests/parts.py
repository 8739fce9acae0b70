"""What the adapter's tests share: a net that answers from a list, an account on it, and answers as MWS spelled them."""

from collections import deque

from forain.contracts.marketplace import Credentials
from forain.contracts.net import Response
from forain.core.clock import parse_instant
from forain.core.ids import OfferKey
from forain.core.secret import Secret
from forain.marketplaces.amazon_mws import open

FR = "A13V1IB3VIYZZH"
T0 = parse_instant("2020-03-01T10:00:00Z")
DATE = "Sun, 01 Mar 2020 10:00:00 GMT"
TOKEN = "amzn.mws.00000000-fake-0000-0000-000000000000"
CREDENTIALS = Credentials(
    1, "SELLER", "EU", "AKIAFAKE", Secret("fake-secret-key"), Secret(TOKEN),
    {"address.api": "http://mws/eu", "marketplace_id": FR},
)  # fmt: skip


class Wire:
    """A net that answers from a list of (status, body) or (status, body, content type), and keeps what was asked."""

    def __init__(self, *answers):
        self.answers = deque(answers)
        self.sent = []

    def send(self, request):
        self.sent.append(request)
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return response(*answer)

    def told(self, place=-1):
        """The parameters of a call."""
        request = self.sent[place]
        return {**(request.query or {}), **(request.form or {})}


def response(status, body, content_type="text/xml; charset=utf-8"):
    content = body if isinstance(body, bytes) else body.encode()
    return Response(status, {"content-type": content_type, "date": DATE}, content)


def account(wire):
    return open(CREDENTIALS, wire)


def key(sku="SOAP"):
    return OfferKey(1, FR, sku)


def answer(action, inner):
    """The answer of an action, as MWS wrapped it."""
    return (
        f'<?xml version="1.0"?>\n<{action}Response xmlns="https://mws.amazonservices.com/x"><{action}Result>{inner}'
        f"</{action}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{action}Response>"
    )


def refusal(code, message=""):
    return (
        f'<?xml version="1.0"?><ErrorResponse xmlns="https://mws.amazonservices.com/x"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId>r-2</RequestId></ErrorResponse>"
    )
