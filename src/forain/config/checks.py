"""What is looked at before anything starts; each mistake with its cure."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet

from forain.net.addresses import named, networks, well_formed
from forain.net.mail import server

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class BadSettings(Exception):
    """The environment holds a mistake; the text says which and the cure."""


def check(environment: Mapping[str, str]) -> None:
    """Raises BadSettings."""
    public = environment.get("FORAIN_PUBLIC_URL", "")
    if public:
        try:
            parts = urlsplit(public)
            good = parts.scheme in ("http", "https") and parts.hostname and parts.path in ("", "/") and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise BadSettings(
                "FORAIN_PUBLIC_URL is the address browsers use, such as https://forain.example, without a path"
            )
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise BadSettings("FORAIN_PUBLIC_URL must begin with https:// unless it is this very machine")
    url = environment.get("DATABASE_URL", "")
    if url and not url.startswith(("postgres://", "postgresql://")):
        raise BadSettings("DATABASE_URL must begin with postgresql://; leave it out to use the private PostgreSQL")
    level = environment.get("FORAIN_LOG_LEVEL") or "WARNING"
    if level not in logging.getLevelNamesMapping():
        raise BadSettings(f"FORAIN_LOG_LEVEL {level}: choose DEBUG, INFO, WARNING, ERROR or CRITICAL")
    for name, least, most in (("FORAIN_SESSION_IDLE_HOURS", 1, 168), ("FORAIN_SESSION_DAYS", 1, 90)):
        told = environment.get(name) or str(least)
        if not (told.isascii() and told.isdigit() and least <= int(told) <= most):
            raise BadSettings(f"{name} {told}: write a whole number from {least} to {most}")
    private = environment.get("FORAIN_ALLOW_PRIVATE", "")
    try:
        networks(private)
    except ValueError as error:
        raise BadSettings(
            f"FORAIN_ALLOW_PRIVATE: {error}; write addresses and networks such as 192.168.1.20,10.0.0.0/8, "
            "localhost for this machine, or all"
        ) from None
    try:
        named(environment.get("FORAIN_RETIRED_ADDRESSES", ""))
    except ValueError as error:
        raise BadSettings(
            f"FORAIN_RETIRED_ADDRESSES: {error}; write such as amazon_mws=http://127.0.0.1:8900/mws/{{region}}"
        ) from None
    ping = environment.get("FORAIN_PING_URL", "")
    if ping and not well_formed(ping):
        # Not repeated here: whoever has it can send in our name that all is well.
        raise BadSettings(
            "FORAIN_PING_URL is the address a monitor gave you, such as https://monitor.example/ping/..., whole"
        )
    try:
        server(environment.get("FORAIN_MAIL_URL", ""), environment.get("FORAIN_MAIL_FROM", ""))
    except ValueError as error:
        raise BadSettings(str(error)) from None
    zone = environment.get("FORAIN_TIME_ZONE") or "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise BadSettings(
            f"FORAIN_TIME_ZONE {zone}: there is no such time zone; write one such as Europe/Paris"
        ) from None


def check_vault_keys(keys: Sequence[str], where: Path | str) -> None:
    """Raises BadSettings for keys that can't be right; that they fit what is stored shows only when they are used."""
    try:
        for key in keys:
            Fernet(key)
    except ValueError:
        keys = []
    if not keys:
        raise BadSettings(
            f"{where} holds no key, or something that is none (44 characters each): bring back the right one; "
            "without it stored tokens cannot be read"
        )
