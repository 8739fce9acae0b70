"""DATABASE_URL as Django wants it."""

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from forain.config.checks import BadSettings

PATIENCE = {"connect_timeout": "10", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
            "tcp_user_timeout": "60000"}  # fmt: skip
"""A server that vanished without a word (a cable, a firewall) is noticed within a minute; libpq alone waits for hours, and
with it the line that asked. Seconds, the last one milliseconds. Whoever says otherwise in DATABASE_URL is heard."""


def database_settings(url: str) -> dict[str, Any]:
    """Django's settings of the database `url` (any libpq address, Unix sockets included).

    "" gives settings that no connection can be made with: the launcher sets DATABASE_URL after starting
    the private server, before Django is set up. Raises BadSettings for an address that is none.
    """
    if not url:
        return {"ENGINE": "django.db.backends.postgresql", "NAME": "forain-has-no-DATABASE_URL"}
    try:
        parts = dict(conninfo_to_dict(url))
    except ProgrammingError as error:
        why = str(error).strip()
        raise BadSettings(f"DATABASE_URL cannot be read ({why}); write postgresql://user:password@host/name") from None
    known = {
        "NAME": parts.pop("dbname", "forain"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
    }
    host = {"HOST": parts.pop("host", ""), "PORT": str(parts.pop("port", ""))}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **known,
        **host,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**PATIENCE, **{name: str(value) for name, value in parts.items()}},
    }
