"""How messages are carried: against a real SMTP server on the loopback, and into a real mailbox folder."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from dxday.adapters import mail
from dxday.adapters.composing import Outgoing, compose

AT = datetime(2026, 10, 9, 1, 30, tzinfo=UTC)

LETTER = Outgoing(
    message_id="<m.1@dxday.example>",
    sender="DXDay <no-reply@dxday.example>",
    to_name="Trần Thị Thí Dụ",
    to_address="thidu@example.org",
    subject="Xác nhận đăng ký",
    text=".dòng bắt đầu bằng dấu chấm\n..hai dấu\n.\nhết\n",
)


class Post:
    """What the server does with what it is handed; answers may be set for each step."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []
        self.answers: dict[str, str] = {}
        self.hang_up_at = ""
        self.lines = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802 (the name is aiosmtpd's)
        self.lines += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 (the name is aiosmtpd's)
        if self.hang_up_at == "MAIL":
            self.hang_up_at = ""
            server.transport.abort()
        if "MAIL" in self.answers:
            return self.answers.pop("MAIL")
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 (the name is aiosmtpd's)
        if "RCPT" in self.answers:
            return self.answers.pop("RCPT")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (the name is aiosmtpd's)
        if self.hang_up_at == "DATA":
            self.hang_up_at = ""
            server.transport.abort()
        if "DATA" in self.answers:
            return self.answers.pop("DATA")
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 taken"


class Server(Controller):
    """A server on a port that the system chooses."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def serve(post: Post, **options: object) -> Iterator[Server]:
    server = Server(post, hostname="127.0.0.1", port=0, **options)
    server.start()
    post.lines = 0
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def server(post: Post) -> Iterator[Server]:
    with serve(post) as server:
        yield server


@pytest.fixture
def carrier(server: Server, tmp_path: Path) -> Iterator[mail.Carrier]:
    carrier = mail.open_carrier(f"smtp://127.0.0.1:{server.port}", tmp_path)
    yield carrier
    carrier.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A throw-away certificate for 127.0.0.1 and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    )
    command += f" -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {certificate}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return certificate, key


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def only_this_user(server, session, envelope, mechanism, data) -> AuthResult:
    """Know one person, whose name and password hold what must be escaped in an address."""
    known = (data.login, data.password) == ("dóng@dau".encode(), "bí mật:/?#".encode())
    return AuthResult(success=known, handled=known)


SIGNED_IN = "d%C3%B3ng%40dau:b%C3%AD%20m%E1%BA%ADt%3A%2F%3F%23"


def test_an_accepted_message_arrives_byte_for_byte(post, carrier):
    message = compose(LETTER, AT)

    carrier.send(message)

    assert post.taken == [("no-reply@dxday.example", ["thidu@example.org"], message.data)]
    assert b"\r\n..hai" in message.data


def test_one_line_serves_many_messages(post, carrier):
    for number in range(3):
        carrier.send(compose(replace(LETTER, message_id=f"<m.{number}@dxday.example>"), AT))

    assert len(post.taken) == 3
    assert post.lines == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("answer", "permanent"), [("550 no such person", True), ("451 not now", False)])
def test_a_refusal_tells_whether_it_is_for_good_and_leaves_the_line_usable(
    post, carrier, step, answer, permanent
):
    post.answers[step] = answer

    with pytest.raises(mail.MailRefused) as refused:
        carrier.send(compose(LETTER, AT))
    carrier.send(compose(LETTER, AT))

    assert (refused.value.permanent, refused.value.code, refused.value.reply) == (
        permanent,
        int(answer[:3]),
        answer[4:],
    )
    assert len(post.taken) == 1
    assert post.lines == 1


def test_a_refused_connection_is_unavailable(tmp_path):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        carrier = mail.open_carrier(f"smtp://127.0.0.1:{reserved.getsockname()[1]}", tmp_path)

        with pytest.raises(mail.MailUnavailable, match=r"cannot reach 127\.0\.0\.1"):
            carrier.send(compose(LETTER, AT))


def test_a_server_that_never_answers_is_unavailable_after_the_timeout(tmp_path):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        carrier = mail.open_carrier(f"smtp://127.0.0.1:{silent.getsockname()[1]}?timeout=0.2", tmp_path)

        with pytest.raises(mail.MailUnavailable, match="timed out"):
            carrier.send(compose(LETTER, AT))


def test_a_line_that_drops_after_the_message_leaves_it_unknown(post, carrier):
    post.hang_up_at = "DATA"

    with pytest.raises(mail.MailUnknown):
        carrier.send(compose(LETTER, AT))
    carrier.send(compose(LETTER, AT))

    assert post.lines == 2


def test_a_line_that_drops_before_the_message_is_unavailable(post, carrier):
    post.hang_up_at = "MAIL"

    with pytest.raises(mail.MailUnavailable):
        carrier.send(compose(LETTER, AT))

    assert post.taken == []


def test_an_idle_line_that_was_hung_up_is_opened_again(post, carrier):
    carrier.send(compose(LETTER, AT))
    post.hang_up_at = "MAIL"

    carrier.send(compose(LETTER, AT))

    assert len(post.taken) == 2
    assert post.lines == 2


def test_a_kept_line_that_says_goodbye_is_opened_again(post, carrier):
    carrier.send(compose(LETTER, AT))
    post.answers["MAIL"] = "421 too long idle"

    carrier.send(compose(LETTER, AT))

    assert len(post.taken) == 2
    assert post.lines == 2


def test_a_new_line_that_says_goodbye_is_a_refusal_for_now(post, carrier):
    post.answers["MAIL"] = "421 closing down"

    with pytest.raises(mail.MailRefused) as refused:
        carrier.send(compose(LETTER, AT))

    assert (refused.value.permanent, refused.value.code) == (False, 421)


def test_a_carrier_that_was_closed_opens_its_line_again(post, carrier):
    carrier.send(compose(LETTER, AT))
    carrier.close()
    carrier.send(compose(LETTER, AT))

    assert post.lines == 2


def test_a_password_goes_only_over_a_checked_tls_line(post, certificate, tmp_path):
    context = server_context(certificate)
    with serve(post, tls_context=context, authenticator=only_this_user, auth_required=True) as server:
        url = f"smtp://{SIGNED_IN}@127.0.0.1:{server.port}?tls=starttls&ca={certificate[0]}"
        carrier = mail.open_carrier(url, tmp_path)

        carrier.send(compose(LETTER, AT))
        carrier.close()

    assert [(sender, to) for sender, to, _ in post.taken] == [
        ("no-reply@dxday.example", ["thidu@example.org"])
    ]


def test_a_wrong_password_is_unavailable_and_not_told(post, certificate, tmp_path):
    context = server_context(certificate)
    with serve(post, tls_context=context, authenticator=only_this_user, auth_required=True) as server:
        url = f"smtp://nobody:wrong-password@127.0.0.1:{server.port}?tls=starttls&ca={certificate[0]}"
        carrier = mail.open_carrier(url, tmp_path)

        with pytest.raises(mail.MailUnavailable) as unavailable:
            carrier.send(compose(LETTER, AT))

    assert str(unavailable.value).endswith("535 5.7.8 Authentication credentials invalid")
    assert "wrong-password" not in f"{unavailable.value!r} {carrier!r}"


def test_a_certificate_that_nobody_vouches_for_is_refused(post, certificate, tmp_path):
    with serve(post, tls_context=server_context(certificate)) as server:
        carrier = mail.open_carrier(f"smtp://127.0.0.1:{server.port}?tls=starttls", tmp_path)

        with pytest.raises(mail.MailUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            carrier.send(compose(LETTER, AT))

    assert post.taken == []


def test_starttls_that_is_required_and_not_offered_sends_nothing(post, server, tmp_path):
    carrier = mail.open_carrier(f"smtp://127.0.0.1:{server.port}?tls=starttls", tmp_path)

    with pytest.raises(mail.MailUnavailable, match="STARTTLS"):
        carrier.send(compose(LETTER, AT))

    assert post.taken == []


def test_starttls_is_used_where_it_is_offered(post, certificate, tmp_path):
    with serve(post, tls_context=server_context(certificate), require_starttls=True) as server:
        carrier = mail.open_carrier(f"smtp://127.0.0.1:{server.port}?ca={certificate[0]}", tmp_path)

        carrier.send(compose(LETTER, AT))
        carrier.close()

    assert len(post.taken) == 1


def test_no_password_over_a_bare_line_unless_the_setting_says_so(post, tmp_path):
    with serve(post, authenticator=only_this_user, auth_require_tls=False) as server:
        careful = mail.open_carrier(f"smtp://{SIGNED_IN}@127.0.0.1:{server.port}", tmp_path)
        with pytest.raises(mail.MailUnavailable, match="not encrypted"):
            careful.send(compose(LETTER, AT))

        told = mail.open_carrier(f"smtp://{SIGNED_IN}@127.0.0.1:{server.port}?tls=none", tmp_path)
        told.send(compose(LETTER, AT))
        told.close()

    assert len(post.taken) == 1


def test_smtps_speaks_tls_from_the_start(post, certificate, tmp_path):
    with serve(post, ssl_context=server_context(certificate)) as server:
        carrier = mail.open_carrier(f"smtps://127.0.0.1:{server.port}?ca={certificate[0]}", tmp_path)

        carrier.send(compose(LETTER, AT))
        carrier.close()

    assert len(post.taken) == 1


def test_an_address_beyond_ascii_is_carried_where_the_server_can(post, tmp_path):
    with serve(post, enable_SMTPUTF8=True) as server:
        carrier = mail.open_carrier(f"smtp://127.0.0.1:{server.port}", tmp_path)

        carrier.send(compose(replace(LETTER, to_address="thí.dụ@example.org"), AT))
        carrier.close()

    assert [to for _, to, _ in post.taken] == [["thí.dụ@example.org"]]
    assert "<thí.dụ@example.org>".encode() in post.taken[0][2]


def test_an_address_beyond_ascii_is_refused_for_good_where_the_server_cannot(post, tmp_path):
    with serve(post, enable_SMTPUTF8=False) as server:
        carrier = mail.open_carrier(f"smtp://127.0.0.1:{server.port}", tmp_path)

        with pytest.raises(mail.MailRefused) as refused:
            carrier.send(compose(replace(LETTER, to_address="thí.dụ@example.org"), AT))
        carrier.close()

    assert (refused.value.permanent, refused.value.code) == (True, 553)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://user:hush@host", "smtp://host"),
        ("smtp:host", "smtp://host"),
        ("smtp://user:hush@host?tls=maybe", "starttls or none"),
        ("smtps://user:hush@host?tls=none", "starttls or none"),
        ("smtp://user:hush@host?tsl=none", "tsl"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_without_telling_the_password(url, told, tmp_path):
    with pytest.raises(ValueError, match=told) as refused:
        mail.open_carrier(url, tmp_path)

    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("smtp://host", 25),
        ("smtp://u:p@host", 587),
        ("smtps://u:p@host", 465),
        ("smtp://u:p@host:2525", 2525),
    ],
)
def test_the_port_follows_from_the_kind_of_line(url, port, tmp_path):
    carrier = mail.open_carrier(url, tmp_path)

    assert isinstance(carrier, mail.SmtpCarrier)
    assert carrier.port == port


@pytest.mark.parametrize("url", [None, "", "mailbox:"])
def test_without_a_server_letters_go_into_the_mailbox(url, tmp_path):
    folder = tmp_path / "instance" / "mailbox"
    carrier = mail.open_carrier(url, folder)

    carrier.send(compose(LETTER, AT))
    carrier.close()
    letters = mail.read_mailbox(folder)

    assert [(letter.subject, letter.to, letter.sender, letter.text, letter.at) for letter in letters] == [
        ("Xác nhận đăng ký", "Trần Thị Thí Dụ <thidu@example.org>", LETTER.sender, LETTER.text, AT)
    ]


def test_there_are_no_letters_before_the_first(tmp_path):
    assert mail.read_mailbox(tmp_path / "none") == []


def test_the_newest_letter_comes_first_and_the_limit_keeps_the_newest(tmp_path):
    carrier = mail.MailboxCarrier(tmp_path / "box")
    for subject, at in [("a", AT), ("d", AT + timedelta(days=2)), ("b", AT), ("c", AT + timedelta(hours=1))]:
        carrier.send(compose(replace(LETTER, subject=subject), at))

    assert [letter.subject for letter in mail.read_mailbox(tmp_path / "box")] == ["d", "c", "b", "a"]
    assert [letter.subject for letter in mail.read_mailbox(tmp_path / "box", limit=2)] == ["d", "c"]


def test_a_letter_is_read_with_its_html_its_calendar_and_its_headers(tmp_path):
    calendar = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
    letter = replace(
        LETTER,
        html="<p>Xin chào</p>",
        calendar=calendar,
        calendar_method="REQUEST",
        to_name="Nguyễn Thị Công nghệ thông tin và Truyền thông Ủy ban nhân dân huyện Quỳ Châu",
    )
    carrier = mail.MailboxCarrier(tmp_path)
    carrier.send(compose(letter, AT))
    key = mail.read_mailbox(tmp_path)[0].key

    read = mail.get_mail(tmp_path, key)

    assert read.to == f"{letter.to_name} <thidu@example.org>"
    assert read.text == LETTER.text
    assert read.html == "<p>Xin chào</p>\n"
    assert read.enclosures == (mail.Enclosure("calendar.ics", "text/calendar", calendar),)
    assert [value for name, value in read.headers if name == "Message-ID"] == ["<m.1@dxday.example>"]


def test_a_letter_with_an_address_beyond_ascii_is_read_back(tmp_path):
    mail.MailboxCarrier(tmp_path).send(compose(replace(LETTER, to_name="", to_address="thí@example.org"), AT))

    assert [letter.to for letter in mail.read_mailbox(tmp_path)] == ["thí@example.org"]


@pytest.mark.parametrize("key", ["", "nothing", "../new", ".."])
def test_a_letter_that_is_not_there_is_missing(key, tmp_path):
    mail.MailboxCarrier(tmp_path).send(compose(LETTER, AT))

    with pytest.raises(mail.LetterMissing):
        mail.get_mail(tmp_path, key)


def test_a_mailbox_that_cannot_be_written_is_unavailable(tmp_path):
    (tmp_path / "box").write_text("a file stands where the folder should be")

    with pytest.raises(mail.MailUnavailable, match="takes nothing"):
        mail.MailboxCarrier(tmp_path / "box").send(compose(LETTER, AT))


# A server that misbehaves at every step -------------------------------------------------------------------------------


class Rude:
    """A server of a few lines that knows PIPELINING (RFC 2920) and can hang, hang up or answer anything at any step.

    `at` maps steps (greeting, EHLO, MAIL, RCPT, DATA, dot) to "hang", "hang up" or an answer, once each.
    """

    def __init__(self, *, pipelining: bool) -> None:
        self.pipelining = pipelining
        self.at: dict[str, str] = {}
        self.taken: list[bytes] = []
        self.lines = 0
        self.groups: list[bytes] = []
        self.closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._listener.getsockname()[1]}?timeout=0.2"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.lines += 1
            self._threads.append(threading.Thread(target=self._serve, args=(line,), daemon=True))
            self._threads[-1].start()

    def _serve(self, line: socket.socket) -> None:
        with line, contextlib.suppress(OSError, EOFError):
            self._answer(line, "greeting", "220 rude")
            rest, refused = b"", False
            while True:
                while b"\r\n" not in rest:
                    rest += self._more(line)
                self.groups.append(rest)
                while b"\r\n" in rest:
                    command, _, rest = rest.partition(b"\r\n")
                    step = command[:4].decode().upper()
                    if step == "QUIT":
                        line.sendall(b"221 bye\r\n")
                        return
                    if step in ("EHLO", "HELO"):
                        offered = "250-rude\r\n250 PIPELINING" if self.pipelining else "250 rude"
                        self._answer(line, step, offered)
                    elif step == "DATA":
                        said = self._answer(line, step, "554 no valid recipients" if refused else "354 go on")
                        if not said.startswith("354"):
                            continue
                        rest = b"\r\n" + rest
                        while b"\r\n.\r\n" not in rest:
                            rest += self._more(line)
                        text, _, rest = rest.partition(b"\r\n.\r\n")
                        if not refused and self.at.get("dot", "250").startswith("250"):
                            self.taken.append(text[2:])
                        self._answer(line, "dot", "554 no valid recipients" if refused else "250 taken")
                    else:
                        said = self._answer(line, step, "250 OK")
                        if step in ("MAIL", "RCPT"):
                            refused = not said.startswith("25") or (refused and step == "RCPT")

    def _more(self, line: socket.socket) -> bytes:
        got = line.recv(65536)
        if not got:
            raise EOFError
        return got

    def _answer(self, line: socket.socket, step: str, usual: str) -> str:
        said = self.at.pop(step, usual)
        if said == "hang":
            self.closing.wait(10)
            raise EOFError
        if said == "hang up":
            raise EOFError
        line.sendall(said.encode() + b"\r\n")
        return said


@pytest.fixture(params=[True, False], ids=["pipelining", "step by step"])
def rude(request: pytest.FixtureRequest) -> Iterator[Rude]:
    server = Rude(pipelining=request.param)
    yield server
    server.close()


@pytest.fixture
def to_rude(rude: Rude, tmp_path: Path) -> Iterator[mail.Carrier]:
    carrier = mail.open_carrier(rude.url, tmp_path)
    yield carrier
    carrier.close()


def test_commands_go_together_only_where_the_server_can_take_them(rude, to_rude):
    to_rude.send(compose(LETTER, AT))
    to_rude.send(compose(LETTER, AT))

    together = [group.count(b"\r\n") for group in rude.groups if group.startswith(b"MAIL")]
    assert together == ([3, 3] if rude.pipelining else [1, 1])
    assert (len(rude.taken), rude.lines) == (2, 1)


@pytest.mark.parametrize("how", ["hang", "hang up"])
@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_falls_silent_before_the_text_is_unavailable(rude, to_rude, step, how):
    rude.at = {step: how, "HELO": how}

    with pytest.raises(mail.MailUnavailable):
        to_rude.send(compose(LETTER, AT))
    rude.at = {}
    to_rude.send(compose(LETTER, AT))

    assert (len(rude.taken), rude.lines) == (1, 2)


@pytest.mark.parametrize("how", ["hang", "hang up"])
def test_a_server_that_falls_silent_after_the_text_leaves_it_unknown(rude, to_rude, how):
    rude.at = {"dot": how}

    with pytest.raises(mail.MailUnknown):
        to_rude.send(compose(LETTER, AT))
    to_rude.send(compose(LETTER, AT))

    assert (len(rude.taken), rude.lines) == (1, 2)


@pytest.mark.parametrize("answer", ["421 closing", "450 later", "550 never", "999", "nonsense"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "dot"])
def test_a_server_that_says_no_refuses_this_message_and_no_other(rude, to_rude, step, answer):
    rude.at = {step: answer}

    with pytest.raises(mail.MailRefused) as refused:
        to_rude.send(compose(LETTER, AT))
    to_rude.send(compose(replace(LETTER, subject="other"), AT))

    code = int(answer[:3]) if answer[:3].isdigit() else -1
    assert (refused.value.code, refused.value.permanent) == (code, answer == "550 never")
    assert [b"Subject: other" in text for text in rude.taken] == [True]


@pytest.mark.parametrize("answer", ["554 go away", "421 too many of you"])
def test_a_server_that_will_not_begin_is_unavailable(rude, to_rude, answer):
    rude.at = {"greeting": answer}

    with pytest.raises(mail.MailUnavailable):
        to_rude.send(compose(LETTER, AT))

    assert rude.taken == []


def test_an_old_server_that_knows_no_ehlo_is_greeted_the_old_way(rude, to_rude):
    rude.at = {"EHLO": "502 what?"}

    to_rude.send(compose(LETTER, AT))

    assert len(rude.taken) == 1


def test_a_server_that_wants_the_text_of_a_message_for_nobody_gets_none(to_rude, rude):
    """RFC 2920 §3.1: a server may say 354 although it refused the only reader."""
    rude.at = {"RCPT": "550 nobody", "DATA": "354 go on"}

    with pytest.raises(mail.MailRefused, match="550 nobody"):
        to_rude.send(compose(LETTER, AT))
    to_rude.send(compose(replace(LETTER, subject="other"), AT))

    assert [b"Subject: other" in text for text in rude.taken] == [True]
    assert rude.lines == 1


def test_a_line_that_breaks_inside_the_text_is_unavailable(tmp_path):
    """The server hangs up after its 354 without reading on: far more is sent than a line can hold."""
    rude = Rude(pipelining=True)
    rude._more = lambda line, more=rude._more: (_ for _ in ()).throw(EOFError) if rude.groups else more(line)
    carrier = mail.open_carrier(rude.url, tmp_path)

    try:
        with pytest.raises(mail.MailUnavailable):
            carrier.send(compose(replace(LETTER, text="x" * 50_000_000), AT))
    finally:
        carrier.close()
        rude.close()

    assert rude.taken == []
