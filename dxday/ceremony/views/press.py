"""Press summaries: for the secretary, for the agency's officer, and the page that a mailed link opens."""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters import spreadsheets
from dxday.ceremony import rules
from dxday.ceremony.forms import ActForm, PressAnswerForm, SummaryForm
from dxday.ceremony.models import PressSummary
from dxday.ceremony.queries import press as queries
from dxday.ceremony.rules import PRESS_STATE_NAMES, PressState
from dxday.ceremony.services import pressing
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.editions.models import Edition
from dxday.web.access import open_to_all, requires
from dxday.web.converters import row_id
from dxday.web.filters import day_short, text
from dxday.web.forms import seen_version
from dxday.web.limits import limiter

staff_bp = Blueprint("press", __name__, url_prefix="/manage/<edition_code>/press")
agency_bp = Blueprint("press_agency", __name__, url_prefix="/agency/<edition_code>/press")
answer_bp = Blueprint("press_answer", __name__, url_prefix="/my/press")

PAGE = 50


@staff_bp.get("/")
@requires(Permission.CEREMONY_MANAGE)
def index() -> ResponseReturnValue:
    wish = request.args.get("state", "")
    state = PressState(wish) if wish in set(PressState) else None
    counts = queries.count_states(g.edition.id)
    total = counts[state] if state else sum(counts.values())
    pages = max(1, -(-total // PAGE))
    page = min(max(request.args.get("page", 1, type=row_id), 1), pages)
    return render_template(
        "press/index.html",
        summaries=queries.list_summaries(g.edition.id, state=state, page=page, size=PAGE),
        counts=counts,
        state=state,
        states=PRESS_STATE_NAMES,
        missing=len(queries.list_without_summary(g.edition.id)),
        page=page,
        pages=pages,
        total=total,
        now=clock.now(),
    )


@staff_bp.post("/draft")
@requires(Permission.CEREMONY_MANAGE)
def draft() -> ResponseReturnValue:
    if ActForm().validate_on_submit():
        with db.transaction():
            drafted = pressing.draft_missing(g.edition, actor=g.actor, now=clock.now())
        flash(_("%(number)s summaries were drafted.", number=drafted), "success")
    return redirect(url_for(".index"))


@staff_bp.post("/send")
@requires(Permission.CEREMONY_MANAGE)
def send_all() -> ResponseReturnValue:
    if ActForm().validate_on_submit():
        with db.transaction():
            sent = pressing.send_all(g.edition, actor=g.actor, now=clock.now())
        flash(_("%(number)s letters are on their way.", number=sent), "success")
    return redirect(url_for(".index"))


@staff_bp.route("/<award_code>", methods=["GET", "POST"])
@requires(Permission.CEREMONY_MANAGE)
def edit(award_code: str) -> ResponseReturnValue:
    summary = queries.get_summary(g.edition.id, award_code)
    form = SummaryForm(data={"seen": summary.version, "text": summary.text})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                pressing.change_text(
                    summary,
                    form.text.data or "",
                    seen=seen_version(form.seen),
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            summary = queries.get_summary(g.edition.id, award_code)
            form.seen.data = str(summary.version)
        else:
            flash(_("%(name)s: saved.", name=summary.award.recipient_name), "success")
            return redirect(url_for(".edit", award_code=award_code))
    now = clock.now()
    return render_template(
        "press/edit.html",
        summary=summary,
        form=form,
        states=PRESS_STATE_NAMES,
        most=rules.SUMMARY_WORDS,
        run_out=summary.state is PressState.SENT and not queries.is_open(summary, now),
    ), status


@staff_bp.post("/<award_code>/send")
@requires(Permission.CEREMONY_MANAGE)
def send(award_code: str) -> ResponseReturnValue:
    summary = queries.get_summary(g.edition.id, award_code)
    if ActForm().validate_on_submit():
        try:
            with db.transaction():
                pressing.send(
                    summary,
                    actor=g.actor,
                    now=clock.now(),
                    in_confidence=request.form.get("in_confidence") == "yes",
                )
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(_("The letter is on its way."), "success")
    return redirect(url_for(".edit", award_code=award_code))


@staff_bp.get("/sheet")
@requires(Permission.CEREMONY_MANAGE)
def sheet() -> ResponseReturnValue:
    return render_template(
        "press/sheet.html", summaries=queries.list_summaries(g.edition.id, state=PressState.APPROVED)
    )


@staff_bp.get("/export.csv")
@requires(Permission.CEREMONY_MANAGE)
def export() -> ResponseReturnValue:
    rows: list[list[str | int]] = [
        [
            _("No."),
            _("Name"),
            _("Position and unit, or address"),
            _("Agency"),
            _("Award"),
            _("Decision"),
            _("Date"),
            _("Words for the press"),
        ]
    ]
    for number, each in enumerate(queries.list_summaries(g.edition.id, state=PressState.APPROVED), start=1):
        award = each.award
        rows.append(
            [
                number,
                award.recipient_name,
                award.recipient_position,
                text(award.organisation_name),
                text(award.category.scheme.name),
                award.decision.number,
                day_short(award.decision.decided_on),
                each.text,
            ]
        )
    name = f"{g.edition.code}-press.csv"
    return Response(
        spreadsheets.write("csv", rows),
        content_type=spreadsheets.MEDIA_TYPES["csv"],
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@agency_bp.get("/")
@requires(Permission.NOMINATION_WRITE)
def own() -> ResponseReturnValue:
    found = queries.list_summaries(g.edition.id, organisation_ids=_mine())
    return render_template(
        "press/agency.html",
        summaries=[each for each in found if each.state is not PressState.DRAFT],
        states=PRESS_STATE_NAMES,
    )


@agency_bp.route("/<award_code>", methods=["GET", "POST"])
@requires(Permission.NOMINATION_WRITE)
def answer(award_code: str) -> ResponseReturnValue:
    summary = _own(award_code)
    form = PressAnswerForm()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                _answer_for_agency(summary, form)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            summary = _own(award_code)
        else:
            flash(_("Thank you, your answer was noted"), "success")
            return redirect(url_for(".own"))
    form.seen.data = str(summary.version)
    return render_template("press/answer.html", summary=summary, form=form, states=PRESS_STATE_NAMES), status


def _answer_for_agency(summary: PressSummary, form: PressAnswerForm) -> None:
    by: dict[str, Any] = {"seen": seen_version(form.seen), "actor": g.actor, "now": clock.now()}
    if form.answer.data == "approve":
        pressing.approve(summary, **by)
    else:
        pressing.want_changes(summary, remark=form.remark.data or "", **by)


def _mine() -> frozenset[int]:
    return frozenset(g.actor.organisation_ids(Permission.NOMINATION_WRITE, edition_id=g.edition.id))


def _own(award_code: str) -> PressSummary:
    """Return a summary that was sent, of the officer's own agency and an announced decision.

    Raises NotFound for any other.
    """
    summary = queries.get_summary(g.edition.id, award_code)
    award = summary.award
    if (
        award.nomination.organisation_id not in _mine()
        or not award.decision.is_announced
        or summary.state is PressState.DRAFT
    ):
        raise NotFound
    return summary


@answer_bp.after_request
def keep_out_of_caches(response: Response) -> Response:
    """Keep addresses that carry a token out of caches, search engines and the logs of others."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@answer_bp.get("/done")
@open_to_all
def done() -> ResponseReturnValue:
    return render_template("press/done.html")


@answer_bp.route("/<token>", methods=["GET", "POST"])
@open_to_all
@limiter.limit("120 per minute", methods=["GET"])
@limiter.limit("20 per minute", methods=["POST"])
def show(token: str) -> ResponseReturnValue:
    try:
        summary = queries.get_asked(token, clock.now())
    except rules.PressLinkNotOpen as refusal:
        return render_template("press/closed.html"), refusal.status
    g.edition = db.db.session.get_one(Edition, summary.edition_id)
    form = PressAnswerForm()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                _answer_by_link(summary, form)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            return redirect(url_for(".done"))
    form.seen.data = str(summary.version)
    return render_template("press/link.html", summary=summary, form=form, token=token), status


def _answer_by_link(summary: PressSummary, form: PressAnswerForm) -> None:
    seen = seen_version(form.seen)
    if form.answer.data == "approve":
        pressing.approve_by_link(summary, seen=seen, now=clock.now())
    else:
        pressing.want_changes_by_link(summary, remark=form.remark.data or "", seen=seen, now=clock.now())
