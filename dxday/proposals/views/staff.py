"""Pages: what was proposed, its diff, taking and returning it."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.programme import queries as programme
from dxday.proposals import foreseeing, queries, services, shown
from dxday.proposals.forms import DecideForm
from dxday.proposals.models import Proposal
from dxday.proposals.queries import Standing
from dxday.proposals.rules import SOURCE_NAMES, STATE_NAMES, Change, State
from dxday.web.access import requires
from dxday.web.filters import text
from dxday.web.forms import seen_version

bp = Blueprint("proposals", __name__, url_prefix="/manage/<edition_code>/programme/proposals")

STATE_SHAPES = {
    State.DRAFT: "neutral",
    State.OPEN: "warn",
    State.TAKEN: "good",
    State.RETURNED: "bad",
    State.WITHDRAWN: "neutral",
}
MOST_SHOWN = 300
"""How many changes the page shows; what is beyond is taken or returned with the rest."""


@bp.context_processor
def _names() -> dict[str, Any]:
    return {"state_names": STATE_NAMES, "state_shapes": STATE_SHAPES, "source_names": SOURCE_NAMES}


@bp.get("")
@requires(Permission.PROGRAMME_EDIT)
def index() -> ResponseReturnValue:
    return render_template("proposals/index.html", proposals=queries.list_proposals(g.edition.id))


@bp.route("/<int:proposal_id>", methods=["GET", "POST"])
@requires(Permission.PROGRAMME_EDIT)
def show(proposal_id: int) -> ResponseReturnValue:
    proposal = queries.get_proposal(g.edition.id, proposal_id)
    form = DecideForm(version=proposal.version)
    form.offer([change.key for change in queries.changes_of(proposal)])
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                _decide(proposal, form)
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
            proposal = queries.get_proposal(g.edition.id, proposal_id)
            form.version.data = str(proposal.version)
        else:
            flash(_decided(proposal), "success")
            return redirect(url_for(".show", proposal_id=proposal_id))
    return render_template("proposals/show.html", form=form, **_page(proposal)), status


def _decide(proposal: Proposal, form: DecideForm) -> None:
    given: dict[str, Any] = {
        "seen": seen_version(form.version),
        "answer": form.answer.data or "",
        "actor": g.actor,
        "now": clock.now(),
    }
    if request.form.get("act") == "return":
        services.return_proposal(proposal, g.edition, **given)
        return
    hidden = {change.key for change in queries.changes_of(proposal)[MOST_SHOWN:]}
    services.take_proposal(
        proposal,
        g.edition,
        chosen=hidden | set(form.chosen.data or []),
        override_reason=form.override_reason.data or "",
        **given,
    )


def _decided(proposal: Proposal) -> str:
    if proposal.state is State.RETURNED:
        return _("The proposal was returned with your answer.")
    return _("The changes are in the working programme. Visitors see them with the next release.")


def _page(proposal: Proposal) -> dict[str, Any]:
    changes = queries.changes_of(proposal)
    standings = queries.stand(g.edition.id, changes[:MOST_SHOWN], site_id=proposal.site_id)
    found = shown.show_all(g.edition, standings)
    is_open = proposal.state is State.OPEN
    return {
        "difference": foreseeing.foresee(g.edition.id, _all(proposal, changes, standings))
        if is_open
        else None,
        "proposal": proposal,
        "facts": proposal.facts or {},
        "unplaced": _unplaced(proposal.facts or {}),
        "groups": shown.group(found),
        "stale": [each for each in found if each.stale],
        "count": len(changes),
        "more": max(0, len(changes) - MOST_SHOWN),
        "is_open": is_open,
        "posted": request.method == "POST",
    }


def _all(proposal: Proposal, changes: list[Change], shown_ones: list[Standing]) -> list[Standing]:
    if len(changes) <= MOST_SHOWN:
        return shown_ones
    return queries.stand(g.edition.id, changes, site_id=proposal.site_id)


def _unplaced(facts: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return what automatic scheduling could not place: title, code, and why."""
    reasons = {each["session"]: each["reasons"] for each in facts.get("unplaced", [])[:MOST_SHOWN]}
    return [
        (text(session.title), session.code, [each["message"] for each in reasons[session.id]])
        for session in programme.list_sessions(g.edition.id, reasons)
    ]
