"""Pages of the public programme kept ready for visitors, until the programme changes."""

import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import wraps
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

from flask import Flask, Response, current_app, g, make_response, request, session
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import ImmutableMultiDict

from dxday.core import clock
from dxday.core.i18n import LOCALES
from dxday.web import requests
from dxday.web.languages import COOKIE, current_locale

View = TypeVar("View", bound=Callable[..., Any])
Thing = TypeVar("Thing")

MOST_PAGES = 256
MOST_BYTES = 32 * 1024 * 1024
"""What one process keeps at most, all pages together."""

MOST_QUESTIONS = 1024
LONGEST_QUESTION = 500
"""How many ways of asking are remembered, and how many characters one may have."""

OWN_HEADERS = ("Content-Security-Policy", "Content-Disposition", "X-Robots-Tag")
"""Headers that a view may set for its page; all others are those of every page."""

SHORTEST_ZIPPED = 1000
"""Bytes from which on zipping saves a packet."""

_OF_THE_BODY = frozenset({"content-length", "content-type", "content-encoding"})
_FLASHES = "_flashes"
_MARK = "dxday.kept"
_LANGUAGE_COOKIES = frozenset({"", *(f"{COOKIE}={code}" for code in LOCALES)})


class Key(NamedTuple):
    """What a kept page depends on."""

    edition_code: str
    edition_id: int
    version: int
    """The edition's programme_version."""
    path: str
    arguments: tuple[tuple[str, str], ...]
    locale: str
    host: str
    until: float
    """When the page is over although nothing changed, in seconds of the epoch; 0 is never."""


@dataclass(frozen=True)
class Kept:
    """A page as it was made: its bytes, what they are, their fingerprint, and headers that are its own."""

    body: bytes
    content_type: str
    etag: str
    headers: tuple[tuple[str, str], ...] = ()
    zipped: bytes | None = None
    """The same for those who can unzip it, where that is worth it (RFC 9110 §8.4)."""

    @property
    def weight(self) -> int:
        """Bytes that it takes to keep."""
        return len(self.body) + len(self.zipped or b"")


@dataclass(frozen=True)
class Reply:
    """How a kept page was sent to somebody who asked in the same words."""

    key: Key
    headers: list[tuple[str, str]]
    etag: str
    zipped: bool
    endpoint: str
    rule: str


class Shelf(Generic[Thing]):
    """Things kept by key, the longest unused thrown away first when there are too many or they are too heavy."""

    def __init__(self, most: int, most_bytes: int, weight: Callable[[Thing], int]) -> None:
        """Begin empty; `weight` is the bytes of a thing."""
        self.most, self.most_bytes, self.weight = most, most_bytes, weight
        self.bytes = 0
        self._things: OrderedDict[Hashable, Thing] = OrderedDict()
        self._lock = Lock()
        self._making: dict[Hashable, Lock] = {}

    def __len__(self) -> int:
        return len(self._things)

    def find(self, key: Hashable) -> Thing | None:
        """Return the thing, or None."""
        with self._lock:
            thing = self._things.get(key)
            if thing is not None:
                self._things.move_to_end(key)
            return thing

    def put(self, key: Hashable, thing: Thing) -> None:
        """Keep the thing, if it alone is not heavier than all may be."""
        with self._lock:
            old = self._things.pop(key, None)
            self.bytes -= self.weight(old) if old is not None else 0
            if self.weight(thing) > self.most_bytes:
                return
            self._things[key] = thing
            self.bytes += self.weight(thing)
            while len(self._things) > self.most or self.bytes > self.most_bytes:
                _, dropped = self._things.popitem(last=False)
                self.bytes -= self.weight(dropped)

    def turn(self, key: Hashable) -> Lock:
        """Return the lock of those who would make this thing, so that only one of them does."""
        with self._lock:
            if len(self._making) > self.most:
                self._making.clear()
            return self._making.setdefault(key, Lock())


def kept(
    *query: str, minutes: int = 0, by_host: bool = False, alone: tuple[str, ...] = ()
) -> Callable[[View], View]:
    """Keep what a view of an edition answers to visitors until the edition's programme changes.

    A page is known by the edition and its `programme_version` (read afresh for every request, and raised in the
    transaction of the change, so nobody is shown an old page), the path, the named arguments of the query, and the
    language; with `by_host` also by the host, for what contains whole addresses; with `minutes` it is made anew so
    often.  The view sees no other arguments, so an address that somebody made up cannot leave its mark on a page of
    others.  Pages for people who are signed in, pages with a message, and everything but a plain 200 are made each
    time; so is what one person alone asks for, which is when an argument named in `alone` is there, since others
    would lose their pages to it.  The view must depend on nothing else.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(*args: Any, **given: Any) -> Any:
            if not _may_be_kept():
                return view(*args, **given)
            if any(name in request.args for name in alone):
                own = tuple((name, request.args[name]) for name in (*query, *alone) if name in request.args)
                response = _made(view, args, given, own)
                page = _as_page(response)
                return _sent(page) if page else response
            arguments = tuple((name, request.args[name]) for name in query if name in request.args)
            key = Key(
                g.edition.code,
                g.edition.id,
                g.edition.programme_version,
                request.path,
                arguments,
                current_locale(),
                request.host_url if by_host else "",
                (clock.now().timestamp() // (60 * minutes) + 1) * 60 * minutes if minutes else 0,
            )
            shelf = shelf_of(current_app)
            page = shelf.find(key)
            if page is None:
                with shelf.turn(key):
                    page = shelf.find(key)
                    if page is None:
                        response = _made(view, args, given, arguments)
                        page = _as_page(response)
                        if page is None:
                            return response
                        shelf.put(key, page)
            request.environ[_MARK] = key
            return _sent(page)

        return answer  # type: ignore[return-value]  # it is called as the view is

    return decorate


def shelf_of(app: Flask) -> Shelf[Kept]:
    """Return the application's kept pages."""
    shelf: Shelf[Kept] = app.extensions.setdefault(
        "dxday_kept", Shelf(MOST_PAGES, MOST_BYTES, lambda page: page.weight)
    )
    return shelf


def _may_be_kept() -> bool:
    return request.method in ("GET", "HEAD") and not g.actor.is_signed_in and _FLASHES not in session


def _made(view: View, args: Any, given: Any, arguments: tuple[tuple[str, str], ...]) -> Response:
    """Let the view answer as if nothing but `arguments` stood in the query, in the language that was asked for."""
    current_locale()  # it stands in the query, and is worked out once
    asked = request.args
    request.args = ImmutableMultiDict(arguments)
    try:
        return make_response(view(*args, **given))
    finally:
        request.args = asked


def _as_page(response: Response) -> Kept | None:
    if response.status_code != 200 or response.is_streamed or "Set-Cookie" in response.headers:
        return None
    body = response.get_data()
    etag = hashlib.blake2b(body, digest_size=16).hexdigest()
    own = tuple((name, response.headers[name]) for name in OWN_HEADERS if name in response.headers)
    content_type = response.content_type or ""
    worth_it = content_type.startswith("text/") and len(body) >= SHORTEST_ZIPPED
    zipped = gzip.compress(body, compresslevel=6, mtime=0) if worth_it else None
    return Kept(body, content_type, etag, own, zipped)


def _sent(page: Kept) -> Response:
    zipped = page.zipped if request.accept_encodings["gzip"] > 0 else None
    response = Response(zipped or page.body, content_type=page.content_type, headers=page.headers)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    # What is sent otherwise is another representation, and has a tag of its own (RFC 9110 §8.8.3).
    response.set_etag(f"{page.etag}-gzip" if zipped else page.etag)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept-Language", "Cookie", "Accept-Encoding"))
    response.make_conditional(request)
    return response


# The front -----------------------------------------------------------------------------------------------------------


class Front:
    """Stands before the application and repeats answers with kept pages to visitors who ask in the same words.

    On the Day thousands look at one page.  Whoever carries no cookie but that of the language is a visitor, so there
    is nobody to load, nothing to route and nothing to draw; one short question to the database tells whether the
    page is still true.  Everybody else passes.
    """

    def __init__(self, app: Flask, version_of: Callable[[str], tuple[int, int] | None]) -> None:
        """Stand before the application; `version_of` gives an edition's id and programme_version by its code."""
        self.app, self.inner, self.version_of = app, app.wsgi_app, version_of
        self.replies: Shelf[Reply] = Shelf(MOST_QUESTIONS, MOST_QUESTIONS, lambda _reply: 1)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer a WSGI request."""
        question = _question(environ)
        if question is None:
            return self.inner(environ, start_response)
        begun = time.perf_counter()
        reply = self.replies.find(question)
        if reply is not None:
            page = shelf_of(self.app).find(reply.key)
            if page is not None and self._is_true(reply.key):
                return _repeat(environ, start_response, reply, page, begun)

        def listen(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if _MARK in environ and status.startswith("200 "):
                self._remember(question, environ, headers)
            return start_response(status, headers, *error)

        return self.inner(environ, listen)

    def _is_true(self, key: Key) -> bool:
        if key.until and key.until <= clock.now().timestamp():
            return False
        try:
            with self.app.app_context():
                return self.version_of(key.edition_code) == (key.edition_id, key.version)
        except OperationalError:
            return False  # the application says what is to be said of a database that does not answer

    def _remember(
        self, question: tuple[str, ...], environ: dict[str, Any], headers: list[tuple[str, str]]
    ) -> None:
        names = {name.lower() for name, _ in headers}
        asked = environ.get("werkzeug.request")
        if "set-cookie" in names or asked is None or asked.url_rule is None:
            return
        kept_headers = [(name, value) for name, value in headers if name.lower() != "x-request-id"]
        etag = next(value for name, value in headers if name.lower() == "etag")
        zipped = "content-encoding" in names
        reply = Reply(environ[_MARK], kept_headers, etag, zipped, asked.endpoint, asked.url_rule.rule)
        self.replies.put(question, reply)


def init_app(app: Flask, *, version_of: Callable[[str], tuple[int, int] | None]) -> None:
    """Put the front before the finished application."""
    app.wsgi_app = Front(app, version_of)  # type: ignore[method-assign]  # the documented place for it


def _question(environ: dict[str, Any]) -> tuple[str, ...] | None:
    """Return how a visitor asks, or None for somebody who is to be asked who they are."""
    cookie = environ.get("HTTP_COOKIE", "")
    if (
        environ["REQUEST_METHOD"] != "GET"
        or cookie not in _LANGUAGE_COOKIES
        or "HTTP_AUTHORIZATION" in environ
    ):
        return None
    question = (
        environ["wsgi.url_scheme"],
        environ.get("HTTP_HOST", ""),
        environ.get("SCRIPT_NAME", ""),
        environ.get("PATH_INFO", ""),
        environ.get("QUERY_STRING", ""),
        environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        environ.get("HTTP_ACCEPT_ENCODING", ""),
        cookie,
    )
    return question if sum(map(len, question)) <= LONGEST_QUESTION else None


def _repeat(
    environ: dict[str, Any], start_response: Any, reply: Reply, page: Kept, begun: float
) -> list[bytes]:
    request_id = requests.sane_id(environ.get("HTTP_X_REQUEST_ID", ""))
    headers = [*reply.headers, ("X-Request-ID", request_id)]
    known = reply.etag in environ.get("HTTP_IF_NONE_MATCH", "")
    if known:
        headers = [(n, v) for n, v in headers if n.lower() not in _OF_THE_BODY]
    start_response("304 NOT MODIFIED" if known else "200 OK", headers)
    requests.note(
        reply.endpoint,
        method="GET",
        status=304 if known else 200,
        seconds=time.perf_counter() - begun,
        rule=reply.rule,
        request_id=request_id,
    )
    return [] if known else [page.zipped if reply.zipped and page.zipped else page.body]
