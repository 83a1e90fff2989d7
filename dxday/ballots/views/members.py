"""Pages on which a member of the council votes, and finds the own vote in the count."""

from typing import Any

from flask import Blueprint, flash, g, make_response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.ballots import queries, reports, rules, services
from dxday.ballots.forms import ReceiptForm, votes_form
from dxday.ballots.models import Ballot, BallotItem
from dxday.ballots.views.secretary import NAMES
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.council import queries as councils
from dxday.web.access import requires
from dxday.web.filters import local

bp = Blueprint("voting", __name__, url_prefix="/sit/<edition_code>/ballots")

_SHOWN_ONCE = "ballot_receipt"
"""Where the member's own browser keeps a receipt until the next page; we keep it nowhere."""


@bp.context_processor
def _names() -> dict[str, Any]:
    return NAMES


@bp.get("")
@requires(Permission.COUNCIL_SIT)
def index() -> ResponseReturnValue:
    ballots = queries.list_ballots_of(g.edition.id, g.actor.account_id, local(clock.now()).date())
    return render_template("voting/index.html", ballots=ballots)


@bp.route("/<int:ballot_id>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_SIT)
def show(ballot_id: int) -> ResponseReturnValue:
    ballot = _mine(ballot_id)
    found = _report(ballot)
    asked = _asked(found)
    form = votes_form(asked, data={"receipt": rules.new_receipt()})
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.cast_vote(
                    ballot,
                    votes=form.votes(),
                    receipt=form.receipt.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            form.receipt.data = rules.new_receipt()
            ballot = _mine(ballot_id)
            found = _report(ballot)
        else:
            if ballot.secret:
                session[_SHOWN_ONCE] = [ballot.id, form.receipt.data, True]
                return redirect(url_for(".receipt", ballot_id=ballot.id))
            flash(_("Your vote is in. Thank you."), "success")
            return redirect(url_for(".show", ballot_id=ballot.id))
    response = make_response(
        render_template(
            "voting/show.html",
            ballot=ballot,
            report=found,
            form=form,
            asked=asked,
            voted=_has_voted(found),
            needed=rules.needed,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/<int:ballot_id>/receipt", methods=["GET", "POST"])
@requires(Permission.COUNCIL_SIT)
def receipt(ballot_id: int) -> ResponseReturnValue:
    """The receipt once after voting; later the place where one finds the own vote by it."""
    ballot = _mine(ballot_id)
    if not ballot.secret:
        raise NotFound
    form = ReceiptForm()
    if form.validate_on_submit():
        try:
            written = rules.read_receipt(form.receipt.data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            # Past the address, which servers write down.
            session[_SHOWN_ONCE] = [ballot.id, written, False]
            return redirect(url_for(".receipt", ballot_id=ballot.id))
    shown, new = _shown_once(ballot)
    report = _report(ballot)
    response = make_response(
        render_template(
            "voting/receipt.html",
            ballot=ballot,
            form=form,
            receipt=rules.group_receipt(shown) if shown else None,
            new=new,
            found=_find(report, shown) if shown else [],
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/<int:ballot_id>/report")
@requires(Permission.COUNCIL_SIT)
def report(ballot_id: int) -> ResponseReturnValue:
    ballot = _mine(ballot_id)
    return render_template("ballots/report.html", ballot=ballot, report=_report(ballot))


def _mine(ballot_id: int) -> Ballot:
    day = local(clock.now()).date()
    return queries.get_ballot_of(g.edition.id, ballot_id, g.actor.account_id, day)


def _report(ballot: Ballot) -> reports.Report:
    """Return the ballot without what the member must keep away from."""
    return reports.report_of(ballot, hidden=councils.list_conflicts_of(g.actor.account_id, ballot.edition_id))


def _asked(found: reports.Report) -> list[BallotItem]:
    """Return what the member votes on now; nothing when they are not on the roll."""
    current = found.current
    if current is None or not any(seat.account_id == g.actor.account_id for seat in current.roll):
        return []
    return reports.items_asked(current, g.edition, clock.now())


def _has_voted(found: reports.Report) -> bool:
    current = found.current
    return current is not None and any(seat.account_id == g.actor.account_id for seat in current.voted)


def _shown_once(ballot: Ballot) -> tuple[str | None, bool]:
    kept = session.pop(_SHOWN_ONCE, None)
    if not kept or kept[0] != ballot.id:
        return None, False
    return kept[1], kept[2]


def _find(
    found: reports.Report, receipt: str
) -> list[tuple[reports.RoundReport, list[tuple[Any, str, Any]]]]:
    """Return the votes that the receipt leads to, by round: (item, code, vote, or None before the count)."""
    there = []
    for each in found.rounds:
        codes = {
            rules.slip_code(receipt, round_id=each.round.id, nomination_code=tally.item.code): tally.item
            for tally in each.tallies
        }
        votes = queries.find_votes(codes)
        if votes:
            counted = each.round.state is rules.RoundState.COUNTED
            lines = [
                (item, code, votes[code] if counted else None)
                for code, item in codes.items()
                if code in votes
            ]
            there.append((each, lines))
    return there
