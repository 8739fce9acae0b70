"""Opening the house: the database, Django, the tables; and everything that runs in it."""

import os
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import click

from forain.config import checks
from forain.config.home import forain_home
from forain.config.postgres import Keeper, PostgresTrouble, PrivatePostgres, start

DEFAULT_PORT = 8787
LARGEST_REQUEST = 8 * 1024 * 1024
"""Bytes: the largest file a page takes has 5 MB. A larger body is refused before it is read."""
NO_RIGHT = ("42501",)
"""PostgreSQL's insufficient_privilege."""


class OpenHouse:
    """The database and Django, ready. `stop()` leaves nothing of ours running."""

    def __init__(self, postgres: PrivatePostgres | None) -> None:
        self._postgres: PrivatePostgres | Keeper | None = postgres

    def keep(self) -> None:
        """From now on see to it that the private PostgreSQL is up, for a process that stays."""
        if isinstance(self._postgres, PrivatePostgres):
            self._postgres = Keeper(forain_home(), self._postgres)

    def stop(self) -> None:
        from django.db import connections

        connections.close_all()
        if self._postgres is not None:
            self._postgres.stop()


def open_house(home: Path | None = None, *, port: int = DEFAULT_PORT, options: Iterable[str] = ()) -> OpenHouse:
    """Start the private PostgreSQL unless DATABASE_URL names another, set Django up, bring the tables up to date.

    `options`: "name=value" for the private PostgreSQL. Raises BadSettings, PostgresTrouble and Django's DatabaseError, which `sentence` says.
    """
    if home is not None:
        os.environ["FORAIN_HOME"] = str(home)
    os.environ.setdefault("FORAIN_LOCAL_URL", f"http://127.0.0.1:{port}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "forain.config.settings"
    checks.check(os.environ)
    given = bool(os.environ.get("DATABASE_URL"))
    postgres = None if given else start(forain_home(), options)
    try:
        if postgres is not None:
            os.environ["DATABASE_URL"] = postgres.url
        import django

        django.setup()
        from forain.config.migrate import migrate

        migrate()
    except BaseException:
        if postgres is not None:
            postgres.stop()
        raise
    return OpenHouse(postgres)


def sentence(error: Exception) -> str | None:
    """What a person can mend, in one sentence with its cure; None: it is a bug of ours, and its traceback is wanted."""
    from django.apps import apps
    from django.db.migrations.exceptions import MigrationSchemaMissing
    from django.db.utils import DatabaseError, InterfaceError, OperationalError

    if isinstance(error, checks.BadSettings | PostgresTrouble):
        return str(error)
    if apps.ready:
        from forain.store.vault import VaultBroken

        if isinstance(error, VaultBroken):
            return str(error)
    told = " ".join(str(error).split())
    if isinstance(error, OperationalError | InterfaceError):
        return f"the database does not answer: {told}. Is DATABASE_URL right?"
    if isinstance(error, MigrationSchemaMissing) or (
        isinstance(error, DatabaseError) and getattr(error.__cause__, "sqlstate", "") in NO_RIGHT
    ):
        return (
            f"the database refuses: {told}. The user of DATABASE_URL must own the database, or may create tables in it"
        )
    if isinstance(error, DatabaseError) and "or later is required" in told:
        return f"the database is too old: {told}"
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return None


@contextmanager
def visiting(port: int = DEFAULT_PORT) -> Iterator[None]:
    """The house for one short command: uses a running one, else starts and stops the database."""
    # The failure itself is told as the command's answer; a log line about it as well would be noise.
    os.environ.setdefault("FORAIN_LOG_LEVEL", "ERROR")
    house = open_house(port=port)
    try:
        yield
    finally:
        house.stop()


class Web:
    """The pages, served by threads of this process on loopback."""

    def __init__(self, port: int) -> None:
        from waitress.server import create_server

        from forain.config.wsgi import application

        try:
            self._server = create_server(
                application,
                host="127.0.0.1",
                port=port,
                threads=8,
                ident="forain",
                max_request_body_size=LARGEST_REQUEST,
            )
        except OSError as error:
            raise click.ClickException(
                f"port {port} cannot be used ({error.strerror}); is another Forain running? --port takes another"
            ) from None
        self.url = f"http://127.0.0.1:{self._server.effective_port}"
        self._guard = threading.Lock()

    def __enter__(self) -> "Web":
        self._thread = threading.Thread(target=self._server.run, name="forain-web", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Answers under way first: a thread that ends one after the close would stumble over it.
        self._server.task_dispatcher.shutdown()
        # Closed by the thread that waits for it (what another one closes under its hands is a bad file descriptor), and
        # not before it was woken for it: waking needs what is closed then.
        with self._guard:
            self._server.trigger.pull_trigger(self._close)
        self._thread.join(5)

    def _close(self) -> None:
        with self._guard:
            self._server.close()


def free_port() -> int:
    """A port nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
