"""Secrets at rest: encrypted with keys outside the database, each bound to its owner."""

import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from forain.core.clock import Instant
from forain.core.secret import Secret
from forain.store import models


class VaultBroken(Exception):
    """A stored secret cannot be read: wrong key file, or a ciphertext moved to another owner."""


class Vault:
    """Reads and writes secrets. `keys`: newest first; the first encrypts, all decrypt (rotation = new key first)."""

    def __init__(self, keys: list[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, owner: str, name: str, text: str) -> bytes:
        """`text` encrypted, with its owner and name inside."""
        return self._fernet.encrypt(json.dumps([owner, name, text]).encode())

    def open(self, owner: str, name: str, sealed: bytes) -> str:
        """The text sealed for exactly this owner and name. Raises VaultBroken otherwise."""
        try:
            found = json.loads(self._fernet.decrypt(bytes(sealed)))
        except InvalidToken:
            raise VaultBroken(f"{name} of {owner} cannot be decrypted; is vault.key the right one?") from None
        if found[:2] != [owner, name]:
            raise VaultBroken(f"the secret stored as {name} of {owner} belongs to {found[1]} of {found[0]}")
        return str(found[2])

    def put(self, owner: str, name: str, secret: Secret, now: Instant) -> None:
        """Write or replace a secret."""
        models.VaultEntry.objects.update_or_create(
            owner=owner,
            name=name,
            defaults={"ciphertext": self.seal(owner, name, secret.reveal()), "written_at": now},
        )

    def get(self, owner: str, name: str) -> Secret | None:
        """The secret, None when none is stored. Raises VaultBroken."""
        row = models.VaultEntry.objects.filter(owner=owner, name=name).first()
        return None if row is None else Secret(self.open(owner, name, bytes(row.ciphertext)))

    def forget(self, owner: str) -> None:
        """Delete every secret of an owner."""
        models.VaultEntry.objects.filter(owner=owner).delete()

    def all_of(self, owner: str) -> dict[str, Secret]:
        """Every secret of an owner, by name."""
        rows = models.VaultEntry.objects.filter(owner=owner)
        return {row.name: Secret(self.open(owner, row.name, bytes(row.ciphertext))) for row in rows}
