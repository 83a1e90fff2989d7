"""Refusals and faults as pages (or problem+json under /api), in one place."""

from collections.abc import Callable

import structlog
from flask import Flask, current_app, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from dxday.core.actor import VISITOR
from dxday.core.errors import NotAllowed, Refusal
from dxday.core.i18n import Words, gettext, lazy_gettext
from dxday.db import db

log = structlog.get_logger()

TITLES: dict[int, Words] = {
    400: lazy_gettext("This request could not be understood"),
    403: lazy_gettext("You may not open this page"),
    404: lazy_gettext("Page not found"),
    405: lazy_gettext("This address does not take that request"),
    409: lazy_gettext("Changed in the meantime"),
    413: lazy_gettext("The file is too large"),
    415: lazy_gettext("This kind of file is not taken"),
    422: lazy_gettext("This could not be done"),
    429: lazy_gettext("Too many tries"),
    500: lazy_gettext("Something broke on our side"),
    503: lazy_gettext("For the moment we cannot answer"),
}
MESSAGES: dict[int, Words] = {
    400: lazy_gettext("What your browser sent could not be read."),
    403: lazy_gettext("Your account has no right to this page. The attempt was noted."),
    404: lazy_gettext("There is nothing at this address. It may be mistyped, or the page may have moved."),
    405: lazy_gettext("The address is right, but it cannot be used in this way."),
    413: lazy_gettext("The files you sent are larger than we take. Nothing was saved."),
    429: lazy_gettext("There were too many tries in a short time. Wait a minute, then try again."),
    500: lazy_gettext("We did not expect this. Nothing you sent was saved half-way."),
    503: lazy_gettext("The database does not answer. Nothing you sent was saved half-way."),
}
ADVICE: dict[int, Words] = {
    403: lazy_gettext("If you need it for your work, ask the organizer of the edition for the role."),
    404: lazy_gettext("Begin again at the home page, or look for the session in the programme."),
    409: lazy_gettext("Go back, look at what changed, and make your change again."),
    413: lazy_gettext("Make the file smaller, or send several in turn."),
    500: lazy_gettext("Try again. If it happens again, tell the organizer the number below."),
    503: lazy_gettext("Try again in a few minutes; there is no need to do anything else."),
}


def init_app(app: Flask, *, note_refused: Callable[[], None]) -> None:
    """Map refusals, HTTP errors, a lost database and faults to pages; `note_refused` writes who was refused."""
    app.extensions["dxday_note_refused"] = note_refused
    app.register_error_handler(Refusal, show_refusal)
    app.register_error_handler(HTTPException, show_http_error)
    app.register_error_handler(OperationalError, show_database_down)
    app.register_error_handler(InterfaceError, show_database_down)
    app.register_error_handler(Exception, show_fault)


def show_refusal(refusal: Refusal) -> ResponseReturnValue:
    """Show a refusal that no form took up; a refused person leaves a line in the trail."""
    db.session.rollback()
    if isinstance(refusal, NotAllowed):
        current_app.extensions["dxday_note_refused"]()
    if type(refusal) in (NotAllowed,) or refusal.status == 404:
        return _answer(refusal.status, None)
    return _answer(refusal.status, str(refusal))


def show_http_error(error: HTTPException) -> ResponseReturnValue:
    """Show an HTTP error; redirects pass."""
    if error.code is None or error.code < 400:
        return error
    headers = {key: value for key, value in error.get_headers() if key in ("Allow", "Retry-After")}
    return _answer(error.code, None, headers)


def show_database_down(error: Exception) -> ResponseReturnValue:
    """Show that the database does not answer; the next request tries it afresh."""
    log.error("database_down", error=type(error).__name__)
    try:
        db.session.rollback()
    except DBAPIError:  # the connection is gone: there is nothing to roll back
        db.session.remove()
    g.database_down = True
    return _answer(503, None, {"Retry-After": "30"})


def show_fault(error: Exception) -> ResponseReturnValue:
    """Show that we failed, log everything, and tell nothing of the inside."""
    log.error("fault", error=type(error).__name__, exc_info=error)
    db.session.rollback()
    return _answer(500, None)


def _answer(status: int, message: str | None, headers: dict[str, str] | None = None) -> ResponseReturnValue:
    title = str(TITLES.get(status, TITLES[422]))
    text = message or str(MESSAGES.get(status, ""))
    if request.path.startswith("/api/"):
        problem = jsonify(type="about:blank", title=title, status=status, detail=text)
        problem.content_type = "application/problem+json"
        return problem, status, headers or {}
    g.edition = None if status == 404 or g.get("database_down") else g.get("edition")
    g.actor = g.get("actor", VISITOR)
    page = render_template(
        "errors/page.html",
        status=status,
        title=title,
        message=text,
        advice=str(ADVICE[status])
        if status in ADVICE
        else gettext("Go back, or begin again at the home page."),
        request_id=g.get("request_id"),
    )
    return page, status, headers or {}
