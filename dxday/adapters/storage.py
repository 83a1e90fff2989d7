"""Files that are kept: one flat name space of keys, in a folder of this machine."""

import contextlib
import os
import re
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Protocol

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_LONGEST_KEY = 255


class FileMissing(LookupError):
    """Nothing is kept under this key."""


class StorageUnavailable(Exception):
    """The storage cannot be written or read now; the message says why."""


@dataclass(frozen=True)
class StoredFile:
    """What was stored: its key, its size in bytes and its SHA-256 in hexadecimal."""

    key: str
    size: int
    sha256: str


class Storage(Protocol):
    """Where files are kept.  Keys are words of letters, digits and . _ - with slashes between, at most 255 letters.

    Every operation raises ValueError for another key and StorageUnavailable when the storage fails.
    """

    def put(self, key: str, data: bytes) -> StoredFile:
        """Keep the whole of `data` under `key`, in place of what was there; a reader sees the old or the new."""

    def get(self, key: str) -> bytes:
        """Return what is kept; raise FileMissing."""

    def open(self, key: str) -> BinaryIO:
        """Return what is kept as an open file, which the caller closes; raise FileMissing."""

    def exists(self, key: str) -> bool:
        """Tell whether something is kept under the key."""

    def delete(self, key: str) -> None:
        """Remove what is kept; nothing happens when nothing is."""

    def ready(self) -> None:
        """Raise StorageUnavailable unless a file can be written, read and removed now."""


def open_storage(url: str) -> Storage:
    """Return the storage for a setting such as `file:/srv/dxday/files`: a whole path, taken as it is written.

    Raises ValueError for what is unknown.
    """
    scheme, colon, rest = url.partition(":")
    if not colon or scheme != "file":
        raise ValueError(f"no storage of the kind {scheme or url!r} is known; known is file:<folder>")
    folder = Path(rest.removeprefix("//") if rest.startswith("///") else rest)
    if (rest.startswith("//") and not rest.startswith("///")) or not folder.is_absolute():
        raise ValueError(
            "a storage of the form file:<folder> names a folder of this machine by its whole path"
        )
    return FolderStorage(folder)


class FolderStorage:
    """Keeps each key as a file of its name, readable by this user only."""

    def __init__(self, folder: Path) -> None:
        """Keep where the files are; the folder is made by the first file."""
        self.folder = folder

    def put(self, key: str, data: bytes) -> StoredFile:
        """Keep the whole of `data` under `key`: written aside, flushed to the disk, then renamed into place."""
        path = self._path(key)
        aside: str | None = None
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A name that begins with a dot is no key, so a half-written file is never read.
            handle, aside = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
            _flush_folder(path.parent)
        except OSError as error:
            if aside is not None:
                with contextlib.suppress(OSError):
                    os.unlink(aside)
            raise StorageUnavailable(f"cannot write {key}: {error}") from error
        return StoredFile(key=key, size=len(data), sha256=sha256(data).hexdigest())

    def get(self, key: str) -> bytes:
        """Return what is kept; raise FileMissing."""
        with self.open(key) as file:
            return file.read()

    def open(self, key: str) -> BinaryIO:
        """Return what is kept as an open file, which the caller closes; raise FileMissing."""
        try:
            return self._path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise FileMissing(key) from error
        except OSError as error:
            raise StorageUnavailable(f"cannot read {key}: {error}") from error

    def exists(self, key: str) -> bool:
        """Tell whether something is kept under the key."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Remove what is kept; nothing happens when nothing is."""
        try:
            self._path(key).unlink(missing_ok=True)
        except (IsADirectoryError, NotADirectoryError):
            return
        except OSError as error:
            raise StorageUnavailable(f"cannot remove {key}: {error}") from error

    def ready(self) -> None:
        """Raise StorageUnavailable unless a file can be written, read and removed now."""
        word = os.urandom(16)
        key = f"ready/{word.hex()}"
        self.put(key, word)
        try:
            read = self.get(key)
        except FileMissing as error:
            raise StorageUnavailable("a file that was just written is gone") from error
        finally:
            self.delete(key)
        if read != word:
            raise StorageUnavailable("a file that was just written reads otherwise")

    def _path(self, key: str) -> Path:
        if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of a file")
        return self.folder / key


def _flush_folder(folder: Path) -> None:
    """Make a rename last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
