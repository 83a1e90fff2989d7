"""Which language a page is in: asked for in the address, kept in a cookie, of the account, of the browser."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel

from dxday.core.i18n import LOCALES

COOKIE = "lang"

View = TypeVar("View", bound=Callable[..., Any])


def without_cookie(view: View) -> View:
    """Let the language of this view be asked for in the address without remembering it: it stands in others' pages."""
    view.no_language_cookie = True  # type: ignore[attr-defined]  # a mark on the function
    return view


def choose_locale() -> str:
    """Return the locale of the request; outside of one, the default (jobs force their own)."""
    default: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    if not has_request_context():
        return default
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LOCALES:
            return wish
    actor_locale = g.get("account_locale")
    if actor_locale in LOCALES:
        return str(actor_locale)
    return request.accept_languages.best_match(list(LOCALES), default) or default


def current_locale() -> str:
    """Return the locale of the request, worked out once."""
    if not has_request_context():
        return choose_locale()
    if "locale" not in g:
        g.locale = choose_locale()
    return str(g.locale)


def keep_choice(response: Response) -> Response:
    """Remember the language that the reader asked for in the address."""
    wish = request.args.get("lang")
    view = current_app.view_functions.get(request.endpoint or "")
    may_remember = not getattr(view, "no_language_cookie", False)
    if wish in LOCALES and may_remember and request.cookies.get(COOKIE) != wish:
        response.set_cookie(
            COOKIE, wish, max_age=365 * 24 * 3600, samesite="Lax", secure=request.is_secure, httponly=True
        )
    if request.endpoint != "static":
        response.headers.setdefault("Content-Language", current_locale())
    return response


def init_app(app: Flask) -> None:
    """Let Babel ask us for the locale."""
    Babel(app, locale_selector=current_locale)
    app.after_request(keep_choice)
