"""Pages on which the council's secretary reads dossiers and records what was decided."""

from collections.abc import Container
from dataclasses import replace
from io import BytesIO
from itertools import groupby

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters.storage import Storage, open_storage
from dxday.appraisal import queries as appraisal
from dxday.appraisal.rules import HOLD_KIND_NAMES
from dxday.awards import document, operations, queries, rules, services
from dxday.awards import wording as wordings
from dxday.awards.forms import AnnouncementForm, ChooseForm, DecisionForm, DeclineForm
from dxday.awards.models import Decision
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.vietnamese import fold
from dxday.nominations import queries as nominations
from dxday.nominations import rules as nomination_rules
from dxday.nominations import services as nomination_services
from dxday.nominations.models import Nomination
from dxday.operations import services as requests
from dxday.schemes import queries as schemes
from dxday.web.access import requires
from dxday.web.converters import row_id
from dxday.web.filters import local
from dxday.web.forms import Form

bp = Blueprint("council", __name__, url_prefix="/council/<edition_code>")

OPEN_IN_DRAFT = {"number", "decided_on", "place", "signatory_name", "signatory_title", "compared"}
"""Fields that a draft may leave to a hand."""

TWICE = 60
"""Seconds within which a document that was asked for twice is made once."""


@bp.get("/")
@requires(Permission.NOMINATION_VIEW)
def index() -> ResponseReturnValue:
    wish, text = request.args.get("state", nomination_rules.State.SUBMITTED), request.args.get("q", "")
    state = nomination_rules.State(wish) if wish in set(nomination_rules.State) else None
    category_id = request.args.get("category", type=row_id)
    found = [
        each
        for each in nominations.list_before_council(g.edition.id, state=state, category_id=category_id)
        if _speaks_of(each, text)
    ]
    return render_template(
        "council/index.html",
        found=found,
        groups=_by_category(found),
        files=nominations.count_attachments(each.id for each in found),
        states=nomination_rules.STATE_NAMES,
        counts=nominations.count_states(g.edition.id),
        schemes=schemes.list_schemes(g.edition.id),
        state=state,
        category_id=category_id,
        text=text,
        call=g.edition.nominations,
        now=clock.now(),
    )


@bp.get("/nominations/<code>")
@requires(Permission.NOMINATION_VIEW)
def show(code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    with db.transaction():
        nomination_services.note_viewed(nomination, actor=g.actor, now=clock.now())
    return render_template(
        "council/show.html",
        nomination=nomination,
        attachments=nominations.list_attachments(nomination.id, sensitive=_may_read_sensitive()),
        history_entries=nominations.list_history(nomination),
        event_names=nomination_rules.EVENT_NAMES,
        award=queries.find_award_of(nomination.id),
    )


@bp.get("/nominations/<code>/files/<attachment_code>")
@requires(Permission.NOMINATION_VIEW)
def download(code: str, attachment_code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    attachment = nominations.get_attachment(nomination.id, attachment_code, sensitive=_may_read_sensitive())
    with db.transaction():
        data = nomination_services.hand_out(
            nomination, attachment, storage=_storage(), actor=g.actor, now=clock.now()
        )
    return send_file(
        BytesIO(data), attachment.media_type, as_attachment=True, download_name=attachment.filename
    )


@bp.route("/nominations/<code>/decline", methods=["GET", "POST"])
@requires(Permission.DECISION_RECORD)
def decline(code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    form = DeclineForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                nomination_services.decline_nomination(
                    nomination, reason=form.reason.data, actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The nomination of %(name)s was declined.", name=nomination.nominee_name), "success")
            return redirect(url_for(".show", code=nomination.code))
    nomination = nominations.get_before_council(g.edition.id, code)
    return render_template("council/decline.html", nomination=nomination, form=form)


@bp.get("/decisions")
@requires(Permission.NOMINATION_VIEW)
def decisions() -> ResponseReturnValue:
    return render_template("council/decisions.html", decisions=queries.list_decisions(g.edition.id))


@bp.get("/decisions/<int:decision_id>")
@requires(Permission.NOMINATION_VIEW)
def decision(decision_id: int) -> ResponseReturnValue:
    found = queries.get_decision(g.edition.id, decision_id)
    return render_template(
        "council/decision.html",
        decision=found,
        awards=queries.awards_of(found.id),
        kept=queries.find_document(found.id),
    )


@bp.post("/decisions/<int:decision_id>/document")
@requires(Permission.DECISION_RECORD)
def make_document(decision_id: int) -> ResponseReturnValue:
    found = queries.get_decision(g.edition.id, decision_id)
    if not Form().validate_on_submit():
        flash(_("This page had been open for too long. Please try once more."), "error")
        return redirect(url_for(".decision", decision_id=found.id))
    try:
        _keep_document(found)
    except Refusal as refusal:
        flash(str(refusal), "error")
    return redirect(url_for(".decision", decision_id=decision_id))


@bp.get("/decisions/<int:decision_id>/document.pdf")
@requires(Permission.NOMINATION_VIEW)
def document_pdf(decision_id: int) -> ResponseReturnValue:
    found = queries.get_decision(g.edition.id, decision_id)
    kept = queries.find_document(found.id)
    if kept is None:
        raise NotFound
    with db.transaction():
        data = services.hand_out_document(found, kept, storage=_storage(), actor=g.actor, now=clock.now())
    return _send_pdf(data, f"quyet-dinh-{found.id}.pdf")


@bp.route("/decisions/<int:decision_id>/announcement", methods=["GET", "POST"])
@requires(Permission.DECISION_RECORD)
def announcement(decision_id: int) -> ResponseReturnValue:
    """Announce a decision, or choose when it is announced."""
    found = queries.get_decision(g.edition.id, decision_id)
    planned = found.announce_at
    form = AnnouncementForm(
        data={
            "announce": (rules.Announcement.AT if planned else rules.Announcement.NOW).value,
            "announce_at": local(planned).replace(tzinfo=None) if planned else None,
        }
    )
    if form.validate_on_submit():
        now = clock.now()
        try:
            with db.transaction():
                if form.announce.data == rules.Announcement.NOW:
                    services.announce_decision(found, actor=g.actor, now=now)
                else:
                    services.put_off_announcement(found, announce_at=form.moment(now), actor=g.actor, now=now)
        except Refusal as refusal:
            form.refuse(refusal)
            found = queries.get_decision(g.edition.id, decision_id)
        else:
            _tell_announced(found)
            return redirect(url_for(".decision", decision_id=decision_id))
    return render_template("council/announcement.html", decision=found, form=form)


@bp.route("/decisions/new", methods=["GET", "POST"])
@requires(Permission.DECISION_RECORD)
def record_decision() -> ResponseReturnValue:
    """First step: whom it honours.  The answer to it is the second step, `decide`."""
    waiting = queries.in_rank_order(nominations.list_to_decide(g.edition.id), viewer_id=g.actor.account_id)
    holds = appraisal.map_holds(g.edition, waiting, now=clock.now())
    form = ChooseForm(
        waiting,
        data={"nominations": request.args.getlist("chosen") or _approved(waiting, without=holds)},
    )
    if form.validate_on_submit():
        chosen = nominations.list_by_codes(g.edition.id, form.nominations.data)
        proposed = DecisionForm.for_chosen(
            chosen,
            wording=wordings.propose(g.edition, chosen),
            last=queries.find_last_decision(g.edition.id),
            today=local(clock.now()).date(),
        )
        return _lines_page(proposed, chosen)
    return render_template(
        "council/choose.html",
        form=form,
        groups=_by_category(waiting),
        holds=holds,
        hold_kinds=HOLD_KIND_NAMES,
    )


@bp.route("/decisions/new/lines", methods=["GET", "POST"])
@requires(Permission.DECISION_RECORD)
def decide() -> ResponseReturnValue:
    """Second step: the decision as it stands on paper, and the lines; it is recorded from here."""
    if request.method == "GET":
        return redirect(url_for(".record_decision"))
    form = DecisionForm()
    chosen = nominations.list_by_codes(g.edition.id, form.lines())
    if len(chosen) < len(form.awards):
        raise NotFound
    if form.validate_on_submit():
        now = clock.now()
        try:
            with db.transaction():
                made = services.record_decision(
                    g.edition,
                    number=form.number.data,
                    decided_on=form.decided_on.data,
                    signatory_name=form.signatory_name.data,
                    signatory_title=form.signatory_title.data,
                    place=form.place.data,
                    awards=[(each, form.lines()[each.code]) for each in chosen],
                    wording=form.wording(),
                    announce_at=form.moment(now),
                    actor=g.actor,
                    now=now,
                )
        except Refusal as refusal:
            form.refuse(refusal)
            chosen = nominations.list_by_codes(g.edition.id, form.lines())
        else:
            flash(_("Decision %(number)s was recorded.", number=made.number), "success")
            _keep_document(made)
            return redirect(url_for(".decision", decision_id=made.id))
    return _lines_page(form, chosen)


@bp.post("/decisions/new/document.pdf")
@requires(Permission.DECISION_RECORD)
def preview() -> ResponseReturnValue:
    """Show the document as it would be; what comes with the signature may be open.  Nothing is kept."""
    form = DecisionForm()
    chosen = nominations.list_by_codes(g.edition.id, form.lines())
    if not chosen or len(chosen) < len(form.awards):
        raise NotFound
    form.validate_on_submit()
    if set(form.errors) - OPEN_IN_DRAFT:
        return _lines_page(form, chosen)
    head = document.Head(
        form.number.data or "",
        form.decided_on.data,
        form.place.data or "",
        form.signatory_name.data or "",
        form.signatory_title.data or "",
    )
    words = replace(form.wording(), annexes=wordings.annexes_of([each.category for each in chosen]))
    data = document.draw(
        head, words, document.honoured_of(chosen, form.lines()), made_at=clock.now().replace(microsecond=0)
    )
    return _send_pdf(data, "du-thao-quyet-dinh.pdf")


def _may_read_sensitive() -> bool:
    may: bool = g.actor.may(Permission.DOSSIER_APPRAISE, edition_id=g.edition.id)
    return may


def _lines_page(form: DecisionForm, chosen: list[Nomination]) -> str:
    return render_template(
        "council/lines.html",
        form=form,
        chosen={each.code: each for each in chosen},
        sources=wordings.list_sources(chosen),
        over=queries.list_over_quota(chosen),
    )


def _approved(waiting: list[Nomination], *, without: Container[int]) -> list[str]:
    """Return whom a ballot approved and no hold stands against: the ones that a decision is usually for."""
    return [
        each.code
        for each in waiting
        if each.state is nomination_rules.State.APPROVED and each.id not in without
    ]


def _keep_document(decision: Decision) -> None:
    """Draw and keep the document, or let a worker do it where it takes long.  Raises WordsMissing, DocumentMade."""
    rules.check_has_words(decision.articles)
    awards, now = queries.awards_of(decision.id), clock.now()
    if len(awards) > operations.MOST_AT_ONCE:
        with db.transaction():
            requests.request_operation(
                operations.DOCUMENT,
                key=f"decision-document:{decision.id}:{now.timestamp() // TWICE:.0f}",
                edition_id=decision.edition_id,
                arguments={"decision": decision.id},
                actor=g.actor,
                now=now,
            )
        flash(_("The document is being made; it is on this page in a minute or so."), "info")
        return
    data = document.draw_decision(decision, awards)
    with db.transaction():
        services.keep_document(decision, data, storage=_storage(), actor=g.actor, now=now)
    flash(_("The document is made."), "success")


def _tell_announced(decision: Decision) -> None:
    if decision.is_announced:
        flash(_("Decision %(number)s is announced.", number=decision.number), "success")
    elif decision.announce_at:
        flash(_("Decision %(number)s will be announced at that moment.", number=decision.number), "success")
    else:
        flash(_("Decision %(number)s waits until you announce it.", number=decision.number), "success")


def _send_pdf(data: bytes, name: str) -> ResponseReturnValue:
    response = Response(data, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _storage() -> Storage:
    return open_storage(current_app.extensions["dxday_settings"].storage_url)


def _by_category(found: list[Nomination]) -> list[tuple[object, list[Nomination]]]:
    """Put what comes ordered by category together: (category, its nominations)."""
    return [(category, list(each)) for category, each in groupby(found, key=lambda each: each.category)]


def _speaks_of(nomination: Nomination, text: str) -> bool:
    """Tell whether name, agency or code hold the words that are looked for, marks and capitals aside."""
    where = " ".join([nomination.nominee_name, nomination.code, *nomination.organisation_name.values()])
    return fold(text) in fold(where)
