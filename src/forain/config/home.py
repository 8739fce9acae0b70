"""Where Forain keeps its own things, and the keys that must not lie in the database."""

import logging
import os
import secrets
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet

from forain.config.checks import BadSettings, check_vault_keys


def forain_home() -> Path:
    """FORAIN_HOME, else the platform's data folder; made private when absent.

    For root it may be passed through (0711): PostgreSQL, which refuses root, must reach its data in it. What is
    secret in it has mode 0600 of its own. Raises BadSettings when it cannot be made or written.
    """
    named = os.environ.get("FORAIN_HOME")
    if named:
        home = Path(named).expanduser()
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support" / "Forain"
    else:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "forain"
    cure = "FORAIN_HOME names a folder that you may write"
    try:
        home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(f"the folder {home} cannot be used ({error.strerror}); {cure}") from None
    if not os.access(home, os.W_OK | os.X_OK):
        raise BadSettings(f"the folder {home} cannot be written; {cure}")
    return home.resolve()


def _write_key(path: Path, text: str) -> Path:
    """A file beside `path` with mode 0600 that is on the disk for good; whoever called gives it its name."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return part


def _key_file(path: Path, fresh: str) -> str:
    """The content of a key file, written once with mode 0600; two first starts at once agree on one.

    It appears whole or not at all: a start that is killed here leaves no empty key behind.
    """
    if not path.exists():
        part = _write_key(path, fresh + "\n")
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    _check_private(path)
    return path.read_text().strip()


def _check_private(path: Path) -> None:
    """Raises BadSettings when others of this machine may read a key, or put another in its place."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise BadSettings(
            f"{path} may be read or written by others (mode {mode:04o}): chmod 600 {path}. If they may have read it, "
            "change the key as well: forain keys rotate"
        )


class VaultKeys:
    """The keys of the vault, newest first, one a line in `vault.key`; FORAIN_VAULT_KEYS overrides (comma between).

    Called, it answers them as they stand now: the file is looked at each time, and read when it was replaced.
    """

    def __init__(self, home: Path) -> None:
        """Raises BadSettings."""
        self.path = home / "vault.key"
        self.in_file = not os.environ.get("FORAIN_VAULT_KEYS")
        if self.in_file:
            _key_file(self.path, Fernet.generate_key().decode())
        self._state: tuple[int, int, int] | None = None
        self._keys: tuple[str, ...] = ()
        self._told = ""
        self._read()

    def __call__(self) -> tuple[str, ...]:
        """A file that cannot be read any more leaves the keys in force that were read last; the next start says it."""
        try:
            self._read()
            self._told = ""
        except (OSError, BadSettings) as error:
            if str(error) != self._told:
                self._told = str(error)
                logging.getLogger("forain.keys").warning("the keys read last stay in force: %s", error)
        return self._keys

    def _read(self) -> None:
        if not self.in_file:
            self._keys = tuple(filter(None, map(str.strip, os.environ["FORAIN_VAULT_KEYS"].split(","))))
            check_vault_keys(self._keys, "FORAIN_VAULT_KEYS")
            return
        seen = self.path.stat()
        state = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
        if state == self._state:
            return
        _check_private(self.path)
        keys = tuple(self.path.read_text().split())
        check_vault_keys(keys, self.path)
        self._keys, self._state = keys, state

    def write(self, keys: Sequence[str]) -> None:
        """Replace the file's keys, all at once; they are on the disk before this returns."""
        assert self.in_file
        assert keys
        os.replace(_write_key(self.path, "".join(f"{key}\n" for key in keys)), self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def django_secret_key(home: Path) -> str:
    """The key that signs sessions; its own file, so that changing it ends sessions and nothing else."""
    return os.environ.get("FORAIN_SECRET_KEY") or _key_file(home / "session.key", secrets.token_urlsafe(50))
