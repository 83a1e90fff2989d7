"""Sealing what must not be read in the database or in the storage: AES-256-GCM, keys in two layers.

Each dossier has a key of its own.  It is kept beside the dossier, wrapped with a key of the settings; what the dossier
holds is sealed with it.  So a new key in the settings means that small things are wrapped anew, and no file is written
again.  Whatever is sealed is bound to its place: at another place it cannot be opened (associated data, NIST SP
800-38D).  Nonces are random, 96 bits, as there.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NAME_LETTERS = 8
"""So many letters name a key of the settings; a wrapped key begins with them."""
_NONCE_BYTES = 12
_BLOCK = 64
"""Texts are filled up to a multiple of so many bytes, so that their length does not tell “yes” from “no”."""


class SealBroken(Exception):
    """What was sealed cannot be opened: it was changed, stands at another place, or its key is not there."""


class KeyUnknown(SealBroken):
    """The key of the settings that is needed is not given; `name` names it."""

    def __init__(self, name: str) -> None:
        """Keep the name."""
        super().__init__(f"the sealing key {name} is not given")
        self.name = name


class Envelope:
    """The opened key of one dossier."""

    def __init__(self, key: bytes) -> None:
        """Keep the key, in memory only."""
        self._aead = AESGCM(key)
        self._key = key

    def seal(self, data: bytes, place: str) -> bytes:
        """Return the data sealed for a place."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, data, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Return the data that was sealed for the place.  Raises SealBroken."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"{place} cannot be opened") from error

    def seal_text(self, text: str, place: str) -> str:
        """Return a text sealed for a place, in letters."""
        data = (
            text.encode("utf-8", "surrogatepass") + b"\x80"
        )  # the mark of ISO/IEC 7816-4 before the filling
        return _write(self.seal(data + bytes(-len(data) % _BLOCK), place))

    def open_text(self, sealed: str, place: str) -> str:
        """Return the text that was sealed for the place.  Raises SealBroken."""
        data = self.open(_read(sealed), place).rstrip(b"\x00")
        return data[:-1].decode("utf-8", "surrogatepass")

    def digest(self, data: bytes) -> str:
        """Return a digest, 64 hexadecimal letters, that nobody can compare with a guess who has not the key."""
        key = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"dxday digest").derive(self._key)
        return hmac.new(key, data, hashlib.sha256).hexdigest()


class Sealer:
    """The keys of the settings: the first wraps, each of them opens."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take one key of KEY_BYTES or more, the newest first."""
        self._keys = {name_of(key): AESGCM(key) for key in keys}
        self.names = tuple(self._keys)

    @property
    def newest(self) -> str:
        """The name of the key that wraps."""
        return self.names[0]

    def make(self, place: str) -> tuple[str, Envelope]:
        """Return a new key, wrapped for a place and opened."""
        key = os.urandom(KEY_BYTES)
        return self._wrap(key, place), Envelope(key)

    def open(self, wrapped: str, place: str) -> Envelope:
        """Return the key that was wrapped for the place.  Raises KeyUnknown, SealBroken."""
        return Envelope(self._unwrap(wrapped, place))

    def wrap_again(self, wrapped: str, place: str) -> str:
        """Return the same key, wrapped with the newest key of the settings.  Raises KeyUnknown, SealBroken."""
        return self._wrap(self._unwrap(wrapped, place), place)

    def _wrap(self, key: bytes, place: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        return self.newest + _write(nonce + self._keys[self.newest].encrypt(nonce, key, place.encode()))

    def _unwrap(self, wrapped: str, place: str) -> bytes:
        name, data = wrapped[:NAME_LETTERS], _read(wrapped[NAME_LETTERS:])
        if name not in self._keys:
            raise KeyUnknown(name)
        try:
            return self._keys[name].decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"the key of {place} cannot be opened") from error


def name_of(key: bytes) -> str:
    """Return the name of a key, which says nothing about it: NAME_LETTERS hexadecimal letters."""
    return hashlib.sha256(b"dxday sealing key" + key).hexdigest()[:NAME_LETTERS]


def _write(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()


def _read(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text)
    except ValueError as error:
        raise SealBroken("what is sealed was cut or changed") from error
