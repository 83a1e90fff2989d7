"""Calls to other systems over HTTP: JSON goes out, a short answer comes back, and none goes where it may not."""

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import SplitResult, quote, urlsplit

USER_AGENT = "DXDay"

CONNECT = 5.0
"""Seconds that one address may take to pick up."""
READ = 10.0
"""Seconds that may pass without a byte."""
TOTAL = 20.0
"""Seconds that a call may take in all, from the first address on."""

MOST_READ = 2048
"""Bytes of an answer that are read; the rest stays where it is."""

_LONGEST = 2000
_MOST_ADDRESSES = 3
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
_AS_IT_IS = "/%:@!$&'()*+,;=~"
_USUAL_PORTS = {"http": 80, "https": 443}

# What `is_global` of Python 3.11 takes for public, or did in one of its releases, and is not for calls.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # RFC 6890
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # RFC 1112
        "2001::/23",  # Teredo and other protocols of the IETF
        "2001:db8::/32",
        "2002::/16",  # 6to4: any IPv4 address inside
        "3fff::/20",  # RFC 9637
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class CallError(Exception):
    """A call that brought no answer.  The words name the host and never the whole address, which may hold a secret."""


class Reason(StrEnum):
    """Why an address is not called."""

    MALFORMED = "it is no address of the web"
    SCHEME = "it does not begin with https://"
    CREDENTIALS = "it holds a name or a password"
    HOST = "its host is none"
    PORT = "its port is not one of the web"
    NOT_PUBLIC = "it does not lead to a public address"


class Fault(StrEnum):
    """How a call brings no answer, in the words of a CallError."""

    NOT_CALLED = "{where} is not called: {why}"
    NOT_KNOWN = "no address is known for {where}"
    NOT_REACHED = "cannot reach {where}: {why}"
    NOT_SAFE = "no safe line to {where}: {why}"
    NO_ANSWER = "{where} gave no answer: {why}"

    def say(self, where: str, why: str = "") -> str:
        """Return the words for one call."""
        return self.value.format(where=where, why=why)


def read_fault(words: str) -> tuple[Fault, str, str] | None:
    """Return how a call failed, where it went and why, from the words of its CallError; None for other words."""
    for fault in Fault:
        pattern = (
            re.escape(fault.value).replace(r"\{where\}", "(?P<where>.+?)").replace(r"\{why\}", "(?P<why>.*)")
        )
        if found := re.fullmatch(pattern, words, re.DOTALL):
            return fault, found["where"], found.groupdict().get("why", "")
    return None


class AddressRefused(CallError):
    """An address that is not called; nothing was sent."""

    def __init__(self, reason: Reason, host: str = "") -> None:
        """Keep why."""
        super().__init__(Fault.NOT_CALLED.say(host or "the address", reason.value))
        self.reason = reason


class CallUnavailable(CallError):
    """Nobody picked up, or not who was meant; nothing was sent."""


class CallUnknown(CallError):
    """The request left, at least in part, and no answer came: it may or may not have been taken."""


@dataclass(frozen=True)
class Reach:
    """Where calls may go."""

    public_only: bool = True
    """Not into the network that this machine stands in."""
    https_only: bool = True


@dataclass(frozen=True)
class Target:
    """An address, taken apart: `host` is ASCII, `path` has its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the header Host (RFC 9112 §3.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _USUAL_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Answer:
    """What came back: `text` is the beginning, without control characters."""

    status: int
    text: str
    retry_after: str | None


Resolver = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """Return the numeric addresses of a host in the order of preference.  Raises OSError, UnicodeError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def read_address(url: str, reach: Reach) -> Target:
    """Take an address apart.  Raises AddressRefused for what is never called; no name is looked up.

    Numbers are one host spelt one way: `0x7f.1` or `2130706433`, which some programs take for 127.0.0.1, are none.
    """
    if len(url) > _LONGEST or any(c in "\\ " or unicodedata.category(c)[0] in "CZ" for c in url):
        raise AddressRefused(Reason.MALFORMED)
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise AddressRefused(Reason.MALFORMED) from error
    if parts.scheme not in (("https",) if reach.https_only else ("https", "http")):
        raise AddressRefused(Reason.SCHEME)
    if "@" in parts.netloc:
        raise AddressRefused(Reason.CREDENTIALS)
    return Target(
        scheme=parts.scheme,
        host=_plain_host(host, reach),
        port=_port(parts),
        path=_quoted(parts),
    )


def is_public(address: str) -> bool:
    """Tell whether a numeric address lies in the public network: no loopback, private net, link or group of hosts.

    An IPv4 address inside an IPv6 one (mapped, or of a NAT64) counts as what it is.
    Source: the special-purpose address registries of IANA.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # with a scope, as fe80::1%eth0
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        elif found in _NAT64:
            found = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        elif found not in _GLOBAL_UNICAST or found.scope_id:
            return False
    return found.is_global and not any(found in net for net in _NOT_PUBLIC if net.version == found.version)


def post_json(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    reach: Reach,
    ca_file: str | None = None,
    resolve: Resolver = resolve,
    connect: float = CONNECT,
    read: float = READ,
    total: float = TOTAL,
) -> Answer:
    """POST a JSON body and return the answer, whatever its status; times are in seconds.

    The name is looked up once, and the line goes to exactly the address that was looked at, so that a name cannot
    lead elsewhere between the look and the call.  Redirects are not followed, certificates are checked against the
    name, proxies of the environment are not asked.  Raises AddressRefused, CallUnavailable, CallUnknown.
    """
    target = read_address(url, reach)
    addresses = _look_up(target, reach, resolve)
    with _Deadline(total) as deadline:
        line = _open(target, addresses, ca_file, connect, deadline)
        with line:
            line.settimeout(read)
            return _ask(line, target, body, headers, deadline)


def _plain_host(host: str, reach: Reach) -> str:
    try:
        plain = host.encode("idna").decode("ascii").lower().removesuffix(".") if ":" not in host else host
    except UnicodeError as error:
        raise AddressRefused(Reason.HOST) from error
    try:
        literal = ipaddress.ip_address(plain)
    except ValueError:
        literal = None
    if literal is None:
        if not _NAME.fullmatch(plain) or _is_odd_number(plain):
            raise AddressRefused(Reason.HOST)
        if reach.public_only and "." not in plain:
            raise AddressRefused(Reason.NOT_PUBLIC, plain)
    elif "%" in plain:
        raise AddressRefused(Reason.HOST)
    elif reach.public_only and not is_public(plain):
        raise AddressRefused(Reason.NOT_PUBLIC, plain)
    return plain


def _is_odd_number(host: str) -> bool:
    """Tell whether the system would read the host as a number although it is not written as one."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise AddressRefused(Reason.PORT) from error
    usual = _USUAL_PORTS[parts.scheme]
    if port is None:
        return usual
    # Below 1024 live services that take a request for words of their own, as mail and printers do.
    if port not in _USUAL_PORTS.values() and not 1024 <= port <= 65535:
        raise AddressRefused(Reason.PORT)
    return port


def _quoted(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_AS_IT_IS)
    return f"{path}?{quote(parts.query, safe=_AS_IT_IS + '?')}" if parts.query else path


def _look_up(target: Target, reach: Reach, resolve: Resolver) -> list[str]:
    try:
        addresses = resolve(target.host, target.port)
    except (OSError, UnicodeError) as error:
        raise CallUnavailable(Fault.NOT_KNOWN.say(target.host)) from error
    if not addresses:
        raise CallUnavailable(Fault.NOT_KNOWN.say(target.host))
    if reach.public_only and not all(is_public(address) for address in addresses):
        raise AddressRefused(Reason.NOT_PUBLIC, target.host)
    return addresses[:_MOST_ADDRESSES]


class _Deadline:
    """Hangs up when the time is over: one slow byte after the other would keep a line open for ever."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._line: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._hang_up)
        self._timer.daemon = True

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, line: socket.socket) -> None:
        """Hang up on this line when the time is over."""
        self._line = line
        if self.is_over:
            self._hang_up()

    def _hang_up(self) -> None:
        self.is_over = True
        if self._line is not None:
            with contextlib.suppress(OSError):
                # The method of the plain socket: that of an SSLSocket would take its TLS away in mid-read.
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)


def _open(
    target: Target, addresses: list[str], ca_file: str | None, connect: float, deadline: _Deadline
) -> socket.socket:
    """Return a line to the first address that picks up, with TLS where the scheme asks for it."""
    problem: OSError | None = None
    for address in addresses:
        if deadline.is_over:
            break
        try:
            line = socket.create_connection((address, target.port), timeout=connect)
        except OSError as error:
            problem = error
            continue
        try:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.scheme == "https":
                line = _context(ca_file).wrap_socket(
                    line, server_hostname=target.host, do_handshake_on_connect=False
                )
            deadline.watch(line)
            if isinstance(line, ssl.SSLSocket):
                line.do_handshake()
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            line.close()
            raise CallUnavailable(Fault.NOT_SAFE.say(target.authority, _words(error, deadline))) from error
        return line
    reason = _words(problem, deadline) if problem else "it took too long"
    raise CallUnavailable(Fault.NOT_REACHED.say(target.authority, reason)) from problem


@lru_cache(maxsize=4)
def _context(ca_file: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _ask(
    line: socket.socket, target: Target, body: bytes, headers: Mapping[str, str], deadline: _Deadline
) -> Answer:
    talk = http.client.HTTPConnection(target.host, target.port)
    talk.sock = line
    given = {
        "Host": target.authority,
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    try:
        talk.request("POST", target.path, body=body, headers=given)
        response = talk.getresponse()
    except (OSError, http.client.HTTPException) as error:
        raise CallUnknown(Fault.NO_ANSWER.say(target.authority, _words(error, deadline))) from error
    with response:
        if deadline.is_over:  # the head was cut off, and what came of it reads like a whole one
            raise CallUnknown(Fault.NO_ANSWER.say(target.authority, _words(TimeoutError(), deadline)))
        return Answer(
            status=response.status,
            text=_plain(_beginning(response)),
            retry_after=response.headers.get("Retry-After"),
        )


def _beginning(response: http.client.HTTPResponse) -> bytes:
    """Return the first bytes of the body; the status is the answer, so a body that breaks off is no fault."""
    data = b""
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        while len(data) < MOST_READ and (more := response.read1(MOST_READ - len(data))):
            data += more
    return data


def _plain(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    return "".join(
        c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs") else " " for c in text
    ).strip()


def _words(error: Exception, deadline: _Deadline) -> str:
    if deadline.is_over:
        return f"it took more than {deadline.seconds:g} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, TimeoutError):
        return "no word for too long"
    if isinstance(error, http.client.RemoteDisconnected):
        return "it hung up"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
