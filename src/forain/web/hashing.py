"""How passwords are hashed and looked at: never more than two together, whoever asks and by whatever page."""

from threading import BoundedSemaphore

from django.contrib.auth import hashers

_TWO = BoundedSemaphore(2)
"""Argon2 takes 100 MB for each password: a crowd must not take the machine's memory."""


class Argon2(hashers.Argon2PasswordHasher):
    """Argon2, two at a time."""

    def encode(self, password: str, salt: str) -> str:
        with _TWO:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with _TWO:
            return super().verify(password, encoded)


class PBKDF2(hashers.PBKDF2PasswordHasher):
    """Django's former choice, two at a time. Looking at a password is hashing it again: `verify` calls `encode`."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with _TWO:
            return super().encode(password, salt, iterations)
