"""What is looked at before anything starts; each mistake with its cure."""

from collections.abc import Mapping
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BadSettings(Exception):
    """The environment holds a mistake; the text says which and the cure."""


def check(environment: Mapping[str, str]) -> None:
    """Raises BadSettings."""
    public = environment.get("FORAIN_PUBLIC_URL", "")
    if public:
        parts = urlsplit(public)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise BadSettings(
                "FORAIN_PUBLIC_URL is the address browsers use, such as https://forain.example, without a path"
            )
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise BadSettings("FORAIN_PUBLIC_URL must begin with https:// unless it is this very machine")
    url = environment.get("DATABASE_URL", "")
    if url and not url.startswith(("postgres://", "postgresql://")):
        raise BadSettings("DATABASE_URL must begin with postgresql://; leave it out to use the private PostgreSQL")
