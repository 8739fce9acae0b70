"""Migrations run by themselves at start, one process at a time."""

from django.core.management import call_command
from django.db import connection

LOCK = 0x466F7261
"""Our number among PostgreSQL's advisory locks."""


def migrate() -> None:
    """Bring the tables up to date; the second of two processes waits, then finds nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            call_command("migrate", verbosity=0, interactive=False)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
