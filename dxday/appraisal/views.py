"""Pages on which the standing body looks whether dossiers may go before the council."""

from collections import Counter

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dxday import db
from dxday.appraisal import queries, rules, services, texts
from dxday.appraisal.forms import AnswerForm, HoldForm, LiftForm, OpinionForm, OverrideForm, ReturnForm
from dxday.appraisal.queries import Appraised
from dxday.appraisal.rules import LEVEL_NAMES, HoldKind, HoldOn, Level
from dxday.core import clock
from dxday.core.errors import NotFound, Refusal
from dxday.core.i18n import gettext as _
from dxday.core.permissions import Permission
from dxday.core.vietnamese import fold
from dxday.core.workdays import add_working_days
from dxday.nominations import queries as nominations
from dxday.nominations import rules as nomination_rules
from dxday.nominations import services as nomination_services
from dxday.nominations.models import Nomination
from dxday.nominations.rules import State
from dxday.programme.forms import ActForm
from dxday.schemes import queries as schemes
from dxday.web.access import requires
from dxday.web.converters import row_id
from dxday.web.filters import local
from dxday.web.forms import clean_line

bp = Blueprint("appraisal", __name__, url_prefix="/council/<edition_code>/appraisal")

PAGE = 50
CLEAR = "clear"
COMPLETION_DAYS = 5
"""Working days that the page proposes for completing a dossier."""


@bp.get("/")
@requires(Permission.DOSSIER_APPRAISE)
def index() -> ResponseReturnValue:
    wish, text = request.args.get("state", State.SUBMITTED), request.args.get("q", "")
    state = State(wish) if wish in set(State) else None
    category_id = request.args.get("category", type=row_id)
    listed = [
        each
        for each in queries.list_dossiers(g.edition.id, state=state, category_id=category_id)
        if _speaks_of(each, text)
    ]
    found = queries.appraise(g.edition, listed, now=clock.now())
    counts = Counter(_group_of(each) for each in found)
    level = request.args.get("level") or None
    fitting = [each for each in found if level in (None, _group_of(each))]
    page = max(1, request.args.get("page", 1, type=row_id))
    return render_template(
        "appraisal/index.html",
        shown=fitting[(page - 1) * PAGE : page * PAGE],
        fitting=len(fitting),
        total=len(found),
        page=page,
        pages=-(-len(fitting) // PAGE),
        groups=_group_names(),
        group_counts=counts,
        level=level,
        states=nomination_rules.STATE_NAMES,
        counts=nominations.count_states(g.edition.id),
        schemes=schemes.list_schemes(g.edition.id),
        state=state,
        category_id=category_id,
        text=text,
        Level=Level,
    )


def _group_of(appraised: Appraised) -> str:
    return appraised.heaviest.value if appraised.heaviest is not None else CLEAR


def _group_names() -> dict[str, str]:
    """What the list can be narrowed to, the heaviest first."""
    names = {level.value: str(LEVEL_NAMES[level]) for level in reversed(Level)}
    return {**names, CLEAR: _("Nothing stands against it")}


def _speaks_of(nomination: Nomination, text: str) -> bool:
    """Tell whether name, agency or code hold the words that are looked for, marks and capitals aside."""
    where = " ".join([nomination.nominee_name, nomination.code, *nomination.organisation_name.values()])
    return fold(text) in fold(where)


@bp.get("/dossiers/<code>")
@requires(Permission.DOSSIER_APPRAISE)
def show(code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    now = clock.now()
    with db.transaction():
        nomination_services.note_viewed(nomination, actor=g.actor, now=now)
        services.note_text(nomination)
    (appraised,) = queries.appraise(g.edition, [nomination], now=now)
    key = rules.nominee_key(nomination.nominee_name)
    today = local(now).date()
    return render_template(
        "appraisal/show.html",
        nomination=nomination,
        appraised=appraised,
        codes=queries.map_codes(found.other_id for found in appraised.findings),
        open=nomination.state in rules.OPEN,
        shown=queries.list_shown(nomination),
        attachments=nominations.list_attachments(nomination.id),
        holds=[
            (hold, rules.is_holding(hold.lifted_at is not None, hold.expires_on, today))
            for hold in queries.list_holds_on([nomination.id], [key], [nomination.organisation_id])
            if hold.nominee_key is None or rules.is_same_name(hold.nominee_name, nomination.nominee_name)
        ],
        hold_on_names=rules.HOLD_ON_NAMES,
        opinions=queries.list_opinions(nomination.id),
        today=today,
        history_entries=queries.list_history(nomination),
        event_names=nomination_rules.EVENT_NAMES | rules.EVENT_NAMES,
    )


@bp.get("/dossiers/<code>/compare/<other_code>")
@requires(Permission.DOSSIER_APPRAISE)
def compare(code: str, other_code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    other = queries.get_compared(g.edition.id, nomination.id, other_code)
    now = clock.now()
    with db.transaction():
        for each in (nomination, other):
            nomination_services.note_viewed(each, actor=g.actor, now=now)
    own_text, its_text = queries.list_texts([nomination, other])
    likeness = texts.compare(own_text, its_text)
    return render_template(
        "appraisal/compare.html",
        nomination=nomination,
        other=other,
        own_share=likeness.one_share,
        its_share=likeness.other_share,
        pairs=texts.pair(own_text, its_text, likeness),
        own_pieces=texts.cut(own_text, [passage.one for passage in likeness.passages]),
        files=queries.list_same_files(nomination.id, other.id),
    )


# Findings ------------------------------------------------------------------------------------------------------------


@bp.route("/dossiers/<code>/override", methods=["GET", "POST"])
@requires(Permission.DOSSIER_APPRAISE)
def override(code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    rule, key = (clean_line(request.args.get(name, "")) for name in ("rule", "key"))
    (appraised,) = queries.appraise(g.edition, [nomination], now=clock.now())
    found = next((each for each in appraised.findings if (each.rule, each.key) == (rule, key)), None)
    if found is None:
        raise NotFound
    form = OverrideForm(data={"reason": found.override.reason if found.override else ""})
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.override_finding(
                    g.edition,
                    nomination,
                    rule,
                    key,
                    reason=form.reason.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("It may stand now, and the reason is kept."), "success")
            return redirect(url_for(".show", code=code, _anchor="findings"))
    return render_template("appraisal/override.html", nomination=nomination, found=found, form=form), status


@bp.post("/dossiers/<code>/override/remove")
@requires(Permission.DOSSIER_APPRAISE)
def remove_override(code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    if ActForm().validate_on_submit():
        with db.transaction():
            services.remove_override(
                nomination,
                clean_line(request.form.get("rule", "")),
                clean_line(request.form.get("key", "")),
                actor=g.actor,
                now=clock.now(),
            )
        flash(_("It counts again."), "success")
    return redirect(url_for(".show", code=code, _anchor="findings"))


# The way of a dossier ------------------------------------------------------------------------------------------------


@bp.post("/dossiers/<code>/admit")
@requires(Permission.DOSSIER_APPRAISE)
def admit(code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    if ActForm().validate_on_submit():
        try:
            with db.transaction():
                services.admit(g.edition, nomination, actor=g.actor, now=clock.now())
        except Refusal as refusal:
            flash(str(refusal), "error")
        else:
            flash(
                _("The dossier of %(name)s is before the council.", name=nomination.nominee_name), "success"
            )
    return redirect(url_for(".show", code=code))


@bp.route("/dossiers/<code>/return", methods=["GET", "POST"])
@requires(Permission.DOSSIER_APPRAISE)
def give_back(code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    now = clock.now()
    (appraised,) = queries.appraise(g.edition, [nomination], now=now)
    today = local(now).date()
    form = ReturnForm(
        data={
            "reason": "\n".join(str(found.message) for found in appraised.findings if found.blocks),
            "due_on": add_working_days(today, COMPLETION_DAYS, overrides=schemes.days_off()),
        }
    )
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.return_for_completion(
                    g.edition,
                    nomination,
                    reason=form.reason.data or "",
                    due_on=form.due_on.data,
                    actor=g.actor,
                    now=now,
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("The dossier of %(name)s was returned.", name=nomination.nominee_name), "success")
            return redirect(url_for(".show", code=code))
    return render_template("appraisal/return.html", nomination=nomination, form=form), status


# Holds ---------------------------------------------------------------------------------------------------------------


@bp.get("/holds")
@requires(Permission.DOSSIER_APPRAISE)
def holds() -> ResponseReturnValue:
    today = local(clock.now()).date()
    return render_template(
        "appraisal/holds.html",
        holds=[
            (hold, rules.is_holding(hold.lifted_at is not None, hold.expires_on, today))
            for hold in queries.list_holds(g.edition.id)
        ],
        hold_on_names=rules.HOLD_ON_NAMES,
    )


@bp.route("/dossiers/<code>/hold", methods=["GET", "POST"])
@requires(Permission.DOSSIER_APPRAISE)
def hold(code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    form = HoldForm()
    status, now = 200, clock.now()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.open_hold(
                    nomination,
                    on=HoldOn(form.on.data),
                    kind=HoldKind(form.kind.data),
                    reason=form.reason.data or "",
                    expires_on=form.expires_on.data,
                    today=local(now).date(),
                    actor=g.actor,
                    now=now,
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("The hold is open: no dossier that it concerns can be admitted."), "success")
            return redirect(url_for(".show", code=code, _anchor="holds"))
    return render_template("appraisal/hold.html", nomination=nomination, form=form), status


@bp.route("/holds/<int:hold_id>/lift", methods=["GET", "POST"])
@requires(Permission.DOSSIER_APPRAISE)
def lift(hold_id: int) -> ResponseReturnValue:
    found = queries.get_hold(g.edition.id, hold_id)
    form = LiftForm()
    status, now = 200, clock.now()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.lift_hold(
                    found, reason=form.reason.data or "", today=local(now).date(), actor=g.actor, now=now
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("The hold was lifted, and the reason is kept."), "success")
            return redirect(url_for(".holds"))
    return render_template(
        "appraisal/lift.html", hold=found, form=form, hold_on_names=rules.HOLD_ON_NAMES
    ), status


# Opinions ------------------------------------------------------------------------------------------------------------


@bp.route("/dossiers/<code>/opinion", methods=["GET", "POST"])
@requires(Permission.DOSSIER_APPRAISE)
def ask(code: str) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    form = OpinionForm()
    status, now = 200, clock.now()
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.ask_opinion(
                    nomination,
                    organisation_name=form.organisation_name.data or "",
                    question=form.question.data or "",
                    days=form.days.data or 0,
                    today=local(now).date(),
                    actor=g.actor,
                    now=now,
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("It is noted that the agency was asked."), "success")
            return redirect(url_for(".show", code=code, _anchor="opinions"))
    return render_template("appraisal/ask.html", nomination=nomination, form=form), status


@bp.route("/dossiers/<code>/opinions/<int:opinion_id>", methods=["GET", "POST"])
@requires(Permission.DOSSIER_APPRAISE)
def answer(code: str, opinion_id: int) -> ResponseReturnValue:
    nomination = nominations.get_before_council(g.edition.id, code)
    opinion = queries.get_opinion(nomination.id, opinion_id)
    form = AnswerForm()
    status = 200
    if form.validate_on_submit():
        try:
            with db.transaction():
                services.note_answer(
                    nomination,
                    opinion,
                    in_favour=form.in_favour.data == "yes",
                    text=form.text.data or "",
                    actor=g.actor,
                    now=clock.now(),
                )
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("The answer was noted."), "success")
            return redirect(url_for(".show", code=code, _anchor="opinions"))
    return render_template("appraisal/answer.html", nomination=nomination, opinion=opinion, form=form), status
