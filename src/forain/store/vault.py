"""Secrets at rest: encrypted with keys outside the database, each bound to its owner."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.db import connection, transaction

from forain.core.clock import Instant
from forain.core.secret import Secret
from forain.store import models

KEY_LOCK = 0x466F7262
"""Our number among PostgreSQL's advisory locks: shared while something sealed is being written, exclusive while a key is
given up, so that nothing can be written with a key that is just being forgotten."""


class VaultBroken(Exception):
    """A stored secret cannot be read: wrong key file, or a ciphertext moved to another owner."""


@contextmanager
def writing() -> Iterator[None]:
    """A transaction in which no key is given up: seal within it what is written within it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [KEY_LOCK])
        yield


class Vault:
    """Reads and writes secrets. `keys`: newest first; the first encrypts, all decrypt (rotation = new key first).

    A function is asked for them each time: a process that runs sees a new key at once. What it has seen it keeps for
    reading, since it may still hold rows that were read before.
    """

    def __init__(self, keys: Sequence[str] | Callable[[], Sequence[str]]) -> None:
        self._told = keys if callable(keys) else lambda: keys
        self._seen: tuple[str, ...] = ()
        self._kept: tuple[tuple[str, ...], MultiFernet] | None = None

    def _fernet(self) -> MultiFernet:
        keys = tuple(self._told())
        self._seen = tuple(dict.fromkeys((*keys, *self._seen)))
        ordered = (*keys, *(key for key in self._seen if key not in keys))
        if self._kept is None or self._kept[0] != ordered:
            self._kept = (ordered, MultiFernet([Fernet(key) for key in ordered]))
        return self._kept[1]

    def keys(self) -> tuple[str, ...]:
        """The keys as they stand now, newest first."""
        return tuple(self._told())

    def seal(self, owner: str, name: str, text: str) -> bytes:
        """`text` encrypted, with its owner and name inside. To be written: seal it within `writing()`."""
        return self._fernet().encrypt(json.dumps([owner, name, text]).encode())

    def open(self, owner: str, name: str, sealed: bytes) -> str:
        """The text sealed for exactly this owner and name. Raises VaultBroken otherwise."""
        try:
            found = json.loads(self._fernet().decrypt(bytes(sealed)))
        except InvalidToken:
            raise VaultBroken(f"{name} of {owner} cannot be decrypted; is vault.key the right one?") from None
        if found[:2] != [owner, name]:
            raise VaultBroken(f"the secret stored as {name} of {owner} belongs to {found[1]} of {found[0]}")
        return str(found[2])

    def put(self, owner: str, name: str, secret: Secret, now: Instant) -> None:
        """Write or replace a secret."""
        with writing():
            models.VaultEntry.objects.update_or_create(
                owner=owner,
                name=name,
                defaults={"ciphertext": self.seal(owner, name, secret.reveal()), "written_at": now},
            )

    def get(self, owner: str, name: str) -> Secret | None:
        """The secret, None when none is stored. Raises VaultBroken."""
        row = models.VaultEntry.objects.filter(owner=owner, name=name).first()
        return None if row is None else Secret(self.open(owner, name, bytes(row.ciphertext)))

    def forget(self, owner: str, name: str = "") -> None:
        """Delete the secret of that name, "": every secret of an owner."""
        rows = models.VaultEntry.objects.filter(owner=owner)
        (rows.filter(name=name) if name else rows).delete()

    def all_of(self, *owners: str) -> dict[str, Secret]:
        """Every secret of these owners (of which no two have one of the same name), by name. Raises VaultBroken."""
        rows = models.VaultEntry.objects.filter(owner__in=owners)
        return {row.name: Secret(self.open(row.owner, row.name, bytes(row.ciphertext))) for row in rows}
