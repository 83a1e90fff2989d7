"""Pages for staff: the outbox of an edition, and the built-in mailbox while no SMTP server is set."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters import mail
from dxday.audit.models import AuditEntry
from dxday.core import clock
from dxday.core.carriage import Carriage
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import Words, lazy_gettext
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.notifications import letters, queries, rules, services
from dxday.notifications.models import Message
from dxday.notifications.rules import Decision
from dxday.web.access import requires
from dxday.web.converters import row_id
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

DONE_WORDS: dict[Decision, Words] = {
    Decision.SEND_AGAIN: lazy_gettext("The message to %(address)s will be tried again."),
    Decision.MARK_ARRIVED: lazy_gettext("The message to %(address)s counts as sent."),
    Decision.CALL_OFF: lazy_gettext("The message to %(address)s is called off."),
}

EVENTS: dict[str, tuple[Words, str]] = {
    "message.sent_again": (lazy_gettext("Sent again by decision"), "info"),
    "message.marked_arrived": (lazy_gettext("Marked as arrived by decision"), "good"),
    "message.called_off": (lazy_gettext("Called off by decision"), "neutral"),
    "message.bounced": (lazy_gettext("Came back"), "bad"),
}
"""What the trail says of a message, in words and with a shape."""


class Event(NamedTuple):
    """A line of what happened to a message."""

    at: datetime
    words: str
    kind: str
    who: str | None = None


@messages.context_processor
def names() -> dict[str, object]:
    """Give every page the words and shapes of states."""
    return {
        "name_of": letters.name_of,
        "states": rules.CARRIAGE_NAMES,
        "shapes": CARRIAGE_KINDS,
        "reason_words": rules.reason_words,
        "decision_names": rules.DECISION_NAMES,
    }


@messages.get("")
@requires(Permission.MAIL_VIEW)
def index() -> ResponseReturnValue:
    counts = queries.count_by_state(g.edition.id)
    kinds = queries.list_kinds(g.edition.id)
    wanted = queries.Wanted(
        state=next((state for state in Carriage if state.value == request.args.get("state")), None),
        kind=request.args.get("kind") if request.args.get("kind") in kinds else None,
        rule_id=request.args.get("rule", type=row_id),
        text=request.args.get("q", "").strip(),
    )
    page = max(request.args.get("page", 1, type=int), 1)
    listed, total = queries.list_messages(g.edition.id, wanted, limit=PAGE, offset=(page - 1) * PAGE)
    pages = max(1, -(-total // PAGE))
    if page > pages:
        page = pages
        listed, total = queries.list_messages(g.edition.id, wanted, limit=PAGE, offset=(page - 1) * PAGE)
    return render_template(
        "messages/index.html",
        counts=counts,
        kinds=sorted(((kind, str(letters.name_of(kind))) for kind in kinds), key=lambda pair: pair[1]),
        wanted=wanted,
        listed=listed,
        total=total,
        page=page,
        pages=pages,
        has_mailbox=_folder() is not None,
        decisions=rules.list_decisions(wanted.state) if wanted.state else [],
        consequences=rules.DECISION_CONSEQUENCES,
    )


@messages.get("/<int:message_id>")
@requires(Permission.MAIL_VIEW)
def show(message_id: int) -> ResponseReturnValue:
    message = queries.get_message(g.edition.id, message_id)
    return render_template(
        "messages/show.html",
        message=message,
        events=_events(message, queries.list_history(message)),
        decisions=rules.list_decisions(message.carriage),
        consequences=rules.DECISION_CONSEQUENCES,
        state_words=rules.STATE_WORDS[message.carriage],
        spared=queries.list_suppressions_of(message.to_address),
        scopes=rules.SCOPE_NAMES,
        reasons=rules.SUPPRESSION_REASON_NAMES,
    )


@messages.post("/<int:message_id>/send-again")
@requires(Permission.MAIL_VIEW)
def send_again(message_id: int) -> ResponseReturnValue:
    return _decide(message_id, Decision.SEND_AGAIN)


@messages.post("/<int:message_id>/mark-arrived")
@requires(Permission.MAIL_VIEW)
def mark_arrived(message_id: int) -> ResponseReturnValue:
    return _decide(message_id, Decision.MARK_ARRIVED)


@messages.post("/<int:message_id>/call-off")
@requires(Permission.MAIL_VIEW)
def call_off(message_id: int) -> ResponseReturnValue:
    return _decide(message_id, Decision.CALL_OFF)


@messages.post("/decide")
@requires(Permission.MAIL_VIEW)
def decide() -> ResponseReturnValue:
    decision = next((each for each in Decision if each.value == request.form.get("decision")), None)
    chosen = request.form.getlist("selected", type=row_id)[:PAGE]
    back = redirect(url_for(".index", state=request.form.get("state") or None))
    if decision is None or not Form().validate_on_submit():
        flash(_("This page had been open for too long. Try once more."), "warning")
        return back
    if not chosen:
        flash(_("Nothing was selected. Tick the messages first."), "warning")
        return back
    listed = queries.list_by_id(g.edition.id, chosen)
    with db.transaction():
        decided = services.decide_many(listed, decision, actor=g.actor, now=clock.now())
    flash(
        _("%(what)s: done for %(count)s of %(all)s.", what=str(rules.DECISION_NAMES[decision]),
          count=decided, all=len(chosen)),
        "success" if decided == len(chosen) else "warning",
    )  # fmt: skip
    return back


def _decide(message_id: int, decision: Decision) -> ResponseReturnValue:
    message = queries.get_message(g.edition.id, message_id)
    back = redirect(url_for(".show", message_id=message_id))
    if not Form().validate_on_submit():
        flash(_("This page had been open for too long. Try once more."), "warning")
        return back
    try:
        with db.transaction():
            services.DECIDE[decision](message, actor=g.actor, now=clock.now())
    except Refusal as refusal:
        flash(str(refusal), "error")
    else:
        flash(str(DONE_WORDS[decision]) % {"address": message.to_address}, "success")
    return back


def _events(message: Message, history: list[AuditEntry]) -> list[Event]:
    """Return what happened, in order: what the row remembers, and what the trail says."""
    events = [Event(message.created_at, _("Written"), "neutral")]
    noted = {entry.action for entry in history}
    if message.sent_at and "message.marked_arrived" not in noted:
        events.append(Event(message.sent_at, _("Taken by the mail server"), "good"))
    for entry in history:
        words, kind = EVENTS.get(entry.action, (entry.action, "neutral"))
        reason = entry.facts.get("status")
        # What the system noted has no name; what a person decided has theirs.
        who = entry.actor_label if entry.actor_account_id else None
        events.append(Event(entry.at, f"{words} ({reason})" if reason else str(words), kind, who))
    return sorted(events, key=lambda event: event.at)


@mailbox.get("/", endpoint="index")
@requires(Permission.MAIL_VIEW)
def index_of_letters() -> ResponseReturnValue:
    return render_template(
        "mailbox/index.html", letters=_readable(mail.read_mailbox(_open_folder(), LETTERS)), limit=LETTERS
    )


@mailbox.get("/<key>", endpoint="show")
@requires(Permission.MAIL_VIEW)
def show_letter(key: str) -> ResponseReturnValue:
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
