"""The folder as wire: whole files or none, marks that tell cheaply whether something changed."""

import contextlib
import os
import re
from pathlib import Path

from forain.core.errors import Problem, Rejected, Unreachable

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
FOLDERS = ("orders/new", "orders/booked", "orders/cancelled", "orders/cancellations", "shipments", ".forain")


class Folder:
    """A shop's folder. Every file Forain writes appears with all its content or not at all."""

    def __init__(self, root: str) -> None:
        self.root = Path(root)

    def ready(self) -> None:
        """The folder can be used; its sub-folders are made when absent. Raises Rejected with what is wrong."""
        if not self.root.is_dir():
            raise Rejected([Problem("folder_missing", str(self.root))], "folder_missing")
        if not os.access(self.root, os.R_OK | os.W_OK | os.X_OK):
            raise Rejected([Problem("folder_not_writable", str(self.root))], "folder_not_writable")
        for name in FOLDERS:
            (self.root / name).mkdir(parents=True, exist_ok=True)
            if (self.root / name).resolve() != (self.root.resolve() / name):
                raise Rejected([Problem("folder_link", name)], "folder_link")

    def read(self, name: str) -> bytes | None:
        """The content, None when there is no such file. Raises Unreachable for a disk that does not answer."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unreachable(placeholders={"cause": error.strerror or "", "file": name}) from error

    def write(self, name: str, content: bytes, *, fresh: bool = False) -> bool:
        """Put a file in place whole. `fresh`: only if there is none; False: there was one already."""
        target = self.root / name
        part = self.root / ".forain" / f"part-{os.getpid()}-{os.urandom(6).hex()}"
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if fresh:
                try:
                    os.link(part, target)
                except FileExistsError:
                    return False
            else:
                part.replace(target)
            self._sync(target.parent)
        except OSError as error:
            raise Unreachable(placeholders={"cause": error.strerror or "", "file": name}) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink()
        return True

    def move(self, name: str, other: str) -> bool:
        """False: there was no such file (any more)."""
        try:
            (self.root / name).rename(self.root / other)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Unreachable(placeholders={"cause": error.strerror or "", "file": name}) from error
        self._sync((self.root / other).parent)
        return True

    def names(self, folder: str, ending: str) -> list[str]:
        """File names (without folders) of that ending, sorted; hidden ones left out."""
        try:
            found = os.listdir(self.root / folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unreachable(placeholders={"cause": error.strerror or "", "file": folder}) from error
        return sorted(name for name in found if name.endswith(ending) and not name.startswith("."))

    def forget(self, prefix: str, kept: set[str]) -> None:
        """Delete our own copies of that prefix but those in `kept`."""
        folder, start = prefix.rsplit("/", 1)
        for name in os.listdir(self.root / folder):
            if name.startswith(start) and f"{folder}/{name}" not in kept:
                (self.root / folder / name).unlink(missing_ok=True)

    def mark(self, name: str) -> str:
        """A short text that changes whenever the file or folder does; "" when it is absent."""
        try:
            found = (self.root / name).stat()
        except OSError:
            return ""
        return f"{found.st_mtime_ns:x}.{found.st_size:x}.{found.st_ino:x}"

    @staticmethod
    def _sync(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def safe_name(reference: str) -> str:
    """The reference as a file name. Raises Rejected for one that is no plain name."""
    if not NAME.fullmatch(reference):
        raise Rejected([Problem("reference_unsafe", reference[:60])], "reference_unsafe")
    return reference
