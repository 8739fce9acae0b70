"""What the flows are given. Built once by `wiring`; a flow takes what it needs from here and nowhere else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from forain.contracts.manifest import MarketplaceManifest, ShopManifest
from forain.contracts.marketplace import Marketplace
from forain.contracts.net import Net
from forain.contracts.queue import Queue, QueueAddress
from forain.contracts.shop import Shop
from forain.core.clock import Clock, Instant
from forain.core.reminders import Matter
from forain.core.secret import Secret
from forain.store import models
from forain.store.vault import Vault


class Opener(Protocol):
    """Builds adapters. A secret given overrides the stored one: a new one is tried before it is kept, and nobody else
    meets it until then."""

    def marketplace(
        self, account: models.Account, refresh: Secret | None = None, client_secret: Secret | None = None
    ) -> Marketplace:
        """The adapter of an account."""
        ...

    def marketplace_manifest(self, code: str) -> MarketplaceManifest:
        """What the marketplace of that code says of itself."""
        ...

    def shop(self, shop: models.Shop, secrets: Mapping[str, Secret] | None = None) -> Shop:
        """The adapter of a shop."""
        ...

    def shop_manifest(self, code: str) -> ShopManifest:
        """What the shop software of that code says of itself."""
        ...

    def queue(self, application: models.Application, address: QueueAddress, key: Secret) -> Queue:
        """A queue of new client secrets."""
        ...

    def rates(self) -> Net:
        """The way to the address that exchange rates are fetched from."""
        ...

    def webhook(self, webhook: models.Webhook) -> Net:
        """The way to an address that is called with reminders."""
        ...


class Mailer(Protocol):
    """The merchant's mail server."""

    @property
    def sender(self) -> str:
        """What stands in From."""
        ...

    @property
    def domain(self) -> str:
        """Of the sender, for the identity of mails."""
        ...

    def send(self, to: str, message: bytes) -> None:
        """Hand over one mail. Raises Unreachable (it may have been taken), ServerFault, Rejected (this mail, for good)."""
        ...

    def check(self) -> None:
        """Whether it lets us in; no mail is sent. Raises Unreachable, ServerFault."""
        ...


@dataclass(frozen=True, slots=True)
class Wording:
    """What a reminder says: one line, the text below it, and the page where it is mended. `by_hand`: after a stop, the pages
    that list what to ship and confirm by hand, one an account."""

    title: str
    text: str
    page: str
    by_hand: tuple[str, ...] = ()


class Writer(Protocol):
    """Puts an occasion into words. The words belong to the pages; `settings` names who has them."""

    def __call__(
        self, occasion: Matter | None, language: str, public_url: str, now: Instant, instead_of: str = ""
    ) -> Wording:
        """`occasion` None: a trial. `instead_of`: the name of who was told before and did not react."""
        ...


@dataclass(frozen=True, slots=True)
class Deps:
    """`jitter`: a number from 0 to 1, drawn anew at each call. `public_url`: where browsers reach us. `mail` None: no mail
    server is set. `ping`: tells an outside monitor that we are alive, and raises nothing (False: it did not hear it); None:
    there is none."""

    clock: Clock
    vault: Vault
    open: Opener
    jitter: Callable[[], float]
    public_url: str
    write: Writer
    mail: Mailer | None = None
    ping: Callable[[], bool] | None = None
