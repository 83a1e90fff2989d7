"""Pages on which the council's secretary leads a ballot from its rules to its minutes."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Blueprint, current_app, flash, g, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.adapters.pdf import render_official
from dxday.adapters.storage import open_storage
from dxday.appraisal import queries as appraisal
from dxday.ballots import minutes as minutes_sheet
from dxday.ballots import queries, reports, rules, services
from dxday.ballots.forms import MinutesForm, PrepareForm, ReasonForm, WrittenForm, votes_form
from dxday.ballots.models import Ballot
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.council.rules import SEAT_KIND_NAMES, SeatKind
from dxday.schemes.rules import TIE_BREAK_NAMES
from dxday.web.access import requires
from dxday.web.filters import local
from dxday.web.forms import Form

bp = Blueprint("ballots", __name__, url_prefix="/council/<edition_code>/ballots")

STATE_SHAPES = {
    rules.State.PREPARED: "neutral",
    rules.State.OPEN: "warn",
    rules.State.COUNTED: "info",
    rules.State.CLOSED: "good",
    rules.State.CANCELLED: "bad",
}
OUTCOME_SHAPES = {
    rules.Outcome.APPROVED: "good",
    rules.Outcome.NOT_APPROVED: "bad",
    rules.Outcome.ANOTHER_ROUND: "warn",
    rules.Outcome.NO_QUORUM: "warn",
    rules.Outcome.LEFT: "neutral",
    rules.Outcome.HELD: "warn",
}
NAMES: dict[str, Any] = {
    "state_names": rules.STATE_NAMES,
    "state_shapes": STATE_SHAPES,
    "round_state_names": rules.ROUND_STATE_NAMES,
    "outcome_names": rules.OUTCOME_NAMES,
    "outcome_shapes": OUTCOME_SHAPES,
    "choice_names": rules.CHOICE_NAMES,
    "channel_names": rules.CHANNEL_NAMES,
    "tie_break_names": TIE_BREAK_NAMES,
    "seat_kind_names": SEAT_KIND_NAMES,
}
"""What both blueprints say in their templates."""


@bp.context_processor
def _names() -> dict[str, Any]:
    return NAMES


@bp.get("")
@requires(Permission.COUNCIL_MANAGE)
def index() -> ResponseReturnValue:
    return render_template("ballots/index.html", ballots=queries.list_ballots(g.edition.id))


@bp.route("/new", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def new() -> ResponseReturnValue:
    schemes = {scheme.code: scheme for scheme in queries.list_schemes_with_ballot(g.edition.id)}
    form = PrepareForm()
    form.offer(schemes.values())
    if form.validate_on_submit():
        if form.scheme.data not in schemes:
            raise NotFound
        try:
            with db.transaction():
                made = services.prepare_ballot(schemes[form.scheme.data], actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The ballot is prepared. Read its rules, then open the first round."), "success")
            return redirect(url_for(".show", ballot_id=made.id))
    return render_template("ballots/new.html", form=form, schemes=list(schemes.values()))


@bp.get("/<int:ballot_id>")
@requires(Permission.COUNCIL_MANAGE)
def show(ballot_id: int) -> ResponseReturnValue:
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    fixed = ballot.opened_at is not None
    admitted = [] if fixed else queries.list_admitted(ballot.scheme_id)
    return render_template(
        "ballots/show.html",
        ballot=ballot,
        report=reports.report_of(ballot),
        terms=ballot.terms if fixed else services.terms_of(ballot.scheme),
        admitted=admitted,
        held=appraisal.list_held(g.edition, admitted, now=clock.now()),
        obstacles=[] if fixed else services.find_obstacles(ballot.scheme_id, now=clock.now()),
        seats=len(queries.list_seats(ballot.council_id, local(clock.now()).date())),
        minutes=queries.find_minutes(ballot.id),
        needed=rules.needed,
    )


@bp.post("/<int:ballot_id>/open")
@requires(Permission.COUNCIL_MANAGE)
def open_round(ballot_id: int) -> ResponseReturnValue:
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    return _act(ballot, services.open_round, _("The round is open. The members can vote."))


@bp.post("/<int:ballot_id>/count")
@requires(Permission.COUNCIL_MANAGE)
def count(ballot_id: int) -> ResponseReturnValue:
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    return _act(ballot, services.count_round, _("The round is counted."))


@bp.post("/<int:ballot_id>/close")
@requires(Permission.COUNCIL_MANAGE)
def close(ballot_id: int) -> ResponseReturnValue:
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    return _act(
        ballot, services.close_ballot, _("The ballot is closed, and its outcome stands in the dossiers.")
    )


@bp.route("/<int:ballot_id>/annul", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def annul(ballot_id: int) -> ResponseReturnValue:
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    return _with_reason(ballot, services.annul_round, "annul", _("The round is annulled. Repeat it."))


@bp.route("/<int:ballot_id>/cancel", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def cancel(ballot_id: int) -> ResponseReturnValue:
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    return _with_reason(ballot, services.cancel_ballot, "cancel", _("The ballot is cancelled."))


@bp.route("/<int:ballot_id>/written", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def written(ballot_id: int) -> ResponseReturnValue:
    """Of whom written votes came; in a ballot by name, also what they say."""
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    current = reports.report_of(ballot).current
    waiting = current.absent if current else []
    if ballot.secret:
        form: Any = WrittenForm()
        form.offer(waiting)
    else:
        form = votes_form(_live_items(ballot), on_paper=True, senders=waiting)
    if form.validate_on_submit():
        try:
            with db.transaction():
                _enter_written(ballot, form)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The written votes are noted."), "success")
            return redirect(url_for(".show", ballot_id=ballot.id))
        ballot = queries.get_ballot(g.edition.id, ballot_id)
    return render_template("ballots/written.html", ballot=ballot, form=form, waiting=waiting)


@bp.route("/<int:ballot_id>/papers", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def papers(ballot_id: int) -> ResponseReturnValue:
    """What one written paper says, without a word of whose it is."""
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    form = votes_form(_live_items(ballot), on_paper=True)
    if form.validate_on_submit():
        try:
            with db.transaction():
                receipt = services.enter_paper(ballot, form.votes(), actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(
                _(
                    "The paper is in the urn. Write its receipt on it: %(receipt)s",
                    receipt=rules.group_receipt(receipt),
                ),
                "success",
            )
            return redirect(url_for(".papers", ballot_id=ballot.id))
        ballot = queries.get_ballot(g.edition.id, ballot_id)
    current = reports.report_of(ballot).current
    return render_template(
        "ballots/papers.html", ballot=ballot, form=form, senders=len(current.written) if current else 0
    )


@bp.get("/<int:ballot_id>/report")
@requires(Permission.COUNCIL_MANAGE)
def report(ballot_id: int) -> ResponseReturnValue:
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    return render_template("ballots/report.html", ballot=ballot, report=reports.report_of(ballot))


@bp.route("/<int:ballot_id>/minutes", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def minutes(ballot_id: int) -> ResponseReturnValue:
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    found = reports.report_of(ballot)
    form = MinutesForm(data=_proposed(found))
    if form.validate_on_submit():
        now = clock.now()
        try:
            # Drawn before the transaction: it takes a second, and a closed ballot does not change any more.
            rules.check_state(ballot.state, wanted=rules.State.CLOSED)
            data = _draw(found, form)
            with db.transaction():
                services.keep_minutes(
                    ballot, data, number=form.number.data or "", storage=_storage(), actor=g.actor, now=now
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The minutes are written."), "success")
            return redirect(url_for(".show", ballot_id=ballot.id))
        ballot = queries.get_ballot(g.edition.id, ballot_id)
    return render_template(
        "ballots/minutes.html", ballot=ballot, form=form, minutes=queries.find_minutes(ballot.id)
    )


@bp.get("/<int:ballot_id>/minutes.pdf")
@requires(Permission.COUNCIL_MANAGE)
def minutes_pdf(ballot_id: int) -> ResponseReturnValue:
    ballot = queries.get_ballot(g.edition.id, ballot_id)
    kept = queries.find_minutes(ballot.id)
    if kept is None:
        raise NotFound
    with db.transaction():
        data = services.hand_out_minutes(ballot, kept, storage=_storage(), actor=g.actor, now=clock.now())
    return send_file(
        BytesIO(data), "application/pdf", as_attachment=True, download_name=f"bien-ban-{ballot.id}.pdf"
    )


def _act(ballot: Ballot, service: Callable[..., object], done: str) -> ResponseReturnValue:
    """Do what a button asks; a refusal is said on the page of the ballot, since the button has no form."""
    if not Form().validate_on_submit():
        flash(_("This page had been open for too long. Please try once more."), "error")
        return redirect(url_for(".show", ballot_id=ballot.id))
    try:
        with db.transaction():
            service(ballot, actor=g.actor, now=clock.now())
    except Refusal as refusal:
        flash(str(refusal), "error")
    else:
        flash(done, "success")
    return redirect(url_for(".show", ballot_id=ballot.id))


def _with_reason(ballot: Ballot, service: Callable[..., object], act: str, done: str) -> ResponseReturnValue:
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                service(ballot, reason=form.reason.data, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(done, "success")
            return redirect(url_for(".show", ballot_id=ballot.id))
        ballot = queries.get_ballot(g.edition.id, ballot.id)
    return render_template("ballots/reason.html", ballot=ballot, form=form, act=act)


def _enter_written(ballot: Ballot, form: Any) -> None:
    given: dict[str, Any] = {"actor": g.actor, "now": clock.now()}
    if ballot.secret:
        services.enter_written_voters(ballot, [int(each) for each in form.members.data], **given)
    else:
        services.enter_written_vote(ballot, int(form.sender.data), form.votes(), **given)


def _live_items(ballot: Ballot) -> list[Any]:
    """Return what is voted on in the open round."""
    current = reports.report_of(ballot).current
    if current is None:
        return []
    return reports.items_asked(current, g.edition, clock.now())


def _proposed(found: reports.Report) -> dict[str, str]:
    """Return the names that the roll of the last round gives for chair and secretary."""
    roll = found.counted[-1].roll if found.counted else []
    names = {seat.kind: seat.full_name for seat in roll if seat.full_name}
    return {
        "chaired_by": names.get(SeatKind.CHAIR, ""),
        "written_by": names.get(SeatKind.SECRETARY, g.actor.label),
    }


def _draw(found: reports.Report, form: MinutesForm) -> bytes:
    names = {"chaired_by": form.chaired_by.data, "written_by": form.written_by.data}
    paper = minutes_sheet.paper_of(
        found, g.edition, number=form.number.data or "", place=form.place.data, **names
    )
    facts = minutes_sheet.facts_of(found, g.edition, remarks=form.remarks.data or "", **names)
    title = f"{paper.kind}: {paper.about}"
    html = render_template("pdf/minutes.html", paper=paper, title=title, **facts)
    assert found.ballot.closed_at is not None
    return render_official(html, title=title, made_at=found.ballot.closed_at)


def _storage() -> Any:
    return open_storage(current_app.extensions["dxday_settings"].storage_url)
