"""The folder as wire: whole files or none, marks that tell cheaply whether something changed.

Files are written under `.forain/` first and then given their name, so that nobody ever sees half a file;
that needs the sub-folders on one disk that knows hard links, which `check` tries out.
"""

import contextlib
import errno
import hashlib
import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from forain.core.errors import Problem, Rejected, Unreachable

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", re.ASCII)
OWN = ".forain"
PLACES = ("orders/new", "orders/booked", "orders/cancelled", "orders/cancellations", "orders/refused", "shipments", OWN)
READINGS = 3
"""So often a file that changes while it is read is read again before that is told."""
STALE_PART_SECONDS = 3600
_NO_LINKS = {errno.EPERM, errno.EXDEV, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


class Changing(Exception):
    """The file is being written at this moment. Never leaves this adapter."""


class Folder:
    """A shop's folder. Every file Forain writes appears with all its content or not at all."""

    def __init__(self, root: str) -> None:
        self.root = _path(root)

    def check(self, needed: str) -> None:
        """The folder can be used, tried out by writing; sub-folders are made when absent. Raises Rejected.

        `needed`: a file that must be there before anything is made, as proof that this is the shop's folder.
        """
        if not self.root.is_absolute():
            raise _refused("folder_relative", str(self.root))
        try:
            if not self.root.is_dir():
                raise _refused("folder_missing" if not self.root.exists() else "folder_no_folder", str(self.root))
            if not (self.root / needed).exists():
                raise _refused("catalogue_missing", needed)
            with self._opened(needed):
                pass
        except OSError as error:
            raise _refused("folder_not_readable", f"{self.root}: {error.strerror}") from error
        try:
            self._make_places()
            self._try_writing()
        except OSError as error:
            code = "folder_no_links" if error.errno in _NO_LINKS else "folder_not_writable"
            raise _refused(code, f"{self.root}: {error.strerror}") from error

    def ready(self, needed: str) -> None:
        """The folder is there, with its sub-folders. Raises Unreachable when it is not, as with a disk gone.

        An empty folder is where a disk was mounted, not the shop: nothing is ever written into it.
        """
        try:
            if not self.root.is_absolute() or not ((self.root / OWN).is_dir() or (self.root / needed).exists()):
                raise Unreachable("folder_gone", placeholders={"folder": str(self.root)})
            self._make_places()
        except OSError as error:
            raise _unreachable(error, str(self.root)) from error

    def _make_places(self) -> None:
        real = Path(os.path.realpath(self.root))
        for name in PLACES:
            (self.root / name).mkdir(parents=True, exist_ok=True)
            if os.path.realpath(self.root / name) != str(real / name):
                raise _refused("folder_link", name)

    def _try_writing(self) -> None:
        part, target = self._part(b"trial\n"), self.root / "orders" / "new" / f".trial-{os.urandom(6).hex()}"
        try:
            os.link(part, target)
            now_ns = target.stat().st_mtime_ns  # The disk's own clock: what a killed process left is old by it.
            for old in (self.root / OWN).glob("part-*"):
                with contextlib.suppress(FileNotFoundError):
                    if now_ns - old.stat().st_mtime_ns > STALE_PART_SECONDS * 10**9:
                        old.unlink()
        finally:
            for made in (part, target):
                made.unlink(missing_ok=True)

    def _opened(self, name: str) -> BinaryIO:
        """Only files are opened: a pipe would be waited for, and a device read, for ever."""
        path = self.root / name
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "not a file")
        return path.open("rb")

    def read(self, name: str) -> bytes | None:
        """The content, None when there is no such file. Raises Changing, and Unreachable for a disk that is ill."""
        try:
            for _ in range(READINGS):
                with self._opened(name) as file:
                    before = os.fstat(file.fileno())
                    content = file.read()
                    after = os.fstat(file.fileno())
                same = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
                if same and len(content) == after.st_size:
                    return content
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreachable(error, name) from error
        raise Changing(name)

    def write(self, name: str, content: bytes, *, fresh: bool = False) -> bool:
        """Put a file in place whole. `fresh`: only if there is none; False: there was one already.

        Raises Rejected where the disk cannot do that safely, Unreachable where it cannot now (full, say).
        """
        target = self.root / name
        part: Path | None = None
        try:
            part = self._part(content)
            if fresh:
                os.link(part, target)
            else:
                part.replace(target)
            _sync(target.parent)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno in _NO_LINKS:
                raise _refused("folder_no_links", f"{name}: {error.strerror}") from error
            raise _unreachable(error, name) from error
        finally:
            if part is not None:
                with contextlib.suppress(OSError):
                    part.unlink()
        return True

    def _part(self, content: bytes) -> Path:
        part = self.root / OWN / f"part-{os.getpid()}-{os.urandom(6).hex()}"
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return part

    def move(self, name: str, other: str) -> bool:
        """False: there was no such file (any more)."""
        try:
            (self.root / name).rename(self.root / other)
            _sync((self.root / other).parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unreachable(error, name) from error
        return True

    def exists(self, name: str) -> bool:
        """Raises Unreachable where that cannot be said."""
        try:
            return (self.root / name).exists()
        except OSError as error:
            raise _unreachable(error, name) from error

    def same(self, name: str, other: str) -> bool:
        """Both names lead to the one file on the disk."""
        try:
            return (self.root / name).samefile(self.root / other)
        except OSError:
            return False

    def link(self, name: str, other: str) -> None:
        """Give the file a second name, in one step in place of what had it."""
        part = self.root / OWN / f"part-{os.getpid()}-{os.urandom(6).hex()}"
        try:
            os.link(self.root / name, part)
            part.replace(self.root / other)
            _sync((self.root / other).parent)
        except OSError as error:
            raise _unreachable(error, name) from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink()

    def forget(self, folder: str, pattern: str, keep: int) -> None:
        """Delete our own files of that pattern but the `keep` newest."""
        newest = sorted((self.root / folder).glob(pattern), key=_written_at, reverse=True)
        for old in newest[keep:]:
            with contextlib.suppress(OSError):
                old.unlink()

    def mark(self, name: str) -> str:
        """A short text that changes whenever the file does; "" when it is absent.

        Two changes in place within one tick of the disk's clock (some milliseconds), of equal length, look
        like one; whoever writes under another name and renames is not concerned.
        """
        try:
            return _mark((self.root / name).stat())
        except OSError:
            return ""

    def files(self, folder: str, ending: str) -> list[tuple[str, str]]:
        """(name, mark) of the files of that ending, sorted by name; hidden ones left out."""
        found: list[tuple[str, str]] = []
        try:
            with os.scandir(self.root / folder) as entries:
                for entry in entries:
                    if entry.name.lower().endswith(ending) and not entry.name.startswith("."):
                        with contextlib.suppress(FileNotFoundError):
                            if entry.is_file():
                                found.append((entry.name, _mark(entry.stat())))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreachable(error, folder) from error
        return sorted(found)

    def mark_of_files(self, folder: str, ending: str) -> str:
        """A short text that changes whenever one of these files comes, goes or changes."""
        return short_hash(repr(self.files(folder, ending)).encode())


def _path(text: str) -> Path:
    """The folder of that name; nowhere for what no file system has, such as the home of nobody."""
    try:
        os.fsencode(text)
        return Path(text).expanduser() if text and "\0" not in text else Path()
    except (UnicodeEncodeError, RuntimeError):
        return Path()


def short_hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def safe_name(reference: str) -> str:
    """The reference as a file name. Raises Rejected for one that is no plain name."""
    if not NAME.fullmatch(reference):
        raise _refused("reference_unsafe", ascii(reference)[:60])
    return reference


def _refused(code: str, text: str) -> Rejected:
    return Rejected([Problem(code, text)], code)


def _unreachable(error: OSError, name: str) -> Unreachable:
    return Unreachable(placeholders={"cause": error.strerror or type(error).__name__, "file": name})


def _mark(found: os.stat_result) -> str:
    return f"{found.st_mtime_ns:x}.{found.st_size:x}.{found.st_ino:x}"


def _written_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _sync(folder: Path) -> None:
    """The name itself reaches the disk. Windows knows no such thing and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
