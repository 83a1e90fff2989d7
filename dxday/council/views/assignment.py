"""Pages on which the secretary has an assignment proposed, looks at it, and takes, changes or drops it."""

import secrets
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.council import queries, shown
from dxday.council.forms import MOST_SEED, PairForm, ProposeForm, ReadersForm, VersionForm
from dxday.council.models import Council
from dxday.council.services import assignment as services
from dxday.council.views.shared import member, only_council, sitting
from dxday.nominations.models import Nomination
from dxday.web.access import requires

bp = Blueprint("assignment", __name__, url_prefix="/council/<edition_code>/assignment")


@bp.get("/")
@requires(Permission.COUNCIL_MANAGE)
def index() -> ResponseReturnValue:
    return only_council(".show")


@bp.get("/<council_code>/")
@requires(Permission.COUNCIL_MANAGE)
def show(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    problem = services.problem_of(council, keep=True, now=clock.now())
    lines, loads = shown.compare(problem, problem.existing or {})
    return render_template(
        "assignment/show.html",
        councils=queries.list_councils(g.edition.id),
        council=council,
        run=queries.find_open_run(council.id),
        pairs=queries.list_avoid_pairs(council.id),
        form=ProposeForm(data={"keep": True}),
        button=VersionForm(),
        **_table(council, problem, lines, loads),
    )


@bp.post("/<council_code>/propose")
@requires(Permission.COUNCIL_MANAGE)
def propose(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    form = ProposeForm()
    if not form.validate_on_submit():
        flash(_("Write a number from %(min)s to %(max)s.", min=0, max=MOST_SEED), "error")
        return redirect(url_for(".show", council_code=council.code))
    seed = form.seed.data if form.seed.data is not None else secrets.randbelow(MOST_SEED + 1)
    with db.transaction():
        services.propose_assignment(council, seed=seed, keep=form.keep.data, actor=g.actor, now=clock.now())
    return redirect(url_for(".proposal", council_code=council.code))


@bp.get("/<council_code>/proposal")
@requires(Permission.COUNCIL_MANAGE)
def proposal(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    run = queries.get_run(council.id)
    problem = services.problem_of(council, keep=True, now=clock.now())
    lines, loads = shown.compare(problem, shown.readers_in(run.pairs))
    everything = request.args.get("all") == "1"
    return render_template(
        "assignment/proposal.html",
        council=council,
        run=run,
        everything=everything,
        changed=sum(1 for line in lines if line.is_changed),
        lacking=[line for line in lines if line.lacks],
        take=VersionForm(data={"version": run.version}),
        **_table(
            council, problem, [line for line in lines if everything or line.is_changed or line.lacks], loads
        ),
    )


@bp.post("/<council_code>/proposal/take")
@requires(Permission.COUNCIL_MANAGE)
def take(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    run, form = queries.get_run(council.id), VersionForm()
    if form.validate_on_submit():
        try:
            with db.transaction():
                left_out = services.take_proposal(
                    council, run, version=form.seen_version, actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            flash(str(refusal), "error")
            return redirect(url_for(".proposal", council_code=council.code))
        flash(
            _("Taken, except for %(n)s readings that are not possible any more.", n=left_out)
            if left_out
            else _("The proposal was taken. The members find their dossiers on their desks."),
            "warning" if left_out else "success",
        )
    return redirect(url_for(".show", council_code=council.code))


@bp.post("/<council_code>/proposal/drop")
@requires(Permission.COUNCIL_MANAGE)
def drop(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    run = queries.get_run(council.id)
    if VersionForm().validate_on_submit():
        with db.transaction():
            services.drop_proposal(council, run, actor=g.actor, now=clock.now())
        flash(_("The proposal was dropped. Nothing has changed."), "success")
    return redirect(url_for(".show", council_code=council.code))


@bp.route("/<council_code>/proposal/<code>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def change_proposal(council_code: str, code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    run, nomination = queries.get_run(council.id), queries.get_dossier(council.id, code)
    readers = shown.readers_in(run.pairs).get(nomination.id, frozenset())
    form = _readers_form(council, nomination, readers, version=run.version)
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_proposal(
                    council,
                    run,
                    nomination,
                    form.account_ids(),
                    version=form.seen_version,
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The proposal was changed."), "success")
            return redirect(url_for(".proposal", council_code=council.code))
    return _readers_page(form, council, nomination, back=".proposal")


@bp.route("/<council_code>/dossiers/<code>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def readers(council_code: str, code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    nomination = queries.get_dossier(council.id, code)
    current = queries.list_readers([nomination.id]).get(nomination.id, frozenset())
    form = _readers_form(council, nomination, current, version=1)
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.change_readers(
                    council, nomination, form.account_ids(), actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("The readers of dossier %(code)s were changed.", code=nomination.code), "success")
            return redirect(url_for(".show", council_code=council.code))
    return _readers_page(form, council, nomination, back=".show")


@bp.route("/<council_code>/pairs/new", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def new_pair(council_code: str) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    form = PairForm(sitting(council))
    if form.validate_on_submit():
        one, other = member(council, form.one.data), member(council, form.other.data)
        try:
            with db.transaction():
                services.add_avoid_pair(
                    council, one, other, reason=form.reason.data or "", actor=g.actor, now=clock.now()
                )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("From the next proposal on they do not read the same dossier."), "success")
            return redirect(url_for(".show", council_code=council.code))
    return render_template("assignment/pair.html", form=form, council=council)


@bp.post("/<council_code>/pairs/<int:pair_id>/remove")
@requires(Permission.COUNCIL_MANAGE)
def remove_pair(council_code: str, pair_id: int) -> ResponseReturnValue:
    council = queries.get_council(g.edition.id, council_code)
    pair = queries.get_avoid_pair(council.id, pair_id)
    if VersionForm().validate_on_submit():
        with db.transaction():
            services.remove_avoid_pair(council, pair, actor=g.actor, now=clock.now())
        flash(_("They may read the same dossiers again."), "success")
    return redirect(url_for(".show", council_code=council.code))


def _table(council: Council, problem: Any, lines: Any, loads: Any) -> dict[str, Any]:
    """What the tables of dossiers and of loads are made from."""
    dossiers = {each.id: each for each in queries.list_dossiers([council.id])}
    mentioned = {m for line in lines for m in (*line.readers, *line.removed)} | set(problem.members)
    return {
        "lines": lines,
        "loads": loads,
        "dossiers": dossiers,
        "names": {key: each.full_name for key, each in queries.list_accounts(mentioned).items()},
        "experts": problem.experts,
    }


def _readers_form(
    council: Council, nomination: Nomination, current: frozenset[int], *, version: int
) -> ReadersForm:
    """Offer those who sit and may read the dossier; whoever must keep away is not on the list."""
    barred = queries.list_barred([nomination.id]).get(nomination.id, frozenset())
    offered = {t.account_id: t for t in sitting(council) if t.account_id not in barred}
    return ReadersForm(
        {
            key: f"{term.account.full_name} ({_('knows the subject')})"
            if term.seat.expert
            else term.account.full_name
            for key, term in offered.items()
        },
        data={"version": version, "readers": [str(key) for key in current if key in offered]},
    )


def _readers_page(form: ReadersForm, council: Council, nomination: Nomination, *, back: str) -> str:
    barred = queries.list_barred([nomination.id]).get(nomination.id, frozenset())
    return render_template(
        "assignment/readers.html",
        form=form,
        council=council,
        nomination=nomination,
        wanted=nomination.category.scheme.readers,
        barred=[term.account.full_name for term in sitting(council) if term.account_id in barred],
        back=url_for(back, council_code=council.code),
    )
