"""The virus scanner: clamd on the loopback, asked over its own protocol."""

import socket
from dataclasses import replace

import pytest

from dxday.adapters import virus_scan
from dxday.adapters.virus_scan import ClamScanner, ScannerUnavailable
from tests.clamd import DROP, EICAR, HANG, open_clamd


@pytest.fixture
def clamd():
    with open_clamd() as opened:
        yield opened


def test_a_clean_file_comes_whole_and_is_clean(clamd):
    data = bytes(range(256)) * 1000  # several chunks

    assert virus_scan.open_scanner(clamd.address).scan(data) is None
    assert clamd.taken == [data]


def test_what_the_scanner_knows_is_named(clamd):
    found = virus_scan.open_scanner(clamd.address).scan(b"before " + EICAR + b" after")

    assert found == "Eicar-Test-Signature"


def test_it_is_asked_at_a_socket_of_this_machine_too(tmp_path):
    with open_clamd(tmp_path / "clamd.ctl") as clamd:
        scanner = virus_scan.open_scanner(clamd.address)
        scanner.ping()

        assert [scanner.scan(b"x"), scanner.scan(EICAR)] == [None, "Eicar-Test-Signature"]


@pytest.mark.parametrize(
    ("mood", "words"),
    [
        (DROP, "clamd hung up without an answer"),
        ("stream: Can't allocate memory ERROR", 'clamd answered "stream: Can\'t allocate memory ERROR"'),
        ("HTTP/1.1 200 OK", "clamd answered 'HTTP/1.1 200 OK'"),
        ("stream:  FOUND", "clamd answered 'stream:  FOUND'"),
        (HANG, "clamd: no answer in time"),
    ],
)
def test_no_clear_answer_is_no_clean_file(clamd, mood, words):
    clamd.mood = mood
    scanner = replace(virus_scan.open_scanner(clamd.address), total=0.3)

    with pytest.raises(ScannerUnavailable) as refused:
        scanner.scan(b"x")

    assert str(refused.value) == words


def test_a_file_that_is_too_large_for_the_scanner_is_not_clean(clamd):
    clamd.most = 100

    with pytest.raises(ScannerUnavailable):
        virus_scan.open_scanner(clamd.address).scan(b"x" * 1_000_000)


def test_a_scanner_that_is_not_there_is_unavailable(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"tcp://127.0.0.1:{free.getsockname()[1]}"

        for address in (nobody, f"unix:{tmp_path}/none"):
            with pytest.raises(ScannerUnavailable):
                virus_scan.open_scanner(address).scan(b"x")
            with pytest.raises(ScannerUnavailable):
                virus_scan.open_scanner(address).ping()


def test_addresses_are_read():
    read = virus_scan.open_scanner

    assert read("tcp://scan.example:3311") == ClamScanner(("scan.example", 3311))
    assert read("tcp://scan.example") == ClamScanner(("scan.example", 3310))
    assert read("unix:/run/clamav/clamd.ctl") == ClamScanner("/run/clamav/clamd.ctl")


@pytest.mark.parametrize(
    "address", ["scan.example:3310", "http://scan.example", "tcp://", "unix:clamd.ctl", "tcp://h:99999", ""]
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match=r"no address of clamd|Port out of range"):
        virus_scan.open_scanner(address)
