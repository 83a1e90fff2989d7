"""Calls to a real server that refuses, hangs, leads elsewhere, says too much, drops the line; and to nowhere."""

import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from dxday.adapters import calls
from tests.receiver import DRIP, DROP, HANG, Reply, open_receiver

ANYWHERE = calls.Reach(public_only=False, https_only=False)
PUBLIC = calls.Reach()
PUBLIC_HTTP = calls.Reach(https_only=False)
BODY = b'{"type":"trial"}'


@pytest.fixture
def receiver():
    with open_receiver() as opened:
        yield opened


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A throw-away certificate for receiver.example and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=receiver.example"
        f" -addext subjectAltName=DNS:receiver.example -keyout {key} -out {certificate}"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    return certificate, key


def post(url: str, reach: calls.Reach = ANYWHERE, **options) -> calls.Answer:
    return calls.post_json(url, BODY, headers={}, reach=reach, **options)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def to(*addresses: str):
    """A resolver that knows one answer, and counts how often it was asked."""

    def resolve(host: str, port: int) -> list[str]:
        resolve.asked.append((host, port))
        return list(addresses)

    resolve.asked = []
    return resolve


# What comes back ------------------------------------------------------------------------------------------------------


def test_json_goes_out_and_the_answer_comes_back(receiver):
    receiver.usual = Reply(202, {"Retry-After": "7"}, "đã nhận".encode())

    answer = calls.post_json(
        receiver.url + "/ế?a=b c%20d".replace(" ", "+"), BODY, headers={"webhook-id": "x"}, reach=ANYWHERE
    )

    taken = receiver.taken[0]
    assert answer == calls.Answer(status=202, text="đã nhận", retry_after="7")
    assert (taken.path, taken.body) == ("/hooks/%E1%BA%BF?a=b+c%20d", BODY)
    assert {name: taken.headers[name] for name in ("host", "user-agent", "content-type", "webhook-id")} == {
        "host": f"127.0.0.1:{port_of(receiver.url)}",
        "user-agent": "DXDay",
        "content-type": "application/json",
        "webhook-id": "x",
    }


def test_a_redirect_is_an_answer_and_is_not_followed(receiver):
    with open_receiver() as inside:
        receiver.usual = Reply(307, {"Location": inside.url})

        answer = post(receiver.url)

        assert (answer.status, len(receiver.taken), inside.taken) == (307, 1, [])


def test_of_an_endless_answer_only_the_beginning_is_read(receiver):
    receiver.usual = Reply(200, body=b"x" * 10_000_000)

    answer = post(receiver.url)

    assert (answer.status, len(answer.text)) == (200, calls.MOST_READ)


def test_a_body_that_breaks_off_does_not_undo_the_status(receiver):
    receiver.usual = Reply(200, {"Content-Length": "1000"}, b"half")

    assert post(receiver.url) == calls.Answer(status=200, text="half", retry_after=None)


def test_control_characters_of_an_answer_are_not_kept(receiver):
    receiver.usual = Reply(400, body=b"a\x00b\x1b[31mc\xff\n")

    assert post(receiver.url).text == "a b [31mc\ufffd"


# What does not come back ----------------------------------------------------------------------------------------------


def test_nobody_there_is_unavailable():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]

    with pytest.raises(calls.CallUnavailable) as refused:
        post(f"http://127.0.0.1:{port}/secret-path?token=secret")

    assert str(refused.value) == f"cannot reach 127.0.0.1:{port}: Connection refused"


def test_a_name_that_nobody_knows_is_unavailable():
    with pytest.raises(calls.CallUnavailable) as refused:
        post("http://nothing.invalid/x")

    assert str(refused.value) == "no address is known for nothing.invalid"


@pytest.mark.parametrize("reply", [HANG, DROP, DRIP])
def test_a_request_that_left_and_got_no_answer_is_unknown(receiver, reply):
    receiver.usual = reply
    begun = time.monotonic()

    with pytest.raises(calls.CallUnknown) as refused:
        post(receiver.url + "?token=secret", read=1, total=1.5)

    said = {HANG: "no word for too long", DROP: "it hung up", DRIP: "it took more than 1.5 seconds"}[reply]
    assert str(refused.value) == f"127.0.0.1:{port_of(receiver.url)} gave no answer: {said}"
    assert len(receiver.taken) == 1
    assert time.monotonic() - begun < 10


def test_what_speaks_no_http_is_unknown():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            line, _ = server.accept()
            with line:
                heard = b""
                while not heard.endswith(BODY):
                    heard += line.recv(1000)
                line.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(calls.CallUnknown, match="BadStatusLine"):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join()


def test_a_handshake_that_never_ends_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            line, _ = server.accept()
            with line:
                line.sendall(b"\x16\x03\x03\x40\x00")  # a record of TLS that announces 16 kB
                while not over.wait(0.02):
                    try:
                        line.sendall(b"\x02")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(calls.CallUnavailable, match=r"it took more than 0\.5 seconds"):
            post(f"https://127.0.0.1:{server.getsockname()[1]}/", total=0.5)
        over.set()
        thread.join()


# TLS ------------------------------------------------------------------------------------------------------------------


def test_the_line_goes_to_the_address_and_the_certificate_is_that_of_the_name(certificate):
    with open_receiver(certificate) as receiver:
        port = port_of(receiver.url)
        answer = post(
            f"https://receiver.example:{port}/hooks", ca_file=str(certificate[0]), resolve=to("127.0.0.1")
        )

        assert (answer.status, receiver.taken[0].headers["host"]) == (204, f"receiver.example:{port}")


@pytest.mark.parametrize(
    ("host", "trusted", "said"),
    [
        ("receiver.example", False, "self-signed certificate"),
        ("other.example", True, "Hostname mismatch, certificate is not valid for 'other.example'."),
    ],
)
def test_a_certificate_of_nobody_or_of_another_is_unavailable(certificate, host, trusted, said):
    with open_receiver(certificate) as receiver:
        with pytest.raises(calls.CallUnavailable) as refused:
            post(
                f"https://{host}:{port_of(receiver.url)}/",
                ca_file=str(certificate[0]) if trusted else None,
                resolve=to("127.0.0.1"),
            )

        assert f"its certificate is not trusted ({said})" in str(refused.value)
        assert receiver.taken == []


# Where no call goes ---------------------------------------------------------------------------------------------------

HOSTILE = [
    ("http://receiver.example/", PUBLIC, "SCHEME"),
    ("file:///etc/passwd", PUBLIC_HTTP, "SCHEME"),
    ("gopher://receiver.example/_x", PUBLIC_HTTP, "SCHEME"),
    ("ftp://receiver.example/", PUBLIC_HTTP, "SCHEME"),
    ("//receiver.example/", PUBLIC_HTTP, "SCHEME"),
    ("receiver.example", PUBLIC_HTTP, "SCHEME"),
    ("", PUBLIC_HTTP, "SCHEME"),
    ("https://", PUBLIC, "HOST"),
    ("https:///path", PUBLIC, "HOST"),
    ("https://user:pass@receiver.example/", PUBLIC, "CREDENTIALS"),
    ("https://receiver.example@127.0.0.1/", PUBLIC, "CREDENTIALS"),
    ("https://:token@receiver.example/", PUBLIC, "CREDENTIALS"),
    ("https://receiver.example\\@127.0.0.1/", PUBLIC, "MALFORMED"),
    ("https://receiver.example/\r\nHost: inside", PUBLIC, "MALFORMED"),
    ("https://receiver.example/a b", PUBLIC, "MALFORMED"),
    ("https://receiver.example/\u200b", PUBLIC, "MALFORMED"),
    ("https://[::1", PUBLIC, "MALFORMED"),
    (f"https://receiver.example/{'x' * 2000}", PUBLIC, "MALFORMED"),
    ("https://receiver.example:0/", PUBLIC, "PORT"),
    ("https://receiver.example:25/", PUBLIC, "PORT"),
    ("https://receiver.example:70000/", PUBLIC, "PORT"),
    ("https://receiver.example:x/", PUBLIC, "PORT"),
    ("https://127.0.0.1/", PUBLIC, "NOT_PUBLIC"),
    ("https://127.0.0.1./", PUBLIC, "NOT_PUBLIC"),
    ("https://[::1]/", PUBLIC, "NOT_PUBLIC"),
    ("https://[::ffff:127.0.0.1]/", PUBLIC, "NOT_PUBLIC"),
    ("https://[64:ff9b::7f00:1]/", PUBLIC, "NOT_PUBLIC"),
    ("https://[2002:7f00:1::]/", PUBLIC, "NOT_PUBLIC"),
    ("https://[fe80::1%25eth0]/", PUBLIC, "HOST"),
    ("https://169.254.169.254/latest/meta-data/", PUBLIC, "NOT_PUBLIC"),
    ("https://localhost/", PUBLIC, "NOT_PUBLIC"),
    ("https://LOCALHOST./", PUBLIC, "NOT_PUBLIC"),
    ("https://intranet/", PUBLIC, "NOT_PUBLIC"),
    ("https://0x7f.1/", PUBLIC, "HOST"),
    ("https://0177.0.0.1/", PUBLIC, "HOST"),
    ("https://2130706433/", PUBLIC, "HOST"),
    ("https://127.1/", PUBLIC, "HOST"),
    ("https://0x7f.1/", ANYWHERE, "HOST"),
    ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", PUBLIC, "NOT_PUBLIC"),
    ("https://１２７.０.０.１/", PUBLIC, "NOT_PUBLIC"),
    ("https://127。0。0。1/", PUBLIC, "NOT_PUBLIC"),
    ("https://receiver..example/", PUBLIC, "HOST"),
    ("https://-receiver.example/", PUBLIC, "HOST"),
    (f"https://{'x' * 64}.example/", PUBLIC, "HOST"),
]


@pytest.mark.parametrize(("url", "reach", "reason"), HOSTILE, ids=lambda value: repr(value)[:60])
def test_an_address_that_leads_astray_is_refused_before_anything_is_looked_up(url, reach, reason):
    resolve = to("127.0.0.1")

    with pytest.raises(calls.AddressRefused) as refused:
        post(url, reach, resolve=resolve)

    assert (refused.value.reason.name, resolve.asked) == (reason, [])


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://receiver.example", calls.Target("https", "receiver.example", 443, "/")),
        ("HTTPS://Receiver.Example:8443/a?b=c#d", calls.Target("https", "receiver.example", 8443, "/a?b=c")),
        ("https://máy-chủ.example/ế", calls.Target("https", "xn--my-ch-xqa0294c.example", 443, "/%E1%BA%BF")),
        ("https://1.1.1.1/", calls.Target("https", "1.1.1.1", 443, "/")),
        ("https://[2606:4700::1111]/", calls.Target("https", "2606:4700::1111", 443, "/")),
    ],
)
def test_a_plain_address_is_taken_apart(url, target):
    assert calls.read_address(url, PUBLIC) == target


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["8.8.8.8", "192.168.0.1"],
        ["::1"],
        ["fe80::1%eth0"],
        ["::ffff:10.0.0.1"],
        ["169.254.169.254"],
        ["100.64.0.1"],
        ["224.0.0.1"],
        ["0.0.0.0"],
    ],
)
def test_a_name_that_leads_inside_is_refused_wherever_else_it_leads(receiver, addresses):
    port = port_of(receiver.url)
    resolve = to(*addresses)

    with pytest.raises(calls.AddressRefused) as refused:
        post(f"http://127.0.0.1.receiver.example:{port}/", PUBLIC_HTTP, resolve=resolve)

    assert refused.value.reason is calls.Reason.NOT_PUBLIC
    assert (resolve.asked, receiver.taken) == ([("127.0.0.1.receiver.example", port)], [])


def test_the_same_name_is_called_where_calls_may_go_anywhere(receiver):
    """The counter-check: what is refused above would have arrived."""
    port = port_of(receiver.url)

    post(f"http://127.0.0.1.receiver.example:{port}/", ANYWHERE, resolve=to("127.0.0.1"))

    assert len(receiver.taken) == 1


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind(receiver):
    """DNS rebinding: what the name would lead to at a second look is never called."""
    answers = [["127.0.0.9"], ["127.0.0.1"]]

    with pytest.raises(calls.CallUnavailable):
        post(f"http://rebinding.example:{port_of(receiver.url)}/", resolve=lambda host, port: answers.pop(0))

    assert (answers, receiver.taken) == ([["127.0.0.1"]], [])


def test_the_next_address_is_tried_when_the_first_does_not_pick_up(receiver):
    answer = post(f"http://receiver.example:{port_of(receiver.url)}/", resolve=to("127.0.0.9", "127.0.0.1"))

    assert answer.status == 204


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("172.16.0.1", False),
        ("192.0.0.8", False),
        ("198.18.0.1", False),
        ("192.88.99.1", False),
        ("203.0.113.1", False),
        ("255.255.255.255", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::1", False),
        ("2001:0:1::", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::", False),
        ("::127.0.0.1", False),
        ("nonsense", False),
    ],
)
def test_only_what_the_whole_internet_reaches_is_public(address, public):
    assert calls.is_public(address) is public


def test_no_error_shows_the_path_or_the_query(receiver):
    receiver.usual = DROP
    said = []
    for url, reach in [
        (receiver.url + "/secret", ANYWHERE),
        ("http://127.0.0.1:9/secret", ANYWHERE),
        ("https://localhost/secret", PUBLIC),
    ]:
        with pytest.raises(calls.CallError) as refused:
            post(url, reach)
        said.append(str(refused.value))

    assert [words for words in said if "secret" in words] == []


@pytest.mark.parametrize("fault", list(calls.Fault))
def test_how_a_call_failed_can_be_read_from_its_words(fault):
    why = "" if fault is calls.Fault.NOT_KNOWN else "cannot reach it: a line\nbroke"

    found = calls.read_fault(fault.say("[::1]:8443", why))

    assert found == (fault, "[::1]:8443", why)
    assert calls.read_fault("the receiver answered 500") is None
