"""Where Forain keeps its own things, and the keys that must not lie in the database."""

import os
import secrets
import sys
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


def _key_file(path: Path, fresh: str) -> str:
    """The content of a key file, written once with mode 0600; two first starts at once agree on one.

    It appears whole or not at all: a start that is killed here leaves no empty key behind.
    """
    if not path.exists():
        part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(fresh + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_text().strip()


def vault_keys(home: Path) -> list[str]:
    """The keys of the vault, newest first, one a line in `vault.key`; FORAIN_VAULT_KEYS overrides (comma between).

    Raises BadSettings.
    """
    named = os.environ.get("FORAIN_VAULT_KEYS")
    if named:
        keys = [key.strip() for key in named.split(",") if key.strip()]
    else:
        keys = _key_file(home / "vault.key", Fernet.generate_key().decode()).split()
    check_vault_keys(keys, "FORAIN_VAULT_KEYS" if named else home / "vault.key")
    return keys


def django_secret_key(home: Path) -> str:
    """The key that signs sessions; its own file, so that changing it ends sessions and nothing else."""
    return os.environ.get("FORAIN_SECRET_KEY") or _key_file(home / "session.key", secrets.token_urlsafe(50))
