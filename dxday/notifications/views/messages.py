"""Pages for staff: the outbox of an edition, and the built-in mailbox while no SMTP server is set."""

from pathlib import Path

from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters import mail
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.notifications import letters, queries, rules, services
from dxday.web.access import requires
from dxday.web.forms import Form

messages = Blueprint("messages", __name__, url_prefix="/manage/<edition_code>/messages")
mailbox = Blueprint("mailbox", __name__, url_prefix="/manage/mailbox")

PAGE = 50
LETTERS = 100

CARRIAGE_KINDS = {
    Carriage.QUEUED: "neutral",
    Carriage.CLAIMED: "info",
    Carriage.DONE: "good",
    Carriage.FAILED: "bad",
    Carriage.UNKNOWN: "warn",
    Carriage.WITHHELD: "neutral",
    Carriage.BOUNCED: "bad",
    Carriage.CANCELLED: "neutral",
}
"""The shape of each state."""


@messages.get("")
@requires(Permission.MAIL_VIEW)
def index() -> ResponseReturnValue:
    counts = queries.count_by_state(g.edition.id)
    state = next((state for state in Carriage if state.value == request.args.get("state")), None)
    total = counts[state] if state else sum(counts.values())
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=int), 1), pages)
    return render_template(
        "messages/index.html",
        counts=counts,
        state=state,
        listed=queries.list_messages(g.edition.id, state=state, limit=PAGE, offset=(page - 1) * PAGE),
        total=total,
        page=page,
        pages=pages,
        name_of=letters.name_of,
        states=rules.CARRIAGE_NAMES,
        shapes=CARRIAGE_KINDS,
        has_mailbox=_folder() is not None,
        again=(Carriage.FAILED, Carriage.UNKNOWN),
    )


@messages.post("/<int:message_id>/send-again")
@requires(Permission.MAIL_VIEW)
def send_again(message_id: int) -> ResponseReturnValue:
    message = queries.get_message(g.edition.id, message_id)
    form = Form()
    if not form.validate_on_submit():
        flash(_("This page had been open for too long. Try once more."), "warning")
        return redirect(url_for(".index"))
    try:
        with db.transaction():
            services.send_again(message, actor=g.actor, now=clock.now())
    except Refusal as refusal:
        flash(str(refusal), "error")
    else:
        flash(_("The message to %(address)s will be tried again.", address=message.to_address), "success")
    return redirect(url_for(".index"))


@mailbox.get("/", endpoint="index")
@requires(Permission.MAIL_VIEW)
def index_of_letters() -> ResponseReturnValue:
    return render_template(
        "mailbox/index.html", letters=_readable(mail.read_mailbox(_open_folder(), LETTERS)), limit=LETTERS
    )


@mailbox.get("/<key>")
@requires(Permission.MAIL_VIEW)
def show(key: str) -> ResponseReturnValue:
    return render_template("mailbox/show.html", letter=_letter(key))


@mailbox.get("/<key>/files/<int:number>")
@requires(Permission.MAIL_VIEW)
def file(key: str, number: int) -> ResponseReturnValue:
    enclosures = _letter(key).enclosures
    if not 0 <= number < len(enclosures):
        raise NotFound
    # What came with a letter is never shown in the browser, only saved.
    response = Response(enclosures[number].data, content_type="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=enclosures[number].name)
    return response


def _letter(key: str) -> mail.Letter:
    """Return a letter that the reader may read; any other is not there."""
    for letter in _readable([mail.get_mail(_open_folder(), key)]):
        return letter
    raise NotFound


def _readable(letters: list[mail.Letter]) -> list[mail.Letter]:
    ids = {letter.key: dict(letter.headers).get("Message-ID", "") for letter in letters}
    known = queries.find_by_message_ids(set(ids.values()))
    return [
        letter
        for letter in letters
        if (message := known.get(ids[letter.key]))
        and rules.may_read(g.actor, edition_id=message.edition_id, to_address=message.to_address)
    ]


def _folder() -> Path | None:
    """Return where letters lie; None when a mail server takes them."""
    settings = current_app.extensions["dxday_settings"]
    return None if settings.smtp_url else settings.mailbox


def _open_folder() -> Path:
    folder = _folder()
    if folder is None:
        raise NotFound
    return folder
