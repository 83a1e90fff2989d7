"""The page that a mailed link opens: the dossier to read, and the answer of the one who was asked to endorse it."""

from io import BytesIO

from flask import Blueprint, Response, current_app, g, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters.storage import open_storage
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.nominations import content, queries, rules, services
from dxday.nominations.forms import AnswerForm
from dxday.nominations.models import Endorsement, Nomination
from dxday.nominations.services import endorsing
from dxday.web.access import open_to_all
from dxday.web.limits import limiter

bp = Blueprint("endorse", __name__)


@bp.after_request
def keep_out_of_caches(response: Response) -> Response:
    """Keep addresses that carry a token out of caches, search engines and the logs of others."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.get("/endorse/done")
@open_to_all
def done() -> ResponseReturnValue:
    return render_template("endorse/done.html")


@bp.route("/endorse/<token>", methods=["GET", "POST"])
@open_to_all
@limiter.limit("120 per minute", methods=["GET"])
@limiter.limit("20 per minute", methods=["POST"])
def show(token: str) -> ResponseReturnValue:
    now = clock.now()
    form = AnswerForm()
    try:
        endorsement, nomination = queries.get_asked(token, now)
    except rules.LinkNotOpen:
        if _was_answered_so(token, form):
            return redirect(url_for(".done"))
        return render_template("endorse/closed.html"), rules.LinkNotOpen.status
    g.edition = queries.get_edition_of(nomination)
    if form.validate_on_submit():
        try:
            with db.transaction():
                _answer(endorsement, form)
        except rules.LinkNotOpen:
            return redirect(url_for(".done"))
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for(".done"))
    else:
        with db.transaction():
            endorsing.note_viewed(endorsement, nomination, now=now)
    said = content.read_content(nomination, sensitive=False)
    form.seen.data = said.sha256
    return render_template(
        "endorse/show.html",
        form=form,
        token=token,
        endorsement=endorsement,
        nomination=nomination,
        content=said,
        withheld=any(each.sensitive for section in queries.layout_of(nomination) for each in section.fields),
        chain=queries.list_chain(nomination.id),
        now=now,
    )


@bp.get("/endorse/<code>/files/<attachment_code>")
@open_to_all
@limiter.limit("60 per minute")
def download(code: str, attachment_code: str) -> ResponseReturnValue:
    now = clock.now()
    try:
        endorsement, nomination = queries.get_asked(code, now)
    except rules.LinkNotOpen:
        return render_template("endorse/closed.html"), rules.LinkNotOpen.status
    attachment = queries.get_attachment(nomination.id, attachment_code, sensitive=False)
    with db.transaction():
        data = services.hand_out(
            nomination,
            attachment,
            storage=open_storage(current_app.extensions["dxday_settings"].storage_url),
            actor=endorsing.holder_of(endorsement),
            now=now,
        )
    return send_file(
        BytesIO(data), attachment.media_type, as_attachment=True, download_name=attachment.filename
    )


def _answer(endorsement: Endorsement, form: AnswerForm) -> None:
    seen = form.seen.data or ""
    if form.answer.data == "endorse":
        endorsing.endorse(endorsement, seen=seen, now=clock.now())
    else:
        endorsing.send_back(endorsement, remark=form.remark.data or "", seen=seen, now=clock.now())


def _was_answered_so(token: str, form: AnswerForm) -> bool:
    """Tell whether this is the second click of one that was answered, with the same answer: it changes nothing."""
    found: tuple[Endorsement, Nomination] | None = queries.find_by_token(token)
    answers = {
        rules.EndorsementState.ENDORSED: "endorse",
        rules.EndorsementState.DECLINED: "send_back",
    }
    return (
        found is not None
        and found[0].state in answers
        and form.validate_on_submit()
        and form.answer.data == answers[found[0].state]
    )
