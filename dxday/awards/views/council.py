"""Pages on which the council's secretary reads dossiers and records what was decided."""

from io import BytesIO
from itertools import groupby

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters.storage import open_storage
from dxday.awards import queries, services
from dxday.awards.forms import ChooseForm, DecisionForm, DeclineForm
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.vietnamese import fold
from dxday.editions import queries as editions
from dxday.nominations import queries as nominations
from dxday.nominations import rules as nomination_rules
from dxday.nominations import services as nomination_services
from dxday.nominations.models import Nomination
from dxday.web.access import requires
from dxday.web.converters import row_id
from dxday.web.filters import local

bp = Blueprint("council", __name__, url_prefix="/council/<edition_code>")


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
        schemes=nominations.list_schemes(g.edition.id),
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
        attachments=nominations.list_attachments(nomination.id),
        history_entries=nominations.list_history(nomination),
        event_names=nomination_rules.EVENT_NAMES,
        award=queries.find_award_of(nomination.id),
    )


@bp.get("/nominations/<code>/files/<attachment_code>")
@requires(Permission.NOMINATION_VIEW)
def download(code: str, attachment_code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    attachment = nominations.get_attachment(nomination.id, attachment_code)
    storage = open_storage(current_app.extensions["dxday_settings"].storage_url)
    with db.transaction():
        data = nomination_services.hand_out(
            nomination, attachment, storage=storage, actor=g.actor, now=clock.now()
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
    awards = queries.awards_of(found.id)
    return render_template(
        "council/decision.html",
        decision=found,
        awards=awards,
        bases=sorted({award.category.scheme.legal_basis for award in awards}),
        documents=editions.list_documents(g.edition.id),
    )


@bp.route("/decisions/new", methods=["GET", "POST"])
@requires(Permission.DECISION_RECORD)
def record_decision() -> ResponseReturnValue:
    """First step: whom it honours.  The answer to it is the second step, `decide`."""
    waiting = nominations.list_before_council(g.edition.id, state=nomination_rules.State.SUBMITTED)
    form = ChooseForm(waiting, data={"nominations": request.args.getlist("chosen")})
    if form.validate_on_submit():
        chosen = nominations.list_by_codes(g.edition.id, form.nominations.data)
        last = queries.find_last_decision(g.edition.id)
        today = local(clock.now()).date()
        return _lines_page(DecisionForm.for_chosen(chosen, last=last, today=today), chosen)
    return render_template("council/choose.html", form=form, groups=_by_category(waiting))


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
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            chosen = nominations.list_by_codes(g.edition.id, form.lines())
        else:
            flash(_("Decision %(number)s was recorded.", number=made.number), "success")
            return redirect(url_for(".decision", decision_id=made.id))
    return _lines_page(form, chosen)


def _lines_page(form: DecisionForm, chosen: list[Nomination]) -> str:
    return render_template(
        "council/lines.html",
        form=form,
        chosen={each.code: each for each in chosen},
        bases=sorted({each.category.scheme.legal_basis for each in chosen}),
        documents=editions.list_documents(g.edition.id),
    )


def _by_category(found: list[Nomination]) -> list[tuple[object, list[Nomination]]]:
    """Put what comes ordered by category together: (category, its nominations)."""
    return [(category, list(each)) for category, each in groupby(found, key=lambda each: each.category)]


def _speaks_of(nomination: Nomination, text: str) -> bool:
    """Tell whether name, agency or code hold the words that are looked for, marks and capitals aside."""
    where = " ".join([nomination.nominee_name, nomination.code, *nomination.organisation_name.values()])
    return fold(text) in fold(where)
