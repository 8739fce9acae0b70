"""A house whose Amazon is the old one: connected with Merchant ID, Marketplace ID and MWS Token, on the box's manual clock."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet

from forain import wiring
from forain.core.ids import AccountId
from forain.flows import setup
from forain.store import accounts, models
from forain.store.vault import Vault
from forain_box import Box
from tests.flows.conftest import FR, BoxTime, House, cutting

NAME, NUMBER = "magnalister", "4141-0616-7444"
SELLER = "A1HOUSESELLER"
ADDRESSES = {"address.api": "http://box/mws/eu", "address.consent": "http://box/seller-central/eu"}


class MwsHouse(House):
    """`developer`: the keys of the old interface, `token`: the merchant's."""

    developer: dict
    token: str

    def authorize(self) -> str:
        """The steps of the help page: the seller authorizes the developer, and copies the token."""
        told = {"application_name": NAME, "developer_number": NUMBER}
        self.token = self.control("POST", f"sellers/{self.seller}/mws-authorize", told)["mws_auth_token"]
        return self.token

    def steer(self, act: str) -> None:
        """deactivate, reactivate or delete the token in Seller Central."""
        self.control("POST", f"sellers/{self.seller}/mws-{act}", {"developer_number": NUMBER})

    def until(self, moment: datetime) -> None:
        """Let time pass up to there, and what is due then run twice: a refusal counts only when it comes again."""
        self.advance((moment - self.deps.clock.now()).total_seconds())
        for _ in range(2):
            self.tick()
            self.advance(1)

    def values(self, **others: str) -> dict[str, str]:
        """What the merchant types under "Mes coordonnées"."""
        return {
            "developer_name": NAME, "application_id": NUMBER, "client_id": self.developer["aws_access_key_id"],
            "client_secret": self.developer["aws_secret_key"], "region": "EU", "seller_id": self.seller,
            "marketplace_id": FR, "refresh_token": self.token, **others,
        }  # fmt: skip

    def connect(self, **others: str) -> models.Account:
        told = setup.NewAccount("amazon_mws", "mws", "", self.values(**others), ADDRESSES)
        account = setup.add_account(self.deps, told)
        self.account_id = account.pk
        return account

    def allow(self) -> None:
        accounts.allow_writes(AccountId(self.account_id), FR, "test", self.deps.clock.now())


def mws_house(folder: Path) -> MwsHouse:
    """Two articles, both on Amazon with other stock and prices; authorized, not connected yet."""
    box = Box(seed=1, clock="manual", start=datetime(2026, 3, 1, 9, tzinfo=UTC), write_delay=(0.5, 2.0))
    folder.mkdir()
    vault = Vault([Fernet.generate_key().decode()])
    deps = wiring.build(BoxTime(box), vault, "http://127.0.0.1:8787", cutting(box), jitter=lambda: 0.5)
    goods = {"SOAP": ("6.90", 12), "OIL": ("14.50", 5)}
    house = MwsHouse(box, folder, deps, None, 0, SELLER, {}, goods)
    house.write_catalogue()
    house.developer = house.control(
        "POST", "mws-developers", {"name": NAME, "developer_number": NUMBER, "region": "eu"}
    )
    house.control("POST", "sellers", {"seller_id": SELLER, "region": "eu", "marketplace_ids": [FR], "name": "Camille"})
    house.control(
        "POST", "listings",
        [
            {"seller_id": SELLER, "sku": sku, "asin": f"B0{n:08d}", "marketplace_id": FR, "quantity": 1, "title": sku,
             "price": {"amount": "9.99", "currency": "EUR"}}
            for n, sku in enumerate(goods)
        ],
    )  # fmt: skip
    house.shop = models.Shop.objects.create(
        kind="files", name="Folder", options={"folder": str(folder)}, hook_name="h", created_at=deps.clock.now()
    )
    house.authorize()
    return house
