"""A seller in the box, and Forain's adapter for it, whose answers may be spoiled on the way."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from forain.contracts.marketplace import Credentials
from forain.contracts.net import Request, Response
from forain.core.ids import AccountId, SellerId
from forain.core.secret import Secret
from forain.marketplaces.amazon import AmazonAccount, open
from tests.box.client import FORM, FR, Client

__all__ = ["FR", "Answers", "seller"]


def seller(orders: int = 5, articles: int = 5) -> Client:
    """A box with SELLER1, some articles and some orders of one or two pieces."""
    client = Client(throttle=False)
    client.hold = False
    for number in range(articles):
        client.put(f"ART-{number}", 5 + number)
    for number in range(orders):
        client.buy(f"ART-{number % articles}", 1 + number % 2)
    client.advance(600)
    return client


class Answers:
    """A net whose answers come from the box, each question asked there once.

    `spoil`: what arrives of a body; `status`: the status that arrives instead, None for the box's own.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._recorded: dict[str, tuple[int, bytes]] = {}
        self.spoil: Callable[[bytes], bytes] = bytes
        self.status: int | None = None
        self.last = b""

    def send(self, request: Request) -> Response:
        asked = repr((request.operation, request.url, request.query))
        if asked not in self._recorded:
            self._recorded[asked] = self._ask(request)
        status, self.last = self._recorded[asked]
        return Response(self.status or status, {"x-amzn-requestid": "r"}, self.spoil(self.last))

    def _ask(self, request: Request) -> tuple[int, bytes]:
        path = urlsplit(request.url).path + ("?" + urlencode(request.query) if request.query else "")
        headers, body = {"x-amz-access-token": self._client.token, "host": "127.0.0.1:8900"}, request.json or b""
        if request.form is not None:
            headers, body = FORM, urlencode(request.form).encode()
        answer = self._client.ask(request.method, path, body, headers)
        return answer.status, answer.body

    def adapter(self) -> AmazonAccount:
        application = self._client.application
        told = Credentials(
            AccountId(1), SellerId("SELLER1"), "EU", application["client_id"], Secret(application["client_secret"]),
            Secret(self._client.refresh), {"address.api": "http://box/eu", "address.token": "http://box/auth/o2/token"},
        )  # fmt: skip
        return open(told, self)
