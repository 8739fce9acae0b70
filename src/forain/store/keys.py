"""Changing the key of everything that is stored encrypted: in batches, beside a running Forain, and again after an
interruption at any point."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.db import connection, transaction
from django.db.models import Model

from forain.store import models
from forain.store.vault import KEY_LOCK

SEALED: tuple[tuple[type[Model], str], ...] = ((models.VaultEntry, "ciphertext"), (models.Order, "body"))
"""Every column that holds what `Vault.seal` made."""
BATCH = 200
ROTATION_LOCK = 0x466F7263
"""Among PostgreSQL's advisory locks: one change of keys at a time."""


class Busy(Exception):
    """Somebody else is changing the keys at this moment."""


@dataclass(frozen=True, slots=True)
class Survey:
    """How many stored values the first key opens, how many need another one, how many no key opens."""

    first: int = 0
    other: int = 0
    none: int = 0

    def plus(self, another: "Survey") -> "Survey":
        """Both together."""
        return Survey(self.first + another.first, self.other + another.other, self.none + another.none)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Raises Busy. The lock ends with the connection, however the process ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ROTATION_LOCK])
        if not cursor.fetchone()[0]:
            raise Busy
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ROTATION_LOCK])


@contextmanager
def nobody_writes() -> Iterator[None]:
    """A transaction during which nothing sealed is written; whoever was writing has ended. Keep it short."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEY_LOCK])
        yield


def survey(keys: Sequence[str]) -> Survey:
    """Look at every stored value, changing none."""
    first, all_keys = Fernet(keys[0]), MultiFernet([Fernet(key) for key in keys])
    found = Survey()
    for model, column in SEALED:
        rows = model._default_manager.exclude(**{column: None}).order_by("pk")
        for sealed in rows.values_list(column, flat=True).iterator(BATCH):
            found = found.plus(_kind(bytes(sealed), first, all_keys))
    return found


def _opens(fernet: Fernet | MultiFernet, sealed: bytes) -> bool:
    try:
        fernet.decrypt(sealed)
    except InvalidToken:
        return False
    return True


def _kind(sealed: bytes, first: Fernet, all_keys: MultiFernet) -> Survey:
    if _opens(first, sealed):
        return Survey(first=1)
    return Survey(other=1) if _opens(all_keys, sealed) else Survey(none=1)


def renew(keys: Sequence[str]) -> int:
    """Encrypt with the first key whatever needs another one; the answer is how many values that were.

    Each batch is a transaction: what was done stays done, whatever comes after. Safe to repeat, and beside writers: a
    row is locked while it is renewed. What no key opens stays as it is.
    """
    first, all_keys = Fernet(keys[0]), MultiFernet([Fernet(key) for key in keys])
    return sum(_renew_column(model, column, first, all_keys) for model, column in SEALED)


def _renew_column(model: type[Model], column: str, first: Fernet, all_keys: MultiFernet) -> int:
    done, last = 0, 0
    while True:
        with transaction.atomic():
            rows = model._default_manager.select_for_update().exclude(**{column: None}).filter(pk__gt=last)
            batch = list(rows.order_by("pk").values_list("pk", column)[:BATCH])
            if not batch:
                return done
            for number, told in batch:
                sealed = bytes(told)
                if _kind(sealed, first, all_keys).other:
                    model._default_manager.filter(pk=number).update(**{column: all_keys.rotate(sealed)})
                    done += 1
            last = batch[-1][0]
