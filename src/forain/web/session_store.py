"""Sessions as Django keeps them in the database, but for the key: what the cookie says is nowhere in it, only its hash."""

import hashlib
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as InDatabase


class SessionStore(InDatabase):
    """A copy of the database lets nobody in. The names are Django's; `session_key` is always the cookie's value."""

    @staticmethod
    def kept_as(session_key: str) -> str:
        """How the key stands in the database. The key is 165 bits by chance: nothing slower or salted is needed to keep it."""
        return hashlib.sha256(session_key.encode()).hexdigest()[:40]

    def load(self) -> dict[str, Any]:
        plain = self.session_key
        self._session_key = self.kept_as(plain) if plain else None
        try:
            return super().load()
        finally:
            # Django forgets a key of which it finds no row. Where the database did not answer, the key is still the
            # cookie's: whoever asks again in this request would look for the hash of a hash, find nothing, and log out.
            self._session_key = plain if self.session_key else None

    def exists(self, session_key: str) -> bool:
        return super().exists(self.kept_as(session_key))

    def create_model_instance(self, data: Any) -> Any:
        row = super().create_model_instance(data)
        row.session_key = self.kept_as(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            super().delete(self.kept_as(key))

    async def acreate_model_instance(self, data: Any) -> Any:
        """Forain is synchronous; Django's other half would write the key as it is."""
        raise NotImplementedError
