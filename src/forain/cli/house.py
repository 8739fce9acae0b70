"""Opening the house: the database, Django, the tables; and everything that runs in it."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import click

from forain.config import checks
from forain.config.home import forain_home
from forain.config.postgres import PostgresTrouble, PrivatePostgres, start

DEFAULT_PORT = 8787


class OpenHouse:
    """The database and Django, ready. `stop()` leaves nothing of ours running."""

    def __init__(self, postgres: PrivatePostgres | None) -> None:
        self._postgres = postgres

    def stop(self) -> None:
        from django.db import connections

        connections.close_all()
        if self._postgres is not None:
            self._postgres.stop()


def open_house(home: Path | None = None, *, port: int = DEFAULT_PORT) -> OpenHouse:
    """Start the private PostgreSQL unless DATABASE_URL names another, set Django up, bring the tables up to date.

    Raises click.ClickException with the cure.
    """
    if home is not None:
        os.environ["FORAIN_HOME"] = str(home)
    os.environ.setdefault("FORAIN_LOCAL_URL", f"http://127.0.0.1:{port}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "forain.config.settings"
    postgres: PrivatePostgres | None = None
    try:
        checks.check(os.environ)
        if not os.environ.get("DATABASE_URL"):
            postgres = start(forain_home())
            os.environ["DATABASE_URL"] = postgres.url
    except (checks.BadSettings, PostgresTrouble) as error:
        raise click.ClickException(str(error)) from None
    import django
    from django.db.utils import OperationalError

    django.setup()
    from forain.config.migrate import migrate

    try:
        migrate()
    except OperationalError as error:
        if postgres is not None:
            postgres.stop()
        raise click.ClickException(f"the database does not answer: {error}. Is DATABASE_URL right?") from None
    return OpenHouse(postgres)


@contextmanager
def visiting() -> Iterator[None]:
    """The house for one short command: uses a running one, else starts and stops the database."""
    house = open_house()
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
            self._server = create_server(application, host="127.0.0.1", port=port, threads=8, ident="forain")
        except OSError as error:
            raise click.ClickException(
                f"port {port} cannot be used ({error.strerror}); is another Forain running? --port takes another"
            ) from None
        self.url = f"http://127.0.0.1:{self._server.effective_port}"

    def __enter__(self) -> "Web":
        import threading

        self._thread = threading.Thread(target=self._server.run, name="forain-web", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self._thread.join(5)


def free_port() -> int:
    """A port nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
