"""What the flows are given. Built once by `wiring`; a flow takes what it needs from here and nowhere else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from forain.contracts.manifest import MarketplaceManifest, ShopManifest
from forain.contracts.marketplace import Marketplace
from forain.contracts.shop import Shop
from forain.core.clock import Clock
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


@dataclass(frozen=True, slots=True)
class Deps:
    """`jitter`: a number from 0 to 1, drawn anew at each call. `public_url`: where browsers reach us. `ping`: tells an
    outside monitor that we are alive, and raises nothing (False: it did not hear it); None: there is none."""

    clock: Clock
    vault: Vault
    open: Opener
    jitter: Callable[[], float]
    public_url: str
    ping: Callable[[], bool] | None = None
