"""A real IMAP server (Dovecot) on the loopback, as nobody in particular; it is not installed by set-up.

Debian's package would open a mail service to the network wherever it is installed: that is for whoever wants it.
`apt-get install --no-install-recommends dovecot-imapd` brings it; without it the tests that need it are skipped.
"""

import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

USER, PASSWORD = "bounces", "bí-mật&1/"

_SETTINGS = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
{tls}
disable_plaintext_auth = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail/%u
auth_mechanisms = plain
mail_plugins =
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%u
}}
{more}
"""


@dataclass(frozen=True)
class ImapServer:
    """Where the server is; `url` is its BOUNCE_URL without options."""

    port: int
    tls_port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"imap://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}"

    @contextmanager
    def talk(self) -> Iterator[imaplib.IMAP4]:
        """Sign in as the mailbox's owner does."""
        line = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        line.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        try:
            yield line
        finally:
            line.logout()

    def put(self, *letters: bytes, folder: str = "INBOX") -> None:
        """Put letters into a folder, as a mail server would."""
        with self.talk() as line:
            line.create(folder)
            for letter in letters:
                line.append(folder, "", None, letter)

    def flags(self, folder: str = "INBOX") -> list[str]:
        """The flags of each letter in a folder."""
        with self.talk() as line:
            if line.select(folder, readonly=True)[0] != "OK":
                return []
            found = line.uid("FETCH", "1:*", "(FLAGS)")[1]
        return [part.decode().partition("FLAGS (")[2].partition(")")[0] for part in found if part]


@contextmanager
def open_imap_server(more: str = "", certificate: tuple[Path, Path] | None = None) -> Iterator[ImapServer]:
    """Start a server with an empty mailbox; skips the test where Dovecot is not installed.

    With a certificate and its key it speaks TLS as well, also from the start on `tls_port`.
    """
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("Dovecot is not installed (apt-get install --no-install-recommends dovecot-imapd)")
    folder = Path(tempfile.mkdtemp(prefix="dxday-imap-"))
    owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    group = grp.getgrgid(owner.pw_gid).gr_name
    as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    port, tls_port = _free_ports()
    tls = "ssl = no"
    if certificate:
        for name, path in zip(("certificate", "key"), certificate, strict=True):
            shutil.copy(path, folder / name)
            shutil.chown(folder / name, owner.pw_uid, owner.pw_gid)
        tls = f"ssl = yes\nssl_cert = <{folder}/certificate\nssl_key = <{folder}/key\nssl_dh ="
    settings = folder / "dovecot.conf"
    settings.write_text(
        _SETTINGS.format(
            folder=folder,
            user=owner.pw_name,
            group=group,
            port=port,
            tls_port=tls_port if certificate else 0,
            tls=tls,
            password=PASSWORD,
            more=more,
        )
    )
    shutil.chown(folder, owner.pw_uid, owner.pw_gid)
    process = subprocess.Popen([program, "-F", "-c", str(settings)], cwd="/", **as_owner)
    try:
        server = ImapServer(port, tls_port, folder)
        _wait_for(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


def _wait_for(server: ImapServer, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
                if line.recv(4) == b"* OK":
                    return
        except OSError:
            time.sleep(0.05)
    log = server.folder / "log"
    raise AssertionError(f"Dovecot did not start: {log.read_text() if log.exists() else 'no log'}")
