"""Pages on which the council's secretary publishes lists and deals with comments."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.consultation import queries, rules, services
from dxday.consultation.forms import DisposeForm, PolicyForm, PublishForm
from dxday.core import clock
from dxday.core.errors import Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.council import queries as councils
from dxday.schemes import queries as schemes
from dxday.schemes.models import Scheme
from dxday.schemes.rules import NOMINEE_KIND_NAMES, end_of_working_days
from dxday.web.access import requires
from dxday.web.converters import row_id
from dxday.web.filters import zone

bp = Blueprint("comments", __name__, url_prefix="/council/<edition_code>/comments")

PAGE = 50
STATES = {"waiting": False, "disposed": True}


@bp.context_processor
def _names() -> dict[str, Any]:
    return {
        "kind_names": {kind.value: name for kind, name in NOMINEE_KIND_NAMES.items()},
        "outcome_names": rules.OUTCOME_NAMES,
        "outcome_shapes": {
            rules.Outcome.UNFOUNDED: "neutral",
            rules.Outcome.NOTED: "info",
            rules.Outcome.UPHELD: "warn",
        },
        "last_day": lambda moment: rules.last_day(moment, zone()).date(),
    }


@bp.get("")
@requires(Permission.COUNCIL_MANAGE)
def index() -> ResponseReturnValue:
    offered = queries.list_schemes(g.edition.id)
    wanted = request.args.get("scheme", "")
    scheme = next((each for each in offered if each.code == wanted), None)
    state = request.args.get("state", "all")
    wish: dict[str, Any] = {
        "scheme_id": scheme.id if scheme is not None else None,
        "disposed": STATES.get(state),
    }
    found = queries.count_found(g.edition.id, **wish)
    pages = max(1, -(-found // PAGE))
    page = min(max(1, request.args.get("page", 1, type=row_id)), pages)
    shown = queries.list_comments(g.edition.id, **wish, first=(page - 1) * PAGE, most=PAGE)
    conflicts = councils.list_conflicts_of(g.actor.account_id or 0, g.edition.id)
    return render_template(
        "consultation/comments.html",
        schemes=offered,
        windows={each.scheme_id: each for each in queries.list_current(g.edition.id)},
        counts=queries.count_comments(g.edition.id),
        now=clock.now(),
        shown=shown,
        kept={each.id for each in shown if services.is_kept_from(each, conflicts, actor=g.actor)},
        found=found,
        page=page,
        pages=pages,
        scheme=scheme,
        state=state if state in STATES else "all",
    )


@bp.route("/lists/<scheme_code>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def publish(scheme_code: str) -> ResponseReturnValue:
    scheme = schemes.get_scheme(g.edition.id, scheme_code)
    form, status, now = PublishForm(), 200, clock.now()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.publish_list(
                    scheme,
                    seen=form.seen.data or "",
                    reason=form.reason.data or "",
                    actor=g.actor,
                    now=now,
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("The list is published, and everybody can comment on it."), "success")
            return redirect(url_for(".publish", scheme_code=scheme_code))
    return _publishing(scheme, form), status


def _publishing(scheme: Scheme, form: PublishForm) -> str:
    now = clock.now()
    listed = queries.compose_list(scheme)
    form.seen.data = listed.sha256
    versions = queries.list_versions(scheme.id)
    current = versions[0] if versions else None
    known = {each.nomination_id for each in queries.list_listed(current.id)} if current is not None else set()
    added = not known.issuperset(listed.nomination_ids)
    days = scheme.comment_days
    fresh = end_of_working_days(now, days or 0, zone=zone(), days_off=schemes.days_off())
    return render_template(
        "consultation/publish.html",
        scheme=scheme,
        form=form,
        anonymous=queries.lets_in_anonymous(scheme.id),
        listed=listed,
        versions=versions,
        current=current,
        added=added,
        changed=current is None or not queries.says_the_same(current, listed),
        times=rules.plan_times(current.times if current else None, added=added, now=now, closes_at=fresh),
        is_open=current is not None and current.is_open(now),
    )


@bp.post("/lists/<scheme_code>/policy")
@requires(Permission.COUNCIL_MANAGE)
def set_policy(scheme_code: str) -> ResponseReturnValue:
    scheme = schemes.get_scheme(g.edition.id, scheme_code)
    form = PolicyForm()
    if form.validate_on_submit():
        with db.transaction():
            services.set_policy(scheme, anonymous=form.anonymous.data, actor=g.actor, now=clock.now())
        flash(_("The setting was saved."), "success")
    return redirect(url_for(".publish", scheme_code=scheme_code))


@bp.route("/<int:comment_id>", methods=["GET", "POST"])
@requires(Permission.COUNCIL_MANAGE)
def show(comment_id: int) -> ResponseReturnValue:
    comment = queries.get_comment(g.edition.id, comment_id)
    form, status = DisposeForm(), 200
    if request.method == "GET":
        with db.transaction():
            services.note_viewed(comment, actor=g.actor, now=clock.now())
    elif services.keeps_away(comment, actor=g.actor):
        raise rules.KeepsAway
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.dispose_comment(
                    comment,
                    outcome=rules.Outcome(form.outcome.data),
                    reason=form.reason.data or "",
                    reply=form.reply.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
        except rules.KeepsAway:
            raise
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("The outcome is recorded."), "success")
            return redirect(url_for(".show", comment_id=comment_id))
    return render_template("consultation/comment_of.html", comment=comment, form=form), status
