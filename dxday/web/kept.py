"""Pages of the public programme kept ready for visitors, until the programme changes."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import wraps
from threading import Lock
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, make_response, request, session
from werkzeug.datastructures import ImmutableMultiDict

from dxday.web.languages import current_locale

View = TypeVar("View", bound=Callable[..., Any])

MOST_PAGES = 256
MOST_BYTES = 32 * 1024 * 1024
"""What one process keeps at most, all pages together."""

_FLASHES = "_flashes"


@dataclass(frozen=True)
class Kept:
    """A page as it was made: its bytes, what they are, and their fingerprint."""

    body: bytes
    content_type: str
    etag: str


class Shelf:
    """Kept pages, the longest unused thrown away first when there are too many or they are too heavy."""

    def __init__(self, most_pages: int = MOST_PAGES, most_bytes: int = MOST_BYTES) -> None:
        """Begin empty."""
        self.most_pages, self.most_bytes = most_pages, most_bytes
        self.bytes = 0
        self._pages: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = Lock()
        self._making: dict[Hashable, Lock] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def find(self, key: Hashable) -> Kept | None:
        """Return the page, or None."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: Hashable, page: Kept) -> None:
        """Keep the page, if it alone is not heavier than all may be."""
        with self._lock:
            old = self._pages.pop(key, None)
            self.bytes -= len(old.body) if old else 0
            if len(page.body) > self.most_bytes:
                return
            self._pages[key] = page
            self.bytes += len(page.body)
            while len(self._pages) > self.most_pages or self.bytes > self.most_bytes:
                _, dropped = self._pages.popitem(last=False)
                self.bytes -= len(dropped.body)

    def turn(self, key: Hashable) -> Lock:
        """Return the lock of those who would make this page, so that only one of them does."""
        with self._lock:
            if len(self._making) > self.most_pages:
                self._making.clear()
            return self._making.setdefault(key, Lock())


def kept(*query: str, also: Callable[[], Hashable] | None = None) -> Callable[[View], View]:
    """Keep what a view of an edition answers to visitors until the edition's programme changes.

    The key is the edition and its `programme_version` (read afresh for every request, and raised in the transaction
    of the change, so nobody is shown an old page), the path, the named arguments of the query, the language, and
    what `also` returns.  The view sees no other arguments, so an address that somebody made up cannot leave its mark
    on a kept page.  Pages for people who are signed in, pages with a message, and everything but a plain 200 are
    made anew each time.  The view must depend on nothing else, and its addresses must not name the host.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(*args: Any, **given: Any) -> Any:
            if not _may_be_kept():
                return view(*args, **given)
            arguments = tuple((name, request.args[name]) for name in query if name in request.args)
            key = (
                g.edition.id,
                g.edition.programme_version,
                request.path,
                arguments,
                current_locale(),
                also() if also else None,
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
            return _sent(page)

        return answer  # type: ignore[return-value]  # it is called as the view is

    return decorate


def shelf_of(app: Flask) -> Shelf:
    """Return the application's shelf."""
    shelf: Shelf = app.extensions.setdefault("dxday_kept", Shelf())
    return shelf


def _may_be_kept() -> bool:
    return request.method in ("GET", "HEAD") and not g.actor.is_signed_in and _FLASHES not in session


def _made(view: View, args: Any, given: Any, arguments: tuple[tuple[str, str], ...]) -> Response:
    """Let the view answer as if nothing but `arguments` stood in the query."""
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
    return Kept(body, response.content_type or "", etag)


def _sent(page: Kept) -> Response:
    response = Response(page.body, content_type=page.content_type)
    response.set_etag(page.etag)
    response.headers["Cache-Control"] = "no-cache"
    response.vary.update(("Accept-Language", "Cookie"))
    response.make_conditional(request)
    return response
