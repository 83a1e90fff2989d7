"""Mailboxes in which letters come back to us: on an IMAP server, or as a Maildir on this machine.

Nothing is ever deleted.  What was read is marked as seen and put into the folder “Processed”.
"""

import contextlib
import imaplib
import os
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

PROCESSED = "Processed"

_TIMEOUT = 30.0
"""Seconds that a server may take over one step."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class InboxUnavailable(Exception):
    """The mailbox could not be read; nothing in it was changed, the next round tries it again."""


class Inbox(Protocol):
    """A mailbox that one process reads."""

    def unread(self, limit: int, most_bytes: int) -> Iterator[tuple[str, bytes]]:
        """Yield up to `limit` letters that were not read, oldest first: a key, and its first `most_bytes`."""

    def done(self, key: str) -> None:
        """Mark a letter as read."""

    def close(self) -> None:
        """Let go of the mailbox."""


def open_inbox(url: str) -> Inbox:
    """Return the mailbox of a setting such as `imaps://user:password@mail.example.org/INBOX` or `maildir:/folder`.

    `imap://` takes `tls=starttls` (required), `tls=none` or, by default, STARTTLS where it is offered; `timeout` is in
    seconds, `ca` names a file of certificates to trust.  The folder is INBOX when none is named.  Raises ValueError,
    which never shows the password.
    """
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        if not parts.path.startswith("/"):
            raise ValueError("a Maildir is named by its whole path, as maildir:/srv/bounces")
        return MaildirInbox(Path(unquote(parts.path)))
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username:
        raise ValueError(
            "a mailbox of the form imaps://user:password@host/INBOX or maildir:/folder is needed"
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(options.keys() - {"tls", "timeout", "ca"}):
        raise ValueError(
            f"unknown in the address of the mailbox: {', '.join(unknown)}; known are ca, timeout, tls"
        )
    tls = options.get("tls", "immediate" if parts.scheme == "imaps" else "offered")
    if tls not in (("immediate",) if parts.scheme == "imaps" else ("offered", "starttls", "none")):
        raise ValueError("tls is starttls or none with imap://, and not given with imaps://")
    return ImapInbox(
        host=parts.hostname,
        port=parts.port or (993 if parts.scheme == "imaps" else 143),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
        timeout=float(options.get("timeout", _TIMEOUT)),
        ca_file=options.get("ca"),
    )


class ImapInbox:
    """A folder on an IMAP server (RFC 3501, 9051; MOVE: RFC 6851)."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str,
        password: str,
        folder: str = "INBOX",
        tls: str = "immediate",
        timeout: float = _TIMEOUT,
        ca_file: str | None = None,
    ) -> None:
        """Keep where to go; the line is opened by the first letter."""
        self.host = host
        self.port = port
        self.folder = folder
        self._user = user
        self._password = password
        self._tls = tls
        self._timeout = timeout
        self._ca_file = ca_file
        self._line: imaplib.IMAP4 | None = None
        self._target: str | None = None

    def __repr__(self) -> str:
        return f"ImapInbox({self.host}:{self.port}/{self.folder}, tls={self._tls})"

    @property
    def may_go_plain(self) -> bool:
        """Whether the password may go over a line that was not encrypted: when asked for, or within this machine."""
        return self._tls == "none" or (self._tls == "offered" and self.host in _LOOPBACK)

    def unread(self, limit: int, most_bytes: int) -> Iterator[tuple[str, bytes]]:
        """Yield up to `limit` letters that were not read, oldest first.  Raises InboxUnavailable."""
        with self._talking() as line:
            found = _ask(line, "SEARCH", "UNSEEN", "UNDELETED")
        for uid in b" ".join(part for part in found if isinstance(part, bytes)).decode().split()[:limit]:
            with self._talking() as line:
                answer = _ask(line, "FETCH", uid, f"(BODY.PEEK[]<0.{most_bytes}>)")
            # A letter that somebody took away meanwhile is simply not in the answer.
            raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
            if raw is not None:
                yield uid, raw

    def done(self, key: str) -> None:
        """Mark a letter as seen, and move it where the server can (RFC 6851).  Raises InboxUnavailable."""
        with self._talking() as line:
            _ask(line, "STORE", key, "+FLAGS.SILENT", r"(\Seen)")
            if self._target:
                # Where it cannot be moved it is marked all the same, which is enough for the next round.
                line.uid("MOVE", key, self._target)

    def close(self) -> None:
        """Say good-bye; nothing is expunged."""
        if self._line is not None:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                self._line.logout()
            self._line = None

    @contextlib.contextmanager
    def _talking(self) -> Iterator[imaplib.IMAP4]:
        try:
            if self._line is None:
                self._line = self._connect()
            yield self._line
        except (imaplib.IMAP4.error, OSError) as error:
            if self._line is not None:
                self._line.shutdown()
            self._line = None
            raise InboxUnavailable(f"cannot read the mailbox on {self.host}:{self.port}: {error}") from error

    def _connect(self) -> imaplib.IMAP4:
        context = ssl.create_default_context(cafile=self._ca_file)
        if self._tls == "immediate":
            line: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                self.host, self.port, ssl_context=context, timeout=self._timeout
            )
        else:
            line = imaplib.IMAP4(self.host, self.port, timeout=self._timeout)
        try:
            if self._tls == "starttls" or (self._tls == "offered" and "STARTTLS" in line.capabilities):
                line.starttls(context)
            elif self._tls != "immediate" and not self.may_go_plain:
                raise imaplib.IMAP4.error(
                    "no password over a line that is not encrypted, unless tls=none allows it"
                )
            self._sign_in(line)
            self._target = _find_target(line)
            _checked(line.select(_quoted(self.folder)))
        except BaseException:
            line.shutdown()
            raise
        return line

    def _sign_in(self, line: imaplib.IMAP4) -> None:
        """Sign in by PLAIN, in UTF-8 (RFC 4616), where the server knows it; imaplib's own way is ASCII alone."""
        if "AUTH=PLAIN" in line.capabilities:
            secret = f"\0{self._user}\0{self._password}".encode()
            line.authenticate("PLAIN", lambda _: secret)  # raises when it is refused
        elif (self._user + self._password).isascii():
            _checked(line.login(self._user, self._password))
        else:
            raise imaplib.IMAP4.error("the server cannot take a name or password beyond ASCII")


def _find_target(line: imaplib.IMAP4) -> str | None:
    """Return the folder for what was read, made when it is not there; None when the server moves nothing."""
    capabilities = b" ".join(part for part in _checked(line.capability()) if isinstance(part, bytes))
    if b"MOVE" not in capabilities.upper().split():
        return None
    listed = next((part for part in _checked(line.list('""', '""')) if isinstance(part, bytes)), b"")
    found = re.search(rb'"(.)"', listed)
    separator = found[1].decode() if found else "/"
    for name in (PROCESSED, f"INBOX{separator}{PROCESSED}"):
        # Some servers let people have folders only within INBOX.
        if line.select(name, readonly=True)[0] == "OK" or line.create(name)[0] == "OK":
            return name
    return None


def _ask(line: imaplib.IMAP4, command: str, *words: str) -> list[Any]:
    return _checked(line.uid(command, *words))


def _checked(answer: tuple[str, list[Any]]) -> list[Any]:
    """Return what the server gave.  Raises IMAP4.error when it says no."""
    kind, data = answer
    if kind != "OK":
        said = b" ".join(part for part in data if isinstance(part, bytes)).decode("utf-8", "replace")
        raise imaplib.IMAP4.error(f"{kind} {said}")
    return data


def _quoted(folder: str) -> str:
    """Return the name of a folder as IMAP writes it: quoted, beyond ASCII in its own UTF-7 (RFC 3501 §5.1.3)."""

    def encode(match: re.Match[str]) -> str:
        coded = b64encode(match[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        return f"&{coded}-"

    written = re.sub(r"[^\x20-\x7e]+", encode, folder.replace("&", "&-"))
    return '"' + written.replace("\\", "\\\\").replace('"', '\\"') + '"'


class MaildirInbox:
    """A Maildir on this machine, into which a mail server puts what comes back."""

    def __init__(self, folder: Path) -> None:
        """Keep where it is."""
        self.folder = folder

    def unread(self, limit: int, most_bytes: int) -> Iterator[tuple[str, bytes]]:
        """Yield up to `limit` letters that were not read, oldest first.  Raises InboxUnavailable."""
        try:
            found = [
                path for part in ("new", "cur") for path in (self.folder / part).iterdir() if path.is_file()
            ]
        except OSError as error:
            raise InboxUnavailable(f"cannot read the mailbox {self.folder}: {error}") from error
        aged: list[tuple[float, str, Path]] = []
        for path in found:
            with contextlib.suppress(OSError):  # somebody took it away meanwhile
                aged.append((path.stat().st_mtime, path.name, path))
        for _, _, path in sorted(aged)[:limit]:
            try:
                with path.open("rb") as file:
                    raw = file.read(most_bytes)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise InboxUnavailable(f"cannot read {path}: {error}") from error
            yield str(path.relative_to(self.folder)), raw

    def done(self, key: str) -> None:
        """Move a letter into the folder of what was read, marked as seen.  Raises InboxUnavailable."""
        path = self.folder / key
        name = path.name if ":2," in path.name else f"{path.name}:2,S"
        target = self.folder / f".{PROCESSED}" / "cur" / name
        try:
            for part in ("tmp", "new", "cur"):
                (target.parent.parent / part).mkdir(mode=0o700, parents=True, exist_ok=True)
            os.rename(path, target)
        except OSError as error:
            raise InboxUnavailable(f"cannot move {path}: {error}") from error

    def close(self) -> None:
        """Do nothing: a folder needs no good-bye."""
