"""Mailboxes for what comes back: read once, kept for ever; on a real IMAP server where there is one."""

import os
import shutil
import subprocess
from contextlib import closing
from urllib.parse import quote

import pytest

from dxday.adapters import inboxes
from tests.imap_server import PASSWORD, ImapServer, open_imap_server

MOST = 1 << 16


def letter(number: int, text: str = "x") -> bytes:
    return f"Subject: letter {number}\r\n\r\n{text}\r\n".encode()


def read(url: str, limit: int = 10) -> list[bytes]:
    """What is unread, and each marked as done."""
    found = []
    with closing(inboxes.open_inbox(url)) as inbox:
        for key, raw in inbox.unread(limit, MOST):
            found.append(raw)
            inbox.done(key)
    return found


@pytest.fixture
def maildir(tmp_path):
    """A Maildir into which letters are put in order."""
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()

    def put(number: int, part: str = "new") -> None:
        path = tmp_path / part / f"{number}.host{':2,F' if part == 'cur' else ''}"
        path.write_bytes(letter(number))
        os.utime(path, (number, number))

    put.url, put.folder = f"maildir:{tmp_path}", tmp_path
    return put


@pytest.fixture(scope="module")
def server():
    with open_imap_server() as running:
        yield running


@pytest.fixture
def imap(server: ImapServer):
    """An empty mailbox on the server."""
    with server.talk() as line:
        for folder in ("INBOX", "Processed"):
            if line.select(folder)[0] == "OK":
                line.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
                line.expunge()
    return server


def test_a_maildir_is_read_oldest_first_and_nothing_in_it_is_lost(maildir):
    for number in (3, 1):
        maildir(number)
    maildir(2, part="cur")

    first, again = read(maildir.url), read(maildir.url)

    kept = sorted(path.name for path in (maildir.folder / ".Processed" / "cur").iterdir())
    assert (first, again) == ([letter(1), letter(2), letter(3)], [])
    assert kept == ["1.host:2,S", "2.host:2,F", "3.host:2,S"]


def test_what_was_not_done_is_read_again(maildir):
    maildir(1)

    seen = [list(inboxes.open_inbox(maildir.url).unread(10, MOST)) for _ in range(2)]

    assert seen[0] == seen[1] == [("new/1.host", letter(1))]


def test_a_round_has_an_end(maildir):
    for number in range(1, 6):
        maildir(number)

    assert [len(read(maildir.url, limit=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_of_a_huge_letter_only_the_beginning_is_read(maildir):
    (maildir.folder / "new" / "huge").write_bytes(letter(1, "x" * 10_000_000))

    assert [len(raw) for raw in read(maildir.url)] == [MOST]


def test_a_maildir_that_is_not_there_is_named(tmp_path):
    with pytest.raises(inboxes.InboxUnavailable, match="nowhere"):
        read(f"maildir:{tmp_path}/nowhere")


def test_an_imap_mailbox_is_read_once_and_its_letters_are_kept_as_seen(imap):
    imap.put(letter(1), letter(2, "Không giao được — थु"))

    first, again = read(f"{imap.url}/INBOX"), read(f"{imap.url}/INBOX")

    assert (first, again) == ([letter(1), letter(2, "Không giao được — थु")], [])
    assert imap.flags("INBOX") == []
    assert [sorted(set(flags.split()) - {r"\Recent"}) for flags in imap.flags("Processed")] == [
        [r"\Seen"]
    ] * 2


def test_looking_at_an_imap_mailbox_changes_nothing(imap):
    imap.put(letter(1))
    with closing(inboxes.open_inbox(imap.url)) as inbox:
        list(inbox.unread(10, MOST))

    assert [r"\Seen" in flags for flags in imap.flags("INBOX")] == [False]
    assert read(imap.url) == [letter(1)]


def test_an_imap_round_has_an_end_and_reads_only_the_beginning(imap):
    imap.put(*(letter(number, "x" * (10 * MOST if number == 2 else 1)) for number in range(1, 4)))

    assert [[len(raw) for raw in read(imap.url, limit=2)] for _ in range(2)] == [
        [len(letter(1)), MOST],
        [len(letter(3))],
    ]


def test_a_folder_with_a_vietnamese_name_is_opened(imap):
    imap.put(letter(1), folder=inboxes._quoted("Thư trả về & khác"))

    assert read(f"{imap.url}/Th%C6%B0%20tr%E1%BA%A3%20v%E1%BB%81%20%26%20kh%C3%A1c") == [letter(1)]


def test_a_letter_that_was_taken_away_meanwhile_is_passed_over(imap):
    imap.put(letter(1), letter(2))
    with closing(inboxes.open_inbox(imap.url)) as inbox:
        unread = inbox.unread(10, MOST)
        first = next(unread)[1]
        with imap.talk() as line:
            line.select("INBOX")
            line.uid("STORE", "1:*", "+FLAGS", r"(\Deleted)")
            line.expunge()
        rest = list(unread)

    assert (first, rest) == (letter(1), [])


def test_a_wrong_password_is_said_without_showing_it(imap):
    url = imap.url.replace("bounces:", "bounces:wrong-secret-")

    with pytest.raises(inboxes.InboxUnavailable) as refused:
        read(url)

    assert "Authentication failed" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_server_that_cannot_move_marks_as_seen():
    with open_imap_server("imap_capability = IMAP4rev1 LITERAL+\n") as old:
        old.put(letter(1))

        first, again = read(old.url), read(old.url)

        assert (first, again) == ([letter(1)], [])
        assert [r"\Seen" in flags for flags in old.flags("INBOX")] == [True]


def test_a_line_is_encrypted_to_a_server_that_can_prove_who_it_is(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    cert, key = tmp_path / "certificate", tmp_path / "key"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
        f" -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {cert}"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    with open_imap_server(certificate=(cert, key)) as server:
        from_the_start = server.url.replace("imap:", "imaps:").replace(
            f":{server.port}", f":{server.tls_port}"
        )

        server.put(letter(1))
        immediate = read(f"{from_the_start}/INBOX?ca={cert}")
        server.put(letter(2))
        started = read(f"{server.url}/INBOX?tls=starttls&ca={cert}")
        server.put(letter(3))
        with pytest.raises(inboxes.InboxUnavailable, match="certificate") as unknown:
            read(f"{from_the_start}/INBOX")

    assert (immediate, started) == ([letter(1)], [letter(2)])
    assert quote(PASSWORD, safe="") not in str(unknown.value)


def test_no_password_goes_over_a_plain_line_to_another_machine():
    inbox = inboxes.open_inbox("imap://user:very-secret@mail.example.org")
    loopback = inboxes.open_inbox("imap://user:very-secret@127.0.0.1")

    assert [each.may_go_plain for each in (inbox, loopback)] == [False, True]


def test_a_server_that_is_not_there_is_named_without_its_password():
    with pytest.raises(inboxes.InboxUnavailable) as refused:
        read("imap://someone:very-secret@127.0.0.1:1/INBOX")

    assert "127.0.0.1:1" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "imaps://mail.example.org/INBOX",
        "imaps://user:very-secret@/INBOX",
        "imaps://user:very-secret@mail.example.org/?tls=none",
        "imap://user:very-secret@mail.example.org/?tls=maybe",
        "imap://user:very-secret@mail.example.org/?speed=9",
        "maildir:bounces",
        "pop3://user:very-secret@mail.example.org",
    ],
)
def test_an_address_of_a_mailbox_that_means_nothing_is_refused_without_its_password(url):
    with pytest.raises(ValueError, match=r"mailbox|tls|Maildir") as refused:
        inboxes.open_inbox(url)

    assert "secret" not in str(refused.value)


def test_a_mailbox_never_shows_its_password():
    inbox = inboxes.open_inbox("imaps://user:very-secret@mail.example.org")

    assert repr(inbox) == "ImapInbox(mail.example.org:993/INBOX, tls=immediate)"
