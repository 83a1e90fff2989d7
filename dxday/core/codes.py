"""Secrets for machines (tokens) and short codes for people."""

import hashlib
import secrets
import unicodedata
from hmac import compare_digest

BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32 in lower case: five bits a letter, no i, l, o or u."""

PLAIN_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""What a person can read aloud and copy: no 0, O, 1, I or L."""

_TOKEN_LENGTH = 26


def new_token() -> str:
    """Return a secret of 26 letters, 130 bits, safe in an address."""
    return "".join(secrets.choice(BASE32) for _ in range(_TOKEN_LENGTH))


def hash_of(token: str) -> str:
    """Return what is kept of a token that only its holder knows: its SHA-256 in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_code(length: int = 8) -> str:
    """Return a random code of `length` letters for people; not a secret unless it is long enough to be one."""
    if length < 1:
        raise ValueError("a code has at least one letter")
    return "".join(secrets.choice(PLAIN_LETTERS) for _ in range(length))


def normalise_code(written: str) -> str:
    """Return a code as it was made from how somebody typed it: in capitals, without spaces and dashes."""
    wide = unicodedata.normalize("NFKC", written).upper()
    return "".join(letter for letter in wide if unicodedata.category(letter)[0] in "LN")


def token_matches(given: str, kept: str) -> bool:
    """Tell whether two tokens are equal, in a time that says nothing about where they differ."""
    return compare_digest(given.encode("utf-8", "surrogatepass"), kept.encode("utf-8", "surrogatepass"))
