"""Where files are kept: a folder today; any S3-compatible store can take its place behind the same few verbs."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

KEY = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")


class FileMissing(LookupError):
    """No file under this key."""


@dataclass(frozen=True)
class StoredFile:
    """What was put: its key, size in bytes and SHA-256 in hex."""

    key: str
    size: int
    sha256: str


class FolderStorage:
    """Files in a folder that every process sees."""

    def __init__(self, folder: Path) -> None:
        """Keep files below `folder`, which is made with the first of them."""
        self.folder = folder

    def put(self, key: str, data: bytes) -> StoredFile:
        """Store `data` under `key`, whole or not at all; the same key again replaces it.  Raises ValueError."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".put-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return StoredFile(key, len(data), hashlib.sha256(data).hexdigest())

    def get(self, key: str) -> bytes:
        """Return the bytes under `key`.  Raises FileMissing, ValueError."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise FileMissing(key) from error

    def exists(self, key: str) -> bool:
        """Tell whether there is a file under `key`.  Raises ValueError."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Remove the file under `key`, if there is one.  Raises ValueError."""
        self._path(key).unlink(missing_ok=True)

    def ready(self) -> None:
        """Prove that a file can be written.  Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.folder) as file:
            file.write(b"ready")

    def _path(self, key: str) -> Path:
        """Return the place of a key; keys are plain lower-case names, so that none leads out of the folder."""
        if not KEY.fullmatch(key):
            raise ValueError(f"not a storage key: {key!r}")
        return self.folder / key


Storage = FolderStorage


def open_storage(url: str) -> Storage:
    """Return the store of a STORAGE_URL.  Raises ValueError for a scheme that is not known."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise ValueError(f"STORAGE_URL begins with file:, not {parts.scheme or 'nothing'}:")
    return FolderStorage(Path(parts.path))
